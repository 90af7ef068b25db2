//! What is kept of an import beside its counts: what its columns are read as, and what it sets off.

use serde::{Deserialize, Serialize};
use storage::query::imports::Note;

use crate::receipts::NotTakenNote;

/// What else is known of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Details {
    /// What each column of the file is read as.
    pub(crate) columns: Vec<ImportColumn>,
    /// The program that wrote the file, as far as its columns tell.
    pub(crate) client: Option<String>,
    /// How many of its rows are series of events.
    pub(crate) series: u64,
    /// How many events its template makes.
    pub(crate) events: u64,
    /// The events that each record gets that is made or changed.
    pub(crate) planned_events: Vec<ImportEvent>,
    /// What is said of rows that could be read: the first of it.
    pub(crate) notes: Vec<Note>,
    /// What of the rows their records have not taken: the first of it.
    pub(crate) not_taken: Vec<NotTakenNote>,
}

/// What became of a column of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, async_graphql::SimpleObject)]
pub struct ImportColumn {
    /// Its name in the file.
    pub name: String,
    /// What it is read as: one of our columns or a custom field, or `notes` for what goes there as a line; null where nobody reads it.
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, async_graphql::SimpleObject)]
#[graphql(name = "ImportEvent")]
pub struct ImportEvent {
    /// Its title.
    pub title: String,
    /// Its day in the time zone of the account, such as `2026-05-25`.
    pub day: String,
    /// When it begins (RFC 3339); null for all day.
    pub at: Option<String>,
}
