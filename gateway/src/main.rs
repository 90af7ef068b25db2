//! The program `cairn` with the formats that come with it. A program with more formats is these lines and `register`.

use std::process::ExitCode;

/// Less CPU a request than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gateway::run(formats::builtin())
}
