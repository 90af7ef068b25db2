//! What an undo and a redo read of a large journal, of which the database has no statistics: little more than what they change.

use std::sync::{Arc, Mutex};

use harness::client::Client;
use harness::database::{Kind, empty};
use harness::on_each_database;
use harness::site::{NOW, Site};
use reqwest::StatusCode;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::Value;
use service::{Clock, Engine};
use storage::{Pool, Storage, Timestamp};
use tempfile::TempDir;

use crate::imports::summary;
use crate::imports_doors::until;
use crate::imports_plan::steps;

/// How many people the account has, and imports that each of their rows was in.
const PEOPLE: u32 = 20_000;
const IMPORTS: u32 = 5;

/// The rows of the import that is undone, so many of which are about somebody who is there.
const ROWS: u64 = 25;
const KNOWN: u64 = 10;

/// How many rows may be read for each that changes.
const READ: u64 = 100;
/// Likewise blocks of tables and their indexes: to change a person is to change fifteen indexes.
const BLOCKS: u64 = 400;

struct Journal {
    site: Site,
    statements: Arc<Mutex<Vec<String>>>,
    raw: DatabaseConnection,
    account: String,
    _folder: Option<TempDir>,
}

impl Journal {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let (url, folder) = match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder");
                (format!("sqlite://{}/journal.db", folder.path().display()), Some(folder))
            }
            Kind::Postgres => (empty(kind, test).await?, None),
        };
        let statements = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&statements);
        let pool = Pool { postgres: 3, sqlite_readers: 1, ..Pool::default() };
        let storage = Storage::connect(&url, pool).await.expect("a connection").observed_by(move |statement| {
            written.lock().expect("nobody panics with it").push(statement.to_owned());
        });
        storage.migrate().await.expect("an empty database can be migrated");
        let now = Timestamp::from_microseconds(NOW * 1_000_000);
        let engine = Engine::new(storage, formats::builtin(), Clock::Fixed(now)).await.expect("it is migrated");
        let site = Site::over(engine, |_| {}).await;
        let raw = Database::connect(ConnectOptions::new(&url).max_connections(1).to_owned()).await;
        let raw = raw.expect("a connection of our own");
        let account = site.session("acme").await.account().account_id.simple().to_string();
        let account = if kind == Kind::Sqlite { format!("x'{account}'") } else { format!("'{account}'::uuid") };
        Some(Self { site, statements, raw, account, _folder: folder })
    }

    fn is_sqlite(&self) -> bool {
        self.raw.get_database_backend() == DbBackend::Sqlite
    }

    async fn sql(&self, text: &str) {
        self.raw.execute_unprepared(text).await.unwrap_or_else(|error| panic!("{error}: {text}"));
    }

    /// The id of number `n` with a letter of its own for each table.
    fn id(&self, table: char, n: &str) -> String {
        let prefix = u32::from(table);
        if self.is_sqlite() {
            return format!("unhex(printf('{prefix:08x}%024x', {n}))");
        }
        format!("('{prefix:08x}' || lpad(to_hex({n}), 24, '0'))::uuid")
    }

    /// Fills the account as earlier imports of the same people would have, and edits, events and an undo.
    #[expect(clippy::too_many_lines, reason = "it is a table after the other")]
    async fn fill(&self, client: &Client) {
        if !self.is_sqlite() {
            self.sql(
                "DO $$ DECLARE name text; BEGIN
                    FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
                        EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', name);
                    END LOOP;
                END $$",
            )
            .await;
        }
        let account = &self.account;
        let series = format!("WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {PEOPLE})");
        let (person, name) = (self.id('p', "n"), "'person ' || CAST(n AS TEXT)");
        self.sql(&format!(
            "INSERT INTO people (account_id, id, name, email, sort_key, email_key, name_key, company_key, city_key,
                phone_digits, search_text, version, created_at, updated_at)
            {series} SELECT {account}, {person}, {name}, 'p' || CAST(n AS TEXT) || '@x.y', {name},
                'p' || CAST(n AS TEXT) || '@x.y', {name}, '', '', '', {name}, 5, 0, 0 FROM s"
        ))
        .await;
        client.import("/import/people?category=Old", "name\nSomebody\n").await;
        for import in 1..=IMPORTS {
            let id = self.id('i', &import.to_string());
            self.sql("CREATE TEMPORARY TABLE copied AS SELECT * FROM imports LIMIT 1").await;
            self.sql(&format!("UPDATE copied SET id = {id}, fingerprint = NULL, idempotency_key = NULL")).await;
            self.sql("INSERT INTO imports SELECT * FROM copied").await;
            self.sql("DROP TABLE copied").await;
            let deed = if import == 1 { 1 } else { 2 };
            self.sql(&format!(
                "INSERT INTO import_records (account_id, import_id, row_number, record_id, kind, deed)
                {series} SELECT {account}, {id}, n, {person}, 1, {deed} FROM s"
            ))
            .await;
            self.sql(&format!(
                "INSERT INTO import_changes (account_id, record_id, field, import_id, kind, version, before_value, after_value)
                {series} SELECT {account}, {person}, 'jobTitle', {id}, 1, {import}, 'a', 'b' FROM s"
            ))
            .await;
        }
        for (table, columns, values) in [
            ("edits", "record_id, field, version, created_at", format!("{person}, 'city', 3, 0")),
            (
                "associations",
                "subject_id, subject_kind, kind, item_id",
                format!("{person}, 1, 3, {}", self.id('e', "n")),
            ),
            ("undone_records", "record_id", self.id('u', "n")),
            (
                "undone_categories",
                "import_id, category_id, kind, item_id",
                format!("{}, {}, 1, {person}", self.id('i', "1"), self.id('c', "n % 7")),
            ),
        ] {
            self.sql(&format!(
                "INSERT INTO {table} (account_id, {columns}) {series} SELECT {account}, {values} FROM s"
            ))
            .await;
        }
        self.sql(&format!(
            "INSERT INTO item_categories (account_id, category_id, kind, item_id)
            {series} SELECT {account}, (SELECT id FROM categories LIMIT 1), 1, {person} FROM s"
        ))
        .await;
    }

    /// How often imports were changed so far, and how many rows and blocks PostgreSQL has read for that, once what was done last is
    /// counted.
    async fn read(&self, changes_before: i64) -> (i64, u64, u64) {
        let noted = i64::from(PEOPLE * IMPORTS);
        until(async || {
            let query = "SELECT
                (SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'imports'),
                (SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'import_records'),
                (SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables),
                (SELECT sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0))::bigint
                 FROM pg_statio_user_tables)";
            let row = self.raw.query_one_raw(Statement::from_string(DbBackend::Postgres, query)).await;
            let row = row.expect("statistics").expect("a row");
            let number = |place| row.try_get_by_index::<i64>(place).expect("a number");
            let is_counted = number(0) > changes_before && number(1) > noted + i64::try_from(ROWS).expect("a few");
            is_counted.then(|| (number(0), number(2).unsigned_abs(), number(3).unsigned_abs()))
        })
        .await
    }

    /// What is wrong with how SQLite finds the rows of a statement: it goes through a table, or an account of it.
    async fn complaint(&self, statement: &str) -> Option<String> {
        let explain = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {statement}"));
        let rows = self.raw.query_all_raw(explain).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
        let plan: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").expect("a line of the plan")).collect();
        let small = [
            "accounts",
            "users",
            "custom_fields",
            "categories",
            "import_categories",
            "imports",
            "json_each",
            "c",
            "made",
            "i",
        ];
        let whole = |line: &&String| {
            let mut words = line.split(' ');
            let (how, table) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let is_large = !small.contains(&table)
                && !line.contains("VIRTUAL TABLE")
                && !line.contains("CONSTANT ROW")
                && !line.contains("VALUES CLAUSE");
            // That a foreign key names a new row already is looked for only where one was left open.
            let is_foreign_key = statement.starts_with("INSERT") && table == "transaction_stages";
            is_large && !is_foreign_key && (how == "SCAN" || line.ends_with("(account_id=?)"))
        };
        plan.iter().find(whole).map(|line| format!("{line}\n{statement}\n{}", plan.join("\n")))
    }
}

on_each_database! {
    async fn an_undo_and_a_redo_read_little_more_than_they_change(journal: Journal) {
        let client = journal.site.client().await;
        journal.fill(&client).await;
        let rows = (1..=ROWS).map(|row| {
            if row <= KNOWN { format!("Person {row},p{row}@x.y,Ulm,New,{row}\n") } else { format!("New {row},n{row}@x.y,Ulm,New,{row}\n") }
        });
        let file = format!("name,email,city,category,value\n{}", rows.collect::<String>());
        let receipt = client.import("/import/leads?duplicates=replace&category=Fair", file).await;
        assert_eq!(summary(&receipt).split_whitespace().next(), Some("25"), "{receipt:#}");
        for step in ["undo", "redo", "undo"] {
            let before = if journal.is_sqlite() { None } else { Some(journal.read(0).await) };
            journal.statements.lock().expect("nobody panics with it").clear();
            let (status, report) = steps(&client, &receipt, step).await;
            assert_eq!(status, StatusCode::OK, "{report:#}");
            let changed = number(&report["removed"]) + number(&report["restored"]);
            assert!(changed >= ROWS, "{step}: {report:#}");
            let Some((changes, rows, blocks)) = before else {
                let statements = std::mem::take(&mut *journal.statements.lock().expect("nobody panics with it"));
                assert!(statements.len() > 20, "{}", statements.len());
                let mut wrong = Vec::new();
                for statement in statements.iter().filter(|statement| !statement.contains("_text (")) {
                    wrong.extend(journal.complaint(statement).await);
                }
                assert!(wrong.is_empty(), "{step}, {} of {}:\n{}", wrong.len(), statements.len(), wrong.join("\n\n"));
                continue;
            };
            let after = journal.read(changes).await;
            let (rows, blocks) = (after.1 - rows, after.2 - blocks);
            println!("{step}: {changed} records changed, {rows} rows and {blocks} blocks read");
            assert!(rows <= READ * changed && blocks <= BLOCKS * changed, "{step}: {changed} changed, {rows} rows and {blocks} blocks read");
        }
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value:#}"))
}
