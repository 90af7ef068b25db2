//! Content lines, of which vCard and iCalendar are made: `group.NAME;PARAMETER=value:value` (RFC 6350 section 3.3, RFC 5545 section
//! 3.1, and vCard 2.1 with parameters that have no name and values in quoted-printable).

mod scan;
mod write;

use std::borrow::Cow;

pub(crate) use self::scan::{Family, Scanned, Scanner, family};
pub(crate) use self::write::{as_kept, is_forbidden, push_line, push_text};

use crate::text::{trim_invisible, trim_invisible_start, without_nul};
use crate::{Charset, DecodeError, DecodeOptions, Mapping};

/// A content line. Names are in capital letters.
#[derive(Clone, Debug)]
pub(crate) struct ContentLine {
    /// What joins lines of one card, such as `ITEM1`; mostly empty.
    pub(crate) group: String,
    pub(crate) name: String,
    parameters: Vec<(String, Vec<String>)>,
    /// The bytes of the value, which quoted-printable hides no longer.
    value: Vec<u8>,
    /// Whether base64 still hides them: see [`decode_base64`](ContentLine::decode_base64).
    is_base64: bool,
    /// What the bytes are said to be.
    charset: Option<Charset>,
}

impl ContentLine {
    /// Reads an unfolded line; `None` where it is none, as the lines of a broken attachment are.
    pub(crate) fn parse(line: &[u8]) -> Option<ContentLine> {
        let line = trim_invisible_start(line);
        let end = line.iter().position(|byte| matches!(byte, b':' | b';'))?;
        let whole_name = std::str::from_utf8(&line[..end]).ok()?.trim().to_ascii_uppercase();
        let (group, name) = whole_name.rsplit_once('.').unwrap_or(("", &whole_name));
        let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if name.is_empty() || !is_name(name) {
            return None;
        }
        let mut parameters = Vec::new();
        let mut rest = &line[end..];
        while let Some(after) = rest.strip_prefix(b";") {
            let (parameter, left) = parameter(after);
            parameters.extend(parameter);
            rest = left;
        }
        let mut parsed = ContentLine {
            group: group.to_owned(),
            name: name.to_owned(),
            parameters,
            value: rest.strip_prefix(b":")?.to_vec(),
            is_base64: false,
            charset: None,
        };
        parsed.charset = parsed.parameter("CHARSET").and_then(|label| label.parse().ok());
        if parsed.has("ENCODING", "QUOTED-PRINTABLE") || parsed.has("ENCODING", "Q") {
            parsed.value = quoted_printable(&parsed.value);
        }
        parsed.is_base64 = parsed.has("ENCODING", "B") || parsed.has("ENCODING", "BASE64");
        Some(parsed)
    }

    /// The first value of a parameter.
    pub(crate) fn parameter<'a>(&'a self, name: &str) -> Option<&'a str> {
        self.parameters(name).next()
    }

    /// All values of a parameter.
    pub(crate) fn parameters<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let own = self.parameters.iter().filter(move |(own, _)| own == name);
        own.flat_map(|(_, values)| values).map(String::as_str)
    }

    /// Whether a parameter has a value, in capital or small letters.
    pub(crate) fn has(&self, parameter: &str, value: &str) -> bool {
        self.parameters(parameter).any(|own| own.eq_ignore_ascii_case(value))
    }

    /// Adds what a line of its own has of a value in base64, as vCard 2.1 is written by some; `false` where it is no such thing.
    pub(crate) fn continue_base64(&mut self, line: &[u8]) -> bool {
        let is_more = self.is_base64 && is_base64(line);
        if is_more {
            self.value.extend_from_slice(line);
        }
        is_more
    }

    /// Reads the text that a value in base64 stands for. It is `false` where that is no text: the value then stays as it is written.
    pub(crate) fn decode_base64(&mut self) -> bool {
        if !std::mem::take(&mut self.is_base64) {
            return true;
        }
        let is_text = |bytes: &Vec<u8>| !bytes.iter().any(|byte| matches!(byte, 0..=8 | 14..=31));
        let decoded = base64(&self.value).filter(is_text);
        let is_decoded = decoded.is_some();
        self.value = decoded.unwrap_or_else(|| std::mem::take(&mut self.value));
        is_decoded
    }

    /// Whether this is the first or last line of such a component.
    pub(crate) fn is(&self, name: &str, component: &str) -> bool {
        self.name == name && trim_invisible(&self.value).eq_ignore_ascii_case(component.as_bytes())
    }

    /// The name of the component that begins or ends here, in capital letters.
    pub(crate) fn component(&self) -> String {
        String::from_utf8_lossy(trim_invisible(&self.value)).to_ascii_uppercase()
    }

    pub(crate) fn value(&self) -> &[u8] {
        &self.value
    }

    /// The value as it is written, where `charset` is that of bytes which neither are UTF-8 nor say what they are.
    fn written(&self, charset: Charset) -> Cow<'_, str> {
        match std::str::from_utf8(&self.value) {
            // A file that was turned into UTF-8 may still say what it was before; pure ASCII may hide letters.
            Ok(text) if !text.is_ascii() || !self.is_escaped_charset() => Cow::Borrowed(text),
            _ => self.charset.filter(|charset| !charset.is_utf16()).unwrap_or(charset).decode(&self.value),
        }
    }

    fn is_escaped_charset(&self) -> bool {
        self.parameter("CHARSET").is_some_and(|label| label.to_ascii_lowercase().starts_with("iso-2022"))
    }

    /// The value as one text.
    pub(crate) fn text(&self, charset: Charset) -> String {
        plain(&self.written(charset))
    }

    /// The value as it is written: not every property has escapes.
    pub(crate) fn raw(&self, charset: Charset) -> String {
        without_nul(&self.written(charset)).trim().to_owned()
    }

    /// The parts of the value, which one of these characters separates.
    pub(crate) fn parts(&self, separators: &[char], charset: Charset) -> Vec<String> {
        let written = self.written(charset);
        let (mut parts, mut start, mut is_escaped) = (Vec::new(), 0, false);
        for (at, char) in written.char_indices() {
            if !is_escaped && separators.contains(&char) {
                parts.push(plain(&written[start..at]));
                start = at + char.len_utf8();
            }
            is_escaped = !is_escaped && char == '\\';
        }
        parts.push(plain(&written[start..]));
        parts
    }
}

/// The beginning of a line, for a sentence.
pub(crate) fn excerpt(line: &[u8]) -> String {
    const LONGEST: usize = 60;
    String::from_utf8_lossy(trim_invisible(line)).replace('\0', "").chars().take(LONGEST).collect()
}

/// What is wrong with options that map columns: content lines have none.
pub(crate) fn mapping_fault(options: &DecodeOptions) -> Option<DecodeError> {
    let Mapping { column, .. } = options.map.first()?;
    Some(DecodeError::UnknownColumn { column: column.clone(), known: Vec::new() })
}

/// The charset of a component's values that do not say it and are not UTF-8; `None` where there are none.
pub(crate) fn undeclared(lines: &[ContentLine]) -> Option<Charset> {
    let is_undeclared = |line: &&ContentLine| line.charset.is_none() && std::str::from_utf8(&line.value).is_err();
    let values: Vec<&[u8]> = lines.iter().filter(is_undeclared).map(ContentLine::value).collect();
    (!values.is_empty()).then(|| Charset::of_sample(&values.join(&b'\n')))
}

/// Text of one line, without white space around it; nothing where it is blank.
pub(crate) fn line(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.split(['\n', '\r']).map(str::trim).collect::<Vec<_>>().join(" "))
}

/// Text of several lines; nothing where it is blank.
pub(crate) fn block(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Text without its escapes (RFC 6350 section 3.4, RFC 5545 section 3.3.11), line ends as LF. A backslash before any other
/// character is one, as vCard 2.1 has them in its paths.
fn plain(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut chars = written.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, chars.peek()) {
            ('\\', Some('n' | 'N')) => {
                chars.next();
                text.push('\n');
            }
            ('\\', Some(&escaped @ ('\\' | ',' | ';' | ':' | '"'))) => {
                chars.next();
                text.push(escaped);
            }
            ('\r', Some('\n')) | ('\0', _) => {}
            ('\r', _) => text.push('\n'),
            (char, _) => text.push(char),
        }
    }
    text
}

/// The bytes that quoted-printable stands for (RFC 2045 section 6.7); what is no escape stands for itself.
fn quoted_printable(written: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(written.len());
    let mut rest = written;
    while let [first, after @ ..] = rest {
        rest = after;
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let is_escape = |digits: &&str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        match digits.filter(is_escape).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'=' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ if *first == b'=' && after.trim_ascii().is_empty() => {}
            _ => bytes.push(*first),
        }
    }
    bytes
}

/// The bytes that base64 stands for (RFC 4648 sections 4 and 5), with or without padding and with white space anywhere; `None` where
/// it is none.
fn base64(written: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(written.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    let mut is_padded = false;
    for byte in written.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                is_padded = true;
                continue;
            }
            _ => return None,
        };
        if is_padded {
            return None;
        }
        bits = bits << 6 | u32::from(six);
        count += 1;
        if count % 4 != 1 {
            bytes.push((bits >> [0, 0, 4, 2][count % 4]).to_le_bytes()[0]);
        }
    }
    // One character is six bits of a byte that is not there.
    (count % 4 != 1).then_some(bytes)
}

/// Whether a line is of nothing but what base64 has.
pub(crate) fn is_base64(line: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
    line.trim_ascii().iter().all(is_part)
}

/// A parameter at the front and what follows it, which begins with `;` or `:` or is empty.
fn parameter(bytes: &[u8]) -> (Option<(String, Vec<String>)>, &[u8]) {
    let end = bytes.iter().position(|byte| matches!(byte, b'=' | b';' | b':')).unwrap_or(bytes.len());
    let name = String::from_utf8_lossy(&bytes[..end]).trim().to_ascii_uppercase();
    let mut rest = &bytes[end..];
    if !rest.starts_with(b"=") {
        return ((!name.is_empty()).then(|| nameless(&name)), rest);
    }
    let mut values = Vec::new();
    while let [b'=' | b',', after @ ..] = rest {
        let (value, left) = parameter_value(after);
        values.push(value);
        rest = left;
    }
    if LISTS.contains(&name.as_str()) {
        values = values.iter().flat_map(|value| list(value)).collect();
    }
    (Some((name, values)), rest)
}

/// The parameters whose values are lists, also between quotes (RFC 6350 section 5.6 has `TYPE="voice,home"`). A comma in any other is one.
const LISTS: [&str; 6] = ["TYPE", "PREF", "VALUE", "ENCODING", "PID", "SORT-AS"];

/// The members of a list. Some programs escape its commas.
fn list(written: &str) -> impl Iterator<Item = String> {
    let is_mark = |char: char| char.is_whitespace() || matches!(char, '\\' | '"' | '\'');
    written
        .split([',', ';'])
        .map(move |member| member.trim_matches(is_mark).to_owned())
        .filter(|member| !member.is_empty())
}

/// A parameter of vCard 2.1 that is only a value, or a list of them.
fn nameless(value: &str) -> (String, Vec<String>) {
    let values: Vec<String> = list(value).collect();
    let is_encoding = |value: &String| matches!(value.as_str(), "QUOTED-PRINTABLE" | "BASE64" | "7BIT" | "8BIT");
    (if values.iter().any(is_encoding) { "ENCODING" } else { "TYPE" }.to_owned(), values)
}

/// A value, in quotes or not, and what follows it. A quote that is never closed is a character like others.
fn parameter_value(bytes: &[u8]) -> (String, &[u8]) {
    let quoted = bytes.strip_prefix(b"\"").and_then(|after| {
        let end = after.iter().position(|byte| *byte == b'"')?;
        Some((&after[..end], &after[end + 1..]))
    });
    let (value, rest) = quoted.unwrap_or((&[], bytes));
    // What follows a closing quote and is no separator belongs to the value.
    let end = rest.iter().position(|byte| matches!(byte, b',' | b';' | b':')).unwrap_or(rest.len());
    let value = [value, &rest[..end]].concat();
    let text = without_nul(&String::from_utf8_lossy(&value)).trim().to_owned();
    (without_carets(&text), &rest[end..])
}

/// The value of a parameter without its escapes (RFC 6868). A caret before any other character is one.
fn without_carets(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('^') {
        text.push_str(before);
        let (char, length) = match after.bytes().next() {
            Some(b'n') => ('\n', 1),
            Some(b'\'') => ('"', 1),
            Some(b'^') => ('^', 1),
            _ => ('^', 0),
        };
        text.push(char);
        rest = &after[length..];
    }
    text + rest
}
