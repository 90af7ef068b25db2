//! Telling rows that can be records from those that cannot, without a database.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use uuid::Uuid;

use super::decision::NotTaken;
use super::events::CheckedEvent;
use super::incoming::{CheckedContact, Failure, Incoming, IncomingEvent, KEPT, Target, created_contact};
use super::transactions::checked_terms;
use crate::change::Change;
use crate::error::Result;
use crate::fold::fold;
use crate::handle::{Rows, Scope, Unit};
use crate::query::custom_fields::{self, CustomField};
use crate::query::{categories, field_values};
use crate::text::plain;
use crate::value::Timestamp;

/// A row that could be a record: what is wrong with a row never depends on the records that the database holds.
#[derive(Clone, Debug)]
pub struct Checked {
    pub(super) row: Row,
    /// The cells of which nothing could be made; the row goes in without them.
    pub failed_cells: Vec<Failure>,
}

#[derive(Clone, Debug)]
pub(super) enum Row {
    Contact(Box<CheckedContact>),
    Event(Box<CheckedEvent>),
}

impl Checked {
    /// What its record is called.
    pub fn name(&self) -> String {
        match &self.row {
            Row::Contact(row) => row.incoming.contact.display_name(),
            Row::Event(row) => row.title().to_owned(),
        }
    }
}

/// Tells rows that can be records from those that cannot. It needs no database, so rows can be checked while others are written.
pub struct Checker {
    pub(super) target: Target,
    pub(super) categories: Vec<String>,
    pub(super) fields: Fields,
    pub(super) now: Timestamp,
    /// The time zone of the account, for events.
    pub(super) zone: TimeZone,
}

/// The custom fields that rows may fill, with the options of those that are a choice.
pub(super) struct Fields {
    of_record: Vec<CustomField>,
    of_person: Vec<CustomField>,
    options: HashMap<Uuid, Vec<String>>,
}

impl Checker {
    /// Whether a row could be a record. What a cell holds that its field cannot becomes a line of the notes, and the cell is told of.
    pub fn check(&self, mut incoming: Incoming) -> std::result::Result<Checked, Failure> {
        incoming.categories.extend(self.categories.iter().cloned());
        categories::check_count(&incoming.categories)?;
        for name in &incoming.categories {
            categories::check_name(name)?;
        }
        let mut failed_cells = Vec::new();
        incoming.read_email(&mut failed_cells);
        self.fields.check(&mut incoming, &mut failed_cells);
        incoming.contact = std::mem::take(&mut incoming.contact).cleaned()?;
        if let Some(notes) = incoming.foreign_notes.take() {
            incoming.foreign_notes = Some(plain(&notes).into_owned());
            // The foreign lines may bring the notes over their limit.
            created_contact(&incoming).cleaned()?;
        }
        if let Target::Stage(_) = self.target {
            incoming.terms = checked_terms(&incoming.terms)?;
        }
        let keys = incoming.contact.keys();
        Ok(Checked { row: Row::Contact(Box::new(CheckedContact { incoming, keys })), failed_cells })
    }

    /// Whether a row could be an event; one without a date is today's.
    pub fn check_event(&self, mut incoming: IncomingEvent) -> std::result::Result<Checked, Failure> {
        incoming.categories.extend(self.categories.iter().cloned());
        let row = CheckedEvent::new(incoming, self.now, &self.zone)?;
        Ok(Checked { row: Row::Event(Box::new(row)), failed_cells: Vec::new() })
    }
}

impl Fields {
    /// The fields that records of the target have, and those of people. They stay as they are until the unit ends.
    pub(super) async fn load(unit: &Unit, target: Target) -> Result<Self> {
        let scope = Scope { rows: Rows::Shared, ..unit.scope() };
        let all = custom_fields::live(&scope).all(&scope.on).await?;
        let ids: Vec<_> = all.iter().map(|field| field.id).collect();
        let options = custom_fields::options_in(&unit.scope(), &ids).await?;
        let (of_person, of_transaction): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|field| field.target == custom_fields::Target::Person);
        let of_record = match target {
            Target::People | Target::Events => Vec::new(),
            Target::Stage(_) => of_transaction,
        };
        Ok(Self { of_record, of_person, options })
    }

    /// Calls a custom field by its name in what is told of a row.
    pub(super) fn name(&self, not_taken: &mut NotTaken) {
        let Some(id) = not_taken.field.strip_prefix(Change::CUSTOM) else { return };
        let mut fields = self.of_record.iter().chain(&self.of_person);
        if let Some(field) = fields.find(|field| field.id.to_string() == id) {
            not_taken.field.clone_from(&field.name);
        }
    }

    /// Sorts the row's custom values to the record and its person, as their fields can hold them. A field that both have is the
    /// record's.
    fn check(&self, incoming: &mut Incoming, failed_cells: &mut Vec<Failure>) {
        for (name, text) in std::mem::take(&mut incoming.custom) {
            let key = fold(&name);
            let named = |fields: &[CustomField]| fields.iter().find(|field| field.name_key == key).cloned();
            let (field, values) = match (named(&self.of_record), named(&self.of_person)) {
                (Some(field), _) => (field, &mut incoming.values),
                (None, Some(field)) => (field, &mut incoming.person_values),
                (None, None) => continue,
            };
            let options = self.options.get(&field.id).map(Vec::as_slice).unwrap_or_default();
            match field_values::parse(&field, options, &text) {
                Ok(value) => values.extend(value.map(|value| (field.id, value))),
                Err(error) => {
                    incoming.note(&format!("{name}: {}", text.trim()));
                    let reason = format!("{}; {KEPT}", Failure::from(error).reason);
                    failed_cells.push(Failure { field: Some(name), reason });
                }
            }
        }
    }
}
