//! PostgreSQL that does not answer: connections that die without a word, stopped backends and gateways, tables that others hold.
//!
//! `cargo test` makes few writes while connections fail. Many, each message of which is late by up to two seconds:
//!
//! ```sh
//! CAIRN_TEST_WRITES=1000 CAIRN_TEST_DELAY=2000 cargo test -p tests --test e2e whatever_connections_do -- --nocapture
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::client::Client;
use harness::database::{Kind, empty};
use harness::program::{Serving, signal};
use harness::proxy::{Fate, Proxy};
use harness::require::count;
use harness::site::{NOW, Site};
use reqwest::{Method, StatusCode};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, TransactionTrait};
use serde_json::{Value, json};
use service::{Clock, Engine};
use storage::{Pool, Storage, Timestamp};
use tokio::task::JoinSet;

use crate::imports::summary;
use crate::imports_doors::{client_of, many_people, running, until};
use crate::program::Desk;

/// Dead connections are given up sooner than by default, so that the tests need not wait for so long.
const POOL: Pool = Pool {
    postgres: 10,
    sqlite_readers: 1,
    synchronous: storage::Synchronous::Full,
    statement: Duration::from_secs(5),
    long_statement: Duration::from_secs(6),
};

/// PostgreSQL ends a unit of work that was left alone for three seconds.
const IMPATIENT: &str = "?options=-c%20idle_in_transaction_session_timeout%3D3000";

/// How many people a plain `cargo test` makes while connections fail.
const FEW: u32 = 60;

/// How many write at once while connections fail.
const WRITERS: u32 = 6;

const CREATE: &str = "mutation($email: String!) { createPerson(input: { email: $email }) { person { id } } }";
const PEOPLE: &str = "{ people(first: 1) { totalCount } }";

/// A site behind a proxy, and a connection of our own that passes by it.
struct Behind {
    site: Site,
    proxy: Proxy,
    raw: DatabaseConnection,
}

impl Behind {
    /// `None` where there is no PostgreSQL of our own.
    async fn on(test: &str) -> Option<Self> {
        Self::with(test, POOL, IMPATIENT).await
    }

    /// The same with these limits and parameters of the URL.
    async fn with(test: &str, pool: Pool, parameters: &str) -> Option<Self> {
        let url = empty(Kind::Postgres, test).await?;
        let proxy = Proxy::before(&url).await?;
        let storage = Storage::connect(&proxy.url(&url, parameters), pool).await.expect("the database is there");
        storage.migrate().await.expect("an empty database can be migrated");
        let now = Timestamp::from_microseconds(NOW * 1_000_000);
        let engine = Engine::new(storage, formats::builtin(), Clock::Fixed(now)).await.expect("it is migrated");
        let site = Site::over(engine, |_| {}).await;
        let raw = Database::connect(ConnectOptions::new(&url).max_connections(2).to_owned()).await;
        Some(Self { site, proxy, raw: raw.expect("a connection of our own") })
    }

    /// Has all connections of the pool made.
    async fn fill_pool(&self, client: &Client) {
        all(client, PEOPLE, 40).await;
    }

    async fn numbers(&self, query: &str) -> Vec<i64> {
        let rows = self.raw.query_all_raw(Statement::from_string(DbBackend::Postgres, query)).await.expect("rows");
        rows.iter().map(|row| row.try_get_by_index(0).expect("a number")).collect()
    }

    /// The process ids of the site's backends.
    async fn backends(&self) -> Vec<u32> {
        let query = "SELECT pid::bigint FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'cairn'";
        let pids = self.numbers(query).await;
        pids.into_iter().map(|pid| u32::try_from(pid).expect("a process id")).collect()
    }
}

/// Backends that are stopped; they go on with the value's end.
struct Stopped(Vec<u32>);

impl Stopped {
    fn new(backends: Vec<u32>) -> Self {
        let stopped = Self(backends);
        assert!(stopped.0.iter().all(|backend| signal(*backend, "-STOP")), "they are there");
        stopped
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        for backend in &self.0 {
            signal(*backend, "-CONT");
        }
    }
}

/// Sends so many equal requests at once, and counts those that were answered well and those that were not.
async fn all(client: &Client, document: &str, times: usize) -> (usize, usize) {
    let mut requests = JoinSet::new();
    for _ in 0..times {
        let (client, document) = (client.clone(), document.to_owned());
        requests.spawn(async move { client.graphql_answer(&document, json!({})).await });
    }
    let answers = requests.join_all().await;
    for answer in answers.iter().filter(|answer| is_error(answer)) {
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer:#}");
    }
    let failed = answers.iter().filter(|answer| is_error(answer)).count();
    (times - failed, failed)
}

fn is_error(answer: &Value) -> bool {
    answer.get("errors").is_some()
}

/// Asks until it is answered well.
async fn until_served(client: &Client, document: &str) {
    until(async || (!is_error(&client.graphql_answer(document, json!({})).await)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_die_without_a_word_are_replaced() {
    let Some(behind) = Behind::on("connections_that_die_without_a_word_are_replaced").await else { return };
    let client = behind.site.client().await;
    for fate in [Fate::Swallow, Fate::HalfClose, Fate::Cut, Fate::Swallow] {
        behind.fill_pool(&client).await;
        behind.proxy.decide(fate);
        // All of these end, well or not.
        let (good, bad) = all(&client, PEOPLE, 30).await;
        println!("{fate:?}: {good} answered, {bad} unavailable");
        until_served(&client, PEOPLE).await;
        assert_eq!(all(&client, PEOPLE, 30).await, (30, 0), "{fate:?}: the pool is whole again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_of_work_on_dead_connections_end_and_others_follow() {
    let Some(behind) = Behind::on("units_of_work_on_dead_connections_end_and_others_follow").await else { return };
    let client = behind.site.client().await;
    behind.fill_pool(&client).await;
    let mut writes = JoinSet::new();
    let made = Arc::new(AtomicUsize::new(0));
    for writer in 0..12 {
        let (client, made) = (client.clone(), Arc::clone(&made));
        writes.spawn(async move {
            for number in 0..20 {
                let email = format!("{number}@{writer}.example");
                let answer = client.graphql_answer(CREATE, json!({ "email": email })).await;
                assert!(!is_error(&answer) || answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE", "{answer:#}");
                made.fetch_add(usize::from(!is_error(&answer)), Ordering::SeqCst);
            }
        });
    }
    until(async || (made.load(Ordering::SeqCst) > 20).then_some(())).await;
    behind.proxy.decide(Fate::Swallow);
    writes.join_all().await;
    let stored = behind.numbers("SELECT count(*) FROM people").await[0];
    let made = made.load(Ordering::SeqCst);
    // One whose COMMIT was swallowed may be there as well, and there were at most as many as connections.
    assert!((made..=made + 10).contains(&usize::try_from(stored).expect("a count")), "{made} made, {stored} stored");
    assert_eq!(all(&client, PEOPLE, 30).await, (30, 0), "the pool is whole again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backends_that_are_stopped_are_left_to_themselves() {
    let Some(behind) = Behind::on("backends_that_are_stopped_are_left_to_themselves").await else { return };
    let client = behind.site.client().await;
    behind.fill_pool(&client).await;
    let stopped = Stopped::new(behind.backends().await);
    assert!(stopped.0.len() > 1, "there are several");
    all(&client, PEOPLE, 20).await;
    until_served(&client, PEOPLE).await;
    assert_eq!(all(&client, PEOPLE, 30).await, (30, 0), "the pool is whole again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "writers, weather and reckoning belong to one story")]
async fn what_was_acknowledged_is_there_once_whatever_connections_do() {
    let Some(behind) = Behind::on("what_was_acknowledged_is_there_once_whatever_connections_do").await else { return };
    let total = count("CAIRN_TEST_WRITES", FEW);
    let longest = Duration::from_millis(count("CAIRN_TEST_DELAY", 20).into());
    let client = behind.site.client().await;
    let mut writers = JoinSet::new();
    // A tenth of them are imports that are asked for with one key until they are done.
    let keyed = total / 10;
    for writer in 0..WRITERS {
        let client = client.clone();
        writers.spawn(async move {
            let (mut good, mut tries) = (BTreeSet::new(), 0);
            for number in (writer..total).step_by(WRITERS as usize) {
                tries += 1;
                if number < keyed {
                    import_once(&client, number).await;
                    good.insert(format!("{number}@keyed.example"));
                } else {
                    let email = format!("{number}.{tries}@made.example");
                    let answer = client.graphql_answer(CREATE, json!({ "email": email })).await;
                    if !is_error(&answer) {
                        good.insert(email);
                    }
                }
            }
            (good, tries)
        });
    }
    let chaos = async {
        for fate in [Fate::Swallow, Fate::Cut, Fate::HalfClose].into_iter().cycle() {
            // How long each kind of weather lasts; whether the writers are done is asked beside it.
            behind.proxy.delay(longest);
            behind.proxy.cut_after(60_000);
            tokio::time::sleep(Duration::from_millis(700) + longest * 3).await;
            behind.proxy.decide(fate);
            behind.proxy.delay(Duration::ZERO);
            behind.proxy.cut_after(0);
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        }
    };
    let outcomes = tokio::select! {
        outcomes = writers.join_all() => outcomes,
        () = chaos => unreachable!("it goes on for good"),
    };
    behind.proxy.delay(Duration::ZERO);
    behind.proxy.cut_after(0);
    let (mut good, mut tries) = (BTreeSet::new(), 0);
    for (of_one, tried) in outcomes {
        good.extend(of_one);
        tries += tried;
    }
    let rows = Statement::from_string(DbBackend::Postgres, "SELECT email, count(*) FROM people GROUP BY email");
    let rows = behind.raw.query_all_raw(rows).await.expect("rows");
    let stored: BTreeMap<String, i64> = rows
        .iter()
        .map(|row| (row.try_get_by_index(0).expect("an address"), row.try_get_by_index(1).expect("a count")))
        .collect();
    let lost: Vec<_> = good.iter().filter(|email| !stored.contains_key(*email)).collect();
    let twice: Vec<_> = stored.iter().filter(|(_, count)| **count != 1).collect();
    println!(
        "{tries} writes, {} acknowledged, {} stored, {} lost, {} twice",
        good.len(),
        stored.len(),
        lost.len(),
        twice.len()
    );
    assert!(lost.is_empty() && twice.is_empty(), "lost: {lost:?}, twice: {twice:?}");
    assert!(good.len() * 4 > usize::try_from(tries).expect("a count"), "most of the time it works: {}", good.len());
    assert_eq!(all(&client, PEOPLE, 30).await, (30, 0), "the pool is whole again");
}

/// Imports one person with one idempotency key, again and again until it is done.
async fn import_once(client: &Client, number: u32) {
    for _ in 0..1_000 {
        let request = client.request(Method::POST, "/import/people?duplicates=ignore");
        let request = request.header("idempotency-key", format!("key {number}"));
        let request = request.body(format!("name,email\nKeyed,{number}@keyed.example\n"));
        let response = request.send().await.expect("the server answers");
        let done = response.status() == StatusCode::OK;
        let receipt: Value = response.json().await.expect("JSON");
        if done && receipt["created"] == 1 {
            return;
        }
    }
    panic!("import {number} is never done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_whose_connection_dies_ends_and_another_follows() {
    let Some(behind) = Behind::on("an_import_whose_connection_dies_ends_and_another_follows").await else { return };
    let client = behind.site.client().await;
    let request = client.request(Method::POST, "/import/people").body(many_people(40_000));
    let importing = tokio::spawn(request.send());
    let id = running(&client).await;
    behind.proxy.decide(Fate::Swallow);
    let response = importing.await.expect("no panic").expect("the server answers");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{}", response.text().await.expect("a text"));
    let query = format!("{{ import(id: \"{id}\") {{ status }} people {{ totalCount }} }}");
    let ended = until(async || {
        let answer = client.graphql_answer(&query, json!({})).await;
        let status = answer["data"]["import"]["status"].as_str()?;
        (status != "APPLYING").then(|| (status.to_owned(), answer["data"]["people"]["totalCount"].clone()))
    })
    .await;
    assert!(matches!(&*ended.0, "FAILED" | "INTERRUPTED") && ended.1 == 0, "{ended:?}");
    let receipt = until(async || {
        let request = client.request(Method::POST, "/import/people").body(many_people(10));
        let response = request.send().await.expect("the server answers");
        (response.status() == StatusCode::OK).then_some(response)
    })
    .await;
    assert_eq!(summary(&receipt.json().await.expect("JSON")), "10 created");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_gives_up_a_dead_connection_as_soon_as_any_other_unit() {
    let test = "an_import_gives_up_a_dead_connection_as_soon_as_any_other_unit";
    // Whatever may take long takes longer than the test, and PostgreSQL keeps what a dead connection holds.
    let pool = Pool { long_statement: Duration::from_hours(1), ..POOL };
    let Some(behind) = Behind::with(test, pool, "").await else { return };
    let client = behind.site.client().await;
    let request = client.request(Method::POST, "/import/people").body(many_people(40_000));
    let importing = tokio::spawn(request.send());
    let id = running(&client).await;
    behind.proxy.decide(Fate::Swallow);
    until_served(&client, PEOPLE).await;
    let response = tokio::time::timeout(Duration::from_mins(1), importing).await.expect("it is answered");
    let response = response.expect("no panic").expect("the server answers");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{}", response.text().await.expect("a text"));
    // PostgreSQL learns of the end as well, and then it is noted down.
    behind
        .raw
        .execute_unprepared(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND state = 'idle in transaction'",
        )
        .await
        .expect("it is our server");
    let query = format!("{{ import(id: \"{id}\") {{ status }} people {{ totalCount }} }}");
    until(async || {
        let answer = client.graphql_answer(&query, json!({})).await;
        let data = &answer["data"];
        (data["import"]["status"] == "FAILED" && data["people"]["totalCount"] == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_holds_a_table_stops_those_alone_who_need_it() {
    let test = "whoever_holds_a_table_stops_those_alone_who_need_it";
    let Some(url) = empty(Kind::Postgres, test).await else { return };
    // The limits as they are by default.
    let storage = Storage::connect(&url, Pool::default()).await.expect("the database is there");
    storage.migrate().await.expect("an empty database can be migrated");
    let engine = Engine::new(storage, formats::builtin(), Clock::System).await.expect("it is migrated");
    let site = Site::over(engine, |_| {}).await;
    let raw = Database::connect(ConnectOptions::new(&url).max_connections(1).to_owned()).await.expect("a connection");
    let client = site.client().await;

    let held = raw.begin().await.expect("a transaction");
    held.execute_unprepared("LOCK TABLE people IN ACCESS EXCLUSIVE MODE").await.expect("it is free");
    assert_eq!(client.graphql_code(PEOPLE, json!({})).await, "UNAVAILABLE");
    let mut writes = JoinSet::new();
    for number in 0..20 {
        let client = client.clone();
        let email = json!({ "email": format!("{number}@held.example") });
        writes.spawn(async move { client.graphql_code(CREATE, email).await });
    }
    // Those who need none of it go on for as long as the writers wait.
    let (mut answered, others) = (0, "{ categories { totalCount } labels { id } }");
    while writes.try_join_next().is_none() {
        client.graphql(others, json!({})).await;
        let mut guest = Client::new(site.address);
        guest.login("admin@acme.example", harness::site::PASSWORD).await;
        answered += 1;
    }
    assert!(answered > 3, "{answered} requests were answered meanwhile");
    assert!(writes.join_all().await.iter().all(|code| code == "UNAVAILABLE"));
    held.rollback().await.expect("it ends");
    assert_eq!(all(&client, PEOPLE, 30).await, (30, 0));

    // Who signs in needs the users.
    let held = raw.begin().await.expect("a transaction");
    held.execute_unprepared("LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await.expect("it is free");
    let login =
        "mutation { login(input: { email: \"admin@acme.example\", password: \"correct horse\" }) { accessToken } }";
    assert_eq!(Client::new(site.address).graphql_code(login, json!({})).await, "UNAVAILABLE");
    held.rollback().await.expect("it ends");
    Client::new(site.address).login("admin@acme.example", harness::site::PASSWORD).await;
}

/// Stops a gateway between two statements of its import, which has the turn of the account: before and after it there is nothing
/// to lose.
async fn freeze_at_its_turn(gateway: &Serving, raw: &DatabaseConnection) {
    let state = "SELECT state FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE relation = 'import_turns'::regclass AND granted AND backend_xid IS NOT NULL AND query NOT ILIKE 'COMMIT%'";
    until(async || {
        gateway.freeze();
        // The backend goes on with what it has been sent.
        loop {
            let statement = Statement::from_string(DbBackend::Postgres, state);
            let Some(row) = raw.query_one_raw(statement).await.expect("it answers") else { break };
            if row.try_get_by_index::<String>(0).expect("a state") == "idle in transaction" {
                return Some(());
            }
        }
        gateway.thaw();
        None
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_stopped_loses_its_turn_and_does_no_harm_when_it_wakes() {
    let test = "a_gateway_that_is_stopped_loses_its_turn_and_does_no_harm_when_it_wakes";
    let Some(desk) = Desk::on(Kind::Postgres, test).await else { return };
    let desk = desk.with_account();
    let impatient = format!("{}&{}", desk.database, IMPATIENT.trim_start_matches('?'));
    let (first, second) = (desk.serve(&["--database", &impatient]), desk.serve(&[]));
    let (one, other) = (client_of(&first).await, client_of(&second).await);
    let raw = Database::connect(&desk.database).await.expect("a connection of our own");

    // Somebody asks another gateway for the same.
    let file = many_people(20_000);
    let request = one.request(Method::POST, "/import/people").body(file.clone());
    let importing = tokio::spawn(request.send());
    let id = running(&one).await;
    freeze_at_its_turn(&first, &raw).await;
    let receipt = other.import("/import/people", file).await;
    assert_eq!((summary(&receipt), &receipt["id"]), ("20000 created".to_owned(), &json!(id)));
    first.thaw();
    importing.await.expect("no panic").expect("the gateway that woke answers");
    let query = "{ people { totalCount } imports { totalCount nodes { status } } }";
    let expected = json!({
        "people": { "totalCount": 20_000 }, "imports": { "totalCount": 1, "nodes": [{ "status": "APPLIED" }] }
    });
    for client in [&one, &other] {
        until_served(client, query).await;
        assert_eq!(client.graphql(query, json!({})).await, expected);
    }

    // Nobody asks for the same, but for another import.
    let request = one.request(Method::POST, "/import/people").body(many_people(30_000).replace("many", "more"));
    let importing = tokio::spawn(request.send());
    let id = running(&one).await;
    freeze_at_its_turn(&first, &raw).await;
    let receipt = other.import("/import/people", "name\nOne more\n").await;
    assert_eq!(summary(&receipt), "1 created");
    first.thaw();
    let answer = importing.await.expect("no panic").expect("the gateway that woke answers");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let query = format!("{{ import(id: \"{id}\") {{ status }} people {{ totalCount }} }}");
    let status = until(async || {
        let data = one.graphql_answer(&query, json!({})).await["data"].take();
        let status = data["import"]["status"].as_str().filter(|status| *status != "APPLYING")?.to_owned();
        assert_eq!(data["people"]["totalCount"], 20_001);
        Some(status)
    })
    .await;
    assert!(matches!(&*status, "FAILED" | "INTERRUPTED"), "{status}");
}
