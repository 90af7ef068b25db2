//! What somebody who imports a file says that its columns are: the mappings and the custom fields of an import.

use super::key::key;
use super::own;
use crate::record::Column;
use crate::{CustomField, DecodeError, DecodeOptions, Holds, Section};

/// What a column is read as, whatever its name means otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A column of ours.
    Own(Column),
    /// The custom field with this number.
    Custom(usize),
    /// A line of the notes.
    Line,
    /// Nothing.
    Nothing,
}

/// The name of what becomes a line of the notes.
pub(crate) const NOTES: &str = "notes";

/// The mappings and custom fields of an import, read once.
pub(crate) struct Targets {
    section: Section,
    /// The columns that are mapped as they are called, in the form in which names are compared, and as what they are read.
    map: Vec<(String, String, Target)>,
    fields: Vec<(String, CustomField)>,
}

impl Targets {
    /// Those mappings that can be understood; [`Targets::check`] tells of others.
    pub(crate) fn new(section: Section, options: &DecodeOptions) -> Targets {
        let fields: Vec<_> = options.custom_fields.iter().map(|field| (key(&field.name), field.clone())).collect();
        let mut targets = Targets { section, map: Vec::new(), fields };
        for mapping in &options.map {
            if let Some(target) = targets.target(&mapping.field) {
                targets.map.push((key(&mapping.column), mapping.column.clone(), target));
            }
        }
        targets
    }

    /// Fails where a mapping names a field that there is not.
    pub(crate) fn check(section: Section, options: &DecodeOptions) -> Result<(), DecodeError> {
        let targets = Targets::new(section, options);
        let Some(mapping) = options.map.iter().find(|mapping| targets.target(&mapping.field).is_none()) else {
            return Ok(());
        };
        let own = Column::of(section).iter().map(|column| column.name());
        let notes = own.clone().all(|name| name != NOTES).then_some(NOTES);
        let known = own
            .chain(notes)
            .map(str::to_owned)
            .chain(options.custom_fields.iter().map(|field| field.name.clone()))
            .collect();
        Err(DecodeError::UnknownField { column: mapping.column.clone(), field: mapping.field.clone(), known })
    }

    /// Fails where a column is mapped that is not among those of a file, by their names.
    pub(crate) fn check_columns<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<(), DecodeError> {
        const MOST: usize = 100;
        let names: Vec<&str> = names.collect();
        let keys: Vec<String> = names.iter().map(|name| key(name)).collect();
        let is_there = |wanted: &String| keys.contains(wanted) || number(wanted).is_some_and(|at| at < keys.len());
        let Some((_, column, _)) = self.map.iter().find(|(key, ..)| !is_there(key)) else { return Ok(()) };
        let known = names.into_iter().filter(|name| !name.is_empty()).take(MOST).map(str::to_owned).collect();
        Err(DecodeError::UnknownColumn { column: column.clone(), known })
    }

    /// As what a mapping says that a column is read, by the column's name or as `Column 3` by its number.
    pub(crate) fn mapped(&self, name: &str, at: usize) -> Option<Target> {
        if self.map.is_empty() {
            return None;
        }
        let name = key(name);
        let by_name = self.map.iter().find(|(key, ..)| *key == name);
        let by_number = || self.map.iter().find(|(key, ..)| number(key) == Some(at));
        by_name.or_else(by_number).map(|(_, _, target)| *target)
    }

    /// Whether only the number of a column says what it is read as, which any row of a table has.
    pub(crate) fn is_by_number(&self, name: &str, at: usize) -> bool {
        let name = key(name);
        self.mapped(&name, at).is_some() && self.map.iter().all(|(key, ..)| *key != name)
    }

    /// Whether a mapping tells what the columns of a table without a header are.
    pub(crate) fn number_columns(&self) -> bool {
        self.map.iter().any(|(key, ..)| number(key).is_some())
    }

    /// The custom field that a column fills by its name. Our own columns come first.
    pub(crate) fn custom(&self, name: &str) -> Option<Target> {
        if self.fields.is_empty() {
            return None;
        }
        let name = key(name);
        // What was written to be safe in a spreadsheet has an apostrophe before some names.
        let plain = name.strip_prefix('\'').unwrap_or(&name);
        let is_own = own::is_name(&name, self.section);
        let found = self.fields.iter().position(|(key, _)| *key == name || key == plain).filter(|_| !is_own);
        found.map(Target::Custom)
    }

    /// Whether there is a custom field of numbers.
    pub(crate) fn has_numbers(&self) -> bool {
        self.fields.iter().any(|(_, field)| field.holds == Holds::Number)
    }

    /// A custom field.
    pub(crate) fn field(&self, number: usize) -> &CustomField {
        &self.fields[number].1
    }

    /// The name of what a column is read as.
    pub(crate) fn name(&self, target: Target) -> Option<&str> {
        match target {
            Target::Own(column) => Some(column.name()),
            Target::Custom(field) => Some(&self.field(field).name),
            Target::Line => Some(NOTES),
            Target::Nothing => None,
        }
    }

    fn target(&self, field: &str) -> Option<Target> {
        let name = key(field);
        if name.is_empty() {
            return Some(Target::Nothing);
        }
        if name == NOTES {
            return Some(Target::Line);
        }
        let own = Column::of(self.section).iter().find(|column| column.name().eq_ignore_ascii_case(&name));
        let custom = || self.fields.iter().position(|(key, _)| *key == name);
        own.map(|column| Target::Own(*column)).or_else(|| custom().map(Target::Custom))
    }
}

/// The place that a name such as `column 3` stands for.
fn number(key: &str) -> Option<usize> {
    key.strip_prefix("column ")?.parse::<usize>().ok()?.checked_sub(1)
}
