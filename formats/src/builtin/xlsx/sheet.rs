//! The rows of a sheet, one after the other, as lines of CSV.

use bytes::BytesMut;
use quick_xml::events::BytesStart;

use super::date::{self, Epoch};
use super::links::{self, Links};
use super::package::{Part, too_many_texts};
use super::reference::column;
use super::styles::{Kind, Styles};
use super::xml::{Node, Xml, attribute, plain, push_within};
use crate::DecodeError;
use crate::builtin::csv::origin::NO_VALUE;
use crate::headers::notes;

/// A sheet that is being read.
pub(super) struct Sheet {
    xml: Xml,
    context: Context,
    links: Links,
    number: u64,
    cells: Vec<String>,
    size: usize,
    /// Whether a row that is not empty was read and not yet given out.
    is_ready: bool,
    is_done: bool,
}

/// What the cells of a sheet refer to, and what they may cost.
pub(super) struct Context {
    pub(super) strings: Strings,
    pub(super) styles: Styles,
    pub(super) epoch: Epoch,
    pub(super) row_limit: usize,
    pub(super) column_limit: usize,
}

impl Sheet {
    pub(super) fn new(part: Part, links: Links, context: Context) -> Sheet {
        let xml = Xml::new(part, context.row_limit);
        Sheet { xml, context, links, number: 0, cells: Vec::new(), size: 0, is_ready: false, is_done: false }
    }

    pub(super) fn into_context(self) -> Context {
        self.context
    }

    /// Whether there is a filled cell.
    pub(super) fn is_filled(&mut self) -> Result<bool, DecodeError> {
        self.read_on()?;
        Ok(self.is_ready)
    }

    /// Appends the next row that is not empty; its number, or `None` where there is no more.
    pub(super) fn row(&mut self, out: &mut BytesMut) -> Result<Option<u64>, DecodeError> {
        self.read_on()?;
        if !std::mem::take(&mut self.is_ready) {
            return Ok(None);
        }
        let start = out.len();
        for (at, cell) in self.cells.iter().enumerate() {
            out.extend_from_slice(if at > 0 { b",\"" } else { b"\"" });
            out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            out.extend_from_slice(b"\"");
        }
        if out.len() - start > self.context.row_limit {
            // As long, but without quotes and line ends, in which CSV would look for the rows that follow.
            out.truncate(start);
            out.resize(start + self.context.row_limit + 1, b'x');
        }
        out.extend_from_slice(b"\r\n");
        Ok(Some(self.number))
    }

    fn read_on(&mut self) -> Result<(), DecodeError> {
        while !self.is_ready && !self.is_done {
            match self.xml.next()? {
                Node::Start(start) if start.local_name().as_ref() == "row" => {
                    let number = attribute(&start, "r").and_then(|number| number.parse().ok());
                    self.number = number.unwrap_or(self.number + 1);
                    self.cells.clear();
                    self.size = 0;
                    self.read_row()?;
                    self.is_ready = self.cells.iter().any(|cell| cell != NO_VALUE && !cell.trim().is_empty());
                }
                Node::Empty(start) if start.local_name().as_ref() == "row" => self.number += 1,
                Node::End(name) if name == "sheetData" => self.is_done = true,
                Node::Eof => self.is_done = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_row(&mut self) -> Result<(), DecodeError> {
        let mut next = 0;
        loop {
            match self.xml.next()? {
                Node::Start(start) if start.local_name().as_ref() == "c" => {
                    let cell = Cell::new(&start, next);
                    next = cell.column + 1;
                    let mut text = self.cell(&cell)?;
                    if let Some(link) = self.links.of(self.number, cell.column).filter(|_| !text.is_empty()) {
                        text.push('\0');
                        text.push_str(link);
                    }
                    self.put(cell.column, text);
                }
                Node::Empty(start) if start.local_name().as_ref() == "c" => next = Cell::new(&start, next).column + 1,
                Node::End(name) if name == "row" || name == "sheetData" => return Ok(()),
                Node::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// The text of a cell, up to its end; NUL stands before a number, and before where a formula that is a link leads. [`NO_VALUE`] is a
    /// formula of which the program that wrote it did not reckon the value.
    fn cell(&mut self, cell: &Cell) -> Result<String, DecodeError> {
        let (mut text, mut is_meant) = (String::new(), false);
        let (mut formula, mut is_formula) = (String::new(), false);
        let (mut has_formula, mut has_value) = (false, false);
        loop {
            match self.xml.next()? {
                Node::Start(start) => match start.local_name().as_ref() {
                    "v" | "t" => (is_meant, has_value) = (true, true),
                    "f" => (is_formula, has_formula) = (true, true),
                    // How a text is spoken, and formulas, are no texts of the cell.
                    "rPh" => skip(&mut self.xml, "rPh")?,
                    _ => {}
                },
                Node::Text(piece) if is_meant => push_within(&mut text, &piece, self.context.row_limit),
                Node::Text(piece) if is_formula => push_within(&mut formula, &piece, links::LONGEST),
                Node::End(name) => match name.as_str() {
                    "v" | "t" => is_meant = false,
                    "f" => is_formula = false,
                    "c" | "row" => break,
                    _ => {}
                },
                Node::Eof => break,
                Node::Empty(start) => match start.local_name().as_ref() {
                    "v" | "t" => has_value = true,
                    "f" => has_formula = true,
                    _ => {}
                },
                Node::Text(_) => {}
            }
        }
        // openpyxl writes an empty `<v>` behind each formula; a text that was reckoned may be empty.
        let is_reckoned = !text.is_empty() || cell.kind == "str" && has_value;
        if has_formula && !is_reckoned {
            return Ok(NO_VALUE.to_owned());
        }
        let Context { strings, styles, epoch, .. } = &self.context;
        Ok(match cell.kind.as_str() {
            "s" => text.trim().parse().ok().and_then(|at| strings.get(at)).unwrap_or_default().to_owned(),
            "str" | "inlineStr" => {
                let text = within(&text, self.context.row_limit);
                match links::of_formula(&formula).filter(|_| !text.is_empty()) {
                    Some(link) => format!("{text}\0{link}"),
                    None => text,
                }
            }
            "b" => if text.trim() == "1" { "true" } else { "false" }.to_owned(),
            // `#N/A` and its kin say that there is nothing.
            "e" => String::new(),
            "d" => text,
            _ if text.trim().is_empty() => String::new(),
            _ => {
                let kind = cell.style.map_or(&Kind::Number, |style| styles.kind(style));
                let text = date::text(&text, kind, *epoch);
                if *kind == Kind::Number { format!("\0{text}") } else { text }
            }
        })
    }

    /// Puts a text into its column. What is far beyond the limits only tells that they are exceeded.
    fn put(&mut self, column: usize, text: String) {
        let column = column.min(self.context.column_limit.saturating_add(2 * notes::COUNT));
        if text.is_empty() || self.size > 2 * self.context.row_limit {
            return;
        }
        self.size += text.len();
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        self.cells[column] = text;
    }
}

/// The attributes of a cell.
struct Cell {
    column: usize,
    kind: String,
    style: Option<usize>,
}

impl Cell {
    fn new(start: &BytesStart<'_>, next: usize) -> Cell {
        Cell {
            column: attribute(start, "r").and_then(|place| column(&place)).unwrap_or(next),
            kind: attribute(start, "t").unwrap_or_default(),
            style: attribute(start, "s").and_then(|style| style.parse().ok()),
        }
    }
}

/// A text as Excel means it. One that was cut stays as it is, and so too long.
fn within(text: &str, limit: usize) -> String {
    if text.len() > limit { text.to_owned() } else { plain(text) }
}

fn skip(xml: &mut Xml, element: &str) -> Result<(), DecodeError> {
    loop {
        match xml.next()? {
            Node::End(name) if name == element => return Ok(()),
            Node::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The most bytes of the texts that cells share.
const SHARED_LIMIT: usize = 128 << 20;

/// The most of these texts.
const SHARED_COUNT: usize = 5_000_000;

/// How many bytes of them are kept together: a single text of all would be copied whenever it grows.
const SHELF: usize = 1 << 20;

/// The texts that cells share, on shelves, so that many small ones take no more room than they have.
#[derive(Default)]
pub(super) struct Strings {
    shelves: Vec<String>,
    size: usize,
    /// Of each text the shelf, and where it begins and ends there.
    places: Vec<(u16, u32, u32)>,
}

impl Strings {
    /// Each up to a limit in bytes, and one more that tells that there was more.
    pub(super) fn read(part: Option<Part>, limit: usize) -> Result<Strings, DecodeError> {
        let mut strings = Strings::default();
        let Some(part) = part else { return Ok(strings) };
        let (mut xml, mut is_meant, mut current) = (Xml::new(part, limit), false, String::new());
        loop {
            match xml.next()? {
                Node::Start(start) => match start.local_name().as_ref() {
                    "t" => is_meant = true,
                    "rPh" => skip(&mut xml, "rPh")?,
                    _ => {}
                },
                Node::Empty(start) if start.local_name().as_ref() == "si" => strings.push("")?,
                Node::Text(piece) if is_meant => push_within(&mut current, &piece, limit),
                Node::End(name) => match name.as_str() {
                    "t" => is_meant = false,
                    "si" => {
                        strings.push(&within(&current, limit))?;
                        current.clear();
                    }
                    _ => {}
                },
                Node::Eof => return Ok(strings),
                Node::Empty(_) | Node::Text(_) => {}
            }
        }
    }

    fn push(&mut self, text: &str) -> Result<(), DecodeError> {
        self.size += text.len();
        if self.size > SHARED_LIMIT || self.places.len() == SHARED_COUNT {
            return Err(too_many_texts(SHARED_LIMIT >> 20, SHARED_COUNT));
        }
        if self.shelves.last().is_none_or(|shelf| shelf.len() + text.len() > SHELF) {
            self.shelves.push(String::with_capacity(SHELF.max(text.len())));
        }
        let number = u16::try_from(self.shelves.len() - 1).expect("two shelves hold a MiB at least");
        let last = self.shelves.last_mut().expect("there is one");
        let start = last.len();
        last.push_str(text);
        let place = |at: usize| u32::try_from(at).expect("a shelf has at most all texts");
        self.places.push((number, place(start), place(last.len())));
        Ok(())
    }

    fn get(&self, at: usize) -> Option<&str> {
        let (number, start, end) = *self.places.get(at)?;
        self.shelves.get(usize::from(number))?.get(start as usize..end as usize)
    }
}
