//! The one place where the three truths meet: what a file carries, what the database holds and what a client sees.
//!
//! Every conversion takes its value apart without `..`, so that a new column is a compile error here and nowhere else.

pub(crate) mod accounts;
pub(crate) mod api_tokens;
pub(crate) mod categories;
pub(crate) mod contact;
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
