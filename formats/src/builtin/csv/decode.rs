//! Reads CSV: turns bytes into text, finds the header, then makes a record of each row.

use std::borrow::Cow;

use bytes::BytesMut;

use super::excel;
use super::line::LineWriter;
use super::opening::Opening;
use super::scan::{Cells, Scanned, Scanner};
use crate::charset::{Step, Transcoder};
use crate::headers::Layout;
use crate::text::without_nul;
use crate::{Decode, DecodeError, DecodeOptions, Diagnostic, Findings, Position, Row, Section, Source};

/// How much text is looked at before the first row is read.
const OPENING: usize = 64 * 1024;

/// A decoder of one document.
pub(super) struct Decoder {
    section: Section,
    options: DecodeOptions,
    transcoder: Transcoder,
    /// What is text already and was not used yet.
    text: BytesMut,
    is_whole: bool,
    /// How much text must be there before the beginning is looked at again.
    wanted: usize,
    table: Option<Table>,
}

impl Decoder {
    pub(super) fn new(section: Section, options: &DecodeOptions) -> Decoder {
        Decoder {
            section,
            options: options.clone(),
            transcoder: Transcoder::new(options.charset),
            text: BytesMut::new(),
            is_whole: false,
            wanted: OPENING,
            table: None,
        }
    }

    /// Makes more text of the input; `false` where there is nothing to make it of.
    fn read_on(&mut self, input: &mut BytesMut, at_end: bool) -> bool {
        let step = self.transcoder.step(input, at_end, &mut self.text);
        let is_new = !self.is_whole && step == Step::Finished;
        self.is_whole |= is_new;
        is_new || step == Step::Passed
    }

    /// Looks for the header, where there is enough text for that.
    fn open(&mut self) -> Result<Option<Table>, DecodeError> {
        if self.text.len() < self.wanted && !self.is_whole {
            return Ok(None);
        }
        // No more than was wanted is looked at, so that the result does not depend on how the bytes were cut.
        let is_whole = self.is_whole && self.text.len() <= self.wanted;
        let sample = &self.text[..self.text.len().min(self.wanted)];
        let Some(opening) = Opening::read(sample, is_whole, self.section, &self.options)? else {
            self.wanted *= 2;
            return self.open();
        };
        let Opening { dialect, hint, rows, layout } = opening;
        layout.check(&self.options)?;
        let mut scanner = Scanner::new(dialect, self.options.row_limit, self.options.column_limit);
        scanner.skip(&mut self.text, hint);
        let mut header_line = None;
        for _ in 0..rows {
            scanner.next(&mut self.text, self.is_whole);
            header_line = Some(scanner.row_line());
        }
        scanner.set_width(layout.width());
        let undoes_excel_safe = self.transcoder.is_marked() && layout.is_ours();
        Ok(Some(Table { header_line, scanner, layout, undoes_excel_safe, rows: 0, repeated: None }))
    }
}

impl Decode for Decoder {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError> {
        loop {
            if self.table.is_none() {
                self.table = self.open()?;
            }
            if let Some(table) = &mut self.table {
                while let Some(scanned) = table.scanner.next(&mut self.text, self.is_whole) {
                    if let Some(row) = table.row(scanned, self.options.row_limit) {
                        return Ok(Some(row));
                    }
                }
            }
            if !self.read_on(input, at_end) {
                return Ok(None);
            }
        }
    }

    fn source(&self) -> Option<Source<'_>> {
        self.table.as_ref()?.source()
    }

    fn findings(&self) -> Findings {
        let table = self.table.as_ref();
        Findings {
            charset: Some(self.transcoder.charset()),
            delimiter: table.map(|table| table.scanner.delimiter()),
            client: table.map(|table| table.layout.client()),
            header_line: table.and_then(|table| table.header_line),
            columns: table.map(Table::columns).unwrap_or_default(),
            ignored: table.map(|table| table.layout.ignored()).unwrap_or_default(),
            report: table.map(|table| table.layout.report()).unwrap_or_default(),
            survey: None,
            date_orders: table.map(|table| table.layout.date_orders()).unwrap_or_default(),
        }
    }
}

/// A table whose columns are known.
struct Table {
    header_line: Option<u64>,
    scanner: Scanner,
    layout: Layout,
    undoes_excel_safe: bool,
    rows: u64,
    /// The line of a row that repeats the header, until a row can be told of it.
    repeated: Option<u64>,
}

impl Table {
    /// The row that was scanned; `None` where it is blank or a remark below the last row.
    fn row(&mut self, scanned: Scanned, limit: usize) -> Option<Row> {
        let position = Position { row: self.rows + 1, line: self.scanner.row_line() };
        let row = match scanned {
            Scanned::TooLong => {
                Row::bad(position, format!("the row is longer than {limit} bytes; is a quote missing in it?"))
            }
            Scanned::Unclosed { line } => {
                Row::bad(Position { line, ..position }, format!("the quote that opens in line {line} is never closed"))
            }
            Scanned::Row => {
                let cells = self.scanner.cells();
                if self.layout.is_footer(cells.found()) || is_blank(&cells) {
                    return None;
                }
                if cells.surplus_is_filled() {
                    self.too_wide(position, cells.found())
                } else if self.layout.is_header(cells.iter()) {
                    self.repeated = Some(position.line);
                    return None;
                } else {
                    match texts(&cells, &self.layout, self.undoes_excel_safe)
                        .and_then(|texts| self.layout.record(position, &texts))
                    {
                        Ok((record, notes)) => Row { position, record: Some(record), diagnostics: notes },
                        Err(diagnostics) => Row { position, record: None, diagnostics },
                    }
                }
            }
        };
        self.rows += 1;
        Some(self.with_repeated(row))
    }

    /// Tells a row that could be read of a header before it, as files that were joined have it.
    fn with_repeated(&mut self, mut row: Row) -> Row {
        if let Some(line) = self.repeated.take_if(|_| row.record.is_some()) {
            let reason = format!("line {line} before it has the names of the columns once more, and is passed over");
            row.diagnostics.push(Diagnostic { field: None, reason });
        }
        row
    }

    fn too_wide(&self, position: Position, found: u64) -> Row {
        let (width, delimiter) = (self.layout.width(), self.scanner.delimiter());
        let reason = format!("the row has {found} cells, but the header names {width} columns");
        Row::bad(position, format!("{reason}; put a text with `{delimiter}` in it between quotes"))
    }

    fn columns(&self) -> Vec<String> {
        self.layout.sources().map(|(_, name)| name.to_owned()).collect()
    }

    /// The row that was scanned last, as the file has it.
    fn source(&self) -> Option<Source<'_>> {
        let cells = self.scanner.source()?;
        let mut texts: Vec<String> = cells.iter().map(|cell| self.readable(cell)).collect();
        let surplus = texts.split_off(texts.len().min(self.layout.width()));
        let is_filled = surplus.iter().any(|text| !text.trim().is_empty());
        let joined = || {
            let mut line = BytesMut::new();
            LineWriter::new(self.scanner.delimiter()).line(&surplus, &mut line);
            String::from_utf8_lossy(line.strip_suffix(b"\r\n").unwrap_or(&line)).into_owned()
        };
        Some(self.layout.source(texts.into_iter().map(Cow::Owned).collect(), is_filled.then(joined)))
    }

    /// The cell as text, with a mark for each byte that cannot be read.
    fn readable(&self, cell: &[u8]) -> String {
        let text = String::from_utf8_lossy(cell);
        without_nul(if self.undoes_excel_safe { excel::plain(&text) } else { &text }).into_owned()
    }
}

/// The cells as text.
fn texts<'a>(
    cells: &Cells<'a>,
    layout: &Layout,
    undoes_excel_safe: bool,
) -> Result<Vec<Cow<'a, str>>, Vec<Diagnostic>> {
    let mut texts = Vec::with_capacity(layout.width());
    let mut diagnostics = Vec::new();
    for (at, cell) in cells.iter().enumerate() {
        match std::str::from_utf8(cell) {
            Ok(text) if undoes_excel_safe => texts.push(without_nul(excel::plain(text))),
            Ok(text) => texts.push(without_nul(text)),
            Err(_) => diagnostics.push(Diagnostic {
                field: layout.name(at).map(str::to_owned),
                reason: "the text has a character that cannot be read in the file's charset".to_owned(),
            }),
        }
    }
    if diagnostics.is_empty() { Ok(texts) } else { Err(diagnostics) }
}

fn is_blank(cells: &Cells<'_>) -> bool {
    let is_space = |cell: &[u8]| std::str::from_utf8(cell).is_ok_and(|text| without_nul(text).trim().is_empty());
    !cells.surplus_is_filled() && cells.iter().all(is_space)
}
