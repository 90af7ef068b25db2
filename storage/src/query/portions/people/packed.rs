//! People as bytes one behind the other: what is read of a row is copied once, without a text of its own for each cell.

use rusqlite::types::ValueRef;
use sea_orm::sqlx::Row as _;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use crate::bulk;
use crate::contact::{Contact, ContactField};
use crate::entity::people::Column;
use crate::error::{Error, Result};
use crate::page::{Cursor, Order, SortKey};
use crate::value::Timestamp;

/// A person with what files carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedPerson {
    /// UUID v7.
    pub id: Uuid,
    /// The contact data.
    pub contact: Contact,
    /// The names of the person's categories, in their order.
    pub categories: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// The columns that are read: these, then the contact data; the ids of the categories follow.
const KEYS: [Column; 4] = [Column::Id, Column::CreatedAt, Column::UpdatedAt, Column::SortKey];
const ID: usize = 0;
const CREATED_AT: usize = 1;
const UPDATED_AT: usize = 2;
const SORT_KEY: usize = 3;
const TEXTS: std::ops::Range<usize> = KEYS.len()..CATEGORIES;
const CATEGORIES: usize = KEYS.len() + ContactField::COUNT;

/// The columns that are read.
pub(super) fn columns() -> impl Iterator<Item = Column> {
    KEYS.into_iter().chain(ContactField::ALL.map(Column::from))
}

/// The people of a portion: of each its id, its times, its texts and the ids of its categories.
#[derive(Clone, Debug, Default)]
pub struct PackedPeople {
    bytes: Vec<u8>,
    people: usize,
}

/// A row of either database, cell by cell as it came.
pub(super) trait Cells {
    /// An id, a text or nothing.
    fn bytes(&self, place: usize) -> Result<Option<&[u8]>>;
    fn number(&self, place: usize) -> Result<i64>;
    /// Appends the ids of the categories, 16 bytes each.
    fn put_categories(&self, out: &mut Vec<u8>) -> Result<()>;
}

/// The place of a row in the list.
pub(super) fn place(row: &impl Cells, order: Order) -> Result<Cursor> {
    let key = match order.key {
        SortKey::Name => text(row.bytes(SORT_KEY)?.unwrap_or_default())?,
        SortKey::Created => row.number(CREATED_AT)?.to_string(),
        SortKey::Updated => row.number(UPDATED_AT)?.to_string(),
    };
    Ok(Cursor { key, id: id(row.bytes(ID)?.unwrap_or_default())? })
}

impl PackedPeople {
    /// How many they are.
    pub fn len(&self) -> usize {
        self.people
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.people == 0
    }

    /// How much memory they take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn push(&mut self, row: &impl Cells) -> Result<()> {
        let out = &mut self.bytes;
        out.extend_from_slice(id(row.bytes(ID)?.unwrap_or_default())?.as_bytes());
        for place in [CREATED_AT, UPDATED_AT] {
            out.extend_from_slice(&row.number(place)?.to_le_bytes());
        }
        for place in TEXTS {
            let text = row.bytes(place)?.unwrap_or_default();
            out.extend_from_slice(&length(text.len())?);
            out.extend_from_slice(text);
        }
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        row.put_categories(out)?;
        let ids = length(out.len() - start - 4)?;
        out[start..start + 4].copy_from_slice(&ids);
        self.people += 1;
        Ok(())
    }

    /// The people, still without names of categories, and the ids of those.
    pub(super) fn unpack(&self) -> Result<Vec<(CarriedPerson, Vec<Uuid>)>> {
        let mut rest = Rest(&self.bytes);
        (0..self.people).map(|_| rest.person()).collect()
    }
}

/// What is not unpacked yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn person(&mut self) -> Result<(CarriedPerson, Vec<Uuid>)> {
        let id = Uuid::from_bytes(self.fixed());
        let (created_at, updated_at) = (self.time(), self.time());
        let mut contact = Contact::default();
        for field in ContactField::ALL {
            *contact.value_mut(field) = self.text()?;
        }
        let categories = self.measured().as_chunks().0.iter().map(|id| Uuid::from_bytes(*id)).collect();
        Ok((CarriedPerson { id, contact, categories: Vec::new(), created_at, updated_at }, categories))
    }

    fn time(&mut self) -> Timestamp {
        Timestamp::from_microseconds(i64::from_le_bytes(self.fixed()))
    }

    fn text(&mut self) -> Result<Option<String>> {
        match self.measured() {
            [] => Ok(None),
            bytes => text(bytes).map(Some),
        }
    }

    /// Bytes behind their number.
    fn measured(&mut self) -> &'a [u8] {
        let length = u32::from_le_bytes(self.fixed()) as usize;
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes
    }

    fn fixed<const N: usize>(&mut self) -> [u8; N] {
        let (bytes, rest) = self.0.split_first_chunk().expect("whole people are packed");
        self.0 = rest;
        *bytes
    }
}

impl Cells for rusqlite::Row<'_> {
    fn bytes(&self, place: usize) -> Result<Option<&[u8]>> {
        match bulk::cell(self, place)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(Some(bytes)),
            ValueRef::Integer(_) | ValueRef::Real(_) => Err(wrong()),
        }
    }

    fn number(&self, place: usize) -> Result<i64> {
        match bulk::cell(self, place)? {
            ValueRef::Integer(number) => Ok(number),
            _ => Err(wrong()),
        }
    }

    fn put_categories(&self, out: &mut Vec<u8>) -> Result<()> {
        for digits in Cells::bytes(self, CATEGORIES)?.unwrap_or_default().as_chunks::<32>().0 {
            out.extend_from_slice(Uuid::try_parse_ascii(digits).map_err(|_| wrong())?.as_bytes());
        }
        Ok(())
    }
}

impl Cells for QueryResult {
    fn bytes(&self, place: usize) -> Result<Option<&[u8]>> {
        use sea_orm::sqlx::ValueRef as _;
        let row: &PgRow = self.try_as_pg_row().ok_or_else(wrong)?;
        let cell = row.try_get_raw(place).map_err(|_| wrong())?;
        if cell.is_null() {
            return Ok(None);
        }
        cell.as_bytes().map(Some).map_err(|_| wrong())
    }

    fn number(&self, place: usize) -> Result<i64> {
        big_endian(self.bytes(place)?.unwrap_or_default())
    }

    fn put_categories(&self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(self.bytes(CATEGORIES)?.unwrap_or_default());
        Ok(())
    }
}

/// A row of a `COPY` in PostgreSQL's binary format (its manual, COPY, "Binary Format"), which sends a message for each.
pub(super) struct CopiedRow<'a>([Option<&'a [u8]>; CATEGORIES + 1]);

impl<'a> CopiedRow<'a> {
    /// `None` for the end of the document.
    pub(super) fn read(message: &'a [u8]) -> Result<Option<Self>> {
        const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
        // Before the first row: the signature, four bytes of flags, and four that say there is nothing more.
        let message = match message.strip_prefix(SIGNATURE) {
            Some(rest) => rest.get(8..).ok_or_else(wrong)?,
            None => message,
        };
        let mut rest = Rest(message);
        let cells = match message.len() {
            0 => return Ok(None),
            1 => return Err(wrong()),
            _ => i16::from_be_bytes(rest.fixed()),
        };
        if cells == -1 {
            return Ok(None);
        }
        let mut row = [None; CATEGORIES + 1];
        if usize::try_from(cells) != Ok(row.len()) {
            return Err(wrong());
        }
        for cell in &mut row {
            let (length, after) = rest.0.split_first_chunk().ok_or_else(wrong)?;
            rest.0 = after;
            // A negative length is NULL.
            if let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) {
                let (bytes, after) = rest.0.split_at_checked(length).ok_or_else(wrong)?;
                (*cell, rest.0) = (Some(bytes), after);
            }
        }
        Ok(Some(Self(row)))
    }
}

impl Cells for CopiedRow<'_> {
    fn bytes(&self, place: usize) -> Result<Option<&[u8]>> {
        Ok(self.0[place])
    }

    fn number(&self, place: usize) -> Result<i64> {
        big_endian(self.0[place].unwrap_or_default())
    }

    fn put_categories(&self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(self.0[CATEGORIES].unwrap_or_default());
        Ok(())
    }
}

/// A `BIGINT` of PostgreSQL's binary format.
fn big_endian(bytes: &[u8]) -> Result<i64> {
    Ok(i64::from_be_bytes(bytes.try_into().map_err(|_| wrong())?))
}

fn id(bytes: &[u8]) -> Result<Uuid> {
    Uuid::from_slice(bytes).map_err(|_| wrong())
}

fn text(bytes: &[u8]) -> Result<String> {
    str::from_utf8(bytes).map(str::to_owned).map_err(|_| wrong())
}

fn length(bytes: usize) -> Result<[u8; 4]> {
    Ok(u32::try_from(bytes).map_err(|_| wrong())?.to_le_bytes())
}

fn wrong() -> Error {
    Error::Internal(DbErr::Type("a person has other columns than it should have".to_owned()))
}
