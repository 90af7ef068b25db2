//! The e-mail addresses of people and of those with whom business is made, to be pasted into a mail program; it is only written.

mod mailbox;

use bytes::BytesMut;

use self::mailbox::Mailbox;
use crate::{
    AddressList, Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeError, EncodeOptions, Record,
    Section, Unsupported,
};

/// The format `addresses`.
pub(super) struct Addresses;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "addresses",
    title: "E-mail addresses",
    // Who sends or wants text/plain means no list of addresses; programs show any kind of text like it (RFC 2046 section 4.1.4).
    media_type: "text/x-email-addresses; charset=utf-8",
    extensions: &["txt"],
    encodes: &Section::OF_CONTACTS,
    decodes: &[],
    container: Container::Stream,
    loses: &[],
};

impl Codec for Addresses {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        Ok(Box::new(Encoder { section, list: options.address_list, is_begun: false }))
    }

    fn decoder(&self, section: Section, _options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        DESCRIPTOR.check_decodes(section)?;
        unreachable!("no section is listed as one that can be read")
    }
}

/// Writes one address after the other. Somebody who occurs twice is written twice, as to know it would take memory.
struct Encoder {
    section: Section,
    list: AddressList,
    /// Whether an address has been written.
    is_begun: bool,
}

impl Encode for Encoder {
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        if self.list == AddressList::Mailto {
            out.extend_from_slice(b"mailto:");
        }
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        record.check_belongs_to(self.section, DESCRIPTOR.name)?;
        let contact = match record {
            Record::Person(person) => &person.contact,
            Record::Transaction(transaction) => &transaction.contact,
            other => unreachable!("{other:?} belongs to no section that is written"),
        };
        let Some(mailbox) = Mailbox::of(contact) else { return Ok(()) };
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        let (before, text, after) = match self.list {
            AddressList::Lines => ("", mailbox.to_string(), "\r\n"),
            AddressList::OneLine => (", ", mailbox.to_string(), ""),
            AddressList::Mailto => (",", mailbox.for_uri(), ""),
        };
        for part in [if is_first { "" } else { before }, &text, after] {
            out.extend_from_slice(part.as_bytes());
        }
        Ok(())
    }

    fn end(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let has_open_line = match self.list {
            AddressList::Lines => false,
            AddressList::OneLine => self.is_begun,
            AddressList::Mailto => true,
        };
        if has_open_line {
            out.extend_from_slice(b"\r\n");
        }
        Ok(())
    }
}
