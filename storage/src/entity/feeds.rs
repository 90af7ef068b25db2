//! The table of feeds: views in a format behind secret addresses.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// A feed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feeds")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user who made it, and with whose eyes it looks.
    pub user_id: Uuid,
    /// Its name.
    pub name: String,
    /// SHA-256 of the secret, which is not kept.
    pub secret_hash: Vec<u8>,
    /// The name of the format.
    pub format: String,
    /// What it shows, as JSON; the floor above knows how.
    pub request: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can be read; for ever where it is empty.
    pub expires_at: Option<Timestamp>,
    /// When it was read last, to the hour.
    pub used_at: Option<Timestamp>,
    /// Since when it cannot be read any more.
    pub revoked_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
