//! Writes one line of CSV after the other: fields quoted where they must be, CR LF at the end (RFC 4180 section 2).

use bytes::{BufMut as _, BytesMut};

use crate::Delimiter;
use crate::text::mark_at_start;

/// Writes lines. The writers of the csv crates go through each cell byte by byte, of which a document has more than of anything else.
pub(in crate::builtin) struct LineWriter {
    delimiter: u8,
}

impl LineWriter {
    pub(in crate::builtin) fn new(delimiter: Delimiter) -> LineWriter {
        LineWriter { delimiter: delimiter.byte() }
    }

    /// Appends a line.
    pub(in crate::builtin) fn line<T: AsRef<str>>(&self, cells: impl IntoIterator<Item = T>, out: &mut BytesMut) {
        let start = out.len();
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                out.put_u8(self.delimiter);
            }
            self.cell(cell.as_ref().as_bytes(), out);
        }
        if out.len() == start {
            // An only cell that is empty: the line would be taken for none.
            out.put_slice(b"\"\"");
        }
        out.put_slice(b"\r\n");
    }

    fn cell(&self, cell: &[u8], out: &mut BytesMut) {
        // Programs that guess at the delimiter take the plus of telephone numbers for it, and a mark before a row is no part of it.
        let mut must_be_quoted =
            matches!(cell.first(), Some(b'+' | b'-' | b'=' | b'@')) || mark_at_start(cell, true) != Some(0);
        // To the end in any case, of which the compiler makes many bytes at a time.
        for byte in cell {
            must_be_quoted |= matches!(byte, b'"' | b'\n' | b'\r') || *byte == self.delimiter;
        }
        if !must_be_quoted {
            out.put_slice(cell);
            return;
        }
        out.put_u8(b'"');
        for part in cell.split_inclusive(|byte| *byte == b'"') {
            out.put_slice(part);
            if part.ends_with(b"\"") {
                out.put_u8(b'"');
            }
        }
        out.put_u8(b'"');
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::LineWriter;
    use crate::Delimiter;

    #[test]
    fn a_line_is_what_the_csv_crate_writes() {
        let lines: [&[&str]; 6] = [
            &["plain", "", "with space", "ünï"],
            &["a,b", "a;b", "say \"hi\"", "\"", "\"\""],
            &["two\nlines", "two\r\nlines", "\r", " leading", "trailing "],
            &["", ""],
            &[""],
            &["'", "\t", "a+b"],
        ];
        let mut theirs =
            csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let (ours, mut out) = (LineWriter::new(Delimiter::COMMA), BytesMut::new());
        for line in lines {
            theirs.write_record(line).expect("it is written to memory");
            ours.line(line, &mut out);
        }
        assert_eq!(out, theirs.into_inner().expect("it is written to memory"));
    }

    #[test]
    fn cells_that_begin_with_a_sign_are_quoted() {
        let mut out = BytesMut::new();
        LineWriter::new(Delimiter::COMMA).line(["+49 30 1", "-5", "=1+1", "@a", "1+1", " +1", ""], &mut out);
        assert_eq!(&out[..], b"\"+49 30 1\",\"-5\",\"=1+1\",\"@a\",1+1, +1,\r\n");
    }
}
