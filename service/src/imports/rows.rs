//! What is told of the rows of an import: what becomes of each, which record it means and why, and what its record does not take.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use storage::import::{Change, Detail, Duplicate, MatchedBy, NotTaken, Original, Outcome, PlannedRow};
use storage::query::imports::Skip;
use uuid::Uuid;

use crate::id::{GlobalId, Kind};

/// The names of custom fields by their ids.
pub(super) type FieldNames = HashMap<Uuid, String>;

/// What would become of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRow {
    /// Its number, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// What becomes of it.
    pub outcome: Outcome,
    /// The record that it changes or means; `None` where it makes one.
    pub record: Option<GlobalId>,
    /// What it changes of records that are there, and what a record that it makes will hold, each value of that cut at 1,000 characters.
    pub changes: Vec<FieldChange>,
    /// What its record does not take of it.
    pub not_taken: Vec<NotTaken>,
    /// Which record it means and why, or which row it repeats.
    pub duplicate: Option<DuplicateNote>,
    /// The field at fault of a row that fails.
    pub field: Option<String>,
    /// Why it fails.
    pub reason: Option<String>,
}

/// What a row makes of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The field by its GraphQL name, or the name of a custom field.
    pub field: String,
    /// What it holds; `None` where the row makes the record.
    pub before: Option<String>,
    /// What it would hold; of categories the names of those that are added.
    pub after: Option<String>,
}

/// Why a row means a record or repeats a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateNote {
    /// By which key: `id`, `email`, `nameAndCompany`, …
    pub key: &'static str,
    /// What both have in this key, as it is compared.
    pub values: Vec<String>,
    /// The record.
    pub record: Option<GlobalId>,
    /// The row.
    pub row: Option<u64>,
    /// The same in words.
    pub reason: String,
}

/// What is said of a row that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkipNote {
    /// Its number, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// Which record or row it repeats, in words.
    pub reason: String,
    /// By which key: `id`, `email`, `nameAndCompany`, …
    pub key: Option<&'static str>,
    /// What both have in this key, as it is compared.
    pub values: Vec<String>,
    /// The record that it means.
    pub record: Option<GlobalId>,
    /// The row that it repeats.
    pub repeats: Option<u64>,
}

/// A value of a row that its record does not take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotTakenNote {
    /// The number of the row, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// The field by its GraphQL name, or the name of a custom field; of a value that only goes to the notes of new records what the file
    /// calls it.
    pub field: String,
    /// What the record has there and keeps, cut at 100 characters; `None` where the field is empty and stays so, as a part of another
    /// address does.
    pub stands: Option<String>,
    /// What the file has, cut at 100 characters.
    pub given: String,
}

impl PlanRow {
    /// A row of a section as it is told.
    pub(super) fn of(row: PlannedRow, section: &str, fields: &FieldNames) -> Self {
        let PlannedRow { row, line, outcome, record, detail } = row;
        let Detail { changes, duplicate: of, field, reason, made, not_taken } = detail;
        Self {
            row,
            line,
            outcome,
            record: record.map(|id| record_of(section, id)),
            changes: changes.into_iter().chain(made).map(|change| self::change(change, fields)).collect(),
            not_taken: not_taken.into_iter().map(self::not_taken).collect(),
            duplicate: of.map(|of| duplicate(&of, section, record)),
            field,
            reason,
        }
    }
}

impl SkipNote {
    /// A row of a section that was left out, as it is told.
    pub fn of(skip: Skip, section: &str) -> Self {
        let Skip { row, line, reason, duplicate: of, record } = skip;
        let explained = of.map(|of| duplicate(&of, section, record));
        let (key, values, record, repeats) = match explained {
            Some(DuplicateNote { key, values, record, row, reason: _ }) => (Some(key), values, record, row),
            None => (None, Vec::new(), None, None),
        };
        Self { row, line, reason, key, values, record, repeats }
    }
}

impl NotTakenNote {
    /// A value of a row that begins on this line.
    pub(super) fn of(value: NotTaken, row: u64, line: u64) -> Self {
        let NotTaken { field, stands, given } = not_taken(value);
        Self { row, line, field, stands, given }
    }
}

fn not_taken(not_taken: NotTaken) -> NotTaken {
    let NotTaken { field, stands, given } = not_taken;
    NotTaken { stands: stands.map(|stands| shown(&field, stands)), given: shown(&field, given), field }
}

fn duplicate(of: &Duplicate, section: &str, record: Option<Uuid>) -> DuplicateNote {
    let reason = of.to_string();
    let Duplicate { by, values, of } = of;
    let key = match by {
        MatchedBy::Id => "id",
        MatchedBy::Email => "email",
        MatchedBy::NameAndCompany => "nameAndCompany",
        MatchedBy::Source => "uid",
        MatchedBy::TitleAndTime => "titleAndTime",
    };
    let row = match of {
        Original::Row(row) => Some(*row),
        Original::Record(_) | Original::Later(_) | Original::Transaction(_) => None,
    };
    let record = record.map(|id| record_of(section, id));
    DuplicateNote { key, values: values.clone(), record, row, reason }
}

fn change(change: Change, fields: &FieldNames) -> FieldChange {
    let Change { field, before, after } = change;
    let shown = |value: Option<String>| value.map(|value| shown(&field, value));
    let (before, after) = (shown(before), shown(after));
    FieldChange { field: field_name(field, fields), before, after }
}

/// A value of a field as clients know it: moments in RFC 3339, users and e-mail templates by their global ids.
fn shown(field: &str, value: String) -> String {
    let of = |kind: Kind| Uuid::try_parse(&value).ok().map(|id| kind.global(id).to_string());
    let shown = match field {
        "startsAt" | "endsAt" | "completedAt" => {
            let microseconds = value.parse().ok();
            microseconds.and_then(|at| jiff::Timestamp::from_microsecond(at).ok()).map(|at| at.to_string())
        }
        "owner" => of(Kind::User),
        "emailTemplate" => of(Kind::EmailTemplate),
        _ => None,
    };
    shown.unwrap_or(value)
}

/// The name of a field as clients know it: of a custom field its own name.
pub(super) fn field_name(field: String, fields: &FieldNames) -> String {
    let id = custom_field(&field);
    id.and_then(|id| fields.get(&id).cloned()).unwrap_or(field)
}

/// The custom field that the journal calls so.
pub(super) fn custom_field(field: &str) -> Option<Uuid> {
    field.strip_prefix(Change::CUSTOM).and_then(|id| Uuid::try_parse(id).ok())
}

/// The record that a row of a section means.
fn record_of(section: &str, id: Uuid) -> GlobalId {
    match section {
        "people" => Kind::Person,
        "calendar" => Kind::Event,
        _ => Kind::Transaction,
    }
    .global(id)
}
