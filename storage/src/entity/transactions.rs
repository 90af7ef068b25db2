//! The table of transactions: business with one person, in one of four stages.

use sea_orm::entity::prelude::*;

use crate::value::{Decimal, Timestamp};

/// How far a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Stage {
    /// A first contact.
    #[sea_orm(num_value = 1)]
    Lead,
    /// Business that may come.
    #[sea_orm(num_value = 2)]
    Opportunity,
    /// Business that came.
    #[sea_orm(num_value = 3)]
    Customer,
    /// Business that is over.
    #[sea_orm(num_value = 4)]
    Archive,
}

impl Stage {
    /// Every stage in the order of a sale.
    pub const ALL: [Self; 4] = [Self::Lead, Self::Opportunity, Self::Customer, Self::Archive];

    /// The name, such as `lead`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Opportunity => "opportunity",
            Self::Customer => "customer",
            Self::Archive => "archive",
        }
    }

    /// The stage with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

/// A transaction as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transactions")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whom the business is with.
    pub person_id: Uuid,
    /// How far it is.
    pub stage: Stage,
    /// What it is worth, in the currency of the account.
    pub value: Decimal,
    /// How likely it is, 0 to 1.
    pub probability: Decimal,
    /// More about it.
    pub more_info: Option<String>,
    /// The sort key of its person.
    pub sort_key: String,
    /// The folded custom values of its own, in lines.
    pub custom_text: String,
    /// What a search looks in: all of its person, more info, then its own custom values.
    pub search_text: String,
    /// The user who made it.
    pub created_by: Option<Uuid>,
    /// Counts the changes, from 1: the value that optimistic locking compares.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Since when it is in the trash.
    pub deleted_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
