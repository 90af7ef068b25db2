//! A JSON object as the fields of a form.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use service::{Code, Error};

use crate::form::Form;

/// How many fields an object may have: as many as PHP takes of a form by default.
const FIELDS_LIMIT: usize = 1_000;

/// The fields of an object: texts, numbers with the digits that were sent, `true` and `false` as `yes` and `no`, and the lines of a
/// list. `null` is no field.
///
/// An object or list further inside is read by nobody, however deep it is: in a field of the page it is an error, and elsewhere it is
/// an unknown field.
pub(super) fn form(text: &str, is_known: impl Fn(&str) -> bool) -> Result<Form, Error> {
    let Object(fields) = serde_json::from_str(text).map_err(|error| unreadable(&error))?;
    let mut read = Vec::with_capacity(fields.len());
    for (name, raw) in fields {
        match value(raw)? {
            Value::Text(text) => read.push((name, text)),
            Value::Nested if is_known(&name.trim().to_lowercase()) => {
                let message = format!("{name} holds an object; send a text, a number or a list of them");
                return Err(Error::new(Code::Invalid, message));
            }
            Value::Nothing | Value::Nested => {}
        }
    }
    Ok(Form::of_fields(read))
}

/// An object whose values are not read yet.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object such as {\"name\": \"Jane Doe - ACME\"}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    if fields.len() == FIELDS_LIMIT {
                        return Err(A::Error::custom(format_args!("more than {FIELDS_LIMIT} fields")));
                    }
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

enum Value {
    Text(String),
    Nothing,
    Nested,
}

fn value(raw: &RawValue) -> Result<Value, Error> {
    let Some(scalar) = scalar(raw)? else {
        let list: Result<Vec<&RawValue>, _> = serde_json::from_str(raw.get());
        let Ok(list) = list else { return Ok(Value::Nested) };
        let mut lines = String::new();
        for raw in list {
            match self::scalar(raw)? {
                Some(Value::Text(line)) => {
                    lines.push_str(&line);
                    lines.push('\n');
                }
                Some(_) => {}
                None => return Ok(Value::Nested),
            }
        }
        lines.pop();
        return Ok(Value::Text(lines));
    };
    Ok(scalar)
}

/// A value that holds no other; `None` for an object or a list.
fn scalar(raw: &RawValue) -> Result<Option<Value>, Error> {
    let text = raw.get();
    Ok(Some(match text.as_bytes().first() {
        Some(b'{' | b'[') => return Ok(None),
        Some(b'"') => Value::Text(serde_json::from_str(text).map_err(|error| unreadable(&error))?),
        Some(b'n') => Value::Nothing,
        Some(b't') => Value::Text("yes".to_owned()),
        Some(b'f') => Value::Text("no".to_owned()),
        _ => Value::Text(text.to_owned()),
    }))
}

fn unreadable(error: &serde_json::Error) -> Error {
    Error::new(Code::Invalid, format!("the JSON cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::form;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        let form = form(text, |name| name == "name").map_err(|error| error.message)?;
        let mut fields: Vec<_> =
            form.names().map(|name| (name.to_owned(), form.raw(name).unwrap_or_default().to_owned())).collect();
        fields.sort();
        Ok(fields)
    }

    #[test]
    fn an_object_is_fields_as_they_were_written() {
        let text = r#" {"Name": "J\u00f6rg\n", "value": 922337203685477.5807, "small": .5e0 } "#;
        assert!(read(text).is_err(), "JSON has no number without a zero");
        let text = r#"{"Name": "J\u00f6rg\n", "value": 922337203685477.5807, "yes": true, "no": false, "none": null,
            "list": ["A", 1, null, "B"], "empty": [], "deep": {"a": [1]}, "deeper": [["x"]], "twice": "1", "twice": "2"}"#;
        let expected = [
            ("list", "A\n1\nB"),
            ("name", "Jörg\n"),
            ("no", "no"),
            ("twice", "2"),
            ("value", "922337203685477.5807"),
            ("yes", "yes"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read(text), Ok(expected.to_vec()));
    }

    #[test]
    fn what_is_no_object_of_fields_is_explained() {
        for (text, words) in [
            ("[]", "expected an object such as"),
            ("\"x\"", "expected an object such as"),
            ("{", "EOF"),
            ("{} {}", "trailing characters"),
            ("{\"a\": \"\\ud800\"}", "hex escape"),
            ("{\"name\": {\"first\": \"Ann\"}}", "name holds an object"),
            ("{\"name\": [[\"Ann\"]]}", "name holds an object"),
        ] {
            let message = read(text).expect_err(text);
            assert!(message.contains(words), "{text}: {message}");
        }
        let many: Vec<_> = (0..1_001).map(|number| format!("\"f{number}\": 1")).collect();
        assert!(read(&format!("{{{}}}", many.join(","))).expect_err("too many").contains("more than 1000 fields"));
        assert_eq!(read(&format!("{{{}}}", many[1..].join(","))).map(|fields| fields.len()), Ok(1_000));
        // Nobody goes down there, so that it costs no stack.
        let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(&deep), Ok(Vec::new()));
    }
}
