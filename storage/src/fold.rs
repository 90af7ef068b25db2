//! The folded form of a text, by which Cairn compares, sorts and searches on every database alike.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::text::is_invisible;

/// Folds a text: outer white space goes, inner white space collapses to one space, case, accents, NUL and what nobody sees are
/// removed.
///
/// Case by Unicode's full case folding (`ß` becomes `ss`), accents by dropping the combining marks of the compatibility
/// decomposition (NFKD) after Latin, Greek and Cyrillic letters; in other scripts marks are letters (`が` is not `か`). A
/// few Latin letters that do not decompose (`ø`, `ł`, …) become their base.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return collapse(&text.to_ascii_lowercase().replace('\0', ""));
    }
    let folded: String = caseless::default_case_fold_str(&without_accents(text)).chars().map(base_letter).collect();
    // Case folding can compose anew, so accents are removed once more.
    collapse(&without_accents(&folded).nfkc().filter(|c| *c != '\0').collect::<String>())
}

/// The compatibility decomposition without the combining diacritical marks (U+0300 to U+036F) of letters before the
/// Armenian block (U+0530): Latin, Greek and Cyrillic ones, once they are decomposed.
fn without_accents(text: &str) -> String {
    let mut base = ' ';
    let keep = |c: &char| {
        if is_invisible(*c) {
            return false;
        }
        let accent = ('\u{300}'..='\u{36f}').contains(c) && base < '\u{530}';
        if !is_combining_mark(*c) {
            base = *c;
        }
        !accent
    };
    text.nfkd().filter(keep).collect()
}

/// The ASCII digits of a text: how phone numbers are compared.
pub fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn collapse(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

/// Latin letters with a stroke have no decomposition; people who search type the letter without it.
fn base_letter(letter: char) -> char {
    match letter {
        'ø' => 'o',
        'ł' => 'l',
        'đ' | 'ð' => 'd',
        'ħ' => 'h',
        'ŧ' => 't',
        'ı' => 'i',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{digits, fold};

    #[test]
    fn case_accents_and_spaces_do_not_count() {
        for (text, folded) in [
            ("  Zoë \t Østergaard ", "zoe ostergaard"),
            ("JEAN-FRANÇOIS", "jean-francois"),
            ("Straße", "strasse"),
            ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
            ("Łódź", "lodz"),
            ("ﬁn", "fin"),
            ("a\u{a0}b\nc", "a b c"),
            ("ΆΈ й", "αε и"),
            ("か", "か"),
            ("が", "が"),
            ("कमला", "कमला"),
            ("a\0b é\0", "ab e"),
            ("\u{feff}An\u{200b}n\u{202c} \u{2060}Lee\u{200f}", "ann lee"),
            ("e\u{200d}\u{301}", "e"),
            ("", ""),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
            assert_eq!(fold(&fold(text)), folded, "folding twice changes nothing: {text:?}");
        }
    }

    #[test]
    fn phones_are_their_digits() {
        assert_eq!(digits("+1 (555) 010-0001"), "15550100001");
    }
}
