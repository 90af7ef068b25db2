//! JSON: an array of objects that bear the names of GraphQL, with decimals as text and what is missing as null.

pub(super) mod decode;
mod encode;
pub(super) mod object;
mod scan;

use super::ndjson;
use crate::{Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeOptions, Section, Unsupported};

/// The format `json`.
pub(super) struct Json;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "json",
    title: "JSON",
    media_type: "application/json",
    extensions: &["json"],
    encodes: &Section::EXPORTED,
    decodes: &Section::IMPORTED,
    container: Container::Stream,
    loses: &[],
};

impl Codec for Json {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        Ok(Box::new(encode::Encoder::new(section, options)))
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        DESCRIPTOR.check_decodes(section)?;
        Ok(Box::new(decode::Decoder::new(section, options)))
    }

    /// An array, or an object that is not whole in its line.
    fn recognises(&self, head: &[u8]) -> bool {
        match head.trim_ascii_start() {
            [b'[', rest @ ..] => matches!(rest.trim_ascii_start(), [] | [b'{' | b']', ..]),
            [b'{', rest @ ..] => matches!(rest.trim_ascii_start(), [b'"' | b'}', ..]) && !ndjson::begins(head),
            _ => false,
        }
    }
}
