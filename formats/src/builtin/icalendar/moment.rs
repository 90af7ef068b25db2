//! Days and times as iCalendar writes them (RFC 5545 sections 3.3.4 to 3.3.6).

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use super::zone::{Found, Zone, Zones};
use crate::content_line::ContentLine;
use crate::{Charset, Moment};

/// The seconds of a quarter of an hour.
const QUARTER: i64 = 900;

/// A moment that was read.
#[derive(Clone)]
pub(super) struct Read {
    pub(super) moment: Moment,
    /// The time zone in which it is written.
    pub(super) zone: Option<Zone>,
    /// What had to be guessed about the zone.
    pub(super) note: Option<String>,
}

/// Reads DTSTART and its kin. The error says what would have been right.
pub(super) fn read(line: &ContentLine, charset: Charset, zones: &Zones) -> Result<Read, String> {
    let value = line.raw(charset);
    let (name, text) = parts(line, &value);
    read_value(text, &name, line.has("VALUE", "DATE"), zones)
}

/// A value of RDATE.
#[derive(Clone)]
pub(super) struct Dated {
    pub(super) begins: Read,
    /// How long it is, where it is a period (RFC 5545 section 3.3.9) and not as long as the others of its series.
    pub(super) length: Option<Length>,
}

/// How long a period is.
#[derive(Clone)]
pub(super) enum Length {
    Until(Read),
    For(String),
}

/// Reads the values of RDATE and its kin; those that are no dates are left out.
pub(super) fn read_all(line: &ContentLine, charset: Charset, zones: &Zones) -> Vec<Dated> {
    let value = line.raw(charset);
    let (name, text) = parts(line, &value);
    read_list(text, &name, line.has("VALUE", "DATE"), zones)
}

/// Reads a list of dates or periods, whose times are in the zone of that name.
pub(super) fn read_list(text: &str, name: &str, is_date: bool, zones: &Zones) -> Vec<Dated> {
    let read = |text: &str| read_value(text.trim(), name, is_date, zones).ok();
    let dated = |text: &str| {
        let (begins, length) = text.split_once('/').map_or((text, None), |(begins, length)| (begins, Some(length)));
        let length = length.map(str::trim).and_then(|length| {
            if is_duration(length) { Some(Length::For(length.to_owned())) } else { read(length).map(Length::Until) }
        });
        Some(Dated { begins: read(begins)?, length })
    };
    text.split(',').filter_map(dated).collect()
}

/// The name of the zone, and the value.
fn parts<'a>(line: &ContentLine, value: &'a str) -> (String, &'a str) {
    let names: Vec<&str> = line.parameters("TZID").collect();
    let name = names.join(",");
    // The name of a zone that should stand in quotes may have a colon, as in `(UTC+01:00) Amsterdam`.
    let is_basic = |(_, last): &(&str, &str)| last.get(8..9) == Some("T") && last.len() >= "20261122T0930".len();
    match value.rsplit_once(':').filter(is_basic).filter(|_| !name.is_empty()) {
        Some((more, last)) => (format!("{name}:{more}"), last),
        None => (name, value),
    }
}

fn read_value(text: &str, name: &str, is_date: bool, zones: &Zones) -> Result<Read, String> {
    let wrong = || {
        let shown: String = text.chars().take(60).collect();
        format!("`{shown}` is not a date; it should be written like 20261122 or 20261122T093000Z")
    };
    let plain = |moment| Ok(Read { moment, zone: None, note: None });
    let Some((day, time)) = text.split_once(['T', 't']) else {
        return plain(Moment::Day(text.parse().map_err(|_| wrong())?));
    };
    let digits = time.trim_end_matches(['Z', 'z']);
    // Some write midnight for what they say is a day.
    if is_date && digits.len() >= 4 && digits.bytes().all(|digit| digit == b'0') {
        return plain(Moment::Day(day.parse().map_err(|_| wrong())?));
    }
    let (is_end_of_day, text) = match digits {
        "240000" | "2400" => (true, format!("{day}T000000{}", &time[digits.len()..])),
        _ => (false, text.to_owned()),
    };
    let days = i64::from(is_end_of_day).days();
    if let Ok(moment) = text.parse::<Timestamp>() {
        let moment = TimeZone::UTC.to_zoned(TimeZone::UTC.to_datetime(moment).checked_add(days).map_err(|_| wrong())?);
        return plain(Moment::At(moment.map_err(|_| wrong())?.timestamp()));
    }
    let local: DateTime = text.parse().map_err(|_| wrong())?;
    let local = local.checked_add(days).map_err(|_| wrong())?;
    let found = if name.is_empty() {
        zones.floating()
    } else {
        // A calendar whose zone nobody knows may still say in which it is.
        zones.find(name).or_else(|| {
            let Found { zone, .. } = zones.floating()?;
            let own = zone.name().unwrap_or_default();
            let note = Some(format!("{name} (not known; read as {own}, the zone of the calendar)"));
            Some(Found { zone, note })
        })
    };
    let Some(Found { zone, note }) = found else {
        let note = (!name.is_empty()).then(|| format!("{name} (not known; times are taken as they stand)"));
        return Ok(Read { moment: Moment::Local(local), zone: None, note });
    };
    let moment = zone.moment(local).ok_or_else(wrong)?;
    Ok(Read { moment: Moment::At(moment), zone: Some(zone), note })
}

/// The end of an event whose DTEND was read: see [`last`]. Where the event has days, that is the day of a time by its own zone.
pub(super) fn end(start: Moment, read: &Read, zones: &Zones) -> Option<Moment> {
    match (start, read.moment) {
        (Moment::Day(_), Moment::At(time)) => {
            let own = read.zone.as_ref().map(|zone| zone.local(time).date());
            Some(Moment::Day(own.unwrap_or_else(|| zones.day(time))))
        }
        (start, end) => last(start, end),
    }
}

/// The end of an event whose DTEND this is: of days the one before, as DTEND is not part of the event.
pub(super) fn last(start: Moment, end: Moment) -> Option<Moment> {
    match (start, end) {
        (Moment::Day(first), Moment::Day(next)) if next > first => next.yesterday().ok().map(Moment::Day),
        // Some write the same day, or a time after an all-day beginning.
        (Moment::Day(_), Moment::Local(time)) => Some(Moment::Day(time.date())),
        (Moment::Day(_), Moment::At(time)) => Some(Moment::Day(time.to_zoned(TimeZone::UTC).date())),
        // A day says nothing about the time at which an event ends.
        (Moment::Local(_) | Moment::At(_), Moment::Day(_)) => None,
        (_, end) => Some(end),
    }
}

/// The end of an event that takes so long (RFC 5545 section 3.3.6). The error says what would have been right.
pub(super) fn after(start: Moment, zone: Option<&Zone>, duration: &str) -> Result<Option<Moment>, String> {
    let wrong = || {
        let shown: String = duration.chars().take(60).collect();
        format!("`{shown}` is not a duration; it should be written like PT1H30M or P2D")
    };
    let span: Span = duration.trim_start_matches('+').parse().map_err(|_| wrong())?;
    let end = match start {
        Moment::Day(day) => {
            let next = day.at(0, 0, 0, 0).checked_add(span).map_err(|_| wrong())?;
            let next = if next.time() == Time::midnight() { next - 1.day() } else { next };
            Moment::Day(next.date().max(day))
        }
        Moment::Local(time) => Moment::Local(time.checked_add(span).map_err(|_| wrong())?),
        Moment::At(time) => Moment::At(later(time, zone, span).ok_or_else(wrong)?),
    };
    Ok(Some(end))
}

/// Whether a text is a duration.
pub(super) fn is_duration(text: &str) -> bool {
    text.trim_start_matches('+').parse::<Span>().is_ok() && !text.contains(char::is_whitespace)
}

/// So much later: days by the calendar of the zone, the rest by the clock.
fn later(time: Timestamp, zone: Option<&Zone>, span: Span) -> Option<Timestamp> {
    let days = Span::new().weeks(span.get_weeks()).days(span.get_days());
    let rest = span.weeks(0).days(0);
    let utc = Zone::Known(TimeZone::UTC);
    let zone = zone.unwrap_or(&utc);
    let begins = if days.is_zero() { time } else { zone.moment(zone.local(time).checked_add(days).ok()?)? };
    // Years and months are no part of a duration, but some calendar may have them.
    let begins = begins.to_zoned(TimeZone::UTC).checked_add(rest).ok()?;
    Some(begins.timestamp())
}

/// Whether a moment is before another of the same kind.
pub(super) fn is_before(one: Moment, other: Moment) -> bool {
    match (one, other) {
        (Moment::Day(one), Moment::Day(other)) => one < other,
        (Moment::Local(one), Moment::Local(other)) => one < other,
        (Moment::At(one), Moment::At(other)) => one < other,
        _ => false,
    }
}

/// Whether two moments are the same as iCalendar can write them, which has no parts of a second.
pub(super) fn is_same(one: Moment, other: Moment) -> bool {
    let whole = |time: DateTime| (time.date(), time.hour(), time.minute(), time.second());
    match (one, other) {
        (Moment::Local(one), Moment::Local(other)) => whole(one) == whole(other),
        (Moment::At(one), Moment::At(other)) => {
            whole(TimeZone::UTC.to_datetime(one)) == whole(TimeZone::UTC.to_datetime(other))
        }
        (one, other) => one == other,
    }
}

/// The day that a moment names which stands in the place of a day: that of which it is the midnight, else that on which it is.
pub(super) fn day(read: &Read, zones: &Zones) -> Date {
    midnight(read, zones).unwrap_or_else(|| match (read.moment, &read.zone) {
        (Moment::Day(day), _) => day,
        (Moment::Local(time), _) => time.date(),
        (Moment::At(time), Some(zone)) => zone.local(time).date(),
        (Moment::At(time), None) => TimeZone::UTC.to_datetime(time).date(),
    })
}

/// The day of which a moment is the midnight, by the clock of its zone. A moment in UTC may be the midnight of another zone: of one
/// that the file has, of that of whoever reads, else of the zone nearest to Greenwich that has midnight then.
pub(super) fn midnight(read: &Read, zones: &Zones) -> Option<Date> {
    let of = |local: DateTime| (local.time() == Time::midnight()).then(|| local.date());
    // Where the clocks leave out midnight, the day begins with the time that comes instead.
    let of_zone = |zone: &Zone, time: Timestamp| {
        let local = zone.local(time);
        let begins = || zone.moment(local.date().at(0, 0, 0, 0)) == Some(time);
        of(local).or_else(|| begins().then(|| local.date()))
    };
    match (read.moment, &read.zone) {
        (Moment::Day(day), _) => Some(day),
        (Moment::Local(time), _) => of(time),
        (Moment::At(time), Some(zone)) => of_zone(zone, time),
        (Moment::At(time), None) => {
            let floating = zones.floating().map(|found| found.zone);
            let all = floating.into_iter().chain(zones.own()).chain([zones.reader()]);
            let of_known = || all.into_iter().find_map(|zone| of_zone(&zone, time));
            of(TimeZone::UTC.to_datetime(time)).or_else(of_known).or_else(|| nearest_midnight(time))
        }
    }
}

/// The day of which a moment in UTC is the midnight in the zone nearest to Greenwich that has midnight then.
pub(super) fn nearest_midnight(time: Timestamp) -> Option<Date> {
    let utc = TimeZone::UTC.to_datetime(time);
    let is_whole = utc.minute() % 15 == 0 && utc.second() == 0;
    utc.checked_add(12.hours()).ok().map(DateTime::date).filter(|_| is_whole)
}

/// The midnight after a moment in the last minute of a day, as some programs end days.
pub(super) fn rounded_up(read: Read) -> Read {
    let moment = match read.moment {
        Moment::Local(time) if (time.hour(), time.minute()) == (23, 59) => {
            time.date().tomorrow().map_or(read.moment, |day| Moment::Local(day.at(0, 0, 0, 0)))
        }
        // Offsets are whole quarters of an hour.
        Moment::At(time) if time.as_second().rem_euclid(QUARTER) >= QUARTER - 60 => {
            let left = QUARTER - time.as_second().rem_euclid(QUARTER);
            time.checked_add(left.seconds()).map_or(read.moment, Moment::At)
        }
        moment => moment,
    };
    Read { moment, ..read }
}
