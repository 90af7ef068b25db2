//! What stays as it is when an import is undone or redone, and why.

use uuid::Uuid;

use crate::item::Item;
use crate::value::Timestamp;

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
    /// What would be put back is not possible any more, as somebody has changed what the account keeps: the field stays.
    NotAllowed {
        /// The field by its GraphQL name, `custom:` and the id of a custom field, or [`crate::change::Change::CATEGORIES`].
        field: String,
        /// What stands in the way, and what would be right.
        why: String,
    },
}
