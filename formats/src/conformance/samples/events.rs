//! Events with what formats stumble over: days and times of each kind, and texts and names as people have them.

use jiff::Timestamp;
use jiff::civil::{Date, date};

use crate::{Event, Moment};

/// The events to try a calendar with.
pub(super) fn events() -> Vec<Event> {
    let plain = Event {
        id: Some("event-1".into()),
        end: Some(Moment::Day(date(2026, 5, 27))),
        location: Some("Hall 4, Gate B".into()),
        description: Some("Bring the samples; and the list.".into()),
        complete: Some(false),
        owner: Some("ada@example.com".into()),
        email_template: Some("Reminder".into()),
        associations: vec!["Ada Lovelace - Analytical Engines".into(), "bo@example.com".into()],
        categories: vec!["Fairs".into(), "Smith, Jones; \"Sons\"".into()],
        created_at: Some(Timestamp::constant(1_795_309_323, 0)),
        updated_at: Some(Timestamp::constant(946_684_799, 0)),
        ..on("Spring fair", date(2026, 5, 25))
    };
    let mut events = vec![
        plain,
        on("A leap day", date(2028, 2, 29)),
        Event { complete: Some(true), ..on("Long ago", date(1969, 12, 31)) },
        Event {
            start: Some(Moment::Local(date(2026, 5, 25).at(14, 0, 0, 0))),
            end: Some(Moment::Local(date(2026, 5, 25).at(14, 30, 59, 0))),
            ..on("Call, \"back\"; soon \\ now", date(2026, 5, 25))
        },
        Event {
            start: Some(Moment::Local(date(2026, 10, 25).at(0, 0, 0, 0))),
            ..on("At midnight", date(2026, 10, 25))
        },
        Event {
            start: Some(Moment::At(Timestamp::constant(1_795_309_323, 0))),
            end: Some(Moment::At(Timestamp::constant(1_795_312_923, 0))),
            ..on("The same everywhere", date(2026, 11, 22))
        },
        Event {
            description: Some("  indented\r\n\r\nCR LF\nLF\rCR\tTab \r\n".into()),
            location: Some("שלום עולם".into()),
            associations: vec!["株式会社 東京".into(), "=1+1".into()],
            ..on("👩‍💻 Zoë e\u{301}le\u{301}onore", date(2026, 1, 2))
        },
        on("=1+1", date(2026, 1, 3)),
        Event { description: Some("END:VEVENT\nBEGIN:VEVENT".into()), ..on("null", date(2026, 1, 4)) },
    ];
    events.extend(series());
    events
}

/// Series, and one of a series that was changed.
fn series() -> Vec<Event> {
    vec![
        Event {
            start: Some(Moment::At(Timestamp::constant(1_795_336_200, 0))),
            end: Some(Moment::At(Timestamp::constant(1_795_338_000, 0))),
            source_uid: Some("040000008200E00074C5B7101A82E008, of \"another\"; calendar".into()),
            source_sequence: Some(3),
            recurrence: Some(SERIES.into()),
            ..on("A series whose second is the first that takes place", date(2026, 1, 3))
        },
        Event {
            source_uid: Some("weekly@example.com".into()),
            recurrence: Some(
                "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;UNTIL=20260601\nEXDATE;VALUE=DATE:20260112".into(),
            ),
            ..on("A series of days", date(2026, 1, 5))
        },
        Event {
            start: Some(Moment::At(Timestamp::constant(1_795_400_000, 0))),
            source_uid: Some("weekly@example.com".into()),
            source_sequence: Some(0),
            recurrence_id: Some("20261122T093000Z".into()),
            ..on("One of a series", date(2026, 1, 3))
        },
    ]
}

/// A series in a time zone that its file defines.
const SERIES: &str = "DTSTART;TZID=\"(UTC+01:00) Here, there\":20261115T093000
DTEND;TZID=\"(UTC+01:00) Here, there\":20261115T100000
RRULE:FREQ=WEEKLY;COUNT=10
EXDATE;TZID=\"(UTC+01:00) Here, there\":20261115T093000
BEGIN:VTIMEZONE
TZID:(UTC+01:00) Here\\, there
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE";

/// An event with a long description.
pub(super) fn long(description: Option<String>) -> Event {
    Event { description, ..on("Long", date(2026, 5, 25)) }
}

fn on(title: &str, day: Date) -> Event {
    Event { title: Some(title.into()), start: Some(Moment::Day(day)), ..Event::default() }
}
