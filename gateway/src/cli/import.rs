//! `cairn import`: a file into an account, and what became of earlier ones.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use formats::{Charset, Delimiter, Section};
use futures_util::TryStreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use schema::{Duplicates, Engine, ImportRequest, PastImport, Receipt, RowNote, Session};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::{Ending, Failure, Outcome, Who, export, output};

/// How much of the file is read at a time.
const PIECE: usize = 64 * 1024;

/// How many failed and how many skipped rows the table shows; `--json` shows more.
const SHOWN_ROWS: usize = 20;

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

/// What became of earlier imports.
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
}

/// A file to import.
#[derive(Args)]
struct New {
    /// What the rows are: people, leads, opportunities, customers or archives
    section: Section,
    /// The file
    file: PathBuf,
    /// Its format, where its name does not tell
    #[arg(long)]
    format: Option<String>,
    /// Its charset, such as windows-1252, where its bytes mislead
    #[arg(long)]
    charset: Option<Charset>,
    /// What separates its cells (comma, semicolon, tab or pipe), where its first rows mislead
    #[arg(long)]
    delimiter: Option<Delimiter>,
    /// A category for every row that is created or updated; may be repeated
    #[arg(long)]
    category: Vec<String>,
    /// What happens to rows that are there already: ignore, replace or merge
    #[arg(long, default_value = "ignore")]
    duplicates: Duplicates,
    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) async fn run(self, engine: &Engine) -> Result<Ending, Failure> {
        match self {
            // In a box, because it has room for a page of failed rows and a file, which no other command needs.
            Self { past: Some(past), .. } => Box::pin(past.run(engine)).await.map(|()| Ending::Done),
            Self { past: None, new: Some(new), who } => new.run(&who.session(engine).await?).await,
            Self { past: None, new: None, .. } => Err(Failure("say which section and which file".to_owned())),
        }
    }
}

impl Past {
    async fn run(self, engine: &Engine) -> Outcome {
        match self {
            Self::List { json: as_json, who } => {
                let imports = who.session(engine).await?.imports().await?;
                output::print(&if as_json { json(&imports)? } else { list(&imports) })
            }
            Self::Show { id, json: as_json, who } => {
                let receipt = who.session(engine).await?.receipt(&id).await?;
                output::print(&if as_json { json(&receipt)? } else { summary(&receipt) })
            }
            Self::Errors { id, output, who } => {
                let failed = who.session(engine).await?.failed_rows(&id).await?;
                export::deliver(failed.bytes, output).await
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
        let Self { section, file: path, format, charset, delimiter, category, duplicates, json: as_json } = self;
        let format = match format {
            Some(format) => format,
            None => format_of(session.engine(), &path)?,
        };
        let file = File::open(&path).await;
        let file = file.map_err(|error| Failure(format!("cannot read {}: {error}", path.display())))?;
        let request = ImportRequest {
            section,
            format,
            charset,
            delimiter,
            file_name: path.file_name().map(|name| name.to_string_lossy().into_owned()),
            categories: category,
            duplicates,
        };
        let progress = progress(file.metadata().await?.len());
        let bytes = ReaderStream::with_capacity(file, PIECE);
        let bytes = bytes.inspect_ok(|piece| progress.inc(piece.len() as u64));
        let receipt = session.import(request, bytes).await;
        progress.finish_and_clear();
        let receipt = receipt?;
        output::print(&if as_json { json(&receipt)? } else { summary(&receipt) })?;
        Ok(if receipt.failed > 0 { Ending::RowsFailed } else { Ending::Done })
    }
}

/// A bar that shows how much of a file is read; nothing where standard error is no terminal.
fn progress(size: u64) -> ProgressBar {
    const LOOK: &str = "{bar:40} {bytes} of {total_bytes}, {eta} left";
    let style = ProgressStyle::with_template(LOOK).expect("the template is right");
    ProgressBar::new(size).with_style(style)
}

fn format_of(engine: &Engine, path: &std::path::Path) -> Result<String, Failure> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned()).unwrap_or_default();
    let codec = engine.formats().by_extension(&extension);
    let codec = codec.map_err(|error| Failure(format!("say which format the file has with --format: {error}")))?;
    Ok(codec.descriptor().name.to_owned())
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
    let Receipt { id, section, read, created, updated, unchanged, skipped, failed, errors, skips, ignored, .. } =
        receipt;
    let counts = [read, created, updated, unchanged, skipped, failed];
    let names = ["read", "created", "updated", "unchanged", "skipped", "failed"];
    let mut text = format!("Imported into {section}, as {id}\n");
    for (name, count) in names.iter().zip(counts) {
        text.push_str(&format!("{name:>10}  {count}\n"));
    }
    text.push_str(&notes("Failed", errors, *failed));
    if *failed > 0 {
        text.push_str(&format!("To mend the failed rows: cairn import errors {id} -o errors.csv\n"));
    }
    text.push_str(&notes("Skipped", skips, *skipped));
    if !ignored.is_empty() {
        text.push_str(&format!("Columns that are not read: {}\n", ignored.join(", ")));
    }
    text
}

fn notes(heading: &str, notes: &[RowNote], count: u64) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let mut text = format!("{heading}:\n");
    for RowNote { row, line, field, reason } in notes.iter().take(SHOWN_ROWS) {
        let field = field.as_ref().map(|field| format!(", {field}")).unwrap_or_default();
        text.push_str(&format!("  row {row}, line {line}{field}: {reason}\n"));
    }
    let shown = notes.len().min(SHOWN_ROWS) as u64;
    if count > shown {
        text.push_str(&format!("  and {} more; --json shows up to 1,000\n", count - shown));
    }
    text
}
