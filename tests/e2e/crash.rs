//! An import is all or nothing, also when the process is killed (SIGKILL) in the middle of it; and so is an undo.
//! PostgreSQL ends what it still does for a process that is gone.
//!
//! `cargo test` tries it a few times with a small file. At full size, with a program that is built with `--release`:
//!
//! ```sh
//! cargo build --release && CAIRN_TEST_PROGRAM=$PWD/target/release/cairn CAIRN_TEST_KILLS=50 CAIRN_TEST_ROWS=100000 \
//!     cargo test -p tests --test e2e crash -- --nocapture
//! ```

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use harness::database::Kind;
use harness::on_each_database;
use harness::require::count;
use reqwest::Method;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DbBackend, Statement};
use serde_json::json;
use storage::query::{accounts, imports, people};
use storage::{Error, NameOrId, Order, PageRequest, Pool, Reader, Storage, View};
use uuid::Uuid;

use crate::imports_doors::{client_of, until};
use crate::program::{Desk, PROGRAM};

/// Of so many rows one fails.
const ROWS_A_FAILURE: usize = 100;

/// An account with one person, whom each import changes.
struct Known {
    desk: Desk,
    reader: Reader,
    person: Uuid,
    rows: usize,
}

/// When the program is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// After so many bytes of the file: while it arrives.
    Reading(usize),
    /// So long after the end of the file: in its batches and the commit.
    Ending(Duration),
}

/// What the database has of one import and of all.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    people: u64,
    of_import: u64,
    imports: usize,
    company: Option<String>,
}

impl Known {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let desk = Desk::on(kind, test).await?.with_account();
        let file = desk.path().join("known.csv");
        std::fs::write(&file, "name,email,company\nKnown,known@example.com,Old\n").expect("a file");
        desk.ok(&["import", "people", file.to_str().expect("UTF-8")]);
        let storage = Storage::connect(&desk.database, Pool::default()).await.expect("the database is there");
        let account = accounts::list(&storage).await.expect("a list").remove(0).account_id;
        let rows = std::env::var("CAIRN_TEST_ROWS").map_or(2_300, |rows| rows.parse().expect("a number of rows"));
        let reader = storage.reader(account);
        let page = people::list(&reader, &View::default(), Order::default(), &PageRequest::first(2, None)).await;
        let person = page.expect("a page").items.remove(0).id;
        Some(Self { desk, reader, person, rows })
    }

    /// The file of an import. It changes the known person in its first row and makes one of each other row that does not fail.
    fn file(&self, import: usize) -> Vec<u8> {
        let mut file = format!("name,email,company,notes\nKnown,known@example.com,Import {import},\n");
        // As long as people's notes are, so that a pipe holds a small part of a batch.
        let notes = "A line of notes. ".repeat(22);
        for row in 1..self.rows {
            let email = if row % ROWS_A_FAILURE == 0 { String::new() } else { format!("{row}@{import}.example") };
            file.push_str(&format!(",{email},,{notes}\n"));
        }
        file.into_bytes()
    }

    fn failing(&self) -> usize {
        (self.rows - 1) / ROWS_A_FAILURE
    }

    /// Starts an import that reads from a pipe.
    fn start(&self, import: usize) -> Child {
        let program = std::env::var("CAIRN_TEST_PROGRAM").unwrap_or_else(|_| PROGRAM.to_owned());
        let category = format!("Import {import}");
        Command::new(program)
            .current_dir(self.desk.path())
            .args(["--database", &self.desk.database, "import", "people", "/dev/stdin", "--format", "csv"])
            .args(["--duplicates", "replace", "--category", &category])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts")
    }

    /// Imports a file and kills the program; tells how it ended.
    fn import_and_kill(&self, import: usize, moment: Moment) -> ExitStatus {
        let (file, mut child) = (self.file(import), self.start(import));
        let mut pipe = child.stdin.take().expect("it has a standard input");
        match moment {
            Moment::Reading(bytes) => pipe.write_all(&file[..bytes]).expect("the program reads"),
            Moment::Ending(delay) => {
                pipe.write_all(&file).expect("the program reads");
                drop(pipe);
                let end = Instant::now();
                while end.elapsed() < delay && child.try_wait().expect("it is ours").is_none() {
                    std::thread::yield_now();
                }
            }
        }
        child.kill().expect("it is ours");
        child.wait().expect("it ends")
    }

    /// Undoes or redoes an import and kills the program after a while; without one it goes on to its end.
    fn step_and_kill(&self, step: &str, import: &str, after: Option<Duration>) -> (ExitStatus, Duration) {
        let program = std::env::var("CAIRN_TEST_PROGRAM").unwrap_or_else(|_| PROGRAM.to_owned());
        let mut child = Command::new(program)
            .current_dir(self.desk.path())
            .args(["--database", &self.desk.database, "import", step, import])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let begin = Instant::now();
        if let Some(after) = after {
            while begin.elapsed() < after && child.try_wait().expect("it is ours").is_none() {
                std::thread::yield_now();
            }
            child.kill().expect("it is ours");
        }
        (child.wait().expect("it ends"), begin.elapsed())
    }

    /// All people as a file, but for when each was changed last.
    fn dump(&self) -> Vec<String> {
        let people = self.desk.ok(&["export", "people", "--format", "ndjson"]);
        let without = |line: &str| {
            let mut person: serde_json::Value = serde_json::from_str(line).expect("an object");
            person.as_object_mut().expect("an object").remove("updatedAt");
            person.to_string()
        };
        people.lines().map(without).collect()
    }

    /// Imports a file to its end; tells how long that takes after the last byte.
    fn import_whole(&self, import: usize) -> Duration {
        let mut child = self.start(import);
        child.stdin.take().expect("it has a standard input").write_all(&self.file(import)).expect("the program reads");
        let end = Instant::now();
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(if self.failing() > 0 { 3 } else { 0 }));
        end.elapsed()
    }

    async fn state(&self, import: usize) -> State {
        let category = Some(NameOrId::Name(format!("Import {import}")));
        let of_import = match people::count(&self.reader, &View { category, ..View::default() }).await {
            Err(Error::NotFound { .. }) => 0,
            count => count.expect("a count"),
        };
        State {
            people: people::count(&self.reader, &View::default()).await.expect("a count"),
            of_import,
            imports: self.applied().await,
            company: people::by_ids(&self.reader, &[self.person]).await.expect("a list").remove(0).company,
        }
    }

    /// How many imports are done. One whose process was killed counts as running until somebody sweeps.
    async fn applied(&self) -> usize {
        let imports = imports::newest(&self.reader, None, 100).await.expect("a list");
        imports.iter().filter(|import| import.status == imports::Status::Applied).count()
    }

    /// What the database has after an import that is there as a whole.
    fn after(&self, before: &State, import: usize) -> State {
        let good = (self.rows - self.failing()) as u64;
        State {
            people: before.people + good - 1,
            of_import: good,
            imports: before.imports + 1,
            company: Some(format!("Import {import}")),
        }
    }
}

on_each_database! {
    async fn a_killed_import_is_there_as_a_whole_or_not_at_all(known: Known) {
        let before = known.state(0).await;
        let ending = known.import_whole(0);
        assert_eq!(known.state(0).await, known.after(&before, 0));
        let tries = count("CAIRN_TEST_KILLS", 4) as usize;
        let (mut in_the_middle, mut whole) = (0, 0);
        for (import, moment) in (1..).zip(moments(tries, known.file(1).len(), ending)) {
            let before = known.state(import).await;
            let status = known.import_and_kill(import, moment);
            let after = known.state(import).await;
            eprintln!("{moment:?}: {status}, {} of {} people are there", after.of_import, known.after(&before, import).of_import);
            if after != before {
                whole += 1;
                assert_eq!(after, known.after(&before, import), "{moment:?}");
                assert!(!matches!(moment, Moment::Reading(_)), "it has not seen the whole file: {moment:?}");
            }
            let has_read = matches!(moment, Moment::Ending(_));
            in_the_middle += usize::from(has_read && after == before && status.signal() == Some(9));
        }
        eprintln!("{tries} tries: {in_the_middle} killed in the middle, {whole} done; the end of a whole one took {ending:?}");
        assert!(in_the_middle > 0, "no moment was in the middle of an import");
        // Whoever was killed stands in nobody's way.
        let before = known.state(tries + 1).await;
        known.import_whole(tries + 1);
        assert_eq!(known.state(tries + 1).await, known.after(&before, tries + 1));
    }
}

on_each_database! {
    async fn a_killed_undo_has_taken_back_all_or_nothing(known: Known) {
        let before = known.dump();
        known.import_whole(0);
        let applied = known.dump();
        let import = imports::newest(&known.reader, None, 1).await.expect("a list").remove(0).id;
        let import = format!("import_{}", import.simple());
        let (_, whole) = known.step_and_kill("undo", &import, None);
        assert!(known.dump() == before, "an undo takes the import back");
        known.step_and_kill("redo", &import, None);
        assert!(known.dump() == applied, "a redo puts it back");
        let tries = count("CAIRN_TEST_KILLS", 4);
        let (mut in_the_middle, mut done) = (0, 0);
        for part in 0..tries as usize {
            let share = u32::try_from(within(part, tries as usize) * 11 / 10).expect("a little more than the whole");
            let (status, _) = known.step_and_kill("undo", &import, Some(whole * share / 1_000_000));
            let dump = known.dump();
            let is_undone = dump == before;
            assert!(is_undone || dump == applied, "it is neither as it was nor as it will be");
            in_the_middle += usize::from(!is_undone && status.signal() == Some(9));
            if is_undone {
                done += 1;
                known.step_and_kill("redo", &import, None);
                assert!(known.dump() == applied, "a redo puts it back");
            }
        }
        eprintln!("{tries} tries: {in_the_middle} killed before the end, {done} done; a whole one took {whole:?}");
        assert!(in_the_middle > 0, "no moment was in the middle of an undo");
    }
}

/// Random moments over the whole of an import, in equal parts of it so that none is missed; every fourth is while the file arrives,
/// the others are spread over the time that the import takes then and a little more.
fn moments(tries: usize, length: usize, ending: Duration) -> Vec<Moment> {
    let reading = tries / 4;
    let endings = tries - reading;
    let bytes = |part| Moment::Reading(length * within(part, reading) / WHOLE);
    let delay = |part| {
        let share = u32::try_from(within(part, endings) * 6 / 5).expect("a little more than the whole");
        Moment::Ending(ending * share / 1_000_000)
    };
    (0..reading).map(bytes).chain((0..endings).map(delay)).collect()
}

/// Something whole, in the parts in which [`within`] counts.
const WHOLE: usize = 1_000_000;

/// A random place in one of so many equal parts of something whole. The standard library draws the keys of its maps at random.
fn within(part: usize, parts: usize) -> usize {
    let random = RandomState::new().build_hasher().finish() % WHOLE as u64;
    (part * WHOLE + usize::try_from(random).expect("less than the whole")) / parts
}

/// A trigger that takes longer than any test.
const TAKES_LONG: &str = "
    CREATE FUNCTION takes_long() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3600); RETURN NULL; END';
    CREATE TRIGGER takes_long BEFORE INSERT OR UPDATE OR DELETE ON people EXECUTE FUNCTION takes_long()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_gateway_leaves_no_statement_running() {
    let Some(desk) = Desk::on(Kind::Postgres, "a_killed_gateway_leaves_no_statement_running").await else { return };
    let desk = desk.with_account();
    let raw = Database::connect(ConnectOptions::new(&desk.database).max_connections(1).to_owned()).await;
    let raw = raw.expect("a connection");
    let running = async || {
        let query = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'cairn' AND state <> 'idle'";
        let row = raw.query_one_raw(Statement::from_string(DbBackend::Postgres, query)).await.expect("a row");
        row.expect("a row").try_get_by_index::<i64>(0).expect("a number")
    };
    let serving = desk.serve(&[]);
    let client = client_of(&serving).await;
    let receipt = client.import("/import/people", "name\nJane\n").await;
    raw.execute_unprepared(TAKES_LONG).await.expect("it is new");
    // A unit that is waited for, and an undo, which goes on without anybody.
    let undo = format!("/imports/{}/undo", receipt["id"].as_str().expect("an id"));
    let create = json!({ "query": "mutation { createPerson(input: { name: \"Joe\" }) { person { id } } }" });
    let create = tokio::spawn(client.request(Method::POST, "/graphql").json(&create).send());
    let undo = tokio::spawn(client.request(Method::POST, &undo).send());
    until(async || (running().await == 2).then_some(())).await;
    // It is killed.
    drop(serving);
    assert!(create.await.expect("no panic").is_err() && undo.await.expect("no panic").is_err());
    until(async || (running().await == 0).then_some(())).await;
}
