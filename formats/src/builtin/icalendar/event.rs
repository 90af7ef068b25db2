//! Makes an event of the properties of a component.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use super::kept::Kept;
use super::moment::{self, Dated, Read};
use super::series::{self, Clock, End, First, Series};
use super::survey::Ahead;
use super::zone::{Zone, Zones};
use super::{encode, own};
use crate::content_line::{ContentLine, block, line};
use crate::record::{names, yes_or_no};
use crate::{Charset, DateOrder, Diagnostic, Event, Foreign, Moment};

/// What a component is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Event,
    ToDo,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Event => "event",
            Kind::ToDo => "to-do",
        })
    }
}

/// Who has written a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// We, so that texts are what they are, and white space in them is meant.
    Own,
    /// Somebody else, whose texts are tidied up.
    Foreign,
}

/// What was read of a component.
pub(super) struct Reading {
    pub(super) event: Event,
    /// What keeps it from being one.
    pub(super) faults: Vec<Diagnostic>,
    /// What is to be said of it although it is one.
    pub(super) notes: Vec<Diagnostic>,
}

/// Reads a component.
pub(super) fn read(
    kind: Kind,
    lines: &[ContentLine],
    charset: Charset,
    zones: &Zones,
    origin: Origin,
    ahead: Option<&Ahead>,
) -> Reading {
    let component = Component { lines, charset, zones, origin };
    let mut faults = Vec::new();
    let mut remarks = Vec::new();
    let span = component.span(kind).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let recurrence_id = component.recurrence_id(span.as_ref());
    let series = span.as_ref().filter(|_| kind == Kind::Event && recurrence_id.is_none());
    let series = series.and_then(|span| component.series(span, ahead));
    let (start, end, mut repeats) = component.times(span.as_ref(), series.as_ref(), &mut faults);
    let zone_note = span.and_then(|span| span.read.note);
    remarks.extend(zone_note.map(|value| Foreign { header: "Time zone".to_owned(), value }));
    remarks.extend(repeats.remark.take().map(|value| Foreign { header: "Repeats".to_owned(), value }));
    let note = |reason| Diagnostic { field: Some("RRULE".to_owned()), reason };
    let notes = repeats.note.take().map(note).into_iter().chain(component.note_on_range()).collect();
    let complete = component.complete(kind);
    let description = component.description();
    let title = component.title(complete).or_else(|| Some(untitled(description.as_deref())));
    let time = |name: &str| component.first(name).and_then(|line| line.raw(charset).parse::<Timestamp>().ok());
    let exact = |name: &str| component.is_own().then(|| time(name)).flatten();
    let event = Event {
        id: component.text(own::ID),
        title,
        start,
        end,
        location: component.location(),
        description,
        complete,
        owner: component.text(own::OWNER),
        email_template: component.text(own::EMAIL_TEMPLATE),
        associations: component.associations(),
        categories: component.categories(),
        source_uid: component.source_uid(),
        source_sequence: component.source_sequence(),
        recurrence_id,
        foreign: component.others(repeats.text.is_some()).chain(remarks).collect(),
        recurrence: repeats.text.or_else(|| component.kept_recurrence()),
        revision: None,
        series_id: None,
        left_out: Vec::new(),
        stamp: time("LAST-MODIFIED").or_else(|| time("DTSTAMP")).filter(|_| !component.is_own()),
        // When another program has made an event says nothing of ours.
        created_at: exact(own::CREATED_AT).or_else(|| exact("CREATED")),
        updated_at: exact(own::UPDATED_AT).or_else(|| exact("LAST-MODIFIED")),
    };
    Reading { event, faults, notes }
}

/// When an event that cannot be read begins and ends, for whoever mends it: what can be read of that in the event, and what cannot by
/// the column that it should fill.
pub(super) fn salvage(
    event: &mut Event,
    kind: Kind,
    lines: &[ContentLine],
    charset: Charset,
    zones: &Zones,
) -> Vec<(&'static str, String)> {
    let first = |name: &str| lines.iter().find(|line| line.name == name && !line.value().trim_ascii().is_empty());
    let due = (kind == Kind::ToDo).then(|| first("DUE")).flatten();
    let mut spoilt = Vec::new();
    let mut read = |line: &ContentLine, [day, time]: [&'static str; 2]| {
        let read = moment::read(line, charset, zones).ok();
        if read.is_none() {
            let text = line.raw(charset);
            spoilt.push((if text.contains('T') { time } else { day }, text));
        }
        read
    };
    let start = due.or_else(|| first("DTSTART")).and_then(|line| read(line, ["startsOn", "startsAt"]));
    let start = start.map(|read| read.moment);
    let end = first("DTEND").and_then(|line| read(line, ["endsOn", "endsAt"]));
    if first("DTEND").is_none()
        && let Some(duration) = first("DURATION").map(|line| line.raw(charset))
    {
        match start.and_then(|start| moment::after(start, None, &duration).ok()) {
            Some(after) => event.end = after,
            None => spoilt.push(("endsAt", duration)),
        }
    }
    event.start = start;
    let last = |end: Read| start.and_then(|start| moment::end(start, &end, zones)).unwrap_or(end.moment);
    event.end = end.map(last).or(event.end);
    spoilt
}

/// By what a file tells its events and their versions apart: UID, RECURRENCE-ID and SEQUENCE.
pub(super) struct Identity {
    pub(super) uid: String,
    /// As [`series::key`] writes it, and as it is.
    pub(super) one: Option<(String, Read)>,
    pub(super) sequence: u64,
}

impl Identity {
    /// That of a component; `None` without a UID.
    pub(super) fn read(lines: &[ContentLine], charset: Charset, zones: &Zones) -> Option<Identity> {
        let component = Component { lines, charset, zones, origin: Origin::Foreign };
        let uid = component.first("UID")?.text(charset).trim().to_owned();
        let one = component.first("RECURRENCE-ID").and_then(|line| component.read(line).ok());
        let one = one.and_then(|read| Some((series::key(read.moment)?, read)));
        let sequence = component.number("SEQUENCE").unwrap_or_default();
        Some(Identity { uid, one, sequence })
    }
}

/// When an event is, as the file has it.
struct Spanned {
    /// DTSTART, or what stands for it.
    read: Read,
    start: Moment,
    end: Option<Moment>,
}

/// What becomes of a series.
#[derive(Default)]
struct Repeats {
    /// The first that takes place.
    start: Option<Moment>,
    end: Option<Moment>,
    /// The lines that are kept.
    text: Option<String>,
    /// What is to be said of the rule.
    note: Option<String>,
    /// What is to be said of it in the event as well.
    remark: Option<String>,
    fault: Option<Diagnostic>,
}

impl Repeats {
    /// A series of which the first that takes place is known.
    fn known(series: &Series) -> Repeats {
        let text = series.text().filter(|text| Kept::read(text).is_ok());
        Repeats { text, ..Repeats::default() }
    }

    /// Looks for the first that takes place.
    fn of(series: &Series, span: &Spanned) -> Repeats {
        let whole = Repeats::known(series);
        match series.first() {
            Ok(First::At(first)) => {
                let Some(start) = series.clock.moment(first) else { return whole };
                let as_the_others = || span.end.and_then(|end| series::end_of(start, (span.start, end)));
                let end = series.end_of_date(first).or_else(as_the_others);
                Repeats { start: Some(start), end, ..whole }
            }
            Ok(First::Nothing) => {
                let reason = "every one of the series is left out, so that nothing of it takes place".to_owned();
                Repeats { fault: Some(Diagnostic { field: Some("EXDATE".to_owned()), reason }), ..whole }
            }
            Ok(First::Unknown) => {
                let note = "the first that takes place is too far off to be found; this is the beginning of the series";
                Repeats { note: Some(note.to_owned()), remark: Some(note.to_owned()), ..whole }
            }
            Err(reason) if whole.text.is_some() => {
                let kept =
                    "the rule is kept as it is and written again, and the event is on the first day of the series";
                Repeats { note: Some(format!("{reason} that is understood: {kept}")), ..whole }
            }
            Err(reason) => {
                let single =
                    "the event is a single one, on the first day of the series, and the rule is in its description";
                let note = Some(format!("{reason} that is understood: {single}"));
                Repeats { note, remark: Some(reason), ..Repeats::default() }
            }
        }
    }
}

/// The title of what has none: the first line of its description, which stays.
fn untitled(description: Option<&str>) -> String {
    let first = description.and_then(|text| text.lines().find_map(line));
    first.unwrap_or_else(|| "Untitled".to_owned())
}

struct Component<'a> {
    lines: &'a [ContentLine],
    charset: Charset,
    zones: &'a Zones,
    origin: Origin,
}

impl<'a> Component<'a> {
    /// When a component begins and ends: what it says itself, or the first of its series that takes place.
    fn times(
        &self,
        span: Option<&Spanned>,
        series: Option<&Series>,
        faults: &mut Vec<Diagnostic>,
    ) -> (Option<Moment>, Option<Moment>, Repeats) {
        let mut repeats = Repeats::default();
        let (mut start, mut end) = (span.map(|span| span.start), span.and_then(|span| span.end));
        let (exact_start, exact_end) = (self.exact(own::STARTS), self.exact(own::ENDS));
        if let (Some(series), Some(span)) = (series, span) {
            let known = exact_start.filter(|_| self.is_sealed(own::STARTS) == Some(true));
            if let Some(known) = known.filter(|known| !series.is_replaced(*known)) {
                repeats = Repeats::known(series);
                (start, end) = (Some(known), exact_end);
            } else {
                repeats = Repeats::of(series, span);
                if let Some(first) = repeats.start {
                    (start, end) = (Some(first), repeats.end);
                }
                faults.extend(repeats.fault.take());
                // To the part of a second, where that is all that the series does not say.
                let finer = |exact: Option<Moment>, found| exact.filter(|exact| moment::is_same(*exact, found));
                start = start.map(|found| finer(exact_start, found).unwrap_or(found));
                end = end.map(|found| finer(exact_end, found).unwrap_or(found));
            }
        } else if let Some(found) = start {
            start = exact_start.filter(|exact| self.is_start(*exact, found)).or(start);
            end = exact_end.filter(|exact| self.is_end(start.unwrap_or(found), *exact)).or(end);
        }
        end = end.filter(|end| Some(*end) != start);
        (start, end, repeats)
    }

    fn all(&self, name: &'a str) -> impl Iterator<Item = &'a ContentLine> {
        self.lines.iter().filter(move |line| line.name == name)
    }

    /// The first property of a name that is not blank.
    fn first(&self, name: &str) -> Option<&'a ContentLine> {
        self.lines.iter().find(|line| line.name == name && !line.value().trim_ascii().is_empty())
    }

    fn text(&self, name: &str) -> Option<String> {
        let text = self.first(name)?.text(self.charset);
        if self.is_own() { names([text].iter()).pop() } else { line(&text) }
    }

    fn text_block(&self, name: &str) -> Option<String> {
        let text = self.first(name).filter(|_| self.is_own())?.text(self.charset);
        Some(text).filter(|text| !text.trim().is_empty())
    }

    fn is_own(&self) -> bool {
        self.origin == Origin::Own
    }

    /// The title, without the mark that we put before that of an event which is done.
    fn title(&self, complete: Option<bool>) -> Option<String> {
        let title = self.text("SUMMARY")?;
        let is_marked = complete == Some(true) && self.first(own::COMPLETE).is_some();
        let plain = title.strip_prefix(own::DONE).filter(|plain| is_marked && !plain.trim().is_empty());
        Some(plain.map(str::to_owned).unwrap_or(title))
    }

    fn description(&self) -> Option<String> {
        let text = self.first("DESCRIPTION")?.text(self.charset);
        if self.is_own() { Some(text).filter(|text| !text.trim().is_empty()) } else { block(&text) }
    }

    /// What our own calendars say of a moment that DTSTART or DTEND cannot say.
    fn exact(&self, name: &str) -> Option<Moment> {
        let line = self.first(name).filter(|_| self.is_own())?;
        crate::record::moment(&line.raw(self.charset))?.moment(DateOrder::DayFirst)
    }

    /// Whether the times are still those that we wrote with a property of ours; `None` where that does not tell.
    fn is_sealed(&self, name: &str) -> Option<bool> {
        let seal = self.first(name)?.parameter(own::SEAL)?;
        Some(seal == own::seal(self.lines))
    }

    /// Whether a beginning that our own calendars name is that of the event, as another program may have moved it since.
    fn is_start(&self, exact: Moment, found: Moment) -> bool {
        self.is_sealed(own::STARTS) == Some(true) || moment::is_same(exact, found)
    }

    /// The same for its end.
    fn is_end(&self, start: Moment, exact: Moment) -> bool {
        let seal = self.is_sealed(own::ENDS);
        if seal == Some(true) {
            return true;
        }
        match (self.first("DTEND"), encode::until(start, exact)) {
            (Some(line), Some(until)) => self.read(line).is_ok_and(|read| moment::is_same(read.moment, until)),
            (None, None) => seal.is_none() && self.first("DURATION").is_none(),
            _ => false,
        }
    }

    /// The series that could not be written as one, unless another program has moved the event or given it a series since.
    fn kept_recurrence(&self) -> Option<String> {
        let is_repeated = self.first("RRULE").or_else(|| self.first("RDATE")).is_some();
        self.text_block(own::RECURRENCE).filter(|_| !is_repeated && self.is_sealed(own::RECURRENCE) != Some(false))
    }

    /// When it begins and ends. A thing to do is on the day when it is due, else when it begins, else when it was made.
    fn span(&self, kind: Kind) -> Result<Option<Spanned>, Diagnostic> {
        let due = (kind == Kind::ToDo).then(|| self.first("DUE")).flatten();
        let Some(first) = due.or_else(|| self.first("DTSTART")) else { return self.made_on(kind).map(Some) };
        let read = self.read(first)?;
        let start = read.moment;
        if kind == Kind::ToDo {
            return Ok(Some(Spanned { read, start, end: None }));
        }
        if let Some((first, end)) = self.whole_days(&read)? {
            return Ok(Some(Spanned { read, start: Moment::Day(first), end: end.map(Moment::Day) }));
        }
        let end = if let Some(line) = self.first("DTEND") {
            moment::end(start, &self.read(line)?, self.zones)
        } else if let Some(line) = self.first("DURATION") {
            moment::after(start, read.zone.as_ref(), &line.raw(self.charset))
                .map_err(|reason| Diagnostic { field: Some("DURATION".to_owned()), reason })?
        } else {
            None
        };
        if end.is_some_and(|end| moment::is_before(end, start)) {
            let reason = "the event ends before it begins".to_owned();
            return Err(Diagnostic { field: Some("DTEND".to_owned()), reason });
        }
        Ok(Some(Spanned { read, start, end: end.filter(|end| *end != start) }))
    }

    /// The series that the event is the first of.
    fn series(&self, span: &Spanned, ahead: Option<&Ahead>) -> Option<Series> {
        let rules = |name: &'static str| {
            let given = self.lines.iter().filter(move |line| line.name == name).map(|line| line.raw(self.charset));
            given.filter(|rule| !rule.is_empty()).collect::<Vec<_>>()
        };
        let lists = |name: &'static str| {
            let lines = self.lines.iter().filter(move |line| line.name == name);
            let lists = lines.map(|line| moment::read_all(line, self.charset, self.zones));
            lists.filter(|list| !list.is_empty()).collect::<Vec<_>>()
        };
        let (rules, except_rules, mut dates) = (rules("RRULE"), rules("EXRULE"), lists("RDATE"));
        let begins = |list: Vec<Dated>| list.into_iter().map(|dated| dated.begins).collect::<Vec<_>>();
        let mut except_dates: Vec<_> = lists("EXDATE").into_iter().map(begins).collect();
        if rules.is_empty() && dates.is_empty() {
            return None;
        }
        let is_named = |zone: &&Zone| zone.name().is_some();
        let clock = match (span.start, &span.read.zone) {
            (Moment::Day(_), _) => Clock::Days,
            (Moment::Local(_), _) => Clock::Floating,
            (Moment::At(_), zone) => {
                zone.as_ref().filter(is_named).map_or(Clock::Utc, |zone| Clock::Zone(zone.clone()))
            }
        };
        let local = |moment| clock.local(&Read { moment, zone: None, note: None });
        let duration = self.first("DURATION").filter(|_| self.first("DTEND").is_none() && clock != Clock::Days);
        let end = match (span.end, duration) {
            (None, _) => None,
            (Some(_), Some(line)) => Some(End::Duration(line.raw(self.charset))),
            (Some(Moment::Day(last)), None) => {
                last.tomorrow().ok().and_then(|day| local(Moment::Day(day))).map(End::At)
            }
            (Some(end), None) => local(end).map(End::At),
        };
        let uid = self.first("UID").map(|line| line.text(self.charset).trim().to_owned()).unwrap_or_default();
        let ones = ahead.filter(|_| !uid.is_empty()).map(|ahead| ahead.replaced(&uid)).unwrap_or_default();
        let mut ones = ones.to_vec();
        let start = local(span.start)?;
        let zone_of_days = span.read.zone.clone();
        if clock == Clock::Days {
            // Whatever names one of them by a time means a day, in UTC perhaps that of the zone in which the series begins.
            let day_of = |moment: Moment| match (moment, &zone_of_days) {
                (Moment::At(time), Some(zone)) => Some(Moment::Day(zone.local(time).date())),
                _ => None,
            };
            let lists = dates.iter_mut().flatten().map(|dated| &mut dated.begins);
            for read in lists.chain(except_dates.iter_mut().flatten()).filter(|read| read.zone.is_none()) {
                read.moment = day_of(read.moment).unwrap_or_else(|| Moment::Day(moment::day(read, self.zones)));
            }
            for one in &mut ones {
                one.moment = day_of(one.moment).unwrap_or(Moment::Day(one.day));
            }
        }
        let replaced = ones.iter().map(|one| one.moment).collect();
        let cancelled = series::cancelled(&ones);
        Some(Series { clock, zone_of_days, start, end, rules, except_rules, dates, except_dates, replaced, cancelled })
    }

    /// Of one of a series that was changed: when it would have been.
    fn recurrence_id(&self, span: Option<&Spanned>) -> Option<String> {
        if let Some(own) = self.text(own::RECURRENCE_ID).filter(|_| self.is_own()) {
            return Some(own);
        }
        let read = self.read(self.first("RECURRENCE-ID")?).ok()?;
        let is_day = span.is_some_and(|span| matches!(span.start, Moment::Day(_)));
        let day = if is_day { moment::midnight(&read, self.zones) } else { None };
        series::key(day.map_or(read.moment, Moment::Day))
    }

    /// What is to be said where it stands for the later ones of its series as well (RFC 5545 section 3.2.13).
    fn note_on_range(&self) -> Option<Diagnostic> {
        let line = self.first("RECURRENCE-ID").filter(|line| line.parameter("RANGE").is_some())?;
        let range = line.parameter("RANGE").unwrap_or_default();
        let reason = format!(
            "RANGE={range} is not followed: the event takes the place of this one of the series alone, and the others stay as the series has them"
        );
        Some(Diagnostic { field: Some("RECURRENCE-ID".to_owned()), reason })
    }

    /// What another calendar calls it. The UID of a calendar of ours is our id.
    fn source_uid(&self) -> Option<String> {
        if let Some(uid) = self.text(own::SOURCE_UID) {
            return Some(uid);
        }
        let uid = self.first("UID").filter(|_| !self.is_own() && self.first(own::ID).is_none())?;
        Some(uid.text(self.charset).trim().to_owned()).filter(|uid| !uid.is_empty())
    }

    fn source_sequence(&self) -> Option<u64> {
        let is_ours = self.is_own() || self.first(own::ID).is_some();
        self.number(own::SOURCE_SEQUENCE).or_else(|| if is_ours { None } else { self.number("SEQUENCE") })
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.first(name)?.raw(self.charset).parse().ok()
    }

    fn read(&self, line: &ContentLine) -> Result<Read, Diagnostic> {
        let field = || Some(line.name.clone());
        moment::read(line, self.charset, self.zones).map_err(|reason| Diagnostic { field: field(), reason })
    }

    /// The day of a thing to do that has no other.
    fn made_on(&self, kind: Kind) -> Result<Spanned, Diagnostic> {
        let created = self.first("CREATED").filter(|_| kind == Kind::ToDo);
        let day = |moment| match moment {
            Moment::Day(day) => day,
            Moment::Local(time) => time.date(),
            // It says when it was made, and not by which calendar: the day is that of whoever has it.
            Moment::At(time) => self.zones.day(time),
        };
        if let Some(read) = created.and_then(|line| self.read(line).ok()) {
            return Ok(Spanned { start: Moment::Day(day(read.moment)), read, end: None });
        }
        let (field, reason) = match kind {
            Kind::Event => ("DTSTART", "the event does not say when it begins"),
            Kind::ToDo => ("DUE", "the to-do says neither when it is due nor when it begins or was made"),
        };
        Err(Diagnostic { field: Some(field.to_owned()), reason: reason.to_owned() })
    }

    /// The first and the last day of an event that has times and of which a program says that it takes whole days, where it begins and
    /// ends at midnight.
    fn whole_days(&self, start: &Read) -> Result<Option<(Date, Option<Date>)>, Diagnostic> {
        const MARKS: [&str; 4] = [
            "X-MICROSOFT-CDO-ALLDAYEVENT",
            "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT",
            "X-FUNAMBOL-ALLDAY",
            "X-GWALLDAYEVENT",
        ];
        let says_so = |line: &ContentLine| yes_or_no(&line.raw(self.charset)) == Ok(true);
        let is_marked = MARKS.iter().any(|name| self.first(name).is_some_and(says_so));
        if !is_marked || matches!(start.moment, Moment::Day(_)) {
            return Ok(None);
        }
        let Some(first) = moment::midnight(start, self.zones) else { return Ok(None) };
        let end = if let Some(line) = self.first("DTEND") {
            Some(self.read(line)?)
        } else if let Some(line) = self.first("DURATION") {
            let end = moment::after(start.moment, start.zone.as_ref(), &line.raw(self.charset))
                .map_err(|reason| Diagnostic { field: Some("DURATION".to_owned()), reason })?;
            end.map(|moment| Read { moment, ..start.clone() })
        } else {
            None
        };
        let Some(end) = end else { return Ok(Some((first, None))) };
        let end_moment = end.moment;
        let Some(after) = moment::midnight(&moment::rounded_up(end), self.zones) else { return Ok(None) };
        if after < first {
            let reason = "the event ends before it begins".to_owned();
            return Err(Diagnostic { field: Some("DTEND".to_owned()), reason });
        }
        if after == first && end_moment != start.moment {
            // It takes hours and no days, whatever is said of it.
            return Ok(None);
        }
        let last = after.yesterday().unwrap_or(after);
        Ok(Some((first, Some(last).filter(|last| *last > first))))
    }

    fn location(&self) -> Option<String> {
        if self.is_own() {
            return self.text("LOCATION");
        }
        let text = self.first("LOCATION")?.text(self.charset);
        let lines = names(text.lines());
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    /// Whether it is done; `None` where nothing tells.
    fn complete(&self, kind: Kind) -> Option<bool> {
        let own = self.text(own::COMPLETE).and_then(|text| yes_or_no(&text).ok());
        own.or_else(|| if kind == Kind::ToDo { self.to_do_is_complete() } else { None })
    }

    fn to_do_is_complete(&self) -> Option<bool> {
        let is_done = self.first("COMPLETED").is_some()
            || self.lines.iter().any(|line| line.is("STATUS", "COMPLETED") || line.is("PERCENT-COMPLETE", "100"));
        (is_done || self.first("STATUS").is_some()).then_some(is_done)
    }

    /// What our own calendars name, then the e-mail addresses of those who take part, the organizer last.
    fn associations(&self) -> Vec<String> {
        let is_somebody = |line: &&ContentLine| !line.has("CUTYPE", "ROOM") && !line.has("CUTYPE", "RESOURCE");
        let mut found = names(self.all(own::ASSOCIATION).map(|line| line.text(self.charset)));
        for line in self.all("ATTENDEE").filter(is_somebody).chain(self.all("ORGANIZER")) {
            let Some(address) = address(line, self.charset) else { continue };
            if !found.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
                found.push(address);
            }
        }
        found
    }

    fn categories(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for name in self.all("CATEGORIES").flat_map(|line| names(line.parts(&[','], self.charset).into_iter())) {
            if self.is_own() || !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }

    /// What is known and has no field. That an event repeats has one where its rule is kept.
    fn others(&self, is_rule_kept: bool) -> impl Iterator<Item = Foreign> + use<'_, 'a> {
        const KNOWN: [(&str, &str); 8] = [
            ("RRULE", "Repeats"),
            ("RDATE", "Repeats on"),
            ("URL", "URL"),
            ("CONTACT", "Contact"),
            ("COMMENT", "Comment"),
            ("RESOURCES", "Resources"),
            ("CONFERENCE", "Conference"),
            ("X-GOOGLE-CONFERENCE", "Conference"),
        ];
        self.lines.iter().filter_map(move |own| {
            let (name, header) = KNOWN.into_iter().find(|(name, _)| *name == own.name)?;
            if is_rule_kept && header.starts_with("Repeats") {
                return None;
            }
            let is_text = matches!(name, "CONTACT" | "COMMENT" | "RESOURCES");
            let value = if is_text { own.text(self.charset) } else { own.raw(self.charset) };
            let value = value.trim().to_owned();
            (!value.is_empty()).then(|| Foreign { header: header.to_owned(), value })
        })
    }
}

/// The e-mail address of somebody who takes part.
fn address(own: &ContentLine, charset: Charset) -> Option<String> {
    let value = own.raw(charset);
    let address = match value.get(.."mailto:".len()) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &value["mailto:".len()..],
        _ => own.parameter("EMAIL").unwrap_or(&value),
    };
    let address = address.trim();
    let is_address = address.contains('@') && !address.contains(char::is_whitespace);
    is_address.then(|| address.to_owned())
}
