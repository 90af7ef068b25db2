//! The form in which names of columns are compared.

use unicode_normalization::UnicodeNormalization as _;

/// The form in which names are compared: small letters, single spaces (of any kind, as some programs write no-break ones), straight
/// apostrophes, plain hyphens, accents joined to their letters, and `ss` as the Swiss write it.
pub(crate) fn key(name: &str) -> String {
    let visible = name.nfc().filter(|char| !matches!(char, '\u{feff}' | '\u{200b}' | '\0')).map(|char| match char {
        '’' | '‘' | '´' | '`' | 'ʼ' => '\'',
        '‐' | '‑' | '‒' | '–' | '—' => '-',
        other => other,
    });
    let name: String = visible.flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").replace('ß', "ss")
}
