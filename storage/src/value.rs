//! Values that both databases store as a 64-bit integer: decimals with four places and moments in time.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use sea_orm::DeriveValueType;

/// Ten thousand: the scale of [`Decimal`].
const SCALE: i64 = 10_000;

/// A decimal number with four places, for money and probability, stored as `BIGINT` scaled by 10,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Decimal(i64);

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One: the largest probability.
    pub const ONE: Self = Self(SCALE);

    /// The number of ten-thousandths.
    pub fn scaled(self) -> i64 {
        self.0
    }

    /// The decimal of so many ten-thousandths.
    pub fn from_scaled(scaled: i64) -> Self {
        Self(scaled)
    }
}

/// Writes the number without trailing zeros: `5000`, `0.25`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let scaled = self.0.unsigned_abs();
        let (whole, part) = (scaled / SCALE.unsigned_abs(), scaled % SCALE.unsigned_abs());
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        let part = format!("{part:04}");
        write!(f, "{sign}{whole}.{}", part.trim_end_matches('0'))
    }
}

/// A text that is no decimal number with at most four places.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a number with at most four decimal places; write it like 5000 or 0.25")]
pub struct InvalidDecimal(String);

/// Reads `5000`, `-3.5`, `.25` and `5000.00`; zeros beyond the fourth place are fine, other digits there are not.
impl FromStr for Decimal {
    type Err = InvalidDecimal;

    fn from_str(text: &str) -> Result<Self, InvalidDecimal> {
        parse_scaled(text.trim()).map(Self).ok_or_else(|| InvalidDecimal(text.to_owned()))
    }
}

fn parse_scaled(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = part.trim_end_matches('0');
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > 4 || !digits.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: i64 = format!("{part:0<4}").parse().ok()?;
    let scaled = whole.checked_mul(SCALE)?.checked_add(part)?;
    Some(if negative { -scaled } else { scaled })
}

/// A moment in UTC with microseconds, stored as `BIGINT` microseconds since 1970-01-01T00:00:00Z: the same bytes and
/// the same order on both databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The current time of the machine's clock.
    pub fn now() -> Self {
        jiff::Timestamp::now().into()
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn microseconds(self) -> i64 {
        self.0
    }

    /// The moment so many microseconds after 1970-01-01T00:00:00Z.
    pub fn from_microseconds(microseconds: i64) -> Self {
        Self(microseconds)
    }

    /// The same moment on the clocks of a time zone.
    pub fn in_zone(self, zone: TimeZone) -> jiff::Zoned {
        jiff::Timestamp::from(self).to_zoned(zone)
    }

    /// The moment so many seconds later.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }
}

/// A value outside jiff's range (years -9999 to 9999), which no clock gives, becomes the end of that range.
impl From<Timestamp> for jiff::Timestamp {
    fn from(timestamp: Timestamp) -> Self {
        let end = if timestamp.0 < 0 { Self::MIN } else { Self::MAX };
        Self::from_microsecond(timestamp.0).unwrap_or(end)
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn decimals_read_and_write() {
        for (text, written) in [
            ("5000", "5000"),
            ("5000.00", "5000"),
            (".25", "0.25"),
            ("-3.5", "-3.5"),
            ("0.0001", "0.0001"),
            ("1.230000", "1.23"),
            (" 7 ", "7"),
        ] {
            let decimal: Decimal = text.parse().expect(text);
            assert_eq!(decimal.to_string(), written);
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in ["", ".", "-", "abc", "1,5", "1.23456", "1e3", "--1", "99999999999999999", "٣"] {
            assert!(text.parse::<Decimal>().is_err(), "{text:?}");
        }
    }
}
