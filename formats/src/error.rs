//! What can go wrong with a document as a whole. What is wrong with one row is data: [`Diagnostic`](crate::Diagnostic).

use std::fmt;

use crate::Section;
use crate::sentence::alternatives;

/// A document cannot be read any further. Each variant says where, and what would have been right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A table without any row.
    #[error("the file is empty; its first row must name the columns, such as {}", alternatives(known, "and"))]
    NoHeader {
        /// Our own columns of the section.
        known: &'static [&'static str],
    },
    /// The first row names no column that we know, so it is no header or not one of ours.
    #[error(
        "no column in line {line} is known (it begins with `{first}`); our own columns are {}",
        alternatives(known, "and")
    )]
    UnknownHeader {
        /// The line of the row that was taken for a header.
        line: u64,
        /// The first cell of that row that is not empty, or the beginning of it.
        first: String,
        /// Our own columns of the section.
        known: &'static [&'static str],
    },
    /// The header row is longer than any row may be.
    #[error("the header in line {line} is longer than {limit} bytes")]
    HeaderTooLong {
        /// The line on which the header starts.
        line: u64,
        /// The most bytes that a row may have.
        limit: usize,
    },
    /// A quote that opens in the header is still open at the end of the file.
    #[error("the header cannot be read: the quote that opens in line {line} is never closed")]
    HeaderUnclosed {
        /// The line on which the quote opens.
        line: u64,
    },
    /// The header names more columns than are allowed.
    #[error("the header in line {line} has {found} columns; at most {limit} are read")]
    TooManyColumns {
        /// The line on which the header starts.
        line: u64,
        /// How many columns there are.
        found: u64,
        /// The most columns that a table may have.
        limit: usize,
    },
    /// A column is to be read as a field that there is not.
    #[error(
        "column `{column}` cannot be read as `{field}`; it can be {}, or nothing at all",
        alternatives(&borrowed(known), "or")
    )]
    UnknownField {
        /// The column, as the mapping calls it.
        column: String,
        /// What the mapping says that it is.
        field: String,
        /// Our own columns of the section, `notes` and the custom fields.
        known: Vec<String>,
    },
    /// A column that is to be read as something is not in the file.
    #[error("the file has no column `{column}`; it has {}", alternatives(&borrowed(known), "and"))]
    UnknownColumn {
        /// The column, as the mapping calls it.
        column: String,
        /// The first columns that the file has.
        known: Vec<String>,
    },
    /// A JSON document begins with neither an array nor an object.
    #[error(
        "line {line} should begin with `[` or `{{`, since the file must be an array like [{{\"name\": \"Ada\"}}] or objects one behind \
         another, but {found} stands there"
    )]
    NotAnArray {
        /// The line on which the array should begin.
        line: u64,
        /// What is there instead.
        found: String,
    },
    /// Two elements of a JSON array are not properly separated, or something follows the array.
    #[error("{found} in line {line} is out of place; {expected} should stand there")]
    OutOfPlace {
        /// The line of the character.
        line: u64,
        /// The character.
        found: String,
        /// What would have been right.
        expected: &'static str,
    },
    /// A JSON document ends too early.
    #[error(
        "the file ends in line {line} before its array does; the last element begins in line {element}, and `]` is missing"
    )]
    Unfinished {
        /// The last line of the file.
        line: u64,
        /// The line on which the last element begins (of the array, where there is none).
        element: u64,
    },
    /// A file without a single card or calendar.
    #[error("the file has no line {expected}, so it is none of this format; line {line} reads `{found}`")]
    NoComponent {
        /// The first line that is not blank.
        line: u64,
        /// The beginning of that line.
        found: String,
        /// With what such files begin.
        expected: &'static str,
    },
    /// A file that must be seen whole, or what is packed in it, is too large.
    #[error("the file is too large: {what} of more than {limit} MiB cannot be read")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The most MiB that it may have.
        limit: usize,
    },
    /// A file that must be seen whole is damaged, or another kind of file.
    #[error("the file cannot be read: {reason}")]
    Damaged {
        /// What is wrong with it, and what would have been right.
        reason: String,
    },
    /// A third party's codec gives up for a reason of its own.
    #[error("line {line}: {reason}")]
    Other {
        /// Where it gave up.
        line: u64,
        /// Why, and what would have been right.
        reason: String,
    },
}

/// A document cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The caller passed a record that does not belong to the section for which it asked for an encoder.
    #[error("a record of another kind was passed to the {format} encoder of {section}")]
    WrongRecord {
        /// The format's name.
        format: &'static str,
        /// The encoder's section.
        section: Section,
    },
    /// The JSON writer failed.
    #[error("a record cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The document would be larger than its format allows.
    #[error("the document would be too large: {what} has no more than {limit}; write fewer records, or CSV")]
    TooLarge {
        /// What would be too large.
        what: &'static str,
        /// The most that it may have, with its unit.
        limit: &'static str,
    },
    /// The caller passed a record that the format has no place for.
    #[error("{format} has no place for {what}")]
    Unplaced {
        /// The format's name.
        format: &'static str,
        /// What the record is, such as `an event without a beginning`.
        what: &'static str,
    },
    /// A third party's codec gives up for a reason of its own.
    #[error("{reason}")]
    Other {
        /// Why.
        reason: String,
    },
}

/// A codec failed, in either direction.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// While reading.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// While writing.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// A format cannot do a section in this direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{format} cannot {direction} {section}; it can {direction} {}", section_names(instead))]
pub struct Unsupported {
    /// The format's name.
    pub format: &'static str,
    /// The section that was asked for.
    pub section: Section,
    /// Whether it was to be read or written.
    pub direction: Direction,
    /// The sections that would work.
    pub instead: &'static [Section],
}

impl Unsupported {
    pub(crate) fn unless(
        possible: &'static [Section],
        format: &'static str,
        section: Section,
        direction: Direction,
    ) -> Result<(), Unsupported> {
        if possible.contains(&section) {
            return Ok(());
        }
        Err(Unsupported { format, section, direction, instead: possible })
    }
}

/// Which way a document goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From records to bytes.
    Encode,
    /// From bytes to records.
    Decode,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Encode => "write",
            Direction::Decode => "read",
        })
    }
}

fn section_names(sections: &[Section]) -> String {
    let names: Vec<&str> = sections.iter().map(|section| section.name()).collect();
    alternatives(&names, "and")
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
