//! Records with what formats stumble over. Text of one line has no white space around it, as decoders take it away.

mod events;
mod messages;
mod templates;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::{Contact, Loss, Person, Record, Section, Transaction};

/// The records to try a section with; none for a section of which files carry nothing yet.
pub(super) fn samples(section: Section) -> Vec<Record> {
    match section {
        Section::Calendar => return events::events().into_iter().map(|event| Record::Event(Box::new(event))).collect(),
        Section::Messages => return messages::messages(),
        Section::EmailTemplates => return templates::email_templates(),
        Section::EventTemplates => return templates::template_items(),
        _ => {}
    }
    contacts().into_iter().zip(0..).filter_map(|(sample, number)| sample.into_record(section, number)).collect()
}

/// A record of which one column is about this long; `None` where the format loses every column that could be.
pub(super) fn long(section: Section, loses: &[Loss], length: usize) -> Option<Record> {
    let text = || Some("long text, ".repeat(length / 11).trim().to_owned());
    let is_kept = |column| !loses.contains(&Loss::Column(column));
    if section == Section::Calendar {
        return is_kept("description").then(|| Record::Event(Box::new(events::long(text()))));
    }
    let contact = if is_kept("notes") {
        Contact { notes: text(), ..named("Long") }
    } else if is_kept("name") {
        Contact { name: text(), ..Contact::default() }
    } else {
        return None;
    };
    Sample::of(contact).into_record(section, 0)
}

/// A contact with its categories, of which a record of any section can be made.
struct Sample {
    contact: Contact,
    categories: Vec<String>,
}

impl Sample {
    fn of(contact: Contact) -> Sample {
        Sample { contact, categories: Vec::new() }
    }

    fn in_categories<T: ToString>(self, categories: impl IntoIterator<Item = T>) -> Sample {
        Sample { categories: categories.into_iter().map(|name| name.to_string()).collect(), ..self }
    }

    /// The record; every third has no id and no moments, as if it were new.
    fn into_record(self, section: Section, number: i64) -> Option<Record> {
        let Sample { contact, categories } = self;
        let is_new = number % 3 == 2;
        let id = |kind: &str| (!is_new).then(|| format!("{kind}-{number}"));
        let created_at = (!is_new).then_some(Timestamp::constant(1_795_309_323, 456_789_000));
        let updated_at = (!is_new).then_some(Timestamp::constant(946_684_799 + number, 0));
        let person = Person {
            id: id("id"),
            contact,
            categories,
            custom: Vec::new(),
            foreign: Vec::new(),
            created_at,
            updated_at,
        };
        if section == Section::People {
            return Some(Record::Person(Box::new(person)));
        }
        let stage = Some(section.stage()?);
        let Person { id: transaction_id, contact, categories, custom, foreign, created_at, updated_at } = person;
        Some(Record::Transaction(Box::new(Transaction {
            id: transaction_id,
            person_id: id("person"),
            stage,
            value: amount(number),
            probability: (number % 4 > 0).then(|| Decimal::new(number % 4 * 25, 2)),
            more_info: contact.notes.clone(),
            contact,
            categories,
            custom,
            foreign,
            deal: None,
            created_at,
            updated_at,
        })))
    }
}

fn amount(number: i64) -> Option<Decimal> {
    match number % 6 {
        0 => Some(Decimal::new(5_000, 0)),
        1 => Some(Decimal::new(1, 4)),
        2 => Some(Decimal::new(-125, 1)),
        3 => Some(Decimal::new(i64::MAX, 4)),
        4 => Some(Decimal::ZERO),
        _ => None,
    }
}

fn contacts() -> Vec<Sample> {
    vec![
        Sample::of(plain()).in_categories(["Customers", "Newsletter"]),
        Sample::of(punctuated()).in_categories(["Smith, Jones", "a;b", "say \"hi\"", "it's", "back\\slash"]),
        Sample::of(Contact {
            address: Some("1 Main St\r\nRear building\nBox 7".into()),
            notes: Some("  indented\r\n\r\nCR LF\nLF\rCR\tTab \r\n".into()),
            ..named("Line Ends")
        }),
        Sample::of(foreign_script()).in_categories(["日本", "VIP ⭐", "עברית"]),
        Sample::of(formulas()).in_categories(["=1+1", "@sum", "+1", "-1"]),
        Sample::of(Contact { company: Some("Only a Company Ltd".into()), ..Contact::default() }),
        Sample::of(Contact { email: Some("only@example.com".into()), ..Contact::default() }),
        Sample::of(Contact { phone: Some("+49 (0)30 123 456-7".into()), ..Contact::default() }),
        Sample::of(named("Many Categories")).in_categories((1..=60).map(|number| format!("Group {number} - of, 60"))),
        Sample::of(Contact { company: Some("North - South - East".into()), ..named("Ann - Marie - Müller") }),
        Sample::of(misleading()).in_categories(["null", "true", "0"]),
        Sample::of(Contact { notes: Some("A long note, with \"quotes\".\r\n".repeat(800)), ..named("Long Notes") }),
    ]
}

fn named(name: &str) -> Contact {
    Contact { name: Some(name.into()), ..Contact::default() }
}

/// Every field, and nothing odd.
fn plain() -> Contact {
    Contact {
        name: Some("Ada Lovelace".into()),
        company: Some("Analytical Engines".into()),
        title: Some("Head of Programming".into()),
        email: Some("ada@example.com".into()),
        phone: Some("+44 20 7946 0000".into()),
        mobile: Some("+44 7700 900000".into()),
        fax: Some("+44 20 7946 0001".into()),
        url: Some("https://example.com/ada?a=1&b=2".into()),
        address: Some("12 St James's Square".into()),
        city: Some("London".into()),
        state: Some("Greater London".into()),
        zip: Some("SW1Y 4JH".into()),
        country: Some("United Kingdom".into()),
        notes: Some("Met at the Royal Society.".into()),
    }
}

/// What separates and quotes in one format or another.
fn punctuated() -> Contact {
    Contact {
        name: Some("O'Brien, \"Ann\"; Jr.".into()),
        company: Some("Smith, Jones & Sons; \"Ltd\"".into()),
        title: Some("R&D | Sales, EMEA".into()),
        email: Some("\"a,b\"@example.com".into()),
        address: Some("Flat \"2\", 1 Main St; rear".into()),
        city: Some("Stoke, on; Trent".into()),
        state: Some("\"".into()),
        zip: Some(",".into()),
        country: Some(";".into()),
        notes: Some("He said \"yes, no; maybe\"\\n and \\, \\; \\\\".into()),
        ..Contact::default()
    }
}

/// Characters of several code points, from right to left, composed otherwise, and some that are not seen.
fn foreign_script() -> Contact {
    Contact {
        name: Some("👩‍💻 Zoë e\u{301}le\u{301}onore".into()),
        company: Some("株式会社 東京".into()),
        title: Some("שלום עולם".into()),
        city: Some("مرحبا".into()),
        country: Some("Ελλάδα".into()),
        notes: Some("\u{202e}from the right\u{202c} 😀\u{2028}next\u{a0}line \u{feff}mark".into()),
        ..Contact::default()
    }
}

/// What a spreadsheet would calculate.
fn formulas() -> Contact {
    Contact {
        name: Some("=1+1".into()),
        company: Some("@SUM(A1:A9)".into()),
        title: Some("-2+3".into()),
        phone: Some("+49 30 1".into()),
        url: Some("'quoted".into()),
        notes: Some("=HYPERLINK(\"https://example.com\",\"click\")".into()),
        ..Contact::default()
    }
}

/// What is taken for something else: nothing, numbers, dates, markup, the end of a document.
fn misleading() -> Contact {
    Contact {
        name: Some("null".into()),
        company: Some("true".into()),
        title: Some("NaN".into()),
        email: Some("name".into()),
        phone: Some("00491234567890123456789".into()),
        fax: Some("1/2".into()),
        city: Some("1e5".into()),
        state: Some("0/0/00".into()),
        zip: Some("00123".into()),
        address: Some("END:VCARD\nBEGIN:VCARD".into()),
        notes: Some("<b>&amp;</b> ]]> <!-- --> {\"a\": [1]}]\n]".into()),
        ..Contact::default()
    }
}
