//! The charset of replies: UTF-8, or ISO-8859-1 for clients that know nothing else.

use std::fmt::Write as _;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The charset of a reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Charset {
    /// UTF-8.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// ISO-8859-1.
    #[serde(rename = "iso-8859-1")]
    Latin1,
}

impl Charset {
    /// The charset that a client wants by its `Accept-Charset`, where that prefers one of ours to the other.
    #[must_use]
    pub fn preferred(self, accept: Option<&str>) -> Self {
        let Some(accept) = accept else { return self };
        let utf8 = quality(accept, &["utf-8", "utf8"]);
        let latin1 = quality(accept, &["iso-8859-1", "latin1"]);
        match utf8.total_cmp(&latin1) {
            std::cmp::Ordering::Greater => Self::Utf8,
            std::cmp::Ordering::Less => Self::Latin1,
            std::cmp::Ordering::Equal => self,
        }
    }

    /// What an XML declaration says of it; nothing for UTF-8, as on the page.
    pub(crate) fn declaration(self) -> &'static str {
        match self {
            Self::Utf8 => "",
            Self::Latin1 => " encoding=\"ISO-8859-1\"",
        }
    }

    pub(crate) fn xml_type(self) -> &'static str {
        match self {
            Self::Utf8 => "text/xml; charset=utf-8",
            Self::Latin1 => "text/xml; charset=iso-8859-1",
        }
    }

    pub(crate) fn text_type(self) -> &'static str {
        match self {
            Self::Utf8 => "text/plain; charset=utf-8",
            Self::Latin1 => "text/plain; charset=iso-8859-1",
        }
    }

    /// XML in this charset: what it lacks becomes a character reference (XML 1.0, section 4.1).
    pub(crate) fn xml(self, text: String) -> Bytes {
        match self {
            Self::Utf8 => text.into(),
            Self::Latin1 => latin1(&text, |c, reference| {
                // A String takes any text.
                let _ = write!(reference, "&#{};", u32::from(c));
            }),
        }
    }

    /// Plain text in this charset: what it lacks becomes a question mark.
    pub(crate) fn text(self, text: &str) -> Bytes {
        match self {
            Self::Utf8 => text.to_owned().into(),
            Self::Latin1 => latin1(text, |_, replacement| replacement.push('?')),
        }
    }
}

/// The bytes of a text, with an ASCII replacement for what ISO-8859-1 lacks. The control characters from 0x80 on count as
/// lacking, as many take these bytes for windows-1252.
fn latin1(text: &str, replace: impl Fn(char, &mut String)) -> Bytes {
    let mut bytes = Vec::with_capacity(text.len());
    let mut replacement = String::new();
    for c in text.chars() {
        match u8::try_from(u32::from(c)) {
            Ok(byte) if !(0x80..0xa0).contains(&byte) => bytes.push(byte),
            _ => {
                replacement.clear();
                replace(c, &mut replacement);
                bytes.extend_from_slice(replacement.as_bytes());
            }
        }
    }
    bytes.into()
}

/// How much a charset is wanted, from 0 to 1 (RFC 9110, section 12.5.2).
fn quality(accept: &str, names: &[&str]) -> f32 {
    let of = |wanted: &dyn Fn(&str) -> bool| {
        accept.split(',').find_map(|item| {
            let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
            let quality = || parameters.trim().strip_prefix("q=").and_then(|quality| quality.trim().parse().ok());
            wanted(name.trim()).then(|| quality().unwrap_or(1.0))
        })
    };
    of(&|name| names.iter().any(|ours| ours.eq_ignore_ascii_case(name)))
        .or_else(|| of(&|name| name == "*"))
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::Charset;

    #[test]
    fn a_client_gets_the_charset_that_it_prefers() {
        use Charset::{Latin1, Utf8};
        for (accept, of_utf8, of_latin1) in [
            (None, Utf8, Latin1),
            (Some("iso-8859-1"), Latin1, Latin1),
            (Some("ISO-8859-1,utf-8;q=0.7,*;q=0.7"), Latin1, Latin1),
            (Some("utf-8, iso-8859-1;q=0.5"), Utf8, Utf8),
            (Some("utf-8"), Utf8, Utf8),
            (Some("big5, iso-8859-1, utf-8"), Utf8, Latin1),
            (Some("*"), Utf8, Latin1),
            (Some("*;q=0.1, utf-8;q=0"), Latin1, Latin1),
            (Some("koi8-r"), Utf8, Latin1),
            (Some(""), Utf8, Latin1),
        ] {
            assert_eq!((Utf8.preferred(accept), Latin1.preferred(accept)), (of_utf8, of_latin1), "{accept:?}");
        }
    }

    #[test]
    fn what_a_charset_lacks_is_replaced() {
        let text = "Jörg ÿ € \u{85} 😀";
        assert_eq!(&Charset::Latin1.xml(text.to_owned())[..], b"J\xf6rg \xff &#8364; &#133; &#128512;");
        assert_eq!(&Charset::Latin1.text(text)[..], b"J\xf6rg \xff ? ? ?");
        assert_eq!(&Charset::Utf8.xml(text.to_owned())[..], text.as_bytes());
    }
}
