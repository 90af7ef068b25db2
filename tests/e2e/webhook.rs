//! The JSON webhook as programs call it: every way to send, every kind, duplicates, searches, and who may do what.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;

use harness::client::Client;
use harness::database::Kind;
use harness::site::Site;
use harness::{on_each_database, require};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use storage::query::users::Role;
use tokio::task::spawn_blocking;

use crate::program::Desk;

const CREATE: &str = "mutation($input: CreateWebhookInput!) {
    createWebhook(input: $input) { secret url webhook { id name canSearch lastUsedAt user { email } } }
}";
const REVOKE: &str = "mutation($id: ID!) { revokeWebhook(input: { id: $id }) { webhook { id revokedAt } } }";
const PEOPLE: &str = "{ people { nodes {
    name company title email phone mobile fax url address city state zip country notes
    categories { name } customValues { field { name } value }
} } }";

/// The person of the page, and what Cairn makes of it.
fn documented_person() -> (Value, Value) {
    let sent = json!({
        "name": "John Doe - ACME", "title": "Owner", "phone": "555-5555", "email": "john@acme.example", "mobile": "555-5556",
        "fax": "555-5557", "address": "123 Main St", "city": "Anytown", "state": "MI", "zip": "55555", "country": "USA",
        "website": "http://acme.example", "notes": "Met at the fair\nCall him", "categories": ["Category One", "Category Two"],
        "customvalue": "My Custom Response",
    });
    let made = json!({
        "name": "John Doe", "company": "ACME", "title": "Owner", "phone": "555-5555", "email": "john@acme.example",
        "mobile": "555-5556", "fax": "555-5557", "address": "123 Main St", "city": "Anytown", "state": "MI", "zip": "55555",
        "country": "USA", "url": "http://acme.example", "notes": "Met at the fair\nCall him",
        "categories": [{ "name": "Category One" }, { "name": "Category Two" }],
        "customValues": [{ "field": { "name": "CustomValue" }, "value": "My Custom Response" }],
    });
    (sent, made)
}

on_each_database! {
    async fn every_way_to_send_makes_the_person_of_the_page(site: Site) {
        let client = site.client().await;
        let field = "mutation { createCustomField(input: { target: PERSON, name: \"CustomValue\", type: TEXT }) { customField { id } } }";
        client.graphql(field, json!({})).await;
        let hook = Hook::of(&client, json!({ "name": "Form" })).await;
        let (sent, made) = documented_person();
        let text = sent.to_string();
        let mut fields: Vec<(String, String)> = Vec::new();
        for (name, value) in sent.as_object().expect("an object") {
            match value.as_array() {
                Some(list) => fields.extend(list.iter().map(|value| (format!("{name}[]"), word(value)))),
                None => fields.push((name.clone(), word(value))),
            }
        }
        let mut multipart = reqwest::multipart::Form::new();
        for (name, value) in fields.clone() {
            multipart = multipart.text(name, value);
        }
        // `website` and `categories` are `url` and `category` in the other API.
        let mut aliases = sent.clone();
        let object = aliases.as_object_mut().expect("an object");
        let (url, category) = (object.remove("website").expect("a site"), object.remove("categories").expect("categories"));
        object.insert("URL".to_owned(), url);
        object.insert("category".to_owned(), category);
        let post = || hook.request(Method::POST);
        let get = || hook.request(Method::GET);
        let requests: [(&str, RequestBuilder); 9] = [
            ("JSON", post().json(&sent)),
            ("JSON without its content type", post().body(text.clone())),
            ("JSON as curl -d sends it", post().header("content-type", "application/x-www-form-urlencoded").body(text.clone())),
            ("the variable json", post().form(&[("json", &text)])),
            ("the variable json by multipart", post().multipart(reqwest::multipart::Form::new().text("json", text.clone()))),
            ("plain variables", post().form(&fields)),
            ("plain variables by multipart", post().multipart(multipart)),
            ("GET", get().query(&fields)),
            ("GET with the variable json", get().query(&[("json", aliases.to_string())])),
        ];
        for (way, request) in requests {
            assert_eq!(answer(request).await, (StatusCode::OK, "Success".to_owned()), "{way}");
            let found = client.graphql(PEOPLE, json!({})).await["people"]["nodes"].clone();
            assert_eq!(found, json!([made]), "{way}");
            let purge = "{ people { nodes { id } } }";
            let id = client.graphql(purge, json!({})).await["people"]["nodes"][0]["id"].clone();
            client.graphql("mutation($id: ID!) { deletePerson(input: { id: $id }) { deletedId } }", json!({ "id": id })).await;
        }
    }

    async fn a_prospect_is_told_by_its_type_or_its_fields(site: Site) {
        let client = site.client().await;
        let hook = Hook::of(&client, json!({ "name": "Form" })).await;
        let field = "mutation($target: CustomFieldTarget!, $name: String!) {
            createCustomField(input: { target: $target, name: $name, type: TEXT }) { customField { id } } }";
        client.graphql(field, json!({ "target": "PERSON", "name": "Shoe" })).await;
        client.graphql(field, json!({ "target": "TRANSACTION", "name": "Colour" })).await;
        // That of the page has an empty moreinfo.
        let lead = json!({
            "name": "Ann Lead", "value": "100", "probability": ".5", "moreinfo": "", "categories": ["Fair"],
            "shoe": "41", "colour": "red",
        });
        assert_eq!(hook.json(&lead).await, (StatusCode::OK, "Success".to_owned()));
        for stage in ["lead", "Opportunity", "customer", "archive"] {
            let prospect = json!({ "name": format!("Bob {stage}"), "type": stage, "value": 1234.5 });
            assert_eq!(hook.json(&prospect).await, (StatusCode::OK, "Success".to_owned()));
        }
        assert_eq!(hook.json(&json!({ "name": "Only a person", "type": "person", "value": "1" })).await.1, "Success");
        let document = "{ people { totalCount } transactions(orderBy: CREATED_ASC) { nodes {
            stage value probability moreInfo person { name customValues { value } } categories { name } customValues { value }
        } } }";
        let data = client.graphql(document, json!({})).await;
        assert_eq!(data["people"]["totalCount"], 6);
        let nodes = data["transactions"]["nodes"].as_array().expect("nodes").clone();
        let first = json!({
            "stage": "LEAD", "value": "100", "probability": "0.5", "moreInfo": null, "categories": [{ "name": "Fair" }],
            "person": { "name": "Ann Lead", "customValues": [{ "value": "41" }] }, "customValues": [{ "value": "red" }],
        });
        assert_eq!(nodes[0], first);
        let stages: Vec<_> = nodes[1..].iter().map(|node| (node["stage"].clone(), node["value"].clone())).collect();
        let expected = ["LEAD", "OPPORTUNITY", "CUSTOMER", "ARCHIVE"].map(|stage| (json!(stage), json!("1234.5")));
        assert_eq!(stages, expected);
    }

    async fn a_duplicate_is_not_added_and_gets_the_contact_data(site: Site) {
        let client = site.client().await;
        let hook = Hook::of(&client, json!({ "name": "Form" })).await;
        let field = "mutation($name: String!) { createCustomField(input: { target: PERSON, name: $name, type: TEXT }) { customField { id } } }";
        client.graphql(field, json!({ "name": "Shoe" })).await;
        client.graphql(field, json!({ "name": "Hat" })).await;
        let first = json!({
            "name": "Jane Doe - ACME", "email": "jane@acme.example", "city": "Ulm", "phone": "1", "notes": "Likes tea",
            "category": "Press", "shoe": "40", "hat": "5",
        });
        assert_eq!(hook.json(&first).await.1, "Success");
        let again = json!({
            "name": "Jane Doe-Roe", "email": "JANE@acme.example", "city": "Bonn", "phone": "", "fax": "2", "notes": "Asked for a call",
            "category": "Fair", "Shoe": "41",
        });
        assert_eq!(hook.json(&again).await.1, "Success");
        let document = "{ people { nodes { version name company email city phone fax notes categories { name } customValues { field { name } value } } } }";
        let jane = json!({
            "version": 2, "name": "Jane Doe-Roe", "company": "ACME", "email": "JANE@acme.example", "city": "Bonn", "phone": "1", "fax": "2",
            "notes": "Likes tea\n\nAsked for a call", "categories": [{ "name": "Fair" }, { "name": "Press" }],
            "customValues": [{ "field": { "name": "Hat" }, "value": "5" }, { "field": { "name": "Shoe" }, "value": "41" }],
        });
        assert_eq!(client.graphql(document, json!({})).await["people"]["nodes"], json!([jane]));
        // The same once more changes nothing, and a prospect of hers is hers.
        assert_eq!(hook.json(&again).await.1, "Success");
        assert_eq!(client.graphql(document, json!({})).await["people"]["nodes"], json!([jane]));
        assert_eq!(hook.json(&json!({ "email": "jane@acme.example", "type": "lead", "zip": "53111" })).await.1, "Success");
        assert_eq!(hook.json(&json!({ "name": "jane doe-roe - acme", "value": "5" })).await.1, "Success");
        let document = "{ people { nodes { zip name } } transactions { totalCount } }";
        let data = client.graphql(document, json!({})).await;
        // Without an address, name and company tell who is meant.
        assert_eq!(data["people"]["nodes"], json!([{ "zip": "53111", "name": "jane doe-roe" }]));
        assert_eq!(data["transactions"]["totalCount"], 2);
    }

    async fn the_same_person_sent_many_times_at_once_is_one(site: Site) {
        let client = site.client().await;
        let hook = Hook::of(&client, json!({ "name": "Form" })).await;
        // Whoever is impatient clicks twice.
        let calls = (0..12).map(|number| {
            let (both, name) = (json!({ "name": "Ann", "email": "ann@acme.example" }), json!({ "name": "Bob" }));
            let body = if number % 2 == 0 { both } else { name };
            let request = hook.request(Method::POST).json(&body);
            tokio::spawn(answer(request))
        });
        for call in calls.collect::<Vec<_>>() {
            assert_eq!(call.await.expect("no panic").1, "Success");
        }
        let people = client.graphql("{ people { nodes { name } } }", json!({})).await["people"]["nodes"].clone();
        assert_eq!(people, json!([{ "name": "Ann" }, { "name": "Bob" }]));
    }

    async fn a_template_is_fired_on_the_prospect_and_a_wrong_one_makes_nothing(site: Site) {
        let client = site.client().await;
        let hook = Hook::of(&client, json!({ "name": "Form" })).await;
        let template = "mutation { createEventTemplate(input: { name: \"New Lead\", items: [
            { offset: \"+1 Week\", title: \"Call\" }, { offset: \"today\", timeOfDay: \"18:15\", title: \"Write\" }
        ] }) { eventTemplate { id } } }";
        client.graphql(template, json!({})).await;
        let lead = json!({ "name": "John Doe - ACME", "type": "lead", "template": "new lead" });
        assert_eq!(hook.json(&lead).await, (StatusCode::OK, "Success".to_owned()));
        let document = "{ events(orderBy: START_ASC) { nodes { title startsOn associations { __typename } owner { email } } } }";
        let events = client.graphql(document, json!({})).await["events"]["nodes"].clone();
        let event = |title: &str, day: &str| json!({
            "title": title, "startsOn": day, "associations": [{ "__typename": "Transaction" }], "owner": { "email": "admin@acme.example" },
        });
        assert_eq!(events, json!([event("Write", "2026-05-25"), event("Call", "2026-06-01")]));
        let wrong = json!({ "name": "Bob", "template": "No Such" });
        let sentence = "There is no event template \"No Such\".".to_owned();
        assert_eq!(hook.json(&wrong).await, (StatusCode::BAD_REQUEST, sentence));
        let counts = "{ people { totalCount } transactions { totalCount } }";
        let expected = json!({ "people": { "totalCount": 1 }, "transactions": { "totalCount": 1 } });
        assert_eq!(client.graphql(counts, json!({})).await, expected);
    }

    async fn a_message_has_its_files_and_obeys_its_operators(site: Site) {
        let client = site.client().await;
        let hook = Hook::of(&client, json!({ "name": "Form" })).await;
        assert_eq!(hook.json(&json!({ "name": "John Doe - ACME", "type": "lead" })).await.1, "Success");
        let message = json!({
            "title": "Meeting",
            "body": "Spent time with client \n\n[category:Meetings]\n[event:+1 Week:Follow-up with client] [association:John Doe - ACME]\n[event:soon:Never]",
            "files": ["http://example.com/a/plan.pdf?v=2", "https://example.com/"],
        });
        assert_eq!(hook.json(&message).await, (StatusCode::OK, "Success".to_owned()));
        let form = [("body", "Only a text"), ("files[]", "https://example.com/b.txt"), ("category", "Meetings")];
        assert_eq!(answer(hook.request(Method::POST).form(&form)).await.1, "Success");
        let document = "{ messages(orderBy: CREATED_ASC) { nodes {
            title body files { name url } categories { name } associations { __typename } createdBy { email }
        } } events { nodes { title startsOn associations { __typename } } } }";
        let data = client.graphql(document, json!({})).await;
        let by = json!({ "email": "admin@acme.example" });
        let expected = json!([{
            "title": "Meeting", "body": "Spent time with client \n\n[event:soon:Never]",
            "files": [
                { "name": "plan.pdf", "url": "http://example.com/a/plan.pdf?v=2" },
                { "name": "https://example.com/", "url": "https://example.com/" },
            ],
            "categories": [{ "name": "Meetings" }], "associations": [{ "__typename": "Transaction" }], "createdBy": by,
        }, {
            "title": null, "body": "Only a text", "files": [{ "name": "b.txt", "url": "https://example.com/b.txt" }],
            "categories": [{ "name": "Meetings" }], "associations": [], "createdBy": by,
        }]);
        assert_eq!(data["messages"]["nodes"], expected);
        let event = json!([{
            "title": "Follow-up with client", "startsOn": "2026-06-01", "associations": [{ "__typename": "Transaction" }],
        }]);
        assert_eq!(data["events"]["nodes"], event);
    }

    async fn a_search_answers_an_array_of_objects_of_texts(site: Site) {
        let client = site.client().await;
        let hook = Hook::of(&client, json!({ "name": "Form" })).await;
        let field = "mutation($target: CustomFieldTarget!, $name: String!) {
            createCustomField(input: { target: $target, name: $name, type: TEXT }) { customField { id } } }";
        client.graphql(field, json!({ "target": "PERSON", "name": "Shoe" })).await;
        client.graphql(field, json!({ "target": "TRANSACTION", "name": "Type" })).await;
        let (mut sent, _) = documented_person();
        sent["shoe"] = json!("41");
        assert_eq!(hook.json(&sent).await.1, "Success");
        sent["type"] = json!("customer");
        sent["value"] = json!("$1,234.50");
        sent["probability"] = json!("25%");
        sent["moreinfo"] = json!("More");
        assert_eq!(hook.json(&sent).await.1, "Success");
        assert_eq!(hook.json(&json!({ "name": "Somebody Else" })).await.1, "Success");
        let ids = client.graphql("{ people(view: { search: \"john\" }) { nodes { id } } transactions { nodes { id } } }", json!({})).await;
        let mut person = json!({
            "key": ids["people"]["nodes"][0]["id"], "name": "John Doe - ACME", "title": "Owner", "email": "john@acme.example",
            "phone": "555-5555", "mobile": "555-5556", "fax": "555-5557", "address": "123 Main St", "city": "Anytown", "state": "MI",
            "zip": "55555", "country": "USA", "website": "http://acme.example", "notes": "Met at the fair\nCall him",
            "categories": "Category One\nCategory Two", "timestamp": "2026-05-25 05:00:00", "Shoe": "41",
        });
        for query in ["search=john&searchpeople=true", "searchpeople=1&search=JOHN+category%3A%22category+one%22"] {
            let (status, text) = answer(hook.request_with(Method::GET, query)).await;
            assert_eq!((status, serde_json::from_str::<Value>(&text).expect("JSON")), (StatusCode::OK, json!([person])), "{query}");
        }
        person["key"] = ids["transactions"]["nodes"][0]["id"].clone();
        for (name, value) in [("type", "customer"), ("value", "1234.5000"), ("probability", "0.2500"), ("moreinfo", "More")] {
            person[name] = json!(value);
        }
        for request in [
            hook.request(Method::POST).form(&[("search", "john")]),
            hook.request(Method::POST).json(&json!({ "search": "stage:customer", "searchpeople": false })),
            hook.request_with(Method::GET, "search="),
            hook.request_with(Method::POST, "search=555-5555").body(""),
        ] {
            let response = request.send().await.expect("an answer");
            assert_eq!(response.headers()["content-type"], "application/json");
            assert_eq!(response.headers()["cache-control"], "no-store");
            assert_eq!(response.json::<Value>().await.expect("JSON"), json!([person]));
        }
        let found = answer(hook.request_with(Method::GET, "search=nobody")).await;
        assert_eq!(found, (StatusCode::OK, "[]".to_owned()));
        let (_, text) = answer(hook.request_with(Method::GET, "searchpeople=true")).await;
        assert_eq!(serde_json::from_str::<Vec<Value>>(&text).expect("JSON").len(), 2);
        let (status, text) = answer(hook.request_with(Method::GET, "search=stage%3Awon")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");

        // One that stands on a web page only takes.
        let public = Hook::of(&client, json!({ "name": "Public", "canSearch": false })).await;
        assert_eq!(public.json(&json!({ "name": "Zed" })).await.1, "Success");
        let refused = (StatusCode::FORBIDDEN, "This webhook takes records and answers no searches.".to_owned());
        for query in ["search=john", "searchpeople=true", "search="] {
            assert_eq!(answer(public.request_with(Method::GET, query)).await, refused);
        }
    }

    async fn a_long_reply_is_whole_and_says_where_it_had_to_end(capped: Capped) {
        let site = capped.0;
        let client = site.client().await;
        let hook = Hook::of(&client, json!({ "name": "Form" })).await;
        let mut file = String::from("name,value\r\n");
        for number in 0..450 {
            file.push_str(&format!("{} {number:03},{number}\r\n", if number < 250 { "Whole" } else { "Part" }));
        }
        client.import("/import/leads?format=csv", file).await;
        for (query, count, cap) in [
            ("search=", 250, Some("250")),
            ("searchpeople=true", 250, Some("250")),
            ("search=whole", 250, None),
            ("search=part", 200, None),
            ("search=whole&searchpeople=true", 250, None),
        ] {
            let response = hook.request_with(Method::GET, query).send().await.expect("an answer");
            let header = response.headers().get("x-cairn-result-cap").map(|cap| cap.to_str().expect("ASCII").to_owned());
            assert_eq!(header.as_deref(), cap, "{query}");
            let found: Vec<Value> = response.json().await.expect("the reply is whole");
            assert_eq!(found.len(), count, "{query}");
            let names: Vec<_> = found.iter().map(|object| object["name"].as_str().expect("a name")).collect();
            assert!(names.is_sorted(), "{query}");
        }
        let body = "x".repeat(3_000);
        let (status, sentence) = hook.json(&json!({ "title": "Long", "body": body })).await;
        assert_eq!((status, &*sentence), (StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 2000 bytes, the limit."));
        let usage = client.graphql("{ legacyUsage { action calls errors lastError } }", json!({})).await["legacyUsage"].clone();
        let unread = usage.as_array().expect("a list").iter().find(|row| row["action"] == "webhook unknown").expect("a row");
        let error = "LIMITED: the body is larger than 2000 bytes, the limit";
        assert_eq!(*unread, json!({ "action": "webhook unknown", "calls": 1, "errors": 1, "lastError": error }));
    }

    async fn refusals_have_a_status_a_code_and_a_sentence(site: Site) {
        let client = site.client().await;
        let hook = Hook::of(&client, json!({ "name": "Form" })).await;
        let field = "mutation { createCustomField(input: { target: PERSON, name: \"Size\", type: NUMBER }) { customField { id } } }";
        client.graphql(field, json!({})).await;
        let types = "There is no type \"event\"; there are lead, opportunity, customer, archive, person and message.";
        for (body, sentence) in [
            (json!({}), "A person needs a name, a company, an e-mail address or a phone."),
            (json!({ "city": "Köln" }), "A person needs a name, a company, an e-mail address or a phone."),
            (json!({ "name": "A", "type": "event" }), types),
            (json!({ "name": "A", "probability": 25 }), "A probability lies between 0 and 1, and 25 does not; write 25 % as 0.25."),
            (
                json!({ "name": "A", "value": "much" }),
                "\"much\" is not a number that can be read as value; write it like 5000 or 5,000.00.",
            ),
            (json!({ "name": { "first": "A" } }), "Name holds an object; send a text, a number or a list of them."),
            (
                json!({ "name": "A", "size": "big" }),
                "\"big\" is not a number that can be read as Size; write it like 5000 or 5,000.00.",
            ),
            (json!([{ "name": "A" }]), ""),
            (json!({ "files": ["plan.pdf"] }), ""),
        ] {
            let response = hook.request(Method::POST).json(&body).send().await.expect("an answer");
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
            assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
            assert_eq!(response.headers()["x-cairn-code"], "INVALID", "{body}");
            let text = response.text().await.expect("a sentence");
            assert!(text == sentence || sentence.is_empty() && text.ends_with('.'), "{body}: {text}");
        }
        let made = client.graphql("{ people { totalCount } messages { totalCount } }", json!({})).await;
        assert_eq!(made, json!({ "people": { "totalCount": 0 }, "messages": { "totalCount": 0 } }));
        // What only asks whether something is there makes nothing.
        let head = hook.request_with(Method::HEAD, "name=Ann").send().await.expect("an answer");
        assert_eq!(head.status(), StatusCode::METHOD_NOT_ALLOWED);
        let put = hook.request_with(Method::PUT, "name=Ann").send().await.expect("an answer");
        assert_eq!((put.status(), &put.headers()["allow"]), (StatusCode::METHOD_NOT_ALLOWED, &"GET,POST".parse().expect("a header")));
        assert_eq!((&put.headers()["content-type"], &put.headers()["x-cairn-code"]), (
            &"text/plain; charset=utf-8".parse().expect("a header"),
            &"UNSUPPORTED".parse().expect("a header"),
        ));
        let takes = "Send JSON or a form by POST, or plain variables by GET.";
        assert_eq!(put.text().await.expect("a sentence"), takes);
        assert_eq!(client.graphql("{ people { totalCount } }", json!({})).await["people"]["totalCount"], 0);
    }

    async fn names_come_in_parts_at_webhooks_too(site: Site) {
        let client = site.client().await;
        let hook = Hook::of(&client, json!({ "name": "Form" })).await;
        let posted = |path: String| Hook { client: Client::new(site.address), path };
        for (hook, fields, name) in [
            (&hook, json!({ "first_name": "Jane", "last_name": "Doe - ACME" }), "Jane Doe - ACME"),
            (&hook, json!({ "firstName": "Ann", "lastName": "Lee", "company": "x" }), "Ann Lee"),
            (&posted(format!("{}/", hook.path)), json!({ "fname": "Bob", "surname": "Ray" }), "Bob Ray"),
            (&hook, json!({ "full_name": "Cid Roe" }), "Cid Roe"),
        ] {
            assert_eq!(hook.json(&fields).await, (StatusCode::OK, "Success".to_owned()), "{fields}");
            let found = client.graphql("{ people(orderBy: CREATED_DESC) { nodes { displayName } } }", json!({})).await;
            let names = found["people"]["nodes"].as_array().expect("a list").clone();
            assert!(names.iter().any(|person| person["displayName"] == name), "{fields}: {names:?}");
        }
    }

    async fn a_webhook_ends_when_it_is_revoked_or_its_user_disabled(site: Site) {
        let admin = site.client().await;
        site.add_user("acme", "bob@acme.example", Role::Member).await;
        let bob = site.client_of("bob@acme.example").await;
        let made = bob.graphql(CREATE, json!({ "input": { "name": "Bob's form" } })).await["createWebhook"].clone();
        let (secret, url) = (word(&made["secret"]), word(&made["url"]));
        assert_eq!(url, format!("http://{}/webhook/{secret}", site.address));
        assert!(secret.starts_with("cairn_webhook_") && secret.len() > 90, "{secret}");
        let webhook = json!({
            "id": made["webhook"]["id"], "name": "Bob's form", "canSearch": true, "lastUsedAt": null, "user": { "email": "bob@acme.example" },
        });
        assert_eq!(made["webhook"], webhook);
        let list = "{ webhooks { id name canSearch lastUsedAt user { email } } }";
        for client in [&bob, &admin] {
            assert_eq!(client.graphql(list, json!({})).await["webhooks"], json!([webhook]), "an admin sees everybody's");
        }
        let own = Hook::of(&admin, json!({ "name": "Admin's" })).await;
        let seen = bob.graphql(list, json!({})).await.to_string();
        assert!(!seen.contains("Admin's") && !seen.contains("cairn_webhook_"), "{seen}");
        let own_id = admin.graphql(list, json!({})).await["webhooks"][0]["id"].clone();
        assert_eq!(bob.graphql_code(REVOKE, json!({ "id": own_id })).await, "NOT_FOUND");
        assert_eq!(bob.graphql("query($id: ID!) { webhook(id: $id) { id } }", json!({ "id": own_id })).await["webhook"], Value::Null);

        let hook = Hook { client: Client::new(site.address), path: format!("/webhook/{secret}") };
        let used = async || bob.graphql(list, json!({})).await["webhooks"][0]["lastUsedAt"].clone();
        assert_eq!(hook.json(&json!({ "name": "Ann" })).await.1, "Success");
        while used().await.is_null() {
            tokio::task::yield_now().await;
        }
        assert_eq!(used().await, "2026-05-25T12:00:00Z");
        let by = admin.graphql("{ people(view: { user: \"bob@acme.example\" }) { totalCount } }", json!({})).await;
        assert_eq!(by["people"]["totalCount"], 1, "it acts as its user");

        // Its rights are those that its user has now.
        let id = bob.graphql("{ me { id } }", json!({})).await["me"]["id"].clone();
        let update = "mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { id } } }";
        admin.graphql(update, json!({ "input": { "id": id, "role": "READER" } })).await;
        let sentence = "Your role is reader: you may look, but not change anything.".to_owned();
        assert_eq!(hook.json(&json!({ "name": "Zoe" })).await, (StatusCode::FORBIDDEN, sentence));
        assert_eq!(answer(hook.request_with(Method::GET, "searchpeople=true")).await.0, StatusCode::OK);
        assert_eq!(bob.graphql_code(CREATE, json!({ "input": { "name": "A" } })).await, "FORBIDDEN");
        admin.graphql(update, json!({ "input": { "id": id, "role": "MEMBER", "isDisabled": true } })).await;
        let gone = (StatusCode::NOT_FOUND, "There is no such webhook: it may have been revoked.".to_owned());
        assert_eq!(hook.json(&json!({ "name": "Zoe" })).await, gone);
        admin.graphql(update, json!({ "input": { "id": id, "isDisabled": false } })).await;
        assert_eq!(hook.json(&json!({ "name": "Zoe" })).await.1, "Success");
        let revoked = admin.graphql(REVOKE, json!({ "id": webhook["id"] })).await["revokeWebhook"]["webhook"].clone();
        assert_eq!(revoked["revokedAt"], "2026-05-25T12:00:00Z", "an admin ends everybody's");
        assert_eq!(admin.graphql_code(REVOKE, json!({ "id": webhook["id"] })).await, "NOT_FOUND");
        let response = hook.request(Method::POST).json(&json!({ "name": "Max" })).send().await.expect("an answer");
        assert_eq!(response.headers()["x-cairn-code"], "NOT_FOUND");
        assert_eq!(hook.json(&json!({ "name": "Max" })).await, gone);
        assert_eq!(own.json(&json!({ "name": "Max" })).await.1, "Success", "the others go on");
        for input in [json!({ "name": "" }), json!({ "name": "x".repeat(501) })] {
            assert_eq!(admin.graphql_code(CREATE, json!({ "input": input })).await, "INVALID");
        }
    }

    async fn a_wrong_secret_opens_nothing_and_another_account_is_never_touched(site: Site) {
        site.account("globex", "UTC").await;
        let (ours, theirs) = (site.client().await, site.client_of("admin@globex.example").await);
        theirs.graphql("mutation { createPerson(input: { name: \"Jane\", email: \"jane@example.com\", city: \"Rome\" }) { person { id } } }", json!({})).await;
        theirs.graphql("mutation { createEventTemplate(input: { name: \"New Lead\", items: [{ offset: \"today\", title: \"Call\" }] }) { eventTemplate { id } } }", json!({})).await;
        let before = theirs.download("/export/people.json").await;
        let hook = Hook::of(&ours, json!({ "name": "Form" })).await;
        let jane = json!({ "name": "Jane", "email": "jane@example.com", "city": "Ulm", "value": "1" });
        assert_eq!(hook.json(&jane).await.1, "Success");
        let (_, found) = answer(hook.request_with(Method::GET, "searchpeople=true")).await;
        assert!(found.contains("Ulm") && !found.contains("Rome"), "{found}");
        let (status, _) = hook.json(&json!({ "name": "Zed", "template": "New Lead" })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "a template of theirs is none of ours");
        assert_eq!(theirs.download("/export/people.json").await, before);

        let theirs_hook = Hook::of(&theirs, json!({ "name": "Form" })).await;
        let gone = (StatusCode::NOT_FOUND, "There is no such webhook: it may have been revoked.".to_owned());
        let secret = hook.path.strip_prefix("/webhook/").expect("a path");
        let their_secret = theirs_hook.path.strip_prefix("/webhook/").expect("a path");
        // Account and id of one with the secret of the other, a secret of another kind, and no secret at all.
        let mixed = format!("{}{}", &secret[..57], &their_secret[57..]);
        let other = if &secret[90..91] == "A" { "B" } else { "A" };
        let flipped = format!("{}{other}{}", &secret[..90], &secret[91..]);
        let feed = secret.replace("cairn_webhook_", "cairn_feed_");
        for wrong in [mixed.as_str(), &flipped, &feed, "cairn_webhook_", "x", "%ff%00", &secret[..secret.len() - 4]] {
            let hook = Hook { client: Client::new(site.address), path: format!("/webhook/{wrong}") };
            let (status, sentence) = hook.json(&json!({ "name": "Mallory" })).await;
            assert!((status, sentence) == gone || wrong == "%ff%00" && status == StatusCode::BAD_REQUEST, "{wrong}: {status}");
        }
        // A host that names another account is no way in.
        for (header, value, expected) in [
            ("host", "acme.crm.example", StatusCode::OK),
            ("host", "globex.crm.example", StatusCode::NOT_FOUND),
            ("x-cairn-account", "globex", StatusCode::NOT_FOUND),
        ] {
            let request = hook.request(Method::POST).header(header, value).json(&json!({ "name": "Ann" }));
            assert_eq!(answer(request).await.0, expected, "{header}: {value}");
        }
        let request = hook.request(Method::POST).header("host", "acme.crm.example").header("x-cairn-account", "globex");
        assert_eq!(answer(request.json(&json!({ "name": "Ann" }))).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(theirs.download("/export/people.json").await, before);
        let names = ours.graphql("{ people { nodes { name } } }", json!({})).await.to_string();
        assert!(!names.contains("Mallory") && !names.contains("Zed"), "{names}");
    }

    async fn clients_leave_records_and_read_them_back(site: Site) {
        let client = site.client().await;
        let hook = Hook::of(&client, json!({ "name": "Scripts" })).await;
        let url = format!("http://{}{}", site.address, hook.path);
        for (program, probe, file) in [
            ("sh", ["-c", "curl --version"], "webhook.sh"),
            ("python3", ["-c", "import json"], "webhook.py"),
            ("php", ["-r", "exit(function_exists('curl_init') ? 0 : 1);"], "webhook.php"),
        ] {
            let url = url.clone();
            let said = spawn_blocking(move || play(program, &probe, file, &url)).await.expect("a client is run");
            // libtest captures what the print macros write, and these counts are for the note of a run.
            let _ = write!(std::io::stderr(), "{said}");
        }
        let counts = "{ people { totalCount } transactions { totalCount } messages { totalCount } }";
        let data = client.graphql(counts, json!({})).await;
        let count = |noun: &str| data[noun]["totalCount"].as_i64().expect("a count");
        assert_eq!((count("people"), count("transactions")), (2 * count("messages"), count("messages")), "{data}");
    }

    async fn the_command_line_makes_lists_and_revokes_webhooks(desk: Desk) {
        let desk = desk.with_account();
        let made = desk.ok(&["webhook", "create", "Contact form", "--no-search"]);
        assert!(made.contains("Made the webhook Contact form, which acts as ann@acme.example."), "{made}");
        let path = made.lines().last().expect("the address").to_owned();
        assert!(path.starts_with("/webhook/cairn_webhook_"), "{made}");
        let list = desk.ok(&["webhook", "list", "--account", "acme", "--user", "ann@acme.example"]);
        assert!(list.contains("Contact form") && list.contains("never") && !list.contains("cairn_webhook_"), "{list}");
        let server = desk.serve_with(&[("CAIRN_LOG", "debug")], &[]);
        let address = crate::program::address_in(&server.greeting).parse().expect("an address");
        let hook = Hook { client: Client::new(address), path: path.clone() };
        assert_eq!(hook.json(&json!({ "name": "Ann" })).await.1, "Success");
        assert_eq!(answer(hook.request_with(Method::GET, "search=")).await.0, StatusCode::FORBIDDEN);
        let id = list.lines().nth(1).and_then(|line| line.split_whitespace().next()).expect("an id").to_owned();
        assert!(desk.ok(&["webhook", "revoke", &id]).contains("Contact form has ended"));
        assert_eq!(hook.json(&json!({ "name": "Bob" })).await.0, StatusCode::NOT_FOUND);
        assert!(desk.fails(&["webhook", "revoke", &id]).contains("there is no such webhook"));
        assert!(desk.ok(&["export", "people"]).contains("Ann"));
        let log = server.log();
        assert!(log.contains("/webhook/") && !log.contains("cairn_webhook_"), "the log has no secret: {log}");
    }
}

/// A webhook as a program knows it.
pub(crate) struct Hook {
    client: Client,
    pub(crate) path: String,
}

impl Hook {
    /// A new webhook of a user.
    pub(crate) async fn of(client: &Client, input: Value) -> Self {
        let made = client.graphql(CREATE, json!({ "input": input })).await;
        let url = word(&made["createWebhook"]["url"]);
        let (_, path) = url.split_at(url.find("/webhook/").expect("a path"));
        let base = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).expect("an address");
        Self { client: Client::new(base.parse().expect("an address")), path: path.to_owned() }
    }

    pub(crate) fn request(&self, method: Method) -> RequestBuilder {
        self.client.request(method, &self.path)
    }

    pub(crate) fn request_with(&self, method: Method, query: &str) -> RequestBuilder {
        self.client.request(method, &format!("{}?{query}", self.path))
    }

    /// Status and body of the answer to a JSON body.
    pub(crate) async fn json(&self, body: &Value) -> (StatusCode, String) {
        answer(self.request(Method::POST).json(body)).await
    }
}

/// A site whose replies hold 250 records at most, and that takes small bodies only.
struct Capped(Site);

impl Capped {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let result_cap = NonZeroUsize::new(250).expect("it is not zero");
        let site = Site::with(kind, test, formats::builtin(), |config| {
            config.legacy.result_cap = result_cap;
            config.limits.legacy_body = 2_000;
        });
        site.await.map(Self)
    }
}

/// What a client says, or nothing where the machine lacks it.
fn play(program: &str, probe: &[&str], file: &str, url: &str) -> String {
    let run = |arguments: &[&str]| Command::new(program).args(arguments).output().ok();
    if !run(probe).is_some_and(|output| output.status.success()) {
        require::missing(program, &format!("the webhook with {file}"));
        return String::new();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(file);
    let output = run(&[path.to_str().expect("UTF-8"), url]).expect("it has just run");
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("3 left, 2 read back"), "{file}: {said}{complained}");
    said.into_owned()
}

/// Status and body of an answer.
async fn answer(request: RequestBuilder) -> (StatusCode, String) {
    let response = request.send().await.expect("the server answers");
    (response.status(), response.text().await.expect("the answer is text"))
}

fn word(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
