//! What is told of the rows of an import.

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use serde::Serialize;
use service::{Error, Result, Session};
use storage::import::{NotTaken, Outcome};
use storage::query::imports::{Import, Note, Skip};

use super::names::outcome_name;

/// How many rows of a plan are read at a time.
const PAGE: usize = 500;

/// What is said of a row, in JSON.
#[derive(Serialize)]
pub(crate) struct RowNote {
    /// Its number, from 1.
    pub(crate) row: u64,
    /// The physical line where it begins, from 1.
    pub(crate) line: u64,
    /// The field or column that is meant, where there is one.
    pub(crate) field: Option<String>,
    /// What is wrong with it, or what was done with it and why.
    pub(crate) reason: String,
}

/// What is said of a row that was left out.
#[derive(Serialize)]
pub(crate) struct SkipNote {
    /// Its number, from 1.
    pub(crate) row: u64,
    /// The physical line where it begins, from 1.
    pub(crate) line: u64,
    /// Which record or row it repeats, in words.
    pub(crate) reason: String,
    /// By which key: `id`, `email`, `nameAndCompany`, …
    pub(crate) key: Option<&'static str>,
    /// What both have in this key, as it is compared.
    pub(crate) values: Vec<String>,
    /// The record that it means.
    pub(crate) record: Option<String>,
    /// The row that it repeats.
    pub(crate) repeats: Option<u64>,
}

/// What would become of a row.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanRow {
    /// Its number, from 1.
    pub(crate) row: u64,
    /// The physical line where it begins, from 1.
    pub(crate) line: u64,
    /// What becomes of it.
    pub(crate) outcome: &'static str,
    /// The record that it changes or means; `None` where it makes one.
    pub(crate) record: Option<String>,
    /// What it changes of records that are there, and what a record that it makes will hold, each value of that cut at 1,000 characters.
    pub(crate) changes: Vec<FieldChange>,
    /// What its record does not take of it.
    pub(crate) not_taken: Vec<RowNotTaken>,
    /// Which record it means and why, or which row it repeats.
    pub(crate) duplicate: Option<DuplicateNote>,
    /// The field at fault of a row that fails.
    pub(crate) field: Option<String>,
    /// Why it fails.
    pub(crate) reason: Option<String>,
}

/// What would become of a row, and what its record is called.
#[derive(Serialize)]
pub(crate) struct NamedRow {
    /// What the row calls its record; nothing for one that fails.
    pub(crate) name: String,
    /// What would become of it.
    #[serde(flatten)]
    pub(crate) row: PlanRow,
}

/// What a row makes of a field.
#[derive(Serialize)]
pub(crate) struct FieldChange {
    /// The field by its GraphQL name, or the name of a custom field.
    pub(crate) field: String,
    /// What it holds; `None` where the row makes the record.
    pub(crate) before: Option<String>,
    /// What it would hold; of categories the names of those that are added.
    pub(crate) after: Option<String>,
}

/// Why a row means a record or repeats a row.
#[derive(Serialize)]
pub(crate) struct DuplicateNote {
    /// By which key: `id`, `email`, `nameAndCompany`, …
    pub(crate) key: &'static str,
    /// What both have in this key, as it is compared.
    pub(crate) values: Vec<String>,
    /// The record.
    pub(crate) record: Option<String>,
    /// The row.
    pub(crate) row: Option<u64>,
    /// The same in words.
    pub(crate) reason: String,
}

/// A value of a row that its record does not take.
#[derive(Serialize)]
pub(crate) struct RowNotTaken {
    /// The field by its GraphQL name, or the name of a custom field; of a value that only goes to the notes of new records what the file
    /// calls it.
    pub(crate) field: String,
    /// What the record has there and keeps, cut at 100 characters; `None` where the field is empty and stays so, as a part of another
    /// address does.
    pub(crate) stands: Option<String>,
    /// What the file has, cut at 100 characters.
    pub(crate) given: String,
}

impl RowNote {
    pub(super) fn of(note: Note) -> Self {
        let Note { row, line, field, reason } = note;
        Self { row, line, field, reason }
    }
}

impl SkipNote {
    pub(super) fn of(skip: Skip, section: &str) -> Self {
        let service::SkipNote { row, line, reason, key, values, record, repeats } =
            service::SkipNote::of(skip, section);
        Self { row, line, reason, key, values, record: record.map(|id| id.to_string()), repeats }
    }
}

impl NamedRow {
    pub(super) fn of(row: service::NamedRow) -> Self {
        let service::NamedRow { name, row } = row;
        Self { name, row: PlanRow::of(row) }
    }
}

impl PlanRow {
    fn of(row: service::PlanRow) -> Self {
        let service::PlanRow { row, line, outcome, record, changes, not_taken, duplicate, field, reason } = row;
        let change = |service::FieldChange { field, before, after }| FieldChange { field, before, after };
        let not_taken_of_row = |NotTaken { field, stands, given }| RowNotTaken { field, stands, given };
        let duplicate_of = |service::DuplicateNote { key, values, record, row, reason }| {
            let record = record.map(|id| id.to_string());
            DuplicateNote { key, values, record, row, reason }
        };
        Self {
            row,
            line,
            outcome: outcome_name(outcome),
            record: record.map(|id| id.to_string()),
            changes: changes.into_iter().map(change).collect(),
            not_taken: not_taken.into_iter().map(not_taken_of_row).collect(),
            duplicate: duplicate.map(duplicate_of),
            field,
            reason,
        }
    }
}

/// All rows of a plan as newline-delimited JSON; only those with one of these outcomes, unless there are none.
pub(crate) fn rows_file(
    session: Session,
    plan: Import,
    outcomes: Vec<Outcome>,
) -> impl Stream<Item = Result<Bytes>> + Send {
    stream::try_unfold((session, plan, outcomes, Some(0)), async |(session, plan, outcomes, after)| {
        let Some(after) = after else { return Ok(None) };
        let rows = session.imports().plan_rows(&plan, &outcomes, Some(after), PAGE as u64).await?;
        let next = rows.last().map(|row| row.row).filter(|_| rows.len() == PAGE);
        let mut lines = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut lines, &PlanRow::of(row)).map_err(Error::internal)?;
            lines.push(b'\n');
        }
        Ok((!lines.is_empty()).then(|| (Bytes::from(lines), (session, plan, outcomes, next))))
    })
}
