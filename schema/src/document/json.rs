//! How many values a JSON text has, counted before anything is made of them.

use service::{Code, Error, Result};

/// Counts the values of a JSON text, those in each other too: each takes a hundred times the memory of its text.
///
/// Errors: `LIMITED` for more than the limit. Whether it is JSON at all is for its parser to say.
pub fn count_values(text: &[u8], limit: usize) -> Result<usize> {
    let mut count = 1;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = end_of_string(text, at),
            // Every other value stands behind one of these.
            b',' | b'[' | b'{' => count += 1,
            _ => {}
        }
        if count > limit {
            let message = format!("the request has too many values, at most {limit} (byte {at} of the JSON)");
            return Err(Error::new(Code::Limited, message));
        }
        at += 1;
    }
    Ok(count)
}

/// Where the string that begins at a place ends; behind the text where it does not.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use service::Code;

    use super::count_values;

    #[test]
    fn values_are_counted_wherever_they_are() {
        for (text, values) in [
            ("1", 1),
            ("[]", 2),
            ("[1,2,[3]]", 5),
            (r#"{"a": 1, "b": {"c": [true, null]}}"#, 6),
            (r#"["a,b", "{\"[,,,", "\\", "]"]"#, 5),
            (r#""a,b"#, 1),
            (r#""\"#, 1),
        ] {
            assert_eq!(count_values(text.as_bytes(), 100).map_err(|error| error.message), Ok(values), "{text}");
            let over = count_values(text.as_bytes(), values - 1).map_err(|error| error.code);
            assert_eq!(over, Err(Code::Limited), "{text}");
        }
    }
}
