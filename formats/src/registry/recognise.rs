//! What the first bytes of a file tell of it, apart from the formats that recognise their own.

use std::borrow::Cow;

use crate::charset::{Beginning, beginning};

/// How many bytes of a file are looked at.
pub(super) const MOST: usize = 64 * 1024;

/// A file that no format can read; the message says what it is and what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file is {found}; {instead}")]
pub struct Unrecognised {
    /// What it is, such as `a PDF document`.
    pub found: &'static str,
    /// What to do about it.
    pub instead: &'static str,
}

/// The bytes without a byte order mark, and UTF-16 as UTF-8.
pub(super) fn text(head: &[u8]) -> Cow<'_, [u8]> {
    match beginning(head, true) {
        Some(Beginning::Bytes(marks)) => Cow::Borrowed(&head[marks..]),
        Some(Beginning::Utf16(charset)) => {
            let text = charset.decode(head).into_owned();
            Cow::Owned(text.trim_start_matches('\u{feff}').as_bytes().to_vec())
        }
        None => Cow::Borrowed(head),
    }
}

/// What a file is that can only be something else.
pub(super) fn other(head: &[u8]) -> Option<Unrecognised> {
    const SAVE: &str = "save the contacts as CSV, vCard or xlsx and try again";
    const EXPORT: &str = "export the contacts as CSV or vCard and try again";
    const MAGIC: [(&[u8], &str, &str); 10] = [
        (
            b"\xD0\xCF\x11\xE0",
            "an .xls of old Excel or another old Office file",
            "save it as xlsx or CSV and try again",
        ),
        (b"%PDF-", "a PDF document", EXPORT),
        (b"{\\rtf", "a text document (RTF)", SAVE),
        (b"\x1F\x8B", "packed (gzip)", "unpack it and try again"),
        (b"7z\xBC\xAF\x27\x1C", "packed (7z)", "unpack it and try again"),
        (b"Rar!", "packed (RAR)", "unpack it and try again"),
        (b"!BDN", "a PST file of Outlook", "export the contacts from Outlook as CSV and try again"),
        (b"SQLite format 3\0", "a database", EXPORT),
        (b"\x89PNG", "a picture", EXPORT),
        (b"\xFF\xD8\xFF", "a picture", EXPORT),
    ];
    let found = |found, instead| Some(Unrecognised { found, instead });
    if let Some((_, what, instead)) = MAGIC.into_iter().find(|(magic, _, _)| head.starts_with(magic)) {
        return found(what, instead);
    }
    if head.starts_with(b"PK\x03\x04") {
        let has = |part: &[u8]| head.windows(part.len()).any(|window| window == part);
        return if has(b"opendocument.spreadsheet") {
            found("an OpenDocument spreadsheet", "save it as xlsx or CSV and try again")
        } else if has(b"word/") {
            found("a Word document", SAVE)
        } else if has(b".iwa") {
            found("a document of Numbers or Pages", "export it as xlsx or CSV and try again")
        } else if has(b"[Content_Types].xml") || has(b"_rels/") {
            // A sheet may stand far behind; the extension decides.
            None
        } else {
            found("packed (zip)", "unpack it and try again")
        };
    }
    let start = head.trim_ascii_start();
    let begins = |word: &[u8]| start.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if begins(b"<!DOCTYPE html") || begins(b"<html") {
        return found("a web page, perhaps one that asks to sign in", EXPORT);
    }
    begins(b"<?xml").then_some(Unrecognised { found: "an XML document", instead: SAVE })
}

/// Whether a file can be text: no control characters that text does not have, but for stray NULs.
pub(super) fn is_text(head: &[u8]) -> bool {
    let is_control = |byte: &&u8| matches!(byte, 0..=8 | 14..=26 | 28..=31);
    head.iter().filter(is_control).count() * 50 <= head.len()
}

pub(super) fn unknown() -> Unrecognised {
    Unrecognised {
        found: "of no kind that is known here",
        instead: "name the format, or save the file as CSV and try again",
    }
}
