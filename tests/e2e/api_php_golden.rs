//! Golden traffic of the legacy API: every `CASE.form` of `compat-api/tests/golden` is answered as `CASE.reply` says.
//!
//! - `CASE.form`: header lines, an empty line, and the body; the last line end belongs to the file.
//! - `CASE.reply`: the body of the reply, byte by byte. `CASE.documented.reply` and `CASE.none.reply` are those of the
//!   other modes of `legacy.dtd`.
//! - `CASE.given`, where something has to be there before: lines with `now` and the moment at which it all happens, `form`
//!   and a form that is posted, or `graphql` and a document, for which `$lead` and `$person` are the first of their kind.
//! - `CASE.then`, where the account has to be looked at afterwards: a document, and on the next lines what it answers.
//!
//! With `UPDATE_EXPECT=1`, replies and answers that differ are written anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use compat_api::Settings;
use compat_api::reply::xml::Dtd;
use gateway::config::Config;
use gateway::serve::Server;
use harness::client::Client;
use harness::database::Kind;
use harness::on_each_database;
use harness::site::{NOW, PASSWORD, Site};
use reqwest::Method;
use serde_json::{Value, json};
use storage::Timestamp;

on_each_database! {
    async fn golden_traffic_is_answered_byte_by_byte(database: Database) {
        let cases = cases();
        assert!(cases.len() > 40, "the golden files are there");
        let mut wrong = String::new();
        for case in &cases {
            play(case, database.0, &mut wrong).await;
        }
        assert!(wrong.is_empty(), "{wrong}");
    }
}

/// The document names the cases in italics, and other tests in `code`.
#[test]
fn the_list_of_what_is_compatible_names_every_case_and_none_that_is_not_there() {
    let list = include_str!("../../compat-api/COMPATIBILITY.md");
    let words = |text: &str| text.split('*').map(ToOwned::to_owned).collect::<BTreeSet<_>>();
    let is_name = |word: &String| word.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) && !word.is_empty();
    let named: BTreeSet<_> = words(list).into_iter().filter(is_name).collect();
    let there: BTreeSet<_> = cases().iter().map(|case| case.name().to_owned()).collect();
    assert_eq!(named, there);
    let tests = [
        include_str!("api_php.rs"),
        include_str!("api_php_golden.rs"),
        include_str!("guard.rs"),
        include_str!("imports_cells.rs"),
        include_str!("webhook.rs"),
        include_str!("webhook_requests.rs"),
    ]
    .concat();
    let code = list.split('`').skip(1).step_by(2);
    // `login_email` and its like are fields of forms; no test has so short a name.
    for name in code.filter(|code| code.matches('_').count() > 2 && !code.contains('.')) {
        assert!(tests.contains(&format!("fn {name}(")), "there is no test {name}");
    }
}

/// Each case has a site of its own on this kind of database.
struct Database(Kind);

impl Database {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        harness::database::empty(kind, test).await.map(|_| Self(kind))
    }
}

/// A case by the path of its files without their extension.
struct Case(PathBuf);

impl Case {
    fn file(&self, extension: &str) -> PathBuf {
        self.0.with_extension(extension)
    }

    fn lines(&self, extension: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.file(extension)).unwrap_or_default();
        text.lines().map(ToOwned::to_owned).collect()
    }

    fn name(&self) -> &str {
        self.0.file_name().and_then(|name| name.to_str()).expect("golden files have plain names")
    }

    /// Compares bytes with a file, or writes them there.
    fn compare(&self, extension: &str, found: &[u8], wrong: &mut String) {
        let file = self.file(extension);
        let expected = std::fs::read(&file).unwrap_or_default();
        if found == expected {
            return;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&file, found).expect("golden files can be written");
            return;
        }
        let (expected, found) = (String::from_utf8_lossy(&expected), String::from_utf8_lossy(found));
        writeln!(wrong, "== {}.{extension}: expected\n{expected}\n-- found\n{found}", self.name())
            .expect("a String takes any text");
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../compat-api/tests/golden");
    let files = std::fs::read_dir(folder).expect("the folder is there").map(|file| file.expect("a file").path());
    let forms = files.filter(|file| file.extension().is_some_and(|extension| extension == "form"));
    let mut cases: Vec<_> = forms.map(|file| Case(file.with_extension(""))).collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

async fn play(case: &Case, kind: Kind, wrong: &mut String) {
    let given = case.lines("given");
    let now = given.iter().find_map(|line| line.strip_prefix("now "));
    let now = now.map_or(NOW, |now| now.parse::<jiff::Timestamp>().expect("a moment").as_second());
    let now = Timestamp::from_microseconds(now * 1_000_000);
    let site = Site::at(now, kind, case.name(), formats::builtin(), |_| {}).await.expect("the database is there");
    let client = site.client().await;
    for line in &given {
        match line.split_once(' ') {
            Some(("form", form)) => {
                let form = format!("{}&{form}", login());
                assert_eq!(post(&client, FORM, form.into_bytes()).await, b"Success", "{}: {line}", case.name());
            }
            Some(("graphql", document)) => drop(graphql(&client, document).await),
            Some(("now", _)) => {}
            _ => panic!("{}.given: {line}", case.name()),
        }
    }
    let form = std::fs::read(case.file("form")).expect("the form is there");
    let (head, body) = form.split_at(form.windows(2).position(|pair| pair == b"\n\n").expect("an empty line"));
    let head = std::str::from_utf8(head).expect("headers are ASCII");
    let body = &body[2..];
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    for (dtd, extension) in [(Dtd::Valid, "reply"), (Dtd::Documented, "documented.reply"), (Dtd::None, "none.reply")] {
        if dtd == Dtd::Valid || case.file(extension).exists() {
            let server = serving(&site, dtd).await;
            let reply = post(&Client::new(server.address()), head, body.to_vec()).await;
            case.compare(extension, &reply, wrong);
        }
    }
    if let Some(document) = case.lines("then").first() {
        let answer = graphql(&client, document).await;
        let found = format!("{document}\n{answer:#}\n");
        case.compare("then", found.as_bytes(), wrong);
    }
}

/// The same Cairn behind another door.
async fn serving(site: &Site, dtd: Dtd) -> Server {
    let config = Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        admin_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        legacy: Settings { dtd, ..Settings::default() },
        ..Config::default()
    };
    Server::start(site.engine.clone(), config).await.expect("free ports")
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

fn login() -> String {
    format!("login_email=admin%40acme.example&login_password={}", PASSWORD.replace(' ', "+"))
}

/// The body of the answer to a form under these header lines.
async fn post(client: &Client, head: &str, body: Vec<u8>) -> Vec<u8> {
    let mut request = client.request(Method::POST, "/api.php").body(body);
    for line in head.lines() {
        let (name, value) = line.split_once(": ").expect("a header");
        request = request.header(name, value);
    }
    let response = request.send().await.expect("the server answers");
    assert_eq!(response.status(), 200);
    response.bytes().await.expect("the answer is whole").to_vec()
}

/// The data of a document, with the ids of the first lead and the first person where it asks for them.
async fn graphql(client: &Client, document: &str) -> Value {
    let first = async |kind: &str| {
        let data = client.graphql(&format!("{{ {kind}(first: 1) {{ nodes {{ id }} }} }}"), json!({})).await;
        data[kind]["nodes"][0]["id"].clone()
    };
    let mut variables = json!({});
    for (name, kind) in [("lead", "transactions"), ("person", "people")] {
        if document.contains(&format!("${name}")) {
            variables[name] = first(kind).await;
        }
    }
    client.graphql(document, variables).await
}
