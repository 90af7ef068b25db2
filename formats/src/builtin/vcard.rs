//! vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), as telephones and address books export it; it is only read so far.

mod card;
mod decode;
mod parts;

use crate::{Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeOptions, Section, Unsupported};

/// The format `vcard`.
pub(super) struct VCard;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "vcard",
    title: "vCard",
    media_type: "text/vcard; charset=utf-8",
    extensions: &["vcf", "vcard"],
    encodes: &[],
    decodes: &[Section::People, Section::Leads, Section::Opportunities, Section::Customers, Section::Archives],
    container: Container::Stream,
    loses: &[],
};

impl Codec for VCard {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, _options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        unreachable!("no section is listed as one that can be written")
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        DESCRIPTOR.check_decodes(section)?;
        Ok(Box::new(decode::Decoder::new(section, options)))
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let head = head.trim_ascii_start();
        head.get(..b"BEGIN:VCARD".len()).is_some_and(|start| start.eq_ignore_ascii_case(b"BEGIN:VCARD"))
    }
}
