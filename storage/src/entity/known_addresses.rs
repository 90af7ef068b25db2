//! The table of addresses from which users have signed in.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// A user and an address.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "known_addresses")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// Where they were, as attempts are counted.
    #[sea_orm(primary_key, auto_increment = false)]
    pub address: String,
    /// When they were there last, to the day.
    pub seen_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
