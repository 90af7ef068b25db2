//! The process around Cairn: the command line, its configuration, and the HTTP interface.
//!
//! [`run`] is the whole program, given a registry of formats; [`serve::Server`] is the HTTP interface alone.

// The engine makes one future of all fields of a root, and the compiler counts how deep it is.
#![recursion_limit = "256"]

mod cli;
pub mod config;
mod connection;
mod demo;
mod http;
mod receipt;
pub mod serve;
mod socket;

pub use cli::run;
