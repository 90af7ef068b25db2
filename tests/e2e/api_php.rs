//! The legacy API as its clients see it: forms in, `Success`, sentences and XML out.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};

use harness::client::Client;
use harness::database::Kind;
use harness::program::Serving;
use harness::site::{PASSWORD, Site};
use harness::{on_each_database, require};
use reqwest::Method;
use serde_json::{Value, json};

use crate::program::{Desk, PROGRAM};

on_each_database! {
    async fn a_lead_is_a_person_with_a_transaction_in_graphql(site: Site) {
        let client = site.client().await;
        let lead = [("create", "lead"), ("name", "Jane Doe - ACME Ltd"), ("value", "$5,000.00"), ("probability", "25%")];
        assert_eq!(client.legacy(&lead).await, "Success");
        let document = "{ transactions(stage: LEAD) { nodes { value probability person { name company displayName } } } }";
        let data = client.graphql(document, json!({})).await;
        let person = json!({ "name": "Jane Doe", "company": "ACME Ltd", "displayName": "Jane Doe - ACME Ltd" });
        let expected = json!([{ "value": "5000", "probability": "0.25", "person": person }]);
        assert_eq!(data["transactions"]["nodes"], expected);
    }

    async fn every_kind_is_created_and_answered_under_its_own_name(site: Site) {
        let client = Client::new(site.address);
        for (kind, element) in [
            ("lead", "lead"),
            ("opportunity", "opportunity"),
            ("customer", "customer"),
            ("archive", "archive"),
            ("person", "person"),
            ("People", "person"),
        ] {
            let name = format!("Ann {kind} - Big & <Fish>");
            assert_eq!(client.legacy(&[("create", kind), ("name", &name)]).await, "Success");
            let reply = client.legacy(&[("GET", ""), ("get", kind), ("search", &format!("ann {kind}"))]).await;
            let expected = format!("<{element}>\n<name>Ann {kind} - Big &amp; &lt;Fish&gt;</name>\n");
            assert!(reply.contains(&expected), "{reply}");
        }
    }

    async fn replies_are_valid_with_no_one_and_two_records(site: Site) {
        let client = Client::new(site.address);
        for kind in ["lead", "opportunity", "customer", "archive", "person", "event", "message"] {
            for count in 0..3 {
                let search = [("get", kind), ("search", &format!("only {kind}"))];
                let reply = client.legacy(&search).await;
                assert_eq!(reply.matches(&format!("<{kind}>\n")).count(), count, "{reply}");
                assert_valid(reply.as_bytes());
                assert_valid(&latin1(&client, &search).await);
                let (name, email) = (format!("{count} only {kind} & \u{1}Ł"), format!("{kind}{count}@valid.example"));
                let record = [("create", kind), ("name", &name), ("email", &email), ("address", "1\n2"), ("title", &name)];
                let more = [("body", "<p>"), ("year", "2026"), ("month", "5"), ("day", "8")];
                assert_eq!(client.legacy(&[&record[..], &more[..]].concat()).await, "Success");
            }
        }
    }

    async fn a_search_looks_in_every_field_of_the_contact_and_in_custom_values(site: Site) {
        let client = site.client().await;
        let field = "mutation($target: CustomFieldTarget!, $name: String!) {
            createCustomField(input: { target: $target, name: $name, type: TEXT }) { customField { id } } }";
        client.graphql(field, json!({ "target": "PERSON", "name": "Shoe" })).await;
        client.graphql(field, json!({ "target": "TRANSACTION", "name": "Colour" })).await;
        let contact = [
            ("name", "Zoë - Alphaville"), ("title", "Bravotitle"), ("phone", "555-0001"), ("mobile", "(555) 0002"), ("fax", "555 0003"),
            ("email", "zoe@charlie.example"), ("url", "https://delta.example"), ("address", "1 Echo St"), ("city", "Foxtrot"),
            ("state", "Golf"), ("zip", "H0T31"), ("country", "India"), ("notes", "Juliett"), ("shoe", "Kilo"),
        ];
        let terms = [("create", "customer"), ("moreinfo", "Lima"), ("colour", "Mike")];
        assert_eq!(client.legacy(&[&terms[..], &contact].concat()).await, "Success");
        assert_eq!(client.legacy(&[("create", "customer"), ("name", "Somebody Else"), ("value", "1")]).await, "Success");
        let found = async |kind: &str, search: &str| {
            let reply = client.legacy(&[("get", kind), ("search", search)]).await;
            (reply.matches("<name>").count(), reply.contains("<name>Zoë - Alphaville</name>"))
        };
        for (_, value) in contact {
            for search in [value, &value.to_uppercase()] {
                assert_eq!(found("person", search).await, (1, true), "{search}");
                assert_eq!(found("customer", search).await, (1, true), "{search}");
            }
            assert_eq!(found("lead", value).await, (0, false), "{value}");
        }
        for (_, value) in &terms[1..] {
            assert_eq!(found("customer", value).await, (1, true), "{value}");
            assert_eq!(found("person", value).await, (0, false), "{value} is the transaction's");
        }
        assert_eq!(found("customer", "").await.0, 2);
    }

    async fn refusals_are_sentences_with_status_200_and_a_code(site: Site) {
        let client = Client::new(site.address);
        let login = [("login_email", "admin@acme.example"), ("login_password", PASSWORD)];
        let wrong = "The e-mail address or password is not correct.";
        let cases: [(Fields, &str, &str); 16] = [
            (&[("login_password", "wrong horse")], wrong, "UNAUTHENTICATED"),
            (&[("login_email", "nobody@acme.example")], wrong, "UNAUTHENTICATED"),
            (&[], "Please send create or get with what to create or get, such as lead.", "INVALID"),
            (&[("create", "lead"), ("get", "lead")], "Please send either create or get, not both.", "INVALID"),
            (
                &[("get", "leeds")],
                "There is no \"leeds\" to create or get; there are lead, opportunity, customer, archive, people, event and message.",
                "INVALID",
            ),
            (&[("create", "event"), ("title", "A")], "An event needs year, month and day; all three are missing.", "INVALID"),
            (
                &[("create", "lead"), ("city", "Köln")],
                "A person needs a name, a company, an e-mail address or a phone.",
                "INVALID",
            ),
            (
                &[("create", "lead"), ("name", "A"), ("probability", "25")],
                "A probability lies between 0 and 1, and 25 does not; write 25 % as 0.25.",
                "INVALID",
            ),
            (
                &[("create", "lead"), ("name", "A"), ("value", "much")],
                "\"much\" is not a number that can be read as value; write it like 5000 or 5,000.00.",
                "INVALID",
            ),
            (
                &[("create", "lead"), ("name", "A"), ("value", "1,5")],
                "\"1,5\" is not a number that can be read as value; write it like 5000 or 5,000.00.",
                "INVALID",
            ),
            (
                &[("create", "lead"), ("name", "A"), ("value", "5.000,00 €")],
                "\"5.000,00 €\" is not a number that can be read as value; write it like 5000 or 5,000.00.",
                "INVALID",
            ),
            (
                &[("create", "lead"), ("name", "A"), ("value", "922337203685477.5808")],
                "\"922337203685477.5808\" is not a number that can be read as value; write it like 5000 or 5,000.00.",
                "INVALID",
            ),
            (
                &[("create", "lead"), ("name", "A"), ("probability", "0,25")],
                "\"0,25\" is not a number that can be read as probability; write it like .25 or 25%.",
                "INVALID",
            ),
            (&[("login_email", " "), ("create", "lead")], &missing("login_email is missing"), "UNAUTHENTICATED"),
            (&[("login_password", ""), ("create", "lead")], &missing("login_password is missing"), "UNAUTHENTICATED"),
            (&[("login_email", ""), ("login_password", "")], &missing("both are missing"), "UNAUTHENTICATED"),
        ];
        for (fields, sentence, code) in cases {
            let form: Vec<_> = login.iter().chain(fields).collect();
            let response = client.request(Method::POST, "/api.php").form(&form).send().await.expect("an answer");
            assert_eq!(response.status(), 200, "{fields:?}");
            assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
            assert_eq!(response.headers()["x-cairn-code"], code, "{fields:?}");
            let text = response.text().await.expect("a sentence");
            assert_eq!(text, sentence, "{fields:?}");
        }
        let data = site.client().await.graphql("{ people { totalCount } transactions { totalCount } }", json!({})).await;
        assert_eq!(data, json!({ "people": { "totalCount": 0 }, "transactions": { "totalCount": 0 } }));
    }

    async fn a_lead_attaches_to_the_person_who_matches_and_fills_what_is_empty(site: Site) {
        let client = site.client().await;
        let person = [("create", "person"), ("name", "Jane Doe"), ("email", "jane@acme.example"), ("city", "Ulm")];
        client.legacy(&person).await;
        let again = [("create", "lead"), ("name", "J. Doe - ACME"), ("email", "JANE@acme.example"), ("city", "Bonn"), ("fax", "1")];
        assert_eq!(client.legacy(&again).await, "Success");
        let document = "{ people { nodes { name company city fax email } } }";
        let expected = json!([{ "name": "Jane Doe", "company": "ACME", "city": "Ulm", "fax": "1", "email": "jane@acme.example" }]);
        assert_eq!(client.graphql(document, json!({})).await["people"]["nodes"], expected);
        // A person is always created: the e-mail address is not unique.
        client.legacy(&person).await;
        let count = client.graphql("{ people { totalCount } }", json!({})).await;
        assert_eq!(count["people"]["totalCount"], 2);
    }

    async fn categories_come_one_a_line(site: Site) {
        let client = site.client().await;
        client.legacy(&[("create", "lead"), ("name", "A"), ("category", "Trade fair\r\n Press \n\n")]).await;
        client.legacy(&[("create", "person"), ("name", "B"), ("category", "press"), ("notes", "first\nsecond")]).await;
        let document = "{ transactions { nodes { categories { name } } } people(view: { category: \"PRESS\" }) { nodes { name notes } } }";
        let data = client.graphql(document, json!({})).await;
        assert_eq!(data["transactions"]["nodes"], json!([{ "categories": [{ "name": "Press" }, { "name": "Trade fair" }] }]));
        assert_eq!(data["people"]["nodes"], json!([{ "name": "B", "notes": "first\nsecond" }]));
    }

    async fn forms_come_as_php_sends_them(site: Site) {
        let client = Client::new(site.address);
        let login = format!("login_email=admin%40acme.example&login_password={}", PASSWORD.replace(' ', "+"));
        let latin = [login.as_bytes(), b"&create=person&name=J%F6rg&company=ignored&", b"unknown=x"].concat();
        let request = client.request(Method::POST, "/api.php").header("content-type", "application/x-www-form-urlencoded");
        let reply = request.body(latin).send().await.expect("an answer").text().await.expect("a text");
        assert_eq!(reply, "Success");
        let form = reqwest::multipart::Form::new()
            .text("login_email", "admin@acme.example")
            .text("login_password", PASSWORD)
            .text("get", "people")
            .text("search", "JORG");
        let request = client.request(Method::POST, "/api.php").multipart(form);
        let reply = request.send().await.expect("an answer").text().await.expect("a text");
        assert!(reply.contains("<name>Jörg</name>"), "{reply}");
        let broken = client.request(Method::POST, "/api.php").header("content-type", "multipart/form-data");
        let sentence = "The body is no form: send it as PHP or curl -d would.";
        assert_refused(broken.body("x"), "INVALID", sentence).await;
    }

    async fn names_come_in_parts(site: Site) {
        let client = site.client().await;
        let field = "mutation { createCustomField(input: { target: PERSON, name: \"First name\", type: TEXT }) { customField { id } } }";
        for (number, (form, name, company)) in [
            (&[("first_name", "Jane"), ("last_name", "Doe")][..], "Jane Doe", Value::Null),
            (&[("firstname", "Jane"), ("lastname", "Doe - ACME Ltd")], "Jane Doe", json!("ACME Ltd")),
            (&[("fname", "Jane"), ("lname", "Doe")], "Jane Doe", Value::Null),
            (&[("your-name", "Jane Doe")], "Jane Doe", Value::Null),
            (&[("name[first]", "Jane"), ("name[last]", "Doe")], "Jane Doe", Value::Null),
            (&[("Vorname", "Jürgen"), ("Nachname", "Groß")], "Jürgen Groß", Value::Null),
            (&[("name", "Ann - IBM"), ("first_name", "Jane")], "Ann", json!("IBM")),
        ].into_iter().enumerate() {
            if number == 6 {
                client.graphql(field, json!({})).await;
            }
            let email = format!("{number}@acme.example");
            let form: Vec<_> = form.iter().copied().chain([("create", "lead"), ("email", &*email)]).collect();
            assert_eq!(client.legacy(&form).await, "Success", "{form:?}");
            let document = "query($search: String!) { transactions(view: { search: $search }) { nodes {
                person { name company customValues { value } } } } }";
            let made = client.graphql(document, json!({ "search": email })).await["transactions"]["nodes"][0]["person"].clone();
            // A custom field that bears the name of a part gets it as it always did.
            let values = if number == 6 { json!([{ "value": "Jane" }]) } else { json!([]) };
            assert_eq!(made, json!({ "name": name, "company": company, "customValues": values }), "{form:?}");
        }
    }

    async fn what_http_refuses_is_a_sentence_too(small: Small) {
        let client = Client::new(small.0.address);
        let posted = |path: &str| client.request(Method::POST, path);
        let form = [("login_email", "admin@acme.example"), ("login_password", PASSWORD), ("get", "people")];
        let takes = "Send a form by POST, with login_email, login_password, and create or get.";
        let large = "The body is larger than 2000 bytes, the limit.";
        let packed = "The body has the Content-Encoding \"gzip\": send it as it is, without one.";
        for path in ["/api.php", "/api.php/"] {
            for (request, status, code, sentence) in [
                (posted(path).body("x".repeat(3_000)), 413, "LIMITED", large),
                (posted(path).header("content-encoding", "gzip").body("x"), 415, "UNSUPPORTED", packed),
                (client.request(Method::GET, path).query(&form), 405, "UNSUPPORTED", takes),
                (client.request(Method::PUT, path).form(&form), 405, "UNSUPPORTED", takes),
            ] {
                let response = request.send().await.expect("an answer");
                assert_eq!(response.status(), status, "{path}");
                assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8", "{path} {status}");
                assert_eq!(response.headers()["x-cairn-code"], code, "{path} {status}");
                let allow = response.headers().get("allow").map(|allow| allow.to_str().expect("ASCII").to_owned());
                assert_eq!(allow.as_deref(), (status == 405).then_some("POST"), "{path} {status}");
                assert_eq!(response.text().await.expect("a sentence"), sentence, "{path} {status}");
            }
            let reply = posted(path).form(&form).send().await.expect("an answer");
            assert!(reply.text().await.expect("a text").ends_with("<result>\n</result>\n"), "{path}");
        }
    }

    async fn a_header_that_contradicts_the_host_is_refused_in_a_sentence(site: Site) {
        site.account("globex", "UTC").await;
        let request = |account: &str| {
            let login = [("login_email", "admin@acme.example"), ("login_password", PASSWORD), ("get", "people")];
            let request = Client::new(site.address).request(Method::POST, "/api.php").form(&login);
            request.header("host", "acme.crm.example").header("x-cairn-account", account)
        };
        let sentence = "The host and the header X-Cairn-Account name different accounts.";
        assert_refused(request("globex"), "UNAUTHENTICATED", sentence).await;
        let agreeing = request("acme").send().await.expect("an answer");
        assert!(agreeing.text().await.expect("a text").ends_with("<result>\n</result>\n"));
    }

    async fn more_records_than_a_page_are_all_answered(site: Site) {
        let client = Client::new(site.address);
        let mut file = String::from("name,value\r\n");
        for number in 0..450 {
            file.push_str(&format!("Lead {number:03},{number}\r\n"));
        }
        site.client().await.import("/import/leads?format=csv", file).await;
        let reply = client.legacy(&[("get", "lead")]).await;
        assert_eq!(reply.matches("<lead>\n").count(), 450);
        assert!(reply.find("Lead 007").expect("it is there") < reply.find("Lead 449").expect("it is there"));
    }

    async fn a_reply_with_as_many_records_as_the_cap_says_whether_that_is_all(capped: Capped) {
        let site = capped.0;
        let mut file = String::from("name,value\r\n");
        for number in 0..450 {
            file.push_str(&format!("{} {number:03},{number}\r\n", if number < 250 { "Whole" } else { "Part" }));
        }
        site.client().await.import("/import/leads?format=csv", file).await;
        for (kind, search, count, cap) in [
            ("lead", "", 250, Some("250")),
            ("people", "", 250, Some("250")),
            ("lead", "whole", 250, None),
            ("lead", "part", 200, None),
            ("person", "whole 1", 133, None),
            ("event", "", 0, None),
        ] {
            let form = [("login_email", "admin@acme.example"), ("login_password", PASSWORD), ("get", kind), ("search", search)];
            let request = Client::new(site.address).request(Method::POST, "/api.php").form(&form);
            let mut response = request.send().await.expect("an answer");
            let header = response.headers().get("x-cairn-result-cap").map(|cap| cap.to_str().expect("ASCII").to_owned());
            assert_eq!(header.as_deref(), cap, "{kind} {search}");
            // A reply of several pages leaves page by page: its length is not known when it begins.
            assert_eq!(response.headers().contains_key("content-length"), count < 201, "{kind} {search}");
            let mut reply = Vec::new();
            while let Some(chunk) = response.chunk().await.expect("the reply is whole") {
                assert!(chunk.len() < 100_000, "a chunk holds no more than a page");
                reply.extend_from_slice(&chunk);
            }
            let text = String::from_utf8(reply).expect("UTF-8");
            assert_eq!(text.matches("<name>").count(), count, "{kind} {search}");
            assert_valid(text.as_bytes());
        }
    }

    async fn an_operator_decides_how_the_legacy_api_answers(desk: Desk) {
        let environment = [("CAIRN_LEGACY__DTD", "none"), ("CAIRN_LEGACY__RESULT_CAP", "1")];
        std::fs::write(desk.path().join("cairn.toml"), "[legacy]\ncharset = \"iso-8859-1\"\n").expect("a file");
        let serve = ["--database", &desk.database, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--demo"];
        let serving = Serving::start(PROGRAM, desk.path(), &environment, &serve, "search=ACME");
        let at = serving.greeting.find("127.0.0.1:").expect("an address");
        let address: String = serving.greeting[at..].chars().take_while(|c| "0123456789.:".contains(*c)).collect();
        let form = [("login_email", "demo@example.com"), ("login_password", "demo-password"), ("get", "person")];
        let client = Client::new(address.parse().expect("an address"));
        let response = client.request(Method::POST, "/api.php").form(&form).send().await.expect("an answer");
        assert_eq!(response.headers()["content-type"], "text/xml; charset=iso-8859-1");
        assert_eq!(response.headers()["x-cairn-result-cap"], "1");
        let reply = response.bytes().await.expect("a reply");
        assert!(reply.starts_with(b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<result>\n<person>\n"));
        for (setting, reason) in [
            ("dtd = \"odd\"", "one of `valid`, `documented`, `none`"),
            ("charset = \"utf-16\"", "`utf-8`"),
            ("result_cap = 0", "nonzero"),
            ("cap = 5", "`dtd`, `charset`, `result_cap`"),
        ] {
            std::fs::write(desk.path().join("cairn.toml"), format!("[legacy]\n{setting}\n")).expect("a file");
            let message = desk.fails(&["config"]);
            assert!(message.contains("legacy") && message.contains(reason), "{message}");
        }
    }

    async fn a_reader_may_get_and_not_create(site: Site) {
        site.add_user("acme", "reader@acme.example", storage::query::users::Role::Reader).await;
        let client = Client::new(site.address);
        let answer = async |fields: &[(&str, &str)]| {
            let login = [("login_email", "reader@acme.example"), ("login_password", PASSWORD)];
            let form: Vec<_> = login.iter().chain(fields).collect();
            let response = client.request(Method::POST, "/api.php").form(&form).send().await.expect("an answer");
            response.text().await.expect("a text")
        };
        let refusal = "Your role is reader: you may look, but not change anything.";
        assert_eq!(answer(&[("create", "lead"), ("name", "A")]).await, refusal);
        assert!(answer(&[("get", "lead")]).await.contains("<result>\n</result>"));
    }
}

/// The fields of a form.
type Fields = &'static [(&'static str, &'static str)];

/// Sends a request that is refused as every refusal is: status 200, a code and a sentence.
async fn assert_refused(request: reqwest::RequestBuilder, code: &str, sentence: &str) {
    let response = request.send().await.expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-cairn-code"]),
        (200, &code.parse().expect("a header"))
    );
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(response.text().await.expect("a sentence"), sentence);
}

/// What a form without a login field hears.
fn missing(which: &str) -> String {
    format!("Please send login_email and login_password as fields of the form, with every request; {which}.")
}

/// A site whose bodies have 2,000 bytes at most.
struct Small(Site);

impl Small {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        Site::with(kind, test, formats::builtin(), |config| config.limits.legacy_body = 2_000).await.map(Self)
    }
}

/// A site whose replies hold 250 records at most.
struct Capped(Site);

impl Capped {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let result_cap = NonZeroUsize::new(250).expect("it is not zero");
        let site = Site::with(kind, test, formats::builtin(), |config| config.legacy.result_cap = result_cap);
        site.await.map(Self)
    }
}

/// The answer to a form of a client that knows ISO-8859-1 only.
async fn latin1(client: &Client, fields: &[(&str, &str)]) -> Vec<u8> {
    let login = [("login_email", "admin@acme.example"), ("login_password", PASSWORD)];
    let form: Vec<_> = login.iter().chain(fields).collect();
    let request = client.request(Method::POST, "/api.php").header("accept-charset", "iso-8859-1").form(&form);
    request.send().await.expect("an answer").bytes().await.expect("a reply").to_vec()
}

/// Asks xmllint, which validates against the document's own DTD.
fn assert_valid(document: &[u8]) {
    let child =
        Command::new("xmllint").args(["--valid", "--noout", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return require::missing("xmllint", "the validity of api.php's XML") };
    child.stdin.take().expect("a pipe").write_all(document).expect("xmllint reads");
    let output = child.wait_with_output().expect("xmllint ends");
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(document),
        String::from_utf8_lossy(&output.stderr)
    );
}
