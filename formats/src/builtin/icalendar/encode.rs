//! Writes a calendar to which others can subscribe: the same bytes as long as nothing changes.

use bytes::BytesMut;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::kept::Kept;
use super::moment::last;
use super::own;
use super::series::parameter;
use super::vtimezone::{Needed, Written};
use crate::content_line::{ContentLine, push_line, push_text};
use crate::{Encode, EncodeError, EncodeOptions, Event, Heading, Moment, Record, Section};

/// The greatest number that a SEQUENCE can have (RFC 5545 section 3.3.8).
const MOST_REVISIONS: u64 = 2_147_483_647;

/// A calendar must have a component (RFC 5545 section 3.6). That of an empty one says what UTC is, and nobody shows it.
const NOTHING: [&str; 8] = [
    "BEGIN:VTIMEZONE",
    "TZID:UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
];

/// An encoder of one document.
pub(super) struct Encoder {
    heading: Heading,
    alarm: Option<u32>,
    events: u64,
    zones: Written,
}

impl Encoder {
    pub(super) fn new(options: &EncodeOptions) -> Encoder {
        Encoder { heading: options.heading.clone(), alarm: options.alarm, events: 0, zones: Written::new() }
    }
}

impl Encode for Encoder {
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let Heading { title, site: _, this, cards: _, refresh } = &self.heading;
        let title = if title.is_empty() { Section::Calendar.name() } else { title };
        let every = duration((*refresh).unwrap_or(60).max(1));
        let mut lines = Lines(out);
        // There is no METHOD: PUBLISH asks for an ORGANIZER in each event (RFC 5546 section 3.2.1), and that for replies.
        lines.put("BEGIN:VCALENDAR");
        lines.put("VERSION:2.0");
        lines.put(&format!("PRODID:{}", own::PRODUCT));
        lines.put("CALSCALE:GREGORIAN");
        lines.text("NAME", title);
        lines.text("X-WR-CALNAME", title);
        lines.put(&format!("REFRESH-INTERVAL;VALUE=DURATION:{every}"));
        lines.put(&format!("X-PUBLISHED-TTL:{every}"));
        if let Some(this) = this {
            lines.put(&format!("SOURCE;VALUE=URI:{}", uri(this)));
        }
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        record.check_belongs_to(Section::Calendar, "icalendar")?;
        let Record::Event(event) = record else { unreachable!("the section has nothing but events") };
        self.events += 1;
        self.event(event, &mut Lines(out))
    }

    fn end(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let mut lines = Lines(out);
        if self.events == 0 {
            for line in NOTHING {
                lines.put(line);
            }
        }
        lines.put("END:VCALENDAR");
        Ok(())
    }
}

impl Encoder {
    fn event(&mut self, event: &Event, lines: &mut Lines<'_>) -> Result<(), EncodeError> {
        let Event {
            id: _,
            title,
            start,
            end: _,
            location,
            description,
            complete,
            owner,
            email_template,
            associations,
            categories,
            source_uid: _,
            source_sequence: _,
            recurrence_id: _,
            recurrence,
            series_id: _,
            left_out,
            stamp: _,
            foreign: _,
            revision: _,
            created_at: _,
            updated_at: _,
        } = event;
        let start = start.ok_or_else(|| unplaced("an event without a beginning"))?;
        let begins = value(start).ok_or_else(|| unplaced("an event before the year 0"))?;
        let is_complete = *complete == Some(true);
        let series = recurrence.as_deref().and_then(|text| Kept::read(text).ok());
        let series = series.and_then(|kept| self.series(&kept, left_out, lines));
        lines.put("BEGIN:VEVENT");
        self.names(event, lines);
        put_stamps(event, lines);
        let mark = if is_complete { own::DONE } else { "" };
        let summary = title.as_ref().map(|title| format!("{mark}{title}"));
        lines.optional("SUMMARY", summary.as_deref());
        put_times(event, start, &begins, series.as_deref(), lines);
        lines.optional("LOCATION", location.as_deref());
        lines.optional("DESCRIPTION", description.as_deref());
        lines.list("CATEGORIES", categories);
        // A whole day, and what is done, do not make anybody busy.
        if is_complete || matches!(start, Moment::Day(_)) {
            lines.put("TRANSP:TRANSPARENT");
        }
        if let Some(complete) = complete {
            lines.put(&format!("{}:{}", own::COMPLETE, if *complete { "TRUE" } else { "FALSE" }));
        }
        lines.optional(own::OWNER, owner.as_deref());
        lines.optional(own::EMAIL_TEMPLATE, email_template.as_deref());
        for name in associations {
            lines.text(own::ASSOCIATION, name);
        }
        if let Some(minutes) = self.alarm.filter(|_| !is_complete) {
            put_alarm(title.as_deref(), minutes, lines);
        }
        lines.put("END:VEVENT");
        Ok(())
    }
}

/// When an event was made and changed, and how often.
fn put_stamps(event: &Event, lines: &mut Lines<'_>) {
    let Event { revision, created_at, updated_at, .. } = event;
    let stamp = updated_at.or(*created_at).and_then(utc);
    lines.put(&format!("DTSTAMP:{}", stamp.as_deref().unwrap_or("19700101T000000Z")));
    if let Some(revision) = revision {
        lines.put(&format!("SEQUENCE:{}", (*revision).min(MOST_REVISIONS)));
    }
    lines.time("CREATED", own::CREATED_AT, *created_at);
    lines.time("LAST-MODIFIED", own::UPDATED_AT, *updated_at);
}

/// When an event is: as a series, where it can be written as one.
fn put_times(event: &Event, start: Moment, begins: &str, series: Option<&[String]>, lines: &mut Lines<'_>) {
    let Event { end, recurrence, .. } = event;
    if let Some(series) = series {
        for line in series {
            lines.put(line);
        }
        let seal = sealed(series);
        lines.put(&format!("{}{seal}:{}", own::STARTS, shown(start)));
        if let Some(end) = end {
            lines.put(&format!("{}{seal}:{}", own::ENDS, shown(*end)));
        }
    } else {
        let times = span(start, begins, *end, lines);
        // What cannot be written as a series is not lost for us.
        if let Some(recurrence) = recurrence {
            lines.text(&format!("{}{}", own::RECURRENCE, sealed(&times)), recurrence);
        }
    }
}

fn put_alarm(title: Option<&str>, minutes: u32, lines: &mut Lines<'_>) {
    lines.put("BEGIN:VALARM");
    lines.put("ACTION:DISPLAY");
    lines.text("DESCRIPTION", title.unwrap_or("Reminder"));
    lines.put(&format!("TRIGGER:-{}", duration(minutes)));
    lines.put("END:VALARM");
}

impl Encoder {
    /// By what an event is known: here, in its series, and in the calendar from which it comes.
    fn names(&self, event: &Event, lines: &mut Lines<'_>) {
        let Event { id, series_id, recurrence_id, source_uid, source_sequence, .. } = event;
        // A program that has subscribed finds one of a series by the UID of that.
        let one = series_id.as_ref().zip(recurrence_id.as_deref().and_then(one_of_series));
        match (id, &one) {
            (Some(id), _) => {
                lines.text("UID", one.as_ref().map_or(id, |(series, _)| series));
                lines.text(own::ID, id);
            }
            (None, Some((series, _))) => lines.text("UID", series),
            // What the account has not seen has no id; within the document this is one.
            (None, None) => lines.put(&format!("UID:unsaved-{}", self.events)),
        }
        if let Some((_, one)) = &one {
            lines.put(&format!("RECURRENCE-ID{one}"));
        } else {
            lines.optional(own::RECURRENCE_ID, recurrence_id.as_deref());
        }
        lines.optional(own::SOURCE_UID, source_uid.as_deref());
        if let Some(sequence) = source_sequence {
            lines.put(&format!("{}:{sequence}", own::SOURCE_SEQUENCE));
        }
    }

    /// The lines of a series as they stand in this document, which has the time zone that they need now; `None` where there is no such
    /// zone.
    fn series(&mut self, kept: &Kept<'_>, left_out: &[String], lines: &mut Lines<'_>) -> Option<Vec<String>> {
        let name = kept.lines.iter().find_map(|line| line.zone.as_deref());
        let own = kept.zone.as_ref().filter(|(own, _)| Some(own.as_str()) == name);
        let needed = match name {
            Some(name) => Some(self.zones.need(name, own.map(|(_, lines)| lines.as_slice()))?),
            None => None,
        };
        if let Some(Needed { name, definition: Some(definition) }) = &needed {
            lines.put("BEGIN:VTIMEZONE");
            lines.text("TZID", name);
            for line in definition {
                lines.put(line);
            }
            lines.put("END:VTIMEZONE");
        }
        let put = |name: &str, kind: Option<&str>, is_in_zone: bool, value: &str| {
            let kind = kind.map(|kind| format!(";VALUE={kind}")).unwrap_or_default();
            let zone = needed.as_ref().filter(|_| is_in_zone);
            let zone = zone.map(|needed| format!(";TZID={}", parameter(&needed.name))).unwrap_or_default();
            format!("{name}{kind}{zone}:{value}")
        };
        let written = kept.lines.iter().map(|line| put(line.name, line.kind, line.zone.is_some(), line.value));
        let mut written: Vec<_> = written.collect();
        if !left_out.is_empty() {
            let begins = kept.lines.iter().find(|line| line.name == "DTSTART")?;
            let times = kept.times_of(left_out);
            if !times.is_empty() {
                written.push(put("EXDATE", begins.kind, begins.zone.is_some(), &times.join(",")));
            }
        }
        Some(written)
    }
}

/// What stands after RECURRENCE-ID for one of a series; `None` where the text is none.
fn one_of_series(text: &str) -> Option<String> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('T') {
        None if text.len() == 8 && digits(text) => Some(format!(";VALUE=DATE:{text}")),
        Some((day, time)) if day.len() == 8 && digits(day) => {
            let time = time.strip_suffix('Z').unwrap_or(time);
            (time.len() == 6 && digits(time)).then(|| format!(":{text}"))
        }
        _ => None,
    }
}

/// Writes when an event begins and ends; where that is not what is meant, what is meant as well. Answers with DTSTART and DTEND.
fn span(start: Moment, begins: &str, end: Option<Moment>, lines: &mut Lines<'_>) -> Vec<String> {
    let mut times = vec![format!("DTSTART{begins}")];
    let written = end.and_then(|end| until(start, end)).and_then(|until| Some((until, value(until)?)));
    times.extend(written.iter().map(|(_, value)| format!("DTEND{value}")));
    for line in &times {
        lines.put(line);
    }
    if is_fractional(start) {
        lines.put(&format!("{}{}:{}", own::STARTS, sealed(&times), shown(start)));
    }
    let back = written.and_then(|(until, _)| last(start, until)).filter(|back| *back != start);
    if let Some(end) = end.filter(|end| back != Some(*end) || is_fractional(*end)) {
        lines.put(&format!("{}{}:{}", own::ENDS, sealed(&times), shown(end)));
    }
    times
}

/// The parameter by which it is known that the times are still those that were written.
fn sealed(times: &[String]) -> String {
    let lines: Vec<_> = times.iter().filter_map(|line| ContentLine::parse(line.as_bytes())).collect();
    format!(";{}={}", own::SEAL, own::seal(&lines))
}

/// The DTEND of an event: later than it begins, and in the same way (RFC 5545 section 3.6.1); `None` where that cannot be said.
pub(super) fn until(start: Moment, end: Moment) -> Option<Moment> {
    match (start, end) {
        (Moment::Day(first), Moment::Day(last)) => exclusive(first, last),
        (Moment::Day(first), Moment::Local(time)) => exclusive(first, time.date()),
        (Moment::Day(first), Moment::At(time)) => exclusive(first, civil(time).date()),
        // The end of a day is the midnight after it.
        (Moment::Local(start), Moment::Day(day)) => {
            let midnight = day.tomorrow().ok().map(|next| next.at(0, 0, 0, 0));
            midnight.filter(|midnight| whole(*midnight) > whole(start)).map(Moment::Local)
        }
        (Moment::Local(start), Moment::Local(end)) if whole(end) > whole(start) => Some(Moment::Local(end)),
        (Moment::At(start), Moment::At(end)) if end.as_second() > start.as_second() => Some(Moment::At(end)),
        _ => None,
    }
}

/// The day after the last one, unless the event ends before it begins.
fn exclusive(first: Date, last: Date) -> Option<Moment> {
    last.tomorrow().ok().filter(|_| last >= first).map(Moment::Day)
}

/// The lines of a document.
struct Lines<'a>(&'a mut BytesMut);

impl Lines<'_> {
    fn put(&mut self, line: &str) {
        push_line(line, self.0);
    }

    fn text(&mut self, name: &str, text: &str) {
        let mut line = format!("{name}:");
        push_text(text, &mut line);
        self.put(&line);
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn list(&mut self, name: &str, texts: &[String]) {
        let mut line = format!("{name}:");
        for (at, text) in texts.iter().enumerate() {
            line.push_str(if at > 0 { "," } else { "" });
            push_text(text, &mut line);
        }
        if !texts.is_empty() {
            self.put(&line);
        }
    }

    /// Writes a time, and once more where it is not exact.
    fn time(&mut self, name: &str, exact: &str, time: Option<Timestamp>) {
        let Some(time) = time else { return };
        let written = utc(time);
        if let Some(written) = &written {
            self.put(&format!("{name}:{written}"));
        }
        if written.is_none() || time.subsec_nanosecond() != 0 {
            self.put(&format!("{exact}:{time}"));
        }
    }
}

/// What stands after the name of DTSTART or DTEND; `None` before the year 0, which iCalendar cannot write.
fn value(moment: Moment) -> Option<String> {
    Some(match moment {
        Moment::Day(day) => format!(";VALUE=DATE:{}", date(day)?),
        Moment::Local(time) => format!(":{}", date_time(time)?),
        Moment::At(time) => format!(":{}", utc(time)?),
    })
}

fn date(day: Date) -> Option<String> {
    (day.year() >= 0).then(|| format!("{:04}{:02}{:02}", day.year(), day.month(), day.day()))
}

fn date_time(time: DateTime) -> Option<String> {
    Some(format!("{}T{:02}{:02}{:02}", date(time.date())?, time.hour(), time.minute(), time.second()))
}

fn utc(time: Timestamp) -> Option<String> {
    Some(format!("{}Z", date_time(civil(time))?))
}

fn civil(time: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(time)
}

/// A moment as our own columns have it.
fn shown(moment: Moment) -> String {
    match moment {
        Moment::Day(day) => day.to_string(),
        Moment::Local(time) => time.to_string(),
        Moment::At(time) => time.to_string(),
    }
}

/// A time as it is written, without the part of a second.
fn whole(time: DateTime) -> DateTime {
    time - i64::from(time.subsec_nanosecond()).nanoseconds()
}

fn is_fractional(moment: Moment) -> bool {
    match moment {
        Moment::Day(_) => false,
        Moment::Local(time) => time.subsec_nanosecond() != 0,
        Moment::At(time) => time.subsec_nanosecond() != 0,
    }
}

/// So many minutes (RFC 5545 section 3.3.6).
fn duration(minutes: u32) -> String {
    if minutes > 0 && minutes.is_multiple_of(60) { format!("PT{}H", minutes / 60) } else { format!("PT{minutes}M") }
}

/// An address as it can stand in a line.
fn uri(address: &str) -> String {
    address.chars().filter(|char| !char.is_control()).collect()
}

fn unplaced(what: &'static str) -> EncodeError {
    EncodeError::Unplaced { format: "icalendar", what }
}
