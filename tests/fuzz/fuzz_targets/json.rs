//! The reader of JSON takes any bytes.

#![no_main]

use std::sync::LazyLock;

use formats::Registry;
use libfuzzer_sys::fuzz_target;

static REGISTRY: LazyLock<Registry> = LazyLock::new(formats::builtin);

fuzz_target!(|data: &[u8]| {
    let codec = REGISTRY.get("json").expect("a built-in format");
    cairn_fuzz::read_twice(codec.as_ref(), data);
});
