//! Every statement about an account names it as a constant, so that on Citus one shard answers. The harness reads the statements of every
//! test on PostgreSQL; here it is seen that it reads them.

use harness::on_each_database;
use harness::site::Site;
use serde_json::json;

on_each_database! {
    async fn the_statements_of_a_site_are_read(site: Site) {
        let client = site.client().await;
        let file = "name,email,city,categories\nAda,ada@x.example,Rome,Fair\nBob,bob@x.example,Rome,\n";
        let receipt = client.import("/import/people?format=csv", file).await;
        let import = receipt["id"].as_str().expect("an id").to_owned();
        let people = "{ people(view: { search: \"city:rome -category:none\" }) { totalCount edges { node { name categories { name }
            events(first: 1) { totalCount } messages(first: 1) { totalCount } transactions(first: 1) { totalCount } } } } }";
        client.graphql(people, json!({})).await;
        for step in ["undoImport", "redoImport"] {
            let input = if step == "undoImport" { "UndoImportInput" } else { "RedoImportInput" };
            let document = format!("mutation($input: {input}!) {{ {step}(input: $input) {{ removed restored }} }}");
            client.graphql(&document, json!({ "input": { "id": import } })).await;
        }
        let seen = site.seen.take();
        if !site.storage().is_sqlite() {
            assert!(seen.statements > 60 && seen.subqueries > 15, "{} and {}", seen.statements, seen.subqueries);
        }
        assert!(seen.wrong.is_empty(), "{:#?}", seen.wrong);
    }
}
