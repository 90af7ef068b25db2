//! Cuts a file into cards and reads each.

use bytes::BytesMut;

use super::card::{self, Fault, Reading};
use crate::content_line::{ContentLine, Scanned, Scanner, mapping_fault, undeclared};
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
    fault: Option<DecodeError>,
    forced: Option<Charset>,
    row_limit: usize,
    scanner: Scanner,
    rows: u64,
    card: Option<Card>,
    /// The first line that is not blank and stands in no card.
    stray: Option<(u64, String)>,
    charset: Charset,
    last: Option<Last>,
}

/// A card that is not whole yet.
struct Card {
    line: u64,
    /// In how many cards, which are that of an agent, the next line stands.
    depth: usize,
    /// Whether the line before names an agent whose card follows.
    is_before_agent: bool,
    size: usize,
    lines: Vec<ContentLine>,
}

/// What the last row was made of.
struct Last {
    record: Record,
    /// What keeps it from being read again as it is.
    surplus: Option<String>,
}

impl Decoder {
    pub(super) fn new(section: Section, options: &DecodeOptions) -> Decoder {
        Decoder {
            section,
            targets: Targets::new(section, options),
            fault: mapping_fault(options),
            forced: options.charset,
            row_limit: options.row_limit,
            scanner: Scanner::new(options.charset, options.row_limit, PASSED_OVER),
            rows: 0,
            card: None,
            stray: None,
            charset: Charset::UTF_8,
            last: None,
        }
    }

    /// Works on the line that was found last; answers with the card that it ends.
    fn line(&mut self, found: Scanned) -> Option<Card> {
        let (number, length) = (self.scanner.number(), self.scanner.line().len());
        let parsed = match found {
            Scanned::Line => ContentLine::parse(self.scanner.line()),
            Scanned::TooLong => None,
        };
        let begins = parsed.as_ref().is_some_and(|line| line.is("BEGIN", "VCARD"));
        let Some(card) = &mut self.card else {
            if begins {
                self.card = Some(Card::begin(number));
            } else if self.stray.is_none() {
                let text = String::from_utf8_lossy(self.scanner.line());
                self.stray = Some((number, text.trim().chars().take(60).collect()));
            }
            return None;
        };
        if begins && !card.is_before_agent {
            // The card before has no end.
            return self.card.replace(Card::begin(number));
        }
        let is_before_agent = std::mem::take(&mut card.is_before_agent);
        match parsed {
            Some(_) if begins && is_before_agent => card.depth += 1,
            Some(line) if line.is("END", "VCARD") => match card.depth {
                0 => return self.card.take(),
                _ => card.depth -= 1,
            },
            Some(line) if line.name == "AGENT" => {
                let value = line.value().trim_ascii();
                card.is_before_agent = value.is_empty();
                card.depth += usize::from(value.eq_ignore_ascii_case(b"BEGIN:VCARD"));
            }
            Some(line) if card.depth == 0 => card.keep(line, length, self.row_limit),
            None if card.depth == 0 && found == Scanned::TooLong => card.size = usize::MAX,
            Some(_) | None => {}
        }
        None
    }

    fn read(&mut self, card: &Card) -> Row {
        self.rows += 1;
        self.last = None;
        let position = Position { row: self.rows, line: card.line };
        if card.size > self.row_limit {
            return Row::bad(position, format!("the card is longer than {} bytes", self.row_limit));
        }
        let whole = self.forced.or(self.scanner.charset()).filter(|charset| !charset.is_utf16());
        let guessed = whole.or_else(|| undeclared(&card.lines));
        self.charset = guessed.unwrap_or(self.charset);
        let charset = guessed.unwrap_or(Charset::UTF_8);
        let Reading { record, fault } = card::record(&card.lines, charset, self.section, &self.targets);
        let group =
            card.lines.iter().find(|line| is_kind(line) && line.value().trim_ascii().eq_ignore_ascii_case(b"group"));
        let (row, surplus) = match (group, fault) {
            (Some(line), _) => {
                let reason = "this is a group of contacts and not one of them";
                (Row::bad(position, reason), Some(format!("{}:group", line.name)))
            }
            (None, Some(Fault { property, text, reason })) => {
                let surplus = Some(format!("{property}:{text}"));
                let diagnostics = vec![Diagnostic { field: Some(property), reason }];
                (Row { position, record: None, diagnostics }, surplus)
            }
            (None, None) => (Row::good(position, record.clone()), None),
        };
        self.last = Some(Last { record, surplus });
        row
    }
}

impl Card {
    fn begin(line: u64) -> Card {
        Card { line, depth: 0, is_before_agent: false, size: 0, lines: Vec::new() }
    }

    fn keep(&mut self, line: ContentLine, length: usize, limit: usize) {
        self.size = self.size.saturating_add(length);
        if self.size > limit {
            self.lines = Vec::new();
        } else if !line.is_binary() {
            self.lines.push(line);
        }
    }
}

impl Decode for Decoder {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        while let Some(found) = self.scanner.next(input, at_end) {
            if let Some(card) = self.line(found) {
                return Ok(Some(self.read(&card)));
            }
        }
        if !at_end {
            return Ok(None);
        }
        if let Some(card) = self.card.take() {
            return Ok(Some(self.read(&card)));
        }
        match self.stray.take() {
            Some((line, found)) if self.rows == 0 => {
                Err(DecodeError::NoComponent { line, found, expected: "BEGIN:VCARD" })
            }
            _ => Ok(None),
        }
    }

    fn source(&self) -> Option<Source<'_>> {
        let Last { record, surplus } = self.last.as_ref()?;
        let mut source = Source::of_record(record, self.section);
        let surplus = surplus.as_ref().map(|text| SourceCell { column: Source::SURPLUS.into(), text: text.into() });
        source.cells.extend(surplus);
        Some(source)
    }

    fn findings(&self) -> Findings {
        let charset = self.forced.or(self.scanner.charset()).unwrap_or(self.charset);
        Findings { charset: Some(charset), ..Findings::default() }
    }
}

fn is_kind(line: &ContentLine) -> bool {
    matches!(line.name.as_str(), "KIND" | "X-ADDRESSBOOKSERVER-KIND")
}
