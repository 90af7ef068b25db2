//! Cuts a calendar into its components and reads each event and each thing to do.

use bytes::BytesMut;
use jiff::tz::TimeZone;

use super::event::{self, Identity, Kind, Origin, Reading};
use super::meant;
use super::survey::{Ahead, One};
use super::zone::Zones;
use super::{moment, own};
use crate::content_line::{ContentLine, Scanned, Scanner, excerpt, mapping_fault, undeclared};
use crate::headers::properties::Properties;
use crate::{
    Charset, Decode, DecodeError, DecodeOptions, Diagnostic, Findings, Position, Record, Row, Section, Source,
    SourceCell, Survey,
};

/// The properties that hold files, pictures and the same text again.
const PASSED_OVER: &[&str] = &["ATTACH", "IMAGE", "X-ALT-DESC", "STYLED-DESCRIPTION", "X-APPLE-STRUCTURED-LOCATION"];

/// A decoder of one document.
pub(super) struct Decoder {
    fault: Option<DecodeError>,
    forced: Option<Charset>,
    row_limit: usize,
    scanner: Scanner,
    rows: u64,
    component: Option<Component>,
    /// The first line that is not blank and stands in nothing that is read, until something is.
    stray: Option<(u64, String)>,
    has_begun: bool,
    /// Where the next line stands.
    place: Place,
    /// How deep the next line stands in components that nobody reads, such as journals.
    passed_over: usize,
    /// The last row, until it is known whether anything comes behind it; and the line that does, which is still to be worked on.
    whole: Option<Component>,
    next: Option<Scanned>,
    /// Whether the calendar takes its events back (RFC 5546 section 3.2.5).
    is_cancelling: bool,
    /// Who has written the calendar.
    origin: Origin,
    zones: Zones,
    /// What is found out for whoever reads the file once more; nothing where that is known already.
    ahead: Option<Ahead>,
    /// What is known already.
    known: Option<Ahead>,
    charset: Charset,
    /// What the events hold.
    properties: Properties,
    last: Option<Last>,
}

/// A component that is not whole yet.
struct Component {
    kind: What,
    line: u64,
    /// How deep in components of its own, such as alarms, the next line stands.
    depth: usize,
    size: usize,
    lines: Vec<ContentLine>,
    /// The beginning of its first line, where that is no `BEGIN:`.
    first: String,
    /// How many lines there are, kept or not.
    count: u64,
    end: End,
}

/// Where in a file a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before any calendar.
    Before,
    Within,
    /// Behind the end of one.
    Behind,
}

/// How a component ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// With its last line, as it should.
    Marked,
    /// Before this line of another.
    Before(String),
    /// With the file.
    OfFile,
    /// With its last line, and the file with it, but not the calendar.
    OfFileAndNotOfCalendar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Row(Kind),
    Zone,
    /// What is left of one whose beginning is lost, as it is where the file is cut before it; and the line that is missing, once the end
    /// says it.
    Rest(Option<&'static str>),
}

impl What {
    fn of(name: &str) -> Option<What> {
        match name {
            "VEVENT" => Some(What::Row(Kind::Event)),
            "VTODO" => Some(What::Row(Kind::ToDo)),
            "VTIMEZONE" => Some(What::Zone),
            _ => None,
        }
    }
}

/// What the last row was made of.
struct Last {
    record: Record,
    /// What columns would hold if it could be read, by their names.
    spoilt: Vec<(&'static str, String)>,
    /// What keeps it from being read again as it is.
    surplus: Option<String>,
}

impl Decoder {
    pub(super) fn new(options: &DecodeOptions) -> Decoder {
        let known = options.survey.as_ref().and_then(Survey::get::<Ahead>);
        Decoder {
            fault: mapping_fault(options),
            forced: options.charset,
            row_limit: options.row_limit,
            scanner: Scanner::new(options.charset, options.row_limit, PASSED_OVER),
            rows: 0,
            component: None,
            stray: None,
            has_begun: false,
            place: Place::Before,
            passed_over: 0,
            whole: None,
            next: None,
            is_cancelling: false,
            origin: Origin::Foreign,
            zones: Zones::new(known.map(Ahead::zones), options.time_zone.clone().unwrap_or(TimeZone::UTC)),
            ahead: known.is_none().then(Ahead::default),
            known: known.cloned(),
            charset: Charset::UTF_8,
            properties: Properties::default(),
            last: None,
        }
    }

    /// Works on the line that was found last; answers with the component that it ends.
    fn line(&mut self, found: Scanned) -> Option<Component> {
        let (number, length) = (self.scanner.number(), self.scanner.line().len());
        let parsed = match found {
            Scanned::Line => ContentLine::parse(self.scanner.line()),
            Scanned::TooLong => None,
        };
        let Some(line) = parsed else {
            if self.component.is_none() {
                self.note_stray(number);
                self.begin_rest(None, number, length);
            } else if let Some(component) = &mut self.component {
                component.count += 1;
            }
            if let Some(component) = &mut self.component
                && component.is_kept()
                && found == Scanned::TooLong
            {
                component.size = usize::MAX;
            }
            return None;
        };
        match line.name.as_str() {
            "BEGIN" => self.begin(&line, number, length),
            "END" => self.end(&line, length),
            _ => {
                let is_between = self.component.is_none() || self.is_rest_between();
                match &mut self.component {
                    _ if is_between && line.is("METHOD", "CANCEL") => self.is_cancelling = true,
                    _ if is_between && line.is("PRODID", own::PRODUCT) => self.origin = Origin::Own,
                    _ if is_between && line.name == "X-WR-TIMEZONE" && self.ahead.is_some() => {
                        self.zones.set_floating(&line, self.charset);
                    }
                    Some(component) => component.keep(line, length, self.row_limit),
                    None if self.has_begun => self.begin_rest_between(line, number, length),
                    None => {
                        self.note_stray(number);
                        self.begin_rest(Some(line), number, length);
                    }
                }
                None
            }
        }
    }

    fn begin(&mut self, line: &ContentLine, number: u64, length: usize) -> Option<Component> {
        let name = line.component();
        let is_known = name == "VCALENDAR" || What::of(&name).is_some();
        if is_known && self.is_rest_between() {
            // What a calendar says of itself may stand there as well.
            self.component.take_if(|open| !open.is_of_event());
        }
        self.has_begun |= name == "VCALENDAR";
        if is_known {
            self.passed_over = 0;
        }
        if let Some(open) = &mut self.component
            && is_known
        {
            open.end = End::Before(format!("BEGIN:{name}"));
        }
        if name == "VCALENDAR" {
            // What stands before a whole calendar is of whatever carries it, such as a mail.
            if self.place == Place::Before {
                self.component.take_if(|open| open.kind == What::Rest(None));
            }
            self.place = Place::Within;
            self.is_cancelling = false;
            self.origin = Origin::Foreign;
            self.zones.begin_calendar();
            return self.component.take();
        }
        if let Some(kind) = What::of(&name) {
            self.has_begun = true;
            // The one before has no end.
            return self.component.replace(Component::begin(kind, number));
        }
        if let Some(component) = &mut self.component {
            component.depth += 1;
            component.keep(line.clone(), length, self.row_limit);
        } else {
            self.passed_over += 1;
        }
        None
    }

    fn end(&mut self, line: &ContentLine, length: usize) -> Option<Component> {
        let name = line.component();
        let is_between = self.is_rest_between();
        if name == "VCALENDAR" {
            self.place = Place::Behind;
            self.passed_over = 0;
            if is_between {
                return self.component.take().filter(Component::is_of_event);
            }
        }
        let Some(component) = self.component.as_mut() else {
            self.passed_over = self.passed_over.saturating_sub(1);
            return None;
        };
        if let What::Rest(missing) = &mut component.kind {
            match name.as_str() {
                "VEVENT" | "VCALENDAR" => *missing = missing.or(Some("BEGIN:VEVENT")),
                "VTODO" => *missing = missing.or(Some("BEGIN:VTODO")),
                "VTIMEZONE" => *missing = missing.or(Some("BEGIN:VTIMEZONE")),
                _ if component.depth > 0 => component.depth -= 1,
                // What came so far was of an alarm or the like.
                _ if missing.is_none() => component.lines.clear(),
                _ => {}
            }
            let is_whole = is_between && missing.is_some();
            return if is_whole { self.component.take() } else { None };
        }
        if name == "VCALENDAR" || What::of(&name).is_some() {
            let is_own = What::of(&name) == Some(component.kind);
            component.end = if is_own { End::Marked } else { End::Before(format!("END:{name}")) };
            return self.component.take();
        }
        component.keep(line.clone(), length, self.row_limit);
        component.depth = component.depth.saturating_sub(1);
        None
    }

    fn note_stray(&mut self, number: u64) {
        if self.stray.is_none() && !self.has_begun {
            self.stray = Some((number, excerpt(self.scanner.line())));
        }
    }

    /// Takes a line before the first component of the file as one of a component that is cut off.
    fn begin_rest(&mut self, line: Option<ContentLine>, number: u64, length: usize) {
        if self.has_begun || line.as_ref().is_some_and(|line| is_head(&line.name)) {
            return;
        }
        let mut rest = Component { first: excerpt(self.scanner.line()), ..Component::begin(What::Rest(None), number) };
        match line {
            Some(line) => rest.keep(line, length, self.row_limit),
            None => rest.count += 1,
        }
        self.component = Some(rest);
    }

    /// Whether the lines that come now are of a component whose beginning is lost between others.
    fn is_rest_between(&self) -> bool {
        self.has_begun && self.component.as_ref().is_some_and(|open| matches!(open.kind, What::Rest(_)))
    }

    /// Takes a line between two components as one of another whose beginning is lost, unless the calendar says it of itself.
    fn begin_rest_between(&mut self, line: ContentLine, number: u64, length: usize) {
        if self.place == Place::Behind || self.passed_over > 0 || is_head(&line.name) {
            return;
        }
        let mut rest = Component { first: excerpt(self.scanner.line()), ..Component::begin(What::Rest(None), number) };
        rest.keep(line, length, self.row_limit);
        self.component = Some(rest);
    }

    /// The row of what is left of a component, for whoever mends it.
    fn read_rest(&mut self, rest: &Component, missing: Option<&str>, charset: Charset) -> Row {
        self.rows += 1;
        self.last = None;
        let position = Position { row: self.rows, line: rest.line };
        if rest.size > self.row_limit {
            return Row::bad(
                position,
                format!("the lines that stand in no event are longer than {} bytes", self.row_limit),
            );
        }
        let (first, missing) = (&rest.first, missing.unwrap_or("BEGIN:VEVENT"));
        let reason = match rest.count {
            0 | 1 => format!("`{first}` stands in no event; {missing} is missing before it"),
            2 => format!("`{first}` and another line stand in no event; {missing} is missing before them"),
            count => {
                let more = count - 1;
                format!("`{first}` and {more} more lines stand in no event; {missing} is missing before them")
            }
        };
        let kind = if missing == "BEGIN:VTODO" { Kind::ToDo } else { Kind::Event };
        let Reading { mut event, .. } = event::read(kind, &rest.lines, charset, &self.zones, self.origin, None);
        let spoilt = event::salvage(&mut event, kind, &rest.lines, charset, &self.zones);
        // A title that is made up would look as if it were the one that is lost.
        if !rest.lines.iter().any(|line| line.name == "SUMMARY") {
            event.title = None;
        }
        let surplus = rest.lines.is_empty().then(|| first.clone());
        self.last = Some(Last { record: Record::Event(Box::new(event)), spoilt, surplus });
        Row::bad(position, reason)
    }

    /// The row of a component, if it is one.
    fn read(&mut self, component: &Component) -> Option<Row> {
        let whole = self.forced.or(self.scanner.charset()).filter(|charset| !charset.is_utf16());
        let guessed = whole.or_else(|| undeclared(&component.lines));
        let charset = guessed.unwrap_or(Charset::UTF_8);
        let kind = match component.kind {
            What::Row(kind) => kind,
            What::Zone => {
                if component.size <= self.row_limit && self.ahead.is_some() {
                    self.zones.define(&component.lines, charset);
                }
                return None;
            }
            What::Rest(missing) => return Some(self.read_rest(component, missing, charset)),
        };
        self.rows += 1;
        self.last = None;
        let position = Position { row: self.rows, line: component.line };
        if component.size > self.row_limit {
            return Some(Row::bad(position, format!("the {kind} is longer than {} bytes", self.row_limit)));
        }
        self.charset = guessed.unwrap_or(self.charset);
        meant::count(&mut self.properties, &component.lines, charset);
        let (lines, ahead) = (&component.lines, self.known.as_ref());
        let Reading { mut event, faults: mut diagnostics, notes } =
            event::read(kind, lines, charset, &self.zones, self.origin, ahead);
        let spoilt = if diagnostics.is_empty() {
            Vec::new()
        } else {
            event::salvage(&mut event, kind, lines, charset, &self.zones)
        };
        let is_cancelled = self.is_cancelling || lines.iter().any(|line| line.is("STATUS", "CANCELLED"));
        let identity = Identity::read(lines, charset, &self.zones);
        if is_cancelled {
            diagnostics = vec![Diagnostic { field: None, reason: format!("the {kind} is cancelled") }];
        } else if let (Some(known), Some(Identity { uid, one, sequence })) = (&self.known, &identity)
            && known.is_cancelled(uid, one.as_ref().map(|(key, _)| key.as_str()), *sequence)
        {
            let reason = format!("the {kind} is cancelled by another version of it in the file");
            diagnostics = vec![Diagnostic { field: None, reason }];
        }
        if let (Some(ahead), Some(Identity { uid, one, sequence })) = (&mut self.ahead, identity) {
            if is_cancelled {
                ahead.cancel(&uid, one.as_ref().map(|(key, _)| key.as_str()), sequence);
            }
            if let Some((_, read)) = one {
                let (moment, day) = (read.moment, moment::day(&read, &self.zones));
                ahead.replace(&uid, One { moment, day, sequence, is_cancelled });
            }
        }
        let record = Record::Event(Box::new(event));
        let taken = diagnostics.is_empty().then(|| record.clone());
        if taken.is_some() {
            diagnostics.extend(notes);
        }
        if !is_cancelled {
            diagnostics.extend(component.note(kind));
        }
        let row = Row { position, record: taken, diagnostics };
        self.last = Some(Last { record, spoilt, surplus: is_cancelled.then(|| "STATUS:CANCELLED".to_owned()) });
        Some(row)
    }
}

impl Component {
    fn begin(kind: What, line: u64) -> Component {
        Component { kind, line, depth: 0, size: 0, lines: Vec::new(), first: String::new(), count: 0, end: End::OfFile }
    }

    /// Whether lines that come now belong to it. Of a time zone its parts count as well.
    fn is_kept(&self) -> bool {
        match self.kind {
            What::Row(_) | What::Rest(None) => self.depth == 0,
            What::Zone => true,
            What::Rest(Some(_)) => false,
        }
    }

    /// Whether it has what is said of events and things to do alone, and of no calendar.
    fn is_of_event(&self) -> bool {
        self.size == usize::MAX
            || self.lines.iter().any(|line| matches!(line.name.as_str(), "SUMMARY" | "DTSTART" | "DUE" | "RRULE"))
    }

    /// What is to be said of how it ends.
    fn note(&self, kind: Kind) -> Option<Diagnostic> {
        let own = match kind {
            Kind::Event => "END:VEVENT",
            Kind::ToDo => "END:VTODO",
        };
        let reason = match &self.end {
            End::Marked => return None,
            End::Before(line) => format!("the {kind} has no {own}; it is taken to end before {line}"),
            End::OfFile => format!("the {kind} has no {own}; the file may be cut off in it"),
            End::OfFileAndNotOfCalendar => {
                "the calendar has no END:VCALENDAR; the file may be cut off behind this".to_owned()
            }
        };
        Some(Diagnostic { field: None, reason })
    }

    fn keep(&mut self, mut line: ContentLine, length: usize, limit: usize) {
        self.count += 1;
        if !self.is_kept() {
            return;
        }
        self.size = self.size.saturating_add(length);
        if self.size > limit {
            self.lines = Vec::new();
        } else {
            line.decode_base64();
            self.lines.push(line);
        }
    }
}

impl Decode for Decoder {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        while let Some(found) = self.next.take().or_else(|| self.scanner.next(input, at_end)) {
            let ended = if let Some(whole) = self.whole.take() {
                self.next = Some(found);
                Some(whole)
            } else {
                let is_last = |ended: &mut Component| ended.end == End::Marked && matches!(ended.kind, What::Row(_));
                let mut ended = self.line(found);
                if self.place == Place::Within {
                    self.whole = ended.take_if(is_last);
                }
                ended
            };
            if let Some(row) = ended.and_then(|component| self.read(&component)) {
                return Ok(Some(row));
            }
        }
        if !at_end {
            return Ok(None);
        }
        // A file without any beginning of a component is of another format.
        if let Some(whole) = self.whole.take() {
            let last = Component { end: End::OfFileAndNotOfCalendar, ..whole };
            if let Some(row) = self.read(&last) {
                return Ok(Some(row));
            }
        }
        let is_between = self.is_rest_between();
        let is_row = |last: &Component| match last.kind {
            What::Rest(_) => is_between && last.is_of_event(),
            _ => true,
        };
        let last = self.component.take().filter(is_row);
        if let Some(component) = last
            && let Some(row) = self.read(&component)
        {
            return Ok(Some(row));
        }
        match self.stray.take() {
            Some((line, found)) if !self.has_begun => {
                Err(DecodeError::NoComponent { line, found, expected: "BEGIN:VCALENDAR" })
            }
            _ => Ok(None),
        }
    }

    fn source(&self) -> Option<Source<'_>> {
        let Last { record, spoilt, surplus } = self.last.as_ref()?;
        let mut source = Source::of_record(record, Section::Calendar);
        for (column, text) in spoilt {
            source.set(column, text);
        }
        let surplus = surplus.as_ref().map(|text| SourceCell { column: Source::SURPLUS.into(), text: text.into() });
        source.cells.extend(surplus);
        Some(source)
    }

    fn findings(&self) -> Findings {
        let charset = self.forced.or(self.scanner.charset()).unwrap_or(self.charset);
        let ahead = self.ahead.as_ref().map(|ahead| Survey::new(ahead.with_zones(self.zones.defined())));
        Findings { charset: Some(charset), survey: ahead, report: self.properties.report(), ..Findings::default() }
    }
}

/// Whether a property is of a calendar and not of what stands in it.
fn is_head(name: &str) -> bool {
    const NAMES: &[&str] =
        &["VERSION", "PRODID", "CALSCALE", "METHOD", "NAME", "COLOR", "SOURCE", "REFRESH-INTERVAL", "X-PUBLISHED-TTL"];
    NAMES.contains(&name) || name.starts_with("X-WR-")
}
