//! Cuts a file into content lines, in pieces that may end anywhere: unfolds them, joins the soft line ends of quoted-printable,
//! and leaves out pictures and the like before they take memory.

use bytes::{Buf, BytesMut};

use crate::Charset;
use crate::charset::{Beginning, Step, Transcoder, beginning};
use crate::text::Lines;

/// The longest name for which is looked before the value.
const NAME: usize = 64;

/// A state machine over bytes. It copies a line to a buffer of its own, so that nothing is looked at twice.
pub(crate) struct Scanner {
    input: Input,
    limit: usize,
    /// The names of properties that are passed over.
    passed_over: &'static [&'static str],
    lines: Lines,
    place: Place,
    start: u64,
    line: Vec<u8>,
    /// Whether anything of the line was seen.
    is_begun: bool,
    fate: Fate,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scanned {
    /// A line, which the scanner has until the next call.
    Line,
    /// A line with more bytes than the limit; it is gone.
    TooLong,
}

impl Scanner {
    /// A scanner of one file, in a charset that is known or found.
    pub(crate) fn new(charset: Option<Charset>, limit: usize, passed_over: &'static [&'static str]) -> Scanner {
        let input = match charset {
            Some(charset) if charset != Charset::UTF_8 => Input::transcoded(charset),
            _ => Input::Unknown,
        };
        Scanner {
            input,
            limit: limit.max(NAME),
            passed_over,
            lines: Lines::starting_at(1),
            place: Place::Text,
            start: 1,
            line: Vec::new(),
            is_begun: false,
            fate: Fate::Open,
        }
    }

    /// The line that was found last, unfolded.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// The number of the physical line on which it starts.
    pub(crate) fn number(&self) -> u64 {
        self.start
    }

    /// The charset of the whole file, where it has one.
    pub(crate) fn charset(&self) -> Option<Charset> {
        match &self.input {
            Input::Text { transcoder, .. } => Some(transcoder.charset()),
            Input::Unknown | Input::Bytes => None,
        }
    }

    /// The next line that is not blank; `None` where more input is needed or, at the end, after the last line.
    pub(crate) fn next(&mut self, input: &mut BytesMut, at_end: bool) -> Option<Scanned> {
        loop {
            match &mut self.input {
                Input::Unknown => match beginning(input, at_end)? {
                    Beginning::Bytes(marks) => {
                        input.advance(marks);
                        self.input = Input::Bytes;
                    }
                    Beginning::Utf16(charset) => self.input = Input::transcoded(charset),
                },
                Input::Bytes => return self.scan(input, at_end),
                Input::Text { transcoder, text, is_whole } => {
                    let (mut ready, is_last) = (std::mem::take(text), *is_whole);
                    let mut step = Step::Passed;
                    if ready.is_empty() && !is_last {
                        step = transcoder.step(input, at_end, &mut ready);
                        *is_whole = step == Step::Finished;
                    }
                    let is_last = is_last || step == Step::Finished;
                    let found = self.scan(&mut ready, is_last);
                    if let Input::Text { text, .. } = &mut self.input {
                        *text = ready;
                    }
                    if found.is_some() || is_last || step == Step::Hungry {
                        return found;
                    }
                }
            }
        }
    }

    fn scan(&mut self, text: &mut BytesMut, is_whole: bool) -> Option<Scanned> {
        loop {
            match (self.place, text.first()) {
                (Place::Text | Place::End { .. }, None) if is_whole => return self.finish(),
                (_, None) => return None,
                (Place::Text, Some(_)) => self.go_on(text),
                (Place::End { after_cr: true }, Some(b'\n')) => {
                    self.pass(text);
                    self.place = Place::End { after_cr: false };
                }
                (Place::End { .. }, Some(_)) if self.is_broken_softly() => {
                    self.line.pop();
                    self.place = Place::Text;
                }
                (Place::End { .. }, Some(&end @ (b'\r' | b'\n'))) => {
                    self.pass(text);
                    self.place = Place::End { after_cr: end == b'\r' };
                }
                (Place::End { .. }, Some(b' ' | b'\t')) => {
                    self.pass(text);
                    self.place = Place::Text;
                }
                (Place::End { .. }, Some(_)) => {
                    if let Some(found) = self.finish() {
                        return Some(found);
                    }
                }
            }
        }
    }

    /// Takes what there is of a physical line, and its end.
    fn go_on(&mut self, text: &mut BytesMut) {
        if !self.is_begun {
            self.is_begun = true;
            self.start = self.lines.line();
            self.line.clear();
            self.fate = Fate::Open;
        }
        let end = text.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let length = end.unwrap_or(text.len());
        if matches!(self.fate, Fate::Open | Fate::Kept) {
            self.line.extend_from_slice(&text[..length]);
        }
        self.lines.pass(&text[..length]);
        text.advance(length);
        self.decide();
        if end.is_some() {
            self.place = Place::End { after_cr: text.first() == Some(&b'\r') };
            self.pass(text);
        }
    }

    /// Decides whether the line is worth keeping, as soon as its name is there.
    fn decide(&mut self) {
        if self.fate == Fate::Open {
            let head = &self.line[..self.line.len().min(NAME)];
            if let Some(end) = head.iter().position(|byte| matches!(byte, b':' | b';')) {
                let name = head[..end].rsplit(|byte| *byte == b'.').next().unwrap_or_default();
                let is_passed_over = self.passed_over.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()));
                self.fate = if is_passed_over { Fate::PassedOver } else { Fate::Kept };
            }
        }
        if self.line.len() > self.limit && self.fate != Fate::PassedOver {
            self.fate = Fate::TooLong;
        }
        if matches!(self.fate, Fate::TooLong | Fate::PassedOver) {
            self.line = Vec::new();
        }
    }

    fn pass(&mut self, text: &mut BytesMut) {
        self.lines.pass(&text[..1]);
        text.advance(1);
    }

    /// Whether the line goes on after its end, because it is quoted-printable and ends in `=`.
    fn is_broken_softly(&self) -> bool {
        const ENCODING: &[u8] = b"QUOTED-PRINTABLE";
        let Some((b'=', before)) = self.line.split_last() else { return false };
        let head = before.split(|byte| *byte == b':').next().unwrap_or_default();
        head.len() < before.len() && head.windows(ENCODING.len()).any(|part| part.eq_ignore_ascii_case(ENCODING))
    }

    fn finish(&mut self) -> Option<Scanned> {
        self.place = Place::Text;
        let is_begun = std::mem::take(&mut self.is_begun);
        match self.fate {
            Fate::TooLong if is_begun => Some(Scanned::TooLong),
            Fate::Open | Fate::Kept if is_begun && !self.line.trim_ascii().is_empty() => Some(Scanned::Line),
            _ => None,
        }
    }
}

/// Where the text comes from.
enum Input {
    /// It is not known yet.
    Unknown,
    /// The bytes of the file, in which ASCII is ASCII: values may have charsets of their own.
    Bytes,
    /// A file in a charset as a whole.
    Text { transcoder: Box<Transcoder>, text: BytesMut, is_whole: bool },
}

impl Input {
    fn transcoded(charset: Charset) -> Input {
        let transcoder = Box::new(Transcoder::new(Some(charset)));
        Input::Text { transcoder, text: BytesMut::new(), is_whole: false }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In a physical line.
    Text,
    /// After the end of one, where the next byte tells whether the content line goes on.
    End { after_cr: bool },
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Its name is not whole yet.
    Open,
    Kept,
    PassedOver,
    TooLong,
}
