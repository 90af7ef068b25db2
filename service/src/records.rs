//! Where a record of a file and a row of the database meet: one file a noun.
//!
//! Every conversion takes its value apart without `..`, so that a new column is a compile error here, and in `schema/src/transfer/`, where
//! the database and what a client sees meet.

pub(crate) mod contact;
pub(crate) mod custom_fields;
pub(crate) mod email_templates;
pub(crate) mod event_templates;
pub(crate) mod events;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod transactions;
