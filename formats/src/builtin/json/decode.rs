//! Reads JSON: makes a record of each element of the array.

use bytes::BytesMut;

use super::object::Objects;
use super::scan::{DEPTH_LIMIT, Found, Scanner};
use crate::text::utf8;
use crate::{Decode, DecodeError, DecodeOptions, Findings, Position, Row, Section, Source};

/// A decoder of one document.
pub(super) struct Decoder {
    row_limit: usize,
    scanner: Scanner,
    objects: Objects,
    rows: u64,
}

impl Decoder {
    pub(super) fn new(section: Section, options: &DecodeOptions) -> Decoder {
        Decoder {
            row_limit: options.row_limit,
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
        let Some(found) = self.scanner.next(input, at_end)? else {
            return if at_end { self.objects.finish().map(|()| None) } else { Ok(None) };
        };
        self.rows += 1;
        let position = Position { row: self.rows, line: self.scanner.element_line() };
        Ok(Some(match found {
            Found::Element => {
                let text = utf8(self.scanner.element(), position.line).map_err(|line| DecodeError::NotUtf8 { line })?;
                self.objects.row(position, text)
            }
            Found::TooLong => Row::bad(position, format!("the element is longer than {} bytes", self.row_limit)),
            Found::TooDeep => Row::bad(position, format!("the element is nested more than {DEPTH_LIMIT} deep")),
        }))
    }

    fn source(&self) -> Option<Source<'_>> {
        let text = str::from_utf8(self.scanner.element()).ok().filter(|text| !text.is_empty())?;
        Some(self.objects.source(text))
    }

    fn findings(&self) -> Findings {
        self.objects.findings()
    }
}
