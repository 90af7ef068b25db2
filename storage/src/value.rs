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

    /// The day of the moment in UTC.
    pub fn day(self) -> Day {
        Day(self.in_zone(TimeZone::UTC).date())
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

/// A day of the calendar, stored as `2026-05-25`, so that its order is that of its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
#[sea_orm(value_type = "String")]
pub struct Day(pub jiff::civil::Date);

/// A text that is no day between the years 0 and 9999.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a day; write it like 2026-05-25")]
pub struct InvalidDay(String);

impl Day {
    /// Midnight at its beginning in a time zone, or the first moment after a gap.
    pub fn start(self, zone: &TimeZone) -> Timestamp {
        let midnight = self.0.to_zoned(zone.clone()).map(|zoned| zoned.timestamp());
        // Only the last days of jiff's range have no such moment.
        midnight.unwrap_or(jiff::Timestamp::MAX).into()
    }

    /// The next day; the last day of the calendar is its own.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.tomorrow().unwrap_or(self.0))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Reads `2026-05-25` (RFC 3339 section 5.6, full-date), and nothing else.
impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let well_formed = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let date = text.parse().ok().filter(|_| well_formed);
        date.map(Self).ok_or_else(|| InvalidDay(text.to_owned()))
    }
}

/// A time of the day in whole minutes, stored as `18:15`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
#[sea_orm(value_type = "String")]
pub struct TimeOfDay(pub jiff::civil::Time);

/// A text that is no time of the day.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a time of the day; write it like 18:15")]
pub struct InvalidTimeOfDay(String);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

/// Reads `18:15`, and nothing else.
impl FromStr for TimeOfDay {
    type Err = InvalidTimeOfDay;

    fn from_str(text: &str) -> Result<Self, InvalidTimeOfDay> {
        let number = |digits: &str| digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
        let time = text
            .split_once(':')
            .filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2)
            .and_then(|(hour, minute)| jiff::civil::Time::new(number(hour)?, number(minute)?, 0, 0).ok());
        time.map(Self).ok_or_else(|| InvalidTimeOfDay(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Day, Decimal, TimeOfDay};

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
    #[test]
    fn days_and_times_read_and_write() {
        for text in ["2026-05-25", "0001-01-01", "9999-12-31", "2024-02-29"] {
            assert_eq!(text.parse::<Day>().expect(text).to_string(), text);
        }
        for text in ["2026-5-25", "2026-02-29", "20260525", "2026-05-25T00:00", "-2026-05-2", ""] {
            assert!(text.parse::<Day>().is_err(), "{text:?}");
        }
        for text in ["00:00", "18:15", "23:59"] {
            assert_eq!(text.parse::<TimeOfDay>().expect(text).to_string(), text);
        }
        for text in ["24:00", "6:15", "18:60", "18.15", "+1:15", ""] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text:?}");
        }
    }
}
