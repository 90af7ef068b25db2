//! `cairn import`: a file into an account.

use std::path::PathBuf;

use clap::Args;
use formats::{Charset, Delimiter, Section};
use futures_util::TryStreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use schema::{Duplicates, Engine, ImportRequest, Receipt, RowNote};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::{Ending, Failure, Who, output};

/// How much of the file is read at a time.
const PIECE: usize = 64 * 1024;

/// How many failed and how many skipped rows the table shows; `--json` shows more.
const SHOWN_ROWS: usize = 20;

#[derive(Args)]
pub(super) struct Import {
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
    #[command(flatten)]
    who: Who,
}

impl Import {
    pub(super) async fn run(self, engine: &Engine) -> Result<Ending, Failure> {
        let Self { section, file: path, format, charset, delimiter, category, duplicates, json, who } = self;
        let session = engine.operator(who.account.as_deref(), who.user.as_deref()).await?;
        let format = match format {
            Some(format) => format,
            None => format_of(engine, &path)?,
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
        if json {
            output::print(&serde_json::to_string_pretty(&receipt).map_err(|error| Failure(error.to_string()))?)?;
        } else {
            output::print(&summary(&receipt))?;
        }
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

fn summary(receipt: &Receipt) -> String {
    let Receipt { section, read, created, updated, unchanged, skipped, failed, errors, skips, ignored, .. } = receipt;
    let counts = [read, created, updated, unchanged, skipped, failed];
    let names = ["read", "created", "updated", "unchanged", "skipped", "failed"];
    let mut text = format!("Imported into {section}, as {}\n", receipt.id);
    for (name, count) in names.iter().zip(counts) {
        text.push_str(&format!("{name:>10}  {count}\n"));
    }
    text.push_str(&notes("Failed", errors, *failed));
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
