//! NDJSON: one JSON object a line, with the members that the elements of our JSON have.

use std::ops::Range;

use bytes::{Buf, BufMut, BytesMut};
use serde::de::IgnoredAny;

use super::json::decode::unreadable;
use super::json::object::Objects;
use crate::charset::{Step, Transcoder};
use crate::text::{Lines, Mark, skip_mark, trim_invisible, trim_invisible_start};
use crate::{
    Codec, Container, Decode, DecodeError, DecodeOptions, Descriptor, Encode, EncodeError, EncodeOptions, Findings,
    Position, Record, Row, Section, Source, Unsupported,
};

/// The format `ndjson`.
pub(super) struct Ndjson;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "ndjson",
    title: "NDJSON, one object a line",
    media_type: "application/x-ndjson",
    extensions: &["ndjson", "jsonl"],
    encodes: &Section::EXPORTED,
    decodes: &Section::IMPORTED,
    container: Container::Stream,
    loses: &[],
};

impl Codec for Ndjson {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        Ok(Box::new(Encoder { section, custom_fields: options.custom_fields.clone() }))
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        DESCRIPTOR.check_decodes(section)?;
        Ok(Box::new(Decoder::new(section, options)))
    }

    fn recognises(&self, head: &[u8]) -> bool {
        begins(head)
    }
}

/// Whether a file begins with an object that is whole in its line, and none begins with a bracket alone in its line, as in JSON for people.
/// The second half of a file that was cut begins with the end of one.
pub(super) fn begins(head: &[u8]) -> bool {
    if head.split(|byte| *byte == b'\n').any(|line| line.trim_ascii() == b"{") {
        return false;
    }
    let is_object = |line: &[u8]| line.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(line).is_ok();
    let mut lines = head.trim_ascii_start().split(|byte| *byte == b'\n').map(trim_invisible);
    let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    is_object(first) || (first.ends_with(b"}") && !first.starts_with(b"[") && is_object(second))
}

/// Where the first object of a line ends, where another stands directly behind it.
fn end_of_first(line: &[u8]) -> Option<usize> {
    let is_next = |behind: &[u8]| trim_invisible_start(behind).starts_with(b"{");
    // Elsewhere than in texts a comma stands between two.
    let may_be = line.iter().enumerate().any(|(at, byte)| *byte == b'}' && is_next(&line[at + 1..]));
    let mut values = may_be.then(|| serde_json::Deserializer::from_slice(line).into_iter::<IgnoredAny>())?;
    let end = values.next()?.is_ok().then(|| values.byte_offset())?;
    is_next(&line[end..]).then_some(end)
}

struct Encoder {
    section: Section,
    custom_fields: Vec<String>,
}

impl Encode for Encoder {
    fn begin(&mut self, _out: &mut BytesMut) -> Result<(), EncodeError> {
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        record.check_belongs_to(self.section, "ndjson")?;
        serde_json::to_writer(out.writer(), &record.with_custom_fields(&self.custom_fields))?;
        out.put_u8(b'\n');
        Ok(())
    }

    fn end(&mut self, _out: &mut BytesMut) -> Result<(), EncodeError> {
        Ok(())
    }
}

struct Decoder {
    objects: Objects,
    row_limit: usize,
    transcoder: Transcoder,
    /// What is text already and was not used yet.
    text: BytesMut,
    is_whole: bool,
    is_marked_off: bool,
    lines: Lines,
    /// What there is of the line that is being read, and the line that was read last.
    line: Vec<u8>,
    /// What was read of that, and where another object begins behind it.
    own: Range<usize>,
    next: Option<usize>,
    /// Whether the line has an end.
    is_ended: bool,
    number: u64,
    length: usize,
    is_read: bool,
    rows: u64,
}

impl Decoder {
    fn new(section: Section, options: &DecodeOptions) -> Decoder {
        Decoder {
            objects: Objects::new(section, options),
            row_limit: options.row_limit,
            transcoder: Transcoder::new(options.charset),
            text: BytesMut::new(),
            is_whole: false,
            is_marked_off: false,
            lines: Lines::starting_at(1),
            line: Vec::new(),
            own: 0..0,
            next: None,
            is_ended: false,
            number: 1,
            length: 0,
            is_read: true,
            rows: 0,
        }
    }

    /// Takes what there is of a line; whether the line is whole.
    fn take(&mut self) -> bool {
        let (input, at_end) = (&mut self.text, self.is_whole);
        if std::mem::take(&mut self.is_read) {
            self.line.clear();
            self.length = 0;
            self.number = self.lines.line();
        }
        let end = input.iter().position(|byte| *byte == b'\n');
        let piece = end.map_or(input.len(), |end| end + 1);
        let text = end.unwrap_or(input.len());
        self.length += text;
        if self.length > self.row_limit {
            self.line = Vec::new();
        } else {
            self.line.extend_from_slice(&input[..text]);
        }
        self.lines.pass(&input[..piece]);
        input.advance(piece);
        self.is_ended = end.is_some();
        self.is_read = end.is_some() || at_end;
        self.is_read
    }

    /// What was read last.
    fn own(&self) -> &[u8] {
        trim_invisible(self.line.get(self.own.clone()).unwrap_or_default())
    }

    fn read(&mut self, position: Position) -> Row {
        if self.length > self.row_limit {
            return Row::bad(position, format!("the line is longer than {} bytes", self.row_limit));
        }
        let start = self.next.take().unwrap_or_default();
        let blank = self.line.len() - trim_invisible_start(&self.line[start..]).len();
        let end = end_of_first(&self.line[blank..]).map(|length| blank + length);
        self.next = end;
        self.own = blank..end.unwrap_or(self.line.len());
        let Ok(text) = std::str::from_utf8(trim_invisible(&self.line[self.own.clone()])) else {
            return Row::bad(position, unreadable(position.line));
        };
        let mut row = self.objects.row(position, text);
        let is_last = !self.is_ended && self.next.is_none();
        if row.record.is_none()
            && is_last
            && serde_json::from_str::<IgnoredAny>(text).is_err_and(|error| error.is_eof())
            && let Some(diagnostic) = row.diagnostics.last_mut()
        {
            diagnostic.reason.push_str("; the file may be cut off in it");
        }
        row
    }

    /// The next row of the text that there is.
    fn next(&mut self) -> Option<Row> {
        if !self.is_marked_off {
            if skip_mark(&mut self.text, self.is_whole) == Mark::Unsettled {
                return None;
            }
            self.is_marked_off = true;
        }
        if self.next.is_some() {
            self.rows += 1;
            return Some(self.read(Position { row: self.rows, line: self.number }));
        }
        while !self.text.is_empty() || (self.is_whole && !self.is_read) {
            if !self.take() {
                return None;
            }
            if self.length > self.row_limit || !trim_invisible(&self.line).is_empty() {
                self.rows += 1;
                return Some(self.read(Position { row: self.rows, line: self.number }));
            }
        }
        None
    }
}

impl Decode for Decoder {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError> {
        if self.rows == 0 {
            self.objects.check()?;
        }
        loop {
            if let Some(row) = self.next() {
                return Ok(Some(row));
            }
            if self.is_whole {
                return self.objects.finish().map(|()| None);
            }
            match self.transcoder.step(input, at_end, &mut self.text) {
                Step::Passed => {}
                Step::Hungry => return Ok(None),
                Step::Finished => self.is_whole = true,
            }
        }
    }

    fn source(&self) -> Option<Source<'_>> {
        let text = String::from_utf8_lossy(self.own());
        (!text.is_empty()).then(|| self.objects.source(&text).into_owned())
    }

    fn findings(&self) -> Findings {
        Findings { charset: Some(self.transcoder.charset()), ..self.objects.findings() }
    }
}
