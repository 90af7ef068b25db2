//! Comma-separated values (RFC 4180): our own columns both ways, and for reading other programs' columns, charsets and delimiters.

pub(super) mod decode;
mod encode;
mod excel;
mod failed;
mod line;
mod opening;
pub(in crate::builtin) mod origin;
mod scan;

pub use self::failed::FailedRows;
pub(super) use self::line::LineWriter;

use crate::{Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeOptions, Section, Unsupported};

/// The format `csv`.
pub(super) struct Csv;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "csv",
    title: "Comma-separated values",
    media_type: "text/csv; charset=utf-8; header=present",
    extensions: &["csv"],
    encodes: &Section::EXPORTED,
    decodes: &Section::IMPORTED,
    container: Container::Stream,
    loses: &[],
};

impl Codec for Csv {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        Ok(Box::new(encode::Encoder::new(section, options)))
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        DESCRIPTOR.check_decodes(section)?;
        Ok(Box::new(decode::Decoder::new(section, options, origin::Origin::Text)))
    }
}
