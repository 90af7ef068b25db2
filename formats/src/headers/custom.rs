//! The values of custom fields: cells read as their fields have them, with the date order and the decimal separators of the file and words
//! of many languages.

use std::borrow::Cow;

use jiff::civil::Time;

use super::dates::Dates;
use super::numbers::{Numbers, Place};
use crate::record::{Placeholder, plain, yes_or_no};
use crate::{CustomField, Diagnostic, Holds};

/// What it takes to read the dates and numbers of a file.
pub(crate) struct Readers<'a> {
    pub(crate) dates: &'a mut Dates,
    pub(crate) numbers: &'a mut Numbers,
}

/// What a cell that is not blank gives its field; `None` where it says that there is nothing. What the field cannot hold stays as it is
/// written: whoever keeps the record knows what to do about it. What is to be said of the cell goes to the notes.
pub(crate) fn value<'a>(
    field: &CustomField,
    Readers { dates, numbers }: Readers<'_>,
    place: Place<'_>,
    text: &'a str,
    notes: &mut Vec<Diagnostic>,
) -> Option<Cow<'a, str>> {
    let Place { position, header: column, .. } = place;
    if field.holds == Holds::Number && Placeholder::read(text).is_none() {
        let number = numbers.read_field(place, &field.name, text, notes);
        return Some(number.map_or(Cow::Borrowed(text), |number| Cow::Owned(plain(number))));
    }
    let mut note = |reason| notes.push(Diagnostic { field: Some(column.to_owned()), reason });
    if matches!(field.holds, Holds::Number | Holds::Date | Holds::YesNo)
        && let Some(placeholder) = Placeholder::read(text)
    {
        note(placeholder.to_string());
        return None;
    }
    match field.holds {
        Holds::Text | Holds::Number => Some(Cow::Borrowed(text)),
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
