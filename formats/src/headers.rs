//! What the columns of a table mean: which program wrote it, and how its rows become records.

mod foreign;
mod outlook;
mod own;

use std::borrow::Cow;

use self::foreign::{Cell, Meaning};
use crate::record::{Column, Draft};
use crate::{Diagnostic, Record, Section};

/// A header that was recognised.
pub(crate) struct Layout {
    section: Section,
    header: Vec<String>,
    columns: Columns,
}

impl Layout {
    /// Recognises a header by its names, never by their order. `None` where no name is known.
    pub(crate) fn recognise(header: &[Cow<'_, str>], section: Section) -> Option<Layout> {
        let keys: Vec<String> = header.iter().map(|name| key(name)).collect();
        let columns = if outlook::wrote(&keys) {
            Columns::Foreign(foreign::meanings(&keys, outlook::meaning))
        } else {
            Columns::Own(keys.iter().map(|key| own::column(key, section)).collect())
        };
        let header = header.iter().map(|name| name.trim().to_owned()).collect();
        columns.any_is_known().then_some(Layout { section, header, columns })
    }

    /// How many cells a row should have.
    pub(crate) fn width(&self) -> usize {
        self.header.len()
    }

    /// The record of a row, whose missing cells count as empty. Columns that are not known are passed over.
    pub(crate) fn record(&self, cells: &[Cow<'_, str>]) -> Result<Record, Vec<Diagnostic>> {
        match &self.columns {
            Columns::Own(columns) => self.own_record(columns, cells),
            Columns::Foreign(meanings) => Ok(self.foreign_record(meanings, cells)),
        }
    }

    fn own_record(&self, columns: &[Option<Column>], cells: &[Cow<'_, str>]) -> Result<Record, Vec<Diagnostic>> {
        let mut draft = Draft::default();
        let mut diagnostics = Vec::new();
        for ((header, column), cell) in self.header.iter().zip(columns).zip(cells) {
            let Some(column) = *column else { continue };
            if draft.has(column) && !cell.trim().is_empty() {
                draft.add_foreign(header, cell);
            } else if let Err(reason) = draft.set(column, cell) {
                diagnostics.push(Diagnostic { field: Some(header.clone()), reason });
            }
        }
        if diagnostics.is_empty() { Ok(draft.into_record(self.section)) } else { Err(diagnostics) }
    }

    fn foreign_record(&self, meanings: &[Option<Meaning>], cells: &[Cow<'_, str>]) -> Record {
        let filled = self.header.iter().zip(meanings).zip(cells).filter(|(_, cell)| !cell.trim().is_empty());
        let known = filled.filter_map(|((header, meaning), cell)| Some(Cell::new(header, (*meaning)?, cell)));
        foreign::draft(known.collect()).into_record(self.section)
    }
}

/// The meaning of each column; `None` where it is not known.
enum Columns {
    Own(Vec<Option<Column>>),
    Foreign(Vec<Option<Meaning>>),
}

impl Columns {
    fn any_is_known(&self) -> bool {
        match self {
            Columns::Own(columns) => columns.iter().any(Option::is_some),
            Columns::Foreign(meanings) => meanings.iter().any(Option::is_some),
        }
    }
}

/// The form in which names are compared: small letters, single spaces (of any kind, as some programs write no-break ones), straight
/// apostrophes.
fn key(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").replace('’', "'").to_lowercase()
}
