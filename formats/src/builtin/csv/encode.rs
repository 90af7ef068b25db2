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

    fn line<'a>(&self, cells: impl Iterator<Item = Cow<'a, str>>, out: &mut BytesMut) {
        if self.options.excel_safe {
            self.writer.line(cells.map(|cell| excel::safe(&cell).into_owned()), out);
        } else {
            self.writer.line(cells, out);
        }
    }
}

impl Encode for Encoder {
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        if self.options.excel_safe {
            out.extend_from_slice(excel::MARK);
        }
        let own = columns(self.section).iter().map(|name| Cow::Borrowed(*name));
        self.line(own.chain(self.options.custom_fields.iter().map(|field| Cow::Borrowed(field.as_str()))), out);
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        record.check_belongs_to(self.section, "csv")?;
        let own = record.values().map(|(_, value)| value.text());
        let custom = self.options.custom_fields.iter().map(|field| Cow::Borrowed(record.custom_value(field)));
        self.line(own.chain(custom), out);
        Ok(())
    }

    fn end(&mut self, _out: &mut BytesMut) -> Result<(), EncodeError> {
        Ok(())
    }
}
