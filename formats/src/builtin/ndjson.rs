//! NDJSON: one JSON object a line, with the members that the elements of our JSON have.

use bytes::{Buf, BufMut, BytesMut};

use super::json::decode::unreadable;
use super::json::object::Objects;
use crate::charset::{Step, Transcoder};
use crate::text::{Lines, Mark, skip_mark, trim_invisible};
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
pub(super) fn begins(head: &[u8]) -> bool {
    if head.split(|byte| *byte == b'\n').any(|line| line.trim_ascii() == b"{") {
        return false;
    }
    let head = head.trim_ascii_start();
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
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
        self.is_read = end.is_some() || at_end;
        self.is_read
    }

    fn read(&mut self, position: Position) -> Row {
        if self.length > self.row_limit {
            return Row::bad(position, format!("the line is longer than {} bytes", self.row_limit));
        }
        match std::str::from_utf8(trim_invisible(&self.line)) {
            Ok(text) => self.objects.row(position, text),
            Err(_) => Row::bad(position, unreadable(position.line)),
        }
    }

    /// The next row of the text that there is.
    fn next(&mut self) -> Option<Row> {
        if !self.is_marked_off {
            if skip_mark(&mut self.text, self.is_whole) == Mark::Unsettled {
                return None;
            }
            self.is_marked_off = true;
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
        let text = String::from_utf8_lossy(trim_invisible(&self.line));
        (!text.is_empty()).then(|| self.objects.source(&text).into_owned())
    }

    fn findings(&self) -> Findings {
        Findings { charset: Some(self.transcoder.charset()), ..self.objects.findings() }
    }
}
