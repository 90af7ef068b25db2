//! What is told of the file, the columns and the rows of an import.

use async_graphql::{Enum, ID, SimpleObject};

/// The file of an import.
#[derive(Clone, SimpleObject)]
pub(crate) struct ImportFile {
    /// Its name, where it had one.
    pub(crate) name: Option<String>,
    /// The SHA-256 of its bytes in hexadecimal digits.
    pub(crate) sha256: String,
    /// The name of its format.
    pub(crate) format: String,
    /// Its charset, such as `windows-1252`, where it is text.
    pub(crate) charset: Option<String>,
    /// What separates its cells, where it has cells.
    pub(crate) delimiter: Option<String>,
}

/// What is said of a row that failed.
#[derive(Clone, SimpleObject)]
pub(crate) struct ImportError {
    /// Its number, from 1.
    pub(crate) row: u64,
    /// The physical line where it begins, from 1.
    pub(crate) line: u64,
    /// The field or column at fault, where there is one.
    pub(crate) field: Option<String>,
    /// What is wrong, or which record or row it repeats.
    pub(crate) reason: String,
}

/// What is said of a row that could be read.
#[derive(Clone, SimpleObject)]
pub(crate) struct ImportNote {
    /// Its number, from 1.
    pub(crate) row: u64,
    /// The physical line where it begins, from 1.
    pub(crate) line: u64,
    /// The field or column that is meant, where there is one.
    pub(crate) field: Option<String>,
    /// What was done with it and why.
    pub(crate) reason: String,
}

/// A value of a row that its record does not take.
#[derive(Clone, SimpleObject)]
pub(crate) struct ImportNotTaken {
    /// The number of the row, from 1.
    pub(crate) row: u64,
    /// The physical line where it begins, from 1.
    pub(crate) line: u64,
    /// The field by its GraphQL name, or the name of a custom field; of a value that only goes to the notes of new records what the file
    /// calls it.
    pub(crate) field: String,
    /// What the record has there and keeps, cut at 100 characters; null where the field is empty and stays so, as a part of another
    /// address does.
    pub(crate) stands: Option<String>,
    /// What the file has, cut at 100 characters.
    pub(crate) given: String,
}

/// A value of a row that its record does not take.
#[derive(Clone, SimpleObject)]
pub(crate) struct ImportRowNotTaken {
    /// The field by its GraphQL name, or the name of a custom field; of a value that only goes to the notes of new records what the file
    /// calls it.
    pub(crate) field: String,
    /// What the record has there and keeps, cut at 100 characters; null where the field is empty and stays so, as a part of another
    /// address does.
    pub(crate) stands: Option<String>,
    /// What the file has, cut at 100 characters.
    pub(crate) given: String,
}

/// What is said of a row that was left out.
#[derive(Clone, SimpleObject)]
pub(crate) struct ImportSkip {
    /// Its number, from 1.
    pub(crate) row: u64,
    /// The physical line where it begins, from 1.
    pub(crate) line: u64,
    /// Which record or row it repeats, in words.
    pub(crate) reason: String,
    /// By which key: `id`, `email`, `nameAndCompany`, …
    pub(crate) key: Option<String>,
    /// What both have in this key, as it is compared.
    pub(crate) values: Vec<String>,
    /// The record that it means.
    pub(crate) record: Option<ID>,
    /// The row that it repeats.
    pub(crate) repeats: Option<u64>,
}

/// What would become of a row.
#[derive(Clone, SimpleObject)]
pub(crate) struct ImportRow {
    /// Its number, from 1.
    pub(crate) row: u64,
    /// The physical line where it begins, from 1.
    pub(crate) line: u64,
    /// What becomes of it.
    pub(crate) outcome: ImportOutcome,
    /// The record that it changes or means; null where it makes one.
    pub(crate) record: Option<ID>,
    /// What it changes of records that are there, and what a record that it makes will hold, each value of that cut at 1,000 characters.
    pub(crate) changes: Vec<ImportChange>,
    /// What its record does not take of it.
    pub(crate) not_taken: Vec<ImportRowNotTaken>,
    /// Which record it means and why, or which row it repeats.
    pub(crate) duplicate: Option<ImportDuplicate>,
    /// The field at fault of a row that fails.
    pub(crate) field: Option<String>,
    /// Why it fails.
    pub(crate) reason: Option<String>,
}

/// What a row makes of a field.
#[derive(Clone, SimpleObject)]
pub(crate) struct ImportChange {
    /// The field by its GraphQL name, or the name of a custom field.
    pub(crate) field: String,
    /// What it holds; null where the row makes the record.
    pub(crate) before: Option<String>,
    /// What it would hold; of categories the names of those that are added.
    pub(crate) after: Option<String>,
}

/// Why a row means a record or repeats a row.
#[derive(Clone, SimpleObject)]
pub(crate) struct ImportDuplicate {
    /// By which key: `id`, `email`, `nameAndCompany`, …
    pub(crate) key: String,
    /// What both have in this key, as it is compared.
    pub(crate) values: Vec<String>,
    /// The record.
    pub(crate) record: Option<ID>,
    /// The row.
    pub(crate) row: Option<u64>,
    /// The same in words.
    pub(crate) reason: String,
}

/// What became of a column of a file.
#[derive(Clone, SimpleObject)]
pub(crate) struct ImportColumn {
    /// Its name in the file.
    pub(crate) name: String,
    /// What it is read as: one of our columns or a custom field, or `notes` for what goes there as a line; null where nobody reads it.
    pub(crate) field: Option<String>,
    /// In how many rows it is not empty.
    pub(crate) filled: u64,
    /// Its first values, at most three, each cut at 100 characters.
    pub(crate) samples: Vec<String>,
    /// In how many rows its value was not taken, as the record of the row has another one or the field is none that such a row fills.
    pub(crate) not_taken: u64,
}

/// An event that each record gets that is made or changed.
#[derive(Clone, SimpleObject)]
pub(crate) struct ImportEvent {
    /// Its title.
    pub(crate) title: String,
    /// Its day in the time zone of the account, such as `2026-05-25`.
    pub(crate) day: String,
    /// When it begins (RFC 3339); null for all day.
    pub(crate) at: Option<String>,
}

/// How far an import is.
#[derive(Clone, SimpleObject)]
pub(crate) struct ImportProgress {
    /// The import.
    pub(crate) import: ID,
    /// How far it is on the whole.
    pub(crate) status: ImportStatus,
    /// What it is doing.
    pub(crate) phase: ImportPhase,
    /// How many bytes of the file are behind it.
    pub(crate) done: u64,
    /// How many the file has; 0 where that is not known.
    pub(crate) total: u64,
    /// How many rows are behind it.
    pub(crate) rows: u64,
}

/// How far an import is on the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "storage::query::imports::Status")]
pub(crate) enum ImportStatus {
    /// It is known what it would do.
    Planned,
    /// It is running, or waits for its turn.
    Applying,
    /// All of its good rows are in.
    Applied,
    /// It could not be done; nothing of it is in.
    Failed,
    /// Somebody stopped it; nothing of it is in.
    Cancelled,
    /// The process that ran it ended; nothing of it is in.
    Interrupted,
    /// It was applied, and taken back.
    Undone,
}

/// What an import is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "storage::import::Phase")]
pub(crate) enum ImportPhase {
    /// It waits for its turn.
    Waiting,
    /// It reads the file and writes its rows.
    Reading,
    /// It makes them stay.
    Ending,
    /// It is being taken back, or put back.
    Undoing,
}

/// What became or would become of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "storage::import::Outcome")]
pub(crate) enum ImportOutcome {
    /// It makes a record.
    Created,
    /// It changes a record.
    Updated,
    /// It says nothing new.
    Unchanged,
    /// It is left out as a duplicate.
    Skipped,
    /// It is no record.
    Failed,
}

/// Why something stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "service::KeptReason")]
pub(crate) enum KeptReason {
    /// Somebody has changed this field since.
    Edited,
    /// A later import has changed the record; it goes with that one.
    Imported,
    /// The person has transactions since.
    Transactions,
    /// Events belong to the record since.
    Events,
    /// Messages belong to the record since.
    Messages,
    /// Somebody has deleted the record since: there is nothing to take back.
    Deleted,
    /// What the field held is not possible any more, as an option, a type, a field, a category or a record has changed or gone.
    NotAllowed,
}

/// What happens to a row whose record is there already and would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "service::Duplicates")]
pub(crate) enum Duplicates {
    /// The row is skipped.
    Ignore,
    /// Cells that are not empty overwrite.
    Replace,
    /// Only empty fields are filled.
    Merge,
}

/// Whether an import sets off what is automatic: the events of its template, and the mails that go with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "service::Automation")]
pub(crate) enum Automation {
    /// It does.
    On,
    /// It only imports.
    Off,
}
