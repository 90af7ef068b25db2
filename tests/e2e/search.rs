//! The search language on real records: one table of searches and what each finds in every section, in its order.

use harness::client::Client;
use harness::on_each_database;
use harness::site::{PASSWORD, Site};
use serde_json::{Value, json};
use storage::query::users::Role;

/// Search | people | transactions | events | messages. `*` is all of a section, `-` nothing; people stand by their first
/// word, transactions by stage, events and messages by the first word of title or body.
const TABLE: &str = r#"
                                        | * | * | * | *
waffle                                  | jane waffles zoe | archive lead | tasting budget | hello
waffles                                 | waffles zoe | lead | tasting | hello
WAFFLES köln                            | zoe | lead | - | -
ostergaard                              | zoe | lead | tasting | hello
Østergård                               | - | - | - | -
"belgium waffles"                       | zoe | lead | tasting | hello
"waffles belgium"                       | - | - | - | -
555-1234                                | zoe | lead | - | -
(000) 555-1234                          | zoe | lead | - | -
555 0101                                | john | customer | - | -
2025550101                              | john | customer | - | -
"100% juice"                            | zoe | lead | - | -
100_                                    | - | - | - | -
s_l                                     | waffles | - | - | -
"big ""deal"""                          | - | lead | - | -
apple                                   | john | customer | call | meeting
wi                                      | jane | archive | - | -
nina                                    | - | - | - | meeting
brussels                                | - | - | tasting | -
annual                                  | - | - | budget | -
waffles -köln                           | waffles | - | tasting | hello
-waffle                                 | barbara john | customer | call | files meeting
-"belgium waffles" waffle               | jane waffles | archive | budget | -
-555-1234 has:phone                     | - | - | - | -
category:Category 1                     | john zoe | customer | tasting | hello
CATEGORY: category 1                    | john zoe | customer | tasting | hello
waffles category:Category 1             | zoe | - | tasting | hello
"Belgium Waffles" category:Category 1 user:admin | zoe | - | tasting | hello
category:Category 1 category:Press      | john | - | - | -
category:none such                      | - | - | - | -
-category:Category 1                    | barbara jane waffles | archive lead | call budget | files meeting
-category:none such                     | * | * | * | *
no:category                             | jane waffles | archive lead | call budget | files meeting
has:category                            | barbara john zoe | customer | tasting | hello
category:A foo:b                        | barbara | - | - | -
foo:bar                                 | - | - | - | -
user:nina                               | john | archive customer | budget | meeting
user:nina@acme.example                  | john | archive customer | budget | meeting
user:me                                 | barbara jane waffles zoe | archive lead | tasting call budget | files hello
-user:nina                              | barbara jane waffles zoe | lead | tasting call | files hello
user:nobody                             | - | - | - | -
label:hot                               | jane | lead | budget | files
label:nina's                            | - | - | - | -
no:label has:email                      | zoe | archive | - | -
stage:lead                              | zoe | lead | - | -
stage:customers                         | john | customer | call | meeting
-stage:customer                         | barbara jane waffles zoe | archive lead | tasting budget | files hello
company:waffles                         | waffles zoe | lead | tasting | hello
company:belgium                         | zoe | lead | tasting | hello
city:KÖLN                               | zoe | lead | tasting | hello
city:new york is:complete               | - | - | call | -
city:ny                                 | - | - | - | -
state:nrw                               | zoe | lead | tasting | hello
country:usa                             | john | customer | call | meeting
country:USA -john                       | - | - | - | -
usa                                     | barbara john | customer | - | -
is:complete                             | - | - | call | -
is:open                                 | - | - | tasting budget | -
-is:open                                | * | * | call | *
has:email                               | jane zoe | archive lead | - | -
no:email                                | barbara john waffles | customer | * | *
has:mobile                              | john | customer | - | -
has:notes                               | zoe | lead | - | -
has:value                               | - | lead | - | -
has:description                         | - | lead | budget | -
has:location                            | - | - | tasting | -
has:end                                 | - | - | call | -
has:file                                | - | - | - | files
has:title                               | - | - | * | files hello
has:association                         | - | - | tasting call | meeting hello
no:association                          | * | * | budget | files
person:zoe                              | zoe | lead | tasting | hello
person:miles - apple                    | john | customer | call | meeting
person:nobody                           | - | - | - | -
before:2026-05-26                       | * | * | tasting call | *
before:2026-05-25                       | - | - | - | -
after:2026-05-25                        | - | - | budget | -
after:2026-05-24 before:2026-05-26      | * | * | tasting call | *
created:2026-05-25                      | * | * | * | *
created:..2026-05-24                    | - | - | - | -
created:2026-05-26..                    | - | - | - | -
updated:2026-05-01..2026-05-25          | * | * | * | *
-created:2026-05-25                     | - | - | - | -
email:ZOE@BW.example                    | zoe | lead | tasting | hello
email:bw                                | zoe | lead | tasting | hello
email:waffles                           | - | - | - | -
-email:bw                               | barbara jane john waffles | archive customer | call budget | files meeting
name:zoë                                | zoe | lead | tasting | hello
name:waffles                            | - | - | - | -
name:jane winkle                        | jane | archive | - | -
phone:555-1234                          | zoe | lead | tasting | hello
phone:2025550101                        | john | customer | call | meeting
phone:"(202) 555"                       | john | customer | call | meeting
-phone:555                              | barbara jane waffles | archive | budget | files
phone:9                                 | - | - | - | -
url:shop.bw                             | zoe | lead | tasting | hello
url:CAFÉ                                | zoe | lead | tasting | hello
url:john                                | - | - | - | -
-url:bw                                 | barbara jane john waffles | archive customer | call budget | files meeting
zip:sw1a                                | zoe | lead | tasting | hello
zip:"SW1A 1AA"                          | zoe | lead | tasting | hello
zip:1AA                                 | - | - | - | -
zip:10                                  | john | customer | call | meeting
-zip:sw                                 | barbara jane john waffles | archive customer | call budget | files meeting
value:100                               | zoe | lead | - | -
value:>99.5                             | zoe | lead | - | -
value:>100                              | - | - | - | -
value:>=100                             | zoe | lead | - | -
value:50..150                           | zoe | lead | - | -
value:<100                              | jane john | archive customer | call | meeting
-value:100                              | barbara jane john waffles | archive customer | * | *
probability:50%                         | zoe | lead | - | -
probability:>0.25                       | zoe | lead | - | -
probability:..25%                       | jane john | archive customer | call | meeting
zoe email:bw value:>50 probability:0.5  | zoe | lead | - | -
categry:x                               | - | - | - | -
"#;

/// The parts of a view beside the search, in every section.
const VIEWS: &[(&str, [&str; 4])] = &[
    (r#"category: "category 1""#, ["john zoe", "customer", "tasting", "hello"]),
    (r#"label: "Hot""#, ["jane", "lead", "budget", "files"]),
    (r#"user: "nina""#, ["john", "archive customer", "budget", "meeting"]),
    (r#"user: "me", search: "waffles""#, ["waffles zoe", "lead", "tasting", "hello"]),
    (r#"from: "2026-05-26""#, ["-", "-", "budget", "-"]),
    (r#"to: "2026-05-25""#, ["*", "*", "tasting call", "*"]),
    (r#"from: "2026-05-25", to: "2026-05-25""#, ["*", "*", "tasting call", "*"]),
];

/// All of each section, in its order.
const ALL: [&str; 4] =
    ["barbara jane john waffles zoe", "archive customer lead", "tasting call budget", "files meeting hello"];

const SECTIONS: [&str; 4] = ["people", "transactions", "events", "messages"];

on_each_database! {
    async fn a_search_finds_the_same_on_every_database(site: Site) {
        let (client, _) = filled(&site).await;
        let lines = TABLE.lines().filter(|line| !line.is_empty());
        let mut wrong = Vec::new();
        let mut count = 0;
        for line in lines {
            let mut cells = line.split('|').map(str::trim);
            let search = cells.next().expect("the search");
            let expected: Vec<_> = cells.collect();
            let found = found(&client, &format!("search: {}", Value::from(search))).await;
            count += 1;
            if !agrees(&found, &expected) {
                wrong.push(format!("{search}: {found:?}, not {expected:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(count >= 80, "{count} searches were tried");
    }

    async fn the_parts_of_a_view_filter_every_section(site: Site) {
        let (client, ids) = filled(&site).await;
        let by_id = [
            (format!("person: {}", ids["zoe"]), ["zoe", "lead", "tasting", "hello"]),
            (format!("person: {}", ids["john"]), ["john", "customer", "call", "meeting"]),
            (format!("transaction: {}", ids["customer"]), ["john", "customer", "call", "meeting"]),
            (format!("transaction: {}", ids["lead"]), ["zoe", "lead", "-", "-"]),
        ];
        let fixed = VIEWS.iter().map(|(view, expected)| ((*view).to_owned(), *expected));
        for (view, expected) in fixed.chain(by_id) {
            let found = found(&client, &view).await;
            assert!(agrees(&found, &expected), "{view}: {found:?}, not {expected:?}");
        }
        for view in ["category: \"no such\"", "label: \"nina's\"", "user: \"nobody\""] {
            let code = client.graphql_code(&document(view), json!({})).await;
            assert_eq!(code, "NOT_FOUND", "{view}");
        }
    }

    async fn one_query_answers_all_sections(site: Site) {
        let (client, _) = filled(&site).await;
        let document = "{ search(query: \"waffles category:Category 1\") {
            people(first: 1) { totalCount nodes { displayName } }
            transactions { totalCount }
            events { nodes { title } }
            messages { nodes { title } pageInfo { hasNextPage } }
        } }";
        let answer = client.graphql(document, json!({})).await;
        assert_eq!(answer["search"], json!({
            "people": { "totalCount": 1, "nodes": [{ "displayName": "Zoë Østergaard - Belgium Waffles" }] },
            "transactions": { "totalCount": 0 },
            "events": { "nodes": [{ "title": "Tasting of waffles" }] },
            "messages": { "nodes": [{ "title": "Hello" }], "pageInfo": { "hasNextPage": false } },
        }));
    }

    async fn a_search_that_cannot_be_is_explained(site: Site) {
        let client = site.client().await;
        for (search, words) in [
            ("is:done", "complete"),
            ("stage:prospect", "opportunity"),
            ("before:tomorrow", "2026"),
            ("has:wings", "email"),
            ("created:2026-06-01..2026-05-01", "earlier"),
            ("value:much", ">1000"),
            ("probability:25", "50%"),
            ("phone:ann", "555-1234"),
        ] {
            let answer = client.graphql_answer(&document(&format!("search: {}", Value::from(search))), json!({})).await;
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "INVALID", "{search}: {answer}");
            assert_eq!(error["extensions"]["field"], "search", "{search}: {answer}");
            assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{search}: {error}");
        }
    }

    async fn a_word_that_looks_like_a_selector_is_told_everywhere(site: Site) {
        let (client, _) = filled(&site).await;
        let note = "\"categry:x\" is searched as text, since categry: is no selector; did you mean category:?";
        let document = "query($s: String!) { people(view: { search: $s }) { totalCount } search(query: $s) { events { totalCount } } }";
        let answer = client.graphql_answer(document, json!({ "s": "categry:x" })).await;
        assert_eq!((&answer["extensions"]["search"], &answer["data"]["people"]["totalCount"]), (&json!([note]), &json!(0)));
        let answer = client.graphql_answer(document, json!({ "s": "http://example.com category:x" })).await;
        assert_eq!(answer.get("extensions"), None, "{answer}");
        let response = client.get("/export/people.csv?search=categry:x").await;
        assert_eq!(response.headers()["x-cairn-search-note"], note);
        let response = client.get("/export/people.csv?search=stra%C3%9Fe:x").await;
        assert!(response.headers()["x-cairn-search-note"].to_str().expect("ASCII").starts_with("\"stra%C3%9Fe:x\" is searched as text"));
        assert!(!client.get("/export/people.csv?search=email:x").await.headers().contains_key("x-cairn-search-note"));
        let form = [("login_email", "admin@acme.example"), ("login_password", PASSWORD), ("get", "people"), ("search", "categry:x")];
        let reply = client.request(reqwest::Method::POST, "/api.php").form(&form).send().await.expect("an answer");
        assert_eq!(reply.headers()["x-cairn-search-note"], note);
    }

    async fn a_changed_record_is_found_by_what_it_has_become(site: Site) {
        let (client, ids) = filled(&site).await;
        let document = "mutation($id: ID!) { updatePerson(input: { id: $id, name: \"Gudrun\", city: \"Bonn\" }) { person { id } } }";
        client.graphql(document, json!({ "id": ids["zoe"] })).await;
        for (search, expected) in [
            ("gudrun", ["gudrun", "lead", "tasting", "hello"]),
            ("ostergaard", ["-", "-", "-", "-"]),
            ("city:bonn", ["gudrun", "lead", "tasting", "hello"]),
            ("city:köln", ["-", "-", "-", "-"]),
        ] {
            let found = found(&client, &format!("search: {}", Value::from(search))).await;
            assert!(agrees(&found, &expected), "{search}: {found:?}, not {expected:?}");
        }
        client.graphql("mutation($id: ID!) { deletePerson(input: { id: $id }) { deletedId } }", json!({ "id": ids["zoe"] })).await;
        let found = found(&client, "search: \"gudrun\"").await;
        assert!(agrees(&found, &["-", "-", "-", "-"]), "what belonged to a deleted person has lost their name: {found:?}");
    }
}

fn agrees(found: &[String], expected: &[&str]) -> bool {
    found.len() == expected.len()
        && found.iter().zip(expected).zip(ALL).all(|((found, expected), all)| match *expected {
            "*" => found == all,
            "-" => found.is_empty(),
            expected => found == expected,
        })
}

fn document(view: &str) -> String {
    let view = format!("(view: {{ {view} }})");
    format!(
        "{{ people{view} {{ nodes {{ key: displayName }} }} transactions{view} {{ nodes {{ key: stage }} }}
            events{view} {{ nodes {{ key: title }} }} messages{view} {{ nodes {{ key: title body }} }} }}"
    )
}

/// The first words of what each section holds in a view.
async fn found(client: &Client, view: &str) -> Vec<String> {
    let data = client.graphql(&document(view), json!({})).await;
    let first_word = |node: &Value| {
        let text = node["key"].as_str().or(node["body"].as_str()).unwrap_or_default();
        storage::fold(text).split(' ').next().unwrap_or_default().to_owned()
    };
    let section = |name: &str| {
        let nodes = data[name]["nodes"].as_array().expect("nodes");
        nodes.iter().map(first_word).collect::<Vec<_>>().join(" ")
    };
    SECTIONS.map(section).to_vec()
}

/// The admin's client of an account with a few records of every kind, some of them Nina's, and their ids.
#[expect(clippy::too_many_lines, reason = "it is the account that is searched")]
async fn filled(site: &Site) -> (Client, Value) {
    site.add_user("acme", "nina@acme.example", Role::Member).await;
    let (client, mut nina) = (site.client().await, Client::new(site.address));
    nina.login("nina@acme.example", PASSWORD).await;
    let me = nina.graphql("{ me { id } }", json!({})).await;
    let person = async |client: &Client, input: Value| {
        let document = "mutation($input: CreatePersonInput!) { createPerson(input: $input) { person { id } } }";
        client.graphql(document, json!({ "input": input })).await["createPerson"]["person"]["id"].clone()
    };
    let transaction = async |client: &Client, input: Value| {
        let document =
            "mutation($input: CreateTransactionInput!) { createTransaction(input: $input) { transaction { id } } }";
        client.graphql(document, json!({ "input": input })).await["createTransaction"]["transaction"]["id"].clone()
    };
    let event = async |client: &Client, input: Value| {
        let document = "mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }";
        client.graphql(document, json!({ "input": input })).await["createEvent"]["event"]["id"].clone()
    };
    let message = async |client: &Client, input: Value| {
        let document = "mutation($input: CreateMessageInput!) { createMessage(input: $input) { message { id } } }";
        client.graphql(document, json!({ "input": input })).await["createMessage"]["message"]["id"].clone()
    };
    let zoe = person(&client, json!({
        "name": "Zoë Østergaard", "company": "Belgium Waffles", "email": "zoe@bw.example", "phone": "(000) 555 1234",
        "city": "Köln", "state": "NRW", "country": "Germany", "zip": "SW1A 1AA", "url": "https://Shop.BW.example/Café", "notes": "likes éclairs and 100% juice",
        "categories": ["Category 1"],
    })).await;
    let john = person(&nina, json!({
        "name": "John Miles", "company": "Apple", "mobile": "+1 (202) 555-0101", "city": "New York", "zip": "10118", "country": "USA",
        "categories": ["Category 1", "Press"],
    })).await;
    let jane = person(
        &client,
        json!({
            "name": "Jane Winkle", "company": "Cisco", "email": "jane@cisco.example", "address": "1 Waffle Street",
        }),
    )
    .await;
    person(&client, json!({ "name": "Barbara Tora", "company": "USA Today", "categories": ["A foo:b"] })).await;
    person(&client, json!({ "company": "Waffles & Sons_Ltd" })).await;
    let lead = transaction(
        &client,
        json!({
            "stage": "LEAD", "personId": zoe, "value": "100", "probability": "0.5", "moreInfo": "A big \"deal\"",
        }),
    )
    .await;
    let customer =
        transaction(&nina, json!({ "stage": "CUSTOMER", "personId": john, "categories": ["Category 1"] })).await;
    transaction(&client, json!({ "stage": "ARCHIVE", "personId": jane, "managers": [me["me"]["id"]] })).await;
    event(
        &client,
        json!({
            "title": "Tasting of waffles", "startsOn": "2026-05-25", "location": "Brussels", "associations": [zoe],
            "categories": ["Category 1"],
        }),
    )
    .await;
    // In Los Angeles it is still the 25th.
    event(
        &client,
        json!({
            "title": "Call", "startsAt": "2026-05-26T01:00:00Z", "endsAt": "2026-05-26T02:00:00Z", "isComplete": true,
            "associations": [customer],
        }),
    )
    .await;
    let budget = event(&client, json!({
        "title": "Budget", "startsOn": "2026-06-01", "description": "the annual waffle budget", "owner": me["me"]["id"],
    })).await;
    message(
        &client,
        json!({
            "title": "Hello", "body": "waffles!", "associations": [zoe], "categories": ["Category 1"],
        }),
    )
    .await;
    message(&nina, json!({ "body": "Meeting notes", "associations": [customer] })).await;
    let files = message(
        &client,
        json!({
            "title": "Files", "files": [{ "name": "a.pdf", "url": "https://files.example/a.pdf" }],
        }),
    )
    .await;
    let add = "mutation($items: [ID!]!, $labels: [String!]!) { addLabel(input: { items: $items, labels: $labels }) { labels { name } } }";
    client.graphql(add, json!({ "items": [jane, lead, budget, files], "labels": ["Hot"] })).await;
    nina.graphql(add, json!({ "items": [zoe], "labels": ["Nina's"] })).await;
    (client, json!({ "zoe": zoe, "john": john, "jane": jane, "lead": lead, "customer": customer }))
}
