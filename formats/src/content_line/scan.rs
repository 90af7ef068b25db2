//! Cuts a file into content lines, in pieces that may end anywhere: unfolds them, joins the soft line ends of quoted-printable,
//! and leaves out pictures and the like before they take memory.

use std::collections::BTreeSet;

use bytes::{Buf, BytesMut};

use crate::Charset;
use crate::charset::{Beginning, Step, Transcoder, beginning};
use crate::text::{Lines, trim_invisible, trim_invisible_start};

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
    /// Where in the line its last physical line begins, and the number of that, if a soft line end is before it.
    after_soft: Option<(usize, u64)>,
    /// What are lines of their own although no line end is before them, the last one first, and their numbers.
    pending: Vec<(Vec<u8>, u64)>,
    /// Whether anything of the line was seen.
    is_begun: bool,
    fate: Fate,
    /// Whether a blank line or one that is passed over came after the line that was found last, and before the one before.
    is_gap: bool,
    is_after_gap: bool,
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
            after_soft: None,
            pending: Vec::new(),
            is_begun: false,
            fate: Fate::Open,
            is_gap: false,
            is_after_gap: false,
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

    /// Whether that line stands directly after the one that was found before it.
    pub(crate) fn follows(&self) -> bool {
        !self.is_after_gap
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
        if let Some((line, number)) = self.pending.pop() {
            (self.line, self.start) = (line, number);
            return Some(Scanned::Line);
        }
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
                    self.after_soft = Some((self.line.len(), self.lines.line()));
                    self.place = Place::Text;
                }
                (Place::End { .. }, Some(&end @ (b'\r' | b'\n'))) => {
                    self.pass(text);
                    self.is_gap = true;
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
            self.after_soft = None;
            self.fate = Fate::Open;
            self.is_after_gap = std::mem::take(&mut self.is_gap);
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
            Fate::Open | Fate::Kept if is_begun && !trim_invisible(&self.line).is_empty() => {
                self.part();
                Some(Scanned::Line)
            }
            _ => {
                self.is_gap = true;
                None
            }
        }
    }

    /// Takes off the line what should have been lines of their own: the first or last line of a component behind that of another, as
    /// files have it that were joined without a line end between them, or such a line behind a soft line end with which a value ends.
    fn part(&mut self) {
        if let Some((at, number)) = self.after_soft.take()
            && self.line.get(at..).is_some_and(|last| boundary(last).is_some())
        {
            self.pending.push((self.line.split_off(at), number));
            return;
        }
        // The end of a file of old, behind which another file begins: what stands before it is a line that was cut.
        let is_end = |at: &usize| {
            let (line, next) = self.line.split_at(*at);
            !trim_invisible(line).is_empty() && word_at(next).is_some() && boundary(next).is_some()
        };
        let end = self.line.iter().position(|byte| *byte == END_OF_FILE).map(|end| end + 1);
        let behind_end = end.filter(is_end);
        for at in behind_end.into_iter().chain(joints(&self.line)).collect::<BTreeSet<_>>().into_iter().rev() {
            self.pending.push((self.line.split_off(at), self.start));
        }
        if behind_end.is_some() {
            self.line.pop_if(|byte| *byte == END_OF_FILE);
        }
    }
}

/// How much of a file has to be there to tell that a quote is never closed.
const LONGEST_CELL: usize = 64 * 1024;

/// `^Z`, with which programs of the eighties end a file.
const END_OF_FILE: u8 = 0x1a;

const BEGIN: &[u8] = b"BEGIN:";
const END: &[u8] = b"END:";

/// What files that are read here are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Cards.
    Contacts,
    /// Calendars and their parts.
    Calendar,
}

/// Where in a line with which a component ends or begins others begin that stand directly behind it. Behind the beginning of one
/// nothing else may stand than such lines.
fn joints(line: &[u8]) -> Vec<usize> {
    let blank = line.len() - trim_invisible_start(line).len();
    let behind = word_at(&line[blank..]).map_or(line.len(), |length| blank + length);
    let found: Vec<_> = (behind..line.len()).filter(|at| word_at(&line[*at..]).is_some()).collect();
    let is_last = line[blank..].get(..END.len()).is_some_and(|word| word.eq_ignore_ascii_case(END));
    let end = |part: usize| found.get(part + 1).copied().unwrap_or(line.len());
    let is_sound = is_last || found.iter().enumerate().all(|(part, at)| component(&line[*at..end(part)]).is_some());
    if is_sound { found } else { Vec::new() }
}

/// The length of the word with which the first or last line of a component begins, if there is one here.
fn word_at(line: &[u8]) -> Option<usize> {
    let begins = |word: &&[u8]| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    [BEGIN, END].into_iter().find(begins).map(<[u8]>::len)
}

/// What a line belongs to that is nothing but the first or the last one of a card, a calendar or a part of one, or several of these
/// with no line end between them.
fn boundary(line: &[u8]) -> Option<Family> {
    component(&line[..joints(line).first().copied().unwrap_or(line.len())])
}

/// The same of one that stands alone.
fn component(line: &[u8]) -> Option<Family> {
    const COMPONENTS: [(&[u8], Family); 8] = [
        (b"VCARD", Family::Contacts),
        (b"VADDRESSBOOK", Family::Contacts),
        (b"VCALENDAR", Family::Calendar),
        (b"VEVENT", Family::Calendar),
        (b"VTODO", Family::Calendar),
        (b"VJOURNAL", Family::Calendar),
        (b"VTIMEZONE", Family::Calendar),
        (b"VFREEBUSY", Family::Calendar),
    ];
    let line = trim_invisible(line);
    let end = line.iter().position(|byte| *byte == b':')?;
    let (word, name) = (line[..=end].trim_ascii(), trim_invisible(&line[end + 1..]));
    let is_boundary = word.eq_ignore_ascii_case(BEGIN) || word.eq_ignore_ascii_case(END);
    let component = COMPONENTS.into_iter().find(|(component, _)| name.eq_ignore_ascii_case(component))?;
    is_boundary.then_some(component.1)
}

/// What a file is, by the first of its lines that is nothing but the first or the last one of a component, wherever it stands: the
/// second half of a file that was cut begins with anything. What stands in the quotes of a table is a cell, where these are closed again.
pub(crate) fn family(head: &[u8]) -> Option<Family> {
    let mut is_quoted = false;
    let mut in_quotes = None;
    for line in head.split(|byte| matches!(byte, b'\r' | b'\n')) {
        match boundary(line) {
            Some(family) if !is_quoted => return Some(family),
            found => in_quotes = in_quotes.or(found),
        }
        let was_quoted = is_quoted;
        is_quoted = stays_quoted(line, is_quoted);
        if was_quoted && !is_quoted {
            in_quotes = None;
        }
    }
    // A long cell may be closed behind what there is of the file.
    in_quotes.filter(|_| head.len() < LONGEST_CELL)
}

/// Whether the cell with which a line of a table ends goes on in the next line. Only a quote with which a cell begins opens one.
fn stays_quoted(line: &[u8], is_quoted: bool) -> bool {
    let is_separator = |byte: Option<&u8>| matches!(byte, None | Some(b',' | b';' | b'\t' | b'|'));
    let (mut is_quoted, mut at) = (is_quoted, 0);
    while let Some(byte) = line.get(at) {
        if *byte == b'"' {
            let before = at.checked_sub(1).and_then(|before| line.get(before));
            match (is_quoted, line.get(at + 1)) {
                (true, Some(b'"')) => at += 1,
                // A quoted parameter of a content line ends in this way.
                (true, after) if is_separator(after) || after == Some(&b':') => is_quoted = false,
                (false, _) if is_separator(before) => is_quoted = true,
                _ => {}
            }
        }
        at += 1;
    }
    is_quoted
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
