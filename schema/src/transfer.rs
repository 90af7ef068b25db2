//! Where a row of the database and what a client sees meet: one file a noun.
//!
//! Every conversion takes its value apart without `..`, so that a new column is a compile error here, and in `service/src/records/`, where
//! files and the database meet.

pub(crate) mod accounts;
pub(crate) mod api_tokens;
pub(crate) mod categories;
pub(crate) mod custom_fields;
pub(crate) mod email_templates;
pub(crate) mod event_templates;
pub(crate) mod events;
pub(crate) mod feeds;
pub(crate) mod formats;
pub(crate) mod imports;
pub(crate) mod labels;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod transactions;
pub(crate) mod usage;
pub(crate) mod webhooks;
