//! RSS 2.0: messages as a feed, and people and transactions as one of new contacts, each with its vCard enclosed. It is only written.
//!
//! A feed must link to a site; without one in the heading that is `http://localhost/`, where a Cairn runs that nobody has told its
//! address. It has no date of its own, so that it is the same bytes as long as nothing changes. Titles are plain
//! text; descriptions are HTML that is made of plain text. What RSS has no element for, such as to whom an e-mail went, is not in the feed.

mod address;
mod encode;
mod html;
mod item;

use crate::{Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeOptions, Section, Unsupported};

/// The format `rss`.
pub(super) struct Rss;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "rss",
    title: "RSS feed",
    media_type: "application/rss+xml; charset=utf-8",
    extensions: &["rss"],
    encodes: &[
        Section::People,
        Section::Leads,
        Section::Opportunities,
        Section::Customers,
        Section::Archives,
        Section::Messages,
    ],
    decodes: &[],
    container: Container::Stream,
    loses: &[],
};

impl Codec for Rss {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        Ok(Box::new(encode::Encoder::new(section, options)))
    }

    fn decoder(&self, section: Section, _options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        DESCRIPTOR.check_decodes(section)?;
        unreachable!("no section is listed as one that can be read")
    }
}
