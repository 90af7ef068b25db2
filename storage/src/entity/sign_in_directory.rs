//! The table that finds the accounts in which an e-mail address signs in, without a look at every account.

use sea_orm::entity::prelude::*;

/// The address of a user, and the account of that user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_directory")]
pub struct Model {
    /// The folded address, as users have it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub email_key: String,
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
