//! What the columns of a file hold, counted while its rows pass by.

use std::borrow::Cow;

use crate::ColumnReport;

/// How many values of a column are shown.
const SAMPLES: usize = 3;

/// How many characters of a value are shown.
const LONGEST: usize = 100;

/// The columns of a file.
#[derive(Default)]
pub(crate) struct Tally(Vec<Counted>);

/// What a column is called and as what it is read.
pub(crate) struct Column<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) field: Option<String>,
    /// What stands before its values in the notes, where they go there.
    pub(crate) line: Option<String>,
}

/// A column: its rows that are not empty, and its first values. Once there are enough of these, a row costs no more than counting.
#[derive(Default)]
struct Counted {
    filled: u64,
    samples: Vec<String>,
}

impl Tally {
    pub(crate) fn new(columns: usize) -> Tally {
        let mut tally = Tally::default();
        tally.0.resize_with(columns, Counted::default);
        tally
    }

    /// Adds a column, and answers with its place.
    pub(crate) fn add(&mut self) -> usize {
        self.0.push(Counted::default());
        self.0.len() - 1
    }

    /// Notes a cell of a row.
    pub(crate) fn pass(&mut self, at: usize, cell: &str) {
        let is_blank = cell.is_empty() || (cell.starts_with(char::is_whitespace) && cell.trim().is_empty());
        if !is_blank {
            self.note(at, || Cow::Borrowed(cell));
        }
    }

    /// Notes a value that is not empty; its text is asked for only while samples are wanted.
    pub(crate) fn note<'a>(&mut self, at: usize, text: impl FnOnce() -> Cow<'a, str>) {
        let Some(column) = self.0.get_mut(at) else { return };
        column.filled += 1;
        if column.samples.len() < SAMPLES {
            let text = text();
            let text = text.trim();
            let sample = text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end]);
            if column.samples.iter().all(|known| known != sample) {
                column.samples.push(sample.to_owned());
            }
        }
    }

    /// What became of the columns.
    pub(crate) fn report<'a>(&self, columns: impl Iterator<Item = Column<'a>>) -> Vec<ColumnReport> {
        let report = |(Column { name, field, line }, counted): (Column<'_>, &Counted)| ColumnReport {
            name: name.into_owned(),
            field,
            line,
            filled: counted.filled,
            samples: counted.samples.clone(),
        };
        columns.zip(&self.0).map(report).collect()
    }
}
