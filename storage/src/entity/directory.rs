//! The table that finds an account by its subdomain: the only names that are unique across accounts.

use sea_orm::entity::prelude::*;

/// A subdomain and its account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "directory")]
pub struct Model {
    /// Lower-case letters, digits and hyphens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subdomain: String,
    /// The account.
    pub account_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
