//! The columns that a file of failed rows has beside those of the file that they come from.

use crate::Source;

/// The number of the row in the first file.
pub(crate) const ROW: &str = "_row";
/// The column at fault.
pub(crate) const FIELD: &str = "_field";
/// What is wrong.
pub(crate) const REASON: &str = "_reason";

/// What such a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// For the eyes of whoever mends the file.
    Remark,
    /// For what must find another place before the row can be read.
    Surplus,
}

/// How many such columns there are in a file.
pub(crate) const COUNT: usize = 4;

impl Note {
    /// The kind of a column, if it is such a one.
    pub(crate) fn of(name: &str) -> Option<Note> {
        match name.trim() {
            ROW | FIELD | REASON => Some(Note::Remark),
            Source::SURPLUS => Some(Note::Surplus),
            _ => None,
        }
    }
}
