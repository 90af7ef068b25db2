//! The form of a legacy request: urlencoded or multipart, in UTF-8 or ISO-8859-1, with PHP's ways.

use std::collections::HashMap;
use std::convert::Infallible;

/// The fields of a form; of a repeated field the last one counts, as in PHP.
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
        match multer::parse_boundary(content_type) {
            Ok(boundary) => Self::multipart(boundary, body).await,
            Err(_) if content_type.trim_start().to_ascii_lowercase().starts_with("multipart/") => Err(NoForm),
            Err(_) => Ok(Self::urlencoded(body)),
        }
    }

    /// The value of a field, without outer white space; an empty one is not there.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The value of a field exactly as it was sent.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    fn urlencoded(body: &[u8]) -> Self {
        // By hand: the crates for this replace what is not UTF-8.
        let pairs = body.split(|byte| *byte == b'&').map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = percent_decoded(halves.next().unwrap_or_default());
            (name, percent_decoded(halves.next().unwrap_or_default()))
        });
        Self { fields: pairs.map(|(name, value)| (text(name), text(value))).collect() }
    }

    async fn multipart(boundary: String, body: &[u8]) -> Result<Self, NoForm> {
        let body = body.to_vec();
        let stream = futures_util::stream::once(async move { Ok::<_, Infallible>(body) });
        let mut parts = multer::Multipart::new(stream, boundary);
        let mut fields = HashMap::new();
        while let Some(part) = parts.next_field().await.map_err(|_| NoForm)? {
            let Some(name) = part.name().map(ToOwned::to_owned) else { continue };
            let value = part.bytes().await.map_err(|_| NoForm)?;
            fields.insert(name, text(value.to_vec()));
        }
        Ok(Self { fields })
    }
}

/// Bytes that are not UTF-8 are ISO-8859-1, whose code points are Unicode's first 256.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
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
    use super::Form;

    #[test]
    fn urlencoded_forms_are_read_as_php_does() {
        let form = Form::urlencoded(b"name=Jane+Doe%20-+ACME&name=J%C3%B6rg&latin=J%F6rg&odd=100%&empty=&alone&=x");
        assert_eq!(form.get("name"), Some("Jörg"), "the last one counts");
        assert_eq!(form.get("latin"), Some("Jörg"));
        assert_eq!(form.get("odd"), Some("100%"));
        assert_eq!(form.get("empty"), None);
        assert_eq!(form.raw("alone"), Some(""));
        assert_eq!(form.get("missing"), None);
    }
}
