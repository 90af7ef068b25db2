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
