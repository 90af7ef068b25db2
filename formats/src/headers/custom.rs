//! The values of custom fields: cells read as their fields have them, with the date order of the file and words of many languages.

use std::borrow::Cow;

use jiff::civil::Time;
use rust_decimal::Decimal;

use super::dates::Dates;
use crate::record::{Placeholder, plain, yes_or_no};
use crate::{CustomField, Diagnostic, Holds, Position};

/// What a cell that is not blank gives its field; `None` where it says that there is nothing. What the field cannot hold stays as it is
/// written: whoever keeps the record knows what to do about it. What is to be said of the cell goes to the notes.
pub(crate) fn value<'a>(
    field: &CustomField,
    dates: &mut Dates,
    (position, column): (Position, &str),
    text: &'a str,
    notes: &mut Vec<Diagnostic>,
) -> Option<Cow<'a, str>> {
    let mut note = |reason| notes.push(Diagnostic { field: Some(column.to_owned()), reason });
    if matches!(field.holds, Holds::Number | Holds::Date | Holds::YesNo)
        && let Some(placeholder) = Placeholder::read(text)
    {
        note(placeholder.to_string());
        return None;
    }
    match field.holds {
        Holds::Text => Some(Cow::Borrowed(text)),
        Holds::Number => Some(number(text).map_or(Cow::Borrowed(text), |number| Cow::Owned(plain(number)))),
        Holds::YesNo => Some(match yes_or_no(text.trim()) {
            Ok(true) => Cow::Borrowed("yes"),
            Ok(false) => Cow::Borrowed("no"),
            Err(_) => Cow::Borrowed(text),
        }),
        Holds::Date => match dates.read_day(position, column, text) {
            Ok(None) => None,
            Ok(Some((day, time))) => {
                if time.is_some_and(|time| time != Time::midnight()) {
                    note(format!("only the day of `{}` is taken, as the field {} takes days", text.trim(), field.name));
                }
                Some(Cow::Owned(day.to_string()))
            }
            Err(_) => Some(Cow::Borrowed(text)),
        },
    }
}

/// A number with a sign, commas between thousands or an exponent: `+5`, `1,250`, `1e3`. What a comma means elsewhere is not guessed at.
fn number(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let unsigned = text.trim_start_matches(['+', '-']);
    let is_plain =
        text.len() - unsigned.len() <= 1 && unsigned.starts_with(|char: char| char.is_ascii_digit() || char == '.');
    let (whole, rest) = unsigned.split_at(unsigned.find(['.', 'e', 'E']).unwrap_or(unsigned.len()));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let is_grouped = !whole.contains(',') || ((1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3));
    if !is_plain || !is_grouped || rest.contains(',') {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let digits = format!("{sign}{}{rest}", whole.replace(',', ""));
    if rest.contains(['e', 'E']) {
        Decimal::from_scientific(&digits).ok()
    } else {
        Decimal::from_str_exact(&digits).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_signs_thousands_and_exponents() {
        for (text, expected) in [
            ("5", "5"),
            ("+5", "5"),
            ("-5.50", "-5.50"),
            (" 1,250 ", "1250"),
            ("1,234,567.89", "1234567.89"),
            ("1e3", "1000"),
            ("2.5E-2", "0.025"),
            (".25", "0.25"),
        ] {
            assert_eq!(number(text).map(|number| number.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "1,5", "1,23,456", "5.000,00", "--5", "+-5", "1e", "e3", "five", "1 000", "0x10", "1e99"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
