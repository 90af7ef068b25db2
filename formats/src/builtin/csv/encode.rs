//! Writes CSV: always a header, fields quoted where they must be, lines that end in CR LF.

use std::borrow::Cow;

use bytes::BytesMut;

use super::excel;
use super::line::LineWriter;
use crate::{Delimiter, Encode, EncodeError, EncodeOptions, Record, Section, columns};

/// An encoder of one document.
pub(super) struct Encoder {
    section: Section,
    options: EncodeOptions,
    writer: LineWriter,
}

impl Encoder {
    pub(super) fn new(section: Section, options: &EncodeOptions) -> Encoder {
        Encoder { section, options: options.clone(), writer: LineWriter::new(Delimiter::COMMA) }
    }
}

impl Encode for Encoder {
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        if self.options.excel_safe {
            out.extend_from_slice(excel::MARK);
        }
        let own = columns(self.section).iter().map(|name| Cow::Borrowed(*name));
        let header: Vec<_> = own.chain(self.options.custom_fields.iter().cloned().map(Cow::Owned)).collect();
        line(&mut self.writer, self.options.excel_safe, &header, out);
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        record.check_belongs_to(self.section, "csv")?;
        let mut cells = record.cells();
        cells.extend(self.options.custom_fields.iter().map(|field| Cow::Borrowed(record.custom_value(field))));
        line(&mut self.writer, self.options.excel_safe, &cells, out);
        Ok(())
    }

    fn end(&mut self, _out: &mut BytesMut) -> Result<(), EncodeError> {
        Ok(())
    }
}

fn line(writer: &mut LineWriter, is_excel_safe: bool, cells: &[Cow<'_, str>], out: &mut BytesMut) {
    if is_excel_safe {
        writer.line(&cells.iter().map(|cell| excel::safe(cell)).collect::<Vec<_>>(), out);
    } else {
        writer.line(cells, out);
    }
}
