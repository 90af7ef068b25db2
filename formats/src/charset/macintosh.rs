//! Tells Mac OS Roman, which old Macintosh programs and Excel for Mac write, from windows-1252. No detector of browsers does.

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};

/// Whether a text makes better words in Mac OS Roman than in windows-1252. Where rows end in a lone CR it need not be better, only not
/// worse.
pub(super) fn is_likely(sample: &[u8]) -> bool {
    const CERTAINTY: usize = 4;
    let (windows, macintosh) = (oddities(sample, WINDOWS_1252), oddities(sample, MACINTOSH));
    if ends_lines_with_cr(sample) { macintosh <= windows } else { windows > macintosh * CERTAINTY }
}

/// How many characters stand where nobody writes them: small letters around a capital one or a sign, accents without a letter,
/// control characters.
fn oddities(sample: &[u8], encoding: &'static Encoding) -> usize {
    let (text, _) = encoding.decode_without_bom_handling(sample);
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    let mut count = 0;
    while let Some(char) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        count += usize::from(!char.is_ascii() && is_odd(before, char, after));
        before = char;
    }
    count
}

fn is_odd(before: char, char: char, after: char) -> bool {
    match char {
        '\u{80}'..='\u{9f}' | '¨' | '¯' | '¸' | 'ˆ' | 'ˇ' | '˘'..='˝' | 'ﬁ' | 'ﬂ' => true,
        // An apostrophe as people write it, and dashes.
        '’' | '‘' | '´' | '–' | '—' => false,
        _ if char.is_uppercase() => before.is_alphabetic() && (before.is_lowercase() || after.is_lowercase()),
        _ => !char.is_alphabetic() && before.is_alphabetic() && after.is_alphabetic(),
    }
}

fn ends_lines_with_cr(sample: &[u8]) -> bool {
    let (mut lf, mut cr) = (0, 0);
    for (at, byte) in sample.iter().enumerate() {
        match byte {
            b'\n' => lf += 1,
            b'\r' if !matches!(sample.get(at + 1), Some(b'\r' | b'\n')) => cr += 1,
            _ => {}
        }
    }
    cr > lf
}
