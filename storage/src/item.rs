//! An item: any of the records that can bear categories and labels, and belong to people and transactions.

use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum ItemKind {
    /// A person.
    #[sea_orm(num_value = 1)]
    Person,
    /// A transaction.
    #[sea_orm(num_value = 2)]
    Transaction,
    /// An event.
    #[sea_orm(num_value = 3)]
    Event,
    /// A message.
    #[sea_orm(num_value = 4)]
    Message,
}

/// An item by kind and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Its id.
    pub id: Uuid,
}

impl ItemKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Person, Self::Transaction, Self::Event, Self::Message];

    /// The noun, such as `person`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Transaction => "transaction",
            Self::Event => "event",
            Self::Message => "message",
        }
    }

    /// The item of this kind with this id.
    pub fn item(self, id: Uuid) -> Item {
        Item { kind: self, id }
    }
}
