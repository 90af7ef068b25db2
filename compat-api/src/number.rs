//! Numbers as people write them in forms: `.25`, `25%`, `$5,000.00`.

/// A number without currency sign and thousands separators, `None` where there is none; what it means is for GraphQL's
/// `Decimal` to check.
pub(crate) fn value(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '$' | '€' | '£' | ',') && !c.is_whitespace()).collect()
}

/// A probability: between 0 and 1, or with a `%`. A bare `25` stays 25 and is refused further down.
pub(crate) fn probability(text: &str) -> String {
    let number = value(text);
    match number.strip_suffix('%') {
        Some(percent) => hundredth(percent),
        None => number,
    }
}

/// Moves the decimal point two places to the left.
fn hundredth(number: &str) -> String {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() || !whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit()) {
        return number.to_owned() + "%";
    }
    let whole = format!("{whole:0>3}");
    let (hundreds, cents) = whole.split_at(whole.len() - 2);
    format!("{hundreds}.{cents}{part}")
}

#[cfg(test)]
mod tests {
    use super::{probability, value};

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, number) in [("5000", "5000"), ("$5,000.00", "5000.00"), (" 1 000 € ", "1000"), ("abc", "abc")] {
            assert_eq!(value(text), number);
        }
        for (text, number) in [
            (".25", ".25"),
            ("25%", "0.25"),
            ("7.5 %", "0.075"),
            ("100%", "1.00"),
            ("25", "25"),
            ("x%", "x%"),
            ("%", "%"),
        ] {
            assert_eq!(probability(text), number);
        }
    }
}
