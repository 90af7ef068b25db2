//! vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), as telephones and address books export it; 3.0 and 4.0 are written.

mod card;
mod decode;
mod encode;
mod meant;
mod own;
mod parts;
mod uri;

use crate::content_line::{Family, family};
use crate::{Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeOptions, Loss, Section, Unsupported};

/// The format `vcard`.
pub(super) struct VCard;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "vcard",
    title: "vCard",
    media_type: "text/vcard; charset=utf-8",
    extensions: &["vcf", "vcard"],
    encodes: &Section::OF_CONTACTS,
    decodes: &Section::OF_CONTACTS,
    container: Container::Stream,
    loses: &[Loss::LineEnds, Loss::ControlCharacters],
};

impl Codec for VCard {
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

    fn recognises(&self, head: &[u8]) -> bool {
        family(head) == Some(Family::Contacts)
    }
}
