//! The end-to-end tests, a file a topic.

mod accounts;
mod api_php;
mod categories;
mod concurrency;
mod crash;
mod events;
mod exports;
mod fields;
mod floors;
mod formats;
mod graphql;
mod imports;
mod imports_doors;
mod imports_gateways;
mod imports_later;
mod imports_plan;
mod isolation;
mod memory;
mod program;
mod search;
mod statements;
mod storage;
mod templates;
mod transactions;
mod undo;
mod web;
