//! Imports that are done: their receipts, the list of them, and their failed rows as a file.

use bytes::{Bytes, BytesMut};
use formats::{Diagnostic, FailedRows};
use futures_util::stream::{self, Stream};
use serde::Serialize;
use storage::Reader;
use storage::query::imports::{self as stored, FailedRow, Note};
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::exports::Export;
use crate::id::Kind;
use crate::imports::NOTED_ROWS;
use crate::session::Session;
use crate::transfer;

/// How many failed rows are read at a time; each may have a megabyte.
const PAGE: usize = 16;

/// How many imports are read at a time.
const IMPORTS_PAGE: usize = 500;

/// What an import did. `read = created + updated + unchanged + skipped + failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The id of the import.
    pub id: String,
    /// What was imported.
    pub section: String,
    /// `applied`.
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
    pub skips: Vec<RowNote>,
    /// The columns that nobody reads, as the file names them.
    pub ignored: Vec<String>,
}

/// The file of a receipt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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
    pub delimiter: Option<char>,
}

/// What a receipt says of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// The receipt of an import, as it was when the import was done. Errors: `NOT_FOUND`.
    pub async fn receipt(&self, id: &str) -> Result<Receipt> {
        let import = self.past_import(id).await?;
        let errors = stored::errors(&self.reader(), import.id, NOTED_ROWS as u64).await?;
        Ok(transfer::imports::receipt(import, errors))
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
    pub async fn failed_rows(&self, id: &str) -> Result<Export<impl Stream<Item = Result<Bytes>> + Send + use<>>> {
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
        Ok(Export { media_type, file_name, bytes: stream::StreamExt::chain(first, rest) })
    }

    async fn past_import(&self, id: &str) -> Result<stored::Import> {
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
