//! What was written comes back exactly, whatever the values and however the bytes are cut.

use formats::{
    Contact, CustomValue, DecodeOptions, EncodeOptions, Event, Loss, Moment, Person, Record, Section, Stage,
    Transaction, VCardVersion,
};
use jiff::{Timestamp, civil};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::cards::check_document;
use crate::documents::{read_cut, write, write_as};

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn people(people in vec(person(), 0..5), sizes in vec(1_usize..40, 1..8)) {
        let records: Vec<Record> = people.into_iter().map(|person| Record::Person(Box::new(person))).collect();
        check(Section::People, &records, &sizes);
    }

    #[test]
    fn stages(transactions in vec(transaction(), 0..5), sizes in vec(1_usize..40, 1..8)) {
        let records: Vec<Record> = transactions.into_iter().map(|transaction| Record::Transaction(Box::new(transaction))).collect();
        check(Section::Opportunities, &records, &sizes);
    }

    #[test]
    fn calendars(events in vec(event(), 0..5), sizes in vec(1_usize..40, 1..8)) {
        let records: Vec<Record> = events.into_iter().map(|event| Record::Event(Box::new(event))).collect();
        check(Section::Calendar, &records, &sizes);
    }

    #[test]
    fn calendars_of_content_lines(events in vec(event(), 0..5), sizes in vec(1_usize..40, 1..8)) {
        let titled = |event: Event| Event { title: event.title.map(|title| format!("A{title}")), ..event };
        let events: Vec<Event> = events.into_iter().map(titled).collect();
        let records: Vec<Record> = events.iter().map(|event| Record::Event(Box::new(event.clone()))).collect();
        let document = write("icalendar", Section::Calendar, &records);
        crate::icalendar::check_written(&document);
        let reading = read_cut("icalendar", Section::Calendar, &DecodeOptions::default(), &document, &sizes);
        assert_eq!(reading.error, None);
        let back = reading.rows.into_iter().map(|row| row.record.unwrap_or_else(|| panic!("{:?}", row.diagnostics)));
        let expected = events.into_iter().map(|event| Record::Event(Box::new(of_content_lines(event))));
        assert_eq!(back.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_end(document in vec(prop_oneof![any::<u8>(), prop::sample::select(b"\",\r\n[]{}:ae\\".to_vec())], 0..200), size in 1_usize..50) {
        for format in ["csv", "json", "vcard", "google-contacts"] {
            for start in [&b""[..], b"name,notes\n", b"[{\"name\":", b"BEGIN:VCARD\nX-CAIRN-"] {
                let document = [start, &document].concat();
                let whole = read_cut(format, Section::People, &DecodeOptions::default(), &document, &[usize::MAX]);
                let cut = read_cut(format, Section::People, &DecodeOptions::default(), &document, &[size]);
                prop_assert_eq!(whole, cut);
            }
        }
    }
}

fn check(section: Section, records: &[Record], sizes: &[usize]) {
    let formats: &[_] = if section == Section::Calendar {
        &["csv", "json", "ndjson"]
    } else {
        &["csv", "json", "ndjson", "vcard", "google-contacts"]
    };
    let mut written = EncodeOptions::default();
    written.custom_fields = FIELDS.map(str::to_owned).to_vec();
    let options = DecodeOptions {
        custom_fields: written.custom_fields.iter().map(String::as_str).map(Into::into).collect(),
        ..DecodeOptions::default()
    };
    for format in formats {
        let records: Vec<Record> = records.iter().map(|record| possible(format, record)).collect();
        let versions: &[_] =
            if *format == "vcard" { &[VCardVersion::V3, VCardVersion::V4] } else { &[VCardVersion::V3] };
        for version in versions {
            written.vcard = *version;
            let document = write_as(format, section, &records, &written);
            if *format == "vcard" {
                check_document(&document, *version);
            }
            let reading = read_cut(format, section, &options, &document, sizes);
            assert_eq!(reading.error, None);
            let rows = reading.rows.into_iter();
            let back: Vec<Record> =
                rows.map(|row| row.record.unwrap_or_else(|| panic!("{:?}", row.diagnostics))).collect();
            let registry = formats::builtin();
            let loses = registry.get(format).expect("it is built in").descriptor().loses;
            let expected: Vec<Record> = records.iter().map(|record| without(loses, record.clone())).collect();
            assert_eq!(back, expected, "{format} {version:?}");
        }
    }
    // A cell of a workbook holds no more; what becomes of longer texts has a test of its own.
    let fits = |record: &&Record| texts(record).iter().all(|text| text.encode_utf16().count() <= 32_767);
    let records: Vec<Record> = records.iter().filter(fits).cloned().collect();
    let document = write_as("xlsx", section, &records, &written);
    let reading = read_cut("xlsx", section, &options, &document, sizes);
    assert_eq!(reading.error, None);
    assert_eq!(reading.rows.len(), records.len());
    for (record, row) in records.iter().zip(&reading.rows) {
        let back = texts(row.record.as_ref().unwrap_or_else(|| panic!("{:?}", row.diagnostics)));
        for (text, back) in texts(record).into_iter().zip(back) {
            let written = text.replace("\r\n", "\n").replace('\r', "\n");
            if text.encode_utf16().count() <= LONGEST_CELL {
                assert_eq!(back, written, "xlsx");
            } else {
                let end = written.floor_char_boundary(LONGEST_CELL / 4);
                assert!(back.starts_with(&written[..end]) && back.encode_utf16().count() <= LONGEST_CELL, "xlsx");
            }
        }
    }
}

/// How many UTF-16 units a cell of Excel can have.
const LONGEST_CELL: usize = 32_767;

/// An event as content lines can hold it: with LF for line ends, and without control characters.
fn of_content_lines(event: Event) -> Event {
    let block = |text: String| {
        let text = text.replace("\r\n", "\n").replace('\r', "\n").replace(['\u{1}', '\u{7f}'], "");
        Some(text).filter(|text| !text.trim().is_empty())
    };
    let line = |text: String| Some(block(text)?.trim().to_owned());
    let names = |names: Vec<String>| names.into_iter().filter_map(line).collect();
    Event {
        id: event.id.and_then(line),
        title: event.title.and_then(line),
        location: event.location.and_then(line),
        description: event.description.and_then(block),
        owner: event.owner.and_then(line),
        email_template: event.email_template.and_then(line),
        source_uid: event.source_uid.and_then(line),
        associations: names(event.associations),
        categories: names(event.categories),
        ..event
    }
}

/// The values of a record in the columns of a table.
fn texts(record: &Record) -> Vec<String> {
    let custom = FIELDS.iter().map(|field| record.custom_value(field));
    record.cells().iter().map(AsRef::as_ref).chain(custom).map(str::to_owned).collect()
}

/// The record with values that a format has no way to write, changed to others. Google takes apart what could be several values in
/// a cell, and its system groups are nobody's categories.
fn possible(format: &str, record: &Record) -> Record {
    let mut record = record.clone();
    if format == "google-contacts" {
        let (contact, categories) = match &mut record {
            Record::Person(person) => (&mut person.contact, &mut person.categories),
            Record::Transaction(transaction) => (&mut transaction.contact, &mut transaction.categories),
            _ => return record,
        };
        let Contact { email, phone, mobile, fax, url, .. } = contact;
        for field in [email, phone, mobile, fax, url] {
            *field = field.take().map(|text| text.replace(":::", ":").replace('@', "(at)"));
        }
        categories.retain(|name| !name.starts_with("* "));
    }
    record
}

/// The record without what the format declares as lost.
#[expect(clippy::too_many_lines, reason = "each field of both records is named once")]
fn without(loses: &[Loss], mut record: Record) -> Record {
    let line = |text: &mut String| {
        if loses.contains(&Loss::LineEnds) {
            *text = text.replace("\r\n", "\n").replace('\r', "\n");
        }
        if loses.contains(&Loss::ControlCharacters) {
            text.retain(|char| !char.is_ascii_control() || "\t\r\n".contains(char));
        }
    };
    let is_lost = |column| loses.contains(&Loss::Column(column));
    let field = |text: &mut Option<String>, column, is_block: bool| {
        text.iter_mut().for_each(line);
        let kept = text.take().filter(|text| !text.trim().is_empty() && !is_lost(column));
        *text = kept.map(|text| if is_block { text } else { text.trim().to_owned() });
    };
    let (contact, categories, custom) = match &mut record {
        Record::Person(person) => {
            let Person { id, contact, categories, custom, created_at, updated_at, .. } = person.as_mut();
            field(id, "id", false);
            *created_at = created_at.filter(|_| !is_lost("createdAt"));
            *updated_at = updated_at.filter(|_| !is_lost("updatedAt"));
            (contact, categories, custom)
        }
        Record::Transaction(transaction) => {
            let Transaction {
                id,
                person_id,
                contact,
                stage,
                value,
                probability,
                more_info,
                categories,
                custom,
                foreign: _,
                deal: _,
                created_at,
                updated_at,
            } = transaction.as_mut();
            field(id, "id", false);
            field(person_id, "personId", false);
            field(more_info, "moreInfo", true);
            *stage = stage.filter(|_| !is_lost("stage"));
            *value = value.filter(|_| !is_lost("value"));
            *probability = probability.filter(|_| !is_lost("probability"));
            *created_at = created_at.filter(|_| !is_lost("createdAt"));
            *updated_at = updated_at.filter(|_| !is_lost("updatedAt"));
            (contact, categories, custom)
        }
        _ => return record,
    };
    let Contact { name, company, title, email, phone, mobile, fax, url, address, city, state, zip, country, notes } =
        contact;
    for text in [name, company, title, email, phone, mobile, fax, url, city, state, zip, country] {
        field(text, "", false);
    }
    for text in [address, notes] {
        field(text, "", true);
    }
    let mut tidy = |text: &mut String| {
        line(text);
        *text = text.trim().to_owned();
    };
    categories.iter_mut().for_each(&mut tidy);
    categories.retain(|name| !name.is_empty());
    for value in custom.iter_mut() {
        tidy(&mut value.value);
    }
    custom.retain(|value| !value.value.is_empty());
    record
}

/// The custom fields of every document.
const FIELDS: [&str; 3] = ["Shoe size", "First Name", "größe, \"in\" cm"];

/// How often each law is tried: few times while programming, often where `CAIRN_TEST_CASES` says so.
pub(crate) fn cases() -> u32 {
    std::env::var("CAIRN_TEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

/// Text with everything that formats stumble over.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            ",",
            ";",
            "\"",
            "\"\"",
            "'",
            "\r\n",
            "\n",
            "\r",
            "\t",
            " ",
            "\u{a0}",
            "=1+1",
            "-",
            "@",
            "\\",
            "\\n",
            "{",
            "[",
            "]",
            "}",
            "é",
            "😀",
            "👩‍💻",
            "שלום",
            "\u{202e}",
            "\u{feff}",
            "e\u{301}",
            "null",
            "* ",
            ":::",
            ":",
            "^n",
            "%41",
            "tel:",
            "mailto:",
            "\r\nEND:VCARD\r\nBEGIN:VCARD",
            "0/0/00",
            "\u{1}",
            "\u{7f}",
            "\u{2028}",
            "_x0041_",
            "\u{ffff}",
            "<b>&amp;",
            "]]>",
        ])
        .prop_map(str::to_owned),
        "[a-z]{1,8}",
    ];
    vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

/// Text of a field in which white space at the ends means nothing.
pub(crate) fn single() -> impl Strategy<Value = String> {
    hostile().prop_map(|text| text.trim().to_owned()).prop_filter("a blank text is no text", |text| !text.is_empty())
}

/// Text of a field in which white space is kept.
pub(crate) fn block() -> impl Strategy<Value = String> {
    let long = hostile().prop_map(|text| text.repeat(100_000 / text.len()));
    let any = prop_oneof![300 => hostile(), 1 => long];
    any.prop_filter("a blank text is no text", |text| !text.trim().is_empty())
}

/// Names that can stand in one cell; only the separator itself cannot be part of them.
pub(crate) fn categories() -> impl Strategy<Value = Vec<String>> {
    let name = single().prop_filter("the separator is no name", |name| !name.contains(":::"));
    vec(name, 0..4)
}

fn contact() -> impl Strategy<Value = Contact> {
    let line = || of(single());
    let person = (single(), line(), line(), line(), line(), line(), line());
    let place = (line(), of(block()), line(), line(), line(), line(), of(block()));
    (person, place).prop_map(
        |((name, company, title, email, phone, mobile, fax), (url, address, city, state, zip, country, notes))| {
            let name = Some(name);
            Contact { name, company, title, email, phone, mobile, fax, url, address, city, state, zip, country, notes }
        },
    )
}

pub(crate) fn time() -> impl Strategy<Value = Timestamp> {
    (-60_000_000_000_000_000_i64..250_000_000_000_000_000)
        .prop_map(|micros| Timestamp::from_microsecond(micros).expect("within the years 0 to 9999"))
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<i64>(), 0_u32..=4).prop_map(|(number, scale)| Decimal::new(number, scale))
}

fn custom() -> impl Strategy<Value = Vec<CustomValue>> {
    [of(single()), of(single()), of(single())].prop_map(|values| {
        let value = |(field, value): (&str, Option<String>)| Some(CustomValue { field: field.into(), value: value? });
        FIELDS.into_iter().zip(values).filter_map(value).collect()
    })
}

fn moment() -> impl Strategy<Value = Moment> {
    let civil = (1_i16..=9999, 1_i8..=12, 1_i8..=28, 0_i8..24, 0_i8..60, 0_i8..60, 0_i32..1_000_000_000);
    let local = civil.prop_map(|(year, month, day, hour, minute, second, nanosecond)| {
        civil::DateTime::constant(year, month, day, hour, minute, second, nanosecond)
    });
    prop_oneof![
        local.clone().prop_map(|local| Moment::Day(local.date())),
        local.prop_map(Moment::Local),
        time().prop_map(Moment::At),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let what = (of(single()), single(), moment(), of(moment()), of(single()), of(block()));
    let who = (of(any::<bool>()), of(single()), of(single()), categories(), categories(), of(time()), of(time()));
    let series = "DTSTART;TZID=Europe/Berlin:20260302T093000\nRRULE:FREQ=MONTHLY;BYDAY=1MO\nRDATE;TZID=Europe/Berlin:20260303T093000";
    let one = prop::sample::select(vec!["20261122T093000Z", "20261122T093000", "20261122"]);
    let source = (of(single()), of(any::<u64>()), of(one), of(Just(series)));
    (what, who, source).prop_map(
        |(
            (id, title, start, end, location, description),
            (complete, owner, email_template, associations, categories, created_at, updated_at),
            (source_uid, source_sequence, recurrence_id, recurrence),
        )| Event {
            id,
            title: Some(title),
            start: Some(start),
            end,
            location,
            description,
            complete,
            owner,
            email_template,
            associations,
            categories,
            source_uid,
            source_sequence,
            recurrence: recurrence.filter(|_| recurrence_id.is_none()).map(str::to_owned),
            recurrence_id: recurrence_id.map(str::to_owned),
            series_id: None,
            left_out: Vec::new(),
            stamp: None,
            foreign: Vec::new(),
            revision: None,
            created_at,
            updated_at,
        },
    )
}

pub(crate) fn person() -> impl Strategy<Value = Person> {
    (of(single()), contact(), categories(), custom(), of(time()), of(time())).prop_map(
        |(id, contact, categories, custom, created_at, updated_at)| Person {
            id,
            contact,
            categories,
            custom,
            foreign: Vec::new(),
            created_at,
            updated_at,
        },
    )
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let stage = prop::sample::select(Stage::ALL.to_vec());
    (person(), of(single()), of(stage), of(decimal()), of(decimal()), of(block())).prop_map(
        |(person, person_id, stage, value, probability, more_info)| {
            let Person { id, contact, categories, custom, foreign, created_at, updated_at } = person;
            Transaction {
                id,
                person_id,
                contact,
                stage,
                value,
                probability,
                more_info,
                categories,
                custom,
                foreign,
                deal: None,
                created_at,
                updated_at,
            }
        },
    )
}
