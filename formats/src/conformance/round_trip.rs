//! Whether what was written comes back.

use bytes::BytesMut;
use serde_json::{Map, Value};

use super::drive::{Reading, read, write};
use super::samples::samples;
use super::violation::{Law, Violation, Violations, excerpt};
use crate::content_line::is_forbidden;
use crate::{
    Codec, DecodeOptions, Descriptor, Diagnostic, FailedRows, Foreign, Loss, Record, Section, builtin, columns,
};

pub(super) fn check(codec: &dyn Codec, section: Section, violations: &mut Violations) {
    if !codec.descriptor().encodes.contains(&section) {
        return;
    }
    comes_back(codec, section, Law::Empty, &[], violations);
    let samples = samples(section);
    for sample in &samples {
        comes_back(codec, section, Law::RoundTrip, std::slice::from_ref(sample), violations);
    }
    comes_back(codec, section, Law::RoundTrip, &samples, violations);
}

fn comes_back(codec: &dyn Codec, section: Section, law: Law, records: &[Record], violations: &mut Violations) {
    // What cannot be written breaks another law.
    let Ok(document) = write(codec, section, records) else { return };
    let mut violation = |found: String| violations.add(Violation::of_section(law, section, found).reading(&document));
    let reading = match read(codec, section, &DecodeOptions::default(), &document, usize::MAX) {
        Ok(reading) => reading,
        Err(failure) => return violation(format!("when the document is read, {failure}")),
    };
    if let Some(error) = reading.error {
        return violation(format!("the document is refused: {error}"));
    }
    if reading.rows.len() != records.len() {
        return violation(format!("{} records were written, {} rows came back", records.len(), reading.rows.len()));
    }
    for (record, row) in records.iter().zip(&reading.rows) {
        let Some(back) = &row.record else {
            return violation(format!("a row came back as bad: {:?}", row.diagnostics));
        };
        if let Some(found) = difference(codec.descriptor(), section, record, back) {
            return violation(found);
        }
    }
    if let Some(found) = not_mendable(section, &reading) {
        violations.add(Violation::of_section(Law::Source, section, found).reading(&document));
    }
}

/// What is wrong with the first row whose source, written into a file of failed rows, does not give the same record.
fn not_mendable(section: Section, reading: &Reading) -> Option<String> {
    let why = Diagnostic { field: None, reason: "a test".to_owned() };
    let options = DecodeOptions::default();
    reading.rows.iter().zip(&reading.sources).find_map(|(row, source)| {
        let cells = &source.as_ref()?.cells;
        let columns: Vec<&str> = cells.iter().map(|cell| cell.column.as_ref()).collect();
        let texts: Vec<&str> = cells.iter().map(|cell| cell.text.as_ref()).collect();
        let mut file = BytesMut::new();
        FailedRows::begin(&columns, &mut file).row(&texts, row.position.row, &why, &mut file);
        let registry = builtin();
        let again = read(registry.get("csv").ok()?.as_ref(), section, &options, &file, usize::MAX).ok()?;
        let is_same = again.rows.len() == 1 && again.rows[0].record == row.record;
        let other = || excerpt(&format!("{:?}", again.rows.first().map(|row| row.record.as_ref())));
        (!is_same).then(|| format!("our CSV reads another row of the source of {}: {}", row.position, other()))
    })
}

/// The first column that did not come back and is not declared as lost.
fn difference(descriptor: &Descriptor, section: Section, written: &Record, back: &Record) -> Option<String> {
    if let Some(Foreign { header, value }) = foreign(back).first() {
        return Some(format!("the foreign value {header:?}: {value:?} came back, which nobody wrote"));
    }
    let (written, back) = (members(written), members(back));
    let kept = columns(section).iter().filter(|column| !descriptor.loses.contains(&Loss::Column(column)));
    for column in kept {
        let (written, back) = (value(descriptor, &written, column), value(descriptor, &back, column));
        if written != back && !is_cut(descriptor, &written, &back) {
            let (written, back) = (excerpt(&written.to_string()), excerpt(&back.to_string()));
            return Some(format!(
                "column {column}: {written} was written and {back} came back, and no loss is declared"
            ));
        }
    }
    None
}

/// The values of a record that have no column of ours.
pub(super) fn foreign(record: &Record) -> &[Foreign] {
    match record {
        Record::Person(person) => &person.foreign,
        Record::Transaction(transaction) => &transaction.foreign,
        Record::Event(event) => &event.foreign,
        Record::Message(_) | Record::EmailTemplate(_) | Record::TemplateItem(_) => &[],
    }
}

fn members(record: &Record) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(members)) => members,
        other => unreachable!("the serde view of a record is an object, not {other:?}"),
    }
}

/// A column's value, in the form in which it must come back.
fn value(descriptor: &Descriptor, members: &Map<String, Value>, column: &str) -> Value {
    expected(descriptor, members.get(column).cloned().unwrap_or_default())
}

fn expected(descriptor: &Descriptor, value: Value) -> Value {
    let loses = |loss| descriptor.loses.contains(&loss);
    match value {
        Value::String(mut text) => {
            if loses(Loss::LineEnds) {
                text = text.replace("\r\n", "\n").replace('\r', "\n");
            }
            if loses(Loss::ControlCharacters) {
                text.retain(|char| !is_forbidden(char));
                if text.trim().is_empty() {
                    return Value::Null;
                }
            }
            Value::String(text)
        }
        Value::Array(values) => {
            values.into_iter().map(|value| expected(descriptor, value)).filter(|value| !value.is_null()).collect()
        }
        value => value,
    }
}

/// Whether what came back is the beginning of a text that is longer than the format can hold, with perhaps a word about that.
fn is_cut(descriptor: &Descriptor, written: &Value, back: &Value) -> bool {
    let limit =
        descriptor.loses.iter().find_map(|loss| if let Loss::Beyond(limit) = loss { Some(*limit) } else { None });
    let (Some(limit), Some(written), Some(back)) = (limit, written.as_str(), back.as_str()) else { return false };
    let units = |text: &str| text.encode_utf16().count();
    let same = written.chars().zip(back.chars()).take_while(|(one, other)| one == other).count();
    units(written) > limit && units(back) <= limit && same >= limit / 4
}
