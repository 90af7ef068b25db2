//! Small files of our own columns, for people who want to see what can be imported.

use crate::Section;

/// A CSV file (RFC 4180, UTF-8) with a header and three made-up rows, which can be imported as it is; `None` for a section that is
/// never imported. It has every column of [`columns`](crate::columns) but those that only exports fill.
///
/// ```
/// let sample = formats::sample(formats::Section::People).unwrap();
/// assert!(sample.starts_with(b"name,company,title,email,"));
/// ```
pub fn sample(section: Section) -> Option<&'static [u8]> {
    match section {
        Section::People => Some(include_bytes!("sample/people.csv")),
        Section::Calendar => Some(include_bytes!("sample/calendar.csv")),
        section if section.stage().is_some() => Some(include_bytes!("sample/transactions.csv")),
        _ => None,
    }
}
