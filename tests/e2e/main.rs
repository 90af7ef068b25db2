//! The end-to-end tests, a file a topic.

mod api_php;
mod crash;
mod floors;
mod formats;
mod graphql;
mod imports;
mod isolation;
mod memory;
mod program;
mod search;
mod statements;
mod storage;
mod templates;
mod web;
