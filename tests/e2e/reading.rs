//! What a GraphQL request may read: what its fields cost, how long it may take, how large its answer may be, and that nothing
//! runs on once nobody waits for it.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use gateway::config::Config;
use gateway::serve::Server;
use harness::client::Client;
use harness::database::{Kind, empty};
use harness::on_each_database;
use harness::site::{NOW, PASSWORD, Site};
use reqwest::{Method, StatusCode};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement, TransactionTrait as _,
};
use serde_json::{Value, json};
use service::{Clock, Engine};
use storage::query::accounts::{self, NewAccount};
use storage::query::users::{NewUser, Role};
use storage::{Pool, Storage, Timestamp};
use tempfile::TempDir;

/// How many people [`Slow`] has, and how long the text of each is.
const PEOPLE: u32 = 3_000;
const TEXT: u32 = 40_000;

/// How long a condition may take to come about; it is never waited for where all is well.
const PATIENCE: Duration = Duration::from_mins(1);

/// What reads all texts of all people, for seconds.
const SLOW: &str = "query($search: String) { people(view: { search: $search }) { totalCount } }";

/// Words that no text has, none of which an index knows.
fn negated(count: u8) -> String {
    let letter = |number: u8| char::from(b'a' + number);
    (0..count).map(|number| format!("-{}{}", letter(number / 26), letter(number % 26))).collect::<Vec<_>>().join(" ")
}

/// Servers on a database with long texts, and a connection of our own beside them.
struct Slow {
    engine: Engine,
    raw: DatabaseConnection,
    kind: Kind,
    _folder: Option<TempDir>,
}

/// A server that lives as long as this.
struct Serving {
    address: SocketAddr,
    client: Client,
    _server: Server,
}

impl Slow {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let (url, folder) = match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder");
                (format!("sqlite://{}/slow.db", folder.path().display()), Some(folder))
            }
            Kind::Postgres => (empty(kind, test).await?, None),
        };
        let storage = Storage::connect(&url, Pool { postgres: 4, sqlite_readers: 2, ..Pool::default() })
            .await
            .expect("a connection");
        storage.migrate().await.expect("an empty database can be migrated");
        let now = Timestamp::from_microseconds(NOW * 1_000_000);
        let engine = Engine::new(storage, formats::builtin(), Clock::Fixed(now)).await.expect("it is migrated");
        let account = NewAccount { subdomain: "acme".into(), name: "Acme".into(), time_zone: "UTC".into() };
        let admin = NewUser {
            email: "admin@acme.example".into(),
            name: String::new(),
            role: Role::Admin,
            password_hash: engine.passwords().hash(PASSWORD).await,
        };
        let (account, _) = accounts::create(engine.storage(), account, admin, now).await.expect("a new account");
        let raw = Database::connect(ConnectOptions::new(&url).max_connections(1).to_owned()).await;
        let slow = Self { engine, raw: raw.expect("a connection of our own"), kind, _folder: folder };
        slow.fill(account.account_id).await;
        Some(slow)
    }

    /// People whose texts are long and have no letter but one. The index of trigrams is left out: nobody asks it here.
    async fn fill(&self, account: uuid::Uuid) {
        let (account, id, text) = match self.kind {
            Kind::Sqlite => {
                let triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'people'";
                let triggers = Statement::from_string(DbBackend::Sqlite, triggers);
                for row in self.raw.query_all_raw(triggers).await.expect("triggers") {
                    let name: String = row.try_get("", "name").expect("a name");
                    self.sql(&format!("DROP TRIGGER {name}")).await;
                }
                let text = format!("replace(hex(zeroblob({})), '0', 'x')", TEXT / 2);
                (format!("x'{}'", account.simple()), "unhex(printf('%032x', n))", text)
            }
            Kind::Postgres => {
                self.sql("DROP INDEX people_by_text").await;
                (format!("'{account}'::uuid"), "lpad(to_hex(n), 32, '0')::uuid", format!("repeat('x', {TEXT})"))
            }
        };
        self.sql(&format!(
            "INSERT INTO people (account_id, id, name, sort_key, name_key, company_key, phone_digits, search_text,
                version, created_at, updated_at)
            WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {PEOPLE})
            SELECT {account}, {id}, 'x', 'x', 'x', '', '', {text}, 1, 0, 0 FROM s"
        ))
        .await;
    }

    async fn sql(&self, text: &str) {
        self.raw.execute_unprepared(text).await.unwrap_or_else(|error| panic!("{error}: {text}"));
    }

    /// A server with so many seconds to read.
    async fn serving(&self, seconds: u64) -> Serving {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut config = Config { listen: any, admin_listen: any, ..Config::default() };
        config.limits.graphql_seconds = seconds;
        let server = Server::start(self.engine.clone(), config).await.expect("free ports");
        let mut client = Client::new(server.address());
        client.login("admin@acme.example", PASSWORD).await;
        Serving { address: server.address(), client, _server: server }
    }

    /// Waits until PostgreSQL runs no statement of Cairn, or runs one.
    async fn until_running(&self, wanted: bool) {
        let text = "SELECT count(*) AS running FROM pg_stat_activity WHERE datname = current_database()
                    AND pid <> pg_backend_pid() AND state = 'active'";
        let running = async {
            loop {
                let select = Statement::from_string(DbBackend::Postgres, text);
                let row = self.raw.query_one_raw(select).await.expect("statistics").expect("a row");
                let running: i64 = row.try_get("", "running").expect("a count");
                if (running > 0) == wanted {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, running).await.unwrap_or_else(|_| panic!("running: not {wanted} in time"));
    }
}

/// The first error of an answer: its code and its sentence.
fn error_of(answer: &Value) -> (&str, &str) {
    let error = &answer["errors"][0];
    (error["extensions"]["code"].as_str().unwrap_or_default(), error["message"].as_str().unwrap_or_default())
}

async fn count(serving: &Serving) -> Value {
    serving.client.graphql("{ people { totalCount } }", json!({})).await["people"]["totalCount"].clone()
}

on_each_database! {
    async fn counts_searches_and_nested_pages_cost_what_they_read(site: Site) {
        let client = site.client().await;
        let code = async |document: &str, variables: Value| {
            let answer = client.graphql_answer(document, variables).await;
            error_of(&answer).0.to_owned()
        };
        let counts = |count: usize| (0..count).map(|n| format!("c{n}: people(first: 1) {{ totalCount }} ")).collect::<String>();
        // 990 counts of a search that walks the account.
        let document = format!("query($search: String!) {{ search(query: $search) {{ {} }} }}", counts(990));
        assert_eq!(code(&document, json!({ "search": negated(32) })).await, "LIMITED");
        assert_eq!(code(&document, json!({ "search": "acme" })).await, "LIMITED");
        let document = format!("query($search: String!) {{ search(query: $search) {{ {} }} }}", counts(4));
        assert_eq!(code(&document, json!({ "search": "-ab acme" })).await, "");
        // A hundred and twenty pages for each of two hundred people.
        let pages = |field: &str| (0..120).map(|n| format!("p{n}: {field}(first: 1) {{ __typename }} ")).collect::<String>();
        for field in ["transactions", "events", "messages"] {
            let document = format!("{{ people(first: 200) {{ nodes {{ {} }} }} }}", pages(field));
            assert_eq!(code(&document, json!({})).await, "LIMITED", "{field}");
        }
        // However the search comes.
        let twice = "a: people(view: $view, first: 1) { totalCount } b: messages(view: $view, first: 1) { totalCount }";
        let with_default = |search: &str| format!("query($view: ViewInput = {{ search: \"{search}\" }}) {{ {twice} }}");
        let in_object = "query($search: String) { a: people(view: { search: $search }, first: 1) { totalCount }
            b: events(view: { search: $search }, first: 1) { totalCount } }";
        let defaulted = |search: &str| in_object.replace("$search: String)", &format!("$search: String = \"{search}\")"));
        for (search, expected) in [(negated(32), "LIMITED"), ("-ab acme".to_owned(), "")] {
            let view = json!({ "view": { "search": search } });
            assert_eq!(code(&format!("query($view: ViewInput) {{ {twice} }}"), view).await, expected, "a variable");
            assert_eq!(code(&with_default(&search), json!({})).await, expected, "a default");
            assert_eq!(code(in_object, json!({ "search": search })).await, expected, "in an object");
            assert_eq!(code(&defaulted(&search), json!({})).await, expected, "a default in an object");
            let literal = twice.replace("$view", &format!("{{ search: \"{search}\" }}"));
            assert_eq!(code(&format!("{{ {literal} }}"), json!({})).await, expected, "a literal");
            let spread = format!("{{ ...F }} fragment F on Query {{ {literal} }}");
            assert_eq!(code(&spread, json!({})).await, expected, "a fragment");
        }
    }

    async fn what_costs_too_much_is_told_with_the_limit_and_the_dearest_field(site: Site) {
        let client = site.client().await;
        let fields = |prefix: &str, count: usize| (0..count).map(|n| format!("{prefix}{n}: name ")).collect::<String>();
        let nested = "{ me { id }
            people(first: 200) { nodes { id
                transactions(first: 10) { nodes { id value } }
                letters: messages(first: 200) { nodes { id title body } } } } }";
        let spread = "query Q($n: Int) { ...Top } fragment Top on Query { people(first: $n) { ...P } }
            fragment P on PersonConnection { nodes { ... on Person { messages(first: 100) { nodes { id title body } } } } }";
        let wide = format!("{{ categories {{ nodes {{ id }} }} people(first: 200) {{ nodes {{ {} }} }} }}", fields("a", 300));
        let searched = "query($s: String!) { transactions(first: 1) { nodes { id } } people(first: 1, view: { search: $s }) { nodes { id } }
            b: people(first: 1, view: { search: $s }) { nodes { id } } }";
        let logins: String = (0..6).map(|n| format!("l{n}: login(input: {{ email: \"a@b.example\", password: \"x\" }}) {{ accessToken }} ")).collect();
        for (document, variables, dearest, line) in [
            (nested.to_owned(), json!({}), "people.nodes.letters", 4),
            (spread.to_owned(), json!({ "n": 200 }), "people.nodes.messages", 2),
            (wide, json!({}), "people", 1),
            (searched.to_owned(), json!({ "s": negated(32) }), "people", 1),
            (format!("mutation {{ {logins} }}"), json!({}), "l0", 1),
            (format!("query A {{ __typename }} query B {}", nested.replace('\n', " ")), json!({}), "people.nodes.letters", 1),
        ] {
            let answer = client.graphql_answer(&document, variables).await;
            let error = &answer["errors"][0];
            let extensions = &error["extensions"];
            assert_eq!((&extensions["code"], &extensions["limit"]), (&json!("LIMITED"), &json!(50_000)), "{answer:#}");
            assert_eq!(extensions["dearest"], dearest, "{answer:#}");
            assert_eq!(error["locations"][0]["line"], line, "{answer:#}");
            let (cost, message) = (extensions["cost"].as_u64().expect("a number"), error["message"].as_str().expect("a message"));
            let begins = format!("the request costs {cost}, and 50000 is the most; {dearest} (line {line}, column ");
            assert!(cost > 50_000 && message.starts_with(&begins), "{message}");
            assert!(message.ends_with("of it: ask there for fewer records (first), fields or words to search for"), "{message}");
        }
        // The figures are those by which it is refused: 200 people with their letters, and these with three fields each.
        let letters = "{ people(first: 200) { nodes { messages(first: 200) { nodes { id title body } } } } }";
        let answer = client.graphql_answer(letters, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["cost"], 200 + 200 * (1 + 25 + 200 * (1 + 3)));
        // Of what is too long to be weighed in parts the cost is told alone, and how deep something is likewise.
        let long = format!("{{ people(first: 200) {{ nodes {{ {} {} }} }} }}", fields("a", 300), " ".repeat(200_000));
        let answer = client.graphql_answer(&long, json!({})).await;
        assert_eq!(answer["errors"][0]["message"], "the request costs 60400, and 50000 is the most", "{answer:#}");
        let deep = format!("{{ __type(name: \"Person\") {{ fields {{ type {} name {} }} }} }}", "{ ofType ".repeat(20), "} ".repeat(20));
        let answer = client.graphql_answer(&deep, json!({})).await;
        let expected = ("LIMITED", "the request asks for fields 23 deep in each other, and 15 is the most");
        assert_eq!(error_of(&answer), expected);
    }

    async fn a_connection_is_counted_once_under_however_many_names(site: Site) {
        let client = site.client().await;
        client.import("/import/people?format=csv", "name\nA\nB\n").await;
        let document = "{ people(first: 1) { a: totalCount b: totalCount nodes { id } } categories { a: totalCount b: totalCount } }";
        let data = client.graphql(document, json!({})).await;
        assert_eq!((&data["people"]["a"], &data["people"]["b"]), (&json!(2), &json!(2)));
        assert_eq!((&data["categories"]["a"], &data["categories"]["b"]), (&json!(0), &json!(0)));
    }

    async fn ordinary_queries_cost_little_enough(site: Site) {
        let client = site.client().await;
        for document in [
            "{ people(view: { search: \"has:email city:graz\" }, first: 50) { totalCount nodes {
                displayName customValues { field { name } value }
                transactions(first: 5) { totalCount nodes { stage value managers { name } categories { name } } }
                events(isComplete: false, first: 1) { nodes { title startsOn startsAt } }
                messages(first: 2) { nodes { title createdBy { name } } } } } }",
            "{ people(first: 200) { totalCount nodes { id displayName email phone city notes categories { name }
                transactions(first: 10) { nodes { id stage value } } } } }",
            "{ search(query: \"ann city:graz -lead\") { people { totalCount nodes { id displayName email } }
                transactions { totalCount nodes { id value } } events { totalCount nodes { id title } }
                messages { totalCount nodes { id title } } } }",
            "{ leads: transactions(stage: LEAD) { totalCount nodes { value person { displayName email } } }
               open: transactions(stage: OPPORTUNITY) { totalCount nodes { value person { displayName email } } }
               won: transactions(stage: CUSTOMER) { totalCount nodes { value person { displayName email } } }
               events(isComplete: false, first: 20) { totalCount nodes { title startsOn associations { __typename } } }
               messages(first: 20) { totalCount nodes { title body createdBy { name } } } users { id name } labels { id name } }",
        ] {
            client.graphql(document, json!({})).await;
        }
    }

    async fn a_deadline_ends_reading_in_the_database_too(slow: Slow) {
        let serving = slow.serving(1).await;
        let search = json!({ "search": negated(32) });
        let answer = serving.client.graphql_answer(SLOW, search.clone()).await;
        let (code, message) = error_of(&answer);
        assert_eq!(code, "UNAVAILABLE", "{answer:#}");
        assert!(message.starts_with("reading this took longer than 1 s and was ended: ask for fewer records"), "{message}");
        assert_eq!((answer["errors"].as_array().map(Vec::len), &answer["data"]), (Some(1), &Value::Null));
        // Half of the two connections read what is heavy: a count would wait for the statement, and meet its own deadline.
        assert_eq!(count(&serving).await, PEOPLE);
        // Old scripts and the websocket read through GraphQL too.
        let login = [("login_email", "admin@acme.example"), ("login_password", PASSWORD), ("get", "people")];
        let form: Vec<_> = login.into_iter().chain([("search", search["search"].as_str().expect("a search"))]).collect();
        let request = reqwest::Client::new().post(format!("http://{}/api.php", serving.address)).form(&form);
        let response = request.send().await.expect("the server answers");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let sentence = response.text().await.expect("a sentence");
        assert!(sentence.starts_with("Reading this took longer than 1 s and was ended: ask for fewer records"), "{sentence}");
        assert_eq!(count(&serving).await, PEOPLE);
        if slow.kind == Kind::Postgres {
            slow.until_running(false).await;
        }
    }

    async fn nothing_is_read_for_a_client_that_is_gone(slow: Slow) {
        let serving = slow.serving(20).await;
        let body = json!({ "query": SLOW, "variables": { "search": negated(32) } });
        // They take some 40 seconds together, where they are not ended.
        let gone = (0..16).map(async |_| {
            let request = serving.client.request(Method::POST, "/graphql").json(&body).timeout(Duration::from_millis(500));
            request.send().await.expect_err("nobody waits for so long");
        });
        join_all(gone).await;
        assert_eq!(count(&serving).await, PEOPLE);
        if slow.kind == Kind::Postgres {
            slow.until_running(false).await;
        }
    }

    async fn what_waits_for_a_lock_is_ended_as_well(slow: Slow) {
        if slow.kind == Kind::Sqlite {
            // Its readers wait for nobody.
            return;
        }
        let serving = slow.serving(1).await;
        let lock = slow.raw.begin().await.expect("a transaction");
        lock.execute_unprepared("LOCK TABLE people IN ACCESS EXCLUSIVE MODE").await.expect("nobody reads");
        let answer = serving.client.graphql_answer("{ people { nodes { id } } }", json!({})).await;
        assert_eq!(error_of(&answer).0, "UNAVAILABLE");
        lock.rollback().await.expect("it is released");
        slow.until_running(false).await;
        assert_eq!(count(&serving).await, PEOPLE);
    }

    async fn what_is_written_is_answered_however_long_that_takes(slow: Slow) {
        if slow.kind == Kind::Sqlite {
            return;
        }
        let serving = slow.serving(1).await;
        let lock = slow.raw.begin().await.expect("a transaction");
        lock.execute_unprepared("LOCK TABLE associations IN ACCESS EXCLUSIVE MODE").await.expect("nobody reads");
        let document = "mutation { createPerson(input: { name: \"A\" }) { person { id messages(first: 1) { nodes { id } } } } }";
        let writing = serving.client.graphql_answer(document, json!({}));
        let releasing = async {
            // Longer than the deadline.
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            lock.rollback().await.expect("it is released");
        };
        let (answer, ()) = tokio::join!(writing, releasing);
        assert!(answer["data"]["createPerson"]["person"]["id"].is_string(), "{answer:#}");
    }

    async fn a_mutation_waits_for_the_writer_until_its_deadline(slow: Slow) {
        let create = "mutation { createPerson(input: { name: \"A\" }) { person { id } } }";
        if slow.kind == Kind::Postgres {
            // Its writers wait for rows, not for each other.
            return;
        }
        let serving = slow.serving(1).await;
        slow.sql("BEGIN IMMEDIATE").await;
        let answer = serving.client.graphql_answer(create, json!({})).await;
        assert_eq!(error_of(&answer).0, "UNAVAILABLE", "{answer:#}");
        slow.sql("ROLLBACK").await;
        let patient = slow.serving(30).await;
        patient.client.graphql(create, json!({})).await;
        assert_eq!(count(&patient).await, PEOPLE + 1, "the mutation that was refused has made nobody");
    }

    async fn a_small_query_passes_by_those_that_read_much(slow: Slow) {
        let serving = slow.serving(3).await;
        let search = json!({ "search": negated(32) });
        let dear = join_all((0..12).map(|_| serving.client.graphql_answer(SLOW, search.clone())));
        let small = async {
            let document = "{ people(first: 1) { nodes { name } } }";
            let mut answers = Vec::new();
            for _ in 0..20 {
                answers.push(serving.client.graphql(document, json!({})).await["people"]["nodes"][0]["name"].clone());
            }
            answers
        };
        let (dear, small) = tokio::join!(dear, small);
        assert_eq!(small, vec![json!("x"); 20]);
        assert!(dear.iter().any(|answer| error_of(answer).0 == "UNAVAILABLE"), "they were not slow");
    }

    async fn introspection_is_as_large_as_an_answer_may_be_whoever_asks(site: Limited) {
        let Limited { site } = site;
        let asked = |times: usize| {
            let names: String = (0..times).map(|n| format!("a{n}: name ")).collect();
            format!("{{ __schema {{ types {{ fields {{ {names} }} }} }} }}")
        };
        let expected = "the answer would take more than 8 MiB of memory: ask for fewer records or for fewer fields of each";
        for client in [Client::new(site.address), site.client().await] {
            let answer = client.graphql_answer(&asked(200), json!({})).await;
            assert_eq!(error_of(&answer), ("LIMITED", expected));
            client.graphql(&asked(20), json!({})).await;
            client.graphql("{ __type(name: \"Person\") { fields { name description type { name } } } }", json!({})).await;
        }
    }

    async fn an_answer_is_as_large_as_its_limit_at_most(site: Limited) {
        let Limited { site } = site;
        let client = site.client().await;
        let create = "mutation($body: String!) { createMessage(input: { title: \"T\", body: $body }) { message { id } } }";
        for _ in 0..60 {
            client.graphql(create, json!({ "body": "x".repeat(100_000) })).await;
        }
        let list = |first: usize| format!("{{ messages(first: {first}) {{ nodes {{ body }} }} }}");
        let answer = client.graphql_answer(&list(60), json!({})).await;
        let expected = "the answer would take more than 8 MiB of memory: ask for fewer records or for fewer fields of each";
        assert_eq!(error_of(&answer), ("LIMITED", expected));
        assert_eq!(client.graphql(&list(10), json!({})).await["messages"]["nodes"].as_array().map(Vec::len), Some(10));
        // What is loaded once and answered often.
        let bodies: String = (0..200).map(|n| format!("b{n}: body ")).collect();
        let answer = client.graphql_answer(&format!("{{ messages(first: 1) {{ nodes {{ {bodies} }} }} }}"), json!({})).await;
        assert_eq!(error_of(&answer), ("LIMITED", expected));
        // Old scripts get all of them, in smaller pages.
        let answer = client.legacy(&[("get", "message")]).await;
        assert_eq!(answer.matches(&"x".repeat(100_000)).count(), 60);
        // What was taken is given back.
        for _ in 0..10 {
            client.graphql(&list(10), json!({})).await;
        }
    }
}

/// A site whose answers are small.
struct Limited {
    site: Site,
}

impl Limited {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let small = |config: &mut Config| config.limits.graphql_answer = 8 << 20;
        Some(Self { site: Site::with(kind, test, formats::builtin(), small).await? })
    }
}
