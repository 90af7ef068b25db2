//! A database that a program of an earlier version has filled: it is brought up to date, and answers what it answered then.
//!
//! `tests/upgrade/make.sh` makes such databases. A new migration is tested here by being there; a new field may come to an answer,
//! and nothing that was in one may change.

use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use harness::client::Client;
use harness::database::Kind;
use harness::on_each_database;
use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};

use crate::program::{Desk, address_in};

/// The versions of which there are databases, by their commits.
const VERSIONS: [&str; 1] = ["c0d0152"];

/// Databases of earlier versions, each with what its program answered.
struct Earlier(Vec<(Desk, Value)>);

impl Earlier {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let mut databases = Vec::new();
        for version in VERSIONS {
            let desk = Desk::on(kind, test).await?;
            let engine = match kind {
                Kind::Sqlite => {
                    std::fs::write(desk.path().join("cairn.db"), unpacked(&format!("{version}.sqlite.gz")))
                        .expect("a file");
                    "sqlite"
                }
                Kind::Postgres => {
                    let dump = String::from_utf8(unpacked(&format!("{version}.postgres.sql.gz"))).expect("UTF-8");
                    let database = Database::connect(&desk.database).await.expect("the database is there");
                    database.execute_unprepared(&dump).await.expect("the dump of pg_dump is SQL");
                    database.close().await.expect("nothing runs");
                    "postgres"
                }
            };
            let answers = unpacked(&format!("{version}.{engine}.json.gz"));
            databases.push((desk, serde_json::from_slice(&answers).expect("JSON")));
        }
        Some(Self(databases))
    }
}

on_each_database! {
    async fn a_database_of_an_earlier_version_answers_what_it_answered(earlier: Earlier) {
        for (desk, before) in &earlier.0 {
            let serving = desk.serve(&[]);
            let mut client = Client::new(address_in(&serving.greeting).parse().expect("an address"));
            client.login("demo@example.com", "demo-password").await;
            for (section, records) in before["exports"].as_object().expect("sections") {
                let now: Value = serde_json::from_str(&client.download(&format!("/export/{section}.json")).await).expect("JSON");
                holds(&now, records, section);
            }
            for (name, receipt) in before["receipts"].as_object().expect("receipts") {
                let path = format!("/imports/{}", receipt["id"].as_str().expect("an id"));
                let now: Value = serde_json::from_str(&client.download(&path).await).expect("JSON");
                holds(&now, receipt, name);
            }
            assert!(!desk.ok(&["migrate", "status"]).contains("pending"), "serving brings the tables up to date");
        }
    }

    async fn imports_of_an_earlier_version_can_be_undone_redone_and_applied(earlier: Earlier) {
        for (desk, before) in &earlier.0 {
            let serving = desk.serve(&[]);
            let mut client = Client::new(address_in(&serving.greeting).parse().expect("an address"));
            client.login("demo@example.com", "demo-password").await;
            let text = |name: &str| before[name].as_str().expect("a text").to_owned();
            let merged = text("merged");
            let preview = post(&client, &format!("/imports/{merged}/undo?preview=1")).await;
            holds(&preview, &before["undo"], "the preview of an undo");
            let people = client.download("/export/people.json").await;
            let undone = post(&client, &format!("/imports/{merged}/undo")).await;
            holds(&undone, &before["undo"], "an undo");
            assert_ne!(client.download("/export/people.json").await, people);
            post(&client, &format!("/imports/{merged}/redo")).await;
            let again = client.download("/export/people.json").await;
            assert_eq!(without_moments(&again), without_moments(&people), "a redo puts back what the undo took");
            post(&client, &format!("/imports/{}/redo", text("undone"))).await;
            assert!(client.download("/export/people.csv?search=eve@upgrade.example").await.contains("Eve Undone"));
        }
    }

    async fn secrets_of_an_earlier_version_still_open(earlier: Earlier) {
        for (desk, before) in &earlier.0 {
            let serving = desk.serve(&[]);
            let client = Client::new(address_in(&serving.greeting).parse().expect("an address"));
            let text = |name: &str| before[name].as_str().expect("a text").to_owned();
            let calendar = client.download(&text("feed")).await;
            assert!(calendar.contains("SUMMARY:Call Ada"), "{calendar}");
            let token = format!("Bearer {}", text("token"));
            let me = client.request(Method::POST, "/graphql").header("authorization", token).json(&json!({ "query": "{ me { email } }" }));
            let me: Value = me.send().await.expect("an answer").json().await.expect("JSON");
            assert_eq!(me["data"]["me"]["email"], "demo@example.com");
            let left = client.request(Method::POST, &text("webhook")).json(&json!({ "action": "create", "type": "person", "name": "Left By Hook" }));
            assert!(left.send().await.expect("an answer").status().is_success());
        }
    }
}

async fn post(client: &Client, path: &str) -> Value {
    let response = client.request(Method::POST, path).send().await.expect("an answer");
    let status = response.status();
    let answer: Value = response.json().await.expect("JSON");
    assert!(status.is_success(), "{path}: {answer:#}");
    answer
}

/// Whether an answer has all that another had; it may have more fields.
fn holds(now: &Value, before: &Value, at: &str) {
    match (now, before) {
        (Value::Object(now), Value::Object(before)) => {
            for (name, value) in before {
                holds(now.get(name).unwrap_or(&Value::Null), value, &format!("{at}.{name}"));
            }
        }
        (Value::Array(now), Value::Array(before)) => {
            assert_eq!(now.len(), before.len(), "{at}");
            for (place, (now, before)) in now.iter().zip(before).enumerate() {
                holds(now, before, &format!("{at}[{place}]"));
            }
        }
        _ => assert_eq!(now, before, "{at}"),
    }
}

/// Records without when they were changed last, which an undo and a redo are.
fn without_moments(records: &str) -> Vec<Value> {
    let mut records: Vec<Value> = serde_json::from_str(records).expect("JSON");
    for record in &mut records {
        record.as_object_mut().expect("a record").remove("updatedAt");
    }
    records
}

fn unpacked(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("upgrade").join(file);
    let packed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).expect("gzip");
    bytes
}
