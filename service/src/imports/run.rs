//! Reading a file into storage: the one code path of plans and applies.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use formats::{
    CodecError, DecodeError, Delimiter, Diagnostic, Findings, Placeholder, Position, Record, Row, Rows, Section,
    Source, SourceCell, columns,
};
use futures_util::stream::{Stream, StreamExt};
use storage::Writer;
use storage::import::{
    BATCH, Checked, Checker, Decision, Failure, Import, Incoming, IncomingEvent, Outcome, Phase, PlanHash, PlannedRow,
    Progress, Target, report_progress,
};
use storage::query::imports::{Counts, FailedRow, File, Note, Skip, Summary};
use tokio::sync::mpsc;

use super::details::{Details, ImportEvent};
use super::failed::Failed;
use super::file::ImportFile;
use super::limits::NOTED_ROWS;
use super::not_taken::NotTakenOfRows;
use super::request::Ready;
use super::running::Task;
use crate::error::{Code, Error, Result};
use crate::records;
use crate::session::Session;

/// How often other gateways hear how far an import is.
const REPORT: Duration = Duration::from_millis(500);

/// What becomes of so many rows is shown at once.
const FIRST_ROWS: usize = 10;

/// So many rows are read before the other side of the import has its turn: both are one task, and the database may have answered.
const ROWS_A_TURN: u64 = 32;

/// What a file came to.
pub(super) struct Done {
    pub(super) import: Import,
    pub(super) summary: Summary,
    /// The first rows that failed.
    pub(super) errors: Vec<Note>,
    /// The hash of what became of the rows.
    pub(super) hash: String,
    /// What becomes of the first rows and what each is called, where the import is taken back.
    pub(super) first: Vec<(String, PlannedRow)>,
}

/// Reads a file into an import that has begun. Errors: `INVALID` where the file as a whole cannot be read, with the place, `LIMITED`
/// over a limit, `CONFLICT` where somebody stops it or rows differ from their plan; the import is taken back then.
pub(super) async fn read(
    session: &Session,
    ready: &Ready,
    file: &ImportFile,
    import: Import,
    meter: Meter,
) -> Result<Done> {
    let done = Arc::clone(&meter.done);
    let counted = file.bytes().await?.inspect(move |piece| {
        if let Ok(piece) = piece {
            done.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
    });
    let rows = formats::decode(ready.decoder()?, counted);
    let is_plan = import.is_rehearsal();
    let mut reader = Reader::new(rows, ready, import.checker(), session.engine().import_limits.rows);
    let mut run = Run::new(import, meter, is_plan.then(PlanHash::default));
    // The next rows are read and checked while the database writes those before.
    let (pieces, arriving) = mpsc::channel(1);
    let (read, written) = tokio::join!(reader.read(pieces), run.write(arriving));
    // What cannot be written is why the reading stopped.
    if let Err(error) = written.and(read) {
        run.import.abandon().await;
        return Err(error);
    }
    let Reader { rows, failed, series, .. } = reader;
    let findings = rows.findings();
    drop(rows);
    let Run { import, counts, errors, remarks, skips, not_taken, hash, first, .. } = run;
    let mut hash = hash.unwrap_or_default();
    hash.mix(ready.json.as_bytes());
    hash.mix(file.sha256.as_bytes());
    let Findings { charset, delimiter, ignored, columns, client, report, .. } = findings;
    let details = Details {
        columns: not_taken.counted(report),
        client: client.map(ToOwned::to_owned),
        series,
        events: import.events(),
        planned_events: import.template_events().into_iter().map(ImportEvent::of).collect(),
        notes: remarks,
        not_taken: not_taken.first,
    };
    let summary = Summary {
        section: ready.section.name().to_owned(),
        file: File {
            name: file.name.clone(),
            sha256: file.sha256.clone(),
            format: ready.codec.descriptor().name.to_owned(),
            charset: charset.map(|charset| charset.to_string()),
            delimiter: delimiter.map(Delimiter::char),
        },
        counts,
        skips,
        ignored,
        columns: failed.into_columns(columns),
        finished_at: session.engine().now(),
        details: serde_json::to_string(&details).map_err(Error::internal)?,
    };
    Ok(Done { import, summary, errors, hash: hash.text(), first })
}

/// Tells how far a file is read, and learns whether to stop.
pub(super) struct Meter {
    task: Option<Arc<Task>>,
    writer: Writer,
    done: Arc<AtomicU64>,
    total: u64,
    last: Instant,
}

impl Meter {
    pub(super) fn new(task: Option<Arc<Task>>, writer: Writer, file: &ImportFile) -> Self {
        Self { task, writer, done: Arc::default(), total: file.size, last: Instant::now() }
    }

    /// Errors: `CONFLICT` where somebody has stopped the import.
    async fn tell(&mut self, import: &Import, phase: Phase, rows: u64) -> Result<()> {
        let Some(task) = &self.task else { return Ok(()) };
        let progress = Progress { phase, done: self.done.load(Ordering::Relaxed), total: self.total, rows };
        task.report(progress);
        if self.last.elapsed() >= REPORT {
            self.last = Instant::now();
            if report_progress(&self.writer, import.id(), progress).await? {
                task.cancel();
            }
        }
        task.check()
    }
}

/// Some rows of a file, in its order.
#[derive(Default)]
struct Piece {
    /// The rows that could be records, with the line where each begins; at most a batch.
    good: Vec<(u64, Checked)>,
    /// What is said of those that could not.
    notes: Vec<Note>,
    /// What is said of those that could.
    remarks: Vec<Note>,
    /// Those as the file has them, as far as they are kept now.
    failed: Vec<FailedRow>,
    /// How many rows of the file are behind it.
    read: u64,
}

/// The side of an import that reads the file and checks its rows. It knows no database.
struct Reader<S> {
    rows: Rows<S>,
    checker: Arc<Checker>,
    section: Section,
    target: Target,
    most_rows: u64,
    failed: Failed,
    piece: Piece,
    /// How many rows are series of events.
    series: u64,
    /// Whether the format tells what its file has for a row.
    has_sources: bool,
    /// How much was said of rows that could be read.
    remarked: usize,
}

impl<S, E> Reader<S>
where
    S: Stream<Item = std::result::Result<bytes::Bytes, E>>,
    E: std::fmt::Display,
{
    fn new(rows: Rows<S>, ready: &Ready, checker: Arc<Checker>, most_rows: u64) -> Self {
        let Ready { section, target, .. } = *ready;
        let (failed, piece) = (Failed::new(section), Piece::default());
        Self { rows, checker, section, target, most_rows, failed, piece, series: 0, has_sources: false, remarked: 0 }
    }

    /// Hands on all rows. It ends early where nobody takes them any more.
    async fn read(&mut self, pieces: mpsc::Sender<Piece>) -> Result<()> {
        while let Some(row) = self.rows.next().await {
            let mut row = row.map_err(|error| match error {
                formats::StreamError::Source(error) => Error::internal(error),
                formats::StreamError::Codec(error) => unreadable(&error),
            })?;
            if let Some(Record::Transaction(transaction)) = &mut row.record {
                records::transactions::round(transaction, &mut row.diagnostics);
            }
            self.piece.read += 1;
            if self.piece.read.is_multiple_of(ROWS_A_TURN) {
                tokio::task::yield_now().await;
            }
            if self.piece.read > self.most_rows {
                let most = self.most_rows;
                let message =
                    format!("the file has more than {most} rows, the limit import_rows; nothing was imported");
                return Err(Error::new(Code::Limited, message));
            }
            // Where a format does not tell what its file has, our own columns take its place.
            let is_series = matches!(&row.record, Some(Record::Event(event)) if event.recurrence.is_some());
            self.series += u64::from(is_series);
            self.has_sources = self.has_sources || self.rows.source().is_some();
            let record = row.record.as_ref().filter(|_| !self.has_sources).cloned();
            empty_placeholders(&mut row);
            self.remark(&row);
            match self.checked(row) {
                Ok((position, checked)) => {
                    let cells = checked.failed_cells.iter().map(|Failure { field, reason }| (field, reason));
                    self.note(position, cells);
                    self.piece.good.push((position.line, checked));
                }
                Err(note) => self.fail(note, record.as_ref()),
            }
            if (self.piece.good.len() == BATCH || self.failed.is_full()) && pieces.send(self.take()).await.is_err() {
                return Ok(());
            }
        }
        // Whoever takes it no more says why.
        let _ = pieces.send(self.take()).await;
        Ok(())
    }

    /// What is read and not handed on.
    fn take(&mut self) -> Piece {
        self.piece.failed = self.failed.take();
        let next = Piece { read: self.piece.read, ..Piece::default() };
        std::mem::replace(&mut self.piece, next)
    }

    /// Notes down what its format says of a row that could be read, such as a value that was taken as it is written.
    fn remark(&mut self, row: &Row) {
        let Row { position, record: Some(_), diagnostics } = row else { return };
        self.note(*position, diagnostics.iter().map(|Diagnostic { field, reason }| (field, reason)));
    }

    /// Notes down fields of a row and what is said of them.
    fn note<'a>(&mut self, position: Position, said: impl Iterator<Item = (&'a Option<String>, &'a String)>) {
        let Position { row, line } = position;
        let room = NOTED_ROWS.saturating_sub(self.remarked);
        let before = self.piece.remarks.len();
        let notes =
            said.take(room).map(|(field, reason)| Note { row, line, field: field.clone(), reason: reason.clone() });
        self.piece.remarks.extend(notes);
        self.remarked += self.piece.remarks.len() - before;
    }

    /// What a row brings and where it stands, or why it is no record.
    fn checked(&self, row: Row) -> std::result::Result<(Position, Checked), Note> {
        let Row { position, record, diagnostics } = row;
        let Position { row, line } = position;
        let note = |field, reason| Note { row, line, field, reason };
        let Some(record) = record else {
            let unsaid = || note(None, "the row cannot be read".to_owned());
            let first = diagnostics.into_iter().next();
            return Err(first.map_or_else(unsaid, |Diagnostic { field, reason }| note(field, reason)));
        };
        let of_field = |field: &str, reason| note(Some(field.to_owned()), reason);
        let incoming = incoming(record, row, self.target).map_err(|(field, reason)| of_field(field, reason))?;
        let checked = match incoming {
            Arriving::Contact(incoming) => self.checker.check(Incoming { line, ..*incoming }),
            Arriving::Event(incoming) => self.checker.check_event(IncomingEvent { line, ..*incoming }),
        };
        let failed = |Failure { field, reason }| note(field, reason);
        checked.map(|checked| (position, checked)).map_err(failed)
    }

    /// Notes down a row that is no record, and what the file has for it.
    fn fail(&mut self, note: Note, record: Option<&Record>) {
        self.piece.notes.push(note.clone());
        let own = || record.map(|record| own_columns(self.section, record));
        let source = self.rows.source().or_else(own).unwrap_or_default();
        self.failed.push(note, source, || self.rows.findings().columns);
    }
}

/// The side of an import that writes rows and counts what became of them.
struct Run {
    import: Import,
    meter: Meter,
    counts: Counts,
    errors: Vec<Note>,
    remarks: Vec<Note>,
    skips: Vec<Skip>,
    not_taken: NotTakenOfRows,
    /// What became of the rows, where that is to be a plan.
    hash: Option<PlanHash>,
    /// What becomes of the first rows, in the order of the file, and what each is called.
    first: Vec<(String, PlannedRow)>,
}

impl Run {
    fn new(import: Import, meter: Meter, hash: Option<PlanHash>) -> Self {
        let (errors, remarks, skips) = (Vec::new(), Vec::new(), Vec::new());
        let not_taken = NotTakenOfRows::default();
        Self { import, meter, counts: Counts::default(), errors, remarks, skips, not_taken, hash, first: Vec::new() }
    }

    async fn write(&mut self, mut pieces: mpsc::Receiver<Piece>) -> Result<()> {
        self.meter.tell(&self.import, Phase::Reading, 0).await?;
        while let Some(Piece { good, notes, remarks, failed, read }) = pieces.recv().await {
            self.counts.read = read;
            self.remarks.extend(remarks);
            self.apply(good).await?;
            for note in notes {
                self.fail(note);
            }
            self.import.keep_failed(failed).await?;
            self.meter.tell(&self.import, Phase::Reading, read).await?;
        }
        // Those that failed were told of apart.
        self.first.sort_by_key(|(_, row)| row.row);
        self.first.truncate(FIRST_ROWS);
        self.meter.tell(&self.import, Phase::Ending, self.counts.read).await
    }

    fn fail(&mut self, note: Note) {
        self.counts.failed += 1;
        if let Some(hash) = &mut self.hash {
            let Note { row, line, field, reason } = note.clone();
            let planned = PlannedRow::failed(row, line, field, reason);
            hash.add(&planned);
            if self.counts.failed <= FIRST_ROWS as u64 {
                self.first.push((String::new(), planned));
            }
        }
        if self.errors.len() < NOTED_ROWS {
            self.errors.push(note);
        }
    }

    async fn apply(&mut self, rows: Vec<(u64, Checked)>) -> Result<()> {
        let room = if self.hash.is_some() { FIRST_ROWS.saturating_sub(self.first.len()) } else { 0 };
        let mut names: Vec<_> = rows.iter().take(room).map(|(_, checked)| checked.name()).rev().collect();
        let (lines, rows): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let decisions = self.import.rows(rows).await?;
        for (mut decision, line) in decisions.into_iter().zip(lines) {
            if let Some(hash) = &mut self.hash {
                let planned = PlannedRow::new(&decision, line);
                hash.add(&planned);
                self.first.extend(names.pop().map(|name| (name, planned)));
            }
            self.not_taken.add(decision.row, line, std::mem::take(&mut decision.not_taken));
            match decision.outcome {
                Outcome::Created => self.counts.created += 1,
                Outcome::Updated => self.counts.updated += 1,
                Outcome::Unchanged => self.counts.unchanged += 1,
                Outcome::Failed => self.counts.failed += 1,
                Outcome::Skipped => self.skip(decision, line),
            }
        }
        Ok(())
    }

    fn skip(&mut self, decision: Decision, line: u64) {
        self.counts.skipped += 1;
        if self.skips.len() < NOTED_ROWS {
            let Decision { row, record, duplicate, .. } = decision;
            let reason = duplicate.as_ref().map(ToString::to_string).unwrap_or_default();
            self.skips.push(Skip { row, line, reason, duplicate, record });
        }
    }
}

/// Why a file as a whole cannot be read.
fn unreadable(error: &CodecError) -> Error {
    match error {
        CodecError::Decode(DecodeError::TooManyColumns { .. }) => {
            Error::new(Code::Limited, format!("{error} (the limit import_columns); nothing was imported"))
        }
        error => Error::invalid(format!("{error}; nothing was imported")),
    }
}

/// Empties the fields of a contact that hold a word such as `NULL` where only a number or an address can stand, and says so.
fn empty_placeholders(row: &mut Row) {
    let contact = match &mut row.record {
        Some(Record::Person(person)) => &mut person.contact,
        Some(Record::Transaction(transaction)) => &mut transaction.contact,
        _ => return,
    };
    let formats::Contact { email, phone, mobile, fax, url, zip, .. } = contact;
    let fields = [("email", email), ("phone", phone), ("mobile", mobile), ("fax", fax), ("url", url), ("zip", zip)];
    for (name, field) in fields {
        if let Some(placeholder) = field.as_deref().and_then(Placeholder::read) {
            let reason = placeholder.to_string();
            row.diagnostics.push(Diagnostic { field: Some(name.to_owned()), reason });
            *field = None;
        }
    }
}

/// A record as a row of a file of ours.
fn own_columns(section: Section, record: &Record) -> Source<'_> {
    let cells = columns(section).iter().zip(record.cells());
    Source { cells: cells.map(|(column, text)| SourceCell { column: (*column).into(), text }).collect() }
}

/// A row as storage takes it.
enum Arriving {
    Contact(Box<Incoming>),
    Event(Box<IncomingEvent>),
}

fn incoming(record: Record, row: u64, target: Target) -> std::result::Result<Arriving, (&'static str, String)> {
    let contact = |incoming| Arriving::Contact(Box::new(incoming));
    match (record, target) {
        (Record::Person(person), Target::People) => Ok(contact(records::people::from_file(*person, row))),
        (Record::Transaction(transaction), Target::Stage(stage)) => {
            records::transactions::from_file(*transaction, row, stage).map(contact)
        }
        (Record::Event(event), Target::Events) => {
            records::events::from_file(*event, row).map(|event| Arriving::Event(Box::new(event)))
        }
        (_, Target::Events) => Err(("title", "the row is no event, and this is an import of a calendar".to_owned())),
        (Record::Person(_), Target::Stage(_)) => Err(("stage", "the row is a person, not a transaction".to_owned())),
        (Record::Event(_), _) => Err(("title", "the row is an event, and this is no import of a calendar".to_owned())),
        (Record::Transaction(_), Target::People) => Err(("stage", "the row is a transaction, not a person".to_owned())),
        (Record::Message(_) | Record::EmailTemplate(_) | Record::TemplateItem(_), _) => {
            Err(("title", "the row is nothing that can be imported".to_owned()))
        }
    }
}
