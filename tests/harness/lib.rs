//! What the end-to-end tests stand on: databases of both kinds, a server in the process, a client, and the program.

#![expect(clippy::missing_panics_doc, reason = "a harness fails its test by panicking, everywhere")]

pub mod client;
pub mod database;
pub mod memory;
pub mod names;
pub mod postgres;
pub mod program;
pub mod proxy;
pub mod require;
pub mod site;
pub mod tenancy;
