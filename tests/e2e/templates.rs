//! E-mail templates, event templates, firing them, and the operators in the bodies of messages.

use std::collections::BTreeMap;

use harness::client::Client;
use harness::on_each_database;
use harness::site::Site;
use serde_json::{Value, json};
use storage::query::people::{self, NewPerson};
use storage::query::users::Role;
use storage::{Actor, Contact};

/// Every relative date that storage knows, and what it is.
const SCHEDULE: &str = include_str!("../../storage/tests/schedule.txt");

const CREATE_MAIL: &str = "mutation($input: CreateEmailTemplateInput!) {
    createEmailTemplate(input: $input) { emailTemplate { id version name subject body createdAt } }
}";
const CREATE: &str = "mutation($input: CreateEventTemplateInput!) {
    createEventTemplate(input: $input) { eventTemplate {
        id version name items { offset timeOfDay title location description emailTemplate { id name } }
    } }
}";
const FIRE: &str = "mutation($input: FireEventTemplateInput!) {
    fireEventTemplate(input: $input) {
        recordCount eventCount firstEvents {
            title startsOn startsAt isAllDay location description owner { email } emailTemplate { name }
            categories { name } associations { __typename ... on Person { id } ... on Transaction { id } }
        }
    }
}";
const PREVIEW: &str = "query($template: ID!, $on: FireOnInput!, $from: FireFromInput) {
    previewEventTemplate(template: $template, on: $on, from: $from) {
        recordCount eventCount firstRecords {
            countsFrom subject { ... on Person { name } ... on Transaction { person { name } } }
            events { title startsOn startsAt }
        }
    }
}";
const MESSAGE: &str = "mutation($input: CreateMessageInput!) {
    createMessage(input: $input) {
        message { id body categories { name } associations { __typename ... on Person { id } ... on Transaction { id } } }
        events { title startsOn isAllDay associations { __typename ... on Person { id } ... on Transaction { id } } }
        problems { line column reason }
    }
}";

on_each_database! {
    async fn e_mail_templates_are_created_changed_listed_and_deleted(site: Site) {
        let client = site.client().await;
        let input = json!({ "name": " Zoë's Hello ", "subject": "Hi {{name}}", "body": "Dear {{name}},\n\nhello" });
        let made = client.graphql(CREATE_MAIL, json!({ "input": input })).await;
        let made = &made["createEmailTemplate"]["emailTemplate"];
        let expected = json!({
            "id": made["id"], "version": 1, "name": "Zoë's Hello", "subject": "Hi {{name}}", "body": "Dear {{name}},\n\nhello",
            "createdAt": "2026-05-25T12:00:00Z",
        });
        assert_eq!(*made, expected);
        let same = json!({ "input": { "name": "zoe's  HELLO" } });
        assert_eq!(client.graphql_code(CREATE_MAIL, same).await, "CONFLICT", "case and accents do not count");
        for (input, field) in [
            (json!({ "name": " " }), "name"),
            (json!({ "name": "x".repeat(501) }), "name"),
            (json!({ "name": "x", "subject": "x".repeat(501) }), "subject"),
            (json!({ "name": "x", "body": "x".repeat((1 << 20) + 1) }), "body"),
        ] {
            refused(&client, CREATE_MAIL, json!({ "input": input }), "INVALID", field, "").await;
        }

        let update = "mutation($input: UpdateEmailTemplateInput!) {
            updateEmailTemplate(input: $input) { emailTemplate { version name subject body } }
        }";
        let input = json!({ "id": made["id"], "version": 1, "name": "Hello", "body": null });
        let changed = client.graphql(update, json!({ "input": input })).await;
        let expected = json!({ "version": 2, "name": "Hello", "subject": "Hi {{name}}", "body": "" });
        assert_eq!(changed["updateEmailTemplate"]["emailTemplate"], expected);
        assert_eq!(client.graphql_code(update, json!({ "input": input })).await, "CONFLICT", "version 1 is stale");
        let other = mail(&client, "Another").await;
        let taken = json!({ "input": { "id": other, "name": "HELLO" } });
        assert_eq!(client.graphql_code(update, taken).await, "CONFLICT");

        let list = "query($order: TemplateOrder = NAME_ASC, $after: String) {
            emailTemplates(orderBy: $order, first: 1, after: $after) { totalCount nodes { name } pageInfo { endCursor } }
        }";
        let page = client.graphql(list, json!({})).await["emailTemplates"].clone();
        assert_eq!((&page["totalCount"], &page["nodes"][0]["name"]), (&json!(2), &json!("Another")));
        let next = client.graphql(list, json!({ "after": page["pageInfo"]["endCursor"] })).await;
        assert_eq!(next["emailTemplates"]["nodes"], json!([{ "name": "Hello" }]));
        let last = client.graphql(list, json!({ "order": "NAME_DESC" })).await;
        assert_eq!(last["emailTemplates"]["nodes"], json!([{ "name": "Hello" }]));

        // An event can bear one.
        let event = "mutation($mail: ID!) {
            createEvent(input: { title: \"Call\", startsOn: \"2026-05-25\", emailTemplate: $mail }) { event { id emailTemplate { name } } }
        }";
        let event = client.graphql(event, json!({ "mail": made["id"] })).await["createEvent"]["event"].clone();
        assert_eq!(event["emailTemplate"]["name"], "Hello");
        let bear = "mutation($id: ID!, $mail: ID) { updateEvent(input: { id: $id, emailTemplate: $mail }) { event { emailTemplate { name } } } }";
        let changed = client.graphql(bear, json!({ "id": event["id"], "mail": null })).await;
        assert_eq!(changed["updateEvent"]["event"]["emailTemplate"], Value::Null);

        // One that event templates use cannot go.
        let items = json!([{ "offset": "today", "title": "Call", "emailTemplate": made["id"] }]);
        let user = template(&client, "First call", items).await;
        let delete = "mutation($id: ID!) { deleteEmailTemplate(input: { id: $id }) { deletedId } }";
        let answer = client.graphql_answer(delete, json!({ "id": made["id"] })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "CONFLICT");
        assert!(answer.to_string().contains("1 event template uses this e-mail template (First call)"), "{answer}");
        let free = "mutation($id: ID!) { deleteEventTemplate(input: { id: $id }) { deletedId } }";
        assert_eq!(client.graphql(free, json!({ "id": user })).await["deleteEventTemplate"]["deletedId"], json!(user));
        let gone = client.graphql(delete, json!({ "id": made["id"] })).await;
        assert_eq!(gone["deleteEmailTemplate"]["deletedId"], made["id"]);
        let read = "query($id: ID!) { emailTemplate(id: $id) { id } node(id: $id) { id } }";
        assert_eq!(client.graphql(read, json!({ "id": made["id"] })).await, json!({ "emailTemplate": null, "node": null }));
        assert_eq!(client.graphql(read, json!({ "id": other })).await["node"]["id"], json!(other));
        mail(&client, "Hello").await;
    }

    async fn event_templates_are_created_changed_listed_and_deleted(site: Site) {
        let client = site.client().await;
        let mail = mail(&client, "Hello").await;
        let items = json!([
            { "offset": "1 WEEK 2 days", "timeOfDay": "18:15", "title": " Call ", "location": "Office", "description": "a\nb", "emailTemplate": mail },
            { "offset": "tomorrow", "title": "Write" },
        ]);
        let input = json!({ "name": "New Lead", "items": items });
        let made = client.graphql(CREATE, json!({ "input": input })).await["createEventTemplate"]["eventTemplate"].clone();
        let read_items = json!([
            {
                "offset": "+1 Week +2 Days", "timeOfDay": "18:15", "title": "Call", "location": "Office", "description": "a\nb",
                "emailTemplate": { "id": mail, "name": "Hello" },
            },
            { "offset": "+1 Day", "timeOfDay": null, "title": "Write", "location": null, "description": null, "emailTemplate": null },
        ]);
        assert_eq!(made, json!({ "id": made["id"], "version": 1, "name": "New Lead", "items": read_items }));
        let many = |count| vec![json!({ "offset": "today", "title": "x" }); count];
        for (items, code, field, words) in [
            (json!([]), "INVALID", "items", "1 to 200"),
            (json!(many(201)), "INVALID", "items", "201 items are given"),
            (json!([{ "offset": "today", "title": "x" }, { "offset": "whenever", "title": "x" }]), "INVALID", "offset", "item 2: \"whenever\" is not a relative date; write +1 Week"),
            (json!([{ "offset": "today", "title": "x", "timeOfDay": "6:15" }]), "INVALID", "timeOfDay", "item 1: \"6:15\" is not a time of the day; write it like 18:15"),
            (json!([{ "offset": "today", "title": " " }]), "INVALID", "title", "item 1: an event needs a title"),
            (json!([{ "offset": "today", "title": "x", "location": "x".repeat(501) }]), "INVALID", "location", "item 1: location has 501"),
            (json!([{ "offset": "today", "title": "x", "emailTemplate": made["id"] }]), "NOT_FOUND", "", "e-mail template"),
        ] {
            let input = json!({ "input": { "name": "Other", "items": items } });
            refused(&client, CREATE, input, code, field, words).await;
        }
        let taken = json!({ "input": { "name": "new lead", "items": many(1) } });
        assert_eq!(client.graphql_code(CREATE, taken).await, "CONFLICT");
        template(&client, "Long", json!(many(200))).await;

        let update = "mutation($input: UpdateEventTemplateInput!) {
            updateEventTemplate(input: $input) { eventTemplate { version name items { offset title } } }
        }";
        let input = json!({ "id": made["id"], "version": 1, "name": "Lead" });
        let changed = client.graphql(update, json!({ "input": input })).await;
        assert_eq!(changed["updateEventTemplate"]["eventTemplate"]["items"].as_array().map(Vec::len), Some(2), "absent items stay");
        let input = json!({ "id": made["id"], "version": 2, "items": [{ "offset": "-2 days", "title": "Prepare" }] });
        let changed = client.graphql(update, json!({ "input": input })).await;
        let expected = json!({ "version": 3, "name": "Lead", "items": [{ "offset": "-2 Days", "title": "Prepare" }] });
        assert_eq!(changed["updateEventTemplate"]["eventTemplate"], expected);
        assert_eq!(client.graphql_code(update, json!({ "input": input })).await, "CONFLICT", "version 2 is stale");
        for input in [json!({ "id": made["id"], "items": [] }), json!({ "id": made["id"], "name": null })] {
            assert_eq!(client.graphql_code(update, json!({ "input": input })).await, "INVALID", "{input}");
        }

        let list = "{ eventTemplates { totalCount nodes { name items { title emailTemplate { name } } } } }";
        let found = client.graphql(list, json!({})).await["eventTemplates"].clone();
        assert_eq!((&found["totalCount"], &found["nodes"][0]["name"]), (&json!(2), &json!("Lead")));
        let delete = "mutation($id: ID!) { deleteEventTemplate(input: { id: $id }) { deletedId } }";
        client.graphql(delete, json!({ "id": made["id"] })).await;
        let read = "query($id: ID!) { eventTemplate(id: $id) { id } node(id: $id) { id } }";
        assert_eq!(client.graphql(read, json!({ "id": made["id"] })).await, json!({ "eventTemplate": null, "node": null }));
        let fire = json!({ "input": { "template": made["id"], "on": { "person": person(&client, "Jane").await } } });
        assert_eq!(client.graphql_code(FIRE, fire).await, "NOT_FOUND");
    }

    async fn a_reader_looks_at_templates_and_a_member_changes_them(site: Site) {
        site.add_user("acme", "reader@acme.example", Role::Reader).await;
        site.add_user("acme", "member@acme.example", Role::Member).await;
        let (reader, member) = (site.client_of("reader@acme.example").await, site.client_of("member@acme.example").await);
        let jane = person(&member, "Jane").await;
        let made = template(&member, "New Lead", json!([{ "offset": "today", "title": "Call" }])).await;
        let on = json!({ "template": made, "on": { "person": jane } });
        assert_eq!(reader.graphql(PREVIEW, on.clone()).await["previewEventTemplate"]["eventCount"], 1);
        assert_eq!(reader.graphql_code(FIRE, json!({ "input": on })).await, "FORBIDDEN");
        assert_eq!(reader.graphql_code(CREATE_MAIL, json!({ "input": { "name": "x" } })).await, "FORBIDDEN");
        assert_eq!(member.graphql(FIRE, json!({ "input": on })).await["fireEventTemplate"]["eventCount"], 1);
    }

    async fn a_template_makes_its_events_for_a_person_or_a_transaction(site: Site) {
        let client = site.client().await;
        site.add_user("acme", "bob@acme.example", Role::Member).await;
        let mail = mail(&client, "Hello").await;
        let made = template(&client, "New Lead", json!([
            { "offset": "+1 Week", "timeOfDay": "09:00", "title": "Call", "location": "Office", "description": "first", "emailTemplate": mail },
            { "offset": "tomorrow", "title": "Write" },
        ])).await;
        let jane = person(&client, "Jane").await;
        let fired = fire(&client, json!({ "template": made, "on": { "person": jane }, "categories": ["Calls"] })).await;
        let common = json!({
            "owner": { "email": "admin@acme.example" }, "categories": [{ "name": "Calls" }],
            "associations": [{ "__typename": "Person", "id": jane }],
        });
        // It is 05:00 on May 25 in Los Angeles.
        let call = json!({
            "title": "Call", "startsOn": "2026-06-01", "startsAt": "2026-06-01T16:00:00Z", "isAllDay": false,
            "location": "Office", "description": "first", "emailTemplate": { "name": "Hello" },
        });
        let write = json!({
            "title": "Write", "startsOn": "2026-05-26", "startsAt": null, "isAllDay": true,
            "location": null, "description": null, "emailTemplate": null,
        });
        let expected = json!({ "recordCount": 1, "eventCount": 2, "firstEvents": [both(&call, &common), both(&write, &common)] });
        assert_eq!(fired, expected);

        let deal = deal(&client, "Joe", "LEAD").await;
        let bob = site.client_of("bob@acme.example").await.graphql("{ me { id } }", json!({})).await;
        let input = json!({ "template": made, "on": { "transaction": deal }, "from": { "startsOn": "2024-02-28" }, "owner": bob["me"]["id"], "expectedCount": 1 });
        let fired = fire(&client, input).await;
        assert_eq!(fired["firstEvents"][1]["startsOn"], "2024-02-29");
        assert_eq!(fired["firstEvents"][1]["owner"]["email"], "bob@acme.example");
        assert_eq!(fired["firstEvents"][1]["associations"], json!([{ "__typename": "Transaction", "id": deal }]));
        // The events are found by the name of whom they belong to.
        let found = client.graphql("{ events(view: { search: \"call joe\" }) { nodes { startsOn } } }", json!({})).await;
        assert_eq!(found["events"]["nodes"], json!([{ "startsOn": "2024-03-06" }]));

        for (input, code, field, words) in [
            (json!({ "on": {} }), "INVALID", "on", "exactly one of person, transaction and section"),
            (json!({ "on": { "person": jane, "transaction": deal } }), "INVALID", "on", "exactly one"),
            (json!({ "on": { "view": { "search": "x" } } }), "INVALID", "section", "PEOPLE, LEADS"),
            (json!({ "on": { "section": "PEOPLE" } }), "INVALID", "expectedCount", "the number of its records"),
            (json!({ "on": { "person": jane }, "from": {} }), "INVALID", "from", "either startsOn or fromCreation"),
            (json!({ "on": { "person": jane }, "from": { "startsOn": "2026-05-25", "fromCreation": true } }), "INVALID", "from", "either"),
            (json!({ "on": { "person": jane }, "from": { "startsOn": "9999-12-31" } }), "INVALID", "offset", "item 1: +1 Week from 9999-12-31"),
            (json!({ "on": { "person": jane }, "expectedCount": 2 }), "CONFLICT", "", "there are 1 records now, and you expected 2"),
            (json!({ "on": { "person": deal } }), "NOT_FOUND", "", "person"),
            (json!({ "on": { "person": jane }, "owner": jane }), "NOT_FOUND", "", "user"),
            (json!({ "on": { "person": jane }, "categories": [" "] }), "INVALID", "categories", "empty"),
            (json!({ "on": { "section": "LEADS", "view": { "category": "No such" } }, "expectedCount": 1 }), "NOT_FOUND", "", "category"),
        ] {
            let input = both(&input, &json!({ "template": made }));
            refused(&client, FIRE, json!({ "input": input }), code, field, words).await;
        }
        let count = client.graphql("{ events { totalCount } }", json!({})).await;
        assert_eq!(count["events"]["totalCount"], 4, "what is refused makes nothing");
    }

    async fn a_template_is_fired_on_all_records_of_a_view_or_on_none(site: Site) {
        let client = site.client().await;
        let rows: String = (0..300).map(|number| format!("P{number:03},News\n")).collect();
        client.import("/import/people?format=csv", format!("name,categories\n{rows}Zed,\n")).await;
        deal(&client, "Deal One", "CUSTOMER").await;
        deal(&client, "Deal Two", "CUSTOMER").await;
        deal(&client, "Deal Three", "LEAD").await;
        let items = (0..12).map(|day| json!({ "offset": format!("{day} days"), "title": format!("Step {day}") }));
        let made = template(&client, "Campaign", items.collect()).await;
        let on = json!({ "section": "PEOPLE", "view": { "category": "news" } });

        let preview = client.graphql(PREVIEW, json!({ "template": made, "on": on })).await["previewEventTemplate"].clone();
        assert_eq!((&preview["recordCount"], &preview["eventCount"]), (&json!(300), &json!(3600)));
        let records = preview["firstRecords"].as_array().expect("a list");
        assert_eq!(records.len(), 20);
        assert_eq!(records[19]["subject"]["name"], "P019");
        assert_eq!(records[0]["countsFrom"], "2026-05-25");
        assert_eq!(records[0]["events"][11], json!({ "title": "Step 11", "startsOn": "2026-06-05", "startsAt": null }));

        let input = json!({ "template": made, "on": on, "expectedCount": 299 });
        refused(&client, FIRE, json!({ "input": input }), "CONFLICT", "", "there are 300 records now, and you expected 299").await;
        let fired = fire(&client, json!({ "template": made, "on": on, "expectedCount": 300, "categories": ["Campaign"] })).await;
        assert_eq!((&fired["recordCount"], &fired["eventCount"]), (&json!(300), &json!(3600)));
        assert_eq!(fired["firstEvents"].as_array().map(Vec::len), Some(100), "as the field says");
        let counts = client.graphql(
            "{ all: events { totalCount } last: events(view: { search: \"p299\" }) { totalCount }
               campaign: events(view: { category: \"Campaign\" }) { totalCount } zed: events(view: { search: \"zed\" }) { totalCount } }",
            json!({}),
        ).await;
        let expected = json!({
            "all": { "totalCount": 3600 }, "last": { "totalCount": 12 }, "campaign": { "totalCount": 3600 }, "zed": { "totalCount": 0 },
        });
        assert_eq!(counts, expected);

        let on = json!({ "section": "CUSTOMERS" });
        let fired = fire(&client, json!({ "template": made, "on": on, "expectedCount": 2 })).await;
        assert_eq!(fired["eventCount"], 24);
        assert_eq!(fired["firstEvents"][0]["associations"][0]["__typename"], "Transaction");
        let none = json!({ "section": "OPPORTUNITIES" });
        let fired = fire(&client, json!({ "template": made, "on": none, "expectedCount": 0 })).await;
        assert_eq!(fired, json!({ "recordCount": 0, "eventCount": 0, "firstEvents": [] }));

        // The day of creation is that of each record, in the account's time zone: May 1 at 03:00 is April 30 there.
        let account = site.session("acme").await.account().account_id;
        let long_ago: jiff::Timestamp = "2026-05-01T03:00:00Z".parse().expect("a moment");
        let writer = site.storage().writer(account, Actor::System, long_ago.into());
        let contact = Contact { name: Some("A Zed".to_owned()), ..Contact::default() };
        people::create(&writer, NewPerson { contact, ..NewPerson::default() }).await.expect("a new person");
        let on = json!({ "section": "PEOPLE", "view": { "search": "zed" } });
        let from = json!({ "fromCreation": true });
        let preview = client.graphql(PREVIEW, json!({ "template": made, "on": on, "from": from })).await;
        let days = [0, 1].map(|index| preview["previewEventTemplate"]["firstRecords"][index]["countsFrom"].clone());
        assert_eq!(days, [json!("2026-04-30"), json!("2026-05-25")]);
        let fired = fire(&client, json!({ "template": made, "on": on, "from": from, "expectedCount": 2 })).await;
        let days = [0, 12].map(|index| fired["firstEvents"][index]["startsOn"].clone());
        assert_eq!(days, [json!("2026-04-30"), json!("2026-05-25")]);
        let on = json!({ "template": made, "on": { "section": "LEADS" } });
        let preview = client.graphql(PREVIEW, on).await["previewEventTemplate"].clone();
        assert_eq!(preview["firstRecords"][0]["subject"]["person"]["name"], "Deal Three");
    }

    async fn a_firing_has_its_limits(site: Site) {
        let client = site.client().await;
        let rows: String = (0..10_001).map(|number| format!("P{number},{}\n", if number < 501 { "Some" } else { "" })).collect();
        client.import("/import/people?format=csv", format!("name,categories\n{rows}")).await;
        let one = template(&client, "One", json!([{ "offset": "today", "title": "x" }])).await;
        let all = json!({ "section": "PEOPLE" });
        for (document, input) in [
            (FIRE, json!({ "input": { "template": one, "on": all, "expectedCount": 10_001 } })),
            (PREVIEW, json!({ "template": one, "on": all })),
        ] {
            refused(&client, document, input, "LIMITED", "", "10001 records, and a template is fired on 10000 at most").await;
        }
        let input = json!({ "input": { "template": one, "on": all, "expectedCount": 10_000 } });
        refused(&client, FIRE, input, "CONFLICT", "", "there are 10001 records now, and you expected 10000").await;
        let long = template(&client, "Long", json!(vec![json!({ "offset": "today", "title": "x" }); 200])).await;
        let some = json!({ "section": "PEOPLE", "view": { "category": "Some" } });
        let input = json!({ "input": { "template": long, "on": some, "expectedCount": 501 } });
        refused(&client, FIRE, input, "LIMITED", "", "100200 events").await;
        let large = json!([{ "offset": "today", "title": "x", "description": "x".repeat(600_000) }]);
        let large = template(&client, "Large", large).await;
        let input = json!({ "input": { "template": large, "on": some, "expectedCount": 501 } });
        refused(&client, FIRE, input, "LIMITED", "", "bytes of text").await;
        let input = json!({ "template": one, "on": some, "expectedCount": 501 });
        assert_eq!(fire(&client, input).await["eventCount"], 501);
    }

    async fn a_message_obeys_what_its_body_orders(site: Site) {
        let client = site.client().await;
        let jane = person(&client, "Jané  Doe").await;
        let joe = deal(&client, "Joe", "LEAD").await;
        for _ in 0..2 {
            person(&client, "Twin").await;
        }
        let body = "Spent time\n\n[category:Meetings] [category:meetings]\n[event:+1 Week:Follow-up: call]\n\
                    [association:JANE doe]\n[association:joe]\n[event:tomorrow:Write]\nBye [association:Twin] and [association:Nobody]";
        let input = json!({ "body": body, "categories": ["Notes"], "operators": "OBEY" });
        let answer = client.graphql(MESSAGE, json!({ "input": input })).await["createMessage"].clone();
        let subjects = json!([{ "__typename": "Person", "id": jane }, { "__typename": "Transaction", "id": joe }]);
        let message = &answer["message"];
        assert_eq!(message["body"], "Spent time\n\nBye [association:Twin] and [association:Nobody]");
        assert_eq!(message["categories"], json!([{ "name": "Meetings" }, { "name": "Notes" }]));
        assert_eq!(message["associations"], subjects);
        let event = |title: &str, day: &str| json!({ "title": title, "startsOn": day, "isAllDay": true, "associations": subjects });
        assert_eq!(answer["events"], json!([event("Follow-up: call", "2026-06-01"), event("Write", "2026-05-26")]));
        let problem = |index: usize| {
            let problem = &answer["problems"][index];
            (problem["line"].clone(), problem["column"].clone(), problem["reason"].to_string())
        };
        let (line, column, reason) = problem(0);
        assert_eq!((line, column), (json!(8), json!(5)));
        assert!(reason.contains("2 people are called"), "{reason}");
        assert!(problem(1).2.contains("there is no person"), "{answer}");
        assert_eq!(answer["problems"].as_array().map(Vec::len), Some(2));
        let found = client.graphql("{ events(view: { search: \"follow jane\" }) { totalCount } }", json!({})).await;
        assert_eq!(found["events"]["totalCount"], 1);

        // What is given beside the body counts for the events, too; what cannot be stays in the body.
        let long = "x".repeat(501);
        let body = format!("[category:{long}]\n[event:today:{long}]\n[event:+9999999 years:Late]\n[event:whenever:x]\n[event:today:Now]");
        let input = json!({ "title": "Notes", "body": body, "associations": [jane], "operators": "OBEY" });
        let answer = client.graphql(MESSAGE, json!({ "input": input })).await["createMessage"].clone();
        assert_eq!(answer["message"]["body"], body.rsplit_once('\n').expect("lines").0);
        assert_eq!(answer["problems"].as_array().map(Vec::len), Some(4), "{answer}");
        assert_eq!(answer["events"][0]["associations"], json!([{ "__typename": "Person", "id": jane }]));

        // Nobody asked: the operators stay.
        let input = json!({ "body": "[category:X]" });
        let answer = client.graphql(MESSAGE, json!({ "input": input })).await["createMessage"].clone();
        assert_eq!((&answer["message"]["body"], &answer["events"]), (&json!("[category:X]"), &json!([])));
        // All of it is one unit: nothing of a message that cannot be stays.
        for input in [
            json!({ "body": "[category:Lost][event:today:Lost]", "operators": "OBEY" }),
            json!({ "body": "[category:Lost] x".repeat(101), "operators": "OBEY" }),
        ] {
            assert_eq!(client.graphql_code(MESSAGE, json!({ "input": input })).await, "INVALID");
        }
        let counts = client.graphql("{ events { totalCount } categories { nodes { name } } }", json!({})).await;
        assert_eq!(counts["events"]["totalCount"], 3);
        assert!(!counts.to_string().contains("Lost"), "{counts}");
    }

    async fn every_row_of_the_date_table_holds_from_a_template_to_its_event(site: Site) {
        let rows: Vec<[&str; 5]> = SCHEDULE
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| {
                let cells: Vec<_> = line.split('|').map(str::trim).collect();
                cells.try_into().unwrap_or_else(|_| panic!("not five columns: {line}"))
            })
            .collect();
        assert!(rows.len() >= 60, "the table is gone");
        // One account a zone, in it one person and one template a day: those rows that are refused have their own.
        let mut clients = BTreeMap::new();
        for (number, zone) in rows.iter().map(|row| row[1]).collect::<std::collections::BTreeSet<_>>().into_iter().enumerate() {
            site.account(&format!("zone{number}"), zone).await;
            clients.insert(zone, site.client_of(&format!("admin@zone{number}.example")).await);
        }
        let mut series: BTreeMap<_, Vec<&[&str; 5]>> = BTreeMap::new();
        for (number, row) in rows.iter().enumerate() {
            let alone = row[4].starts_with("refused: ").then_some(number);
            series.entry((row[1], row[0], alone)).or_default().push(row);
        }
        let mut checked = 0;
        for ((zone, start, alone), rows) in series {
            let client = &clients[zone];
            let items = rows.iter().enumerate().map(|(number, [_, _, offset, time, _])| {
                json!({ "offset": offset, "timeOfDay": Some(*time).filter(|time| !time.is_empty()), "title": number.to_string() })
            });
            let input = json!({ "input": { "name": format!("{start} {alone:?}"), "items": items.collect::<Vec<_>>() } });
            let mut answer = client.graphql_answer(CREATE, input).await;
            let jane = person(client, "Jane").await;
            if answer.get("errors").is_none() {
                let id = &answer["data"]["createEventTemplate"]["eventTemplate"]["id"];
                let input = json!({ "template": id, "on": { "person": jane }, "from": { "startsOn": start } });
                answer = client.graphql_answer(FIRE, json!({ "input": input })).await;
            }
            if alone.is_some() {
                let error = &answer["errors"][0];
                assert_eq!((&error["extensions"]["code"], &error["extensions"]["field"]), (&json!("INVALID"), &json!("offset")), "{rows:?}");
                let reason = rows[0][4].trim_start_matches("refused: ");
                assert!(error["message"].as_str().is_some_and(|message| message.contains(reason)), "{rows:?}: {answer}");
            } else {
                assert!(answer.get("errors").is_none(), "{rows:?}: {answer}");
            }
            let read = "query($id: ID!) { person(id: $id) { events(first: 200) { nodes { title startsOn startsAt } } } }";
            let read = client.graphql(read, json!({ "id": jane })).await;
            let events = read["person"]["events"]["nodes"].as_array().expect("a list");
            assert_eq!(events.len(), if alone.is_some() { 0 } else { rows.len() }, "{rows:?}");
            for event in events {
                let row = rows[event["title"].as_str().and_then(|title| title.parse::<usize>().ok()).expect("a number")];
                let expected = row[4];
                assert_eq!(event["startsOn"], expected[..10], "{row:?}");
                let at = expected.contains('T').then(|| expected.parse::<jiff::Timestamp>().expect(expected).to_string());
                assert_eq!(event["startsAt"], json!(at), "{row:?}");
            }
            checked += rows.len();
        }
        assert_eq!(checked, rows.len());
    }
}

/// The fields of two objects.
fn both(one: &Value, other: &Value) -> Value {
    let mut all = one.clone();
    for (key, value) in other.as_object().expect("an object") {
        all[key] = value.clone();
    }
    all
}

async fn mail(client: &Client, name: &str) -> String {
    let made = client.graphql(CREATE_MAIL, json!({ "input": { "name": name } })).await;
    id(&made["createEmailTemplate"]["emailTemplate"])
}

async fn template(client: &Client, name: &str, items: Value) -> String {
    let made = client.graphql(CREATE, json!({ "input": { "name": name, "items": items } })).await;
    id(&made["createEventTemplate"]["eventTemplate"])
}

async fn person(client: &Client, name: &str) -> String {
    let create = "mutation($name: String!) { createPerson(input: { name: $name }) { person { id } } }";
    id(&client.graphql(create, json!({ "name": name })).await["createPerson"]["person"])
}

async fn deal(client: &Client, name: &str, stage: &str) -> String {
    let create = "mutation($name: String!, $stage: Stage!) {
        createTransaction(input: { stage: $stage, person: { name: $name } }) { transaction { id } }
    }";
    let made = client.graphql(create, json!({ "name": name, "stage": stage })).await;
    id(&made["createTransaction"]["transaction"])
}

async fn fire(client: &Client, input: Value) -> Value {
    client.graphql(FIRE, json!({ "input": input })).await["fireEventTemplate"].clone()
}

fn id(record: &Value) -> String {
    record["id"].as_str().expect("an id").to_owned()
}

/// A request fails with this code, at this field where there is one, in a sentence that has these words.
async fn refused(client: &Client, document: &str, variables: Value, code: &str, field: &str, words: &str) {
    let answer = client.graphql_answer(document, variables).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], code, "{words}: {answer}");
    assert_eq!(error["extensions"]["field"].as_str().unwrap_or_default(), field, "{answer}");
    assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{words}: {answer}");
}
