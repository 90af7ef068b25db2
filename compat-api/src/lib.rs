//! The legacy `api.php` and the JSON webhook: forms in, `Success`, a sentence or XML out, and GraphQL in between.
//!
//! [`answer`] is the whole of it: [`form`] reads the form, [`action`] says what it asks for, `actions` turn that into a
//! document of `queries/` and its answer into a [`reply`], which `listing` writes page by page where it holds records.
//! [`webhook::answer`] is the same for the webhook, with the same actions.
//! What the original's page leaves open is decided in `COMPATIBILITY.md`.

// The engine makes one future of all fields of a root, and the compiler counts how deep it is.
#![recursion_limit = "256"]

pub mod action;
mod actions;
mod call;
mod date;
pub mod form;
mod listing;
mod noun;
mod number;
mod page;
pub mod reply;
mod run;
mod settings;
pub mod target;
pub mod webhook;

pub use call::Api;
pub use noun::ACTIONS;
pub use run::{Client, answer};
pub use settings::Settings;
