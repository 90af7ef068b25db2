//! URIs (RFC 3986) of what people enter without thinking of one.

use std::borrow::Cow;
use std::fmt::Write;

/// The URI of a web site: the text itself where it is one; with `http://` before it where it begins like a host; with characters
/// that no URI has written as bytes. `None` where the text has nothing of a URI.
pub(super) fn of_web_site(text: &str) -> Option<Cow<'_, str>> {
    if has_scheme(text) {
        Some(encoded(text))
    } else if begins_with_host(text) {
        Some(Cow::Owned(format!("http://{}", encoded(text))))
    } else {
        None
    }
}

/// Whether a telephone number can stand behind `tel:` as it is: a plus, digits and the separators of RFC 3966 section 3.
pub(super) fn is_international(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|rest| {
        rest.bytes().all(|byte| byte.is_ascii_digit() || b"-.()".contains(&byte))
            && rest.bytes().any(|byte| byte.is_ascii_digit())
    })
}

/// Whether an id is a UUID as RFC 9562 section 4 writes it.
pub(super) fn is_uuid(id: &str) -> bool {
    let groups: Vec<&str> = id.split('-').collect();
    let is_hexadecimal = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(is_hexadecimal)
}

fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(is_allowed)
            && !rest.is_empty()
    })
}

fn begins_with_host(text: &str) -> bool {
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    host.contains('.') && host.chars().all(|char| char.is_alphanumeric() || matches!(char, '.' | '-'))
}

/// A text of which nothing but letters and digits of ASCII and `-._~` are left as they are (RFC 3986 section 2.3).
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            push_escape(byte, &mut escaped);
        }
    }
    escaped
}

fn push_escape(byte: u8, text: &mut String) {
    write!(text, "%{byte:02X}").expect("a string can always be written to");
}

/// The text with `%` and two digits for each byte that no URI has, and for commas: readers of cards take them for the end of the URI.
fn encoded(text: &str) -> Cow<'_, str> {
    const RESERVED: &[u8] = b"-._~:/?@!$&'()*+;=";
    let bytes = text.as_bytes();
    let fragment = bytes.iter().position(|byte| *byte == b'#');
    let is_allowed = |at: usize| match bytes[at] {
        b'#' => fragment == Some(at),
        b'%' => bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        byte => byte.is_ascii_alphanumeric() || RESERVED.contains(&byte),
    };
    if (0..bytes.len()).all(is_allowed) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len() + 16);
    for (at, byte) in bytes.iter().enumerate() {
        if is_allowed(at) {
            encoded.push(char::from(*byte));
        } else {
            push_escape(*byte, &mut encoded);
        }
    }
    Cow::Owned(encoded)
}

#[cfg(test)]
mod tests {
    use super::{is_international, is_uuid, of_web_site};

    #[test]
    fn web_sites_become_uris() {
        for (text, uri) in [
            ("https://example.com/ada?a=1&b=2#c", Some("https://example.com/ada?a=1&b=2#c")),
            ("www.example.com/a b", Some("http://www.example.com/a%20b")),
            ("https://müller.example/\\%41%4\u{1}#a#b", Some("https://m%C3%BCller.example/%5C%41%254%01#a%23b")),
            ("https://example.com/map/@48.2,16.4;z=1", Some("https://example.com/map/@48.2%2C16.4;z=1")),
            ("see the other one", None),
            ("'quoted", None),
            (":", None),
            ("a:", None),
        ] {
            assert_eq!(of_web_site(text).as_deref(), uri, "{text}");
        }
    }

    #[test]
    fn numbers_and_ids_are_told_apart() {
        let numbers = ["+44-20-7946-0000", "+49(30)1.2", "+49 30 1", "030 1", "+", "+-", "++1", "+1x2"];
        assert_eq!(numbers.map(is_international), [true, true, false, false, false, false, false, false]);
        let ids = ["0195f0c4-7a1e-7000-8000-00000000000a", "0195f0c4-7a1e-7000-8000-00000000000g", "id-1", ""];
        assert_eq!(ids.map(is_uuid), [true, false, false, false]);
    }
}
