//! The failed rows of an import as a file, ready to be mended and imported again.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use formats::{Diagnostic, FailedRows};
use futures_util::stream::{self, Stream};
use storage::Reader;
use storage::query::imports::{self as stored, FailedRow, Note};
use uuid::Uuid;

use super::handle::Imports;
use crate::error::{Error, Result};
use crate::exports::Document;
use crate::id::Kind;

/// How many failed rows are read at a time; each may have a megabyte.
const PAGE: usize = 16;

impl Imports<'_> {
    /// All failed rows of an import as CSV, with the columns of its file and what is wrong with each row, ready to be mended and
    /// imported again. The first of them are read before it answers.
    ///
    /// Errors: `NOT_FOUND`.
    pub async fn failed_rows(&self, id: &str) -> Result<Document<impl Stream<Item = Result<Bytes>> + Send + use<>>> {
        let import = self.get(id).await?;
        let columns = import.summary.columns.iter().enumerate();
        let columns: Vec<_> = columns.filter_map(|(place, name)| Some((place, name.as_deref()?))).collect();
        let names: Vec<_> = columns.iter().map(|(_, name)| *name).collect();
        let mut chunk = BytesMut::new();
        let mut file = File {
            reader: self.session().reader(),
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
        let csv = self.session().engine().formats().get("csv").map(|codec| codec.descriptor().media_type);
        let media_type = csv.map_err(Error::internal)?;
        let file_name = format!("{}-{}-errors.csv", self.session().account().subdomain, Kind::Import.global(import.id));
        let records = Arc::default();
        Ok(Document { media_type, file_name, records, bytes: stream::StreamExt::chain(first, rest) })
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
