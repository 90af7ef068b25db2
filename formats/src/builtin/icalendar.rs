//! iCalendar (RFC 5545), as calendars and mail programs export it: events and things to do. What is written are events, also for
//! things that are to be done, because most programs pass over things to do in a calendar that one has subscribed to.
//!
//! Times are written in UTC, which needs no VTIMEZONE. A feed may go to anybody, so that nothing in it makes a program send mail:
//! there are no attendees and no organizer. What iCalendar has no property for stands in properties of ours, and a calendar of ours is
//! read to the letter.

mod decode;
mod encode;
mod event;
mod kept;
mod meant;
mod moment;
mod own;
mod rule;
mod series;
mod steps;
mod survey;
mod vtimezone;
mod windows;
mod zone;

use jiff::tz::TimeZone;

use crate::content_line::{Family, family};
use crate::{
    Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeOptions, Loss, Moment, Section, Unsupported,
};

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
    kept::Kept::read(text).map(drop)
}

/// When the first of a series that takes place begins and ends, once some of it are events of their own: of a series as
/// [`Event::recurrence`](crate::Event::recurrence) holds it, whose first begins at `begins` so far. `replaced` are the others' names as
/// [`Event::recurrence_id`](crate::Event::recurrence_id) has them, and times of the series that have no zone are of `zone`.
///
/// `None` where the first is none of those and stays what it is, and where nothing is left.
///
/// ```
/// use formats::{Moment, first_of_series};
/// let series = "DTSTART:20261122T093000Z\nRRULE:FREQ=WEEKLY;COUNT=3";
/// let [first, second] = ["2026-11-22T09:30:00Z", "2026-11-29T09:30:00Z"].map(|text| Moment::At(text.parse().unwrap()));
/// let first_of = |replaced: &str| first_of_series(series, first, &jiff::tz::TimeZone::UTC, &[replaced.to_owned()]);
/// assert_eq!(first_of("20261122T093000Z"), Some((second, None)));
/// assert_eq!(first_of("20261129T093000Z"), None);
/// ```
pub fn first_of_series(
    recurrence: &str,
    begins: Moment,
    zone: &TimeZone,
    replaced: &[String],
) -> Option<(Moment, Option<Moment>)> {
    kept::first_of(recurrence, begins, zone, replaced)
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
