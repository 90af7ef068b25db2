//! Cuts a file into cards and reads each.

use bytes::BytesMut;

use super::card::{self, Fault, Fields, Reading};
use super::meant;
use crate::content_line::{ContentLine, Scanned, Scanner, excerpt, is_base64, mapping_fault, undeclared};
use crate::headers::dates::Dates;
use crate::headers::numbers::Numbers;
use crate::headers::properties::Properties;
use crate::headers::target::Targets;
use crate::{
    Charset, Decode, DecodeError, DecodeOptions, Diagnostic, Findings, Position, Record, Row, Section, Source,
    SourceCell,
};

/// The properties that hold pictures, sounds and keys. They may be larger than everything else, and no field is for them.
const PASSED_OVER: &[&str] = &["PHOTO", "LOGO", "SOUND", "KEY", "X-MS-CARDPICTURE", "X-THUMBNAIL"];

/// A decoder of one document.
pub(super) struct Decoder {
    section: Section,
    /// The custom fields that cards may fill.
    targets: Targets,
    dates: Dates,
    numbers: Numbers,
    fault: Option<DecodeError>,
    forced: Option<Charset>,
    row_limit: usize,
    scanner: Scanner,
    rows: u64,
    /// Whether a card has begun anywhere.
    has_begun: bool,
    card: Option<Card>,
    charset: Charset,
    /// What the cards hold.
    properties: Properties,
    last: Option<Last>,
}

/// Lines that make a row and are not whole yet.
struct Card {
    kind: Kind,
    line: u64,
    /// How the card ends.
    end: End,
    /// In how many cards, which are that of an agent, the next line stands.
    depth: usize,
    /// Whether the line before names an agent whose card follows.
    is_before_agent: bool,
    size: usize,
    lines: Vec<ContentLine>,
    /// The first line that is no property.
    junk: Option<(u64, String)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Card,
    /// Lines outside of any card: the beginning of the first, and how many more there are.
    Stray {
        first: String,
        more: u64,
    },
}

/// How a card ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// With its last line, as it should.
    Marked,
    /// Where the next one begins.
    NextBegins,
    /// With the file.
    OfFile,
}

/// What the last row was made of.
struct Last {
    record: Record,
    /// What columns would hold if it could be read, by their names.
    spoilt: Vec<(&'static str, String)>,
    /// What keeps it from being read again as it is.
    surplus: Option<String>,
}

impl Decoder {
    pub(super) fn new(section: Section, options: &DecodeOptions) -> Decoder {
        Decoder {
            section,
            targets: Targets::new(section, options),
            dates: Dates::new(options.date_order),
            numbers: Numbers::new(options),
            fault: mapping_fault(options),
            forced: options.charset,
            row_limit: options.row_limit,
            scanner: Scanner::new(options.charset, options.row_limit, PASSED_OVER),
            rows: 0,
            has_begun: false,
            card: None,
            charset: Charset::UTF_8,
            properties: Properties::default(),
            last: None,
        }
    }

    /// Works on the line that was found last; answers with the lines that it ends.
    fn line(&mut self, found: Scanned) -> Option<Card> {
        let (number, length) = (self.scanner.number(), self.scanner.line().len());
        let parsed = match found {
            Scanned::Line => ContentLine::parse(self.scanner.line()),
            Scanned::TooLong => None,
        };
        let begins = parsed.as_ref().is_some_and(|line| line.is("BEGIN", "VCARD"));
        if begins && !self.card.as_ref().is_some_and(|card| card.is_before_agent) {
            self.has_begun = true;
            // The card before has no end.
            return self.card.replace(Card::begin(Kind::Card, number));
        }
        let ends = parsed.as_ref().is_some_and(|line| line.is("END", "VCARD"));
        if self.card.is_none() {
            if ends || parsed.as_ref().is_some_and(is_wrapping) {
                return None;
            }
            let first = excerpt(self.scanner.line());
            self.card = Some(Card::begin(Kind::Stray { first, more: 0 }, number));
        } else if !ends && let Some(Card { kind: Kind::Stray { more, .. }, .. }) = &mut self.card {
            *more += 1;
        }
        let card = self.card.as_mut().expect("there is one, or one has begun just now");
        let is_before_agent = std::mem::take(&mut card.is_before_agent);
        match parsed {
            Some(_) if begins && is_before_agent => card.depth += 1,
            Some(_) if ends && card.depth > 0 => card.depth -= 1,
            // The beginning of a file that has no card may be of any other kind.
            Some(_) if ends && !self.has_begun => {}
            Some(_) if ends => {
                card.end = End::Marked;
                return self.card.take();
            }
            Some(line) if line.name == "AGENT" => {
                let value = line.value().trim_ascii();
                card.is_before_agent = value.is_empty();
                card.depth += usize::from(value.eq_ignore_ascii_case(b"BEGIN:VCARD"));
            }
            Some(line) if card.depth == 0 => card.keep(line, length, self.row_limit),
            None if card.depth == 0 && found == Scanned::TooLong => card.size = usize::MAX,
            None if card.depth == 0 => card.go_on(&self.scanner, self.row_limit),
            Some(_) | None => {}
        }
        None
    }

    fn read(&mut self, mut card: Card) -> Row {
        self.rows += 1;
        self.last = None;
        let position = Position { row: self.rows, line: card.line };
        if card.size > self.row_limit {
            return Row::bad(position, format!("the card is longer than {} bytes", self.row_limit));
        }
        let mut notes = card.notes();
        let whole = self.forced.or(self.scanner.charset()).filter(|charset| !charset.is_utf16());
        let guessed = whole.or_else(|| undeclared(&card.lines));
        self.charset = guessed.unwrap_or(self.charset);
        let charset = guessed.unwrap_or(Charset::UTF_8);
        if card.kind == Kind::Card {
            meant::count(&mut self.properties, &card.lines, charset, &self.targets);
        }
        let (dates, numbers) = (&mut self.dates, &mut self.numbers);
        let fields = Fields { targets: &self.targets, dates, numbers, position, notes: &mut notes };
        let Reading { record, faults } = card::record(&card.lines, charset, self.section, fields);
        let group =
            card.lines.iter().find(|line| is_kind(line) && line.value().trim_ascii().eq_ignore_ascii_case(b"group"));
        let (row, surplus) = if let Kind::Stray { first, more } = &card.kind {
            let reason = match more {
                0 => format!("`{first}` stands in no card; BEGIN:VCARD is missing before it"),
                1 => format!("`{first}` and another line stand in no card; BEGIN:VCARD is missing before them"),
                _ => format!("`{first}` and {more} more lines stand in no card; BEGIN:VCARD is missing before them"),
            };
            (Row::bad(position, reason), Some(first.clone()).filter(|_| card.lines.is_empty()))
        } else if let Some(line) = group {
            let reason = "this is a group of contacts and not one of them";
            (Row::bad(position, reason), Some(format!("{}:group", line.name)))
        } else if faults.is_empty() {
            (Row { position, record: Some(record.clone()), diagnostics: notes }, None)
        } else {
            let diagnostic =
                |fault: &Fault| Diagnostic { field: Some(fault.property.clone()), reason: fault.reason.clone() };
            (Row { position, record: None, diagnostics: faults.iter().map(diagnostic).collect() }, None)
        };
        let spoilt = faults.into_iter().map(|fault| (fault.column.name(), fault.text)).collect();
        self.last = Some(Last { record, spoilt, surplus });
        row
    }
}

impl Card {
    fn begin(kind: Kind, line: u64) -> Card {
        Card {
            kind,
            line,
            end: End::NextBegins,
            depth: 0,
            is_before_agent: false,
            size: 0,
            lines: Vec::new(),
            junk: None,
        }
    }

    fn keep(&mut self, line: ContentLine, length: usize, limit: usize) {
        self.grow(length, limit);
        if self.size <= limit {
            self.lines.push(line);
        }
    }

    /// Takes a line that is no property: more of a value in base64, which 2.1 does not always fold, or something to be told of.
    fn go_on(&mut self, scanner: &Scanner, limit: usize) {
        let line = scanner.line();
        self.grow(line.len(), limit);
        if scanner.follows() && self.lines.last_mut().is_some_and(|last| last.continue_base64(line)) {
            return;
        }
        // Lines of a picture that is passed over are nothing to be told of.
        if self.junk.is_none() && !is_base64(line) {
            self.junk = Some((scanner.number(), excerpt(line)));
        }
    }

    fn grow(&mut self, length: usize, limit: usize) {
        self.size = self.size.saturating_add(length);
        if self.size > limit {
            self.lines = Vec::new();
        }
    }

    /// Makes text of the values in base64; answers with what is to be said of the card although it can be read.
    fn notes(&mut self) -> Vec<Diagnostic> {
        let mut notes = Vec::new();
        for line in &mut self.lines {
            if !line.decode_base64() && card::is_read(&line.name) {
                let reason = "the value is said to be text in base64 and is none; it is taken as it is written";
                notes.push(Diagnostic { field: Some(line.name.clone()), reason: reason.to_owned() });
            }
        }
        let junk = self.junk.take().map(|(number, text)| {
            format!("`{text}` in line {number} is no property and is not read; a property is written NAME:value")
        });
        let end = match self.end {
            End::Marked => None,
            End::NextBegins => Some("the card has no END:VCARD; it ends where the next begins"),
            End::OfFile => Some("the card has no END:VCARD; the file may be cut off in it"),
        };
        let whole = junk.into_iter().chain(end.map(str::to_owned));
        notes.extend(whole.map(|reason| Diagnostic { field: None, reason }));
        notes
    }
}

impl Decode for Decoder {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        while let Some(found) = self.scanner.next(input, at_end) {
            if let Some(card) = self.line(found) {
                return Ok(Some(self.read(card)));
            }
        }
        if !at_end {
            return Ok(None);
        }
        match self.card.take() {
            Some(Card { kind: Kind::Stray { first: found, .. }, line, .. }) if !self.has_begun => {
                Err(DecodeError::NoComponent { line, found, expected: "BEGIN:VCARD" })
            }
            Some(card) => Ok(Some(self.read(Card { end: End::OfFile, ..card }))),
            None => Ok(None),
        }
    }

    fn source(&self) -> Option<Source<'_>> {
        let Last { record, spoilt, surplus } = self.last.as_ref()?;
        let mut source = Source::of_record(record, self.section);
        for (column, text) in spoilt {
            source.set(column, text);
        }
        let surplus = surplus.as_ref().map(|text| SourceCell { column: Source::SURPLUS.into(), text: text.into() });
        source.cells.extend(surplus);
        Some(source)
    }

    fn findings(&self) -> Findings {
        let charset = self.forced.or(self.scanner.charset()).unwrap_or(self.charset);
        let date_orders = self.dates.evidence().clone();
        Findings { charset: Some(charset), date_orders, report: self.properties.report(), ..Findings::default() }
    }
}

/// Whether a line stands around the cards of an address book and says nothing of anybody.
fn is_wrapping(line: &ContentLine) -> bool {
    let is_boundary = matches!(line.name.as_str(), "BEGIN" | "END") && line.component() == "VADDRESSBOOK";
    is_boundary || matches!(line.name.as_str(), "VERSION" | "PRODID" | "METHOD")
}

fn is_kind(line: &ContentLine) -> bool {
    matches!(line.name.as_str(), "KIND" | "X-ADDRESSBOOKSERVER-KIND")
}
