//! How formats are found, and what is said when they are not.

use expect_test::expect;
use formats::{
    Codec, Container, Decode, DecodeOptions, Descriptor, Encode, EncodeOptions, Loss, Record, Registry, Section,
    Unsupported, builtin, columns,
};

#[test]
fn formats_are_found_by_name_extension_and_media_type() {
    let registry = builtin();
    let name = |codec: &std::sync::Arc<dyn Codec>| codec.descriptor().name;
    assert_eq!(registry.get("csv").map(name), Ok("csv"));
    assert_eq!(registry.get("JSON").map(name), Ok("json"));
    assert_eq!(registry.by_extension("CSV").map(name), Ok("csv"));
    assert_eq!(
        registry.iter().map(name).collect::<Vec<_>>(),
        ["csv", "json", "ndjson", "vcard", "google-contacts", "addresses", "icalendar", "rss", "xlsx"]
    );
}

#[test]
fn what_is_not_known_is_answered_with_what_is() {
    let registry = builtin();
    let error = registry.get("xls").map(|_| ()).expect_err("there is no xls");
    expect!["there is no format with the name `xls`; there are csv, json, ndjson, vcard, google-contacts, addresses, icalendar, rss and xlsx"]
        .assert_eq(&error.to_string());
    let error = Registry::empty().by_extension("csv").map(|_| ()).expect_err("nothing is registered");
    expect!["there is no format with the extension `csv`; there are none"].assert_eq(&error.to_string());
}

#[test]
fn files_are_recognised_by_their_first_bytes() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let registry = builtin();
    let recognised = |head: &[u8], name: Option<&str>| {
        registry
            .recognise(head, name)
            .map_or_else(|error| error.to_string(), |codec| codec.descriptor().name.to_owned())
    };
    for (head, name, expected) in [
        (b"name,email\nAnn,a@example.com\n".to_vec(), None, "csv"),
        (b"name,email\n".to_vec(), Some("contacts.txt"), "csv"),
        (b"First Name,E-mail 1 - Value\n".to_vec(), Some("people.google.csv"), "google-contacts"),
        (b"".to_vec(), None, "csv"),
        (b"".to_vec(), Some("people.json"), "json"),
        (b" [\n {\"name\": \"Ann\"}".to_vec(), None, "json"),
        (b"{\"name\":\"Ann\"}\n{\"name\":\"Bo".to_vec(), None, "ndjson"),
        (b"\xEF\xBB\xBF{\"name\":\"Ann\"}\n".to_vec(), Some("people.json"), "ndjson"),
        (b"{\n  \"name\": \"Ann\"\n}\n".to_vec(), Some("people.ndjson"), "json"),
        (b"[Name],[E-mail]\n".to_vec(), None, "csv"),
        (b"begin:vcard\r\nversion:3.0\r\n".to_vec(), Some("x.csv"), "vcard"),
        (b"\r\nBEGIN:VCALENDAR\r\n".to_vec(), None, "icalendar"),
        (b"BEGIN:VEVENT\r\n".to_vec(), Some("x.ICS"), "icalendar"),
        // A line that is the first or last one of a card or an event decides, wherever it stands.
        (b"TEL;CELL:+49 1\r\nEND:VCARD\r\nBEGIN:VCARD\r\n".to_vec(), None, "vcard"),
        (b"TEL;CELL:+49 1,2\nEND:VCARD\n".to_vec(), Some("half.csv"), "vcard"),
        (b"name,email\nAnn,a@example.com\n \xEF\xBB\xBFbegin:vcard \x1A\n".to_vec(), Some("x.csv"), "vcard"),
        (b"\xE2\x80\x8BBEGIN:VADDRESSBOOK\nBEGIN:VCARD\n".to_vec(), None, "vcard"),
        (b"LOCATION:Room 1, left\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Tea\n".to_vec(), Some("half.csv"), "icalendar"),
        (b"SUMMARY:Tea, milk\rEnd:VEvent\r".to_vec(), None, "icalendar"),
        // Several of them with no line end between them.
        (b"LOCATION:Room 1, left\nEND:VEVENTBEGIN:VEVENT\nSUMMARY:Tea\n".to_vec(), Some("half.csv"), "icalendar"),
        (b"SUMMARY:Tea, milk\nEND:VEVENT\x1AEND:VCALENDAR\n".to_vec(), None, "icalendar"),
        (b"TEL;CELL:+49 1,2\nEND:VCARD\xEF\xBB\xBFBEGIN:VCARD\nFN:Ann\n".to_vec(), Some("half.csv"), "vcard"),
        // A quote that is never closed opens no cell.
        (b"said:,\"hm\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Tea\n".to_vec(), None, "icalendar"),
        // What stands in a cell does not, nor does a line of which it is only a part.
        (b"name,notes\nAnn,\"her card:\nBEGIN:VCARD\nFN:Ann\nEND:VCARD\n\"\n".to_vec(), None, "csv"),
        (b"name,notes\nAnn,BEGIN:VCARD\nBEGIN:VCARD or so,x\n".to_vec(), None, "csv"),
        (b"{\"name\":\"Ann\",\"notes\":\"BEGIN:VCARD\"}\n".to_vec(), None, "ndjson"),
        (utf16("BEGIN:VCARD\nVERSION:3.0\nFN:Ann\n"), None, "vcard"),
        (utf16("name\temail\nAnn\ta@example.com\n"), None, "csv"),
        (b"PK\x03\x04....[Content_Types].xml....xl/workbook.xml".to_vec(), Some("x.csv"), "xlsx"),
        (b"PK\x03\x04....[Content_Types].xml....".to_vec(), Some("x.xlsx"), "xlsx"),
    ] {
        assert_eq!(recognised(&head, name), expected, "{} {name:?}", head.escape_ascii());
    }
    let said = [
        recognised(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Some("old.csv")),
        recognised(b"%PDF-1.7\n", None),
        recognised(b"<!doctype html><html>", Some("people.csv")),
        recognised(b"\xEF\xBB\xBF<?xml version=\"1.0\"?><a/>", None),
        recognised(b"PK\x03\x04..mimetypeapplication/vnd.oasis.opendocument.spreadsheet", None),
        recognised(b"PK\x03\x04..people.csv", None),
        recognised(&[1, 2, 3, 4, 5, 0, 7, 255], None),
    ];
    expect![[r"
        the file is an .xls of old Excel or another old Office file; save it as xlsx or CSV and try again
        the file is a PDF document; export the contacts as CSV or vCard and try again
        the file is a web page, perhaps one that asks to sign in; export the contacts as CSV or vCard and try again
        the file is an XML document; save the contacts as CSV, vCard or xlsx and try again
        the file is an OpenDocument spreadsheet; save it as xlsx or CSV and try again
        the file is packed (zip); unpack it and try again
        the file is of no kind that is known here; name the format, or save the file as CSV and try again"]]
    .assert_eq(&said.join("\n"));
}

#[test]
fn a_third_partys_format_recognises_its_files() {
    let mut registry = builtin();
    registry.register(Other(&NEW)).expect("the name is new");
    let recognised = |head: &[u8], name| registry.recognise(head, name).map(|codec| codec.descriptor().name);
    assert_eq!(recognised(b"#tabs\n", None), Ok("tabs"));
    // Its extension decides as well; of several dots the longest one that is known.
    assert_eq!(recognised(b"a\tb\n", Some("people.tab.txt")), Ok("tabs"));
    assert_eq!(recognised(b"a\tb\n", Some("people.txt")), Ok("csv"));
}

#[test]
fn media_types_are_chosen_by_quality() {
    let registry = builtin();
    let chosen = |accept| registry.by_media_type(accept).map(|codec| codec.descriptor().name);
    assert_eq!(chosen("text/csv"), Some("csv"));
    assert_eq!(chosen("Text/CSV; charset=\"utf-8\""), Some("csv"));
    assert_eq!(chosen("text/csv;q=0.5, application/json"), Some("json"));
    assert_eq!(chosen("text/csv, application/json"), Some("csv"));
    assert_eq!(chosen("application/json;q=0, text/csv; q=0.001"), Some("csv"));
    assert_eq!(chosen("text/html, application/json;q=0.9, */*;q=0.8"), Some("json"));
    for none in ["", "*/*", "text/*", "text/html", "text/csv;q=0", "text/csv;q=1.5", "text/csv;q=x"] {
        assert_eq!(chosen(none), None, "{none}");
    }
}

#[test]
fn a_taken_name_or_extension_is_refused() {
    let mut registry = builtin();
    let error = registry.register(Other(&SAME_NAME)).expect_err("json is taken");
    expect!["the name `JSON` is taken by the format json"].assert_eq(&error.to_string());
    let error = registry.register(Other(&SAME_EXTENSION)).expect_err(".csv is taken");
    expect!["the extension `Csv` is taken by the format csv"].assert_eq(&error.to_string());
    assert_eq!(registry.register(Other(&NEW)), Ok(()));
    assert_eq!(registry.by_extension("tab.txt").map(|codec| codec.descriptor()), Ok(&NEW));
}

#[test]
fn what_a_format_cannot_do_is_answered_with_what_it_can() {
    let registry = builtin();
    let csv = registry.get("csv").expect("csv is built in");
    let refused = csv.encoder(Section::Reports, &EncodeOptions::default()).err().expect("reports are not written");
    expect!["csv cannot write reports; it can write people, leads, opportunities, customers, archives, calendar, messages, email-templates and event-templates"]
        .assert_eq(&refused.to_string());
    let refused = csv.decoder(Section::Reports, &DecodeOptions::default()).err().expect("reports are not read");
    expect!["csv cannot read reports; it can read people, leads, opportunities, customers, archives and calendar"]
        .assert_eq(&refused.to_string());
}

#[test]
fn a_record_of_another_kind_is_refused() {
    let person = Record::Person(Box::default());
    let transaction = Record::Transaction(Box::default());
    for codec in builtin().iter() {
        let pairs = [(Section::People, &person, &transaction), (Section::Customers, &transaction, &person)];
        for (section, right, wrong) in pairs {
            if !codec.descriptor().encodes.contains(&section) {
                continue;
            }
            let mut encoder = codec.encoder(section, &EncodeOptions::default()).expect("the section is written");
            let mut out = bytes::BytesMut::new();
            assert!(encoder.begin(&mut out).and_then(|()| encoder.record(right, &mut out)).is_ok());
            let error = encoder.record(wrong, &mut out).expect_err("the kind is wrong").to_string();
            assert_eq!(
                error,
                format!("a record of another kind was passed to the {} encoder of {section}", codec.descriptor().name)
            );
        }
    }
}

#[test]
fn sections_have_names() {
    for section in Section::ALL {
        assert_eq!(section.to_string().parse(), Ok(section));
    }
    assert_eq!("events".parse(), Ok(Section::Calendar));
    let error = "People".parse::<Section>().expect_err("names are exact");
    expect!["there is no section `People`; there are people, leads, opportunities, customers, archives, calendar, messages, reports, email-templates and event-templates"]
        .assert_eq(&error.to_string());
    assert_eq!(columns(Section::Reports), [""; 0]);
}

struct Other(&'static Descriptor);

const NEW: Descriptor = Descriptor {
    name: "tabs",
    title: "Tab-separated values",
    media_type: "text/tab-separated-values",
    extensions: &["tab.txt", "tsv"],
    encodes: &[],
    decodes: &[Section::People],
    container: Container::Stream,
    loses: &[],
};
const SAME_NAME: Descriptor = Descriptor { name: "JSON", ..NEW };
const SAME_EXTENSION: Descriptor = Descriptor { extensions: &["tsv", "Csv"], ..NEW };

impl Codec for Other {
    fn descriptor(&self) -> &'static Descriptor {
        self.0
    }

    fn encoder(&self, section: Section, _: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        self.0.check_encodes(section).map(|()| unreachable!("it writes no section"))
    }

    fn decoder(&self, section: Section, _: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        self.0.check_decodes(section).map(|()| unreachable!("nobody asks it to read"))
    }

    fn recognises(&self, head: &[u8]) -> bool {
        head.starts_with(b"#tabs")
    }
}

#[test]
fn what_a_format_loses_stands_in_the_architecture() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md");
    let text = std::fs::read_to_string(path).expect("the repository has an ARCHITECTURE.md");
    for codec in builtin().iter() {
        let Descriptor { name, title, loses, .. } = *codec.descriptor();
        let table = text.split("## What formats lose").nth(1).expect("it has this chapter");
        let first = title.split(' ').next().unwrap_or_default();
        let row = table.lines().find(|line| line.starts_with(&format!("| {first} "))).unwrap_or_default();
        for loss in loses {
            let word = match loss {
                Loss::Column(column) => format!("`{column}`"),
                Loss::LineEnds => "line ends".to_owned(),
                Loss::ControlCharacters => "control characters".to_owned(),
                Loss::Beyond(units) => format!("{},{:03} UTF-16 units", units / 1000, units % 1000),
                other => panic!("{other:?} has no words yet"),
            };
            assert!(row.contains(&word), "{name}: {word} is missing in {row}");
        }
    }
}
