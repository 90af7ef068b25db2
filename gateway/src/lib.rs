//! The process around Cairn: the command line, its configuration, and the HTTP interface.
//!
//! [`run`] is the whole program, given a registry of formats; [`serve::Server`] is the HTTP interface alone.

mod cli;
pub mod config;
mod demo;
mod http;
pub mod serve;

pub use cli::run;
