//! Texts as they may be stored: NUL dropped, within their limit, and nothing where nothing is left.

use crate::error::{Error, Result};

/// The longest line, such as a title or a place, in characters.
pub(crate) const LINE_LIMIT: usize = 500;

/// The largest text of many lines, such as a description, in bytes.
pub(crate) const BLOCK_LIMIT: usize = 1 << 20;

/// A line of at most so many characters, trimmed. Errors: [`Error::Invalid`] for a longer one.
pub(crate) fn line(field: &'static str, text: Option<String>, limit: usize) -> Result<Option<String>> {
    let Some(text) = text.map(|text| text.replace('\0', "").trim().to_owned()).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    check(field, text.chars().count(), limit, "characters")?;
    Ok(Some(text))
}

/// A text of many lines as it is, at most [`BLOCK_LIMIT`] bytes. Errors: [`Error::Invalid`] for a larger one.
pub(crate) fn block(field: &'static str, text: Option<String>) -> Result<Option<String>> {
    let Some(text) = text.map(|text| text.replace('\0', "")).filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    check(field, text.len(), BLOCK_LIMIT, "bytes")?;
    Ok(Some(text))
}

fn check(field: &'static str, size: usize, limit: usize, unit: &str) -> Result<()> {
    if size <= limit {
        return Ok(());
    }
    Err(Error::invalid(field, format!("{field} has {size} {unit}, and {limit} is the most")))
}
