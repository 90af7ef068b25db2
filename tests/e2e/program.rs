//! The program as its users start it: the demo, the command line, several processes at once, an orderly end.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use harness::client::Client;
use harness::database::{Kind, empty};
use harness::on_each_database;
use harness::program::{Serving, run};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The program that this package builds: `gateway::run` with one more format.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_cairn-with-names");

/// A folder to work in and a database that processes can share.
pub(crate) struct Desk {
    folder: TempDir,
    pub(crate) database: String,
}

impl Desk {
    pub(crate) async fn on(kind: Kind, test: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let database = match kind {
            Kind::Sqlite => format!("sqlite://{}/cairn.db", folder.path().display()),
            Kind::Postgres => empty(kind, test).await?,
        };
        Some(Self { folder, database })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command to its end.
    pub(crate) fn cairn(&self, arguments: &[&str]) -> Output {
        run(PROGRAM, self.path(), &[&["--database", &self.database], arguments].concat(), "a good password\n")
    }

    /// The standard output of a command that succeeds.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.cairn(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The standard error of a command that fails.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let output = self.cairn(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).expect("UTF-8")
    }

    /// Makes the account `acme`.
    pub(crate) fn with_account(self) -> Self {
        let create = ["account", "create", "acme", "--name", "ACME", "--email", "ann@acme.example", "--password-stdin"];
        self.ok(&create);
        self
    }

    /// Starts `cairn serve` on free ports.
    pub(crate) fn serve(&self, more: &[&str]) -> Serving {
        self.serve_with(&[], more)
    }

    /// The same with variables in its environment.
    pub(crate) fn serve_with(&self, environment: &[(&str, &str)], more: &[&str]) -> Serving {
        let serve = ["--database", &self.database, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        let last = if more.contains(&"--demo") { "search=ACME" } else { "health at" };
        Serving::start(PROGRAM, self.path(), environment, &[&serve, more].concat(), last)
    }
}

on_each_database! {
    async fn the_demo_prints_what_works_and_prints_it_again(desk: Desk) {
        let first = desk.serve(&["--demo"]);
        let address = address_in(&first.greeting);
        let mut client = Client::new(address.parse().expect("an address"));
        // The curl of the greeting, as it stands there.
        let curls = first.greeting[first.greeting.find("curl").expect("a curl")..].replace("curl ", "curl -sS ");
        let output = Command::new("sh").args(["-c", &curls]).output().expect("a shell");
        let answer = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(answer.starts_with("Success<?xml version=\"1.0\"?>"), "{answer}");
        assert!(answer.contains("<name>Jane Doe - ACME Ltd</name>"), "{answer}");
        client.login("demo@example.com", "demo-password").await;
        let counts = "{ people { totalCount } transactions { totalCount } categories { totalCount } }";
        let data = client.graphql(counts, json!({})).await;
        let count = |noun: &str| data[noun]["totalCount"].as_i64().expect("a count");
        // One of each is the lead that curl has made.
        assert_eq!((count("people"), count("transactions"), count("categories")), (241, 243, 6), "{data}");
        for url in first.greeting.split_whitespace().filter(|word| word.starts_with("http://") && word.contains("export")) {
            let path = &url[url.find("/export").expect("a path")..];
            assert!(client.download(path).await.len() > 1_000, "{url}");
        }
        let greeting = first.greeting.clone();
        assert!(first.stop(), "SIGTERM ends it well");
        let second = desk.serve(&["--demo"]);
        let without_ports = |greeting: &str| greeting.replace(&address_in(greeting), "ADDRESS");
        let lines = |greeting: &str| -> Vec<String> {
            without_ports(greeting).lines().filter(|line| !line.starts_with("Health")).map(ToOwned::to_owned).collect()
        };
        assert_eq!(lines(&greeting), lines(&second.greeting));
    }

    async fn the_demo_refuses_another_database_and_other_addresses(desk: Desk) {
        let desk = desk.with_account();
        assert!(desk.fails(&["serve", "--demo"]).contains("--demo wants an empty database"));
        let off_loopback = desk.fails(&["serve", "--demo", "--listen", "0.0.0.0:0"]);
        assert!(off_loopback.contains("loopback only"), "{off_loopback}");
    }

    async fn a_file_goes_in_and_comes_out(desk: Desk) {
        let desk = desk.with_account();
        let file = desk.path().join("people.csv");
        std::fs::write(&file, "name,company,email\nZoë,Æble,zoe@example.com\n,,\nBob,,\n,,nn@example.com\n").expect("a file");
        let file = file.to_str().expect("UTF-8");
        let receipt: Value = serde_json::from_str(&desk.ok(&["import", "people", file, "--json"])).expect("JSON");
        let counts = ["read", "created", "updated", "unchanged", "skipped", "failed"].map(|name| receipt[name].as_u64());
        assert_eq!(counts, [Some(3), Some(3), Some(0), Some(0), Some(0), Some(0)]);
        assert_eq!(receipt["file"]["name"], "people.csv");
        let table = desk.ok(&["import", "people", file, "--category", "Press", "--duplicates", "merge"]);
        assert!(table.contains("updated  3"), "{table}");
        let out = desk.path().join("out.json");
        desk.ok(&["export", "people", "--category", "press", "--sort", "-name", "-o", out.to_str().expect("UTF-8")]);
        let people: Vec<Value> = serde_json::from_slice(&std::fs::read(&out).expect("the file")).expect("JSON");
        let names: Vec<_> = people.iter().map(|person| person["name"].as_str()).collect();
        assert_eq!(names, [Some("Zoë"), None, Some("Bob")]);
        let csv = desk.ok(&["export", "people", "--search", "aeble OR nothing"]);
        assert_eq!(csv.lines().count(), 1, "every word must be found: {csv}");
        assert_eq!(desk.ok(&["export", "people", "--format", "names", "--search", "zoe"]), "Zoë\n");
    }

    async fn an_import_with_failed_rows_ends_with_a_code_of_its_own(desk: Desk) {
        let desk = desk.with_account();
        let file = desk.path().join("people.csv");
        std::fs::write(&file, "name,city\nZoë,Köln\n,Ulm\n").expect("a file");
        let output = desk.cairn(&["import", "people", file.to_str().expect("UTF-8")]);
        assert_eq!(output.status.code(), Some(3));
        let receipt = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(receipt.contains("   created  1\n") && receipt.contains("row 2, line 3"), "{receipt}");
        assert_eq!(output.stderr, b"", "no bar where there is no terminal");
    }

    async fn accounts_and_users_are_made_and_listed(desk: Desk) {
        let desk = desk.with_account();
        assert_eq!(desk.ok(&["account", "list"]), "SUBDOMAIN  NAME  TIME ZONE\nacme       ACME  UTC\n");
        let made = desk.ok(&["user", "create", "bob@acme.example", "--role", "reader"]);
        let password = made.rsplit(' ').next().expect("a password").trim();
        assert_eq!(password.len(), 20, "{made}");
        let listed = desk.ok(&["user", "list"]);
        assert!(listed.contains("bob@acme.example  bob@acme.example  reader"), "{listed}");
        desk.ok(&["account", "create", "globex", "--name", "Globex", "--email", "ann@acme.example", "--time-zone", "Asia/Tokyo"]);
        let export = desk.fails(&["export", "people"]);
        assert!(export.contains("say which one with --account: acme, globex"), "{export}");
        let export = desk.fails(&["export", "people", "--account", "acme"]);
        assert!(export.contains("say which one with --user: ann@acme.example, bob@acme.example"), "{export}");
        desk.ok(&["export", "people", "--account", "globex"]);
        let again = desk.fails(&["account", "create", "acme", "--name", "A", "--email", "a@b.example"]);
        assert!(again.contains("the subdomain acme is taken"), "{again}");
        let zone = desk.fails(&["account", "create", "x", "--name", "A", "--email", "a@b.example", "--time-zone", "Mars"]);
        assert!(zone.contains("write it like Europe/Berlin"), "{zone}");

        let server = desk.serve(&[]);
        let mut client = Client::new(address_in(&server.greeting).parse().expect("an address"));
        client.login("bob@acme.example", password).await;
        assert_eq!(client.graphql("{ me { role } }", json!({})).await["me"]["role"], "READER");
    }

    async fn users_are_changed_at_the_command_line(desk: Desk) {
        let desk = desk.with_account();
        desk.ok(&["user", "create", "bob@acme.example", "--role", "reader", "--password-stdin"]);
        let server = desk.serve(&[]);
        let address = address_in(&server.greeting).parse().expect("an address");
        let login = "mutation($password: String!) {
            login(input: { email: \"bob@acme.example\", password: $password }) { user { role } }
        }";
        let role = async |password: &str| {
            let answer = Client::new(address).graphql_answer(login, json!({ "password": password })).await;
            answer.pointer("/data/login/user/role").and_then(Value::as_str).map(ToOwned::to_owned)
        };
        assert_eq!(role("a good password").await.as_deref(), Some("READER"));
        assert_eq!(desk.ok(&["user", "set-role", "BOB@acme.example", "member"]), "bob@acme.example is member now.\n");
        assert_eq!(role("a good password").await.as_deref(), Some("MEMBER"));
        assert_eq!(desk.ok(&["user", "disable", "bob@acme.example"]), "bob@acme.example may not sign in any more.\n");
        assert_eq!(role("a good password").await, None);
        let listed = desk.ok(&["user", "list"]);
        assert!(listed.contains("member  disabled") && listed.contains("admin   enabled"), "{listed}");
        assert_eq!(desk.ok(&["user", "enable", "bob@acme.example"]), "bob@acme.example may sign in.\n");
        let made = desk.ok(&["user", "set-password", "bob@acme.example"]);
        let password = made.rsplit(' ').next().expect("a password").trim();
        assert_eq!((role("a good password").await, role(password).await.as_deref()), (None, Some("MEMBER")));
        let last = desk.fails(&["user", "disable", "ann@acme.example"]);
        assert!(last.contains("make somebody else an admin first"), "{last}");
        let nobody = desk.fails(&["user", "enable", "eve@acme.example"]);
        assert!(nobody.contains("cairn user list"), "{nobody}");
    }

    async fn mistakes_are_told_with_what_would_be_right(desk: Desk) {
        assert!(desk.fails(&["export", "people"]).contains("cairn account create"));
        let desk = desk.with_account();
        let odd = desk.path().join("people.odd");
        std::fs::write(&odd, b"\x89PNG\r\n\x1a\n\0").expect("a file");
        let odd = odd.to_str().expect("UTF-8");
        for (arguments, words) in [
            (vec!["import", "people", "missing.csv"], "cannot read missing.csv"),
            (vec!["import", "people", odd], "the option format"),
            (vec!["import", "people", odd, "--format", "odd"], "csv"),
            (vec!["import", "messages", odd, "--format", "csv"], "messages cannot be imported"),
            (vec!["export", "people", "--format", "odd"], "csv"),
            (vec!["export", "people", "--category", "None"], "there is no such category"),
            (vec!["export", "people", "--sort", "age"], "name, created or updated"),
            (vec!["export", "people", "-o", "no/such/folder/x.csv"], "cannot write no/such/folder/x.csv"),
        ] {
            let message = desk.fails(&arguments);
            assert!(message.starts_with("cairn: ") && message.contains(words), "{arguments:?}: {message}");
        }
        for arguments in [vec!["import", "persons", odd], vec!["export"], vec!["nonsense"]] {
            assert_eq!(desk.cairn(&arguments).status.code(), Some(2), "{arguments:?}");
        }
    }

    async fn migrations_are_listed_and_only_taken_back_on_purpose(desk: Desk) {
        let status = desk.ok(&["migrate", "status"]);
        let state = |status: &str| {
            let first = status.lines().find_map(|line| line.strip_prefix("m0001_first_slice"));
            first.map(|state| state.trim().to_owned())
        };
        assert_eq!(state(&status).as_deref(), Some("pending"), "{status}");
        assert_eq!(state(&desk.ok(&["migrate", "up"])).as_deref(), Some("applied"));
        assert_eq!(desk.cairn(&["migrate", "down"]).status.code(), Some(2));
        let status = desk.ok(&["migrate", "down", "--delete-data"]);
        let last = status.lines().last().expect("a list").split_whitespace().collect::<Vec<_>>();
        assert_eq!(last, ["m0013_sign_in_directory", "pending"], "{status}");
    }

    async fn a_request_that_runs_when_the_signal_comes_is_finished(desk: Desk) {
        let desk = desk.with_account();
        let server = desk.serve(&[]);
        let address = address_in(&server.greeting);
        let body = "name\nJane\n";
        let mut upload = begun_upload(&address, body.len()).await;
        terminate_and_wait_until_nobody_is_let_in(&server).await;
        upload.write_all(body.as_bytes()).await.expect("it is read");
        let mut answer = String::new();
        upload.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"created\":1"), "{answer}");
        assert_eq!(server.wait(), Some(0), "it ended well");
        assert!(desk.ok(&["export", "people"]).contains("Jane"));
    }

    async fn a_request_that_does_not_end_is_cut_off(desk: Desk) {
        let desk = desk.with_account();
        let server = desk.serve_with(&[("CAIRN_LIMITS__SHUTDOWN_SECONDS", "1")], &[]);
        let mut upload = begun_upload(&address_in(&server.greeting), 10).await;
        server.terminate();
        assert_eq!(server.wait(), Some(0), "it ends by itself");
        let mut answer = Vec::new();
        // The end of the connection or its reset, but no answer.
        let _ = upload.read_to_end(&mut answer).await;
        assert_eq!(String::from_utf8_lossy(&answer), "");
        assert_eq!(desk.ok(&["export", "people"]).lines().count(), 1);
    }

    async fn a_second_signal_ends_it_at_once(desk: Desk) {
        let desk = desk.with_account();
        let server = desk.serve_with(&[("CAIRN_LIMITS__SHUTDOWN_SECONDS", "86400"), ("CAIRN_LIMITS__BODY_IDLE_SECONDS", "86400")], &[]);
        let _upload = begun_upload(&address_in(&server.greeting), 10).await;
        terminate_and_wait_until_nobody_is_let_in(&server).await;
        server.terminate();
        assert_eq!(server.wait(), Some(1));
    }

    async fn a_real_account_called_demo_is_no_demo(desk: Desk) {
        let create = ["account", "create", "demo", "--name", "Demo Inc", "--email", "ann@demo.example", "--password-stdin"];
        desk.ok(&create);
        assert!(desk.fails(&["serve", "--demo"]).contains("--demo wants an empty database"));
        // The user alone is not enough: the credentials that are printed must work.
        desk.ok(&["user", "create", "demo@example.com", "--password-stdin"]);
        assert!(desk.fails(&["serve", "--demo"]).contains("--demo wants an empty database"));
        assert_eq!(desk.ok(&["export", "people", "--user", "ann@demo.example"]).lines().count(), 1, "nothing was filled in");
    }

    async fn a_demo_whose_filling_was_cut_off_is_finished(desk: Desk) {
        let storage = storage::Storage::connect(&desk.database, storage::Pool::default()).await.expect("the database is there");
        storage.migrate().await.expect("an empty database can be migrated");
        let program = ["--database", &desk.database, "serve", "--demo", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        let mut cut_off = Command::new(PROGRAM).args(program).current_dir(desk.path()).env_clear().spawn().expect("it starts");
        while people_in(&storage).await < 20 {
            assert!(cut_off.try_wait().expect("it is our child").is_none(), "it ended before it was cut off");
        }
        cut_off.kill().expect("it runs");
        cut_off.wait().expect("it is our child");
        let server = desk.serve(&["--demo"]);
        let mut client = Client::new(address_in(&server.greeting).parse().expect("an address"));
        client.login("demo@example.com", "demo-password").await;
        let data = client.graphql("{ people { totalCount } transactions { totalCount } }", json!({})).await;
        assert_eq!(data, json!({ "people": { "totalCount": 240 }, "transactions": { "totalCount": 242 } }));
    }

    async fn a_word_that_looks_like_a_selector_is_told_on_the_terminal(desk: Desk) {
        let desk = desk.with_account();
        let told = |search: &str| {
            let output = desk.cairn(&["export", "people", "--search", search]);
            assert!(output.status.success(), "{search}");
            let document = String::from_utf8(output.stdout).expect("UTF-8");
            assert!(document.starts_with("id,") && !document.contains("note:"), "{document}");
            String::from_utf8(output.stderr).expect("UTF-8")
        };
        let note = "note: \"categry:x\" is searched as text, since categry: is no selector; did you mean category:?\n";
        let said = told("categry:x");
        assert!(said.contains(note), "{said}");
        let said = told("categry:x ann emial:y");
        assert!(said.contains(note) && said.contains("note: \"emial:y\" is searched as text"), "{said}");
        for search in ["email:x", "value:>5", "http://example.com", "ann"] {
            let said = told(search);
            assert!(!said.contains("note:"), "{search}: {said}");
        }
    }

    async fn an_export_is_written_as_the_shell_would(desk: Desk) {
        let desk = desk.with_account();
        let file = desk.path().join("people.csv");
        std::fs::write(&file, "name\nZoë\n").expect("a file");
        desk.ok(&["import", "people", file.to_str().expect("UTF-8")]);
        let (path, names) = (|name: &str| desk.path().join(name), ["export", "people", "--format", "names", "-o"]);
        let export = |to: &str| desk.ok(&[&names[..], &[to]].concat());
        assert_eq!(export("/dev/stdout"), "Zoë\n");

        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script, PROGRAM]).args(["--database", &desk.database]).args(names).current_dir(desk.path());
            let output = command.output().expect("a shell");
            assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).expect("UTF-8")
        };
        assert_eq!(shell("mkfifo pipe; cat pipe & \"$0\" \"$@\" pipe && wait"), "Zoë\n");
        assert_eq!(shell("umask 027; \"$0\" \"$@\" new; \"$0\" \"$@\" /dev/null; ls -l new | cut -c1-10"), "-rw-r-----\n");
        assert_eq!(shell("echo first > both; \"$0\" \"$@\" /dev/stdout >> both; cat both"), "first\nZoë\n");

        let (target, link, dangling) = (path("target"), path("link"), path("dangling"));
        std::fs::write(&target, "old").expect("a file");
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
        std::os::unix::fs::symlink("target", &link).expect("a link");
        std::os::unix::fs::symlink("not-yet", &dangling).expect("a link");
        export(link.to_str().expect("UTF-8"));
        export(dangling.to_str().expect("UTF-8"));
        for (link, target) in [(link, target.clone()), (dangling, path("not-yet"))] {
            assert!(link.is_symlink(), "{}", link.display());
            assert_eq!(std::fs::read_to_string(target).expect("the file"), "Zoë\n");
        }
        let mode = std::fs::metadata(&target).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "what was private stays so");
    }

    async fn five_processes_may_start_at_once(desk: Desk) {
        let servers: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..5).map(|_| scope.spawn(|| desk.serve(&[]))).collect();
            starts.into_iter().map(|start| start.join().expect("it serves")).collect()
        });
        let create = ["account", "create", "acme", "--name", "ACME", "--email", "ann@acme.example", "--password-stdin"];
        desk.ok(&create);
        // A token of one is good at all of them, whichever made the signing key.
        let addresses: Vec<_> = servers.iter().map(|server| address_in(&server.greeting)).collect();
        for from in &addresses {
            let mut client = Client::new(from.parse().expect("an address"));
            client.login("ann@acme.example", "a good password").await;
            for to in &addresses {
                let other = Client::new(to.parse().expect("an address"));
                let me = other.request(reqwest::Method::POST, "/graphql").bearer_auth(client.token().expect("a token"));
                let answer = me.json(&json!({ "query": "{ me { email } }" })).send().await.expect("an answer");
                assert_eq!(answer.status(), 200, "{from} -> {to}");
            }
        }
        for server in servers {
            assert!(server.stop(), "SIGTERM ends it well");
        }
    }
}

#[test]
fn what_needs_no_database_works_without_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| run(PROGRAM, folder.path(), arguments, "");
    let output = run(&["formats"]);
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(table.starts_with("FORMAT") && table.contains("\nnames "), "{table}");
    let output = run(&["schema"]);
    let sdl = include_str!("../../schema/schema.graphql");
    assert_eq!(String::from_utf8(output.stdout).expect("UTF-8"), sdl);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "no database was made");
}

#[test]
fn the_configuration_comes_from_file_environment_and_flags_in_this_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let status = |environment: &[(&str, &str)], flags: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.current_dir(folder.path()).env_clear().envs(environment.iter().copied()).args(flags);
        let output = command.args(["migrate", "up"]).output().expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let exists = |name: &str| folder.path().join(name).exists();
    assert!(status(&[], &[]).0 && exists("cairn.db"), "the default");
    std::fs::write(folder.path().join("cairn.toml"), "database = \"sqlite://file.db\"\n").expect("a file");
    assert!(status(&[], &[]).0 && exists("file.db"));
    assert!(status(&[("CAIRN_DATABASE", "sqlite://env.db")], &[]).0 && exists("env.db"));
    std::fs::write(folder.path().join("secret"), "sqlite://secret.db\n").expect("a file");
    assert!(status(&[("CAIRN_DATABASE_FILE", "secret")], &[]).0 && exists("secret.db"));
    let flags = ["--database", "sqlite://flag.db"];
    assert!(status(&[("CAIRN_DATABASE", "sqlite://env2.db")], &flags).0 && exists("flag.db") && !exists("env2.db"));
    std::fs::write(folder.path().join("cairn.toml"), "databse = \"sqlite://typo.db\"\n").expect("a file");
    let (succeeded, message) = status(&[], &[]);
    assert!(!succeeded && message.contains("databse"), "{message}");
    let (succeeded, message) = status(&[("CAIRN_DATABASE_FILE", "nowhere")], &[]);
    assert!(!succeeded && message.contains("nowhere"), "{message}");
}

#[test]
fn a_configuration_elsewhere_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("cairn.toml"), "database = \"sqlite://parent.db\"\n").expect("a file");
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).expect("a folder");
    let output = run(PROGRAM, &inner, &["migrate", "up"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(inner.join("cairn.db").exists() && !inner.join("parent.db").exists());
}

#[test]
fn a_mistake_in_the_configuration_does_not_print_the_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let message = |environment: &[(&str, &str)]| {
        let mut command = Command::new(PROGRAM);
        command.current_dir(folder.path()).env_clear().envs(environment.iter().copied()).args(["migrate", "up"]);
        let output = command.output().expect("it runs");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    for (variable, value, told) in [
        ("CAIRN_DATABASE", "['postgres://u:secret@h/x']", "cannot open the database"),
        ("CAIRN_DATABASE", "[\"postgres://u:secret@h/x\"]", "database"),
        ("CAIRN_DATABASE", "73737", "the value of database"),
        ("CAIRN_DATABASE_FILE", "postgres://u:secret@h/x", "CAIRN_DATABASE_FILE"),
    ] {
        let message = message(&[(variable, value)]);
        assert!(
            message.contains(told) && !message.contains("secret") && !message.contains("73737"),
            "{value}: {message}"
        );
    }
    for (file, told) in [
        ("database = 73737\n", "the value of database"),
        ("database = \"postgres://u:secret@h/x\n", "line 1"),
        ("database = { url = \"postgres://u:secret@h/x\" }\n", "the value of database"),
        ("database = \"postgres://u:secret@h/x\"\nnonsense = 1\n", "nonsense"),
    ] {
        std::fs::write(folder.path().join("cairn.toml"), file).expect("a file");
        let message = message(&[]);
        assert!(
            message.contains(told) && !message.contains("secret") && !message.contains("73737"),
            "{file}: {message}"
        );
    }
}

#[test]
fn a_password_in_the_url_is_never_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let urls = [
        "postgres://u:secret@[bad/x",
        "postgres://u:secret@127.0.0.1:1/x",
        "postgres://u:secret@127.0.0.1:port/x",
        "postgre://u:secret@127.0.0.1/x",
        "sqlite://u:secret@/no/such/folder/x.db?mode=nonsense",
    ];
    for url in urls {
        let output = run(PROGRAM, folder.path(), &["--database", url, "account", "list"], "");
        assert_eq!(output.status.code(), Some(1), "{url}");
        let message = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(message.contains("cannot open the database") && !message.contains("secret"), "{url}: {message}");
    }
}

/// An import of so many bytes whose head has been sent and which the server waits for.
async fn begun_upload(address: &str, length: usize) -> TcpStream {
    let mut upload = TcpStream::connect(address).await.expect("a connection");
    let head = format!(
        "POST /import/people?format=csv HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\nConnection: close\r\n\
         Expect: 100-continue\r\nAuthorization: Basic YW5uQGFjbWUuZXhhbXBsZTphIGdvb2QgcGFzc3dvcmQ=\r\n\r\n"
    );
    upload.write_all(head.as_bytes()).await.expect("it is read");
    // The server asks for the body: the request runs.
    let mut go_on = [0; 25];
    upload.read_exact(&mut go_on).await.expect("an answer");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    upload
}

/// Tells a server to stop. From a certain moment on nobody new is let in; that is how one sees that the signal arrived.
async fn terminate_and_wait_until_nobody_is_let_in(server: &Serving) {
    server.terminate();
    while TcpStream::connect(address_in(&server.greeting)).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

/// How many people the first account has, none where there is no account.
async fn people_in(storage: &storage::Storage) -> u64 {
    let accounts = storage::query::accounts::list(storage).await.expect("the database answers");
    let Some(account) = accounts.first() else { return 0 };
    let reader = storage.reader(account.account_id);
    storage::query::people::count(&reader, &storage::View::default()).await.expect("the database answers")
}

#[test]
fn config_prints_what_is_in_force_and_where_it_comes_from() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("cairn.toml"), "listen = \"127.0.0.1:1\"\n[limits]\nconnections = 7\n")
        .expect("a file");
    let output = Command::new(PROGRAM)
        .current_dir(folder.path())
        .env_clear()
        .env("CAIRN_BASE_DOMAIN", "crm.example")
        .env("CAIRN_LIMITS__GRAPHQL_BODY", "9")
        .args(["config", "--database", "postgres://ann:se:cret@db.example/x"])
        .output()
        .expect("it runs");
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    let rows: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let row = |key: &str| rows.iter().find(|row| row[0] == key).unwrap_or_else(|| panic!("no {key}: {table}")).clone();
    assert_eq!(row("listen"), ["listen", "127.0.0.1:1", "cairn.toml"]);
    assert_eq!(row("admin_listen"), ["admin_listen", "127.0.0.1:9090", "default"]);
    assert_eq!(row("base_domain"), ["base_domain", "crm.example", "environment"]);
    assert_eq!(row("database"), ["database", "postgres://ann:…@db.example/x", "command", "line"]);
    assert_eq!(row("limits.connections"), ["limits.connections", "7", "cairn.toml"]);
    assert_eq!(row("limits.graphql_body"), ["limits.graphql_body", "9", "environment"]);
    let keys = leaves(&serde_json::to_value(gateway::config::Config::default()).expect("it can be written"));
    assert_eq!(rows.len(), 1 + keys, "every key has its line below the head: {table}");
}

#[test]
fn the_manual_has_every_option_with_its_default_and_every_flag_of_the_server() {
    let pages = ["docs/configuration.md", "docs/use/command-line.md", "README.md"];
    let page = |page: &str| std::fs::read_to_string(format!("{}/../{page}", env!("CARGO_MANIFEST_DIR")));
    let manual = pages.map(|name| page(name).expect("there is one")).concat();
    let table: Vec<&str> = manual.lines().filter(|line| line.starts_with("| `")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let output = Command::new(PROGRAM).current_dir(folder.path()).env_clear().args(arguments).output();
        String::from_utf8(output.expect("it runs").stdout).expect("UTF-8")
    };
    for row in run(&["config"]).lines().skip(1) {
        let [key, value] = row.split_whitespace().collect::<Vec<_>>()[..2] else { panic!("no option: {row}") };
        let line = table.iter().find(|line| line.contains(&format!("`{key}`"))).unwrap_or_else(|| panic!("no {key}"));
        assert!(line.contains("CAIRN_"), "{line}");
        let last = line.trim_end_matches([' ', '|']).rsplit('|').next().expect("a cell");
        assert!(written(value).iter().any(|written| last.contains(written)), "{key} is {value}, and not{last}");
    }
    let help = run(&["serve", "--help"]);
    let flags = help.split_whitespace().filter(|word| word.starts_with("--") && *word != "--help");
    for flag in flags {
        assert!(manual.contains(&format!("`{flag}`")) || manual.contains(&format!("{flag} ")), "no {flag}");
    }
}

/// How a manual may write a value: of a number also the thousands, and the units of sizes.
fn written(value: &str) -> Vec<String> {
    let Ok(number) = value.parse::<u64>() else { return vec![value.to_owned()] };
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1_000_000, "million")];
    let in_units = units.iter().filter(|(unit, _)| number >= *unit && number % unit == 0);
    let mut found: Vec<_> = in_units.map(|(unit, name)| format!("{} {name}", number / unit)).collect();
    found.push(if number < 1_000 { value.to_owned() } else { format!("{},{:03}", number / 1_000, number % 1_000) });
    found
}

/// How many values there are that are no table.
fn leaves(value: &serde_json::Value) -> usize {
    value.as_object().map_or(1, |table| table.values().map(leaves).sum())
}

/// As where the log lies on the disk that is full.
#[tokio::test]
async fn a_log_that_cannot_be_written_stops_nothing() {
    let desk =
        Desk::on(Kind::Sqlite, "a_log_that_cannot_be_written_stops_nothing").await.expect("a folder").with_account();
    let arguments = [
        "-c",
        "exec \"$@\" 2>/dev/full",
        "sh",
        PROGRAM,
        "--database",
        &desk.database,
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
    ];
    let server = Serving::start("sh", desk.path(), &[("CAIRN_LOG", "debug")], &arguments, "health at");
    let mut client = Client::new(address_in(&server.greeting).parse().expect("an address"));
    client.login("ann@acme.example", "a good password").await;
    assert!(client.download("/export/people.csv").await.starts_with("id,name"));
    assert!(server.stop(), "SIGTERM ends it well");
}

/// The address in a greeting: `127.0.0.1:PORT`.
pub(crate) fn address_in(greeting: &str) -> String {
    let start = greeting.find("http://").expect("a URL") + "http://".len();
    greeting[start..].split(['/', ' ']).next().expect("an address").to_owned()
}
