//! Whether a decoder stands whatever bytes may come, however they are cut.

use std::borrow::Cow;

use super::drive::{Document, Reading, read, write};
use super::noise::Noise;
use super::round_trip::foreign;
use super::samples::{long, samples};
use super::violation::{Law, Violation, Violations, excerpt};
use crate::{Codec, Container, DecodeOptions, Foreign, Record, Row, Section, Source};

/// Documents up to this many bytes are tried more thoroughly than others.
const SHORT: usize = 2048;

/// Tries a decoder with these documents and with what can be made of them.
pub(super) fn check(codec: &dyn Codec, section: Section, known: &[Document], violations: &mut Violations) {
    for document in known {
        // A good document that hangs or panics breaks the law of prefixes, being one of itself.
        same_for_all_cuts(codec, section, Law::Prefixes, document, violations);
    }
    prefixes(codec, section, known, violations);
    noise(codec, section, known, violations);
    if codec.descriptor().container == Container::Stream {
        limits(codec, section, violations);
        if !is_written(codec, section) {
            for document in known {
                tight_limit(codec, section, document, violations);
            }
        }
    }
}

/// The law that is broken by a panic or a hang depends on how the document was made.
fn same_for_all_cuts(codec: &dyn Codec, section: Section, law: Law, document: &[u8], violations: &mut Violations) {
    const SIZES: [usize; 5] = [64, 7, 3, 2, 1];
    let options = DecodeOptions::default();
    let mut violation =
        |law, found: String| violations.add(Violation::of_section(law, section, found).reading(document));
    let whole = match read(codec, section, &options, document, usize::MAX) {
        Ok(whole) => whole,
        Err(failure) => return violation(law, failure.to_string()),
    };
    if let Some(found) = bad_row(section, &whole.rows) {
        violation(Law::Rows, found);
    }
    if let Some(found) = bad_source(&whole.sources) {
        violation(Law::Source, found);
    }
    for size in SIZES {
        match read(codec, section, &options, document, size) {
            Ok(cut) => {
                if let Some(found) = difference(&whole, &cut) {
                    violation(Law::Cutting, format!("cut by {size}, {found}"));
                }
            }
            Err(failure) => violation(law, format!("cut by {size}, {failure}")),
        }
    }
}

fn difference(whole: &Reading, cut: &Reading) -> Option<String> {
    if whole.error != cut.error {
        return Some(format!("reading ends with {:?} instead of {:?}", cut.error, whole.error));
    }
    if whole.rows.len() != cut.rows.len() {
        return Some(format!("the document has {} rows instead of {}", cut.rows.len(), whole.rows.len()));
    }
    let rows = || whole.rows.iter().zip(&cut.rows).find_map(|(expected, other)| row_difference(expected, other));
    let sources = || {
        let differs = whole.sources.iter().zip(&cut.sources).position(|(expected, other)| expected != other)?;
        Some(format!("the source of row {} is another one", differs + 1))
    };
    rows().or_else(sources)
}

/// What is wrong with the first source that no decoder may answer.
fn bad_source(sources: &[Option<Source<'_>>]) -> Option<String> {
    sources.iter().zip(1..).find_map(|(source, number)| {
        let cells = &source.as_ref()?.cells;
        let has_nul = cells.iter().any(|cell| cell.text.contains('\0') || cell.column.contains('\0'));
        has_nul.then(|| format!("the source of row {number} has a NUL"))
    })
}

fn row_difference(expected: &Row, other: &Row) -> Option<String> {
    if expected == other {
        return None;
    }
    let at = expected.position;
    let (values, others) = (values(expected), values(other));
    if let Some((value, other)) = values.iter().zip(&others).find(|(value, other)| value != other) {
        let (value, other) = (excerpt(&format!("{value:?}")), excerpt(&format!("{other:?}")));
        return Some(format!("{at} has {other} instead of {value}"));
    }
    let summary =
        |row: &Row, values: &[String]| format!("{} with {} values {:?}", row.position, values.len(), row.diagnostics);
    Some(format!("{at} is another row: {} instead of {}", summary(other, &others), summary(expected, &values)))
}

/// The texts of a row's columns, and its foreign values.
fn values(row: &Row) -> Vec<String> {
    let Some(record) = &row.record else { return Vec::new() };
    let foreign = foreign(record).iter().map(|Foreign { header, value }| format!("{header}: {value}"));
    record.cells().into_iter().map(Cow::into_owned).chain(foreign).collect()
}

/// What is wrong with the first row that no decoder may answer.
fn bad_row(section: Section, rows: &[Row]) -> Option<String> {
    rows.iter().zip(1..).find_map(|(row, number)| {
        if row.position.row != number {
            return Some(format!("row {number} has the number {}", row.position.row));
        }
        let wrong = match &row.record {
            None if row.diagnostics.is_empty() => "has no record and does not say why",
            Some(record) if record.check_belongs_to(section, "").is_err() => "carries a record of another section",
            Some(record) if has_blank_text(record) => "carries blank text, where nothing should stand",
            None | Some(_) => return None,
        };
        Some(format!("row {number} {wrong}"))
    })
}

fn has_blank_text(record: &Record) -> bool {
    let is_blank = |value: &serde_json::Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    let view = serde_json::to_value(record).unwrap_or_default();
    view.as_object().is_some_and(|members| {
        members
            .values()
            .any(|value| is_blank(value) || value.as_array().is_some_and(|names| names.iter().any(is_blank)))
    })
}

/// Reads every prefix of short documents until these have been many, and some of each other one.
fn prefixes(codec: &dyn Codec, section: Section, known: &[Document], violations: &mut Violations) {
    const MANY: usize = 1500;
    const SOME: usize = 30;
    let (mut before, mut tried): (&[u8], usize) = (&[], 0);
    for document in known {
        // What two documents share, such as a header, is tried once.
        let shared = before.iter().zip(document).take_while(|(one, other)| one == other).count();
        before = document;
        let all = document.len() - shared;
        let step = if document.len() <= SHORT && tried < MANY { 1 } else { all.div_ceil(SOME).max(1) };
        tried += all / step;
        for length in (shared..document.len()).step_by(step) {
            let prefix = &document[..length];
            if let Err(failure) = read(codec, section, &DecodeOptions::default(), prefix, usize::MAX) {
                let found = format!("broken off after {length} of {} bytes, {failure}", document.len());
                violations.add(Violation::of_section(Law::Prefixes, section, found).reading(prefix));
                break;
            }
        }
    }
}

fn noise(codec: &dyn Codec, section: Section, known: &[Document], violations: &mut Violations) {
    const TIMES: usize = 4;
    // What sections have in common is so tried with more of it.
    let mut noise = Noise::new(section as u64);
    let nothing = Document::new();
    let short = known.iter().filter(|document| document.len() <= SHORT).chain([&nothing]);
    for document in short {
        for _ in 0..TIMES {
            let spoilt = noise.spoilt(document);
            same_for_all_cuts(codec, section, Law::Noise, &spoilt, violations);
            let bytes = noise.bytes(document);
            same_for_all_cuts(codec, section, Law::Noise, &bytes, violations);
        }
    }
}

/// Reads a short, an endless and a short row.
fn limits(codec: &dyn Codec, section: Section, violations: &mut Violations) {
    const LIMIT: usize = 64 * 1024;
    const LENGTH: usize = 8 * LIMIT;
    const PIECE: usize = 4096;
    let mut violation = |law, found: String| violations.add(Violation::of_section(law, section, found));
    let Some(document) = endless(codec, section, LENGTH) else { return };
    let options = DecodeOptions { row_limit: LIMIT, ..DecodeOptions::default() };
    let reading = match read(codec, section, &options, &document, PIECE) {
        Ok(reading) => reading,
        Err(failure) => return violation(Law::Limits, format!("at a row of {LENGTH} bytes, {failure}")),
    };
    let most = 4 * LIMIT;
    if reading.kept > most {
        violation(
            Law::Limits,
            format!(
                "a row of {LENGTH} bytes, with a limit of {LIMIT}, makes the decoder keep {} bytes of its input; {most} are allowed",
                reading.kept
            ),
        );
    }
    let longest = reading.rows.iter().filter_map(|row| row.record.as_ref()).map(longest_text).max().unwrap_or_default();
    if longest > LIMIT {
        violation(
            Law::Limits,
            format!("a row of {LENGTH} bytes, with a limit of {LIMIT}, is read, with a text of {longest} bytes"),
        );
    }
    let largest = reading.sources.iter().flatten().map(size).max().unwrap_or_default();
    if longest <= LIMIT && largest > most {
        violation(
            Law::Source,
            format!("a row of {LENGTH} bytes, with a limit of {LIMIT}, has a source of {largest}; {most} are allowed"),
        );
    }
    let is_good: Vec<bool> = reading.rows.iter().map(|row| row.record.is_some()).collect();
    if reading.error.is_none() && is_written(codec, section) && is_good != [true, false, true] {
        violation(
            Law::Limits,
            format!(
                "of three rows only that of {LENGTH} bytes should fail, with a limit of {LIMIT}; good rows: {is_good:?}"
            ),
        );
    }
}

/// Reads a document whose rows are nearly all over the limit: what nobody can write can have no row of a length that is known.
fn tight_limit(codec: &dyn Codec, section: Section, document: &[u8], violations: &mut Violations) {
    const LIMIT: usize = 64;
    let mut violation =
        |law, found: String| violations.add(Violation::of_section(law, section, found).reading(document));
    let options = DecodeOptions { row_limit: LIMIT, ..DecodeOptions::default() };
    let whole = match read(codec, section, &options, document, usize::MAX) {
        Ok(whole) => whole,
        Err(failure) => return violation(Law::Prefixes, format!("with a limit of {LIMIT}, {failure}")),
    };
    let longest = whole.rows.iter().filter_map(|row| row.record.as_ref()).map(longest_text).max().unwrap_or_default();
    // A letter of one byte may take three in UTF-8.
    if longest > 4 * LIMIT {
        violation(Law::Limits, format!("with a limit of {LIMIT}, a row with a text of {longest} bytes is read"));
    }
    match read(codec, section, &options, document, 7) {
        Ok(cut) => {
            if let Some(found) = bad_row(section, &whole.rows).or_else(|| difference(&whole, &cut)) {
                violation(Law::Limits, format!("with a limit of {LIMIT}, {found}"));
            }
        }
        Err(failure) => violation(Law::Prefixes, format!("with a limit of {LIMIT}, cut by 7, {failure}")),
    }
}

/// The bytes of a source.
fn size(source: &Source<'_>) -> usize {
    source.cells.iter().map(|cell| cell.column.len() + cell.text.len()).sum()
}

fn longest_text(record: &Record) -> usize {
    record.cells().iter().map(|cell| cell.len()).max().unwrap_or_default()
}

/// A document with a row of about that length between two short ones; if nobody can write it, as many equal bytes.
fn endless(codec: &dyn Codec, section: Section, length: usize) -> Option<Document> {
    if !is_written(codec, section) {
        return Some(vec![b'x'; length]);
    }
    let first = samples(section).into_iter().next()?;
    let long = long(section, codec.descriptor().loses, length)?;
    // A format may have a limit of its own for writing.
    write(codec, section, &[first.clone(), long, first]).ok()
}

fn is_written(codec: &dyn Codec, section: Section) -> bool {
    codec.descriptor().encodes.contains(&section)
}
