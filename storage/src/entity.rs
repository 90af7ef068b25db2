//! The rows of the database, a file a table; they are built by [`crate::query`] and leave the crate as plain values.

#![expect(unreachable_pub, reason = "the derives of sea-orm want their types public")]

pub(crate) mod accounts;
pub(crate) mod categories;
pub(crate) mod directory;
pub(crate) mod import_errors;
pub(crate) mod import_rows;
pub(crate) mod imports;
pub(crate) mod outbox;
pub(crate) mod people;
pub(crate) mod person_categories;
pub(crate) mod refresh_tokens;
pub(crate) mod signing_keys;
pub(crate) mod transaction_categories;
pub(crate) mod transactions;
pub(crate) mod users;
