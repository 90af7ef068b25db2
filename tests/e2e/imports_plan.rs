//! Plans: they say exactly what applying them will do, they are done once, and not at all where the account has changed.

use harness::client::Client;
use harness::on_each_database;
use harness::site::Site;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::imports::{people, summary};

/// The rows of a section that is known before, and a file with each outcome: unchanged, changed, new, a repeated row and a bad one.
const SECTIONS: [(&str, &str, &str); 3] = [
    (
        "people",
        "name,email,company,Colour\nAnn,ann@e.example,Acme,\nBob,bob@e.example,,\n",
        "name,email,company,Colour,categories\nAnn,ann@e.example,Acme,,\nBob,bob@e.example,Bee Ltd,red,Press\n\
         Cyd,cyd@e.example,,blue,\nCyd,CYD@e.example,Other,,\n,,,green,\n",
    ),
    (
        "leads",
        "name,email,value,moreInfo\nAnn,ann@e.example,100,\nBob,bob@e.example,,\n",
        "name,email,value,moreInfo,categories\nAnn,ann@e.example,100,,\nBob,bob@e.example,200,Call,Press\n\
         Cyd,cyd@e.example,300,,\nCyd,cyd@e.example,400,,\nDee,dee@e.example,much,,\n",
    ),
    (
        "calendar",
        "title,startsOn,location\nFair,2026-06-12,\nCall,2026-06-13,Here\n",
        "title,startsOn,location,categories\nFair,2026-06-12,Visby,Press\nCall,2026-06-13,Here,\nNew,2026-06-14,,\n\
         New,2026-06-14,There,\n,2026-06-15,,\n",
    ),
];

const TEMPLATE: &str = "mutation {
    createEventTemplate(input: { name: \"Welcome\", items: [
        { offset: \"+1 Day\", title: \"Call\" }, { offset: \"+1 Week\", timeOfDay: \"09:30\", title: \"Visit\" }
    ] }) { eventTemplate { id } }
}";

on_each_database! {
    async fn a_plan_says_exactly_what_applying_it_does(site: Site) {
        let client = site.client().await;
        client.graphql(TEMPLATE, json!({})).await;
        let field = "mutation { createCustomField(input: { target: PERSON, name: \"Colour\", type: TEXT }) { customField { id } } }";
        client.graphql(field, json!({})).await;
        for (section, known, file) in SECTIONS {
            for policy in ["ignore", "replace", "merge"] {
                // Each on records of its own.
                let own = |text: &str| text.replace("@e.", &format!("@{section}.{policy}.")).replace("2026", match policy {
                    "ignore" => "2026",
                    "replace" => "2027",
                    _ => "2028",
                });
                client.import(&format!("/import/{section}"), own(known)).await;
                let template = if section == "calendar" { "" } else { "&event_template=welcome" };
                let options = format!("duplicates={policy}&category=Fair%20{policy}{template}");
                let before = export(&client).await;
                let plan = client.import(&format!("/import/{section}?mode=plan&{options}"), own(file)).await;
                assert_eq!((&plan["status"], export(&client).await), (&json!("planned"), before), "{section} {policy}: {plan:#}");
                let rows = rows(&client, &plan, "").await;
                for outcome in ["created", "updated", "unchanged", "skipped", "failed"] {
                    let of_rows = rows.iter().filter(|row| row["outcome"] == outcome).count();
                    assert_eq!(plan[outcome], of_rows, "{section} {policy} {outcome}: {plan:#}");
                }
                let receipt = apply(&client, &plan).await;
                let mut expected = plan.clone();
                expected["status"] = json!("applied");
                assert_eq!(receipt, expected, "{section} {policy}");
                assert!(receipt["created"] != 0 && receipt["failed"] == 1, "{receipt:#}");
                if section != "calendar" {
                    let touched = receipt["created"].as_u64().zip(receipt["updated"].as_u64()).map(|(one, other)| one + other);
                    assert_eq!(receipt["events"].as_u64(), touched.map(|count| count * 2));
                    let events = json!([
                        { "title": "Call", "day": "2026-05-26", "at": null },
                        { "title": "Visit", "day": "2026-06-01", "at": "2026-06-01T16:30:00Z" },
                    ]);
                    assert_eq!(receipt["plannedEvents"], events);
                }
                // The same file without a plan finds only what it has made itself.
                let again = client.import(&format!("/import/{section}?duplicates=replace&category=Fair%20{policy}"), own(file)).await;
                assert_eq!(again["created"], 0, "{section} {policy}: {again:#}");
            }
        }
    }

    async fn a_plan_tells_of_each_row_what_changes_and_whom_it_means(site: Site) {
        let client = site.client().await;
        let first = client.import("/import/people", "name,email,city\nAnn,ann@e.example,Ulm\n").await;
        assert_eq!(summary(&first), "1 created");
        let ann = client.graphql("{ people { nodes { id } } }", json!({})).await["people"]["nodes"][0]["id"].clone();
        let file = "name,email,city\nAnn,ANN@e.example,Köln\nBob,,\nBob,,Bonn\n,,\n,,x\n";
        let upload = client.import("/uploads", file).await;
        assert_eq!(upload["size"], file.len());
        let plan = "mutation($upload: ID!) {
            planImport(input: { upload: $upload, section: PEOPLE, duplicates: REPLACE }) { import {
                id status hash read created updated unchanged skipped failed mails events duplicates
                file { sha256 format } errors { row line field reason } skips { row repeats key values record }
                columns { name field filled samples }
                all: rows { nodes { row line outcome record changes { field before after } duplicate { key values record row } reason }
                            pageInfo { hasNextPage endCursor } }
                some: rows(outcome: [CREATED, SKIPPED], first: 1) { nodes { row } pageInfo { hasNextPage endCursor } }
            } }
        }";
        let plan = client.graphql(plan, json!({ "upload": upload["id"] })).await["planImport"]["import"].clone();
        assert_eq!(plan["file"], json!({ "sha256": upload["sha256"], "format": "csv" }));
        assert_eq!(plan["all"]["nodes"], json!([
            {
                "row": 1, "line": 2, "outcome": "UPDATED", "record": ann, "reason": null,
                "changes": [{ "field": "email", "before": "ann@e.example", "after": "ANN@e.example" }, { "field": "city", "before": "Ulm", "after": "Köln" }],
                "duplicate": { "key": "email", "values": ["ann@e.example"], "record": ann, "row": null },
            },
            {
                "row": 2, "line": 3, "outcome": "CREATED", "record": null, "duplicate": null, "reason": null,
                "changes": [{ "field": "name", "before": null, "after": "Bob" }],
            },
            {
                "row": 3, "line": 4, "outcome": "SKIPPED", "record": null, "changes": [], "reason": null,
                "duplicate": { "key": "nameAndCompany", "values": ["bob", ""], "record": null, "row": 2 },
            },
            {
                "row": 4, "line": 6, "outcome": "FAILED", "record": null, "changes": [], "duplicate": null,
                "reason": "a person needs a name, a company, an e-mail address or a phone",
            },
        ]), "{plan:#}");
        assert_eq!(plan["some"], json!({ "nodes": [{ "row": 2 }], "pageInfo": { "hasNextPage": true, "endCursor": "2" } }));
        assert_eq!(plan["skips"], json!([{ "row": 3, "repeats": 2, "key": "nameAndCompany", "values": ["bob", ""], "record": null }]));
        let city = json!({ "name": "city", "field": "city", "filled": 3, "samples": ["Köln", "Bonn", "x"] });
        assert_eq!(plan["columns"][2], city, "{plan:#}");
        let more = "query($id: ID!) { import(id: $id) { rows(outcome: [CREATED, SKIPPED], first: 1, after: \"2\") {
            nodes { row } pageInfo { hasNextPage } } } }";
        let more = client.graphql(more, json!({ "id": plan["id"] })).await["import"]["rows"].clone();
        assert_eq!(more, json!({ "nodes": [{ "row": 3 }], "pageInfo": { "hasNextPage": false } }));
    }

    async fn a_stale_plan_is_refused_and_says_what_has_changed(site: Site) {
        let client = site.client().await;
        let file = "name,email\nAnn,ann@e.example\nBob,bob@e.example\n";
        let plan = client.import("/import/people?mode=plan", file).await;
        let create = "mutation { createPerson(input: { name: \"Ann B.\", email: \"ann@e.example\" }) { person { id } } }";
        client.graphql(create, json!({})).await;
        let (status, error) = steps(&client, &plan, &format!("apply?hash={}", text(&plan["hash"]))).await;
        assert_eq!((status, &error["code"]), (StatusCode::CONFLICT, &json!("CONFLICT")), "{error:#}");
        let said = "row 1: the plan creates a record, and now it is skipped: Ann B. is there already: the same e-mail address";
        assert!(text(&error["message"]).contains(said), "{error:#}");
        let later: Value = serde_json::from_str(&client.download(&path(&plan, "")).await).expect("JSON");
        assert_eq!(later, plan, "it is the same plan still");
        assert_eq!(people(&client).await.len(), 1);
        let plan = client.import("/import/people?mode=plan", file).await;
        assert_eq!(summary(&apply(&client, &plan).await), "1 created, 1 skipped");
        // Whoever was in the way is gone again, and the other plan is what it was; but its rows are there by now.
        let (status, _) = steps(&client, &plan, "cancel").await;
        assert_eq!(status, StatusCode::CONFLICT, "it is done");
    }

    async fn a_plan_is_applied_once_and_by_its_hash(site: Site) {
        let client = site.client().await;
        let plan = client.import("/import/people?mode=plan", "name\nAnn\n").await;
        for (hash, status) in [("?hash=0", StatusCode::CONFLICT), ("", StatusCode::BAD_REQUEST), ("?hash=", StatusCode::BAD_REQUEST)] {
            assert_eq!(steps(&client, &plan, &format!("apply{hash}")).await.0, status, "{hash}");
        }
        let apply_it = || apply(&client, &plan);
        let (first, second, third) = tokio::join!(apply_it(), apply_it(), apply_it());
        assert_eq!((&second, &third), (&first, &first));
        assert_eq!(summary(&apply(&client, &plan).await), "1 created", "also later");
        assert_eq!(people(&client).await.len(), 1);
        assert_eq!(rows(&client, &plan, "").await, [Value::Null; 0], "the rows of the plan are gone");
    }

    async fn two_plans_of_one_upload_wait_with_it(site: Site) {
        let client = site.client().await;
        let upload = client.import("/uploads", "name\nAnn\n").await;
        let plan = "mutation($upload: ID!, $category: [String!]) {
            planImport(input: { upload: $upload, section: PEOPLE, categories: $category }) { import { id hash } }
        }";
        let first = client.graphql(plan, json!({ "upload": upload["id"] })).await["planImport"]["import"].clone();
        let variables = json!({ "upload": upload["id"], "category": ["Press"] });
        let second = client.graphql(plan, variables.clone()).await["planImport"]["import"].clone();
        assert_ne!(first["hash"], second["hash"], "another request is another plan");
        assert_eq!(summary(&apply(&client, &second).await), "1 created");
        let (status, error) = steps(&client, &first, &format!("apply?hash={}", text(&first["hash"]))).await;
        assert_eq!(status, StatusCode::CONFLICT, "{error:#}");
        assert!(text(&error["message"]).contains("row 1"), "{error:#}");
        let (status, cancelled) = steps(&client, &first, "cancel").await;
        assert_eq!((status, &cancelled["status"]), (StatusCode::OK, &json!("cancelled")));
        assert_eq!(steps(&client, &first, "cancel").await.0, StatusCode::CONFLICT);
    }

    async fn an_idempotency_key_is_for_one_import(site: Site) {
        let client = site.client().await;
        let send = async |key: &str, body: &str| {
            let request = client.request(Method::POST, "/import/people?format=csv").header("Idempotency-Key", key);
            let response = request.body(body.to_owned()).send().await.expect("an answer");
            (response.status(), response.json::<Value>().await.expect("JSON"))
        };
        let first = send("\"one\"", "name\nAnn\n").await;
        assert_eq!(summary(&first.1), "1 created");
        assert_eq!(send("one", "name\nAnn\n").await, first, "done once");
        assert_eq!(send("one", "name\nBob\n").await.0, StatusCode::CONFLICT);
        let other = send("two", "name\nAnn\n").await;
        assert_eq!(summary(&other.1), "1 unchanged");
        assert_eq!(send("three", "[").await.0, StatusCode::BAD_REQUEST);
        assert_eq!(send(&"k".repeat(256), "name\nAnn\n").await.0, StatusCode::BAD_REQUEST);
        assert_eq!(send("three", "name\nCyd\n").await.0, StatusCode::OK, "one that failed may be made again");
    }

    async fn the_options_of_an_import_do_what_they_say(site: Site) {
        let client = site.client().await;
        site.add_user("acme", "bob@acme.example", storage::query::users::Role::Member).await;
        let file = "Wer,Post,Wert\nAnn,ann@e.example,\nBob,bob@e.example,7\n";
        let map = "map=Wer%3Dname&map=Post%3Demail&map=Wert%3Dvalue";
        let options = format!("{map}&owner=BOB@acme.example&value=5000&probability=0.25&category=Fair&automation=off");
        let receipt = client.import(&format!("/import/leads?format=csv&{options}"), file).await;
        assert_eq!(summary(&receipt), "2 created", "{receipt:#}");
        let read = "{ transactions(orderBy: CREATED_ASC) { nodes {
            value probability categories { name } managers { email } person { name email } } } }";
        let nodes = client.graphql(read, json!({})).await["transactions"]["nodes"].clone();
        let lead = |name: &str, email: &str, value: &str| json!({
            "value": value, "probability": "0.25", "categories": [{ "name": "Fair" }], "managers": [{ "email": "bob@acme.example" }],
            "person": { "name": name, "email": email },
        });
        assert_eq!(nodes, json!([lead("Ann", "ann@e.example", "5000"), lead("Bob", "bob@e.example", "7")]));

        let dates = "title,date\nOne,3/4/2026\n";
        let refused = client.request(Method::POST, "/import/calendar?format=csv").body(dates).send().await.expect("an answer");
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        let error = refused.text().await.expect("text");
        assert!(error.contains("3/4/2026") && error.contains("dmy or mdy"), "{error}");
        let receipt = client.import("/import/calendar?format=csv&date_order=dmy", dates).await;
        assert_eq!(summary(&receipt), "1 created");
        let told = "title,date\nTwo,3/5/2026\nThree,25/12/2026\n";
        assert_eq!(summary(&client.import("/import/calendar?format=csv", told).await), "2 created");
        let events = client.graphql("{ events { nodes { title startsOn } } }", json!({})).await["events"]["nodes"].clone();
        assert_eq!(events, json!([
            { "title": "One", "startsOn": "2026-04-03" },
            { "title": "Two", "startsOn": "2026-05-03" },
            { "title": "Three", "startsOn": "2026-12-25" },
        ]));
    }
}

// ------------------------------------------------------------------------------------------------- Helpers

/// Applies a plan, and gives the receipt.
pub(crate) async fn apply(client: &Client, plan: &Value) -> Value {
    let (status, receipt) = steps(client, plan, &format!("apply?hash={}", text(&plan["hash"]))).await;
    assert_eq!(status, StatusCode::OK, "{receipt:#}");
    receipt
}

/// The status and the answer of a step of an import; of an error the error itself.
pub(crate) async fn steps(client: &Client, import: &Value, step: &str) -> (StatusCode, Value) {
    let request = client.request(Method::POST, &path(import, step));
    let response = request.send().await.expect("the server answers");
    let (status, mut answer) = (response.status(), response.json::<Value>().await.expect("JSON"));
    if answer.get("error").is_some() {
        answer = answer["error"].take();
    }
    (status, answer)
}

pub(crate) fn path(import: &Value, step: &str) -> String {
    format!("/imports/{}{}{step}", text(&import["id"]), if step.is_empty() { "" } else { "/" })
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value:#}"))
}

/// The rows of a plan.
async fn rows(client: &Client, plan: &Value, query: &str) -> Vec<Value> {
    let lines = client.download(&path(plan, &format!("rows{query}"))).await;
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// All that imports make.
async fn export(client: &Client) -> String {
    let (people, leads) = (client.download("/export/people.json").await, client.download("/export/leads.json").await);
    let events = client
        .graphql("{ events(first: 200) { nodes { id version title } } categories { totalCount } }", json!({}))
        .await;
    format!("{people}{leads}{events}")
}
