//! What was exported and is imported again changes nothing.

use harness::on_each_database;
use harness::site::Site;

use super::{POLICIES, SECTIONS, contents, everything, make_lively, records, summary};

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
