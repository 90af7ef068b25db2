//! Imports: from the database to receipts, and how they are to be done to the database.

use std::sync::Arc;

use storage::Item;
use storage::import::{self, Change, Duplicate, MatchedBy, NotTaken, Original, PlannedEvent, PlannedRow};
use storage::query::imports as stored;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::id::{GlobalId, Kind};
use crate::imports::details::Details;
use crate::imports::{Duplicates, Import, ImportColumn, ImportEvent};
use crate::receipts::{
    DuplicateNote, FieldChange, FieldNames, ImportOutcome, ImportPhase, ImportProgress, ImportStatus, KeptItem,
    KeptReason, NamedRow, NotTakenNote, PastImport, PlanRow, ReadingNote, Receipt, ReceiptFile, RowNotTaken, RowNote,
    SkipNote,
};
use crate::scalar::DateTime;

/// The receipt of an import, with the first of its failed rows.
pub(crate) fn receipt(import: stored::Import, errors: Vec<stored::Note>) -> Result<Receipt> {
    let stored::Import { id, status, summary, plan_hash, reason, .. } = import;
    let receipt = counted(summary, errors)?;
    let id = Some(Kind::Import.global(id).to_string());
    Ok(Receipt { id, status: status_name(status), hash: plan_hash, reason, ..receipt })
}

/// What an import would do that is no plan.
pub(crate) fn dry_run(
    summary: stored::Summary,
    errors: Vec<stored::Note>,
    hash: String,
    first: Vec<(String, PlannedRow)>,
    fields: &FieldNames,
) -> Result<Receipt> {
    let receipt = counted(summary, errors)?;
    let named = |(name, row)| NamedRow { name, row: plan_row(row, &receipt.section, fields) };
    let first_rows = first.into_iter().map(named).collect();
    Ok(Receipt { hash: Some(hash), first_rows, ..receipt })
}

fn counted(summary: stored::Summary, errors: Vec<stored::Note>) -> Result<Receipt> {
    let stored::Summary { section, file: of, counts, skips, ignored, columns: _, finished_at: _, details } = summary;
    let stored::Counts { read, created, updated, unchanged, skipped, failed } = counts;
    let Details { columns, client: _, series, events, planned_events, notes, not_taken } = self::details(&details)?;
    Ok(Receipt {
        id: None,
        status: status_name(stored::Status::Planned),
        file: file(of),
        read,
        created,
        updated,
        unchanged,
        skipped,
        failed,
        errors: errors.into_iter().map(note).collect(),
        skips: skips.into_iter().map(|skip| self::skip(skip, &section)).collect(),
        section,
        notes: notes.into_iter().map(reading_note).collect(),
        not_taken,
        ignored,
        columns,
        series,
        events,
        planned_events,
        mails: 0,
        hash: None,
        reason: None,
        first_rows: Vec::new(),
        progress: None,
    })
}

/// An import as GraphQL has it.
pub(crate) fn client(import: stored::Import, is_whole: bool) -> Import {
    let of = import.summary.clone();
    let stored::Summary { section, file: from, counts, ignored, finished_at, .. } = of;
    let stored::Counts { read, created, updated, unchanged, skipped, failed } = counts;
    Import {
        id: Kind::Import.global(import.id).into(),
        section,
        status: status(import.status),
        file: file(from),
        read,
        created,
        updated,
        unchanged,
        skipped,
        failed,
        mails: 0,
        duplicates: duplicates(import.duplicates),
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

/// What else is known of an import.
pub(crate) fn details(json: &str) -> Result<Details> {
    serde_json::from_str(json).map_err(Error::internal)
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

/// How far an import is.
pub(crate) fn progress(import: &stored::Import, progress: import::Progress) -> ImportProgress {
    let import::Progress { phase, done, total, rows } = progress;
    ImportProgress {
        import: Kind::Import.global(import.id).into(),
        status: status(import.status),
        phase: match phase {
            import::Phase::Waiting => ImportPhase::Waiting,
            import::Phase::Reading => ImportPhase::Reading,
            import::Phase::Ending => ImportPhase::Ending,
            import::Phase::Undoing => ImportPhase::Undoing,
        },
        done,
        total,
        rows,
    }
}

/// What would become of a row of a section.
pub(crate) fn plan_row(row: PlannedRow, section: &str, fields: &FieldNames) -> PlanRow {
    let PlannedRow { row, line, outcome: kind, record, detail } = row;
    let import::Detail { changes, duplicate: of, field, reason, made, not_taken } = detail;
    PlanRow {
        row,
        line,
        outcome: outcome(kind),
        record: record.map(|id| record_of(section, id).into()),
        changes: changes.into_iter().chain(made).map(|change| self::change(change, fields)).collect(),
        not_taken: not_taken.into_iter().map(row_not_taken).collect(),
        duplicate: of.map(|of| duplicate(&of, section, record)),
        field,
        reason,
    }
}

/// Something that stays as it is when an import is undone.
pub(crate) fn kept(kept: import::Kept, fields: &FieldNames) -> KeptItem {
    let import::Kept { item: Item { kind, id }, name, reason } = kept;
    let stays = |reason| KeptItem {
        item: Kind::of(kind).global(id).into(),
        name: name.clone(),
        reason,
        field: None,
        author: None,
        author_key: None,
        at: None,
        import: None,
        why: None,
    };
    match reason {
        import::KeptReason::Edited { field, by, at } => KeptItem {
            field: Some(field_name(field, fields)),
            author_key: by,
            at: Some(jiff::Timestamp::from(at).to_string()),
            ..stays(KeptReason::Edited)
        },
        import::KeptReason::Imported(later) => {
            KeptItem { import: Some(Kind::Import.global(later).into()), ..stays(KeptReason::Imported) }
        }
        import::KeptReason::Transactions => stays(KeptReason::Transactions),
        import::KeptReason::Events => stays(KeptReason::Events),
        import::KeptReason::Messages => stays(KeptReason::Messages),
        import::KeptReason::Deleted => stays(KeptReason::Deleted),
        import::KeptReason::NotAllowed { field, why } => {
            KeptItem { field: Some(field_name(field, fields)), why: Some(why), ..stays(KeptReason::NotAllowed) }
        }
    }
}

/// The custom field in which something stays as it is.
pub(crate) fn custom_field(kept: &import::Kept) -> Option<Uuid> {
    match &kept.reason {
        import::KeptReason::Edited { field, .. } | import::KeptReason::NotAllowed { field, .. } => custom_id(field),
        _ => None,
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

/// What happens to duplicates, as clients see it.
pub(crate) fn duplicates(duplicates: stored::Duplicates) -> Duplicates {
    match duplicates {
        stored::Duplicates::Ignore => Duplicates::Ignore,
        stored::Duplicates::Replace => Duplicates::Replace,
        stored::Duplicates::Merge => Duplicates::Merge,
    }
}

fn duplicates_name(duplicates: stored::Duplicates) -> &'static str {
    match duplicates {
        stored::Duplicates::Ignore => "ignore",
        stored::Duplicates::Replace => "replace",
        stored::Duplicates::Merge => "merge",
    }
}

/// What becomes of a row, as storage has it.
pub(crate) fn stored_outcome(outcome: ImportOutcome) -> import::Outcome {
    match outcome {
        ImportOutcome::Created => import::Outcome::Created,
        ImportOutcome::Updated => import::Outcome::Updated,
        ImportOutcome::Unchanged => import::Outcome::Unchanged,
        ImportOutcome::Skipped => import::Outcome::Skipped,
        ImportOutcome::Failed => import::Outcome::Failed,
    }
}

fn outcome(outcome: import::Outcome) -> ImportOutcome {
    match outcome {
        import::Outcome::Created => ImportOutcome::Created,
        import::Outcome::Updated => ImportOutcome::Updated,
        import::Outcome::Unchanged => ImportOutcome::Unchanged,
        import::Outcome::Skipped => ImportOutcome::Skipped,
        import::Outcome::Failed => ImportOutcome::Failed,
    }
}

/// How far an import is on the whole.
pub(crate) fn status(status: stored::Status) -> ImportStatus {
    match status {
        stored::Status::Planned => ImportStatus::Planned,
        stored::Status::Applying => ImportStatus::Applying,
        stored::Status::Applied => ImportStatus::Applied,
        stored::Status::Failed => ImportStatus::Failed,
        stored::Status::Cancelled => ImportStatus::Cancelled,
        stored::Status::Interrupted => ImportStatus::Interrupted,
        stored::Status::Undone => ImportStatus::Undone,
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

/// What became of a column.
pub(crate) fn column(column: formats::ColumnReport) -> ImportColumn {
    let formats::ColumnReport { name, field, line: _, filled, samples } = column;
    let not_taken = 0;
    // No database of ours can hold a NUL.
    let samples = samples.into_iter().map(|sample| sample.replace('\0', "")).collect();
    ImportColumn { name: name.replace('\0', ""), field, filled, samples, not_taken }
}

/// An event that each record gets.
pub(crate) fn planned_event(event: PlannedEvent) -> ImportEvent {
    let PlannedEvent { title, time } = event;
    let at = time.at.map(|at| jiff::Timestamp::from(at).to_string());
    ImportEvent { title, day: time.day.to_string(), at }
}

/// The file of an import.
pub(crate) fn file(file: stored::File) -> ReceiptFile {
    let stored::File { name, sha256, format, charset, delimiter } = file;
    ReceiptFile { name, sha256, format, charset, delimiter: delimiter.map(String::from) }
}

/// What is said of a row that could be read.
pub(crate) fn reading_note(note: stored::Note) -> ReadingNote {
    let stored::Note { row, line, field, reason } = note;
    ReadingNote { row, line, field, reason }
}

/// What is said of a row that failed.
pub(crate) fn note(note: stored::Note) -> RowNote {
    let stored::Note { row, line, field, reason } = note;
    RowNote { row, line, field, reason }
}

/// What is said of a row of a section that was left out.
pub(crate) fn skip(skip: stored::Skip, section: &str) -> SkipNote {
    let stored::Skip { row, line, reason, duplicate: of, record } = skip;
    let explained = of.map(|of| duplicate(&of, section, record));
    let (key, values, record, repeats) = match explained {
        Some(DuplicateNote { key, values, record, row, reason: _ }) => (Some(key), values, record, row),
        None => (None, Vec::new(), None, None),
    };
    SkipNote { row, line, reason, key, values, record, repeats }
}

fn duplicate(of: &Duplicate, section: &str, record: Option<Uuid>) -> DuplicateNote {
    let reason = of.to_string();
    let Duplicate { by, values, of } = of;
    let key = match by {
        MatchedBy::Id => "id",
        MatchedBy::Email => "email",
        MatchedBy::NameAndCompany => "nameAndCompany",
        MatchedBy::Source => "uid",
        MatchedBy::TitleAndTime => "titleAndTime",
    };
    let row = match of {
        Original::Row(row) => Some(*row),
        Original::Record(_) | Original::Later(_) | Original::Transaction(_) => None,
    };
    let record = record.map(|id| record_of(section, id).into());
    DuplicateNote { key: key.to_owned(), values: values.clone(), record, row, reason }
}

fn change(change: Change, fields: &FieldNames) -> FieldChange {
    let Change { field, before, after } = change;
    let shown = |value: Option<String>| value.map(|value| shown(&field, value));
    let (before, after) = (shown(before), shown(after));
    FieldChange { field: field_name(field, fields), before, after }
}

/// A value of a field as clients know it: moments in RFC 3339, users and e-mail templates by their global ids.
fn shown(field: &str, value: String) -> String {
    let of = |kind: Kind| Uuid::try_parse(&value).ok().map(|id| kind.global(id).to_string());
    let shown = match field {
        "startsAt" | "endsAt" | "completedAt" => {
            let microseconds = value.parse().ok();
            microseconds.and_then(|at| jiff::Timestamp::from_microsecond(at).ok()).map(|at| at.to_string())
        }
        "owner" => of(Kind::User),
        "emailTemplate" => of(Kind::EmailTemplate),
        _ => None,
    };
    shown.unwrap_or(value)
}

/// A value of a row that its record does not take.
pub(crate) fn row_not_taken(not_taken: NotTaken) -> RowNotTaken {
    let NotTaken { field, stands, given } = not_taken;
    RowNotTaken { stands: stands.map(|stands| shown(&field, stands)), given: shown(&field, given), field }
}

/// The same with where the row stands.
pub(crate) fn not_taken(not_taken: NotTaken, row: u64, line: u64) -> NotTakenNote {
    let RowNotTaken { field, stands, given } = row_not_taken(not_taken);
    NotTakenNote { row, line, field, stands, given }
}

/// The name of a field whose layer is called so.
fn field_name(field: String, fields: &FieldNames) -> String {
    let id = custom_id(&field);
    id.and_then(|id| fields.get(&id).cloned()).unwrap_or(field)
}

/// The custom field of a layer that is called so.
fn custom_id(field: &str) -> Option<Uuid> {
    field.strip_prefix(Change::CUSTOM).and_then(|id| Uuid::try_parse(id).ok())
}

/// The record that a row of a section means.
fn record_of(section: &str, id: Uuid) -> GlobalId {
    match section {
        "people" => Kind::Person,
        "calendar" => Kind::Event,
        _ => Kind::Transaction,
    }
    .global(id)
}
