//! Imports: a file in, a receipt out, all of its good rows or nothing.

use std::str::FromStr;

use bytes::Bytes;
use formats::{Charset, DecodeOptions, Delimiter, Record, Row, Section};
use futures_util::stream::{Stream, StreamExt};
use serde::Serialize;
use sha2::{Digest, Sha256};
use storage::import::{BATCH, Import, Incoming, Outcome, Policy, Target};

use crate::error::{Code, Error, Result};
use crate::id::Kind;
use crate::permission::Right;
use crate::session::Session;
use crate::transfer;

/// How many failed rows a receipt names, and how many skipped ones.
const NOTED_ROWS: usize = 1_000;

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

/// What an import did. `read = created + updated + unchanged + skipped + failed`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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
        let policy = Policy { target, duplicates: duplicates.into(), categories };
        let turn = self.engine().imports.acquire().await;
        let _turn = turn.map_err(Error::internal)?;
        let import = Import::begin(&writer, policy).await?;
        let file = ReceiptFile { name: file_name, format: name.to_owned(), ..ReceiptFile::default() };
        let receipt = Receipt {
            id: Kind::Import.global(import.id()).to_string(),
            section: section.name().to_owned(),
            status: "applied",
            file,
            ..Receipt::default()
        };
        let mut hash = Sha256::new();
        let hashed = bytes.inspect(|piece| {
            if let Ok(piece) = piece {
                hash.update(piece);
            }
        });
        let mut run = Run { import, target, receipt, batch: Vec::new() };
        let mut rows = formats::decode(decoder, hashed);
        run.rows(&mut rows).await?;
        let findings = rows.findings();
        drop(rows);
        let Run { import, mut receipt, .. } = run;
        receipt.file.charset = findings.charset.map(|charset| charset.to_string());
        receipt.file.delimiter = findings.delimiter.map(Delimiter::char);
        receipt.ignored = findings.ignored;
        import.commit().await?;
        receipt.file.sha256 = hexadecimal(&hash.finalize());
        Ok(receipt)
    }
}

/// An import under way.
struct Run {
    import: Import,
    target: Target,
    receipt: Receipt,
    /// The rows that are not imported yet, also those that are no records: a receipt names rows in their order.
    batch: Vec<Pending>,
}

/// A row that waits for its batch: what it brings and the line where it begins, or why it is no record.
type Pending = std::result::Result<(u64, Incoming), RowNote>;

impl Run {
    async fn rows<E: std::fmt::Display>(
        &mut self,
        rows: impl Stream<Item = std::result::Result<Row, formats::StreamError<E>>>,
    ) -> Result<()> {
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = rows.next().await {
            let row = row.map_err(|error| match error {
                formats::StreamError::Source(error) => Error::internal(error),
                formats::StreamError::Codec(error) => Error::invalid(format!("{error}; nothing was imported")),
            })?;
            self.receipt.read += 1;
            self.batch.push(pending(row, self.target));
            if self.batch.len() == BATCH {
                self.apply().await?;
            }
        }
        self.apply().await
    }

    async fn apply(&mut self) -> Result<()> {
        let mut places = Vec::with_capacity(self.batch.len());
        let mut good = Vec::with_capacity(self.batch.len());
        for pending in std::mem::take(&mut self.batch) {
            places.push(pending.map(|(line, incoming)| {
                let row = incoming.row;
                good.push(incoming);
                (row, line)
            }));
        }
        let mut outcomes = self.import.rows(good).await?.into_iter();
        for place in places {
            match place {
                Ok((row, line)) => self.note(row, line, outcomes.next().expect("each good row has an outcome")),
                Err(note) => self.fail(note),
            }
        }
        Ok(())
    }

    fn note(&mut self, row: u64, line: u64, outcome: Outcome) {
        match outcome {
            Outcome::Created => self.receipt.created += 1,
            Outcome::Updated => self.receipt.updated += 1,
            Outcome::Unchanged => self.receipt.unchanged += 1,
            Outcome::Skipped(reason) => self.skip(RowNote { row, line, field: None, reason }),
            Outcome::Failed { field, reason } => {
                self.fail(RowNote { row, line, field: field.map(ToOwned::to_owned), reason });
            }
        }
    }

    fn fail(&mut self, note: RowNote) {
        self.receipt.failed += 1;
        if self.receipt.errors.len() < NOTED_ROWS {
            self.receipt.errors.push(note);
        }
    }

    fn skip(&mut self, note: RowNote) {
        self.receipt.skipped += 1;
        if self.receipt.skips.len() < NOTED_ROWS {
            self.receipt.skips.push(note);
        }
    }
}

/// What a row brings, or why it is no record.
fn pending(row: Row, target: Target) -> Pending {
    let Row { position, record, diagnostics } = row;
    let note = |field, reason| RowNote { row: position.row, line: position.line, field, reason };
    let Some(record) = record else {
        let unsaid = || (None, "the row cannot be read".to_owned());
        let (field, reason) = diagnostics.into_iter().next().map_or_else(unsaid, |first| (first.field, first.reason));
        return Err(note(field, reason));
    };
    let incoming = incoming(record, position.row, target);
    incoming.map(|incoming| (position.line, incoming)).map_err(|(field, reason)| note(Some(field.to_owned()), reason))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).expect("four bits are a hexadecimal digit");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn target(section: Section) -> Result<Target> {
    match (section, section.stage().map(transfer::transactions::stored_stage)) {
        (Section::People, _) => Ok(Target::People),
        (_, Some(stage)) => Ok(Target::Stage(stage)),
        _ => Err(Error::new(Code::Unsupported, format!("{section} cannot be imported yet"))),
    }
}

fn incoming(record: Record, row: u64, target: Target) -> std::result::Result<Incoming, (&'static str, String)> {
    match (record, target) {
        (Record::Person(person), Target::People) => Ok(transfer::people::incoming(*person, row)),
        (Record::Transaction(transaction), Target::Stage(stage)) => {
            transfer::transactions::incoming(*transaction, row, stage)
        }
        (Record::Person(_), Target::Stage(_)) => Err(("stage", "the row is a person, not a transaction".to_owned())),
        (Record::Transaction(_), Target::People) => Err(("stage", "the row is a transaction, not a person".to_owned())),
    }
}

impl From<Duplicates> for storage::import::Duplicates {
    fn from(duplicates: Duplicates) -> Self {
        match duplicates {
            Duplicates::Ignore => Self::Ignore,
            Duplicates::Replace => Self::Replace,
            Duplicates::Merge => Self::Merge,
        }
    }
}
