//! Arbitrary forms for the legacy API: never a server error, and `Success` if and only if the record is there afterwards.

use std::cell::Cell;
use std::num::NonZeroUsize;

use compat_api::Settings;
use harness::client::Client;
use harness::database::Kind;
use harness::on_each_database;
use harness::require::count;
use harness::site::{PASSWORD, Site};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use quick_xml::events::Event;
use reqwest::Method;
use serde_json::json;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

on_each_database! {
    async fn success_is_the_word_for_a_record_that_is_there_and_for_nothing_else(small: Small) {
        let client = small.0.client().await;
        let fields = "mutation { person: createCustomField(input: { target: PERSON, name: \"Size\", type: NUMBER }) { customField { id } }
            transaction: createCustomField(input: { target: TRANSACTION, name: \"Fair\", type: YES_NO }) { customField { id } } }";
        client.graphql(fields, json!({})).await;
        let before = Cell::new(Counts::of(&client).await);
        let successes = Cell::new(0_u32);
        let cases = count("CAIRN_TEST_FORMS", 64);
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let tried = TestRunner::new(config).run(&request(), |request| {
            block_in_place(|| Handle::current().block_on(async {
                let answer = request.send(&client).await;
                let after = Counts::of(&client).await;
                let change = after.since(before.replace(after));
                successes.set(successes.get() + u32::from(answer == Answer::Success));
                judge(&request, &answer, change)
            }))
        });
        tried.expect("every form is answered by what has happened");
        assert!(successes.get() >= cases / 20, "{} of {cases} forms made something", successes.get());
    }
}

/// A site whose replies are short, as the account fills up.
struct Small(Site);

impl Small {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let result_cap = NonZeroUsize::new(20).expect("it is not zero");
        let site = Site::with(kind, test, formats::builtin(), |config| {
            config.legacy = Settings { result_cap, ..Settings::default() };
        });
        site.await.map(Self)
    }
}

/// How many people, leads, opportunities, customers, archives, events and messages there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts([i64; 7]);

impl Counts {
    async fn of(client: &Client) -> Self {
        let document = "{ people { totalCount } lead: transactions(stage: LEAD) { totalCount }
            opportunity: transactions(stage: OPPORTUNITY) { totalCount } customer: transactions(stage: CUSTOMER) { totalCount }
            archive: transactions(stage: ARCHIVE) { totalCount } events { totalCount } messages { totalCount } }";
        let data = client.graphql(document, json!({})).await;
        let names = ["people", "lead", "opportunity", "customer", "archive", "events", "messages"];
        Self(names.map(|name| data[name]["totalCount"].as_i64().expect("a count")))
    }

    fn since(self, before: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] - before.0[at]))
    }

    /// What creating this kind may change: a transaction may come with its person.
    fn allowed(kind: &str) -> Vec<Self> {
        let one = |at: &[usize]| Self(std::array::from_fn(|place| i64::from(at.contains(&place))));
        match kind.to_lowercase().as_str() {
            "person" | "people" => vec![one(&[0])],
            "lead" => vec![one(&[1]), one(&[0, 1])],
            "opportunity" => vec![one(&[2]), one(&[0, 2])],
            "customer" => vec![one(&[3]), one(&[0, 3])],
            "archive" => vec![one(&[4]), one(&[0, 4])],
            "event" => vec![one(&[5])],
            "message" => vec![one(&[6])],
            _ => Vec::new(),
        }
    }
}

/// What a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Success,
    Xml(String),
    /// A code and its sentence.
    Refusal(String, String),
}

fn judge(request: &Request, answer: &Answer, change: Counts) -> Result<(), TestCaseError> {
    let nothing = Counts([0; 7]);
    match answer {
        Answer::Success => {
            let allowed = match &request.create {
                Some(kind) => Counts::allowed(kind),
                None => KINDS.iter().flat_map(|kind| Counts::allowed(kind)).collect(),
            };
            prop_assert!(allowed.contains(&change), "Success, and the change is {change:?}");
        }
        Answer::Xml(text) => {
            prop_assert_eq!(change, nothing);
            let mut reader = quick_xml::Reader::from_str(text);
            loop {
                match reader.read_event() {
                    Ok(Event::Eof) => break,
                    Ok(_) => {}
                    Err(error) => return Err(TestCaseError::fail(format!("{error}: {text}"))),
                }
            }
            prop_assert!(text.ends_with("</result>\n"), "{}", text);
            let forbidden = text.contains(|c: char| c < ' ' && c != '\n' && c != '\t');
            prop_assert!(!forbidden, "{}", text);
        }
        Answer::Refusal(code, sentence) => {
            prop_assert_eq!(change, nothing, "{}", sentence);
            prop_assert!(code != "INTERNAL", "{}", sentence);
            prop_assert!(sentence.ends_with(['.', '!', '?']), "{}", sentence);
        }
    }
    Ok(())
}

/// A request to `api.php`.
#[derive(Clone, Debug)]
struct Request {
    content_type: String,
    accept_charset: Option<&'static str>,
    body: Vec<u8>,
    /// What it creates, where its fields say so plainly.
    create: Option<String>,
}

impl Request {
    async fn send(&self, client: &Client) -> Answer {
        let mut request = client.request(Method::POST, "/api.php").header("content-type", &self.content_type);
        if let Some(charset) = self.accept_charset {
            request = request.header("accept-charset", charset);
        }
        let response = request.body(self.body.clone()).send().await.expect("the server answers");
        assert!(matches!(response.status().as_u16(), 200 | 429), "{} {self:?}", response.status());
        let header = |name| response.headers().get(name).map(|value| value.to_str().expect("ASCII").to_owned());
        let (content_type, code) = (header("content-type").expect("a content type"), header("x-cairn-code"));
        let bytes = response.bytes().await.expect("the answer is whole");
        let text = match content_type.rsplit_once('=') {
            Some((_, "iso-8859-1")) => bytes.iter().copied().map(char::from).collect(),
            _ => String::from_utf8(bytes.to_vec()).expect("UTF-8"),
        };
        match code {
            Some(code) => Answer::Refusal(code, text),
            None if text == "Success" => Answer::Success,
            None => Answer::Xml(text),
        }
    }
}

const KINDS: [&str; 8] = ["lead", "opportunity", "customer", "archive", "person", "people", "event", "message"];

const NAMES: [&str; 34] = [
    "name",
    "name",
    "name",
    "email",
    "phone",
    "fax",
    "mobile",
    "address",
    "city",
    "state",
    "zip",
    "title",
    "title",
    "title",
    "country",
    "url",
    "probability",
    "value",
    "moreinfo",
    "category",
    "category[]",
    "notes",
    "year",
    "month",
    "day",
    "location",
    "description",
    "body",
    "body",
    "search",
    "size",
    "Fair",
    "_charset_",
    "login_email[x]",
];

const VALUES: [&str; 24] = [
    "",
    " ",
    "Ann - ACME",
    "Jörg",
    "ann@acme.example",
    "5000",
    "$5,000.00",
    ".25",
    "25%",
    "25",
    "1,5",
    "-3",
    "2026",
    "05",
    "31",
    "13",
    "on",
    "A\r\nB\r\n\r\nA",
    "<&>",
    "stage:lead",
    "category:",
    "\"open",
    "iso-8859-1",
    "\u{0}\u{b}\u{202e}",
];

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => prop::sample::select(VALUES.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        2 => any::<String>().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => "[a-z]{400,700}".prop_map(String::into_bytes),
    ]
}

fn field() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let name = prop_oneof![
        9 => prop::sample::select(NAMES.to_vec()).prop_map(|name| name.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ];
    (name, value())
}

/// The fields that say what is wanted, and what it creates.
fn action() -> impl Strategy<Value = (Vec<(&'static str, String)>, Option<String>)> {
    let kind = || {
        prop_oneof![
            9 => prop::sample::select(KINDS.to_vec()).prop_map(ToOwned::to_owned),
            1 => any::<String>(),
        ]
    };
    // What every kind needs, most of the time, so that many forms make something.
    let needed = prop::bool::weighted(0.8).prop_map(|whole| {
        let needed = [("name", "Ann"), ("title", "Hello"), ("year", "2026"), ("month", "5"), ("day", "8")];
        let needed = needed.map(|(name, text)| (name, text.to_owned()));
        if whole { needed.to_vec() } else { Vec::new() }
    });
    prop_oneof![
        12 => (kind(), needed).prop_map(|(kind, mut fields)| {
            fields.push(("create", kind.clone()));
            (fields, Some(kind.trim().to_owned()))
        }),
        5 => kind().prop_map(|kind| (vec![("get", kind)], None)),
        1 => (kind(), kind()).prop_map(|(create, get)| (vec![("create", create), ("get", get)], None)),
        1 => Just((Vec::new(), None)),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let accept = prop::sample::select(vec![None, None, None, Some("utf-8"), Some("iso-8859-1"), Some("x;q=2,*;q=-1")]);
    let content_type = prop::sample::select(vec![
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "application/x-www-form-urlencoded; charset=iso-8859-1",
        "application/x-www-form-urlencoded; charset=shift_jis",
        "multipart/form-data; boundary=cut",
        "multipart/form-data; boundary=cut",
        "multipart/form-data",
        "text/plain",
    ]);
    let fields = prop::collection::vec(field(), 0..10);
    let shaped =
        (content_type, fields, action(), accept.clone()).prop_map(|(content_type, mut fields, action, accept)| {
            let (action, create) = action;
            let own = |(name, text): (&str, String)| (name.as_bytes().to_vec(), text.into_bytes());
            let login = [("login_email", "admin@acme.example"), ("login_password", PASSWORD)];
            fields.extend(login.into_iter().map(|(name, text)| own((name, text.to_owned()))));
            fields.extend(action.into_iter().map(own));
            let body = if content_type.starts_with("multipart") { multipart(&fields) } else { urlencoded(&fields) };
            Request { content_type: content_type.to_owned(), accept_charset: accept, body, create }
        });
    let raw = (any::<Option<bool>>(), prop::collection::vec(any::<u8>(), 0..300), accept).prop_map(
        |(kind, bytes, accept)| {
            let login =
                format!("login_email=admin%40acme.example&login_password={}&create=lead&", PASSWORD.replace(' ', "+"));
            let (content_type, start) = match kind {
                Some(true) => ("multipart/form-data; boundary=cut", "--cut\r\n"),
                Some(false) => ("text/html; charset=\"", login.as_str()),
                None => ("application/x-www-form-urlencoded", login.as_str()),
            };
            let body = [start.as_bytes(), &bytes].concat();
            Request { content_type: content_type.to_owned(), accept_charset: accept, body, create: None }
        },
    );
    prop_oneof![9 => shaped, 1 => raw]
}

fn urlencoded(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let encoded = |bytes: &[u8]| {
        let encode = |byte: &u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'[' | b']' => char::from(*byte).to_string(),
            _ => format!("%{byte:02x}"),
        };
        bytes.iter().map(encode).collect::<String>()
    };
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.join("&").into_bytes()
}

fn multipart(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let part = |(name, value): &(Vec<u8>, Vec<u8>)| {
        // A name stands in quotes within a line.
        let name: Vec<u8> = name.iter().copied().filter(|byte| !b"\"\\\r\n\0".contains(byte)).collect();
        [&b"--cut\r\nContent-Disposition: form-data; name=\""[..], &name, b"\"\r\n\r\n", value, b"\r\n"].concat()
    };
    let mut body = fields.iter().map(part).collect::<Vec<_>>().concat();
    body.extend_from_slice(b"--cut--\r\n");
    body
}
