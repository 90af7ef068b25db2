//! Writes CSV: always a header, fields quoted where they must be, lines that end in CR LF.

use bytes::BytesMut;

use super::excel;
use super::line::LineWriter;
use crate::{Delimiter, Encode, EncodeError, EncodeOptions, Record, Section, columns};

/// An encoder of one document.
pub(super) struct Encoder {
    section: Section,
    excel_safe: bool,
    writer: LineWriter,
}

impl Encoder {
    pub(super) fn new(section: Section, options: &EncodeOptions) -> Encoder {
        Encoder { section, excel_safe: options.excel_safe, writer: LineWriter::new(Delimiter::COMMA) }
    }
}

impl Encode for Encoder {
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        if self.excel_safe {
            out.extend_from_slice(excel::MARK);
        }
        self.writer.line(columns(self.section), out);
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        record.check_belongs_to(self.section, "csv")?;
        let cells = record.cells();
        if self.excel_safe {
            self.writer.line(&cells.iter().map(|cell| excel::safe(cell)).collect::<Vec<_>>(), out);
        } else {
            self.writer.line(&cells, out);
        }
        Ok(())
    }

    fn end(&mut self, _out: &mut BytesMut) -> Result<(), EncodeError> {
        Ok(())
    }
}
