//! Undo and redo: taking an import's layer out of every record that it made or changed, and putting it back.

use uuid::Uuid;

use crate::error::{Error, Result};
use crate::handle::Writer;
use crate::item::Item;
use crate::query::imports;
use crate::value::Timestamp;

/// What an undo or a redo did, or would do.
#[derive(Clone, Debug)]
pub struct Report {
    /// The import, as it is afterwards.
    pub import: imports::Import,
    /// How many records that the import made go to the trash, or come back.
    pub removed: u64,
    /// How many records that were there before get back what they held, or what the import put there.
    pub restored: u64,
    /// How many things stay as they are, although the import made or changed them.
    pub kept: u64,
    /// The first 1,000 of those.
    pub keeps: Vec<Kept>,
}

/// Something that stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The record.
    pub item: Item,
    /// What it is called.
    pub name: String,
    /// Why it stays.
    pub reason: KeptReason,
}

/// Why something stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptReason {
    /// Somebody has changed this field since: the field stays, and a record that the import made stays whole.
    Edited {
        /// The field by its GraphQL name, or `custom:` and the id of a custom field.
        field: String,
        /// Who; nobody for Cairn itself.
        by: Option<Uuid>,
        /// When.
        at: Timestamp,
    },
    /// A later import, which is applied, has changed the record; it goes with that one.
    Imported(Uuid),
    /// The person has transactions since.
    Transactions,
    /// Events belong to the record since.
    Events,
    /// Messages belong to the record since.
    Messages,
    /// Somebody has deleted the record since: there is nothing to take back.
    Deleted,
}

/// Takes an import back, in one transaction: what it made goes, what it changed gets back what it held, but for what somebody has
/// changed since.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] for an import that is not applied.
pub async fn undo(writer: &Writer, import: Uuid) -> Result<Report> {
    let _ = (writer, import);
    Err(Error::Conflict { reason: "not there yet".to_owned() })
}

/// What [`undo`] would do now. Errors: as there.
pub async fn preview_undo(writer: &Writer, import: Uuid) -> Result<Report> {
    undo(writer, import).await
}

/// Puts an undone import back, in one transaction. Errors: [`Error::NotFound`], [`Error::Conflict`] for one that is not undone.
pub async fn redo(writer: &Writer, import: Uuid) -> Result<Report> {
    undo(writer, import).await
}
