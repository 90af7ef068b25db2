//! Makes an event of the properties of a component.

use std::fmt;

use jiff::Timestamp;

use super::moment::{self, Read};
use super::own;
use super::zone::Zones;
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

/// The event, and what keeps it from being one.
pub(super) fn read(
    kind: Kind,
    lines: &[ContentLine],
    charset: Charset,
    zones: &Zones,
    origin: Origin,
) -> (Event, Vec<Diagnostic>) {
    let component = Component { lines, charset, zones, origin };
    let mut diagnostics = Vec::new();
    let mut notes = Vec::new();
    let (start, end) = match component.span(kind, &mut notes) {
        Ok(span) => span,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            (None, None)
        }
    };
    let complete = component.complete(kind);
    let title = component.title(complete);
    if title.is_none() {
        let reason = format!("the {kind} needs a title");
        diagnostics.push(Diagnostic { field: Some("SUMMARY".to_owned()), reason });
    }
    let time = |name: &str| component.first(name).and_then(|line| line.raw(charset).parse::<Timestamp>().ok());
    let exact = |name: &str| component.is_own().then(|| time(name)).flatten();
    let event = Event {
        id: component.text(own::ID),
        title,
        start,
        end,
        location: component.location(),
        description: component.description(),
        complete,
        owner: component.text(own::OWNER),
        email_template: component.text(own::EMAIL_TEMPLATE),
        associations: component.associations(),
        categories: component.categories(),
        foreign: component.others().chain(notes).collect(),
        revision: None,
        created_at: exact(own::CREATED_AT).or_else(|| time("CREATED")),
        updated_at: exact(own::UPDATED_AT).or_else(|| time("LAST-MODIFIED")),
    };
    (event, diagnostics)
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
        let moment = moment::read(line, charset, zones).map(|read| read.moment).ok();
        if moment.is_none() {
            let text = line.raw(charset);
            spoilt.push((if text.contains('T') { time } else { day }, text));
        }
        moment
    };
    let start = due.or_else(|| first("DTSTART")).and_then(|line| read(line, ["startsOn", "startsAt"]));
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
    event.end = end.map(|end| start.and_then(|start| moment::last(start, end)).unwrap_or(end)).or(event.end);
    spoilt
}

struct Component<'a> {
    lines: &'a [ContentLine],
    charset: Charset,
    zones: &'a Zones,
    origin: Origin,
}

impl<'a> Component<'a> {
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

    /// When it begins and ends. A thing to do is on the day when it is due.
    fn span(&self, kind: Kind, notes: &mut Vec<Foreign>) -> Result<(Option<Moment>, Option<Moment>), Diagnostic> {
        let due = (kind == Kind::ToDo).then(|| self.first("DUE")).flatten();
        let Some(first) = due.or_else(|| self.first("DTSTART")) else {
            let (field, reason) = match kind {
                Kind::Event => ("DTSTART", "the event does not say when it begins"),
                Kind::ToDo => ("DUE", "the to-do says neither when it is due nor when it begins"),
            };
            return Err(Diagnostic { field: Some(field.to_owned()), reason: reason.to_owned() });
        };
        let of = |line: &ContentLine| {
            let field = || Some(line.name.clone());
            moment::read(line, self.charset, self.zones).map_err(|reason| Diagnostic { field: field(), reason })
        };
        let Read { moment: start, zone, note } = of(first)?;
        let start = self.exact(own::STARTS).unwrap_or(start);
        notes.extend(note.map(|value| Foreign { header: "Time zone".to_owned(), value }));
        if kind == Kind::ToDo {
            return Ok((Some(start), None));
        }
        if let Some(end) = self.exact(own::ENDS) {
            return Ok((Some(start), Some(end)));
        }
        let end = if let Some(line) = self.first("DTEND") {
            moment::last(start, of(line)?.moment)
        } else if let Some(line) = self.first("DURATION") {
            moment::after(start, zone.as_ref(), &line.raw(self.charset))
                .map_err(|reason| Diagnostic { field: Some("DURATION".to_owned()), reason })?
        } else {
            return Ok((Some(start), None));
        };
        if end.is_some_and(|end| moment::is_before(end, start)) {
            let reason = "the event ends before it begins".to_owned();
            return Err(Diagnostic { field: Some("DTEND".to_owned()), reason });
        }
        Ok((Some(start), end.filter(|end| *end != start)))
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

    /// What is known and has no field.
    fn others(&self) -> impl Iterator<Item = Foreign> + use<'_, 'a> {
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
        self.lines.iter().filter_map(|own| {
            let (name, header) = KNOWN.into_iter().find(|(name, _)| *name == own.name)?;
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
