//! Answers on their way: early ones that arrive though a large body is being sent, and those that nobody takes.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use harness::client::Client;
use harness::database::Kind;
use harness::site::Site;
use harness::{on_each_database, require};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::spawn_blocking;

use crate::webhook::Hook;
use crate::websocket::Socket;

/// How often each refusal is tried.
const TIMES: usize = 20;
/// Many people with long notes: more in one answer than systems keep for a connection.
const PEOPLE: usize = 100;
const NOTES: usize = 80_000;
const LONG: &str = "{ people(first: 100) { nodes { name notes } } }";
/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A site with a small limit on files.
struct SmallSite(Site);

impl SmallSite {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        Site::with(kind, test, formats::builtin(), |config| config.limits.import_file = 100_000).await.map(Self)
    }
}

/// A site that waits a second for a client to take something.
struct ImpatientSite(Site);

impl ImpatientSite {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let impatient = |config: &mut gateway::config::Config| config.limits.write_idle_seconds = 1;
        Site::with(kind, test, formats::builtin(), impatient).await.map(Self)
    }
}

/// A request whose body is refused before it is read.
struct Refused {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    size: usize,
    status: u16,
}

/// One for each door that takes a body and each way of being refused there.
async fn refusals(site: &Site) -> Vec<Refused> {
    let client = site.client().await;
    let hook = Hook::of(&client, json!({ "name": "Form" })).await;
    let nobody = Client::new(site.address);
    for _ in 0..10 {
        let wrong = nobody.request(Method::GET, "/export/people.csv").basic_auth("bob@acme.example", Some("a guess"));
        assert_eq!(wrong.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    }
    let good = format!("Bearer {}", client.token().expect("a token"));
    let wait = "Basic Ym9iQGFjbWUuZXhhbXBsZTphIGd1ZXNz".to_owned();
    let json = || ("content-type", "application/json".to_owned());
    let signed = || ("authorization", good.clone());
    let packed = || ("content-encoding", "gzip".to_owned());
    let nobody = || ("authorization", "Bearer nonsense".to_owned());
    let refused = |method, path: &str, headers: Vec<_>, megabytes: usize, status| Refused {
        method,
        path: path.to_owned(),
        headers,
        size: megabytes << 20,
        status,
    };
    vec![
        refused("POST", "/graphql", vec![json(), nobody()], 3, 401),
        refused("POST", "/graphql", vec![json()], 20, 413),
        refused("POST", "/graphql", vec![("content-type", "text/plain".to_owned())], 10, 415),
        refused("POST", "/graphql", vec![json(), packed()], 2, 415),
        refused("PUT", "/graphql", vec![json()], 5, 405),
        refused("POST", "/import/people", vec![], 20, 401),
        refused("POST", "/import/people", vec![("authorization", wait)], 10, 429),
        refused("POST", "/import/planets", vec![signed()], 10, 404),
        refused("POST", "/import/people?moed=plan", vec![signed()], 1, 400),
        refused("POST", "/import/people", vec![signed()], 20, 413),
        refused("POST", "/import/people", vec![signed(), packed()], 10, 415),
        refused("POST", "/uploads", vec![nobody()], 20, 401),
        refused("POST", "/uploads", vec![signed()], 10, 413),
        refused("POST", "/uploads", vec![signed(), packed()], 10, 415),
        refused("POST", "/api.php", vec![], 20, 413),
        refused("POST", "/api.php", vec![packed()], 3, 415),
        refused("POST", "/webhook/nonsense", vec![], 20, 404),
        refused("POST", &hook.path, vec![], 20, 413),
        refused("POST", &hook.path, vec![packed()], 1, 415),
        refused("POST", "/nowhere", vec![], 20, 404),
        refused("POST", "/export/people.csv", vec![signed()], 10, 405),
    ]
}

on_each_database! {
    async fn what_is_refused_early_arrives_at_fetch_and_curl(site: SmallSite) {
        let refusals = refusals(&site.0).await;
        let address = format!("http://{}", site.0.address);
        let asked: Vec<Value> = refusals.iter().map(|Refused { method, path, headers, size, .. }| {
            let headers: serde_json::Map<_, _> = headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            json!({ "method": method, "url": format!("{address}{path}"), "headers": headers, "size": size, "times": TIMES })
        }).collect();
        let expected: Vec<Value> = refusals.iter().map(|refused| json!({ refused.status.to_string(): TIMES })).collect();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/refused.js");
        let asked = Value::from(asked).to_string();
        let node = spawn_blocking(move || Command::new("node").arg(script).arg(asked).output()).await.expect("no panic");
        match node {
            Ok(output) => {
                let said = String::from_utf8(output.stdout).expect("UTF-8");
                let said: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
                for (refused, (said, expected)) in refusals.iter().zip(said.iter().zip(&expected)) {
                    assert_eq!(said, expected, "{} {} {:?}", refused.method, refused.path, refused.headers);
                }
                assert_eq!(said.len(), expected.len());
                let _ = writeln!(std::io::stderr(), "{TIMES} of {TIMES} for each of {} refusals", said.len());
            }
            Err(_) => require::missing("node", "early refusals with Node's fetch"),
        }
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("body");
        for Refused { method, path, headers, size, status } in refusals {
            std::fs::write(&file, vec![b'x'; size]).expect("a file");
            let mut curl = Command::new("curl");
            curl.args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", method, "--data-binary"]);
            curl.arg(format!("@{}", file.display())).arg(format!("{address}{path}"));
            for (name, value) in headers {
                curl.args(["-H", &format!("{name}: {value}")]);
            }
            match spawn_blocking(move || curl.output()).await.expect("no panic") {
                Ok(output) => {
                    let complaint = String::from_utf8_lossy(&output.stderr);
                    assert_eq!(String::from_utf8_lossy(&output.stdout), status.to_string(), "{method} {path}: {complaint}");
                }
                Err(_) => require::missing("curl", "early refusals with curl"),
            }
        }
    }

    async fn what_is_refused_early_arrives_at_whoever_sends_all_of_it_first(site: SmallSite) {
        for Refused { method, path, headers, size, status } in refusals(&site.0).await {
            let head = head(method, &path, &headers, &format!("Content-Length: {size}\r\n"));
            let mut stream = TcpStream::connect(site.0.address).await.expect("a connection");
            stream.write_all(head.as_bytes()).await.expect("it is read");
            stream.write_all(&vec![b'x'; size]).await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
            let answer = String::from_utf8_lossy(&answer).to_lowercase();
            assert!(answer.starts_with(&format!("http/1.1 {status} ")), "{method} {path}: {answer}");
            assert!(answer.contains("\r\nconnection: close\r\n"), "{method} {path}: {answer}");
            assert_eq!(answer.contains("\r\naccept-encoding: identity\r\n"), head.contains("content-encoding"), "{answer}");
        }
        // So does what is said of a head that never ends.
        let mut stream = TcpStream::connect(site.0.address).await.expect("a connection");
        let endless = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
        stream.write_all(endless.as_bytes()).await.expect("it is read");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        // And of one that ends, but is too large.
        for (size, status) in [((128 << 10) - 1, 404), (128 << 10, 404), ((128 << 10) + 1, 431), (150_000, 431), (250_000, 431)] {
            let lines = "GET /nowhere HTTP/1.1\r\nx: \r\nconnection: close\r\n\r\n";
            let request = lines.replace("x: ", &format!("x: {}", "y".repeat(size - lines.len())));
            let mut stream = TcpStream::connect(site.0.address).await.expect("a connection");
            stream.write_all(request.as_bytes()).await.expect("it is read");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.expect("an answer");
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{size}: {answer}");
        }
        // Chunked bodies have no length to be judged by.
        let head = head("POST", "/nowhere", &[], "Transfer-Encoding: chunked\r\n");
        let mut stream = TcpStream::connect(site.0.address).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("it is read");
        let chunk = [b"10000\r\n", vec![b'x'; 65_536].as_slice(), b"\r\n"].concat();
        for _ in 0..100 {
            stream.write_all(&chunk).await.expect("it is read");
        }
        stream.write_all(b"0\r\n\r\n").await.expect("it is read");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }

    async fn whoever_expects_to_be_asked_for_the_body_is_refused_instead(site: SmallSite) {
        for Refused { method, path, headers, size, status } in refusals(&site.0).await {
            let head = head(method, &path, &headers, &format!("Content-Length: {size}\r\nExpect: 100-continue\r\n"));
            let mut stream = TcpStream::connect(site.0.address).await.expect("a connection");
            stream.write_all(head.as_bytes()).await.expect("it is read");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.expect("an answer");
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {path}: {answer}");
        }
    }

    async fn a_connection_goes_on_after_a_body_that_was_read(site: Site) {
        let mut stream = TcpStream::connect(site.address).await.expect("a connection");
        for body in [r#"{"query":"{ __typename }"}"#, "{", r#"{"query":"{ nothing }"}"#] {
            let headers = [("content-type", "application/json".to_owned())];
            let head = head("POST", "/graphql", &headers, &format!("Content-Length: {}\r\n", body.len()));
            stream.write_all(format!("{head}{body}").as_bytes()).await.expect("it is read");
            let answer = answer_on(&mut stream).await;
            assert!(!answer.contains("connection: close"), "{answer}");
        }
    }

    async fn a_body_that_is_compressed_is_refused_and_identity_is_not(site: Site) {
        let client = site.client().await;
        let hook = Hook::of(&client, json!({ "name": "Form" })).await;
        let query = json!({ "query": "{ __typename }" }).to_string();
        for (path, content_type, body) in [
            ("/graphql", "application/json", query.as_str()),
            ("/import/people?format=csv", "text/csv", "name\nAnn\n"),
            ("/uploads", "text/csv", "name\nAnn\n"),
            ("/api.php", "application/x-www-form-urlencoded", "login_email=admin@acme.example&login_password=correct horse&get=people"),
            (&hook.path, "application/json", r#"{"name":"Ann"}"#),
        ] {
            for (coding, is_refused) in [
                ("identity", false), ("Identity", false), ("", false),
                ("gzip", true), ("GZIP", true), ("br", true), ("zstd", true), ("deflate, gzip", true), ("identity, gzip", true), ("x-new", true),
            ] {
                let request = client.request(Method::POST, path).header("content-type", content_type);
                let response = request.header("content-encoding", coding).body(body.to_owned()).send().await.expect("an answer");
                let status = response.status();
                if !is_refused {
                    assert_eq!(status, StatusCode::OK, "{path} {coding}: {}", response.text().await.expect("text"));
                    continue;
                }
                assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path} {coding}");
                assert_eq!(response.headers()["accept-encoding"], "identity", "{path} {coding}");
                // Old scripts and forms are told in a sentence.
                let code = response.headers().get("x-cairn-code").map(|code| code.to_str().expect("text").to_owned());
                let text = response.text().await.expect("text");
                let code = code.unwrap_or_else(|| {
                    let error = &serde_json::from_str::<Value>(&text).expect("JSON")["error"];
                    error["code"].as_str().expect("a code").to_owned()
                });
                assert_eq!(code, "UNSUPPORTED", "{path} {coding}");
                assert!(text.contains("Content-Encoding"), "{text}");
            }
        }
        let export = client.get("/export/people.docx").await;
        assert!(export.status() == 415 && !export.headers().contains_key("accept-encoding"), "that is no advice here");
    }

    async fn a_form_has_limits_on_its_heads_and_parts(site: Site) {
        let client = site.client().await;
        let file = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"people.csv\"\r\n\r\nname\nAnn\n\r\n--x--\r\n";
        let field = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
        let long_head = |length: usize| {
            let fill = "y".repeat(length);
            format!("--x\r\nContent-Disposition: form-data; name=\"a\"\r\nX-Fill: {fill}\r\n\r\n1\r\n{file}")
        };
        // The lines of the head with their ends.
        let longest = (16 << 10) - "Content-Disposition: form-data; name=\"a\"\r\nX-Fill: \r\n".len();
        let webhook = client.graphql("mutation { createWebhook(input: { name: \"Form\" }) { url } }", json!({})).await;
        let webhook = webhook["createWebhook"]["url"].as_str().expect("an address");
        let webhook = &webhook[webhook.find("/webhook/").expect("a path")..];
        for path in ["/api.php", webhook] {
            for (length, status) in [(longest, StatusCode::OK), (longest + 1, StatusCode::PAYLOAD_TOO_LARGE), (17_000, StatusCode::PAYLOAD_TOO_LARGE)] {
                let request = client.request(Method::POST, path).header("content-type", "multipart/form-data; boundary=x");
                let body = long_head(length).replace("name=\"f\"; filename=\"people.csv\"", "name=\"name\"");
                let response = request.body(body).send().await.expect("an answer");
                assert_eq!(response.status(), status, "{path} {length}: {}", response.text().await.expect("text"));
            }
        }
        for path in ["/import/people", "/uploads"] {
            for (body, refusal) in [
                (file.to_owned(), None),
                (long_head(8_000), None),
                (long_head(longest), None),
                (long_head(longest + 1), Some("a head is longer than 16384 bytes")),
                (long_head(20_000), Some("a head is longer than 16384 bytes")),
                (long_head(200_000), Some("a head is longer than 16384 bytes")),
                (long_head(3_000_000), Some("a head is longer than 16384 bytes")),
                (format!("{}{file}", "y".repeat(1_000_000)), Some("a head is longer than 16384 bytes")),
                (format!("{}{file}", field.repeat(99)), None),
                (format!("{}{file}", field.repeat(100)), Some("more than 100 parts")),
            ] {
                let request = client.request(Method::POST, path).header("content-type", "multipart/form-data; boundary=x");
                let response = request.body(body.clone()).send().await.expect("an answer");
                let (status, answer) = (response.status(), response.text().await.expect("text"));
                match refusal {
                    None => assert_eq!(status, StatusCode::OK, "{path} {}: {answer}", body.len()),
                    Some(words) => {
                        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{path} {}: {answer}", body.len());
                        let words = words.replace("a head is longer", "a part whose head is longer");
                        assert!(answer.contains("LIMITED") && answer.contains(&words), "{answer}");
                    }
                }
            }
        }
    }

    async fn whoever_takes_nothing_is_cut(site: ImpatientSite) {
        let client = with_long_notes(&site.0).await;
        let token = client.token().expect("a token");
        for path in ["/export/people.csv", "/export/people.json"] {
            cut(unread(&site.0, &get(path, token)).await).await;
        }
        let query = format!("/graphql?query={}", LONG.replace(' ', "%20").replace('{', "%7B").replace('}', "%7D"));
        cut(unread(&site.0, &get(&query, token)).await).await;
        // What comes behind an answer that nobody takes is not done.
        let create = json!({ "query": "mutation { createPerson(input: { name: \"Behind\" }) { person { id } } }" }).to_string();
        let headers = [("content-type", "application/json".to_owned()), ("authorization", format!("Bearer {token}"))];
        let create = head("POST", "/graphql", &headers, &format!("Content-Length: {}\r\n", create.len())) + &create;
        cut(unread(&site.0, &(get("/export/people.csv", token) + &create.repeat(20))).await).await;
        let behind = client.graphql("{ people(view: { search: \"behind\" }) { totalCount } }", json!({})).await;
        assert_eq!(behind["people"]["totalCount"], 0);
        // A websocket is no exception.
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a small buffer");
        let stream = socket.connect(site.0.address).await.expect("a connection");
        let mut websocket = Socket::on(stream, &site.0).await;
        websocket.init(Some(&client)).await;
        websocket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": LONG } })).await;
        cut(websocket.into_stream()).await;
        assert_eq!(client.get("/export/people.csv").await.status(), StatusCode::OK, "others are served");
    }

    async fn whoever_takes_little_but_goes_on_is_not_cut(site: ImpatientSite) {
        let client = with_long_notes(&site.0).await;
        let mut slow = unread(&site.0, &get("/export/people.json", client.token().expect("a token"))).await;
        let (mut read, mut buffer) = (0, vec![0; 400_000]);
        loop {
            // Slower than a third of a system's buffer in the time that is allowed.
            tokio::time::sleep(Duration::from_millis(600)).await;
            let count = slow.read(&mut buffer).await.unwrap_or_else(|error| panic!("after {read} bytes: {error}"));
            let mut taken = count;
            while taken > 0 && taken < buffer.len() {
                match slow.try_read(&mut buffer[taken..]) {
                    Ok(0) | Err(_) => break,
                    Ok(more) => taken += more,
                }
            }
            read += taken;
            if String::from_utf8_lossy(&buffer[..taken]).ends_with("0\r\n\r\n") {
                break;
            }
            assert!(count > 0, "it was cut after {read} bytes");
        }
        assert!(read > PEOPLE * NOTES, "{read}");
    }

    async fn whoever_waits_for_nothing_is_not_cut(site: ImpatientSite) {
        let client = site.0.client().await;
        let plan = client.import("/import/people?mode=plan", "name\nAnn\n").await;
        let mut socket = Socket::open(&site.0, Some(&client)).await;
        socket.subscribe("1", plan["id"].as_str().expect("an id")).await;
        assert_eq!(socket.next().await["payload"]["data"]["importProgress"]["status"], "PLANNED");
        let mut idle = TcpStream::connect(site.0.address).await.expect("a connection");
        let ask = get("/graphiql", client.token().expect("a token"));
        idle.write_all(ask.as_bytes()).await.expect("it is read");
        assert!(answer_on(&mut idle).await.starts_with("http/1.1 200 "));
        // Longer than a client may take nothing.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        idle.write_all(ask.as_bytes()).await.expect("it is read");
        assert!(answer_on(&mut idle).await.starts_with("http/1.1 200 "), "the connection is still there");
        crate::imports_plan::apply(&client, &plan).await;
        let mut last = socket.next().await;
        while last["payload"]["data"]["importProgress"]["status"] != "APPLIED" {
            last = socket.next().await;
            assert_eq!(last["type"], "next", "{last:#}");
        }
    }

    async fn answers_that_nobody_takes_have_a_limit_and_others_are_served(site: Site) {
        let client = with_long_notes(&site).await;
        site.add_user("acme", "bob@acme.example", storage::query::users::Role::Member).await;
        let bob = site.client_of("bob@acme.example").await;
        let query = format!("/graphql?query={}", LONG.replace(' ', "%20").replace('{', "%7B").replace('}', "%7D"));
        let ask = get(&query, client.token().expect("a token"));
        let (mut kept, mut refused, mut unread_ones) = (0, 0, Vec::new());
        for _ in 0..20 {
            let mut stream = unread(&site, &ask).await;
            let mut status = [0; 12];
            stream.read_exact(&mut status).await.expect("an answer");
            match &status {
                b"HTTP/1.1 200" => kept += 1,
                b"HTTP/1.1 503" => refused += 1,
                _ => panic!("{}", String::from_utf8_lossy(&status)),
            }
            unread_ones.push(stream);
        }
        // A quarter of 64 MiB, and what systems keep of each.
        assert!((1..=6).contains(&kept) && kept + refused == 20, "{kept} kept, {refused} refused");
        let answer = client.request(Method::GET, &query).send().await.expect("an answer");
        assert_eq!((answer.status(), answer.headers()["retry-after"].to_str().ok()), (StatusCode::SERVICE_UNAVAILABLE, Some("5")));
        let error = answer.json::<Value>().await.expect("JSON")["errors"][0].clone();
        assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains("answers_unsent")), "{error}");
        let mut socket = Socket::open(&site, Some(&client)).await;
        socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": LONG } })).await;
        let error = socket.next().await;
        assert_eq!((&error["type"], &error["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("UNAVAILABLE")), "{error}");
        let answer = bob.request(Method::GET, &query).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "another user has a share of their own");
        assert!(answer.text().await.expect("it is whole").len() > PEOPLE * NOTES);
        // When they are gone there is room again.
        drop(unread_ones);
        let until = tokio::time::timeout(PATIENCE, async {
            while client.request(Method::GET, &query).send().await.expect("an answer").status() != StatusCode::OK {}
        });
        until.await.expect("there is room");
    }
}

/// The head of a request, with more headers in front of its end.
fn head(method: &str, path: &str, headers: &[(&str, String)], more: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{method} {path} HTTP/1.1\r\nHost: acme.crm.example\r\n{headers}{more}\r\n")
}

fn get(path: &str, token: &str) -> String {
    head("GET", path, &[("authorization", format!("Bearer {token}"))], "")
}

/// Reads one answer that has a length, in lower case.
async fn answer_on(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    loop {
        answer.push(stream.read_u8().await.expect("an answer"));
        if answer.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let head = String::from_utf8_lossy(&answer).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let mut body = vec![0; length.parse().expect("a number")];
    stream.read_exact(&mut body).await.expect("a body");
    head + &String::from_utf8_lossy(&body)
}

/// A client with more to read than is sent at once.
async fn with_long_notes(site: &Site) -> Client {
    let client = site.client().await;
    let notes = "long notes ".repeat(NOTES / 11 + 1);
    let rows = (0..PEOPLE).map(|number| format!("Person {number:03},{notes}\n"));
    client.import("/import/people?format=csv", format!("name,notes\n{}", rows.collect::<String>())).await;
    client
}

/// A connection on which something is asked for, by a client whose system keeps little of the answer.
async fn unread(site: &Site, request: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let mut stream = socket.connect(site.address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("it is read");
    stream
}

/// Waits, without reading anything, until a connection is reset.
async fn cut(stream: TcpStream) {
    tokio::time::timeout(PATIENCE, stream.ready(Interest::ERROR)).await.expect("it is cut").expect("it can be told");
}
