//! Recurrence rules (RFC 5545 section 3.3.10): which days and times they name, one after the other and never more work than a budget.
//!
//! Times are those that a clock on the wall shows; whoever asks knows the time zone.

use std::collections::VecDeque;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{Span, Timestamp, ToSpan};

/// The most numbers that a part of a rule may have; BYYEARDAY can have 366, and others have fewer.
const NUMBERS: usize = 400;

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    frequency: Frequency,
    interval: i32,
    count: Option<u64>,
    until: Option<Until>,
    months: Vec<i32>,
    weeks: Vec<i32>,
    year_days: Vec<i32>,
    month_days: Vec<i32>,
    /// Weekdays, with which of them is meant; 0 where it is each.
    days: Vec<(i32, Weekday)>,
    hours: Vec<i32>,
    minutes: Vec<i32>,
    seconds: Vec<i32>,
    places: Vec<i32>,
    week_start: Weekday,
}

/// In which steps a rule goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Frequency {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// The last moment that a rule may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// All of a day.
    Day(Date),
    /// By the clock on the wall.
    Local(DateTime),
    /// A moment.
    At(Timestamp),
}

/// Errors: what is wrong, in words.
impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Rule, String> {
        let mut rule = Rule {
            frequency: Frequency::Yearly,
            interval: 1,
            count: None,
            until: None,
            months: Vec::new(),
            weeks: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            days: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
            places: Vec::new(),
            week_start: Weekday::Monday,
        };
        let text = text.trim().to_ascii_uppercase();
        let mut has_frequency = false;
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let wrong = || format!("`{}` is no part of a rule", excerpt(part));
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            let value = value.trim();
            let among = |least: i32, most: i32| numbers(value, least, most).ok_or_else(wrong);
            match name.trim() {
                "FREQ" => {
                    rule.frequency = frequency(value).ok_or_else(wrong)?;
                    has_frequency = true;
                }
                "INTERVAL" => rule.interval = value.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?,
                "COUNT" => rule.count = Some(value.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?),
                "UNTIL" => rule.until = Some(until(value).ok_or_else(wrong)?),
                "BYMONTH" => rule.months = among(1, 12)?,
                "BYWEEKNO" => rule.weeks = among(-53, 53)?,
                "BYYEARDAY" => rule.year_days = among(-366, 366)?,
                "BYMONTHDAY" => rule.month_days = among(-31, 31)?,
                "BYDAY" => rule.days = value.split(',').map(weekday).collect::<Option<_>>().ok_or_else(wrong)?,
                "BYHOUR" => rule.hours = among(0, 23)?,
                "BYMINUTE" => rule.minutes = among(0, 59)?,
                // A leap second is the second before it.
                "BYSECOND" => rule.seconds = among(0, 60)?.into_iter().map(|second| second.min(59)).collect(),
                "BYSETPOS" => rule.places = among(-366, 366)?,
                // The calendar that there is without either (RFC 7529 section 4).
                "RSCALE" if value == "GREGORIAN" => {}
                "SKIP" if value == "OMIT" => {}
                "WKST" => rule.week_start = weekday(value).ok_or_else(wrong)?.1,
                name if name.starts_with("X-") => {}
                _ => return Err(wrong()),
            }
        }
        if has_frequency { Ok(rule) } else { Err(format!("`{}` has no FREQ", excerpt(&text))) }
    }
}

/// Whether a text has the form of a rule (RFC 5545 section 3.3.10), so that it may be written into a calendar, whether it is understood or
/// not: a rule by the Chinese calendar (RFC 7529) names no days here and does for others.
pub(super) fn is_sound(text: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_value = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b',' | b'+' | b'-');
    let is_known = |name: &str, value: &str| match name {
        "FREQ" => frequency(value).is_some(),
        // What never goes on, and what never was, may hang a program that does not look.
        "INTERVAL" | "COUNT" => value.parse::<u32>().is_ok_and(|number| number > 0),
        "UNTIL" => until(value).is_some(),
        _ => !value.is_empty() && value.bytes().all(is_value),
    };
    let (text, mut names) = (text.trim().to_ascii_uppercase(), Vec::new());
    let are_sound = text.split(';').all(|part| {
        let (name, value) = part.split_once('=').unwrap_or_default();
        let is_new = !names.contains(&name);
        names.push(name);
        is_new && is_name(name) && is_known(name, value)
    });
    are_sound && names.contains(&"FREQ")
}

impl Rule {
    /// Whether it goes on for ever.
    pub(super) fn is_endless(&self) -> bool {
        self.count.is_none() && self.until.is_none()
    }

    /// Whether it says the same of each year, wherever it begins.
    pub(super) fn is_the_same_each_year(&self) -> bool {
        self.frequency == Frequency::Yearly && self.interval == 1 && self.count.is_none()
    }

    /// The last moment that it may name.
    pub(super) fn until(&self) -> Option<Until> {
        self.until
    }

    /// What it names from `start` on, which is the first in any case. UNTIL is not heeded here, COUNT is.
    pub(super) fn instances(&self, start: DateTime, budget: u32) -> Instances<'_> {
        Instances {
            rule: self,
            start,
            period: Some(self.first_period(start)),
            ready: VecDeque::new(),
            last: None,
            given: 0,
            budget,
        }
    }

    /// Where the first step begins.
    fn first_period(&self, start: DateTime) -> DateTime {
        match self.frequency {
            Frequency::Yearly => start.date().first_of_year().to_datetime(start.time()),
            Frequency::Monthly => start.date().first_of_month().to_datetime(start.time()),
            Frequency::Weekly => self.week_of(start.date()).to_datetime(start.time()),
            _ => start,
        }
    }

    fn step(&self) -> Span {
        let interval = i64::from(self.interval);
        let step = |unit: fn(Span, i64) -> Result<Span, jiff::Error>| unit(Span::new(), interval).unwrap_or_default();
        match self.frequency {
            Frequency::Yearly => step(Span::try_years),
            Frequency::Monthly => step(Span::try_months),
            Frequency::Weekly => step(Span::try_weeks),
            Frequency::Daily => step(Span::try_days),
            Frequency::Hourly => step(Span::try_hours),
            Frequency::Minutely => step(Span::try_minutes),
            Frequency::Secondly => step(Span::try_seconds),
        }
    }

    /// The first day of a day's week.
    fn week_of(&self, day: Date) -> Date {
        let back = day.weekday().since(self.week_start);
        day.checked_sub(i64::from(back).days()).unwrap_or(day)
    }

    /// What the rule names in the step that begins here, in order.
    fn named(&self, period: DateTime, start: DateTime) -> Vec<DateTime> {
        let mut named = if self.frequency < Frequency::Daily {
            if !self.allows(period.date()) || !self.allows_time(period.time()) {
                return Vec::new();
            }
            self.times(period.time()).into_iter().map(|time| period.date().to_datetime(time)).collect()
        } else {
            let times = self.times(start.time());
            let days = self.days_of(period.date(), start.date());
            days.into_iter().flat_map(|day| times.iter().map(move |time| day.to_datetime(*time))).collect::<Vec<_>>()
        };
        named.sort_unstable();
        named.dedup();
        if self.places.is_empty() {
            return named;
        }
        let place = |place: &i32| {
            let number = place.unsigned_abs() as usize;
            let at = if *place > 0 { number - 1 } else { named.len().checked_sub(number)? };
            named.get(at).copied()
        };
        let mut placed: Vec<_> = self.places.iter().filter(|at| **at != 0).filter_map(place).collect();
        placed.sort_unstable();
        placed.dedup();
        placed
    }

    /// The times of a day.
    fn times(&self, own: Time) -> Vec<Time> {
        let of = |given: &[i32], own: i8, is_stepped: bool| {
            if given.is_empty() || is_stepped { vec![i32::from(own)] } else { given.to_vec() }
        };
        let hours = of(&self.hours, own.hour(), self.frequency <= Frequency::Hourly);
        let minutes = of(&self.minutes, own.minute(), self.frequency <= Frequency::Minutely);
        let seconds = of(&self.seconds, own.second(), self.frequency <= Frequency::Secondly);
        let mut times = Vec::with_capacity(hours.len() * minutes.len() * seconds.len());
        for hour in &hours {
            for minute in &minutes {
                for second in &seconds {
                    let [hour, minute, second] =
                        [hour, minute, second].map(|number| i8::try_from(*number).unwrap_or(-1));
                    times.extend(Time::new(hour, minute, second, 0).ok());
                }
            }
        }
        times
    }

    fn days_of(&self, first: Date, start: Date) -> Vec<Date> {
        let days: Vec<Date> = match self.frequency {
            Frequency::Weekly => {
                let is_wanted = |day: &Date| {
                    let weekday = day.weekday();
                    if self.days.is_empty() { weekday == start.weekday() } else { self.has_weekday(weekday) }
                };
                span(first, 7).filter(is_wanted).collect()
            }
            Frequency::Monthly => self.days_of_month(first, start),
            Frequency::Yearly => self.days_of_year(first, start),
            _ => vec![first],
        };
        let is_wide = self.frequency > Frequency::Daily;
        days.into_iter().filter(|day| if is_wide { self.is_in_month(*day) } else { self.allows(*day) }).collect()
    }

    fn days_of_month(&self, first: Date, start: Date) -> Vec<Date> {
        if !self.is_in_month(first) {
            return Vec::new();
        }
        if !self.month_days.is_empty() {
            let days = span(first, first.days_in_month().into());
            return days.filter(|day| self.has_month_day(*day) && self.allows_weekday(*day)).collect();
        }
        if !self.days.is_empty() {
            let (length, all) = (i32::from(first.days_in_month()), span(first, first.days_in_month().into()));
            return all.filter(|day| self.is_nth(*day, i32::from(day.day()), length)).collect();
        }
        Date::new(first.year(), first.month(), start.day()).into_iter().collect()
    }

    fn days_of_year(&self, first: Date, start: Date) -> Vec<Date> {
        let length = first.days_in_year();
        if !self.weeks.is_empty() {
            return self.days_of_weeks(first, start);
        }
        if !self.year_days.is_empty() {
            let is_named =
                |day: &Date| self.has_year_day(*day) && self.allows_weekday(*day) && self.allows_month_day(*day);
            return span(first, length).filter(is_named).collect();
        }
        let months = || (1..=12).filter_map(|month| Date::new(first.year(), month, 1).ok());
        if !self.months.is_empty() || !self.month_days.is_empty() || self.days.is_empty() {
            let has_days = !self.month_days.is_empty() || !self.days.is_empty();
            let months = months().filter(|month| {
                if self.months.is_empty() && !has_days {
                    month.month() == start.month()
                } else {
                    self.is_in_month(*month)
                }
            });
            return months.flat_map(|month| self.days_of_month(month, start)).collect();
        }
        span(first, length).filter(|day| self.is_nth(*day, i32::from(day.day_of_year()), i32::from(length))).collect()
    }

    /// The days of numbered weeks: the first week of a year is the one that has four of its days.
    fn days_of_weeks(&self, first: Date, start: Date) -> Vec<Date> {
        let first_week = |year: i16| Date::new(year, 1, 4).ok().map(|day| self.week_of(day));
        let (Some(begin), Some(end)) = (first_week(first.year()), first_week(first.year().saturating_add(1))) else {
            return Vec::new();
        };
        let count = begin.until(end).map_or(52, |span| (span.get_days() / 7).max(1));
        let wanted =
            self.weeks.iter().filter(|week| **week != 0).map(|week| if *week > 0 { *week } else { count + week + 1 });
        let weeks = wanted.filter(|week| (1..=count).contains(week)).collect::<Vec<_>>();
        let of_week = |week: i32| {
            let week = begin.checked_add(i64::from(week - 1).weeks()).unwrap_or(begin);
            span(week, 7).filter(|day| {
                if self.days.is_empty() { day.weekday() == start.weekday() } else { self.has_weekday(day.weekday()) }
            })
        };
        weeks.into_iter().flat_map(of_week).collect()
    }

    /// Whether the parts that leave days out leave this one.
    fn allows(&self, day: Date) -> bool {
        self.is_in_month(day)
            && (self.year_days.is_empty() || self.has_year_day(day))
            && self.allows_month_day(day)
            && self.allows_weekday(day)
    }

    fn allows_time(&self, time: Time) -> bool {
        let has = |given: &[i32], own: i8| given.is_empty() || given.contains(&i32::from(own));
        has(&self.hours, time.hour())
            && (self.frequency > Frequency::Minutely || has(&self.minutes, time.minute()))
            && (self.frequency > Frequency::Secondly || has(&self.seconds, time.second()))
    }

    fn is_in_month(&self, day: Date) -> bool {
        self.months.is_empty() || self.months.contains(&i32::from(day.month()))
    }

    fn allows_month_day(&self, day: Date) -> bool {
        self.month_days.is_empty() || self.has_month_day(day)
    }

    fn has_month_day(&self, day: Date) -> bool {
        let (number, length) = (i32::from(day.day()), i32::from(day.days_in_month()));
        self.month_days.iter().any(|wanted| *wanted == number || *wanted == number - length - 1)
    }

    fn has_year_day(&self, day: Date) -> bool {
        let (number, length) = (i32::from(day.day_of_year()), i32::from(day.days_in_year()));
        self.year_days.iter().any(|wanted| *wanted == number || *wanted == number - length - 1)
    }

    fn allows_weekday(&self, day: Date) -> bool {
        self.days.is_empty() || self.has_weekday(day.weekday())
    }

    fn has_weekday(&self, weekday: Weekday) -> bool {
        self.days.iter().any(|(_, wanted)| *wanted == weekday)
    }

    /// Whether a day, the `number`th of a month or a year, is one of the weekdays that are wanted.
    fn is_nth(&self, day: Date, number: i32, length: i32) -> bool {
        let (from_front, from_back) = ((number - 1) / 7 + 1, -((length - number) / 7 + 1));
        self.days
            .iter()
            .any(|(nth, weekday)| *weekday == day.weekday() && (*nth == 0 || *nth == from_front || *nth == from_back))
    }
}

/// What a rule names, in order.
pub(super) struct Instances<'a> {
    rule: &'a Rule,
    start: DateTime,
    /// The step that is looked at next; `None` when the calendar ends.
    period: Option<DateTime>,
    ready: VecDeque<DateTime>,
    last: Option<DateTime>,
    given: u64,
    budget: u32,
}

impl Instances<'_> {
    /// Whether it ended because it had done as much work as it may.
    pub(super) fn has_given_up(&self) -> bool {
        self.budget == 0
    }
}

impl Iterator for Instances<'_> {
    type Item = DateTime;

    fn next(&mut self) -> Option<DateTime> {
        if self.rule.count.is_some_and(|count| self.given >= count) {
            return None;
        }
        let next = if self.last.is_none() { self.start } else { self.later()? };
        self.last = Some(next);
        self.given += 1;
        Some(next)
    }
}

impl Instances<'_> {
    fn later(&mut self) -> Option<DateTime> {
        loop {
            while let Some(next) = self.ready.pop_front() {
                if Some(next) > self.last {
                    return Some(next);
                }
            }
            self.budget = self.budget.checked_sub(1).filter(|left| *left > 0).or_else(|| {
                self.budget = 0;
                None
            })?;
            let period = self.period?;
            self.ready = self.rule.named(period, self.start).into();
            self.period = period.checked_add(self.rule.step()).ok();
        }
    }
}

fn frequency(text: &str) -> Option<Frequency> {
    Some(match text {
        "SECONDLY" => Frequency::Secondly,
        "MINUTELY" => Frequency::Minutely,
        "HOURLY" => Frequency::Hourly,
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        _ => return None,
    })
}

fn until(text: &str) -> Option<Until> {
    if !text.contains('T') {
        return text.parse().ok().map(Until::Day);
    }
    if let Ok(moment) = text.parse() {
        return Some(Until::At(moment));
    }
    text.parse().ok().map(Until::Local)
}

/// A list of numbers within limits.
fn numbers(text: &str, least: i32, most: i32) -> Option<Vec<i32>> {
    let number = |text: &str| text.trim().trim_start_matches('+').parse().ok().filter(|n| (least..=most).contains(n));
    let numbers: Vec<i32> = text.split(',').map(number).collect::<Option<_>>()?;
    (numbers.len() <= NUMBERS).then_some(numbers)
}

/// A weekday such as `MO`, `2SU` or `-1FR`.
fn weekday(text: &str) -> Option<(i32, Weekday)> {
    let text = text.trim();
    let (nth, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let day = match day {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    let nth = match nth.trim() {
        "" => 0,
        nth => nth.trim_start_matches('+').parse().ok().filter(|nth: &i32| *nth != 0 && nth.unsigned_abs() <= 53)?,
    };
    Some((nth, day))
}

/// So many days from one on.
fn span(first: Date, count: i16) -> impl Iterator<Item = Date> {
    (0..i64::from(count)).filter_map(move |days| first.checked_add(days.days()).ok())
}

fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;

    use super::{Rule, Until};

    /// A beginning, a rule and the first that it names, as python-dateutil 2.9.0 has them.
    const NAMED: [(&str, &str, &str); 32] = [
        (
            "19970902T090000",
            "FREQ=DAILY;INTERVAL=10;COUNT=5",
            "19970902T090000 19970912T090000 19970922T090000 19971002T090000 19971012T090000",
        ),
        (
            "19980104T090000",
            "FREQ=YEARLY;UNTIL=20000131T140000;BYMONTH=1;BYDAY=SU,MO",
            "19980104T090000 19980105T090000 19980111T090000 19980112T090000 19980118T090000 19980119T090000 19980125T090000",
        ),
        (
            "19970902T090000",
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,TH",
            "19970902T090000 19970904T090000 19970916T090000 19970918T090000 19970930T090000 19971002T090000 19971014T090000",
        ),
        (
            "19970805T090000",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            "19970805T090000 19970810T090000 19970819T090000 19970824T090000",
        ),
        (
            "19970805T090000",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            "19970805T090000 19970817T090000 19970819T090000 19970831T090000",
        ),
        (
            "19970922T090000",
            "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
            "19970922T090000 19971020T090000 19971117T090000 19971222T090000 19980119T090000 19980216T090000",
        ),
        (
            "19970928T090000",
            "FREQ=MONTHLY;BYMONTHDAY=-3",
            "19970928T090000 19971029T090000 19971128T090000 19971229T090000 19980129T090000 19980226T090000 19980329T090000",
        ),
        (
            "20260131T090000",
            "FREQ=MONTHLY;BYMONTHDAY=31",
            "20260131T090000 20260331T090000 20260531T090000 20260731T090000 20260831T090000 20261031T090000 20261231T090000",
        ),
        (
            "20260131T090000",
            "FREQ=MONTHLY",
            "20260131T090000 20260331T090000 20260531T090000 20260731T090000 20260831T090000 20261031T090000 20261231T090000",
        ),
        (
            "19970910T090000",
            "FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10,11,12",
            "19970910T090000 19970911T090000 19970912T090000 19990310T090000 19990311T090000 19990312T090000 20000910T090000",
        ),
        (
            "19970101T090000",
            "FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200",
            "19970101T090000 19970410T090000 19970719T090000 20000101T090000 20000409T090000 20000718T090000 20030101T090000",
        ),
        (
            "20240101T090000",
            "FREQ=YEARLY;BYYEARDAY=-1,-366",
            "20240101T090000 20241231T090000 20251231T090000 20261231T090000 20271231T090000 20280101T090000 20281231T090000",
        ),
        (
            "19970519T090000",
            "FREQ=YEARLY;BYDAY=20MO",
            "19970519T090000 19980518T090000 19990517T090000 20000515T090000 20010514T090000 20020520T090000 20030519T090000",
        ),
        (
            "20261227T090000",
            "FREQ=YEARLY;BYDAY=-1SU",
            "20261227T090000 20271226T090000 20281231T090000 20291230T090000 20301229T090000 20311228T090000 20321226T090000",
        ),
        (
            "19970512T090000",
            "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
            "19970512T090000 19980511T090000 19990517T090000 20000515T090000 20010514T090000 20020513T090000 20030512T090000",
        ),
        (
            "20150104T090000",
            "FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO,SU",
            "20150104T090000 20151228T090000 20160103T090000 20160104T090000 20160110T090000 20170102T090000 20170108T090000",
        ),
        (
            "19970313T090000",
            "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
            "19970313T090000 19970320T090000 19970327T090000 19980305T090000 19980312T090000 19980319T090000 19980326T090000",
        ),
        (
            "19980213T090000",
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
            "19980213T090000 19980313T090000 19981113T090000 19990813T090000 20001013T090000 20010413T090000 20010713T090000",
        ),
        (
            "19970913T090000",
            "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
            "19970913T090000 19971011T090000 19971108T090000 19971213T090000 19980110T090000 19980207T090000 19980307T090000",
        ),
        (
            "19961105T090000",
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
            "19961105T090000 20001107T090000 20041102T090000 20081104T090000 20121106T090000 20161108T090000 20201103T090000",
        ),
        (
            "19970929T090000",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
            "19970929T090000 19971030T090000 19971127T090000 19971230T090000 19980129T090000 19980226T090000 19980330T090000",
        ),
        (
            "20260101T090000",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1;BYHOUR=9,17",
            "20260101T090000 20260130T170000 20260202T090000 20260227T170000 20260302T090000 20260331T170000 20260401T090000",
        ),
        (
            "19970902T090000",
            "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000",
            "19970902T090000 19970902T120000 19970902T150000",
        ),
        (
            "19970902T090000",
            "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
            "19970902T090000 19970902T103000 19970902T120000 19970902T133000",
        ),
        (
            "19970902T090000",
            "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20,40",
            "19970902T090000 19970902T092000 19970902T094000 19970902T100000 19970902T102000 19970902T104000 19970903T090000",
        ),
        (
            "20260105T080000",
            "FREQ=HOURLY;BYDAY=MO;BYHOUR=8,9",
            "20260105T080000 20260105T090000 20260112T080000 20260112T090000 20260119T080000 20260119T090000 20260126T080000",
        ),
        (
            "20260105T080000",
            "FREQ=SECONDLY;INTERVAL=45;BYSECOND=0,30",
            "20260105T080000 20260105T080130 20260105T080300 20260105T080430 20260105T080600 20260105T080730 20260105T080900",
        ),
        (
            "20260104T090000",
            "FREQ=DAILY;BYMONTH=1;BYDAY=SU",
            "20260104T090000 20260111T090000 20260118T090000 20260125T090000 20270103T090000 20270110T090000 20270117T090000",
        ),
        (
            "20240229T090000",
            "FREQ=YEARLY",
            "20240229T090000 20280229T090000 20320229T090000 20360229T090000 20400229T090000 20440229T090000 20480229T090000",
        ),
        (
            "20240229T090000",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            "20240229T090000 20280229T090000 20320229T090000 20360229T090000 20400229T090000 20440229T090000 20480229T090000",
        ),
        (
            "20260131T090000",
            "FREQ=YEARLY;BYMONTH=1,6;BYMONTHDAY=-1",
            "20260131T090000 20260630T090000 20270131T090000 20270630T090000 20280131T090000 20280630T090000 20290131T090000",
        ),
        (
            "20261204T090000",
            "FREQ=WEEKLY;BYMONTH=12;BYDAY=MO,FR",
            "20261204T090000 20261207T090000 20261211T090000 20261214T090000 20261218T090000 20261221T090000 20261225T090000",
        ),
    ];

    fn named(start: &str, rule: &str) -> Vec<String> {
        let rule: Rule = rule.parse().expect("a rule");
        let start: DateTime = start.parse().expect("a time");
        let is_within = |time: &DateTime| match rule.until() {
            Some(Until::Local(last)) => *time <= last,
            _ => true,
        };
        let found = rule.instances(start, 100_000).take_while(is_within).take(7);
        found.map(|time| time.strftime("%Y%m%dT%H%M%S").to_string()).collect()
    }

    #[test]
    fn rules_name_what_they_name_elsewhere() {
        for (start, rule, expected) in NAMED {
            assert_eq!(named(start, rule).join(" "), expected, "{rule} from {start}");
        }
    }

    #[test]
    fn what_is_no_rule_says_so() {
        for (rule, wrong) in [
            ("", "`` has no FREQ"),
            ("COUNT=3", "`COUNT=3` has no FREQ"),
            ("FREQ=FORTNIGHTLY", "`FREQ=FORTNIGHTLY` is no part of a rule"),
            ("FREQ=DAILY;INTERVAL=0", "`INTERVAL=0` is no part of a rule"),
            ("FREQ=WEEKLY;BYDAY=MON", "`BYDAY=MON` is no part of a rule"),
            ("FREQ=YEARLY;BYMONTH=13", "`BYMONTH=13` is no part of a rule"),
            ("FREQ=DAILY;UNTIL=soon", "`UNTIL=SOON` is no part of a rule"),
        ] {
            assert_eq!(rule.parse::<Rule>(), Err(wrong.to_owned()), "{rule}");
        }
    }

    #[test]
    fn a_rule_that_names_no_day_ends_with_its_budget() {
        let rule: Rule = "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30".parse().expect("a rule");
        let mut instances = rule.instances("20260101T000000".parse().expect("a time"), 1_000);
        assert_eq!(instances.by_ref().count(), 1, "its beginning alone");
        assert!(instances.has_given_up());
    }
}
