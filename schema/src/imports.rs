//! Imports: a file in, a receipt out, all of its good rows or nothing.

mod failed;

use std::str::FromStr;

use bytes::Bytes;
use formats::{
    Charset, DecodeOptions, Delimiter, Diagnostic, Findings, Position, Record, Row, Rows, Section, Source, SourceCell,
    columns,
};
use futures_util::stream::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use storage::import::{
    Announcement, BATCH, Begun, Checked, Decision, Failure, Import, Incoming, IncomingEvent, Outcome, Policy, Target,
    announce,
};
use storage::query::imports::{Counts, File, Note, Summary};

use self::failed::Failed;
use crate::error::{Code, Error, Result};
use crate::permission::Right;
use crate::receipts::Receipt;
use crate::session::Session;
use crate::transfer;

/// How many failed rows a receipt names, and how many skipped ones.
pub(crate) const NOTED_ROWS: usize = 1_000;

/// What to do with a file.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// What its rows are.
    pub section: Section,
    /// The name of its format.
    pub format: String,
    /// Its charset, where its bytes mislead.
    pub charset: Option<Charset>,
    /// What separates its cells, where its first rows mislead.
    pub delimiter: Option<Delimiter>,
    /// The name of the file, for the receipt.
    pub file_name: Option<String>,
    /// Names of categories for every row that is created or updated.
    pub categories: Vec<String>,
    /// What happens to rows whose record is there already.
    pub duplicates: Duplicates,
}

/// What happens to a row whose record is there already and would change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// The row is skipped.
    #[default]
    Ignore,
    /// Cells that are not empty overwrite.
    Replace,
    /// Only empty fields are filled.
    Merge,
}

impl FromStr for Duplicates {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "ignore" => Ok(Self::Ignore),
            "replace" => Ok(Self::Replace),
            "merge" => Ok(Self::Merge),
            _ => Err(format!("{text:?} is no way to treat duplicates: write ignore, replace or merge")),
        }
    }
}

impl Session {
    /// Imports a file. The caller has the file at hand: the import holds the one writer of SQLite while it reads.
    ///
    /// Errors: `FORBIDDEN` for readers, `UNSUPPORTED` with what would do, `INVALID` where the file as a whole cannot be
    /// read, with the place; nothing is imported then.
    pub async fn import<E: std::fmt::Display + Send>(
        &self,
        request: ImportRequest,
        bytes: impl Stream<Item = std::result::Result<Bytes, E>> + Send,
    ) -> Result<Receipt> {
        let writer = self.writer(Right::Records)?;
        let ImportRequest { section, format, charset, delimiter, file_name, categories, duplicates } = request;
        let options = DecodeOptions { charset, delimiter, ..DecodeOptions::default() };
        let unsupported = |error: String| Error::new(Code::Unsupported, error);
        let codec = self.engine().formats().get(&format).map_err(|error| unsupported(error.to_string()))?;
        let decoder = codec.decoder(section, &options).map_err(|error| unsupported(error.to_string()))?;
        let target = target(section)?;
        let name = codec.descriptor().name;
        let duplicates = transfer::imports::stored_duplicates(duplicates);
        let announcement = Announcement {
            section: section.name().to_owned(),
            request: "{\"version\":1}".to_owned(),
            fingerprint: None,
            idempotency_key: None,
            file: File { name: file_name.clone(), format: name.to_owned(), ..File::default() },
            duplicates,
            categories: categories.clone(),
        };
        let policy = Policy { categories, ..Policy::new(target, duplicates) };
        let turn = self.engine().imports.acquire().await;
        let _turn = turn.map_err(Error::internal)?;
        let id = announce(&writer, &announcement).await?;
        let import = match Import::begin(&writer, id, policy).await? {
            Begun::Mine(import) => *import,
            Begun::Over(import) => return Ok(transfer::imports::receipt(*import, Vec::new())),
        };
        let mut hash = Sha256::new();
        let hashed = bytes.inspect(|piece| {
            if let Ok(piece) = piece {
                hash.update(piece);
            }
        });
        let mut rows = formats::decode(decoder, hashed);
        let mut run = Run::new(import, section, target);
        run.rows(&mut rows).await?;
        let findings = rows.findings();
        drop(rows);
        let Run { import, counts, errors, skips, failed, .. } = run;
        let Findings { charset, delimiter, ignored, columns, .. } = findings;
        let file = File {
            name: file_name,
            sha256: hexadecimal(&hash.finalize()),
            format: name.to_owned(),
            charset: charset.map(|charset| charset.to_string()),
            delimiter: delimiter.map(Delimiter::char),
        };
        let (section, finished_at) = (section.name().to_owned(), self.engine().now());
        let columns = failed.into_columns(columns);
        let details = "{}".to_owned();
        let summary = Summary { section, file, counts, skips, ignored, columns, finished_at, details };
        let done = import.commit(summary).await?;
        Ok(transfer::imports::receipt(done, errors))
    }
}

/// An import under way.
struct Run {
    import: Import,
    section: Section,
    target: Target,
    counts: Counts,
    errors: Vec<Note>,
    skips: Vec<Note>,
    /// The rows that are not imported yet, with the line where each begins.
    batch: Vec<(u64, Checked)>,
    failed: Failed,
    /// Whether the format tells what its file has for a row.
    has_sources: bool,
}

impl Run {
    fn new(import: Import, section: Section, target: Target) -> Self {
        Self {
            import,
            section,
            target,
            counts: Counts::default(),
            errors: Vec::new(),
            skips: Vec::new(),
            batch: Vec::new(),
            failed: Failed::new(section),
            has_sources: false,
        }
    }

    async fn rows<S, E>(&mut self, rows: &mut Rows<S>) -> Result<()>
    where
        S: Stream<Item = std::result::Result<Bytes, E>>,
        E: std::fmt::Display,
    {
        while let Some(row) = rows.next().await {
            let row = row.map_err(|error| match error {
                formats::StreamError::Source(error) => Error::internal(error),
                formats::StreamError::Codec(error) => Error::invalid(format!("{error}; nothing was imported")),
            })?;
            self.counts.read += 1;
            // Where a format does not tell what its file has, our own columns take its place.
            self.has_sources = self.has_sources || rows.source().is_some();
            let record = row.record.as_ref().filter(|_| !self.has_sources).cloned();
            match self.checked(row) {
                Ok(checked) => self.batch.push(checked),
                Err(note) => self.fail(note, rows, record.as_ref()),
            }
            if self.batch.len() == BATCH {
                self.apply().await?;
            }
            if self.failed.is_full() {
                self.import.keep_failed(self.failed.take()).await?;
            }
        }
        self.apply().await?;
        Ok(self.import.keep_failed(self.failed.take()).await?)
    }

    /// What a row brings and the line where it begins, or why it is no record.
    fn checked(&self, row: Row) -> std::result::Result<(u64, Checked), Note> {
        let Row { position: Position { row, line }, record, diagnostics } = row;
        let note = |field, reason| Note { row, line, field, reason };
        let Some(record) = record else {
            let unsaid = || note(None, "the row cannot be read".to_owned());
            let first = diagnostics.into_iter().next();
            return Err(first.map_or_else(unsaid, |Diagnostic { field, reason }| note(field, reason)));
        };
        let of_field = |field: &str, reason| note(Some(field.to_owned()), reason);
        let incoming = incoming(record, row, self.target).map_err(|(field, reason)| of_field(field, reason))?;
        let checked = match incoming {
            Arriving::Contact(incoming) => self.import.check(Incoming { line, ..*incoming }),
            Arriving::Event(incoming) => self.import.check_event(IncomingEvent { line, ..*incoming }),
        };
        let failed = |Failure { field, reason }| note(field, reason);
        checked.map(|checked| (line, checked)).map_err(failed)
    }

    /// Notes down a row that is no record, and what the file has for it.
    fn fail<S>(&mut self, note: Note, rows: &Rows<S>, record: Option<&Record>) {
        self.counts.failed += 1;
        if self.errors.len() < NOTED_ROWS {
            self.errors.push(note.clone());
        }
        let own = || record.map(|record| own_columns(self.section, record));
        let source = rows.source().or_else(own).unwrap_or_default();
        self.failed.push(note, source, || rows.findings().columns);
    }

    async fn apply(&mut self) -> Result<()> {
        let (lines, rows): (Vec<_>, Vec<_>) = std::mem::take(&mut self.batch).into_iter().unzip();
        let decisions = self.import.rows(rows).await?;
        for (Decision { row, outcome, duplicate, .. }, line) in decisions.into_iter().zip(lines) {
            match outcome {
                Outcome::Created => self.counts.created += 1,
                Outcome::Updated => self.counts.updated += 1,
                Outcome::Unchanged => self.counts.unchanged += 1,
                Outcome::Failed => self.counts.failed += 1,
                Outcome::Skipped => {
                    let reason = duplicate.map(|duplicate| duplicate.to_string()).unwrap_or_default();
                    self.skip(Note { row, line, field: None, reason });
                }
            }
        }
        Ok(())
    }

    fn skip(&mut self, note: Note) {
        self.counts.skipped += 1;
        if self.skips.len() < NOTED_ROWS {
            self.skips.push(note);
        }
    }
}

/// A record as a row of a file of ours.
fn own_columns(section: Section, record: &Record) -> Source<'_> {
    let cells = columns(section).iter().zip(record.cells());
    Source { cells: cells.map(|(column, text)| SourceCell { column: (*column).into(), text }).collect() }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).expect("four bits are a hexadecimal digit");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn target(section: Section) -> Result<Target> {
    match (section, section.stage().map(transfer::transactions::stored_stage)) {
        (Section::People, _) => Ok(Target::People),
        (_, Some(stage)) => Ok(Target::Stage(stage)),
        (Section::Calendar, _) => Ok(Target::Events),
        _ => Err(Error::new(Code::Unsupported, format!("{section} cannot be imported yet"))),
    }
}

/// A row as storage takes it.
enum Arriving {
    Contact(Box<Incoming>),
    Event(Box<IncomingEvent>),
}

fn incoming(record: Record, row: u64, target: Target) -> std::result::Result<Arriving, (&'static str, String)> {
    let contact = |incoming| Arriving::Contact(Box::new(incoming));
    match (record, target) {
        (Record::Person(person), Target::People) => Ok(contact(transfer::people::incoming(*person, row))),
        (Record::Transaction(transaction), Target::Stage(stage)) => {
            transfer::transactions::incoming(*transaction, row, stage).map(contact)
        }
        (Record::Event(event), Target::Events) => {
            Ok(Arriving::Event(Box::new(transfer::events::incoming(*event, row))))
        }
        (_, Target::Events) => Err(("title", "the row is no event, and this is an import of a calendar".to_owned())),
        (Record::Person(_), Target::Stage(_)) => Err(("stage", "the row is a person, not a transaction".to_owned())),
        (Record::Event(_), _) => Err(("title", "the row is an event, and this is no import of a calendar".to_owned())),
        (Record::Transaction(_), Target::People) => Err(("stage", "the row is a transaction, not a person".to_owned())),
    }
}
