//! What is acknowledged is there, on SQLite too, whatever becomes of its disk: a client keeps a ledger of what it was told, the server is
//! killed, and the file must hold exactly that.
//!
//! `cargo test` tries few points. All of them, with a program that is built with `--release`:
//!
//! ```sh
//! cargo build --release && CAIRN_TEST_PROGRAM=$PWD/target/release/cairn CAIRN_TEST_LIMITS=200 CAIRN_TEST_FAULTS=200 \
//!     cargo test -p tests --test e2e durability -- --nocapture
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::client::Client;
use harness::database::Kind;
use harness::program::Serving;
use harness::require::{count, missing};
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, StatusCode};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{self, Connection as _};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Desk, PROGRAM, address_in};

/// How many writes a client tries at a point.
const WRITES: usize = 60;
/// After so many refusals it gives up.
const REFUSALS: usize = 12;
/// How many steps the full range of a sweep has.
const RANGE: usize = 200;
/// In how many bytes a shell counts the size of files.
const BLOCK: u64 = 512;

const CREATE: &str = "mutation($input: CreatePersonInput!) { createPerson(input: $input) { person { id } } }";

/// A database with one account, and an access token for each copy of it.
struct Template {
    desk: Desk,
    token: String,
}

/// A copy of it that is served.
struct Copy {
    folder: PathBuf,
    serving: Serving,
    client: Client,
}

/// What a client was told of its writes.
#[derive(Debug, Default)]
struct Ledger {
    acknowledged: BTreeSet<String>,
    refused: BTreeSet<String>,
    /// It did not wait for the answer.
    unknown: BTreeSet<String>,
}

/// What a sweep came to.
#[derive(Debug, Default)]
struct Sum {
    points: usize,
    points_with_refusals: usize,
    acknowledged: usize,
    refused: usize,
    stored: usize,
    lost: usize,
}

impl Template {
    async fn new() -> Self {
        let desk = Desk::on(Kind::Sqlite, "durability").await.expect("a folder").with_account();
        let serving = desk.serve(&[]);
        let mut client = Client::new(address_in(&serving.greeting).parse().expect("an address"));
        client.login("ann@acme.example", "a good password").await;
        let token = client.token().expect("it has signed in").to_owned();
        assert!(serving.stop(), "it closes the file");
        Self { desk, token }
    }

    fn file(&self) -> PathBuf {
        self.desk.path().join("cairn.db")
    }

    /// How large the file is.
    fn blocks(&self) -> u64 {
        fs::metadata(self.file()).expect("the file is there").len().div_ceil(BLOCK)
    }

    /// Serves a copy in a folder. The program is started by this command, which gets it as its last arguments.
    fn serve(&self, folder: &Path, command: &[&str]) -> Copy {
        fs::copy(self.file(), folder.join("cairn.db")).expect("there is room");
        self.serve_again(folder, command)
    }

    fn serve_again(&self, folder: &Path, command: &[&str]) -> Copy {
        let program = program();
        let database = format!("sqlite://{}/cairn.db", folder.display());
        let serve = ["--database", &database, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        let all = [command, &[&program], &serve[..]].concat();
        // Nobody reads its log, which says a lot here.
        let serving = Serving::start(all[0], folder, &[("CAIRN_LOG", "off")], &all[1..], "health at");
        let address = address_in(&serving.greeting).parse().expect("an address");
        Copy { folder: folder.to_owned(), client: Client::with_token(address, &self.token), serving }
    }
}

impl Copy {
    /// Writes until it is refused too often.
    async fn write(&self, ledger: &mut Ledger, names: &str) {
        let mut refusals = 0;
        for number in 0..WRITES {
            let name = format!("{names} {number}");
            let notes = "A line of notes. ".repeat(number * 37 % 200);
            let send = self.send(&name, &notes);
            if number % 7 == 3 {
                // The client goes away in the middle, now and then before the server has even begun.
                let patience = Duration::from_millis(number as u64 % 5);
                match tokio::time::timeout(patience, send).await {
                    Ok(answer) => ledger.note(name, &answer),
                    Err(_) => ledger.unknown.insert(name),
                };
                continue;
            }
            let answer = send.await;
            if !ledger.note(name, &answer) {
                refusals += 1;
                if refusals == REFUSALS {
                    return;
                }
            }
        }
    }

    async fn send(&self, name: &str, notes: &str) -> Answer {
        let body = json!({ "query": CREATE, "variables": { "input": { "name": name, "notes": notes } } });
        Answer::of(self.client.request(Method::POST, "/graphql").json(&body)).await
    }

    /// What `/ready` answers.
    async fn ready(&self) -> (StatusCode, String) {
        let greeting = &self.serving.greeting;
        let address = greeting.rsplit("health at ").next().expect("the greeting names it").trim();
        let answer = reqwest::get(format!("{address}/ready")).await.expect("it answers");
        (answer.status(), answer.text().await.expect("text"))
    }

    /// Waits until it can be written.
    async fn is_ready(&self) {
        while self.ready().await.0 != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends whoever traces the program. Each of its threads has its own count of what fails.
    async fn let_go(&self) {
        let tracer = || {
            let status = fs::read_to_string(format!("/proc/{}/status", self.serving.id())).expect("it runs");
            let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:")).expect("a number").trim();
            tracer.to_owned()
        };
        let traced_by = tracer();
        assert_ne!(traced_by, "0", "it is traced");
        let ended = Command::new("kill").args(["-TERM", &traced_by]).status().expect("kill");
        assert!(ended.success());
        while tracer() != "0" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Writes the log into the file, as any program may.
    async fn checkpoint(&self) {
        let options = SqliteConnectOptions::new().filename(self.folder.join("cairn.db"));
        let mut connection = SqliteConnection::connect_with(&options).await.expect("the file can be opened");
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut connection).await.expect("nobody is waited for");
        connection.close().await.expect("it can be closed");
    }

    /// Kills the server and looks into the file.
    async fn killed(self) -> BTreeSet<String> {
        let Self { folder, serving, .. } = self;
        drop(serving);
        stored(&folder).await
    }
}

/// The answer to a write.
struct Answer {
    status: StatusCode,
    retry_after: Option<String>,
    body: Value,
}

impl Answer {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("the server answers");
        let retry_after = response.headers().get(RETRY_AFTER).map(|value| value.to_str().expect("text").to_owned());
        let status = response.status();
        let body = response.text().await.expect("text");
        let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
        Self { status, retry_after, body }
    }
}

impl Ledger {
    /// Notes what a write was answered; true where it was acknowledged. A refusal says that it is the database's.
    fn note(&mut self, name: String, Answer { status, retry_after, body }: &Answer) -> bool {
        if body["data"]["createPerson"]["person"]["id"].is_string() {
            self.acknowledged.insert(name);
            return true;
        }
        let error = &body["errors"][0];
        assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{body}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains("disk of the database")), "{body}");
        assert_eq!((*status, retry_after.as_deref()), (StatusCode::SERVICE_UNAVAILABLE, Some("5")), "{body}");
        self.refused.insert(name);
        false
    }

    /// Compares it with what is stored, and adds it to the sum.
    fn settle(&self, stored: &BTreeSet<String>, sum: &mut Sum, point: &str) {
        let lost: Vec<_> = self.acknowledged.difference(stored).collect();
        let refused: Vec<_> = self.refused.intersection(stored).collect();
        sum.points += 1;
        sum.points_with_refusals += usize::from(!self.refused.is_empty());
        sum.acknowledged += self.acknowledged.len();
        sum.refused += self.refused.len();
        sum.stored += stored.difference(&self.unknown).count();
        sum.lost += lost.len();
        if !lost.is_empty() {
            eprintln!("{point}: {} acknowledged, lost: {lost:?}", self.acknowledged.len());
        }
        assert!(refused.is_empty(), "{point}: refused and stored all the same: {refused:?}");
    }
}

impl Sum {
    fn check(&self, sweep: &str) {
        eprintln!("{sweep}: {self:?}");
        assert_eq!(self.lost, 0, "{sweep}: {self:?}");
        assert_eq!(self.acknowledged, self.stored, "{sweep}: {self:?}");
        assert!(self.points_with_refusals > 0 && self.acknowledged > 0, "{sweep}: {self:?}");
    }
}

/// The names of all people in the file of a folder, which must be whole.
async fn stored(folder: &Path) -> BTreeSet<String> {
    let options = SqliteConnectOptions::new().filename(folder.join("cairn.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.expect("the file can be opened");
    let state: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.expect("an answer");
    assert_eq!(state, "ok");
    let names: Vec<String> =
        sqlx::query_scalar("SELECT name FROM people").fetch_all(&mut connection).await.expect("people");
    connection.close().await.expect("it can be closed");
    names.into_iter().collect()
}

fn program() -> String {
    std::env::var("CAIRN_TEST_PROGRAM").unwrap_or_else(|_| PROGRAM.to_owned())
}

/// So many of the steps of the full range, spread over it.
fn steps(tries: usize) -> impl Iterator<Item = usize> {
    (0..tries).map(move |step| if tries < RANGE { step * RANGE / tries } else { step })
}

/// A shell that lets no file grow over so many blocks.
fn limited(blocks: u64) -> String {
    format!("ulimit -f {blocks}; exec \"$@\"")
}

#[tokio::test]
async fn what_is_acknowledged_survives_any_limit_of_a_files_size() {
    let template = Template::new().await;
    let mut sum = Sum::default();
    for step in steps(count("CAIRN_TEST_LIMITS", 3) as usize) {
        let blocks = template.blocks() + 8 + step as u64;
        let folder = TempDir::new().expect("a folder");
        let copy = template.serve(folder.path(), &["sh", "-c", &limited(blocks), "sh"]);
        let mut ledger = Ledger::default();
        copy.write(&mut ledger, "Limited").await;
        // What somebody without a limit has written into the file makes room in its log, and Cairn goes on.
        copy.checkpoint().await;
        copy.is_ready().await;
        copy.write(&mut ledger, "Again").await;
        // Others read all the while.
        let people = copy.client.graphql("{ people(first: 100) { nodes { name } } }", json!({})).await;
        let seen = people["people"]["nodes"].as_array().expect("people").len();
        assert!(seen >= ledger.acknowledged.len(), "{blocks} blocks: {seen} of {}", ledger.acknowledged.len());
        ledger.settle(&copy.killed().await, &mut sum, &format!("{blocks} blocks"));
    }
    sum.check("limits of a file's size");
}

#[tokio::test]
async fn what_is_acknowledged_survives_any_failing_write() {
    if Command::new("strace").arg("--version").stdout(Stdio::null()).status().is_err() {
        missing("strace", "the test of failing writes");
        return;
    }
    let template = Template::new().await;
    let tries = count("CAIRN_TEST_FAULTS", 2) as usize;
    for (calls, error) in [("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("fsync,fdatasync", "EIO")] {
        let mut sum = Sum::default();
        for step in steps(tries) {
            let folder = TempDir::new().expect("a folder");
            let (file, log) = (folder.path().join("cairn.db"), folder.path().join("cairn.db-wal"));
            let [file, log] = [&file, &log].map(|path| path.to_str().expect("UTF-8"));
            let fault = format!("inject={calls}:error={error}:when={}", step + 1);
            let trace = format!("trace={calls}");
            let strace = [
                "strace",
                "-I1",
                "-D",
                "-f",
                "-qqq",
                "-o",
                "/dev/null",
                "-P",
                file,
                "-P",
                log,
                "-e",
                &trace,
                "-e",
                &fault,
            ];
            let copy = template.serve(folder.path(), &strace);
            let mut ledger = Ledger::default();
            copy.write(&mut ledger, "Failing").await;
            copy.let_go().await;
            copy.is_ready().await;
            let refused = ledger.refused.len();
            copy.write(&mut ledger, "Again").await;
            assert_eq!(ledger.refused.len(), refused, "{fault}: it works again");
            ledger.settle(&copy.killed().await, &mut sum, &fault);
        }
        sum.check(&format!("{error} of {calls}"));
    }
}

#[tokio::test]
async fn an_import_that_meets_a_limit_says_how_it_ended() {
    let template = Template::new().await;
    let folder = TempDir::new().expect("a folder");
    let copy = template.serve(folder.path(), &["sh", "-c", &limited(template.blocks() + 8), "sh"]);
    let rows: String = (0..3_000).map(|row| format!("Row {row},{row}@example.com\n")).collect();
    let file = format!("name,email\n{rows}");
    let refused = Answer::of(copy.client.request(Method::POST, "/import/people").body(file)).await;
    assert_eq!((refused.status, refused.retry_after.as_deref()), (StatusCode::SERVICE_UNAVAILABLE, Some("5")));
    let message = refused.body["error"]["message"].as_str().expect("a sentence");
    assert!(message.contains("disk of the database"), "{message}");
    let imports = "{ imports(first: 9) { nodes { status } } people { totalCount } }";
    let state = copy.client.graphql(imports, json!({})).await;
    assert_eq!(state, json!({ "imports": { "nodes": [{ "status": "FAILED" }] }, "people": { "totalCount": 0 } }));
    let mut ledger = Ledger::default();
    copy.write(&mut ledger, "After").await;
    assert!(!ledger.acknowledged.is_empty(), "what is taken back makes room");
    let mut sum = Sum::default();
    ledger.settle(&copy.killed().await, &mut sum, "after an import");
    assert_eq!(sum.lost, 0);
}

/// A small disk in memory, until it is dropped.
struct Disk(TempDir);

impl Disk {
    fn mounted() -> Option<Self> {
        let folder = TempDir::new().expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder.path()).stderr(Stdio::null());
        let mounted = mount.status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(folder))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // It stays behind where that fails, and goes with the machine.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one disk is walked through every door")]
async fn a_full_disk_is_said_at_every_door_until_there_is_room_again() {
    let Some(disk) = Disk::mounted() else {
        missing("tmpfs", "the test of a full disk");
        return;
    };
    let template = Template::new().await;
    let copy = template.serve(disk.0.path(), &["env"]);
    let mut ledger = Ledger::default();
    copy.write(&mut ledger, "Before").await;
    assert_eq!((copy.ready().await.0, ledger.refused.len()), (StatusCode::OK, 0));
    let filler = disk.0.path().join("filler");
    // Until nothing more goes in.
    let _ = fs::write(&filler, vec![1; 16 << 20]);
    copy.write(&mut ledger, "Full").await;
    assert!(ledger.refused.len() >= REFUSALS, "{ledger:?}");
    let said = "the disk of the database is full";

    let (status, text) = copy.ready().await;
    assert_eq!((status, text.contains(said)), (StatusCode::SERVICE_UNAVAILABLE, true), "{text}");
    let graphql = copy.send("Refused", "").await;
    let message = graphql.body["errors"][0]["message"].as_str().expect("a sentence");
    assert!(message.contains(said), "{message}");
    assert!(!ledger.note("Refused".to_owned(), &graphql));
    let login =
        "mutation { login(input: { email: \"ann@acme.example\", password: \"a good password\" }) { accessToken } }";
    let login = Answer::of(copy.client.request(Method::POST, "/graphql").json(&json!({ "query": login }))).await;
    assert_eq!(login.status, StatusCode::SERVICE_UNAVAILABLE, "{}", login.body);
    let rest = Answer::of(copy.client.request(Method::POST, "/import/people").body("name\nRefused\n")).await;
    assert_eq!(
        (rest.status, rest.retry_after.as_deref()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("5")),
        "{}",
        rest.body
    );
    assert!(rest.body["error"]["message"].as_str().is_some_and(|message| message.contains(said)), "{}", rest.body);
    let form = |fields: &[(&str, &str)]| {
        let login = [("login_email", "ann@acme.example"), ("login_password", "a good password")];
        copy.client.request(Method::POST, "/api.php").form(&login.iter().chain(fields).collect::<Vec<_>>())
    };
    let legacy = Answer::of(form(&[("create", "people"), ("name", "Refused")])).await;
    assert_eq!((legacy.status, legacy.retry_after.as_deref()), (StatusCode::SERVICE_UNAVAILABLE, Some("5")));
    assert!(
        legacy.body.as_str().is_some_and(|text| text.contains("The disk of the database is full")),
        "{}",
        legacy.body
    );
    let database = format!("sqlite://{}/cairn.db", disk.0.path().display());
    let user = ["--database", &database, "user", "create", "bob@acme.example", "--password-stdin"];
    let command = harness::program::run(&program(), disk.0.path(), &user, "a good password\n");
    let error = String::from_utf8_lossy(&command.stderr).into_owned();
    assert_eq!((command.status.code(), error.contains(said)), (Some(1), true), "{error}");
    // Reading goes on.
    let got = Answer::of(form(&[("get", "people")])).await;
    assert_eq!(got.status, StatusCode::OK);
    assert!(copy.client.download("/export/people.csv").await.lines().count() > ledger.acknowledged.len());

    fs::remove_file(&filler).expect("it is there");
    copy.is_ready().await;
    let refused = ledger.refused.len();
    copy.write(&mut ledger, "After").await;
    assert_eq!(ledger.refused.len(), refused, "there is room");
    let mut sum = Sum::default();
    ledger.settle(&copy.killed().await, &mut sum, "a full disk");
    sum.check("a full disk");
    let again = template.serve_again(disk.0.path(), &["env"]);
    let people = again.client.graphql("{ people { totalCount } }", json!({})).await;
    assert!(people["people"]["totalCount"].as_u64().is_some_and(|count| count >= ledger.acknowledged.len() as u64));
}

#[tokio::test]
async fn the_log_goes_into_the_file_a_moment_after_the_last_write() {
    let template = Template::new().await;
    let (folder, beside) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let copy = template.serve(folder.path(), &["env"]);
    assert_eq!(copy.send("Kept", "").await.status, StatusCode::OK);
    // The file alone, without its log.
    loop {
        fs::copy(folder.path().join("cairn.db"), beside.path().join("cairn.db")).expect("there is room");
        if stored(beside.path()).await.contains("Kept") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
