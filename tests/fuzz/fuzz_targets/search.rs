//! Any text is a search or is refused, and a search that is printed is read back as what it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::Search;

fuzz_target!(|text: &str| {
    let Ok(search) = Search::parse(text) else { return };
    let printed = search.to_string();
    assert_eq!(Search::parse(&printed).expect("it was printed"), search, "{printed}");
});
