//! Relative dates in the words of the original: `+1 Week`, `+3 Business Days`, `next monday`.
//!
//! Event templates and the operator `[event:+1 Week:Title]` use them. The original was written
//! in PHP, so the words are those of its `strtotime`:
//!
//! - counts: a number, perhaps with a sign, and a unit: days, weeks, fortnights, months, years, business days (also
//!   called weekdays). A number without a sign is positive, also after a negative one: `-1 week 2 days` is five days
//!   back. `ago` at the end turns all counts around. `next`, `last`, `previous` and `this` before a unit are +1, -1, -1
//!   and 0 (of weeks see below). `a week` and `one week` are no counts, in PHP neither.
//! - one day of the week, in full or with three letters: `monday` and `this monday` are the first Monday that is not
//!   before the start, so perhaps the start itself; `next monday` is the first one after it, `last monday` the last one
//!   before it. `friday next week` is the Friday of the week (Monday to Sunday) after the start's, and `next week` alone
//!   is that week's Monday; `+1 Week` is seven days later.
//! - `today` (also `now`), `tomorrow`, `yesterday`, and one date like `2026-05-25`, which replaces the start.
//!
//! They combine in any order, with blanks or commas between them, and are always counted in this one: the date, the day
//! of the week, years and months, weeks and days, business days. So `+1 day monday` is the day after Monday, as in PHP.
//!
//! Where a user of a CRM expects something else than a user of PHP, it differs:
//!
//! - A month later is never beyond the next month: January 31 `+1 Month` is the last day of February, PHP's is March 3.
//!   The same holds for years and February 29. Years and months are added as one and cut to the month's last day once.
//! - `business days` is what PHP calls `weekdays` only. They are Monday to Friday; no holiday is known. From a weekend,
//!   `+1` is Monday and `-1` is Friday, and `+0` is Monday, too.
//! - `next monday -1 day` is the day before the next Monday, and `last monday +1 day` the day after the last; PHP takes
//!   the start itself for that Monday if it is one.
//! - What is said twice adds up: `+1 week tomorrow` is eight days later, `+1 business day +1 business day` is two; in PHP
//!   `tomorrow` replaces the week, and the last of two counts of business days counts alone.
//! - Two dates, two days of the week, `next monday` together with `next week`, a date that no calendar has
//!   (`2026-02-30`), hours and minutes are refused.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

use crate::error::{Error, Result};
use crate::value::Timestamp;

/// The longest relative date, in bytes.
const TEXT_LIMIT: usize = 200;
/// The largest count of one unit: more days than there are from year 1 to year 9999.
const COUNT_LIMIT: i32 = 9_999_999;

/// How far from a start a date is, or which date it is.
///
/// Its text is canonical: `2026-05-25 next Monday +1 Year -2 Months +1 Week +3 Days +1 Business Day` with what does not
/// count left out, and `today` where nothing is left. Reading that text gives an equal offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offset {
    date: Option<Date>,
    weekday: Option<(Which, Weekday)>,
    years: i32,
    months: i32,
    weeks: i32,
    days: i32,
    /// `Some(0)` counts: it moves a weekend to Monday.
    business_days: Option<i32>,
}

/// Which one of the days of the week of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// The first that is not before the start.
    First,
    /// The first after the start.
    Next,
    /// The last before the start.
    Last,
    /// The one in the start's week, Monday to Sunday.
    ThisWeek,
}

impl Offset {
    /// The date that is so far from the start.
    ///
    /// Errors: [`Error::Invalid`] for a date outside the years 1 to 9999.
    pub fn from(self, start: Date) -> Result<Date> {
        self.counted(start)
            .ok()
            .filter(|date| (1..=9999).contains(&date.year()))
            .ok_or_else(|| Error::invalid("offset", format!("{self} from {start} is not in the years 1 to 9999")))
    }

    fn counted(self, start: Date) -> std::result::Result<Date, jiff::Error> {
        let start = self.date.unwrap_or(start);
        let start = self.weekday.map_or(Ok(start), |(which, weekday)| which.of(weekday, start))?;
        // A span of months and a span of days: jiff cuts to the last day of the month after the months.
        let months = Span::new().try_months(i64::from(self.years) * 12 + i64::from(self.months))?;
        let days = days(i64::from(self.weeks) * 7 + i64::from(self.days))?;
        let date = start.checked_add(months)?.checked_add(days)?;
        self.business_days.map_or(Ok(date), |count| business_days_from(date, count))
    }

    /// Adds to the count of a unit; `None` where it gets too large.
    fn count(&mut self, unit: Unit, count: i32) -> Option<()> {
        let (total, count) = match unit {
            Unit::Day => (&mut self.days, count),
            Unit::Week => (&mut self.weeks, count),
            Unit::Fortnight => (&mut self.weeks, count.checked_mul(2)?),
            Unit::Month => (&mut self.months, count),
            Unit::Year => (&mut self.years, count),
            Unit::BusinessDay => (self.business_days.get_or_insert(0), count),
        };
        *total = total.checked_add(count).filter(|total| total.abs() <= COUNT_LIMIT)?;
        Some(())
    }

    fn set_weekday(&mut self, which: Which, weekday: Weekday) -> Option<()> {
        self.weekday.replace((which, weekday)).is_none().then_some(())
    }

    /// Turns the counts around; a date or a day of the week cannot be turned around.
    fn ago(mut self) -> Option<Self> {
        if self.date.is_some() || self.weekday.is_some() {
            return None;
        }
        for count in [&mut self.years, &mut self.months, &mut self.weeks, &mut self.days] {
            *count = -*count;
        }
        self.business_days = self.business_days.map(|count| -count);
        Some(self)
    }
}

impl Which {
    fn of(self, weekday: Weekday, start: Date) -> std::result::Result<Date, jiff::Error> {
        match self {
            Self::First if start.weekday() == weekday => Ok(start),
            Self::First | Self::Next => start.nth_weekday(1, weekday),
            Self::Last => start.nth_weekday(-1, weekday),
            Self::ThisWeek => {
                let days = weekday.to_monday_zero_offset() - start.weekday().to_monday_zero_offset();
                start.checked_add(i64::from(days).days())
            }
        }
    }
}

fn business_days_from(date: Date, count: i32) -> std::result::Result<Date, jiff::Error> {
    let day = i64::from(date.weekday().to_monday_zero_offset());
    // Working days since this week's Monday. A weekend counts as Friday before and as Monday after the weekend, so that
    // the first step forth or back leaves it.
    let start = match day {
        0..=4 => day,
        _ if count > 0 => 4,
        _ => 5,
    };
    let end = start + i64::from(count);
    date.checked_add(days(end.div_euclid(5) * 7 + end.rem_euclid(5) - day)?)
}

fn days(count: i64) -> std::result::Result<Span, jiff::Error> {
    Span::new().try_days(count)
}

/// When something is: on a day, or at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// All of a day, in whatever time zone (a date without a time is a date).
    Day(Date),
    /// A moment.
    At(Timestamp),
}

/// The moment of a date's time of day on the clocks of a zone; a date without a time stays a date.
///
/// A time that the clocks skip when summer time begins is as much later as they skip: 02:30 becomes 03:30. Of a time
/// that comes twice when it ends, the first is meant (RFC 5545 section 3.3.5 asks for both).
///
/// Errors: [`Error::Invalid`] for a moment that is not in the years -9999 to 9999 in UTC.
pub fn moment(date: Date, time_of_day: Option<Time>, zone: &TimeZone) -> Result<Moment> {
    let Some(time) = time_of_day else {
        return Ok(Moment::Day(date));
    };
    let moment = zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible();
    let moment =
        moment.map_err(|_| Error::invalid("offset", format!("{date} is beyond the dates that can be kept")))?;
    Ok(Moment::At(moment.into()))
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.date.iter().map(ToString::to_string).collect();
        parts.extend(self.weekday.map(|(which, weekday)| match which {
            Which::First => format!("{weekday:?}"),
            Which::Next => format!("next {weekday:?}"),
            Which::Last => format!("last {weekday:?}"),
            Which::ThisWeek => format!("{weekday:?} this week"),
        }));
        let counts =
            [(self.years, "Year"), (self.months, "Month"), (self.weeks, "Week"), (self.days, "Day")].into_iter();
        let counts = counts.filter(|(count, _)| *count != 0);
        let business_days = self.business_days.map(|count| (count, "Business Day"));
        parts.extend(counts.chain(business_days).map(|(count, unit)| {
            let plural = if count.abs() == 1 { "" } else { "s" };
            format!("{count:+} {unit}{plural}")
        }));
        if parts.is_empty() {
            return f.write_str("today");
        }
        f.write_str(&parts.join(" "))
    }
}

/// Reads the words above, in any case.
///
/// Errors: [`Error::Invalid`] that says what would have been right.
impl FromStr for Offset {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.len() > TEXT_LIMIT {
            return Err(Error::invalid("offset", format!("a relative date has at most {TEXT_LIMIT} bytes")));
        }
        read(text).ok_or_else(|| {
            let right = "write +1 Week, -2 Days, +1 Month, +1 Year, +3 Business Days (each count up to 9999999), \
                         monday, next monday, last friday, today, tomorrow, yesterday or a date like 2026-05-25";
            Error::invalid("offset", format!("{:?} is not a relative date; {right}", text.trim()))
        })
    }
}

/// A unit that can be counted.
#[derive(Clone, Copy)]
enum Unit {
    Day,
    Week,
    Fortnight,
    Month,
    Year,
    BusinessDay,
}

/// A piece of a relative date, in lower case.
#[derive(Clone, Copy)]
enum Token<'a> {
    Date(Date),
    Number(i32),
    Word(&'a str),
}

fn read(text: &str) -> Option<Offset> {
    let text = text.to_ascii_lowercase();
    match tokens(&text)?.as_slice() {
        [] | [Token::Word("ago")] => None,
        [counts @ .., Token::Word("ago")] => steps(counts)?.ago(),
        all => steps(all),
    }
}

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let is_blank = |c: char| c.is_whitespace() || c == ',';
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while let Some(first) = rest.chars().next() {
        let token;
        (token, rest) = if first.is_ascii_alphabetic() {
            let (word, rest) = split_while(rest, |c| c.is_ascii_alphabetic());
            (Token::Word(word), rest)
        } else if let Some((date, rest)) = leading_date(rest) {
            (Token::Date(date), rest)
        } else {
            let (number, rest) = leading_number(rest)?;
            (Token::Number(number), rest)
        };
        tokens.push(token);
        rest = rest.trim_start_matches(is_blank);
    }
    Some(tokens)
}

fn leading_date(text: &str) -> Option<(Date, &str)> {
    let (date, rest) = text.split_at_checked(10)?;
    let ends = !rest.starts_with(|c: char| c.is_ascii_digit());
    Some((iso_date(date).filter(|_| ends)?, rest))
}

fn leading_number(text: &str) -> Option<(i32, &str)> {
    let (sign, unsigned) = match text.strip_prefix(['+', '-']) {
        Some(unsigned) if text.starts_with('-') => (-1, unsigned),
        Some(unsigned) => (1, unsigned),
        None => (1, text),
    };
    let (digits, rest) = split_while(unsigned.trim_start(), |c| c.is_ascii_digit());
    let count: i32 = digits.parse().ok().filter(|count| *count <= COUNT_LIMIT)?;
    Some((sign * count, rest))
}

fn split_while(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn steps(mut tokens: &[Token<'_>]) -> Option<Offset> {
    let mut offset = Offset::default();
    let names_week = tokens
        .windows(2)
        .any(|pair| matches!(pair, [Token::Word("this" | "next" | "last" | "previous"), Token::Word("week")]));
    while !tokens.is_empty() {
        tokens = step(&mut offset, tokens)?;
    }
    if names_week {
        offset.weekday = match offset.weekday {
            None => Some((Which::ThisWeek, Weekday::Monday)),
            Some((Which::First, weekday)) => Some((Which::ThisWeek, weekday)),
            Some(_) => return None,
        };
    }
    Some(offset)
}

/// Takes one step off the front of the tokens.
fn step<'s, 't>(offset: &mut Offset, tokens: &'s [Token<'t>]) -> Option<&'s [Token<'t>]> {
    use Token::{Date, Number, Word};
    match tokens {
        [Date(date), rest @ ..] => offset.date.replace(*date).is_none().then_some(rest),
        [Number(count), Word("business"), Word("day" | "days"), rest @ ..] => {
            offset.count(Unit::BusinessDay, *count)?;
            Some(rest)
        }
        [Number(count), Word(word), rest @ ..] => {
            offset.count(unit(word)?, *count)?;
            Some(rest)
        }
        [Word("today" | "now"), rest @ ..] => Some(rest),
        [Word("tomorrow"), rest @ ..] => {
            offset.count(Unit::Day, 1)?;
            Some(rest)
        }
        [Word("yesterday"), rest @ ..] => {
            offset.count(Unit::Day, -1)?;
            Some(rest)
        }
        [Word("next"), rest @ ..] => relative(offset, Which::Next, 1, rest),
        [Word("last" | "previous"), rest @ ..] => relative(offset, Which::Last, -1, rest),
        [Word("this"), rest @ ..] => relative(offset, Which::First, 0, rest),
        [Word(word), rest @ ..] => {
            offset.set_weekday(Which::First, weekday(word)?)?;
            Some(rest)
        }
        _ => None,
    }
}

/// What follows `next`, `last` or `this`: a day of the week or one unit.
fn relative<'s, 't>(offset: &mut Offset, which: Which, count: i32, tokens: &'s [Token<'t>]) -> Option<&'s [Token<'t>]> {
    match tokens {
        [Token::Word("business"), Token::Word("day"), rest @ ..] => {
            offset.count(Unit::BusinessDay, count)?;
            Some(rest)
        }
        [Token::Word(word), rest @ ..] => {
            if let Some(weekday) = weekday(word) {
                offset.set_weekday(which, weekday)?;
            } else {
                offset.count(unit(word)?, count)?;
            }
            Some(rest)
        }
        _ => None,
    }
}

fn unit(word: &str) -> Option<Unit> {
    Some(match word.strip_suffix('s').unwrap_or(word) {
        "day" => Unit::Day,
        "week" => Unit::Week,
        "fortnight" => Unit::Fortnight,
        "month" => Unit::Month,
        "year" => Unit::Year,
        "weekday" => Unit::BusinessDay,
        _ => return None,
    })
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" | "mon" => Weekday::Monday,
        "tuesday" | "tue" => Weekday::Tuesday,
        "wednesday" | "wed" => Weekday::Wednesday,
        "thursday" | "thu" => Weekday::Thursday,
        "friday" | "fri" => Weekday::Friday,
        "saturday" | "sat" => Weekday::Saturday,
        "sunday" | "sun" => Weekday::Sunday,
        _ => return None,
    })
}

/// A date written as `2026-05-25` and not otherwise, in the years 1 to 9999 (ISO 8601, calendar date, extended format).
pub(crate) fn iso_date(text: &str) -> Option<Date> {
    let dashed = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    text.parse().ok().filter(|date: &Date| dashed && date.year() >= 1)
}

#[cfg(test)]
mod tests;
