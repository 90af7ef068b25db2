//! Imports: from the database and the application to clients.

use std::sync::Arc;

use service::{Kind, NotTakenNote, UndoReport};
use storage::import::NotTaken;
use storage::query::imports as stored;

use crate::imports::{
    Import, ImportChange, ImportColumn, ImportDuplicate, ImportError, ImportEvent, ImportFile, ImportNotTaken,
    ImportNote, ImportProgress, ImportRow, ImportRowNotTaken, ImportSkip, UndoKept, UndoPayload,
};
use crate::scalar::DateTime;

/// An import; `is_whole` says whether what may be long was read with it.
pub(crate) fn to_graphql(import: stored::Import, is_whole: bool) -> Import {
    let of = import.summary.clone();
    let stored::Summary { section, file: from, counts, ignored, finished_at, .. } = of;
    let stored::Counts { read, created, updated, unchanged, skipped, failed } = counts;
    Import {
        id: Kind::Import.global(import.id).into(),
        section,
        status: import.status.into(),
        file: file(from),
        read,
        created,
        updated,
        unchanged,
        skipped,
        failed,
        mails: 0,
        duplicates: service::Duplicates::from(import.duplicates).into(),
        categories: import.categories.clone(),
        ignored,
        hash: import.plan_hash.clone(),
        reason: import.reason.clone(),
        created_at: DateTime(import.created_at),
        finished_at: DateTime(finished_at),
        stored: Arc::new(import),
        is_whole,
    }
}

fn file(file: stored::File) -> ImportFile {
    let stored::File { name, sha256, format, charset, delimiter } = file;
    ImportFile { name, sha256, format, charset, delimiter: delimiter.map(String::from) }
}

/// What is said of a row that failed.
pub(crate) fn error(note: stored::Note) -> ImportError {
    let stored::Note { row, line, field, reason } = note;
    ImportError { row, line, field, reason }
}

/// What is said of a row that could be read.
pub(crate) fn note(note: stored::Note) -> ImportNote {
    let stored::Note { row, line, field, reason } = note;
    ImportNote { row, line, field, reason }
}

/// What is said of a row of a section that was left out.
pub(crate) fn skip(skip: stored::Skip, section: &str) -> ImportSkip {
    let service::SkipNote { row, line, reason, key, values, record, repeats } = service::SkipNote::of(skip, section);
    let (key, record) = (key.map(ToOwned::to_owned), record.map(Into::into));
    ImportSkip { row, line, reason, key, values, record, repeats }
}

/// A value of a row that its record does not take, with where the row stands.
pub(crate) fn not_taken(note: NotTakenNote) -> ImportNotTaken {
    let NotTakenNote { row, line, field, stands, given } = note;
    ImportNotTaken { row, line, field, stands, given }
}

/// What became of a column.
pub(crate) fn column(column: service::ImportColumn) -> ImportColumn {
    let service::ImportColumn { name, field, filled, samples, not_taken } = column;
    ImportColumn { name, field, filled, samples, not_taken }
}

/// An event that each record gets.
pub(crate) fn event(event: service::ImportEvent) -> ImportEvent {
    let service::ImportEvent { title, day, at } = event;
    ImportEvent { title, day, at }
}

/// What would become of a row.
pub(crate) fn row(row: service::PlanRow) -> ImportRow {
    let service::PlanRow { row, line, outcome, record, changes, not_taken, duplicate, field, reason } = row;
    let change = |service::FieldChange { field, before, after }| ImportChange { field, before, after };
    let not_taken_of_row = |NotTaken { field, stands, given }| ImportRowNotTaken { field, stands, given };
    let duplicate_of = |service::DuplicateNote { key, values, record, row, reason }| ImportDuplicate {
        key: key.to_owned(),
        values,
        record: record.map(Into::into),
        row,
        reason,
    };
    ImportRow {
        row,
        line,
        outcome: outcome.into(),
        record: record.map(Into::into),
        changes: changes.into_iter().map(change).collect(),
        not_taken: not_taken.into_iter().map(not_taken_of_row).collect(),
        duplicate: duplicate.map(duplicate_of),
        field,
        reason,
    }
}

/// How far an import is.
pub(crate) fn progress(progress: &service::ImportProgress) -> ImportProgress {
    let service::ImportProgress { import, status, phase, done, total, rows } = *progress;
    ImportProgress { import: import.into(), status: status.into(), phase: phase.into(), done, total, rows }
}

/// What an undo or a redo did, or would do.
pub(crate) fn undo(report: UndoReport) -> UndoPayload {
    let UndoReport { import, removed, restored, kept, keeps } = report;
    let keep = |service::KeptItem { item, name, reason, field, author, at, import, why }| UndoKept {
        item: item.into(),
        name,
        reason: reason.into(),
        field,
        at: at.map(|at| jiff::Timestamp::from(at).to_string()),
        import: import.map(Into::into),
        why,
        author_key: author,
    };
    let keeps = keeps.into_iter().map(keep).collect();
    UndoPayload { import: to_graphql(import, true), removed, restored, kept, keeps }
}
