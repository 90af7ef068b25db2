//! What the properties of cards and calendar entries mean, and how many of these have each.

use std::borrow::Cow;
use std::collections::HashMap;

use super::tally::{Column, Tally};
use crate::content_line::ContentLine;
use crate::{Charset, ColumnReport};

/// How many names are counted; the properties of others are read all the same.
const MOST: usize = 1024;

/// The properties that the records of a file have had so far.
#[derive(Default)]
pub(crate) struct Properties {
    places: HashMap<String, usize>,
    known: Vec<(String, Meant)>,
    tally: Tally,
}

/// As what a property is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Meant {
    /// The column of ours or the custom field; `None` where nobody reads it.
    pub(crate) field: Option<String>,
    /// What stands before its values in the notes, where they go there.
    pub(crate) line: Option<String>,
}

impl Meant {
    /// A column of ours or a custom field.
    pub(crate) fn field(name: &str) -> Meant {
        Meant { field: Some(name.to_owned()), line: None }
    }

    /// Lines with this header in the text of this column.
    pub(crate) fn line(column: &str, header: &str) -> Meant {
        Meant { field: Some(column.to_owned()), line: Some(header.to_owned()) }
    }
}

impl Properties {
    /// Counts the properties of a record, each once however often it occurs; it has the name that stands beside it. `value` is what one
    /// holds that is not its text.
    pub(crate) fn pass<'l>(
        &mut self,
        lines: impl Iterator<Item = (Cow<'l, str>, &'l ContentLine)>,
        charset: Charset,
        meant: impl Fn(&ContentLine) -> Meant,
        value: impl Fn(&ContentLine) -> Option<String>,
    ) {
        let mut seen = Vec::new();
        for (name, line) in lines {
            let is_blank = line.value().iter().all(|byte| byte.is_ascii_whitespace() || *byte == b';');
            if is_blank {
                continue;
            }
            let place = match self.places.get(name.as_ref()) {
                Some(place) => *place,
                None if self.known.len() == MOST => continue,
                None => self.add(name.into_owned(), meant(line)),
            };
            if !seen.contains(&place) {
                seen.push(place);
                self.tally.note(place, || Cow::Owned(value(line).unwrap_or_else(|| shown(line, charset))));
            }
        }
    }

    fn add(&mut self, name: String, meant: Meant) -> usize {
        let place = self.tally.add();
        self.places.insert(name.clone(), place);
        self.known.push((name, meant));
        place
    }

    /// What became of each property, in the order in which they were met.
    pub(crate) fn report(&self) -> Vec<ColumnReport> {
        let column = |(name, Meant { field, line }): &'_ (String, Meant)| Column {
            name: Cow::Owned(name.clone()),
            field: field.clone(),
            line: line.clone(),
        };
        self.tally.report(self.known.iter().map(column))
    }
}

/// A value as it is shown: the parts that are not blank, without their separators.
fn shown(line: &ContentLine, charset: Charset) -> String {
    let parts = line.parts(&[';'], charset);
    parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}
