//! Events, messages and what they belong to, as clients use them, and what storage promises beneath.

use harness::client::Client;
use harness::on_each_database;
use harness::site::{PASSWORD, Site};
use serde_json::{Value, json};
use storage::query::users::Role;

const CREATE_EVENT: &str = "mutation($input: CreateEventInput!) { createEvent(input: $input) { event { ...All } } }
    fragment All on Event {
        id version title startsOn startsAt endsOn endsAt isAllDay location description isComplete completedAt
        createdAt updatedAt owner { email } createdBy { email } categories { name }
        associations { ... on Person { name } ... on Transaction { stage } }
    }";
const UPDATE_EVENT: &str = "mutation($input: UpdateEventInput!) { updateEvent(input: $input) { event { ...All } } }
    fragment All on Event {
        id version title startsOn startsAt endsOn endsAt isAllDay location description isComplete completedAt
        createdAt updatedAt owner { email } createdBy { email } categories { name }
        associations { ... on Person { name } ... on Transaction { stage } }
    }";
const CREATE_MESSAGE: &str = "mutation($input: CreateMessageInput!) {
        createMessage(input: $input) { message { ...All } }
    }
    fragment All on Message {
        id version title body emailedFrom emailedTo createdAt updatedAt files { name url mediaType }
        createdBy { email } categories { name } associations { ... on Person { name } ... on Transaction { stage } }
    }";
const UPDATE_MESSAGE: &str = "mutation($input: UpdateMessageInput!) {
        updateMessage(input: $input) { message { ...All } }
    }
    fragment All on Message {
        id version title body emailedFrom emailedTo createdAt updatedAt files { name url mediaType }
        createdBy { email } categories { name } associations { ... on Person { name } ... on Transaction { stage } }
    }";
const ASSOCIATE: &str = "mutation($items: [ID!]!, $subjects: [ID!]!) {
    associate(input: { items: $items, subjects: $subjects }) { items { ...Id } }
} fragment Id on Associated { ... on Event { id } ... on Message { id } }";
const DISSOCIATE: &str = "mutation($items: [ID!]!, $subjects: [ID!]!) {
    dissociate(input: { items: $items, subjects: $subjects }) { items { ...Id } }
} fragment Id on Associated { ... on Event { id } ... on Message { id } }";
const COMPLETE: &str = "mutation($input: CompleteEventInput!) {
    completeEvent(input: $input) { event { version isComplete completedAt } }
}";
const DELETE_EVENT: &str = "mutation($input: DeleteEventInput!) { deleteEvent(input: $input) { deletedId } }";
const DELETE_MESSAGE: &str = "mutation($input: DeleteMessageInput!) { deleteMessage(input: $input) { deletedId } }";

on_each_database! {
    async fn an_event_is_created_read_changed_completed_and_deleted(site: Site) {
        site.add_user("acme", "nina@acme.example", Role::Member).await;
        let client = site.client().await;
        let (jane, lead) = jane_and_lead(&client).await;
        let input = json!({
            "title": "  Tasting\u{0} ", "startsOn": "2026-05-25", "endsOn": "2026-05-27", "location": " Brussels ",
            "description": "a\nb", "categories": ["B", "a"], "associations": [lead, jane],
        });
        let event = create_event(&client, input).await;
        let mut expected = json!({
            "id": event["id"], "version": 1, "title": "Tasting", "startsOn": "2026-05-25", "startsAt": null,
            "endsOn": "2026-05-27", "endsAt": null, "isAllDay": true, "location": "Brussels", "description": "a\nb",
            "isComplete": false, "completedAt": null, "createdAt": "2026-05-25T12:00:00Z",
            "updatedAt": "2026-05-25T12:00:00Z", "owner": { "email": "admin@acme.example" },
            "createdBy": { "email": "admin@acme.example" }, "categories": [{ "name": "a" }, { "name": "B" }],
            "associations": [{ "name": "Jane" }, { "stage": "LEAD" }],
        });
        assert_eq!(event, expected);
        let id = &event["id"];
        let read = "query($id: ID!) {
            event(id: $id) { title } node(id: $id) { __typename id } other: message(id: $id) { id }
        }";
        let found = client.graphql(read, json!({ "id": id })).await;
        let node = json!({ "__typename": "Event", "id": id });
        assert_eq!(found, json!({ "event": { "title": "Tasting" }, "node": node, "other": null }));

        // What is absent stays, null clears, and a time takes the place of the days.
        let nina = user_id(&site, "nina@acme.example").await;
        let input = json!({
            "id": id, "version": 1, "startsAt": "2026-05-26T01:15:00Z", "endsAt": "2026-05-26T05:30:00.5Z",
            "location": null, "owner": nina, "isComplete": true, "categories": ["c"], "associations": [jane],
        });
        let updated = client.graphql(UPDATE_EVENT, json!({ "input": input })).await["updateEvent"]["event"].clone();
        for (field, value) in [
            // In Los Angeles it is still the 25th.
            ("version", json!(2)), ("startsOn", json!("2026-05-25")), ("startsAt", json!("2026-05-26T01:15:00Z")),
            ("endsOn", json!(null)), ("endsAt", json!("2026-05-26T05:30:00.5Z")), ("isAllDay", json!(false)),
            ("location", json!(null)), ("owner", json!({ "email": "nina@acme.example" })), ("isComplete", json!(true)),
            ("completedAt", json!("2026-05-25T12:00:00Z")), ("categories", json!([{ "name": "c" }])),
            ("associations", json!([{ "name": "Jane" }])),
        ] {
            expected[field] = value;
        }
        assert_eq!(updated, expected);
        assert_eq!(client.graphql_code(UPDATE_EVENT, json!({ "input": input })).await, "CONFLICT", "version 1 is stale");
        // The day again; the end at a time goes with the time.
        let input = json!({ "id": id, "startsOn": "2026-06-01", "owner": null, "isComplete": null, "associations": null });
        let updated = client.graphql(UPDATE_EVENT, json!({ "input": input })).await["updateEvent"]["event"].clone();
        assert_eq!((&updated["startsAt"], &updated["endsAt"], &updated["startsOn"]), (&Value::Null, &Value::Null, &json!("2026-06-01")));
        assert_eq!((&updated["owner"], &updated["isComplete"], &updated["completedAt"]), (&Value::Null, &json!(false), &Value::Null));
        assert_eq!((&updated["associations"], &updated["categories"]), (&json!([]), &json!([{ "name": "c" }])));

        let complete = async |input: Value| client.graphql(COMPLETE, json!({ "input": input })).await["completeEvent"]["event"].clone();
        let done = json!({ "version": 4, "isComplete": true, "completedAt": "2026-05-25T12:00:00Z" });
        assert_eq!(complete(json!({ "id": id, "version": 3 })).await, done);
        assert_eq!(complete(json!({ "id": id, "version": 4 })).await, done, "what is done stays as it is");
        let stale = json!({ "input": { "id": id, "version": 3, "isComplete": false } });
        assert_eq!(client.graphql_code(COMPLETE, stale).await, "CONFLICT");
        let open = complete(json!({ "id": id, "isComplete": false })).await;
        assert_eq!(open, json!({ "version": 5, "isComplete": false, "completedAt": null }));

        assert_eq!(client.graphql_code(DELETE_EVENT, json!({ "input": { "id": id, "version": 4 } })).await, "CONFLICT");
        let deleted = client.graphql(DELETE_EVENT, json!({ "input": { "id": id, "version": 5 } })).await;
        assert_eq!(deleted["deleteEvent"]["deletedId"], *id);
        let gone = json!({ "input": { "id": id } });
        for document in [DELETE_EVENT, COMPLETE, UPDATE_EVENT] {
            assert_eq!(refusal(&client, document, gone.clone()).await, ("NOT_FOUND".into(), "there is no such event".into(), None));
        }
        let found = client.graphql(read, json!({ "id": id })).await;
        assert_eq!(found, json!({ "event": null, "node": null, "other": null }));
        assert_eq!(client.graphql_code(ASSOCIATE, json!({ "items": [id], "subjects": [jane] })).await, "NOT_FOUND");
        let counts = client.graphql("{ events { totalCount nodes { id } } }", json!({})).await;
        assert_eq!(counts["events"], json!({ "totalCount": 0, "nodes": [] }));
    }

    async fn what_no_event_may_be_is_refused_with_its_field(site: Site) {
        let client = site.client().await;
        let (day, time) = (json!("2026-05-25"), json!("2026-05-25T10:00:00Z"));
        for (input, field, words) in [
            (json!({ "title": "A" }), "startsOn", "an event needs startsOn or startsAt"),
            (json!({ "title": "A", "startsOn": day, "startsAt": time }), "startsAt", "give either startsOn or startsAt, not both"),
            (json!({ "title": "A", "startsOn": day, "endsAt": time }), "endsAt", "an event on a day ends on a day: give endsOn, not endsAt"),
            (json!({ "title": "A", "startsAt": time, "endsOn": day }), "endsOn", "an event at a time ends at a time: give endsAt, not endsOn"),
            (json!({ "title": "A", "startsOn": day, "endsOn": "2026-05-24" }), "endsOn", "the event ends on 2026-05-24, before it begins on 2026-05-25"),
            (json!({ "title": "A", "startsAt": time, "endsAt": "2026-05-25T09:59:59Z" }), "endsAt", "the event ends at 2026-05-25T09:59:59Z, before it begins at 2026-05-25T10:00:00Z"),
            (json!({ "title": "A", "startsAt": "0000-12-31T23:59:59Z" }), "startsAt", "an event cannot begin before the year 1"),
            (json!({ "title": " \u{0} ", "startsOn": day }), "title", "an event needs a title"),
            (json!({ "title": "ä".repeat(501), "startsOn": day }), "title", "title has 501 characters, and 500 is the most"),
            (json!({ "title": "A", "startsOn": day, "location": "x".repeat(501) }), "location", "location has 501 characters, and 500 is the most"),
            (json!({ "title": "A", "startsOn": day, "description": "x".repeat((1 << 20) + 1) }), "description", "description has 1048577 bytes, and 1048576 is the most"),
            (json!({ "title": "A", "startsOn": day, "categories": [" "] }), "categories", "the name of a category is empty"),
        ] {
            let refused = refusal(&client, CREATE_EVENT, json!({ "input": input })).await;
            assert_eq!(refused, ("INVALID".into(), words.into(), Some(field.into())), "{input}");
        }
        // The longest of everything, and an event that ends when it begins.
        let input = json!({
            "title": "ä".repeat(500), "startsAt": time, "endsAt": time, "location": "日".repeat(500),
            "description": "x".repeat(1 << 20),
        });
        let event = create_event(&client, input).await;
        let update = async |input: Value| {
            let mut input = input;
            input["id"] = event["id"].clone();
            refusal(&client, UPDATE_EVENT, json!({ "input": input })).await
        };
        assert_eq!(update(json!({ "title": null })).await.1, "an event needs a title");
        assert_eq!(update(json!({ "startsAt": null })).await.1, "an event needs startsOn or startsAt");
        assert_eq!(update(json!({ "startsAt": "2026-05-26T00:00:00Z" })).await.2, Some("endsAt".into()));
        assert_eq!(update(json!({ "endsOn": "2026-05-26" })).await.2, Some("endsOn".into()));
        assert_eq!(update(json!({ "startsOn": day, "startsAt": time })).await.2, Some("startsAt".into()));
        for wrong in ["2026-5-25", "2026-02-30", "tomorrow"] {
            let input = json!({ "input": { "title": "A", "startsOn": wrong } });
            assert_eq!(client.graphql_code(CREATE_EVENT, input).await, "INVALID", "{wrong}");
        }
        let input = json!({ "input": { "title": "A", "startsAt": "2026-05-25 10:00" } });
        assert_eq!(client.graphql_code(CREATE_EVENT, input).await, "INVALID");
        let nobody = json!({ "input": { "title": "A", "startsOn": day, "owner": "user_00000000000000000000000000000000" } });
        assert_eq!(refusal(&client, CREATE_EVENT, nobody).await, ("NOT_FOUND".into(), "there is no such user".into(), None));
        let found = client.graphql("{ events { totalCount } }", json!({})).await;
        assert_eq!(found["events"]["totalCount"], 1, "what is refused leaves nothing");
    }

    async fn events_are_in_the_order_of_the_accounts_days_and_times(site: Site) {
        let client = site.client().await;
        for (title, when) in [
            ("evening of the 25th", json!({ "startsAt": "2026-05-26T03:00:00Z" })),
            ("the 26th", json!({ "startsOn": "2026-05-26" })),
            ("the 25th", json!({ "startsOn": "2026-05-25", "endsOn": "2026-06-30" })),
            ("late on the 24th", json!({ "startsAt": "2026-05-25T06:59:59Z" })),
            ("midnight of the 25th", json!({ "startsAt": "2026-05-25T07:00:00Z" })),
            ("the 24th", json!({ "startsOn": "2026-05-24" })),
            ("before the switch of clocks", json!({ "startsAt": "2026-03-08T09:59:00Z" })),
            ("after the switch of clocks", json!({ "startsAt": "2026-03-08T10:01:00Z" })),
        ] {
            let mut input = when;
            input["title"] = json!(title);
            create_event(&client, input).await;
        }
        let order = [
            "before the switch of clocks", "after the switch of clocks", "the 24th", "late on the 24th", "the 25th",
            "midnight of the 25th", "evening of the 25th", "the 26th",
        ];
        assert_eq!(titles(&client, "").await, order);
        let mut reversed = order;
        reversed.reverse();
        assert_eq!(titles(&client, "(orderBy: START_DESC)").await, reversed);
        assert_eq!(titles(&client, "(view: { from: \"2026-05-25\", to: \"2026-05-25\" })").await, order[4..7]);
        assert_eq!(titles(&client, "(view: { to: \"2026-05-24\" }, orderBy: START_DESC, first: 2)").await, [order[3], order[2]]);
        assert_eq!(titles(&client, "(orderBy: CREATED_ASC, first: 1)").await, ["evening of the 25th"]);
        // Walked in pages of two, from both ends.
        for (count, from, more, end) in [("first", "after", "hasNextPage", "endCursor"), ("last", "before", "hasPreviousPage", "startCursor")] {
            let (mut walked, mut cursor) = (Vec::new(), Value::Null);
            loop {
                let document = format!("query($cursor: String) {{ events({count}: 3, {from}: $cursor) {{
                    nodes {{ title }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
                }} }}");
                let page = client.graphql(&document, json!({ "cursor": cursor })).await["events"].clone();
                let part = strings(&page["nodes"], "title");
                if count == "first" { walked.extend(part) } else { walked.splice(0..0, part).for_each(drop) }
                cursor = page["pageInfo"][end].clone();
                if page["pageInfo"][more] != true {
                    break;
                }
            }
            assert_eq!(walked, order, "{count}");
        }
    }

    async fn a_message_is_created_read_changed_and_deleted(site: Site) {
        let client = site.client().await;
        let (jane, lead) = jane_and_lead(&client).await;
        let input = json!({
            "title": " Hello\u{0} ", "body": "a\n b", "emailedFrom": "jane@example.com", "emailedTo": "x@example.com, y@example.com",
            "files": [
                { "name": "z.pdf", "url": "https://files.example/z.pdf", "mediaType": "application/pdf" },
                { "name": "ä", "url": "HTTP://files.example:8080/ä?x=1#y" },
            ],
            "categories": ["B", "a"], "associations": [lead, jane],
        });
        let message = create_message(&client, input).await;
        let mut expected = json!({
            "id": message["id"], "version": 1, "title": "Hello", "body": "a\n b", "emailedFrom": "jane@example.com",
            "emailedTo": "x@example.com, y@example.com", "createdAt": "2026-05-25T12:00:00Z", "updatedAt": "2026-05-25T12:00:00Z",
            "files": [
                { "name": "z.pdf", "url": "https://files.example/z.pdf", "mediaType": "application/pdf" },
                { "name": "ä", "url": "HTTP://files.example:8080/ä?x=1#y", "mediaType": null },
            ],
            "createdBy": { "email": "admin@acme.example" }, "categories": [{ "name": "a" }, { "name": "B" }],
            "associations": [{ "name": "Jane" }, { "stage": "LEAD" }],
        });
        assert_eq!(message, expected);
        let id = &message["id"];
        let read = "query($id: ID!) { message(id: $id) { title } node(id: $id) { __typename id } event(id: $id) { id } }";
        let node = json!({ "__typename": "Message", "id": id });
        let found = client.graphql(read, json!({ "id": id })).await;
        assert_eq!(found, json!({ "message": { "title": "Hello" }, "node": node, "event": null }));

        let input = json!({
            "id": id, "version": 1, "title": null, "emailedTo": "z@example.com", "associations": [lead], "categories": null,
            "files": [{ "name": "new", "url": "https://files.example" }],
        });
        let updated = client.graphql(UPDATE_MESSAGE, json!({ "input": input })).await["updateMessage"]["message"].clone();
        for (field, value) in [
            ("version", json!(2)), ("title", json!(null)), ("emailedTo", json!("z@example.com")), ("categories", json!([])),
            ("associations", json!([{ "stage": "LEAD" }])),
            ("files", json!([{ "name": "new", "url": "https://files.example", "mediaType": null }])),
        ] {
            expected[field] = value;
        }
        assert_eq!(updated, expected);
        assert_eq!(client.graphql_code(UPDATE_MESSAGE, json!({ "input": input })).await, "CONFLICT");
        let empty = json!({ "input": { "id": id, "body": " " } });
        assert_eq!(refusal(&client, UPDATE_MESSAGE, empty).await.1, "a message needs a title or a body");

        assert_eq!(client.graphql_code(DELETE_MESSAGE, json!({ "input": { "id": id, "version": 1 } })).await, "CONFLICT");
        let deleted = client.graphql(DELETE_MESSAGE, json!({ "input": { "id": id } })).await;
        assert_eq!(deleted["deleteMessage"]["deletedId"], *id);
        for document in [DELETE_MESSAGE, UPDATE_MESSAGE] {
            let gone = refusal(&client, document, json!({ "input": { "id": id } })).await;
            assert_eq!(gone, ("NOT_FOUND".into(), "there is no such message".into(), None));
        }
        assert_eq!(client.graphql(read, json!({ "id": id })).await, json!({ "message": null, "node": null, "event": null }));
    }

    async fn what_no_message_may_be_is_refused_with_its_field(site: Site) {
        let client = site.client().await;
        let file = |url: &str| json!({ "body": "A", "files": [{ "name": "a", "url": url }] });
        let files: Vec<_> = (0..101).map(|number| json!({ "name": number.to_string(), "url": "https://a.example/" })).collect();
        for (input, field, words) in [
            (json!({}), "title", "a message needs a title or a body"),
            (json!({ "title": " ", "body": "\n" }), "title", "a message needs a title or a body"),
            (json!({ "title": "x".repeat(501) }), "title", "title has 501 characters, and 500 is the most"),
            (json!({ "body": "x".repeat((1 << 20) + 1) }), "body", "body has 1048577 bytes, and 1048576 is the most"),
            (json!({ "body": "A", "emailedFrom": "x".repeat(2_001) }), "emailedFrom", "emailedFrom has 2001 characters, and 2000 is the most"),
            (json!({ "body": "A", "emailedTo": "x".repeat(2_001) }), "emailedTo", "emailedTo has 2001 characters, and 2000 is the most"),
            (json!({ "body": "A", "files": files }), "files", "101 files are given, and 100 is the most for one message"),
            (json!({ "body": "A", "files": [{ "name": " ", "url": "https://a.example/" }] }), "files", "a file needs a name"),
            (json!({ "body": "A", "files": [{ "name": "a", "url": "https://a.example/", "mediaType": "pdf" }] }), "files", "\"pdf\" is no media type; write it like application/pdf"),
            (file("a.pdf"), "files", "\"a.pdf\" is no address of a file; write it like https://example.com/plan.pdf"),
            (file("javascript:alert(1)"), "files", "\"javascript:alert(1)\" is no address of a file; write it like https://example.com/plan.pdf"),
            (file("ftp://a.example/"), "files", "\"ftp://a.example/\" is no address of a file; write it like https://example.com/plan.pdf"),
            (file("https:///a.pdf"), "files", "\"https:///a.pdf\" is no address of a file; write it like https://example.com/plan.pdf"),
            (file("https://a.example/b c"), "files", "\"https://a.example/b c\" is no address of a file; write it like https://example.com/plan.pdf"),
            (file("https://:80/"), "files", "\"https://:80/\" is no address of a file; write it like https://example.com/plan.pdf"),
        ] {
            let refused = refusal(&client, CREATE_MESSAGE, json!({ "input": input })).await;
            assert_eq!(refused, ("INVALID".into(), words.into(), Some(field.into())), "{input}");
        }
        assert_eq!(client.graphql("{ messages { totalCount } }", json!({})).await["messages"]["totalCount"], 0);
    }

    async fn messages_are_in_the_order_of_time_or_title(site: Site) {
        let client = site.client().await;
        let long = format!("{}b", "日".repeat(2_000));
        for input in [
            json!({ "title": "Émile", "body": "z" }), json!({ "body": " \n apple\npie" }), json!({ "title": "zebra" }),
            json!({ "body": long }),
        ] {
            create_message(&client, input).await;
        }
        let found = async |arguments: &str| {
            let document = format!("{{ messages{arguments} {{ nodes {{ title body }} }} }}");
            let nodes = client.graphql(&document, json!({})).await["messages"]["nodes"].clone();
            let text = |node: &Value| node["title"].as_str().or(node["body"].as_str()).expect("a text").trim().chars().take(5).collect::<String>();
            nodes.as_array().expect("nodes").iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(found("").await, ["日日日日日", "zebra", "apple", "Émile"]);
        assert_eq!(found("(orderBy: CREATED_ASC)").await, ["Émile", "apple", "zebra", "日日日日日"]);
        assert_eq!(found("(orderBy: TITLE_ASC)").await, ["apple", "Émile", "zebra", "日日日日日"]);
        assert_eq!(found("(orderBy: TITLE_DESC, first: 1)").await, ["日日日日日"]);
        assert_eq!(found("(view: { search: \"APPLE pie\" })").await, ["apple"]);
    }

    async fn an_event_and_a_message_are_found_by_the_names_of_whom_they_belong_to(site: Site) {
        let client = site.client().await;
        let (jane, lead) = jane_and_lead(&client).await;
        let john = person(&client, "John").await;
        create_event(&client, json!({ "title": "Call", "startsOn": "2026-05-25", "associations": [jane] })).await;
        let budget = create_event(&client, json!({ "title": "Budget", "startsOn": "2026-05-26" })).await;
        create_message(&client, json!({ "title": "Hello", "associations": [lead] })).await;
        let notes = create_message(&client, json!({ "title": "Notes" })).await;
        let found = async |search: &str| {
            let document = "query($view: ViewInput) {
                events(view: $view) { totalCount nodes { title } } messages(view: $view, orderBy: TITLE_ASC) { totalCount nodes { title } }
            }";
            let data = client.graphql(document, json!({ "view": { "search": search } })).await;
            let mut found = strings(&data["events"]["nodes"], "title");
            assert_eq!(data["events"]["totalCount"], found.len());
            let messages = strings(&data["messages"]["nodes"], "title");
            assert_eq!(data["messages"]["totalCount"], messages.len());
            found.extend(messages);
            found.join(" ")
        };
        assert_eq!(found("jane").await, "Call Hello");
        let rename = "mutation($id: ID!) { updatePerson(input: { id: $id, name: \"Zoë Østergaard\" }) { person { id } } }";
        client.graphql(rename, json!({ "id": jane })).await;
        assert_eq!((found("jane").await, found("zoe ostergaard").await), (String::new(), "Call Hello".to_owned()));
        assert_eq!(found("hello zoe").await, "Hello");

        let pairs = json!({ "items": [notes["id"], budget["id"]], "subjects": [john, lead] });
        let items = client.graphql(ASSOCIATE, pairs.clone()).await["associate"]["items"].clone();
        assert_eq!(items, json!([{ "id": notes["id"] }, { "id": budget["id"] }]), "in the order of the input");
        assert_eq!((found("john").await, found("zoe").await), ("Budget Notes".to_owned(), "Call Budget Hello Notes".to_owned()));
        client.graphql(ASSOCIATE, pairs).await;
        let one = json!({ "items": [budget["id"]], "subjects": [lead] });
        client.graphql(DISSOCIATE, one.clone()).await;
        client.graphql(DISSOCIATE, one).await;
        assert_eq!((found("john").await, found("zoe").await), ("Budget Notes".to_owned(), "Call Hello Notes".to_owned()));
        let input = json!({ "input": { "id": notes["id"], "associations": [john], "body": "later" } });
        client.graphql(UPDATE_MESSAGE, input).await;
        assert_eq!((found("john later").await, found("zoe").await), ("Notes".to_owned(), "Call Hello".to_owned()));
        let input = json!({ "input": { "id": budget["id"], "title": "Plan" } });
        client.graphql(UPDATE_EVENT, input).await;
        assert_eq!((found("john plan").await, found("budget").await), ("Plan".to_owned(), String::new()));

        client.graphql("mutation($id: ID!) { deletePerson(input: { id: $id }) { deletedId } }", json!({ "id": jane })).await;
        assert_eq!((found("zoe").await, found("call").await, found("hello").await), (String::new(), "Call".to_owned(), "Hello".to_owned()));
        let left = client.graphql("{ events(first: 1) { nodes { title associations { __typename } } } }", json!({})).await;
        assert_eq!(left["events"]["nodes"], json!([{ "title": "Call", "associations": [] }]));
    }

    async fn what_cannot_belong_together_is_refused(site: Site) {
        let client = site.client().await;
        let (jane, lead) = jane_and_lead(&client).await;
        let event = create_event(&client, json!({ "title": "Call", "startsOn": "2026-05-25" })).await["id"].clone();
        let message = create_message(&client, json!({ "title": "Hello" })).await["id"].clone();
        let category = json!("category_00000000000000000000000000000000");
        let no_item = ("NOT_FOUND".to_owned(), "there is no such event or message".to_owned(), None);
        let no_subject = ("NOT_FOUND".to_owned(), "there is no such person or transaction".to_owned(), None);
        for (items, subjects, expected) in [
            (json!([jane]), json!([jane]), &no_item),
            (json!([category]), json!([jane]), &no_item),
            (json!(["nonsense"]), json!([jane]), &no_item),
            (json!([event]), json!([message]), &no_subject),
            (json!([event]), json!([event, jane]), &no_subject),
            (json!([event]), json!([category]), &no_subject),
        ] {
            let variables = json!({ "items": items, "subjects": subjects });
            for document in [ASSOCIATE, DISSOCIATE] {
                assert_eq!(refusal(&client, document, variables.clone()).await, *expected, "{variables}");
            }
        }
        let input = json!({ "input": { "title": "A", "startsOn": "2026-05-25", "associations": [event] } });
        assert_eq!(refusal(&client, CREATE_EVENT, input).await, no_subject);

        // A hundred at once and in all, and no more.
        let rows: String = (0..101).map(|number| format!("P{number}\n")).collect();
        client.import("/import/people?format=csv", format!("name\n{rows}")).await;
        let people = client.graphql("{ people(first: 200, view: { search: \"P\" }) { nodes { id } } }", json!({})).await;
        let people = strings(&people["people"]["nodes"], "id");
        assert_eq!(people.len(), 101);
        let words = "101 associations are given, and 100 is the most for one event or message";
        let expected = ("INVALID".to_owned(), words.to_owned(), Some("associations".to_owned()));
        let all = json!({ "items": [event], "subjects": people });
        assert_eq!(refusal(&client, ASSOCIATE, all).await, expected);
        let input = json!({ "input": { "body": "A", "associations": people } });
        assert_eq!(refusal(&client, CREATE_MESSAGE, input).await, expected);
        client.graphql(ASSOCIATE, json!({ "items": [event, message], "subjects": people[..100] })).await;
        assert_eq!(refusal(&client, ASSOCIATE, json!({ "items": [message], "subjects": [lead] })).await, expected);
        let many: Vec<_> = (0..1_001).map(|_| event.clone()).collect();
        let (_, words, field) = refusal(&client, ASSOCIATE, json!({ "items": many, "subjects": [jane] })).await;
        assert_eq!((&*words, field.as_deref()), ("1001 events and messages are given, and 1000 is the most at once", Some("items")));
        let belongs = client.graphql("query($id: ID!) { event(id: $id) { associations { __typename } } }", json!({ "id": event })).await;
        assert_eq!(belongs["event"]["associations"].as_array().map(Vec::len), Some(100));
    }

    async fn a_person_shows_what_belongs_to_them_and_their_transactions_each_once(site: Site) {
        let client = site.client().await;
        let (jane, lead) = jane_and_lead(&client).await;
        let john = person(&client, "John").await;
        for (title, day, complete, associations) in [
            ("both", "2026-05-25", false, vec![&jane, &lead]), ("lead's", "2026-05-26", true, vec![&lead]),
            ("jane's", "2026-05-27", false, vec![&jane]), ("all's", "2026-05-28", false, vec![&jane, &john, &lead]),
            ("nobody's", "2026-05-25", false, vec![]), ("deleted", "2026-05-25", false, vec![&jane, &john]),
        ] {
            let input = json!({ "title": title, "startsOn": day, "isComplete": complete, "associations": associations });
            let event = create_event(&client, input).await;
            let message = create_message(&client, json!({ "title": title, "associations": associations })).await;
            if title == "deleted" {
                client.graphql(DELETE_EVENT, json!({ "input": { "id": event["id"] } })).await;
                client.graphql(DELETE_MESSAGE, json!({ "input": { "id": message["id"] } })).await;
            }
        }
        let fields = "all: events(first: 5) { totalCount nodes { title } }
            open: events(isComplete: false, first: 5) { totalCount nodes { title } }
            done: events(isComplete: true, first: 5) { totalCount nodes { title } }
            days: events(from: \"2026-05-26\", to: \"2026-05-27\", orderBy: START_DESC, first: 5) { totalCount nodes { title } }
            two: events(first: 2) { totalCount nodes { title } pageInfo { hasNextPage endCursor } }
            last: events(last: 1) { nodes { title } pageInfo { hasPreviousPage } }
            messages(first: 2) { totalCount nodes { title } pageInfo { hasNextPage } }";
        let document = format!("{{ people(first: 5) {{ nodes {{ id {fields} }} }} transactions(first: 5) {{ nodes {{ {fields} }} }} }}");
        let data = client.graphql(&document, json!({})).await;
        let (of_jane, of_john) = (&data["people"]["nodes"][0], &data["people"]["nodes"][1]);
        let of_lead = &data["transactions"]["nodes"][0];
        let shown = |parent: &Value, field: &str| strings(&parent[field]["nodes"], "title").join(" ");
        for (parent, field, expected, count) in [
            (of_jane, "all", "both lead's jane's all's", Some(4)), (of_john, "all", "all's", Some(1)),
            (of_lead, "all", "both lead's all's", Some(3)), (of_jane, "open", "both jane's all's", Some(3)),
            (of_jane, "done", "lead's", Some(1)), (of_john, "done", "", Some(0)), (of_lead, "done", "lead's", Some(1)),
            (of_jane, "days", "jane's lead's", Some(2)), (of_lead, "days", "lead's", Some(1)),
            (of_jane, "two", "both lead's", Some(4)), (of_lead, "two", "both lead's", Some(3)), (of_jane, "last", "all's", None),
            (of_jane, "messages", "all's jane's", Some(4)), (of_john, "messages", "all's", Some(1)),
            (of_lead, "messages", "all's lead's", Some(3)),
        ] {
            assert_eq!(shown(parent, field), expected, "{field} of {}", parent["id"]);
            assert_eq!(parent[field]["totalCount"].as_u64(), count, "{field}");
        }
        assert_eq!((&of_jane["two"]["pageInfo"]["hasNextPage"], &of_john["two"]["pageInfo"]["hasNextPage"]), (&json!(true), &json!(false)));
        assert_eq!(of_jane["last"]["pageInfo"]["hasPreviousPage"], true);
        let document = "query($id: ID!, $after: String) { person(id: $id) { events(first: 2, after: $after) {
            nodes { title } pageInfo { hasNextPage }
        } } }";
        let after = &of_jane["two"]["pageInfo"]["endCursor"];
        let next = client.graphql(document, json!({ "id": jane, "after": after })).await["person"]["events"].clone();
        assert_eq!((strings(&next["nodes"], "title").join(" "), &next["pageInfo"]["hasNextPage"]), ("jane's all's".into(), &json!(false)));
        let views = "query($person: ID!, $transaction: ID!) {
            person: events(view: { person: $person }) { totalCount } transaction: messages(view: { transaction: $transaction }) { totalCount }
        }";
        let counts = client.graphql(views, json!({ "person": jane, "transaction": lead })).await;
        assert_eq!((&counts["person"]["totalCount"], &counts["transaction"]["totalCount"]), (&json!(4), &json!(3)));
        // A deleted transaction brings nothing any more.
        client.graphql("mutation($id: ID!) { deleteTransaction(input: { id: $id }) { deletedId } }", json!({ "id": lead })).await;
        let document = "query($id: ID!) { person(id: $id) { events { totalCount nodes { title } } } }";
        let events = client.graphql(document, json!({ "id": jane })).await["person"]["events"].clone();
        assert_eq!((strings(&events["nodes"], "title").join(" "), &events["totalCount"]), ("both jane's all's".into(), &json!(3)));
    }

    async fn a_reader_looks_and_changes_nothing(site: Site) {
        site.add_user("acme", "rita@acme.example", Role::Reader).await;
        let admin = site.client().await;
        let event = create_event(&admin, json!({ "title": "Call", "startsOn": "2026-05-25" })).await["id"].clone();
        let message = create_message(&admin, json!({ "title": "Hello" })).await["id"].clone();
        let mut rita = Client::new(site.address);
        rita.login("rita@acme.example", PASSWORD).await;
        assert_eq!(titles(&rita, "").await, ["Call"]);
        for (document, variables) in [
            (CREATE_EVENT, json!({ "input": { "title": "A", "startsOn": "2026-05-25" } })),
            (UPDATE_EVENT, json!({ "input": { "id": event } })),
            (COMPLETE, json!({ "input": { "id": event } })),
            (DELETE_EVENT, json!({ "input": { "id": event } })),
            (CREATE_MESSAGE, json!({ "input": { "title": "A" } })),
            (UPDATE_MESSAGE, json!({ "input": { "id": message } })),
            (DELETE_MESSAGE, json!({ "input": { "id": message } })),
            (ASSOCIATE, json!({ "items": [event], "subjects": [] })),
            (DISSOCIATE, json!({ "items": [event], "subjects": [] })),
        ] {
            assert_eq!(rita.graphql_code(document, variables).await, "FORBIDDEN", "{document}");
        }
    }

    async fn names_stay_right_while_people_are_renamed_and_associated_at_once(site: Site) {
        use storage::query::{associations, events, messages, people};
        let session = site.session("acme").await;
        let writer = session.writer(service::Right::Records).expect("an admin writes");
        let reader = session.reader();
        let mut subjects = Vec::new();
        for number in 0..4 {
            let contact = storage::Contact { name: Some(format!("Old {number}")), ..Default::default() };
            let person = people::create(&writer, people::NewPerson { contact, ..Default::default() }).await;
            subjects.push(person.expect("a person").id);
        }
        let day = "2026-05-25".parse().expect("a day");
        let details = events::Details {
            title: "Call".into(),
            when: events::When::Day { first: day, last: None },
            location: None,
            description: None,
            progress: events::Progress::Open,
            owner: None,
            email_template: None,
            source: events::Source::default(),
        };
        let new = events::NewEvent { details, categories: Vec::new(), associations: Vec::new() };
        let event = events::create(&writer, new).await.expect("an event").id;
        let text = messages::Text { title: Some("Hello".into()), ..Default::default() };
        let new = messages::NewMessage { text, ..Default::default() };
        let message = messages::create(&writer, new).await.expect("a message").id;
        let items = [storage::ItemKind::Event.item(event), storage::ItemKind::Message.item(message)];
        let mut tasks = tokio::task::JoinSet::new();
        for (number, subject) in subjects.into_iter().enumerate() {
            let renames = writer.clone();
            tasks.spawn(async move {
                let custom_values = Vec::new();
                let change = people::PersonEdit { id: subject, version: None, categories: None, custom_values };
                people::update(&renames, change, |contact| contact.name = Some(format!("New {number}"))).await.map(drop)
            });
            let associates = writer.clone();
            tasks.spawn(async move {
                associations::associate(&associates, &items, &[storage::ItemKind::Person.item(subject)]).await
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.expect("no panic").expect("nobody is turned away");
        }
        let names = "new 0\nnew 1\nnew 2\nnew 3";
        let event = events::by_ids(&reader, &[event]).await.expect("an answer").remove(0);
        let message = messages::by_ids(&reader, &[message]).await.expect("an answer").remove(0);
        assert_eq!((&*event.names_text, &*event.search_text), (names, &*format!("call\n{names}")));
        assert_eq!((&*message.names_text, &*message.search_text), (names, &*format!("hello\n{names}")));
    }
}

async fn create_event(client: &Client, input: Value) -> Value {
    client.graphql(CREATE_EVENT, json!({ "input": input })).await["createEvent"]["event"].clone()
}

async fn create_message(client: &Client, input: Value) -> Value {
    client.graphql(CREATE_MESSAGE, json!({ "input": input })).await["createMessage"]["message"].clone()
}

/// The ids of a person Jane and of a lead with her.
async fn jane_and_lead(client: &Client) -> (Value, Value) {
    let jane = person(client, "Jane").await;
    let document =
        "mutation($id: ID!) { createTransaction(input: { stage: LEAD, personId: $id }) { transaction { id } } }";
    let lead = client.graphql(document, json!({ "id": jane })).await;
    (jane, lead["createTransaction"]["transaction"]["id"].clone())
}

async fn person(client: &Client, name: &str) -> Value {
    let document = "mutation($name: String!) { createPerson(input: { name: $name }) { person { id } } }";
    client.graphql(document, json!({ "name": name })).await["createPerson"]["person"]["id"].clone()
}

async fn user_id(site: &Site, email: &str) -> Value {
    let client = site.client_of(email).await;
    client.graphql("{ me { id } }", json!({})).await["me"]["id"].clone()
}

/// The titles of the events that a list with these arguments holds.
async fn titles(client: &Client, arguments: &str) -> Vec<String> {
    let data = client.graphql(&format!("{{ events{arguments} {{ nodes {{ title }} }} }}"), json!({})).await;
    strings(&data["events"]["nodes"], "title")
}

fn strings(nodes: &Value, field: &str) -> Vec<String> {
    nodes.as_array().expect("a list").iter().map(|node| node[field].as_str().expect("a text").to_owned()).collect()
}

/// Code, message and field of the first error.
async fn refusal(client: &Client, document: &str, variables: Value) -> (String, String, Option<String>) {
    let answer = client.graphql_answer(document, variables).await;
    let error = &answer["errors"][0];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let code = text(&error["extensions"]["code"]).unwrap_or_else(|| panic!("no error: {answer:#}"));
    (code, text(&error["message"]).expect("a message"), text(&error["extensions"]["field"]))
}
