//! What an undo or a redo did, or would do.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use service::{KeptReason, Result, Session};
use storage::query::users;
use uuid::Uuid;

use super::Receipt;
use super::names::serialize_kept_reason;

/// What an undo or a redo did, or would do.
#[derive(Serialize)]
pub(crate) struct UndoReport {
    /// The import, as it is afterwards.
    pub(crate) import: Receipt,
    /// How many records that the import made go to the trash, or come back.
    pub(crate) removed: u64,
    /// How many records that were there before get back what they held, or what the import put there.
    pub(crate) restored: u64,
    /// How many things stay as they are, although the import made or changed them.
    pub(crate) kept: u64,
    /// The first 1,000 of those.
    pub(crate) keeps: Vec<KeptItem>,
}

/// Something that stays as it is.
#[derive(Serialize)]
pub(crate) struct KeptItem {
    /// The record.
    pub(crate) item: String,
    /// What it is called.
    pub(crate) name: String,
    /// Why it stays.
    #[serde(serialize_with = "serialize_kept_reason")]
    pub(crate) reason: KeptReason,
    /// The field that somebody has changed, or that does not allow its old value any more.
    pub(crate) field: Option<String>,
    /// What whoever changed it is called; `None` for Cairn itself.
    pub(crate) author: Option<String>,
    /// When (RFC 3339).
    pub(crate) at: Option<String>,
    /// The later import that has changed the record.
    pub(crate) import: Option<String>,
    /// What stands in the way of putting something back, and what would be right.
    pub(crate) why: Option<String>,
}

impl UndoReport {
    /// The report of a session, with the names of the users who have changed what stays.
    pub(crate) async fn of(session: &Session, report: service::UndoReport) -> Result<Self> {
        let service::UndoReport { import, removed, restored, kept, keeps } = report;
        let authors: BTreeSet<_> = keeps.iter().filter_map(|kept| kept.author).collect();
        let authors = users::by_ids(&session.reader(), &authors.into_iter().collect::<Vec<_>>()).await?;
        let names: HashMap<_, _> = authors.into_iter().map(|user| (user.id, user.name)).collect();
        let keeps = keeps.into_iter().map(|kept| KeptItem::of(kept, &names)).collect();
        Ok(Self { import: Receipt::of(session, import).await?, removed, restored, kept, keeps })
    }
}

impl KeptItem {
    fn of(kept: service::KeptItem, names: &HashMap<Uuid, String>) -> Self {
        let service::KeptItem { item, name, reason, field, author, at, import, why } = kept;
        Self {
            item: item.to_string(),
            name,
            reason,
            field,
            author: author.and_then(|author| names.get(&author).cloned()),
            at: at.map(|at| jiff::Timestamp::from(at).to_string()),
            import: import.map(|id| id.to_string()),
            why,
        }
    }
}
