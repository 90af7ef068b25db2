//! While somebody else holds SQLite's one writer or a table of PostgreSQL, whoever does not need it is not kept waiting, and whoever does
//! is told soon.

use std::time::Duration;

use harness::client::Client;
use harness::database::{Kind, empty};
use harness::site::{PASSWORD, Site};
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{Connection as _, Executor as _};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DatabaseTransaction, DbBackend, Statement,
    TransactionTrait as _,
};
use serde_json::{Value, json};
use service::{Clock, Engine};
use storage::import::{Duplicates, Import, Policy, Target};
use storage::{Pool, Storage};
use tokio::task::JoinSet;

use crate::imports_doors::until;
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
    let writer = site.session("acme").await.writer(service::Right::Records).expect("an admin");
    let policy = Policy::new(Target::People, Duplicates::Ignore);
    let import = Import::rehearse(&writer, policy).await.expect("an import");
    ask(&client, "admin@acme.example", PASSWORD).await;
    import.abandon().await;
    client.graphql(CREATE, json!({})).await;
}

/// A site on PostgreSQL with the limits as they are by default, and connections of our own beside it.
struct Beside {
    site: Site,
    raw: DatabaseConnection,
}

impl Beside {
    async fn on(test: &str) -> Option<Self> {
        let url = empty(Kind::Postgres, test).await?;
        let storage = Storage::connect(&url, Pool::default()).await.expect("the database is there");
        storage.migrate().await.expect("an empty database can be migrated");
        let engine = Engine::new(storage, formats::builtin(), Clock::System).await.expect("it is migrated");
        let site = Site::over(engine, |_| {}).await;
        let raw = Database::connect(ConnectOptions::new(&url).max_connections(2).to_owned()).await;
        Some(Self { site, raw: raw.expect("a connection") })
    }

    /// Holds a table until the value is dropped.
    async fn hold(&self, table: &str) -> DatabaseTransaction {
        let held = self.raw.begin().await.expect("a transaction");
        let lock = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        held.execute_unprepared(&lock).await.expect("it is free");
        held
    }

    /// Waits until so many statements wait for a lock.
    async fn waiting(&self, wanted: i64) {
        let query = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until(async || {
            let row = self.raw.query_one_raw(Statement::from_string(DbBackend::Postgres, query)).await.expect("a row");
            let number: i64 = row.expect("a row").try_get_by_index(0).expect("a number");
            (number >= wanted).then_some(())
        })
        .await;
    }
}

/// Reads that need the people, in as many ways.
const NEED_PEOPLE: [&str; 4] = [
    "{ people { totalCount } }",
    "{ people(first: 1) { nodes { id } } }",
    "{ a: people(first: 1) { nodes { id } } b: people(first: 2) { totalCount } c: people(first: 3) { nodes { name } } }",
    "{ people(view: { search: \"ann\" }) { nodes { name } } }",
];

/// Sends reads that need the people; each answers its code.
fn read_people(client: &Client, times: usize) -> JoinSet<String> {
    let mut reads = JoinSet::new();
    for document in NEED_PEOPLE.iter().cycle().take(times) {
        let client = client.clone();
        reads.spawn(async move { client.graphql_code(document, json!({})).await });
    }
    reads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_wait_for_a_table_leave_room_for_all_others_and_are_told_soon() {
    let test = "those_who_wait_for_a_table_leave_room_for_all_others_and_are_told_soon";
    let Some(beside) = Beside::on(test).await else { return };
    let client = beside.site.client().await;
    let held = beside.hold("people").await;
    // It waits for ten seconds, and those who read for two, however many they are.
    let writer = client.clone();
    let write = tokio::spawn(async move { writer.graphql_code(CREATE, json!({})).await });
    beside.waiting(1).await;
    let mut reads = read_people(&client, 40);
    let mut exports = JoinSet::new();
    for _ in 0..6 {
        exports.spawn(client.request(Method::GET, "/export/people.csv").send());
    }
    beside.waiting(2).await;
    for _ in 0..3 {
        client.graphql("{ categories { totalCount } labels { id } }", json!({})).await;
    }
    assert!(reads.try_join_next().is_none(), "the others were answered while these wait");
    let mut guest = Client::new(beside.site.address);
    guest.login("admin@acme.example", PASSWORD).await;
    assert_eq!(guest.get("/export/messages.csv").await.status(), StatusCode::OK);
    for export in exports.join_all().await {
        let export = export.expect("an answer");
        assert_eq!(export.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(export.headers().contains_key(RETRY_AFTER));
    }
    assert_eq!(reads.join_all().await, ["UNAVAILABLE"; 40]);
    assert!(!write.is_finished(), "all of them were told before the one that waits for ten seconds");
    assert_eq!(write.await.expect("no panic"), "UNAVAILABLE");
    held.rollback().await.expect("it has begun");
    for document in NEED_PEOPLE {
        client.graphql(document, json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_the_users_leaves_room_for_what_needs_none() {
    let test = "whoever_waits_for_the_users_leaves_room_for_what_needs_none";
    let Some(beside) = Beside::on(test).await else { return };
    let client = beside.site.client().await;
    let held = beside.hold("users").await;
    let mut reads = JoinSet::new();
    for _ in 0..40 {
        let client = client.clone();
        reads.spawn(async move { client.graphql_code("{ labels { id } }", json!({})).await });
    }
    beside.waiting(1).await;
    let readiness = Client::new(beside.site.admin_address).get("/ready").await;
    assert_eq!(readiness.status(), StatusCode::OK);
    assert!(reads.try_join_next().is_none(), "it was answered while these wait");
    // They end together: whoever comes when the first has ended is the last.
    assert_eq!(reads.join_next().await.expect("one").expect("no panic"), "UNAVAILABLE");
    assert_eq!(client.graphql_code("{ labels { id } }", json!({})).await, "UNAVAILABLE");
    while let Some(read) = reads.try_join_next() {
        assert_eq!(read.expect("no panic"), "UNAVAILABLE");
    }
    assert!(reads.is_empty());
    held.rollback().await.expect("it has begun");
    client.graphql("{ labels { id } }", json!({})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_waits_for_its_turn_and_for_a_table_no_longer_than_ten_seconds_together() {
    let test = "a_write_waits_for_its_turn_and_for_a_table_no_longer_than_ten_seconds_together";
    let Some(beside) = Beside::on(test).await else { return };
    let client = beside.site.client().await;
    let held = beside.hold("people").await;
    let write = |writes: &mut JoinSet<String>| {
        let client = client.clone();
        writes.spawn(async move { client.graphql_code(CREATE, json!({})).await });
    };
    let (mut first, mut later) = (JoinSet::new(), JoinSet::new());
    // As many as may write at once.
    (0..7).for_each(|_| write(&mut first));
    beside.waiting(7).await;
    let read = async || assert_eq!(client.graphql_code(NEED_PEOPLE[0], json!({})).await, "UNAVAILABLE");
    read().await;
    // These have their turn when those end, and then little is left of their time.
    (0..7).for_each(|_| write(&mut later));
    assert_eq!(first.join_all().await, ["UNAVAILABLE"; 7]);
    for _ in 0..3 {
        read().await;
    }
    while let Some(code) = later.try_join_next() {
        assert_eq!(code.expect("no panic"), "UNAVAILABLE");
    }
    assert!(later.is_empty(), "they wait for ten seconds, not for their turn and then for ten");
    held.rollback().await.expect("it has begun");
    client.graphql(CREATE, json!({})).await;
}
