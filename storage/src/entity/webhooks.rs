//! The table of webhooks: secret addresses at which other programs leave records.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhooks")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user who made it, and as whom it acts.
    pub user_id: Uuid,
    /// Its name.
    pub name: String,
    /// SHA-256 of the secret, which is not kept.
    pub secret_hash: Vec<u8>,
    /// Whether it also answers searches; one that stands in a public form had better not.
    pub can_search: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was used last, to the hour.
    pub used_at: Option<Timestamp>,
    /// Since when it does nothing any more.
    pub revoked_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
