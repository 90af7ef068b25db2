//! Categories as groups that are made, renamed and filled; labels as marks that only their user sees.

use harness::client::Client;
use harness::on_each_database;
use harness::site::Site;
use serde_json::{Value, json};
use storage::query::users::Role;

const ADD: &str =
    "mutation($input: AddToCategoryInput!) { addToCategory(input: $input) { category { id version name } } }";
const REMOVE: &str =
    "mutation($input: RemoveFromCategoryInput!) { removeFromCategory(input: $input) { category { id name } } }";
const UPDATE: &str =
    "mutation($input: UpdateCategoryInput!) { updateCategory(input: $input) { category { id version name } } }";
const ADD_LABEL: &str = "mutation($input: AddLabelInput!) { addLabel(input: $input) { labels { id name } } }";
const REMOVE_LABEL: &str = "mutation($input: RemoveLabelInput!) { removeLabel(input: $input) { labels { name } } }";
const LABELS: &str =
    "{ labels { name } people { nodes { version labels { name } transactions { nodes { labels { name } } } } } }";

on_each_database! {
    async fn a_category_is_made_renamed_and_deleted(site: Site) {
        let client = site.client().await;
        let create = "mutation($name: String!) { createCategory(input: { name: $name }) { category { id version name } } }";
        let press = client.graphql(create, json!({ "name": " Press " })).await["createCategory"]["category"].clone();
        assert_eq!(press, json!({ "id": press["id"], "version": 1, "name": "Press" }));
        refused(&client, create, json!({ "name": "PRESS" }), "CONFLICT", Value::Null, "there is a category PRESS already").await;
        for (name, words) in [(" ", "is empty"), ("a ::: b", "separates names in CSV"), (&"x".repeat(501), "501 characters")] {
            refused(&client, create, json!({ "name": name }), "INVALID", json!("name"), words).await;
        }
        client.graphql(create, json!({ "name": "Family" })).await;
        let taken = json!({ "input": { "id": press["id"], "name": "fämily" } });
        refused(&client, UPDATE, taken, "CONFLICT", Value::Null, "there is a category fämily already").await;
        let input = json!({ "input": { "id": press["id"], "version": 1, "name": "press" } });
        let renamed = client.graphql(UPDATE, input.clone()).await["updateCategory"]["category"].clone();
        assert_eq!(renamed, json!({ "id": press["id"], "version": 2, "name": "press" }));
        assert_eq!(client.graphql_code(UPDATE, input).await, "CONFLICT", "version 1 is stale");

        let person = person(&client, json!({ "name": "Jane", "categories": ["Press", "Family"] })).await;
        let delete = "mutation($input: DeleteCategoryInput!) { deleteCategory(input: $input) { deletedId } }";
        assert_eq!(client.graphql_code(delete, json!({ "input": { "id": press["id"], "version": 1 } })).await, "CONFLICT");
        let deleted = client.graphql(delete, json!({ "input": { "id": press["id"], "version": 2 } })).await;
        assert_eq!(deleted["deleteCategory"]["deletedId"], press["id"]);
        let read = "query($id: ID!, $category: ID!) {
            person(id: $id) { version categories { name } } category(id: $category) { id }
        }";
        let data = client.graphql(read, json!({ "id": person, "category": press["id"] })).await;
        assert_eq!(data, json!({ "person": { "version": 1, "categories": [{ "name": "Family" }] }, "category": null }));
        assert_eq!(client.graphql_code("{ people(view: { category: \"Press\" }) { totalCount } }", json!({})).await, "NOT_FOUND");
        // A name in the trash is free, and what was in the old one is not in the new one.
        client.graphql(create, json!({ "name": "Press" })).await;
        let count = client.graphql("{ people(view: { category: \"Press\" }) { totalCount } }", json!({})).await;
        assert_eq!(count["people"]["totalCount"], 0);
    }

    async fn items_go_into_a_category_and_out_of_it_unchanged(site: Site) {
        let client = site.client().await;
        let (jane, deal) = jane_and_her_deal(&client).await;
        let input = json!({ "input": { "items": [jane, deal, jane], "category": "Press" } });
        let press = client.graphql(ADD, input.clone()).await["addToCategory"]["category"].clone();
        assert_eq!(press["name"], "Press", "a name that none has makes one");
        assert_eq!(client.graphql(ADD, input).await["addToCategory"]["category"], press, "again is the same");
        let view = "query($category: String!) {
            people(view: { category: $category }) { nodes { version categories { name } } }
            transactions(view: { category: $category }) { nodes { version categories { name } } }
        }";
        let one = json!({ "nodes": [{ "version": 1, "categories": [{ "name": "Press" }] }] });
        let both = json!({ "people": one, "transactions": one });
        assert_eq!(client.graphql(view, json!({ "category": press["id"] })).await, both);
        let input = json!({ "input": { "items": [jane], "category": press["id"] } });
        client.graphql(REMOVE, input.clone()).await;
        client.graphql(REMOVE, input).await;
        let rest = json!({ "people": { "nodes": [] }, "transactions": one });
        assert_eq!(client.graphql(view, json!({ "category": "PRESS" })).await, rest);

        let nobody = format!("person_{}", uuid::Uuid::now_v7().simple());
        for (document, items, category, code) in [
            (ADD, json!([jane, nobody]), json!("Other"), "NOT_FOUND"),
            (ADD, json!([press["id"]]), json!("Other"), "NOT_FOUND"),
            (ADD, json!([jane]), json!(" "), "INVALID"),
            (ADD, json!(vec![jane.clone(); 1_001]), json!("Other"), "INVALID"),
            (REMOVE, json!([jane]), json!("Other"), "NOT_FOUND"),
        ] {
            let input = json!({ "input": { "items": items, "category": category } });
            assert_eq!(client.graphql_code(document, input).await, code, "{category}");
        }
        let names = client.graphql("{ categories { nodes { name } } }", json!({})).await;
        assert_eq!(names["categories"]["nodes"], json!([{ "name": "Press" }]), "a refused request makes none");
        let gone = "mutation($id: ID!) { deletePerson(input: { id: $id }) { deletedId } }";
        client.graphql(gone, json!({ "id": jane })).await;
        let input = json!({ "input": { "items": [jane], "category": "Press" } });
        assert_eq!(client.graphql_code(ADD, input).await, "NOT_FOUND", "an item in the trash");
    }

    async fn all_four_kinds_of_items_bear_categories_and_labels(site: Site) {
        let client = site.client().await;
        let (jane, deal) = jane_and_her_deal(&client).await;
        let create = "mutation {
            createEvent(input: { title: \"Lunch\", startsOn: \"2026-05-25\" }) { event { id } }
            createMessage(input: { title: \"Hello\" }) { message { id } }
        }";
        let made = client.graphql(create, json!({})).await;
        let (event, message) = (&made["createEvent"]["event"]["id"], &made["createMessage"]["message"]["id"]);
        let items = json!([jane, deal, event, message]);
        client.graphql(ADD, json!({ "input": { "items": items, "category": "Press" } })).await;
        client.graphql(ADD_LABEL, json!({ "input": { "items": items, "labels": ["Hot"] } })).await;
        let marks = "version categories { name } labels { name }";
        let document = format!("{{
            people(view: {{ category: \"press\", label: \"hot\" }}) {{ nodes {{ {marks} }} }}
            transactions(view: {{ category: \"press\", label: \"hot\" }}) {{ nodes {{ {marks} }} }}
            events(view: {{ category: \"press\", label: \"hot\" }}) {{ nodes {{ {marks} }} }}
            messages(view: {{ category: \"press\", label: \"hot\" }}) {{ nodes {{ {marks} }} }}
        }}");
        let one = json!({ "nodes": [{ "version": 1, "categories": [{ "name": "Press" }], "labels": [{ "name": "Hot" }] }] });
        let all = json!({ "people": one, "transactions": one, "events": one, "messages": one });
        assert_eq!(client.graphql(&document, json!({})).await, all);
        client.graphql(REMOVE_LABEL, json!({ "input": { "items": items, "labels": ["Hot"] } })).await;
        client.graphql(REMOVE, json!({ "input": { "items": items, "category": "Press" } })).await;
        let none = json!({ "nodes": [] });
        let none = json!({ "people": none, "transactions": none, "events": none, "messages": none });
        assert_eq!(client.graphql(&document, json!({})).await, none);
    }

    async fn a_label_is_made_renamed_put_on_items_and_deleted(site: Site) {
        let client = site.client().await;
        let (jane, deal) = jane_and_her_deal(&client).await;
        let create = "mutation($name: String!) { createLabel(input: { name: $name }) { label { id version name } } }";
        let hot = client.graphql(create, json!({ "name": " Hot " })).await["createLabel"]["label"].clone();
        assert_eq!(hot, json!({ "id": hot["id"], "version": 1, "name": "Hot" }));
        refused(&client, create, json!({ "name": "HÖT" }), "CONFLICT", Value::Null, "you have a label HÖT already").await;
        for (name, words) in [("", "is empty"), (&"x".repeat(501), "501 characters")] {
            refused(&client, create, json!({ "name": name }), "INVALID", json!("name"), words).await;
        }
        let input = json!({ "input": { "items": [jane, deal], "labels": [hot["id"], "Call back", "hot"] } });
        let added = client.graphql(ADD_LABEL, input.clone()).await["addLabel"]["labels"].clone();
        assert_eq!(added, json!([{ "id": added[0]["id"], "name": "Call back" }, { "id": hot["id"], "name": "Hot" }]));
        assert_eq!(client.graphql(ADD_LABEL, input).await["addLabel"]["labels"], added, "again is the same");
        let both = json!([{ "name": "Call back" }, { "name": "Hot" }]);
        let marked = |on_jane: &Value, on_deal: &Value| {
            json!([{ "version": 1, "labels": on_jane, "transactions": { "nodes": [{ "labels": on_deal }] } }])
        };
        assert_eq!(client.graphql(LABELS, json!({})).await["people"]["nodes"], marked(&both, &both));
        let view = "query($label: String!) { people(view: { label: $label }) { totalCount } }";
        assert_eq!(client.graphql(view, json!({ "label": "HOT" })).await["people"]["totalCount"], 1);

        let input = json!({ "input": { "items": [jane], "labels": ["hot", added[0]["id"]] } });
        assert_eq!(client.graphql(REMOVE_LABEL, input).await["removeLabel"]["labels"], both);
        assert_eq!(client.graphql(LABELS, json!({})).await["people"]["nodes"], marked(&json!([]), &both));

        let update = "mutation($input: UpdateLabelInput!) { updateLabel(input: $input) { label { version name } } }";
        let taken = json!({ "input": { "id": hot["id"], "name": "call BACK" } });
        refused(&client, update, taken, "CONFLICT", Value::Null, "you have a label call BACK already").await;
        let input = json!({ "input": { "id": hot["id"], "version": 1, "name": "Warm" } });
        let warm = client.graphql(update, input.clone()).await["updateLabel"]["label"].clone();
        assert_eq!(warm, json!({ "version": 2, "name": "Warm" }));
        assert_eq!(client.graphql_code(update, input).await, "CONFLICT");
        let delete = "mutation($input: DeleteLabelInput!) { deleteLabel(input: $input) { deletedId } }";
        assert_eq!(client.graphql_code(delete, json!({ "input": { "id": hot["id"], "version": 1 } })).await, "CONFLICT");
        let deleted = client.graphql(delete, json!({ "input": { "id": hot["id"] } })).await;
        assert_eq!(deleted["deleteLabel"]["deletedId"], hot["id"]);
        let rest = json!([{ "name": "Call back" }]);
        assert_eq!(client.graphql(LABELS, json!({})).await["people"]["nodes"], marked(&json!([]), &rest));

        for (document, items, labels, code) in [
            (ADD_LABEL, json!([jane]), json!([hot["id"]]), "NOT_FOUND"),
            (ADD_LABEL, json!([hot["id"]]), json!(["x"]), "NOT_FOUND"),
            (ADD_LABEL, json!([jane]), json!([" "]), "INVALID"),
            (ADD_LABEL, json!([jane]), json!(vec!["x"; 101]), "INVALID"),
            (REMOVE_LABEL, json!([jane]), json!(["Warm"]), "NOT_FOUND"),
        ] {
            let input = json!({ "input": { "items": items, "labels": labels } });
            assert_eq!(client.graphql_code(document, input).await, code, "{labels}");
        }
    }

    async fn nobody_else_sees_a_label(site: Site) {
        site.add_user("acme", "reader@acme.example", Role::Reader).await;
        let (admin, reader) = (site.client().await, site.client_of("reader@acme.example").await);
        let (jane, _) = jane_and_her_deal(&admin).await;
        let input = json!({ "input": { "items": [jane], "labels": ["Secret"] } });
        let secret = admin.graphql(ADD_LABEL, input).await["addLabel"]["labels"][0]["id"].clone();
        let data = reader.graphql(LABELS, json!({})).await;
        assert_eq!((&data["labels"], &data["people"]["nodes"][0]["labels"]), (&json!([]), &json!([])));
        let unknown = format!("label_{}", uuid::Uuid::now_v7().simple());
        for document in [
            "query($id: ID!) { node(id: $id) { id } }",
            "query($id: ID!) { label(id: $id) { id } }",
            "mutation($id: ID!) { updateLabel(input: { id: $id, name: \"x\" }) { label { id } } }",
            "mutation($id: ID!) { deleteLabel(input: { id: $id }) { deletedId } }",
        ] {
            let theirs = reader.graphql_answer(document, json!({ "id": secret })).await;
            assert_eq!(theirs, reader.graphql_answer(document, json!({ "id": unknown })).await, "{document}");
        }
        let view = "query($label: String!) { people(view: { label: $label }) { totalCount } }";
        for label in [json!("Secret"), secret.clone()] {
            assert_eq!(reader.graphql_code(view, json!({ "label": label })).await, "NOT_FOUND");
            for document in [ADD_LABEL, REMOVE_LABEL] {
                if document == ADD_LABEL && label == json!("Secret") {
                    continue;
                }
                let input = json!({ "input": { "items": [jane], "labels": [label] } });
                assert_eq!(reader.graphql_code(document, input).await, "NOT_FOUND");
            }
        }
        // A reader may have a label of the same name, which is another one.
        let input = json!({ "input": { "items": [jane], "labels": ["Secret"] } });
        let own = reader.graphql(ADD_LABEL, input).await["addLabel"]["labels"][0]["id"].clone();
        assert_ne!(own, secret);
        assert_eq!(reader.graphql(view, json!({ "label": own })).await["people"]["totalCount"], 1);
        assert_eq!(admin.graphql_code(view, json!({ "label": own })).await, "NOT_FOUND");
    }

    async fn a_thousand_labels_are_the_most(site: Site) {
        let client = site.client().await;
        let (jane, _) = jane_and_her_deal(&client).await;
        for hundred in 0..10 {
            let labels: Vec<_> = (0..100).map(|number| format!("L{hundred}-{number}")).collect();
            client.graphql(ADD_LABEL, json!({ "input": { "items": [jane], "labels": labels } })).await;
        }
        let one_more = json!({ "input": { "items": [jane], "labels": ["One more"] } });
        refused(&client, ADD_LABEL, one_more, "INVALID", json!("labels"), "1000 is the most").await;
        let create = "mutation { createLabel(input: { name: \"One more\" }) { label { id } } }";
        assert_eq!(client.graphql_code(create, json!({})).await, "INVALID");
        let data = client.graphql("{ people { nodes { labels { name } } } }", json!({})).await;
        assert_eq!(data["people"]["nodes"][0]["labels"].as_array().map(Vec::len), Some(1_000));
    }
}

async fn person(client: &Client, input: Value) -> Value {
    let document = "mutation($input: CreatePersonInput!) { createPerson(input: $input) { person { id } } }";
    client.graphql(document, json!({ "input": input })).await["createPerson"]["person"]["id"].clone()
}

async fn jane_and_her_deal(client: &Client) -> (Value, Value) {
    let jane = person(client, json!({ "name": "Jane" })).await;
    let document =
        "mutation($id: ID!) { createTransaction(input: { stage: LEAD, personId: $id }) { transaction { id } } }";
    let created = client.graphql(document, json!({ "id": jane })).await;
    (jane, created["createTransaction"]["transaction"]["id"].clone())
}

/// A request is refused with this code, this field and these words.
async fn refused(client: &Client, document: &str, variables: Value, code: &str, field: Value, words: &str) {
    let answer = client.graphql_answer(document, variables).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], code, "{answer}");
    assert_eq!(error["extensions"].get("field").cloned().unwrap_or_default(), field, "{answer}");
    assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{words}: {answer}");
}
