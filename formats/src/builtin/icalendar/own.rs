//! What only calendars of ours have: properties for what iCalendar has none for, and texts that come back letter by letter.

use std::collections::BTreeSet;

use crate::content_line::ContentLine;

/// By this PRODID a calendar of ours is known. It has no version, so that a calendar changes only with its events.
pub(super) const PRODUCT: &str = "-//Cairn//Cairn calendar//EN";

/// The event's id.
pub(super) const ID: &str = "X-CAIRN-ID";

/// Whether the event is done: `TRUE` or `FALSE`. Only things to do have a COMPLETED, and feeds of these nobody subscribes to.
pub(super) const COMPLETE: &str = "X-CAIRN-COMPLETE";

/// Stands before the title of an event that is done, because calendar programs show nothing else that would tell.
pub(super) const DONE: &str = "✓ ";

/// Whom the event is for. An ORGANIZER would make programs ask for replies.
pub(super) const OWNER: &str = "X-CAIRN-OWNER";

/// The e-mail template that goes with the event.
pub(super) const EMAIL_TEMPLATE: &str = "X-CAIRN-EMAIL-TEMPLATE";

/// Somebody or something that the event belongs to. An ATTENDEE would be sent mail by calendar programs.
pub(super) const ASSOCIATION: &str = "X-CAIRN-ASSOCIATION";

/// When the event begins and ends, where DTSTART and DTEND cannot say it exactly, as of an end in another time zone.
pub(super) const STARTS: &str = "X-CAIRN-STARTS";
pub(super) const ENDS: &str = "X-CAIRN-ENDS";

/// When it was made and changed last, to the part of a second.
pub(super) const CREATED_AT: &str = "X-CAIRN-CREATED-AT";
pub(super) const UPDATED_AT: &str = "X-CAIRN-UPDATED-AT";

/// What the calendar from which the event comes calls it, and which version it had; the UID and the SEQUENCE of ours are our own.
pub(super) const SOURCE_UID: &str = "X-CAIRN-SOURCE-UID";
pub(super) const SOURCE_SEQUENCE: &str = "X-CAIRN-SOURCE-SEQUENCE";

/// The series that the event is the first of, where that cannot be written as one.
pub(super) const RECURRENCE: &str = "X-CAIRN-RECURRENCE";

/// Which of a series the event was, where we do not have the series.
pub(super) const RECURRENCE_ID: &str = "X-CAIRN-RECURRENCE-ID";

/// The parameter of STARTS, ENDS and RECURRENCE by which it is known that no other program has changed the times since.
pub(super) const SEAL: &str = "X-CAIRN-SEAL";

/// The properties that say when an event or a series is.
const TIMES: [&str; 7] = ["DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE"];

/// What stands for the times of an event in [`SEAL`]: the same for the same times, in every version and in any order.
pub(super) fn seal<'a>(lines: impl IntoIterator<Item = &'a ContentLine>) -> String {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let times = lines.into_iter().filter(|line| TIMES.contains(&line.name.as_str()));
    let times: BTreeSet<_> =
        times.map(|line| (line.name.as_str(), line.parameter("TZID").unwrap_or_default(), line.value())).collect();
    let bytes = times.into_iter().flat_map(|(name, zone, value)| [name.as_bytes(), zone.as_bytes(), value, b"\n"]);
    let sum = bytes.flatten().fold(BASIS, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(PRIME));
    format!("{sum:016x}")
}
