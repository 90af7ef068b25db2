//! The heads of a multipart form's parts (RFC 2046 section 5.1), each of which has a limit: the reader of forms keeps a head in memory,
//! however long it is.

use service::{Code, Error};

/// How many bytes the head of a part may have, its lines with their ends.
const LONGEST_HEAD: usize = 16 << 10;

/// The line ends around a head: that of the delimiter, and the empty line.
const AROUND: usize = 4;

/// Errors: `LIMITED` for a body that is a form with a head over the limit.
pub fn check_heads(content_type: Option<&str>, body: &[u8]) -> Result<(), Error> {
    let Some(boundary) = content_type.and_then(|value| multer::parse_boundary(value).ok()) else { return Ok(()) };
    Heads::new(&boundary).read(body).map_err(|_| too_long())
}

/// What there is to say of a head over the limit.
pub fn too_long() -> Error {
    let message = format!("the form has a part whose head is longer than {LONGEST_HEAD} bytes, the limit");
    Error::new(Code::Limited, message)
}

/// Looks at a form as it comes, in pieces of any size, for a head that is too long. What stands before the first part counts as a head.
pub struct Heads {
    /// What stands before each part.
    delimiter: Vec<u8>,
    place: Place,
}

#[derive(Clone, Copy)]
enum Place {
    /// Before the first part, after so many bytes, the last of which are so many of the delimiter.
    Before { read: usize, matched: usize },
    /// In a head, after so many bytes behind the delimiter; the last of them are so many of the empty line.
    Head { read: usize, matched: usize, dashes: usize },
    /// In what a part holds, where the last bytes are so many of the delimiter.
    Part { matched: usize },
    /// Behind the last part.
    After,
}

impl Heads {
    /// For a form with this boundary.
    pub fn new(boundary: &str) -> Self {
        // A form begins at the beginning of a line.
        Self { delimiter: format!("\r\n--{boundary}").into_bytes(), place: Place::Before { read: 0, matched: 2 } }
    }

    /// Looks at the next piece. Errors: how many of its bytes stand before what is too much of a head.
    pub fn read(&mut self, piece: &[u8]) -> Result<(), usize> {
        for (at, byte) in piece.iter().enumerate() {
            self.place = match self.place {
                Place::Before { read, .. } if read >= LONGEST_HEAD + self.delimiter.len() => return Err(at),
                Place::Before { read, matched } => match self.matched(matched, *byte) {
                    None => Place::Head { read: 0, matched: 0, dashes: 0 },
                    Some(matched) => Place::Before { read: read + 1, matched },
                },
                Place::Head { read, .. } if read >= LONGEST_HEAD + AROUND => return Err(at),
                Place::Head { read, matched, dashes } => {
                    let dashes = if read == dashes && *byte == b'-' { dashes + 1 } else { dashes };
                    let matched = match (matched, byte) {
                        (0 | 2, b'\r') | (1 | 3, b'\n') => matched + 1,
                        (_, b'\r') => 1,
                        _ => 0,
                    };
                    match (matched, dashes) {
                        (4, _) => Place::Part { matched: 0 },
                        (_, 2) => Place::After,
                        _ => Place::Head { read: read + 1, matched, dashes },
                    }
                }
                Place::Part { matched } => match self.matched(matched, *byte) {
                    None => Place::Head { read: 0, matched: 0, dashes: 0 },
                    Some(matched) => Place::Part { matched },
                },
                Place::After => return Ok(()),
            };
        }
        Ok(())
    }

    /// How much of the delimiter has come with one more byte; `None` where that is all of it. Its first byte stands nowhere else in it.
    fn matched(&self, matched: usize, byte: u8) -> Option<usize> {
        let matched = match self.delimiter.get(matched) {
            Some(next) if *next == byte => matched + 1,
            _ => usize::from(byte == b'\r'),
        };
        (matched < self.delimiter.len()).then_some(matched)
    }
}

#[cfg(test)]
mod tests {
    use super::{Heads, LONGEST_HEAD};

    /// A part whose head has so many bytes.
    fn part(head: usize) -> String {
        let name = "Content-Disposition: form-data; name=\"a\"\r\nX: ";
        format!("--x\r\n{name}{}\r\n\r\nvalue\r\n", "y".repeat(head - name.len() - 2))
    }

    #[test]
    fn a_head_is_measured_to_the_byte_however_the_form_is_cut() {
        let (most, value) = (LONGEST_HEAD, "z".repeat(100_000));
        let file = format!("--x\r\nA: b\r\n\r\n{value}\r\n--y\r\n--\r\n--x--\r\n{value}");
        for (form, too_long) in [
            (part(60) + &file, None),
            (part(most) + &part(most) + &file, None),
            // The delimiter and its line end before the head, and the end of its last line.
            (part(most + 1) + &file, Some(5 + most + 2)),
            (part(60) + &part(most + 100) + &file, Some(part(60).len() + 5 + most + 2)),
            (format!("{}\r\n{}{file}", "p".repeat(most - 10), part(most)), None),
            (format!("{}\r\n{file}", "p".repeat(2 * most)), Some(most + 5)),
            (format!("{}--x--\r\n{value}", part(60)), None),
        ] {
            for size in [1, 2, 3, 7, 1_000, usize::MAX] {
                let (mut heads, mut read, mut found) = (Heads::new("x"), 0, None);
                for piece in form.as_bytes().chunks(size) {
                    if let Err(at) = heads.read(piece) {
                        found = Some(read + at);
                        break;
                    }
                    read += piece.len();
                }
                assert_eq!(found, too_long, "{size} {form:.40}");
            }
        }
    }
}
