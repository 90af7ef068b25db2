//! What a file carries, apart from how the file writes it down.

mod cell;
mod column;
mod contact;
mod date;
mod deal;
mod draft;
mod number;
mod placeholder;
mod stage;

use jiff::{Timestamp, civil};
use rust_decimal::Decimal;

use crate::{EncodeError, Section};

pub(crate) use self::cell::{CATEGORY_SEPARATOR, Value, plain};
pub(crate) use self::column::Column;
pub(crate) use self::date::{Day, Found, moment, time};
pub(crate) use self::draft::{Draft, names, yes_or_no};
pub(crate) use self::number::{Reading, Written, hundredth, is_plain, written};
pub(crate) use crate::sentence::excerpt;

pub use self::column::columns;
pub use self::contact::Contact;
pub use self::date::read_date;
pub use self::deal::{Deal, Outcome};
pub use self::number::read_number;
pub use self::placeholder::Placeholder;
pub use self::stage::{Stage, UnknownStage};

/// One thing of a file. Its serde view is an object with the names of [`columns`] in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A row of the section people.
    Person(Box<Person>),
    /// A row of one of the four stages.
    Transaction(Box<Transaction>),
    /// A row of the calendar.
    Event(Box<Event>),
    /// A row of the section messages.
    Message(Box<Message>),
    /// A row of the section e-mail templates.
    EmailTemplate(Box<EmailTemplate>),
    /// A row of the section event templates: one of a template's events.
    TemplateItem(Box<TemplateItem>),
}

impl Record {
    /// Fails unless the record is of the kind that a section's documents carry.
    pub(crate) fn check_belongs_to(&self, section: Section, format: &'static str) -> Result<(), EncodeError> {
        let belongs = match self {
            Record::Person(_) => section == Section::People,
            Record::Transaction(_) => section.stage().is_some(),
            Record::Event(_) => section == Section::Calendar,
            Record::Message(_) => section == Section::Messages,
            Record::EmailTemplate(_) => section == Section::EmailTemplates,
            Record::TemplateItem(_) => section == Section::EventTemplates,
        };
        if belongs { Ok(()) } else { Err(EncodeError::WrongRecord { format, section }) }
    }
}

/// A person as a file carries it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The id that an export of ours wrote, not yet known to be alive.
    pub id: Option<String>,
    /// How to reach the person.
    pub contact: Contact,
    /// The names of the person's categories.
    pub categories: Vec<String>,
    /// The values of custom fields, each field once.
    pub custom: Vec<CustomValue>,
    /// Values of another client's columns that have no field here.
    pub foreign: Vec<Foreign>,
    /// When the person was created.
    pub created_at: Option<Timestamp>,
    /// When the person was changed last.
    pub updated_at: Option<Timestamp>,
}

/// A transaction, and the person with whom it is made, as one row of a file carries them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// The transaction's id that an export of ours wrote, not yet known to be alive.
    pub id: Option<String>,
    /// The id of the transaction's person, likewise.
    pub person_id: Option<String>,
    /// How to reach the person.
    pub contact: Contact,
    /// The stage; where a file has none, the section says it.
    pub stage: Option<Stage>,
    /// The value in the account's currency.
    pub value: Option<Decimal>,
    /// The probability as the file has it, meant to be between 0 and 1.
    pub probability: Option<Decimal>,
    /// Free text about the transaction; may have several lines.
    pub more_info: Option<String>,
    /// The names of the transaction's categories.
    pub categories: Vec<String>,
    /// The values of custom fields, each field once.
    pub custom: Vec<CustomValue>,
    /// Values of another client's columns that have no field here.
    pub foreign: Vec<Foreign>,
    /// What another CRM says of it that calls it a deal.
    pub deal: Option<Deal>,
    /// When the transaction was created.
    pub created_at: Option<Timestamp>,
    /// When the transaction was changed last.
    pub updated_at: Option<Timestamp>,
}

/// An event as a file carries it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The id that an export of ours wrote, not yet known to be alive.
    pub id: Option<String>,
    /// What happens.
    pub title: Option<String>,
    /// When it begins; an all-day event has a day here.
    pub start: Option<Moment>,
    /// When it ends: of an all-day event the last day, which is part of it.
    pub end: Option<Moment>,
    /// Where.
    pub location: Option<String>,
    /// More about it; may have several lines.
    pub description: Option<String>,
    /// Whether it is done; `None` where the file does not say.
    pub complete: Option<bool>,
    /// Whom it is for: the user's e-mail address.
    pub owner: Option<String>,
    /// The name of the e-mail template that goes with it.
    pub email_template: Option<String>,
    /// The people and transactions that it belongs to: display names, e-mail addresses or ids of ours.
    pub associations: Vec<String>,
    /// The names of the event's categories.
    pub categories: Vec<String>,
    /// What the calendar from which it comes calls it: its UID (RFC 5545 section 3.8.4.7).
    pub source_uid: Option<String>,
    /// Which version that calendar had of it: its SEQUENCE.
    pub source_sequence: Option<u64>,
    /// Of one of a series that was changed: when it would have been, such as `20261122T093000Z`, `20261122T093000` or `20261122`.
    pub recurrence_id: Option<String>,
    /// Of a series, of which `start` is the first that takes place: DTSTART, DTEND or DURATION, RRULE, RDATE and EXDATE as lines of
    /// iCalendar, then the VTIMEZONE that they need. [`check_recurrence`](crate::check_recurrence) tells whether a text is one.
    pub recurrence: Option<String>,
    /// Of one of a series that was changed, the id of the series, where the writer has that; decoders leave it at `None`, and no column
    /// carries it.
    pub series_id: Option<String>,
    /// Of a series, which of it were changed there and are not written beside it, as `recurrence_id` has them: whoever writes the series
    /// leaves these out of it. Decoders leave it empty, and no column carries it.
    pub left_out: Vec<String>,
    /// When this version was made, where a decoder knows; no column carries it.
    pub stamp: Option<Timestamp>,
    /// Values of another client's columns that have no field here.
    pub foreign: Vec<Foreign>,
    /// How often it has been changed, from 0, where the writer knows; decoders leave it at `None`, and no column carries it.
    pub revision: Option<u64>,
    /// When the event was created.
    pub created_at: Option<Timestamp>,
    /// When the event was changed last.
    pub updated_at: Option<Timestamp>,
}

/// A message as a file carries it. Messages are only written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its text; may have several lines.
    pub body: Option<String>,
    /// The address that an e-mail came from.
    pub emailed_from: Option<String>,
    /// The addresses that an e-mail went to.
    pub emailed_to: Option<String>,
    /// The name of the user who made it; `None` for the system.
    pub creator: Option<String>,
    /// Its files.
    pub files: Vec<File>,
    /// The display names of the people and transactions that it belongs to.
    pub associations: Vec<String>,
    /// The names of its categories.
    pub categories: Vec<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was changed last.
    pub updated_at: Option<Timestamp>,
}

/// A file of a message: where it is, not its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its absolute address.
    pub url: String,
    /// Its media type, where it is known.
    pub media_type: Option<String>,
}

/// An e-mail template as a file carries it: a text with merge fields. Templates are only written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmailTemplate {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// The subject of the mail.
    pub subject: String,
    /// The text of the mail; may have several lines.
    pub body: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was changed last.
    pub updated_at: Option<Timestamp>,
}

/// One event of an event template, with the template around it, as one row of a file carries them. Templates are only written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateItem {
    /// The template's id.
    pub id: Option<String>,
    /// The template's name.
    pub name: String,
    /// The event's place in the template, from 1.
    pub item: u64,
    /// On which day, such as `+1 Week`.
    pub offset: String,
    /// At what time, such as `18:15`; all day where it is `None`.
    pub time_of_day: Option<String>,
    /// What happens.
    pub title: String,
    /// Where.
    pub location: Option<String>,
    /// More about it; may have several lines.
    pub description: Option<String>,
    /// The name of the e-mail template that goes with it.
    pub email_template: Option<String>,
    /// When the template was made.
    pub created_at: Option<Timestamp>,
    /// When the template was changed last.
    pub updated_at: Option<Timestamp>,
}

/// When an event begins or ends, as a file says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A day.
    Day(civil::Date),
    /// A day and a time in the time zone of whoever reads it, which is the account's.
    Local(civil::DateTime),
    /// A moment that is the same everywhere.
    At(Timestamp),
}

/// The value of a field that the account has defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomValue {
    /// The name of the field, as the account writes it.
    pub field: String,
    /// The value as the file has it, without white space around it.
    pub value: String,
}

/// The value of a column that is known but has no field of ours. An import writes it as a `Header: value` line into the notes of
/// a record that it creates; codecs of ours never write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The column's header as the file has it.
    pub header: String,
    /// The cell, without white space around it.
    pub value: String,
}
