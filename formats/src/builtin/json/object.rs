//! Reads one JSON object as a record: what JSON and NDJSON have in common.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::headers::members::Members;
use crate::headers::notes::Note;
use crate::headers::target::Target;
use crate::record::{CATEGORY_SEPARATOR, Column, Draft, names};
use crate::text::without_nul;
use crate::{Charset, DecodeError, DecodeOptions, Diagnostic, Findings, Position, Row, Section, Source, SourceCell};

/// Reads the objects of a document, one after the other.
pub(in crate::builtin) struct Objects {
    section: Section,
    members: Members,
}

impl Objects {
    pub(in crate::builtin) fn new(section: Section, options: &DecodeOptions) -> Objects {
        Objects { section, members: Members::new(section, options) }
    }

    /// To be asked before the first row: whether the options can be followed.
    pub(in crate::builtin) fn check(&self) -> Result<(), DecodeError> {
        self.members.check()
    }

    /// To be asked after the last row: whether all that is mapped was there.
    pub(in crate::builtin) fn finish(&self) -> Result<(), DecodeError> {
        self.members.finish()
    }

    /// The row of a text that should be one object.
    pub(in crate::builtin) fn row(&mut self, position: Position, text: &str) -> Row {
        if !text.starts_with('{') {
            let found = kind(text);
            return Row::bad(position, format!("there should be an object like {{\"name\": \"Ada\"}}, not {found}"));
        }
        match serde_json::from_str::<Object<'_>>(text) {
            Ok(object) => self.object(position, &object),
            Err(error) => Row::bad(position, not_json(&error, position)),
        }
    }

    /// The text as a row of a table, for whoever has to mend it.
    pub(in crate::builtin) fn source<'a>(&self, text: &'a str) -> Source<'a> {
        source(self.section, text)
    }

    /// What has been found out so far.
    pub(in crate::builtin) fn findings(&self) -> Findings {
        Findings {
            charset: Some(Charset::UTF_8),
            ignored: self.members.ignored(),
            report: self.members.report(),
            date_orders: self.members.date_orders(),
            decimals: self.members.decimals(),
            survey: self.members.survey(),
            ..Findings::default()
        }
    }

    fn object(&mut self, position: Position, object: &Object<'_>) -> Row {
        let mut members: Vec<_> =
            object.iter().map(|(name, value)| (self.members.member(name), name.as_str(), value.get())).collect();
        for (member, name, value) in &members {
            if !matches!(*value, "null" | "\"\"" | "[]") {
                self.members.tally().note(member.at, || without_nul(&cell(name, value)).into_owned().into());
            }
        }
        members.sort_by_key(|(member, ..)| member.rank);
        let mut draft = Draft::default();
        let (mut diagnostics, mut notes) = (Vec::new(), Vec::new());
        let is_ours = object.contains_key(Column::CreatedAt.name());
        self.members.watch(members.iter().map(|(member, ..)| *member), is_ours);
        for (member, name, value) in members {
            let Some(target) = member.target else { continue };
            // In our own files a text may stand for a number as well.
            let is_exact = is_ours || !value.starts_with('"');
            let set = self.set(&mut draft, (position, name), (member.at, target), (value, is_exact), &mut notes);
            let Err(reason) = set else { continue };
            // When a record was made and changed elsewhere is worth no row.
            let is_worth_none = matches!(target, Target::Own(column) if column.is_time_of_record());
            let of = if is_worth_none { &mut notes } else { &mut diagnostics };
            of.push(Diagnostic { field: Some(name.to_owned()), reason });
        }
        if diagnostics.is_empty() {
            diagnostics = self.members.missing(&draft);
        }
        let record = diagnostics.is_empty().then(|| draft.into_record(self.section));
        Row { position, diagnostics: if record.is_some() { notes } else { diagnostics }, record }
    }

    fn set(
        &mut self,
        draft: &mut Draft,
        (position, name): (Position, &str),
        (at, target): (usize, Target),
        (value, is_exact): (&str, bool),
        notes: &mut Vec<Diagnostic>,
    ) -> Result<(), String> {
        let text = match (target, value) {
            (Target::Nothing, _) | (_, "null") => return Ok(()),
            (Target::Own(column), value) if column.is_list() && !draft.has(column) => {
                draft.set_names(column, list(value)?);
                return Ok(());
            }
            (Target::Own(Column::Complete) | Target::Custom(_), "true" | "false") => Cow::Borrowed(value),
            // A line of the notes, or what is one too many for its column.
            (Target::Line, value) => cell(name, value),
            (Target::Own(column), value) if column.is_list() => cell(name, value),
            (_, value) => Cow::Owned(text(value)?),
        };
        self.members.set(draft, (position, name), (at, target), (&without_nul(&text), is_exact), notes)
    }
}

fn source(section: Section, text: &str) -> Source<'_> {
    let mut members = BTreeMap::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let is_whole = Readable(&mut members).deserialize(&mut reader).and_then(|()| reader.end()).is_ok();
    let own = Column::of(section).iter().map(|column| column.name());
    let mut own: Vec<_> = own.filter_map(|name| Some((name.to_owned(), members.remove(name)?))).collect();
    own.extend(members.into_iter().filter(|(name, _)| Note::of(name) != Some(Note::Remark)));
    let cell = |(name, value): (String, &RawValue)| SourceCell {
        text: without_nul(&cell(&name, value.get())).into_owned().into(),
        column: without_nul(&name).into_owned().into(),
    };
    let mut cells: Vec<_> = own.into_iter().map(cell).collect();
    if !is_whole {
        // What stands behind the fault can be read by nobody but who mends it.
        cells.push(SourceCell { column: Source::SURPLUS.into(), text: without_nul(text) });
    }
    Source { cells }
}

/// Collects the members of an object up to the place where it cannot be read any further.
struct Readable<'a, 'b>(&'b mut Object<'a>);

impl<'a> DeserializeSeed<'a> for Readable<'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Readable<'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some((name, value)) = members.next_entry()? {
            self.0.insert(name, value);
        }
        Ok(())
    }
}

/// The members of an object by name, each as it is written. Those that we do not know are passed over.
type Object<'a> = BTreeMap<String, &'a RawValue>;

/// A list of names; a text of one name or several is one as well.
fn list(value: &str) -> Result<Vec<String>, String> {
    let list = serde_json::from_str::<Vec<String>>(value);
    let text = || serde_json::from_str::<String>(value).ok();
    let list = list.ok().or_else(|| text().map(|text| text.split(CATEGORY_SEPARATOR).map(str::to_owned).collect()));
    let list =
        list.ok_or_else(|| format!("there should be a list of names like [\"Customers\"], not {}", kind(value)))?;
    Ok(names(list.iter().map(|name| without_nul(name))))
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
    let is_list = name == Column::Categories.name() || name == Column::Associations.name();
    let list = || serde_json::from_str::<Vec<String>>(value).ok().filter(|_| is_list);
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
