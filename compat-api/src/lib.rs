//! The legacy `api.php`: forms in, `Success`, a sentence or XML out, and GraphQL in between.
//!
//! [`answer`] is the whole of it: [`form`] reads the form, [`action`] says what it asks for, `actions` turn that into a
//! document of `queries/` and its reply into [`reply`]. What the original's page leaves open is decided in
//! `COMPATIBILITY.md`.

pub mod action;
mod actions;
pub mod form;
mod number;
pub mod reply;
mod run;

pub use run::{Api, answer};
