//! Links behind the cells of a workbook: the addresses that they lead to.

use super::is_email;

/// The e-mail address of a `mailto:` URI (RFC 6068), where it has one.
pub(super) fn mail_address(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once(':')?;
    let address = rest.split('?').next().unwrap_or_default();
    let address = decoded(address).trim().to_owned();
    (scheme.eq_ignore_ascii_case("mailto") && is_email(&address)).then_some(address)
}

/// Whether a text is the address of a web site, perhaps without its scheme.
pub(super) fn is_site(text: &str) -> bool {
    let text = text.trim();
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    !text.contains(char::is_whitespace) && host.trim_matches('.').contains('.') && !text.contains('@')
}

/// A text with its `%40` and the like as what they stand for; as it is where they stand for no text.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok()).filter(|_| *first == b'%');
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{is_site, mail_address};

    #[test]
    fn addresses_are_taken_out_of_links() {
        assert_eq!(mail_address("mailto:ann@example.com").as_deref(), Some("ann@example.com"));
        assert_eq!(mail_address("MAILTO:ann%2Bx@example.com?subject=Hi%20there").as_deref(), Some("ann+x@example.com"));
        for uri in ["mailto:", "mailto:ann", "https://example.com", "ann@example.com", ""] {
            assert_eq!(mail_address(uri), None, "{uri}");
        }
        for (text, is) in [
            ("https://example.com/a?b", true),
            ("www.example.com", true),
            ("Our site", false),
            ("example", false),
            ("ann@example.com", false),
        ] {
            assert_eq!(is_site(text), is, "{text}");
        }
    }
}
