//! Compares what encoders write of made-up records with every file `tests/golden/<format>/written.<section>.<case>.<extension>`.
//!
//! A case may have a file `written.<section>.<case>.options`, whose lines say how it is to be written: `vcard=4.0`,
//! `address_list=mailto`, `custom=Shoe size`, `excel_safe`, `alarm=15`, or `title=…` and its kin for the heading. The case `empty` has no
//! records. To add a case, make an empty file with its name and run
//! `UPDATE_EXPECT=1 cargo test -p formats`, which writes the files anew.

mod records;

use std::fs;
use std::path::{Path, PathBuf};

use formats::{Contact, Container, CustomValue, EncodeOptions, Person, Record, Section, Stage, Transaction};
use jiff::Timestamp;
use rust_decimal::Decimal;

use self::records::{events, messages};
use crate::cards::check_document;
use crate::documents::write_as;
use crate::icalendar::check_written;

#[test]
fn files_are_written_as_expected() {
    for Case { path, format, section, options } in cases() {
        let is_empty = path.file_name().is_some_and(|name| name.to_string_lossy().contains(".empty."));
        let records = if is_empty { Vec::new() } else { records(section) };
        let document = write_as(&format, section, &records, &options);
        if format == "vcard" {
            check_document(&document, options.vcard);
        }
        if format == "icalendar" {
            check_written(&document);
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, &document).expect("the file was listed");
        }
        // Byte by byte, while expect-test takes all line ends for the same.
        let expected = fs::read(&path).expect("the file was listed");
        assert!(document == expected, "{}: {}", path.display(), String::from_utf8_lossy(&document));
    }
}

#[test]
fn every_format_that_writes_text_has_a_file() {
    let cases = cases();
    for codec in formats::builtin().iter() {
        let descriptor = codec.descriptor();
        let is_text = descriptor.container == Container::Stream;
        for section in [Section::People, Section::Leads] {
            if is_text && descriptor.encodes.contains(&section) {
                let has_file = cases.iter().any(|case| case.format == descriptor.name && case.section == section);
                assert!(has_file, "{} {section}", descriptor.name);
            }
        }
    }
}

struct Case {
    path: PathBuf,
    format: String,
    section: Section,
    options: EncodeOptions,
}

fn cases() -> Vec<Case> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases = Vec::new();
    for path in entries(&golden).iter().flat_map(|folder| entries(folder)) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are UTF-8");
        let Some(rest) = name.strip_prefix("written.").filter(|rest| !rest.ends_with(".options")) else { continue };
        let section: Section = rest.split('.').next().and_then(|name| name.parse().ok()).expect("a section");
        let format = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).expect("a folder");
        let case = rest.split('.').nth(1).expect("a case");
        let options = options(&path.with_file_name(format!("written.{section}.{case}.options")));
        cases.push(Case { format: format.to_owned(), section, options, path });
    }
    assert!(cases.len() >= 10, "the golden files are gone");
    cases
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    paths
}

fn options(path: &Path) -> EncodeOptions {
    let mut options = EncodeOptions::default();
    for line in fs::read_to_string(path).unwrap_or_default().lines() {
        match line.split_once('=') {
            Some(("vcard", version)) => options.vcard = version.parse().expect("a version"),
            Some(("address_list", list)) => options.address_list = list.parse().expect("a way to list addresses"),
            Some(("custom", field)) => options.custom_fields.push(field.to_owned()),
            Some(("title", title)) => title.clone_into(&mut options.heading.title),
            Some(("site", address)) => options.heading.site = Some(address.to_owned()),
            Some(("this", address)) => options.heading.this = Some(address.to_owned()),
            Some(("cards", address)) => options.heading.cards = Some(address.to_owned()),
            Some(("refresh", minutes)) => options.heading.refresh = Some(minutes.parse().expect("a number of minutes")),
            Some(("alarm", minutes)) => options.alarm = Some(minutes.parse().expect("a number of minutes")),
            None if line == "excel_safe" => options.excel_safe = true,
            _ => panic!("{} says `{line}`, which is no option", path.display()),
        }
    }
    options
}

fn records(section: Section) -> Vec<Record> {
    match section {
        Section::Calendar => return events(),
        Section::Messages => return messages(),
        _ => {}
    }
    let people = people();
    if section == Section::People {
        return people.into_iter().map(|person| Record::Person(Box::new(person))).collect();
    }
    let transaction = |(number, person): (i64, Person)| {
        let Person { id, contact, categories, custom, foreign, created_at, updated_at } = person;
        let is_full = number == 0;
        Record::Transaction(Box::new(Transaction {
            person_id: id.as_ref().map(|_| "0195f0c4-7a1e-7000-8000-0000000000ff".to_owned()),
            id,
            contact,
            stage: section.stage().or(Some(Stage::Lead)),
            value: is_full.then(|| Decimal::new(500_050, 2)),
            probability: is_full.then(|| Decimal::new(25, 2)),
            more_info: is_full.then(|| "Wants two,\nperhaps three; asks again in May.".to_owned()),
            categories,
            custom,
            foreign,
            deal: None,
            created_at,
            updated_at,
        }))
    };
    (0..).zip(people.into_iter().take(2)).map(transaction).collect()
}

fn people() -> Vec<Person> {
    let some = |text: &str| Some(text.to_owned());
    let custom = |field: &str, value: &str| CustomValue { field: field.into(), value: value.into() };
    let full = Contact {
        name: some("Ada King Lovelace"),
        company: some("Analytical Engines, Ltd; London"),
        title: some("Head of Programming"),
        email: some("ada@example.com"),
        phone: some("+44-20-7946-0000"),
        mobile: some("+44 7700 900000"),
        fax: some("020 7946 0001"),
        url: some("https://example.com/ada?a=1,2;b=3"),
        address: some("12 St James's Square\nRear building"),
        city: some("London"),
        state: some("Greater London"),
        zip: some("SW1Y 4JH"),
        country: some("United Kingdom"),
        notes: some(
            "Met at the Royal Society.\r\nSpeaks \\LaTeX, \"quotes\" and more: a note that is so long that it has to be folded, once and again.",
        ),
    };
    let hostile = Contact {
        name: some("=1+1 \u{202e}👩‍💻 \"Zoë\"\r\nBcc: all@example.com"),
        email: some("zoë o'neil@münchen.example"),
        phone: some("+1 555\u{1}0100"),
        url: some("www.example.com/ä b"),
        notes: some(&"日本語のメモ、とても長い。😀".repeat(8)),
        ..Contact::default()
    };
    let of = |contact: Contact| Person { contact, ..Person::default() };
    vec![
        Person {
            id: some("0195f0c4-7a1e-7000-8000-00000000000a"),
            categories: vec!["Customers".into(), "Smith, Jones; and others".into()],
            custom: vec![custom("Shoe size", "38"), custom("größe, \"in\" cm", "165;5")],
            created_at: Some(Timestamp::constant(1_795_309_323, 456_789_000)),
            updated_at: Some(Timestamp::constant(1_795_400_000, 0)),
            ..of(full)
        },
        of(Contact { company: some("ACME GmbH"), email: some("office@example.com"), ..Contact::default() }),
        of(Contact { email: some("\"a,b\"@example.com"), ..Contact::default() }),
        of(Contact { phone: some("030 123"), mobile: some("0171 5"), ..Contact::default() }),
        of(Contact { name: some("Cher"), email: some("not an address"), ..Contact::default() }),
        of(hostile),
    ]
}
