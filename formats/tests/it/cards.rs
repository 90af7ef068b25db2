//! Every vCard that we write is one to a validator that is not ours (vcard-rs), and keeps the rules at which that does not look.

use std::sync::Arc;

use bytes::BytesMut;
use formats::{
    Codec, Contact, Decode, DecodeOptions, Descriptor, Encode, EncodeError, EncodeOptions, Person, Record, Section,
    Unsupported, VCardVersion, conformance,
};
use vcard::tree::cst::VcardCst;
use vcard::version::VcardVersion as Version;

use crate::documents::{people, read, write_as};

#[test]
fn the_laws_samples_are_valid_in_both_versions() {
    let registry = formats::builtin();
    let vcard = registry.get("vcard").expect("vcard is built in");
    for version in [VCardVersion::V3, VCardVersion::V4] {
        conformance::check(&Validated { vcard: Arc::clone(vcard), version }).expect("valid cards that come back");
    }
}

#[test]
fn whoever_has_no_name_is_called_by_what_there_is() {
    let card = |contact: Contact| {
        let record = Record::Person(Box::new(Person { contact, ..Person::default() }));
        let document = write_as("vcard", Section::People, &[record], &EncodeOptions::default());
        check_document(&document, VCardVersion::V3);
        String::from_utf8(document).expect("a card is UTF-8")
    };
    let some = |text: &str| Some(text.to_owned());
    let company = card(Contact { company: some("ACME"), email: some("a@example.com"), ..Contact::default() });
    assert!(company.contains("\r\nFN:ACME\r\nN:;;;;\r\nORG:ACME\r\nX-ABShowAs:COMPANY\r\n"), "{company}");
    assert!(card(Contact { email: some("a@example.com"), ..Contact::default() }).contains("\r\nFN:a@example.com\r\n"));
    assert!(card(Contact { phone: some("1;2"), ..Contact::default() }).contains("\r\nFN:1\\;2\r\n"));
    assert!(card(Contact { name: some("\u{1}"), mobile: some("3"), ..Contact::default() }).contains("\r\nFN:3\r\n"));
    assert!(card(Contact::default()).contains("\r\nFN:Unnamed\r\nN:;;;;\r\n"));
}

#[test]
fn names_are_split_before_the_last_word() {
    for (name, n) in [
        ("Ada Lovelace", "N:Lovelace;Ada;;;"),
        ("Johann Sebastian  Bach", "N:Bach;Johann Sebastian;;;"),
        ("Cher", "N:;Cher;;;"),
        ("O'Brien, Ann; Jr.", "N:Jr.;O'Brien\\, Ann\\;;;;"),
    ] {
        let contact = Contact { name: Some(name.into()), ..Contact::default() };
        let record = Record::Person(Box::new(Person { contact, ..Person::default() }));
        let document = write_as("vcard", Section::People, &[record], &EncodeOptions::default());
        let text = String::from_utf8(document).expect("a card is UTF-8");
        assert!(text.contains(&format!("\r\n{n}\r\n")), "{text}");
        assert_eq!(people("vcard", &text)[0].contact.name.as_deref(), Some(name));
    }
}

#[test]
fn a_property_of_ours_that_is_spoilt_fails_its_card_alone() {
    let document = "BEGIN:VCARD\nFN:Ann\nX-CAIRN-VALUE:much\nEND:VCARD\nBEGIN:VCARD\nFN:Bob\nEND:VCARD\n";
    let reading = read("vcard", Section::Leads, document.as_bytes());
    assert_eq!(
        reading.rows[0].diagnostics[0].to_string(),
        "column X-CAIRN-VALUE: `much` is not a number; write it like 5000 or 0.25"
    );
    let source = reading.sources[0].as_ref().expect("a card has a source");
    assert!(source.cells.iter().any(|cell| cell.column == "value" && cell.text == "much"), "{source:?}");
    assert!(reading.rows[1].record.is_some());
    // Nobody looks at it where people are read.
    assert!(read("vcard", Section::People, document.as_bytes()).rows[0].record.is_some());
}

#[test]
fn values_of_custom_fields_come_to_their_field_or_to_the_notes() {
    let document = "BEGIN:VCARD\nFN:Ann\nX-CAIRN-FIELD:Shoe\\; size;42\\,5\nEND:VCARD\n";
    let [person] = &people("vcard", document)[..] else { panic!("one person") };
    assert_eq!((person.foreign[0].header.as_str(), person.foreign[0].value.as_str()), ("Shoe; size", "42,5"));
    let options = DecodeOptions { custom_fields: vec!["shoe; SIZE".into()], ..DecodeOptions::default() };
    let reading = crate::documents::read_cut("vcard", Section::People, &options, document.as_bytes(), &[usize::MAX]);
    let Some(Record::Person(person)) = &reading.rows[0].record else { panic!("one person") };
    assert_eq!((person.custom[0].field.as_str(), person.custom[0].value.as_str()), ("shoe; SIZE", "42,5"));
    let source = reading.sources[0].as_ref().expect("a card has a source");
    assert!(source.cells.iter().any(|cell| cell.column == "shoe; SIZE" && cell.text == "42,5"));
}

#[test]
fn other_programs_may_pass_our_cards_on() {
    let some = |text: &str| Some(text.to_owned());
    let contacts = [
        Contact { name: some("Ada Lovelace"), company: some("ACME"), phone: some("+49 30 1"), ..Contact::default() },
        Contact { company: some("ACME"), ..Contact::default() },
        Contact { email: some("a@example.com"), ..Contact::default() },
        Contact { phone: some("030 1"), mobile: some("0171 1"), ..Contact::default() },
        Contact { mobile: some("0171 1"), ..Contact::default() },
    ];
    let person = |contact: &Contact| Person { id: some("7"), contact: contact.clone(), ..Person::default() };
    let people_of = contacts.each_ref().map(person);
    let records = people_of.clone().map(|person| Record::Person(Box::new(person)));
    let document = write_as("vcard", Section::People, &records, &EncodeOptions::default());
    let text = String::from_utf8(document).expect("a card is UTF-8").replace("PRODID:-//Cairn", "PRODID:-//Other");
    assert_eq!(people("vcard", &text), people_of);
}

/// Fails unless a document is of valid cards, each of this version.
pub(crate) fn check_document(document: &[u8], version: VCardVersion) {
    let shown = || String::from_utf8_lossy(document).into_owned();
    let expected = match version {
        VCardVersion::V3 => Version::V3_0,
        VCardVersion::V4 => Version::V4_0,
    };
    let mut cards = 0;
    for card in VcardCst::parse_many(document) {
        let card = card.unwrap_or_else(|error| panic!("{error}: {}", shown()));
        let decoded = card.decode();
        assert_eq!(decoded.version, expected);
        if let Err(errors) = decoded.validate() {
            panic!("{errors:?}: {}", shown());
        }
        cards += 1;
    }
    let lines = lines(document);
    let count = |line: &str| lines.iter().filter(|other| *other == line).count();
    assert_eq!((cards, cards), (count("BEGIN:VCARD"), count("END:VCARD")), "{}", shown());
    for card in lines.split_inclusive(|line| line == "END:VCARD") {
        check_card(card, version);
    }
}

/// The lines of a document, unfolded (RFC 6350 section 3.2).
fn lines(document: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(document).expect("a card is UTF-8");
    let mut lines: Vec<String> = Vec::new();
    let Some(text) = text.strip_suffix("\r\n") else {
        assert_eq!(text, "", "the last line has an end");
        return lines;
    };
    for line in text.split("\r\n") {
        assert!(line.len() <= 75, "a line of {} bytes: {line}", line.len());
        assert!(line.chars().all(|char| char == '\t' || !char.is_ascii_control()), "a control in {line:?}");
        match line.strip_prefix(' ') {
            Some(rest) => lines.last_mut().expect("the first line is no continuation").push_str(rest),
            None => lines.push(line.to_owned()),
        }
    }
    lines
}

fn check_card(card: &[String], version: VCardVersion) {
    let number = if version == VCardVersion::V3 { "VERSION:3.0" } else { "VERSION:4.0" };
    assert_eq!(card[..2], ["BEGIN:VCARD", number]);
    let mut names = Vec::new();
    for line in card {
        let (head, value) = line.split_once(':').expect("a line has a value");
        let mut parameters = head.split(';');
        let name = parameters.next().expect("a line has a name");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{line}");
        for parameter in parameters {
            let (name, _) = parameter.split_once('=').expect("a parameter has a name");
            let is_known = ["TYPE", "VALUE"].contains(&name) || (name == "PREF" && version == VCardVersion::V4);
            assert!(is_known, "{line}");
        }
        match name {
            "FN" => assert!(!value.trim().is_empty()),
            "N" => assert_eq!(separators(value), 4, "{line}"),
            "ADR" => assert_eq!(separators(value), 6, "{line}"),
            "REV" => assert_eq!(value.len(), if version == VCardVersion::V3 { 20 } else { 16 }, "{line}"),
            "URL" => {
                assert!(
                    value.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}[]".contains(&byte)),
                    "{line}"
                );
            }
            _ => {}
        }
        names.push(name);
    }
    for once in ["FN", "N", "PRODID", "VERSION"] {
        assert_eq!(names.iter().filter(|name| **name == once).count(), 1, "{once}");
    }
}

/// The semicolons that separate.
fn separators(value: &str) -> usize {
    value.replace("\\\\", "").replace("\\;", "").matches(';').count()
}

/// The format in one version, of which each card is validated as soon as it is written.
struct Validated {
    vcard: Arc<dyn Codec>,
    version: VCardVersion,
}

impl Codec for Validated {
    fn descriptor(&self) -> &'static Descriptor {
        self.vcard.descriptor()
    }

    fn encoder(&self, section: Section, options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        let mut options = options.clone();
        options.vcard = self.version;
        let encoder = self.vcard.encoder(section, &options)?;
        Ok(Box::new(Validating { encoder, version: self.version }))
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        self.vcard.decoder(section, options)
    }
}

struct Validating {
    encoder: Box<dyn Encode>,
    version: VCardVersion,
}

impl Encode for Validating {
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.encoder.begin(out)
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        let start = out.len();
        self.encoder.record(record, out)?;
        check_document(&out[start..], self.version);
        Ok(())
    }

    fn end(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.encoder.end(out)
    }
}
