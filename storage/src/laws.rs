//! How often the laws of this crate, which hold for any text, are tried.

/// Few times while programming, often where `CAIRN_TEST_CASES` says so.
pub(crate) fn cases() -> u32 {
    std::env::var("CAIRN_TEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}
