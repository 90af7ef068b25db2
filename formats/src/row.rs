//! What a decoder answers for each row of a file, good or bad.

use std::borrow::Cow;
use std::fmt;

use crate::text::without_nul;
use crate::{CustomValue, Foreign, Record, Section, columns};

/// One row of a file. A bad row is data: it has no record and says why in at least one diagnostic. A row with a record may have
/// diagnostics as well: then they are notes of what its reader should know, such as a value that was taken as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where the row stands in its file.
    pub position: Position,
    /// What the row carries, unless it cannot be read.
    pub record: Option<Record>,
    /// What is wrong with the row, or to be said of it.
    pub diagnostics: Vec<Diagnostic>,
}

impl Row {
    /// A row that could be read.
    pub fn good(position: Position, record: Record) -> Row {
        Row { position, record: Some(record), diagnostics: Vec::new() }
    }

    /// A row that could not be read, for a reason that concerns the whole of it.
    pub fn bad(position: Position, reason: impl Into<String>) -> Row {
        let whole = Diagnostic { field: None, reason: reason.into() };
        Row { position, record: None, diagnostics: vec![whole] }
    }
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The row's number; 1 is the first row of data. Blank rows are not counted.
    pub row: u64,
    /// The physical line, from 1, on which the row starts; where a quote is never closed, the line on which that quote opens.
    pub line: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}, line {}", self.row, self.line)
    }
}

/// A row as its file has it, for the person who has to mend it: what a file of failed rows is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source<'a> {
    /// The cells in the order of the file. Two may have the same column, as two columns of a header may have one name.
    pub cells: Vec<SourceCell<'a>>,
}

impl Source<'_> {
    /// The column of what belongs to no column, such as the cells of a row that has more of them than its header. Our CSV refuses
    /// a row in which something stands there.
    pub const SURPLUS: &'static str = "_surplus";

    /// A record under our own columns and those of its custom fields. What has none of them comes last in its notes, where an import would put it.
    pub(crate) fn of_record(record: &Record, section: Section) -> Source<'static> {
        let mut cells: Vec<SourceCell<'static>> = Vec::new();
        for (column, text) in columns(section).iter().zip(record.cells()) {
            let kept = without_nul(&text).into_owned();
            cells.push(SourceCell { column: (*column).into(), text: kept.into() });
        }
        let (notes, foreign) = match record {
            Record::Person(person) => ("notes", person.foreign.as_slice()),
            Record::Transaction(transaction) => ("notes", transaction.foreign.as_slice()),
            Record::Event(event) => ("description", event.foreign.as_slice()),
            Record::Message(_) | Record::EmailTemplate(_) | Record::TemplateItem(_) => ("", [].as_slice()),
        };
        let lines: Vec<String> = foreign
            .iter()
            .map(|Foreign { header, value }| without_nul(&format!("{header}: {value}")).into_owned())
            .collect();
        let notes = cells.iter_mut().find(|cell| cell.column == notes).filter(|_| !lines.is_empty());
        if let Some(cell) = notes {
            let before = (!cell.text.is_empty()).then(|| cell.text.to_string());
            cell.text = before.into_iter().chain(lines).collect::<Vec<_>>().join("\n").into();
        }
        let custom: &[CustomValue] = match record {
            Record::Person(person) => &person.custom,
            Record::Transaction(transaction) => &transaction.custom,
            _ => &[],
        };
        for CustomValue { field, value } in custom {
            let text = without_nul(value).into_owned();
            cells.push(SourceCell { column: field.clone().into(), text: text.into() });
        }
        Source { cells }
    }

    /// Sets what stands in a column of ours, such as a text that the record could not take.
    pub(crate) fn set(&mut self, column: &str, text: &str) {
        if let Some(cell) = self.cells.iter_mut().find(|cell| cell.column == column) {
            cell.text = Cow::Owned(without_nul(text).into_owned());
        }
    }

    /// The same row on its own.
    pub fn into_owned(self) -> Source<'static> {
        let owned = |cell: SourceCell<'_>| SourceCell {
            column: Cow::Owned(cell.column.into_owned()),
            text: Cow::Owned(cell.text.into_owned()),
        };
        Source { cells: self.cells.into_iter().map(owned).collect() }
    }
}

/// A cell of a row. Neither text holds NUL, which no database of ours can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCell<'a> {
    /// The name of its column: that of the file, or one that our CSV understands.
    pub column: Cow<'a, str>,
    /// What stands there; a byte that cannot be read in the file's charset is `\u{fffd}`.
    pub text: Cow<'a, str>,
}

/// What is wrong with a row, in words for the person who has to mend the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The column, as the file's header has it, or `None` where the whole row is meant.
    pub field: Option<String>,
    /// What is wrong and what would have been right.
    pub reason: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "column {field}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}
