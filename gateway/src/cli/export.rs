//! `cairn export`: a view into a file or to standard output.

use std::path::PathBuf;
use std::pin::pin;

use clap::Args;
use formats::Section;
use futures_util::StreamExt as _;
use schema::{Engine, ExportRequest};
use tempfile::NamedTempFile;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::{Failure, Outcome, Who};

#[derive(Args)]
pub(super) struct Export {
    /// What to export: people, leads, opportunities, customers or archives
    section: Section,
    /// The format; that of the output file's name where there is one, else csv
    #[arg(long)]
    format: Option<String>,
    /// Only what is in this category
    #[arg(long)]
    category: Option<String>,
    /// Only what these words and "quoted phrases" find
    #[arg(long)]
    search: Option<String>,
    /// By what it is ordered: name, created or updated, with a - before it for the other end first
    #[arg(long, default_value = "name", allow_hyphen_values = true)]
    sort: String,
    /// The file to write; it appears when it is whole
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    who: Who,
}

impl Export {
    pub(super) async fn run(self, engine: &Engine) -> Outcome {
        let Self { section, format, category, search, sort, output, who } = self;
        let session = engine.operator(who.account.as_deref(), who.user.as_deref()).await?;
        let by_name = output.as_ref().and_then(|path| path.extension()).map(|extension| extension.to_string_lossy());
        let by_name = by_name.and_then(|extension| engine.formats().by_extension(&extension).ok());
        let format = format
            .or_else(|| by_name.map(|codec| codec.descriptor().name.to_owned()))
            .unwrap_or_else(|| "csv".to_owned());
        let order = ExportRequest::parse_order(&sort)?;
        let export = session.export(ExportRequest { section, format, search, category, order }).await?;
        let Some(path) = output else {
            return match copy(export.bytes, tokio::io::stdout()).await {
                // The reader of a pipe has seen enough.
                Err(Stop::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
                other => other.map_err(Failure::from),
            };
        };
        // Beside the target, so that it can be put there at once.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let partial = NamedTempFile::new_in(folder.unwrap_or(std::path::Path::new(".")))
            .map_err(|error| Failure(format!("cannot write {}: {error}", path.display())))?;
        copy(export.bytes, tokio::fs::File::from_std(partial.reopen()?)).await?;
        partial.persist(&path).map_err(|error| Failure(format!("cannot write {}: {error}", path.display())))?;
        Ok(())
    }
}

enum Stop {
    Read(schema::Error),
    Write(std::io::Error),
}

async fn copy(
    bytes: impl futures_util::Stream<Item = schema::Result<bytes::Bytes>>,
    mut to: impl AsyncWrite + Unpin,
) -> Result<(), Stop> {
    let mut bytes = pin!(bytes);
    while let Some(chunk) = bytes.next().await {
        to.write_all(&chunk.map_err(Stop::Read)?).await.map_err(Stop::Write)?;
    }
    to.flush().await.map_err(Stop::Write)
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Read(error) => error.into(),
            Stop::Write(error) => error.into(),
        }
    }
}
