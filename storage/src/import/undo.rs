//! Undo and redo: taking an import's layer out of every record that it made or changed, and putting it back.
//!
//! Each field of a record is a stack: what it held first, then a layer for each import that changed it and for each edit of a user,
//! in the order of the record's versions. What the field holds is its uppermost layer. An undo takes the layers of one import out,
//! wherever they lie; edits stay. A record that an import made is there while that import is applied, or a later one that changed it
//! is, or somebody has edited it, or transactions, events or messages belong to it. So imports can be undone in any order, at any
//! time, and an undo can be taken back. All of it is one transaction.

mod allowed;
mod kept;
mod layers;
mod memberships;
mod presence;
mod refused;
mod work;

use uuid::Uuid;

pub use self::kept::{Kept, KeptReason};
use self::work::{Step, Work};
use super::announce::{held, lock_account};
use super::stored::{self as imports, Status};
use crate::error::{Error, Result};
use crate::handle::{Unit, Writer};
use crate::outbox::{Noun, Verb};

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

/// Takes an import back, in one transaction: what it made goes, what it changed gets back what it held, but for what somebody has
/// changed since.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] for an import that is not applied.
pub async fn undo(writer: &Writer, import: Uuid) -> Result<Report> {
    writer.write(|unit| async move { step(unit.as_ref(), import, Step::Undo).await }).await
}

/// What [`undo`] would do now: the same, and taken back. Errors: as there.
pub async fn preview_undo(writer: &Writer, import: Uuid) -> Result<Report> {
    let unit = writer.begin().await?;
    let report = step(&unit, import, Step::Undo).await?;
    unit.rollback().await?;
    Ok(report)
}

/// Puts an undone import back, in one transaction. Errors: [`Error::NotFound`], [`Error::Conflict`] for one that is not undone.
pub async fn redo(writer: &Writer, import: Uuid) -> Result<Report> {
    writer.write(|unit| async move { step(unit.as_ref(), import, Step::Redo).await }).await
}

async fn step(unit: &Unit, id: Uuid, step: Step) -> Result<Report> {
    lock_account(unit).await?;
    let import = held(unit, id).await?;
    let status = match (step, import.status) {
        (Step::Undo, Status::Applied) => Status::Undone,
        (Step::Redo, Status::Undone) => Status::Applied,
        (Step::Undo, status) => return Err(cannot("only an applied import can be undone", status)),
        (Step::Redo, status) => return Err(cannot("only an undone import can be put back", status)),
    };
    if import.request == "{}" {
        let reason = "this import was made before Cairn kept what an import changes, so it cannot be undone";
        return Err(Error::Conflict { reason: reason.to_owned() });
    }
    unit.prefer_indexes().await?;
    unit.sqlite_set_automerge(16).await?;
    let import = imports::Import { status, ..import };
    super::store(unit, &import, None).await?;
    let allowed = allowed::Allowed::load(unit).await?;
    let mut work =
        Work { unit, import: id, step, allowed, last_row: 0, removed: 0, restored: 0, kept: 0, keeps: Vec::new() };
    work.last_row = work.last_row().await?;
    match step {
        Step::Undo => {
            work.layers().await?;
            work.memberships().await?;
            work.take_away().await?;
        }
        Step::Redo => {
            work.bring_back().await?;
            work.layers().await?;
            work.memberships().await?;
            if work.removed > 0 {
                work.renew_names().await?;
            }
        }
    }
    work.steps().await?;
    work.categories().await?;
    let verb = if step == Step::Undo { Verb::Undone } else { Verb::Redone };
    unit.publish(Noun::Import, verb, id).await?;
    unit.sqlite_set_automerge(4).await?;
    let Work { removed, restored, kept, keeps, .. } = work;
    Ok(Report { import, removed, restored, kept, keeps })
}

/// The moment of a change in a statement whose parameter is now: not before that of the row's last change.
fn at(last: &str, now: &str) -> String {
    format!("CASE WHEN {last} > {now} THEN {last} ELSE {now} END")
}

fn cannot(rule: &str, status: Status) -> Error {
    let status = match status {
        Status::Applied => "applied",
        Status::Planned => "a plan",
        Status::Applying => "still running",
        Status::Failed => "failed: nothing of it is in",
        Status::Cancelled => "cancelled: nothing of it is in",
        Status::Interrupted => "interrupted: nothing of it is in",
        Status::Undone => "undone already",
    };
    Error::Conflict { reason: format!("{rule}, and this one is {status}") }
}
