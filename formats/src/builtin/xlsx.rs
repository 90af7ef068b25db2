//! Excel workbooks (ECMA-376, Office Open XML): the first sheet that is not empty is read as a table like one of CSV.

mod date;
mod decode;
mod package;
mod sheet;
mod styles;
mod workbook;
mod xml;

use crate::{Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeOptions, Section, Unsupported};

/// The format `xlsx`.
pub(super) struct Xlsx;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "xlsx",
    title: "Excel workbook",
    media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    extensions: &["xlsx"],
    encodes: &[],
    decodes: &[
        Section::People,
        Section::Leads,
        Section::Opportunities,
        Section::Customers,
        Section::Archives,
        Section::Calendar,
    ],
    container: Container::WholeDocument,
    loses: &[],
};

impl Codec for Xlsx {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, _options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        unreachable!("no section is listed as one that can be written")
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        DESCRIPTOR.check_decodes(section)?;
        Ok(Box::new(decode::Decoder::new(section, options)?))
    }

    fn recognises(&self, head: &[u8]) -> bool {
        // Names stand in an archive as they are.
        head.starts_with(b"PK\x03\x04") && head.windows(3).any(|part| part == b"xl/")
    }
}
