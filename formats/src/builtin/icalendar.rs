//! iCalendar (RFC 5545), as calendars and mail programs export it: events and things to do. What is written are events, also for
//! things that are to be done, because most programs pass over things to do in a calendar that one has subscribed to.
//!
//! Times are written in UTC, which needs no VTIMEZONE. A feed may go to anybody, so that nothing in it makes a program send mail:
//! there are no attendees and no organizer. What iCalendar has no property for stands in properties of ours, and a calendar of ours is
//! read to the letter.

mod decode;
mod encode;
mod event;
mod moment;
mod own;
mod rule;
mod series;
mod steps;
mod survey;
mod vtimezone;
mod windows;
mod zone;

use crate::content_line::{Family, family};
use crate::{Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeOptions, Loss, Section, Unsupported};

/// The format `icalendar`.
pub(super) struct ICalendar;

/// Whether a text is what [`Event::recurrence`](crate::Event::recurrence) holds. The error says what is wrong with it.
///
/// ```
/// use formats::check_recurrence;
/// assert_eq!(check_recurrence("DTSTART:20261122T093000Z\nRRULE:FREQ=WEEKLY;COUNT=3"), Ok(()));
/// assert!(check_recurrence("every week").is_err());
/// ```
pub fn check_recurrence(text: &str) -> Result<(), String> {
    series::Kept::read(text).map(drop)
}

static DESCRIPTOR: Descriptor = Descriptor {
    name: "icalendar",
    title: "iCalendar",
    media_type: "text/calendar; charset=utf-8",
    extensions: &["ics", "ical"],
    encodes: &[Section::Calendar],
    decodes: &[Section::Calendar],
    container: Container::Stream,
    loses: &[Loss::LineEnds, Loss::ControlCharacters],
};

impl Codec for ICalendar {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        Ok(Box::new(encode::Encoder::new(options)))
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        DESCRIPTOR.check_decodes(section)?;
        Ok(Box::new(decode::Decoder::new(options)))
    }

    fn recognises(&self, head: &[u8]) -> bool {
        family(head) == Some(Family::Calendar)
    }
}
