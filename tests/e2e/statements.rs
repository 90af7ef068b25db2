//! What requests cost the database: how many statements a nested query needs, and that an index finds each first page.

use std::sync::{Arc, Mutex};

use async_graphql::{Request, Variables};
use harness::database::{Kind, empty};
use harness::on_each_database;
use harness::site::NOW;
use schema::Schema;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};
use service::{Caller, Clock, Engine, Session};
use storage::query::accounts::{self, NewAccount};
use storage::query::users::{NewUser, Role, User};
use storage::{Pool, Storage, Timestamp};
use tempfile::TempDir;

/// How many people, transactions, events and messages the large account has each.
const RECORDS: u32 = 100_000;

/// The most rows that PostgreSQL may read of a table for a first page, in an account of [`RECORDS`].
const ROWS_READ: u64 = 5_000;

/// A schema on a database whose statements are written down, and a connection of our own beside it.
struct Watched {
    schema: Schema,
    session: Session,
    admin: User,
    statements: Arc<Mutex<Vec<String>>>,
    raw: DatabaseConnection,
    _folder: Option<TempDir>,
}

impl Watched {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let (url, folder) = match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder");
                (format!("sqlite://{}/watched.db", folder.path().display()), Some(folder))
            }
            Kind::Postgres => (empty(kind, test).await?, None),
        };
        let statements = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&statements);
        let storage = Storage::connect(&url, Pool { postgres: 2, sqlite_readers: 1, ..Pool::default() })
            .await
            .expect("a connection");
        let storage = storage.observed_by(move |statement| {
            written.lock().expect("nobody panics with it").push(statement.to_owned());
        });
        storage.migrate().await.expect("an empty database can be migrated");
        let now = Timestamp::from_microseconds(NOW * 1_000_000);
        let account = NewAccount { subdomain: "acme".into(), name: "Acme".into(), time_zone: "UTC".into() };
        let admin = NewUser {
            email: "admin@acme.example".into(),
            name: String::new(),
            role: Role::Admin,
            password_hash: String::new(),
        };
        let (_, admin) = accounts::create(&storage, account, admin, now).await.expect("a new account");
        let engine = Engine::new(storage, formats::builtin(), Clock::Fixed(now)).await.expect("it is migrated");
        let session = engine.operator(None, None).await.expect("the only user");
        let raw = Database::connect(ConnectOptions::new(&url).max_connections(1).to_owned()).await;
        let raw = raw.expect("a connection of our own");
        if kind == Kind::Postgres {
            // As storage's own connections plan.
            raw.execute_unprepared("SET random_page_cost = 1.1").await.expect("anybody may set it");
        }
        Some(Self { schema: schema::build(engine), session, admin, statements, raw, _folder: folder })
    }

    /// The data of a request, and the statements that it took.
    async fn run(&self, document: &str, variables: Value) -> (Value, Vec<String>) {
        self.statements.lock().expect("nobody panics with it").clear();
        let request = Request::new(document).variables(Variables::from_json(variables));
        let caller = Caller::SignedIn(self.session.clone());
        let response = schema::execute(&self.schema, request, caller, "test").await;
        assert!(response.errors.is_empty(), "{document}: {:?}", response.errors);
        let statements = std::mem::take(&mut *self.statements.lock().expect("nobody panics with it"));
        (response.data.into_json().expect("data are JSON"), statements)
    }

    /// Runs a statement that both databases understand.
    async fn sql(&self, text: &str) {
        self.raw.execute_unprepared(text).await.unwrap_or_else(|error| panic!("{error}: {text}"));
    }

    fn is_sqlite(&self) -> bool {
        self.raw.get_database_backend() == DbBackend::Sqlite
    }

    /// An id as SQL writes it: the number `n` with a letter of its own for each table.
    fn id(&self, table: char, n: &str) -> String {
        if self.is_sqlite() {
            return format!("unhex(printf('{}%024x', {n}))", prefix(table));
        }
        format!("('{}' || lpad(to_hex({n}), 24, '0'))::uuid", prefix(table))
    }

    fn account(&self) -> String {
        let account = self.session.account().account_id.simple();
        if self.is_sqlite() { format!("x'{account}'") } else { format!("'{account}'::uuid") }
    }

    fn user(&self) -> String {
        let user = self.admin.id.simple();
        if self.is_sqlite() { format!("x'{user}'") } else { format!("'{user}'::uuid") }
    }

    /// Fills an account with people, transactions, events, messages and categories. The keys are what storage would
    /// make of the names.
    #[expect(clippy::too_many_lines, reason = "it is a table after the other")]
    async fn fill(&self, records: u32) {
        let (account, user) = (self.account(), self.user());
        let person = |n: &str| self.id('p', n);
        let (transaction, event, message) = (self.id('d', "n"), self.id('e', "n"), self.id('m', "n"));
        let series = format!("WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {records})");
        let (id, moment) = (person("n"), format!("{}000000 + n * 7919 % 1000000007", NOW - 10_000));
        // Every five hundredth works at IBM, and a stranger has made every thousandth.
        let company = "CASE WHEN n % 500 = 0 THEN 'ibm' ELSE 'company ' || CAST(n % 997 AS TEXT) END";
        let name = "'person ' || CAST(n * 7919 % 1000003 AS TEXT)";
        let stranger = self.id('u', "1");
        // Every thousandth has all that can be looked for beside that.
        let rare = |rare: &str, others: &str| format!("CASE WHEN n % 1000 = 0 THEN {rare} ELSE {others} END");
        let email = rare("'rare' || CAST(n AS TEXT) || '@x.y'", "'p' || CAST(n AS TEXT) || '@x.y'");
        let (digits, url, zip) =
            (rare("'03077000'", "''"), rare("'https://rare.example'", "NULL"), rare("'Z-770'", "NULL"));
        let more = rare("' 03077000 https://rare.example z-770 ' || 'rare' || CAST(n AS TEXT) || '@x.y'", "''");
        let probability = rare("9000", "5000");
        let maker = format!("CASE WHEN n % 1000 = 0 THEN {stranger} ELSE {user} END");
        self.sql(&format!(
            "INSERT INTO users (account_id, id, email, email_key, name, role, password_hash, version, created_at,
                updated_at) VALUES ({account}, {stranger}, 's@x.y', 's@x.y', 'Stranger', 2, '', 1, 0, 0)"
        ))
        .await;
        self.sql(&format!(
            "INSERT INTO people (account_id, id, name, company, email, city, url, zip, sort_key, email_key, name_key,
                company_key, city_key, phone_digits, search_text, created_by, version, created_at, updated_at)
            {series} SELECT {account}, {id}, {name}, {company}, {email}, 'City', {url}, {zip},
                {name} || ' - ' || {company}, {email}, {name}, {company},
                'city ' || CAST(n % 499 AS TEXT), {digits},
                {name} || ' - ' || {company} || ' city ' || CAST(n % 499 AS TEXT) || {more}, {maker}, 1, {moment}, {moment}
            FROM s"
        ))
        .await;
        self.sql(&format!(
            "INSERT INTO transactions (account_id, id, person_id, stage, value, probability, sort_key, search_text,
                created_by, version, created_at, updated_at)
            {series} SELECT {account}, {transaction}, {}, n % 4 + 1, n, {probability}, {name}, {name} || ' - ' || {company},
                {maker}, 1, {moment}, {moment} FROM s",
            person("n / 5 + 1")
        ))
        .await;
        self.sql(&format!(
            "INSERT INTO events (account_id, id, title, starts_on, completed_at, owner_id, sort_key, names_text,
                search_text, created_by, version, created_at, updated_at)
            {series} SELECT {account}, {event}, 'Call', '2026-05-25', CASE WHEN n % 100 = 0 THEN NULL ELSE 1 END, {maker},
                '20' || CAST(n % 90 + 10 AS TEXT) || '-05-25', '', 'call ' || {name} || ' - ' || {company},
                {maker}, 1, {moment}, {moment} FROM s"
        ))
        .await;
        self.sql(&format!(
            "INSERT INTO messages (account_id, id, title, sort_key, names_text, search_text, created_by, version,
                created_at, updated_at)
            {series} SELECT {account}, {message}, 'Hello', 'hello', '', 'hello ' || {name} || ' - ' || {company}, {maker},
                1, {moment}, {moment} FROM s"
        ))
        .await;
        for (kind, item) in [(3, &event), (4, &message)] {
            self.sql(&format!(
                "INSERT INTO associations (account_id, subject_id, subject_kind, kind, item_id)
                {series} SELECT {account}, {}, 1, {kind}, {item} FROM s",
                person("n / 5 + 1")
            ))
            .await;
        }
        for (category, every) in [(1, 2), (2, 1_000)] {
            let id = self.id('c', &category.to_string());
            self.sql(&format!(
                "INSERT INTO categories (account_id, id, name, name_key, version, created_at, updated_at)
                VALUES ({account}, {id}, 'every {every}', 'every {every}', 1, 0, 0)"
            ))
            .await;
            for (kind, table) in [(1, 'p'), (2, 'd'), (3, 'e'), (4, 'm')] {
                let item = self.id(table, "n");
                self.sql(&format!(
                    "INSERT INTO item_categories (account_id, category_id, kind, item_id)
                    {series} SELECT {account}, {id}, {kind}, {item} FROM s WHERE n % {every} = 0"
                ))
                .await;
            }
        }
        let label = self.id('l', "1");
        self.sql(&format!(
            "INSERT INTO labels (account_id, id, user_id, name, name_key, version, created_at, updated_at)
            VALUES ({account}, {label}, {user}, 'rare', 'rare', 1, 0, 0)"
        ))
        .await;
        for (kind, table) in [(1, 'p'), (2, 'd'), (3, 'e'), (4, 'm')] {
            let item = self.id(table, "n");
            self.sql(&format!(
                "INSERT INTO item_labels (account_id, label_id, kind, item_id)
                {series} SELECT {account}, {label}, {kind}, {item} FROM s WHERE n % 1000 = 0"
            ))
            .await;
        }
        if !self.is_sqlite() {
            self.sql("ANALYZE").await;
        }
    }

    /// What is wrong with how the database finds the rows of a statement.
    async fn complaint(&self, statement: &str) -> Option<String> {
        if self.is_sqlite() { self.sqlite_complaint(statement).await } else { self.postgres_complaint(statement).await }
    }

    /// A scan of a table, or of an index over all of an account whose rows are then sorted: a page is no use there.
    async fn sqlite_complaint(&self, statement: &str) -> Option<String> {
        let explain = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {statement}"));
        let rows = self.raw.query_all_raw(explain).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
        let plan: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").expect("a line of the plan")).collect();
        let sorted = plan.iter().any(|line| line.contains("TEMP B-TREE FOR ORDER BY"));
        let whole = |line: &&String| {
            let large = ["people", "transactions", "events", "messages"];
            let is_large = large.iter().any(|table| line.split(' ').nth(1) == Some(table));
            is_large && (line.starts_with("SCAN") || (sorted && line.ends_with("(account_id=?)")))
        };
        plan.iter().find(whole).map(|line| format!("{line}\n{statement}\n{}", plan.join("\n")))
    }

    /// More rows read than a page can be worth.
    async fn postgres_complaint(&self, statement: &str) -> Option<String> {
        let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON) {statement}");
        let rows = self.raw.query_all_raw(Statement::from_string(DbBackend::Postgres, explain)).await;
        let rows = rows.unwrap_or_else(|error| panic!("{error}: {statement}"));
        let plan: Value = rows[0].try_get("", "QUERY PLAN").expect("a plan");
        let read = rows_read(&plan[0]["Plan"]);
        (read > ROWS_READ).then(|| format!("{read} rows are read\n{statement}\n{plan:#}"))
    }
}

/// The rows that the largest scan of a plan reads, also those that it throws away.
fn rows_read(node: &Value) -> u64 {
    let number = |name: &str| node[name].as_f64().unwrap_or_default();
    let is_scan = node["Node Type"].as_str().is_some_and(|name| name.ends_with("Scan") && name != "Bitmap Index Scan");
    let thrown = number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
    let own = if is_scan { whole((number("Actual Rows") + thrown) * number("Actual Loops")) } else { 0 };
    let children = node["Plans"].as_array().into_iter().flatten().map(rows_read);
    children.chain([own]).max().unwrap_or_default()
}

/// A count that EXPLAIN gives as a floating-point number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rows are counted, and not in billions")]
fn whole(count: f64) -> u64 {
    count as u64
}

fn prefix(table: char) -> String {
    format!("{:08x}", u32::from(table))
}

on_each_database! {
    async fn a_firing_takes_a_few_statements_and_one_row_of_the_outbox(watched: Watched) {
        watched.fill(300).await;
        let items = (0..12).map(|day| json!({ "offset": format!("{day} days"), "title": "Call" })).collect::<Vec<_>>();
        let create = "mutation($items: [EventTemplateItemInput!]!) {
            createEventTemplate(input: { name: \"Campaign\", items: $items }) { eventTemplate { id } }
        }";
        let (made, _) = watched.run(create, json!({ "items": items })).await;
        let template = &made["createEventTemplate"]["eventTemplate"]["id"];
        let preview = "query($template: ID!) {
            previewEventTemplate(template: $template, on: { section: PEOPLE }) { eventCount firstRecords { events { title } } }
        }";
        let (shown, statements) = watched.run(preview, json!({ "template": template })).await;
        assert_eq!(shown["previewEventTemplate"]["eventCount"], 3_600);
        assert_eq!(statements.len(), 4, "template, items, records and the people who are shown: {statements:#?}");
        let fire = "mutation($template: ID!) {
            fireEventTemplate(input: {
                template: $template, on: { section: PEOPLE }, expectedCount: 300, categories: [\"Campaign\"]
            }) { eventCount }
        }";
        let (fired, statements) = watched.run(fire, json!({ "template": template })).await;
        assert_eq!(fired["fireEventTemplate"]["eventCount"], 3_600);
        let into = |table: &str| {
            let start = format!("INSERT INTO \"{table}\"");
            statements.iter().filter(|statement| statement.starts_with(&start)).count()
        };
        assert_eq!((into("events"), into("associations"), into("item_categories"), into("outbox")), (5, 5, 3, 1));
        assert!(statements.len() < 30, "{}", statements.len());
    }

    async fn a_nested_query_takes_the_same_statements_whatever_its_page(watched: Watched) {
        watched.fill(500).await;
        let document = "query($first: Int, $each: Int) { people(first: $first) { nodes {
            displayName
            categories { name }
            labels { name }
            customValues { field { name } value }
            next: events(from: \"2026-05-25\", isComplete: false, first: 1) { nodes { title categories { name } } }
            messages(first: 3) { nodes { title createdBy { email } } }
            transactions(first: $each) { nodes {
                value person { email } categories { name } managers { email } history { stage user { email } }
                customValues { value } events(first: 1) { nodes { title owner { email } } }
            } }
        } } }";
        let mut counts = Vec::new();
        for (first, each) in [(20_usize, 5), (20, 1), (50, 3), (100, 2)] {
            let (data, statements) = watched.run(document, json!({ "first": first, "each": each })).await;
            let people = data["people"]["nodes"].as_array().expect("people");
            assert_eq!(people.len(), first);
            assert!(people.iter().any(|person| person["transactions"]["nodes"][0]["value"].is_string()), "{data}");
            counts.push(statements.len());
        }
        assert_eq!(counts, [17; 4], "about one statement for each kind of record and level");
    }

    async fn a_list_that_only_says_how_many_it_has_reads_none_of_them(watched: Watched) {
        watched.fill(60).await;
        for section in ["people", "transactions", "events", "messages"] {
            for (asked, reads) in [("totalCount", 1), ("...Only", 1), ("totalCount nodes { id }", 2), ("pageInfo { hasNextPage }", 1)] {
                let fragment = match section {
                    "people" => "PersonConnection",
                    "transactions" => "TransactionConnection",
                    "events" => "EventConnection",
                    _ => "MessageConnection",
                };
                let fragment = if asked == "...Only" { format!("fragment Only on {fragment} {{ totalCount }}") } else { String::new() };
                let (found, statements) = watched.run(&format!("{{ {section} {{ {asked} }} }} {fragment}"), json!({})).await;
                assert_eq!(statements.len(), reads, "{section} {asked}: {statements:#?}");
                let counted = &found[section]["totalCount"];
                assert!(*counted == 60 || asked.starts_with("pageInfo"), "{found}");
            }
        }
    }

    async fn an_index_finds_the_first_page_of_every_list(watched: Watched) {
        watched.fill(RECORDS).await;
        let person = format!("person_{}{:024x}", prefix('p'), 77);
        let transaction = format!("transaction_{}{:024x}", prefix('d'), 77);
        let mut wrong = Vec::new();
        let mut count = 0;
        let views = [
            String::new(),
            "category: \"every 1000\"".into(),
            "label: \"rare\"".into(),
            "user: \"stranger\"".into(),
            format!("person: \"{person}\""),
            format!("transaction: \"{transaction}\""),
            "search: \"ibm\"".into(),
            "search: \"ibm category:every 1000\"".into(),
            "search: \"person 7919\"".into(),
            "search: \"category:every 1000 user:stranger\"".into(),
            "search: \"label:rare\"".into(),
            "search: \"company:ibm\"".into(),
            "search: \"city:city 17\"".into(),
            "search: \"person:person 7919\"".into(),
            "search: \"name:person 7919\"".into(),
            "search: \"email:rare7\"".into(),
            "search: \"phone:03077\"".into(),
            "search: \"url:rare.example\"".into(),
            "search: \"zip:z-77\"".into(),
            "search: \"value:>9.95\"".into(),
            "search: \"value:9.95..9.96\"".into(),
            "search: \"value:<0.005\"".into(),
            "search: \"probability:>0.85\"".into(),
            "search: \"probability:0.9\"".into(),
        ];
        let mut documents = Vec::new();
        for view in &views {
            for section in ["people", "transactions", "events", "messages"] {
                documents.push(format!("{{ {section}(view: {{ {view} }}) {{ nodes {{ id }} }} }}"));
            }
            documents.push(format!("{{ transactions(stage: LEAD, view: {{ {view} }}) {{ nodes {{ id }} }} }}"));
        }
        for order in ["NAME_DESC", "CREATED_ASC", "CREATED_DESC", "UPDATED_ASC", "UPDATED_DESC"] {
            documents.push(format!("{{ people(orderBy: {order}) {{ nodes {{ id }} }} }}"));
            documents.push(format!("{{ transactions(orderBy: {order}) {{ nodes {{ id }} }} }}"));
        }
        documents.push("{ events(isComplete: false) { nodes { id } } }".into());
        documents.push("{ events(view: { from: \"2026-05-25\", to: \"2026-05-26\" }) { nodes { id } } }".into());
        documents.push(format!("{{ person(id: \"{person}\") {{ transactions {{ nodes {{ id }} }} events {{ nodes {{ id }} }}
            messages {{ nodes {{ id }} }} categories {{ id }} labels {{ id }} }} }}"));
        for document in documents {
            for statement in watched.run(&document, json!({})).await.1 {
                count += 1;
                wrong.extend(watched.complaint(&statement).await.map(|complaint| format!("{document}\n{complaint}")));
            }
        }
        assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n\n"));
        assert!(count > 60, "{count} statements were looked at");
    }
}
