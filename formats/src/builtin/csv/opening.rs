//! The beginning of a table: what separates its cells, what stands before the header, and where the header is.

use std::borrow::Cow;

use bytes::BytesMut;

use super::excel;
use super::origin::{Marked, Origin};
use super::scan::{Cells, Dialect, LineEnd, Scanned, Scanner};
use crate::delimiter::{Evidence, hint};
use crate::headers::notes::Note;
use crate::headers::{Care, Layout, is_email, notes};
use crate::text::without_nul;
use crate::{DecodeError, DecodeOptions, Delimiter, Section, columns};

/// How many rows, of the header and those that follow it, show the shape of a table.
const ROWS: usize = 20;

/// How many rows may stand before the header.
const PREAMBLE: usize = 10;

/// What the beginning of a table tells.
pub(super) struct Opening {
    pub(super) dialect: Dialect,
    /// How many bytes stand before the first row, in a line that names the delimiter.
    pub(super) hint: usize,
    /// How many rows end with the header; 0 where there is none.
    pub(super) rows: usize,
    pub(super) layout: Layout,
}

impl Opening {
    /// Reads the beginning of a table. `Ok(None)` asks for more of it; `is_whole` says that there is no more.
    pub(super) fn read(
        text: &[u8],
        is_whole: bool,
        section: Section,
        options: &DecodeOptions,
        origin: Origin,
    ) -> Result<Option<Opening>, DecodeError> {
        let (said, hint) = hint(text).map_or((None, 0), |(delimiter, length)| (Some(delimiter), length));
        let forced = options.delimiter.or(said);
        let candidates = forced.as_ref().map_or(&Delimiter::USUAL[..], std::slice::from_ref);
        let line_end = LineEnd::of(text);
        let sample = |delimiter: &Delimiter| {
            let dialect = Dialect { delimiter: *delimiter, line_end };
            Sample::read(text, hint, is_whole, dialect, (section, origin), options)
        };
        // Of equals the first, and `max_by_key` takes the last.
        let samples = candidates.iter().rev().map(sample);
        let Some(sample) = samples.max_by_key(Sample::evidence) else { return Ok(None) };
        if sample.rows.is_empty() {
            return match (is_whole, text.len() > options.row_limit) {
                (true, _) => Err(DecodeError::NoHeader { known: columns(section) }),
                (false, true) => Err(DecodeError::HeaderTooLong { line: sample.line, limit: options.row_limit }),
                (false, false) => Ok(None),
            };
        }
        let dialect = sample.dialect;
        let (rows, layout) = sample.layout(section, options)?;
        Ok(Some(Opening { dialect, hint, rows, layout }))
    }
}

/// The first rows of a text as one delimiter cuts them.
struct Sample {
    dialect: Dialect,
    rows: Vec<SampleRow>,
    /// The place of the header among the rows.
    header: Option<(usize, Layout)>,
    /// Where a row starts that does not end within the text.
    line: u64,
}

struct SampleRow {
    line: u64,
    kind: Scanned,
    found: u64,
    cells: Vec<Cow<'static, str>>,
}

impl Sample {
    fn read(
        text: &[u8],
        hint: usize,
        is_whole: bool,
        dialect: Dialect,
        (section, origin): (Section, Origin),
        options: &DecodeOptions,
    ) -> Sample {
        // A file of failed rows has some columns more than the file that they come from.
        let mut scanner = Scanner::new(dialect, options.row_limit, options.column_limit + notes::COUNT);
        let mut input = BytesMut::from(text);
        scanner.skip(&mut input, hint);
        let mut rows = Vec::new();
        while rows.len() < ROWS + PREAMBLE {
            let Some(kind) = scanner.next(&mut input, is_whole) else { break };
            let cells = scanner.cells();
            rows.push(SampleRow { line: scanner.row_line(), kind, found: cells.found(), cells: texts(&cells, origin) });
        }
        let header = header(&rows, section, options);
        Sample { dialect, rows, header, line: scanner.row_line() }
    }

    /// What speaks for the delimiter.
    fn evidence(&self) -> Evidence {
        let header = self.header.as_ref();
        let table = &self.rows[header.map_or(0, |(at, _)| *at)..];
        let good = table.iter().filter(|row| row.kind == Scanned::Row && !row.is_blank());
        let widths: Vec<u64> = good.take(ROWS).map(|row| row.found).collect();
        Evidence::new(header.map_or(0, |(_, layout)| layout.known()), &widths)
    }

    /// What the columns mean, by the header or, where there is none, by a guess; and how many rows end with the header.
    fn layout(self, section: Section, options: &DecodeOptions) -> Result<(usize, Layout), DecodeError> {
        if let Some((at, layout)) = self.header {
            let SampleRow { line, found, .. } = self.rows[at];
            let notes = self.rows[at].cells.iter().filter(|name| Note::of(name).is_some()).count().min(notes::COUNT);
            if found > (options.column_limit + notes) as u64 {
                return Err(DecodeError::TooManyColumns { line, found, limit: options.column_limit });
            }
            return Ok((at + 1, layout));
        }
        let known = columns(section);
        let Some(row) = self.rows.iter().find(|row| !row.is_blank()) else {
            return Err(DecodeError::NoHeader { known });
        };
        let (line, limit) = (row.line, options.row_limit);
        match row.kind {
            Scanned::TooLong => return Err(DecodeError::HeaderTooLong { line, limit }),
            Scanned::Unclosed { line } => return Err(DecodeError::HeaderUnclosed { line }),
            Scanned::Row => {}
        }
        let first = row.cells.iter().map(|cell| cell.trim()).find(|cell| !cell.is_empty()).unwrap_or_default();
        let unknown = || DecodeError::UnknownHeader { line, first: first.chars().take(60).collect(), known };
        if !row.has_email() && options.map.is_empty() {
            return Err(unknown());
        }
        let rows: Vec<Vec<Cow<'_, str>>> = self.rows.iter().map(|row| row.cells.clone()).collect();
        Layout::guess(&rows, section, options).map(|layout| (0, layout)).ok_or_else(unknown)
    }
}

/// The header and its place among the rows: the first row that is not blank, or where little of it is known a row below it of which
/// much is. A row with an e-mail address is data, even if one of its cells happens to be the name of a column.
fn header(rows: &[SampleRow], section: Section, options: &DecodeOptions) -> Option<(usize, Layout)> {
    let known_with = |care: Care, row: &SampleRow| match row.kind {
        Scanned::Row => Layout::recognise_with(care, &row.cells, section, options).map_or(0, |layout| layout.known()),
        _ => 0,
    };
    let known = |row: &SampleRow| known_with(Care::Quick, row);
    let is_likely = |row: &SampleRow, known: usize| known > 0 && known * 2 >= row.filled();
    let mut filled = rows.iter().enumerate().filter(|(_, row)| !row.is_blank()).take(PREAMBLE);
    let (first, row) = filled.next()?;
    let known_first = known(row);
    let is_header = known_first > 0 && (is_likely(row, known_first) || !row.has_email());
    let is_sure = is_header && (known_first > 1 || is_likely(row, known_first));
    let mut below = || filled.find(|(_, row)| row.filled() > 1 && known(row) > 1 && is_likely(row, known(row)));
    // Names with slips are a header only where nothing else is one.
    let is_similar = || !row.has_email() && is_likely(row, known_with(Care::Thorough, row));
    let found = if is_sure { Some(first) } else { below().map(|(at, _)| at).or(is_header.then_some(first)) };
    let at = found.or_else(|| is_similar().then_some(first))?;
    Layout::recognise(&rows[at].cells, section, options).map(|layout| (at, layout))
}

impl SampleRow {
    fn is_blank(&self) -> bool {
        self.kind == Scanned::Row && self.filled() == 0
    }

    fn filled(&self) -> usize {
        self.cells.iter().filter(|cell| !cell.trim().is_empty() && Note::of(cell).is_none()).count()
    }

    fn has_email(&self) -> bool {
        self.cells.iter().any(|cell| is_email(cell))
    }
}

/// The cells as text. A name with a byte that cannot be read is a name that nobody knows.
fn texts(cells: &Cells<'_>, origin: Origin) -> Vec<Cow<'static, str>> {
    let text = |cell| {
        let text = String::from_utf8_lossy(cell);
        let text = if origin == Origin::Text { &text } else { Marked::read(&text).text };
        Cow::Owned(without_nul(&excel::of_formula(text)).into_owned())
    };
    cells.iter().map(text).collect()
}
