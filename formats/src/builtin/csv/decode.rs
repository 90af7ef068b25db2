//! Reads CSV: recognises the header, then makes a record of each row.

use std::borrow::Cow;

use bytes::BytesMut;

use super::scan::{Cells, Scanned, Scanner};
use crate::headers::Layout;
use crate::text::{Mark, skip_mark, without_nul};
use crate::{Decode, DecodeError, DecodeOptions, Position, Row, Section, columns};

/// A decoder of one document.
pub(super) struct Decoder {
    section: Section,
    options: DecodeOptions,
    mark: Mark,
    scanner: Scanner,
    layout: Option<Layout>,
    rows: u64,
}

impl Decoder {
    pub(super) fn new(section: Section, options: &DecodeOptions) -> Decoder {
        Decoder {
            section,
            options: options.clone(),
            mark: Mark::Unsettled,
            scanner: Scanner::new(options.row_limit, options.column_limit),
            layout: None,
            rows: 0,
        }
    }

    /// The layout that the header tells; `None` where the row is blank, so that the header is still to come.
    fn header(&self, scanned: Scanned) -> Result<Option<Layout>, DecodeError> {
        let line = self.scanner.row_line();
        match scanned {
            Scanned::TooLong => return Err(DecodeError::HeaderTooLong { line, limit: self.options.row_limit }),
            Scanned::Unclosed { line } => return Err(DecodeError::HeaderUnclosed { line }),
            Scanned::Row => {}
        }
        let cells = self.scanner.cells();
        if cells.found() > self.options.column_limit as u64 {
            return Err(DecodeError::TooManyColumns { line, found: cells.found(), limit: self.options.column_limit });
        }
        let names = texts(&cells)?;
        let Some(first) = names.iter().map(|name| name.trim()).find(|name| !name.is_empty()) else { return Ok(None) };
        let known = columns(self.section);
        let unknown = || DecodeError::UnknownHeader { line, first: first.chars().take(60).collect(), known };
        Layout::recognise(&names, self.section).map(Some).ok_or_else(unknown)
    }

    /// The row that was scanned; `None` where it is blank.
    fn data(&mut self, layout: &Layout, scanned: Scanned) -> Result<Option<Row>, DecodeError> {
        let position = Position { row: self.rows + 1, line: self.scanner.row_line() };
        let row = match scanned {
            Scanned::TooLong => Row::bad(
                position,
                format!("the row is longer than {} bytes; is a quote missing in it?", self.options.row_limit),
            ),
            Scanned::Unclosed { line } => {
                Row::bad(Position { line, ..position }, format!("the quote that opens in line {line} is never closed"))
            }
            Scanned::Row => {
                let cells = self.scanner.cells();
                let texts = texts(&cells)?;
                if !cells.surplus_is_filled() && texts.iter().all(|text| text.trim().is_empty()) {
                    return Ok(None);
                }
                row(layout, position, &cells, &texts)
            }
        };
        self.rows += 1;
        Ok(Some(row))
    }
}

impl Decode for Decoder {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError> {
        if self.mark == Mark::Unsettled {
            self.mark = skip_mark(input, at_end);
            if self.mark == Mark::Unsettled {
                return Ok(None);
            }
        }
        while let Some(scanned) = self.scanner.next(input, at_end) {
            if let Some(layout) = self.layout.take() {
                let row = self.data(&layout, scanned);
                self.layout = Some(layout);
                if let Some(row) = row? {
                    return Ok(Some(row));
                }
            } else if let Some(layout) = self.header(scanned)? {
                self.scanner.set_width(layout.width());
                self.layout = Some(layout);
            }
        }
        if at_end && self.layout.is_none() {
            return Err(DecodeError::NoHeader { known: columns(self.section) });
        }
        Ok(None)
    }
}

fn row(layout: &Layout, position: Position, cells: &Cells<'_>, texts: &[Cow<'_, str>]) -> Row {
    if cells.surplus_is_filled() {
        let reason = format!("the row has {} cells, but the header names {} columns", cells.found(), layout.width());
        return Row::bad(position, format!("{reason}; put a text with commas in it between quotes"));
    }
    match layout.record(texts) {
        Ok(record) => Row::good(position, record),
        Err(diagnostics) => Row { position, record: None, diagnostics },
    }
}

/// The cells as text. A cell of another charset ends the document, since the ones before it were read wrongly as well.
fn texts<'a>(cells: &Cells<'a>) -> Result<Vec<Cow<'a, str>>, DecodeError> {
    let text = |(bytes, line)| crate::text::utf8(bytes, line).map(without_nul);
    cells.iter().map(text).collect::<Result<_, _>>().map_err(|line| DecodeError::NotUtf8 { line })
}
