//! Makes an event of the properties of a component.

use std::fmt;

use jiff::Timestamp;

use super::moment::{self, Read};
use super::zone::Zones;
use crate::content_line::{ContentLine, block, line};
use crate::record::names;
use crate::{Charset, Diagnostic, Event, Foreign, Moment};

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

/// The event, and what keeps it from being one.
pub(super) fn read(kind: Kind, lines: &[ContentLine], charset: Charset, zones: &Zones) -> (Event, Vec<Diagnostic>) {
    let component = Component { lines, charset, zones };
    let mut diagnostics = Vec::new();
    let mut notes = Vec::new();
    let (start, end) = match component.span(kind, &mut notes) {
        Ok(span) => span,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            (None, None)
        }
    };
    let title = component.text("SUMMARY");
    if title.is_none() {
        let reason = format!("the {kind} needs a title");
        diagnostics.push(Diagnostic { field: Some("SUMMARY".to_owned()), reason });
    }
    let time = |name: &str| component.first(name).and_then(|line| line.raw(charset).parse::<Timestamp>().ok());
    let event = Event {
        id: component.text("X-CAIRN-ID"),
        title,
        start,
        end,
        location: component.location(),
        description: component.first("DESCRIPTION").and_then(|own| block(&own.text(charset))),
        complete: (kind == Kind::ToDo).then(|| component.is_complete()).flatten(),
        owner: None,
        email_template: None,
        associations: component.associations(),
        categories: component.categories(),
        foreign: component.others().chain(notes).collect(),
        revision: None,
        created_at: time("CREATED"),
        updated_at: time("LAST-MODIFIED"),
    };
    (event, diagnostics)
}

struct Component<'a> {
    lines: &'a [ContentLine],
    charset: Charset,
    zones: &'a Zones,
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
        self.first(name).and_then(|own| line(&own.text(self.charset)))
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
        notes.extend(note.map(|value| Foreign { header: "Time zone".to_owned(), value }));
        if kind == Kind::ToDo {
            return Ok((Some(start), None));
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
        let text = self.first("LOCATION")?.text(self.charset);
        let lines = names(text.lines());
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    /// Whether a thing to do is done; `None` where nothing tells.
    fn is_complete(&self) -> Option<bool> {
        let is_done = self.first("COMPLETED").is_some()
            || self.lines.iter().any(|line| line.is("STATUS", "COMPLETED") || line.is("PERCENT-COMPLETE", "100"));
        (is_done || self.first("STATUS").is_some()).then_some(is_done)
    }

    /// The e-mail addresses of those who take part, the organizer last.
    fn associations(&self) -> Vec<String> {
        let is_somebody = |line: &&ContentLine| !line.has("CUTYPE", "ROOM") && !line.has("CUTYPE", "RESOURCE");
        let mut found: Vec<String> = Vec::new();
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
            if !found.contains(&name) {
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
