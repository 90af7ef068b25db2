//! Writes content lines: escapes text and folds lines (RFC 6350 sections 3.2 and 3.4, RFC 5545 sections 3.1 and 3.3.11).

use std::borrow::Cow;

use bytes::BytesMut;

/// The most bytes of a physical line, apart from its end.
const LONGEST: usize = 75;

/// Appends a content line, which has no line end, as lines of at most 75 bytes with CR LF after each. What goes on begins with a
/// space. No character is cut, because many readers decode a line before they unfold it.
pub(crate) fn push_line(line: &str, out: &mut BytesMut) {
    let (mut rest, mut room) = (line, LONGEST);
    while rest.len() > room {
        let (head, tail) = rest.split_at(rest.floor_char_boundary(room));
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(b"\r\n ");
        // The space counts.
        (rest, room) = (tail, LONGEST - 1);
    }
    out.extend_from_slice(rest.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends text to a line, escaped as a value of the type TEXT or a part of one, so that neither `;` nor `,` in it separates. Each
/// line end becomes `\n`; what no content line can hold is left out: see [`is_forbidden`].
pub(crate) fn push_text(text: &str, line: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(|char| matches!(char, '\\' | ';' | ',' | '\r' | '\n') || is_forbidden(char)) {
        let (before, from) = rest.split_at(at);
        line.push_str(before);
        let special = from.as_bytes()[0];
        rest = &from[1..];
        match special {
            b'\r' => {
                line.push_str("\\n");
                rest = rest.strip_prefix('\n').unwrap_or(rest);
            }
            b'\n' => line.push_str("\\n"),
            b'\\' | b';' | b',' => line.extend(['\\', char::from(special)]),
            _ => {}
        }
    }
    line.push_str(rest);
}

/// A text as a content line keeps it: line ends as LF, without what no content line can hold.
pub(crate) fn as_kept(text: &str) -> Cow<'_, str> {
    if !text.contains(|char| char == '\r' || is_forbidden(char)) {
        return Cow::Borrowed(text);
    }
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.retain(|char| !is_forbidden(char));
    Cow::Owned(text)
}

/// Whether a character can stand in no content line, not even escaped: controls other than the tab and line ends (RFC 6350 section
/// 3.3, RFC 5545 section 3.1).
pub(crate) fn is_forbidden(char: char) -> bool {
    char.is_ascii_control() && !matches!(char, '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::{push_line, push_text};

    fn folded(line: &str) -> String {
        let mut out = BytesMut::from(&b"before"[..]);
        push_line(line, &mut out);
        String::from_utf8(out["before".len()..].to_vec()).expect("no character is cut")
    }

    #[test]
    fn lines_up_to_75_bytes_are_whole() {
        let line = "x".repeat(75);
        assert_eq!(folded(&line), format!("{line}\r\n"));
        assert_eq!(folded(""), "\r\n");
    }

    #[test]
    fn longer_lines_are_folded_between_characters() {
        for letter in ["x", "é", "日", "😀", " "] {
            for ascii in 0..5 {
                let line = format!("{}{}", "n".repeat(ascii), letter.repeat(120));
                let folded = folded(&line);
                let physical: Vec<&str> = folded.strip_suffix("\r\n").expect("it ends").split("\r\n").collect();
                assert!(physical.iter().all(|line| line.len() <= 75), "{physical:?}");
                assert!(physical.iter().all(|line| line.len() > 71 || Some(line) == physical.last()));
                assert!(physical[1..].iter().all(|line| line.starts_with(' ')));
                assert_eq!(folded.replace("\r\n ", ""), format!("{line}\r\n"));
            }
        }
    }

    #[test]
    fn text_is_escaped() {
        let escaped = |text| {
            let mut line = "NOTE:".to_owned();
            push_text(text, &mut line);
            line
        };
        assert_eq!(escaped("plain: é \"x\"\ttab"), "NOTE:plain: é \"x\"\ttab");
        assert_eq!(escaped("a,b;c\\n"), "NOTE:a\\,b\\;c\\\\n");
        assert_eq!(escaped("1\r\n2\n3\r4\r\r\n"), "NOTE:1\\n2\\n3\\n4\\n\\n");
        assert_eq!(escaped("\0a\u{1}b\u{7f}c\u{85}"), "NOTE:abc\u{85}");
    }
}
