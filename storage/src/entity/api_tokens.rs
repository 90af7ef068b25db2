//! The table of API tokens, which are app passwords, too.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_tokens")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user who made it, and for whom it stands.
    pub user_id: Uuid,
    /// Its name.
    pub name: String,
    /// SHA-256 of the secret, which is not kept.
    pub secret_hash: Vec<u8>,
    /// The actions of the legacy API that it is for, one a line; empty where it opens everything that its user may.
    pub actions: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good; for ever where it is empty.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the hour.
    pub used_at: Option<Timestamp>,
    /// Since when it is not good any more.
    pub revoked_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
