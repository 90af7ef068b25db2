//! Bounds what is kept of a part while it is read: an archive of some kilobytes can unpack to a single text of hundreds of megabytes.

use std::io::{self, BufRead, Read};

use super::package::Part;

/// How many bytes an element may have at least, whatever the limit of a row.
const LEAST: usize = 64 * 1024;

/// How many bytes of a text that is too long are taken beyond its limit.
const BEYOND: usize = 64;

/// How many more than the limit are taken of what does not end where a text or an element would.
const MORE: usize = 64 * 1024;

/// A part of which each piece (a text, an element, a comment) is taken up to a limit. What a text has beyond is passed over up to the
/// next element, so that it is cut there; of anything else it is an error.
pub(super) struct Meter {
    part: Part,
    limit: usize,
    taken: usize,
}

impl Meter {
    /// With a limit for each piece, in bytes.
    pub(super) fn new(part: Part, limit: usize) -> Self {
        // A little more, so that a text that was cut is longer than its limit.
        Self { part, limit: limit.max(LEAST).saturating_add(BEYOND), taken: 0 }
    }

    /// The next piece begins.
    pub(super) fn begin(&mut self) {
        self.taken = 0;
    }

    /// Whether the piece is longer than its limit.
    pub(super) fn is_over(&self) -> bool {
        self.taken > self.limit
    }

    /// The most bytes of a piece.
    pub(super) fn limit(&self) -> usize {
        self.limit - BEYOND
    }

    /// Passes over what stands before the next sign with which an element begins or ends.
    fn pass_over(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.part.fill_buf()?;
            let stop = buffer.iter().position(|byte| matches!(byte, b'<' | b'>'));
            let length = stop.unwrap_or(buffer.len());
            if length == 0 {
                return Ok(());
            }
            self.part.consume(length);
        }
    }
}

impl BufRead for Meter {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > self.limit.saturating_add(MORE) {
            return Err(io::Error::other("a piece of it has no end"));
        }
        if self.taken >= self.limit {
            self.pass_over()?;
            let buffer = self.part.fill_buf()?;
            return Ok(&buffer[..buffer.len().min(1)]);
        }
        let room = self.limit - self.taken;
        let buffer = self.part.fill_buf()?;
        Ok(&buffer[..buffer.len().min(room)])
    }

    fn consume(&mut self, amount: usize) {
        self.taken += amount;
        self.part.consume(amount);
    }
}

impl Read for Meter {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(out)?;
        self.consume(length);
        Ok(length)
    }
}
