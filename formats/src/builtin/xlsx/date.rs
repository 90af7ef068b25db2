//! Numbers of a workbook as text: dates as ISO 8601 has them, and other numbers as people write them.

use jiff::civil::Date;
use jiff::{ToSpan, civil};

use super::styles::Kind;

/// From which day a workbook counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Epoch {
    /// From 1900 on, as if that had been a leap year.
    #[default]
    Year1900,
    /// From 1904 on, as Excel for Mac did.
    Year1904,
}

const DAY: f64 = 86_400.0;

/// The text of a number; as it is written where it is none.
pub(super) fn text(written: &str, kind: &Kind, epoch: Epoch) -> String {
    let written = written.trim();
    let Some(number) = written.parse::<f64>().ok().filter(|number| number.is_finite()) else {
        return written.to_owned();
    };
    let dated = match kind {
        Kind::Number => None,
        Kind::Date => date(number, epoch),
        Kind::Time => time(number),
        Kind::Digits(digits) => digits.show(number),
    };
    dated.unwrap_or_else(|| plain(written, number))
}

/// A number without exponent. Digits of a whole number that are there are kept. Of others Excel shows 15, as what a float has beyond
/// them is noise: 0.1 and 0.2 are 0.30000000000000004.
fn plain(written: &str, number: f64) -> String {
    let is_plain = !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain || number.abs() >= 1e21 {
        return written.to_owned();
    }
    let rounded = format!("{number:.14e}").parse().unwrap_or(number);
    // Rust writes a float with no more digits than tell it from others.
    format!("{rounded}")
}

fn date(number: f64, epoch: Epoch) -> Option<String> {
    let (day, seconds) = split(number)?;
    let first: Date = match epoch {
        Epoch::Year1904 => civil::date(1904, 1, 1),
        // The 29th of February 1900, which never was, is day 60.
        Epoch::Year1900 if day < 60 => civil::date(1899, 12, 31),
        Epoch::Year1900 => civil::date(1899, 12, 30),
    };
    // Day 0 with a time is a time without a day.
    if day == 0 && epoch == Epoch::Year1900 {
        return time(number);
    }
    let date = first.checked_add(day.days()).ok()?;
    Some(if seconds == 0 { date.to_string() } else { format!("{date}T{}", clock(seconds)) })
}

/// A time of day, or more hours than a day has.
fn time(number: f64) -> Option<String> {
    let (day, seconds) = split(number)?;
    Some(clock(day * 86_400 + seconds))
}

/// Whole days, and the seconds of the rest; `None` for what no calendar has.
fn split(number: f64) -> Option<(i64, i64)> {
    // The last day of the year 9999.
    if !(0.0..2_958_466.0).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the number has been found to be small")]
    let seconds = (number * DAY).round() as i64;
    Some((seconds / 86_400, seconds % 86_400))
}

fn clock(seconds: i64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
