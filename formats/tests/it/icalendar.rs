//! iCalendar: when events are.

use expect_test::expect;
use formats::{DecodeOptions, Event, Moment, Record, Section};
use ical::tree::cst::IcalCst;
use jiff::tz::TimeZone;

use crate::documents::{complaint, read, read_cut, rows, write};

fn event(lines: &str) -> Event {
    let document = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:A\n{lines}END:VEVENT\nEND:VCALENDAR\n");
    match rows("icalendar", Section::Calendar, &document).remove(0).record {
        Some(Record::Event(event)) => *event,
        other => panic!("not an event: {other:?}"),
    }
}

/// When an event with these lines begins and ends.
fn span(lines: &str) -> String {
    let event = event(lines);
    let shown = |moment: Option<Moment>| match moment {
        None => "open".to_owned(),
        Some(Moment::Day(day)) => day.to_string(),
        Some(Moment::Local(time)) => time.to_string(),
        Some(Moment::At(time)) => time.to_string(),
    };
    format!("{} .. {}", shown(event.start), shown(event.end))
}

#[test]
fn a_failed_event_keeps_what_can_be_read_of_its_times_and_what_cannot() {
    let cells = |lines: &str| {
        let document = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Tea\n{lines}END:VEVENT\nEND:VCALENDAR\n");
        let reading = read("icalendar", Section::Calendar, document.as_bytes());
        assert!(reading.rows[0].record.is_none(), "{lines}");
        let source = reading.sources[0].as_ref().expect("an event has a source");
        let of_time = |column: &str| column.starts_with("starts") || column.starts_with("ends");
        let cells = source.cells.iter().filter(|cell| of_time(&cell.column) && !cell.text.is_empty());
        cells.map(|cell| format!("{}={}", cell.column, cell.text)).collect::<Vec<_>>().join(" ")
    };
    for (lines, expected) in [
        ("DTSTART:20261201T090000Z\nDTEND:20261399T100000Z\n", "startsAt=2026-12-01T09:00:00Z endsAt=20261399T100000Z"),
        ("DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20261299\n", "startsOn=2026-12-01 endsOn=20261299"),
        ("DTSTART:20261201T250000\nDTEND:20261201T100000\n", "startsAt=20261201T250000 endsAt=2026-12-01T10:00:00"),
        ("DTSTART:20261201T090000\nDTEND:20261130T100000\n", "startsAt=2026-12-01T09:00:00 endsAt=2026-11-30T10:00:00"),
        ("DTSTART:20261201T090000\nDURATION:soon\n", "startsAt=2026-12-01T09:00:00 endsAt=soon"),
        ("DTSTART:tomorrow\nDTEND:later\n", "startsOn=tomorrow endsOn=later"),
    ] {
        assert_eq!(cells(lines), expected, "{lines}");
    }
}

#[test]
fn days_end_with_the_last_one() {
    assert_eq!(span("DTSTART;VALUE=DATE:20261122\nDTEND;VALUE=DATE:20261124\n"), "2026-11-22 .. 2026-11-23");
    assert_eq!(span("DTSTART;VALUE=DATE:20261122\nDTEND;VALUE=DATE:20261123\n"), "2026-11-22 .. open");
    assert_eq!(span("DTSTART;VALUE=DATE:20261122\nDTEND;VALUE=DATE:20261122\n"), "2026-11-22 .. open");
    assert_eq!(span("DTSTART:20261122\nDURATION:P1W\n"), "2026-11-22 .. 2026-11-28");
    assert_eq!(span("DTSTART:20261122\nDURATION:P1D\n"), "2026-11-22 .. open");
    assert_eq!(span("DTSTART:20261122\nDTEND:20261123T100000Z\n"), "2026-11-22 .. 2026-11-23");
}

#[test]
fn times_are_in_the_zone_that_is_named() {
    assert_eq!(span("DTSTART:20261122T093000Z\n"), "2026-11-22T09:30:00Z .. open");
    assert_eq!(span("DTSTART:20261122T093000\nDTEND:20261122T100000\n"), "2026-11-22T09:30:00 .. 2026-11-22T10:00:00");
    for zone in [
        "Europe/Berlin",
        "\"Europe/Berlin\"",
        "europe/berlin",
        "W. Europe Standard Time",
        "\"W. Europe Standard Time\"",
        "/freeassociation.sourceforge.net/Tzfile/Europe/Berlin",
        "/softwarestudio.org/Olson_20011030_5/Europe/Berlin",
        "/Europe/Berlin",
    ] {
        // Summer and winter, and an hour that the clocks leave out.
        assert_eq!(span(&format!("DTSTART;TZID={zone}:20260722T093000\n")), "2026-07-22T07:30:00Z .. open", "{zone}");
        assert_eq!(span(&format!("DTSTART;TZID={zone}:20261122T093000\n")), "2026-11-22T08:30:00Z .. open", "{zone}");
        assert_eq!(span(&format!("DTSTART;TZID={zone}:20260329T023000\n")), "2026-03-29T01:30:00Z .. open", "{zone}");
    }
    // A duration of days is of days by the calendar, of hours by the clock.
    let across = |duration: &str| span(&format!("DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:{duration}\n"));
    assert_eq!(across("P1D"), "2026-03-28T11:00:00Z .. 2026-03-29T10:00:00Z");
    assert_eq!(across("PT24H"), "2026-03-28T11:00:00Z .. 2026-03-29T11:00:00Z");
}

#[test]
fn a_zone_of_the_files_own_has_its_summer() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Ours\n\
        BEGIN:STANDARD\nDTSTART:19701101T020000\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\nTZOFFSETTO:-0500\nEND:STANDARD\n\
        BEGIN:DAYLIGHT\nDTSTART:19700308T020000\nRRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\nTZOFFSETTO:-0400\nEND:DAYLIGHT\n\
        END:VTIMEZONE\n";
    let start = |day: &str| {
        let event = format!("BEGIN:VEVENT\nSUMMARY:A\nDTSTART;TZID=Ours:{day}T090000\nEND:VEVENT\n");
        let document = format!("BEGIN:VCALENDAR\n{zone}{event}END:VCALENDAR\n");
        match rows("icalendar", Section::Calendar, &document).remove(0).record {
            Some(Record::Event(event)) => (event.start, event.foreign.len()),
            other => panic!("not an event: {other:?}"),
        }
    };
    let at = |text: &str| Some(Moment::At(text.parse().expect("a time")));
    assert_eq!(start("20260115"), (at("2026-01-15T14:00:00Z"), 0));
    assert_eq!(start("20260715"), (at("2026-07-15T13:00:00Z"), 0));
}

#[test]
fn what_had_to_be_guessed_about_a_zone_is_said() {
    let note = |zone: &str| event(&format!("DTSTART;TZID={zone}:20261122T093000\n")).foreign.remove(0).value;
    expect!["Nowhere (not known; times are taken as they stand)"].assert_eq(&note("Nowhere"));
    expect!["UTC+11 (read as UTC+11:00)"].assert_eq(&note("UTC+11"));
    expect!["(UTC-03:30) Somewhere (read as UTC-03:30)"].assert_eq(&note("(UTC-03:30) Somewhere"));
}

#[test]
fn a_day_that_does_not_exist_is_named() {
    let bad = |lines: &str| {
        let document = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:A\n{lines}END:VEVENT\nEND:VCALENDAR\n");
        complaint("icalendar", Section::Calendar, &document)
    };
    expect!["row 1, line 2: column DTSTART: `20260230` is not a date; it should be written like 20261122 or 20261122T093000Z"]
        .assert_eq(&bad("DTSTART:20260230\n"));
    expect!["row 1, line 2: column DTEND: the event ends before it begins"]
        .assert_eq(&bad("DTSTART:20260203T100000\nDTEND:20260203T090000\n"));
    expect!["row 1, line 2: the event is cancelled"].assert_eq(&bad("DTSTART:20260203T100000\nSTATUS:cancelled\n"));
}

#[test]
fn who_takes_part_is_associated_once() {
    let event = event(
        "DTSTART:20261122\nORGANIZER:mailto:me@example.com\nATTENDEE;CN=A:mailto:a@example.com\n\
         ATTENDEE:MAILTO:A@example.com\nATTENDEE;CUTYPE=ROOM:mailto:room@example.com\nATTENDEE:urn:uuid:1\n",
    );
    assert_eq!(event.associations, ["a@example.com", "me@example.com"]);
}

/// Checks a document that we have written with a parser of others, and what that one does not look at by hand.
pub(crate) fn check_written(document: &[u8]) {
    let text = std::str::from_utf8(document).expect("it is UTF-8");
    let tree = IcalCst::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    tree.decode().validate().unwrap_or_else(|problems| panic!("{problems:?}: {text}"));
    assert!(text.ends_with("END:VCALENDAR\r\n"), "{text}");
    let physical: Vec<&str> = text.strip_suffix("\r\n").expect("it ends").split("\r\n").collect();
    for line in &physical {
        assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{line:?}");
        assert!(line.chars().all(|char| char == '\t' || !char.is_ascii_control()), "{line:?}");
    }
    let unfolded = text.replace("\r\n ", "");
    let lines = || unfolded.lines();
    let count = |wanted: &str| lines().filter(|line| *line == wanted).count();
    for line in ["BEGIN:VCALENDAR", "VERSION:2.0", "CALSCALE:GREGORIAN", "END:VCALENDAR"] {
        assert_eq!(count(line), 1, "{line}: {text}");
    }
    assert!(count("BEGIN:VEVENT") + count("BEGIN:VTIMEZONE") > 0, "a calendar has a component: {text}");
    // What ical-rs passes over.
    assert!(lines().any(|line| line.starts_with("REFRESH-INTERVAL;VALUE=DURATION:P")), "{text}");
    for line in lines().filter(|line| line.starts_with("DT") && line.contains(";TZID=")) {
        let name = line.split(";TZID=").nth(1).and_then(|rest| rest.rsplit_once(':')).expect("it has a value").0;
        let name = name.trim_matches('"').replace(',', "\\,").replace(';', "\\;");
        assert_eq!(count(&format!("TZID:{name}")), 1, "the zone of {line} is defined: {text}");
    }
    // Nothing makes a program send mail.
    let asks = ["ATTENDEE", "ORGANIZER", "METHOD"];
    assert!(!lines().any(|line| asks.iter().any(|name| line.starts_with(name))), "{text}");
    for event in unfolded.split("\r\nBEGIN:VEVENT\r\n").skip(1) {
        // What comes behind it may be the zone of the next one.
        let event = event.split("\r\nEND:VEVENT").next().unwrap_or(event);
        let all = |name: &str| {
            let is_own = move |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', ';']));
            event.lines().filter(is_own).collect::<Vec<_>>()
        };
        for name in ["UID", "DTSTAMP", "DTSTART"] {
            assert_eq!(all(name).len(), 1, "{name}: {event}");
        }
        if let [end] = all("DTEND")[..] {
            let begin = all("DTSTART")[0];
            let (kind, end) = end["DTEND".len()..].rsplit_once(':').expect("it has a value");
            let (kind_of_begin, begin) = begin["DTSTART".len()..].rsplit_once(':').expect("it has a value");
            assert!(kind == kind_of_begin && end.len() == begin.len() && end > begin, "{event}");
        }
    }
}

/// What a calendar of ours that holds this series gives once another program has changed it.
fn changed(recurrence: Option<&str>, when: [Moment; 2], change: impl Fn(&str) -> String) -> Vec<Event> {
    let event = Event {
        title: Some("A".to_owned()),
        start: Some(when[0]),
        end: Some(when[1]),
        recurrence: recurrence.map(str::to_owned),
        ..Event::default()
    };
    let document = write("icalendar", Section::Calendar, &[Record::Event(Box::new(event))]);
    let document = change(&String::from_utf8(document).expect("it is UTF-8"));
    let rows = rows("icalendar", Section::Calendar, &document).into_iter();
    let events = rows.filter_map(|row| row.record).map(|record| match record {
        Record::Event(event) => *event,
        other => panic!("not an event: {other:?}"),
    });
    events.collect()
}

/// Without the seals, as programs leave out parameters that they do not know.
fn unsealed(document: &str) -> String {
    let parts = document.split(";X-CAIRN-SEAL=").enumerate();
    parts.map(|(at, part)| if at == 0 { part } else { part.get(16..).unwrap_or_default() }).collect()
}

#[test]
fn what_another_program_changes_in_a_series_of_ours_counts() {
    let at = |text: &str| Moment::At(text.parse().expect("it is a time"));
    let when = [at("2026-03-02T08:30:00.5Z"), at("2026-03-02T09:00:00.25Z")];
    let series = "DTSTART;TZID=Europe/Berlin:20260302T093000\nDTEND;TZID=Europe/Berlin:20260302T100000\nRRULE:FREQ=WEEKLY;COUNT=4";
    let first = |change: &dyn Fn(&str) -> String| {
        [true, false].map(|is_sealed| {
            let events =
                changed(Some(series), when, |text| if is_sealed { change(text) } else { unsealed(&change(text)) });
            (events[0].start.expect("it begins"), events[0].end.expect("it ends"))
        })
    };
    assert_eq!(first(&str::to_owned), [(when[0], when[1]); 2]);
    let line = "RRULE:FREQ=WEEKLY;COUNT=4";
    let exdate = format!("{line}\r\nEXDATE;TZID=Europe/Berlin:20260302T093000");
    let week_later = (at("2026-03-09T08:30:00Z"), at("2026-03-09T09:00:00Z"));
    assert_eq!(first(&|text| text.replace(line, &exdate)), [week_later; 2]);
    assert_eq!(first(&|text| text.replace(line, "RRULE:FREQ=WEEKLY;BYDAY=MO,TU;COUNT=4")), [(when[0], when[1]); 2]);
    assert_eq!(first(&|text| text.replace("20260302T", "20260309T")), [week_later; 2]);
    let hour_later = (at("2026-03-02T09:30:00Z"), at("2026-03-02T10:00:00Z"));
    assert_eq!(first(&|text| text.replace("T100000", "T110000").replace("T093000", "T103000")), [hour_later; 2]);
    let moved = "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:unsaved-1\r\nSUMMARY:B\r\nRECURRENCE-ID:20260302T083000Z\r\nDTSTART:20260303T083000Z\r\nEND:VEVENT";
    assert_eq!(first(&|text| text.replace("END:VEVENT", moved)), [week_later; 2]);
    let cancelled = moved.replace("SUMMARY:B", "STATUS:CANCELLED");
    assert_eq!(first(&|text| text.replace("END:VEVENT", &cancelled)), [week_later; 2]);
    let events = changed(Some(series), when, |text| text.replace("END:VEVENT", &cancelled));
    let expected = format!("{series}\nEXDATE;TZID=Europe/Berlin:20260302T093000");
    assert_eq!(events.iter().map(|event| event.recurrence.as_deref()).collect::<Vec<_>>(), [Some(expected.as_str())]);
    // It is no series any more.
    assert_eq!(first(&|text| text.replace(line, "COMMENT:no").replace("20260302T", "20260309T")), [week_later; 2]);
}

#[test]
fn what_another_program_changes_in_an_event_of_ours_counts() {
    let at = |text: &str| Moment::At(text.parse().expect("it is a time"));
    let day = |text: &str| Moment::Day(text.parse().expect("it is a day"));
    let when = [at("2026-03-02T08:30:00.5Z"), at("2026-03-02T09:00:00.25Z")];
    let days = [day("2026-03-02"), at("2026-03-03T09:00:00Z")];
    for is_sealed in [true, false] {
        let span = |when, from: &str, to: &str| {
            let change = |text: &str| {
                let text = text.replace(from, to);
                if is_sealed { text } else { unsealed(&text) }
            };
            let event = changed(None, when, change).remove(0);
            [event.start, event.end].map(|moment| moment.expect("both are known"))
        };
        assert_eq!(span(when, "", ""), when);
        assert_eq!(span(when, ":20260302T", ":20260309T"), [at("2026-03-09T08:30:00Z"), at("2026-03-09T09:00:00Z")]);
        assert_eq!(span(when, "T090000Z", "T100000Z"), [when[0], at("2026-03-02T10:00:00Z")]);
        assert_eq!(span(days, "", ""), days);
        assert_eq!(span(days, "DATE:20260304", "DATE:20260306"), [days[0], day("2026-03-05")]);
    }
    // A series that cannot be written as one goes with the time that it had.
    let lost = "DTSTART;TZID=Nowhere:20260302T093000\nRRULE:FREQ=WEEKLY";
    let recurrence = |from, to| changed(Some(lost), when, |text| text.replace(from, to)).remove(0).recurrence;
    assert_eq!(recurrence("", "").as_deref(), Some(lost));
    assert_eq!(recurrence(":20260302T", ":20260309T"), None);
    assert_eq!(recurrence("DTEND", "RRULE:FREQ=DAILY\r\nDTEND").map(|text| text.contains("FREQ=DAILY")), Some(true));
}

#[test]
fn a_cancelled_one_of_a_series_is_left_out_of_what_is_kept() {
    let kept = |start: &str, ones: &[&str]| {
        let ones = ones.iter().map(|one| format!("BEGIN:VEVENT\nUID:a\nDTSTART:20260101\n{one}\nEND:VEVENT\n"));
        let document = format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\n{start}\nRRULE:FREQ=DAILY\nEND:VEVENT\n{}END:VCALENDAR\n",
            ones.collect::<String>()
        );
        match rows("icalendar", Section::Calendar, &document).remove(0).record {
            Some(Record::Event(event)) => event.recurrence.expect("it is a series"),
            other => panic!("not an event: {other:?}"),
        }
    };
    let time = "DTSTART;TZID=Europe/Berlin:20260328T093000";
    let cancelled = |one: &str| format!("RECURRENCE-ID{one}\nSTATUS:CANCELLED");
    // Across the change of the clocks, and in any order.
    let (summer, winter) = (cancelled(":20260329T073000Z"), cancelled(";TZID=Europe/Berlin:20260328T093000"));
    assert_eq!(
        kept(time, &[&summer, &winter]),
        format!("{time}\nRRULE:FREQ=DAILY\nEXDATE;TZID=Europe/Berlin:20260328T093000,20260329T093000")
    );
    assert_eq!(
        kept(time, &[&cancelled(";VALUE=DATE:20260330")]),
        format!("{time}\nRRULE:FREQ=DAILY\nEXDATE;TZID=Europe/Berlin:20260330T093000")
    );
    assert_eq!(
        kept("DTSTART;VALUE=DATE:20260328", &[&cancelled(";VALUE=DATE:20260328")]),
        "DTSTART;VALUE=DATE:20260328\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:20260328"
    );
    // What the series leaves out already, and what takes place after all.
    let named = format!("{time}\nEXDATE;TZID=Europe/Berlin:20260329T093000");
    assert_eq!(kept(&named, &[&summer]).matches("EXDATE").count(), 1);
    let back = "RECURRENCE-ID:20260329T073000Z\nSEQUENCE:2";
    assert_eq!(kept(time, &[&summer, back]), format!("{time}\nRRULE:FREQ=DAILY"));
}

#[test]
fn a_thing_to_do_is_on_the_day_when_it_was_made_where_the_calendar_is() {
    for (zone, expected) in [("", "2026-11-22"), ("X-WR-TIMEZONE:Europe/Berlin\n", "2026-11-23")] {
        let to_do = "BEGIN:VTODO\nSUMMARY:A\nCREATED:20261122T233000Z\nEND:VTODO\n";
        assert_eq!(seen_from("UTC", zone, to_do).0, day(expected), "{zone}");
    }
}

#[test]
fn the_day_of_a_moment_is_that_of_whoever_reads() {
    let made = |created: &str| format!("BEGIN:VTODO\nSUMMARY:A\nCREATED{created}\nEND:VTODO\n");
    for (reader, created, expected) in [
        ("Pacific/Auckland", ":20240301T130000Z", "2024-03-02"),
        ("Pacific/Auckland", ":20240301T105959Z", "2024-03-01"),
        ("America/Los_Angeles", ":20240301T075959Z", "2024-02-29"),
        ("UTC", ":20240301T235959Z", "2024-03-01"),
        ("Pacific/Auckland", ";TZID=Europe/Berlin:20240301T233000", "2024-03-02"),
        // What has no zone stands for itself.
        ("Pacific/Auckland", ":20240301T233000", "2024-03-01"),
        ("Pacific/Auckland", ";VALUE=DATE:20240301", "2024-03-01"),
    ] {
        assert_eq!(seen_from(reader, "", &made(created)).0, day(expected), "{reader}: {created}");
    }
    // The zone that the calendar names is nearer.
    let berlin = seen_from("Pacific/Auckland", "X-WR-TIMEZONE:Europe/Berlin\n", &made(":20240301T130000Z"));
    assert_eq!(berlin.0, day("2024-03-01"));
    // An event of days that ends at a time.
    for (reader, end, expected) in [
        ("UTC", ":20261123T230000Z", "2026-11-23"),
        ("Pacific/Auckland", ":20261123T230000Z", "2026-11-24"),
        ("Pacific/Auckland", ";TZID=America/New_York:20261123T220000", "2026-11-23"),
        ("UTC", ";TZID=America/New_York:20261123T220000", "2026-11-23"),
    ] {
        let event = format!("BEGIN:VEVENT\nSUMMARY:A\nDTSTART;VALUE=DATE:20261122\nDTEND{end}\nEND:VEVENT\n");
        assert_eq!(seen_from(reader, "", &event), (day("2026-11-22"), day(expected)), "{reader}: {end}");
    }
}

fn day(text: &str) -> Option<Moment> {
    Some(Moment::Day(text.parse().expect("it is a day")))
}

/// When an event or a thing to do begins and ends to somebody in a time zone.
fn seen_from(reader: &str, head: &str, component: &str) -> (Option<Moment>, Option<Moment>) {
    let document = format!("BEGIN:VCALENDAR\n{head}{component}END:VCALENDAR\n");
    let zone = TimeZone::get(reader).expect("there is such a zone");
    let options = DecodeOptions { time_zone: Some(zone), ..DecodeOptions::default() };
    let mut reading = read_cut("icalendar", Section::Calendar, &options, document.as_bytes(), &[usize::MAX]);
    match reading.rows.remove(0).record {
        Some(Record::Event(event)) => (event.start, event.end),
        other => panic!("not an event: {other:?}"),
    }
}
