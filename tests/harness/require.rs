//! What a test does when the machine lacks something: it says so loudly, or fails where that was demanded.

use std::{
    collections::BTreeSet,
    io::Write as _,
    sync::{Mutex, PoisonError},
};

/// Says that `skipped` (as "the storage tests on PostgreSQL") is not run because `what` (as "postgres") is not there.
///
/// The sentence appears once a process for each `what`, also where the test harness captures the output.
///
/// # Panics
///
/// `CAIRN_TEST_REQUIRE`, a list with commas such as `postgres,xmllint`, names `what`.
pub fn missing(what: &str, skipped: &str) {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let required = std::env::var("CAIRN_TEST_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name.trim() == what),
        "cannot run {skipped}: {what} was not found, and CAIRN_TEST_REQUIRE={required} demands it"
    );
    // A set stays good when a thread panics that holds it.
    let first = TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(what.to_owned());
    if first {
        // libtest captures what the print macros write, and nothing else. A closed stderr is no reason to fail.
        let _ = writeln!(
            std::io::stderr(),
            "\nNOT RUN: {skipped}, because {what} was not found; set CAIRN_TEST_REQUIRE={what} to make this a failure\n"
        );
    }
}

/// How many cases a property or fault test tries: `CAIRN_TEST_CASES`, else `default`.
///
/// # Panics
///
/// `CAIRN_TEST_CASES` is set and is not a whole number from 1.
pub fn cases(default: u32) -> u32 {
    count("CAIRN_TEST_CASES", default)
}

/// How many cases a test tries whose cases take long: what this variable of the environment says.
///
/// # Panics
/// Where it is no whole number from 1.
pub fn count(variable: &str, default: u32) -> u32 {
    match std::env::var(variable) {
        Ok(text) if !text.is_empty() => match text.parse() {
            Ok(count) if count > 0 => count,
            _ => panic!("{variable} must be a whole number from 1, and is {text:?}"),
        },
        _ => default,
    }
}
