//! Where the cells of a table come from, and how its rows are marked.

/// What stands for a formula without a value in the cells of a sheet.
pub(in crate::builtin) const NO_VALUE: &str = "\0=";

/// Where the lines come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::builtin) enum Origin {
    /// A file of CSV.
    Text,
    /// A sheet, whose cells may have marks that no text has: NUL before a number, and before the address behind a text.
    Sheet {
        /// Whether a program other than ours has written the workbook.
        is_foreign: bool,
    },
}

/// A cell of a sheet with its marks.
pub(super) struct Marked<'a> {
    pub(super) text: &'a str,
    pub(super) is_number: bool,
    /// Whether it is a formula of which nobody has put down the value.
    pub(super) has_no_value: bool,
    /// Where its link leads.
    pub(super) address: Option<&'a str>,
}

impl Marked<'_> {
    pub(super) fn read(cell: &str) -> Marked<'_> {
        let plain = Marked { text: cell, is_number: false, has_no_value: false, address: None };
        if cell == NO_VALUE {
            return Marked { text: "", has_no_value: true, ..plain };
        }
        if let Some(number) = cell.strip_prefix('\0') {
            return Marked { text: number, is_number: true, ..plain };
        }
        match cell.split_once('\0') {
            Some((text, address)) => Marked { text, address: Some(address), ..plain },
            None => plain,
        }
    }
}
