//! Writes JSON, one object a line, so that people can read it and tools can compare it.

use bytes::{BufMut, BytesMut};

use crate::{Encode, EncodeError, EncodeOptions, Record, Section};

/// An encoder of one document.
pub(super) struct Encoder {
    section: Section,
    custom_fields: Vec<String>,
    /// What stands before the next record.
    separator: &'static [u8],
}

impl Encoder {
    pub(super) fn new(section: Section, options: &EncodeOptions) -> Encoder {
        Encoder { section, custom_fields: options.custom_fields.clone(), separator: b"\n" }
    }
}

impl Encode for Encoder {
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u8(b'[');
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        record.check_belongs_to(self.section, "json")?;
        out.put_slice(self.separator);
        self.separator = b",\n";
        serde_json::to_writer(out.writer(), &record.with_custom_fields(&self.custom_fields))?;
        Ok(())
    }

    fn end(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_slice(b"\n]\n");
        Ok(())
    }
}
