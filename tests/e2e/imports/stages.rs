//! Rows of transactions, stage by stage.

use harness::on_each_database;
use harness::site::Site;
use serde_json::{Value, json};

use super::{
    POLICIES, SECTIONS, create_person, create_transaction, ids, notes, people, stray, summary, take, transactions,
};

on_each_database! {
    async fn a_row_of_a_stage_makes_a_person_and_a_transaction(site: Site) {
        let client = site.client().await;
        for (section, stage) in SECTIONS.iter().filter_map(|(section, stage)| Some((*section, (*stage)?))) {
            let file = format!(
                "name,email,stage,value,probability,moreInfo,categories\n\
                 Ann {stage},{section}@e.example,{stage},1234.50,0.25,\"two\nlines\",A ::: B\n"
            );
            assert_eq!(take(&client, section, "ignore", &file).await, "1 created", "{section}");
            let made = json!({
                "stage": stage, "value": "1234.5", "probability": "0.25", "moreInfo": "two\nlines",
                "categories": ["A", "B"],
                "person": { "name": format!("Ann {stage}"), "email": format!("{section}@e.example") },
            });
            assert_eq!(transactions(&client, stage).await, [made]);
        }
        let of_people: Vec<_> = people(&client).await.iter().map(|person| person["categories"].clone()).collect();
        assert_eq!(of_people, [Value::Null, Value::Null, Value::Null, Value::Null], "they are the transactions'");
    }

    async fn a_row_of_a_stage_names_its_person_by_id(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nAnn,a@e.example\nBob,b@e.example\n").await;
        let bob = &ids(&client, "people").await[1];
        let file = format!("personId,name,email\n{bob},Ann,a@e.example\n");
        assert_eq!(take(&client, "leads", "ignore", &file).await, "1 created");
        assert_eq!(transactions(&client, "LEAD").await[0]["person"]["name"], "Bob");
    }

    async fn the_policy_applies_to_the_newest_transaction_of_the_person_in_the_stage(site: Site) {
        for (policy, outcome, newest) in [
            ("ignore", "1 skipped", json!({ "value": "2", "probability": "0" })),
            ("replace", "1 updated", json!({ "value": "9", "probability": "0", "moreInfo": "new", "categories": ["C"] })),
            ("merge", "1 updated", json!({ "value": "2", "probability": "0", "moreInfo": "new", "categories": ["C"] })),
        ] {
            let account = format!("of-{policy}");
            site.account(&account, "UTC").await;
            let client = site.client_of(&format!("admin@{account}.example")).await;
            let ann = create_person(&client, json!({ "name": "Ann", "email": "a@e.example" })).await;
            for (stage, value) in [("LEAD", "1"), ("LEAD", "2"), ("CUSTOMER", "3")] {
                create_transaction(&client, json!({ "stage": stage, "value": value, "personId": ann })).await;
            }
            let file = "email,value,moreInfo,categories\na@e.example,9,new,C\n";
            assert_eq!(take(&client, "leads", policy, file).await, outcome);
            let mut expected = newest;
            expected["stage"] = json!("LEAD");
            expected["person"] = json!({ "name": "Ann", "email": "a@e.example" });
            let leads = transactions(&client, "LEAD").await;
            assert_eq!((leads.len(), &leads[0]["value"], &leads[1]), (2, &json!("1"), &expected), "{policy}");
            assert_eq!(transactions(&client, "CUSTOMER").await[0]["value"], "3");
        }
    }

    async fn a_known_person_without_a_transaction_in_the_stage_gets_one(site: Site) {
        for (policy, title, phone) in [("ignore", "CTO", Value::Null), ("merge", "CTO", json!("1")), ("replace", "CEO", json!("1"))] {
            let account = format!("of-{policy}");
            site.account(&account, "UTC").await;
            let client = site.client_of(&format!("admin@{account}.example")).await;
            take(&client, "customers", "ignore", "name,email,title\nAnn,a@e.example,CTO\n").await;
            let file = "name,email,title,phone,value\nAnn,a@e.example,CEO,1,5\n";
            assert_eq!(take(&client, "leads", policy, file).await, "1 created", "{policy}: counts follow the transaction");
            let found = people(&client).await;
            assert_eq!((found.len(), &found[0]["title"], &found[0]["phone"]), (1, &json!(title), &phone), "{policy}");
            assert_eq!(transactions(&client, "LEAD").await[0]["value"], "5");
            assert_eq!(transactions(&client, "CUSTOMER").await.len(), 1);
        }
    }

    async fn a_change_of_the_person_alone_updates_the_transaction_in_the_counts(site: Site) {
        let client = site.client().await;
        take(&client, "leads", "ignore", "name,email,value\nAnn,a@e.example,5\n").await;
        let file = "name,email,title,value\nAnn,a@e.example,CEO,5\n";
        assert_eq!(take(&client, "leads", "ignore", file).await, "1 skipped");
        assert_eq!(take(&client, "leads", "merge", file).await, "1 updated");
        assert_eq!(people(&client).await[0]["title"], "CEO");
    }

    async fn a_row_that_names_another_stage_fails(site: Site) {
        let client = site.client().await;
        let file = "name,stage\nAnn,LEAD\nBob,customer\nCyd,\nDee,won\n";
        let receipt = client.import("/import/leads?format=csv", file).await;
        assert_eq!(summary(&receipt), "2 created, 2 failed");
        assert_eq!(
            notes(&receipt["errors"]),
            [
                "2, 3, stage: the row says CUSTOMER, and this is an import of the stage LEAD",
                "4, 5, stage: `won` is not a stage; write LEAD, OPPORTUNITY, CUSTOMER or ARCHIVE",
            ]
        );
    }

    async fn replace_moves_the_transaction_of_another_stage_that_a_row_means_by_its_id(site: Site) {
        let client = site.client().await;
        take(&client, "opportunities", "ignore", "name,email,value\nAnn,a@e.example,1\n").await;
        let id = &ids(&client, "opportunities").await[0];
        let by_id = format!("id,name,email,value\n{id},Ann,a@e.example,2\n");
        assert_eq!(take(&client, "leads", "ignore", &by_id).await, "1 skipped");
        assert_eq!(take(&client, "leads", "merge", &by_id).await, "1 unchanged");
        let twice = format!("{by_id},Ann,a@e.example,3\n");
        let receipt = client.import("/import/leads?format=csv&duplicates=replace", twice).await;
        assert_eq!(summary(&receipt), "1 updated, 1 skipped");
        assert_eq!(notes(&receipt["skips"]), ["2, 3: it repeats row 1: the same e-mail address"]);
        assert_eq!(transactions(&client, "LEAD").await[0]["value"], "2");
        assert_eq!(transactions(&client, "OPPORTUNITY").await, [Value::Null; 0]);
    }

    async fn two_rows_of_a_stage_with_different_ids_are_two_transactions_of_the_person(site: Site) {
        let client = site.client().await;
        let person = stray("person");
        let row = |value| format!("{},{person},Ann,a@e.example,{value}\n", stray("transaction"));
        let file = format!("id,personId,name,email,value\n{}{}", row(1), row(2));
        assert_eq!(take(&client, "leads", "ignore", &file).await, "2 created");
        assert_eq!((people(&client).await.len(), transactions(&client, "LEAD").await.len()), (1, 2));
        for policy in POLICIES {
            assert_eq!(take(&client, "leads", policy, &file).await, "2 unchanged", "{policy}");
        }
    }

    async fn a_row_of_a_stage_without_an_id_repeats_the_one_before_it(site: Site) {
        let client = site.client().await;
        let receipt = client.import("/import/leads?format=csv", "name,email,value\nAnn,a@e.example,1\nX,A@E.example,2\n").await;
        assert_eq!(summary(&receipt), "1 created, 1 skipped");
        assert_eq!(notes(&receipt["skips"]), ["2, 3: it repeats row 1: the same e-mail address"]);
        assert_eq!(transactions(&client, "LEAD").await[0]["value"], "1");
    }

    async fn a_row_of_a_stage_means_its_live_id_even_where_a_row_with_another_id_came_first(site: Site) {
        let client = site.client().await;
        take(&client, "leads", "ignore", "name,email,value\nAnn,a@e.example,1\n").await;
        let (person, lead) = (&ids(&client, "people").await[0], &ids(&client, "leads").await[0]);
        let (one, other) = (stray("transaction"), stray("person"));
        let file = format!(
            "id,personId,name,email,value\n{one},{other},Ann,a@e.example,2\n{lead},{person},Ann,a@e.example,3\n"
        );
        assert_eq!(take(&client, "leads", "replace", &file).await, "2 updated");
        let leads = transactions(&client, "LEAD").await;
        assert_eq!((people(&client).await.len(), leads.len(), &leads[0]["value"]), (1, 1, &json!("3")));
    }

    async fn two_transactions_of_one_person_may_change_the_person_one_after_the_other(site: Site) {
        let client = site.client().await;
        let ann = create_person(&client, json!({ "name": "Ann", "email": "a@e.example" })).await;
        let mut rows = String::new();
        for (value, title) in [("1", "First"), ("2", "Second")] {
            let id = create_transaction(&client, json!({ "stage": "LEAD", "value": value, "personId": ann })).await;
            rows += &format!("{id},Zoë,a@e.example,{title},{value}0\n");
        }
        let file = format!("id,name,email,title,value\n{rows}");
        assert_eq!(take(&client, "leads", "replace", &file).await, "2 updated");
        assert_eq!(people(&client).await, [json!({ "name": "Zoë", "email": "a@e.example", "title": "Second" })]);
        let values: Vec<_> = transactions(&client, "LEAD").await.iter().map(|lead| lead["value"].clone()).collect();
        assert_eq!(values, ["10", "20"]);
        let found = client.graphql("{ transactions(view: { search: \"zoe second\" }) { totalCount } }", json!({})).await;
        assert_eq!(found["transactions"]["totalCount"], 2);
    }
}
