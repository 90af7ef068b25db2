//! `cairn export`: a view into a file or to standard output.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::pin;

use bytes::Bytes;
use clap::Args;
use formats::{AddressList, VCardVersion};
use futures_util::{Stream, StreamExt as _};
use schema::search_notes;
use service::{Engine, ExportRequest, ViewRequest};
use tempfile::{Builder, NamedTempFile};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::outcome::{Failure, Outcome};
use super::who::Who;

#[derive(Args)]
pub(super) struct Export {
    /// What to export: people, leads, opportunities, customers, archives, calendar, messages, email-templates, event-templates, or
    /// what is related to some of them, such as people/messages and leads/calendar
    section: String,
    /// The format; that of the output file's name where there is one, else csv
    #[arg(long)]
    format: Option<String>,
    #[command(flatten)]
    view: View,
    /// The version of vCards, 3.0 or 4.0
    #[arg(long, default_value = "3.0", value_name = "VERSION")]
    vcard: VCardVersion,
    /// Have each event remind of itself so many minutes before its start
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(0..=40_320))]
    alarm: Option<u32>,
    /// How a list of e-mail addresses is written: lines, line or mailto
    #[arg(long, default_value = "lines", value_name = "HOW")]
    addresses: AddressList,
    /// By what it is ordered: name, created or updated, with a - before it for the other end first
    #[arg(long, default_value = "name", allow_hyphen_values = true)]
    sort: String,
    /// Keep cells from being taken for formulas by a spreadsheet program
    #[arg(long)]
    excel_safe: bool,
    /// The file to write; it appears when it is whole. A pipe or device is written into
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    who: Who,
}

/// What of the section.
#[derive(Args)]
struct View {
    /// Only what is in this category
    #[arg(long)]
    category: Option<String>,
    /// Only what these words, "quoted phrases" and selectors such as city:Berlin find
    #[arg(long, allow_hyphen_values = true)]
    search: Option<String>,
    /// Only what bears this label of the user
    #[arg(long)]
    label: Option<String>,
    /// Only what this user made or manages: a name, an address or me
    #[arg(long = "by", value_name = "USER")]
    made_by: Option<String>,
    /// Only this person, by id, and what belongs to them
    #[arg(long)]
    person: Option<String>,
    /// Only this transaction, by id, and what belongs to it
    #[arg(long)]
    transaction: Option<String>,
    /// Only from this day on, such as 2026-05-25
    #[arg(long)]
    from: Option<String>,
    /// Only up to this day and with it
    #[arg(long)]
    to: Option<String>,
}

impl From<View> for ViewRequest {
    fn from(view: View) -> Self {
        let View { category, search, label, made_by, person, transaction, from, to } = view;
        Self { search, category, label, user: made_by, person, transaction, from, to }
    }
}

impl Export {
    pub(super) async fn run(self, engine: &Engine) -> Outcome {
        let Self { section, format, view, vcard, alarm, addresses, sort, excel_safe, output, who } = self;
        let (section, related) = ExportRequest::parse_sections(&section)?;
        let session = engine.operator(who.account.as_deref(), who.user.as_deref()).await?;
        let file = output.as_ref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
        let by_name = file.and_then(|name| engine.formats().by_file_name(&name).cloned());
        let format = format
            .or_else(|| by_name.map(|codec| codec.descriptor().name.to_owned()))
            .unwrap_or_else(|| "csv".to_owned());
        let order = service::parse_order(&sort)?;
        for note in view.search.as_deref().map(search_notes).unwrap_or_default() {
            eprintln!("note: {note}");
        }
        let request = ExportRequest {
            related,
            view: view.into(),
            order,
            excel_safe,
            vcard,
            alarm,
            address_list: addresses,
            ..ExportRequest::new(section, format)
        };
        deliver(session.exports().prepare(request).await?.open().await?.bytes, output).await
    }
}

/// Writes a document to a file, else to standard output.
pub(super) async fn deliver(bytes: impl Stream<Item = service::Result<Bytes>>, output: Option<PathBuf>) -> Outcome {
    match output {
        // Not opened by its name, which would begin anew where the shell appends.
        Some(path) if path != Path::new("/dev/stdout") => write(bytes, &path).await.map_err(|stop| stop.about(&path)),
        _ => until_read(copy(bytes, tokio::io::stdout()).await).map_err(Failure::from),
    }
}

/// Writes a file, which appears when it is whole; a pipe or a device is written into.
async fn write(bytes: impl Stream<Item = service::Result<Bytes>>, path: &Path) -> Result<(), Stop> {
    let there = std::fs::metadata(path).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        let file = tokio::fs::OpenOptions::new().write(true).open(path).await.map_err(Stop::Write)?;
        return until_read(copy(bytes, file).await);
    }
    let path = real(path).map_err(Stop::Write)?;
    let there = there.map(|there| there.permissions());
    let partial = beside(&path, there).map_err(Stop::Write)?;
    copy(bytes, tokio::fs::File::from_std(partial.reopen().map_err(Stop::Write)?)).await?;
    partial.persist(&path).map_err(|error| Stop::Write(error.error))?;
    Ok(())
}

/// An empty file in the folder of the target, so that it can be put there at once; with the mode of what it replaces,
/// else that of any new file, which the umask narrows.
fn beside(path: &Path, there: Option<Permissions>) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let new = Permissions::from_mode(0o666);
    let file = Builder::new().permissions(there.clone().unwrap_or(new)).tempfile_in(folder)?;
    if let Some(there) = there {
        file.as_file().set_permissions(there)?;
    }
    Ok(file)
}

/// Where a path leads through symbolic links, also through one whose end is not there yet.
fn real(path: &Path) -> io::Result<PathBuf> {
    match std::fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match std::fs::read_link(path) {
            Ok(target) => real(&path.parent().unwrap_or(Path::new("")).join(target)),
            Err(_) => Ok(path.to_owned()),
        },
        found => found,
    }
}

/// The reader of a pipe may go when it has seen enough.
fn until_read(copied: Result<(), Stop>) -> Result<(), Stop> {
    match copied {
        Err(Stop::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

enum Stop {
    Read(service::Error),
    Write(io::Error),
}

impl Stop {
    fn about(self, path: &Path) -> Failure {
        match self {
            Self::Read(error) => error.into(),
            Self::Write(error) => Failure(format!("cannot write {}: {error}", path.display())),
        }
    }
}

async fn copy(bytes: impl Stream<Item = service::Result<Bytes>>, mut to: impl AsyncWrite + Unpin) -> Result<(), Stop> {
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
