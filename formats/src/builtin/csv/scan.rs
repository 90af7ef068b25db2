//! Cuts CSV into rows of cells, from pieces that may end anywhere, and knows on which line each cell starts.

use bytes::{Buf, BytesMut};
use csv_core::{ReadFieldResult, Reader, ReaderBuilder, Terminator};

use crate::Delimiter;
use crate::text::{Lines, mark_at_start};

/// How the characters of a table make cells and rows of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: Delimiter,
    pub(super) line_end: LineEnd,
}

/// What ends a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// LF, perhaps after CR. A lone CR is text.
    Lf,
    /// CR, as on the old Macintosh, and LF.
    Cr,
}

impl LineEnd {
    /// What ends most lines of a text, apart from those between quotes, where old Macintosh programs write LF.
    pub(super) fn of(text: &[u8]) -> LineEnd {
        let (mut lf, mut cr, mut is_quoted) = (0, 0, false);
        for (at, byte) in text.iter().enumerate() {
            match byte {
                b'"' => is_quoted = !is_quoted,
                b'\n' if !is_quoted => lf += 1,
                b'\r' if !is_quoted && !matches!(text.get(at + 1), Some(b'\r' | b'\n')) => cr += 1,
                _ => {}
            }
        }
        if cr > lf { LineEnd::Cr } else { LineEnd::Lf }
    }

    fn ends_row(self, byte: u8) -> bool {
        byte == b'\n' || (byte == b'\r' && self == LineEnd::Cr)
    }
}

/// csv-core's state machine with what it does not do: limits, and quotes that are never closed.
///
/// A row stays in the input until it has ended, so that reading can begin anew after the line of a quote that is never closed.
pub(super) struct Scanner {
    dialect: Dialect,
    reader: Reader,
    lines: Lines,
    limit: usize,
    width: usize,
    /// Unescaped cells one after the other, and after them room that the reader may write to.
    text: Vec<u8>,
    used: usize,
    /// Where each cell ends in `text`.
    ends: Vec<usize>,
    row: CurrentRow,
    progress: Progress,
    /// The bytes of the row that was found last, taken from the input as they are, and where in them the quote opens that is never
    /// closed.
    raw: BytesMut,
    open_at: Option<usize>,
}

/// What a row turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// A whole row, whose cells the scanner has until the next call.
    Row,
    /// A row with more bytes than the limit; its cells are gone.
    TooLong,
    /// A quote opens in this line and is not closed before the limit, the end of the file or the start of another cell. The next row
    /// begins with the next line.
    Unclosed { line: u64 },
}

#[derive(Clone, Copy)]
enum Progress {
    Between,
    Inside,
    /// The rest of the line is passed over; then this is the answer.
    Skipping(Scanned),
}

impl Scanner {
    /// A scanner that keeps at most `width` cells of rows of at most `limit` bytes.
    pub(super) fn new(dialect: Dialect, limit: usize, width: usize) -> Scanner {
        Scanner {
            dialect,
            reader: reader(dialect),
            lines: Lines::starting_at(1),
            limit,
            width,
            text: Vec::new(),
            used: 0,
            ends: Vec::new(),
            row: CurrentRow::default(),
            progress: Progress::Between,
            raw: BytesMut::new(),
            open_at: None,
        }
    }

    /// Sets how many cells of a row are kept; of cells beyond them it is only known whether any is filled.
    pub(super) fn set_width(&mut self, width: usize) {
        self.width = width;
    }

    /// The line on which the current row starts.
    pub(super) fn row_line(&self) -> u64 {
        self.row.line
    }

    /// The cells of the row that was found last.
    pub(super) fn cells(&self) -> Cells<'_> {
        Cells {
            text: &self.text[..self.used],
            ends: &self.ends,
            found: self.row.cells,
            surplus_is_filled: self.row.surplus_is_filled,
        }
    }

    /// The row that was found last, cut into all of its cells; after a quote that is never closed each delimiter is one. `None` for
    /// a row that was too long.
    pub(super) fn source(&self) -> Option<Vec<Vec<u8>>> {
        if self.raw.is_empty() {
            return None;
        }
        let (closed, open) = self.raw.split_at(self.open_at.unwrap_or(self.raw.len()));
        let mut scanner = Scanner::new(self.dialect, self.limit, usize::MAX);
        let mut cells = Vec::new();
        if scanner.next(&mut BytesMut::from(closed), true).is_some() {
            cells.extend(scanner.cells().iter().map(<[u8]>::to_vec));
        }
        if self.open_at.is_some() {
            // The delimiter before the quote has made an empty cell.
            cells.pop();
            let open = open.strip_suffix(b"\r").unwrap_or(open);
            cells.extend(open.split(|byte| *byte == self.dialect.delimiter.byte()).map(unquoted));
        }
        Some(cells)
    }

    /// What separates the cells.
    pub(super) fn delimiter(&self) -> Delimiter {
        self.dialect.delimiter
    }

    /// Passes over bytes that are no rows.
    pub(super) fn skip(&mut self, input: &mut BytesMut, count: usize) {
        self.lines.pass(&input[..count]);
        input.advance(count);
    }

    /// The next row; `None` where more input is needed or, at the end, where there is no row any more.
    pub(super) fn next(&mut self, input: &mut BytesMut, at_end: bool) -> Option<Scanned> {
        match self.progress {
            Progress::Skipping(scanned) => return self.skip_line(input, at_end, scanned),
            Progress::Inside => {}
            Progress::Between => {
                // Let go of, so that the buffer can take more where it is.
                self.raw = BytesMut::new();
                self.open_at = None;
                // Files that were joined have byte order marks in their middle, and old ones end in ^Z.
                loop {
                    let line_ends = input.iter().take_while(|byte| is_line_end(**byte)).count();
                    self.skip(input, line_ends);
                    match mark_at_start(input, at_end)? {
                        0 => break,
                        length => self.skip(input, length),
                    }
                }
                if input.is_empty() {
                    return None;
                }
                self.start_row();
            }
        }
        // Two bytes more than the limit, CR and LF, are enough to see the end of the longest row.
        let longest = self.limit.saturating_add(2);
        let reach = input.len().min(longest);
        while self.row.read < reach {
            self.make_room();
            let unread = &input[self.row.read..reach];
            let (result, read, written) = self.reader.read_field(unread, &mut self.text[self.used..]);
            self.lines.pass(&unread[..read]);
            self.row.read += read;
            self.used += written;
            if let ReadFieldResult::Field { record_end } = result {
                if self.quote_closes_at_another_cell(&input[self.row.cell_at..self.row.read - 1]) {
                    return self.start_anew(input, at_end);
                }
                if record_end {
                    return Some(self.end_row(input, self.row.read - 1));
                }
                self.end_cell();
            }
        }
        if self.row.read >= longest {
            return self.overflow(input, at_end);
        }
        if at_end { self.end_of_input(input) } else { None }
    }

    fn start_row(&mut self) {
        self.progress = Progress::Inside;
        self.used = 0;
        self.ends.clear();
        self.row = CurrentRow { line: self.lines.line(), cell_lines: self.lines, ..CurrentRow::default() };
    }

    /// The reader cannot write to a buffer without room.
    fn make_room(&mut self) {
        const LEAST: usize = 4096;
        if self.used == self.text.len() {
            self.text.resize((self.used * 2).max(LEAST), 0);
        }
    }

    fn end_cell(&mut self) {
        let start = self.row.cell_start;
        self.row.cells += 1;
        if self.ends.len() < self.width {
            self.ends.push(self.used);
        } else {
            self.row.surplus_is_filled |= !self.text[start..self.used].trim_ascii().is_empty();
            self.used = start;
        }
        self.row.cell_start = self.used;
        self.row.cell_at = self.row.read;
        self.row.cell_lines = self.lines;
    }

    /// Ends the row, of which `end` bytes are not its line end; what stands of CR before that belongs to it as well.
    fn end_row(&mut self, input: &mut BytesMut, end: usize) -> Scanned {
        let raw = &input[self.row.cell_at..end];
        let trailing = raw.iter().rev().take_while(|byte| **byte == b'\r').count();
        self.used -= trailing;
        self.end_cell();
        self.progress = Progress::Between;
        let raw = input.split_to(self.row.read);
        if end - trailing > self.limit {
            return Scanned::TooLong;
        }
        self.raw = raw;
        Scanned::Row
    }

    /// Ends the last row as if a line end followed. Between quotes that is text and ends nothing.
    fn end_of_input(&mut self, input: &mut BytesMut) -> Option<Scanned> {
        self.make_room();
        let (result, _, _) = self.reader.read_field(b"\n", &mut self.text[self.used..]);
        let is_end = matches!(result, ReadFieldResult::Field { record_end: true });
        if !is_end || self.quote_closes_at_another_cell(&input[self.row.cell_at..self.row.read]) {
            return self.start_anew(input, true);
        }
        Some(self.end_row(input, self.row.read))
    }

    /// Whether a quoted cell goes on after its closing quote, and has several lines or a delimiter right before that quote. Then the
    /// closing quote is most likely the first of another cell, perhaps some rows below, and the quote of this cell is never closed.
    fn quote_closes_at_another_cell(&self, raw: &[u8]) -> bool {
        closing_quote(raw).is_some_and(|at| {
            let goes_on = !raw[at + 1..].trim_ascii().is_empty();
            let follows_delimiter = raw[at - 1] == self.dialect.delimiter.byte();
            goes_on && (follows_delimiter || raw[..at].iter().any(|byte| is_line_end(*byte)))
        })
    }

    /// Gives up a row that has more bytes than the limit.
    fn overflow(&mut self, input: &mut BytesMut, at_end: bool) -> Option<Scanned> {
        let raw = &input[self.row.cell_at..self.row.read];
        if raw.starts_with(b"\"") && closing_quote(raw).is_none() {
            return self.start_anew(input, at_end);
        }
        // What was read last may be the end of a line, but not of the row.
        input.advance(self.row.read);
        self.skip_line(input, at_end, Scanned::TooLong)
    }

    /// Gives up a row because of the quote at the start of the current cell, and goes back to the end of that line.
    fn start_anew(&mut self, input: &mut BytesMut, at_end: bool) -> Option<Scanned> {
        self.lines = self.row.cell_lines;
        let scanned = Scanned::Unclosed { line: self.lines.line() };
        self.raw = input.split_to(self.row.cell_at);
        self.open_at = Some(self.row.cell_at);
        self.skip_line(input, at_end, scanned)
    }

    /// Passes over the rest of a line.
    fn skip_line(&mut self, input: &mut BytesMut, at_end: bool, scanned: Scanned) -> Option<Scanned> {
        let rest = input.iter().position(|byte| self.dialect.line_end.ends_row(*byte));
        let count = rest.unwrap_or(input.len());
        if self.open_at.is_some() {
            let room = self.limit.saturating_sub(self.raw.len());
            self.raw.extend_from_slice(&input[..count.min(room)]);
        }
        self.skip(input, count);
        if rest.is_none() && !at_end {
            self.progress = Progress::Skipping(scanned);
            return None;
        }
        self.progress = Progress::Between;
        self.reader = reader(self.dialect);
        Some(scanned)
    }
}

/// A reader in the middle of a file: at the start it would look for a byte order mark.
fn reader(dialect: Dialect) -> Reader {
    let terminator = match dialect.line_end {
        LineEnd::Lf => Terminator::Any(b'\n'),
        LineEnd::Cr => Terminator::CRLF,
    };
    let mut reader = ReaderBuilder::new().delimiter(dialect.delimiter.byte()).terminator(terminator).build();
    reader.read_field(b"\n", &mut [0]);
    reader
}

/// A piece of a row whose quotes do not come in pairs: without those around it, where it has both.
fn unquoted(piece: &[u8]) -> Vec<u8> {
    match piece {
        [b'"', inner @ .., b'"'] => String::from_utf8_lossy(inner).replace("\"\"", "\"").into_bytes(),
        other => other.to_vec(),
    }
}

/// Where the quote stands that closes the one at the start.
fn closing_quote(raw: &[u8]) -> Option<usize> {
    let mut at = 1;
    raw.starts_with(b"\"").then_some(())?;
    loop {
        at += raw.get(at..)?.iter().position(|byte| *byte == b'"')?;
        if raw.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// The row on which the scanner is at work.
struct CurrentRow {
    line: u64,
    /// How many bytes of the input belong to the row and were read.
    read: usize,
    cells: u64,
    /// Where the current cell starts in the text and in the input, and on which line.
    cell_start: usize,
    cell_at: usize,
    cell_lines: Lines,
    surplus_is_filled: bool,
}

impl Default for CurrentRow {
    fn default() -> CurrentRow {
        CurrentRow {
            line: 1,
            read: 0,
            cells: 0,
            cell_start: 0,
            cell_at: 0,
            cell_lines: Lines::starting_at(1),
            surplus_is_filled: false,
        }
    }
}

/// The cells of one row.
pub(super) struct Cells<'a> {
    text: &'a [u8],
    ends: &'a [usize],
    found: u64,
    surplus_is_filled: bool,
}

impl<'a> Cells<'a> {
    /// How many cells the row has, kept or not.
    pub(super) fn found(&self) -> u64 {
        self.found
    }

    /// Whether there is anything in the cells that were not kept.
    pub(super) fn surplus_is_filled(&self) -> bool {
        self.surplus_is_filled
    }

    /// The cells that were kept.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let (text, mut start) = (self.text, 0);
        self.ends.iter().map(move |&end| {
            let cell = &text[start..end];
            start = end;
            cell
        })
    }
}
