//! Reads one JSON object as a record: what JSON and NDJSON have in common.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::headers::notes::Note;
use crate::record::{CATEGORY_SEPARATOR, Column, Draft, names};
use crate::text::without_nul;
use crate::{Diagnostic, Position, Row, Section, Source, SourceCell};

/// The row of a text that should be one object.
pub(in crate::builtin) fn row(section: Section, position: Position, text: &str) -> Row {
    if !text.starts_with('{') {
        return Row::bad(position, format!("there should be an object like {{\"name\": \"Ada\"}}, not {}", kind(text)));
    }
    match serde_json::from_str::<Members<'_>>(text) {
        Ok(members) => object(section, position, &members),
        Err(error) => Row::bad(position, not_json(&error, position)),
    }
}

/// The text as a row of a table, for whoever has to mend it.
pub(in crate::builtin) fn source(section: Section, text: &str) -> Source<'_> {
    let Ok(mut members) = serde_json::from_str::<Members<'_>>(text) else {
        let surplus = SourceCell { column: Source::SURPLUS.into(), text: without_nul(text) };
        return Source { cells: vec![surplus] };
    };
    let own = Column::of(section).iter().map(|column| column.name());
    let mut own: Vec<_> = own.filter_map(|name| Some((name.to_owned(), members.remove(name)?))).collect();
    own.extend(members.into_iter().filter(|(name, _)| Note::of(name) != Some(Note::Remark)));
    let cell = |(name, value): (String, &RawValue)| SourceCell {
        text: without_nul(&cell(&name, value.get())).into_owned().into(),
        column: without_nul(&name).into_owned().into(),
    };
    Source { cells: own.into_iter().map(cell).collect() }
}

fn object(section: Section, position: Position, members: &Members<'_>) -> Row {
    let mut draft = Draft::default();
    let mut diagnostics = Vec::new();
    for &column in Column::of(section) {
        let Some(value) = members.get(column.name()) else { continue };
        if let Err(reason) = set(&mut draft, column, value.get()) {
            diagnostics.push(Diagnostic { field: Some(column.name().to_owned()), reason });
        }
    }
    let record = diagnostics.is_empty().then(|| draft.into_record(section));
    Row { position, record, diagnostics }
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
