//! Imports: from the database to receipts, and how they are to be done to the database.

use storage::query::imports as stored;

use crate::id::Kind;
use crate::imports::Duplicates;
use crate::receipts::{PastImport, Receipt, ReceiptFile, RowNote};

/// The receipt of an import, with the first of its failed rows.
pub(crate) fn receipt(import: stored::Import, errors: Vec<stored::Note>) -> Receipt {
    let stored::Import { id, status, summary, .. } = import;
    let stored::Summary { section, file: of, counts, skips, ignored, .. } = summary;
    let stored::Counts { read, created, updated, unchanged, skipped, failed } = counts;
    Receipt {
        id: Kind::Import.global(id).to_string(),
        section,
        status: status_name(status),
        file: file(of),
        read,
        created,
        updated,
        unchanged,
        skipped,
        failed,
        errors: errors.into_iter().map(note).collect(),
        skips: skips.into_iter().map(note).collect(),
        ignored,
    }
}

/// An import as the list has it.
pub(crate) fn past(import: stored::Import) -> PastImport {
    let stored::Import { id, user_id, status, duplicates, categories, created_at, summary, .. } = import;
    let stored::Summary { section, file: of, counts, finished_at, .. } = summary;
    let stored::Counts { read, created, updated, unchanged, skipped, failed } = counts;
    PastImport {
        id: Kind::Import.global(id).to_string(),
        section,
        status: status_name(status),
        file: file(of),
        read,
        created,
        updated,
        unchanged,
        skipped,
        failed,
        duplicates: duplicates_name(duplicates),
        categories,
        user: user_id.map(|user| Kind::User.global(user).to_string()),
        created_at: jiff::Timestamp::from(created_at).to_string(),
        finished_at: jiff::Timestamp::from(finished_at).to_string(),
    }
}

/// What is to happen to duplicates, as storage takes it.
pub(crate) fn stored_duplicates(duplicates: Duplicates) -> stored::Duplicates {
    match duplicates {
        Duplicates::Ignore => stored::Duplicates::Ignore,
        Duplicates::Replace => stored::Duplicates::Replace,
        Duplicates::Merge => stored::Duplicates::Merge,
    }
}

fn duplicates_name(duplicates: stored::Duplicates) -> &'static str {
    match duplicates {
        stored::Duplicates::Ignore => "ignore",
        stored::Duplicates::Replace => "replace",
        stored::Duplicates::Merge => "merge",
    }
}

fn status_name(status: stored::Status) -> &'static str {
    match status {
        stored::Status::Planned => "planned",
        stored::Status::Applying => "applying",
        stored::Status::Applied => "applied",
        stored::Status::Failed => "failed",
        stored::Status::Cancelled => "cancelled",
        stored::Status::Interrupted => "interrupted",
        stored::Status::Undone => "undone",
    }
}

fn file(file: stored::File) -> ReceiptFile {
    let stored::File { name, sha256, format, charset, delimiter } = file;
    ReceiptFile { name, sha256, format, charset, delimiter }
}

fn note(note: stored::Note) -> RowNote {
    let stored::Note { row, line, field, reason } = note;
    RowNote { row, line, field, reason }
}
