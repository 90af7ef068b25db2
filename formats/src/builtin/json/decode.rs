//! Reads JSON: makes a record of each element of the array.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::scan::{DEPTH_LIMIT, Found, Scanner};
use crate::headers::notes::Note;
use crate::record::{CATEGORY_SEPARATOR, Column, Draft, names};
use crate::text::{utf8, without_nul};
use crate::{
    Charset, Decode, DecodeError, DecodeOptions, Diagnostic, Findings, Position, Row, Section, Source, SourceCell,
};

/// A decoder of one document.
pub(super) struct Decoder {
    section: Section,
    row_limit: usize,
    scanner: Scanner,
    rows: u64,
}

impl Decoder {
    pub(super) fn new(section: Section, options: &DecodeOptions) -> Decoder {
        Decoder { section, row_limit: options.row_limit, scanner: Scanner::new(options.row_limit), rows: 0 }
    }

    fn element(&self, position: Position) -> Result<Row, DecodeError> {
        let text = utf8(self.scanner.element(), position.line).map_err(|line| DecodeError::NotUtf8 { line })?;
        if !text.starts_with('{') {
            return Ok(Row::bad(
                position,
                format!("there should be an object like {{\"name\": \"Ada\"}}, not {}", kind(text)),
            ));
        }
        Ok(match serde_json::from_str::<Members<'_>>(text) {
            Ok(members) => self.object(position, &members),
            Err(error) => Row::bad(position, not_json(&error, position)),
        })
    }

    fn object(&self, position: Position, members: &Members<'_>) -> Row {
        let mut draft = Draft::default();
        let mut diagnostics = Vec::new();
        for &column in Column::of(self.section) {
            let Some(value) = members.get(column.name()) else { continue };
            if let Err(reason) = set(&mut draft, column, value.get()) {
                diagnostics.push(Diagnostic { field: Some(column.name().to_owned()), reason });
            }
        }
        let record = diagnostics.is_empty().then(|| draft.into_record(self.section));
        Row { position, record, diagnostics }
    }
}

impl Decode for Decoder {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError> {
        let Some(found) = self.scanner.next(input, at_end)? else { return Ok(None) };
        self.rows += 1;
        let position = Position { row: self.rows, line: self.scanner.element_line() };
        Ok(Some(match found {
            Found::Element => self.element(position)?,
            Found::TooLong => Row::bad(position, format!("the element is longer than {} bytes", self.row_limit)),
            Found::TooDeep => Row::bad(position, format!("the element is nested more than {DEPTH_LIMIT} deep")),
        }))
    }

    fn source(&self) -> Option<Source<'_>> {
        let text = str::from_utf8(self.scanner.element()).ok().filter(|text| !text.is_empty())?;
        let Ok(mut members) = serde_json::from_str::<Members<'_>>(text) else {
            let surplus = SourceCell { column: Source::SURPLUS.into(), text: without_nul(text) };
            return Some(Source { cells: vec![surplus] });
        };
        let own = Column::of(self.section).iter().map(|column| column.name());
        let mut own: Vec<_> = own.filter_map(|name| Some((name.to_owned(), members.remove(name)?))).collect();
        own.extend(members.into_iter().filter(|(name, _)| Note::of(name) != Some(Note::Remark)));
        let cell = |(name, value): (String, &RawValue)| SourceCell {
            text: without_nul(&cell(&name, value.get())).into_owned().into(),
            column: without_nul(&name).into_owned().into(),
        };
        Some(Source { cells: own.into_iter().map(cell).collect() })
    }

    fn findings(&self) -> Findings {
        Findings { charset: Some(Charset::UTF_8), ..Findings::default() }
    }
}

/// The members of an object by name, each as it is written. Those that we do not know are passed over.
type Members<'a> = BTreeMap<String, &'a RawValue>;

fn set(draft: &mut Draft, column: Column, value: &str) -> Result<(), String> {
    if value == "null" {
        return Ok(());
    }
    if column == Column::Categories {
        let list: Vec<String> = serde_json::from_str(value)
            .map_err(|_| format!("there should be a list of names like [\"Customers\"], not {}", kind(value)))?;
        draft.set_categories(names(list.iter().map(|name| without_nul(name))));
        return Ok(());
    }
    draft.set(column, &without_nul(&text(value)?))
}

/// The text of a value. A number stands for its own digits, as hand-made files have postal codes and telephone numbers without
/// quotes, and values with more digits than a float can keep.
fn text(value: &str) -> Result<String, String> {
    match value.as_bytes() {
        [b'"', ..] => {
            serde_json::from_str(value).map_err(|error| format!("the text cannot be read: {}", message(&error)))
        }
        [b'-' | b'0'..=b'9', ..] => Ok(value.to_owned()),
        _ => Err(format!("there should be a text, not {}", kind(value))),
    }
}

/// A value as a cell of a table: what is no text stands there as it is written.
fn cell<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    let list = || serde_json::from_str::<Vec<String>>(value).ok().filter(|_| name == Column::Categories.name());
    let text = || serde_json::from_str::<String>(value).ok();
    match value {
        "null" => Cow::Borrowed(""),
        value => text().or_else(|| Some(list()?.join(CATEGORY_SEPARATOR))).map_or(Cow::Borrowed(value), Cow::Owned),
    }
}

/// What a value is, for a sentence.
fn kind(value: &str) -> &'static str {
    match value.as_bytes() {
        [b'"', ..] => "a text",
        [b'[', ..] => "a list",
        [b'{', ..] => "an object",
        [b'-' | b'0'..=b'9', ..] => "a number",
        b"true" | b"false" => "true or false",
        b"null" => "null",
        _ => "something that is not JSON",
    }
}

fn not_json(error: &serde_json::Error, position: Position) -> String {
    let line = position.line + (error.line() as u64).saturating_sub(1);
    format!("this is not JSON: {} (line {line})", message(error))
}

/// What serde_json has to say, without the position, which it counts from the start of the element.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}
