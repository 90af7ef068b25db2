//! Arbitrary requests to a webhook: never a server error, and `Success` if and only if what it says is there afterwards.

use std::cell::Cell;
use std::num::NonZeroUsize;

use harness::client::Client;
use harness::database::Kind;
use harness::on_each_database;
use harness::require::count;
use harness::site::Site;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::webhook::Hook;

on_each_database! {
    async fn whatever_a_webhook_is_sent_the_answer_tells_what_happened(small: Small) {
        let client = small.0.client().await;
        let set_up = "mutation { person: createCustomField(input: { target: PERSON, name: \"Size\", type: NUMBER }) { customField { id } }
            transaction: createCustomField(input: { target: TRANSACTION, name: \"Fair\", type: YES_NO }) { customField { id } }
            createEventTemplate(input: { name: \"New Lead\", items: [{ offset: \"today\", title: \"Call\" }] }) { eventTemplate { id } } }";
        client.graphql(set_up, json!({})).await;
        let hook = Hook::of(&client, json!({ "name": "Anybody's" })).await;
        let before = Cell::new(Counts::of(&client).await);
        let (successes, arrays) = (Cell::new(0_u32), Cell::new(0_u32));
        let cases = count("CAIRN_TEST_FORMS", 64);
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let tried = TestRunner::new(config).run(&request(), |request| {
            block_in_place(|| Handle::current().block_on(async {
                let answer = request.send(&hook).await;
                let after = Counts::of(&client).await;
                let change = after.since(before.replace(after));
                successes.set(successes.get() + u32::from(answer == Answer::Success));
                arrays.set(arrays.get() + u32::from(matches!(answer, Answer::Array(_))));
                judge(&request, &answer, change)?;
                match &request.name {
                    Some(name) => {
                        let found = "query($search: String) { people(view: { search: $search }) { totalCount } }";
                        let data = client.graphql(found, json!({ "search": name })).await;
                        prop_assert_eq!(&data["people"]["totalCount"], &json!(u32::from(answer == Answer::Success)), "{}", name);
                        Ok(())
                    }
                    None => Ok(()),
                }
            }))
        });
        tried.expect("every request is answered by what has happened");
        assert!(successes.get() >= cases / 10, "{} of {cases} requests made something", successes.get());
        println!("{cases} requests, {} made something, {} were answered with an array", successes.get(), arrays.get());
    }
}

/// A site whose replies are short, as the account fills up.
struct Small(Site);

impl Small {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let result_cap = NonZeroUsize::new(20).expect("it is not zero");
        Site::with(kind, test, formats::builtin(), |config| config.legacy.result_cap = result_cap).await.map(Self)
    }
}

/// How many people, transactions, messages, events and categories there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts([i64; 5]);

impl Counts {
    async fn of(client: &Client) -> Self {
        let document = "{ people { totalCount } transactions { totalCount } messages { totalCount } events { totalCount } categories { totalCount } }";
        let data = client.graphql(document, json!({})).await;
        let names = ["people", "transactions", "messages", "events", "categories"];
        Self(names.map(|name| data[name]["totalCount"].as_i64().expect("a count")))
    }

    fn since(self, before: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] - before.0[at]))
    }
}

/// What a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Success,
    Array(Vec<Value>),
    /// A code and its sentence.
    Refusal(String, String),
}

fn judge(request: &Request, answer: &Answer, change: Counts) -> Result<(), TestCaseError> {
    let [people, transactions, messages, events, categories] = change.0;
    match answer {
        Answer::Success => {
            // A person who is there already is not added; a prospect and a message always are.
            prop_assert!((0..=1).contains(&people) && (0..=1).contains(&transactions) && (0..=1).contains(&messages));
            prop_assert!(messages == 0 || people + transactions == 0, "one record: {:?}", change);
            prop_assert!(events == 0 || messages + transactions == 1, "{:?}", change);
            prop_assert!(categories >= 0);
            if let Some(kind) = &request.kind {
                let is_stage = ["lead", "opportunity", "customer", "archive"].contains(&kind.as_str());
                prop_assert_eq!(transactions, i64::from(is_stage), "{}", kind);
                prop_assert_eq!(messages, i64::from(kind == "message"), "{}", kind);
            }
        }
        Answer::Array(objects) => {
            prop_assert_eq!(change.0, [0; 5]);
            prop_assert!(objects.len() <= 20);
            let are_texts = objects.iter().all(|object| {
                object
                    .as_object()
                    .is_some_and(|object| object.values().all(Value::is_string) && object.contains_key("name"))
            });
            prop_assert!(are_texts, "{:?}", objects);
        }
        Answer::Refusal(code, sentence) => {
            prop_assert_eq!(change.0, [0; 5], "{}", sentence);
            prop_assert!(code != "INTERNAL", "{}", sentence);
            prop_assert!(sentence.ends_with(['.', '!', '?']), "{}", sentence);
        }
    }
    Ok(())
}

/// A request to a webhook.
#[derive(Clone, Debug)]
struct Request {
    method: Method,
    content_type: Option<&'static str>,
    query: String,
    body: Vec<u8>,
    /// The kind that it asks for, where it says so plainly.
    kind: Option<String>,
    /// A name that nobody else has, where it brings one.
    name: Option<String>,
}

impl Request {
    async fn send(&self, hook: &Hook) -> Answer {
        let mut request = hook.request_with(self.method.clone(), &self.query).body(self.body.clone());
        if let Some(content_type) = self.content_type {
            request = request.header("content-type", content_type);
        }
        let response = request.send().await.expect("the server answers");
        let status = response.status().as_u16();
        let code = response.headers().get("x-cairn-code").map(|code| code.to_str().expect("ASCII").to_owned());
        let text = response.text().await.expect("the answer is whole");
        if let Some(code) = code {
            assert!(matches!(status, 400 | 403 | 409 | 429), "{status} {text} {self:?}");
            return Answer::Refusal(code, text);
        }
        assert_eq!(status, 200, "{text} {self:?}");
        if text == "Success" { Answer::Success } else { Answer::Array(serde_json::from_str(&text).expect("JSON")) }
    }
}

const NAMES: [&str; 30] = [
    "name",
    "Name",
    "email",
    "phone",
    "fax",
    "mobile",
    "address",
    "city",
    "state",
    "zip",
    "title",
    "country",
    "url",
    "website",
    "notes",
    "categories",
    "category",
    "probability",
    "value",
    "moreinfo",
    "template",
    "body",
    "files",
    "searchpeople",
    "search",
    "size",
    "Fair",
    "json",
    "_charset_",
    "type",
];

const VALUES: [&str; 28] = [
    "",
    " ",
    "Ann - ACME",
    "Jörg",
    "ann@acme.example",
    "5000",
    "$5,000.00",
    ".25",
    "25%",
    "1,5",
    "-3",
    "on",
    "A\r\nB\r\n\r\nA",
    "<&>",
    "true",
    "New Lead",
    "No Template",
    "lead",
    "event",
    "https://example.com/a.pdf",
    "plan.pdf",
    "{\"name\": \"In JSON\"}",
    "{\"a\":",
    "[category:Meetings] text",
    "[event:+1 Week:Call] x",
    "[association:Ann - ACME]",
    "\u{0}\u{b}\u{202e}",
    "\"open",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        7 => prop::sample::select(VALUES.to_vec()).prop_map(ToOwned::to_owned),
        2 => any::<String>(),
        1 => "[a-z]{400,700}",
    ]
}

/// Any JSON, mostly texts.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        8 => text().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..4)
                .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![9 => prop::sample::select(NAMES.to_vec()).prop_map(ToOwned::to_owned), 1 => any::<String>()]
}

/// Fields that one knows what they make: a kind and a name of one's own, and harmless ones.
fn plain() -> impl Strategy<Value = (Vec<(String, Value)>, String, String)> {
    let kind = prop::sample::select(vec!["person", "lead", "opportunity", "customer", "archive"]);
    let harmless = prop::collection::vec(
        (prop::sample::select(vec!["city", "zip", "moreinfo", "categories", "notes", "value", "unknown"]), value()),
        0..4,
    );
    (kind, any::<u64>(), harmless).prop_map(|(kind, number, harmless)| {
        let name = format!("zzq{number:016x}");
        let mut fields: Vec<_> = harmless.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        fields.push(("type".to_owned(), json!(kind)));
        fields.push(("name".to_owned(), json!(name)));
        (fields, kind.to_owned(), name)
    })
}

fn request() -> impl Strategy<Value = Request> {
    let content_type = || {
        prop::sample::select(vec![
            None,
            Some("application/json"),
            Some("application/json; charset=iso-8859-1"),
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
        ])
    };
    let method = || prop::sample::select(vec![Method::POST, Method::POST, Method::POST, Method::GET]);
    let object = |fields: Vec<(String, Value)>| Value::from(fields.into_iter().collect::<Map<_, _>>()).to_string();
    let sure = (plain(), any::<bool>()).prop_map(move |((fields, kind, name), in_form)| {
        let text = object(fields);
        let (content_type, body) = if in_form {
            (Some("application/x-www-form-urlencoded"), format!("json={}", encoded(text.as_bytes())))
        } else {
            (Some("application/json"), text)
        };
        let (kind, name) = (Some(kind), Some(name));
        Request { method: Method::POST, content_type, query: String::new(), body: body.into_bytes(), kind, name }
    });
    let fields = || prop::collection::vec((name(), value()), 0..8);
    let any_object = (method(), content_type(), fields()).prop_map(move |(method, content_type, fields)| {
        let body = object(fields).into_bytes();
        Request { method, content_type, query: String::new(), body, kind: None, name: None }
    });
    let any_form = (method(), prop::collection::vec((name(), text()), 0..8)).prop_map(|(method, fields)| {
        let pairs =
            fields.iter().map(|(name, text)| format!("{}={}", encoded(name.as_bytes()), encoded(text.as_bytes())));
        let pairs = pairs.collect::<Vec<_>>().join("&");
        let (query, body) = if method == Method::GET { (pairs, String::new()) } else { (String::new(), pairs) };
        Request { method, content_type: None, query, body: body.into_bytes(), kind: None, name: None }
    });
    let any_json = (content_type(), value()).prop_map(|(content_type, value)| Request {
        method: Method::POST,
        content_type,
        query: String::new(),
        body: value.to_string().into_bytes(),
        kind: None,
        name: None,
    });
    let bytes = (method(), content_type(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..200));
    let any_bytes = bytes.prop_map(|(method, content_type, begins, bytes)| Request {
        method,
        content_type,
        query: encoded(&bytes),
        body: [if begins { &b"{\"name\":"[..] } else { b"" }, &bytes].concat(),
        kind: None,
        name: None,
    });
    prop_oneof![4 => sure, 4 => any_object, 3 => any_form, 1 => any_json, 2 => any_bytes]
}

fn encoded(bytes: &[u8]) -> String {
    let encode = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => char::from(*byte).to_string(),
        _ => format!("%{byte:02x}"),
    };
    bytes.iter().map(encode).collect()
}
