//! The HTTP interface apart from what it carries: GraphQL over HTTP, errors, limits, headers, health.

use harness::client::Client;
use harness::database::Kind;
use harness::on_each_database;
use harness::site::{PASSWORD, Site};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const GRAPHQL_JSON: &str = "application/graphql-response+json; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

/// A site with small limits.
struct SmallSite(Site);

impl SmallSite {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let small = |config: &mut gateway::config::Config| {
            config.limits.graphql_body = 2_000;
            config.limits.legacy_body = 2_000;
            config.limits.import_file = 2_000;
        };
        Site::with(kind, test, formats::builtin(), small).await.map(Self)
    }
}

/// A site that waits a second for the next part of a body.
struct ImpatientSite(Site);

impl ImpatientSite {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        Site::with(kind, test, formats::builtin(), |config| config.limits.body_idle_seconds = 1).await.map(Self)
    }
}

/// What the server sends until it closes the connection.
async fn rest_of(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A server that closes with unread bytes resets the connection, after what it has sent.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

on_each_database! {
    async fn graphql_speaks_its_http_specification(site: Site) {
        let client = site.client().await;
        let query = json!({ "query": "{ __typename }" }).to_string();
        let wrong = json!({ "query": "{ nothing }" }).to_string();
        for (accept, content_type, body, status, answered) in [
            (None, "application/json", &*query, 200, JSON),
            (Some("*/*"), "application/json; charset=UTF-8", &query, 200, JSON),
            (Some("application/json"), "application/json", &wrong, 200, JSON),
            (Some("application/graphql-response+json"), "application/json", &query, 200, GRAPHQL_JSON),
            (Some("application/graphql-response+json"), "application/json", &wrong, 400, GRAPHQL_JSON),
            (Some("application/graphql-response+json, application/json;q=0.9"), "application/json", &query, 200, GRAPHQL_JSON),
            (Some("text/html"), "application/json", &query, 406, "text/plain; charset=utf-8"),
            (None, "text/plain", &query, 415, "application/json"),
            (None, "application/x-www-form-urlencoded", "query=%7B__typename%7D", 415, "application/json"),
            (None, "application/json; charset=latin1", &query, 415, "application/json"),
            (None, "application/json", "{", 400, JSON),
            (None, "application/json", "[]", 400, JSON),
            (None, "application/json", r#"[{"query": "{ __typename }"}]"#, 400, JSON),
            (None, "application/json", r#"{"query": 1}"#, 400, JSON),
            (None, "application/json", r#"{"query": "{ __typename }", "variables": []}"#, 400, JSON),
            (None, "application/json", r#"{"variables": {}}"#, 400, JSON),
        ] {
            let mut request = client.request(Method::POST, "/graphql").header("content-type", content_type);
            if let Some(accept) = accept {
                request = request.header("accept", accept);
            }
            let response = request.body(body.to_owned()).send().await.expect("an answer");
            assert_eq!(response.status(), status, "{accept:?} {content_type} {body}");
            assert_eq!(response.headers()["content-type"], answered, "{accept:?} {content_type} {body}");
        }
    }

    async fn get_reads_and_never_writes(site: Site) {
        let client = site.client().await;
        let get = async |query: &str| {
            client.request(Method::GET, "/graphql").query(&[("query", query)]).send().await.expect("an answer")
        };
        let response = get("{ me { email } }").await;
        assert_eq!(response.json::<Value>().await.expect("JSON")["data"]["me"]["email"], "admin@acme.example");
        let mutation = "mutation { createPerson(input: { name: \"A\" }) { person { id } } }";
        let response = get(mutation).await;
        assert_eq!((response.status(), &response.headers()["allow"]), (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().expect("a header")));
        let both = format!("query Q {{ __typename }} {}", mutation.replace("mutation", "mutation M"));
        for (name, status) in [("Q", 200), ("M", 405), ("", 405)] {
            let request = client.request(Method::GET, "/graphql").query(&[("query", &*both), ("operationName", name)]);
            assert_eq!(request.send().await.expect("an answer").status(), status, "{name}");
        }
        assert_eq!(client.graphql("{ people { totalCount } }", json!({})).await["people"]["totalCount"], 0);
        assert_eq!(client.get("/graphql").await.status(), StatusCode::BAD_REQUEST);
        for body in [json!([{ "query": "{ __typename }" }]), json!([])] {
            let listed = client.request(Method::POST, "/graphql").json(&body).send().await.expect("an answer");
            assert_eq!(listed.status(), StatusCode::BAD_REQUEST);
            let message = listed.json::<Value>().await.expect("JSON")["errors"][0]["message"].clone();
            assert_eq!(message, "a list of operations is not taken: send each as a request of its own, one JSON object with a query");
        }
        let unnamed = json!({ "query": "query Q { __typename }", "operationName": "" });
        let response = client.request(Method::POST, "/graphql").json(&unnamed).send().await.expect("an answer");
        assert_eq!(response.json::<Value>().await.expect("JSON"), json!({ "data": { "__typename": "Query" } }));
        let put = client.request(Method::PUT, "/graphql").send().await.expect("an answer");
        assert_eq!((put.status(), &put.headers()["allow"]), (StatusCode::METHOD_NOT_ALLOWED, &"GET, HEAD, POST".parse().expect("a header")));
    }

    async fn errors_have_one_shape_and_bear_the_id_of_the_request(site: Site) {
        let (nobody, client) = (Client::new(site.address), site.client().await);
        for (client, path, status, code) in [
            (&nobody, "/export/people.csv", 401, "UNAUTHENTICATED"),
            (&client, "/nowhere", 404, "NOT_FOUND"),
            (&client, "/export/persons.csv", 404, "NOT_FOUND"),
            (&client, "/export/people.docx", 415, "UNSUPPORTED"),
            (&client, "/export/people", 415, "UNSUPPORTED"),
            (&client, "/export/people.ics", 415, "UNSUPPORTED"),
            (&client, "/export/people.csv?category=None", 404, "NOT_FOUND"),
            (&client, "/export/people.csv?catgory=x", 400, "INVALID"),
            (&client, "/export/people.csv?search=a&search=b", 400, "INVALID"),
            (&client, "/export/people.csv?sort=age", 400, "INVALID"),
        ] {
            let response = client.get(path).await;
            assert_eq!(response.status(), status, "{path}");
            let id = response.headers()["x-request-id"].to_str().expect("ASCII").to_owned();
            let error = response.json::<Value>().await.expect("JSON")["error"].clone();
            assert_eq!((&error["code"], &error["requestId"]), (&json!(code), &json!(id)), "{path}");
            assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{path}");
        }
        for (method, path, allow) in [
            (Method::POST, "/export/people.csv", "GET,HEAD"),
            (Method::GET, "/import/people", "POST"),
            (Method::PUT, "/imports/1/undo", "POST"),
        ] {
            let response = client.request(method, path).send().await.expect("an answer");
            assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &allow.parse().expect("a header")), "{path}");
            let error = response.json::<Value>().await.expect("JSON")["error"].clone();
            assert_eq!(error["code"], "UNSUPPORTED", "{path}");
        }
    }

    async fn tokens_that_are_not_ours_are_refused(site: Site) {
        let token = site.client().await.token().expect("a token").to_owned();
        let mut parts: Vec<_> = token.split('.').map(ToOwned::to_owned).collect();
        let none = "eyJhbGciOiJub25lIn0";
        let altered = format!("{}.{}.{}x", parts[0], parts[1], parts[2]);
        none.clone_into(&mut parts[0]);
        let unsigned = format!("{none}.{}.", parts[1]);
        let client = Client::new(site.address);
        for value in [
            format!("Bearer {altered}"),
            format!("Bearer {unsigned}"),
            format!("Bearer {}", parts.join(".")),
            "Bearer nonsense".to_owned(),
            "Bearer".to_owned(),
            "Basic !!!".to_owned(),
            "Digest x".to_owned(),
        ] {
            let request = client.request(Method::GET, "/export/people.csv").header("authorization", &value);
            let response = request.send().await.expect("an answer");
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{value}");
            assert!(response.headers().contains_key("www-authenticate"));
            let me = client.request(Method::POST, "/graphql").header("authorization", &value);
            let response = me.json(&json!({ "query": "{ __typename }" })).send().await.expect("an answer");
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{value}");
            assert!(response.headers().contains_key("www-authenticate"));
        }
        let basic = client.request(Method::GET, "/export/people.csv").basic_auth("admin@acme.example", Some(PASSWORD));
        assert_eq!(basic.send().await.expect("an answer").status(), StatusCode::OK);
    }

    async fn a_password_that_a_browser_remembers_does_not_serve_other_sites(site: Site) {
        let (client, token) = (Client::new(site.address), site.client().await);
        let own = format!("http://{}", site.address);
        for (name, value, status) in [
            ("sec-fetch-site", "cross-site", 403),
            ("sec-fetch-site", "same-site", 403),
            ("sec-fetch-site", "same-origin", 200),
            ("sec-fetch-site", "none", 200),
            ("origin", "https://evil.example", 403),
            ("origin", "http://127.0.0.1:1", 403),
            ("origin", "null", 403),
            ("origin", &own, 200),
            ("accept", "*/*", 200),
        ] {
            let form = || {
                let file = reqwest::multipart::Part::text("name\nJane\n").file_name("people.csv");
                reqwest::multipart::Form::new().part("file", file)
            };
            let import = |client: &Client| client.request(Method::POST, "/import/people").header(name, value).multipart(form());
            let basic = |request: reqwest::RequestBuilder| request.basic_auth("admin@acme.example", Some(PASSWORD));
            let response = basic(import(&client)).send().await.expect("an answer");
            assert_eq!(response.status(), status, "{name}: {value}");
            if status == 403 {
                assert_eq!(response.json::<Value>().await.expect("JSON")["error"]["code"], "FORBIDDEN", "{name}: {value}");
            }
            let query = client.request(Method::POST, "/graphql").header(name, value).json(&json!({ "query": "{ __typename }" }));
            assert_eq!(basic(query).send().await.expect("an answer").status(), status, "{name}: {value}");
            let read = client.request(Method::GET, "/export/people.csv").header(name, value);
            assert_eq!(basic(read).send().await.expect("an answer").status(), 200, "a link from elsewhere may read");
            assert_eq!(import(&token).send().await.expect("an answer").status(), 200, "no browser adds a token by itself");
        }
    }

    async fn a_body_that_does_not_arrive_is_given_up(site: ImpatientSite) {
        let token = site.0.client().await.token().expect("a token").to_owned();
        let form = "multipart/form-data; boundary=x";
        let part = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\r\nname\r\n";
        for (path, content_type, begun) in [
            ("/graphql", "application/json", "{"),
            ("/api.php", "application/x-www-form-urlencoded", "create=lead"),
            ("/import/people?format=csv", "text/csv", "name\n"),
            ("/import/people?format=csv", form, "--x\r\n"),
            ("/import/people?format=csv", form, part),
        ] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: acme.crm.example\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: {content_type}\r\nContent-Length: 1000\r\n\r\n{begun}"
            );
            let mut waiting = TcpStream::connect(site.0.address).await.expect("a connection");
            waiting.write_all(head.as_bytes()).await.expect("it is read");
            let answer = rest_of(&mut waiting).await;
            assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("LIMITED"), "{path} {begun}: {answer}");
            let mut gone = TcpStream::connect(site.0.address).await.expect("a connection");
            gone.write_all(head.as_bytes()).await.expect("it is read");
            gone.shutdown().await.expect("its end is read");
            let answer = rest_of(&mut gone).await;
            assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("broke off"), "{path} {begun}: {answer}");
        }
        let people = site.0.client().await.graphql("{ people { totalCount } }", json!({})).await;
        assert_eq!(people["people"]["totalCount"], 0);
    }

    async fn every_body_has_a_limit(site: SmallSite) {
        let client = site.0.client().await;
        let large = "x".repeat(3_000);
        for (path, content_type) in [
            ("/graphql", "application/json"),
            ("/api.php", "application/x-www-form-urlencoded"),
            ("/import/people", "text/csv"),
        ] {
            let request = client.request(Method::POST, path).header("content-type", content_type).body(large.clone());
            let response = request.send().await.expect("an answer");
            assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
            let answer = response.text().await.expect("text");
            if path == "/api.php" {
                assert_eq!(answer, "The body is larger than 2000 bytes, the limit.");
            } else {
                assert!(answer.starts_with("{\"error\":{\"code\":\"LIMITED\","), "{path}: {answer}");
            }
        }
        let file = reqwest::multipart::Part::text(large).file_name("people.csv");
        let request = client.request(Method::POST, "/import/people").multipart(reqwest::multipart::Form::new().part("file", file));
        assert_eq!(request.send().await.expect("an answer").status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    async fn a_request_head_that_never_ends_is_refused(site: Site) {
        let mut stream = TcpStream::connect(site.address).await.expect("a connection");
        stream.write_all(b"GET / HTTP/1.1\r\n").await.expect("it is read");
        let endless = [b"x: ".as_slice(), &vec![b'y'; 1 << 20]].concat();
        // The server may close before it has read all of it.
        let _ = stream.write_all(&endless).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        assert_eq!(site.client().await.get("/export/people.csv").await.status(), 200, "others are served");
    }

    async fn head_answers_as_get_without_a_body(site: Site) {
        let client = site.client().await;
        let response = client.request(Method::HEAD, "/export/people.csv").send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"acme-people-2026-05-25.csv\"");
        assert_eq!(response.text().await.expect("nothing"), "");
    }

    async fn health_is_on_the_admin_listener_only(site: Site) {
        let operator = Client::new(site.admin_address);
        assert_eq!(operator.download("/live").await, "live\n");
        assert_eq!(operator.download("/ready").await, "ready\n");
        assert_eq!(operator.get("/graphql").await.status(), 404);
        let client = Client::new(site.address);
        for path in ["/live", "/ready", "/metrics"] {
            assert_eq!(client.get(path).await.status(), 404, "{path}");
        }
    }

    async fn the_explorer_needs_nothing_from_elsewhere(site: Site) {
        let client = Client::new(site.address);
        let response = client.get("/graphiql").await;
        let policy = response.headers()["content-security-policy"].to_str().expect("ASCII").to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        let page = response.text().await.expect("a page");
        let links: Vec<_> = page.split(['"', '\'']).filter(|text| text.starts_with('/') || text.contains("//")).collect();
        assert_eq!(links, ["/graphiql/explorer.css", "/graphiql/explorer.js"]);
        for link in links {
            assert!(!client.download(link).await.is_empty());
        }
        assert_eq!(client.get("/graphiql/other.js").await.status(), 404);
    }

    async fn exports_are_ordered_and_filtered_like_lists(site: Site) {
        let client = site.client().await;
        client.import("/import/people?format=csv", "name,categories\nB,x\nA,x\nC,y ::: z\n").await;
        let names = async |query: &str| -> Vec<String> {
            let text = client.download(&format!("/export/people.json{query}")).await;
            let people: Vec<Value> = serde_json::from_str(&text).expect("an array");
            people.iter().map(|person| person["name"].as_str().expect("a name").to_owned()).collect()
        };
        assert_eq!(names("").await, ["A", "B", "C"]);
        assert_eq!(names("?sort=-name").await, ["C", "B", "A"]);
        assert_eq!(names("?category=X&sort=name").await, ["A", "B"]);
        assert_eq!(names("?search=c").await, ["C"]);
        assert_eq!(names("?search=nobody").await, [""; 0]);
    }
}
