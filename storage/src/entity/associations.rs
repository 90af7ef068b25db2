//! Which events and messages belong to which people and transactions.

use sea_orm::entity::prelude::*;

use crate::item::ItemKind;

/// An event or a message that belongs to a person or a transaction.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "associations")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The person or the transaction.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: Uuid,
    /// Which of the two the subject is.
    pub subject_kind: ItemKind,
    /// Whether the item is an event or a message.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: ItemKind,
    /// The event or the message.
    #[sea_orm(primary_key, auto_increment = false)]
    pub item_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
