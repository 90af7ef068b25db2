//! The queries, a file a noun. Each takes a handle of one account; the few that look across accounts take the storage.

pub mod accounts;
pub mod api_tokens;
pub mod associations;
pub mod attempts;
pub mod categories;
pub mod changes;
pub mod custom_fields;
pub mod custom_values;
pub(crate) mod edits;
pub mod email_templates;
pub mod event_templates;
pub mod events;
pub mod feeds;
pub(crate) mod field_values;
pub mod firing;
mod items;
pub mod labels;
pub mod legacy_usage;
pub mod messages;
pub mod orders;
pub mod people;
pub mod portions;
pub mod tokens;
pub mod transactions;
pub mod uploads;
pub mod upsert;
pub mod users;
pub mod webhooks;

pub use crate::import::stored as imports;

use sea_orm::{EntityTrait, PaginatorTrait, Select};

use crate::error::Result;
use crate::handle::Scope;

/// How many rows a query has.
pub(crate) async fn count<E>(scope: &Scope<'_>, query: Select<E>) -> Result<u64>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    Ok(query.count(&scope.on).await?)
}
