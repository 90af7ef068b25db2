//! While somebody else holds SQLite's one writer, whoever only reads or knocks at a door is not kept waiting.

use std::time::Duration;

use harness::client::Client;
use harness::database::Kind;
use harness::site::{PASSWORD, Site};
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{Connection as _, Executor as _};
use serde_json::{Value, json};
use storage::import::{Duplicates, Import, Policy, Target};

use crate::program::{Desk, address_in};

/// A good deal less than the ten seconds that a write waits: who is answered within it has not waited like one.
const SOON: Duration = Duration::from_secs(5);

const CREATE: &str = "mutation { createPerson(input: { name: \"Jane\" }) { person { id } } }";

/// What is asked while nobody can write. `client` has signed in before.
async fn ask(client: &Client, email: &str, password: &str) {
    let people = client.graphql("{ people { totalCount } legacyUsage { action } }", json!({}));
    let people = tokio::time::timeout(SOON, people).await.expect("reading waits for nobody");
    assert!(people["people"]["totalCount"].is_u64(), "{people}");
    let export = soon(client.request(Method::GET, "/export/people.csv")).await;
    assert_eq!(export.status(), StatusCode::OK);

    let form = |get: &str, password: &str| {
        let fields = [("login_email", email), ("login_password", password), ("get", get)];
        client.request(Method::POST, "/api.php").form(&fields)
    };
    let legacy = soon(form("people", password)).await;
    assert_eq!(legacy.status(), StatusCode::OK);
    let text = legacy.text().await.expect("text");
    assert!(text.starts_with("<?xml"), "{text}");
    let wrong = soon(form("people", "a wrong password")).await.text().await.expect("text");
    assert_eq!(wrong, "The e-mail address or password is not correct.");

    let login =
        format!("mutation {{ login(input: {{ email: \"{email}\", password: \"{password}\" }}) {{ accessToken }} }}");
    refused(soon(client.request(Method::POST, "/graphql").json(&json!({ "query": login }))).await).await;
    let create = client.request(Method::POST, "/graphql").json(&json!({ "query": CREATE }));
    let upload = client.request(Method::POST, "/uploads").body("name\nJane\n");
    let (create, upload) = tokio::join!(create.send(), upload.send());
    refused(create.expect("an answer")).await;
    let upload = upload.expect("an answer");
    assert_eq!(upload.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(upload.headers().get(RETRY_AFTER).expect("a header"), "5");
}

async fn soon(request: RequestBuilder) -> Response {
    tokio::time::timeout(SOON, request.send()).await.expect("it waits for nobody").expect("an answer")
}

/// A GraphQL answer that says when to try again.
async fn refused(response: Response) {
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers().get(RETRY_AFTER).expect("a header"), "5");
    let body: Value = response.json().await.expect("JSON");
    let extensions = &body["errors"][0]["extensions"];
    assert_eq!(*extensions, json!({ "code": "UNAVAILABLE", "retryAfter": 5 }), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_writers_waits_for_another_process() {
    let desk = Desk::on(Kind::Sqlite, "busy").await.expect("a folder").with_account();
    let serving = desk.serve(&[]);
    let mut client = Client::new(address_in(&serving.greeting).parse().expect("an address"));
    client.login("ann@acme.example", "a good password").await;
    let file = SqliteConnectOptions::new().filename(desk.path().join("cairn.db"));
    let mut other = SqliteConnection::connect_with(&file).await.expect("a connection");
    for begin in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        other.execute(begin).await.expect("nobody else writes");
        ask(&client, "ann@acme.example", "a good password").await;
        // A program that only reads starts as well.
        assert!(desk.ok(&["export", "people"]).starts_with("id,"));
        other.execute("ROLLBACK").await.expect("it has begun");
        client.graphql(CREATE, json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_writers_waits_for_an_import() {
    let site = Site::on(Kind::Sqlite, "busy").await.expect("a folder");
    let client = site.client().await;
    let writer = site.session("acme").await.writer(schema::Right::Records).expect("an admin");
    let policy = Policy::new(Target::People, Duplicates::Ignore);
    let import = Import::rehearse(&writer, policy).await.expect("an import");
    ask(&client, "admin@acme.example", PASSWORD).await;
    import.abandon().await;
    client.graphql(CREATE, json!({})).await;
}
