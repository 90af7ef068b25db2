//! What is told of imports: their receipts, the list of them, the rows of their plans, and their failed rows as a file.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Enum, ID, SimpleObject};
use bytes::{Bytes, BytesMut};
use formats::{Diagnostic, FailedRows};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use storage::Reader;
use storage::query::imports::{self as stored, FailedRow, Note};
use storage::query::{custom_fields, users};
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::exports::Document;
use crate::id::Kind;
use crate::imports::{ImportColumn, ImportEvent, NOTED_ROWS};
use crate::session::Session;
use crate::transfer;

/// How many failed rows are read at a time; each may have a megabyte.
const PAGE: usize = 16;

/// How many rows of a plan are read at a time.
const ROWS_PAGE: usize = 500;

/// The names of custom fields by their ids.
pub(crate) type FieldNames = HashMap<Uuid, String>;

/// How many imports are read at a time.
const IMPORTS_PAGE: usize = 500;

/// What an import did, or as a plan would do. `read = created + updated + unchanged + skipped + failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The id of the import; `None` for a plan that was not kept.
    pub id: Option<String>,
    /// What was imported.
    pub section: String,
    /// `planned`, `applying`, `applied`, `failed`, `cancelled`, `interrupted` or `undone`.
    pub status: &'static str,
    /// The file.
    pub file: ReceiptFile,
    /// How many rows were read; blank ones are none.
    pub read: u64,
    /// How many records were made.
    pub created: u64,
    /// How many records were changed.
    pub updated: u64,
    /// How many rows said nothing new.
    pub unchanged: u64,
    /// How many rows were left out as duplicates.
    pub skipped: u64,
    /// How many rows were no records.
    pub failed: u64,
    /// The first 1,000 failed rows.
    pub errors: Vec<RowNote>,
    /// The first 1,000 skipped rows.
    pub skips: Vec<SkipNote>,
    /// What is said of rows that could be read, such as a value that was taken as it is written: the first 1,000 notes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<ReadingNote>,
    /// What the records of the rows do not take of them: the first 1,000 values; `notTaken` of the columns counts all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_taken: Vec<NotTakenNote>,
    /// The columns that nobody reads, as the file names them.
    pub ignored: Vec<String>,
    /// What each column of the file is read as, as far as its format has columns.
    pub columns: Vec<ImportColumn>,
    /// How many of the rows that could be read are series, of which lists show the first that takes place.
    pub series: u64,
    /// How many events the event template makes.
    pub events: u64,
    /// The events that each record gets that is made or changed.
    pub planned_events: Vec<ImportEvent>,
    /// How many mails are sent.
    pub mails: u64,
    /// The hash of the plan, which applying it asks for.
    pub hash: Option<String>,
    /// Why it failed, or was given up.
    pub reason: Option<String>,
    /// What would become of the first rows, where nothing else is kept of a plan.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub first_rows: Vec<NamedRow>,
    /// How far it is, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<ImportProgress>,
}

/// The file of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, SimpleObject)]
#[graphql(name = "ImportFile")]
pub struct ReceiptFile {
    /// Its name, where it had one.
    pub name: Option<String>,
    /// The SHA-256 of its bytes in hexadecimal digits.
    pub sha256: String,
    /// The name of its format.
    pub format: String,
    /// Its charset, such as `windows-1252`, where it is text.
    pub charset: Option<String>,
    /// What separates its cells, where it has cells.
    pub delimiter: Option<String>,
}

/// What is said of a row that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject)]
#[graphql(name = "ImportError")]
pub struct RowNote {
    /// Its number, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// The field or column at fault, where there is one.
    pub field: Option<String>,
    /// What is wrong, or which record or row it repeats.
    pub reason: String,
}

/// What is said of a row that could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject)]
#[graphql(name = "ImportNote")]
pub struct ReadingNote {
    /// Its number, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// The field or column that is meant, where there is one.
    pub field: Option<String>,
    /// What was done with it and why.
    pub reason: String,
}

/// A value of a row that its record does not take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
#[serde(default)]
#[graphql(name = "ImportNotTaken")]
pub struct NotTakenNote {
    /// The number of the row, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// The field by its GraphQL name, or the name of a custom field; of a value that only goes to the notes of new records what the file
    /// calls it.
    pub field: String,
    /// What the record has there and keeps, cut at 100 characters; null where the field is empty and stays so, as a part of another
    /// address does.
    pub stands: Option<String>,
    /// What the file has, cut at 100 characters.
    pub given: String,
}

/// A value of a row that its record does not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject)]
#[graphql(name = "ImportRowNotTaken")]
pub struct RowNotTaken {
    /// The field by its GraphQL name, or the name of a custom field; of a value that only goes to the notes of new records what the file
    /// calls it.
    pub field: String,
    /// What the record has there and keeps, cut at 100 characters; null where the field is empty and stays so, as a part of another
    /// address does.
    pub stands: Option<String>,
    /// What the file has, cut at 100 characters.
    pub given: String,
}

/// What is said of a row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject)]
#[graphql(name = "ImportSkip")]
pub struct SkipNote {
    /// Its number, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// Which record or row it repeats, in words.
    pub reason: String,
    /// By which key: `id`, `email`, `nameAndCompany`, …
    pub key: Option<String>,
    /// What both have in this key, as it is compared.
    pub values: Vec<String>,
    /// The record that it means.
    pub record: Option<ID>,
    /// The row that it repeats.
    pub repeats: Option<u64>,
}

/// How far an import is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject)]
pub struct ImportProgress {
    /// The import.
    pub import: ID,
    /// How far it is on the whole.
    pub status: ImportStatus,
    /// What it is doing.
    pub phase: ImportPhase,
    /// How many bytes of the file are behind it.
    pub done: u64,
    /// How many the file has; 0 where that is not known.
    pub total: u64,
    /// How many rows are behind it.
    pub rows: u64,
}

/// How far an import is on the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
pub enum ImportStatus {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
pub enum ImportPhase {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
pub enum ImportOutcome {
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

/// What would become of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject)]
#[serde(rename_all = "camelCase")]
#[graphql(name = "ImportRow")]
pub struct PlanRow {
    /// Its number, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// What becomes of it.
    pub outcome: ImportOutcome,
    /// The record that it changes or means; null where it makes one.
    pub record: Option<ID>,
    /// What it changes of records that are there, and what a record that it makes will hold, each value of that cut at 1,000 characters.
    pub changes: Vec<FieldChange>,
    /// What its record does not take of it.
    pub not_taken: Vec<RowNotTaken>,
    /// Which record it means and why, or which row it repeats.
    pub duplicate: Option<DuplicateNote>,
    /// The field at fault of a row that fails.
    pub field: Option<String>,
    /// Why it fails.
    pub reason: Option<String>,
}

/// What would become of a row, and what its record is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedRow {
    /// What the row calls its record; nothing for one that fails.
    pub name: String,
    /// What would become of it.
    #[serde(flatten)]
    pub row: PlanRow,
}

/// What a row makes of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject)]
#[graphql(name = "ImportChange")]
pub struct FieldChange {
    /// The field by its GraphQL name, or the name of a custom field.
    pub field: String,
    /// What it holds; null where the row makes the record.
    pub before: Option<String>,
    /// What it would hold; of categories the names of those that are added.
    pub after: Option<String>,
}

/// Why a row means a record or repeats a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject)]
#[graphql(name = "ImportDuplicate")]
pub struct DuplicateNote {
    /// By which key: `id`, `email`, `nameAndCompany`, …
    pub key: String,
    /// What both have in this key, as it is compared.
    pub values: Vec<String>,
    /// The record.
    pub record: Option<ID>,
    /// The row.
    pub row: Option<u64>,
    /// The same in words.
    pub reason: String,
}

/// What an undo or a redo did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UndoReport {
    /// The import, as it is afterwards.
    pub import: Receipt,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptItem {
    /// The record.
    pub item: ID,
    /// What it is called.
    pub name: String,
    /// Why it stays.
    pub reason: KeptReason,
    /// The field that somebody has changed, or that does not allow its old value any more.
    pub field: Option<String>,
    /// What whoever changed it is called; `None` for Cairn itself.
    pub author: Option<String>,
    /// Who has changed it.
    #[serde(skip)]
    pub(crate) author_key: Option<Uuid>,
    /// When (RFC 3339).
    pub at: Option<String>,
    /// The later import that has changed the record.
    pub import: Option<ID>,
    /// What stands in the way of putting something back, and what would be right.
    pub why: Option<String>,
}

/// Why something stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
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
    #[serde(rename = "notAllowed")]
    NotAllowed,
}

/// An import in the list of them: how it was done, and a receipt without its notes of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the receipt, of `ImportRequest` and of every record")]
pub struct PastImport {
    pub id: String,
    pub section: String,
    pub status: &'static str,
    pub file: ReceiptFile,
    pub read: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub failed: u64,
    pub duplicates: &'static str,
    pub categories: Vec<String>,
    /// The id of the user who imported; `None` for Cairn itself.
    pub user: Option<String>,
    /// When it began (RFC 3339).
    pub created_at: String,
    /// When it was done (RFC 3339).
    pub finished_at: String,
}

impl Session {
    /// The receipt of an import, as it was when the import was done; of one that runs also how far it is. Errors: `NOT_FOUND`.
    pub async fn receipt(&self, id: &str) -> Result<Receipt> {
        let import = self.past_import(id).await?;
        let progress = self.progress_of(&import).await?;
        Ok(Receipt { progress, ..self.receipt_of(import).await? })
    }

    /// The receipt of an import that was read.
    pub(crate) async fn receipt_of(&self, import: stored::Import) -> Result<Receipt> {
        let errors = stored::errors(&self.reader(), import.id, NOTED_ROWS as u64).await?;
        transfer::imports::receipt(import, errors)
    }

    /// What an undo did.
    pub(crate) async fn report(&self, report: storage::import::Report) -> Result<UndoReport> {
        let storage::import::Report { import, removed, restored, kept, keeps } = report;
        let fields = self.names_of_fields(&keeps).await?;
        let mut keeps: Vec<_> = keeps.into_iter().map(|kept| transfer::imports::kept(kept, &fields)).collect();
        let mut authors: Vec<_> = keeps.iter().filter_map(|kept| kept.author_key).collect();
        authors.sort_unstable();
        authors.dedup();
        let authors = users::by_ids(&self.reader(), &authors).await?;
        for kept in &mut keeps {
            let author = authors.iter().find(|user| Some(user.id) == kept.author_key);
            kept.author = author.map(|user| user.name.clone());
        }
        Ok(UndoReport { import: self.receipt_of(import).await?, removed, restored, kept, keeps })
    }

    /// What would become of the rows of a plan after a row, in the order of the file and at most `limit`; only of those with one of
    /// these outcomes, unless there are none. Once a plan is applied its rows are gone. Errors: `NOT_FOUND`.
    pub async fn plan_rows(
        &self,
        id: &str,
        outcomes: &[ImportOutcome],
        after: Option<u64>,
        limit: u64,
    ) -> Result<Vec<PlanRow>> {
        let import = self.past_import(id).await?;
        let outcomes: Vec<_> = outcomes.iter().copied().map(transfer::imports::stored_outcome).collect();
        let rows = stored::planned_rows(&self.reader(), import.id, &outcomes, after, limit).await?;
        let fields = self.field_names().await?;
        let section = &import.summary.section;
        Ok(rows.into_iter().map(|row| transfer::imports::plan_row(row, section, &fields)).collect())
    }

    /// All rows of a plan as newline-delimited JSON. Errors: `NOT_FOUND`.
    pub async fn plan_rows_file(
        &self,
        id: &str,
        outcomes: Vec<ImportOutcome>,
    ) -> Result<impl Stream<Item = Result<Bytes>> + Send + use<>> {
        self.past_import(id).await?;
        let state = (self.clone(), id.to_owned(), outcomes, Some(0));
        Ok(stream::try_unfold(state, async |(session, id, outcomes, after)| {
            let Some(after) = after else { return Ok(None) };
            let rows = session.plan_rows(&id, &outcomes, Some(after), ROWS_PAGE as u64).await?;
            let next = rows.last().map(|row| row.row).filter(|_| rows.len() == ROWS_PAGE);
            let mut lines = Vec::new();
            for row in &rows {
                serde_json::to_writer(&mut lines, row).map_err(Error::internal)?;
                lines.push(b'\n');
            }
            Ok((!lines.is_empty()).then(|| (Bytes::from(lines), (session, id, outcomes, next))))
        }))
    }

    /// The names of the custom fields in which something stays, those in the trash included.
    async fn names_of_fields(&self, keeps: &[storage::import::Kept]) -> Result<FieldNames> {
        let ids: std::collections::BTreeSet<_> = keeps.iter().filter_map(transfer::imports::custom_field).collect();
        Ok(custom_fields::names_of(&self.reader(), &ids.into_iter().collect::<Vec<_>>()).await?)
    }

    /// The names of the custom fields by their ids.
    pub(crate) async fn field_names(&self) -> Result<FieldNames> {
        let fields = custom_fields::list(&self.reader(), None).await?;
        Ok(fields.into_iter().map(|field| (field.id, field.name)).collect())
    }

    /// All imports of the account, the newest first.
    pub async fn imports(&self) -> Result<Vec<PastImport>> {
        let (reader, mut before, mut imports) = (self.reader(), None, Vec::new());
        loop {
            let page = stored::newest(&reader, before, IMPORTS_PAGE as u64).await?;
            let is_last = page.len() < IMPORTS_PAGE;
            before = page.last().map(|import| import.id);
            imports.extend(page.into_iter().map(transfer::imports::past));
            if is_last {
                return Ok(imports);
            }
        }
    }

    /// All failed rows of an import as CSV, with the columns of its file and what is wrong with each row, ready to be mended and
    /// imported again. The first of them are read before it answers.
    ///
    /// Errors: `NOT_FOUND`.
    pub async fn failed_rows(&self, id: &str) -> Result<Document<impl Stream<Item = Result<Bytes>> + Send + use<>>> {
        let import = self.past_import(id).await?;
        let columns = import.summary.columns.iter().enumerate();
        let columns: Vec<_> = columns.filter_map(|(place, name)| Some((place, name.as_deref()?))).collect();
        let names: Vec<_> = columns.iter().map(|(_, name)| *name).collect();
        let mut chunk = BytesMut::new();
        let mut file = File {
            reader: self.reader(),
            import: import.id,
            rows: FailedRows::begin(&names, &mut chunk),
            places: columns.iter().map(|(place, _)| *place).collect(),
            after: Some(0),
        };
        file.page(&mut chunk).await?;
        let rest = stream::try_unfold(file, async |mut file| {
            let mut chunk = BytesMut::new();
            file.page(&mut chunk).await?;
            Ok((!chunk.is_empty()).then(|| (chunk.freeze(), file)))
        });
        let first = stream::once(async move { Ok(chunk.freeze()) });
        let csv = self.engine().formats().get("csv").map(|codec| codec.descriptor().media_type);
        let media_type = csv.map_err(Error::internal)?;
        let file_name = format!("{}-{}-errors.csv", self.account().subdomain, Kind::Import.global(import.id));
        let records = Arc::default();
        Ok(Document { media_type, file_name, records, bytes: stream::StreamExt::chain(first, rest) })
    }

    pub(crate) async fn past_import(&self, id: &str) -> Result<stored::Import> {
        let unknown = || Error::new(Code::NotFound, "there is no such import");
        let id = Kind::Import.parse(id).ok_or_else(unknown)?;
        stored::get(&self.reader(), id).await?.ok_or_else(unknown)
    }
}

/// A file of failed rows that is being written.
struct File {
    reader: Reader,
    import: Uuid,
    rows: FailedRows,
    /// Which of an import's columns the file has.
    places: Vec<usize>,
    /// The row after which it goes on; `None` after the last.
    after: Option<u64>,
}

impl File {
    /// Appends the next page; nothing where there is none.
    async fn page(&mut self, out: &mut BytesMut) -> Result<()> {
        let Some(after) = self.after else { return Ok(()) };
        let page = stored::failed_rows(&self.reader, self.import, Some(after), PAGE as u64).await?;
        self.after = page.last().map(|last| last.note.row).filter(|_| page.len() == PAGE);
        for FailedRow { note: Note { row, line: _, field, reason }, cells } in page {
            let cell = |place: &usize| cells.get(*place).and_then(Option::as_deref).unwrap_or_default();
            let cells: Vec<_> = self.places.iter().map(cell).collect();
            self.rows.row(&cells, row, &Diagnostic { field, reason }, out);
        }
        Ok(())
    }
}
