//! The archive that a workbook is, opened with limits: what is unpacked is counted, whatever the archive says of itself.

use std::collections::HashMap;
use std::io::{self, Cursor, Read};

use bytes::{Buf, Bytes};
use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use crate::DecodeError;

/// The most bytes that the parts may have together.
const UNPACKED_LIMIT: u64 = 256 << 20;

/// The most parts.
pub(super) const PARTS: usize = 10_000;

/// With what an entry of the directory begins (APPNOTE.TXT of PKWARE section 4.3.12).
const ENTRY: &[u8] = b"PK\x01\x02";

/// The parts of a workbook by their names, in small letters and with `/`.
pub(super) struct Package {
    bytes: Bytes,
    parts: HashMap<String, Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    packed: usize,
    size: u64,
    method: CompressionMethod,
}

/// A part, as it is unpacked.
pub(super) type Part = io::BufReader<Bounded>;

impl Package {
    /// Reads the directory of the archive.
    pub(super) fn open(bytes: Bytes) -> Result<Package, DecodeError> {
        if bytes.starts_with(b"\xD0\xCF\x11\xE0") {
            return Err(damaged("it is an .xls of old Excel, or has a password; save it as xlsx without one"));
        }
        // Before the directory is read, of which each entry takes ten times the room that it has in the file.
        if bytes.windows(ENTRY.len()).filter(|bytes| *bytes == ENTRY).count() > PARTS {
            return Err(damaged("it has too many parts"));
        }
        let not_whole = |_| damaged("it is no xlsx, or not whole; save it as xlsx again");
        let mut archive = ZipArchive::new(Cursor::new(bytes.clone())).map_err(not_whole)?;
        if archive.len() > PARTS {
            return Err(damaged("it has too many parts"));
        }
        let (mut parts, mut total) = (HashMap::new(), 0_u64);
        for at in 0..archive.len() {
            let file = archive.by_index_raw(at).map_err(not_whole)?;
            if file.encrypted() {
                return Err(damaged("it has a password; save it as xlsx without one"));
            }
            total = total.saturating_add(file.size());
            let start = file.data_start().and_then(|start| usize::try_from(start).ok());
            let packed = usize::try_from(file.compressed_size()).ok();
            let name = file.name().map_err(not_whole)?.replace('\\', "/").to_ascii_lowercase();
            if let (Some(start), Some(packed)) = (start, packed) {
                let place = Place { start, packed, size: file.size(), method: file.compression() };
                parts.insert(name, place);
            }
        }
        if total > UNPACKED_LIMIT {
            return Err(too_large());
        }
        Ok(Package { bytes, parts })
    }

    /// Whether there is such a part.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&key(name))
    }

    /// The part with a name; `None` where there is none.
    pub(super) fn part(&self, name: &str) -> Result<Option<Part>, DecodeError> {
        let Some(place) = self.parts.get(&key(name)) else { return Ok(None) };
        let end = place.start.checked_add(place.packed).filter(|end| *end <= self.bytes.len());
        let packed = self.bytes.slice(place.start..end.ok_or_else(|| damaged("a part of it is missing"))?).reader();
        let inner: Box<dyn Read + Send> = match place.method {
            CompressionMethod::Stored => Box::new(packed),
            CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(packed)),
            _ => return Err(damaged("it is packed in a way that Excel does not use; save it as xlsx again")),
        };
        Ok(Some(io::BufReader::with_capacity(32 * 1024, Bounded { inner, left: place.size })))
    }
}

/// A reader that fails when there is more than the archive says.
pub(super) struct Bounded {
    inner: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other("larger than it says"))?;
        Ok(read)
    }
}

pub(super) fn damaged(reason: &str) -> DecodeError {
    DecodeError::Damaged { reason: reason.to_owned() }
}

pub(super) fn too_large() -> DecodeError {
    DecodeError::TooLarge { what: "the content of a workbook", limit: 256 }
}

pub(super) fn too_many_texts(megabytes: usize, count: usize) -> DecodeError {
    damaged(&format!(
        "its cells share more than {megabytes} MiB of texts, or more than {count} of them; divide it, or save it as CSV"
    ))
}

fn key(name: &str) -> String {
    name.trim_start_matches('/').replace('\\', "/").to_ascii_lowercase()
}
