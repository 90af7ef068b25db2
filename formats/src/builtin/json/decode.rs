//! Reads JSON: makes a record of each element of an array, or of each object where they stand one behind another.

use bytes::BytesMut;

use super::object::Objects;
use super::scan::{DEPTH_LIMIT, Found, Scanner};
use crate::charset::{Step, Transcoder};
use crate::text::utf8;
use crate::{Decode, DecodeError, DecodeOptions, Findings, Position, Row, Section, Source};

/// A decoder of one document.
pub(super) struct Decoder {
    row_limit: usize,
    transcoder: Transcoder,
    /// What is text already and was not used yet.
    text: BytesMut,
    is_whole: bool,
    scanner: Scanner,
    objects: Objects,
    rows: u64,
}

impl Decoder {
    pub(super) fn new(section: Section, options: &DecodeOptions) -> Decoder {
        Decoder {
            row_limit: options.row_limit,
            transcoder: Transcoder::new(options.charset),
            text: BytesMut::new(),
            is_whole: false,
            scanner: Scanner::new(options.row_limit),
            objects: Objects::new(section, options),
            rows: 0,
        }
    }
}

impl Decode for Decoder {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError> {
        if self.rows == 0 {
            self.objects.check()?;
        }
        let found = loop {
            if let Some(found) = self.scanner.next(&mut self.text, self.is_whole)? {
                break found;
            }
            if self.is_whole {
                return self.objects.finish().map(|()| None);
            }
            match self.transcoder.step(input, at_end, &mut self.text) {
                Step::Passed => {}
                Step::Hungry => return Ok(None),
                Step::Finished => self.is_whole = true,
            }
        };
        self.rows += 1;
        let position = Position { row: self.rows, line: self.scanner.element_line() };
        Ok(Some(match found {
            Found::Element => match utf8(self.scanner.element(), position.line) {
                Ok(text) => self.objects.row(position, text),
                Err(line) => Row::bad(position, unreadable(line)),
            },
            Found::TooLong => Row::bad(position, format!("the element is longer than {} bytes", self.row_limit)),
            Found::TooDeep => Row::bad(position, format!("the element is nested more than {DEPTH_LIMIT} deep")),
        }))
    }

    fn source(&self) -> Option<Source<'_>> {
        let text = str::from_utf8(self.scanner.element()).ok().filter(|text| !text.is_empty())?;
        Some(self.objects.source(text))
    }

    fn findings(&self) -> Findings {
        Findings { charset: Some(self.transcoder.charset()), ..self.objects.findings() }
    }
}

/// What is wrong with an object with a character that the charset of the file does not have.
pub(in crate::builtin) fn unreadable(line: u64) -> String {
    format!("line {line} has a character that cannot be read in the file's charset")
}
