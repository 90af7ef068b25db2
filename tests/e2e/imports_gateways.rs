//! Several gateways on one database: an import runs once, and goes on or is noted down where its process is killed.

use std::sync::Arc;

use harness::client::Client;
use harness::on_each_database;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::imports::summary;
use crate::imports_doors::{client_of, many_people, running, until};
use crate::imports_plan::{path, steps};
use crate::program::Desk;

on_each_database! {
    async fn eight_clients_at_two_gateways_import_one_file_once(desk: Desk) {
        let desk = desk.with_account();
        let (one, other) = (desk.serve(&[]), desk.serve(&[]));
        let (one, other) = (client_of(&one).await, client_of(&other).await);
        let (file, barrier) = (Arc::new(many_people(4_000)), Arc::new(Barrier::new(8)));
        let imports = (0..8).map(|number| {
            let client = if number % 2 == 0 { one.clone() } else { other.clone() };
            let (file, barrier) = (Arc::clone(&file), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                client.import("/import/people", file.as_bytes().to_vec()).await
            })
        });
        let mut receipts = Vec::new();
        for import in imports.collect::<Vec<_>>() {
            receipts.push(import.await.expect("no panic"));
        }
        assert_eq!(summary(&receipts[0]), "4000 created");
        assert!(receipts.iter().all(|receipt| *receipt == receipts[0]), "{receipts:#?}");
        let ninth = other.import("/import/people", file.as_bytes().to_vec()).await;
        assert_eq!(summary(&ninth), "4000 unchanged");
        let count = one.graphql("{ people { totalCount } imports { totalCount } }", json!({})).await;
        assert_eq!(count, json!({ "people": { "totalCount": 4_000 }, "imports": { "totalCount": 2 } }));
    }

    async fn a_gateway_takes_over_from_one_that_is_killed(desk: Desk) {
        let desk = desk.with_account();
        let (first, second) = (desk.serve(&[]), desk.serve(&[]));
        let (one, other) = (client_of(&first).await, client_of(&second).await);
        let file = many_people(20_000);
        begin(&one, &file);
        let id = running(&one).await;
        // As with SIGKILL.
        drop(first);
        let receipt = other.import("/import/people", file).await;
        assert_eq!((summary(&receipt), &receipt["id"]), ("20000 created".to_owned(), &json!(id)));
        assert_eq!(other.graphql("{ imports { totalCount } }", json!({})).await["imports"]["totalCount"], 1);
    }

    async fn an_import_of_another_gateway_can_be_stopped_where_the_database_lets_it(desk: Desk) {
        let desk = desk.with_account();
        let (first, second) = (desk.serve(&[]), desk.serve(&[]));
        let (one, other) = (client_of(&first).await, client_of(&second).await);
        begin(&one, &many_people(60_000));
        let import = json!({ "id": running(&one).await });
        if desk.database.starts_with("sqlite") {
            // Its process has the one writer. One that is gone stands in nobody's way.
            drop(first);
        }
        let (status, receipt) = steps(&other, &import, "cancel").await;
        assert_eq!((status, &receipt["status"]), (StatusCode::OK, &json!("cancelled")), "{receipt:#}");
        assert_eq!(other.graphql("{ people { totalCount } }", json!({})).await["people"]["totalCount"], 0);
    }

    async fn an_import_that_nobody_runs_any_more_is_noted_down(desk: Desk) {
        let desk = desk.with_account();
        let first = desk.serve(&[]);
        let one = client_of(&first).await;
        begin(&one, &many_people(20_000));
        let import = json!({ "id": running(&one).await });
        drop(first);
        // It sweeps when it starts.
        let second = desk.serve(&[]);
        let other = client_of(&second).await;
        until(async || {
            let receipt: Value = serde_json::from_str(&other.download(&path(&import, "")).await).expect("JSON");
            (receipt["status"] == "interrupted").then_some(())
        }).await;
        assert_eq!(other.graphql("{ people { totalCount } }", json!({})).await["people"]["totalCount"], 0);
        let cancelled = other.request(Method::POST, &path(&import, "cancel")).send().await.expect("an answer");
        assert_eq!(cancelled.status(), StatusCode::OK);
    }
}

/// Begins an import whose answer nobody gets.
fn begin(client: &Client, file: &str) {
    let request = client.request(Method::POST, "/import/people").body(file.to_owned());
    tokio::spawn(request.send());
}
