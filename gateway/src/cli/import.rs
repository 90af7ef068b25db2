//! `cairn import`: a file into an account, what that would do, what became of earlier ones, and taking them back.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use formats::{Charset, DateOrder, DecimalSeparator, Delimiter, Mapping, Section};
use futures_util::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use service::{Automation, Duplicates, Engine, ImportFile, ImportRequest, KeptReason, NotTakenNote, Session};
use storage::Decimal;
use storage::query::imports::Status;

use super::outcome::{Ending, Failure, Outcome};
use super::who::Who;
use super::{export, output};
use crate::receipt::{
    FieldChange, KeptItem, NamedRow, PastImport, PlanRow, Receipt, RowNotTaken, RowNote, SkipNote, UndoReport,
};

/// How many failed and how many skipped rows the table shows; `--json` shows more.
const SHOWN_ROWS: usize = 20;

/// How many characters the rows of a dry run show of a name, of a value and of all that is said of a row.
const LONGEST_NAME: usize = 30;
const LONGEST_VALUE: usize = 40;
const LONGEST_DETAIL: usize = 160;

/// How long it takes at most until a running import has a bar.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Import {
    #[command(subcommand)]
    past: Option<Past>,
    #[command(flatten)]
    new: Option<New>,
    // Not in `New`: of arguments that hold others clap does not know whether they were given.
    #[command(flatten)]
    who: Who,
}

/// What became of earlier imports, and taking them back.
#[derive(Subcommand)]
enum Past {
    /// List the imports of the account, the newest first
    List {
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Print the receipt of an import
    Show {
        /// The id of the import, such as import_0192…
        id: String,
        /// Print the receipt as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Write the failed rows of an import as CSV, to be mended and imported again
    Errors {
        /// The id of the import, such as import_0192…
        id: String,
        /// The file to write; it appears when it is whole. A pipe or device is written into
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        who: Who,
    },
    /// Take an import back: what it made goes, what it changed gets back what it held
    Undo {
        /// The id of the import, such as import_0192…
        id: String,
        /// Only say what that would do
        #[arg(long)]
        dry_run: bool,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Print a small CSV file for a section, which can be imported as it is
    Sample {
        /// What its rows are: people, leads, opportunities, customers, archives or calendar
        section: Section,
    },
    /// Put an import back that was undone
    Redo {
        /// The id of the import, such as import_0192…
        id: String,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
}

/// A file to import.
#[derive(Args)]
struct New {
    /// What the rows are: people, leads, opportunities, customers, archives or calendar
    section: Section,
    /// The file
    file: PathBuf,
    /// Its format, where its bytes and its name do not tell
    #[arg(long)]
    format: Option<String>,
    /// Its charset, such as windows-1252, where its bytes mislead
    #[arg(long)]
    charset: Option<Charset>,
    /// What separates its cells (comma, semicolon, tab or pipe), where its first rows mislead
    #[arg(long)]
    delimiter: Option<Delimiter>,
    /// What a column is read as, whatever its name says, such as "Second Phone=mobile"; nobody reads it where nothing follows the
    /// =. May be repeated
    #[arg(long, value_name = "HEADER=FIELD")]
    map: Vec<Mapping>,
    /// Whether the day or the month comes first (dmy or mdy), where the dates do not tell
    #[arg(long, value_name = "ORDER")]
    date_order: Option<DateOrder>,
    /// What stands before the decimals of a number (comma or point), where the numbers do not tell
    #[arg(long, value_name = "SEPARATOR")]
    decimal: Option<DecimalSeparator>,
    /// A category for every row that is created or updated; may be repeated
    #[arg(long)]
    category: Vec<String>,
    /// What happens to rows that are there already: ignore, replace or merge
    #[arg(long, default_value = "ignore")]
    duplicates: Duplicates,
    /// The event template, by name or id, that is fired on each record that is made or changed
    #[arg(long, value_name = "TEMPLATE")]
    event_template: Option<String>,
    /// The user to whom the new records belong, by e-mail address or id; whoever imports where it is left out
    #[arg(long, value_name = "EMAIL")]
    owner: Option<String>,
    /// The value of transactions whose rows have none
    #[arg(long)]
    value: Option<Decimal>,
    /// The probability of transactions whose rows have none, from 0 to 1
    #[arg(long)]
    probability: Option<Decimal>,
    /// Only import: nothing automatic happens
    #[arg(long)]
    no_automation: bool,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) async fn run(self, engine: &Engine) -> Result<Ending, Failure> {
        match self {
            // In a box, because it has room for a page of failed rows and a file, which no other command needs.
            Self { past: Some(past), .. } => Box::pin(past.run(engine)).await.map(|()| Ending::Done),
            Self { past: None, new: Some(new), who } => Box::pin(new.run(&who.session(engine).await?)).await,
            Self { past: None, new: None, .. } => Err(Failure("say which section and which file".to_owned())),
        }
    }
}

impl Past {
    async fn run(self, engine: &Engine) -> Outcome {
        match self {
            Self::List { json: as_json, who } => {
                let imports = who.session(engine).await?.imports().list().await?;
                let imports: Vec<_> = imports.into_iter().map(PastImport::of).collect();
                output::print(&if as_json { json(&imports)? } else { list(&imports) })
            }
            Self::Show { id, json: as_json, who } => {
                let receipt = Receipt::read(&who.session(engine).await?, &id).await?;
                output::print(&if as_json { json(&receipt)? } else { summary(&receipt) })
            }
            Self::Errors { id, output, who } => {
                let session = who.session(engine).await?;
                let failed = session.imports().failed_rows(&id).await?;
                export::deliver(failed.bytes, output).await
            }
            Self::Undo { id, dry_run, json: as_json, who } => {
                let session = who.session(engine).await?;
                let imports = session.imports();
                let report = if dry_run { imports.preview_undo(&id).await? } else { imports.undo(&id).await? };
                let report = UndoReport::of(&session, report).await?;
                let heading = if dry_run { "Undoing it now would do this" } else { "Undone" };
                output::print(&if as_json { json(&report)? } else { undone(&report, heading, "removed") })
            }
            Self::Sample { section } => {
                let sample =
                    formats::sample(section).ok_or_else(|| Failure(format!("{section} cannot be imported")))?;
                output::print(&String::from_utf8_lossy(sample))
            }
            Self::Redo { id, json: as_json, who } => {
                let session = who.session(engine).await?;
                let report = UndoReport::of(&session, session.imports().redo(&id).await?).await?;
                output::print(&if as_json { json(&report)? } else { undone(&report, "Put back", "back") })
            }
        }
    }
}

impl Who {
    async fn session(&self, engine: &Engine) -> Result<Session, Failure> {
        Ok(engine.operator(self.account.as_deref(), self.user.as_deref()).await?)
    }
}

impl New {
    async fn run(self, session: &Session) -> Result<Ending, Failure> {
        let (path, as_json, dry_run) = (self.file.clone(), self.json, self.dry_run);
        let request = self.request();
        let file = ImportFile::open(&path, session.engine().import_limits().file).await;
        let file = file.map_err(|error| Failure(format!("cannot read {}: {error}", path.display())))??;
        if dry_run {
            let plan = Receipt::of_dry_run(session.imports().dry_run(request, file).await?)?;
            output::print(&if as_json {
                json(&plan)?
            } else {
                summary(&plan) + &first_rows(&plan) + &applied_by(std::env::args_os())
            })?;
            return Ok(if plan.failed > 0 { Ending::RowsFailed } else { Ending::Done });
        }
        let import = async {
            let import = session.imports().run(request, file, None).await?;
            Receipt::of(session, import).await
        };
        let mut import = std::pin::pin!(import);
        let receipt = tokio::select! {
            receipt = &mut import => receipt,
            // It never ends before the import.
            never = show_progress(session) => match never {},
            _ = tokio::signal::ctrl_c() => {
                if let Some(id) = session.imports().running() {
                    // How it ended says the import itself.
                    let _ = session.imports().cancel(&id.to_string()).await;
                }
                return match import.await {
                    // It was quicker.
                    Ok(receipt) => finish(&receipt, as_json),
                    Err(error) => {
                        output::complain(&error.message);
                        Ok(Ending::Cancelled)
                    }
                };
            }
        };
        finish(&receipt?, as_json)
    }

    fn request(self) -> ImportRequest {
        let Self {
            section,
            file: _,
            format,
            charset,
            delimiter,
            map,
            date_order,
            decimal,
            category,
            duplicates,
            event_template,
            owner,
            value,
            probability,
            no_automation,
            dry_run: _,
            json: _,
        } = self;
        ImportRequest {
            section,
            format,
            charset,
            delimiter,
            map,
            date_order,
            decimal,
            categories: category,
            duplicates,
            event_template,
            owner,
            value,
            probability,
            automation: if no_automation { Automation::Off } else { Automation::On },
        }
    }
}

fn finish(receipt: &Receipt, as_json: bool) -> Result<Ending, Failure> {
    output::print(&if as_json { json(receipt)? } else { summary(receipt) })?;
    Ok(if receipt.failed > 0 { Ending::RowsFailed } else { Ending::Done })
}

/// A bar that shows how much of the file is read and how many rows; nothing where standard error is no terminal.
async fn show_progress(session: &Session) -> std::convert::Infallible {
    const LOOK_OF_BAR: &str = "{bar:40} {bytes} of {total_bytes}, {msg} rows, {eta} left";
    let style = ProgressStyle::with_template(LOOK_OF_BAR).expect("the template is right");
    let bar = ClearedBar(ProgressBar::new(0).with_style(style));
    loop {
        let Some(id) = session.imports().running() else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        let Ok(progress) = session.imports().watch(&id.to_string()).await else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        let mut progress = std::pin::pin!(progress);
        while let Some(Ok(progress)) = progress.next().await {
            if progress.status == Status::Applying {
                bar.0.set_length(progress.total);
                bar.0.set_message(progress.rows.to_string());
                bar.0.set_position(progress.done);
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A bar that leaves nothing behind.
struct ClearedBar(ProgressBar);

impl Drop for ClearedBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|error| Failure(error.to_string()))
}

fn list(imports: &[PastImport]) -> String {
    let headings =
        ["ID", "BEGUN", "STATUS", "SECTION", "READ", "CREATED", "UPDATED", "UNCHANGED", "SKIPPED", "FAILED", "FILE"];
    let row = |import: &PastImport| {
        let PastImport { read, created, updated, unchanged, skipped, failed, .. } = import;
        let [read, created, updated, unchanged, skipped, failed] =
            [read, created, updated, unchanged, skipped, failed].map(ToString::to_string);
        let (id, begun, section) = (import.id.clone(), import.created_at.clone(), import.section.clone());
        let file = import.file.name.clone().unwrap_or_default();
        let status = import.status.to_owned();
        [id, begun, status, section, read, created, updated, unchanged, skipped, failed, file]
    };
    output::table(headings, &imports.iter().map(row).collect::<Vec<_>>())
}

fn summary(receipt: &Receipt) -> String {
    let Receipt { id, section, status, read, created, updated, unchanged, skipped, failed, errors, skips, .. } =
        receipt;
    let remarks = &receipt.notes;
    let (counts, names) = (
        [read, created, updated, unchanged, skipped, failed],
        ["read", "created", "updated", "unchanged", "skipped", "failed"],
    );
    let mut text = match (id, *status) {
        (Some(id), "applied") => format!("Imported into {section}, as {id}\n"),
        (Some(id), status) => format!("Import into {section}, {status}, {id}\n"),
        (None, _) => format!("Importing it into {section} now would do this\n"),
    };
    if let Some(reason) = &receipt.reason {
        text.push_str(&format!("Why: {reason}\n"));
    }
    for (name, count) in names.iter().zip(counts) {
        text.push_str(&format!("{name:>10}  {count}\n"));
    }
    let errors = errors.iter().map(|RowNote { row, line, field, reason }| {
        let field = field.as_ref().map(|field| format!(", {field}")).unwrap_or_default();
        format!("row {row}, line {line}{field}: {reason}")
    });
    text.push_str(&notes("Failed", errors, *failed));
    if let Some(id) = id.as_ref().filter(|_| *failed > 0) {
        text.push_str(&format!("To mend the failed rows: cairn import errors {id} -o errors.csv\n"));
    }
    let skips = skips.iter().map(|SkipNote { row, line, reason, values, .. }| {
        let values = if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) };
        format!("row {row}, line {line}: {reason}{values}")
    });
    text.push_str(&notes("Skipped", skips, *skipped));
    let remarks = remarks.iter().map(|RowNote { row, line, field, reason }| {
        let field = field.as_ref().map(|field| format!(", {field}")).unwrap_or_default();
        format!("row {row}, line {line}{field}: {reason}")
    });
    text.push_str(&notes("Notes", remarks, receipt.notes.len() as u64));
    let not_taken = receipt.not_taken.iter().map(|note| {
        let NotTakenNote { row, line, field, stands, given } = note;
        format!("row {row}, line {line}, {field}: {}", not_taken(field, stands.as_deref(), given))
    });
    text.push_str(&notes("Not taken", not_taken, receipt.not_taken.len() as u64));
    let counted = receipt.columns.iter().filter(|column| column.not_taken > 0);
    let counted: Vec<_> = counted.map(|column| format!("{} {}", column.name, column.not_taken)).collect();
    if !counted.is_empty() {
        text.push_str(&format!("Rows of which a column was not taken: {}\n", counted.join(", ")));
    }
    text.push_str(&columns(receipt));
    if let Some(id) = id.as_ref().filter(|_| *status == "applied" && created + updated > 0) {
        text.push_str(&format!("To take it back: cairn import undo {id}\n"));
    }
    if receipt.series > 0 {
        text.push_str(&format!("Series: {}, each shown on the first day that takes place\n", receipt.series));
    }
    if receipt.events > 0 {
        text.push_str(&format!("Events: {}, for each record\n", receipt.events));
        for event in &receipt.planned_events {
            text.push_str(&format!("  {}  {}\n", event.at.as_ref().unwrap_or(&event.day), event.title));
        }
    }
    text
}

/// What would become of the first rows of a file.
fn first_rows(plan: &Receipt) -> String {
    if plan.first_rows.is_empty() {
        return String::new();
    }
    let row = |NamedRow { name, row }: &NamedRow| {
        [row.row.to_string(), row.outcome.to_owned(), shown(name, LONGEST_NAME), shown(&in_short(row), LONGEST_DETAIL)]
    };
    let rows: Vec<_> = plan.first_rows.iter().map(row).collect();
    let heading = if plan.read > rows.len() as u64 {
        format!("The first {} rows:\n", rows.len())
    } else {
        "The rows:\n".to_owned()
    };
    heading + &output::table(["ROW", "WOULD BE", "NAME", "HOW"], &rows)
}

/// What would become of a row, in a line.
fn in_short(row: &PlanRow) -> String {
    let PlanRow { outcome, changes, not_taken: kept, duplicate, field, reason, .. } = row;
    let of_duplicate = duplicate.as_ref().map(|duplicate| duplicate.reason.clone());
    if *outcome == "skipped" {
        return of_duplicate.unwrap_or_default();
    }
    if let Some(reason) = reason {
        return field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default() + reason;
    }
    let value = |value: &str| shown(value, LONGEST_VALUE);
    let change = |FieldChange { field, before, after }: &FieldChange| {
        let after = after.as_deref().map(value).unwrap_or_default();
        match before {
            Some(before) => format!("{field}: {} -> {after}", value(before)),
            None => format!("{field}: {after}"),
        }
    };
    let kept = kept.iter().map(|RowNotTaken { field, given, .. }| format!("{field} {}", value(given)));
    let kept = kept.collect::<Vec<_>>().join(", ");
    let kept = (!kept.is_empty()).then(|| format!("not taken: {kept}"));
    // The name stands beside it.
    let told = changes.iter().filter(|change| change.before.is_some() || !matches!(&*change.field, "name" | "title"));
    told.map(change).chain(kept).collect::<Vec<_>>().join("; ")
}

/// A text in a line of a table, cut where it is too long.
fn shown(text: &str, longest: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// What is said of a value that its record does not take.
fn not_taken(field: &str, stands: Option<&str>, given: &str) -> String {
    let why = match (stands, field) {
        (Some(stands), _) => format!("{stands:?} stays"),
        (None, "address" | "city" | "state" | "zip" | "country") => "it is a part of another address".to_owned(),
        (None, _) => "only a new record gets it".to_owned(),
    };
    format!("{given:?} is not taken; {why}")
}

/// The command line that does what this one has only said: the same without `--dry-run`.
fn applied_by(line: impl Iterator<Item = OsString>) -> String {
    let words: Vec<_> = line.filter(|word| word != "--dry-run").map(|word| quoted(&word)).collect();
    format!("To import it: {}\n", words.join(" "))
}

/// A word as a shell reads it.
fn quoted(word: &OsStr) -> String {
    let Some(word) = word.to_str() else {
        // The name of a file need not be UTF-8.
        let byte = |byte: &u8| match byte {
            b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
            b' '..=b'~' => char::from(*byte).to_string(),
            byte => format!("\\x{byte:02x}"),
        };
        return format!("$'{}'", word.as_bytes().iter().map(byte).collect::<String>());
    };
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=@,+%".contains(c);
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The columns of a plan; of what is done only those that nobody reads.
fn columns(receipt: &Receipt) -> String {
    let Receipt { id, columns, ignored, read, .. } = receipt;
    if id.is_none() && !columns.is_empty() {
        let headings = ["COLUMN", "READ AS", "FILLED", "SUCH AS"];
        let row = |column: &service::ImportColumn| {
            let read_as = column.field.clone().unwrap_or_else(|| "-".to_owned());
            let share = (column.filled * 100).checked_div(*read).unwrap_or_default();
            let samples = column.samples.join(" | ").replace(['\r', '\n'], " ");
            [column.name.clone(), read_as, format!("{share} %"), samples]
        };
        let (filled, empty): (Vec<_>, Vec<_>) = columns.iter().partition(|column| column.filled > 0);
        let mut text = output::table(headings, &filled.into_iter().map(row).collect::<Vec<_>>());
        if !empty.is_empty() {
            let names: Vec<_> = empty.iter().map(|column| column.name.as_str()).collect();
            text.push_str(&format!("Columns with nothing in them: {}\n", names.join(", ")));
        }
        return text;
    }
    if ignored.is_empty() { String::new() } else { format!("Columns that are not read: {}\n", ignored.join(", ")) }
}

fn notes(heading: &str, notes: impl ExactSizeIterator<Item = String>, count: u64) -> String {
    if notes.len() == 0 {
        return String::new();
    }
    let shown = notes.len().min(SHOWN_ROWS) as u64;
    let mut text = format!("{heading}:\n");
    for note in notes.take(SHOWN_ROWS) {
        text.push_str(&format!("  {note}\n"));
    }
    if count > shown {
        text.push_str(&format!("  and {} more; --json shows up to 1,000\n", count - shown));
    }
    text
}

fn undone(report: &UndoReport, heading: &str, removed_word: &str) -> String {
    let UndoReport { import, removed, restored, kept, keeps } = report;
    let id = import.id.clone().unwrap_or_default();
    let mut text = format!("{heading}: {id}\n");
    for (name, count) in [(removed_word, removed), ("restored", restored), ("kept", kept)] {
        text.push_str(&format!("{name:>10}  {count}\n"));
    }
    text.push_str(&notes("Kept", keeps.iter().map(kept_words), *kept));
    if heading == "Undone" {
        text.push_str(&format!("To put it back: cairn import redo {id}\n"));
    }
    text
}

fn kept_words(kept: &KeptItem) -> String {
    let KeptItem { name, reason, field, author, at, import, why, .. } = kept;
    let why = match reason {
        KeptReason::Edited => {
            let (field, by) = (field.as_deref().unwrap_or_default(), author.as_deref().unwrap_or("Cairn"));
            format!("{by} has changed {field} since, at {}", at.as_deref().unwrap_or_default())
        }
        KeptReason::Imported => {
            let later = import.as_deref().unwrap_or_default();
            format!("a later import has changed it: {later}")
        }
        KeptReason::Transactions => "it has transactions since".to_owned(),
        KeptReason::Events => "events belong to it since".to_owned(),
        KeptReason::Messages => "messages belong to it since".to_owned(),
        KeptReason::Deleted => "somebody has deleted it since".to_owned(),
        KeptReason::NotAllowed => {
            let (field, why) = (field.as_deref().unwrap_or_default(), why.as_deref().unwrap_or_default());
            format!("{field} stays as it is: {why}")
        }
    };
    format!("{name}: {why}")
}
