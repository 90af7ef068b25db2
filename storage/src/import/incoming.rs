//! What an import takes: how it is to be done, and the rows as they arrive.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::stored::Duplicates;
use crate::contact::{self, Contact, Keys};
use crate::handle::{Rows, Scope, Unit};
use crate::item::Item;
use crate::query::events::{Progress, Source};
use crate::query::transactions::Stage;
use crate::text::plain;
use crate::value::{Day, Decimal, Timestamp};

/// What becomes of a cell that its field cannot hold.
pub(super) const KEPT: &str = "the row goes in without it, and a new person has it in their notes";

/// What an import makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// People.
    People,
    /// A transaction in this stage a row, and its person.
    Stage(Stage),
    /// Events.
    Events,
}

/// How an import is to be done.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What it makes.
    pub target: Target,
    /// What happens to duplicates.
    pub duplicates: Duplicates,
    /// Categories for every row that is created or updated, beside those of the row.
    pub categories: Vec<String>,
    /// Value and probability of transactions whose rows have none; more info is nobody's default.
    pub defaults: IncomingTerms,
    /// Who counts as the creator of what is made, and manages its transactions; the user who imports where it is empty.
    pub owner: Option<Uuid>,
    /// The event template that is fired on each record that is made or changed.
    pub event_template: Option<Uuid>,
    /// What reads the rules of series, which are only kept here.
    pub first_of_series: Option<FirstOfSeries>,
}

/// When the first of a series that takes place begins and ends: of these lines, of which the first begins then so far, with times that have
/// no zone in this one, and with these of it, called as `recurrence_id` says, events of their own. `None` where that stays as it is.
pub type FirstOfSeries = fn(&str, IncomingTime, &TimeZone, &[String]) -> Option<(IncomingTime, Option<IncomingTime>)>;

impl Policy {
    /// The plainest: no categories, defaults, owner or events, and nothing that reads rules.
    pub fn new(target: Target, duplicates: Duplicates) -> Self {
        let (categories, defaults) = (Vec::new(), IncomingTerms::default());
        Self { target, duplicates, categories, defaults, owner: None, event_template: None, first_of_series: None }
    }

    /// The scope in which the records of a batch are read: locked where they may be changed, and shared where they get a
    /// transaction, which nobody sees until the import ends, so that nobody renames or deletes its person meanwhile.
    pub(super) fn scope<'u>(&self, unit: &'u Unit) -> Scope<'u> {
        match (self.duplicates, self.target) {
            (Duplicates::Ignore, Target::People | Target::Events) => unit.scope(),
            (Duplicates::Ignore, Target::Stage(_)) => Scope { rows: Rows::Shared, ..unit.scope() },
            (Duplicates::Replace | Duplicates::Merge, _) => unit.locking_scope(),
        }
    }
}

/// A row as it arrives.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    /// Its number in the file, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// The id that the row gives for its record, in this account or another.
    pub id: Option<Uuid>,
    /// The id that a row of a stage gives for its person.
    pub person_id: Option<Uuid>,
    /// When its record was made and changed, where the row says it.
    pub times: RecordTimes,
    /// The contact data of the row.
    pub contact: Contact,
    /// Lines for the notes of a record that the row creates.
    pub foreign_notes: Option<String>,
    /// The names of the row's categories.
    pub categories: Vec<String>,
    /// Value, probability and more info, as far as the row has them; only read for a stage.
    pub terms: IncomingTerms,
    /// What another CRM says that calls a transaction a deal; only read for a stage.
    pub deal: Option<IncomingDeal>,
    /// Names of custom fields and what the row has in them.
    pub custom: Vec<(String, String)>,
    /// What becomes of `custom`: the values of the record by the ids of their fields, as those can hold them. `Checker::check`
    /// fills it.
    pub values: Vec<(Uuid, String)>,
    /// Likewise the values of the person.
    pub person_values: Vec<(Uuid, String)>,
}

/// When a record was made and when it was changed last, as a file of ours says it. A record that a row creates keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordTimes {
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was changed last.
    pub updated_at: Option<Timestamp>,
}

impl RecordTimes {
    /// When a record that is made now was made and changed: never later than now, nor changed before it was made.
    pub(super) fn of_new(self, now: Timestamp) -> (Timestamp, Timestamp) {
        let created_at = self.created_at.map_or(now, |at| at.min(now));
        (created_at, self.updated_at.map_or(created_at, |at| at.min(now)).max(created_at))
    }
}

/// What tells a deal from the others of its person, and where it belongs whatever the file is imported into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncomingDeal {
    /// A line of its more info: a transaction of the person means the same deal if it has this line, whatever its stage. Without one the
    /// row means the newest transaction of the person in its stage.
    pub line: Option<String>,
    /// The stage of a deal that is won or lost.
    pub stage: Option<Stage>,
}

/// What a row says of a transaction; `None` is an empty cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of `Terms`")]
pub struct IncomingTerms {
    pub value: Option<Decimal>,
    pub probability: Option<Decimal>,
    pub more_info: Option<String>,
}

/// A row about a person. To fold a contact takes longer than whatever else is done about a row, and needs no database either.
#[derive(Clone, Debug)]
pub(super) struct CheckedContact {
    pub(super) incoming: Incoming,
    pub(super) keys: Keys,
}

/// Why a row cannot be a record, or a cell no value of its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The GraphQL name of the field at fault, or the name of a custom field, where there is one.
    pub field: Option<String>,
    /// What is wrong and what would have been right.
    pub reason: String,
}

impl Incoming {
    /// Reads the e-mail address as people write it. What is none goes to the notes; a person of whom nothing else is known is called by it.
    pub(super) fn read_email(&mut self, failed_cells: &mut Vec<Failure>) {
        match self.contact.read_email() {
            Ok(others) => others.iter().for_each(|line| self.note(line)),
            Err(text) => {
                self.contact.email = None;
                if !self.contact.is_known() {
                    // Else the whole row would fail for this cell.
                    self.contact.name = Some(contact::cut_name(&text));
                }
                self.note(&contact::email_line(&text));
                let reason = format!("{}; {KEPT}", contact::no_address(&text));
                failed_cells.push(Failure { field: Some("email".to_owned()), reason });
            }
        }
    }

    /// Adds a line for the notes of a record that the row creates.
    pub(super) fn note(&mut self, line: &str) {
        match &mut self.foreign_notes {
            Some(notes) => {
                notes.push('\n');
                notes.push_str(line);
            }
            none => *none = Some(line.to_owned()),
        }
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::Invalid { field, reason } => Self { field: field.map(ToOwned::to_owned), reason },
            other => Self { field: None, reason: other.to_string() },
        }
    }
}

/// The contact of a record that a row creates: foreign values become lines of its notes.
pub(super) fn created_contact(incoming: &Incoming) -> Contact {
    with_notes(incoming.contact.clone(), incoming.foreign_notes.as_deref())
}

pub(super) fn with_notes(contact: Contact, more: Option<&str>) -> Contact {
    let notes = match (contact.notes, more) {
        (Some(notes), Some(more)) => Some(format!("{notes}\n{more}")),
        (notes, more) => notes.or_else(|| more.map(ToOwned::to_owned)),
    };
    Contact { notes, ..contact }
}

/// The contact that a record would have after a row; under [`Duplicates::Ignore`] what replacing would give, which
/// tells whether the row says anything new.
pub(super) fn combined(policy: Duplicates, current: &Contact, incoming: &Incoming) -> Contact {
    let mut row = incoming.contact.clone();
    for ((_, given), (_, known)) in row.fields_mut().into_iter().zip(current.fields()) {
        // What was stored before line ends were of one kind is no news either.
        if let Some(known) = known.filter(|known| given.as_deref() == Some(&*plain(known))) {
            *given = Some(known.to_owned());
        }
    }
    if current.notes == created_contact(incoming).notes {
        // The record was made by this very row: its foreign lines are no news.
        row.notes.clone_from(&current.notes);
    }
    match policy {
        Duplicates::Merge => current.clone().filled(row),
        Duplicates::Ignore | Duplicates::Replace => current.clone().overwritten(row),
    }
}

/// A row of the calendar as it arrives; `None` is an empty cell.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names of the fields say what they hold")]
pub struct IncomingEvent {
    pub row: u64,
    pub line: u64,
    pub id: Option<Uuid>,
    pub title: Option<String>,
    pub start: Option<IncomingTime>,
    pub end: Option<IncomingTime>,
    pub location: Option<String>,
    pub description: Option<String>,
    pub progress: Option<Progress>,
    /// The e-mail address of the user whom it is for.
    pub owner: Option<String>,
    /// The name of the mail that goes with it.
    pub email_template: Option<String>,
    pub associations: Vec<IncomingSubject>,
    pub categories: Vec<String>,
    /// What the calendar says of it from which it comes.
    pub source: Source,
    /// When that calendar made this version.
    pub stamp: Option<Timestamp>,
    /// When the event was made and changed, where a file of ours says it.
    pub times: RecordTimes,
    /// Lines for the description of an event that the row creates.
    pub foreign_notes: Option<String>,
}

/// When an event begins or ends, as a row says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncomingTime {
    /// A day.
    Day(Day),
    /// A day and a time in the time zone of the account.
    Local(DateTime),
    /// A moment.
    At(Timestamp),
}

/// What a row says that its event belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncomingSubject {
    /// A person or a transaction of ours, perhaps.
    Item(Item),
    /// A display name or an e-mail address.
    Named(String),
}
