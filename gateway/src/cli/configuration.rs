//! `cairn config`: what is in force, and where each value comes from.

use super::outcome::{Failure, Outcome};
use super::output;
use crate::config::{Config, Flags, Origin};

pub(super) fn run(flags: &Flags) -> Outcome {
    let origins = Config::origins(flags).map_err(Failure)?;
    let rows: Vec<_> = origins.into_iter().map(|Origin { key, value, source }| [key, value, source]).collect();
    output::print(&output::table(["KEY", "VALUE", "FROM"], &rows))
}
