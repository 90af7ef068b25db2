//! What happens to a row whose record is there already.

use harness::on_each_database;
use harness::site::Site;
use serde_json::json;

use super::{POLICIES, categories, everything, notes, people, summary, take};

on_each_database! {
    async fn ignore_skips_what_would_change_and_is_the_default(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", KNOWN).await;
        let before = everything(&client).await;
        for query in ["", "&duplicates=ignore"] {
            let receipt = client.import(&format!("/import/people?format=csv{query}"), CHANGED).await;
            assert_eq!(summary(&receipt), "1 skipped");
            assert_eq!(notes(&receipt["skips"]), ["1, 2: Ann - Acme is there already: the same e-mail address"]);
        }
        assert_eq!(everything(&client).await, before);
    }

    async fn replace_overwrites_with_what_is_not_empty(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", KNOWN).await;
        assert_eq!(take(&client, "people", "replace", CHANGED).await, "1 updated");
        let after = json!({
            "name": "Ann", "company": "Other", "email": "a@e.example", "title": "CEO", "phone": "1", "city": "Köln",
        });
        assert_eq!(people(&client).await, [after]);
    }

    async fn merge_fills_what_is_empty(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", KNOWN).await;
        assert_eq!(take(&client, "people", "merge", CHANGED).await, "1 updated");
        let after = json!({
            "name": "Ann", "company": "Acme", "email": "a@e.example", "title": "CTO", "phone": "1", "city": "Köln",
        });
        assert_eq!(people(&client).await, [after]);
    }

    async fn merge_fills_an_address_as_a_whole(site: Site) {
        let client = site.client().await;
        let known = "name,address,city,zip,country\nAnn,,Graz,8010,\nBob,,,,\n";
        take(&client, "people", "ignore", known).await;
        let other = "name,address,city,zip,country,phone\nAnn,Herrengasse 1,Berlin,,Germany,1\nBob,Herrengasse 1,Berlin,,Germany,2\n";
        assert_eq!(take(&client, "people", "merge", other).await, "2 updated");
        let data = client.graphql("{ people { nodes { name address city zip country phone } } }", json!({})).await;
        assert_eq!(data["people"]["nodes"], json!([
            { "name": "Ann", "address": null, "city": "Graz", "zip": "8010", "country": null, "phone": "1" },
            { "name": "Bob", "address": "Herrengasse 1", "city": "Berlin", "zip": null, "country": "Germany", "phone": "2" },
        ]));
    }

    async fn an_update_counts_up_the_version_and_an_unchanged_row_does_not(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", KNOWN).await;
        for (policy, outcome, version) in [("merge", "1 updated", 2), ("merge", "1 unchanged", 2), ("replace", "1 updated", 3)] {
            assert_eq!(take(&client, "people", policy, CHANGED).await, outcome);
            let data = client.graphql("{ people { nodes { version } } }", json!({})).await;
            assert_eq!(data["people"]["nodes"], json!([{ "version": version }]), "{policy}");
        }
    }

    async fn a_row_that_says_nothing_new_is_unchanged_whatever_the_policy(site: Site) {
        let client = site.client().await;
        let file = "name,company,email,categories\nAnn,Acme,a@e.example,A ::: B\n";
        take(&client, "people", "ignore", file).await;
        for less in [file, "name,email\nAnn,a@e.example\n", "name,company\nAnn,Acme\n", "email,categories\na@e.example,b\n"] {
            for policy in POLICIES {
                assert_eq!(take(&client, "people", policy, less).await, "1 unchanged", "{policy}: {less}");
            }
        }
    }

    async fn a_changed_record_can_be_found_by_search_and_order(site: Site) {
        let client = site.client().await;
        take(&client, "leads", "ignore", "name,email,moreInfo\nAnn,a@e.example,old terms\n").await;
        let file = "name,email,moreInfo\nZoë,a@e.example,new terms\n";
        assert_eq!(take(&client, "leads", "replace", file).await, "1 updated");
        let document = "query($view: ViewInput!) {
            people(view: $view) { totalCount } transactions(view: $view) { totalCount } }";
        for (search, people, leads) in [("zoe", 1, 1), ("ann", 0, 0), ("\"new terms\"", 0, 1), ("old", 0, 0)] {
            let data = client.graphql(document, json!({ "view": { "search": search } })).await;
            let found = (data["people"]["totalCount"].clone(), data["transactions"]["totalCount"].clone());
            assert_eq!(found, (json!(people), json!(leads)), "{search}");
        }
    }

    async fn categories_are_only_added(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,categories\nAnn,A ::: B\n").await;
        for (policy, cell, outcome, after) in [
            ("ignore", "C", "1 skipped", json!(["A", "B"])),
            ("replace", "", "1 unchanged", json!(["A", "B"])),
            ("replace", "b ::: C ::: c", "1 updated", json!(["A", "B", "C"])),
            ("merge", "D", "1 updated", json!(["A", "B", "C", "D"])),
            ("merge", "Ä", "1 unchanged", json!(["A", "B", "C", "D"])),
        ] {
            let file = format!("name,categories\nAnn,{cell}\n");
            assert_eq!(take(&client, "people", policy, &file).await, outcome, "{policy}: {cell}");
            assert_eq!(people(&client).await[0]["categories"], after, "{policy}: {cell}");
        }
    }

    async fn categories_of_the_request_go_to_what_is_created_or_updated(site: Site) {
        let client = site.client().await;
        let path = "/import/people?format=csv&category=New&category=Fair,%202026";
        let first = client.import(path, "name,title,categories\nAnn,CEO,Own\n").await;
        assert_eq!(summary(&first), "1 created");
        let second = client.import(&format!("{path}&category=Third&duplicates=merge"), "name\nAnn\nBob\n").await;
        assert_eq!(summary(&second), "1 created, 1 updated");
        let skipped = client.import("/import/people?format=csv&category=Fourth", "name\nAnn\nCyd\n").await;
        assert_eq!(summary(&skipped), "1 created, 1 skipped");
        assert_eq!(
            people(&client).await,
            [
                json!({ "name": "Ann", "title": "CEO", "categories": ["Fair, 2026", "New", "Own", "Third"] }),
                json!({ "name": "Bob", "categories": ["Fair, 2026", "New", "Third"] }),
                json!({ "name": "Cyd", "categories": ["Fourth"] }),
            ]
        );
    }

    async fn a_skipped_row_makes_no_category(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,phone\nAnn,1\n").await;
        let file = "name,phone,categories\nAnn,2,X\nBob,,\nBob,,Y\n,,Z\n";
        assert_eq!(take(&client, "people", "ignore", file).await, "1 created, 2 skipped, 1 failed");
        let receipt = client.import("/import/leads?format=csv&category=V", "name,value\nAnn,x\n").await;
        assert_eq!(summary(&receipt), "1 failed");
        assert_eq!(categories(&client).await, [""; 0]);
    }

    async fn a_nul_in_a_category_of_the_request_is_dropped(site: Site) {
        let client = site.client().await;
        client.import("/import/people?format=csv&category=A%00B", "name\nAnn\n").await;
        assert_eq!(categories(&client).await, ["AB"]);
    }

    async fn a_file_may_have_more_categories_than_a_statement_has_values(site: Site) {
        let client = site.client().await;
        // A new category is a row of eight values; PostgreSQL takes 65,535 in a statement, SQLite fewer.
        let names: Vec<_> = (0..9_000).map(|number| format!("c{number}")).collect();
        let mut file = "name,categories\n".to_owned();
        for (row, names) in names.chunks(100).enumerate() {
            file += &format!("p{row},{}\n", names.join(" ::: "));
        }
        assert_eq!(take(&client, "people", "ignore", &file).await, "90 created");
        assert_eq!(take(&client, "leads", "ignore", &file).await, "90 created");
        assert_eq!(take(&client, "people", "ignore", &file).await, "90 unchanged");
        let data = client.graphql("{ categories(first: 1) { totalCount } }", json!({})).await;
        assert_eq!(data["categories"]["totalCount"], 9_000);
    }
}

/// A person, and a row with the same e-mail address: one field differs, one is new, one is empty.
const KNOWN: &str = "name,company,email,title,phone\nAnn,Acme,a@e.example,CTO,1\n";
const CHANGED: &str = "name,company,email,title,phone,city\nAnn,Other,a@e.example,CEO,,Köln\n";
