//! A record that is being put together, column by column, from the texts of a file.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::cell::CATEGORY_SEPARATOR;
use super::{Column, Contact, Foreign, Person, Record, Stage, Transaction, UnknownStage};
use crate::Section;

/// What is known of a record so far. A transaction has all the fields that a person has.
#[derive(Default)]
pub(crate) struct Draft(Transaction);

impl Draft {
    /// A draft of which a client's own rules have found the contact.
    pub(crate) fn with_contact(contact: Contact) -> Draft {
        Draft(Transaction { contact, ..Transaction::default() })
    }

    /// Whether a column has a value already; of two columns with one meaning the first that is filled counts.
    pub(crate) fn has(&self, column: Column) -> bool {
        let draft = &self.0;
        match column {
            Column::Id => draft.id.is_some(),
            Column::PersonId => draft.person_id.is_some(),
            Column::Stage => draft.stage.is_some(),
            Column::Value => draft.value.is_some(),
            Column::Probability => draft.probability.is_some(),
            Column::MoreInfo => draft.more_info.is_some(),
            Column::Categories => !draft.categories.is_empty(),
            Column::CreatedAt => draft.created_at.is_some(),
            Column::UpdatedAt => draft.updated_at.is_some(),
            _ => draft.contact.text(column).is_some(),
        }
    }

    /// Reads the text of a column. The error says what would have been right.
    pub(crate) fn set(&mut self, column: Column, text: &str) -> Result<(), String> {
        let draft = &mut self.0;
        match column {
            Column::Id => draft.id = line(text),
            Column::PersonId => draft.person_id = line(text),
            Column::Stage => draft.stage = read(text, stage)?,
            Column::Value => draft.value = read(text, decimal)?,
            Column::Probability => draft.probability = read(text, decimal)?,
            Column::MoreInfo => draft.more_info = block(text),
            Column::Categories => draft.categories = names(text.split(CATEGORY_SEPARATOR)),
            Column::CreatedAt => draft.created_at = read(text, time)?,
            Column::UpdatedAt => draft.updated_at = read(text, time)?,
            _ => draft.contact.set(column, text),
        }
        Ok(())
    }

    pub(crate) fn set_categories(&mut self, categories: Vec<String>) {
        self.0.categories = categories;
    }

    pub(crate) fn add_foreign(&mut self, header: &str, value: &str) {
        self.0.foreign.push(Foreign { header: header.to_owned(), value: value.trim().to_owned() });
    }

    /// The record that a file of this section carries.
    pub(crate) fn into_record(self, section: Section) -> Record {
        match section {
            Section::People => Record::Person(Box::new(into_person(self.0))),
            _ => Record::Transaction(Box::new(self.0)),
        }
    }
}

impl Contact {
    /// Sets the field that a column of the contact stands for.
    pub(crate) fn set(&mut self, column: Column, text: &str) {
        match column {
            Column::Name => self.name = line(text),
            Column::Company => self.company = line(text),
            Column::Title => self.title = line(text),
            Column::Email => self.email = line(text),
            Column::Phone => self.phone = line(text),
            Column::Mobile => self.mobile = line(text),
            Column::Fax => self.fax = line(text),
            Column::Url => self.url = line(text),
            Column::Address => self.address = block(text),
            Column::City => self.city = line(text),
            Column::State => self.state = line(text),
            Column::Zip => self.zip = line(text),
            Column::Country => self.country = line(text),
            Column::Notes => self.notes = block(text),
            other => unreachable!("{} is no column of a contact", other.name()),
        }
    }
}

/// The names among these texts: without white space around them, without blanks.
pub(crate) fn names<T: AsRef<str>>(texts: impl Iterator<Item = T>) -> Vec<String> {
    texts.filter_map(|text| line(text.as_ref())).collect()
}

/// Text of one line, or nothing where it is blank.
fn line(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Text of several lines, in which white space may be meant, or nothing where it is blank.
fn block(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn read<T>(text: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

fn stage(text: &str) -> Result<Stage, String> {
    text.parse().map_err(|_| UnknownStage { name: excerpt(text) }.to_string())
}

/// A plain decimal: digits, at most one point, perhaps a minus. Separators of thousands are not guessed at.
fn decimal(text: &str) -> Result<Decimal, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().filter(|&byte| byte == b'.').count() <= 1;
    if !is_plain {
        return Err(format!("`{}` is not a number; write it like 5000 or 0.25", excerpt(text)));
    }
    Decimal::from_str_exact(text)
        .map_err(|_| format!("`{}` has more digits than a number here can have, which is 28", excerpt(text)))
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("`{}` is not a time; write it like 2026-11-22T01:02:03Z", excerpt(text)))
}

/// The beginning of a text, for a sentence: a receipt must not grow with the file's cells.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn into_person(transaction: Transaction) -> Person {
    let Transaction {
        id,
        person_id: _,
        contact,
        stage: _,
        value: _,
        probability: _,
        more_info: _,
        categories,
        custom,
        foreign,
        created_at,
        updated_at,
    } = transaction;
    Person { id, contact, categories, custom, foreign, created_at, updated_at }
}
