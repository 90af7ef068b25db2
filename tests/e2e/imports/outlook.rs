//! A file as Outlook exports it.

use harness::on_each_database;
use harness::site::Site;
use serde_json::json;

use super::{POLICIES, everything, outlook, people, summary, take};

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
