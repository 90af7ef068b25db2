//! The doors of an import: GraphQL with its subscription, HTTP and the command line; uploads, limits, stopping and undoing.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use harness::client::Client;
use harness::database::Kind;
use harness::on_each_database;
use harness::program::Serving;
use harness::site::Site;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use service::{Clock, Engine};
use storage::query::accounts;
use storage::query::imports::{self, Status};
use storage::query::users::Role;
use storage::{Pool, Storage, Timestamp};

use crate::imports::{people, summary};
use crate::imports_plan::{path, steps, text};
use crate::program::{Desk, PROGRAM, address_in};
use crate::websocket::Socket;

/// As many rows as an import takes a while for, on a machine of any speed.
const MANY: usize = 40_000;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A file of people.
pub(crate) fn many_people(rows: usize) -> String {
    let rows = (1..=rows).map(|row| format!("Person {row},{row}@many.example,City {}\n", row % 97));
    format!("name,email,city\n{}", rows.collect::<String>())
}

on_each_database! {
    async fn an_import_is_planned_applied_undone_and_put_back_by_graphql(site: Site) {
        let client = site.client().await;
        site.add_user("acme", "reader@acme.example", Role::Reader).await;
        let reader = site.client_of("reader@acme.example").await;
        let part = Part::text("name,email,city\nAnn,ann@e.example,Ulm\n").file_name("ünïcode.csv");
        let upload = client.request(Method::POST, "/uploads").multipart(Form::new().part("file", part)).send().await;
        let upload: Value = upload.expect("an answer").json().await.expect("JSON");
        let refused = reader.request(Method::POST, "/uploads").body("x").send().await.expect("an answer");
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        let plan = "mutation($upload: ID!) { planImport(input: { upload: $upload, section: PEOPLE, categories: [\"Fair\"] }) {
            import { id status hash file { name } user { email } } } }";
        let plan = client.graphql(plan, json!({ "upload": upload["id"] })).await["planImport"]["import"].clone();
        assert_eq!((&plan["status"], &plan["file"]["name"]), (&json!("PLANNED"), &json!("ünïcode.csv")));
        assert_eq!(plan["user"]["email"], "admin@acme.example");
        let apply = "mutation($id: ID!, $hash: String!) { applyImport(input: { id: $id, hash: $hash }) { import {
            status created createdAt finishedAt progress { rows } rows { nodes { row } } } } }";
        let variables = json!({ "id": plan["id"], "hash": plan["hash"] });
        assert_eq!(reader.graphql_code(apply, variables.clone()).await, "FORBIDDEN");
        let applied = client.graphql(apply, variables).await["applyImport"]["import"].clone();
        assert_eq!((&applied["status"], &applied["created"], &applied["progress"]), (&json!("APPLIED"), &json!(1), &Value::Null));

        let list = "{ imports(first: 1) { nodes { id status columns { name } skips { row } errors { row } plannedEvents { title } }
            pageInfo { hasNextPage } totalCount } }";
        client.import("/import/people", "name\nBob\n").await;
        let list = reader.graphql(list, json!({})).await["imports"].clone();
        assert_eq!((&list["totalCount"], &list["pageInfo"]["hasNextPage"]), (&json!(2), &json!(true)));
        assert_eq!(list["nodes"][0]["columns"], json!([{ "name": "name" }]));
        let node = "query($id: ID!) { node(id: $id) { id ... on Import { status categories } } import(id: $id) { section } }";
        let node = reader.graphql(node, json!({ "id": plan["id"] })).await;
        let expected = json!({
            "node": { "id": plan["id"], "status": "APPLIED", "categories": ["Fair"] }, "import": { "section": "people" },
        });
        assert_eq!(node, expected);

        let edit = "mutation($id: ID!) { updatePerson(input: { id: $id, city: \"Bonn\" }) { person { city } } }";
        let found = client.graphql("{ people(view: { search: \"Ann\" }) { nodes { id } } }", json!({})).await;
        let ann = found["people"]["nodes"][0]["id"].clone();
        client.graphql(edit, json!({ "id": ann })).await;
        let report = "import { status } removed restored kept keeps { item name reason field author { email } }";
        let preview = format!("mutation($id: ID!) {{ previewUndo(input: {{ id: $id }}) {{ {report} }} }}");
        let preview = client.graphql(&preview, json!({ "id": plan["id"] })).await["previewUndo"].clone();
        assert_eq!(preview["keeps"], json!([{
            "item": ann, "name": "Ann", "reason": "EDITED", "field": "city", "author": { "email": "admin@acme.example" },
        }]), "{preview:#}");
        let undo = format!("mutation($id: ID!) {{ undoImport(input: {{ id: $id }}) {{ {report} }} }}");
        assert_eq!(reader.graphql_code(&undo, json!({ "id": plan["id"] })).await, "FORBIDDEN");
        let undone = client.graphql(&undo, json!({ "id": plan["id"] })).await["undoImport"].clone();
        assert_eq!(undone, preview, "the preview is what happens");
        assert_eq!(undone["import"]["status"], "UNDONE");
        assert_eq!(client.graphql_code(&undo, json!({ "id": plan["id"] })).await, "CONFLICT");
        let redo = "mutation($id: ID!) { redoImport(input: { id: $id }) { import { status } } }";
        assert_eq!(client.graphql(redo, json!({ "id": plan["id"] })).await["redoImport"]["import"]["status"], "APPLIED");
    }

    async fn an_import_is_undone_and_put_back_by_http(site: Site) {
        let client = site.client().await;
        let receipt = client.import("/import/people?category=Fair", "name\nAnn\nBob\n").await;
        let (status, preview) = steps(&client, &receipt, "undo?preview=1").await;
        assert_eq!((status, &preview["removed"]), (StatusCode::OK, &json!(2)), "{preview:#}");
        assert_eq!(people(&client).await.len(), 2, "a preview changes nothing");
        let (_, undone) = steps(&client, &receipt, "undo").await;
        assert_eq!(undone["import"]["status"], "undone");
        assert_eq!((&undone["removed"], &undone["kept"], &undone["keeps"]), (&json!(2), &json!(0), &json!([])));
        assert_eq!(people(&client).await.len(), 0);
        assert_eq!(steps(&client, &receipt, "undo").await.0, StatusCode::CONFLICT);
        assert_eq!(steps(&client, &receipt, "undo?preview=yes").await.0, StatusCode::BAD_REQUEST);
        let (_, back) = steps(&client, &receipt, "redo").await;
        assert_eq!(back["import"]["status"], "applied");
        assert_eq!(people(&client).await.len(), 2);
        let stray = json!({ "id": format!("import_{}", uuid::Uuid::now_v7().simple()) });
        for step in ["undo", "redo", "cancel", "apply?hash=0"] {
            assert_eq!(steps(&client, &stray, step).await.0, StatusCode::NOT_FOUND, "{step}");
        }
        let sample = client.download("/import/people/sample.csv").await;
        assert_eq!(summary(&client.import("/import/people", sample).await), "3 created");
        assert_eq!(client.get("/import/messages/sample.csv").await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }

    async fn a_subscription_follows_an_import_to_its_end(site: Site) {
        let client = site.client().await;
        let plan = client.import("/import/people?mode=plan", many_people(3_000)).await;
        let mut socket = Socket::open(&site, Some(&client)).await;
        socket.subscribe("1", text(&plan["id"])).await;
        let first = socket.next().await;
        assert_eq!(first["payload"]["data"]["importProgress"]["status"], "PLANNED", "{first:#}");
        let applying = tokio::spawn({
            let (client, plan) = (client.clone(), plan.clone());
            async move { crate::imports_plan::apply(&client, &plan).await }
        });
        let mut seen = Vec::new();
        loop {
            let message = socket.next().await;
            if message["type"] == "complete" {
                break;
            }
            seen.push(message["payload"]["data"]["importProgress"].clone());
        }
        let last = seen.last().expect("there was some progress");
        assert_eq!((&last["status"], &last["rows"]), (&json!("APPLIED"), &json!(3_000)), "{seen:#?}");
        let rows: Vec<_> = seen.iter().filter_map(|progress| progress["rows"].as_u64()).collect();
        assert!(rows.is_sorted(), "{rows:?}");
        assert_eq!(applying.await.expect("no panic")["created"], 3_000);
        // A query has one answer, and one operation does not disturb another.
        socket.send(json!({ "id": "2", "type": "subscribe", "payload": { "query": "{ me { email } }" } })).await;
        assert_eq!(socket.next().await["payload"]["data"]["me"]["email"], "admin@acme.example");
        assert_eq!(socket.next().await, json!({ "id": "2", "type": "complete" }));
        socket.subscribe("3", "import_0").await;
        assert_eq!(socket.next().await["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND");
    }

    async fn a_websocket_asks_who_it_is(site: Site) {
        let mut nobody = Socket::open(&site, None).await;
        nobody.subscribe("1", "import_0").await;
        assert_eq!(nobody.next().await["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        let mut wrong = Socket::connect(&site).await;
        wrong.send(json!({ "type": "connection_init", "payload": { "authorization": "Bearer x.y.z" } })).await;
        assert_eq!(wrong.next().await["closed"].as_str().map(|reason| reason.contains("sign in again")), Some(true));
        let mut early = Socket::connect(&site).await;
        early.subscribe("1", "import_0").await;
        assert!(early.next().await["closed"].is_string(), "before connection_init nothing is answered");
        let client = site.client().await;
        let mut deep = Socket::open(&site, Some(&client)).await;
        let query = (0..60).map(|number| format!("a{number}: me {{ id }} ")).collect::<String>();
        deep.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": format!("{{ {query} }}") } })).await;
        assert_eq!(deep.next().await["payload"][0]["extensions"]["code"], "LIMITED");
        let mut large = Socket::open(&site, Some(&client)).await;
        large.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": "x".repeat(5 << 20) } })).await;
        assert!(large.next().await["closed"].is_string());
        let plain = client.get("/graphql/ws").await;
        assert!(plain.status().is_client_error());
    }

    async fn a_running_import_is_stopped_and_leaves_nothing(site: Site) {
        let client = site.client().await;
        for door in ["http", "graphql"] {
            let importing = tokio::spawn({
                let client = client.clone();
                async move {
                    let request = client.request(Method::POST, "/import/people").body(many_people(MANY));
                    let response = request.send().await.expect("an answer");
                    (response.status(), response.json::<Value>().await.expect("JSON"))
                }
            });
            let id = running(&client).await;
            let cancelled = if door == "http" {
                steps(&client, &json!({ "id": id }), "cancel").await.1["status"].clone()
            } else {
                let cancel = "mutation($id: ID!) { cancelImport(input: { id: $id }) { import { status } } }";
                client.graphql(cancel, json!({ "id": id })).await["cancelImport"]["import"]["status"].clone()
            };
            assert_eq!(cancelled.as_str().map(str::to_lowercase).as_deref(), Some("cancelled"), "{door}");
            let (status, answer) = importing.await.expect("no panic");
            assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("CONFLICT")), "{answer:#}");
            assert_eq!(people(&client).await.len(), 0);
        }
        assert_eq!(summary(&client.import("/import/people", "name\nAnn\n").await), "1 created", "nobody is in the way");
    }

    async fn an_import_goes_on_when_its_client_is_gone(site: Site) {
        let client = site.client().await;
        let request = client.request(Method::POST, "/import/people").body(many_people(MANY / 4));
        let importing = tokio::spawn(request.send());
        let id = running(&client).await;
        importing.abort();
        let path = path(&json!({ "id": id }), "");
        until(async || {
            let receipt: Value = serde_json::from_str(&client.download(&path).await).expect("JSON");
            (receipt["status"] == "applied").then_some(())
        }).await;
    }

    async fn uploads_and_plans_are_forgotten_after_a_day(site: Site) {
        let client = site.client().await;
        let upload = client.import("/uploads", many_people(20_000)).await;
        let plan = client.import("/import/people?mode=plan", "name\nAnn\n").await;
        let later = |hours: i64| Clock::Fixed(Timestamp::from_microseconds(site.engine.now().microseconds() + hours * 3_600_000_000));
        let plan_it = "mutation($id: ID!) { planImport(input: { upload: $id, section: PEOPLE }) { import { read } } }";
        for (hours, code) in [(23, None), (25, Some("NOT_FOUND"))] {
            let engine = Engine::new(site.storage().clone(), formats::builtin(), later(hours)).await.expect("an engine");
            engine.sweep().await;
            let answer = client.graphql_answer(plan_it, json!({ "id": upload["id"] })).await;
            assert_eq!(answer.pointer("/errors/0/extensions/code").and_then(Value::as_str), code, "{answer:#}");
        }
        let (status, _) = steps(&client, &plan, &format!("apply?hash={}", text(&plan["hash"]))).await;
        assert_eq!(status, StatusCode::CONFLICT);
        let receipt: Value = serde_json::from_str(&client.download(&path(&plan, "")).await).expect("JSON");
        assert_eq!((&receipt["status"], &receipt["reason"]), (&json!("cancelled"), &json!("nobody has applied the plan within a day")));
    }

    async fn files_have_limits_that_are_named(site: Limited) {
        let client = site.0.client().await;
        let refused = async |path: &str, body: String| {
            let response = client.request(Method::POST, path).body(body).send().await.expect("an answer");
            let (status, answer) = (response.status().as_u16(), response.json::<Value>().await.expect("JSON"));
            assert_eq!(answer["error"]["code"], "LIMITED", "{answer:#}");
            (status, text(&answer["error"]["message"]).to_owned())
        };
        for path in ["/import/people", "/import/people?mode=plan", "/uploads"] {
            let (status, message) = refused(path, "x".repeat(2_001)).await;
            assert_eq!(status, 413);
            assert!(message.contains("2000 bytes, the limit import_file"), "{message}");
        }
        let (status, message) = refused("/import/people", format!("name\n{}", "Ann\n".repeat(6))).await;
        assert!(status == 413 && message.contains("more than 5 rows, the limit import_rows"), "{status}: {message}");
        let (status, message) = refused("/import/people", "name,email,city,zip\nAnn\n".to_owned()).await;
        assert!(status == 413 && message.contains("at most 3") && message.contains("import_columns"), "{status}: {message}");
        let receipt = client.import("/import/people", format!("name\nAnn\n{}\n", "x".repeat(200))).await;
        assert_eq!(summary(&receipt), "1 created, 1 failed");
        assert!(text(&receipt["errors"][0]["reason"]).contains("100 bytes"), "{receipt:#}");
        assert_eq!(people(&client).await.len(), 1);
    }
}

on_each_database! {
    async fn members_of_json_that_nobody_reads_are_named(site: Site) {
        let client = site.client().await;
        let rows = [
            json!({ "name": "Ann", "shoe": "41", "city": "Graz" }),
            json!({ "name": "Bob", "linkedin": "https://example.com/bob", "shoe": null, "_row": "2" }),
        ];
        let lines = rows.iter().map(|row| format!("{row}\n")).collect::<String>();
        for (format, file) in [("json", json!(rows).to_string()), ("ndjson", lines)] {
            let receipt = client.import(&format!("/import/people?mode=plan&format={format}"), file).await;
            let mut ignored: Vec<_> = receipt["ignored"].as_array().expect("a list").iter().map(text).collect();
            ignored.sort_unstable();
            assert_eq!(ignored, ["linkedin", "shoe"], "{format}: {receipt:#}");
        }
        // Our own files have no such members.
        client.import("/import/people", "name\nAnn\n").await;
        let own = client.download("/export/people.json").await;
        let receipt = client.import("/import/people?mode=plan&format=json", own).await;
        assert_eq!(receipt["ignored"], json!([]), "{receipt:#}");
    }

    async fn the_command_line_plans_undoes_and_puts_back(desk: Desk) {
        let desk = desk.with_account();
        let file = desk.path().join("people.csv");
        std::fs::write(&file, desk.ok(&["import", "sample", "people"])).expect("a file");
        let file = file.to_str().expect("UTF-8");
        let plan = desk.ok(&["import", "people", file, "--dry-run", "--category", "Fair"]);
        for part in ["now would do this", "created  3", "COLUMN", "READ AS", "100 %", "Marguerite Okafor"] {
            assert!(plan.contains(part), "{part}: {plan}");
        }
        // It ends with the command that does it.
        let last = plan.lines().last().expect("a line");
        assert!(last.starts_with("To import it: ") && last.ends_with(" --category Fair") && !last.contains("--dry-run"), "{last}");
        let spaced = desk.ok(&["import", "people", file, "--dry-run", "--category", "Ann's fair"]);
        assert!(spaced.trim_end().ends_with(r" --category 'Ann'\''s fair'"), "{spaced}");
        let plan: Value = serde_json::from_str(&desk.ok(&["import", "people", file, "--dry-run", "--json"])).expect("JSON");
        assert_eq!((&plan["status"], &plan["id"]), (&json!("planned"), &Value::Null));
        assert_eq!(desk.ok(&["import", "list", "--json"]).trim(), "[]", "nothing is kept");

        let receipt: Value = serde_json::from_str(&desk.ok(&["import", "people", file, "--json"])).expect("JSON");
        for count in ["read", "created", "skips", "errors", "columns"] {
            assert_eq!(receipt[count], plan[count], "{count}");
        }
        let again = desk.ok(&["import", "people", file, "--dry-run", "--duplicates", "merge", "--category", "New"]);
        assert!(again.contains("updated  3"), "{again}");
        let id = text(&receipt["id"]);
        let preview = desk.ok(&["import", "undo", id, "--dry-run"]);
        assert!(preview.contains("now would do this") && preview.contains("removed  3"), "{preview}");
        let undone = desk.ok(&["import", "undo", id]);
        assert!(undone.contains("removed  3") && undone.contains(&format!("cairn import redo {id}")), "{undone}");
        assert_eq!(exported(&desk), 0);
        assert!(desk.fails(&["import", "undo", id]).contains("undone"));
        let back: Value = serde_json::from_str(&desk.ok(&["import", "redo", id, "--json"])).expect("JSON");
        assert_eq!(back["import"]["status"], "applied");
        assert_eq!(exported(&desk), 3);
        assert!(desk.fails(&["import", "leads", file, "--value", "5", "--event-template", "None"]).contains("None"));
    }

    async fn ctrl_c_stops_an_import(desk: Desk) {
        let desk = desk.with_account();
        let file = desk.path().join("many.csv");
        std::fs::write(&file, many_people(MANY)).expect("a file");
        let child = Command::new(PROGRAM)
            .current_dir(desk.path())
            .args(["--database", &desk.database, "import", "people", file.to_str().expect("UTF-8")])
            .stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped())
            .spawn().expect("the program starts");
        let storage = Storage::connect(&desk.database, Pool::default()).await.expect("the database is there");
        let account = accounts::list(&storage).await.expect("a list").remove(0).account_id;
        let reader = storage.reader(account);
        let status = async || Some(imports::newest(&reader, None, 1).await.expect("a list").pop()?.status);
        until(async || status().await.filter(|status| *status == Status::Applying)).await;
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.contains("the import was cancelled; nothing was imported"), "{said}");
        assert_eq!(status().await, Some(Status::Cancelled));
        assert_eq!(exported(&desk), 0);
    }
}

// ------------------------------------------------------------------------------------------------- Helpers

/// How many people there are.
fn exported(desk: &Desk) -> usize {
    let people: Value = serde_json::from_str(&desk.ok(&["export", "people", "--format", "json"])).expect("JSON");
    people.as_array().expect("a list").len()
}

/// A site with small limits.
struct Limited(Site);

impl Limited {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let configure = |config: &mut gateway::config::Config| {
            let limits = &mut config.limits;
            (limits.import_file, limits.import_row, limits.import_columns, limits.import_rows) = (2_000, 100, 3, 5);
        };
        Site::with(kind, test, formats::builtin(), configure).await.map(Self)
    }
}

/// The id of the import that runs, once it does.
pub(crate) async fn running(client: &Client) -> String {
    let query = "{ imports(first: 1) { nodes { id status progress { phase rows total } } } }";
    until(async || {
        let data = client.graphql(query, json!({})).await;
        let import = &data["imports"]["nodes"][0];
        let runs = import["status"] == "APPLYING" && import["progress"].is_object();
        runs.then(|| text(&import["id"]).to_owned())
    })
    .await
}

/// Asks again and again until there is an answer.
pub(crate) async fn until<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "it never happened");
        tokio::task::yield_now().await;
    }
}

/// A client of a program that serves.
pub(crate) async fn client_of(serving: &Serving) -> Client {
    let mut client = Client::new(address_in(&serving.greeting).parse().expect("an address"));
    client.login("ann@acme.example", "a good password").await;
    client
}
