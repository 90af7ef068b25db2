//! What GraphQL clients see: types, resolvers, the loader that collects their look-ups, what fields cost, and the limits of documents.
//!
//! [`build`] makes the schema on a [`service::Engine`], and [`execute`] runs a request against it. What is done, and who may do it, is
//! the crate `service`'s to say.

// The engine makes one future of all fields of a root, and the compiler counts how deep it is.
#![recursion_limit = "256"]

mod accounts;
mod answer;
mod api_tokens;
mod aside;
mod associations;
mod categories;
mod context;
mod cost;
mod custom_fields;
mod document;
mod email_templates;
mod error;
mod event_templates;
mod events;
mod execute;
mod feeds;
mod formats;
mod imports;
mod introspection;
mod items;
mod known;
mod labels;
mod limits;
mod loader;
mod messages;
mod order;
mod page;
mod people;
mod root;
mod scalar;
mod scales;
mod search;
mod transactions;
mod transfer;
mod usage;
mod users;
mod view;
mod webhooks;

pub use document::{GraphqlDocument, LARGE, Refused, count_values, read_json};
pub use error::code_of;
pub use execute::{build, build_with, execute, execute_stream, refusal, sdl};
pub use limits::DocumentLimits;
pub use root::Schema;
pub use search::search_notes;
