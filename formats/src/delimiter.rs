//! Delimiters: what stands between the cells of a table, and how it is found where nobody says it.

use std::fmt;
use std::str::FromStr;

/// The character between two cells.
///
/// ```
/// use formats::Delimiter;
/// assert_eq!("tab".parse(), Ok(Delimiter::TAB));
/// assert_eq!(Delimiter::SEMICOLON.char(), ';');
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Delimiter(u8);

impl Delimiter {
    /// `,`
    pub const COMMA: Delimiter = Delimiter(b',');
    /// `;`, where the comma is a decimal point.
    pub const SEMICOLON: Delimiter = Delimiter(b';');
    /// The tabulator.
    pub const TAB: Delimiter = Delimiter(b'\t');
    /// `|`
    pub const PIPE: Delimiter = Delimiter(b'|');

    /// The delimiters that are looked for, the usual ones first.
    pub(crate) const USUAL: [Delimiter; 4] = [Delimiter::COMMA, Delimiter::SEMICOLON, Delimiter::TAB, Delimiter::PIPE];

    /// The character itself.
    pub fn char(self) -> char {
        self.0.into()
    }

    pub(crate) fn byte(self) -> u8 {
        self.0
    }

    /// A delimiter, unless the byte could be part of a cell or means something else in a table.
    fn new(byte: u8) -> Option<Delimiter> {
        let is_fit = byte == b'\t' || byte == b' ' || (byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'\''));
        is_fit.then_some(Delimiter(byte))
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b'\t' => f.pad("tab"),
            byte => f.pad(char::from(byte).encode_utf8(&mut [0; 4])),
        }
    }
}

impl FromStr for Delimiter {
    type Err = UnknownDelimiter;

    /// Reads one punctuation mark, or `tab`, `comma`, `semicolon` or `pipe`.
    fn from_str(text: &str) -> Result<Delimiter, UnknownDelimiter> {
        let named = match text.to_ascii_lowercase().as_str() {
            "tab" | "\\t" => Some(Delimiter::TAB),
            "comma" => Some(Delimiter::COMMA),
            "semicolon" => Some(Delimiter::SEMICOLON),
            "pipe" => Some(Delimiter::PIPE),
            _ => None,
        };
        let single = || if let [byte] = text.as_bytes() { Delimiter::new(*byte) } else { None };
        named.or_else(single).ok_or_else(|| UnknownDelimiter { text: text.to_owned() })
    }
}

/// A text that is no delimiter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no delimiter; write one punctuation mark such as , or ; or |, or the word tab")]
pub struct UnknownDelimiter {
    /// What was asked for.
    pub text: String,
}

/// The line `sep=;`, by which Excel is told the delimiter: what it says, and how many bytes it takes with its line end and the blank
/// lines before it.
pub(crate) fn hint(text: &[u8]) -> Option<(Delimiter, usize)> {
    let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let start = text.iter().position(|byte| !is_line_end(byte))?;
    let rest = &text[start..];
    let end = rest.iter().position(is_line_end).unwrap_or(rest.len());
    let line = rest[..end].strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(&rest[..end]);
    let (name, said) = line.split_at_checked(4)?;
    let [byte] = said else { return None };
    let delimiter = name.eq_ignore_ascii_case(b"sep=").then(|| Delimiter::new(*byte))??;
    let length = match &rest[end..] {
        [b'\r', b'\n', ..] => 2,
        [] => 0,
        _ => 1,
    };
    Some((delimiter, start + end + length))
}

/// What speaks for a delimiter: the names in the header that are known if it is the one, and then the shape of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Evidence {
    known: usize,
    shape: Shape,
}

impl Evidence {
    /// Weighs the numbers of cells in the first rows.
    pub(crate) fn new(known: usize, widths: &[u64]) -> Evidence {
        let agreeing = |width: u64| widths.iter().filter(|other| **other == width).count();
        let usual = widths.iter().copied().max_by_key(|&width| (agreeing(width), width)).unwrap_or(0);
        let shape = match (agreeing(usual) == widths.len(), usual) {
            (true, 2..) => Shape::Constant(usual),
            (true, _) if known > 0 => Shape::Single,
            (false, 2..) => Shape::Ragged { agreeing: agreeing(usual), usual },
            (false, _) if widths.iter().any(|&width| width > 1) => Shape::Ragged { agreeing: 0, usual },
            _ => Shape::Nothing,
        };
        Evidence { known, shape }
    }
}

/// The shape of a table, the least convincing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    /// One column of something.
    Nothing,
    /// Rows of several lengths.
    Ragged { agreeing: usize, usual: u64 },
    /// One column with a name that is known: what else stands in its rows belongs to the cells.
    Single,
    /// Rows of one length.
    Constant(u64),
}
