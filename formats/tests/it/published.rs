//! Calendars, feeds and workbooks as they are written, compared with `tests/golden/<format>/written.<case>.<extension>`, which programs of others are shown as well.
//!
//! `UPDATE_EXPECT=1 cargo test -p formats` writes these files anew.

use std::fs;
use std::path::Path;

use formats::{
    Contact, CustomValue, EncodeOptions, Event, File, Heading, Message, Moment, Person, Record, Section, Stage,
    Transaction,
};
use jiff::Timestamp;
use jiff::civil::date;
use rust_decimal::Decimal;

use crate::documents::write_as;

#[test]
fn calendars_are_written_as_expected() {
    let mut options = EncodeOptions::default();
    golden("icalendar", "empty.ics", Section::Calendar, &[], &options);
    options.heading = heading("calendar.ics");
    options.alarm = Some(15);
    let document = golden("icalendar", "calendar.ics", Section::Calendar, &events(), &options);
    crate::icalendar::check_written(&document);
}

#[test]
fn feeds_are_written_as_expected() {
    let mut options = EncodeOptions::default();
    options.heading = heading("messages.rss");
    golden("rss", "empty.rss", Section::Messages, &[], &options);
    golden("rss", "messages.rss", Section::Messages, &messages(), &options);
    options.heading.this = Some("https://crm.example.com/feeds/people.rss?key=a&b=c".into());
    golden("rss", "people.rss", Section::People, &people()[..2], &options);
    golden("rss", "leads.rss", Section::Leads, &leads(), &options);
}

#[test]
fn workbooks_are_written_as_expected() {
    let mut options = EncodeOptions::default();
    golden("xlsx", "empty.xlsx", Section::People, &[], &options);
    golden("xlsx", "calendar.xlsx", Section::Calendar, &events(), &options);
    golden("xlsx", "messages.xlsx", Section::Messages, &messages(), &options);
    options.custom_fields = vec!["Shoe size".into(), "größe, \"in\" cm".into()];
    golden("xlsx", "people.xlsx", Section::People, &people(), &options);
    golden("xlsx", "leads.xlsx", Section::Leads, &leads(), &options);
}

/// Compares a document with its file, or writes the file; answers with the document.
fn golden(format: &str, case: &str, section: Section, records: &[Record], options: &EncodeOptions) -> Vec<u8> {
    let document = write_as(format, section, records, options);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{format}/written.{case}"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let folder = path.parent().expect("a file is in a folder");
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, &document)).expect("the golden files can be written");
    }
    let expected = fs::read(&path).unwrap_or_default();
    let differs = expected.iter().zip(&document).position(|(one, other)| one != other);
    assert!(
        expected == document,
        "{} is written otherwise, from byte {} on: {}",
        path.display(),
        differs.unwrap_or(expected.len().min(document.len())),
        String::from_utf8_lossy(&document)
    );
    document
}

fn heading(file: &str) -> Heading {
    Heading {
        title: "Smith, Jones & Sons; \"Ltd\"".into(),
        site: Some("https://crm.example.com/".into()),
        this: Some(format!("https://crm.example.com/feeds/{file}")),
        cards: Some("https://crm.example.com/cards/".into()),
        refresh: Some(90),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn events() -> Vec<Record> {
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

fn messages() -> Vec<Record> {
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

fn contact() -> Contact {
    Contact {
        name: Some("Ada Lovelace".into()),
        company: Some("Analytical Engines".into()),
        title: Some("R&D, Sales".into()),
        email: Some("ada@example.com".into()),
        phone: Some("+44 20 7946 0000".into()),
        address: Some("12 St James's Square\r\nRear building".into()),
        city: Some("London".into()),
        zip: Some("00123".into()),
        notes: Some("=HYPERLINK(\"https://example.com\")\nשלום".into()),
        ..Contact::default()
    }
}

fn custom() -> Vec<CustomValue> {
    let value = |field: &str, value: &str| CustomValue { field: field.into(), value: value.into() };
    vec![value("Shoe size", "0042"), value("größe, \"in\" cm", "=1+1")]
}

fn people() -> Vec<Record> {
    let people = [
        Person {
            id: Some("person_0192f3c6d1c87000a000000000000001".into()),
            contact: contact(),
            categories: vec!["Customers".into(), "Smith, Jones".into()],
            custom: custom(),
            created_at: Some(at("2026-05-01T08:30:00.123456Z")),
            updated_at: Some(at("2026-05-01T10:00:00Z")),
            ..Person::default()
        },
        Person {
            contact: Contact { company: Some("Only a Company Ltd".into()), ..Contact::default() },
            ..Person::default()
        },
        Person {
            contact: Contact {
                name: Some("Long Notes".into()),
                notes: Some("A long note. ".repeat(8_000)),
                ..Contact::default()
            },
            ..Person::default()
        },
    ];
    people.into_iter().map(|person| Record::Person(Box::new(person))).collect()
}

fn leads() -> Vec<Record> {
    let lead = |number, value, probability| Transaction {
        id: Some(format!("transaction_0192f3c6d1c87000a00000000000000{number}")),
        person_id: Some("person_0192f3c6d1c87000a000000000000001".into()),
        contact: contact(),
        stage: Some(Stage::Lead),
        value,
        probability,
        more_info: Some("Wants two".into()),
        created_at: Some(at("2026-05-01T08:30:00Z")),
        ..Transaction::default()
    };
    let leads = [
        lead(1, Some(Decimal::new(50_005, 1)), Some(Decimal::new(25, 2))),
        lead(2, Some(Decimal::new(i64::MAX, 4)), Some(Decimal::ZERO)),
        lead(3, Some(Decimal::new(-1, 4)), None),
    ];
    leads.into_iter().map(|lead| Record::Transaction(Box::new(lead))).collect()
}
