//! The laws of codecs, and what breaks them.

use std::{error, fmt};

use super::drive::Document;
use crate::Section;

/// What is asked of every codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Law {
    /// Each section that the descriptor lists can be made, each other one is refused with an
    /// [`Unsupported`](crate::Unsupported) that says what would work. The name is in small letters, extensions have no dot in
    /// front, the media type can be parsed, losses name columns.
    ///
    /// Routes, menus, headers and messages are made of the descriptor alone; whatever it says wrong, they say wrong.
    Descriptor,
    /// An encoder writes every record of its section, appends to a buffer and neither reads nor changes what is in it, and writes
    /// the same again for the same records.
    ///
    /// The pump takes the buffer away whenever a chunk is full, and a strong `ETag` promises the same bytes.
    Encoding,
    /// A document without records can be written, and gives no row and no error when it is read.
    ///
    /// An empty view is downloaded like any other.
    Empty,
    /// What was written comes back, column by column and in the same order, and nothing else does; but for what
    /// [`loses`](crate::Descriptor::loses) declares. A format that only writes or only reads has no round trip.
    ///
    /// People take their data out and in again, and may rely on nothing getting lost in silence.
    RoundTrip,
    /// Rows are numbered from 1 without a gap; a row carries a record of its section or says why it has none; text is never
    /// blank.
    ///
    /// Receipts add up by these numbers, and errors send people to them.
    Rows,
    /// A row as the file has it ([`Decode::source`](crate::Decode::source)), where the format tells, is the row: our CSV, which is
    /// what a file of failed rows is written in, reads the same record of it. It has no NUL and is at most four times as large as
    /// the limit of a row. A format that never tells obeys.
    ///
    /// Rows that fail are given back in such a file, to be mended and imported again.
    Source,
    /// Rows, their sources and error are the same however the bytes are cut: singly, by 2, 3, 7 or 64, or not at all.
    ///
    /// Networks cut where they like.
    Cutting,
    /// No prefix of a document makes the decoder panic or go on for ever.
    ///
    /// Uploads break off.
    Prefixes,
    /// Nor do random bytes, or documents with random faults; and these obey [`Law::Rows`] and [`Law::Cutting`].
    ///
    /// Anybody may upload anything.
    Noise,
    /// A row longer than [`row_limit`](crate::DecodeOptions::row_limit) becomes an error or a row without a record, between rows that
    /// are read as ever, while the input buffer holds at most four times that limit. Not asked of a format that must see its
    /// documents whole, since its caller limits these.
    ///
    /// One missing quote makes one row of a whole file.
    Limits,
}

impl Law {
    /// The law in half a sentence.
    pub fn summary(self) -> &'static str {
        match self {
            Law::Descriptor => "the descriptor tells the truth",
            Law::Encoding => "an encoder writes every record of its section and only appends",
            Law::Empty => "zero records are a valid document",
            Law::RoundTrip => "what was written comes back, or the loss is declared",
            Law::Rows => "rows are numbered and say why they are bad",
            Law::Source => "a row's source is the row",
            Law::Cutting => "the result does not depend on how the bytes are cut",
            Law::Prefixes => "no prefix makes a decoder panic or hang",
            Law::Noise => "no bytes make a decoder panic or hang",
            Law::Limits => "a row over the limit is an error, not memory",
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.summary())
    }
}

/// How a codec breaks the law. `Debug` is the same text as `Display`, because that is what a failed test prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Violations {
    pub(super) format: &'static str,
    pub(super) found: Vec<Violation>,
}

impl Violations {
    /// The violations, by section; at least one.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.found.iter()
    }

    /// Notes a violation, unless the section has broken the same law before.
    pub(super) fn add(&mut self, violation: Violation) {
        let is_known = |other: &Violation| (other.law, other.section) == (violation.law, violation.section);
        if violation.section.is_none() || !self.found.iter().any(is_known) {
            self.found.push(violation);
        }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the format {} breaks the law of codecs:", self.format)?;
        self.found.iter().try_for_each(|violation| write!(f, "\n- {violation}"))
    }
}

impl fmt::Debug for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for Violations {}

/// One law that a codec breaks, and how to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The law.
    pub law: Law,
    /// The section, unless it is the descriptor as a whole.
    pub section: Option<Section>,
    /// What happened, and with what.
    pub found: String,
    /// The document that was read; empty where none was.
    pub document: Vec<u8>,
}

impl Violation {
    pub(super) fn of_section(law: Law, section: Section, found: impl Into<String>) -> Violation {
        Violation { law, section: Some(section), found: found.into(), document: Document::new() }
    }

    pub(super) fn reading(self, document: &[u8]) -> Violation {
        Violation { document: document.to_vec(), ..self }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.law)?;
        if let Some(section) = self.section {
            write!(f, " ({section})")?;
        }
        write!(f, ": {}", self.found)?;
        if !self.document.is_empty() {
            write!(f, "; document: {}", shown(&self.document))?;
        }
        Ok(())
    }
}

/// A document as a Rust literal, with its middle left out where it is long.
pub(super) fn shown(document: &[u8]) -> String {
    const HEAD: usize = 120;
    const TAIL: usize = 60;
    if document.len() <= HEAD + TAIL {
        return format!("b\"{}\"", document.escape_ascii());
    }
    let (head, tail) = (&document[..HEAD], &document[document.len() - TAIL..]);
    format!("b\"{} … {}\" ({} bytes)", head.escape_ascii(), tail.escape_ascii(), document.len())
}

/// The beginning of a text, for a sentence.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
