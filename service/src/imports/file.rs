//! The file of an import: whole, at hand, and known by its hash before anything is imported.

use std::io;
use std::path::Path;

use bytes::Bytes;
use futures_util::Stream;
use sha2::{Digest, Sha256};
use storage::query::uploads::{self, Purpose, Quota};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _, BufWriter};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::handle::Imports;
use crate::error::{Code, Error, Result};
use crate::id::Kind;
use crate::permission::Right;

/// After how many seconds whoever has met a quota may look again.
const ROOM_AGAIN_AFTER: u64 = 3_600;

/// How much of a file is read at a time.
const PIECE: usize = 64 * 1024;

/// How many bytes tell what a file is.
const HEAD: u64 = 64 * 1024;

/// A file that is at hand as a whole: an import is one transaction, so it must not wait for a slow client.
#[derive(Debug)]
pub struct ImportFile {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// What its sender called it, such as `text/csv`.
    pub media_type: Option<String>,
    /// How many bytes it has.
    pub size: u64,
    /// The SHA-256 of its bytes in hexadecimal digits.
    pub sha256: String,
    /// An id of the moment when it began to arrive.
    pub(crate) arrived: Uuid,
    file: std::fs::File,
}

impl ImportFile {
    /// The file of a path. What is no plain file, such as a pipe, is copied first. Errors: `LIMITED` over the limit.
    pub async fn open(path: &Path, limit: u64) -> io::Result<Result<Self>> {
        let arrived = Uuid::now_v7();
        let mut file = File::open(path).await?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let is_plain = file.metadata().await?.is_file();
        let mut spool = if is_plain { None } else { Some(Spool::begin(limit)?) };
        let (mut hash, mut size, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
        loop {
            let read = file.read(&mut piece).await?;
            if read == 0 {
                break;
            }
            let Some(spool) = &mut spool else {
                hash.update(&piece[..read]);
                size += read as u64;
                if size > limit {
                    return Ok(Err(too_large(limit)));
                }
                continue;
            };
            if let Err(error) = spool.push(&piece[..read]).await? {
                return Ok(Err(error));
            }
        }
        if let Some(spool) = spool {
            return Ok(Ok(Self { arrived, ..spool.finish(name, None).await? }));
        }
        let file = file.into_std().await;
        Ok(Ok(Self { name, media_type: None, size, sha256: hexadecimal(&hash.finalize()), arrived, file }))
    }

    /// The beginning of the file.
    pub(crate) async fn head(&self) -> Result<Vec<u8>> {
        let mut head = Vec::new();
        let file = self.rewound().await.map_err(Error::internal)?;
        file.take(HEAD).read_to_end(&mut head).await.map_err(Error::internal)?;
        Ok(head)
    }

    /// Its bytes from the beginning. One reader at a time: all share the place in the file.
    pub(crate) async fn bytes(&self) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static> {
        let file = self.rewound().await.map_err(Error::internal)?;
        Ok(ReaderStream::with_capacity(file, PIECE))
    }

    async fn rewound(&self) -> io::Result<File> {
        let mut file = File::from_std(self.file.try_clone()?);
        file.rewind().await?;
        Ok(file)
    }
}

/// A file that is arriving, kept in a temporary file that goes with its handle.
pub struct Spool {
    file: BufWriter<File>,
    hash: Sha256,
    size: u64,
    limit: u64,
    arrived: Uuid,
}

impl Spool {
    /// An empty one, for at most so many bytes. Errors: where no temporary file can be made.
    pub fn begin(limit: u64) -> io::Result<Self> {
        let file = File::from_std(tempfile::tempfile()?);
        let file = BufWriter::with_capacity(PIECE, file);
        Ok(Self { file, hash: Sha256::new(), size: 0, limit, arrived: Uuid::now_v7() })
    }

    /// Adds what comes next. Errors, the inner ones: `LIMITED` over the limit.
    pub async fn push(&mut self, piece: &[u8]) -> io::Result<Result<()>> {
        self.size += piece.len() as u64;
        if self.size > self.limit {
            return Ok(Err(too_large(self.limit)));
        }
        self.hash.update(piece);
        self.file.write_all(piece).await?;
        Ok(Ok(()))
    }

    /// The file, when all of it has come.
    pub async fn finish(mut self, name: Option<String>, media_type: Option<String>) -> io::Result<ImportFile> {
        self.file.flush().await?;
        let file = self.file.into_inner().into_std().await;
        let Self { size, arrived, .. } = self;
        Ok(ImportFile { name, media_type, size, sha256: hexadecimal(&self.hash.finalize()), arrived, file })
    }
}

/// A file that waits in the database for its import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its global id.
    pub id: String,
    /// How many bytes it has.
    pub size: u64,
    /// The SHA-256 of its bytes in hexadecimal digits.
    pub sha256: String,
}

/// A file that is arriving in the database.
pub struct UploadSpool {
    writer: storage::Writer,
    id: Uuid,
    place: i32,
    piece: Vec<u8>,
    hash: Sha256,
    size: u64,
    limit: u64,
    quota: Quota,
    /// Whether it is whole, or forgotten.
    is_done: bool,
}

impl Imports<'_> {
    /// Begins a file that waits in the database, for at most a day. Errors: `FORBIDDEN` for readers, `LIMITED` where no more may wait.
    pub async fn begin_upload(&self, name: Option<String>, media_type: Option<String>) -> Result<UploadSpool> {
        self.begin_for(name, media_type, Purpose::Any).await
    }

    /// Forgets a file that waits in the database. Errors: `NOT_FOUND`, `CONFLICT` where a plan waits with it.
    pub async fn discard_upload(&self, id: &str) -> Result<()> {
        let writer = self.session().writer(Right::Records)?;
        let unknown = || Error::new(Code::NotFound, "there is no such upload");
        let id = Kind::Upload.parse(id).ok_or_else(unknown)?;
        uploads::get(&self.session().reader(), id).await?.ok_or_else(unknown)?;
        Ok(uploads::discard(&writer, id).await?)
    }

    async fn begin_for(
        &self,
        name: Option<String>,
        media_type: Option<String>,
        purpose: Purpose,
    ) -> Result<UploadSpool> {
        let writer = self.session().writer(Right::Records)?;
        let (limit, quota) =
            (self.session().engine().import_limits.file, self.session().engine().import_limits.waiting);
        let id = uploads::begin(&writer, name, media_type, purpose, &quota).await.map_err(later)?;
        let (piece, hash) = (Vec::new(), Sha256::new());
        Ok(UploadSpool { writer, id, place: 0, piece, hash, size: 0, limit, quota, is_done: false })
    }

    /// Puts a file that is at hand into the database.
    pub(super) async fn keep_file(&self, file: &ImportFile) -> Result<Uuid> {
        use futures_util::TryStreamExt as _;
        let mut spool = self.begin_for(file.name.clone(), file.media_type.clone(), Purpose::Plan).await?;
        let mut bytes = std::pin::pin!(file.bytes().await?);
        while let Some(piece) = bytes.try_next().await.map_err(Error::internal)? {
            if let Err(error) = spool.push(&piece).await.and_then(std::convert::identity) {
                spool.discard().await?;
                return Err(error);
            }
        }
        let id = spool.id;
        spool.finish().await?;
        Ok(id)
    }

    /// A file that waits in the database, copied to where it can be read as often as need be. Errors: `NOT_FOUND`.
    pub(super) async fn upload(&self, id: Uuid) -> Result<ImportFile> {
        let arrived = Uuid::now_v7();
        let reader = self.session().reader();
        let unknown = || Error::new(Code::NotFound, "there is no such upload");
        let upload = uploads::get(&reader, id).await?.ok_or_else(unknown)?;
        let mut spool = Spool::begin(u64::MAX).map_err(Error::internal)?;
        for place in 0.. {
            let Some(piece) = uploads::piece(&reader, id, place).await? else { break };
            spool.push(&piece).await.map_err(Error::internal)??;
        }
        let file = spool.finish(upload.name, upload.media_type).await.map_err(Error::internal)?;
        if file.sha256 != upload.sha256 {
            // Somebody has forgotten it while it was read.
            return Err(unknown());
        }
        Ok(ImportFile { arrived, ..file })
    }
}

impl UploadSpool {
    /// Adds what comes next. Errors: `LIMITED` where no more may wait, and, the inner ones, over the limit of a file; nothing of the file
    /// stays then.
    pub async fn push(&mut self, piece: &[u8]) -> Result<Result<()>> {
        self.size += piece.len() as u64;
        if self.size > self.limit {
            self.discard().await?;
            return Ok(Err(too_large(self.limit)));
        }
        self.hash.update(piece);
        let mut rest = piece;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(uploads::PIECE - self.piece.len()));
            self.piece.extend_from_slice(now);
            rest = later;
            if self.piece.len() == uploads::PIECE {
                self.write().await?;
            }
        }
        Ok(Ok(()))
    }

    /// Ends the file; from now on an import can read it.
    pub async fn finish(mut self) -> Result<Upload> {
        if !self.piece.is_empty()
            && let Err(error) = self.write().await
        {
            self.discard().await?;
            return Err(error);
        }
        let sha256 = hexadecimal(&std::mem::take(&mut self.hash).finalize());
        uploads::finish(&self.writer, self.id, self.size, &sha256).await?;
        self.is_done = true;
        Ok(Upload { id: Kind::Upload.global(self.id).to_string(), size: self.size, sha256 })
    }

    /// Forgets what has come.
    pub async fn discard(&mut self) -> Result<()> {
        self.is_done = true;
        Ok(uploads::discard(&self.writer, self.id).await?)
    }

    async fn write(&mut self) -> Result<()> {
        let piece = std::mem::take(&mut self.piece);
        uploads::append(&self.writer, self.id, self.place, piece, &self.quota).await.map_err(later)?;
        self.place += 1;
        Ok(())
    }
}

/// What has come of a file whose client is gone does not wait for the sweep.
impl Drop for UploadSpool {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.is_done {
            return;
        }
        let (writer, id) = (self.writer.clone(), self.id);
        runtime.spawn(async move {
            if let Err(error) = uploads::discard(&writer, id).await {
                tracing::warn!(%error, "A file that broke off cannot be forgotten now: {error}");
            }
        });
    }
}

/// An error of a file for which there is no room now: others that wait are applied, given up or forgotten.
fn later(error: storage::Error) -> Error {
    let error = Error::from(error);
    match error.code {
        Code::Limited => Error::limited_for(ROOM_AGAIN_AFTER, error.message),
        _ => error,
    }
}

fn too_large(limit: u64) -> Error {
    Error::new(Code::Limited, format!("the file is larger than {limit} bytes, the limit import_file"))
}

/// Bytes in hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).expect("four bits are a hexadecimal digit");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
