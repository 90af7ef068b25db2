//! Custom fields and their values: who may be called what, what each type takes, and that a search finds it.

use harness::client::Client;
use harness::on_each_database;
use harness::site::Site;
use serde_json::{Value, json};
use storage::query::custom_fields::BUILT_IN;

const CREATE: &str = "mutation($input: CreateCustomFieldInput!) {
    createCustomField(input: $input) { customField { id version target name type options } }
}";
const UPDATE: &str = "mutation($input: UpdateCustomFieldInput!) {
    updateCustomField(input: $input) { customField { id version name type options } }
}";
const DELETE: &str = "mutation($input: DeleteCustomFieldInput!) { deleteCustomField(input: $input) { deletedId } }";
const CREATE_PERSON: &str = "mutation($input: CreatePersonInput!) {
    createPerson(input: $input) { person { id version customValues { field { name } value number date isYes } } }
}";
const UPDATE_PERSON: &str = "mutation($input: UpdatePersonInput!) {
    updatePerson(input: $input) { person { version name customValues { field { name } value } } }
}";

#[test]
fn built_in_names_are_the_columns_of_our_files() {
    assert_eq!(formats::columns(formats::Section::Leads), BUILT_IN);
    let people = formats::columns(formats::Section::People);
    assert!(people.iter().all(|column| BUILT_IN.contains(column)), "{people:?}");
}

on_each_database! {
    async fn a_custom_field_is_made_changed_and_deleted(site: Site) {
        let client = site.client().await;
        let input = json!({ "target": "PERSON", "name": " Shoe size ", "type": "NUMBER" });
        let field = client.graphql(CREATE, json!({ "input": input })).await["createCustomField"]["customField"].clone();
        let expected = json!({
            "id": field["id"], "version": 1, "target": "PERSON", "name": "Shoe size", "type": "NUMBER", "options": [],
        });
        assert_eq!(field, expected);
        let input = json!({ "target": "PERSON", "name": "Beer", "type": "CHOICE", "options": ["Stout", "Ale"] });
        client.graphql(CREATE, json!({ "input": input })).await;
        let input = json!({ "target": "TRANSACTION", "name": "Beer", "type": "YES_NO" });
        client.graphql(CREATE, json!({ "input": input })).await;

        let list = "query($target: CustomFieldTarget) { customFields(target: $target) { target name options } }";
        let beer = json!({ "target": "PERSON", "name": "Beer", "options": ["Stout", "Ale"] });
        let size = json!({ "target": "PERSON", "name": "Shoe size", "options": [] });
        let deal = json!({ "target": "TRANSACTION", "name": "Beer", "options": [] });
        assert_eq!(client.graphql(list, json!({})).await["customFields"], json!([beer, size, deal]));
        assert_eq!(client.graphql(list, json!({ "target": "PERSON" })).await["customFields"], json!([beer, size]));

        let input = json!({ "id": field["id"], "version": 1, "name": "Shoes", "type": "TEXT" });
        let changed = client.graphql(UPDATE, json!({ "input": input })).await["updateCustomField"]["customField"].clone();
        assert_eq!(changed, json!({ "id": field["id"], "version": 2, "name": "Shoes", "type": "TEXT", "options": [] }));
        assert_eq!(client.graphql_code(UPDATE, json!({ "input": input })).await, "CONFLICT", "version 1 is stale");
        let one = "query($id: ID!) { customField(id: $id) { name } node(id: $id) { __typename id } }";
        let read = client.graphql(one, json!({ "id": field["id"] })).await;
        assert_eq!(read["customField"]["name"], "Shoes");
        assert_eq!(read["node"], json!({ "__typename": "CustomField", "id": field["id"] }));

        let stale = json!({ "input": { "id": field["id"], "version": 1 } });
        assert_eq!(client.graphql_code(DELETE, stale).await, "CONFLICT");
        let deleted = client.graphql(DELETE, json!({ "input": { "id": field["id"] } })).await;
        assert_eq!(deleted["deleteCustomField"]["deletedId"], field["id"]);
        assert_eq!(client.graphql(one, json!({ "id": field["id"] })).await["customField"], Value::Null);
        assert_eq!(client.graphql_code(DELETE, json!({ "input": { "id": field["id"] } })).await, "NOT_FOUND");
        // A name in the trash is free.
        let input = json!({ "target": "PERSON", "name": "shoes", "type": "DATE" });
        client.graphql(CREATE, json!({ "input": input })).await;
    }

    async fn what_no_custom_field_may_be_is_refused_with_its_field(site: Site) {
        let client = site.client().await;
        field(&client, "PERSON", "Größe", "TEXT", &[]).await;
        let other = field(&client, "PERSON", "Other", "TEXT", &[]).await;
        let many: Vec<_> = (0..1_001).map(|number| format!("O{number}")).collect();
        let invalid = |name: &str, value_type: &str, options: Value| {
            json!({ "target": "PERSON", "name": name, "type": value_type, "options": options })
        };
        for (input, field, words) in [
            (invalid("  ", "TEXT", json!([])), "name", "is empty"),
            (invalid("a\u{0}b", "TEXT", json!([])), "name", "cannot hold NUL"),
            (invalid(&"x".repeat(501), "TEXT", json!([])), "name", "501 characters, and 500 is the most"),
            (invalid(&"\u{fdfa}".repeat(200), "TEXT", json!([])), "name", "2000 is the most"),
            (invalid("E-Mail", "CHOICE", json!([])), "options", "needs options"),
            (invalid("E-Mail", "TEXT", json!(["a"])), "options", "only a choice"),
            (invalid("E-Mail", "CHOICE", json!(["Über", "uber "])), "options", "Über and uber are the same"),
            (invalid("E-Mail", "CHOICE", json!([" "])), "options", "is empty"),
            (invalid("E-Mail", "CHOICE", json!(many)), "options", "1001 options are given, and 1000"),
        ] {
            refused(&client, CREATE, input, "INVALID", Some(field), words).await;
        }
        for name in BUILT_IN {
            let input = json!({ "target": "TRANSACTION", "name": name.to_uppercase(), "type": "TEXT" });
            refused(&client, CREATE, input, "INVALID", Some("name"), "built-in").await;
        }
        let taken = json!({ "target": "PERSON", "name": "GROSSE", "type": "TEXT" });
        refused(&client, CREATE, taken, "CONFLICT", None, "there is a custom field GROSSE already").await;
        let renamed = json!({ "id": other, "name": "GRÖSSE" });
        refused(&client, UPDATE, renamed, "CONFLICT", None, "there is a custom field GRÖSSE already").await;
    }

    async fn every_type_takes_what_it_reads_and_keeps_one_form_of_it(site: Site) {
        let client = site.client().await;
        for (name, value_type, options) in [
            ("Text", "TEXT", &[][..]),
            ("Number", "NUMBER", &[]),
            ("Day", "DATE", &[]),
            ("Size", "CHOICE", &["Small", "Très grand"]),
            ("Vip", "YES_NO", &[]),
        ] {
            field(&client, "PERSON", name, value_type, options).await;
        }
        for (name, given, kept, number, date, is_yes) in [
            ("Text", " two\nlines\u{0} ", "two\nlines", None, None, None),
            ("NUMBER", "5000.500", "5000.5", Some("5000.5"), None, None),
            ("number", " -.25", "-0.25", Some("-0.25"), None, None),
            ("Day", "2026-05-25", "2026-05-25", None, Some("2026-05-25"), None),
            ("Size", "SMALL", "Small", None, None, None),
            ("Size", "tres  grand", "Très grand", None, None, None),
            ("Vip", "Yes", "yes", None, None, Some(true)),
            ("Vip", "TRUE", "yes", None, None, Some(true)),
            ("Vip", "1", "yes", None, None, Some(true)),
            ("Vip", "y", "yes", None, None, Some(true)),
            ("Vip", "no", "no", None, None, Some(false)),
            ("Vip", "False", "no", None, None, Some(false)),
            ("Vip", "0", "no", None, None, Some(false)),
            ("Vip", "N", "no", None, None, Some(false)),
        ] {
            let input = json!({ "name": "A", "customValues": [{ "field": name, "value": given }] });
            let person = client.graphql(CREATE_PERSON, json!({ "input": input })).await["createPerson"]["person"].clone();
            let value = &person["customValues"][0];
            let typed = json!([value["value"], value["number"], value["date"], value["isYes"]]);
            assert_eq!(typed, json!([kept, number, date, is_yes]), "{name}: {given:?}");
        }
        for (name, given, words) in [
            ("Number", "1,5", "the field Number takes a number with at most four decimal places such as 5000 or 0.25, and \"1,5\" is none"),
            ("Number", "1.23456", "at most four decimal places"),
            ("Day", "25.5.2026", "the field Day takes a day such as 2026-05-25"),
            ("Day", "2026-02-30", "2026-05-25"),
            ("Size", "Medium", "the field Size takes one of its options (Small, Très grand), and \"Medium\" is none"),
            ("Vip", "maybe", "the field Vip takes yes or no, and \"maybe\" is none"),
            ("Text", &"x".repeat((1 << 20) + 1), "1048577 bytes, and 1048576 is the most"),
        ] {
            let input = json!({ "name": "A", "customValues": [{ "field": name, "value": given }] });
            refused(&client, CREATE_PERSON, input, "INVALID", Some("customValues"), words).await;
        }
        let twice = json!({ "name": "A", "customValues": [{ "field": "Vip", "value": "y" }, { "field": "VIP", "value": "n" }] });
        refused(&client, CREATE_PERSON, twice, "INVALID", Some("customValues"), "Vip is given twice").await;
        let many = vec![json!({ "field": "Vip", "value": "y" }); 201];
        let many = json!({ "name": "A", "customValues": many });
        refused(&client, CREATE_PERSON, many, "INVALID", Some("customValues"), "201 values are given").await;
        let unknown = json!({ "name": "A", "customValues": [{ "field": "Unknown", "value": "y" }] });
        refused(&client, CREATE_PERSON, unknown, "NOT_FOUND", None, "there is no such custom field").await;
    }

    async fn values_change_with_the_record_and_are_found_through_it(site: Site) {
        let client = site.client().await;
        let hobby = field(&client, "PERSON", "Hobby", "TEXT", &[]).await;
        field(&client, "PERSON", "Birthday", "DATE", &[]).await;
        field(&client, "TRANSACTION", "Contract", "TEXT", &[]).await;
        let values = json!([{ "field": hobby, "value": "Ice CLIMBING" }, { "field": "birthday", "value": "1990-01-02" }]);
        let input = json!({ "name": "Jane", "phone": "555 123", "notes": "tall", "customValues": values });
        let person = client.graphql(CREATE_PERSON, json!({ "input": input })).await["createPerson"]["person"].clone();
        assert_eq!(person["version"], 1);
        let names: Vec<_> = person["customValues"].as_array().expect("a list").iter().map(|value| &value["field"]["name"]).collect();
        assert_eq!(names, ["Birthday", "Hobby"], "by the name of the field");
        let id = &person["id"];
        let create = "mutation($input: CreateTransactionInput!) { createTransaction(input: $input) { transaction { id version } } }";
        let values = json!([{ "field": "Contract", "value": "Nr. 77-B" }]);
        let input = json!({ "stage": "LEAD", "personId": id, "moreInfo": "blue", "customValues": values });
        let deal = client.graphql(create, json!({ "input": input })).await["createTransaction"]["transaction"]["id"].clone();
        found(&client, "\"ice climbing\" 1990-01-02", 1, 1).await;
        found(&client, "555123 tall", 1, 1).await;
        found(&client, "\"nr. 77-b\" climb blue", 0, 1).await;

        // A value that is not given stays; null and the empty text clear.
        let values = json!([{ "field": "Hobby", "value": "Sailing" }]);
        let input = json!({ "id": id, "version": 1, "name": "Jane Doe", "customValues": values });
        let updated = client.graphql(UPDATE_PERSON, json!({ "input": input })).await["updatePerson"]["person"].clone();
        let birthday = json!({ "field": { "name": "Birthday" }, "value": "1990-01-02" });
        let sailing = json!({ "field": { "name": "Hobby" }, "value": "Sailing" });
        assert_eq!(updated, json!({ "version": 2, "name": "Jane Doe", "customValues": [birthday, sailing] }));
        found(&client, "climb", 0, 0).await;
        found(&client, "sailing \"jane doe\" tall", 1, 1).await;
        for cleared in [Value::Null, json!(" ")] {
            let input = json!({ "id": id, "customValues": [{ "field": "Birthday", "value": cleared }] });
            let updated = client.graphql(UPDATE_PERSON, json!({ "input": input })).await;
            assert_eq!(updated["updatePerson"]["person"]["customValues"], json!([sailing]));
        }
        found(&client, "1990", 0, 0).await;
        let input = json!({ "id": id, "city": "Köln" });
        let updated = client.graphql(UPDATE_PERSON, json!({ "input": input })).await["updatePerson"]["person"].clone();
        assert_eq!(updated["customValues"], json!([sailing]));
        found(&client, "sailing koln", 1, 1).await;
        let bad = json!({ "id": id, "name": "Nobody", "customValues": [{ "field": "Birthday", "value": "soon" }] });
        assert_eq!(client.graphql_code(UPDATE_PERSON, json!({ "input": bad })).await, "INVALID");
        found(&client, "nobody", 0, 0).await;

        let update = "mutation($input: UpdateTransactionInput!) {
            updateTransaction(input: $input) { transaction { version moreInfo customValues { value } } }
        }";
        let values = json!([{ "field": "Contract", "value": "Nr. 99" }]);
        let input = json!({ "id": deal, "version": 1, "moreInfo": "green", "customValues": values });
        let updated = client.graphql(update, json!({ "input": input })).await["updateTransaction"]["transaction"].clone();
        assert_eq!(updated, json!({ "version": 2, "moreInfo": "green", "customValues": [{ "value": "Nr. 99" }] }));
        found(&client, "\"nr. 99\" green sailing", 0, 1).await;
        found(&client, "77-b", 0, 0).await;
        let person_field = json!({ "id": deal, "customValues": [{ "field": hobby, "value": "x" }] });
        assert_eq!(client.graphql_code(update, json!({ "input": person_field })).await, "NOT_FOUND", "a field of people");
    }

    async fn a_field_in_the_trash_takes_its_values_along(site: Site) {
        let client = site.client().await;
        let gone = field(&client, "PERSON", "Gone", "TEXT", &[]).await;
        field(&client, "PERSON", "Stays", "TEXT", &[]).await;
        let values = json!([{ "field": "Gone", "value": "umbrella" }, { "field": "Stays", "value": "parasol" }]);
        for number in 0..3 {
            let input = json!({ "name": format!("P{number}"), "customValues": values });
            let person = client.graphql(CREATE_PERSON, json!({ "input": input })).await["createPerson"]["person"].clone();
            let create = "mutation($id: ID!) { createTransaction(input: { stage: LEAD, personId: $id }) { transaction { id } } }";
            client.graphql(create, json!({ "id": person["id"] })).await;
        }
        found(&client, "umbrella parasol", 3, 3).await;
        client.graphql(DELETE, json!({ "input": { "id": gone } })).await;
        found(&client, "umbrella", 0, 0).await;
        found(&client, "parasol", 3, 3).await;
        let people = client.graphql("{ people { nodes { version customValues { value } } } }", json!({})).await;
        let expected = json!({ "version": 1, "customValues": [{ "value": "parasol" }] });
        assert_eq!(people["people"]["nodes"], json!([expected, expected, expected]), "nobody counts as changed");
    }

    async fn options_are_renamed_with_their_values_and_go_only_unused(site: Site) {
        let client = site.client().await;
        let size = field(&client, "PERSON", "Size", "CHOICE", &["Small", "Large", "Huge"]).await;
        for value in ["Small", "Large", "Large"] {
            let input = json!({ "name": value, "customValues": [{ "field": "Size", "value": value }] });
            client.graphql(CREATE_PERSON, json!({ "input": input })).await;
        }
        let values = async || {
            let people = client.graphql("{ people { nodes { customValues { value } } } }", json!({})).await;
            let nodes = people["people"]["nodes"].as_array().expect("a list").clone();
            nodes.iter().map(|node| node["customValues"][0]["value"].as_str().expect("a value").to_owned()).collect::<Vec<_>>()
        };
        let options = async |input: Value| {
            client.graphql(UPDATE, json!({ "input": input })).await["updateCustomField"]["customField"]["options"].clone()
        };
        assert_eq!(options(json!({ "id": size, "options": ["Large", "Small"] })).await, json!(["Large", "Small"]), "nobody is huge");
        let gone = json!({ "id": size, "options": ["Small"] });
        refused(&client, UPDATE, gone, "CONFLICT", None, "2 records have the option Large").await;
        assert_eq!(options(json!({ "id": size, "options": ["LARGE", "Small", "Tiny"] })).await, json!(["LARGE", "Small", "Tiny"]));
        assert_eq!(values().await, ["LARGE", "LARGE", "Small"], "another spelling is the same option");
        // Two options may swap their names.
        let swapped = json!([{ "from": "large", "to": "Small" }, { "from": "small", "to": "Large" }]);
        assert_eq!(options(json!({ "id": size, "renameOptions": swapped })).await, json!(["Small", "Large", "Tiny"]));
        assert_eq!(values().await, ["Small", "Small", "Large"]);
        let renamed = json!([{ "from": "Small", "to": "Petite" }]);
        let input = json!({ "id": size, "renameOptions": renamed, "options": ["Petite", "Large"] });
        assert_eq!(options(input).await, json!(["Petite", "Large"]));
        found(&client, "petite", 2, 0).await;
        let unknown = json!({ "id": size, "renameOptions": [{ "from": "Vast", "to": "x" }] });
        refused(&client, UPDATE, unknown, "INVALID", Some("renameOptions"), "the options are Petite, Large").await;
        let merged = json!({ "id": size, "renameOptions": [{ "from": "Large", "to": "petite" }] });
        refused(&client, UPDATE, merged, "INVALID", Some("options"), "are the same").await;
        let retyped = json!({ "id": size, "type": "TEXT" });
        refused(&client, UPDATE, retyped, "CONFLICT", None, "3 records have a value of Size, so its type stays").await;
        let empty = field(&client, "PERSON", "Empty", "CHOICE", &["a"]).await;
        assert_eq!(options(json!({ "id": empty, "type": "TEXT" })).await, json!([]));
        refused(&client, UPDATE, json!({ "id": empty, "type": "CHOICE" }), "INVALID", Some("options"), "needs options").await;
    }

    async fn a_merged_person_gets_only_the_values_that_they_lack(site: Site) {
        let client = site.client().await;
        for name in ["A", "B"] {
            field(&client, "PERSON", name, "TEXT", &[]).await;
        }
        let input = json!({ "name": "Jane", "email": "jane@example.com", "customValues": [{ "field": "A", "value": "first" }] });
        client.graphql(CREATE_PERSON, json!({ "input": input })).await;
        let create = "mutation($input: CreateTransactionInput!) {
            createTransaction(input: $input) { transaction { person { version customValues { value } } } }
        }";
        let values = json!([{ "field": "A", "value": "second" }, { "field": "B", "value": "new" }]);
        let person = json!({ "email": "JANE@example.com", "customValues": values });
        let input = json!({ "stage": "LEAD", "personMatch": "MERGE", "person": person });
        for version in [2, 2] {
            let created = client.graphql(create, json!({ "input": input })).await;
            let person = &created["createTransaction"]["transaction"]["person"];
            assert_eq!(*person, json!({ "version": version, "customValues": [{ "value": "first" }, { "value": "new" }] }));
        }
        found(&client, "first new", 1, 2).await;
        found(&client, "second", 0, 0).await;
    }

    async fn a_field_that_goes_while_values_come_leaves_nothing_to_find(site: Site) {
        let client = site.client().await;
        let gone = field(&client, "PERSON", "Gone", "TEXT", &[]).await;
        let writes: Vec<_> = (0..8)
            .map(|number| {
                let client = client.clone();
                let values = json!([{ "field": "Gone", "value": "umbrella" }]);
                let input = json!({ "name": format!("P{number}"), "customValues": values });
                tokio::spawn(async move { client.graphql_answer(CREATE_PERSON, json!({ "input": input })).await })
            })
            .collect();
        client.graphql(DELETE, json!({ "input": { "id": gone } })).await;
        for write in writes {
            let answer = write.await.expect("no panic");
            let code = answer.pointer("/errors/0/extensions/code").and_then(Value::as_str);
            assert!(matches!(code, None | Some("NOT_FOUND")), "{answer}");
        }
        found(&client, "umbrella", 0, 0).await;
    }

    async fn two_hundred_fields_are_the_most(site: Site) {
        use storage::query::custom_fields::{self, NewCustomField, Target, ValueType};
        let client = site.client().await;
        let writer = site.session("acme").await.writer(service::Right::Fields).expect("an admin");
        for number in 0..200 {
            let new = NewCustomField {
                target: Target::Person,
                name: format!("F{number}"),
                value_type: ValueType::Text,
                options: Vec::new(),
            };
            custom_fields::create(&writer, new).await.expect("a field");
        }
        let input = json!({ "target": "PERSON", "name": "One more", "type": "TEXT" });
        refused(&client, CREATE, input, "INVALID", Some("target"), "200 is the most").await;
        field(&client, "TRANSACTION", "One more", "TEXT", &[]).await;
        let all: Vec<_> = (0..200).map(|number| json!({ "field": format!("f{number}"), "value": "x" })).collect();
        let created = client.graphql(CREATE_PERSON, json!({ "input": { "name": "A", "customValues": all } })).await;
        assert_eq!(created["createPerson"]["person"]["customValues"].as_array().map(Vec::len), Some(200));
    }
}

/// Makes a custom field and gives its id.
async fn field(client: &Client, target: &str, name: &str, value_type: &str, options: &[&str]) -> Value {
    let input = json!({ "target": target, "name": name, "type": value_type, "options": options });
    client.graphql(CREATE, json!({ "input": input })).await["createCustomField"]["customField"]["id"].clone()
}

/// A search finds so many people and so many transactions.
async fn found(client: &Client, search: &str, people: u64, transactions: u64) {
    let document =
        "query($view: ViewInput) { people(view: $view) { totalCount } transactions(view: $view) { totalCount } }";
    let data = client.graphql(document, json!({ "view": { "search": search } })).await;
    let counts = json!([data["people"]["totalCount"], data["transactions"]["totalCount"]]);
    assert_eq!(counts, json!([people, transactions]), "{search}");
}

/// A mutation is refused with this code, this field and these words.
async fn refused(client: &Client, document: &str, input: Value, code: &str, field: Option<&str>, words: &str) {
    let answer = client.graphql_answer(document, json!({ "input": input })).await;
    let error = &answer["errors"][0];
    let told = (error["extensions"]["code"].as_str(), error["extensions"]["field"].as_str());
    assert_eq!(told, (Some(code), field), "{answer}");
    assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{words}: {answer}");
}
