//! A format of a third party: a line with the display name of each person. It is written against `formats` alone.

use bytes::BytesMut;
use formats::{
    Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeError, EncodeOptions, Record, Section,
    Unsupported,
};

/// The format `names`: people as a plain list.
pub struct Names;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "names",
    title: "A list of names",
    media_type: "text/plain; charset=utf-8",
    extensions: &["names"],
    encodes: &[Section::People],
    decodes: &[],
    container: Container::Stream,
    loses: &[],
};

impl Codec for Names {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, _options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        Ok(Box::new(Lines))
    }

    fn decoder(&self, section: Section, _options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        Err(DESCRIPTOR.check_decodes(section).expect_err("it reads nothing"))
    }
}

struct Lines;

impl Encode for Lines {
    fn begin(&mut self, _out: &mut BytesMut) -> Result<(), EncodeError> {
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        if let Record::Person(person) = record {
            out.extend_from_slice(person.contact.name.as_deref().unwrap_or("nobody").as_bytes());
            out.extend_from_slice(b"\n");
        }
        Ok(())
    }

    fn end(&mut self, _out: &mut BytesMut) -> Result<(), EncodeError> {
        Ok(())
    }
}
