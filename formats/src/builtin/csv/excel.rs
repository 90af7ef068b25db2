//! Keeps Excel and its kin from taking a cell of a file for a formula (CWE-1236), by an apostrophe that they do not show.

use std::borrow::Cow;

/// The byte order mark by which Excel knows UTF-8.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The cell with an apostrophe before it where it needs one.
pub(super) fn safe(cell: &str) -> Cow<'_, str> {
    if needs_apostrophe(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// What [`safe`] was given.
pub(super) fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| needs_apostrophe(rest)).unwrap_or(cell)
}

/// The text of a formula that is nothing but one, such as `="0123"`, by which programs keep Excel from taking it for a number; any
/// other cell as it is.
pub(super) fn of_formula(cell: &str) -> Cow<'_, str> {
    let Some(quoted) = cell.trim().strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(cell);
    };
    // Within a text of a formula a quote is written twice; a single one ends it, and the formula is more than that text.
    if !quoted.contains('"') {
        return Cow::Owned(quoted.to_owned());
    }
    let plain = quoted.replace("\"\"", "");
    if plain.contains('"') { Cow::Borrowed(cell) } else { Cow::Owned(quoted.replace("\"\"", "\"")) }
}

/// Whether a cell would be taken for a formula, or for one that was made safe. What nobody sees before the first sign does not count,
/// as programs drop it; tab and line ends are dangerous by themselves (OWASP, CSV Injection).
fn needs_apostrophe(cell: &str) -> bool {
    const FIRST: [char; 5] = ['\'', '\t', '\r', '\n', '\0'];
    // The wide and the small forms as well, of which some programs make the usual ones.
    const VISIBLE: [char; 12] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫'];
    let visible = cell.trim_start_matches(is_invisible);
    cell.starts_with(FIRST) || (visible.starts_with(VISIBLE) && !is_number(visible) && !is_phone(visible))
}

/// White space, control characters, and what Unicode has as ignorable (DerivedCoreProperties.txt, `Default_Ignorable_Code_Point`).
fn is_invisible(char: char) -> bool {
    let is_ignorable = matches!(
        char,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    );
    is_ignorable || char.is_whitespace() || char.is_control()
}

/// `-12`, `+3.50`, `-7,5`.
fn is_number(cell: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(text) = cell.strip_prefix(['-', '+']) else { return false };
    text.split_once(['.', ',']).map_or_else(|| digits(text), |(whole, part)| digits(whole) && digits(part))
}

/// `+44 20 5550-0101`, `+1 (555) 010 0001`: a plus, then digits and what stands between them.
fn is_phone(cell: &str) -> bool {
    const LONGEST: usize = 32;
    let Some(text) = cell.strip_prefix('+').filter(|text| text.len() < LONGEST) else { return false };
    text.starts_with(|char: char| char.is_ascii_digit())
        && text.ends_with(|char: char| char.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || b" ()./-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{of_formula, plain, safe};

    #[test]
    fn a_formula_that_is_a_text_is_that_text() {
        for (cell, text) in [
            ("=\"0123\"", "0123"),
            (" =\"+43 1 5550100\" ", "+43 1 5550100"),
            ("=\"a \"\"b\"\"\"", "a \"b\""),
            ("=\"\"", ""),
            ("=\"a\"&\"b\"", "=\"a\"&\"b\""),
            ("=1+1", "=1+1"),
            ("=\"", "=\""),
            ("=", "="),
            ("\"0123\"", "\"0123\""),
        ] {
            assert_eq!(of_formula(cell), text, "{cell}");
        }
    }

    const BEFORE: [&str; 16] = [
        "",
        " ",
        "  ",
        "\u{a0}",
        "\u{feff}",
        "\u{200b}",
        "\u{200e}",
        "\u{2060}",
        "\u{3000}",
        "\u{ad}",
        "\u{1}",
        "\u{1b}",
        "\u{7f}",
        "\u{85}",
        "\u{202e}",
        " \u{200b}\u{a0}",
    ];

    #[test]
    fn a_formula_is_guarded_whatever_stands_unseen_before_it() {
        for before in BEFORE {
            for sign in ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫"] {
                let cell = format!("{before}{sign}cmd|' /C calc'!A0");
                assert_eq!(safe(&cell), format!("'{cell}"), "{cell:?}");
            }
        }
        for cell in ["\t=1", "\r=1", "\n=1", "\tAda", "\rAda", "\0=1", "'Ada", " \t@SUM(1)"] {
            assert_eq!(safe(cell), format!("'{cell}"), "{cell:?}");
        }
        for cell in [
            "Ada",
            " Ada",
            "a=b",
            "\u{200b}Ada",
            "-12",
            " -12",
            "+44 20 5550-0101",
            "\u{a0}+1 (555) 010 0001",
            "1-2",
            "",
        ] {
            assert_eq!(safe(cell), cell, "{cell:?}");
        }
    }

    #[test]
    fn what_was_guarded_comes_back() {
        let signs = ["", "'", "''", "=", "'=", "-12", "'-12", "+1 2", "@x", "＝1", "Ada", "\t", "\n'"];
        for before in BEFORE {
            for first in ["", "'", "\t", "'\t"] {
                for sign in signs {
                    for cell in [format!("{first}{before}{sign}"), format!("{before}{first}{sign}x")] {
                        assert_eq!(plain(&safe(&cell)), cell, "{cell:?}");
                    }
                }
            }
        }
    }
}
