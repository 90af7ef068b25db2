//! The cells of a row of a client's file, with what their columns mean.

use super::meaning::Meaning;

/// A cell that is not blank.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    pub(super) header: &'a str,
    pub(super) meaning: Meaning,
    pub(super) text: &'a str,
}

impl<'a> Cell<'a> {
    pub(super) fn new(header: &'a str, meaning: Meaning, text: &'a str) -> Cell<'a> {
        Cell { header, meaning, text }
    }
}

/// The filled cells of a row that no rule has used yet.
pub(super) struct Cells<'a>(pub(super) Vec<Cell<'a>>);

impl<'a> Cells<'a> {
    /// Takes the first cell with a meaning.
    pub(super) fn take_cell(&mut self, is_meant: impl Fn(Meaning) -> bool) -> Option<Cell<'a>> {
        let found = self.0.iter().position(|cell| is_meant(cell.meaning))?;
        Some(self.0.remove(found))
    }
}
