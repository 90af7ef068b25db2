//! What columns are read as where somebody says so, what a plan is told of them, and how custom values travel.

use expect_test::expect;
use formats::{
    ColumnReport, Contact, CustomValue, DateOrder, DecodeOptions, EncodeOptions, Event, Moment, Person, Record,
    Section, Transaction, columns,
};

use crate::documents::{Reading, complaint, read, read_cut, rows, write_as};

#[test]
fn custom_values_come_back() {
    let fields = ["Shoe size", "First Name", "=VIP", "Größe", "E-Mail"].map(str::to_owned).to_vec();
    let mut written = EncodeOptions::default();
    written.custom_fields = fields.clone();
    for is_excel_safe in [false, true] {
        written.excel_safe = is_excel_safe;
        let options = DecodeOptions {
            custom_fields: fields.iter().map(String::as_str).map(Into::into).collect(),
            ..DecodeOptions::default()
        };
        for format in ["csv", "json"] {
            for (section, record) in [(Section::People, person()), (Section::Leads, lead())] {
                let document = write_as(format, section, std::slice::from_ref(&record), &written);
                let reading = read_cut(format, section, &options, &document, &[usize::MAX]);
                let back: Vec<_> = reading.rows.into_iter().filter_map(|row| row.record).collect();
                assert_eq!(back, [record], "{format}: {}", String::from_utf8_lossy(&document));
            }
        }
    }
}

#[test]
fn custom_fields_are_columns_after_ours() {
    let mut options = EncodeOptions::default();
    options.custom_fields = vec!["Shoe size".into(), "Unused".into()];
    let document = write_as("csv", Section::People, &[person()], &options);
    let document = String::from_utf8_lossy(&document);
    let (header, row) = document.trim_end().split_once("\r\n").expect("a header and a row");
    assert_eq!(header, format!("{},Shoe size,Unused", columns(Section::People).join(",")));
    assert!(row.ends_with(",38,"), "{row}");
    let document = write_as("json", Section::People, &[person()], &options);
    assert!(String::from_utf8_lossy(&document).contains(r#""updatedAt":null,"Shoe size":"38","Unused":null}"#));
}

#[test]
fn names_of_ours_are_no_custom_fields() {
    let options = DecodeOptions { custom_fields: vec!["City".into()], ..DecodeOptions::default() };
    let reading = read_cut("csv", Section::People, &options, b"name,city\nAda,London\n", &[usize::MAX]);
    let Some(Record::Person(person)) = &reading.rows[0].record else { panic!("{reading:?}") };
    assert_eq!((person.contact.city.as_deref(), person.custom.as_slice()), (Some("London"), [].as_slice()));
}

#[test]
fn a_report_has_counts_and_the_first_different_values() {
    let long = "é".repeat(150);
    let mut document = format!("name,city,Nonsense\n{long},,x\nAda, London ,x\nBo,London,\nCy,Paris,\n");
    document.push_str(&"Di,Rome,\n".repeat(100));
    let report = read("csv", Section::People, document.as_bytes()).findings.report;
    let expected = [
        ("name", Some("name"), 104, vec![&long[..200], "Ada", "Bo"]),
        ("city", Some("city"), 103, vec!["London", "Paris", "Rome"]),
        ("Nonsense", None, 2, vec!["x"]),
    ];
    let expected = expected.map(|(name, field, filled, samples)| ColumnReport {
        name: name.to_owned(),
        field: field.map(str::to_owned),
        line: None,
        filled,
        samples: samples.into_iter().map(str::to_owned).collect(),
    });
    assert_eq!(report, expected);
}

#[test]
fn a_report_of_json_ends_somewhere() {
    let members: Vec<String> = (0..3_000).map(|number| format!("\"m{number:04}\": 1")).collect();
    let document = format!("[{{{}, \"name\": \"Ada\"}}]", members.join(", "));
    let reading = read("json", Section::People, document.as_bytes());
    assert_eq!(reading.findings.report.len(), 1_024);
    assert!(matches!(&reading.rows[0].record, Some(Record::Person(person)) if person.contact.name.is_some()));
}

#[test]
fn a_mapping_may_lead_nowhere_and_says_what_would_do() {
    expect!["the file has no column `Favourite`; it has name and city"]
        .assert_eq(&refused("name,city\nAda,x\n", "Favourite=notes"));
    expect!["column `name` cannot be read as `nom`; it can be id, name, company, title, email, phone, mobile, fax, url, address, city, state, zip, country, notes, categories, createdAt or updatedAt, or nothing at all"]
        .assert_eq(&refused("name\nAda\n", "name=nom"));
    expect!["the file has no column `Column 3`; it has Column 1 and Column 2"]
        .assert_eq(&refused("Ada,ada@example.com\n", "Column 3=city"));
}

#[test]
fn a_mapping_makes_a_header_of_any_row() {
    let reading = mapped(Section::People, "Qui,Où\nAda,Londres\n", "qui=name");
    let Some(Record::Person(person)) = &reading.rows[0].record else { panic!("{reading:?}") };
    assert_eq!(person.contact.name.as_deref(), Some("Ada"));
}

#[test]
fn days_and_months_are_told_apart_by_the_whole_file() {
    let read_as = |order| {
        let options = DecodeOptions { date_order: order, ..DecodeOptions::default() };
        read_cut("csv", Section::Calendar, &options, b"title,date\nA,3/4/2026\nB,4/25/2026\nC,4/26/26\n", &[usize::MAX])
    };
    let first = read_as(None).findings.date_orders;
    assert_eq!((first.day_first, first.month_first), (0, 2));
    assert_eq!(first.order(), Ok(Some(DateOrder::MonthFirst)));
    let days: Vec<_> =
        read_as(Some(DateOrder::MonthFirst)).rows.into_iter().filter_map(|row| start(row.record)).collect();
    assert_eq!(days, ["2026-03-04", "2026-04-25", "2026-04-26"]);
    assert_eq!(read_as(Some(DateOrder::DayFirst)).rows.iter().filter(|row| row.record.is_some()).count(), 1);
}

#[test]
fn an_event_needs_a_title_and_a_date() {
    let complaint = |document: &str| complaint("csv", Section::Calendar, document);
    expect!["row 1, line 2: column What: an event needs a title"].assert_eq(&complaint("What,Day\n,2026-05-25\n"));
    expect!["row 1, line 2: column Day: an event needs a date"].assert_eq(&complaint("What,Day\nFair,\n"));
    expect!["row 1, line 2: column startsOn: an event needs a date"]
        .assert_eq(&complaint("title,location\nFair,Hall\n"));
    // The vendor's own four columns come from a list of tasks, of which some have no day.
    let event = rows("csv", Section::Calendar, "Date,Category,Association,Title\n,,,\"Tea\n\"\n").remove(0).record;
    let Some(Record::Event(event)) = event else { panic!("{event:?}") };
    assert_eq!(*event, Event { title: Some("Tea".into()), ..Event::default() });
}

#[test]
fn every_section_that_is_imported_has_a_sample_that_can_be() {
    for section in Section::ALL {
        let Some(sample) = formats::sample(section) else { continue };
        let reading = read("csv", section, sample);
        assert_eq!(reading.error, None);
        let bad: Vec<_> = reading.rows.iter().filter(|row| row.record.is_none()).collect();
        assert!(bad.is_empty(), "{bad:?}");
        assert_eq!(reading.rows.len(), 3);
        let Reading { findings, .. } = reading;
        assert_eq!((findings.client, findings.ignored), (Some("Cairn"), Vec::new()));
        let of_exports = ["id", "personId", "stage", "createdAt", "updatedAt"];
        let of_other_calendars = ["sourceUid", "sourceSequence", "recurrenceId", "recurrence"];
        let own =
            columns(section).iter().filter(|name| !of_exports.contains(name) && !of_other_calendars.contains(name));
        assert_eq!(findings.columns, own.copied().collect::<Vec<_>>());
    }
    let sections = Section::ALL.into_iter().filter(|section| formats::sample(*section).is_some());
    assert_eq!(sections.count(), 6);
}

fn person() -> Record {
    let contact = Contact { name: Some("Ada".into()), ..Contact::default() };
    Record::Person(Box::new(Person { contact, custom: custom(), ..Person::default() }))
}

fn lead() -> Record {
    let Record::Person(person) = person() else { unreachable!("it is one") };
    let Person { contact, custom, .. } = *person;
    Record::Transaction(Box::new(Transaction { contact, custom, ..Transaction::default() }))
}

fn custom() -> Vec<CustomValue> {
    let value = |field: &str, value: &str| CustomValue { field: field.into(), value: value.into() };
    vec![
        value("Shoe size", "38"),
        value("First Name", "=1+1"),
        value("Größe", "two\nlines, \"quoted\""),
        value("E-Mail", "x"),
    ]
}

fn start(record: Option<Record>) -> Option<String> {
    match record {
        Some(Record::Event(event)) => event.start.map(|start| match start {
            Moment::Day(day) => day.to_string(),
            Moment::Local(time) => time.to_string(),
            Moment::At(time) => time.to_string(),
        }),
        _ => None,
    }
}

fn mapped(section: Section, document: &str, mapping: &str) -> Reading {
    let options = DecodeOptions { map: vec![mapping.parse().expect("Header=field")], ..DecodeOptions::default() };
    read_cut("csv", section, &options, document.as_bytes(), &[usize::MAX])
}

fn refused(document: &str, mapping: &str) -> String {
    mapped(Section::People, document, mapping).error.expect("the mapping leads nowhere").to_string()
}

#[test]
fn a_report_of_cards_counts_each_property_once_a_card_and_ends_somewhere() {
    let card = |properties: &str| format!("BEGIN:VCARD\nVERSION:3.0\nFN:Ada\n{properties}END:VCARD\n");
    let document = card("TEL:1\nTEL:2\nNICKNAME:Countess\n").repeat(2) + &card("TEL:\nX-SHOE:41\n");
    let report = read("vcard", Section::People, document.as_bytes()).findings.report;
    let column = |name: &str, field: Option<&str>, line: Option<&str>, filled, sample: &str| ColumnReport {
        name: name.to_owned(),
        field: field.map(str::to_owned),
        line: line.map(str::to_owned),
        filled,
        samples: vec![sample.to_owned()],
    };
    let expected = [
        column("FN", Some("name"), None, 3, "Ada"),
        column("TEL", Some("phone"), None, 2, "1"),
        column("NICKNAME", Some("notes"), Some("Nickname"), 2, "Countess"),
        column("X-SHOE", None, None, 1, "41"),
    ];
    assert_eq!(report, expected);
    let many: String = (0..3_000).map(|number| format!("X-M{number:04}:1\n")).collect();
    let reading = read("vcard", Section::People, card(&many).as_bytes());
    assert_eq!((reading.findings.report.len(), reading.rows.len()), (1_024, 1));
}
