//! Formats: a third party's codec needs nothing but `register`, and every format that exists downloads.

use formats::conformance;
use harness::database::Kind;
use harness::names::Names;
use harness::on_each_database;
use harness::site::Site;
use serde_json::json;

#[test]
fn a_codec_of_a_third_party_obeys_the_law() {
    conformance::check(&Names).expect("all that a third party writes to find out");
}

/// A site whose registry has one more format.
struct SiteWithNames(Site);

impl SiteWithNames {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let mut registry = formats::builtin();
        registry.register(Names).expect("no built-in format is called names");
        Site::with(kind, test, registry, |_| {}).await.map(Self)
    }
}

on_each_database! {
    async fn a_codec_of_a_third_party_downloads(site: SiteWithNames) {
        let client = site.0.client().await;
        client.import("/import/people?format=csv", "name,company\nZoë Østergaard,Æble\n,Nameless Ltd\n").await;
        let response = client.get("/export/people.names").await;
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        let disposition = response.headers()["content-disposition"].to_str().expect("ASCII").to_owned();
        assert_eq!(disposition, "attachment; filename=\"acme-people-2026-05-25.names\"");
        assert_eq!(response.text().await.expect("a text"), "nobody\nZoë Østergaard\n");
        let document = "{ formats { name mediaType extensions writes reads } }";
        let formats = client.graphql(document, json!({})).await["formats"].as_array().cloned().expect("a list");
        let names: Vec<_> = formats.iter().map(|format| format["name"].as_str().expect("a name")).collect();
        assert_eq!(names, ["csv", "json", "ndjson", "vcard", "google-contacts", "addresses", "icalendar", "xlsx", "names"]);
        let own = formats.last().expect("a format");
        assert_eq!(own["extensions"], json!(["names"]));
        assert_eq!((&own["writes"], &own["reads"]), (&json!(["people"]), &json!([])));
        // By Accept as well, and only what it can do.
        let request = client.request(reqwest::Method::GET, "/export/people").header("accept", "text/plain");
        assert_eq!(request.send().await.expect("an answer").text().await.expect("a text"), "nobody\nZoë Østergaard\n");
        assert_eq!(client.get("/export/leads.names").await.status(), 415);
        let upload = client.request(reqwest::Method::POST, "/import/people?format=names").body("Jane\n");
        assert_eq!(upload.send().await.expect("an answer").status(), 415);
    }

    async fn every_format_downloads_every_section_that_it_says_it_encodes(site: Site) {
        let client = site.client().await;
        let person = json!({ "input": { "stage": "LEAD", "person": { "name": "Jane", "email": "jane@example.com" } } });
        let create = "mutation($input: CreateTransactionInput!) { createTransaction(input: $input) { transaction { id } } }";
        client.graphql(create, person).await;
        let mut cells = 0;
        for codec in site.engine.formats().iter() {
            let descriptor = codec.descriptor();
            for section in descriptor.encodes {
                let path = format!("/export/{section}.{}", descriptor.extensions[0]);
                let response = client.get(&path).await;
                assert_eq!(response.status(), 200, "{path}");
                assert_eq!(response.headers()["content-type"], descriptor.media_type, "{path}");
                let text = response.text().await.expect("a text");
                let filled = matches!(section, formats::Section::People | formats::Section::Leads);
                assert_eq!(text.contains("Jane"), filled, "{path}: {text}");
                cells += 1;
            }
        }
        assert!(cells >= 18, "CSV, JSON and NDJSON write six sections each, and only {cells} cells were tried");
    }
}
