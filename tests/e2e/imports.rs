//! The rules of the import, each on both databases: a file in over HTTP, the records read back.

use std::collections::BTreeSet;

use harness::client::Client;
use harness::database::Kind;
use harness::on_each_database;
use harness::require::cases;
use harness::site::Site;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use storage::query::users::Role;
use uuid::Uuid;

const POLICIES: [&str; 3] = ["ignore", "replace", "merge"];

/// The sections that can be imported, with the stage of their transactions.
const SECTIONS: [(&str, Option<&str>); 5] = [
    ("people", None),
    ("leads", Some("LEAD")),
    ("opportunities", Some("OPPORTUNITY")),
    ("customers", Some("CUSTOMER")),
    ("archives", Some("ARCHIVE")),
];

// ---------------------------------------------------------------------------------------------- Outlook

on_each_database! {
    async fn an_outlook_file_fills_every_field(site: Site) {
        let client = site.client().await;
        let receipt = client.import("/import/people?format=csv", outlook()).await;
        assert_eq!(summary(&receipt), "3 created", "{receipt:#}");
        let notes = "line one\nline \"two\", with a comma\t🎉\n\
                     Suffix: Jr.\nDepartment: Sales, North\nHome Phone: +49 221 0000003\n\
                     Birthday: 12/24/75\nE-mail 2 Address: zoë.privat@example.net\nSpouse: Jürgen";
        assert_eq!(
            people(&client).await,
            [
                json!({
                    "name": "Zoë Anna Østergaard",
                    "company": "Æble & Co, \"Ltd.\"",
                    "title": "Head of Sales",
                    "email": "Zoë@Example.com",
                    "phone": "+49 221 0000001",
                    "mobile": "+49 170 0000002",
                    "fax": "+49 221 0000004",
                    "url": "https://example.com/?a=1&b=2",
                    "address": "Große Straße 1\nHinterhaus\nStiege 2",
                    "city": "Köln",
                    "state": "NRW",
                    "zip": "01234",
                    "country": "Germany",
                    "notes": notes,
                    "categories": ["Key account", "Ünique"],
                }),
                json!({ "name": "Jean-François O'Neil", "email": "jf@example.org", "phone": "=1+1" }),
                json!({ "email": "nobody@example.com" }),
            ]
        );
    }

    async fn an_outlook_file_imported_again_is_unchanged_under_every_policy(site: Site) {
        let client = site.client().await;
        client.import("/import/people?format=csv", outlook()).await;
        let before = everything(&client).await;
        for policy in POLICIES {
            let receipt = client.import(&format!("/import/people?format=csv&duplicates={policy}"), outlook()).await;
            assert_eq!(summary(&receipt), "3 unchanged", "{policy}: {receipt:#}");
        }
        assert_eq!(everything(&client).await, before);
    }

    async fn an_outlook_file_into_a_stage_is_unchanged_the_second_time(site: Site) {
        let client = site.client().await;
        let file = outlook();
        assert_eq!(summary(&client.import("/import/leads?format=csv", file.clone()).await), "3 created");
        for policy in POLICIES {
            let receipt = client.import(&format!("/import/leads?format=csv&duplicates={policy}"), file.clone()).await;
            assert_eq!(summary(&receipt), "3 unchanged", "{policy}: {receipt:#}");
        }
    }

    async fn categories_with_a_star_are_dropped_from_foreign_files_alone(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "First Name,Categories\nAda,* My Contacts;A\n").await;
        take(&client, "people", "ignore", "name,categories\nBob,* Mine ::: B\n").await;
        assert_eq!(
            people(&client).await,
            [json!({ "name": "Ada", "categories": ["A"] }), json!({ "name": "Bob", "categories": ["* Mine", "B"] })]
        );
    }
}

// ---------------------------------------------------------------------------------- Which record is meant

on_each_database! {
    async fn a_row_means_the_record_with_its_id_whatever_else_it_says(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nAda,ada@e.example\nBob,bob@e.example\n").await;
        let ada = &ids(&client, "people").await[0];
        let file = format!("id,name,email\n{ada},Bob,bob@e.example\n");
        assert_eq!(take(&client, "people", "replace", &file).await, "1 updated");
        let bob = json!({ "name": "Bob", "email": "bob@e.example" });
        assert_eq!(people(&client).await, [bob.clone(), bob]);
    }

    async fn a_row_means_the_record_with_its_e_mail_whatever_case_and_accents(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nZoë,zoë@exämple.com\nBob,bob@example.com\n").await;
        let file = "name,email,title\nSomebody Else,ZOE@Example.COM,CEO\n";
        assert_eq!(take(&client, "people", "merge", file).await, "1 updated");
        assert_eq!(people(&client).await[0], json!({ "name": "Zoë", "email": "zoë@exämple.com", "title": "CEO" }));
    }

    async fn of_people_with_one_e_mail_the_one_with_the_name_and_the_company_is_meant(site: Site) {
        let client = site.client().await;
        for (name, company) in [("Ann", "One"), ("Bob", "One"), ("Bob", "Two")] {
            create_person(&client, json!({ "name": name, "company": company, "email": "info@e.example" })).await;
        }
        let file = "name,company,email,title\nBOB,two,info@e.example,Second\nNew,,info@e.example,First\n";
        assert_eq!(take(&client, "people", "merge", file).await, "2 updated");
        let titles: Vec<_> = people(&client).await.iter().map(|person| person["title"].clone()).collect();
        assert_eq!(titles, [json!("First"), Value::Null, json!("Second")]);
    }

    async fn name_and_company_count_only_where_the_row_or_the_record_has_no_e_mail(site: Site) {
        let client = site.client().await;
        for (there, row, outcome) in [
            ("Ann,Acme,", " ÄNN ,ACME,ann@e.example", "1 skipped"),
            ("Bob,Acme,bob@e.example", "Bob,Acme,", "1 unchanged"),
            ("Cyd,Acme,", "Cyd,Acme,", "1 unchanged"),
            ("Dee,Acme,dee@e.example", "Dee,Acme,other@e.example", "1 created"),
            ("Eve,Acme,", "Eve,,", "1 created"),
            (",Fay Ltd,", ",Fay LTD,fay@e.example", "1 skipped"),
        ] {
            let file = |row| format!("name,company,email\n{row}\n");
            assert_eq!(take(&client, "people", "ignore", &file(there)).await, "1 created", "{there}");
            assert_eq!(take(&client, "people", "ignore", &file(row)).await, outcome, "{there} and {row}");
        }
    }

    async fn rows_with_neither_name_nor_company_nor_e_mail_are_no_duplicates(site: Site) {
        let client = site.client().await;
        assert_eq!(take(&client, "people", "ignore", "name,phone\n,1\n,2\n").await, "2 created");
    }

    async fn rows_with_different_ids_are_no_duplicates_of_each_other(site: Site) {
        let client = site.client().await;
        let file = format!("id,name,email\n{},Ann,a@e.example\n{},Ann,a@e.example\n", stray("person"), stray("person"));
        assert_eq!(take(&client, "people", "ignore", &file).await, "2 created");
        assert_eq!(take(&client, "people", "replace", &file).await, "2 unchanged");
    }

    async fn a_row_means_its_live_id_even_where_a_row_with_another_id_came_first(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nAnn,a@e.example\n").await;
        let ann = &ids(&client, "people").await[0];
        let file = format!("id,name,email,title\n{},Ann,a@e.example,First\n{ann},Ann,a@e.example,Own\n", stray("person"));
        assert_eq!(take(&client, "people", "replace", &file).await, "2 updated");
        assert_eq!(people(&client).await, [json!({ "name": "Ann", "email": "a@e.example", "title": "Own" })]);
    }

    async fn the_first_row_of_a_file_wins_and_later_ones_say_which_they_repeat(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name\nKnown\n").await;
        let known = ids(&client, "people").await.remove(0);
        let file = format!(
            "id,name,email,title\n{known},Known,,First\n,Ann,a@e.example,First\n,Ann,,Second\n,X,A@e.example,Third\n\
             {known},Known,,Second\n,Known,,Third\n"
        );
        let receipt = client.import("/import/people?format=csv&duplicates=replace", file).await;
        assert_eq!(summary(&receipt), "1 created, 1 updated, 4 skipped");
        assert_eq!(
            notes(&receipt["skips"]),
            [
                "3, 4: it repeats row 2: the same name and company",
                "4, 5: it repeats row 2: the same e-mail address",
                "5, 6: it repeats row 1: the same id",
                "6, 7: it repeats row 1: the same name and company",
            ]
        );
        let titles: Vec<_> = people(&client).await.iter().map(|person| person["title"].clone()).collect();
        assert_eq!(titles, ["First", "First"]);
    }

    async fn a_row_meets_what_the_rows_before_it_made_of_a_record(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nAnn,old@e.example\n").await;
        let ann = &ids(&client, "people").await[0];
        let file = format!("id,name,email\n{ann},Ann,new@e.example\n,Bob,NEW@e.example\n,Cyd,old@e.example\n");
        assert_eq!(take(&client, "people", "replace", &file).await, "1 created, 1 updated, 1 skipped");
        assert_eq!(
            people(&client).await,
            [json!({ "name": "Ann", "email": "new@e.example" }), json!({ "name": "Cyd", "email": "old@e.example" })]
        );
    }

    async fn an_id_that_is_not_there_is_ignored(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nAnn,a@e.example\n").await;
        let person = ids(&client, "people").await.remove(0);
        let of_another_kind = person.replace("person_", "category_");
        for id in [stray("person"), stray("transaction"), of_another_kind, "4711".to_owned(), "x_y".to_owned()] {
            let file = format!("id,name,email\n{id},Ann,a@e.example\n");
            assert_eq!(take(&client, "people", "replace", &file).await, "1 unchanged", "{id}");
        }
    }

    async fn an_id_of_another_account_is_ignored_and_that_account_is_untouched(site: Site) {
        site.account("beta", "UTC").await;
        let (acme, beta) = (site.client().await, site.client_of("admin@beta.example").await);
        take(&beta, "leads", "ignore", "name,email,value\nAnn,a@e.example,5\n").await;
        let before = everything(&beta).await;
        let (person, lead) = (&ids(&beta, "people").await[0], &ids(&beta, "leads").await[0]);
        let of_person = format!("id,name,email,title,categories\n{person},Bob,b@e.example,CEO,X\n");
        let of_lead =
            format!("id,personId,name,email,value,categories\n{lead},{person},Bob,b@e.example,7,X\n");
        for policy in POLICIES {
            take(&acme, "people", policy, &of_person).await;
            take(&acme, "leads", policy, &of_lead).await;
        }
        assert_eq!(everything(&beta).await, before);
        assert_eq!(people(&acme).await.len(), 1);
        assert_eq!(transactions(&acme, "LEAD").await.len(), 1);
        assert_ne!(&ids(&acme, "people").await[0], person);
        assert_ne!(&ids(&acme, "leads").await[0], lead);
    }
}

// --------------------------------------------------------------------------------- What happens to a match

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

// ------------------------------------------------------------------------------------------------ Stages

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

// -------------------------------------------------------------------------------------------- Round trip

on_each_database! {
    async fn an_export_imported_into_its_own_account_changes_nothing(site: Site) {
        let client = site.client().await;
        make_lively(&client).await;
        let before = everything(&client).await;
        for (section, _) in SECTIONS {
            for format in ["csv", "json"] {
                let file = client.download(&format!("/export/{section}.{format}")).await;
                let rows = records(&client, section).await.len();
                for policy in POLICIES {
                    let path = format!("/import/{section}?format={format}&duplicates={policy}");
                    let receipt = client.import(&path, file.clone()).await;
                    assert_eq!(summary(&receipt), format!("{rows} unchanged"), "{path}: {receipt:#}");
                }
            }
        }
        assert_eq!(everything(&client).await, before);
    }

    async fn an_export_imported_into_an_empty_account_gives_the_same_data(site: Site) {
        let client = site.client().await;
        make_lively(&client).await;
        for format in ["csv", "json"] {
            let account = format!("from-{format}");
            site.account(&account, "UTC").await;
            let other = site.client_of(&format!("admin@{account}.example")).await;
            for (section, _) in SECTIONS {
                let file = client.download(&format!("/export/{section}.{format}")).await;
                let rows = records(&client, section).await.len();
                let receipt = other.import(&format!("/import/{section}?format={format}"), file).await;
                assert_eq!(summary(&receipt), format!("{rows} created"), "{section}.{format}: {receipt:#}");
            }
            for (section, _) in SECTIONS {
                assert_eq!(contents(&other, section).await, contents(&client, section).await, "{section}.{format}");
            }
        }
    }
}

// ------------------------------------------------------------------------------------------- The receipt

on_each_database! {
    async fn a_receipt_says_what_was_read_and_what_became_of_it(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,title\nOld,CTO\nSame,CEO\n").await;
        let file = "name,title\r\nNew,\r\nOld,CEO\r\nSame,CEO\r\nNew,CEO\r\n,CEO\r\n";
        let mut receipt = client.import("/import/people?format=CSV&duplicates=replace", file).await;
        let id = receipt["id"].take();
        assert!(id.as_str().is_some_and(|id| id.starts_with("import_")), "{id}");
        let expected = json!({
            "id": null,
            "section": "people",
            "status": "applied",
            "file": {
                "name": null,
                // By sha256sum.
                "sha256": "a73d644806732d0047f1d82db4f45ceaf09966200969a6dc6e00b6efba426d3e",
                "format": "csv",
                "charset": "utf-8",
                "delimiter": ",",
            },
            "read": 5, "created": 1, "updated": 1, "unchanged": 1, "skipped": 1, "failed": 1,
            "errors": [{
                "row": 5, "line": 6, "field": null,
                "reason": "a person needs a name, a company, an e-mail address or a phone",
            }],
            "skips": [{
                "row": 4, "line": 5, "reason": "it repeats row 1: the same name and company",
                "key": "nameAndCompany", "values": ["new", ""], "record": null, "repeats": 1,
            }],
            "ignored": [],
            "columns": receipt["columns"].clone(),
            "series": 0, "events": 0, "plannedEvents": [], "mails": 0, "hash": null, "reason": null,
        });
        assert_eq!(receipt, expected, "{receipt:#}");
        let json = client.import("/import/leads?format=json", "[]").await;
        let file = json!({
            "name": null,
            "sha256": "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
            "format": "json", "charset": "utf-8", "delimiter": null,
        });
        assert_eq!((&json["file"], &json["read"], &json["section"]), (&file, &json!(0), &json!("leads")));
    }

    async fn a_failed_row_is_named_and_the_good_rows_go_in(site: Site) {
        let client = site.client().await;
        let long = "ä".repeat(501);
        let file = format!(
            "name,email,city,value,probability\n\
             Ann,,,1,\n\
             \"Bob\nTwo\",b@e.example,,x1,\n\
             ,,Köln,1,\n\
             \n\
             {long},,,1,0.5\n\
             Cyd,,,1,25\n\
             Dee,,,1,0.25\n\
             Eve,,,1,,surplus\n\
             Fay,,,0.00001,\n\
             Gus,,,,\"open"
        );
        let receipt = client.import("/import/leads?format=csv", file).await;
        assert_eq!(summary(&receipt), "3 created, 6 failed");
        assert_eq!(
            notes(&receipt["errors"]),
            [
                "2, 3, value: `x1` is not a number; write it like 5000 or 0.25",
                "3, 5: a person needs a name, a company, an e-mail address or a phone",
                "4, 7, name: name has 501 characters, and 500 is the most",
                "5, 8, probability: a probability lies between 0 and 1, and 25 does not; write 25 % as 0.25",
                "7, 10: the row has 6 cells, but the header names 5 columns; put a text with `,` in it between quotes",
                "9, 12: the quote that opens in line 12 is never closed",
            ]
        );
        let names: Vec<_> = people(&client).await.iter().map(|person| person["name"].clone()).collect();
        assert_eq!(names, ["Ann", "Dee", "Fay"]);
        // A place too many is rounded, and that is said.
        let [note] = &notes(&receipt["notes"])[..] else { panic!("{receipt:#}") };
        assert!(note.starts_with("8, 11, value: ") && note.contains("0.00001"), "{note}");
    }

    async fn a_bad_element_of_json_is_named_and_the_good_ones_go_in(site: Site) {
        let client = site.client().await;
        let file = "[{\"name\": \"Ann\"},\n {\"city\": \"Köln\"}, 7,\n\n {\"name\": [\"Bob\"]},\n {\"name\": \"Cyd\"}]";
        let receipt = client.import("/import/people?format=json", file).await;
        assert_eq!(summary(&receipt), "2 created, 3 failed");
        assert_eq!(
            notes(&receipt["errors"]),
            [
                "2, 2: a person needs a name, a company, an e-mail address or a phone",
                "3, 2: there should be an object like {\"name\": \"Ada\"}, not a number",
                "4, 4, name: there should be a text, not a list",
            ]
        );
    }

    async fn notes_over_their_limit_fail_also_with_their_foreign_lines(site: Site) {
        let client = site.client().await;
        let notes_of = |size| format!("First Name,Spouse,Notes\nAnn,Jürgen,{}\n", "n".repeat(size));
        // `\nSpouse: Jürgen` is 16 bytes.
        let receipt = client.import("/import/people?format=csv", notes_of((1 << 20) - 15)).await;
        assert_eq!(notes(&receipt["errors"]), ["1, 2, notes: notes has 1048577 bytes, and 1048576 is the most"]);
        let receipt = client.import("/import/people?format=csv", notes_of((1 << 20) - 16)).await;
        assert_eq!(summary(&receipt), "1 created");
    }

    async fn a_receipt_names_the_first_thousand_failed_and_skipped_rows(site: Site) {
        let client = site.client().await;
        let bad: String = (0..1_200).map(|row| if row % 2 == 0 { "x,\n" } else { "1,\n" }).collect();
        let receipt = client.import("/import/leads?format=csv", format!("value,name\n{bad}")).await;
        assert_eq!(summary(&receipt), "1200 failed");
        assert_eq!(rows(&receipt["errors"]), (1..=1_000).collect::<Vec<_>>());
        let receipt = client.import("/import/people?format=csv", format!("name\n{}", "Ann\n".repeat(1_200))).await;
        assert_eq!(summary(&receipt), "1 created, 1199 skipped");
        assert_eq!(rows(&receipt["skips"]), (2..=1_001).collect::<Vec<_>>());
    }

    async fn a_broken_document_is_an_error_and_leaves_nothing_behind(site: Site) {
        let client = site.client().await;
        let good_json = "{\"name\": \"Ann\", \"categories\": [\"A\"]},\n".repeat(1_800);
        for (format, file, said) in [
            ("csv", Vec::new(), "the file is empty"),
            ("csv", b"Farbe,Gr\xC3\xB6\xC3\x9Fe\nrot,7\n".to_vec(), "no column in line 1 is known"),
            ("json", b"name".to_vec(), "the file must be an array"),
            ("json", format!("[{good_json}").into_bytes(), "the file ends in line 1801"),
            ("json", format!("[{good_json}{{\"name\": \"Bo").into_bytes(), "the last element begins in line 1801"),
            ("json", format!("[{good_json}{{}}]]").into_bytes(), "out of place"),
        ] {
            for section in ["people", "leads"] {
                let (status, code, message) = refused(&client, &format!("{section}?format={format}"), file.clone()).await;
                assert_eq!((status, &*code), (StatusCode::BAD_REQUEST, "INVALID"), "{message}");
                assert!(message.contains(said) && message.ends_with("; nothing was imported"), "{message}");
            }
        }
        assert_eq!(everything(&client).await, [""; 5]);
        assert_eq!(categories(&client).await, [""; 0]);
        assert_eq!(take(&client, "people", "ignore", "name\nAnn\n").await, "1 created", "and the next one is served");
    }

    async fn a_file_comes_in_its_own_charset_and_with_its_own_delimiter(site: Site) {
        let client = site.client().await;
        let good: String = (0..1_800).map(|row| format!("Ann {row};A\n")).collect();
        let file = [format!("name;categories;Shoe size\n{good}").as_bytes(), b"B\xF6b;B;9\n"].concat();
        let receipt = client.import("/import/people?format=csv", file).await;
        assert_eq!(summary(&receipt), "1801 created");
        let found = json!([receipt["file"]["charset"], receipt["file"]["delimiter"], receipt["ignored"]]);
        assert_eq!(found, json!(["windows-1252", ";", ["Shoe size"]]));
        assert!(client.download("/export/people.csv?search=bob").await.contains("Böb"));
        let receipt = client.import("/import/people?format=csv&charset=windows-1250&delimiter=%3B", b"name;city\nZo\xEC;x,y\n".to_vec()).await;
        assert_eq!(receipt["file"]["charset"], "windows-1250");
        assert!(client.download("/export/people.csv?search=zo").await.contains("Zoě,"));
        for wrong in ["charset=klingon", "delimiter=x"] {
            let answer = refused(&client, &format!("people?format=csv&{wrong}"), b"name\nAnn\n".to_vec()).await;
            assert_eq!((answer.0.as_u16(), &*answer.1), (400, "INVALID"), "{}", answer.2);
        }
    }

    async fn imports_at_the_same_time_take_turns_and_reads_go_on(site: Site) {
        let client = site.client().await;
        // More of them than the harness gives PostgreSQL connections.
        let imports: Vec<_> = (0..8)
            .map(|number| {
                let client = client.clone();
                let rows: String = (0..600).map(|row| format!("P{row},p{row}@example.com,C{number}\n")).collect();
                tokio::spawn(async move {
                    client.import("/import/people?format=csv", format!("name,email,categories\n{rows}")).await
                })
            })
            .collect();
        let mut created = 0;
        for import in imports {
            client.graphql("{ people(first: 1) { totalCount } }", json!({})).await;
            created += import.await.expect("no panic")["created"].as_u64().expect("a number");
        }
        assert_eq!(created, 600, "whoever comes later finds them");
    }

    async fn a_guarded_export_comes_back_as_it_was(site: Site) {
        let client = site.client().await;
        client.import("/import/people?format=csv", "name,notes,phone\n=1+1,'quoted,+49 1\n").await;
        let guarded = client.download("/export/people.csv?excel_safe=1").await;
        assert!(guarded.starts_with('\u{feff}') && guarded.contains(",'=1+1,") && guarded.contains(",''quoted,"), "{guarded}");
        assert!(guarded.contains(",\"+49 1\","), "a phone is no formula: {guarded}");
        assert_eq!(take(&client, "people", "replace", &guarded).await, "1 unchanged");
        assert!(!client.download("/export/people.csv?excel_safe=0").await.contains("'=1+1"));
        assert_eq!(client.get("/export/people.csv?excel_safe=yes").await.status(), 400);
    }

    async fn a_wrong_request_is_refused_with_what_would_be_right(site: Site) {
        let client = site.client().await;
        for (path, status, code, said) in [
            ("people?format=docx", 415, "UNSUPPORTED", "csv"),
            ("people?format=docx", 415, "UNSUPPORTED", "json"),
            ("messages?format=csv", 415, "UNSUPPORTED", "messages cannot be imported"),
            ("people?format=csv&mode=try", 400, "INVALID", "plan or apply"),
            ("people?format=csv&value=5", 400, "INVALID", "people have none"),
            ("leads?format=csv&value=much", 400, "INVALID", "is not a number"),
            ("leads?format=csv&probability=25", 400, "INVALID", "between 0 and 1"),
            ("leads?format=csv&owner=nobody@acme.example", 404, "NOT_FOUND", "nobody@acme.example"),
            ("leads?format=csv&event_template=None", 404, "NOT_FOUND", "None"),
            ("leads?format=csv&event_template=None&automation=off", 400, "INVALID", "automatic"),
            ("leads?format=csv&automation=perhaps", 400, "INVALID", "on or off"),
            ("leads?format=csv&map=nothing", 400, "INVALID", "Header=field"),
            ("leads?format=csv&date_order=ymd", 400, "INVALID", "dmy or mdy"),
            ("people?format=csv&dupes=merge", 400, "INVALID", "duplicates"),
            ("people?format=csv&duplicates=yes", 400, "INVALID", "ignore, replace or merge"),
            ("people?format=csv&category=", 400, "INVALID", "the name of a category is empty"),
            ("persons?format=csv", 404, "NOT_FOUND", "people"),
        ] {
            let answer = refused(&client, path, b"name\nAnn\n".to_vec()).await;
            assert_eq!((answer.0.as_u16(), &*answer.1), (status, code), "{path}: {}", answer.2);
            assert!(answer.2.contains(said), "{path}: {}", answer.2);
        }
        let answer = refused(&client, "people", b"\x89PNG\r\n\x1a\n\0\0".to_vec()).await;
        assert_eq!((answer.0.as_u16(), &*answer.1), (415, "UNSUPPORTED"), "{}", answer.2);
        assert_eq!(people(&client).await, [Value::Null; 0]);
    }

    async fn a_part_of_a_form_brings_name_and_format(site: Site) {
        let client = site.client().await;
        for (text, name, kind, format) in [
            ("name\nAnn\n", "My contacts.CSV", None, "csv"),
            ("[{\"name\": \"Bob\"}]", "people.json", Some("text/plain"), "json"),
            ("name\nCyd\n", "people", Some("text/csv; charset=utf-8"), "csv"),
        ] {
            let mut part = Part::text(text).file_name(name);
            if let Some(kind) = kind {
                part = part.mime_str(kind).expect("a media type");
            }
            let form = Form::new().text("comment", "not the file").part("file", part);
            let response = client.request(Method::POST, "/import/people").multipart(form).send().await;
            let receipt: Value = response.expect("the server answers").json().await.expect("a receipt");
            assert_eq!(summary(&receipt), "1 created", "{receipt:#}");
            assert_eq!((&receipt["file"]["name"], &receipt["file"]["format"]), (&json!(name), &json!(format)));
        }
    }

    async fn the_media_type_of_a_raw_body_tells_its_format(site: Site) {
        let client = site.client().await;
        let request = client.request(Method::POST, "/import/people").json(&json!([{ "name": "Ann" }]));
        let receipt: Value = request.send().await.expect("the server answers").json().await.expect("a receipt");
        assert_eq!((summary(&receipt), &receipt["file"]["format"]), ("1 created".to_owned(), &json!("json")));
    }

    async fn only_who_may_write_may_import(site: Site) {
        site.add_user("acme", "reader@acme.example", Role::Reader).await;
        site.add_user("acme", "member@acme.example", Role::Member).await;
        let reader = site.client_of("reader@acme.example").await;
        for (client, status, code) in
            [(&Client::new(site.address), 401, "UNAUTHENTICATED"), (&reader, 403, "FORBIDDEN")]
        {
            let answer = refused(client, "people?format=csv", b"name\nAnn\n".to_vec()).await;
            assert_eq!((answer.0.as_u16(), &*answer.1), (status, code), "{}", answer.2);
        }
        assert_eq!(people(&reader).await, [Value::Null; 0]);
        let member = site.client_of("member@acme.example").await;
        assert_eq!(take(&member, "people", "ignore", "name\nAnn\n").await, "1 created");
    }

    async fn a_file_over_the_limit_is_refused(site: Narrow) {
        let client = site.0.client().await;
        let file = |size: usize| format!("name\n{}\n", "n".repeat(size - 6)).into_bytes();
        let (status, code, message) = refused(&client, "people?format=csv", file(LIMIT + 1)).await;
        assert_eq!((status.as_u16(), &*code), (413, "LIMITED"), "{message}");
        assert!(message.contains("100 bytes"), "{message}");
        let part = Part::bytes(file(LIMIT + 1)).file_name("people.csv");
        let form = client.request(Method::POST, "/import/people").multipart(Form::new().part("file", part));
        assert_eq!(form.send().await.expect("the server answers").status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(people(&client).await, [Value::Null; 0]);
        assert_eq!(summary(&client.import("/import/people?format=csv", file(LIMIT)).await), "1 created");
    }
}

/// The largest file of [`Narrow`], in bytes.
const LIMIT: usize = 100;

/// A site that takes small files only.
struct Narrow(Site);

impl Narrow {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let limit = |config: &mut gateway::config::Config| config.limits.import_file = LIMIT as u64;
        Site::with(kind, test, formats::builtin(), limit).await.map(Self)
    }
}

// ---------------------------------------------------------------------------------- Batches and the model

on_each_database! {
    async fn duplicates_are_found_across_the_borders_of_batches(site: Site) {
        let client = site.client().await;
        // 1,203 rows of 601 people: each comes again 601 rows later, and the last row is the first person once more.
        let person = |row: usize| format!("Ann {0},a{0}@e.example,{1}\n", row % 601, row / 601);
        let file: String = std::iter::once("name,email,value\n".to_owned()).chain((0..1_203).map(person)).collect();
        for section in ["people", "leads"] {
            let receipt = client.import(&format!("/import/{section}?format=csv"), file.clone()).await;
            assert_eq!(summary(&receipt), "601 created, 602 skipped", "{section}");
            let noted = notes(&receipt["skips"]);
            assert_eq!(noted[0], "602, 603: it repeats row 1: the same e-mail address", "{section}");
            assert_eq!(noted[601], "1203, 1204: it repeats row 1: the same e-mail address", "{section}");
            let once: String = file.split_inclusive('\n').take(602).collect();
            for policy in POLICIES {
                assert_eq!(take(&client, section, policy, &once).await, "601 unchanged", "{section}: {policy}");
            }
        }
        assert_eq!((records(&client, "people").await.len(), records(&client, "leads").await.len()), (601, 601));
    }

    async fn what_a_batch_changes_the_next_one_meets(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nAnn,old@e.example\n").await;
        let ann = &ids(&client, "people").await[0];
        let between: String = (0..600).map(|row| format!(",P{row},\n")).collect();
        let file = format!("id,name,email\n{ann},Ann,new@e.example\n{between},Bob,new@e.example\n,Cyd,old@e.example\n");
        assert_eq!(take(&client, "people", "replace", &file).await, "601 created, 1 updated, 1 skipped");
    }

    async fn random_files_obey_the_rules(site: Site) {
        for case in 0..cases(8) {
            let account = format!("case{case}");
            site.account(&account, "UTC").await;
            let client = site.client_of(&format!("admin@{account}.example")).await;
            let mut random = Random(u64::from(case) + 1);
            let strays = [stray("person"), stray("person")];
            let mut model = Model::default();
            for _ in 0..4 {
                let file: Vec<_> = (0..random.below(9)).map(|_| random_row(&mut random, &model, &strays)).collect();
                let policy = POLICIES[random.below(3)];
                let text = random_text(&file);
                let expected = model.import(policy, file);
                let found = take(&client, "people", policy, &text).await;
                assert_eq!(found, expected, "case {case}, {policy}\n{text}\n{model:#?}");
                model.check(&client, &format!("case {case}, {policy}\n{text}")).await;
            }
        }
    }
}

/// The rules for people, row after row, as simply as they can be written.
#[derive(Debug, Default)]
struct Model {
    people: Vec<ModelPerson>,
}

/// A person of the model, or a row of a file: what it says in each of [`COLUMNS`], and its categories.
#[derive(Clone, Debug, Default)]
struct ModelPerson {
    /// Of a person the id, as the database has given it; of a row the one that it bears, or an empty text.
    id: String,
    cells: [String; 5],
    categories: BTreeSet<String>,
    /// The id of the row of the running file that made or met the person.
    met_by: Option<String>,
}

const COLUMNS: [&str; 5] = ["name", "company", "email", "phone", "title"];

impl Model {
    fn import(&mut self, policy: &str, file: Vec<ModelPerson>) -> String {
        let mut counts = [0; 5];
        for person in &mut self.people {
            person.met_by = None;
        }
        for row in file {
            counts[self.row(policy, row)] += 1;
        }
        said(counts)
    }

    /// The index in [`OUTCOMES`] of what becomes of a row.
    fn row(&mut self, policy: &str, row: ModelPerson) -> usize {
        let [name, company, email, phone, _] = &row.cells;
        if [name, company, email, phone].iter().all(|cell| cell.is_empty()) {
            return 4;
        }
        let Some(found) = self.find(&row) else {
            self.people.push(ModelPerson { id: String::new(), met_by: Some(row.id.clone()), ..row });
            return 0;
        };
        let person = &mut self.people[found];
        if person.met_by.as_ref().is_some_and(|met_by| !differ(met_by, &row.id)) {
            return 3;
        }
        person.met_by = Some(row.id.clone());
        let mut cells = person.cells.clone();
        for (cell, new) in cells.iter_mut().zip(&row.cells) {
            if !new.is_empty() && (cell.is_empty() || policy != "merge") {
                cell.clone_from(new);
            }
        }
        if cells == person.cells && row.categories.is_subset(&person.categories) {
            return 2;
        }
        if policy == "ignore" {
            return 3;
        }
        person.cells = cells;
        person.categories.extend(row.categories);
        1
    }

    fn find(&self, row: &ModelPerson) -> Option<usize> {
        let same = |column: usize, person: &ModelPerson| folded(&person.cells[column]) == folded(&row.cells[column]);
        let by_id = self.people.iter().position(|person| !row.id.is_empty() && person.id == row.id);
        let free = |person: &ModelPerson| !person.met_by.as_ref().is_some_and(|met_by| differ(met_by, &row.id));
        let with_email = || {
            let alike = self.people.iter().enumerate().filter(|(_, person)| free(person) && same(2, person));
            let best = alike.min_by_key(|(_, person)| (!same(0, person), !same(1, person)));
            best.map(|(index, _)| index).filter(|_| !row.cells[2].is_empty())
        };
        let with_name = || {
            let alike = |person: &ModelPerson| {
                same(0, person) && same(1, person) && (row.cells[2].is_empty() || person.cells[2].is_empty())
            };
            let named = !row.cells[0].is_empty() || !row.cells[1].is_empty();
            self.people.iter().position(|person| named && free(person) && alike(person))
        };
        by_id.or_else(with_email).or_else(with_name)
    }

    /// The database holds what the model holds. Learns the ids of new people, who stand at the end.
    async fn check(&mut self, client: &Client, said: &str) {
        let found: Vec<_> = records(client, "people").await;
        let shown = |person: &Value| {
            let cells = COLUMNS.map(|column| person[column].as_str().unwrap_or_default().to_owned());
            let categories = person["categories"].as_array().expect("a list").iter();
            let categories: BTreeSet<_> = categories.map(|name| folded(name.as_str().expect("a name"))).collect();
            (cells, categories)
        };
        let expected: Vec<_> =
            self.people.iter().map(|person| (person.cells.clone(), person.categories.clone())).collect();
        assert_eq!(found.iter().map(shown).collect::<Vec<_>>(), expected, "{said}");
        for (person, found) in self.people.iter_mut().zip(&found) {
            found["id"].as_str().expect("an id").clone_into(&mut person.id);
        }
    }
}

/// Whether two rows bear different ids; a row without one may repeat any other.
fn differ(one: &str, other: &str) -> bool {
    !one.is_empty() && !other.is_empty() && one != other
}

/// Folding, as far as the alphabet of the random files needs it.
fn folded(text: &str) -> String {
    text.to_lowercase().replace('ä', "a")
}

/// Marsaglia's xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from((self.0 >> 33) % end as u64).expect("less than end")
    }

    fn of(&mut self, choices: &[&str]) -> String {
        choices[self.below(choices.len())].to_owned()
    }
}

fn random_row(random: &mut Random, model: &Model, strays: &[String]) -> ModelPerson {
    let id = match random.below(4) {
        0 => strays[random.below(strays.len())].clone(),
        1 if !model.people.is_empty() => model.people[random.below(model.people.len())].id.clone(),
        _ => String::new(),
    };
    let cells = [
        random.of(&["", "Ann", "ÄNN", "Bob"]),
        random.of(&["", "", "Acme"]),
        random.of(&["", "x@e.example", "X@E.example", "y@e.example"]),
        random.of(&["", "", "1", "2"]),
        random.of(&["", "CEO", "CTO"]),
    ];
    let categories = [random.of(&["", "", "a"]), random.of(&["", "b"])];
    let categories = categories.into_iter().filter(|name| !name.is_empty()).collect();
    ModelPerson { id, cells, categories, met_by: None }
}

/// The rows as CSV; the country keeps a row from being blank, and does not make it a person.
fn random_text(file: &[ModelPerson]) -> String {
    let mut text = format!("country,id,{},categories\n", COLUMNS.join(","));
    for ModelPerson { id, cells, categories, .. } in file {
        let categories: Vec<_> = categories.iter().map(String::as_str).collect();
        text += &format!("Utopia,{id},{},{}\n", cells.join(","), categories.join(" ::: "));
    }
    text
}

// ------------------------------------------------------------------------------------------------- Helpers

const OUTCOMES: [&str; 5] = ["created", "updated", "unchanged", "skipped", "failed"];

/// What a receipt counts, such as `2 created, 1 failed`, after a check that it adds up.
pub(crate) fn summary(receipt: &Value) -> String {
    let counts = OUTCOMES.map(|outcome| receipt[outcome].as_u64().expect("a number"));
    assert_eq!(receipt["read"], counts.iter().sum::<u64>(), "{receipt:#}");
    assert_eq!(receipt["status"], "applied");
    said(counts)
}

fn said(counts: [u64; 5]) -> String {
    let counted = counts.into_iter().zip(OUTCOMES).filter(|(count, _)| *count > 0);
    counted.map(|(count, outcome)| format!("{count} {outcome}")).collect::<Vec<_>>().join(", ")
}

/// The errors or skips of a receipt as `row, line, field: reason`.
fn notes(list: &Value) -> Vec<String> {
    let note = |note: &Value| {
        let field = note["field"].as_str().map(|field| format!(", {field}")).unwrap_or_default();
        format!("{}, {}{field}: {}", note["row"], note["line"], note["reason"].as_str().expect("a reason"))
    };
    list.as_array().expect("a list").iter().map(note).collect()
}

fn rows(list: &Value) -> Vec<u64> {
    list.as_array().expect("a list").iter().map(|note| note["row"].as_u64().expect("a number")).collect()
}

/// Imports CSV into a section under a policy, and gives the [`summary`].
async fn take(client: &Client, section: &str, policy: &str, csv: &str) -> String {
    let path = format!("/import/{section}?format=csv&duplicates={policy}");
    summary(&client.import(&path, csv.to_owned()).await)
}

/// The status, the code and the message of an import that is refused.
async fn refused(client: &Client, path: &str, body: Vec<u8>) -> (StatusCode, String, String) {
    let request = client.request(Method::POST, &format!("/import/{path}")).body(body);
    let response = request.send().await.expect("the server answers");
    let status = response.status();
    let answer: Value = response.json().await.expect("the answer is JSON");
    let text = |name: &str| answer["error"][name].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned();
    (status, text("code"), text("message"))
}

/// The people in the order in which they were made, through GraphQL: what they have, without ids and times.
pub(crate) async fn people(client: &Client) -> Vec<Value> {
    let document = format!("{{ people(orderBy: CREATED_ASC, first: 50) {{ totalCount nodes {{ {PERSON} }} }} }}");
    nodes(&client.graphql(&document, json!({})).await["people"])
}

/// The transactions of a stage in the order in which they were made, with their people, likewise.
async fn transactions(client: &Client, stage: &str) -> Vec<Value> {
    let document = format!(
        "query($stage: Stage!) {{ transactions(stage: $stage, orderBy: CREATED_ASC, first: 20) {{ totalCount nodes {{
            stage value probability moreInfo categories {{ name }} person {{ {PERSON} }} }} }} }}"
    );
    nodes(&client.graphql(&document, json!({ "stage": stage })).await["transactions"])
}

const PERSON: &str = "name company title email phone mobile fax url address city state zip country notes
    categories { name }";

/// The nodes of a connection that has no further page, without what is empty.
fn nodes(connection: &Value) -> Vec<Value> {
    let nodes = connection["nodes"].as_array().expect("a list");
    assert_eq!(connection["totalCount"], nodes.len(), "one page is enough");
    nodes.iter().map(filled).collect()
}

/// An object without what is empty in it, and with the names of its categories.
fn filled(node: &Value) -> Value {
    let mut filled = json!({});
    for (field, value) in node.as_object().expect("an object") {
        filled[field] = match value {
            Value::Array(list) if !list.is_empty() => list.iter().map(|category| category["name"].clone()).collect(),
            Value::Object(_) => self::filled(value),
            Value::Array(_) | Value::Null => continue,
            value => value.clone(),
        };
    }
    filled
}

async fn categories(client: &Client) -> Vec<String> {
    let data = client.graphql("{ categories { nodes { name } } }", json!({})).await;
    let nodes = data["categories"]["nodes"].as_array().expect("a list");
    nodes.iter().map(|category| category["name"].as_str().expect("a name").to_owned()).collect()
}

/// The records of a section in the order in which they were made, as the export has them.
async fn records(client: &Client, section: &str) -> Vec<Value> {
    let text = client.download(&format!("/export/{section}.json?sort=created")).await;
    serde_json::from_str(&text).expect("an array")
}

async fn ids(client: &Client, section: &str) -> Vec<String> {
    records(client, section).await.iter().map(|record| record["id"].as_str().expect("an id").to_owned()).collect()
}

/// What the records of a section say without what every account gives anew, sorted.
pub(crate) async fn contents(client: &Client, section: &str) -> Vec<String> {
    let mut records = records(client, section).await;
    for record in &mut records {
        let record = record.as_object_mut().expect("an object");
        record.retain(|field, _| !matches!(&**field, "id" | "personId" | "createdAt" | "updatedAt"));
    }
    let mut texts: Vec<_> = records.iter().map(Value::to_string).collect();
    texts.sort();
    texts
}

/// The records of all sections as CSV, with ids and times and without the header.
async fn everything(client: &Client) -> Vec<String> {
    let mut all = Vec::new();
    for (section, _) in SECTIONS {
        let text = client.download(&format!("/export/{section}.csv")).await;
        all.push(text.split_once("\r\n").expect("a header").1.to_owned());
    }
    all
}

async fn create_person(client: &Client, input: Value) -> String {
    let document = "mutation($input: CreatePersonInput!) { createPerson(input: $input) { person { id } } }";
    let data = client.graphql(document, json!({ "input": input })).await;
    data["createPerson"]["person"]["id"].as_str().expect("an id").to_owned()
}

async fn create_transaction(client: &Client, input: Value) -> String {
    let document =
        "mutation($input: CreateTransactionInput!) { createTransaction(input: $input) { transaction { id } } }";
    let data = client.graphql(document, json!({ "input": input })).await;
    data["createTransaction"]["transaction"]["id"].as_str().expect("an id").to_owned()
}

/// An id of the right form that no account has.
fn stray(kind: &str) -> String {
    format!("{kind}_{}", Uuid::now_v7().simple())
}

/// Fills an account with people and transactions that are hard to write down and to tell apart.
pub(crate) async fn make_lively(client: &Client) {
    let mut made = Vec::new();
    for person in [
        json!({
            "name": "Zoë \"Zed\" Østergaard, PhD", "company": "=1+1; \"Æble\", Ltd.", "title": "@CEO", "email": "Zoë@Example.com",
            "phone": "+49 221 1", "mobile": "-170 2", "fax": "\t3", "url": "https://example.com/?a=1&b=2#c",
            "address": "Große Straße 1\r\nHinterhaus\n\nStiege 2", "city": "Köln", "state": "NRW", "zip": "01234",
            "country": "Österreich", "notes": " =1+1\r\n\"quoted\", 🎉 and\ta tab;\rlone CR\u{2028}\nend \n",
            "categories": ["Friends, family", "VIP; \"gold\"", "=1+1", "a:::b", "* starred"],
        }),
        json!({ "company": "Company only" }),
        json!({ "email": "email.only@example.com", "categories": ["vip; \"gold\""] }),
        json!({ "phone": "01" }),
        json!({ "mobile": "02", "notes": "\n" }),
        json!({ "name": "Bob", "email": "info@shared.example" }),
        json!({ "name": "Cyd", "email": "INFO@shared.example" }),
        json!({ "name": "Dee", "company": "One", "email": "info@shared.example" }),
        json!({ "name": "Dee", "company": "Two", "email": "info@shared.example", "title": "=HYPERLINK(\"x\")" }),
        json!({ "name": "Eve", "company": "Acme", "notes": "the first" }),
        json!({ "name": "Eve", "company": "Acme", "notes": "the second" }),
        json!({ "name": "Eve", "company": "Acme", "email": "eve@example.com" }),
        json!({ "name": "Two\nlines", "address": " " }),
    ] {
        made.push(create_person(client, person).await);
    }
    let (zoe, company, email, bob, cyd, dee, eve) = (0, 1, 2, 5, 6, 8, 11);
    for (stage, person, value, probability, more_info) in [
        ("LEAD", zoe, "1234.5", "0.25", Some("=1+1\r\n\"why\", 🎉\n")),
        ("LEAD", zoe, "0.0001", "1", None),
        ("LEAD", bob, "0", "0", Some("Bob's")),
        ("LEAD", cyd, "0", "0", Some("Cyd's")),
        ("LEAD", dee, "0", "0", Some("the second Dee's")),
        ("OPPORTUNITY", zoe, "-3.5", "0.9999", None),
        ("OPPORTUNITY", company, "5000", "0.5", None),
        ("OPPORTUNITY", dee, "7", "0.07", None),
        ("CUSTOMER", eve, "99999999999.9999", "1", Some("+")),
        ("CUSTOMER", email, "1", "0", Some("-")),
        ("ARCHIVE", cyd, "2", "0.2", None),
        ("ARCHIVE", cyd, "2", "0.2", None),
    ] {
        let input = json!({
            "stage": stage, "value": value, "probability": probability, "moreInfo": more_info,
            "personId": made[person], "categories": ["Fair, 2026", "a;b"],
        });
        create_transaction(client, input).await;
    }
}

/// The header of Outlook's "Comma Separated Values (Windows)" in English.
pub(crate) const OUTLOOK: &str = "Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,\
    Business Street 2,Business Street 3,Business City,Business State,Business Postal Code,Business Country/Region,\
    Home Street,Home Street 2,Home Street 3,Home City,Home State,Home Postal Code,Home Country/Region,Other Street,\
    Other Street 2,Other Street 3,Other City,Other State,Other Postal Code,Other Country/Region,Assistant's Phone,\
    Business Fax,Business Phone,Business Phone 2,Callback,Car Phone,Company Main Phone,Home Fax,Home Phone,\
    Home Phone 2,ISDN,Mobile Phone,Other Fax,Other Phone,Pager,Primary Phone,Radio Phone,TTY/TDD Phone,Telex,Account,\
    Anniversary,Assistant's Name,Billing Information,Birthday,Business Address PO Box,Categories,Children,\
    Directory Server,E-mail Address,E-mail Type,E-mail Display Name,E-mail 2 Address,E-mail 2 Type,\
    E-mail 2 Display Name,E-mail 3 Address,E-mail 3 Type,E-mail 3 Display Name,Gender,Government ID Number,Hobby,\
    Home Address PO Box,Initials,Internet Free Busy,Keywords,Language,Location,Manager's Name,Mileage,Notes,\
    Office Location,Organizational ID Number,Other Address PO Box,Priority,Private,Profession,Referred By,Sensitivity,\
    Spouse,User 1,User 2,User 3,User 4,Web Page";

/// A file as Outlook exports it: a byte order mark, 92 columns, its words for "nothing" in every row.
pub(crate) fn outlook() -> String {
    let nothing = [
        ("Anniversary", "0/0/00"),
        ("Birthday", "0/0/00"),
        ("Gender", "Unspecified"),
        ("Priority", "Normal"),
        ("Private", "False"),
        ("Sensitivity", "Normal"),
    ];
    let people: [&[(&str, &str)]; 3] = [
        &[
            ("First Name", "Zoë"),
            ("Middle Name", "Anna"),
            ("Last Name", "Østergaard"),
            ("Suffix", "Jr."),
            ("Company", "Æble & Co, \"Ltd.\""),
            ("Department", "Sales, North"),
            ("Job Title", "Head of Sales"),
            ("Business Street", "Große Straße 1\r\nHinterhaus"),
            ("Business Street 2", "Stiege 2"),
            ("Business City", "Köln"),
            ("Business State", "NRW"),
            ("Business Postal Code", "01234"),
            ("Business Country/Region", "Germany"),
            ("Business Fax", "+49 221 0000004"),
            ("Business Phone", "+49 221 0000001"),
            ("Home Phone", "+49 221 0000003"),
            ("Mobile Phone", "+49 170 0000002"),
            ("Birthday", "12/24/75"),
            ("Categories", "Key account;Ünique"),
            ("E-mail Address", "Zoë@Example.com"),
            ("E-mail Type", "SMTP"),
            ("E-mail Display Name", "Zoë Østergaard (Zoë@Example.com)"),
            ("E-mail 2 Address", "zoë.privat@example.net"),
            ("Initials", "Z.A.Ø."),
            ("Notes", "line one\r\nline \"two\", with a comma\t🎉"),
            ("Spouse", "Jürgen"),
            ("Web Page", "https://example.com/?a=1&b=2"),
        ],
        &[
            ("First Name", "Jean-François"),
            ("Last Name", "O'Neil"),
            ("E-mail Address", "jf@example.org"),
            ("Primary Phone", "=1+1"),
        ],
        &[("E-mail Address", "nobody@example.com"), ("E-mail Type", "SMTP")],
    ];
    let header: Vec<_> = OUTLOOK.split(',').collect();
    assert_eq!(header.len(), 92);
    let mut file = format!("\u{feff}{OUTLOOK}\r\n");
    for person in people {
        let cell = |column: &&str| {
            let mut given = person.iter().chain(&nothing).filter(|(name, _)| name == column);
            let text = given.next().map_or("", |(_, text)| *text);
            if text.contains([',', '"', '\r', '\n']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        file += &header.iter().map(cell).collect::<Vec<_>>().join(",");
        file += "\r\n";
    }
    file
}
