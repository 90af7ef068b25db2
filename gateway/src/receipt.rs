//! Receipts: what HTTP and the command line tell of imports, as JSON.

mod names;
mod rows;
mod undo;

use serde::Serialize;
use service::{Details, DryRun, ImportColumn, ImportEvent, NOTED_ROWS, NotTakenNote, Result, Session, Upload};
use storage::query::imports::{Counts, File, Import, Status, Summary};

pub(crate) use self::names::outcome_named;
use self::names::{duplicates_name, phase_name, status_name};
pub(crate) use self::rows::{FieldChange, NamedRow, PlanRow, RowNotTaken, RowNote, SkipNote, rows_file};
pub(crate) use self::undo::{KeptItem, UndoReport};

/// What an import did, or as a plan would do. `read = created + updated + unchanged + skipped + failed`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    /// The id of the import; `None` for a plan that was not kept.
    pub(crate) id: Option<String>,
    /// What was imported.
    pub(crate) section: String,
    /// `planned`, `applying`, `applied`, `failed`, `cancelled`, `interrupted` or `undone`.
    pub(crate) status: &'static str,
    /// The file.
    pub(crate) file: ReceiptFile,
    /// How many rows were read; blank ones are none.
    pub(crate) read: u64,
    /// How many records were made.
    pub(crate) created: u64,
    /// How many records were changed.
    pub(crate) updated: u64,
    /// How many rows said nothing new.
    pub(crate) unchanged: u64,
    /// How many rows were left out as duplicates.
    pub(crate) skipped: u64,
    /// How many rows were no records.
    pub(crate) failed: u64,
    /// The first 1,000 failed rows.
    pub(crate) errors: Vec<RowNote>,
    /// The first 1,000 skipped rows.
    pub(crate) skips: Vec<SkipNote>,
    /// What is said of rows that could be read, such as a value that was taken as it is written: the first 1,000 notes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<RowNote>,
    /// What the records of the rows do not take of them: the first 1,000 values; `notTaken` of the columns counts all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_taken: Vec<NotTakenNote>,
    /// The columns that nobody reads, as the file names them.
    pub(crate) ignored: Vec<String>,
    /// What each column of the file is read as, as far as its format has columns.
    pub(crate) columns: Vec<ImportColumn>,
    /// How many of the rows that could be read are series, of which lists show the first that takes place.
    pub(crate) series: u64,
    /// How many events the event template makes.
    pub(crate) events: u64,
    /// The events that each record gets that is made or changed.
    pub(crate) planned_events: Vec<ImportEvent>,
    /// How many mails are sent.
    pub(crate) mails: u64,
    /// The hash of the plan, which applying it asks for.
    pub(crate) hash: Option<String>,
    /// Why it failed, or was given up.
    pub(crate) reason: Option<String>,
    /// What would become of the first rows, where nothing else is kept of a plan.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) first_rows: Vec<NamedRow>,
    /// How far it is, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) progress: Option<ImportProgress>,
}

/// The file of an import.
#[derive(Serialize)]
pub(crate) struct ReceiptFile {
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

/// How far an import is.
#[derive(Serialize)]
pub(crate) struct ImportProgress {
    /// The import.
    pub(crate) import: String,
    /// How far it is on the whole.
    pub(crate) status: &'static str,
    /// What it is doing.
    pub(crate) phase: &'static str,
    /// How many bytes of the file are behind it.
    pub(crate) done: u64,
    /// How many the file has; 0 where that is not known.
    pub(crate) total: u64,
    /// How many rows are behind it.
    pub(crate) rows: u64,
}

/// An import in the list of them: how it was done, and a receipt without its notes of rows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PastImport {
    pub(crate) id: String,
    pub(crate) section: String,
    pub(crate) status: &'static str,
    pub(crate) file: ReceiptFile,
    pub(crate) read: u64,
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
    pub(crate) skipped: u64,
    pub(crate) failed: u64,
    pub(crate) duplicates: &'static str,
    pub(crate) categories: Vec<String>,
    /// The id of the user who imported; `None` for Cairn itself.
    pub(crate) user: Option<String>,
    /// When it began (RFC 3339).
    pub(crate) created_at: String,
    /// When it was done (RFC 3339).
    pub(crate) finished_at: String,
}

/// A file that waits in the database for its import.
#[derive(Serialize)]
pub(crate) struct UploadReceipt {
    /// Its global id.
    id: String,
    /// How many bytes it has.
    size: u64,
    /// The SHA-256 of its bytes in hexadecimal digits.
    sha256: String,
}

impl UploadReceipt {
    pub(crate) fn of(upload: Upload) -> Self {
        let Upload { id, size, sha256 } = upload;
        Self { id, size, sha256 }
    }
}

impl Receipt {
    /// The receipt of an import of a global id; of one that runs also how far it is. Errors: `NOT_FOUND`.
    pub(crate) async fn read(session: &Session, id: &str) -> Result<Self> {
        let import = session.imports().get(id).await?;
        let progress = session.imports().progress(&import).await?.as_ref().map(ImportProgress::of);
        Ok(Self { progress, ..Self::of(session, import).await? })
    }

    /// The receipt of an import that was read whole, with the first of its failed rows.
    pub(crate) async fn of(session: &Session, import: Import) -> Result<Self> {
        let errors = session.imports().errors(import.id, NOTED_ROWS).await?;
        let id = service::Kind::Import.global(import.id).to_string();
        let Import { status, summary, plan_hash, reason, .. } = import;
        let errors = errors.into_iter().map(RowNote::of).collect();
        Ok(Self {
            id: Some(id),
            status: status_name(status),
            hash: plan_hash,
            reason,
            ..Self::counted(summary, errors)?
        })
    }

    /// What an import would do of which nothing stays.
    pub(crate) fn of_dry_run(dry_run: DryRun) -> Result<Self> {
        let DryRun { summary, errors, hash, first_rows } = dry_run;
        let receipt = Self::counted(summary, errors.into_iter().map(RowNote::of).collect())?;
        let first_rows = first_rows.into_iter().map(NamedRow::of).collect();
        Ok(Self { hash: Some(hash), first_rows, ..receipt })
    }

    fn counted(summary: Summary, errors: Vec<RowNote>) -> Result<Self> {
        let Details { columns, client: _, series, events, planned_events, notes, not_taken } =
            Details::parse(&summary.details)?;
        let Summary { section, file, counts, skips, ignored, columns: _, finished_at: _, details: _ } = summary;
        let Counts { read, created, updated, unchanged, skipped, failed } = counts;
        Ok(Self {
            id: None,
            status: status_name(Status::Planned),
            file: ReceiptFile::of(file),
            read,
            created,
            updated,
            unchanged,
            skipped,
            failed,
            errors,
            skips: skips.into_iter().map(|skip| SkipNote::of(skip, &section)).collect(),
            section,
            notes: notes.into_iter().map(RowNote::of).collect(),
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
}

impl ReceiptFile {
    fn of(file: File) -> Self {
        let File { name, sha256, format, charset, delimiter } = file;
        Self { name, sha256, format, charset, delimiter: delimiter.map(String::from) }
    }
}

impl ImportProgress {
    fn of(progress: &service::ImportProgress) -> Self {
        let service::ImportProgress { import, status, phase, done, total, rows } = *progress;
        Self { import: import.to_string(), status: status_name(status), phase: phase_name(phase), done, total, rows }
    }
}

impl PastImport {
    /// An import as the list has it.
    pub(crate) fn of(import: Import) -> Self {
        let Import { id, user_id, status, duplicates, categories, created_at, summary, .. } = import;
        let Summary { section, file, counts, finished_at, .. } = summary;
        let Counts { read, created, updated, unchanged, skipped, failed } = counts;
        Self {
            id: service::Kind::Import.global(id).to_string(),
            section,
            status: status_name(status),
            file: ReceiptFile::of(file),
            read,
            created,
            updated,
            unchanged,
            skipped,
            failed,
            duplicates: duplicates_name(duplicates),
            categories,
            user: user_id.map(|user| service::Kind::User.global(user).to_string()),
            created_at: jiff::Timestamp::from(created_at).to_string(),
            finished_at: jiff::Timestamp::from(finished_at).to_string(),
        }
    }
}
