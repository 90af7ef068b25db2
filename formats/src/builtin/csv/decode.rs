//! Reads CSV: turns bytes into text, finds the header, then makes a record of each row.

use std::borrow::Cow;

use bytes::BytesMut;

use super::excel;
use super::line::LineWriter;
use super::opening::Opening;
use super::origin::{Marked, NO_VALUE, Origin};
use super::scan::{Cells, Scanned, Scanner};
use crate::charset::{Step, Transcoder};
use crate::headers::Layout;
use crate::text::without_nul;
use crate::{Decode, DecodeError, DecodeOptions, Diagnostic, Findings, Position, Row, Section, Source};

/// How much text is looked at before the first row is read.
const OPENING: usize = 64 * 1024;

/// A decoder of one document.
pub(in crate::builtin) struct Decoder {
    section: Section,
    options: DecodeOptions,
    transcoder: Transcoder,
    /// What is text already and was not used yet.
    text: BytesMut,
    is_whole: bool,
    origin: Origin,
    /// How much text must be there before the beginning is looked at again.
    wanted: usize,
    table: Option<Table>,
}

impl Decoder {
    pub(in crate::builtin) fn new(section: Section, options: &DecodeOptions, origin: Origin) -> Decoder {
        Decoder {
            section,
            options: options.clone(),
            transcoder: Transcoder::new(options.charset),
            text: BytesMut::new(),
            is_whole: false,
            origin,
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
        let Some(opening) = Opening::read(sample, is_whole, self.section, &self.options, self.origin)? else {
            self.wanted *= 2;
            return self.open();
        };
        let Opening { dialect, hint, rows, mut layout } = opening;
        layout.check(&self.options)?;
        layout.separated_by(dialect.delimiter);
        let mut scanner = Scanner::new(dialect, self.options.row_limit, self.options.column_limit);
        scanner.skip(&mut self.text, hint);
        let mut header_line = None;
        for _ in 0..rows {
            scanner.next(&mut self.text, self.is_whole);
            header_line = Some(scanner.row_line());
        }
        scanner.set_width(layout.width());
        // What was made safe for Excel has a mark before it, which is gone when Excel has made a workbook of it.
        let may_be_safe = match self.origin {
            Origin::Text => self.transcoder.is_marked(),
            Origin::Sheet { is_foreign } => is_foreign,
        };
        let plainness = match (layout.is_ours(), may_be_safe) {
            (true, true) => Plainness::Safe,
            (true, false) => Plainness::Plain,
            (false, _) => Plainness::Foreign,
        };
        let origin = self.origin;
        Ok(Some(Table { header_line, scanner, layout, origin, plainness, rows: 0, repeated: None }))
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
            survey: table.and_then(|table| table.layout.survey()),
            date_orders: table.map(|table| table.layout.date_orders()).unwrap_or_default(),
            decimals: table.map(|table| table.layout.decimals()).unwrap_or_default(),
        }
    }
}

/// What stands in the cells for their texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plainness {
    /// The texts themselves, as we write them.
    Plain,
    /// The texts as we make them safe for Excel.
    Safe,
    /// The texts, or formulas that are nothing but one, by which programs keep Excel from taking it for a number.
    Foreign,
}

impl Plainness {
    /// The text that a cell stands for.
    fn text(self, cell: &str) -> Cow<'_, str> {
        match self {
            Plainness::Plain => Cow::Borrowed(cell),
            Plainness::Safe => Cow::Borrowed(excel::plain(cell)),
            Plainness::Foreign => excel::of_formula(cell),
        }
    }
}

/// A table whose columns are known.
struct Table {
    header_line: Option<u64>,
    scanner: Scanner,
    layout: Layout,
    origin: Origin,
    plainness: Plainness,
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
                    match texts(&cells, &self.layout, self.origin, self.plainness).and_then(
                        |Read { texts, exact, formulas }| {
                            let (record, mut notes) = self.layout.record(position, &texts, &exact)?;
                            notes.extend(formulas.into_iter().map(|at| no_value(&self.layout, at)));
                            Ok((record, notes))
                        },
                    ) {
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
        let text = if self.origin == Origin::Text { &text } else { Marked::read(&text).text };
        // A formula that is nothing but a text stays one, so that the row says the same when it comes back.
        without_nul(if self.plainness == Plainness::Safe { excel::plain(text) } else { text }).into_owned()
    }
}

/// The cells of a row as texts, the places of those that are numbers of a program, and of formulas without a value.
struct Read<'a> {
    texts: Vec<Cow<'a, str>>,
    exact: Vec<usize>,
    formulas: Vec<usize>,
}

fn texts<'a>(
    cells: &Cells<'a>,
    layout: &Layout,
    origin: Origin,
    plainness: Plainness,
) -> Result<Read<'a>, Vec<Diagnostic>> {
    let (mut texts, mut exact, mut formulas) = (Vec::with_capacity(layout.width()), Vec::new(), Vec::new());
    let mut diagnostics = Vec::new();
    for (at, cell) in cells.iter().enumerate() {
        let Ok(cell) = std::str::from_utf8(cell) else {
            diagnostics.push(Diagnostic {
                field: layout.name(at).map(str::to_owned),
                reason: "the text has a character that cannot be read in the file's charset".to_owned(),
            });
            continue;
        };
        let mut text = cell;
        if origin != Origin::Text {
            let marked = Marked::read(cell);
            if marked.is_number {
                exact.push(at);
            }
            if marked.has_no_value {
                formulas.push(at);
            }
            if let Some(meant) = marked.address.and_then(|address| layout.behind(at, marked.text, address)) {
                texts.push(Cow::Owned(meant));
                continue;
            }
            text = marked.text;
        }
        texts.push(match plainness.text(text) {
            Cow::Borrowed(text) => without_nul(text),
            Cow::Owned(text) => Cow::Owned(without_nul(&text).into_owned()),
        });
    }
    if diagnostics.is_empty() { Ok(Read { texts, exact, formulas }) } else { Err(diagnostics) }
}

fn no_value(layout: &Layout, column: usize) -> Diagnostic {
    let reason =
        "the formula has no value in the file: open it in a spreadsheet program and save it there, so that it has one";
    Diagnostic { field: layout.name(column).map(str::to_owned), reason: reason.to_owned() }
}

fn is_blank(cells: &Cells<'_>) -> bool {
    let is_space = |cell: &[u8]| {
        std::str::from_utf8(cell).is_ok_and(|text| text == NO_VALUE || without_nul(text).trim().is_empty())
    };
    !cells.surplus_is_filled() && cells.iter().all(is_space)
}
