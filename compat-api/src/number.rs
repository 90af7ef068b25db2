//! Numbers as people write them in forms: `.25`, `25%`, `$5,000.00`.
//!
//! Files have a reader of their own, which takes more (`5 000,50 €`, `(1,200)`, `1e3`) because a column tells what a comma means, and a
//! plan is looked at before it is applied. A form has one number, old scripts rely on what is refused here, and a value that is another
//! than was meant would stay unseen: so the two differ on purpose.

use service::{Code, Error};

/// How many ten-thousandths one is: GraphQL's `Decimal` has four places.
const SCALE: u64 = 10_000;
const CURRENCY: [char; 3] = ['$', '€', '£'];

/// An amount for GraphQL. What a comma means is never guessed: `1,5` and `5.000,00` are refused.
/// `field` is the name of the field that holds it.
pub(crate) fn value(field: &str, text: &str) -> Result<String, Error> {
    amount(text).map(Amount::text).ok_or_else(|| unreadable(text, field, "5000 or 5,000.00"))
}

/// A probability for GraphQL: between 0 and 1, or with a `%`. A bare `25` stays 25 and is refused further down.
pub(crate) fn probability(text: &str) -> Result<String, Error> {
    let read = match text.trim().strip_suffix('%') {
        Some(percent) => amount(percent).and_then(Amount::hundredth),
        None => amount(text),
    };
    read.map(Amount::text).ok_or_else(|| unreadable(text, "probability", ".25 or 25%"))
}

/// A number of ten-thousandths.
#[derive(Clone, Copy)]
struct Amount {
    negative: bool,
    scaled: u64,
}

impl Amount {
    /// `None` where that has more than four places.
    fn hundredth(self) -> Option<Self> {
        self.scaled.is_multiple_of(100).then_some(Self { scaled: self.scaled / 100, ..self })
    }

    fn text(self) -> String {
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{}.{:04}", self.scaled / SCALE, self.scaled % SCALE)
    }
}

/// Reads a number with an optional sign and an optional currency sign, which stands before or after it.
fn amount(text: &str) -> Option<Amount> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let number = text.strip_prefix(CURRENCY).or_else(|| text.strip_suffix(CURRENCY)).unwrap_or(text);
    Some(Amount { negative, scaled: scaled(number.trim())? })
}

/// The ten-thousandths of `5000`, `.25`, `5.` or `5,000.00`; `None` also for more places and for more than fits.
fn scaled(number: &str) -> Option<u64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let (whole, places) = (without_separators(whole)?, part.trim_end_matches('0'));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && part.is_empty() || !digits(&whole) || !digits(part) || places.len() > 4 {
        return None;
    }
    let scaled = format!("{whole}{places:0<4}").parse().ok()?;
    i64::try_from(scaled).is_ok().then_some(scaled)
}

/// A comma separates thousands where there are one to three digits before the first and three after each.
fn without_separators(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let mut groups = groups.peekable();
    let separated = groups.peek().is_some();
    if separated && !(1..=3).contains(&first.len()) || groups.any(|group| group.len() != 3) {
        return None;
    }
    Some(whole.replace(',', ""))
}

fn unreadable(text: &str, field: &str, examples: &str) -> Error {
    let message = format!("\"{text}\" is not a number that can be read as {field}; write it like {examples}.");
    Error::new(Code::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::{probability, value};

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, number) in [
            ("5000", "5000.0000"),
            ("$5,000.00", "5000.0000"),
            (" 1000 € ", "1000.0000"),
            ("-£ 12.5", "-12.5000"),
            ("+7", "7.0000"),
            ("5.", "5.0000"),
            (".25", "0.2500"),
            ("5.000", "5.0000"),
            ("1,234,567.8900", "1234567.8900"),
            ("1.230000", "1.2300"),
            ("922337203685477.5807", "922337203685477.5807"),
        ] {
            assert_eq!(value("value", text).ok().as_deref(), Some(number), "{text}");
        }
        for (text, number) in [
            (".25", "0.2500"),
            ("25%", "0.2500"),
            ("7.5 %", "0.0750"),
            ("100%", "1.0000"),
            ("25", "25.0000"),
            ("-1%", "-0.0100"),
        ] {
            assert_eq!(probability(text).ok().as_deref(), Some(number), "{text}");
        }
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        for text in [
            "1,5",
            "5.000,00",
            "5,00",
            "5000,000",
            "1,2345",
            "1,23,456",
            ",500",
            "1,,000",
            "5.0,00",
            "1.2.3",
            "1 000",
            "much",
            "$",
            ".",
            ",",
            "-",
            "--5",
            "$5$",
            "5 USD",
            "1e3",
            "1.23456",
            "922337203685477.5808",
            "99999999999999999999999",
            "٣",
            "25%",
        ] {
            let message = value("value", text).err().map(|refusal| refusal.message);
            let expected =
                format!("\"{text}\" is not a number that can be read as value; write it like 5000 or 5,000.00.");
            assert_eq!(message, Some(expected));
        }
        for text in ["x%", "%", "2,5%", "25%%", "0,25", "7.555%"] {
            let message = probability(text).err().map(|refusal| refusal.message);
            let expected =
                format!("\"{text}\" is not a number that can be read as probability; write it like .25 or 25%.");
            assert_eq!(message, Some(expected));
        }
    }
}
