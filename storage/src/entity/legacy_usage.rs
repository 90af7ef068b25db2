//! The table of who uses the legacy API: a row for each user, action, address and program.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// What one program asks for.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "legacy_usage")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// Made of user, action, address and program, so that any gateway finds the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// As whom it signs in, or whose webhook it calls; nobody in the rows of what is over the limit.
    pub user_id: Option<Uuid>,
    /// What it asks for, such as `create=lead` or `webhook lead`.
    pub action: String,
    /// Where it runs.
    pub address: String,
    /// What it calls itself.
    pub user_agent: String,
    /// How often it has called.
    pub calls: i64,
    /// How many of the calls were refused.
    pub errors: i64,
    /// When it was seen first.
    pub first_at: Timestamp,
    /// When it was seen last.
    pub last_at: Timestamp,
    /// Code and sentence of the last refusal.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
    /// The GraphQL document that did the same.
    pub document: Option<String>,
    /// The shape of its variables, as JSON.
    pub variables: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
