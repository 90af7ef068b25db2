//! Keeps Excel and its kin from taking a cell of a file for a formula (CWE-1236), by an apostrophe that they do not show.

use std::borrow::Cow;

/// The byte order mark by which Excel knows UTF-8.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The cell with an apostrophe before it where it needs one.
pub(super) fn safe(cell: &str) -> Cow<'_, str> {
    if needs_apostrophe(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// What [`safe`] was given.
pub(super) fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| needs_apostrophe(rest)).unwrap_or(cell)
}

/// Whether a cell would be taken for a formula, or for one that was made safe.
fn needs_apostrophe(cell: &str) -> bool {
    const DANGEROUS: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\0', '\'', '＝', '＋', '－', '＠'];
    cell.starts_with(DANGEROUS) && !is_number(cell) && !is_phone(cell)
}

/// `-12`, `+3.50`, `-7,5`.
fn is_number(cell: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(text) = cell.strip_prefix(['-', '+']) else { return false };
    text.split_once(['.', ',']).map_or_else(|| digits(text), |(whole, part)| digits(whole) && digits(part))
}

/// `+44 20 5550-0101`, `+1 (555) 010 0001`: a plus, then digits and what stands between them.
fn is_phone(cell: &str) -> bool {
    const LONGEST: usize = 32;
    let Some(text) = cell.strip_prefix('+').filter(|text| text.len() < LONGEST) else { return false };
    text.starts_with(|char: char| char.is_ascii_digit())
        && text.ends_with(|char: char| char.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || b" ()./-".contains(&byte))
}
