//! The time zones of a calendar that is written: each is defined once, before the first event that needs it, under a name of its own.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

/// How many definitions are remembered, so that memory does not grow with a document; any more are defined for each event anew.
const MOST: usize = 4_096;

/// Of which years the clocks of a zone of the IANA are told one by one, and from which on by a rule, if these years have one.
const FIRST_YEAR: i16 = 1970;
const LAST_YEAR: i16 = 2067;
const YEARS_OF_A_RULE: i16 = 28;

/// The zones that a document has so far.
pub(super) struct Written {
    database: TimeZoneDatabase,
    /// What is defined under a name: others of that name have a number behind it.
    known: HashMap<String, Vec<u64>>,
    count: usize,
}

/// A zone that an event needs.
pub(super) struct Needed {
    /// Its name in this document.
    pub(super) name: String,
    /// The lines within its VTIMEZONE, where the document does not have it yet.
    pub(super) definition: Option<Vec<String>>,
}

impl Written {
    pub(super) fn new() -> Written {
        Written { database: TimeZoneDatabase::bundled(), known: HashMap::new(), count: 0 }
    }

    /// The zone of a name that has these lines, or without lines the one that everybody knows; `None` where nobody does.
    pub(super) fn need(&mut self, name: &str, lines: Option<&[&str]>) -> Option<Needed> {
        let zone = if lines.is_none() { Some(self.database.get(name).ok()?) } else { None };
        let mut hasher = DefaultHasher::new();
        lines.hash(&mut hasher);
        let hash = hasher.finish();
        let known = self.known.entry(name.to_owned()).or_default();
        let place = known.iter().position(|known| *known == hash);
        let number = place.unwrap_or(if self.count < MOST { known.len() } else { self.count });
        let definition = if place.is_some() {
            None
        } else {
            self.count += 1;
            if self.count <= MOST {
                known.push(hash);
            }
            Some(match (lines, zone) {
                (Some(lines), _) => lines.iter().map(|line| (*line).to_owned()).collect(),
                (None, zone) => definition(&zone?),
            })
        };
        let name = if number == 0 { name.to_owned() } else { format!("{name} ({})", number + 1) };
        Some(Needed { name, definition })
    }
}

/// When the clocks of a zone change.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// What they show then.
    local: DateTime,
    from: Offset,
    to: Offset,
    is_summer: bool,
}

/// The lines within the VTIMEZONE of a zone of the IANA, as we write it.
pub(super) fn definition(zone: &TimeZone) -> Vec<String> {
    let begin = Date::constant(FIRST_YEAR, 1, 1).at(0, 0, 0, 0);
    let at_first = zone.to_offset(Offset::UTC.to_timestamp(begin).unwrap_or(Timestamp::UNIX_EPOCH));
    let mut lines = Vec::new();
    part(&mut lines, Change { local: begin, from: at_first, to: at_first, is_summer: false }, &[], None);
    let mut kinds: BTreeMap<(i32, i32), Vec<Change>> = BTreeMap::new();
    for change in changes(zone) {
        kinds.entry((change.from.seconds(), change.to.seconds())).or_default().push(change);
    }
    for changes in kinds.values() {
        let rule = rule(changes);
        let (single, ruled) = changes.split_at(rule.as_ref().map_or(changes.len(), |(first, _)| *first));
        if let [first, others @ ..] = single {
            part(&mut lines, *first, others, None);
        }
        if let ([first, ..], Some((_, rule))) = (ruled, &rule) {
            part(&mut lines, *first, &[], Some(rule));
        }
    }
    lines
}

fn changes(zone: &TimeZone) -> impl Iterator<Item = Change> {
    let begin = Offset::UTC.to_timestamp(Date::constant(FIRST_YEAR, 1, 1).at(0, 0, 0, 0));
    let following = zone.following(begin.unwrap_or(Timestamp::UNIX_EPOCH)).filter_map(|next| {
        let moment = next.timestamp();
        let from = zone.to_offset(moment.checked_sub(1.second()).ok()?);
        let local = from.to_datetime(moment);
        Some(Change { local, from, to: next.offset(), is_summer: next.dst().is_dst() })
    });
    following.filter(|change| change.from != change.to).take_while(|change| change.local.year() <= LAST_YEAR)
}

/// The rule by which changes of one kind come about each year until the last, and from which of them on.
fn rule(changes: &[Change]) -> Option<(usize, String)> {
    const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let last = changes.last().filter(|last| last.local.year() == LAST_YEAR)?;
    let nth = |day: Date| (day.day() - 1) / 7 + 1;
    let is_last = |day: Date| day.day() > day.days_in_month() - 7;
    // The same weekday of the same month at the same time, a year before the next one.
    let like = |one: &Change| {
        (one.local.month(), one.local.weekday(), one.local.time())
            == (last.local.month(), last.local.weekday(), last.local.time())
    };
    let run_of = |fits: &dyn Fn(Date) -> bool| {
        let mut year = LAST_YEAR + 1;
        let run = changes.iter().rev().take_while(|change| {
            year -= 1;
            like(change) && change.local.year() == year && fits(change.local.date())
        });
        run.count()
    };
    let wanted = nth(last.local.date());
    let (by_number, by_end) = (run_of(&|day| nth(day) == wanted), run_of(&is_last));
    let (length, week) = if by_end > by_number { (by_end, -1) } else { (by_number, wanted) };
    if length < usize::try_from(YEARS_OF_A_RULE).ok()? {
        return None;
    }
    let day = DAYS.get(usize::try_from(last.local.weekday().to_monday_zero_offset()).ok()?)?;
    Some((changes.len() - length, format!("FREQ=YEARLY;BYMONTH={};BYDAY={week}{day}", last.local.month())))
}

fn part(lines: &mut Vec<String>, first: Change, others: &[Change], rule: Option<&String>) {
    let kind = if first.is_summer { "DAYLIGHT" } else { "STANDARD" };
    let value = |local: DateTime| local.strftime("%Y%m%dT%H%M%S").to_string();
    lines.push(format!("BEGIN:{kind}"));
    lines.push(format!("DTSTART:{}", value(first.local)));
    lines.push(format!("TZOFFSETFROM:{}", offset(first.from)));
    lines.push(format!("TZOFFSETTO:{}", offset(first.to)));
    lines.extend(rule.map(|rule| format!("RRULE:{rule}")));
    if !others.is_empty() {
        let dates: Vec<_> = others.iter().map(|change| value(change.local)).collect();
        lines.push(format!("RDATE:{}", dates.join(",")));
    }
    lines.push(format!("END:{kind}"));
}

/// An offset such as `+0100` or `-033012`.
fn offset(offset: Offset) -> String {
    let (sign, seconds) = (if offset.seconds() < 0 { '-' } else { '+' }, offset.seconds().unsigned_abs());
    let rest = seconds % 60;
    let seconds_text = if rest == 0 { String::new() } else { format!("{rest:02}") };
    format!("{sign}{:02}{:02}{seconds_text}", seconds / 3600, seconds / 60 % 60)
}
