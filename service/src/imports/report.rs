//! What an undo or a redo did, or would do.

use std::collections::BTreeSet;

use storage::import::{Kept, KeptReason as Reason, Report};
use storage::query::custom_fields;
use storage::query::imports::Import;
use storage::{Item, Timestamp};
use uuid::Uuid;

use super::handle::Imports;
use super::rows::{FieldNames, custom_field, field_name};
use crate::error::Result;
use crate::id::{GlobalId, Kind};

/// What an undo or a redo did, or would do.
#[derive(Clone, Debug)]
pub struct UndoReport {
    /// The import, as it is afterwards.
    pub import: Import,
    /// How many records that the import made go to the trash, or come back.
    pub removed: u64,
    /// How many records that were there before get back what they held, or what the import put there.
    pub restored: u64,
    /// How many things stay as they are, although the import made or changed them.
    pub kept: u64,
    /// The first 1,000 of those.
    pub keeps: Vec<KeptItem>,
}

/// Something that stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptItem {
    /// The record.
    pub item: GlobalId,
    /// What it is called.
    pub name: String,
    /// Why it stays.
    pub reason: KeptReason,
    /// The field that somebody has changed, or that does not allow its old value any more.
    pub field: Option<String>,
    /// The user who has changed it; `None` for Cairn itself.
    pub author: Option<Uuid>,
    /// When.
    pub at: Option<Timestamp>,
    /// The later import that has changed the record.
    pub import: Option<GlobalId>,
    /// What stands in the way of putting something back, and what would be right.
    pub why: Option<String>,
}

/// Why something stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptReason {
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

impl Imports<'_> {
    /// What storage did, with the names that clients know.
    pub(super) async fn report(&self, report: Report) -> Result<UndoReport> {
        let Report { import, removed, restored, kept, keeps } = report;
        let fields: BTreeSet<_> = keeps.iter().filter_map(custom_field_of).collect();
        let fields: Vec<_> = fields.into_iter().collect();
        let fields = custom_fields::names_of(&self.session().reader(), &fields).await?;
        let keeps = keeps.into_iter().map(|kept| KeptItem::of(kept, &fields)).collect();
        Ok(UndoReport { import, removed, restored, kept, keeps })
    }
}

impl KeptItem {
    fn of(kept: Kept, fields: &FieldNames) -> Self {
        let Kept { item: Item { kind, id }, name, reason } = kept;
        let stays = |reason| Self {
            item: Kind::of(kind).global(id),
            name: name.clone(),
            reason,
            field: None,
            author: None,
            at: None,
            import: None,
            why: None,
        };
        match reason {
            Reason::Edited { field, by, at } => {
                Self { field: Some(field_name(field, fields)), author: by, at: Some(at), ..stays(KeptReason::Edited) }
            }
            Reason::Imported(later) => Self { import: Some(Kind::Import.global(later)), ..stays(KeptReason::Imported) },
            Reason::Transactions => stays(KeptReason::Transactions),
            Reason::Events => stays(KeptReason::Events),
            Reason::Messages => stays(KeptReason::Messages),
            Reason::Deleted => stays(KeptReason::Deleted),
            Reason::NotAllowed { field, why } => {
                Self { field: Some(field_name(field, fields)), why: Some(why), ..stays(KeptReason::NotAllowed) }
            }
        }
    }
}

/// The custom field in which something stays as it is.
fn custom_field_of(kept: &Kept) -> Option<Uuid> {
    match &kept.reason {
        Reason::Edited { field, .. } | Reason::NotAllowed { field, .. } => custom_field(field),
        _ => None,
    }
}
