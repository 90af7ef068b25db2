//! Transactions over their life: changed, moved, managed, deleted; and as part of their person.

use harness::client::Client;
use harness::on_each_database;
use harness::site::Site;
use serde_json::{Value, json};
use storage::query::users::Role;

const CREATE: &str = "mutation($input: CreateTransactionInput!) {
    createTransaction(input: $input) { transaction { id version person { id } } }
}";
const UPDATE: &str = "mutation($input: UpdateTransactionInput!) {
    updateTransaction(input: $input) { transaction {
        version stage value probability moreInfo categories { name } managers { email }
        history { stage at user { email } }
    } }
}";

on_each_database! {
    async fn an_update_changes_what_it_names_and_clears_what_is_null(site: Site) {
        let client = site.client().await;
        let id = created(&client, json!({
            "stage": "LEAD", "person": { "name": "Jane" }, "value": "100", "probability": "0.5", "moreInfo": "old",
            "categories": ["A", "B"],
        })).await;
        let updated = update(&client, json!({ "id": id, "version": 1, "value": "250.5", "categories": ["B", "C"] })).await;
        assert_eq!(updated["version"], 2);
        assert_eq!((&updated["value"], &updated["probability"]), (&json!("250.5"), &json!("0.5")));
        assert_eq!(updated["moreInfo"], "old");
        assert_eq!(updated["categories"], json!([{ "name": "B" }, { "name": "C" }]));
        let cleared = update(&client, json!({
            "id": id, "value": null, "probability": null, "moreInfo": null, "categories": null, "stage": "CUSTOMER",
        })).await;
        assert_eq!(cleared["stage"], "CUSTOMER");
        assert_eq!((&cleared["value"], &cleared["probability"]), (&json!("0"), &json!("0")));
        assert_eq!((&cleared["moreInfo"], &cleared["categories"]), (&Value::Null, &json!([])));
        for (input, code) in [
            (json!({ "id": id, "version": 1 }), "CONFLICT"),
            (json!({ "id": id, "probability": "2" }), "INVALID"),
            (json!({ "id": "transaction_0", "value": "1" }), "NOT_FOUND"),
            (json!({ "id": id, "managers": [id] }), "NOT_FOUND"),
        ] {
            assert_eq!(client.graphql_code(UPDATE, json!({ "input": input })).await, code, "{input}");
        }
    }

    async fn a_transaction_remembers_its_stages_and_who_moved_it(site: Site) {
        let client = site.client().await;
        let id = created(&client, json!({ "stage": "LEAD", "person": { "name": "Jane" } })).await;
        let advance = "mutation($id: ID!) { moveTransaction(input: { id: $id, stage: OPPORTUNITY }) { transaction { id } } }";
        for _ in 0..2 {
            client.graphql(advance, json!({ "id": id })).await;
        }
        let updated = update(&client, json!({ "id": id, "stage": "CUSTOMER", "value": "1" })).await;
        let stages = |history: &Value| -> Vec<String> {
            let steps = history.as_array().expect("steps");
            steps.iter().map(|step| step["stage"].as_str().expect("a stage").to_owned()).collect()
        };
        assert_eq!(stages(&updated["history"]), ["LEAD", "OPPORTUNITY", "CUSTOMER"], "a move to where it is is none");
        assert_eq!(updated["history"][0]["user"]["email"], "admin@acme.example");
        assert_eq!(updated["history"][0]["at"], "2026-05-25T12:00:00Z");
        client.import("/import/leads?format=csv", "name,value\nImported,5\n").await;
        let document = "{ transactions(view: { search: \"imported\" }) { nodes { history { stage } } } }";
        let data = client.graphql(document, json!({})).await;
        assert_eq!(stages(&data["transactions"]["nodes"][0]["history"]), ["LEAD"]);
    }

    async fn managers_are_users_of_the_account(site: Site) {
        site.add_user("acme", "nina@acme.example", Role::Member).await;
        let (client, nina) = (site.client().await, site.client_of("nina@acme.example").await);
        let id_of = async |client: &Client| client.graphql("{ me { id } }", json!({})).await["me"]["id"].clone();
        let (admin, nina) = (id_of(&client).await, id_of(&nina).await);
        let id = created(&client, json!({ "stage": "LEAD", "person": { "name": "Jane" }, "managers": [nina, nina] })).await;
        let updated = update(&client, json!({ "id": id, "value": "1" })).await;
        assert_eq!(updated["managers"], json!([{ "email": "nina@acme.example" }]), "an update leaves them");
        let updated = update(&client, json!({ "id": id, "managers": [nina, admin] })).await;
        let both = json!([{ "email": "admin@acme.example" }, { "email": "nina@acme.example" }]);
        assert_eq!(updated["managers"], both, "by address");
        let updated = update(&client, json!({ "id": id, "managers": [] })).await;
        assert_eq!(updated["managers"], json!([]));
    }

    async fn a_person_shows_their_transactions_page_by_page(site: Site) {
        let client = site.client().await;
        let rows = "personId,name,email,value\n,Jane,j@x.y,1\n,John,o@x.y,10\n";
        client.import("/import/leads?format=csv", rows).await;
        let people = client.graphql("{ people { nodes { id name } } }", json!({})).await;
        let jane = people["people"]["nodes"][0]["id"].clone();
        for value in ["2", "3"] {
            created(&client, json!({ "stage": "CUSTOMER", "personId": jane, "value": value })).await;
        }
        let document = "query($after: String, $before: String, $first: Int, $last: Int, $stage: Stage) {
            people { nodes { name transactions(stage: $stage, first: $first, after: $after, last: $last, before: $before) {
                totalCount nodes { value } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
            } } }
        }";
        let values = |data: &Value, person: usize| -> Vec<String> {
            let nodes = data["people"]["nodes"][person]["transactions"]["nodes"].as_array().expect("nodes");
            nodes.iter().map(|node| node["value"].as_str().expect("a value").to_owned()).collect()
        };
        let first = client.graphql(document, json!({ "first": 2 })).await;
        assert_eq!((values(&first, 0), values(&first, 1)), (vec!["3".into(), "2".into()], vec!["10".to_owned()]));
        let page = |data: &Value, person: usize| data["people"]["nodes"][person]["transactions"]["pageInfo"].clone();
        assert_eq!(page(&first, 0)["hasNextPage"], true);
        assert_eq!(page(&first, 1)["hasNextPage"], false);
        assert_eq!(first["people"]["nodes"][0]["transactions"]["totalCount"], 3);
        let rest = client.graphql(document, json!({ "first": 2, "after": page(&first, 0)["endCursor"] })).await;
        assert_eq!(values(&rest, 0), ["1"]);
        assert_eq!(page(&rest, 0)["hasPreviousPage"], true);
        let last = client.graphql(document, json!({ "last": 1 })).await;
        assert_eq!((values(&last, 0), values(&last, 1)), (vec!["1".to_owned()], vec!["10".to_owned()]));
        let leads = client.graphql(document, json!({ "stage": "LEAD" })).await;
        assert_eq!(values(&leads, 0), ["1"]);
        assert_eq!(leads["people"]["nodes"][0]["transactions"]["totalCount"], 1);
    }

    async fn transactions_of_one_file_hold_what_its_last_row_says_of_their_person(site: Site) {
        let client = site.client().await;
        let id = |kind: &str, number: u32| format!("{kind}_{number:032x}");
        let row = |number, company| format!("{},{},Jane,j@x.y,{company}\n", id("transaction", number), id("person", 7));
        let file = format!("id,personId,name,email,company\n{}{}", row(1, ""), row(2, "ACME"));
        for policy in ["replace", "merge"] {
            let receipt = client.import(&format!("/import/leads?format=csv&duplicates={policy}"), file.clone()).await;
            assert_eq!((&receipt["read"], &receipt["failed"]), (&json!(2), &json!(0)), "{receipt}");
            let document = "{ transactions(view: { search: \"acme\" }) { totalCount } }";
            let found = client.graphql(document, json!({})).await;
            assert_eq!(found["transactions"]["totalCount"], 2, "{policy}");
        }
    }

    async fn a_person_who_is_met_gets_the_categories_too(site: Site) {
        let client = site.client().await;
        let input = |category: &str| json!({
            "stage": "LEAD", "person": { "name": "Jane", "email": "j@x.y", "categories": [category] },
            "personMatch": "MERGE",
        });
        for category in ["A", "B"] {
            created(&client, input(category)).await;
        }
        let data = client.graphql("{ people { nodes { categories { name } } } }", json!({})).await;
        assert_eq!(data["people"]["nodes"], json!([{ "categories": [{ "name": "A" }, { "name": "B" }] }]));
    }

    async fn what_is_deleted_is_gone_for_every_question(site: Site) {
        let client = site.client().await;
        let jane = client.graphql(
            "mutation { createPerson(input: { name: \"Jane\", email: \"j@x.y\" }) { person { id } } }", json!({}),
        ).await["createPerson"]["person"]["id"].clone();
        let lead = created(&client, json!({ "stage": "LEAD", "personId": jane })).await;
        let customer = created(&client, json!({ "stage": "CUSTOMER", "personId": jane })).await;
        let remove = "mutation($input: DeleteTransactionInput!) { deleteTransaction(input: $input) { deletedId } }";
        assert_eq!(client.graphql_code(remove, json!({ "input": { "id": lead, "version": 7 } })).await, "CONFLICT");
        let removed = client.graphql(remove, json!({ "input": { "id": lead, "version": 1 } })).await;
        assert_eq!(removed["deleteTransaction"]["deletedId"], lead);
        assert_eq!(client.graphql_code(remove, json!({ "input": { "id": lead } })).await, "NOT_FOUND");
        let ask = "query($id: ID!) { node(id: $id) { id } transactions { totalCount } people { totalCount } }";
        let data = client.graphql(ask, json!({ "id": lead })).await;
        assert_eq!(data, json!({ "node": null, "transactions": { "totalCount": 1 }, "people": { "totalCount": 1 } }));

        let remove = "mutation($input: DeletePersonInput!) { deletePerson(input: $input) { deletedId } }";
        let removed = client.graphql(remove, json!({ "input": { "id": jane } })).await;
        assert_eq!(removed["deletePerson"]["deletedId"], jane);
        let data = client.graphql(ask, json!({ "id": customer })).await;
        assert_eq!(data, json!({ "node": null, "transactions": { "totalCount": 0 }, "people": { "totalCount": 0 } }));
        let create = json!({ "input": { "stage": "LEAD", "personId": jane } });
        assert_eq!(client.graphql_code(CREATE, create).await, "NOT_FOUND");
        assert_eq!(client.download("/export/people.csv").await.lines().count(), 1, "the header alone");
        // The trash never matches: the same row makes a new person.
        let receipt = client.import("/import/people?format=csv", "name,email\nJane,j@x.y\n").await;
        assert_eq!(receipt["created"], 1);
    }
}

async fn created(client: &Client, input: Value) -> Value {
    client.graphql(CREATE, json!({ "input": input })).await["createTransaction"]["transaction"]["id"].clone()
}

async fn update(client: &Client, input: Value) -> Value {
    client.graphql(UPDATE, json!({ "input": input })).await["updateTransaction"]["transaction"].clone()
}
