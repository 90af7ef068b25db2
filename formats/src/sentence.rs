//! Names and texts in sentences.

/// Joins names for a sentence: `a, b and c`.
pub(crate) fn alternatives(names: &[&str], last: &str) -> String {
    match names {
        [] => "none".to_owned(),
        [only] => (*only).to_owned(),
        [rest @ .., end] => format!("{} {last} {end}", rest.join(", ")),
    }
}

/// The beginning of a text, for a sentence: a receipt must not grow with the file's cells.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
