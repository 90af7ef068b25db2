//! Days and times as iCalendar writes them (RFC 5545 sections 3.3.4 to 3.3.6).

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use super::zone::Zones;
use crate::content_line::ContentLine;
use crate::{Charset, Moment};

/// A moment that was read.
pub(super) struct Read {
    pub(super) moment: Moment,
    /// The time zone in which it is written.
    pub(super) zone: Option<TimeZone>,
    /// What had to be guessed about the zone.
    pub(super) note: Option<String>,
}

/// Reads DTSTART and its kin. The error says what would have been right.
pub(super) fn read(line: &ContentLine, charset: Charset, zones: &Zones) -> Result<Read, String> {
    let value = line.raw(charset);
    let names: Vec<&str> = line.parameters("TZID").collect();
    let mut name = names.join(",");
    let mut text = value.as_str();
    // The name of a zone that should stand in quotes may have a colon, as in `(UTC+01:00) Amsterdam`.
    let is_basic = |(_, last): &(&str, &str)| last.get(8..9) == Some("T") && last.len() >= "20261122T0930".len();
    if let Some((more, last)) = value.rsplit_once(':').filter(is_basic).filter(|_| !name.is_empty()) {
        name = format!("{name}:{more}");
        text = last;
    }
    let wrong = || {
        let shown: String = value.chars().take(60).collect();
        format!("`{shown}` is not a date; it should be written like 20261122 or 20261122T093000Z")
    };
    if !text.contains(['T', 't']) {
        let day: Date = text.parse().map_err(|_| wrong())?;
        return Ok(Read { moment: Moment::Day(day), zone: None, note: None });
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(Read { moment: Moment::At(moment), zone: None, note: None });
    }
    let local: DateTime = text.parse().map_err(|_| wrong())?;
    if name.is_empty() {
        return Ok(Read { moment: Moment::Local(local), zone: None, note: None });
    }
    let Some(found) = zones.find(&name) else {
        let note = format!("{name} (not known; times are taken as they stand)");
        return Ok(Read { moment: Moment::Local(local), zone: None, note: Some(note) });
    };
    let moment = local.to_zoned(found.zone.clone()).map_err(|_| wrong())?.timestamp();
    Ok(Read { moment: Moment::At(moment), zone: Some(found.zone), note: found.note })
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
pub(super) fn after(start: Moment, zone: Option<&TimeZone>, duration: &str) -> Result<Option<Moment>, String> {
    let wrong = || {
        let shown: String = duration.chars().take(60).collect();
        format!("`{shown}` is not a duration; it should be written like PT1H30M or P2D")
    };
    let span: Span = duration.trim_start_matches('+').parse().map_err(|_| wrong())?;
    let end = match start {
        Moment::Day(day) => {
            let next = day.at(0, 0, 0, 0).checked_add(span).map_err(|_| wrong())?;
            let next = if next.time() == jiff::civil::Time::midnight() { next - 1.day() } else { next };
            Moment::Day(next.date().max(day))
        }
        Moment::Local(time) => Moment::Local(time.checked_add(span).map_err(|_| wrong())?),
        Moment::At(time) => {
            let zoned = time.to_zoned(zone.cloned().unwrap_or(TimeZone::UTC));
            Moment::At(zoned.checked_add(span).map_err(|_| wrong())?.timestamp())
        }
    };
    Ok(Some(end))
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
