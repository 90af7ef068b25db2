//! The date of an event: the fields `year`, `month` and `day`.

use jiff::civil::Date;
use service::{Code, Error};

use crate::form::Form;

/// The date of a form. Errors: a sentence that says which field is wrong, and what would be right.
pub(crate) fn of(form: &Form) -> Result<Date, Error> {
    let missing: Vec<_> = ["year", "month", "day"].into_iter().filter(|name| form.get(name).is_none()).collect();
    let missing = match missing[..] {
        [] => None,
        [one] => Some(format!("{one} is")),
        [one, two] => Some(format!("{one} and {two} are")),
        _ => Some("all three are".to_owned()),
    };
    if let Some(missing) = missing {
        return Err(invalid(format!("an event needs year, month and day; {missing} missing")));
    }
    let year = part(form, "year", "2026")?;
    let month = part(form, "month", "5")?;
    let day = part(form, "day", "8")?;
    if !(1000..=9999).contains(&year) {
        return Err(invalid(format!("the year {year} has not four digits; write it like 2026")));
    }
    let first = i8::try_from(month).ok().and_then(|month| Date::new(year, month, 1).ok());
    let first = first.ok_or_else(|| invalid(format!("there is no month {month}; write 1 to 12")))?;
    i8::try_from(day).ok().and_then(|day| Date::new(year, first.month(), day).ok()).ok_or_else(|| {
        let (month, days) = (first.strftime("%B %Y"), first.days_in_month());
        invalid(format!("there is no day {day} in {month}; write 1 to {days}"))
    })
}

/// A field as a number. Leading zeros are fine, all else but digits is not.
fn part(form: &Form, name: &str, example: &str) -> Result<i16, Error> {
    let text = form.get(name).unwrap_or_default();
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| invalid(format!("\"{text}\" is no {name} in digits; write it like {example}")))
}

fn invalid(message: String) -> Error {
    Error::new(Code::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::{Form, of};

    #[tokio::test]
    async fn dates_are_three_numbers_and_what_is_none_is_explained() {
        for (body, expected) in [
            ("year=2026&month=5&day=8", "2026-05-08"),
            ("year=2024&month=02&day=029", "2024-02-29"),
            ("year=+2026+&month=12&day=31", "2026-12-31"),
            ("year=2026&month=2&day=29", "there is no day 29 in February 2026; write 1 to 28"),
            ("year=2026&month=5&day=0", "there is no day 0 in May 2026; write 1 to 31"),
            ("year=2026&month=5&day=300", "there is no day 300 in May 2026; write 1 to 31"),
            ("year=2026&month=13&day=1", "there is no month 13; write 1 to 12"),
            ("year=2026&month=0&day=1", "there is no month 0; write 1 to 12"),
            ("year=26&month=5&day=8", "the year 26 has not four digits; write it like 2026"),
            ("year=2026&month=May&day=8", "\"May\" is no month in digits; write it like 5"),
            ("year=2026&month=5&day=-8", "\"-8\" is no day in digits; write it like 8"),
            ("year=2026&month=5&day=%2B8", "\"+8\" is no day in digits; write it like 8"),
            ("year=20260&month=5&day=8", "the year 20260 has not four digits; write it like 2026"),
            ("year=99999&month=5&day=8", "\"99999\" is no year in digits; write it like 2026"),
            ("year=2026&day=8", "an event needs year, month and day; month is missing"),
            ("year=+&month=&day=8", "an event needs year, month and day; year and month are missing"),
            ("title=x", "an event needs year, month and day; all three are missing"),
        ] {
            let form = Form::read(None, body.as_bytes()).await.expect("a form");
            let read = of(&form).map_or_else(|error| error.message, |date| date.to_string());
            assert_eq!(read, expected, "{body}");
        }
    }
}
