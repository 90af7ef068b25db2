//! Cuts CSV into rows of cells, from pieces that may end anywhere, and knows on which line each cell starts.

use bytes::{Buf, BytesMut};
use csv_core::{ReadFieldResult, Reader};

use crate::text::Lines;

/// csv-core's state machine with what it does not do: lines ended by a lone CR, limits, and quotes that are never closed.
pub(super) struct Scanner {
    reader: Reader,
    lines: Lines,
    limit: usize,
    width: usize,
    /// Unescaped cells one after the other, and after them room that the reader may write to.
    text: Vec<u8>,
    used: usize,
    /// Where each cell ends in `text`, and the line on which it starts.
    ends: Vec<(usize, u64)>,
    row: CurrentRow,
    is_inside: bool,
}

/// What a row turned out to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scanned {
    /// A whole row, whose cells the scanner has until the next call.
    Row,
    /// A row with more bytes than the limit; its cells are gone.
    TooLong,
    /// The end of the file stands between quotes that open in this line.
    Unclosed { line: u64 },
}

impl Scanner {
    pub(super) fn new(limit: usize, width: usize) -> Scanner {
        Scanner {
            reader: Reader::new(),
            lines: Lines::starting_at(1),
            limit,
            width,
            text: Vec::new(),
            used: 0,
            ends: Vec::new(),
            row: CurrentRow::default(),
            is_inside: false,
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

    /// The next row; `None` where more input is needed or, at the end, where there is no row any more.
    pub(super) fn next(&mut self, input: &mut BytesMut, at_end: bool) -> Option<Scanned> {
        if !self.is_inside {
            self.skip_line_ends(input);
            if input.is_empty() {
                return None;
            }
            self.start_row();
        }
        while !input.is_empty() {
            self.make_room();
            let (result, read, written) = self.reader.read_field(input, &mut self.text[self.used..]);
            self.lines.pass(&input[..read]);
            input.advance(read);
            self.used += written;
            self.row.bytes += read;
            if let ReadFieldResult::Field { record_end } = result {
                // The byte that ends a row is not part of it.
                self.row.bytes -= usize::from(record_end);
                self.end_cell();
                if record_end {
                    return Some(self.end_row());
                }
            } else if self.is_too_long() {
                self.used = 0;
            }
        }
        at_end.then(|| self.end_of_input())
    }

    fn skip_line_ends(&mut self, input: &mut BytesMut) {
        let count = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.lines.pass(&input[..count]);
        input.advance(count);
    }

    fn start_row(&mut self) {
        self.is_inside = true;
        self.used = 0;
        self.ends.clear();
        let line = self.lines.line();
        self.row = CurrentRow { line, cell_line: line, ..CurrentRow::default() };
    }

    /// The reader cannot write to a buffer without room. Rows under the limit fit; of longer ones nothing is kept.
    fn make_room(&mut self) {
        const LEAST: usize = 4096;
        if self.used == self.text.len() {
            self.text.resize((self.used * 2).max(LEAST), 0);
        }
    }

    fn end_cell(&mut self) {
        let start = self.row.cell_start;
        self.row.cells += 1;
        if self.is_too_long() {
            self.used = 0;
            self.ends.clear();
        } else if self.ends.len() < self.width {
            self.ends.push((self.used, self.row.cell_line));
        } else {
            self.row.surplus_is_filled |= !self.text[start..self.used].trim_ascii().is_empty();
            self.used = start;
        }
        self.row.cell_start = self.used;
        self.row.cell_line = self.lines.line();
    }

    fn end_row(&mut self) -> Scanned {
        self.is_inside = false;
        if self.is_too_long() { Scanned::TooLong } else { Scanned::Row }
    }

    /// Ends the last row as if a line end followed. Between quotes that is text and ends nothing.
    fn end_of_input(&mut self) -> Scanned {
        self.make_room();
        let (result, _, _) = self.reader.read_field(b"\n", &mut self.text[self.used..]);
        if matches!(result, ReadFieldResult::Field { record_end: true }) {
            self.end_cell();
            return self.end_row();
        }
        self.is_inside = false;
        Scanned::Unclosed { line: self.row.cell_line }
    }

    fn is_too_long(&self) -> bool {
        self.row.bytes > self.limit
    }
}

/// The row on which the scanner is at work.
#[derive(Default)]
struct CurrentRow {
    line: u64,
    bytes: usize,
    cells: u64,
    cell_start: usize,
    cell_line: u64,
    surplus_is_filled: bool,
}

/// The cells of one row.
pub(super) struct Cells<'a> {
    text: &'a [u8],
    ends: &'a [(usize, u64)],
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

    /// The cells that were kept, each with the line on which it starts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a [u8], u64)> {
        let (text, mut start) = (self.text, 0);
        self.ends.iter().map(move |&(end, line)| {
            let cell = &text[start..end];
            start = end;
            (cell, line)
        })
    }
}
