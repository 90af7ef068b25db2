//! Writes the file of the rows that an import could not take, to be mended and imported again.

use bytes::BytesMut;

use super::line::LineWriter;
use crate::headers::notes;
use crate::{Delimiter, Diagnostic};

/// Writes the file of failed rows: CSV (RFC 4180, UTF-8) with their own columns and then `_row`, `_field` and `_reason`, which our
/// CSV passes over when it reads the file.
///
/// ```
/// use formats::{Diagnostic, FailedRows};
///
/// let mut file = bytes::BytesMut::new();
/// let mut rows = FailedRows::begin(&["First Name", "City"], &mut file);
/// let why = Diagnostic { field: None, reason: "a person needs a name".into() };
/// rows.row(&["", "Ulm"], 7, &why, &mut file);
/// assert_eq!(&file[..], b"First Name,City,_row,_field,_reason\r\n,Ulm,7,,a person needs a name\r\n");
/// ```
pub struct FailedRows {
    writer: LineWriter,
    width: usize,
}

impl FailedRows {
    /// Appends the header.
    pub fn begin(columns: &[&str], out: &mut BytesMut) -> FailedRows {
        let mut rows = FailedRows { writer: LineWriter::new(Delimiter::COMMA), width: columns.len() };
        rows.line(columns, [notes::ROW, notes::FIELD, notes::REASON], out);
        rows
    }

    /// Appends a row: its cells in the order of the columns, of which those that are missing are empty, its number and why it failed.
    pub fn row(&mut self, cells: &[&str], row: u64, why: &Diagnostic, out: &mut BytesMut) {
        self.line(cells, [&row.to_string(), why.field.as_deref().unwrap_or_default(), &why.reason], out);
    }

    fn line(&mut self, cells: &[&str], notes: [&str; 3], out: &mut BytesMut) {
        let cells = cells.iter().copied().chain(std::iter::repeat("")).take(self.width);
        self.writer.line(cells.chain(notes), out);
    }
}
