//! The form of a legacy request: urlencoded or multipart, in any charset that forms have, with PHP's ways.

mod heads;

use std::collections::HashMap;
use std::convert::Infallible;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

pub use self::heads::{Heads, check_heads, too_long};

/// The field by which a browser tells the charset of a form (HTML, section 4.10.21.5).
const CHARSET_FIELD: &str = "_charset_";

/// The fields of a form, by their names in lower case.
///
/// Of a repeated field the last one counts, as in PHP. The values of `name[]` are the lines of the field `name`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    fields: HashMap<String, String>,
}

/// The body is not a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoForm;

impl Form {
    /// Reads a body by its content type; a body without one is taken for urlencoded, as PHP's clients mean it.
    pub async fn read(content_type: Option<&str>, body: &[u8]) -> Result<Self, NoForm> {
        let content_type = content_type.unwrap_or("application/x-www-form-urlencoded");
        let parts = match multer::parse_boundary(content_type) {
            Ok(boundary) => multipart(boundary, body).await?,
            Err(_) if content_type.trim_start().to_ascii_lowercase().starts_with("multipart/") => return Err(NoForm),
            Err(_) => urlencoded(body),
        };
        Ok(Self::of(parts, declared(content_type)))
    }

    /// The value of a field, without outer white space; an empty one is not there.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The value of a field exactly as it was sent.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// The names of all fields that hold something, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|(_, value)| !value.trim().is_empty()).map(|(name, _)| name.as_str())
    }

    /// The fields that somebody else has read.
    pub(crate) fn of_fields(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { fields: fields.into_iter().map(|(name, value)| (name.trim().to_lowercase(), value)).collect() }
    }

    /// These fields, and those of another form that this one does not have.
    #[must_use]
    pub(crate) fn over(self, mut below: Self) -> Self {
        below.fields.extend(self.fields);
        below
    }

    /// Takes a field out, exactly as it was sent.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.fields.remove(name)
    }

    /// Puts a field in.
    pub(crate) fn put(&mut self, name: &str, value: String) {
        self.fields.insert(name.to_owned(), value);
    }

    fn of(parts: Vec<Part>, declared: Option<&'static Encoding>) -> Self {
        let told = parts.iter().rfind(|part| part.name == CHARSET_FIELD.as_bytes());
        let whole = told.and_then(|part| charset(&part.value)).or(declared);
        let mut fields: HashMap<_, Field> = HashMap::new();
        for Part { name, value, declared } in parts {
            let name = text(&name, whole);
            let value = text(&value, declared.or(whole));
            match element(&name) {
                Some((name, key)) => fields.entry(name.to_lowercase()).or_default().put(key, value),
                None => {
                    fields.insert(name.trim().to_lowercase(), Field::One(value));
                }
            }
        }
        Self { fields: fields.into_iter().map(|(name, field)| (name, field.joined())).collect() }
    }
}

/// A name and a value as they were sent.
struct Part {
    name: Vec<u8>,
    value: Vec<u8>,
    /// The charset that the part itself names.
    declared: Option<&'static Encoding>,
}

/// The value of a field while the form is read.
enum Field {
    One(String),
    Many(Elements),
}

/// PHP's array: its values in the order in which they came, and where those with a key stand.
#[derive(Default)]
struct Elements {
    values: Vec<String>,
    places: HashMap<String, usize>,
}

impl Default for Field {
    fn default() -> Self {
        Self::Many(Elements::default())
    }
}

impl Field {
    /// Adds an element, or gives the one of this key another value; `name[]` has no key. A plain value that was there
    /// before goes.
    fn put(&mut self, key: &str, value: String) {
        if let Self::One(_) = self {
            *self = Self::default();
        }
        let Self::Many(Elements { values, places }) = self else { return };
        if let Some(place) = places.get(key) {
            values[*place] = value;
            return;
        }
        if !key.is_empty() {
            places.insert(key.to_owned(), values.len());
        }
        values.push(value);
    }

    fn joined(self) -> String {
        match self {
            Self::One(value) => value,
            Self::Many(elements) => elements.values.join("\n"),
        }
    }
}

/// Name and key of `name[key]`; a key of its own within that is not looked at.
fn element(name: &str) -> Option<(&str, &str)> {
    let (base, rest) = name.trim().split_once('[')?;
    let (key, _) = rest.split_once(']')?;
    (!base.is_empty()).then_some((base, key))
}

/// By hand: the crates for this replace what is not UTF-8.
fn urlencoded(body: &[u8]) -> Vec<Part> {
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let parts = pairs.map(|pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = percent_decoded(halves.next().unwrap_or_default());
        Part { name, value: percent_decoded(halves.next().unwrap_or_default()), declared: None }
    });
    parts.collect()
}

/// The parts that are fields; files are none, as in PHP.
async fn multipart(boundary: String, body: &[u8]) -> Result<Vec<Part>, NoForm> {
    let body = body.to_vec();
    let stream = futures_util::stream::once(async move { Ok::<_, Infallible>(body) });
    let mut fields = multer::Multipart::new(stream, boundary);
    let mut parts = Vec::new();
    while let Some(field) = fields.next_field().await.map_err(|_| NoForm)? {
        let name = field.name().map(|name| name.as_bytes().to_vec()).filter(|_| field.file_name().is_none());
        let declared = field.content_type().and_then(|content_type| declared(content_type.as_ref()));
        let value = field.bytes().await.map_err(|_| NoForm)?.to_vec();
        parts.extend(name.map(|name| Part { name, value, declared }));
    }
    Ok(parts)
}

/// The charset that a content type names.
pub(crate) fn declared(content_type: &str) -> Option<&'static Encoding> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, label) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    charset(label.trim().trim_matches('"').as_bytes())
}

/// The charset of a label, where forms can have it: ISO-8859-1 means windows-1252 on the web (Encoding, section 4.2).
fn charset(label: &[u8]) -> Option<&'static Encoding> {
    Encoding::for_label(label).filter(|encoding| encoding.is_ascii_compatible())
}

/// The text of bytes in a charset; without one, and where they are not the UTF-8 that they are said to be, what is UTF-8
/// is taken for that and all else for ISO-8859-1.
pub(crate) fn text(bytes: &[u8], charset: Option<&'static Encoding>) -> String {
    if let Some(charset) = charset.filter(|charset| *charset != UTF_8) {
        return charset.decode_without_bom_handling(bytes).0.into_owned();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// Decodes `+` and `%XX`; a `%` without two hexadecimal digits stands for itself (WHATWG URL, section 5.1).
fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        decoded.push(escaped.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::{Form, NoForm};

    async fn urlencoded(body: &[u8]) -> Form {
        Form::read(None, body).await.expect("every body is an urlencoded form")
    }

    #[tokio::test]
    async fn urlencoded_forms_are_read_as_php_does() {
        let form =
            urlencoded(b"name=Jane+Doe%20-+ACME&name=J%C3%B6rg&latin=J%F6rg&odd=100%&empty=&alone&=x&&GET=lead").await;
        assert_eq!(form.get("name"), Some("Jörg"), "the last one counts");
        assert_eq!(form.get("latin"), Some("Jörg"));
        assert_eq!(form.get("odd"), Some("100%"));
        assert_eq!(form.get("get"), Some("lead"), "names are read in any case");
        assert_eq!(form.get("empty"), None);
        assert_eq!(form.raw("alone"), Some(""));
        assert_eq!(form.get("missing"), None);
        let mut names: Vec<_> = form.names().collect();
        names.sort_unstable();
        assert_eq!(names, ["", "get", "latin", "name", "odd"]);
    }

    #[tokio::test]
    async fn the_elements_of_an_array_are_the_lines_of_a_field() {
        let form =
            urlencoded(b"category%5B%5D=A&category[]=B&a[x]=1&a[y]=2&a[x]=3&b=1&b[]=2&c[]=1&c=2&d[=x&[]=y").await;
        assert_eq!(form.raw("category"), Some("A\nB"));
        assert_eq!(form.raw("a"), Some("3\n2"), "a key is there once");
        assert_eq!((form.raw("b"), form.raw("c")), (Some("2"), Some("2")), "the later sort counts");
        assert_eq!((form.raw("d["), form.raw("[]")), (Some("x"), Some("y")), "these are no arrays");
    }

    #[tokio::test]
    async fn a_charset_is_declared_or_told_by_the_bytes() {
        let utf8 = "application/x-www-form-urlencoded; charset=UTF-8";
        let latin = "application/x-www-form-urlencoded; Charset=\"ISO-8859-1\"";
        for (content_type, body, name) in [
            (None, "name=J%C3%B6rg", "Jörg"),
            (None, "name=J%F6rg", "Jörg"),
            (None, "name=%80+%93x%94", "€ “x”"),
            (Some(utf8), "name=J%C3%B6rg", "Jörg"),
            (Some(utf8), "name=J%F6rg", "Jörg"),
            (Some(latin), "name=J%F6rg", "Jörg"),
            (Some(latin), "name=%C3%B6", "Ã¶"),
            (Some("application/x-www-form-urlencoded; charset=iso-8859-15"), "name=%A4", "€"),
            (Some("application/x-www-form-urlencoded; charset=klingon"), "name=%F6", "ö"),
            (Some("application/x-www-form-urlencoded; charset=utf-16"), "name=%F6", "ö"),
            (None, "_charset_=iso-8859-1&name=%C3%B6", "Ã¶"),
        ] {
            let form = Form::read(content_type, body.as_bytes()).await.expect("a form");
            assert_eq!(form.get("name"), Some(name), "{content_type:?} {body}");
        }
    }

    #[tokio::test]
    async fn multipart_forms_have_fields_with_charsets_and_files_that_are_none() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nJ\xF6rg\r\n\
            --x\r\nContent-Disposition: form-data; name=\"city\"\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n\xC3\xB6\r\n\
            --x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\r\n\x89PNG\r\n--x--\r\n";
        let form = Form::read(Some("multipart/form-data; boundary=x"), body).await.expect("a form");
        assert_eq!((form.get("name"), form.get("city"), form.raw("photo")), (Some("Jörg"), Some("Ã¶"), None));
        for (content_type, body) in [
            ("multipart/form-data", &body[..]),
            ("multipart/form-data; boundary=y", body),
            ("multipart/form-data; boundary=x", &body[..60]),
        ] {
            assert_eq!(Form::read(Some(content_type), body).await, Err(NoForm), "{content_type}");
        }
    }
}
