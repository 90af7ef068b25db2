//! What reading text needs in every format: the byte order mark, the count of lines, UTF-8 and what no text may hold.

use std::borrow::Cow;

use bytes::{Buf, BytesMut};

/// Counts the physical lines of a file while its bytes pass by in pieces. CR LF, LF and a lone CR each end a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
    line: u64,
    after_cr: bool,
}

impl Lines {
    pub(crate) fn starting_at(line: u64) -> Lines {
        Lines { line, after_cr: false }
    }

    /// The line, counted from 1, on which the next byte stands.
    pub(crate) fn line(self) -> u64 {
        self.line
    }

    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let ends_line = byte == b'\r' || (byte == b'\n' && !self.after_cr);
            self.line += u64::from(ends_line);
            self.after_cr = byte == b'\r';
        }
    }
}

/// Text that must be UTF-8 and begins on `line`; the error is the line of the first byte that is not.
pub(crate) fn utf8(bytes: &[u8], line: u64) -> Result<&str, u64> {
    std::str::from_utf8(bytes).map_err(|error| {
        let mut lines = Lines::starting_at(line);
        lines.pass(&bytes[..error.valid_up_to()]);
        lines.line()
    })
}

/// Text without NUL characters, which no database of ours can hold.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// What is left of a line without white space and what nobody sees at its ends: NUL, the ^Z that ended files of CP/M, and marks such as
/// U+FEFF and U+200B, which programs leave where they join files.
pub(crate) fn trim_invisible(line: &[u8]) -> &[u8] {
    let mut line = trim_invisible_start(line);
    while let Some(length) = invisible_end(line) {
        line = &line[..line.len() - length];
    }
    line
}

/// The same of the front alone.
pub(crate) fn trim_invisible_start(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let Some(length) = invisible_start(line) {
        line = &line[length..];
    }
    line
}

fn invisible_start(line: &[u8]) -> Option<usize> {
    match line {
        [first, ..] if is_blank(*first) => Some(1),
        [one, two, three, ..] if is_mark([*one, *two, *three]) => Some(3),
        _ => None,
    }
}

fn invisible_end(line: &[u8]) -> Option<usize> {
    match line {
        [.., last] if is_blank(*last) => Some(1),
        [.., one, two, three] if is_mark([*one, *two, *three]) => Some(3),
        _ => None,
    }
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, 0 | 0x0B | 0x1A)
}

/// Whether these bytes are U+200B to U+200F, U+202A to U+202E, U+2060 or U+FEFF.
fn is_mark(bytes: [u8; 3]) -> bool {
    matches!(bytes, [0xE2, 0x80, 0x8B..=0x8F | 0xAA..=0xAE] | [0xE2, 0x81, 0xA0] | [0xEF, 0xBB, 0xBF])
}

/// How many bytes at the front are a mark that nobody sees, where a row or line begins; `None` where more bytes are needed to tell.
pub(crate) fn mark_at_start(bytes: &[u8], at_end: bool) -> Option<usize> {
    match bytes {
        [0x1A, ..] => Some(1),
        [one, two, three, ..] if is_mark([*one, *two, *three]) => Some(3),
        [0xE2 | 0xEF] | [0xE2, 0x80 | 0x81] | [0xEF, 0xBB] if !at_end => None,
        _ => Some(0),
    }
}

/// Where the search for a byte order mark stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// More bytes are needed to tell.
    Unsettled,
    /// The bytes that follow are text.
    Passed,
}

/// Drops UTF-8 byte order marks before the first byte of text (some tools write two).
pub(crate) fn skip_mark(input: &mut BytesMut, at_end: bool) -> Mark {
    const MARK: &[u8] = b"\xEF\xBB\xBF";
    while input.starts_with(MARK) {
        input.advance(MARK.len());
    }
    if !at_end && MARK.starts_with(input) { Mark::Unsettled } else { Mark::Passed }
}
