//! What is kept of a series: its lines, checked before they are written into a calendar, and what they say.

use std::collections::{BTreeSet, HashSet};

use jiff::tz::TimeZone;

use super::moment::{self, Dated};
use super::rule::{self, Rule};
use super::series::{self, Clock, End, First, Series};
use super::zone::Zones;
use crate::content_line::{ContentLine, push_text};
use crate::{Charset, Moment};

/// The lines of a series that was kept, checked, so that they can be written into a calendar.
pub(super) struct Kept<'a> {
    /// The lines of the event: each with its name, the name of its zone, its other parameters, and its value.
    pub(super) lines: Vec<KeptLine<'a>>,
    /// The name of the zone and the lines of its definition, which are within BEGIN and END.
    pub(super) zone: Option<(String, Vec<&'a str>)>,
}

/// A line of a series.
pub(super) struct KeptLine<'a> {
    pub(super) name: &'static str,
    /// What VALUE says, where the values are no times: `DATE` or `PERIOD`.
    pub(super) kind: Option<&'static str>,
    pub(super) zone: Option<String>,
    pub(super) value: &'a str,
}

impl<'a> Kept<'a> {
    /// Reads the lines. The error says what is wrong with them.
    pub(super) fn read(text: &'a str) -> Result<Kept<'a>, String> {
        const NAMES: [&str; 7] = ["DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE"];
        let mut kept = Kept { lines: Vec::new(), zone: None };
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        while let Some(line) = lines.next() {
            let wrong = || format!("`{}` is no line of a series", line.chars().take(60).collect::<String>());
            if line.chars().any(|char| char.is_control() && char != '\t') {
                return Err(wrong());
            }
            if line == "BEGIN:VTIMEZONE" {
                let name = lines.next().and_then(|line| line.strip_prefix("TZID:")).ok_or_else(wrong)?;
                let name = ContentLine::parse(format!("TZID:{name}").as_bytes()).ok_or_else(wrong)?;
                let inner: Vec<_> = lines.by_ref().take_while(|line| *line != "END:VTIMEZONE").collect();
                if !is_definition(&inner) {
                    return Err("the time zone of the series has lines that none may have".to_owned());
                }
                kept.zone = Some((name.text(Charset::UTF_8), inner));
                continue;
            }
            let parsed = ContentLine::parse(line.as_bytes()).ok_or_else(wrong)?;
            let name = NAMES.into_iter().find(|name| *name == parsed.name).ok_or_else(wrong)?;
            // An encoded value is none of these.
            let value = line.len().checked_sub(parsed.value().len()).and_then(|at| line.get(at..));
            let value = value.filter(|value| value.as_bytes() == parsed.value()).ok_or_else(wrong)?;
            let is_moment = !matches!(name, "DURATION" | "RRULE" | "EXRULE");
            let kinds: &[&'static str] = match name {
                "RDATE" => &["DATE", "PERIOD"],
                _ if is_moment => &["DATE"],
                _ => &[],
            };
            let kind = kinds.iter().copied().find(|kind| parsed.has("VALUE", kind));
            let is_fitting = match name {
                "RRULE" | "EXRULE" => rule::is_sound(value) || value.parse::<Rule>().is_ok(),
                "DURATION" => moment::is_duration(value),
                "RDATE" if kind == Some("PERIOD") => value.split(',').all(is_period),
                _ => value.split(',').all(is_time),
            };
            if !is_fitting {
                return Err(wrong());
            }
            let zone = is_moment.then(|| parsed.parameter("TZID").map(str::to_owned)).flatten();
            kept.lines.push(KeptLine { name, kind, zone, value });
        }
        let has = |name: &str| kept.lines.iter().filter(|line| line.name == name).count();
        if has("DTSTART") != 1 {
            return Err("a series needs one line DTSTART".to_owned());
        }
        if has("DTEND") + has("DURATION") > 1 {
            return Err("a series has one line DTEND or DURATION, and no more".to_owned());
        }
        if has("RRULE") + has("RDATE") == 0 {
            return Err("a series needs a line RRULE or RDATE, such as RRULE:FREQ=WEEKLY".to_owned());
        }
        Ok(kept)
    }

    /// The series that they speak of, with those of it that are events of their own; `None` where its zone is not known.
    pub(super) fn series(&self, replaced: Vec<Moment>) -> Option<Series> {
        let mut zones = Zones::new(None, TimeZone::UTC);
        if let Some((name, lines)) = &self.zone {
            let mut named = "TZID:".to_owned();
            push_text(name, &mut named);
            let lines = [named.as_str()].into_iter().chain(lines.iter().copied());
            let lines: Vec<_> = lines.filter_map(|line| ContentLine::parse(line.as_bytes())).collect();
            zones.define(&lines, Charset::UTF_8);
        }
        let all = |name: &'static str| self.lines.iter().filter(move |line| line.name == name);
        let begins = all("DTSTART").next()?;
        let read = begins.moments(&zones).pop()?;
        let clock = match (read.begins.moment, &read.begins.zone) {
            (Moment::Day(_), _) => Clock::Days,
            (Moment::Local(_), _) if begins.zone.is_some() => return None,
            (Moment::Local(_), _) => Clock::Floating,
            (Moment::At(_), Some(zone)) => Clock::Zone(zone.clone()),
            (Moment::At(_), None) => Clock::Utc,
        };
        let end = all("DTEND").next().and_then(|line| clock.local(&line.moments(&zones).pop()?.begins)).map(End::At);
        let duration = || all("DURATION").next().map(|line| End::Duration(line.value.to_owned()));
        let rules = |name| all(name).map(|line| line.value.to_owned()).collect();
        let begins_of = |line: &KeptLine<'_>| line.moments(&zones).into_iter().map(|dated| dated.begins).collect();
        Some(Series {
            zone_of_days: None,
            start: clock.local(&read.begins)?,
            end: end.or_else(duration),
            rules: rules("RRULE"),
            except_rules: rules("EXRULE"),
            dates: all("RDATE").map(|line| line.moments(&zones)).collect(),
            except_dates: all("EXDATE").map(begins_of).collect(),
            replaced,
            cancelled: Vec::new(),
            clock,
        })
    }
}

impl Kept<'_> {
    /// How an EXDATE of the series names those of it that are called so, but for those that it names already.
    pub(super) fn times_of(&self, ones: &[String]) -> Vec<String> {
        let Some(series) = self.series(Vec::new()) else { return Vec::new() };
        let time = |moment| series.time(&series.read(moment));
        let named: HashSet<_> = series.except_dates.iter().flatten().filter_map(|read| series.time(read)).collect();
        let times = ones.iter().filter_map(|key| time(series::of_key(key)?));
        let times: BTreeSet<_> = times.filter(|time| !named.contains(time)).collect();
        times.into_iter().filter_map(|time| series.clock.value(time)).collect()
    }
}

impl KeptLine<'_> {
    /// The dates that it has.
    fn moments(&self, zones: &Zones) -> Vec<Dated> {
        moment::read_list(self.value, self.zone.as_deref().unwrap_or_default(), self.kind == Some("DATE"), zones)
    }
}

/// When the first of a kept series is, and when it ends, once these of it are events of their own; `None` where the one that begins at
/// `begins` is none of these, where none is left, and where the series is not understood. Times without a zone are of this one.
pub(super) fn first_of(
    text: &str,
    begins: Moment,
    zone: &TimeZone,
    replaced: &[String],
) -> Option<(Moment, Option<Moment>)> {
    let kept = Kept::read(text).ok()?;
    let mut series = kept.series(replaced.iter().filter_map(|key| series::of_key(key)).collect())?;
    if series.clock == Clock::Days {
        let zones = Zones::new(None, zone.clone());
        let days = series.replaced.iter().map(|moment| Moment::Day(moment::day(&series.read(*moment), &zones)));
        series.replaced = days.collect();
    }
    let begins = match (begins, &series.clock) {
        (Moment::At(time), Clock::Floating) => Moment::Local(zone.to_datetime(time)),
        (begins, _) => begins,
    };
    if !series.is_replaced(begins) {
        return None;
    }
    let Ok(First::At(first)) = series.first() else { return None };
    let begins = series.clock.moment(first)?;
    Some((begins, series.end_of_one(first)))
}

fn is_time(text: &str) -> bool {
    text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'T' | b'Z'))
}

/// A time and an end or a duration (RFC 5545 section 3.3.9).
fn is_period(text: &str) -> bool {
    let is_length = |length: &str| is_time(length) || moment::is_duration(length);
    text.split_once('/').is_some_and(|(begins, length)| is_time(begins) && is_length(length))
}

fn is_definition(lines: &[&str]) -> bool {
    const NAMES: [&str; 9] =
        ["BEGIN", "END", "DTSTART", "RRULE", "RDATE", "RDATE;VALUE=PERIOD", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME"];
    let mut open = None;
    let is_known = lines.iter().all(|line| {
        let Some((name, value)) = line.split_once(':') else { return false };
        let is_part = matches!(value, "STANDARD" | "DAYLIGHT");
        match name {
            "BEGIN" => is_part && open.replace(value).is_none(),
            "END" => is_part && open.take() == Some(value),
            name => {
                NAMES.contains(&name) && open.is_some() && !value.chars().any(|char| char.is_control() && char != '\t')
            }
        }
    });
    is_known && open.is_none() && !lines.is_empty()
}
