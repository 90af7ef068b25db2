//! The words of a column's name, apart from how they are dressed.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text in small letters without accents; ASCII where its letters have plain ones.
pub(crate) fn folded(text: &str) -> String {
    let plain = text.nfkd().filter(|char| !is_combining_mark(*char)).flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(text.len());
    for char in plain {
        match char {
            'ß' => folded.push_str("ss"),
            'ø' => folded.push('o'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ł' => folded.push('l'),
            other => folded.push(other),
        }
    }
    folded
}

/// The words of a name, folded: cut at all that is neither letter nor digit, before a capital letter after a small one, and between
/// letters and digits.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for char in name.nfc() {
        let is_hump = before.is_lowercase() && char.is_uppercase();
        let is_other_kind = before.is_alphanumeric() && before.is_numeric() != char.is_numeric();
        if !char.is_alphanumeric() && !is_combining_mark(char) || is_hump || is_other_kind {
            end(&mut word, &mut words);
        }
        if char.is_alphanumeric() {
            word.push(char);
        }
        before = char;
    }
    end(&mut word, &mut words);
    words
}

fn end(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(folded(word));
        word.clear();
    }
}

/// The longest word that [`distance`] compares.
const LONGEST: usize = 48;

/// In how many letters two folded words differ, where a letter may be missing, added, another one, or have changed places with its
/// neighbour; `None` beyond a limit.
pub(super) fn distance(one: &str, other: &str, limit: usize) -> Option<usize> {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len().abs_diff(other.len()) > limit || one.len().max(other.len()) > LONGEST {
        return None;
    }
    // Rows of the matrix of Damerau and Levenshtein: the one before the last, the last and the current one.
    let mut rows = [[0_usize; LONGEST + 1]; 3];
    (0..=other.len()).for_each(|j| rows[0][j] = j);
    for i in 1..=one.len() {
        let (current, last, older) = (i % 3, (i + 2) % 3, (i + 1) % 3);
        rows[current][0] = i;
        let mut fewest = i;
        for j in 1..=other.len() {
            let is_same = one[i - 1] == other[j - 1];
            let mut steps = rows[last][j - 1] + usize::from(!is_same);
            steps = steps.min(rows[last][j] + 1).min(rows[current][j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                steps = steps.min(rows[older][j - 2] + 1);
            }
            rows[current][j] = steps;
            fewest = fewest.min(steps);
        }
        // Two letters that changed places cost one row later what they seem to cost now.
        if fewest > limit + 1 {
            return None;
        }
    }
    Some(rows[one.len() % 3][other.len()]).filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::{distance, words};

    #[test]
    fn names_are_cut_into_plain_words() {
        assert_eq!(words("E-mail_Address2"), ["e", "mail", "address", "2"]);
        assert_eq!(words("firstName"), ["first", "name"]);
        assert_eq!(words(" Código  Postal (Öffnung) "), ["codigo", "postal", "offnung"]);
        assert_eq!(words("Pre\u{301}nom"), ["prenom"]);
        assert_eq!(words("Straße"), ["strasse"]);
        assert_eq!(words("?!"), Vec::<String>::new());
    }

    #[test]
    fn a_slip_of_the_pen_is_one_step() {
        assert_eq!(distance("company", "compnay", 2), Some(1));
        assert_eq!(distance("company", "compny", 1), Some(1));
        assert_eq!(distance("company", "comppany", 1), Some(1));
        assert_eq!(distance("company", "country", 2), None);
        assert_eq!(distance("city", "city", 0), Some(0));
    }
}
