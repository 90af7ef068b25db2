//! The rows of the database, a file a table; they are built by [`crate::query`] and leave the crate as plain values.

#![expect(unreachable_pub, reason = "the derives of sea-orm want their types public")]

pub(crate) mod accounts;
pub(crate) mod api_tokens;
pub(crate) mod associations;
pub(crate) mod categories;
pub(crate) mod custom_field_options;
pub(crate) mod custom_fields;
pub(crate) mod custom_values;
pub(crate) mod directory;
pub(crate) mod edits;
pub(crate) mod email_templates;
pub(crate) mod event_template_items;
pub(crate) mod event_templates;
pub(crate) mod events;
pub(crate) mod feeds;
pub(crate) mod import_categories;
pub(crate) mod import_changes;
pub(crate) mod import_errors;
pub(crate) mod import_plan_rows;
pub(crate) mod import_progress;
pub(crate) mod import_records;
pub(crate) mod import_turns;
pub(crate) mod imports;
pub(crate) mod item_categories;
pub(crate) mod item_labels;
pub(crate) mod known_addresses;
pub(crate) mod labels;
pub(crate) mod legacy_usage;
pub(crate) mod message_files;
pub(crate) mod messages;
pub(crate) mod outbox;
pub(crate) mod people;
pub(crate) mod refresh_tokens;
pub(crate) mod sign_in_directory;
pub(crate) mod signing_keys;
pub(crate) mod transaction_managers;
pub(crate) mod transaction_stages;
pub(crate) mod transactions;
pub(crate) mod undone_categories;
pub(crate) mod upload_pieces;
pub(crate) mod uploads;
pub(crate) mod users;
pub(crate) mod webhooks;
