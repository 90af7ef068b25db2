//! Writes CSV: always a header, fields quoted where they must be, lines that end in CR LF.

use bytes::BytesMut;
use csv_core::{Terminator, WriteResult, Writer, WriterBuilder};

use super::excel;
use crate::{Encode, EncodeError, EncodeOptions, Record, Section, columns};

/// An encoder of one document. It uses the writer of csv-core, because the one of the csv crate owns an `io::Write` and a buffer, while
/// the caller brings a new buffer for each chunk.
pub(super) struct Encoder {
    section: Section,
    excel_safe: bool,
    writer: Writer,
}

impl Encoder {
    pub(super) fn new(section: Section, options: &EncodeOptions) -> Encoder {
        Encoder {
            section,
            excel_safe: options.excel_safe,
            writer: WriterBuilder::new().terminator(Terminator::CRLF).build(),
        }
    }

    fn line<T: AsRef<str>>(&mut self, cells: &[T], out: &mut BytesMut) {
        // The most that a field can take is twice its length, two quotes and a delimiter; the line's end takes two.
        let longest = cells.iter().map(|cell| 2 * cell.as_ref().len() + 3).sum::<usize>() + 2;
        let start = out.len();
        out.resize(start + longest, 0);
        let mut room = &mut out[start..];
        for (i, cell) in cells.iter().enumerate() {
            if i > 0 {
                let (result, written) = self.writer.delimiter(room);
                room = after(room, &result, written);
            }
            let (result, _, written) = self.writer.field(cell.as_ref().as_bytes(), room);
            room = after(room, &result, written);
        }
        let (result, written) = self.writer.terminator(room);
        let unused = after(room, &result, written).len();
        out.truncate(start + longest - unused);
    }
}

impl Encode for Encoder {
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        if self.excel_safe {
            out.extend_from_slice(excel::MARK);
        }
        self.line(columns(self.section), out);
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        record.check_belongs_to(self.section, "csv")?;
        let cells = record.cells();
        if self.excel_safe {
            self.line(&cells.iter().map(|cell| excel::safe(cell)).collect::<Vec<_>>(), out);
        } else {
            self.line(&cells, out);
        }
        Ok(())
    }

    fn end(&mut self, _out: &mut BytesMut) -> Result<(), EncodeError> {
        Ok(())
    }
}

/// What is left of the room for a line after a part of it was written.
fn after<'a>(room: &'a mut [u8], result: &WriteResult, written: usize) -> &'a mut [u8] {
    debug_assert_eq!(*result, WriteResult::InputEmpty, "the room is enough for the longest line");
    &mut room[written..]
}
