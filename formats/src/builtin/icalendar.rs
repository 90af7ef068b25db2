//! iCalendar (RFC 5545), as calendars and mail programs export it: events and things to do; it is only read so far.

mod decode;
mod event;
mod moment;
mod windows;
mod zone;

use crate::{Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeOptions, Section, Unsupported};

/// The format `icalendar`.
pub(super) struct ICalendar;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "icalendar",
    title: "iCalendar",
    media_type: "text/calendar; charset=utf-8",
    extensions: &["ics", "ical"],
    encodes: &[],
    decodes: &[Section::Calendar],
    container: Container::Stream,
    loses: &[],
};

impl Codec for ICalendar {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, _options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        unreachable!("no section is listed as one that can be written")
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        DESCRIPTOR.check_decodes(section)?;
        Ok(Box::new(decode::Decoder::new(options)))
    }

    fn recognises(&self, head: &[u8]) -> bool {
        const BEGIN: &[u8] = b"BEGIN:VCALENDAR";
        head.trim_ascii_start().get(..BEGIN.len()).is_some_and(|start| start.eq_ignore_ascii_case(BEGIN))
    }
}
