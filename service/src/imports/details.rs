//! What is kept of an import beside its counts: what its columns are read as, and what it sets off.

use serde::{Deserialize, Serialize};
use storage::import::PlannedEvent;
use storage::query::imports::{Import, Note};

use super::rows::NotTakenNote;
use crate::error::{Error, Result};

/// What else is known of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Details {
    /// What each column of the file is read as.
    pub columns: Vec<ImportColumn>,
    /// The program that wrote the file, as far as its columns tell.
    pub client: Option<String>,
    /// How many of its rows are series of events.
    pub series: u64,
    /// How many events its template makes.
    pub events: u64,
    /// The events that each record gets that is made or changed.
    pub planned_events: Vec<ImportEvent>,
    /// What is said of rows that could be read: the first of it.
    pub notes: Vec<Note>,
    /// What of the rows their records have not taken: the first of it.
    pub not_taken: Vec<NotTakenNote>,
}

impl Details {
    /// The details of an import that was read whole. Errors: `INTERNAL` for what Cairn did not write.
    pub fn of(import: &Import) -> Result<Self> {
        Self::parse(&import.summary.details)
    }

    /// The details that [`Summary::details`](storage::query::imports::Summary) holds as JSON.
    pub fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(Error::internal)
    }
}

/// What became of a column of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportColumn {
    /// Its name in the file.
    pub name: String,
    /// What it is read as: one of our columns or a custom field, or `notes` for what goes there as a line; `None` where nobody reads it.
    pub field: Option<String>,
    /// In how many rows it is not empty.
    pub filled: u64,
    /// Its first values, at most three, each cut at 100 characters.
    pub samples: Vec<String>,
    /// In how many rows its value was not taken, as the record of the row has another one or the field is none that such a row fills.
    #[serde(default, rename = "notTaken")]
    pub not_taken: u64,
}

/// An event that each record gets that is made or changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportEvent {
    /// Its title.
    pub title: String,
    /// Its day in the time zone of the account, such as `2026-05-25`.
    pub day: String,
    /// When it begins (RFC 3339); `None` for all day.
    pub at: Option<String>,
}

impl ImportColumn {
    /// What the format reports of a column.
    pub(super) fn of(column: formats::ColumnReport) -> Self {
        let formats::ColumnReport { name, field, line: _, filled, samples } = column;
        let not_taken = 0;
        // No database of ours can hold a NUL.
        let samples = samples.into_iter().map(|sample| sample.replace('\0', "")).collect();
        Self { name: name.replace('\0', ""), field, filled, samples, not_taken }
    }
}

impl ImportEvent {
    /// An event that each record gets.
    pub(super) fn of(event: PlannedEvent) -> Self {
        let PlannedEvent { title, time } = event;
        let at = time.at.map(|at| jiff::Timestamp::from(at).to_string());
        Self { title, day: time.day.to_string(), at }
    }
}
