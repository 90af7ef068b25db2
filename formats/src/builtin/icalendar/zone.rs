//! Time zones by the names that calendars give them: of the IANA, of Windows, with a path before them, or defined in the file.

use std::collections::HashMap;

use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

use super::windows;
use crate::Charset;
use crate::content_line::ContentLine;

/// How many zones of one file are remembered, and how long their names may be.
const MOST: usize = 256;

/// The zones that are known while a file is read.
pub(super) struct Zones {
    database: TimeZoneDatabase,
    defined: HashMap<String, Definition>,
}

/// A zone that was found.
pub(super) struct Found {
    pub(super) zone: TimeZone,
    /// What had to be guessed.
    pub(super) note: Option<String>,
}

impl Zones {
    pub(super) fn new() -> Zones {
        Zones { database: TimeZoneDatabase::bundled(), defined: HashMap::new() }
    }

    /// Remembers a VTIMEZONE (RFC 5545 section 3.6.5).
    pub(super) fn define(&mut self, lines: &[ContentLine], charset: Charset) {
        let Some(name) = lines.iter().find(|line| line.name == "TZID") else { return };
        let name = clean(&name.raw(charset)).to_owned();
        if name.len() <= MOST && (self.defined.len() < MOST || self.defined.contains_key(&name)) {
            self.defined.insert(name, Definition::new(lines, charset));
        }
    }

    /// The zone with a name.
    pub(super) fn find(&self, name: &str) -> Option<Found> {
        let name = clean(name);
        let exact = |zone| Found { zone, note: None };
        let defined = self.defined.get(name);
        let located = || self.by_path(defined?.location.as_deref()?);
        let known = self.by_path(name).or_else(located).or_else(|| self.by_windows(name)).map(exact);
        known.or_else(|| defined?.zone(name)).or_else(|| offset_in(name).map(|offset| fixed(name, offset)))
    }

    /// By a name of the IANA, perhaps with a path before it, such as `/mozilla.org/20070129_1/Europe/Berlin`.
    fn by_path(&self, name: &str) -> Option<TimeZone> {
        let mut rest = name.trim_matches('/');
        loop {
            if let Ok(zone) = self.database.get(rest) {
                return Some(zone);
            }
            rest = rest.split_once('/')?.1;
        }
    }

    fn by_windows(&self, name: &str) -> Option<TimeZone> {
        self.database.get(windows::iana(name)?).ok()
    }
}

/// What a file says of a zone.
#[derive(Debug, Default)]
struct Definition {
    /// The name that the IANA has for it.
    location: Option<String>,
    /// What is in force in winter, and what in summer, each the last that the file has.
    standard: Option<Observance>,
    daylight: Option<Observance>,
}

/// From when on an offset is in force.
#[derive(Clone, Debug, Default)]
struct Observance {
    start: String,
    offset: Option<Offset>,
    rule: String,
}

impl Definition {
    fn new(lines: &[ContentLine], charset: Charset) -> Definition {
        let mut definition = Definition::default();
        let mut current: Option<Observance> = None;
        for line in lines {
            let value = line.raw(charset);
            match (line.name.as_str(), &mut current) {
                ("X-LIC-LOCATION", _) => definition.location = Some(value),
                ("BEGIN", _) => current = Some(Observance::default()),
                ("END", _) => {
                    let slot = match line.component().as_str() {
                        "STANDARD" => &mut definition.standard,
                        "DAYLIGHT" => &mut definition.daylight,
                        _ => continue,
                    };
                    let ended = current.take().filter(|observance| observance.offset.is_some());
                    let is_later = |ended: &Observance| slot.as_ref().is_none_or(|known| ended.start >= known.start);
                    if let Some(ended) = ended.filter(is_later) {
                        *slot = Some(ended);
                    }
                }
                ("DTSTART", Some(observance)) => observance.start = value,
                ("TZOFFSETTO", Some(observance)) => observance.offset = offset(&value),
                ("RRULE", Some(observance)) => observance.rule = value.to_ascii_uppercase(),
                _ => {}
            }
        }
        definition
    }

    /// The zone, by the rules for summer and winter where these can be told, otherwise with the offset of winter all year.
    fn zone(&self, name: &str) -> Option<Found> {
        let winter = self.standard.as_ref().or(self.daylight.as_ref())?.offset?;
        let by_rules = || {
            let (standard, daylight) = (self.standard.as_ref()?, self.daylight.as_ref()?);
            let rules = format!(
                "<STD>{}<DST>{},{},{}",
                posix(standard.offset?),
                posix(daylight.offset?),
                daylight.posix_rule()?,
                standard.posix_rule()?
            );
            TimeZone::posix(&rules).ok()
        };
        Some(by_rules().map_or_else(|| fixed(name, winter), |zone| Found { zone, note: None }))
    }
}

impl Observance {
    /// When it begins each year, as POSIX writes it: `M3.5.0/02:00:00`. `None` where the rule is no longer in force, or another.
    fn posix_rule(&self) -> Option<String> {
        const DAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
        let part = |name: &str| self.rule.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        if part("FREQ")? != "YEARLY" || part("UNTIL").is_some() || part("COUNT").is_some() {
            return None;
        }
        let month: u8 = part("BYMONTH")?.parse().ok().filter(|month| (1..=12).contains(month))?;
        let (week, day) = part("BYDAY")?.split_at_checked(part("BYDAY")?.len().checked_sub(2)?)?;
        let day = DAYS.iter().position(|known| *known == day)?;
        let week = match week.trim_start_matches('+') {
            "-1" => 5,
            week => week.parse().ok().filter(|week| (1..=4).contains(week))?,
        };
        let time =
            self.start.split_once('T')?.1.get(..6).filter(|time| time.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some(format!("M{month}.{week}.{day}/{}:{}:{}", &time[..2], &time[2..4], &time[4..]))
    }
}

fn fixed(name: &str, offset: Offset) -> Found {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    let note = format!("{name} (read as UTC{sign}{:02}:{:02})", minutes / 60, minutes % 60);
    Found { zone: offset.to_time_zone(), note: Some(note) }
}

/// An offset as POSIX writes it, where west is positive.
fn posix(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds > 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// An offset such as `+0100` or `-033000` (RFC 5545 section 3.3.14).
fn offset(text: &str) -> Option<Offset> {
    let text = text.trim();
    let digits = text.trim_start_matches(['+', '-']);
    if !matches!(digits.len(), 4 | 6) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |at: usize| digits.get(at..at + 2).and_then(|part| part.parse::<i32>().ok()).unwrap_or_default();
    let seconds = part(0) * 3600 + part(2) * 60 + part(4);
    Offset::from_seconds(if text.starts_with('-') { -seconds } else { seconds }).ok()
}

/// The offset that a name such as `UTC+11`, `GMT +0100` or `(UTC-03:00) Brasilia` says.
fn offset_in(name: &str) -> Option<Offset> {
    let name = name.trim_start_matches('(');
    let rest = name.strip_prefix("UTC").or_else(|| name.strip_prefix("GMT"))?.trim_start();
    let sign = rest.get(..1).filter(|sign| matches!(*sign, "+" | "-"))?;
    let is_of_offset = |char: &char| char.is_ascii_digit() || *char == ':';
    let digits: String = rest[1..].chars().take_while(is_of_offset).filter(|char| *char != ':').collect();
    let digits = match digits.len() {
        1 => format!("0{digits}00"),
        2 => format!("{digits}00"),
        _ => digits,
    };
    offset(&format!("{sign}{digits}"))
}

/// A name without what stands around it.
fn clean(name: &str) -> &str {
    name.trim().trim_matches('"').trim()
}
