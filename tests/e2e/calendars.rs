//! Calendars of others in and out again: series, versions of an event, what undo knows of both, and what a subscriber sees.

use harness::client::Client;
use harness::on_each_database;
use harness::site::Site;
use serde_json::{Value, json};

const EVENTS: &str = "{ events(orderBy: START_ASC) { nodes {
    id title startsOn startsAt endsAt description sourceUid sourceSequence recurrenceId recurrence
} } }";
const UPDATE: &str =
    "mutation($input: UpdateEventInput!) { updateEvent(input: $input) { event { recurrence sourceUid } notes } }";

/// A calendar of another program.
fn calendar(parts: &[&str]) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Test//EN\r\n{}END:VCALENDAR\r\n", parts.concat())
}

fn event(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("{}\r\n", line.trim())).collect();
    format!("BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\n{lines}END:VEVENT\r\n")
}

/// A zone that only its file knows: two hours before Greenwich in summer and one in winter, by another name.
fn zone() -> String {
    let part = |kind: &str, from: &str, to: &str, hour: &str, month: u8| {
        format!(
            "BEGIN:{kind}\r\nDTSTART:16010101T{hour}0000\r\nTZOFFSETFROM:{from}\r\nTZOFFSETTO:{to}\r\n\
             RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH={month}\r\nEND:{kind}\r\n"
        )
    };
    let (winter, summer) = (part("STANDARD", "+0200", "+0100", "03", 10), part("DAYLIGHT", "+0100", "+0200", "02", 3));
    format!("BEGIN:VTIMEZONE\r\nTZID:Office\\, first floor\r\n{winter}{summer}END:VTIMEZONE\r\n")
}

async fn events(client: &Client) -> Vec<Value> {
    let found = client.graphql(EVENTS, json!({})).await;
    found["events"]["nodes"].as_array().expect("a list").clone()
}

/// When the events of a title are, in order.
async fn times(client: &Client, title: &str) -> Vec<String> {
    let named = events(client).await.into_iter().filter(|event| event["title"] == title);
    let when = |event: Value| event["startsAt"].as_str().or(event["startsOn"].as_str()).expect("a time").to_owned();
    named.map(when).collect()
}

fn counts(receipt: &Value) -> [u64; 6] {
    ["read", "created", "updated", "unchanged", "skipped", "failed"]
        .map(|name| receipt[name].as_u64().expect("a count"))
}

/// The lines of a document, unfolded.
fn lines(document: &str) -> Vec<String> {
    document.replace("\r\n ", "").lines().map(str::to_owned).collect()
}

fn series() -> String {
    let master = event(
        "UID:weekly@example.com
         SEQUENCE:4
         DTSTART;TZID=\"Office, first floor\":20260316T090000
         DTEND;TZID=\"Office, first floor\":20260316T093000
         RRULE:FREQ=WEEKLY;COUNT=6
         EXDATE;TZID=\"Office, first floor\":20260316T090000
         SUMMARY:Weekly",
    );
    let moved = event(
        "UID:weekly@example.com
         RECURRENCE-ID;TZID=\"Office, first floor\":20260406T090000
         DTSTART;TZID=\"Office, first floor\":20260407T140000
         SUMMARY:Weekly",
    );
    // The zone behind its events, and one of the series before it.
    calendar(&[&moved, &master, &zone()])
}

on_each_database! {
    async fn a_series_is_shown_by_its_first_and_written_as_the_series_that_it_is(site: Site) {
        let client = site.client().await;
        let receipt = client.import("/import/calendar?format=icalendar", series()).await;
        assert_eq!(counts(&receipt), [2, 2, 0, 0, 0, 0], "{receipt:#}");
        assert_eq!(receipt["series"], 1);
        // In winter the clocks are an hour before Greenwich, from the end of March on two.
        assert_eq!(times(&client, "Weekly").await, ["2026-03-23T08:00:00Z", "2026-04-07T12:00:00Z"]);
        let found = events(&client).await;
        let told = |event: &Value| json!([event["sourceUid"], event["sourceSequence"], event["recurrenceId"]]);
        assert_eq!(told(&found[0]), json!(["weekly@example.com", 4, null]));
        assert_eq!(told(&found[1]), json!(["weekly@example.com", null, "20260406T070000Z"]));
        assert_eq!((&found[0]["description"], &found[1]["recurrence"]), (&Value::Null, &Value::Null));

        let written = lines(&client.download("/export/calendar.ics").await);
        let id = found[0]["id"].as_str().expect("an id");
        for line in [
            "TZID:Office\\, first floor",
            "DTSTART;TZID=\"Office, first floor\":20260316T090000",
            "DTEND;TZID=\"Office, first floor\":20260316T093000",
            "RRULE:FREQ=WEEKLY;COUNT=6",
            "EXDATE;TZID=\"Office, first floor\":20260316T090000",
            "RECURRENCE-ID:20260406T070000Z",
        ] {
            assert_eq!(written.iter().filter(|written| *written == line).count(), 1, "{line}: {written:#?}");
        }
        // Both have the UID of the series here, and say what it is called there.
        for line in [format!("UID:{id}"), "X-CAIRN-SOURCE-UID:weekly@example.com".to_owned()] {
            assert_eq!(written.iter().filter(|written| **written == line).count(), 2, "{line}: {written:#?}");
        }
        // It comes back as it was, in each format.
        for extension in ["ics", "csv", "json", "ndjson"] {
            let document = client.download(&format!("/export/calendar.{extension}")).await;
            let path = format!("/import/calendar?format={}", if extension == "ics" { "icalendar" } else { extension });
            let receipt = client.import(&path, document).await;
            assert_eq!(counts(&receipt), [2, 0, 0, 2, 0, 0], "{extension}: {receipt:#}");
        }
        // And so does the file that it came from.
        let receipt = client.import("/import/calendar?format=icalendar&duplicates=replace", series()).await;
        assert_eq!(counts(&receipt), [2, 0, 0, 2, 0, 0], "{receipt:#}");
    }

    async fn a_changed_one_that_is_deleted_is_left_out_of_its_series(site: Site) {
        let client = site.client().await;
        client.import("/import/calendar?format=icalendar", series()).await;
        let exdates = async |path: &str| {
            let written = lines(&client.download(path).await);
            let all = written.into_iter().filter_map(|line| line.strip_prefix("EXDATE").map(str::to_owned));
            all.collect::<Vec<_>>()
        };
        let (own, one) = (";TZID=\"Office, first floor\":20260316T090000", ";TZID=\"Office, first floor\":20260406T090000");
        assert_eq!(exdates("/export/calendar.ics").await, [own]);
        // What a view leaves out is no plain one of the series either: by days, by a category, by a search.
        assert_eq!(exdates("/export/calendar.ics?to=2026-03-31").await, [own, one]);
        assert_eq!(exdates("/export/calendar.ics?to=2026-04-07").await, [own]);
        let id = events(&client).await[0]["id"].clone();
        let input = json!({ "id": id, "categories": ["Team"], "title": "Every week" });
        client.graphql(UPDATE, json!({ "input": input })).await;
        assert_eq!(exdates("/export/calendar.ics?category=Team").await, [own, one]);
        assert_eq!(exdates("/export/calendar.ics?search=every").await, [own, one]);
        let create = "mutation { createFeed(input: { section: \"calendar\", format: \"icalendar\", name: \"Ours\", view: { category: \"Team\" } }) { url } }";
        let url = client.graphql(create, json!({})).await["createFeed"]["url"].as_str().expect("a URL").to_owned();
        let path = url.strip_prefix(&format!("http://{}", site.address)).expect("an absolute address").to_owned();
        let feed = lines(&Client::new(site.address).download(&path).await);
        assert!(feed.contains(&format!("EXDATE{one}")), "{feed:#?}");

        let moved = events(&client).await[1]["id"].clone();
        let delete = "mutation($id: ID!) { deleteEvent(input: { id: $id }) { deletedId } }";
        client.graphql(delete, json!({ "id": moved })).await;
        assert_eq!(exdates("/export/calendar.ics").await, [own, one]);
        // Whoever reads that has no such event either.
        let document = client.download("/export/calendar.ics").await;
        let receipt = client.import("/import/calendar?format=icalendar&duplicates=replace", document).await;
        assert_eq!(counts(&receipt), [1, 0, 1, 0, 0, 0], "{receipt:#}");
        assert_eq!(exdates("/export/calendar.ics").await, [own, one], "it is named once");
        // It is there again once it is imported again.
        client.import("/import/calendar?format=icalendar&duplicates=replace", series()).await;
        assert_eq!(times(&client, "Weekly").await, ["2026-03-23T08:00:00Z", "2026-04-07T12:00:00Z"]);
        assert_eq!(exdates("/export/calendar.ics").await, [own]);
    }

    async fn a_changed_one_that_goes_with_its_import_is_a_plain_one_again(site: Site) {
        let client = site.client().await;
        let daily = event("UID:d@example.com\nDTSTART;VALUE=DATE:20260301\nRRULE:FREQ=DAILY;COUNT=9\nSUMMARY:Daily");
        client.import("/import/calendar?format=icalendar", calendar(&[&daily])).await;
        let one = |day: u8| {
            event(&format!("UID:d@example.com\nRECURRENCE-ID;VALUE=DATE:2026030{day}\nDTSTART;VALUE=DATE:20260401\nSUMMARY:Moved {day}"))
        };
        let later = client.import("/import/calendar?format=icalendar", calendar(&[&one(3), &one(5)])).await;
        let exdates = async || {
            let written = lines(&client.download("/export/calendar.ics").await);
            written.into_iter().filter(|line| line.starts_with("EXDATE")).collect::<Vec<_>>()
        };
        assert!(exdates().await.is_empty());
        let undo = "mutation($id: ID!) { undoImport(input: { id: $id }) { removed } }";
        client.graphql(undo, json!({ "id": later["id"] })).await;
        assert!(exdates().await.is_empty());
        let redo = "mutation($id: ID!) { redoImport(input: { id: $id }) { restored } }";
        client.graphql(redo, json!({ "id": later["id"] })).await;
        let third = events(&client).await.iter().find(|event| event["title"] == "Moved 3").expect("it is back")["id"].clone();
        let delete = "mutation($id: ID!) { deleteEvent(input: { id: $id }) { deletedId } }";
        client.graphql(delete, json!({ "id": third })).await;
        assert_eq!(exdates().await, ["EXDATE;VALUE=DATE:20260303"]);
    }

    async fn a_series_and_its_changed_ones_may_come_in_files_of_their_own(site: Site) {
        let client = site.client().await;
        let path = "/import/calendar?format=icalendar&duplicates=replace";
        let daily = |title: &str| {
            event(&format!("UID:d@example.com\nDTSTART;VALUE=DATE:20260301\nRRULE:FREQ=DAILY;COUNT=9\nSUMMARY:{title}"))
        };
        client.import(path, calendar(&[&daily("Daily")])).await;
        assert_eq!(times(&client, "Daily").await, ["2026-03-01"]);
        let first = event("UID:d@example.com\nRECURRENCE-ID;VALUE=DATE:20260301\nDTSTART;VALUE=DATE:20260401\nSUMMARY:Moved");
        let later = client.import(path, calendar(&[&first])).await;
        assert_eq!(counts(&later), [1, 1, 0, 0, 0, 0]);
        // The first of the series is an event of its own now, so the next one is shown for the series.
        assert_eq!((times(&client, "Daily").await, times(&client, "Moved").await), (vec!["2026-03-02".to_owned()], vec!["2026-04-01".to_owned()]));
        let subscribed = async || {
            let written = lines(&client.download("/export/calendar.ics").await);
            written.into_iter().filter(|line| line.starts_with("DTSTART") || line.starts_with("EXDATE")).collect::<Vec<_>>()
        };
        assert_eq!(subscribed().await, ["DTSTART;VALUE=DATE:20260301", "DTSTART;VALUE=DATE:20260401"]);

        // What the import moved goes back with it, and comes again.
        let undo = "mutation($id: ID!) { undoImport(input: { id: $id }) { removed restored } }";
        let undone = client.graphql(undo, json!({ "id": later["id"] })).await;
        assert_eq!(undone["undoImport"], json!({ "removed": 1, "restored": 1 }));
        assert_eq!((times(&client, "Daily").await, times(&client, "Moved").await), (vec!["2026-03-01".to_owned()], Vec::new()));
        let redo = "mutation($id: ID!) { redoImport(input: { id: $id }) { restored } }";
        client.graphql(redo, json!({ "id": later["id"] })).await;
        assert_eq!((times(&client, "Daily").await, times(&client, "Moved").await), (vec!["2026-03-02".to_owned()], vec!["2026-04-01".to_owned()]));

        // A later file with the series alone takes nothing of that back.
        client.import(path, calendar(&[&daily("Every day")])).await;
        assert_eq!((times(&client, "Every day").await, times(&client, "Moved").await), (vec!["2026-03-02".to_owned()], vec!["2026-04-01".to_owned()]));
    }

    async fn an_event_that_is_moved_loses_its_rule_and_the_answer_says_so(site: Site) {
        let client = site.client().await;
        client.import("/import/calendar?format=icalendar", series()).await;
        let id = events(&client).await[0]["id"].clone();
        let kept = client.graphql(UPDATE, json!({ "input": { "id": id, "title": "Every week" } })).await["updateEvent"].clone();
        assert_eq!(kept["notes"], json!([]));
        assert!(kept["event"]["recurrence"].as_str().is_some_and(|rule| rule.contains("RRULE:FREQ=WEEKLY;COUNT=6")), "{kept}");
        let input = json!({ "id": id, "startsAt": "2026-03-24T08:00:00Z", "endsAt": "2026-03-24T08:30:00Z" });
        let moved = client.graphql(UPDATE, json!({ "input": input })).await["updateEvent"].clone();
        assert_eq!((&moved["event"]["recurrence"], &moved["event"]["sourceUid"]), (&Value::Null, &json!("weekly@example.com")));
        let notes = moved["notes"].to_string();
        assert!(notes.contains("does not repeat any more"), "{notes}");
        let written = client.download("/export/calendar.ics").await;
        assert!(!written.contains("RRULE:FREQ=WEEKLY"), "{written}");
    }

    async fn a_later_version_moves_the_event_and_an_undo_takes_it_back(site: Site) {
        let client = site.client().await;
        let version = |sequence: u8, start: &str, title: &str| {
            calendar(&[&event(&format!("UID:r@example.com\nSEQUENCE:{sequence}\nDTSTART:{start}\nSUMMARY:{title}"))])
        };
        let path = "/import/calendar?format=icalendar&duplicates=replace";
        let first = client.import(path, version(0, "20260105T100000Z", "Demo")).await;
        assert_eq!(counts(&first), [1, 1, 0, 0, 0, 0]);
        let before = events(&client).await;
        let ignored = client.import("/import/calendar?format=icalendar", version(2, "20260107T150000Z", "Demo, moved")).await;
        assert_eq!(counts(&ignored), [1, 0, 0, 0, 1, 0], "{ignored:#}");
        assert_eq!((&ignored["skips"][0]["key"], &ignored["skips"][0]["values"]), (&json!("uid"), &json!(["r@example.com"])));
        let later = client.import(path, version(2, "20260107T150000Z", "Demo, moved")).await;
        assert_eq!(counts(&later), [1, 0, 1, 0, 0, 0], "{later:#}");
        assert_eq!(times(&client, "Demo, moved").await, ["2026-01-07T15:00:00Z"]);
        // An older version says nothing new.
        let older = client.import(path, version(1, "20260106T150000Z", "Demo, moved before")).await;
        assert_eq!(counts(&older), [1, 0, 0, 0, 1, 0], "{older:#}");
        assert!(older["skips"][0]["reason"].to_string().contains("later version"), "{older:#}");
        let undo = "mutation($id: ID!) { undoImport(input: { id: $id }) { restored } }";
        client.graphql(undo, json!({ "id": later["id"] })).await;
        assert_eq!(events(&client).await, before);
    }

    async fn two_versions_in_a_file_are_one_event_and_two_uids_are_two(site: Site) {
        let client = site.client().await;
        let one = |uid: &str, more: &str, start: &str, title: &str| {
            event(&format!("UID:{uid}\n{more}\nDTSTART:{start}\nSUMMARY:{title}"))
        };
        let many: String = (0..950).map(|n| one(&format!("n{n}@example.com"), "SEQUENCE:0", "20260301T100000Z", "Many")).collect();
        let document = calendar(&[
            &one("a@example.com", "SEQUENCE:1", "20260105T100000Z", "Low, then high"),
            &one("a@example.com", "SEQUENCE:3", "20260106T100000Z", "Low, then high"),
            &one("a@example.com", "SEQUENCE:2", "20260107T100000Z", "Low, then high"),
            &one("b@example.com", "LAST-MODIFIED:20260101T100000Z", "20260105T100000Z", "Same number"),
            &one("b@example.com", "LAST-MODIFIED:20260102T100000Z", "20260106T100000Z", "Same number"),
            &one("c@example.com", "SEQUENCE:0", "20260105T100000Z", "Twins"),
            &one("d@example.com", "SEQUENCE:0", "20260105T100000Z", "Twins"),
            &one("e@example.com", "SEQUENCE:0", "20260105T100000Z", "Far apart"),
            &many,
            &one("e@example.com", "SEQUENCE:1", "20260109T100000Z", "Far apart"),
        ]);
        let receipt = client.import("/import/calendar?format=icalendar", document).await;
        assert_eq!(counts(&receipt), [959, 955, 1, 0, 3, 0], "{:#}", receipt["skips"]);
        let repeats: Vec<_> = receipt["skips"].as_array().expect("a list").iter().map(|skip| skip["repeats"].clone()).collect();
        assert_eq!(repeats, [json!(2), json!(2), json!(5)]);
        assert_eq!(times(&client, "Low, then high").await, ["2026-01-06T10:00:00Z"]);
        assert_eq!(times(&client, "Same number").await, ["2026-01-06T10:00:00Z"]);
        assert_eq!(times(&client, "Twins").await, ["2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z"]);
        assert_eq!(times(&client, "Far apart").await, ["2026-01-09T10:00:00Z"]);
    }

    async fn an_event_without_a_uid_is_found_by_title_and_time_and_learns_it(site: Site) {
        let client = site.client().await;
        let make = "mutation { createEvent(input: { title: \"Fair\", startsAt: \"2026-05-25T09:00:00Z\" }) { event { id } } }";
        client.graphql(make, json!({})).await;
        let fair = |uid: &str, start: &str| event(&format!("UID:{uid}\nDTSTART:{start}\nSUMMARY:Fair"));
        let path = "/import/calendar?format=icalendar&duplicates=merge";
        let receipt = client.import(path, calendar(&[&fair("f@example.com", "20260525T090000Z")])).await;
        assert_eq!(counts(&receipt), [1, 0, 1, 0, 0, 0], "{receipt:#}");
        let receipt = client.import(path, calendar(&[&fair("g@example.com", "20260525T090000Z")])).await;
        assert_eq!(counts(&receipt), [1, 1, 0, 0, 0, 0], "{receipt:#}");
    }

    async fn titles_that_are_missing_or_too_long_lose_no_event(site: Site) {
        let client = site.client().await;
        let long = "x".repeat(503);
        let document = calendar(&[
            &event("UID:1@example.com\nDTSTART:20260301T100000Z\nDESCRIPTION:Call Ann\\nabout the offer"),
            &event("UID:2@example.com\nDTSTART:20260302T100000Z"),
            &event(&format!("UID:3@example.com\nDTSTART:20260303T100000Z\nSUMMARY:{long}\nDESCRIPTION:More")),
        ]);
        let receipt = client.import("/import/calendar?format=icalendar", document.clone()).await;
        assert_eq!(counts(&receipt), [3, 3, 0, 0, 0, 0], "{receipt:#}");
        let found = events(&client).await;
        assert_eq!((&found[0]["title"], &found[1]["title"]), (&json!("Call Ann"), &json!("Untitled")));
        assert_eq!(found[2]["title"], json!("x".repeat(500)));
        let description = "xxx\nMore\nTitle: cut after 500 characters; the rest stands before the description";
        assert_eq!(found[2]["description"], description);
        let again = client.import("/import/calendar?format=icalendar&duplicates=replace", document).await;
        assert_eq!(counts(&again), [3, 0, 0, 3, 0, 0], "{again:#}");
    }

    async fn a_to_do_is_on_the_day_of_the_account_on_which_it_was_made(site: Site) {
        let client = site.client().await;
        let set = "mutation($zone: String!) { updateAccount(input: { timeZone: $zone }) { account { timeZone } } }";
        let zones = [("Pacific/Auckland", "2024-03-02"), ("UTC", "2024-03-01"), ("Pacific/Honolulu", "2024-03-01")];
        for (zone, day) in zones {
            client.graphql(set, json!({ "zone": zone })).await;
            let to_do = format!("BEGIN:VTODO\r\nUID:{zone}\r\nSUMMARY:{zone}\r\nCREATED:20240301T130000Z\r\nEND:VTODO\r\n");
            let receipt = client.import("/import/calendar?format=icalendar", calendar(&[&to_do])).await;
            assert_eq!(counts(&receipt), [1, 1, 0, 0, 0, 0], "{receipt:#}");
            assert_eq!(times(&client, zone).await, [day]);
        }
    }

    async fn a_plan_of_a_calendar_is_what_its_apply_does(site: Site) {
        let client = site.client().await;
        let plan = client.import("/import/calendar?format=icalendar&mode=plan", series()).await;
        assert_eq!((counts(&plan), &plan["series"]), ([2, 2, 0, 0, 0, 0], &json!(1)), "{plan:#}");
        let path = format!("/imports/{}/apply?hash={}", plan["id"].as_str().expect("an id"), plan["hash"].as_str().expect("a hash"));
        let done = client.import(&path, "").await;
        assert_eq!((counts(&done), &done["series"]), ([2, 2, 0, 0, 0, 0], &json!(1)), "{done:#}");
        assert_eq!(times(&client, "Weekly").await, ["2026-03-23T08:00:00Z", "2026-04-07T12:00:00Z"]);
    }

    async fn a_feed_shows_a_series_to_whoever_subscribes(site: Site) {
        let client = site.client().await;
        client.import("/import/calendar?format=icalendar", series()).await;
        let create = "mutation { createFeed(input: { section: \"calendar\", format: \"icalendar\", name: \"Ours\" }) { url } }";
        let url = client.graphql(create, json!({})).await["createFeed"]["url"].as_str().expect("a URL").to_owned();
        let path = url.strip_prefix(&format!("http://{}", site.address)).expect("an absolute address").to_owned();
        let feed = lines(&Client::new(site.address).download(&path).await);
        let count = |line: &str| feed.iter().filter(|written| *written == line).count();
        assert_eq!((count("RRULE:FREQ=WEEKLY;COUNT=6"), count("RECURRENCE-ID:20260406T070000Z"), count("BEGIN:VTIMEZONE")), (1, 1, 1));
    }
}
