//! Reads a workbook: hands the rows of its sheet, as lines of CSV, to the decoder of CSV, which finds the header and makes records.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::links::Links;
use super::package::Package;
use super::sheet::Sheet;
use super::workbook::{self, Found};
use crate::builtin::csv::decode::Decoder as Csv;
use crate::builtin::csv::origin::Origin;
use crate::text::Lines;
use crate::{
    Charset, Decode, DecodeError, DecodeOptions, Delimiter, Diagnostic, Findings, Row, Section, Source, columns,
};

/// The most bytes of a workbook that are kept.
const PACKED_LIMIT: usize = 32 << 20;

/// How many rows after the first are remembered for what stands before the data.
const OPENING: usize = 64;

/// How much text is made of rows at a time.
const CHUNK: usize = 64 * 1024;

/// A decoder of one document.
pub(super) struct Decoder {
    csv: Csv,
    options: DecodeOptions,
    row_limit: usize,
    column_limit: usize,
    packed: BytesMut,
    package: Option<Package>,
    sheet: Option<Sheet>,
    /// The parts that have the sheets after it.
    later: VecDeque<String>,
    /// The first row of a workbook of ours, with which its next sheet begins again.
    header: Option<BytesMut>,
    section: Section,
    text: BytesMut,
    is_whole: bool,
    lines: Lines,
    /// The lines of CSV and the rows of the sheet that stand there, from the row that was read last on.
    places: VecDeque<(u64, u64)>,
    /// The first of them.
    opening: Vec<(u64, u64)>,
}

impl Decoder {
    pub(super) fn new(section: Section, options: &DecodeOptions) -> Decoder {
        let options =
            DecodeOptions { charset: Some(Charset::UTF_8), delimiter: Some(Delimiter::COMMA), ..options.clone() };
        Decoder {
            csv: Csv::new(section, &options, Origin::Sheet { is_foreign: false }),
            row_limit: options.row_limit,
            column_limit: options.column_limit,
            packed: BytesMut::new(),
            package: None,
            sheet: None,
            later: VecDeque::new(),
            header: None,
            section,
            text: BytesMut::new(),
            is_whole: false,
            lines: Lines::starting_at(1),
            places: VecDeque::new(),
            opening: Vec::new(),
            options,
        }
    }

    fn open(&mut self) -> Result<(), DecodeError> {
        let packed: Bytes = std::mem::take(&mut self.packed).freeze();
        let package = Package::open(packed)?;
        let Found { sheet, later, is_foreign } = workbook::find(&package, self.row_limit, self.column_limit)?;
        self.csv = Csv::new(self.section, &self.options, Origin::Sheet { is_foreign });
        self.package = Some(package);
        self.sheet = Some(sheet);
        self.later = later;
        Ok(())
    }

    /// Goes on to the next sheet, where this is a workbook of ours of which one sheet could not hold all; says whether there is one.
    fn turn_over(&mut self) -> Result<bool, DecodeError> {
        let (Some(package), Some(header), Some(name)) = (&self.package, &self.header, self.later.pop_front()) else {
            return Ok(false);
        };
        let Some(part) = package.part(&name)? else { return Ok(false) };
        let Some(sheet) = self.sheet.take() else { return Ok(false) };
        let (mut next, mut first) = (Sheet::new(part, Links::default(), sheet.into_context()), BytesMut::new());
        let is_continued = next.row(&mut first)?.is_some() && first == *header;
        self.sheet = Some(next);
        Ok(is_continued)
    }

    /// Makes text of more rows.
    fn read_on(&mut self) -> Result<(), DecodeError> {
        while self.text.len() < CHUNK {
            let Some(sheet) = &mut self.sheet else { return Ok(()) };
            let start = self.text.len();
            let Some(number) = sheet.row(&mut self.text)? else {
                if self.turn_over()? {
                    continue;
                }
                self.is_whole = true;
                return Ok(());
            };
            if self.opening.is_empty() && is_own(&self.text[start..], self.section) {
                self.header = Some(self.text[start..].into());
            }
            let place = (self.lines.line(), number);
            self.lines.pass(&self.text[start..]);
            self.places.push_back(place);
            if self.opening.len() < OPENING {
                self.opening.push(place);
            }
        }
        Ok(())
    }

    /// The row of the sheet that stands in a line.
    fn number(&mut self, line: u64) -> u64 {
        while self.places.get(1).is_some_and(|(next, _)| *next <= line) {
            self.places.pop_front();
        }
        self.places.front().map_or(line, |(_, number)| *number)
    }

    fn opening(&self, line: u64) -> u64 {
        self.opening.iter().rev().find(|(start, _)| *start <= line).map_or(line, |(_, number)| *number)
    }

    /// An error with the row of the sheet that it means.
    fn placed(&self, error: DecodeError) -> DecodeError {
        match error {
            DecodeError::UnknownHeader { line, first, known } => {
                DecodeError::UnknownHeader { line: self.opening(line), first, known }
            }
            DecodeError::HeaderTooLong { line, limit } => {
                DecodeError::HeaderTooLong { line: self.opening(line), limit }
            }
            DecodeError::TooManyColumns { line, found: _, limit } => {
                // Not more of them are read than tell that there are too many.
                DecodeError::TooManyColumns { line: self.opening(line), found: limit as u64 + 1, limit }
            }
            other => other,
        }
    }
}

impl Decode for Decoder {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError> {
        if self.sheet.is_none() {
            if self.packed.len() + input.len() > PACKED_LIMIT {
                return Err(DecodeError::TooLarge { what: "a workbook", limit: PACKED_LIMIT >> 20 });
            }
            self.packed.unsplit(input.split());
            if !at_end {
                return Ok(None);
            }
            self.open()?;
        }
        loop {
            let row = self.csv.row(&mut self.text, self.is_whole).map_err(|error| self.placed(error))?;
            if let Some(mut row) = row {
                row.position.line = self.number(row.position.line);
                row.diagnostics.iter_mut().for_each(reword);
                return Ok(Some(row));
            }
            if self.is_whole {
                return Ok(None);
            }
            self.read_on()?;
        }
    }

    fn source(&self) -> Option<Source<'_>> {
        self.csv.source()
    }

    fn findings(&self) -> Findings {
        let found = self.csv.findings();
        let header_line = found.header_line.map(|line| self.opening(line));
        Findings { charset: None, delimiter: None, header_line, ..found }
    }
}

/// Whether a row is the header that we write, perhaps with custom fields.
fn is_own(line: &[u8], section: Section) -> bool {
    let own = columns(section).iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(",");
    line.starts_with(own.as_bytes())
}

/// What CSV says of rows that are too long and of cells beyond the last column is about its quotes, which a sheet does not have.
fn reword(diagnostic: &mut Diagnostic) {
    if let Some(found) = diagnostic.reason.strip_suffix("; is a quote missing in it?") {
        diagnostic.reason.truncate(found.len());
    }
    if let Some((found, _)) = diagnostic.reason.split_once("; put a text with") {
        diagnostic.reason = format!("{found}; name the columns of the others, or empty them");
    }
}
