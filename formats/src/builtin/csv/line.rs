//! Writes one line of CSV after the other: fields quoted where they must be, CR LF at the end.

use bytes::BytesMut;
use csv_core::{Terminator, WriteResult, Writer, WriterBuilder};

use crate::Delimiter;

/// Writes lines. It uses the writer of csv-core, because the one of the csv crate owns an `io::Write` and a buffer, while the caller
/// brings a new buffer for each chunk.
pub(in crate::builtin) struct LineWriter(Writer);

impl LineWriter {
    pub(in crate::builtin) fn new(delimiter: Delimiter) -> LineWriter {
        LineWriter(WriterBuilder::new().delimiter(delimiter.byte()).terminator(Terminator::CRLF).build())
    }

    /// Appends a line.
    pub(in crate::builtin) fn line<T: AsRef<str>>(&mut self, cells: &[T], out: &mut BytesMut) {
        // The most that a field can take is twice its length, two quotes and a delimiter; the line's end takes two.
        let longest = cells.iter().map(|cell| 2 * cell.as_ref().len() + 3).sum::<usize>() + 2;
        let start = out.len();
        out.resize(start + longest, 0);
        let mut room = &mut out[start..];
        for (i, cell) in cells.iter().enumerate() {
            if i > 0 {
                let (result, written) = self.0.delimiter(room);
                room = after(room, &result, written);
            }
            let (result, _, written) = self.0.field(cell.as_ref().as_bytes(), room);
            room = after(room, &result, written);
        }
        let (result, written) = self.0.terminator(room);
        let unused = after(room, &result, written).len();
        out.truncate(start + longest - unused);
    }
}

/// What is left of the room for a line after a part of it was written.
fn after<'a>(room: &'a mut [u8], result: &WriteResult, written: usize) -> &'a mut [u8] {
    debug_assert_eq!(*result, WriteResult::InputEmpty, "the room is enough for the longest line");
    &mut room[written..]
}
