//! The table of accounts.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    /// Its id, which every row of the account bears.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The name that it has in URLs, as in the directory.
    pub subdomain: String,
    /// What the account calls itself.
    pub name: String,
    /// An IANA time zone, such as `Europe/Berlin`.
    pub time_zone: String,
    /// The language of its texts, a BCP 47 tag such as `en` or `de-AT`.
    pub language: String,
    /// The currency of its values, an ISO 4217 code such as `EUR`.
    pub currency: String,
    /// Since when the legacy API, `api.php` and webhooks, does not answer for it.
    pub legacy_api_ended_at: Option<Timestamp>,
    /// Counts the changes, from 1: the value that optimistic locking compares.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
