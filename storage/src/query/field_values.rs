//! What a custom field can hold: a text read as a value of its type.

use crate::entity::custom_fields::{Model as CustomField, ValueType};
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::text::plain;
use crate::value::{Day, Decimal};

/// The longest value, and the most that the values of a record have together, in bytes.
pub(crate) const VALUE_LIMIT: usize = 1 << 20;

/// How many options an error lists.
const LISTED: usize = 20;

/// A text as a field holds it, or `None` for one that is empty. Errors: [`Error::Invalid`] that says what would be right.
pub(crate) fn parse(field: &CustomField, options: &[String], text: &str) -> Result<Option<String>> {
    let CustomField { name, .. } = field;
    let text = plain(text);
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > VALUE_LIMIT {
        let size = text.len();
        return Err(invalid(format!("the value of {name} has {size} bytes, and {VALUE_LIMIT} is the most")));
    }
    let refused = |wanted: String| {
        let start: String = text.chars().take(100).collect();
        invalid(format!("the field {name} takes {wanted}, and {start:?} is none"))
    };
    let value = match field.value_type {
        ValueType::Text => text.to_owned(),
        ValueType::Number => {
            let number = text.parse::<Decimal>();
            number
                .map_err(|_| refused("a number with at most four decimal places such as 5000 or 0.25".to_owned()))?
                .to_string()
        }
        // So vCard and others write the birthday of somebody whose age is nobody's business.
        ValueType::Date if text.starts_with("--") => {
            return Err(invalid(format!(
                "the field {name} takes a whole day such as 2026-05-25, and {text:.20?} has no year"
            )));
        }
        ValueType::Date => text.parse::<Day>().map_err(|_| refused("a day such as 2026-05-25".to_owned()))?.to_string(),
        ValueType::Choice => {
            let key = fold(text);
            let option = options.iter().find(|option| fold(option) == key);
            option.ok_or_else(|| refused(format!("one of its options ({})", listed(options))))?.clone()
        }
        ValueType::YesNo => match &*fold(text) {
            "yes" | "y" | "true" | "1" => "yes".to_owned(),
            "no" | "n" | "false" | "0" => "no".to_owned(),
            _ => return Err(refused("yes or no".to_owned())),
        },
    };
    Ok(Some(value))
}

/// Options in an error.
pub(crate) fn listed(options: &[String]) -> String {
    let more = if options.len() > LISTED { ", …" } else { "" };
    format!("{}{more}", options[..options.len().min(LISTED)].join(", "))
}

pub(crate) fn invalid(reason: String) -> Error {
    Error::invalid("customValues", reason)
}
