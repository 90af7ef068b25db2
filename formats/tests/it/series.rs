//! iCalendar: series, what is kept of them, and what is said of those that are not understood.

use formats::{DecodeOptions, Event, Moment, Record, Row, Section};

use crate::documents::{read, read_cut, rows, write};

/// The rows of a calendar with these lines.
fn calendar(lines: &str) -> Vec<Row> {
    rows("icalendar", Section::Calendar, &format!("BEGIN:VCALENDAR\n{lines}END:VCALENDAR\n"))
}

/// The row of an event with these lines.
fn row(lines: &str) -> Row {
    calendar(&format!("BEGIN:VEVENT\nUID:a\nSUMMARY:A\n{lines}END:VEVENT\n")).remove(0)
}

fn event(row: Row) -> Event {
    match row.record {
        Some(Record::Event(event)) => *event,
        _ => panic!("not an event: {row:?}"),
    }
}

fn at(text: &str) -> Moment {
    Moment::At(text.parse().expect("it is a time"))
}

fn day(text: &str) -> Moment {
    Moment::Day(text.parse().expect("it is a day"))
}

/// What is said of a row.
fn notes(row: &Row) -> String {
    row.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The lines of an event that is written.
fn written(event: Event) -> Vec<String> {
    let document = write("icalendar", Section::Calendar, &[Record::Event(Box::new(event))]);
    let document = String::from_utf8(document).expect("it is UTF-8").replace("\r\n ", "");
    document.lines().map(str::to_owned).collect()
}

#[test]
fn periods_keep_their_lengths() {
    let start = "DTSTART;TZID=Europe/Berlin:20260309T090000\nDTEND;TZID=Europe/Berlin:20260309T093000\n";
    for (given, kept) in [
        (
            "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20260310T090000/20260310T103000,20260331T090000/PT45M",
            "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20260310T090000/20260310T103000,20260331T090000/PT45M",
        ),
        // Each in the zone of the series, winter and summer.
        (
            "RDATE;VALUE=PERIOD:20260310T080000Z/20260310T093000Z,20260331T070000Z/P1D",
            "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20260310T090000/20260310T103000,20260331T090000/P1D",
        ),
    ] {
        let event = event(row(&format!("{start}{given}\n")));
        let recurrence = event.recurrence.clone().expect("it is a series");
        assert!(recurrence.lines().any(|line| line == kept), "{recurrence}");
        assert!(written(event).iter().any(|line| line == kept), "{kept}");
    }
    // Dates beside periods stay dates.
    let mixed = event(row(&format!("{start}RDATE:20260310T080000Z,20260311T080000Z/PT2H\n"))).recurrence;
    let mixed = mixed.expect("it is a series");
    for line in
        ["RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20260311T090000/PT2H", "RDATE;TZID=Europe/Berlin:20260310T090000"]
    {
        assert!(mixed.lines().any(|kept| kept == line), "{mixed}");
    }
}

#[test]
fn the_first_that_takes_place_is_as_long_as_its_period() {
    for (length, end) in [("PT3H", "2026-03-10T11:00:00Z"), ("20260310T123000", "2026-03-10T11:30:00Z")] {
        let event = event(row(&format!(
            "DTSTART;TZID=Europe/Berlin:20260309T090000\nDURATION:PT15M\n\
             RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20260310T090000/{length}\n\
             EXDATE;TZID=Europe/Berlin:20260309T090000\n"
        )));
        assert_eq!((event.start, event.end), (Some(at("2026-03-10T08:00:00Z")), Some(at(end))), "{length}");
    }
}

#[test]
fn a_range_of_changed_ones_is_one_of_them_with_a_note() {
    for range in ["THISANDFUTURE", "THISANDPRIOR"] {
        let row = row(&format!("RECURRENCE-ID;RANGE={range}:20260316T090000Z\nDTSTART:20260316T110000Z\n"));
        let said = notes(&row);
        assert!(said.contains(&format!("RANGE={range} is not followed")), "{said}");
        let event = event(row);
        assert_eq!(event.start, Some(at("2026-03-16T11:00:00Z")));
        assert_eq!(event.recurrence_id.as_deref(), Some("20260316T090000Z"));
    }
    assert_eq!(notes(&row("RECURRENCE-ID:20260316T090000Z\nDTSTART:20260316T110000Z\n")), "");
}

#[test]
fn a_midnight_that_the_clocks_leave_out_begins_a_day() {
    let marked = |zone: &str, start: &str, end: &str| {
        let lines = format!(
            "DTSTART;TZID={zone}:{start}T000000\nDTEND;TZID={zone}:{end}T000000\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE\n"
        );
        let event = event(row(&lines));
        (event.start, event.end)
    };
    for (zone, first, second, third) in [
        ("America/Sao_Paulo", "2018-11-04", "2018-11-05", "2018-11-06"),
        ("America/Asuncion", "2019-10-06", "2019-10-07", "2019-10-08"),
        ("Asia/Beirut", "2022-03-27", "2022-03-28", "2022-03-29"),
        ("Europe/Berlin", "2026-03-29", "2026-03-30", "2026-03-31"),
    ] {
        let [one, two, three] = [first, second, third].map(|day| day.replace('-', ""));
        assert_eq!(marked(zone, &one, &two), (Some(day(first)), None), "{zone}");
        assert_eq!(marked(zone, &one, &three), (Some(day(first)), Some(day(second))), "{zone}");
        // As the end of a day.
        let before = first.parse::<jiff::civil::Date>().expect("it is a day").yesterday().expect("there is one");
        let text = before.strftime("%Y%m%d").to_string();
        assert_eq!(marked(zone, &text, &one), (Some(Moment::Day(before)), None), "{zone}");
    }
}

#[test]
fn a_zone_that_nobody_knows_is_that_of_its_calendar() {
    let read = |head: &str| {
        let lines = "BEGIN:VEVENT\nSUMMARY:A\nDTSTART;TZID=Somewhere:20260716T090000\nEND:VEVENT\n";
        event(calendar(&format!("{head}{lines}")).remove(0))
    };
    let of_calendar = read("X-WR-TIMEZONE:America/New_York\n");
    assert_eq!(of_calendar.start, Some(at("2026-07-16T13:00:00Z")));
    let note = "Somewhere (not known; read as America/New_York, the zone of the calendar)";
    assert_eq!(of_calendar.foreign[0].value, note);
    let of_account = read("");
    assert_eq!(of_account.start, Some(Moment::Local("2026-07-16T09:00:00".parse().expect("it is a time"))));
    assert_eq!(of_account.foreign[0].value, "Somewhere (not known; times are taken as they stand)");
}

#[test]
fn a_rule_that_is_not_understood_is_said_and_kept_where_it_can_be() {
    for rule in [
        "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=5L",
        "FREQ=MONTHLY;X=1;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=2XX",
        "FREQ=WEEKLY;BYEASTER=1",
    ] {
        let row = row(&format!("DTSTART:20260309T090000Z\nRRULE:{rule}\n"));
        let said = notes(&row);
        assert!(said.contains("understood") && said.contains("kept as it is"), "{rule}: {said}");
        let event = event(row);
        assert_eq!(event.start, Some(at("2026-03-09T09:00:00Z")));
        assert_eq!(event.recurrence.as_deref(), Some(format!("DTSTART:20260309T090000Z\nRRULE:{rule}").as_str()));
        assert!(written(event).contains(&format!("RRULE:{rule}")), "{rule}");
    }
    for rule in ["FREQ=WEEKLY;INTERVAL=0", "FREQ=FORTNIGHTLY", "INTERVAL=2", "every week", "FREQ=DAILY;COUNT=0"] {
        let row = row(&format!("DTSTART:20260309T090000Z\nRRULE:{rule}\n"));
        let said = notes(&row);
        assert!(said.contains("understood") && said.contains("a single one"), "{rule}: {said}");
        let event = event(row);
        assert_eq!((event.start, event.recurrence), (Some(at("2026-03-09T09:00:00Z")), None));
        assert!(event.foreign.iter().any(|line| line.header == "Repeats" && line.value == rule), "{rule}");
    }
    // What is there without it as well.
    let gregorian = row("DTSTART:20260309T090000Z\nRRULE:RSCALE=GREGORIAN;FREQ=WEEKLY;SKIP=OMIT;COUNT=2\n");
    assert_eq!(notes(&gregorian), "");
}

#[test]
fn a_calendar_without_its_end_may_be_cut() {
    let said = |document: &str| {
        let reading = read("icalendar", Section::Calendar, document.as_bytes());
        assert_eq!(reading.error, None);
        assert!(reading.rows.iter().all(|row| row.record.is_some()), "{:?}", reading.rows);
        reading.rows.iter().map(notes).collect::<Vec<_>>()
    };
    let event = "BEGIN:VEVENT\nSUMMARY:A\nDTSTART:20260309T090000Z\nEND:VEVENT\n";
    let to_do = event.replace("VEVENT", "VTODO");
    let cut = "the calendar has no END:VCALENDAR; the file may be cut off behind this";
    for last in [event, to_do.as_str()] {
        assert_eq!(said(&format!("BEGIN:VCALENDAR\n{event}{last}END:VCALENDAR\n")), ["", ""]);
        assert_eq!(said(&format!("BEGIN:VCALENDAR\n{event}{last}")), ["", cut]);
        assert_eq!(said(&format!("BEGIN:VCALENDAR\n{event}{last}\n\n")), ["", cut]);
    }
    // The one before goes on with the next.
    assert_eq!(said(&format!("BEGIN:VCALENDAR\n{event}BEGIN:VCALENDAR\n{event}END:VCALENDAR\n")), ["", ""]);
    // A part of a calendar says nothing of a whole one.
    assert_eq!(said(event), [""]);
}

#[test]
fn lines_between_events_are_a_failed_row() {
    let event = |name: &str| format!("BEGIN:VEVENT\nSUMMARY:{name}\nDTSTART:20260309T090000Z\nEND:VEVENT\n");
    let lost = |name: &str| event(name).replace("BEGIN:VEVENT\n", "");
    let rows = calendar(&format!("{}{}{}", event("A"), lost("B"), event("C")));
    assert_eq!(rows.iter().map(|row| row.record.is_some()).collect::<Vec<_>>(), [true, false, true], "{rows:#?}");
    let said = notes(&rows[1]);
    assert_eq!(said, "`SUMMARY:B` and another line stand in no event; BEGIN:VEVENT is missing before them");
    assert_eq!(rows[1].position.line, 6);
    // The one behind keeps its own.
    let to_do = lost("B").replace("VEVENT", "VTODO");
    let rows = calendar(&format!("{}{to_do}{}", event("A"), event("C")));
    assert!(notes(&rows[1]).contains("BEGIN:VTODO is missing before them"), "{rows:#?}");
    let cut_off = calendar(&format!("{}{}", event("A"), lost("B")));
    assert!(notes(&cut_off[1]).contains("BEGIN:VEVENT is missing before them"), "{cut_off:#?}");
    // What a calendar says of itself may stand behind its events.
    let head = "X-WR-CALNAME:Ours\nNAME:Ours\nMETHOD:PUBLISH\nX-APPLE-CALENDAR-COLOR:#FF0000\nLAST-MODIFIED:20260101T000000Z\n";
    let rows = calendar(&format!("{}{head}{}\n", event("A"), event("C")));
    assert!(rows.iter().all(|row| row.record.is_some()), "{rows:#?}");
    assert_eq!(rows.len(), 2);
}

/// When the one of a series that is shown begins, of a file in which this one of it, named in this way, was moved to a place of its own.
fn shown_beside(start: &str, recurrence_id: &str) -> Moment {
    let event = |lines: String| format!("BEGIN:VEVENT\nUID:a\nSUMMARY:A\n{lines}\nEND:VEVENT\n");
    let series = event(format!("DTSTART{start}\nRRULE:FREQ=DAILY;COUNT=5"));
    let moved = event(format!("RECURRENCE-ID{recurrence_id}\nDTSTART:20260320T120000Z"));
    let shown = |document: &str| {
        let events = calendar(document).into_iter().map(self::event);
        let (series, others): (Vec<_>, Vec<_>) = events.partition(|event| event.recurrence.is_some());
        assert_eq!((series.len(), others[0].start), (1, Some(at("2026-03-20T12:00:00Z"))), "{document}");
        series[0].start.expect("it begins")
    };
    let [before, behind] = [format!("{series}{moved}"), format!("{moved}{series}")].map(|document| shown(&document));
    assert_eq!(before, behind, "{recurrence_id}");
    before
}

#[test]
fn a_day_names_the_one_of_a_series_of_times_and_a_time_that_of_days() {
    // A day in the place of a time: the one of that day by the clock of the series.
    for start in [":20260309T090000Z", ":20260309T233000Z", ":20260309T003000Z", ":20260309T000000Z"] {
        let next = start[1..].replace("20260309T", "20260310T").parse().expect("it is a time");
        assert_eq!(shown_beside(start, ";VALUE=DATE:20260309"), Moment::At(next), "{start}");
    }
    for (start, next) in [
        (";TZID=Europe/Berlin:20260309T003000", "2026-03-09T23:30:00Z"),
        (";TZID=Europe/Berlin:20260309T233000", "2026-03-10T22:30:00Z"),
        (";TZID=America/New_York:20260309T220000", "2026-03-11T02:00:00Z"),
    ] {
        assert_eq!(shown_beside(start, ";VALUE=DATE:20260309"), at(next), "{start}");
    }
    let local = |text: &str| Moment::Local(text.parse().expect("it is a time"));
    assert_eq!(shown_beside(":20260309T090000", ";VALUE=DATE:20260309"), local("2026-03-10T09:00:00"));
    assert_eq!(shown_beside(":20260309T090000", ":20260309"), local("2026-03-10T09:00:00"));
    // A time in the place of a day: the day of which it is the midnight, or on which it is.
    for named in [
        ":20260309T000000",
        ":20260309T090000",
        ":20260309T000000Z",
        ":20260309T090000Z",
        ":20260308T230000Z",
        ":20260309T050000Z",
        ";TZID=Europe/Berlin:20260309T000000",
        ";TZID=Europe/Berlin:20260309T090000",
        ";TZID=America/New_York:20260309T000000",
        ";TZID=Asia/Tokyo:20260309T000000",
        ";VALUE=DATE:20260309T000000",
    ] {
        assert_eq!(shown_beside(";VALUE=DATE:20260309", named), day("2026-03-10"), "{named}");
    }
    // And others of it stay where they are.
    for other in
        [";VALUE=DATE:20260310", ":20260310T000000", ";TZID=Europe/Berlin:20260310T000000", ":20260309T230000Z"]
    {
        assert_eq!(shown_beside(";VALUE=DATE:20260309", other), day("2026-03-09"), "{other}");
        assert_eq!(shown_beside(":20260309T090000Z", ";VALUE=DATE:20260311"), at("2026-03-09T09:00:00Z"), "{other}");
    }
}

#[test]
fn dates_that_a_series_of_days_leaves_out_may_be_named_by_times() {
    for named in [":20260309T000000", ":20260308T230000Z", ";TZID=Europe/Berlin:20260309T000000", ":20260309T000000Z"] {
        let event = event(row(&format!("DTSTART;VALUE=DATE:20260309\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE{named}\n")));
        assert_eq!(event.start, Some(day("2026-03-10")), "{named}");
        let kept = event.recurrence.expect("it is a series");
        assert!(kept.lines().any(|line| line == "EXDATE;VALUE=DATE:20260309"), "{named}: {kept}");
    }
}

#[test]
fn a_series_of_ours_is_shown_by_the_next_where_the_first_is_named_by_its_day() {
    for (start, named, next) in [
        ("DTSTART;TZID=Europe/Berlin:20260309T090000", ";VALUE=DATE:20260309", at("2026-03-10T08:00:00Z")),
        ("DTSTART;VALUE=DATE:20260309", ";TZID=Europe/Berlin:20260309T000000", day("2026-03-10")),
        ("DTSTART;VALUE=DATE:20260309", ":20260308T230000Z", day("2026-03-10")),
    ] {
        let series = event(row(&format!("{start}\nRRULE:FREQ=DAILY;COUNT=5\n")));
        let id = "019ad5b0-0000-7000-8000-000000000001".to_owned();
        let document = written(Event { id: Some(id.clone()), ..series.clone() }).join("\n");
        // As a program writes it that has moved the first.
        let moved = format!(
            "BEGIN:VEVENT\nUID:{id}\nSUMMARY:A\nRECURRENCE-ID{named}\nDTSTART:20260320T120000Z\nEND:VEVENT\nEND:VCALENDAR\n"
        );
        let events = rows("icalendar", Section::Calendar, &document.replace("END:VCALENDAR", &moved));
        let events: Vec<_> = events.into_iter().map(event).collect();
        assert_eq!(events.len(), 2, "{document}");
        assert_eq!(events[0].start, Some(next), "{start}, {named}");
        // The same where the changed one comes in a file of its own.
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("there is such a zone");
        let changed = [events[1].recurrence_id.clone().expect("it is one of a series")];
        let kept = series.recurrence.expect("it is a series");
        let begins = series.start.expect("it begins");
        let found = formats::first_of_series(&kept, begins, &zone, &changed);
        assert_eq!(found.map(|(begins, _)| begins), Some(next), "{start}, {named}");
    }
}

/// Titles and what is said of each, of a calendar that is read in whole and in pieces.
fn told(document: &str) -> Vec<(String, String)> {
    let of = |rows: &[Row]| {
        let title = |row: &Row| match &row.record {
            Some(Record::Event(event)) => event.title.clone().unwrap_or_default(),
            _ => "-".to_owned(),
        };
        rows.iter().map(|row| (title(row), notes(row))).collect::<Vec<_>>()
    };
    let whole = read("icalendar", Section::Calendar, document.as_bytes());
    assert_eq!(whole.error, None, "{document:?}");
    for size in [1, 7] {
        let cut = read_cut("icalendar", Section::Calendar, &DecodeOptions::default(), document.as_bytes(), &[size]);
        assert_eq!(of(&cut.rows), of(&whole.rows), "{document:?}");
    }
    of(&whole.rows)
}

#[test]
fn events_begin_and_end_wherever_they_do() {
    let event = |name: &str| format!("BEGIN:VEVENT\nSUMMARY:{name}\nDTSTART:20260309T090000Z\nEND:VEVENT");
    let [a, b, c] = ["A", "B", "C"].map(event);
    let all = [("A".to_owned(), String::new()), ("B".to_owned(), String::new()), ("C".to_owned(), String::new())];
    for between in
        ["", "\n", "\r\n\r\n", "\u{feff}", "\u{200b}", "\u{1a}", "\n\u{1a}\n", "\u{1a}\r\n\u{feff}", "\n \n\n", " "]
    {
        for (head, tail) in
            [("BEGIN:VCALENDAR\n", "END:VCALENDAR\n"), ("\u{feff}BEGIN:VCALENDAR", "END:VCALENDAR"), ("", "")]
        {
            let document = format!("{head}{a}{between}{b}{between}{c}{between}{tail}");
            assert_eq!(told(&document), all, "{document:?}");
        }
        // Whole calendars one behind another.
        let calendars = [&a, &b, &c].map(|event| format!("BEGIN:VCALENDAR\n{event}\nEND:VCALENDAR"));
        assert_eq!(told(&calendars.join(between)), all, "{between:?}");
        let to_dos =
            format!("BEGIN:VCALENDAR\n{a}{between}{b}{between}{c}\nEND:VCALENDAR\n").replace("VEVENT", "VTODO");
        assert_eq!(told(&to_dos), all, "{to_dos:?}");
    }
    // Within an event, and between the parts of it.
    let parts = "BEGIN:VEVENT\n\u{feff}SUMMARY:A\n\n\u{1a}\nDTSTART:20260309T090000Z\nBEGIN:VALARM\nACTION:AUDIO\nEND:VALARMEND:VEVENT";
    assert_eq!(told(&format!("{parts}{b}{c}")), all);
}

#[test]
fn an_event_without_an_end_is_taken_up_to_the_next() {
    let part = |name: &str| format!("BEGIN:VEVENT\nSUMMARY:{name}\nDTSTART:20260309T090000Z\n");
    let document = format!("BEGIN:VCALENDAR\n{}{}{}END:VCALENDAR\n", part("A"), part("B"), part("C"));
    let before = |next: &str| format!("the event has no END:VEVENT; it is taken to end before {next}");
    let expected = [("A", before("BEGIN:VEVENT")), ("B", before("BEGIN:VEVENT")), ("C", before("END:VCALENDAR"))];
    assert_eq!(told(&document), expected.map(|(name, note)| (name.to_owned(), note)));
    let cut = told(&format!("BEGIN:VCALENDAR\n{}", part("A")));
    assert_eq!(cut, [("A".to_owned(), "the event has no END:VEVENT; the file may be cut off in it".to_owned())]);
}

#[test]
fn a_calendar_that_begins_in_the_middle_loses_one_event_and_says_so() {
    let rest = "BEGIN:VEVENT\nSUMMARY:B\nDTSTART:20260309T090000Z\nEND:VEVENT\nEND:VCALENDAR\n";
    for (first, more) in [
        ("DTEND:20260103T100000Z", ""),
        ("0103T100000Z", "LOCATION:Room 1, left\n"),
        (";TZID=Europe/Berlin:20260103T100000", "SUMMARY:Tea; milk\n"),
        ("nk \\, and more", "DESCRIPTION:\"quoted\"\n"),
    ] {
        for end in ["END:VEVENT\n", "END:VEVENT", "END:VEVENT\u{1a}"] {
            let document = format!("{first}\n{more}{end}{rest}");
            let found = formats::builtin()
                .recognise(document.as_bytes(), Some("half.csv"))
                .map(|codec| codec.descriptor().name);
            assert_eq!(found, Ok("icalendar"), "{document:?}");
            let rows = told(&document);
            assert_eq!(rows.iter().map(|(title, _)| title.as_str()).collect::<Vec<_>>(), ["-", "B"], "{document:?}");
            assert!(rows[0].1.contains("BEGIN:VEVENT is missing before"), "{rows:?}");
        }
    }
}
