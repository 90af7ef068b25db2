//! A record that is being put together, column by column, from the texts of a file.

use jiff::Timestamp;
use jiff::tz::Offset;
use rust_decimal::Decimal;

use super::cell::CATEGORY_SEPARATOR;
use super::contact::{block, line};
use super::date::{Day, Found, moment};
use super::number::plain_decimal;
use super::{
    Column, Contact, CustomValue, Deal, Event, Foreign, Moment, Person, Record, Stage, Transaction, UnknownStage,
};
use crate::sentence::excerpt;
use crate::{DateOrder, Section};

/// What is known of a record so far. A transaction has all the fields that a person has; what only an event has stands apart, so
/// that rows of people do not pay for it.
#[derive(Default)]
pub(crate) struct Draft {
    record: Transaction,
    event: Option<Box<Event>>,
}

impl Draft {
    /// A draft of which a client's own rules have found the contact.
    pub(crate) fn with_contact(contact: Contact) -> Draft {
        Draft { record: Transaction { contact, ..Transaction::default() }, event: None }
    }

    /// Whether a column has a value already; of two columns with one meaning the first that is filled counts.
    pub(crate) fn has(&self, column: Column) -> bool {
        let draft = &self.record;
        let event = self.event.as_deref();
        let start = event.and_then(|event| event.start);
        let end = event.and_then(|event| event.end);
        match column {
            Column::StartsOn => matches!(start, Some(Moment::Day(_))),
            Column::EndsOn => matches!(end, Some(Moment::Day(_))),
            Column::StartsAt => matches!(start, Some(Moment::Local(_) | Moment::At(_))),
            Column::EndsAt => matches!(end, Some(Moment::Local(_) | Moment::At(_))),
            Column::Location => event.is_some_and(|event| event.location.is_some()),
            Column::Description => event.is_some_and(|event| event.description.is_some()),
            Column::Complete => event.is_some_and(|event| event.complete.is_some()),
            Column::Owner => event.is_some_and(|event| event.owner.is_some()),
            Column::EmailTemplate => event.is_some_and(|event| event.email_template.is_some()),
            Column::Associations => event.is_some_and(|event| !event.associations.is_empty()),
            Column::SourceUid => event.is_some_and(|event| event.source_uid.is_some()),
            Column::SourceSequence => event.is_some_and(|event| event.source_sequence.is_some()),
            Column::RecurrenceId => event.is_some_and(|event| event.recurrence_id.is_some()),
            Column::Recurrence => event.is_some_and(|event| event.recurrence.is_some()),
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

    /// Whether it is said when the event begins.
    pub(crate) fn has_start(&self) -> bool {
        self.has(Column::StartsOn) || self.has(Column::StartsAt)
    }

    /// Reads the text of a column. The error says what would have been right.
    pub(crate) fn set(&mut self, column: Column, text: &str) -> Result<(), String> {
        let draft = &mut self.record;
        match column {
            Column::Location => self.event().location = line(text),
            Column::Description => self.event().description = block(text),
            Column::Complete => self.event().complete = read(text, yes_or_no)?,
            Column::Owner => self.event().owner = line(text),
            Column::EmailTemplate => self.event().email_template = line(text),
            Column::Associations => self.event().associations = names(text.split(CATEGORY_SEPARATOR)),
            Column::SourceUid => self.event().source_uid = line(text),
            Column::SourceSequence => self.event().source_sequence = read(text, count)?,
            Column::RecurrenceId => self.event().recurrence_id = line(text),
            Column::Recurrence => self.event().recurrence = block(text),
            Column::Id => draft.id = line(text),
            Column::PersonId => draft.person_id = line(text),
            Column::Stage => draft.stage = read(text, stage)?,
            Column::Value => draft.value = read(text, plain_decimal)?,
            Column::Probability => draft.probability = read(text, plain_decimal)?,
            Column::MoreInfo => draft.more_info = block(text),
            Column::Categories => draft.categories = names(text.split(CATEGORY_SEPARATOR)),
            Column::CreatedAt => draft.created_at = read(text, time)?,
            Column::UpdatedAt => draft.updated_at = read(text, time)?,
            _ => draft.contact.set(column, text),
        }
        Ok(())
    }

    /// Sets when an event begins or ends. A time says more than a day.
    pub(crate) fn set_moment(&mut self, column: Column, moment: Moment) {
        let event = self.event();
        let known = match column {
            Column::StartsOn | Column::StartsAt => &mut event.start,
            _ => &mut event.end,
        };
        if !matches!((&known, moment), (Some(_), Moment::Day(_))) {
            *known = Some(moment);
        }
    }

    /// Sets a column of a number.
    pub(crate) fn set_number(&mut self, column: Column, number: Decimal) {
        match column {
            Column::Value => self.record.value = Some(number),
            _ => self.record.probability = Some(number),
        }
    }

    /// Sets what another CRM says of a deal, with the lines for the more info.
    pub(crate) fn set_deal(&mut self, deal: Deal, lines: &[String]) {
        self.record.deal = Some(deal);
        self.record.more_info = block(&lines.join("\n"));
    }

    /// Whether nothing is known of the person but how to reach them, if that.
    pub(crate) fn is_nobodys(&self) -> bool {
        let Contact { name, company, email, .. } = &self.record.contact;
        name.is_none() && company.is_none() && email.is_none()
    }

    /// Sets a column of several names.
    pub(crate) fn set_names(&mut self, column: Column, names: Vec<String>) {
        match column {
            Column::Associations => self.event().associations = names,
            _ => self.record.categories = names,
        }
    }

    pub(crate) fn add_categories(&mut self, categories: impl IntoIterator<Item = String>) {
        self.record.categories.extend(categories);
    }

    /// Adds the value of a custom field, unless the field has one: then it is `false`.
    pub(crate) fn add_custom(&mut self, field: &str, value: &str) -> bool {
        let custom = &mut self.record.custom;
        let is_new = custom.iter().all(|known| known.field != field);
        if is_new {
            custom.push(CustomValue { field: field.to_owned(), value: value.trim().to_owned() });
        }
        is_new
    }

    pub(crate) fn add_foreign(&mut self, header: &str, value: &str) {
        self.record.foreign.push(Foreign { header: header.to_owned(), value: value.trim().to_owned() });
    }

    /// The record that a file of this section carries.
    pub(crate) fn into_record(self, section: Section) -> Record {
        match section {
            Section::People => Record::Person(Box::new(into_person(self.record))),
            Section::Calendar => Record::Event(Box::new(into_event(self.record, self.event.unwrap_or_default()))),
            _ => Record::Transaction(Box::new(self.record)),
        }
    }

    fn event(&mut self) -> &mut Event {
        self.event.get_or_insert_default()
    }
}

/// What says yes in eight languages, and what says no.
const YES: [&str; 31] = [
    "ein",
    "aan",
    "true",
    "yes",
    "y",
    "1",
    "x",
    "on",
    "done",
    "complete",
    "completed",
    "finished",
    "ja",
    "j",
    "wahr",
    "erledigt",
    "oui",
    "vrai",
    "terminé",
    "sí",
    "si",
    "sì",
    "verdadero",
    "vero",
    "sim",
    "verdadeiro",
    "waar",
    "evet",
    "doğru",
    "dogru",
    "✓",
];
const NO: [&str; 24] = [
    "aus",
    "uit",
    "false",
    "no",
    "n",
    "0",
    "off",
    "open",
    "not done",
    "incomplete",
    "nein",
    "falsch",
    "non",
    "faux",
    "falso",
    "não",
    "nao",
    "nee",
    "onwaar",
    "hayır",
    "hayir",
    "yanlış",
    "yanliş",
    "yanlis",
];

/// Whether a text says yes, in eight languages.
pub(crate) fn yes_or_no(text: &str) -> Result<bool, String> {
    let folded = text.to_lowercase();
    match folded.as_str() {
        text if YES.contains(&text) => Ok(true),
        text if NO.contains(&text) => Ok(false),
        _ => Err(format!("`{}` is neither true nor false", excerpt(text))),
    }
}

/// The names among these texts: without white space around them, without blanks.
pub(crate) fn names<T: AsRef<str>>(texts: impl Iterator<Item = T>) -> Vec<String> {
    texts.filter_map(|text| line(text.as_ref())).collect()
}

fn read<T>(text: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

fn stage(text: &str) -> Result<Stage, String> {
    text.parse().map_err(|_| UnknownStage { name: excerpt(text) }.to_string())
}

fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{}` is no whole number; write it like 0 or 12", excerpt(text)))
}

/// A moment; one without an offset is in UTC, as the cells of workbooks have it.
fn time(text: &str) -> Result<Timestamp, String> {
    let in_utc = || match moment(text)? {
        found @ Found { day: Day::Sure(_), .. } => match found.moment(DateOrder::DayFirst)? {
            Moment::Day(day) => Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok(),
            Moment::Local(local) => Offset::UTC.to_timestamp(local).ok(),
            Moment::At(at) => Some(at),
        },
        _ => None,
    };
    text.parse()
        .ok()
        .or_else(in_utc)
        .ok_or_else(|| format!("`{}` is not a time; write it like 2026-11-22T01:02:03Z", excerpt(text)))
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
        deal: _,
        created_at,
        updated_at,
    } = transaction;
    Person { id, contact, categories, custom, foreign, created_at, updated_at }
}

fn into_event(transaction: Transaction, event: Box<Event>) -> Event {
    let Transaction {
        id,
        person_id: _,
        contact,
        stage: _,
        value: _,
        probability: _,
        more_info: _,
        categories,
        custom: _,
        foreign,
        deal: _,
        created_at,
        updated_at,
    } = transaction;
    Event { id, title: contact.title, categories, foreign, created_at, updated_at, ..*event }
}
