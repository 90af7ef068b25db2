//! Time zones by the names that calendars give them: defined in the file, of the IANA, of Windows, or with a path before them.
//!
//! TZID names the VTIMEZONE of the file, wherever that stands; only with a slash in front it is a name that everybody knows (RFC 5545
//! section 3.2.19).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

use super::steps::Steps;
use super::{vtimezone, windows};
use crate::Charset;
use crate::content_line::ContentLine;

/// How many definitions of one file are remembered, how many steps these may have together, and how long their names may be.
const MOST: usize = 1_000;
const MOST_STEPS: usize = 250_000;
const LONGEST_NAME: usize = 256;

/// The longest definition that is kept to be written again, in bytes.
const LONGEST_TEXT: usize = 64 * 1024;

/// The zones that are known while a file is read.
#[derive(Clone)]
pub(super) struct Zones {
    database: TimeZoneDatabase,
    defined: Arc<Defined>,
    /// Which calendar of the file is being read.
    calendar: u64,
    /// That of whoever reads.
    reader: TimeZone,
}

/// What a file says of zones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Defined {
    /// Definitions by their folded names, in the order of the file.
    zones: HashMap<String, Vec<Definition>>,
    count: usize,
    steps: usize,
    /// The zones of times that name none, by calendar.
    floating: BTreeMap<u64, String>,
}

/// A VTIMEZONE.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Definition {
    /// The calendar that it stands in.
    calendar: u64,
    name: String,
    zone: Zone,
}

/// A zone that a file defines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OwnZone {
    name: String,
    steps: Steps,
    /// The zone of the IANA with that name, where the file says the same of the time that it speaks of.
    beyond: Option<TimeZone>,
    /// The lines of the definition; nothing where they are too long to be kept.
    text: Option<String>,
}

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// One that everybody knows.
    Known(TimeZone),
    /// One of the file.
    Own(Arc<OwnZone>),
}

/// A zone that was found.
pub(super) struct Found {
    pub(super) zone: Zone,
    /// What had to be guessed.
    pub(super) note: Option<String>,
}

impl Zone {
    /// The moment when a clock in the zone shows this. A time that the clocks leave out is read by the offset before, of one that they
    /// show twice the first is meant (RFC 5545 section 3.3.5).
    pub(super) fn moment(&self, local: DateTime) -> Option<Timestamp> {
        let offset = match self {
            Zone::Known(zone) => return Some(local.to_zoned(zone.clone()).ok()?.timestamp()),
            Zone::Own(own) => match &own.beyond {
                Some(zone) if !own.steps.speaks_of(local) => {
                    return Some(local.to_zoned(zone.clone()).ok()?.timestamp());
                }
                _ => own.steps.offset(local),
            },
        };
        offset.to_timestamp(local).ok()
    }

    /// The name that the file gives it, or the IANA.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Zone::Known(zone) => zone.iana_name(),
            Zone::Own(own) => Some(&own.name),
        }
    }

    /// The lines of its definition in the file.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Zone::Known(_) => None,
            Zone::Own(own) => own.text.as_deref(),
        }
    }

    /// What a clock in the zone shows.
    pub(super) fn local(&self, moment: Timestamp) -> DateTime {
        match self {
            Zone::Known(zone) => zone.to_datetime(moment),
            Zone::Own(own) => match &own.beyond {
                Some(zone) if !own.steps.speaks_of(zone.to_datetime(moment)) => zone.to_datetime(moment),
                _ => own.steps.offset_at(moment).to_datetime(moment),
            },
        }
    }
}

impl Zones {
    /// The zones of a file of which this much is known before it is read, by somebody in this zone.
    pub(super) fn new(defined: Option<Arc<Defined>>, reader: TimeZone) -> Zones {
        Zones { database: TimeZoneDatabase::bundled(), defined: defined.unwrap_or_default(), calendar: 0, reader }
    }

    /// What the file has said of zones.
    pub(super) fn defined(&self) -> Arc<Defined> {
        Arc::clone(&self.defined)
    }

    /// The next calendar of the file begins.
    pub(super) fn begin_calendar(&mut self) {
        self.calendar += 1;
    }

    /// Remembers in which zone the times of the calendar are that name none (X-WR-TIMEZONE).
    pub(super) fn set_floating(&mut self, line: &ContentLine, charset: Charset) {
        let name = line.text(charset).trim().to_owned();
        if !name.is_empty() && name.len() <= LONGEST_NAME && self.defined.floating.len() < MOST {
            Arc::make_mut(&mut self.defined).floating.entry(self.calendar).or_insert(name);
        }
    }

    /// Remembers a VTIMEZONE (RFC 5545 section 3.6.5).
    pub(super) fn define(&mut self, lines: &[ContentLine], charset: Charset) {
        let Some(name) = lines.iter().find(|line| line.name == "TZID").map(|line| line.text(charset)) else { return };
        let name = clean(&name).to_owned();
        if name.is_empty() || name.len() > LONGEST_NAME || self.defined.count >= MOST {
            return;
        }
        let (key, text) = (folded(&name), text(lines, charset));
        // Of many calendars in one file most say the same of a zone.
        let first = self.defined.zones.get(&key).and_then(|known| known.first());
        if first.is_some_and(|first| first.name == name && text.is_some() && first.zone.text() == text.as_deref()) {
            return;
        }
        if let Some(zone) = text.as_deref().and_then(|text| self.written_by_us(&name, text)) {
            if first.is_none_or(|first| first.zone != zone) {
                let defined = Arc::make_mut(&mut self.defined);
                defined.count += 1;
                defined.zones.entry(key).or_default().push(Definition { calendar: self.calendar, name, zone });
            }
            return;
        }
        let location = lines.iter().find(|line| line.name == "X-LIC-LOCATION").map(|line| line.raw(charset));
        let location = location.and_then(|location| self.by_path(&location));
        let steps = Steps::read(lines, charset);
        if self.defined.steps + steps.len() > MOST_STEPS {
            return;
        }
        let added = steps.len();
        let zone = if steps.is_empty() {
            location.map(Zone::Known)
        } else {
            let beyond = self.by_path(&name).or(location).filter(|zone| steps.agree_with(zone));
            Some(Zone::Own(Arc::new(OwnZone { name: name.clone(), steps, beyond, text })))
        };
        let Some(zone) = zone else { return };
        let defined = Arc::make_mut(&mut self.defined);
        defined.count += 1;
        defined.steps += added;
        defined.zones.entry(key).or_default().push(Definition { calendar: self.calendar, name, zone });
    }

    /// The zone of the IANA that we have defined for programs that do not know it.
    fn written_by_us(&self, name: &str, text: &str) -> Option<Zone> {
        // How each of ours begins: not every zone of every file is worth it to make ours.
        if !text.starts_with("BEGIN:STANDARD\nDTSTART:19700101T000000\n") {
            return None;
        }
        let zone = self.database.get(name).ok()?;
        let is_ours = vtimezone::definition(&zone).iter().map(String::as_str).eq(text.lines());
        is_ours.then_some(Zone::Known(zone))
    }

    /// The zone of the times of the calendar that name none.
    pub(super) fn floating(&self) -> Option<Found> {
        self.find(self.defined.floating.get(&self.calendar)?)
    }

    /// The day of a moment that is in UTC and of which only the day counts: by the zone of the calendar, else by that of whoever reads.
    pub(super) fn day(&self, moment: Timestamp) -> Date {
        match self.floating() {
            Some(found) => found.zone.local(moment).date(),
            None => self.reader.to_datetime(moment).date(),
        }
    }

    /// The zone of whoever reads.
    pub(super) fn reader(&self) -> Zone {
        Zone::Known(self.reader.clone())
    }

    /// The zones that the file defines, those of the calendar first.
    pub(super) fn own(&self) -> Vec<Zone> {
        let mut all: Vec<&Definition> = self.defined.zones.values().flatten().collect();
        all.sort_by_key(|definition| (definition.calendar != self.calendar, &definition.name));
        all.into_iter().map(|definition| definition.zone.clone()).collect()
    }

    /// The zone with a name.
    pub(super) fn find(&self, name: &str) -> Option<Found> {
        let name = clean(name);
        let exact = |zone| Found { zone, note: None };
        let known = |zone: Option<TimeZone>| zone.map(Zone::Known);
        let is_global = name.starts_with('/');
        let global = || if is_global { known(self.by_path(name)) } else { None };
        let found = global()
            .or_else(|| self.defined_as(name))
            .or_else(|| known(self.by_path(name)))
            .or_else(|| known(self.by_windows(name)));
        found.map(exact).or_else(|| offset_in(name).map(|offset| fixed(name, offset)))
    }

    /// By its definition: that of the calendar, else the first of the file; by the same letters, else by what is like them.
    fn defined_as(&self, name: &str) -> Option<Zone> {
        let all = self.defined.zones.get(&folded(name))?;
        let plain = unescaped(name);
        let best = all.iter().min_by_key(|definition| {
            let is_exact = definition.name == name || definition.name == plain;
            (definition.calendar != self.calendar, !is_exact)
        })?;
        Some(best.zone.clone())
    }

    /// By a name of the IANA, perhaps with a path before it, such as `/mozilla.org/20070129_1/Europe/Berlin`.
    fn by_path(&self, name: &str) -> Option<TimeZone> {
        let is_global = name.starts_with('/');
        let mut rest = name.trim_matches('/');
        let whole = rest;
        loop {
            // The end of somebody's own name is no name: `Company/EST`.
            let is_name = is_global || rest == whole || rest.contains('/');
            if let Ok(zone) = self.database.get(rest)
                && is_name
            {
                return Some(zone);
            }
            rest = rest.split_once('/')?.1;
        }
    }

    fn by_windows(&self, name: &str) -> Option<TimeZone> {
        self.database.get(windows::iana(name)?).ok()
    }
}

/// The lines of a definition that somebody else can read, each as it would be written, and nothing else.
fn text(lines: &[ContentLine], charset: Charset) -> Option<String> {
    const KEPT: [&str; 8] = ["TZOFFSETFROM", "TZOFFSETTO", "DTSTART", "RRULE", "RDATE", "BEGIN", "END", "TZNAME"];
    let mut text = String::new();
    for line in lines.iter().filter(|line| KEPT.contains(&line.name.as_str())) {
        let value = line.raw(charset);
        if text.len() + value.len() > LONGEST_TEXT || value.contains(['\n', '\r']) {
            return None;
        }
        let is_list_of_periods = line.name == "RDATE" && line.has("VALUE", "PERIOD");
        let kind = if is_list_of_periods { ";VALUE=PERIOD" } else { "" };
        text.extend([line.name.as_str(), kind, ":", &value, "\n"]);
    }
    Some(text)
}

fn fixed(name: &str, offset: Offset) -> Found {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    let note = format!("{name} (read as UTC{sign}{:02}:{:02})", minutes / 60, minutes % 60);
    Found { zone: Zone::Known(offset.to_time_zone()), note: Some(note) }
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
    super::steps::offset(&format!("{sign}{digits}"))
}

/// A name without what stands around it.
fn clean(name: &str) -> &str {
    name.trim().trim_matches('"').trim()
}

/// A name without escapes, which a parameter has none of and some write there all the same.
fn unescaped(name: &str) -> String {
    name.replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
}

/// A name without what programs change in it: escapes, white space, and capital or small letters.
fn folded(name: &str) -> String {
    let plain = unescaped(name);
    plain.chars().filter(|char| !char.is_whitespace() && *char != '"').flat_map(char::to_lowercase).collect()
}
