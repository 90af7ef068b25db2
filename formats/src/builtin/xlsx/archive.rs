//! Writes the archive that a workbook is, part by part, while its bytes are handed on: a long part says after itself how long it has
//! become, in a data descriptor (APPNOTE.TXT of PKWARE section 4.3.9).

use std::io::Write;

use bytes::{BufMut, BytesMut};
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use crate::EncodeError;

/// The general purpose bits: sizes come after the data, and names are UTF-8.
const STREAMED: u16 = 1 << 3;
const UTF_8: u16 = 1 << 11;

/// An archive that is being written.
#[derive(Default)]
pub(super) struct Archive {
    written: u64,
    entries: Vec<Entry>,
    open: Option<Open>,
}

/// A part, as the directory at the end tells of it.
struct Entry {
    name: String,
    flags: u16,
    place: u32,
    crc: u32,
    packed: u32,
    size: u32,
}

/// The part that is being written.
struct Open {
    name: String,
    place: u32,
    deflate: DeflateEncoder<Vec<u8>>,
    crc: Crc,
    packed: u64,
    size: u64,
}

impl Archive {
    /// Appends a short part as a whole.
    pub(super) fn put(&mut self, name: &str, content: &str, out: &mut BytesMut) -> Result<(), EncodeError> {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(content.as_bytes()).expect(NEVER_FAILS);
        let packed = deflate.finish().expect(NEVER_FAILS);
        let mut crc = Crc::new();
        crc.update(content.as_bytes());
        let entry = Entry {
            name: name.to_owned(),
            flags: UTF_8,
            place: number(self.written)?,
            crc: crc.sum(),
            packed: number(packed.len() as u64)?,
            size: number(content.len() as u64)?,
        };
        let start = out.len();
        entry.put_local(out);
        out.put_slice(&packed);
        self.written += (out.len() - start) as u64;
        self.entries.push(entry);
        Ok(())
    }

    /// Begins a part of any length.
    pub(super) fn begin(&mut self, name: &str, out: &mut BytesMut) -> Result<(), EncodeError> {
        let place = number(self.written)?;
        let entry = Entry { name: name.to_owned(), flags: UTF_8 | STREAMED, place, crc: 0, packed: 0, size: 0 };
        let start = out.len();
        entry.put_local(out);
        self.written += (out.len() - start) as u64;
        let deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
        self.open = Some(Open { name: entry.name, place, deflate, crc: Crc::new(), packed: 0, size: 0 });
        Ok(())
    }

    /// Appends to the part that was begun.
    pub(super) fn write(&mut self, content: &[u8], out: &mut BytesMut) -> Result<(), EncodeError> {
        let open = self.open.as_mut().expect("a part was begun before it is written to");
        open.crc.update(content);
        open.size += content.len() as u64;
        open.deflate.write_all(content).expect(NEVER_FAILS);
        self.written += open.drain(out);
        number(self.written).map(drop)
    }

    /// How many bytes of the part there are before they are packed.
    pub(super) fn size(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.size)
    }

    /// Ends the part that was begun.
    pub(super) fn finish(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let mut open = self.open.take().expect("a part was begun before it is finished");
        open.deflate.try_finish().expect(NEVER_FAILS);
        self.written += open.drain(out);
        let entry = Entry {
            name: open.name,
            flags: UTF_8 | STREAMED,
            place: open.place,
            crc: open.crc.sum(),
            packed: number(open.packed)?,
            size: number(open.size)?,
        };
        out.put_slice(b"PK\x07\x08");
        entry.put_sizes(out);
        self.written += 16;
        self.entries.push(entry);
        Ok(())
    }

    /// Appends the directory, with which an archive ends.
    pub(super) fn end(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let (place, start) = (number(self.written)?, out.len());
        self.entries.iter().for_each(|entry| entry.put_central(out));
        let length = number((out.len() - start) as u64)?;
        let count = u16::try_from(self.entries.len()).map_err(|_| too_large())?;
        out.put_slice(b"PK\x05\x06\0\0\0\0");
        out.put_u16_le(count);
        out.put_u16_le(count);
        out.put_u32_le(length);
        out.put_u32_le(place);
        out.put_u16_le(0);
        Ok(())
    }
}

impl Open {
    /// Hands on what has been packed; says how much that is.
    fn drain(&mut self, out: &mut BytesMut) -> u64 {
        let packed = self.deflate.get_mut();
        let length = packed.len() as u64;
        out.put_slice(packed);
        packed.clear();
        self.packed += length;
        length
    }
}

impl Entry {
    fn put_local(&self, out: &mut BytesMut) {
        out.put_slice(b"PK\x03\x04");
        self.put_common(out);
        out.put_u16_le(0);
        out.put_slice(self.name.as_bytes());
    }

    fn put_central(&self, out: &mut BytesMut) {
        out.put_slice(b"PK\x01\x02");
        out.put_u16_le(20);
        self.put_common(out);
        // No extra field, no comment, the first disk, no attributes.
        out.put_bytes(0, 2 + 2 + 2 + 2 + 4);
        out.put_u32_le(self.place);
        out.put_slice(self.name.as_bytes());
    }

    /// What the local header and the directory have alike, from the version to the length of the name.
    fn put_common(&self, out: &mut BytesMut) {
        const DEFLATED: u16 = 8;
        // The first day that an archive can name: a document does not tell when it was written, so that it stays the same.
        const FIRST_DAY: u16 = 1 << 5 | 1;
        out.put_u16_le(20);
        out.put_u16_le(self.flags);
        out.put_u16_le(DEFLATED);
        out.put_u16_le(0);
        out.put_u16_le(FIRST_DAY);
        self.put_sizes(out);
        out.put_u16_le(u16::try_from(self.name.len()).expect("we give parts short names"));
    }

    fn put_sizes(&self, out: &mut BytesMut) {
        out.put_u32_le(self.crc);
        out.put_u32_le(self.packed);
        out.put_u32_le(self.size);
    }
}

const NEVER_FAILS: &str = "a vector can always be written to";

fn number(number: u64) -> Result<u32, EncodeError> {
    u32::try_from(number).map_err(|_| too_large())
}

fn too_large() -> EncodeError {
    EncodeError::TooLarge { what: "a workbook", limit: "4 GiB" }
}
