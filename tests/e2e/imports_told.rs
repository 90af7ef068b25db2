//! What is told of the rows of a file: what new records will hold, and what records that are there do not take.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use harness::client::Client;
use harness::on_each_database;

use harness::site::Site;
use serde_json::{Value, json};

use crate::imports::summary;
use crate::imports_plan::{apply, path, text};
use crate::program::{Desk, PROGRAM};

const KNOWN: &str = "name,email,phone,address,city,notes,Colour\n\
    Ann,ann@e.example,030 1,Hill 1,Ulm,Old,red\nBob,bob@e.example,,,,,\nCyd,cyd@e.example,,,Bonn,,\n";

on_each_database! {
    async fn what_merge_does_not_take_is_said_a_row_and_counted_a_column(site: Site) {
        let client = client(&site).await;
        client.import("/import/people", KNOWN).await;
        let file = "name,email,phone,address,city,zip,notes,Colour,Shoe\n\
            Ann,ann@e.example,030 2,Hill 1,Köln,50667,New,blue,41\n\
            Bob,bob@e.example,030 3,,Berlin,,,green,\n\
            Cyd,cyd@e.example,,,Bonn,,,,\nDee,dee@e.example,030 4,,,,,,43\n";
        let options = "duplicates=merge&map=Shoe%3Dnotes";
        let plan = client.import(&format!("/import/people?mode=plan&{options}"), file).await;
        let values = json!([
            { "field": "phone", "stands": "030 1", "given": "030 2" },
            { "field": "city", "stands": "Ulm", "given": "Köln" },
            // An address is one field: no part of another comes into it.
            { "field": "zip", "stands": null, "given": "50667" },
            { "field": "notes", "stands": "Old", "given": "New" },
            // Only the notes of new people get what has no field.
            { "field": "Shoe", "stands": null, "given": "41" },
            { "field": "Colour", "stands": "red", "given": "blue" },
        ]);
        let of_rows = rows(&client, &plan).await;
        assert_eq!((&of_rows[0]["outcome"], &of_rows[0]["notTaken"]), (&json!("unchanged"), &values), "{of_rows:#?}");
        assert!(of_rows[1..].iter().all(|row| row["notTaken"] == json!([])), "{of_rows:#?}");
        let receipt = apply(&client, &plan).await;
        assert_eq!(summary(&receipt), "1 created, 1 updated, 2 unchanged", "{receipt:#}");
        let noted: Vec<_> = values.as_array().expect("a list").iter().map(|value| {
            json!({ "row": 1, "line": 2, "field": value["field"], "stands": value["stands"], "given": value["given"] })
        }).collect();
        assert_eq!(receipt["notTaken"], json!(noted), "{receipt:#}");
        assert_eq!(plan["notTaken"], receipt["notTaken"]);
        let counts = [("name", 0), ("email", 0), ("phone", 1), ("address", 0), ("city", 1), ("zip", 1), ("notes", 1), ("Colour", 1), ("Shoe", 1)];
        assert_eq!(counted(&receipt), counts.map(|(name, count)| (name.to_owned(), count)), "{receipt:#}");
        let query = "query($id: ID!) { import(id: $id) { notTaken(first: 2) { row line field stands given } columns { name notTaken } } }";
        let told = client.graphql(query, json!({ "id": receipt["id"] })).await["import"].clone();
        assert_eq!(told["notTaken"], json!(noted[..2]), "{told:#}");
        assert_eq!(told["columns"][4], json!({ "name": "city", "notTaken": 1 }));
        // Nothing of it has been taken, and it is said each time, without a plan too; who was made by a row has all of it.
        let again = client.import(&format!("/import/people?{options}"), file).await;
        assert_eq!((summary(&again), &again["notTaken"]), ("4 unchanged".to_owned(), &receipt["notTaken"]), "{again:#}");
    }

    async fn what_replace_does_not_take_is_said(site: Site) {
        let client = client(&site).await;
        client.import("/import/people", KNOWN).await;
        // An empty cell says nothing, so nothing of it is lost.
        let file = "name,email,phone,city,Shoe\nAnn,ann@e.example,030 2,,41\nBob,bob@e.example,,,\n";
        let receipt = client.import("/import/people?duplicates=replace&map=Shoe%3Dnotes", file).await;
        assert_eq!(summary(&receipt), "1 updated, 1 unchanged", "{receipt:#}");
        let shoe = json!([{ "row": 1, "line": 2, "field": "Shoe", "stands": null, "given": "41" }]);
        assert_eq!(receipt["notTaken"], shoe, "{receipt:#}");
        // Nor does it take when a record was made, as it is that of the record which is there.
        let file = "name,email,createdAt\nAnn,ann@e.example,2001-02-03T04:05:06Z\nBob,bob@e.example,\n";
        let receipt = client.import("/import/people?duplicates=replace", file).await;
        let made = receipt["notTaken"][0].clone();
        assert_eq!((&made["field"], &made["given"], receipt["columns"][2]["notTaken"].as_u64()),
            (&json!("createdAt"), &json!("2001-02-03T04:05:06Z"), Some(1)), "{receipt:#}");
        assert!(text(&made["stands"]) > "2002", "{receipt:#}");
        // Our own file says nothing that is not so.
        let own = client.download("/export/people.csv").await;
        for policy in ["ignore", "merge", "replace"] {
            let receipt = client.import(&format!("/import/people?duplicates={policy}"), own.clone()).await;
            assert_eq!((summary(&receipt), &receipt["notTaken"]), ("3 unchanged".to_owned(), &Value::Null), "{receipt:#}");
        }
    }

    async fn transactions_and_events_say_what_they_do_not_take(site: Site) {
        let client = client(&site).await;
        client.import("/import/leads", "name,email,phone,value,moreInfo\nAnn,ann@e.example,030 1,100,Call\n").await;
        let file = "name,email,phone,value,probability,moreInfo\nAnn,ann@e.example,030 2,250,0.5,Write\n";
        let receipt = client.import("/import/leads?duplicates=merge", file).await;
        assert_eq!(summary(&receipt), "1 unchanged", "{receipt:#}");
        let expected = [("phone", "030 1", "030 2"), ("value", "100", "250"), ("probability", "0", "0.5"), ("moreInfo", "Call", "Write")];
        let expected = expected.map(|(field, stands, given)| json!({ "row": 1, "line": 2, "field": field, "stands": stands, "given": given }));
        assert_eq!(receipt["notTaken"], json!(expected), "{receipt:#}");
        // A new transaction of a person who is there: with `ignore` they stay as they are.
        let file = "name,email,phone\nAnn,ann@e.example,030 2\n";
        let receipt = client.import("/import/customers", file).await;
        assert_eq!((summary(&receipt), &receipt["notTaken"]), ("1 created".to_owned(), &json!(expected[..1])), "{receipt:#}");

        client.import("/import/calendar", "title,startsOn,endsOn,location\nFair,2026-06-12,2026-06-13,Visby\n").await;
        let file = "title,startsOn,endsOn,location,description,owner\nFair,2026-06-12,2026-06-14,Ystad,,nobody@e.example\n";
        let receipt = client.import("/import/calendar?duplicates=merge", file).await;
        assert_eq!(summary(&receipt), "1 unchanged", "{receipt:#}");
        let expected = [("endsOn", json!("2026-06-13"), "2026-06-14"), ("location", json!("Visby"), "Ystad"), ("owner", Value::Null, "nobody@e.example")];
        let expected = expected.map(|(field, stands, given)| json!({ "row": 1, "line": 2, "field": field, "stands": stands, "given": given }));
        assert_eq!(receipt["notTaken"], json!(expected), "{receipt:#}");
        let counts = [("title", 0), ("startsOn", 0), ("endsOn", 1), ("location", 1), ("description", 0), ("owner", 1)];
        assert_eq!(counted(&receipt), counts.map(|(name, count)| (name.to_owned(), count)), "{receipt:#}");
    }

    async fn values_that_are_not_taken_are_cut_and_only_the_first_are_named(site: Site) {
        let client = client(&site).await;
        let people = |city: &str| (0..1_100).fold("email,city\n".to_owned(), |file, number| format!("{file}p{number}@e.example,{city}\n"));
        client.import("/import/people", people("Ulm")).await;
        let receipt = client.import("/import/people?duplicates=merge", people(&"ä".repeat(200))).await;
        let named = receipt["notTaken"].as_array().expect("a list");
        assert_eq!((summary(&receipt).as_str(), named.len()), ("1100 unchanged", 1_000));
        assert_eq!(named[0]["given"], json!(format!("{}…", "ä".repeat(100))));
        assert_eq!(counted(&receipt)[1], ("city".to_owned(), 1_100));
    }

    async fn a_plan_shows_what_new_records_will_hold(site: Site) {
        let client = client(&site).await;
        let plan = client.import("/import/people?mode=plan&category=Fair", "name,company,email,Colour,city\nAnn,Acme,ann@e.example,red,\n").await;
        let made = [("name", "Ann"), ("company", "Acme"), ("email", "ann@e.example"), ("Colour", "red"), ("categories", "Fair")];
        assert_eq!(changes(&client, &plan).await, made.map(of_new), "{plan:#}");
        apply(&client, &plan).await;

        let file = "name,email,value,moreInfo\nBob,bob@e.example,5000,Call\nAnn,ann@e.example,,\n";
        let plan = client.import("/import/leads?mode=plan&probability=0.25&value=10", file).await;
        let made = [
            ("name", "Bob"), ("email", "bob@e.example"), ("stage", "lead"), ("value", "5000"), ("probability", "0.25"), ("moreInfo", "Call"),
            // Ann is there already.
            ("stage", "lead"), ("value", "10"), ("probability", "0.25"),
        ];
        assert_eq!(changes(&client, &plan).await, made.map(of_new), "{plan:#}");
        apply(&client, &plan).await;

        let file = "title,startsAt,location,associations,categories\nVisit,2026-06-12T10:00:00Z,Visby,Bob,Press\n";
        let plan = client.import("/import/calendar?mode=plan", file).await;
        let owner = client.graphql("{ me { id } }", json!({})).await["me"]["id"].clone();
        let made = [
            ("title", "Visit"), ("startsAt", "2026-06-12T10:00:00Z"), ("location", "Visby"), ("owner", text(&owner)),
            ("associations", "Bob"), ("categories", "Press"),
        ];
        assert_eq!(changes(&client, &plan).await, made.map(of_new), "{plan:#}");
        assert_eq!(summary(&apply(&client, &plan).await), "1 created");
    }

    async fn a_dry_run_shows_the_first_rows_and_ends_with_the_command_that_applies_it(desk: Desk) {
        let desk = desk.with_account();
        let write = |name: &str, text: &str| {
            let path = desk.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path.to_str().expect("UTF-8").to_owned()
        };
        desk.ok(&["import", "people", &write("known.csv", "name,email,phone,city\nAnn,ann@e.example,030 1,\nBob,bob@e.example,030 1,Ulm\n")]);
        let more = (9..=30).fold(String::new(), |text, row| format!("{text}Person {row},p{row}@e.example,,\n"));
        let file = "name,email,phone,city\nAnn,ann@e.example,030 2,Köln\nBob,bob@e.example,030 3,Ulm\n,,,x\n\
            Cyd,cyd@e.example,,\nCyd,cyd@e.example,,\n\"Dee\n Miller\",dee@e.example,,\n,,,\nEve,eve@e.example,030 4,Rom\n,,,y\n";
        let file = write("the file.csv", &(file.to_owned() + &more));
        let options = ["import", "people", &file, "--duplicates", "merge", "--dry-run", "--category", "It's new"];
        let said = rows_failed(&desk, &options);
        let (_, rows) = said.split_once("The first 10 rows:\n").expect("the rows");
        let lines: Vec<_> = rows.lines().collect();
        let expected = [
            ("1", "updated", "Ann", "city: Köln; categories: It's new; not taken: phone 030 2"),
            ("2", "updated", "Bob", "categories: It's new; not taken: phone 030 3"),
            ("3", "failed", "", "a person needs a name, a company, an e-mail address or a phone"),
            ("4", "created", "Cyd", "email: cyd@e.example; categories: It's new"),
            ("5", "skipped", "Cyd", "it repeats row 4: the same e-mail address"),
            ("6", "created", "Dee Miller", "email: dee@e.example; categories: It's new"),
            ("7", "created", "Eve", "email: eve@e.example; phone: 030 4; city: Rom; categories: It's new"),
            ("8", "failed", "", "a person needs a name, a company, an e-mail address or a phone"),
            ("9", "created", "Person 9", "email: p9@e.example; categories: It's new"),
            ("10", "created", "Person 10", "email: p10@e.example; categories: It's new"),
        ];
        assert_eq!(lines.len(), 12, "{said}");
        for (line, (row, outcome, name, how)) in lines[1..].iter().zip(expected) {
            let columns = format!("{row:<3}  {outcome:<8}  {name:<10}  {how}");
            assert_eq!(*line, columns.trim_end(), "{said}");
        }
        // What it ends with does what it has said.
        let command = lines[11].strip_prefix("To import it: ").expect("a command");
        assert!(command.contains(&format!("'{file}'")) && command.ends_with(r"--category 'It'\''s new'"), "{command}");
        let applied = std::process::Command::new("sh").current_dir(desk.path()).args(["-c", command]).output().expect("a shell");
        let receipt = String::from_utf8_lossy(&applied.stdout).into_owned();
        assert_eq!(applied.status.code(), Some(3), "{receipt}");
        let counts = |text: &str| text.lines().skip(1).take(6).map(ToOwned::to_owned).collect::<Vec<_>>();
        assert_eq!(counts(&receipt), counts(&said), "{receipt}");
        let kept = "  row 1, line 2, phone: \"030 2\" is not taken; \"030 1\" stays\n";
        let counted = "Rows of which a column was not taken: phone 2\n";
        assert!([kept, counted].iter().all(|told| receipt.contains(told) && said.contains(told)), "{receipt}");
        // The name of a file need not be UTF-8.
        let odd = desk.path().join(OsStr::from_bytes(b"it's caf\xe9.csv"));
        std::fs::copy(&file, &odd).expect("a file");
        let mut program = std::process::Command::new(PROGRAM);
        let said = program.args(["--database", &desk.database, "import", "people", "--dry-run"]).arg(&odd).output().expect("it runs");
        let said = String::from_utf8(said.stdout).expect("UTF-8");
        assert!(said.trim_end().ends_with(r"it\'s caf\xe9.csv'"), "{said}");
        let plan = rows_failed(&desk, &["import", "people", &file, "--dry-run", "--json"]);
        let plan: Value = serde_json::from_str(&plan).expect("JSON");
        assert_eq!((plan["firstRows"].as_array().map(Vec::len), &plan["firstRows"][3]["name"]), (Some(10), &json!("Cyd")), "{plan:#}");
    }

    async fn cards_json_and_calendars_have_columns_with_fill_rates(site: Site) {
        let client = client(&site).await;
        let cards = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Smith\r\nN:Smith;Ann;;;\r\nEMAIL:ann@e.example\r\nEMAIL;TYPE=home:ann@home.example\r\n\
            TEL;TYPE=WORK:030 1\r\nTEL;TYPE=CELL:0170 1\r\nADR:;;Hill 1;Ulm;;89073;Germany\r\nBDAY:2000-01-02\r\nX-SHOE:41\r\n\
            X-CAIRN-FIELD-1:Colour=red\r\nEND:VCARD\r\n\
            BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob\r\nTEL;TYPE=FAX:030 9\r\nNOTE:\r\nEND:VCARD\r\n";
        let plan = client.import("/import/people?mode=plan", cards).await;
        let expected = [
            ("FN", Some("name"), 2, vec!["Ann Smith", "Bob"]),
            ("N", Some("name"), 1, vec!["Smith; Ann"]),
            ("EMAIL", Some("email"), 1, vec!["ann@e.example"]),
            ("TEL", Some("phone"), 1, vec!["030 1"]),
            ("TEL (mobile)", Some("mobile"), 1, vec!["0170 1"]),
            ("ADR", Some("address"), 1, vec!["Hill 1; Ulm; 89073; Germany"]),
            ("BDAY", Some("notes"), 1, vec!["2000-01-02"]),
            ("X-SHOE", None, 1, vec!["41"]),
            ("X-CAIRN-FIELD (Colour)", Some("Colour"), 1, vec!["red"]),
            ("TEL (fax)", Some("fax"), 1, vec!["030 9"]),
        ];
        assert_eq!(plan["columns"], columns(&expected), "{plan:#}");
        apply(&client, &plan).await;
        // What is not taken of a card is counted by its properties.
        let other = cards.replace("030 1", "030 2").replace("2000-01-02", "2001-01-02").replace("Colour=red", "Colour=blue");
        let receipt = client.import("/import/people?duplicates=merge", other).await;
        let not_taken: Vec<_> = counted(&receipt).into_iter().filter(|(_, count)| *count > 0).collect();
        let expected = [("TEL", 1), ("BDAY", 1), ("X-CAIRN-FIELD (Colour)", 1)];
        assert_eq!(not_taken, expected.map(|(name, count)| (name.to_owned(), count)), "{receipt:#}");

        let objects = [json!({ "name": "Cyd", "email": "cyd@e.example", "shoe": 43 }), json!({ "name": "Dee", "email": "" })];
        let lines = objects.iter().map(|object| format!("{object}\n")).collect::<String>();
        let expected = [
            ("email", Some("email"), 1, vec!["cyd@e.example"]), ("name", Some("name"), 2, vec!["Cyd", "Dee"]), ("shoe", None, 1, vec!["43"]),
        ];
        for (format, file) in [("json", json!(objects).to_string()), ("ndjson", lines)] {
            let plan = client.import(&format!("/import/people?mode=plan&format={format}"), file).await;
            assert_eq!(plan["columns"], columns(&expected), "{format}: {plan:#}");
        }

        let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20260101T000000Z\r\n\
            DTSTART;VALUE=DATE:20260612\r\nSUMMARY:Fair\r\nLOCATION:Visby\r\nURL:https://e.example/\r\nX-COLOUR:red\r\n\
            BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nUID:2@x\r\nDTSTART;VALUE=DATE:20260613\r\nSUMMARY:Call\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let receipt = client.import("/import/calendar", calendar).await;
        let expected = [
            ("UID", Some("sourceUid"), 2, vec!["1@x", "2@x"]),
            ("DTSTART", Some("startsOn"), 2, vec!["20260612", "20260613"]),
            ("SUMMARY", Some("title"), 2, vec!["Fair", "Call"]),
            ("LOCATION", Some("location"), 1, vec!["Visby"]),
            ("URL", Some("description"), 1, vec!["https://e.example/"]),
            ("X-COLOUR", None, 1, vec!["red"]),
        ];
        assert_eq!(receipt["columns"], columns(&expected), "{receipt:#}");
        let moved = calendar.replace("Visby", "Ystad").replace("20260613", "20260614");
        let receipt = client.import("/import/calendar?duplicates=merge", moved).await;
        let not_taken: Vec<_> = counted(&receipt).into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(not_taken, [("DTSTART".to_owned(), 1), ("LOCATION".to_owned(), 1)], "{receipt:#}");
    }

    async fn a_plan_is_not_stale_as_long_as_what_it_does_is_the_same(site: Site) {
        let client = client(&site).await;
        client.import("/import/people", "name,email,city\nAnn,ann@e.example,Ulm\n").await;
        let plan = client.import("/import/people?mode=plan&duplicates=merge", "name,email,city\nAnn,ann@e.example,Köln\n").await;
        let ann = client.graphql("{ people { nodes { id version } } }", json!({})).await["people"]["nodes"][0].clone();
        let update = "mutation($id: ID!, $version: Int!) { updatePerson(input: { id: $id, version: $version, city: \"Bonn\" }) { person { id } } }";
        client.graphql(update, json!({ "id": ann["id"], "version": ann["version"] })).await;
        let receipt = apply(&client, &plan).await;
        assert_eq!((summary(&receipt), &receipt["notTaken"][0]["stands"]), ("1 unchanged".to_owned(), &json!("Bonn")), "{receipt:#}");
    }
}

// ------------------------------------------------------------------------------------------------- Helpers

/// A client of a site whose people have a colour.
async fn client(site: &Site) -> Client {
    let client = site.client().await;
    let field = "mutation { createCustomField(input: { target: PERSON, name: \"Colour\", type: TEXT }) { customField { id } } }";
    client.graphql(field, json!({})).await;
    client
}

/// What a command prints whose rows have partly failed.
fn rows_failed(desk: &Desk, arguments: &[&str]) -> String {
    let output = desk.cairn(arguments);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The rows of a plan.
async fn rows(client: &Client, plan: &Value) -> Vec<Value> {
    let lines = client.download(&path(plan, "rows")).await;
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What all rows of a plan change or make.
async fn changes(client: &Client, plan: &Value) -> Vec<Value> {
    rows(client, plan).await.iter().flat_map(|row| row["changes"].as_array().expect("a list").clone()).collect()
}

/// Columns of which all is taken, as a receipt has them.
fn columns(columns: &[(&str, Option<&str>, u64, Vec<&str>)]) -> Value {
    let column = |(name, field, filled, samples): &(&str, Option<&str>, u64, Vec<&str>)| json!({ "name": name, "field": field, "filled": filled, "samples": samples, "notTaken": 0 });
    columns.iter().map(column).collect()
}

fn of_new((field, after): (&str, &str)) -> Value {
    json!({ "field": field, "before": null, "after": after })
}

/// Of how many rows each column was not taken.
fn counted(receipt: &Value) -> Vec<(String, u64)> {
    let columns = receipt["columns"].as_array().expect("a list").iter();
    columns.map(|column| (text(&column["name"]).to_owned(), column["notTaken"].as_u64().expect("a number"))).collect()
}
