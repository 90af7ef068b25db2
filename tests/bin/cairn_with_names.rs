//! Cairn with a format of a third party: the lines of its `main`, and `register`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut registry = formats::builtin();
    registry.register(harness::names::Names).expect("no built-in format is called names");
    gateway::run(registry)
}
