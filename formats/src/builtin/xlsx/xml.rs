//! What the parts of a workbook have in common, being XML: elements by their names without prefixes, and text with its escapes.

use quick_xml::escape::resolve_predefined_entity;
use std::borrow::Cow;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::meter::Meter;
use super::package::{Part, damaged};
use crate::DecodeError;
use crate::text::without_nul;

/// Reads a part, event by event.
pub(super) struct Xml {
    reader: Reader<Meter>,
    buffer: Vec<u8>,
}

/// What is of interest in a part.
pub(super) enum Node<'a> {
    /// An element begins.
    Start(BytesStart<'a>),
    /// An element without content.
    Empty(BytesStart<'a>),
    /// The element with this name ends.
    End(String),
    /// Text, or a piece of it.
    Text(String),
    /// The end of the part.
    Eof,
}

impl Xml {
    /// With the most bytes of a text, beyond which it is cut.
    pub(super) fn new(part: Part, limit: usize) -> Xml {
        let mut reader = Reader::from_reader(Meter::new(part, limit));
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        reader.config_mut().allow_dangling_amp = true;
        Xml { reader, buffer: Vec::new() }
    }

    pub(super) fn next(&mut self) -> Result<Node<'_>, DecodeError> {
        self.buffer.clear();
        self.reader.get_mut().begin();
        let event = self.reader.read_event_into(&mut self.buffer);
        let meter = self.reader.get_ref();
        let event = match event {
            // A text that is too long was cut; what fails for it is its row.
            Ok(Event::Text(text)) => Event::Text(text),
            Ok(event) if !meter.is_over() => event,
            Err(_) if !meter.is_over() => return Err(damaged("its XML is broken; save it as xlsx again")),
            _ => {
                let limit = meter.limit();
                let reason =
                    format!("it has an element or a comment of more than {limit} bytes; save it as xlsx again");
                return Err(damaged(&reason));
            }
        };
        Ok(match event {
            Event::Start(start) => Node::Start(start),
            Event::Empty(start) => Node::Empty(start),
            Event::End(end) => Node::End(end.local_name().as_ref().to_owned()),
            Event::Text(text) => Node::Text(text.xml10_content().into_owned()),
            Event::CData(text) => Node::Text(text.xml10_content().into_owned()),
            Event::GeneralRef(reference) => Node::Text(resolved(&reference)),
            Event::Eof => Node::Eof,
            _ => Node::Text(String::new()),
        })
    }
}

/// Appends a piece to a text up to a limit in bytes; what is beyond is left out, and one byte more tells that there was more.
pub(super) fn push_within(text: &mut String, piece: &str, limit: usize) {
    let room = limit.saturating_add(1).saturating_sub(text.len());
    if piece.len() <= room {
        text.push_str(piece);
    } else if room > 0 {
        let end = (0..=room).rev().find(|at| piece.is_char_boundary(*at)).unwrap_or_default();
        text.push_str(&piece[..end]);
        // A character of several bytes may have stood in the way.
        text.extend(std::iter::repeat_n('\u{2026}', usize::from(end < room)));
    }
}

/// The value of an attribute by its name without a prefix.
pub(super) fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = start.attributes();
    let attributes = attributes.with_checks(false).flatten();
    let found = attributes.into_iter().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(Cow::into_owned)
}

/// Text as Excel means it: `_x000D_` is a character that XML cannot hold.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let is_hex = |code: &&str| code.bytes().all(|byte| byte.is_ascii_hexdigit());
        let char = code.filter(is_hex).and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        let end = at + if char.is_some() { 7 } else { 2 };
        plain.push_str(&rest[..if char.is_some() { at } else { end }]);
        plain.extend(char);
        rest = &rest[end..];
    }
    plain.push_str(rest);
    without_nul(&plain.replace("\r\n", "\n")).into_owned()
}

fn resolved(reference: &BytesRef<'_>) -> String {
    match reference.resolve_char_ref() {
        Ok(Some(char)) => char.to_string(),
        _ => resolve_predefined_entity(reference).unwrap_or_default().to_owned(),
    }
}
