//! Events and messages to write.

use formats::{Event, File, Message, Moment, Record};
use jiff::Timestamp;
use jiff::civil::date;

/// Events of each kind of moment, with texts that must be escaped and folded.
pub(super) fn events() -> Vec<Record> {
    let on = |title: &str, day| Event {
        title: Some(title.into()),
        start: Some(Moment::Day(day)),
        updated_at: Some(at("2026-05-01T10:00:00Z")),
        ..Event::default()
    };
    let events = [
        Event {
            id: Some("event_0192f3c6d1c87000a000000000000001".into()),
            end: Some(Moment::Day(date(2026, 5, 27))),
            location: Some("Hall 4, Gate B; upstairs".into()),
            description: Some("  Bring the samples;\r\nand the list, \\ please.\n\n".into()),
            complete: Some(false),
            owner: Some("ada@example.com".into()),
            email_template: Some("Reminder".into()),
            associations: vec!["Ada Lovelace - Analytical Engines, Ltd".into(), "bo@example.com".into()],
            categories: vec!["Fairs".into(), "Smith, Jones; \"Sons\"".into()],
            revision: Some(3),
            created_at: Some(at("2026-04-01T08:30:00.123456Z")),
            ..on("Spring fair", date(2026, 5, 25))
        },
        Event {
            id: Some("event_0192f3c6d1c87000a000000000000002".into()),
            complete: Some(true),
            revision: Some(0),
            ..on("Send the offer", date(2026, 12, 31))
        },
        Event {
            id: Some("event_0192f3c6d1c87000a000000000000003".into()),
            start: Some(Moment::At(at("2026-11-22T09:30:00Z"))),
            end: Some(Moment::At(at("2026-11-22T10:15:00Z"))),
            ..on(
                "👩‍💻 Zoë שלום e\u{301} with a title that is so long that its line must be folded, 日本語",
                date(2026, 1, 1),
            )
        },
        Event {
            start: Some(Moment::Local(date(2026, 10, 25).at(0, 0, 0, 0))),
            end: Some(Moment::Local(date(2026, 10, 25).at(0, 0, 0, 0))),
            ..on("=1+1", date(2026, 1, 1))
        },
        Event {
            start: Some(Moment::Local(date(2026, 5, 25).at(14, 0, 0, 0))),
            end: Some(Moment::At(at("2026-05-25T13:00:00Z"))),
            description: Some("END:VEVENT\nBEGIN:VEVENT\u{1}".into()),
            ..on("Call back", date(2026, 1, 1))
        },
    ];
    events.into_iter().map(|event| Record::Event(Box::new(event))).collect()
}

/// Messages with files and markup, and one with nothing.
pub(super) fn messages() -> Vec<Record> {
    let file = |name: &str, url: &str, media_type: Option<&str>| File {
        name: name.into(),
        url: url.into(),
        media_type: media_type.map(Into::into),
    };
    let messages = [
        Message {
            id: Some("message_0192f3c6d1c87000a000000000000001".into()),
            title: Some("Offer for the spring fair".into()),
            body: Some("Dear Ada,\r\n\r\nsee the plan; and the list.".into()),
            emailed_from: Some("bo@example.com".into()),
            emailed_to: Some("\"Ada, Countess\" <ada@example.com>".into()),
            creator: Some("Bo Berg".into()),
            files: vec![
                file("plan.pdf", "https://example.com/plan.pdf?a=1&b=2", Some("application/pdf")),
                file("list, \"final\"", "https://example.com/the list é", None),
                file("mine", "file:///home/list", None),
            ],
            associations: vec!["Ada Lovelace - Analytical Engines".into()],
            categories: vec!["Fairs".into(), "Smith, Jones & \"Sons\"".into()],
            created_at: Some(at("2026-05-01T08:30:00.123456Z")),
            updated_at: Some(at("2026-05-01T10:00:00Z")),
        },
        Message {
            title: Some("<b>&amp;</b> ]]> =1+1".into()),
            emailed_from: Some("\"Ada\" <ada@example.com>".into()),
            ..Message::default()
        },
        Message {
            body: Some("\u{202e}from the right\u{202c} 😀\u{1}\u{b}\u{ffff} _x0041_".into()),
            ..Message::default()
        },
        Message::default(),
    ];
    messages.into_iter().map(|message| Record::Message(Box::new(message))).collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}
