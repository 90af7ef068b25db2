//! Finds the elements of JSON arrays, one or several, and objects that stand one behind another, in pieces that may end anywhere, without
//! reading what is in the elements.

use bytes::{Buf, BytesMut};

use crate::DecodeError;
use crate::text::{Lines, Mark, mark_at_start, skip_mark};

/// How deep an element may be nested; one of ours is two deep.
pub(super) const DEPTH_LIMIT: u64 = 32;

/// A state machine over bytes. It copies an element to a buffer of its own, so that nothing is looked at twice.
pub(super) struct Scanner {
    place: Place,
    /// Whether the element stands in no array.
    is_bare: bool,
    lines: Lines,
    limit: usize,
    element: Vec<u8>,
    nesting: Nesting,
    length: u64,
    line: u64,
}

/// What an element turned out to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    /// A whole element, which the scanner has until the next call.
    Element,
    /// An element with more bytes than the limit; it is gone.
    TooLong,
    /// An element nested deeper than [`DEPTH_LIMIT`].
    TooDeep,
}

impl Scanner {
    pub(super) fn new(limit: usize) -> Scanner {
        Scanner {
            place: Place::Mark,
            is_bare: false,
            lines: Lines::starting_at(1),
            limit,
            element: Vec::new(),
            nesting: Nesting::default(),
            length: 0,
            line: 1,
        }
    }

    /// The bytes of the element that was found last.
    pub(super) fn element(&self) -> &[u8] {
        &self.element
    }

    /// The line on which that element starts.
    pub(super) fn element_line(&self) -> u64 {
        self.line
    }

    /// The next element; `None` where more input is needed or, at the end, after the last element.
    pub(super) fn next(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Found>, DecodeError> {
        if self.place == Place::Mark {
            if skip_mark(input, at_end) == Mark::Unsettled {
                return Ok(None);
            }
            self.place = Place::Start;
        }
        loop {
            if self.place == Place::Element {
                if let Some(found) = self.go_on(input) {
                    return Ok(Some(found));
                }
            } else {
                self.skip_white_space(input);
                // Files that were joined have byte order marks between their values.
                if matches!(self.place, Place::Start | Place::End) {
                    let Some(length) = mark_at_start(input, at_end) else { return Ok(None) };
                    if length > 0 {
                        input.advance(length);
                        continue;
                    }
                }
            }
            match input.first() {
                Some(&byte) => self.step(byte, input)?,
                None if at_end => return self.end_of_input().map(|()| None),
                None => return Ok(None),
            }
        }
    }

    /// Moves on over a byte between elements, or to an element that starts with it.
    fn step(&mut self, byte: u8, input: &mut BytesMut) -> Result<(), DecodeError> {
        let line = self.lines.line();
        self.place = match (self.place, byte) {
            (Place::Start | Place::End, b'[') => {
                self.line = line;
                self.is_bare = false;
                Place::First
            }
            (Place::Start | Place::End, b'{') => {
                self.is_bare = true;
                self.start_element();
                return Ok(());
            }
            (Place::Start, _) => return Err(DecodeError::NotAnArray { line, found: shown(byte) }),
            (Place::Separator, b',') => Place::Next,
            (Place::First | Place::Separator, b']') => Place::End,
            (Place::First | Place::Next, byte) if !matches!(byte, b',' | b']') => {
                self.start_element();
                return Ok(());
            }
            (place, _) => return Err(DecodeError::OutOfPlace { line, found: shown(byte), expected: place.expected() }),
        };
        input.advance(1);
        Ok(())
    }

    fn start_element(&mut self) {
        self.place = Place::Element;
        self.line = self.lines.line();
        self.element.clear();
        self.length = 0;
        self.nesting = Nesting::default();
    }

    /// Takes what the input has of an element.
    fn go_on(&mut self, input: &mut BytesMut) -> Option<Found> {
        let end = self.nesting.end(input);
        let piece = end.unwrap_or(input.len());
        self.lines.pass(&input[..piece]);
        self.length += piece as u64;
        if self.is_too_long() || self.nesting.is_too_deep {
            self.element.clear();
        } else {
            self.element.extend_from_slice(&input[..piece]);
        }
        input.advance(piece);
        end?;
        self.place = if self.is_bare { Place::End } else { Place::Separator };
        let found = if self.nesting.is_too_deep { Found::TooDeep } else { Found::Element };
        Some(if self.is_too_long() { Found::TooLong } else { found })
    }

    fn is_too_long(&self) -> bool {
        self.length > self.limit as u64
    }

    fn skip_white_space(&mut self, input: &mut BytesMut) {
        let count = input.iter().take_while(|byte| is_white_space(**byte)).count();
        self.lines.pass(&input[..count]);
        input.advance(count);
    }

    fn end_of_input(&self) -> Result<(), DecodeError> {
        let line = self.lines.line();
        match self.place {
            Place::End => Ok(()),
            Place::Mark | Place::Start => Err(DecodeError::NotAnArray { line, found: "nothing".to_owned() }),
            _ => Err(DecodeError::Unfinished { line, element: self.line }),
        }
    }
}

/// Where in the document the scanner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before a byte order mark.
    Mark,
    /// Before the first value.
    Start,
    /// After `[`.
    First,
    /// After a comma.
    Next,
    /// In an element.
    Element,
    /// After an element.
    Separator,
    /// After `]`, or after an object that stands in no array.
    End,
}

impl Place {
    fn expected(self) -> &'static str {
        match self {
            Place::Mark | Place::Start => "`[` or `{`",
            Place::First | Place::Next | Place::Element => "an object like {\"name\": \"Ada\"}",
            Place::Separator => "a comma or the `]` that ends the array",
            Place::End => "nothing more, or another array or object",
        }
    }
}

/// Finds the end of an element.
#[derive(Default)]
struct Nesting {
    depth: u64,
    is_too_deep: bool,
    text: Text,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Text {
    #[default]
    Outside,
    Inside,
    AfterBackslash,
}

impl Nesting {
    /// The length of what belongs to the element, if it ends within these bytes. Brackets are only counted: whether they match is
    /// found out when the element is read.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, &byte) in bytes.iter().enumerate() {
            match (self.text, byte) {
                (Text::Inside, b'\\') => self.text = Text::AfterBackslash,
                (Text::Inside, b'"') => {
                    self.text = Text::Outside;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                (Text::Inside | Text::AfterBackslash, _) | (Text::Outside, b'"') => self.text = Text::Inside,
                (Text::Outside, b'{' | b'[') => self.open(),
                (Text::Outside, b'}' | b']') if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                (Text::Outside, byte) if self.depth == 0 && (matches!(byte, b',' | b']') || is_white_space(byte)) => {
                    return Some(at);
                }
                (Text::Outside, _) => {}
            }
        }
        None
    }

    fn open(&mut self) {
        self.depth += 1;
        self.is_too_deep |= self.depth > DEPTH_LIMIT;
    }
}

/// White space as RFC 8259 section 2 has it.
fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// A byte for an error message.
fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("the byte {byte:#04x}") }
}
