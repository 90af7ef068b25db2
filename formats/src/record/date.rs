//! Dates and times as people and programs write them, in seven languages. Whether the day or the month comes first in `3/4/2026`
//! nobody can tell from one date: the reader says which order holds, and what the date itself tells is noted.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use super::Moment;
use crate::DateOrder;
use crate::headers::words::folded;

/// Reads a date: `2026-05-25`, `20260525`, `25.05.2026`, `25 May 2026`, `May 25, 2026` and, in the order that holds, `25/05/2026`,
/// `5/25/2026` or `05-25-26`; a time after it is passed over. `None` where it is no date, or none in that order. Years of two
/// digits are those from 1969 to 2068; after dots the month always comes second.
///
/// ```
/// use formats::{DateOrder, read_date};
/// let april = read_date("3/4/2026", DateOrder::DayFirst).unwrap();
/// assert_eq!(april.to_string(), "2026-04-03");
/// assert_eq!(read_date("25/4/2026", DateOrder::MonthFirst), None);
/// ```
pub fn read_date(text: &str, order: DateOrder) -> Option<Date> {
    moment(text)?.day.in_order(order)
}

/// What a text says of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) day: Day,
    pub(crate) time: Option<Time>,
    offset: Option<Offset>,
}

impl Found {
    /// The moment, with the day in the order that holds.
    pub(crate) fn moment(self, order: DateOrder) -> Option<Moment> {
        let date = self.day.in_order(order)?;
        let Some(time) = self.time else { return Some(Moment::Day(date)) };
        let local = DateTime::from_parts(date, time);
        match self.offset {
            Some(offset) => offset.to_timestamp(local).ok().map(Moment::At),
            None => Some(Moment::Local(local)),
        }
    }
}

/// A day, as far as its text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Day {
    /// The order of day and month does not matter, or is said.
    Sure(Date),
    /// Only with the day first it is a date.
    Dmy(Date),
    /// Only with the month first it is a date.
    Mdy(Date),
    /// It could be either.
    Either { day_first: Date, month_first: Date },
}

impl Day {
    pub(crate) fn in_order(self, order: DateOrder) -> Option<Date> {
        match (self, order) {
            (Day::Sure(date), _)
            | (Day::Dmy(date) | Day::Either { day_first: date, .. }, DateOrder::DayFirst)
            | (Day::Mdy(date) | Day::Either { month_first: date, .. }, DateOrder::MonthFirst) => Some(date),
            _ => None,
        }
    }

    /// The date where nobody has said an order: what is a date in one order only is that, and else the day comes first.
    pub(crate) fn likely(self) -> DateOrder {
        if matches!(self, Day::Mdy(_)) { DateOrder::MonthFirst } else { DateOrder::DayFirst }
    }
}

/// Reads a date with perhaps a time and an offset.
pub(crate) fn moment(text: &str) -> Option<Found> {
    // No date is longer, and what is read word by word must end somewhere.
    const LONGEST: usize = 100;
    let (day, rest) = day(Some(text.trim()).filter(|text| text.len() <= LONGEST)?)?;
    let rest = rest.trim_start_matches([',', ' ', '\u{a0}', '\u{202f}']);
    let rest = rest.strip_prefix(['T', 't']).unwrap_or(rest);
    if rest.is_empty() {
        return Some(Found { day, time: None, offset: None });
    }
    let rest = ["at ", "um ", "à ", "a las ", "alle ore ", "alle ", "ore ", "às ", "om "]
        .into_iter()
        .find_map(|word| rest.strip_prefix(word))
        .unwrap_or(rest);
    let (time, rest) = clock(rest)?;
    let offset = match rest.trim() {
        "" => None,
        zone => Some(offset(zone)?),
    };
    Some(Found { day, time: Some(time), offset })
}

/// Reads a time of day: `14:00`, `2:00 PM`, `14.00`, `14h30`, with or without seconds.
pub(crate) fn time(text: &str) -> Option<Time> {
    let (time, rest) = clock(text.trim())?;
    rest.trim().is_empty().then_some(time)
}

/// The day at the start of a text, and what follows it.
fn day(text: &str) -> Option<(Day, &str)> {
    let (first, rest) = digits(text);
    match first.len() {
        8 => {
            let date = date(number(&first[..4])?, number(&first[4..6])?, number(&first[6..])?)?;
            Some((Day::Sure(date), rest))
        }
        4 => year_first(number(first)?, rest),
        1 | 2 => match rest.chars().next()? {
            separator @ ('/' | '-' | '.') if matches!(digits(&rest[1..]).0.len(), 1 | 2) => {
                numeric(number(first)?, separator, &rest[1..])
            }
            _ => day_then_month(number(first)?, rest),
        },
        0 => word_first(text),
        _ => None,
    }
}

/// `2026-05-25`, `2026/05/25`, `2026.05.25`, `2026 May 25`.
fn year_first(year: i16, rest: &str) -> Option<(Day, &str)> {
    let separator = rest.chars().next().filter(|char| "-/. ".contains(*char))?;
    let (month, after) = digits(&rest[1..]);
    if month.is_empty() {
        let (month, after) = month_name(&rest[1..])?;
        let (day, after) = digits(after.trim_start_matches([' ', '.', '-', '/']));
        return Some((Day::Sure(date(year, month, number(day)?)?), after));
    }
    let (day, after) = digits(after.strip_prefix(separator)?);
    let is_plain = month.len() <= 2 && day.len() <= 2;
    is_plain.then_some(())?;
    Some((Day::Sure(date(year, number(month)?, number(day)?)?), after))
}

/// `25.05.2026`, `25/05/2026`, `5/25/26`, `05-25-2026`.
fn numeric(first: i16, separator: char, rest: &str) -> Option<(Day, &str)> {
    let (second, rest) = digits(rest);
    let (year, rest) = digits(rest.strip_prefix(separator)?);
    let (second, year) = (number(second)?, full_year(year)?);
    let (day_first, month_first) = (date(year, second, first), date(year, first, second));
    let day = match (day_first, month_first) {
        (Some(date), _) if separator == '.' => Day::Sure(date),
        _ if separator == '.' => return None,
        (Some(day_first), Some(month_first)) if day_first == month_first => Day::Sure(day_first),
        (Some(day_first), Some(month_first)) => Day::Either { day_first, month_first },
        (Some(date), None) => Day::Dmy(date),
        (None, Some(date)) => Day::Mdy(date),
        (None, None) => return None,
    };
    Some((day, rest))
}

/// `25 May 2026`, `25. Mai 2026`, `25-May-26`, `25 de mayo de 2026`, `1er mai 2026`, `25th May 2026`.
fn day_then_month(day: i16, rest: &str) -> Option<(Day, &str)> {
    let ordinal = ["st", "nd", "rd", "th", "er", "º", "°", "ª"].into_iter().find_map(|mark| rest.strip_prefix(mark));
    let (month, rest) = month_name(after_filler(ordinal.unwrap_or(rest)))?;
    let (year, rest) = digits(after_filler(rest));
    Some((Day::Sure(date(full_year(year)?, month, day)?), rest))
}

/// `May 25, 2026`, perhaps after the day of the week; `Mon, 25 May 2026`.
fn word_first(text: &str) -> Option<(Day, &str)> {
    // `mar` is also a day of the week.
    if let Some(found) = month_then_day(text) {
        return Some(found);
    }
    let end = text.find(|char: char| !char.is_alphabetic() && char != '-').filter(|end| *end > 1)?;
    let rest = after_filler(&text[end..]);
    let names_a_day = rest.starts_with(|char: char| char.is_ascii_digit()) || month_name(rest).is_some();
    if names_a_day { day(rest) } else { None }
}

fn month_then_day(text: &str) -> Option<(Day, &str)> {
    let (month, rest) = month_name(text)?;
    let (day, rest) = digits(after_filler(rest));
    let ordinal = ["st", "nd", "rd", "th"].into_iter().find_map(|mark| rest.strip_prefix(mark));
    let (year, rest) = digits(after_filler(ordinal.unwrap_or(rest)));
    Some((Day::Sure(date(full_year(year)?, month, number(day)?)?), rest))
}

/// What follows the marks and words between the parts of a written date.
fn after_filler(text: &str) -> &str {
    let text = text.trim_start_matches([' ', '\u{a0}', '.', ',', '-', '/']);
    let filler = ["de ", "del ", "of ", "di "].into_iter().find_map(|word| text.strip_prefix(word));
    filler.unwrap_or(text).trim_start()
}

/// The month whose name a text begins with, in full or cut to at least three letters, and what follows it.
fn month_name(text: &str) -> Option<(i16, &str)> {
    const NAMES: [&[&str]; 12] = [
        &["january", "januar", "janner", "janvier", "enero", "gennaio", "janeiro", "januari"],
        &["february", "februar", "feber", "fevrier", "febrero", "febbraio", "fevereiro", "februari"],
        &["march", "marz", "maerz", "mars", "marzo", "marco", "maart", "mrz", "mrt"],
        &["april", "avril", "abril", "aprile"],
        &["may", "mai", "mayo", "maggio", "maio", "mei"],
        &["june", "juni", "juin", "junio", "giugno", "junho"],
        &["july", "juli", "juillet", "julio", "luglio", "julho"],
        &["august", "aout", "agosto", "augustus"],
        &["september", "septembre", "septiembre", "setiembre", "settembre", "setembro"],
        &["october", "oktober", "octobre", "octubre", "ottobre", "outubro"],
        &["november", "novembre", "noviembre", "novembro"],
        &["december", "dezember", "decembre", "diciembre", "dicembre", "dezembro"],
    ];
    let end = text.find(|char: char| !char.is_alphabetic()).unwrap_or(text.len());
    let word = folded(&text[..end]);
    let is_meant = |name: &&str| name.starts_with(&word) && (word.len() > 2);
    let mut months = (1..).zip(NAMES).filter(|(_, names)| names.iter().any(is_meant)).map(|(month, _)| month);
    let month = months.next()?;
    // `ma` and the like could be two.
    months.next().is_none().then_some((month, &text[end..]))
}

/// The time at the start of a text, and what follows it.
fn clock(text: &str) -> Option<(Time, &str)> {
    let (hour, mut rest) = digits(text);
    let hour: i16 = number(hour).filter(|_| hour.len() <= 2)?;
    let (mut minute, mut second, mut nanosecond, mut is_bare) = (0, 0, 0, true);
    if let Some(after) = rest.strip_prefix([':', '.', 'h', 'H']) {
        let (digits_of_minute, after_minute) = digits(after);
        if digits_of_minute.len() == 2 {
            (minute, rest) = (number(digits_of_minute)?, after_minute);
            if let Some(after) = rest.strip_prefix([':', '.']) {
                let (digits_of_second, after) = digits(after);
                (second, rest) = (number(digits_of_second).filter(|_| digits_of_second.len() == 2)?, after);
                if let Some(fraction) = rest.strip_prefix(['.', ',']) {
                    let (digits_of_fraction, after) = digits(fraction);
                    (nanosecond, rest) = (nanoseconds(digits_of_fraction)?, after);
                }
            }
        } else if digits_of_minute.is_empty() && rest.starts_with(['h', 'H']) {
            rest = after;
        } else {
            return None;
        }
        is_bare = false;
    }
    let folded_rest = rest.trim_start().to_ascii_lowercase();
    let halves = [("a.m.", false), ("p.m.", true), ("am", false), ("pm", true)];
    let half = halves.into_iter().find(|(word, _)| folded_rest.starts_with(word));
    let hour = match half {
        Some((word, is_afternoon)) if (1..=12).contains(&hour) => {
            rest = &rest.trim_start()[word.len()..];
            hour % 12 + if is_afternoon { 12 } else { 0 }
        }
        // `14:00 PM`, as some programs write.
        Some((word, true)) => {
            rest = &rest.trim_start()[word.len()..];
            hour
        }
        Some(_) => return None,
        None if is_bare => return None,
        None => hour,
    };
    let rest =
        ["Uhr", "uhr", "uur", "h"].into_iter().find_map(|word| rest.trim_start().strip_prefix(word)).unwrap_or(rest);
    let small = |value: i16| i8::try_from(value).ok();
    let time = Time::new(small(hour)?, small(minute)?, small(second)?, nanosecond).ok()?;
    Some((time, rest))
}

/// The nanoseconds that stand as digits behind a point.
fn nanoseconds(digits: &str) -> Option<i32> {
    let digits = &digits[..digits.len().min(9)];
    let scale = u32::try_from(9 - digits.len()).ok()?;
    digits.parse::<i32>().ok().map(|number| number * 10_i32.pow(scale))
}

/// `Z`, `+02:00`, `-0530`, `+02`.
fn offset(text: &str) -> Option<Offset> {
    if matches!(text, "Z" | "z" | "UTC" | "GMT") {
        return Some(Offset::UTC);
    }
    let sign = if text.starts_with('+') { 1 } else { -1 };
    let (hours, rest) = digits(text.strip_prefix(['+', '-'])?);
    let (hours, minutes) = match hours.len() {
        4 if rest.is_empty() => hours.split_at(2),
        2 if rest.is_empty() => (hours, "0"),
        2 => (hours, rest.strip_prefix(':').filter(|minutes| minutes.len() == 2)?),
        _ => return None,
    };
    let seconds = i32::from(number(hours)?) * 3600 + i32::from(number(minutes).filter(|minutes| *minutes < 60)?) * 60;
    Offset::from_seconds(sign * seconds).ok()
}

fn full_year(digits: &str) -> Option<i16> {
    let year = number(digits)?;
    match (digits.len(), year) {
        (4, year) => Some(year),
        (2, year @ 0..=68) => Some(2000 + year),
        (2, year) => Some(1900 + year),
        _ => None,
    }
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The digits at the start of a text, and what follows them.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

fn number(digits: &str) -> Option<i16> {
    digits.parse().ok().filter(|_| digits.len() <= 4)
}

#[cfg(test)]
mod tests {
    use super::{moment, read_date};
    use crate::DateOrder::{DayFirst, MonthFirst};
    use crate::Moment;

    #[test]
    fn dates_are_read_in_many_dresses() {
        let all = [
            "2026-05-25",
            "2026-5-25",
            "2026/05/25",
            "2026.05.25",
            "20260525",
            "25.05.2026",
            "25.5.26",
            "25. Mai 2026",
            "25 May 2026",
            "May 25, 2026",
            "May 25th, 2026",
            "25-May-2026",
            "25/mai/26",
            "Mon, 25 May 2026",
            "lunedì 25 maggio 2026",
            "mar. 25 may 2026",
            "25 de mayo de 2026",
            "25 de maio de 2026",
            "25 mei 2026",
            "2026 May 25",
            "Monday, May 25, 2026",
            "segunda-feira, 25 de maio de 2026",
            "25/05/2026",
            "25-05-2026",
        ];
        for text in all {
            let date = read_date(text, DayFirst).map(|date| date.to_string());
            assert_eq!(date.as_deref(), Some("2026-05-25"), "{text}");
        }
        for text in ["5/25/2026", "05-25-2026", "5/25/26", "25.05.2026", "2026-05-25T14:00:00Z"] {
            let date = read_date(text, MonthFirst).map(|date| date.to_string());
            assert_eq!(date.as_deref(), Some("2026-05-25"), "{text}");
        }
        let months = [
            "1 janv. 2026",
            "1 févr. 2026",
            "1. März 2026",
            "1 abr 2026",
            "1 mag 2026",
            "1 giu 2026",
            "1 juil. 2026",
            "1 août 2026",
            "1 set 2026",
            "1 okt. 2026",
            "1 nov 2026",
            "1 dic 2026",
        ];
        for (month, text) in (1..).zip(months) {
            assert_eq!(read_date(text, DayFirst).map(jiff::civil::Date::month), Some(month), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        let none = [
            "",
            "soon",
            "2026",
            "25.05",
            "31.02.2026",
            "13/13/2026",
            "5.25.2026",
            "46167",
            "0/0/00",
            "2026-05-25 noon",
            "25 Ma 2026",
            "2026-05-25T25:00",
            "1/2/3",
            "may",
            "25/05-2026",
            "2026-05-25T14:00+99:00",
            "😀",
        ];
        for text in none {
            assert_eq!(read_date(text, DayFirst), None, "{text}");
            assert_eq!(read_date(text, MonthFirst), None, "{text}");
        }
        assert_eq!(read_date("5/25/2026", DayFirst), None);
        assert_eq!(read_date(&"May ".repeat(250_000), DayFirst), None);
    }

    #[test]
    fn years_of_two_digits_end_in_2068() {
        assert_eq!(read_date("1/1/68", DayFirst).map(jiff::civil::Date::year), Some(2068));
        assert_eq!(read_date("1/1/69", DayFirst).map(jiff::civil::Date::year), Some(1969));
    }

    #[test]
    fn times_and_offsets_follow_dates() {
        let local = [
            "2026-05-25T14:30",
            "2026-05-25 14:30:00",
            "2026-05-25 2:30 PM",
            "2026-05-25 02:30:00 p.m.",
            "25.05.2026, 14.30",
            "25.05.2026 um 14:30 Uhr",
            "25/05/2026 14h30",
            "2026-05-25T14:30:00.000",
        ];
        for text in local {
            let found = moment(text).and_then(|found| found.moment(DayFirst));
            assert!(matches!(found, Some(Moment::Local(time)) if time.to_string() == "2026-05-25T14:30:00"), "{text}");
        }
        for text in ["2026-05-25T14:30Z", "2026-05-25T16:30:00+02:00", "2026-05-25 09:30 -0500"] {
            let found = moment(text).and_then(|found| found.moment(DayFirst));
            assert!(matches!(found, Some(Moment::At(time)) if time.to_string() == "2026-05-25T14:30:00Z"), "{text}");
        }
    }
}
