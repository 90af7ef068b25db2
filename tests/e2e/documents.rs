//! GraphQL documents that are too much: what is just within a limit is answered, what is just above refused where it begins to be
//! too much, by every door.

use futures_util::{SinkExt as _, StreamExt as _, future};
use harness::client::Client;
use harness::database::Kind;
use harness::on_each_database;
use harness::site::Site;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// A site whose documents may have little.
struct SmallSite(Site);

impl SmallSite {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let small = |config: &mut gateway::config::Config| {
            config.limits.graphql_tokens = 200;
            config.limits.graphql_depth = 10;
            config.limits.graphql_variables = 5;
            config.limits.graphql_operations = 3;
            config.limits.graphql_directives = 6;
            config.limits.graphql_values = 60;
            config.limits.graphql_anonymous_document = 2_000;
        };
        Site::with(kind, test, formats::builtin(), small).await.map(Self)
    }
}

/// A way in for documents.
#[derive(Clone, Copy, Debug)]
enum Door {
    Post,
    Get,
    Socket,
}

const DOORS: [Door; 3] = [Door::Post, Door::Get, Door::Socket];

impl Door {
    /// The answer to a document of somebody who is signed in, or of nobody.
    async fn ask(self, site: &Site, client: Option<&Client>, query: &str, variables: &Value) -> Value {
        let anonymous = Client::new(site.address);
        let sender = client.unwrap_or(&anonymous);
        let request = match self {
            Self::Post => {
                let body = json!({ "query": query, "variables": variables, "operationName": name_of(query) });
                sender.request(Method::POST, "/graphql").json(&body)
            }
            Self::Get => {
                let mut parameters = vec![("query", query.to_owned()), ("variables", variables.to_string())];
                parameters.extend(name_of(query).map(|name| ("operationName", name.to_owned())));
                sender.request(Method::GET, "/graphql").query(&parameters)
            }
            Self::Socket => {
                let mut socket = Socket::open(site, client).await;
                socket.subscribe("1", query, variables).await;
                return socket.answer().await;
            }
        };
        let response = request.send().await.expect("the server answers");
        assert_eq!(response.status(), StatusCode::OK, "{self:?} {query}");
        response.json().await.expect("the answer is JSON")
    }
}

/// Which operation is meant where there are several.
fn name_of(query: &str) -> Option<&str> {
    query.starts_with("query A").then_some("A")
}

/// A websocket that speaks graphql-transport-ws and has said who it is.
struct Socket(tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>);

impl Socket {
    async fn open(site: &Site, client: Option<&Client>) -> Self {
        let mut request = format!("ws://{}/graphql/ws", site.address).into_client_request().expect("a URL");
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
        let mut socket = Self(tokio_tungstenite::connect_async(request).await.expect("a websocket").0);
        let token = client.and_then(Client::token).map(|token| json!({ "authorization": format!("Bearer {token}") }));
        socket.send(json!({ "type": "connection_init", "payload": token.unwrap_or_else(|| json!({})) })).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket
    }

    async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("the server reads");
    }

    async fn subscribe(&mut self, id: &str, query: &str, variables: &Value) {
        let payload = json!({ "query": query, "variables": variables, "operationName": name_of(query) });
        self.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    async fn next(&mut self) -> Value {
        loop {
            match self.0.next().await.expect("the connection is open").expect("a message") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Close(frame) => return json!({ "closed": frame.map(|frame| frame.reason.to_string()) }),
                _ => {}
            }
        }
    }

    /// What the one operation answers: data and errors, or the errors of one that did not begin.
    async fn answer(&mut self) -> Value {
        let message = self.next().await;
        match &message["payload"] {
            errors @ Value::Array(_) => json!({ "errors": errors }),
            answer => answer.clone(),
        }
    }
}

fn many(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

/// A query of so many fields of a type.
fn fields(parts: &str) -> String {
    format!("{{ __type(name: \"Query\") {{ {parts} }} }}")
}

on_each_database! {
    async fn what_is_just_above_a_limit_is_refused_where_that_begins_by_every_door(site: SmallSite) {
        let site = site.0;
        let client = site.client().await;
        let variables = |count: usize| {
            let defined = many(count, |number| format!("$v{number}: Boolean! "));
            let used = many(count, |number| format!("f{number}: name @skip(if: $v{number}) "));
            format!("query({defined}) {}", fields(&used))
        };
        let directives = |count: usize| fields(&many(count, |number| format!("f{number}: name @skip(if: false) ")));
        let nested = |count: usize| {
            fields(&format!("fields {{ type {{ {}name{} }} }}", "ofType { ".repeat(count), " }".repeat(count)))
        };
        let operations = |count: usize| many(count, |number| {
            format!("query {} {{ __typename }} ", char::from(b'A' + u8::try_from(number).expect("few")))
        });
        let after = |text: &str, part: &str, nth: usize| text.match_indices(part).nth(nth).expect("it is there").0 + 1;
        let last = |text: &str| text.len();
        let cases: [(String, String, &str, usize); 5] = [
            (fields(&"name ".repeat(190)), fields(&"name ".repeat(191)), "too many tokens, at most 200", 0),
            (nested(6), nested(7), "too many brackets in each other, at most 10", 1),
            (variables(5), variables(6), "too many variables, at most 5", 2),
            (operations(3), operations(4), "too many operations, at most 3", 3),
            (directives(6), directives(7), "too many directives, at most 6", 4),
        ];
        let values = json!({ "v0": false, "v1": false, "v2": false, "v3": false, "v4": false });
        for (below, above, what, case) in cases {
            let column = match case {
                0 => last(&above),
                1 => after(&above, "ofType {", 6) + "ofType ".len(),
                2 => after(&above, "$", 5),
                3 => after(&above, "query", 3),
                _ => after(&above, "@", 6),
            };
            for door in DOORS {
                for client in [Some(&client), None] {
                    let answer = door.ask(&site, client, &below, &values).await;
                    assert!(answer.get("errors").is_none(), "{door:?} {below}\n{answer:#}");
                    let answer = door.ask(&site, client, &above, &values).await;
                    let error = &answer["errors"][0];
                    let message = format!("the document has {what} (line 1, column {column})");
                    assert_eq!(error["message"], message, "{door:?} {above}\n{answer:#}");
                    assert_eq!(error["extensions"]["code"], "LIMITED", "{door:?} {above}");
                    assert_eq!(error["locations"], json!([{ "line": 1, "column": column }]), "{door:?} {above}");
                    assert!(answer.get("data").is_none_or(Value::is_null), "{door:?} {above}");
                }
            }
        }
    }

    async fn who_is_not_signed_in_sends_little(site: SmallSite) {
        let site = site.0;
        let client = site.client().await;
        let padded = |length: usize| format!("{:#<length$}", "query($a: [Int!]) { __typename @skip(if: false) } ");
        let typename = |length: usize| format!("{:#<length$}", "{ __typename } ");
        for door in DOORS {
            let answer = door.ask(&site, None, &typename(2_000), &json!({})).await;
            assert_eq!(answer["data"]["__typename"], "Query", "{door:?}");
            let answer = door.ask(&site, None, &typename(2_001), &json!({})).await;
            let message = "the document has too many bytes for somebody who is not signed in, at most 2000 (line 1, column 2001)";
            assert_eq!(answer["errors"][0]["message"], message, "{door:?}");
            assert_eq!(answer["errors"][0]["extensions"]["code"], "LIMITED", "{door:?}");
            let answer = door.ask(&site, Some(&client), &typename(10_000), &json!({})).await;
            assert_eq!(answer["data"]["__typename"], "Query", "{door:?}");
            // Variables likewise, whether they are used or not.
            let large = json!({ "a": "x".repeat(2_000) });
            let answer = door.ask(&site, None, &typename(100), &large).await;
            let message = "the variables have too many bytes for somebody who is not signed in, at most 2000";
            assert_eq!(answer["errors"][0]["message"], message, "{door:?}");
            let answer = door.ask(&site, Some(&client), &typename(100), &large).await;
            assert_eq!(answer["data"]["__typename"], "Query", "{door:?}");
        }
        // A body that can hold no such document is not read to its end.
        let body = json!({ "query": padded(9_000) }).to_string();
        let anonymous = Client::new(site.address).request(Method::POST, "/graphql").header("content-type", "application/json");
        let response = anonymous.body(body).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    async fn values_are_counted_in_json_and_in_arguments(site: SmallSite) {
        let site = site.0;
        let client = site.client().await;
        let query = "query($a: [ID!]!) { __typename }";
        for door in DOORS {
            let list = |count: usize| json!({ "a": vec!["1"; count] });
            let answer = door.ask(&site, Some(&client), query, &list(40)).await;
            assert_eq!(answer["errors"][0]["message"], "Variable \"$a\" is not used", "{door:?}");
            let answer = door.ask(&site, Some(&client), query, &list(60)).await;
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "LIMITED", "{door:?} {answer:#}");
            assert!(error["message"].as_str().is_some_and(|said| said.starts_with("the request has too many values, at most 60")));
            // Twice thirty in place.
            let twice = "query($a: [ID!]!) { x: addToCategory(input: $a) { id } y: addToCategory(input: $a) { id } }";
            let answer = door.ask(&site, Some(&client), twice, &list(30)).await;
            let message = "the arguments hold too many values with their variables in place, at most 60";
            assert_eq!(answer["errors"][0]["message"], message, "{door:?}");
        }
    }

    async fn an_answer_has_few_errors_and_short_ones(site: Site) {
        let client = site.client().await;
        let wrong = |count: usize| format!("{{ {} }}", many(count, |number| format!("pepole{number} ")));
        for door in DOORS {
            for (count, listed, last) in [(20, 20, Value::Null), (21, 20, json!("and 2 more errors")), (50, 20, json!("and 31 more errors"))] {
                let answer = door.ask(&site, Some(&client), &wrong(count), &json!({})).await;
                let errors = answer["errors"].as_array().expect("errors");
                assert_eq!(errors.len(), listed, "{door:?} {count}");
                assert!(errors.iter().all(|error| error["extensions"]["code"] == "INVALID"), "{answer:#}");
                let found = errors.last().expect("one").get("message").filter(|_| count > 20).cloned().unwrap_or_default();
                assert_eq!(found, last, "{door:?} {count}");
            }
            // Fields that are there, each of which fails.
            let failing = format!("{{ {} }}", many(30, |number| format!("n{number}: people(first: -1) {{ totalCount }} ")));
            let answer = door.ask(&site, None, &failing, &json!({})).await;
            assert!(answer["errors"].as_array().expect("errors").len() <= 20, "{door:?}");
            // What an error repeats of a document is not the document.
            let long = format!("query A {{ __typename }} {}", "{ a ".repeat(30));
            let answer = door.ask(&site, Some(&client), &format!("{}(", long.replace(' ', "      ")), &json!({})).await;
            let message = answer["errors"][0]["message"].as_str().expect("a sentence").to_owned();
            assert!(message.starts_with("syntax error at line 1, column ") && message.len() < 200, "{door:?} {message}");
        }
        let body = json!({ "query": "query A { __typename } query B { __typename }", "operationName": "x".repeat(5_000) });
        let answer = client.request(Method::POST, "/graphql").json(&body).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        let message = answer["errors"][0]["message"].as_str().expect("a sentence");
        assert!(message.ends_with('…') && message.len() < 2_010, "{message}");
    }

    async fn a_wrong_name_is_told_what_it_may_have_been_meant_for(site: Site) {
        let client = site.client().await;
        for (document, message) in [
            ("{ pepole { totalCount } }", "Unknown field \"pepole\" on type \"Query\". Did you mean \"people\"?"),
            ("{ me { emial } }", "Unknown field \"emial\" on type \"User\". Did you mean \"email\"?"),
            ("{ xyzzy }", "Unknown field \"xyzzy\" on type \"Query\"."),
            ("{ people(frist: 1) { totalCount } }",
             "Unknown argument \"frist\" on field \"people\" of type \"Query\". Did you mean \"first\"?"),
        ] {
            let answer = client.graphql_answer(document, json!({})).await;
            assert_eq!(answer["errors"][0]["message"], message);
        }
    }

    async fn a_default_of_a_type_that_there_is_not_is_invalid(site: Site) {
        for (of, expected) in [
            ("[Nope] = [1]", json!("Unknown type \"Nope\"")),
            ("[[Nope!]!]! = [[1]]", json!("Unknown type \"Nope\"")),
            ("Nope = 1", json!("Unknown type \"Nope\"")),
            ("[Int!] = [1]", json!("Variable \"$a\" is not used")),
        ] {
            for door in DOORS {
                let answer = door.ask(&site, None, &format!("query($a: {of}) {{ __typename }}"), &json!({})).await;
                assert_eq!(answer["errors"][0]["message"], expected, "{door:?} {of}");
            }
        }
    }

    async fn what_is_no_graphql_is_told_where(site: Site) {
        for (document, message) in [
            ("{ a(b: \"x) }", "the document has a string that does not end (line 1, column 8)"),
            ("{ a(b: \"\"\"x) }", "the document has a string that does not end (line 1, column 8)"),
            ("{\n a ? }", "the document has a character that stands for nothing in GraphQL (line 2, column 4)"),
            ("{ a(b: 1} }", "the document has a } without a { before it (line 1, column 9)"),
        ] {
            for door in DOORS {
                let answer = door.ask(&site, None, document, &json!({})).await;
                assert_eq!(answer["errors"][0]["message"], message, "{door:?}");
                assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{door:?}");
            }
        }
    }

    async fn large_documents_are_run_like_small_ones(site: Site) {
        let client = site.client().await;
        // Above 16 KiB by their text, by their variables, and large by their tokens alone.
        let notes = "n".repeat(20_000);
        let create = format!("mutation {{ createPerson(input: {{ name: \"A\", notes: \"{notes}\" }}) {{ person {{ id notes }} }} }}");
        let created = client.graphql(&create, json!({})).await["createPerson"]["person"].clone();
        assert_eq!(created["notes"], notes);
        let create = "mutation($input: CreatePersonInput!) { createPerson(input: $input) { person { notes } } }";
        let created = client.graphql(create, json!({ "input": { "name": "B", "notes": notes } })).await;
        assert_eq!(created["createPerson"]["person"]["notes"], notes);
        let fields = many(400, |number| format!("n{number}: name p{number}: notes "));
        let query = format!("{{ people(first: 2) {{ nodes {{ {fields} categories {{ name }} }} }} }}");
        for door in DOORS {
            let answer = door.ask(&site, Some(&client), &query, &json!({})).await;
            let nodes = answer["data"]["people"]["nodes"].as_array().expect("two people").clone();
            assert_eq!((nodes[0]["n399"].clone(), nodes[1]["p0"].clone()), (json!("A"), json!(notes)), "{door:?}");
            assert_eq!(nodes[1]["categories"], json!([]), "{door:?}");
        }
        let (unknown, length) = (query.replace("notes", "nothing"), query.len());
        assert!(length > 8_000);
        assert_eq!(client.graphql_code(&unknown, json!({})).await, "INVALID");
    }

    async fn operations_of_a_websocket_that_come_without_a_pause_are_all_answered(site: Site) {
        let mut socket = Socket::open(&site, None).await;
        for number in 0..500 {
            socket.subscribe(&number.to_string(), "{ __typename }", &json!({})).await;
        }
        let mut complete = 0;
        while complete < 500 {
            let message = socket.next().await;
            assert!(message.get("closed").is_none(), "{message}");
            complete += usize::from(message["type"] == "complete" || message["type"] == "error");
        }
    }

    async fn the_server_is_alive_while_the_dearest_documents_are_looked_at(site: Site) {
        let client = site.client().await;
        // All that the limits let pass: errors at each of 1,900 fields, and nearly 20,000 tokens of values.
        let fields = fields(&many(1_900, |number| format!("nothing{number}(a: 1) ")));
        let values = format!("query($a: [Int] = [{}]) {{ __typename }}", "1 ".repeat(19_950));
        let documents = [fields, values];
        let asked = (0..12).map(|number| {
            let (client, document) = (&client, &documents[number % 2]);
            async move { client.graphql_answer(document, json!({})).await["errors"][0]["extensions"]["code"].clone() }
        });
        let mut asked = std::pin::pin!(future::join_all(asked));
        let mut alive = 0;
        let codes = loop {
            let live = reqwest::get(format!("http://{}/live", site.admin_address));
            tokio::select! {
                codes = &mut asked => break codes,
                live = live => {
                    assert_eq!(live.expect("the server is alive").status(), StatusCode::OK);
                    alive += 1;
                }
            }
        };
        assert!(codes.iter().all(|code| code == "INVALID"), "{codes:?}");
        assert!(alive > 0, "it answers before the last of them is done");
    }
}
