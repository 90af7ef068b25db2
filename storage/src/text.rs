//! Texts as they may be stored: without NUL, with one kind of line end, within their limit, and nothing where nothing is left.

use std::borrow::Cow;

use crate::error::{Error, Result};

/// The longest line, such as a title or a place, in characters.
pub(crate) const LINE_LIMIT: usize = 500;

/// The largest text of many lines, such as a description, in bytes.
pub(crate) const BLOCK_LIMIT: usize = 1 << 20;

/// A line of at most so many characters, trimmed. Errors: [`Error::Invalid`] for a longer one.
pub(crate) fn line(field: &'static str, text: Option<String>, limit: usize) -> Result<Option<String>> {
    let Some(text) = text.map(|text| trimmed(&plain(&text)).to_owned()).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    check(field, text.chars().count(), limit, "characters")?;
    Ok(Some(text))
}

/// A text of many lines as it is, at most [`BLOCK_LIMIT`] bytes. Errors: [`Error::Invalid`] for a larger one.
pub(crate) fn block(field: &'static str, text: Option<String>) -> Result<Option<String>> {
    let text = text.map(|text| plain(&text).into_owned()).filter(|text| !text.trim().is_empty());
    let Some(text) = text else {
        return Ok(None);
    };
    check(field, text.len(), BLOCK_LIMIT, "bytes")?;
    Ok(Some(text))
}

/// A text without NUL, which no database of ours can hold, and with LF for every line end, so that it is the same text from whatever
/// door and file it comes.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', '\r']) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().filter(|char| *char != '\0').peekable();
    while let Some(char) = chars.next() {
        if char != '\r' {
            plain.push(char);
        } else if chars.peek() != Some(&'\n') {
            plain.push('\n');
        }
    }
    Cow::Owned(plain)
}

/// A line without white space and what nobody sees at its ends.
pub(crate) fn trimmed(line: &str) -> &str {
    line.trim_matches(|char: char| char.is_whitespace() || is_invisible(char))
}

/// Whether nobody sees a character that programs leave where texts are copied or joined: U+200B to U+200F, U+202A to U+202E, U+2060 and
/// U+FEFF.
pub(crate) fn is_invisible(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

fn check(field: &'static str, size: usize, limit: usize, unit: &str) -> Result<()> {
    if size <= limit {
        return Ok(());
    }
    Err(Error::invalid(field, format!("{field} has {size} {unit}, and {limit} is the most")))
}

/// Texts that a search looks in, a line each, so that no phrase matches across two of them.
pub(crate) fn lines<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    let filled: Vec<_> = texts.into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    filled.join("\n")
}

/// A value as it is told of: at most so many characters of it.
pub(crate) fn cut(value: &str, longest: usize) -> String {
    let end = value.char_indices().nth(longest).map(|(end, _)| end);
    end.map_or_else(|| value.to_owned(), |end| format!("{}…", &value[..end]))
}

#[cfg(test)]
mod tests {
    use super::{plain, trimmed};

    #[test]
    fn line_ends_are_of_one_kind() {
        for (text, expected) in [
            ("a\r\nb\rc\nd", "a\nb\nc\nd"),
            ("\r\r\n\n\r", "\n\n\n\n"),
            ("a\r\0\nb\0", "a\nb"),
            ("\u{2028}\u{85}", "\u{2028}\u{85}"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_nobody_sees_goes_from_the_ends_of_lines() {
        for (line, expected) in [
            ("\u{feff}Ann\u{200b} ", "Ann"),
            ("\u{202a} Ann\u{200d}Lee \u{202c}", "Ann\u{200d}Lee"),
            ("\u{2060}\u{200e}\u{a0}", ""),
        ] {
            assert_eq!(trimmed(line), expected, "{line:?}");
        }
    }
}
