//! GraphQL as its clients use it: signing in, people, transactions, pages, versions, limits and errors.

use harness::client::Client;
use harness::on_each_database;
use harness::site::{PASSWORD, Site};
use serde_json::{Value, json};

const CREATE_PERSON: &str =
    "mutation($input: CreatePersonInput!) { createPerson(input: $input) { person { id version displayName } } }";

on_each_database! {
    async fn login_gives_tokens_that_tell_who_one_is(site: Site) {
        let client = Client::new(site.address);
        let document = "mutation($input: LoginInput!) {
            login(input: $input) { accessToken refreshToken expiresAt user { id name } }
        }";
        let input = json!({ "input": { "email": "ADMIN@acme.example", "password": PASSWORD } });
        let login = client.graphql(document, input).await["login"].clone();
        assert_eq!(login["expiresAt"], "2026-05-25T13:00:00Z");
        let client = site.client().await;
        let me = client.graphql("{ me { id email role account { subdomain name timeZone } } }", json!({})).await;
        let account = json!({ "subdomain": "acme", "name": "The account acme", "timeZone": "America/Los_Angeles" });
        let expected = json!({ "id": login["user"]["id"], "email": "admin@acme.example", "role": "ADMIN", "account": account });
        assert_eq!(me["me"], expected);
    }

    async fn wrong_credentials_and_missing_ones_are_unauthenticated(site: Site) {
        let client = Client::new(site.address);
        let document = "mutation($input: LoginInput!) { login(input: $input) { accessToken } }";
        for (email, password) in [("admin@acme.example", "wrong"), ("nobody@acme.example", PASSWORD), ("", "")] {
            let input = json!({ "input": { "email": email, "password": password } });
            assert_eq!(client.graphql_code(document, input).await, "UNAUTHENTICATED");
        }
        for document in ["{ me { id } }", "{ people { totalCount } }", "{ node(id: \"person_1\") { id } }"] {
            assert_eq!(client.graphql_code(document, json!({})).await, "UNAUTHENTICATED");
        }
    }

    async fn a_refresh_token_is_good_once_and_a_second_use_ends_them_all(site: Site) {
        let client = Client::new(site.address);
        let login = "mutation($input: LoginInput!) { login(input: $input) { refreshToken } }";
        let input = json!({ "input": { "email": "admin@acme.example", "password": PASSWORD } });
        let first = client.graphql(login, input).await["login"]["refreshToken"].clone();
        let refresh = "mutation($token: String!) { refreshToken(input: { refreshToken: $token }) { accessToken refreshToken } }";
        let second = client.graphql(refresh, json!({ "token": first })).await["refreshToken"]["refreshToken"].clone();
        assert_ne!(first, second);
        assert_eq!(client.graphql_code(refresh, json!({ "token": first })).await, "UNAUTHENTICATED");
        assert_eq!(client.graphql_code(refresh, json!({ "token": second })).await, "UNAUTHENTICATED");
        assert_eq!(client.graphql_code(refresh, json!({ "token": "cairn_refresh_x" })).await, "UNAUTHENTICATED");
    }

    async fn a_person_is_created_read_and_updated_field_by_field(site: Site) {
        let client = site.client().await;
        let data = json!({
            "name": " Zoë Østergaard ", "company": "Æble & Co", "title": "CEO", "email": "zoe@example.com",
            "phone": "+1 (555) 010-0001", "mobile": "2", "fax": "3", "url": "http://example.com/", "address": "1 Main St\nSuite 4",
            "city": "Köln", "state": "NRW", "zip": "01234", "country": "Germany", "notes": "a\nb", "categories": ["B", "a"],
        });
        let created = client.graphql(CREATE_PERSON, json!({ "input": data })).await["createPerson"]["person"].clone();
        assert_eq!(created["displayName"], "Zoë Østergaard - Æble & Co");
        assert_eq!(created["version"], 1);
        let fields = "name company title email phone mobile fax url address city state zip country notes";
        let read = format!("query($id: ID!) {{ person(id: $id) {{ {fields} createdAt updatedAt categories {{ name }} }} }}");
        let mut expected = data.clone();
        expected["name"] = json!("Zoë Østergaard");
        expected["categories"] = json!([{ "name": "a" }, { "name": "B" }]);
        expected["createdAt"] = json!("2026-05-25T12:00:00Z");
        expected["updatedAt"] = json!("2026-05-25T12:00:00Z");
        let id = &created["id"];
        assert_eq!(client.graphql(&read, json!({ "id": id })).await["person"], expected);

        // An absent field stays and null clears.
        let update = "mutation($input: UpdatePersonInput!) { updatePerson(input: $input) { person { version displayName } } }";
        let input = json!({ "id": id, "version": 1, "company": null, "city": "Bonn", "categories": ["b", "C"] });
        let updated = client.graphql(update, json!({ "input": input })).await["updatePerson"]["person"].clone();
        assert_eq!(updated, json!({ "version": 2, "displayName": "Zoë Østergaard" }));
        expected["company"] = Value::Null;
        expected["city"] = json!("Bonn");
        expected["categories"] = json!([{ "name": "B" }, { "name": "C" }]);
        assert_eq!(client.graphql(&read, json!({ "id": id })).await["person"], expected);

        assert_eq!(client.graphql_code(update, json!({ "input": input })).await, "CONFLICT", "version 1 is stale");
        let nobody = json!({ "input": { "id": id, "name": null, "email": null, "phone": null, "mobile": "" } });
        assert_eq!(client.graphql_code(update, nobody).await, "INVALID");
        assert_eq!(client.graphql(&read, json!({ "id": id })).await["person"], expected, "a refused update changes nothing");
    }

    async fn what_no_person_may_be_is_refused_with_its_field(site: Site) {
        let client = site.client().await;
        let long = "x".repeat(501);
        for (input, field, words) in [
            (json!({ "city": "Köln" }), Value::Null, "a name, a company, an e-mail address or a phone"),
            (json!({ "name": long }), json!("name"), "501 characters"),
            (json!({ "name": "A", "email": long }), json!("email"), "501 characters"),
            (json!({ "name": "A", "notes": "x".repeat((1 << 20) + 1) }), json!("notes"), "1048577 bytes"),
            (json!({ "name": "A", "categories": [" "] }), json!("categories"), "empty"),
        ] {
            let answer = client.graphql_answer(CREATE_PERSON, json!({ "input": input })).await;
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "INVALID", "{answer}");
            assert_eq!(error["extensions"].get("field").cloned().unwrap_or_default(), field, "{answer}");
            assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{answer}");
        }
    }

    async fn transactions_are_created_and_moved(site: Site) {
        let client = site.client().await;
        let jane = client.graphql(CREATE_PERSON, json!({ "input": { "name": "Jane" } })).await;
        let jane = &jane["createPerson"]["person"]["id"];
        let create = "mutation($input: CreateTransactionInput!) {
            createTransaction(input: $input) { transaction { id version stage value probability moreInfo person { id } } }
        }";
        let input = json!({ "stage": "LEAD", "personId": jane, "value": "5000.5", "probability": 0.25, "moreInfo": "x" });
        let created = client.graphql(create, json!({ "input": input })).await["createTransaction"]["transaction"].clone();
        let expected = json!({
            "id": created["id"], "version": 1, "stage": "LEAD", "value": "5000.5", "probability": "0.25", "moreInfo": "x",
            "person": { "id": jane },
        });
        assert_eq!(created, expected);

        let advance = "mutation($input: MoveTransactionInput!) { moveTransaction(input: $input) { transaction { stage version } } }";
        let input = json!({ "id": created["id"], "stage": "CUSTOMER", "version": 1 });
        let moved = client.graphql(advance, json!({ "input": input })).await;
        assert_eq!(moved["moveTransaction"]["transaction"], json!({ "stage": "CUSTOMER", "version": 2 }));
        assert_eq!(client.graphql_code(advance, json!({ "input": input })).await, "CONFLICT");
        let counts = "{ leads: transactions(stage: LEAD) { totalCount } all: transactions { totalCount } }";
        let expected = json!({ "leads": { "totalCount": 0 }, "all": { "totalCount": 1 } });
        assert_eq!(client.graphql(counts, json!({})).await, expected);

        for (input, code) in [
            (json!({ "stage": "LEAD" }), "INVALID"),
            (json!({ "stage": "LEAD", "personId": jane, "person": { "name": "A" } }), "INVALID"),
            (json!({ "stage": "LEAD", "personId": "person_0" }), "NOT_FOUND"),
            (json!({ "stage": "LEAD", "personId": jane, "probability": "1.01" }), "INVALID"),
            (json!({ "stage": "LEAD", "personId": jane, "value": "1.00001" }), "INVALID"),
        ] {
            assert_eq!(client.graphql_code(create, json!({ "input": input })).await, code, "{input}");
        }
    }

    async fn a_changed_person_is_found_through_their_transactions(site: Site) {
        let client = site.client().await;
        let create = "mutation($input: CreateTransactionInput!) {
            createTransaction(input: $input) { transaction { person { id } } }
        }";
        let input = json!({ "stage": "LEAD", "person": { "name": "Jane Old", "company": "ACME" }, "moreInfo": "Blue crane" });
        let created = client.graphql(create, json!({ "input": input })).await;
        let id = &created["createTransaction"]["transaction"]["person"]["id"];
        let update = "mutation($id: ID!) { updatePerson(input: { id: $id, name: \"Jane New\" }) { person { id } } }";
        client.graphql(update, json!({ "id": id })).await;
        for (search, count) in [("new", 1), ("old", 0), ("acme crane", 1), ("\"jane new - acme\"", 1), ("new red", 0)] {
            let document = "query($view: ViewInput) { transactions(view: $view) { totalCount nodes { id } } }";
            let data = client.graphql(document, json!({ "view": { "search": search } })).await;
            assert_eq!(data["transactions"]["totalCount"], count, "{search}");
            assert_eq!(data["transactions"]["nodes"].as_array().map(Vec::len), Some(count), "{search}");
        }
    }

    async fn people_are_found_by_parts_without_case_and_accents(site: Site) {
        let client = site.client().await;
        for input in [
            json!({ "name": "Zoë Østergaard", "phone": "(000) 555 1234" }),
            json!({ "name": "100% Wool_Works", "email": "info@wool.example" }),
            json!({ "name": "Straßer", "notes": "likes C:\\temp" }),
        ] {
            client.graphql(CREATE_PERSON, json!({ "input": input })).await;
        }
        for (search, names) in [
            ("zoe oster", vec!["Zoë Østergaard"]),
            ("555-1234", vec!["Zoë Østergaard"]),
            ("0005551234", vec!["Zoë Østergaard"]),
            ("100%", vec!["100% Wool_Works"]),
            ("%", vec!["100% Wool_Works"]),
            ("l_w", vec!["100% Wool_Works"]),
            ("c:\\", vec!["Straßer"]),
            ("STRASSER", vec!["Straßer"]),
            ("oo @wool", vec!["100% Wool_Works"]),
            ("\"wool 100\"", vec![]),
            ("", vec!["100% Wool_Works", "Straßer", "Zoë Østergaard"]),
        ] {
            let document = "query($search: String) { people(view: { search: $search }) { nodes { name } } }";
            let data = client.graphql(document, json!({ "search": search })).await;
            let nodes = data["people"]["nodes"].as_array().expect("a list");
            let found: Vec<_> = nodes.iter().map(|node| node["name"].as_str().expect("a name")).collect();
            assert_eq!(found, names, "{search}");
        }
    }

    async fn pages_neither_skip_nor_repeat_in_any_order_and_direction(site: Site) {
        let client = site.client().await;
        // Three names for seven people: ties are broken by id.
        for name in ["b", "A", "c", "a", "B", "ä", "C"] {
            client.graphql(CREATE_PERSON, json!({ "input": { "name": name } })).await;
        }
        for order in ["NAME_ASC", "NAME_DESC", "CREATED_ASC", "CREATED_DESC", "UPDATED_ASC", "UPDATED_DESC"] {
            let all = page(&client, json!({ "order": order, "first": 200 })).await;
            let ids = ids_of(&all);
            assert_eq!(ids.len(), 7);
            assert_eq!(all["totalCount"], 7);
            for (size, forward) in [(1, true), (2, true), (3, true), (1, false), (2, false), (3, false)] {
                let mut walked: Vec<String> = Vec::new();
                let mut cursor = Value::Null;
                loop {
                    let (count, from) = if forward { ("first", "after") } else { ("last", "before") };
                    let found = page(&client, json!({ "order": order, count: size, from: cursor })).await;
                    let part = ids_of(&found);
                    if forward {
                        walked.extend(part);
                    } else {
                        walked.splice(0..0, part);
                    }
                    let (more, end) = if forward { ("hasNextPage", "endCursor") } else { ("hasPreviousPage", "startCursor") };
                    cursor = found["pageInfo"][end].clone();
                    if found["pageInfo"][more] != true {
                        break;
                    }
                }
                assert_eq!(walked, ids, "{order}, {size} at a time");
            }
        }
        let name_order = page(&client, json!({ "order": "NAME_ASC", "first": 1 })).await;
        let cursor = name_order["pageInfo"]["endCursor"].clone();
        let variables = json!({ "order": "CREATED_ASC", "after": cursor.clone() });
        assert_eq!(client.graphql_code(PAGE, variables).await, "INVALID", "a cursor of another order");
        let created = page(&client, json!({ "order": "CREATED_ASC", "first": 1 })).await["pageInfo"]["endCursor"].clone();
        assert_eq!(client.graphql_code(PAGE, json!({ "after": created })).await, "INVALID");
        let document = "query($after: String) { transactions(after: $after) { totalCount } }";
        assert_eq!(client.graphql_code(document, json!({ "after": cursor })).await, "INVALID", "a cursor of another list");
        assert_eq!(client.graphql_code(PAGE, json!({ "first": 201 })).await, "LIMITED");
        assert_eq!(client.graphql_code(PAGE, json!({ "last": 201 })).await, "LIMITED");
        assert_eq!(client.graphql_code(PAGE, json!({ "first": -1 })).await, "INVALID");
        assert_eq!(client.graphql_code(PAGE, json!({ "first": 1, "last": 1 })).await, "INVALID");
        assert_eq!(client.graphql_code(PAGE, json!({ "after": "nonsense" })).await, "INVALID");
        assert_eq!(ids_of(&page(&client, json!({ "first": 0 })).await).len(), 0);
    }

    async fn fifty_is_a_page_where_nobody_says(site: Site) {
        let client = site.client().await;
        let rows: String = (0..60).map(|number| format!("P{number}\n")).collect();
        client.import("/import/people?format=csv", format!("name\n{rows}")).await;
        let found = page(&client, json!({})).await;
        assert_eq!((ids_of(&found).len(), &found["pageInfo"]["hasNextPage"]), (50, &json!(true)));
    }

    async fn node_answers_any_record_and_null_for_anything_else(site: Site) {
        let client = site.client().await;
        let input = json!({ "input": { "name": "Jane", "categories": ["Press"] } });
        let person = client.graphql(CREATE_PERSON, input).await["createPerson"]["person"]["id"].clone();
        let ids = client.graphql("{ me { id account { id } } categories { nodes { id } } }", json!({})).await;
        let document = "query($id: ID!) { node(id: $id) { __typename id } }";
        for (id, kind) in [
            (&person, "Person"),
            (&ids["me"]["id"], "User"),
            (&ids["me"]["account"]["id"], "Account"),
            (&ids["categories"]["nodes"][0]["id"], "Category"),
        ] {
            let data = client.graphql(document, json!({ "id": id })).await;
            assert_eq!(data["node"], json!({ "__typename": kind, "id": id }));
        }
        let uuid = person.as_str().and_then(|id| id.strip_prefix("person_")).expect("an id of a person");
        for id in [String::new(), "person_".to_owned(), "x".repeat(10_000), format!("category_{uuid}"), uuid.to_owned()] {
            assert_eq!(client.graphql(document, json!({ "id": id })).await["node"], Value::Null, "{id}");
        }
    }

    async fn readers_may_look_and_not_touch(site: Site) {
        site.add_user("acme", "reader@acme.example", storage::query::users::Role::Reader).await;
        let client = site.client_of("reader@acme.example").await;
        assert_eq!(client.graphql("{ people { totalCount } }", json!({})).await["people"]["totalCount"], 0);
        assert_eq!(client.graphql_code(CREATE_PERSON, json!({ "input": { "name": "A" } })).await, "FORBIDDEN");
        assert_eq!(client.get("/export/people.csv").await.status(), 200);
    }

    async fn depth_cost_and_nesting_have_limits(site: Site) {
        let client = site.client().await;
        let introspection = "{ __schema { types { fields { type { ofType { ofType { ofType { name } } } } } } } }";
        client.graphql(introspection, json!({})).await;
        let fields: String = (0..300).map(|number| format!("a{number}: name ")).collect();
        let costly = format!("{{ people(first: 200) {{ nodes {{ {fields} }} }} }}");
        assert_eq!(client.graphql_code(&costly, json!({})).await, "LIMITED");
        let deep = format!("{{ __type(name: \"Person\") {{ fields {{ type {} name {} }} }} }}", "{ ofType ".repeat(20), "} ".repeat(20));
        assert_eq!(client.graphql_code(&deep, json!({})).await, "LIMITED");
        for depth in [70, 700, 3_000] {
            let deeper = format!("{}{}", "{ a ".repeat(depth), "}".repeat(depth));
            assert_eq!(client.graphql_code(&deeper, json!({})).await, "LIMITED", "{depth}");
        }
        let bomb = format!("{}{}", "{ a ".repeat(5_000), "}".repeat(5_000));
        assert_eq!(client.graphql_code(&bomb, json!({})).await, "INVALID");
    }

    async fn what_one_request_can_make_the_server_do_has_limits(site: Site) {
        let nobody = Client::new(site.address);
        let mut doubling = String::from("{ ...f0 } ");
        for number in 0..60 {
            doubling.push_str(&format!("fragment f{number} on Query {{ ...f{0} ...f{0} }} ", number + 1));
        }
        doubling.push_str("fragment f60 on Query { __typename }");
        assert_eq!(nobody.graphql_code(&doubling, json!({})).await, "LIMITED");
        let login = "login(input: { email: \"a@b.example\", password: \"x\" }) { accessToken }";
        let logins: String = (0..6).map(|number| format!("l{number}: {login} ")).collect();
        assert_eq!(nobody.graphql_code(&format!("mutation {{ {logins} }}"), json!({})).await, "LIMITED");
        let nested = "{ __schema { types { interfaces { possibleTypes { interfaces { possibleTypes { name } } } } } } }";
        assert_eq!(nobody.graphql_code(nested, json!({})).await, "LIMITED");

        let client = site.client().await;
        let counts: String = (0..110).map(|number| format!("c{number}: people(first: 1) {{ totalCount }} ")).collect();
        assert_eq!(client.graphql_code(&format!("{{ {counts} }}"), json!({})).await, "LIMITED");
        let document = "query($search: String) { people(view: { search: $search }) { nodes { id } } }";
        for search in ["w ".repeat(400), "w".repeat(1_001), "\"w\" ".repeat(33)] {
            assert_eq!(client.graphql_code(document, json!({ "search": search })).await, "INVALID");
            let path = "/export/people.csv";
            let request = client.request(reqwest::Method::GET, path).query(&[("search", &search)]);
            assert_eq!(request.send().await.expect("an answer").status(), 400);
        }
        let longest = format!("{} {}", "w ".repeat(31), "x".repeat(900));
        client.graphql(document, json!({ "search": longest })).await;
        let many: Vec<_> = (0..101).map(|number| format!("C{number}")).collect();
        let input = json!({ "input": { "name": "A", "categories": many } });
        assert_eq!(client.graphql_code(CREATE_PERSON, input).await, "INVALID");
    }

    async fn text_that_a_database_cannot_hold_is_no_fault_of_ours(site: Site) {
        let client = site.client().await;
        let input = json!({ "name": "A\u{0}B", "email": "a\u{0}@b.example", "notes": "\u{0}" });
        let created = client.graphql(CREATE_PERSON, json!({ "input": input })).await;
        assert_eq!(created["createPerson"]["person"]["displayName"], "AB");
        let document = "query($search: String) { people(view: { search: $search }) { nodes { email notes } } }";
        let found = client.graphql(document, json!({ "search": "a\u{0}b" })).await;
        assert_eq!(found["people"]["nodes"], json!([{ "email": "a@b.example", "notes": null }]));
        let input = json!({ "input": { "name": "A", "categories": ["a\u{0}b"] } });
        assert_eq!(client.graphql_code(CREATE_PERSON, input).await, "INVALID");
        let login = "mutation($input: LoginInput!) { login(input: $input) { accessToken } }";
        let input = json!({ "input": { "email": "a\u{0}@x", "password": "\u{0}" } });
        assert_eq!(Client::new(site.address).graphql_code(login, input).await, "UNAUTHENTICATED");
        // The longest names in a script whose letters have three bytes each, all different.
        let long: String = ('\u{4e00}'..).take(500).collect();
        let input = json!({ "name": long, "company": long.chars().rev().collect::<String>(), "email": format!("{}@x", &long[..900]) });
        client.graphql(CREATE_PERSON, json!({ "input": input })).await;
        assert_eq!(client.graphql_code(CREATE_PERSON, json!({ "input": { "name": "A", "categories": ["a ::: b"] } })).await, "INVALID");
    }

    async fn an_answer_has_its_fields_in_the_order_of_the_request(site: Site) {
        let client = site.client().await;
        client.import("/import/leads?format=csv", "name,value,categories\nJane,5,Press\n").await;
        let document = "query Asked {
            people { totalCount nodes {
                createdBy { email } leads: transactions { nodes { categories { name } value } } name ...More __typename
            } }
            me { email }
        }
        fragment More on Person { categories { name } leads: transactions { totalCount } }
        query Other { me { id } }";
        let body = json!({ "query": document, "operationName": "Asked" });
        let response = client.request(reqwest::Method::POST, "/graphql").json(&body).send().await.expect("an answer");
        let expected = concat!(
            r#"{"data":{"people":{"totalCount":1,"nodes":[{"createdBy":{"email":"admin@acme.example"},"#,
            r#""leads":{"nodes":[{"categories":[{"name":"Press"}],"value":"5"}],"totalCount":1},"name":"Jane","#,
            r#""categories":[],"__typename":"Person"}]},"me":{"email":"admin@acme.example"}}}"#,
        );
        assert_eq!(response.text().await.expect("a text"), expected);
    }

    async fn a_nested_list_takes_a_fixed_number_of_records(site: Site) {
        let client = site.client().await;
        let rows: String = (0..20).map(|number| format!("P{number},5,Shared ::: Own {number}\n")).collect();
        client.import("/import/leads?format=csv", format!("name,value,categories\n{rows}")).await;
        let document = "{ transactions { nodes { value person { name } categories { name } } } }";
        let nodes = client.graphql(document, json!({})).await["transactions"]["nodes"].clone();
        assert_eq!(nodes.as_array().map(Vec::len), Some(20));
        for node in nodes.as_array().expect("a list") {
            let own = node["person"]["name"].as_str().expect("a name").replace('P', "Own ");
            assert_eq!(node["categories"], json!([{ "name": own }, { "name": "Shared" }]));
        }
    }
}

const PAGE: &str = "query($order: PersonOrder! = NAME_ASC, $first: Int, $after: String, $last: Int, $before: String) {
    people(orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
        totalCount
        edges { cursor node { id } }
        nodes { id }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}";

async fn page(client: &Client, variables: Value) -> Value {
    client.graphql(PAGE, variables).await["people"].clone()
}

/// The ids of a page, which its nodes and edges agree on.
fn ids_of(page: &Value) -> Vec<String> {
    let ids = |list: &Value, at: &str| -> Vec<String> {
        let items = list.as_array().expect("a list");
        items.iter().map(|item| item.pointer(at).and_then(Value::as_str).expect("an id").to_owned()).collect()
    };
    let nodes = ids(&page["nodes"], "/id");
    assert_eq!(nodes, ids(&page["edges"], "/node/id"));
    nodes
}
