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
                "WKST" => rule.week_start = weekday(value).ok_or_else(wrong)?.1,
                name if name.starts_with("X-") => {}
                _ => return Err(wrong()),
            }
        }
        if has_frequency { Ok(rule) } else { Err(format!("`{}` has no FREQ", excerpt(&text))) }
    }
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
            let at =
                if *place > 0 { *place as usize - 1 } else { named.len().checked_sub(place.unsigned_abs() as usize)? };
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
                    times.extend(Time::new(*hour as i8, *minute as i8, *second as i8, 0).ok());
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
