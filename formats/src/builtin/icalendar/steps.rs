//! What a VTIMEZONE says, as a table: at which moments the clocks change, and to which offset (RFC 5545 section 3.6.5).

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::rule::{Rule, Until};
use crate::Charset;
use crate::content_line::ContentLine;

/// The years for which a rule is worked out that says the same of each. Before them no zone had summer time; later years are as those
/// before that have the same calendar, of which there are 28.
const FIRST_YEAR: i16 = 1900;
const LAST_YEAR: i16 = 2067;

/// How many steps one part of a definition may have.
const MOST: usize = 2_000;

/// The table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Steps {
    /// In the order of their moments; at least one where the table is of use.
    steps: Vec<Step>,
    /// Whether the clocks go on changing after the last one.
    is_endless: bool,
}

/// A change of the clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    /// What the clocks show when it happens.
    local: DateTime,
    from: Offset,
    to: Offset,
}

/// STANDARD or DAYLIGHT: from when on an offset is in force.
#[derive(Clone, Debug, Default)]
struct Observance {
    start: Option<DateTime>,
    from: Option<Offset>,
    to: Option<Offset>,
    rules: Vec<String>,
    dates: Vec<DateTime>,
}

impl Steps {
    /// Reads the lines of a definition; an empty table where they say nothing that could be understood.
    pub(super) fn read(lines: &[ContentLine], charset: Charset) -> Steps {
        let mut observances = observances(lines, charset);
        supply_offsets(&mut observances);
        let mut table = Steps::default();
        for observance in &observances {
            let Some(is_endless) = table.add(observance) else { return Steps::default() };
            table.is_endless |= is_endless;
        }
        table.steps.sort_by_key(|step| (step.moment(), step.to));
        table.steps.dedup();
        table
    }

    /// Adds the steps of a part; whether they go on for ever. `None` where its rule cannot be understood.
    fn add(&mut self, observance: &Observance) -> Option<bool> {
        let Observance { start, from, to, rules, dates } = observance;
        let (Some(start), Some(from), Some(to)) = (*start, *from, *to) else { return Some(false) };
        let mut is_endless = false;
        let step = |local| Step { local, from, to };
        self.steps.push(step(start));
        self.steps.extend(dates.iter().take(MOST).map(|local| step(*local)));
        for rule in rules {
            let rule: Rule = rule.parse().ok()?;
            is_endless |= rule.is_endless();
            let is_within = |local: &DateTime| match rule.until() {
                None => true,
                Some(Until::Day(day)) => local.date() <= day,
                Some(Until::Local(last)) => *local <= last,
                Some(Until::At(last)) => from.to_timestamp(*local).is_ok_and(|moment| moment <= last),
            };
            // Outlook's rules are since 1601. What `instances` gives first is its beginning in any case, and stands above.
            let is_old = start.year() < FIRST_YEAR && rule.is_the_same_each_year();
            let start = Some(start).filter(|_| !is_old).or_else(|| start.with().year(FIRST_YEAR).build().ok());
            let instances = rule.instances(start?, u32::try_from(MOST).unwrap_or(u32::MAX)).skip(1);
            let wanted = instances.take_while(|local| local.year() <= LAST_YEAR && is_within(local));
            self.steps.extend(wanted.take(MOST).map(step));
        }
        Some(is_endless)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether the table says anything of a time: not of one before its first step, nor of one after its last, where it just ends.
    pub(super) fn speaks_of(&self, local: DateTime) -> bool {
        let begins = self.steps.first().is_some_and(|first| local >= first.local);
        let ends = !self.is_endless && self.steps.last().is_none_or(|last| local.year() > last.local.year());
        // What never changes is in force for ever.
        self.steps.len() == 1 || (begins && !ends)
    }

    /// The offset by which a time is read that the clocks show.
    pub(super) fn offset(&self, local: DateTime) -> Offset {
        let local = self.within(local);
        let later = self.steps.partition_point(|step| step.is_reached(local));
        self.at(later)
    }

    /// The offset at a moment.
    pub(super) fn offset_at(&self, moment: Timestamp) -> Offset {
        let utc = Offset::UTC.to_datetime(moment);
        let moment = Offset::UTC.to_timestamp(self.within(utc)).unwrap_or(moment);
        let later = self.steps.partition_point(|step| step.moment() <= moment);
        self.at(later)
    }

    /// The offset after so many steps.
    fn at(&self, steps: usize) -> Offset {
        match steps.checked_sub(1) {
            Some(last) => self.steps[last].to,
            None => self.steps.first().map_or(Offset::UTC, |first| first.from),
        }
    }

    /// The same day of a year with the same calendar, where the table does not go so far.
    fn within(&self, local: DateTime) -> DateTime {
        if !self.is_endless || local.year() <= LAST_YEAR {
            return local;
        }
        let first = |year: i16| Date::new(year, 1, 1).ok();
        let is_same = |year: &i16| {
            let (Some(one), Some(other)) = (first(*year), first(local.year())) else { return false };
            one.weekday() == other.weekday() && one.in_leap_year() == other.in_leap_year()
        };
        let year = (LAST_YEAR - 27..=LAST_YEAR).find(is_same);
        year.and_then(|year| local.with().year(year).build().ok()).unwrap_or(local)
    }

    /// Whether a zone has the same offsets as the table, a while after each of its steps.
    pub(super) fn agree_with(&self, zone: &TimeZone) -> bool {
        const CHECKED: usize = 200;
        self.steps.iter().rev().take(CHECKED).all(|step| {
            let Ok(after) = step.moment().checked_add(SignedDuration::from_hours(36)) else { return true };
            zone.to_offset(after) == self.offset_at(after)
        })
    }
}

impl Step {
    fn moment(&self) -> Timestamp {
        let bound = if self.local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
        self.from.to_timestamp(self.local).unwrap_or(bound)
    }

    /// Whether clocks that show this show it after the step. What is left out by it, and what it shows again, counts as before.
    fn is_reached(&self, local: DateTime) -> bool {
        let gained = self.to.seconds() - self.from.seconds();
        let reached = self.local.checked_add(SignedDuration::from_secs(gained.max(0).into())).unwrap_or(self.local);
        local >= reached
    }
}

fn observances(lines: &[ContentLine], charset: Charset) -> Vec<Observance> {
    let (mut found, mut current): (Vec<Observance>, Option<Observance>) = (Vec::new(), None);
    for line in lines {
        let value = line.raw(charset);
        match (line.name.as_str(), &mut current) {
            ("BEGIN", _) => current = Some(Observance::default()),
            ("END", _) => found.extend(current.take()),
            ("DTSTART", Some(observance)) => observance.start = local(&value),
            ("TZOFFSETFROM", Some(observance)) => observance.from = offset(&value),
            ("TZOFFSETTO", Some(observance)) => observance.to = offset(&value),
            ("RRULE", Some(observance)) => observance.rules.push(value),
            ("RDATE", Some(observance)) => {
                // Of a period its beginning counts.
                let dates = value.split(',').filter_map(|date| local(date.split('/').next()?));
                observance.dates.extend(dates);
            }
            _ => {}
        }
    }
    found.retain(|observance| observance.to.is_some() && observance.start.is_some());
    found
}

/// Supplies the offset before a step where the file does not say it: the one that another part has.
fn supply_offsets(observances: &mut [Observance]) {
    let others: Vec<_> = observances.iter().map(|observance| observance.to).collect();
    for (at, observance) in observances.iter_mut().enumerate() {
        let other =
            others.iter().enumerate().find(|(of, to)| *of != at && **to != observance.to).and_then(|(_, to)| *to);
        observance.from = observance.from.or(other).or(observance.to);
    }
}

/// A time such as `20070311T020000`; a `Z` after it is wrong there and says nothing.
fn local(text: &str) -> Option<DateTime> {
    text.trim().trim_end_matches(['Z', 'z']).parse().ok()
}

/// An offset such as `+0100` or `-033000` (RFC 5545 section 3.3.14).
pub(super) fn offset(text: &str) -> Option<Offset> {
    let text = text.trim();
    let digits = text.trim_start_matches(['+', '-']);
    if !matches!(digits.len(), 4 | 6) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |at: usize| digits.get(at..at + 2).and_then(|part| part.parse::<i32>().ok()).unwrap_or_default();
    let seconds = part(0) * 3600 + part(2) * 60 + part(4);
    Offset::from_seconds(if text.starts_with('-') { -seconds } else { seconds }).ok()
}
