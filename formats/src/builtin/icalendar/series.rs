//! Series: which of them is the first that takes place, and what is kept of the rule so that it can be written again.
//!
//! What is kept are content lines in one form: DTSTART as the series has it, its end or duration, RRULE, EXRULE, RDATE and EXDATE, and the
//! definition of the time zone where the file has one. Another beginning would change what COUNT and INTERVAL say, and a moment in UTC
//! what the clocks show in summer.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::moment::{self, Dated, Length, Read};
use super::rule::{Rule, Until};
use super::survey::One;
use super::zone::Zone;
use crate::Moment;
use crate::content_line::push_text;

/// How many of a series are looked at, and how many steps of a rule are made, to find the first that takes place.
const MOST: usize = 5_000;
const BUDGET: u32 = 20_000;

/// By which clock the times of a series go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// It has days.
    Days,
    /// That of whoever looks.
    Floating,
    Utc,
    Zone(Zone),
}

/// What a file says of a series.
pub(super) struct Series {
    pub(super) clock: Clock,
    /// The zone of the times by which a program writes its days.
    pub(super) zone_of_days: Option<Zone>,
    /// When it begins.
    pub(super) start: DateTime,
    /// The line of its end or its duration, without a zone.
    pub(super) end: Option<End>,
    pub(super) rules: Vec<String>,
    pub(super) except_rules: Vec<String>,
    /// RDATE and EXDATE, a list a line.
    pub(super) dates: Vec<Vec<Dated>>,
    pub(super) except_dates: Vec<Vec<Read>>,
    /// Those that the file has as events of their own.
    pub(super) replaced: Vec<Moment>,
    /// Those among them that are cancelled, and do not take place at another time either.
    pub(super) cancelled: Vec<Moment>,
}

/// How a series says when each of it ends.
pub(super) enum End {
    At(DateTime),
    Duration(String),
}

/// Which of a series is the first.
pub(super) enum First {
    /// The one that begins then, by the clock of the series.
    At(DateTime),
    /// There is none: all are left out.
    Nothing,
    /// It is not found with as much work as that may make.
    Unknown,
}

impl Clock {
    /// What the clock shows at a moment; `None` where that cannot be told.
    pub(super) fn local(&self, read: &Read) -> Option<DateTime> {
        let of_day = |day: Date| day.to_datetime(Time::midnight());
        Some(match (self, read.moment) {
            (Clock::Days, Moment::Day(day)) => of_day(day),
            (Clock::Days, Moment::Local(time)) => of_day(time.date()),
            (Clock::Days, Moment::At(time)) => of_day(match &read.zone {
                Some(zone) => zone.local(time).date(),
                None => moment::nearest_midnight(time).unwrap_or_else(|| TimeZone::UTC.to_datetime(time).date()),
            }),
            (_, Moment::Day(_)) | (Clock::Floating, Moment::At(_)) => return None,
            (_, Moment::Local(time)) => time,
            (Clock::Utc, Moment::At(time)) => TimeZone::UTC.to_datetime(time),
            (Clock::Zone(zone), Moment::At(time)) => zone.local(time),
        })
    }

    /// The moment when the clock shows this.
    pub(super) fn moment(&self, local: DateTime) -> Option<Moment> {
        Some(match self {
            Clock::Days => Moment::Day(local.date()),
            Clock::Floating => Moment::Local(local),
            Clock::Utc => Moment::At(TimeZone::UTC.to_zoned(local).ok()?.timestamp()),
            Clock::Zone(zone) => Moment::At(zone.moment(local)?),
        })
    }

    /// What stands after the name of DTSTART and its kin.
    fn written(&self, times: &[DateTime]) -> Option<String> {
        let values: Vec<_> = times.iter().map(|time| self.value(*time)).collect::<Option<_>>()?;
        let kind = if *self == Clock::Days { ";VALUE=DATE" } else { "" };
        Some(format!("{kind}{}:{}", self.parameter()?, values.join(",")))
    }

    /// The parameter that names the zone, where there is one.
    fn parameter(&self) -> Option<String> {
        Some(match self {
            Clock::Days | Clock::Floating | Clock::Utc => String::new(),
            Clock::Zone(zone) => format!(";TZID={}", parameter(&zone_name(zone)?)),
        })
    }

    pub(super) fn value(&self, time: DateTime) -> Option<String> {
        let day = time.date();
        let date = (day.year() >= 0).then(|| format!("{:04}{:02}{:02}", day.year(), day.month(), day.day()))?;
        let mark = if *self == Clock::Utc { "Z" } else { "" };
        Some(match self {
            Clock::Days => date,
            _ => format!("{date}T{:02}{:02}{:02}{mark}", time.hour(), time.minute(), time.second()),
        })
    }
}

impl Series {
    /// The first that takes place: neither left out nor an event of its own.
    pub(super) fn first(&self) -> Result<First, String> {
        let (mut times, mut days) = (HashSet::new(), HashSet::new());
        let replaced: Vec<_> = self.replaced.iter().map(|moment| self.read(*moment)).collect();
        for read in self.except_dates.iter().flatten().chain(&replaced) {
            match (self.clock.local(read), read.moment) {
                (Some(local), _) => drop(times.insert(local)),
                // A day in the place of a time means what there is on it.
                (None, Moment::Day(day)) => drop(days.insert(day)),
                (None, _) => {}
            }
        }
        for rule in &self.except_rules {
            let rule: Rule = rule.parse()?;
            times.extend(self.within(&rule, rule.instances(self.start, BUDGET)).take(MOST));
        }
        let takes_place = |time: &DateTime| !times.contains(time) && !days.contains(&time.date());
        let dates = self.dates.iter().flatten().filter_map(|dated| self.clock.local(&dated.begins));
        let mut found: Vec<DateTime> = dates.filter(takes_place).collect();
        let mut is_known = true;
        if self.rules.is_empty() && takes_place(&self.start) {
            found.push(self.start);
        }
        for rule in &self.rules {
            let rule: Rule = rule.parse()?;
            let mut instances = rule.instances(self.start, BUDGET);
            let (mut seen, mut first) = (0, None);
            for time in self.within(&rule, instances.by_ref()).take(MOST) {
                seen += 1;
                if takes_place(&time) {
                    first = Some(time);
                    break;
                }
            }
            is_known &= first.is_some() || (seen < MOST && !instances.has_given_up());
            found.extend(first);
        }
        Ok(match found.into_iter().min() {
            Some(first) => First::At(first),
            None if is_known => First::Nothing,
            None => First::Unknown,
        })
    }

    /// What a rule names until it ends.
    fn within<'a>(
        &'a self,
        rule: &'a Rule,
        instances: impl Iterator<Item = DateTime> + 'a,
    ) -> impl Iterator<Item = DateTime> + 'a {
        instances.take_while(move |time| match rule.until() {
            None => true,
            Some(Until::Day(day)) => time.date() <= day,
            Some(Until::Local(last)) => *time <= last,
            Some(Until::At(last)) => match self.clock.moment(*time) {
                Some(Moment::At(moment)) => moment <= last,
                Some(Moment::Day(day)) => day <= self.day(last),
                _ => *time <= TimeZone::UTC.to_datetime(last),
            },
        })
    }

    /// The lines that are kept; `None` where they cannot be written.
    pub(super) fn text(&self) -> Option<String> {
        let mut lines = vec![format!("DTSTART{}", self.clock.written(&[self.start])?)];
        match &self.end {
            Some(End::At(end)) => lines.push(format!("DTEND{}", self.clock.written(&[*end])?)),
            Some(End::Duration(duration)) => lines.push(format!("DURATION:{duration}")),
            None => {}
        }
        for (name, rules) in [("RRULE", &self.rules), ("EXRULE", &self.except_rules)] {
            lines.extend(rules.iter().map(|rule| format!("{name}:{}", self.fitting(rule))));
        }
        for list in &self.dates {
            let periods: Vec<_> = list.iter().filter_map(|dated| self.period(dated)).collect();
            if !periods.is_empty() {
                lines.push(format!("RDATE;VALUE=PERIOD{}:{}", self.clock.parameter()?, periods.join(",")));
            }
            let plain: Vec<_> =
                list.iter().filter(|dated| self.period(dated).is_none()).map(|dated| &dated.begins).collect();
            self.list("RDATE", &plain, &mut lines)?;
        }
        for list in &self.except_dates {
            self.list("EXDATE", &list.iter().collect::<Vec<_>>(), &mut lines)?;
        }
        let left_out = self.left_out();
        if !left_out.is_empty() {
            lines.push(format!("EXDATE{}", self.clock.written(&left_out)?));
        }
        if let Clock::Zone(zone) = &self.clock {
            match (zone, zone.text()) {
                (Zone::Own(_), None) => return None,
                (Zone::Own(_), Some(text)) => {
                    lines.push("BEGIN:VTIMEZONE".to_owned());
                    let mut name = "TZID:".to_owned();
                    push_text(&zone_name(zone)?, &mut name);
                    lines.push(name);
                    lines.extend(text.lines().map(str::to_owned));
                    lines.push("END:VTIMEZONE".to_owned());
                }
                (Zone::Known(_), _) => {}
            }
        }
        Some(lines.join("\n"))
    }

    /// Adds the lines of a list of dates.
    fn list(&self, name: &str, list: &[&Read], lines: &mut Vec<String>) -> Option<()> {
        let times: Vec<_> = list.iter().filter_map(|read| self.clock.local(read)).collect();
        if !times.is_empty() {
            lines.push(format!("{name}{}", self.clock.written(&times)?));
        }
        for read in list.iter().filter(|read| self.clock.local(read).is_none()) {
            if let Some(time) = self.time(read) {
                lines.push(format!("{name}{}", self.clock.written(&[time])?));
            }
        }
        Some(())
    }

    /// A date with a length of its own, as RDATE writes it; `None` where it has none or is a day.
    fn period(&self, dated: &Dated) -> Option<String> {
        let begins = self.clock.local(&dated.begins).filter(|_| self.clock != Clock::Days)?;
        let length = match dated.length.as_ref()? {
            Length::Until(end) => self.clock.value(self.clock.local(end)?)?,
            Length::For(duration) => duration.clone(),
        };
        Some(format!("{}/{length}", self.clock.value(begins)?))
    }

    /// When the one of the series ends that begins then, where it is a date with a length of its own.
    pub(super) fn end_of_date(&self, begins: DateTime) -> Option<Moment> {
        let is_it = |dated: &&Dated| dated.length.is_some() && self.clock.local(&dated.begins) == Some(begins);
        let dated = self.dates.iter().flatten().find(is_it).filter(|_| self.clock != Clock::Days)?;
        match dated.length.as_ref()? {
            Length::Until(end) => self.clock.moment(self.clock.local(end)?),
            Length::For(duration) => {
                let zone = match &self.clock {
                    Clock::Zone(zone) => Some(zone),
                    _ => None,
                };
                moment::after(self.clock.moment(begins)?, zone, duration).ok().flatten()
            }
        }
    }

    /// When the one of the series ends that begins then.
    pub(super) fn end_of_one(&self, begins: DateTime) -> Option<Moment> {
        if let Some(end) = self.end_of_date(begins) {
            return Some(end);
        }
        let own_start = self.clock.moment(self.start)?;
        let own_end = match (self.end.as_ref()?, &self.clock) {
            (End::At(end), Clock::Days) => Moment::Day(end.date().yesterday().ok()?),
            (End::At(end), clock) => clock.moment(*end)?,
            (End::Duration(duration), Clock::Zone(zone)) => moment::after(own_start, Some(zone), duration).ok()??,
            (End::Duration(duration), _) => moment::after(own_start, None, duration).ok()??,
        };
        let start = self.clock.moment(begins)?;
        end_of(start, (own_start, own_end)).filter(|end| *end != start)
    }

    /// When one of the series begins that is named so, by its clock: a day in the place of a time means what there is on it.
    pub(super) fn time(&self, read: &Read) -> Option<DateTime> {
        match (self.clock.local(read), read.moment) {
            (None, Moment::Day(day)) => Some(day.to_datetime(self.start.time())),
            (local, _) => local,
        }
    }

    /// Whether the one of the series that begins at a moment is an event of its own.
    pub(super) fn is_replaced(&self, begins: Moment) -> bool {
        let Some(begins) = self.clock.local(&self.read(begins)) else { return false };
        self.replaced.iter().any(|one| match (self.clock.local(&self.read(*one)), one) {
            (Some(local), _) => moment::is_same(Moment::Local(local), Moment::Local(begins)),
            (None, Moment::Day(day)) => *day == begins.date(),
            (None, _) => false,
        })
    }

    /// The cancelled ones that EXDATE does not name. Nothing else of what is kept would tell of them, as a cancelled event is none.
    fn left_out(&self) -> Vec<DateTime> {
        let named: HashSet<_> = self.except_dates.iter().flatten().filter_map(|read| self.time(read)).collect();
        let cancelled = self.cancelled.iter().filter_map(|moment| self.time(&self.read(*moment)));
        let cancelled: BTreeSet<_> = cancelled.filter(|time| !named.contains(time)).collect();
        cancelled.into_iter().take(MOST).collect()
    }

    /// One of the series, whose days are those of the zone by which they are written.
    pub(super) fn read(&self, moment: Moment) -> Read {
        Read { moment, zone: self.zone_of_days.clone(), note: None }
    }

    fn day(&self, moment: Timestamp) -> Date {
        let utc = || TimeZone::UTC.to_datetime(moment);
        self.zone_of_days.as_ref().map_or_else(utc, |zone| zone.local(moment)).date()
    }

    /// A rule whose end is of the same kind as the series: of days where that has days (RFC 5545 section 3.3.10).
    fn fitting(&self, rule: &str) -> String {
        if self.clock != Clock::Days {
            return rule.to_owned();
        }
        let part = |part: &str| match part.trim().split_at_checked("UNTIL=".len()) {
            Some((name, value)) if name.eq_ignore_ascii_case("UNTIL=") => {
                let day = value.parse().ok().map(|moment| self.day(moment).strftime("%Y%m%d").to_string());
                format!("UNTIL={}", day.as_deref().or(value.get(..8)).unwrap_or(value))
            }
            _ => part.to_owned(),
        };
        rule.split(';').map(part).collect::<Vec<_>>().join(";")
    }
}

/// Which of a series are cancelled, unless a later version of them is not.
pub(super) fn cancelled(ones: &[One]) -> Vec<Moment> {
    let mut last: HashMap<String, One> = HashMap::new();
    for one in ones {
        let Some(key) = key(one.moment) else { continue };
        let known = last.entry(key).or_insert(*one);
        if (one.sequence, one.is_cancelled) > (known.sequence, known.is_cancelled) {
            *known = *one;
        }
    }
    last.into_values().filter(|one| one.is_cancelled).map(|one| one.moment).collect()
}

/// The name of a zone in a file of ours.
fn zone_name(zone: &Zone) -> Option<String> {
    zone.name().map(|name| name.chars().filter(|char| !char.is_control() && *char != '"').collect())
}

/// A value of a parameter, in quotes where it must be.
pub(super) fn parameter(name: &str) -> String {
    if name.contains([':', ';', ',']) { format!("\"{name}\"") } else { name.to_owned() }
}

/// A moment of a series as a text, which two that mean the same share: `20261122`, `20261122T093000` or `20261122T093000Z`.
pub(super) fn key(moment: Moment) -> Option<String> {
    let (clock, time) = match moment {
        Moment::Day(day) => (Clock::Days, day.to_datetime(Time::midnight())),
        Moment::Local(time) => (Clock::Floating, time),
        Moment::At(time) => (Clock::Utc, TimeZone::UTC.to_datetime(time)),
    };
    clock.value(time)
}

/// The moment that such a text stands for; `None` where it is none.
pub(super) fn of_key(text: &str) -> Option<Moment> {
    if !text.contains('T') {
        return text.parse().ok().map(Moment::Day);
    }
    if text.ends_with('Z') { text.parse().ok().map(Moment::At) } else { text.parse().ok().map(Moment::Local) }
}

/// The end of one of a series that takes as long as the series' own first.
pub(super) fn end_of(start: Moment, (own_start, own_end): (Moment, Moment)) -> Option<Moment> {
    let length = |one: Timestamp, other: Timestamp| other.duration_since(one);
    match (start, own_start, own_end) {
        (Moment::Day(start), Moment::Day(first), Moment::Day(last)) => {
            start.checked_add(first.until(last).ok()?).ok().map(Moment::Day)
        }
        (Moment::Local(start), Moment::Local(first), Moment::Local(last)) => {
            start.checked_add(first.duration_until(last)).ok().map(Moment::Local)
        }
        (Moment::At(start), Moment::At(first), Moment::At(last)) => {
            start.checked_add(length(first, last)).ok().map(Moment::At)
        }
        _ => None,
    }
}
