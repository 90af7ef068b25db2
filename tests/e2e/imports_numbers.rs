//! Numbers of a file: what a separator means is found in the file or said, and never guessed, by every way in.

use harness::client::Client;
use harness::on_each_database;
use harness::site::Site;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::program::Desk;

/// Nothing tells whether these are five or five thousand.
const UNCLEAR: &str = "Name,E-mail,Value\nAnn,ann@e.example,700\nBob,bob@e.example,5.000\n";

on_each_database! {
    async fn a_number_that_could_be_either_is_asked_for(site: Site) {
        let client = site.client().await;
        for mode in ["mode=plan", "mode=apply"] {
            let request = client.request(Method::POST, &format!("/import/leads?format=csv&{mode}")).body(UNCLEAR);
            let response = request.send().await.expect("the server answers");
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{mode}");
            let error = response.json::<Value>().await.expect("JSON")["error"].clone();
            let message = error["message"].as_str().expect("a sentence");
            assert!(message.contains("`5.000` is 5 or 5000") && message.contains("decimal=comma|point"), "{mode}: {message}");
        }
        assert_eq!(values(&client).await, json!([]));
        let plan = "mutation($file: ID!, $decimal: DecimalSeparator) {
            planImport(input: { upload: $file, section: LEADS, format: \"csv\", decimal: $decimal }) { import { status } }
        }";
        let uploaded = client.request(Method::POST, "/uploads").body(UNCLEAR).send().await.expect("an answer");
        let file = uploaded.json::<Value>().await.expect("JSON")["id"].clone();
        assert_eq!(client.graphql_code(plan, json!({ "file": file })).await, "INVALID");
        let planned = client.graphql(plan, json!({ "file": file, "decimal": "COMMA" })).await;
        assert_eq!(planned["planImport"]["import"]["status"], "PLANNED");

        client.import("/import/leads?format=csv&decimal=comma", UNCLEAR).await;
        assert_eq!(values(&client).await, json!([["Ann", "700"], ["Bob", "5000"]]));
        let own = client.download("/export/leads.csv").await;
        let receipt = client.import("/import/leads?format=csv&duplicates=replace", own).await;
        assert_eq!(receipt["unchanged"], 2, "our own files never ask: {receipt:#}");
        client.import("/import/leads?format=csv&decimal=point&duplicates=replace", UNCLEAR).await;
        assert_eq!(values(&client).await, json!([["Ann", "700"], ["Bob", "5"]]));
    }

    async fn the_file_tells_what_its_separators_are(site: Site) {
        let client = site.client().await;
        let file = "Name;E-mail;Value;Probability\n\
            Ann;ann@e.example;512,77;7,5 %\n\
            Bob;bob@e.example;5.000;50 %\n\
            Cle;cle@e.example;5 000,50 €;1\n\
            Dan;dan@e.example;(1.200);0,25\n\
            Eve;eve@e.example;1E3;\n\
            Fay;fay@e.example;0,12345;\n\
            Gus;gus@e.example;0,12355;\n";
        let receipt = client.import("/import/leads?format=csv", file).await;
        assert_eq!((&receipt["created"], &receipt["failed"]), (&json!(7), &json!(0)), "{receipt:#}");
        let expected = [
            ("Ann", "512.77"), ("Bob", "5000"), ("Cle", "5000.5"), ("Dan", "-1200"), ("Eve", "1000"), ("Fay", "0.1234"), ("Gus", "0.1236"),
        ];
        assert_eq!(values(&client).await, json!(expected.map(|(name, value)| [name, value])));
        let notes = receipt["notes"].to_string();
        assert!(notes.contains("0,12345") || notes.contains("0.12345"), "a place too many is rounded half to even, and said: {notes}");
    }
}

/// The names and values of all leads, by name.
async fn values(client: &Client) -> Value {
    let read = "{ transactions { nodes { value person { name } } } }";
    let nodes = client.graphql(read, json!({})).await["transactions"]["nodes"].clone();
    let mut found: Vec<_> =
        nodes.as_array().expect("a list").iter().map(|node| json!([node["person"]["name"], node["value"]])).collect();
    found.sort_by_key(ToString::to_string);
    Value::Array(found)
}

#[tokio::test]
async fn the_command_line_takes_the_separator_too() {
    let test = "the_command_line_takes_the_separator_too";
    let desk = Desk::on(harness::database::Kind::Sqlite, test).await.expect("SQLite is there").with_account();
    let file = desk.path().join("leads.csv");
    std::fs::write(&file, UNCLEAR).expect("a file");
    let import = ["import", "leads", file.to_str().expect("UTF-8")];
    let refused = desk.cairn(&import);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("--decimal"), "{said}");
    desk.ok(&[&import[..], &["--decimal", "comma"]].concat());
}
