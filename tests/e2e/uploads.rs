//! Files that wait for an import that nobody applies: how many there may be, and how room is made.

use std::sync::Arc;

use harness::client::Client;
use harness::database::{Kind, empty};
use harness::on_each_database;
use harness::site::Site;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use storage::query::accounts::{self, NewAccount};
use storage::query::uploads::{self, Allowance, Purpose, Quota};
use storage::query::users::{NewUser, Role};
use storage::{Actor, Error, Pool, Storage, Timestamp};
use tempfile::TempDir;
use tokio::sync::Barrier;

use crate::imports_plan::{steps, text};

/// A site where three files of a user may wait, five of an account, and not many bytes.
struct Narrow(Site);

impl Narrow {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let configure = |config: &mut gateway::config::Config| {
            let limits = &mut config.limits;
            (limits.uploads_per_user, limits.uploads_per_account) = (3, 5);
            (limits.upload_bytes_per_user, limits.upload_bytes_per_account) = (1_000_000, 1_500_000);
        };
        Site::with(kind, test, formats::builtin(), configure).await.map(Self)
    }
}

/// The URL of a migrated database with one account, and its id.
struct Shared {
    url: String,
    account: uuid::Uuid,
    _folder: TempDir,
}

impl Shared {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}/shared.db", folder.path().display()),
            Kind::Postgres => empty(kind, test).await?,
        };
        let storage = Storage::connect(&url, Pool::default()).await.expect("a connection");
        storage.migrate().await.expect("an empty database can be migrated");
        let new = NewAccount { subdomain: "acme".into(), name: "Acme".into(), time_zone: "UTC".into() };
        let admin = NewUser {
            email: "admin@acme.example".into(),
            name: String::new(),
            role: Role::Admin,
            password_hash: String::new(),
        };
        let (account, _) = accounts::create(&storage, new, admin, now()).await.expect("a new account");
        Some(Self { url, account: account.account_id, _folder: folder })
    }
}

on_each_database! {
    async fn no_more_files_wait_than_a_user_and_an_account_may_have(site: Narrow) {
        let site = site.0;
        for email in ["member@acme.example", "third@acme.example"] {
            site.add_user("acme", email, Role::Member).await;
        }
        let (admin, member) = (site.client().await, site.client_of("member@acme.example").await);
        let upload = admin.import("/uploads", "name\nAnn\n").await;
        let plan = admin.import("/import/people?mode=plan", "name\nAnn\n").await;
        let other = admin.import("/import/people?mode=plan", "name\nBob\n").await;
        let free = "apply or cancel a plan that waits, or delete an upload (DELETE /uploads/ID), or wait: a file is forgotten a day after it came";
        let of_user = format!("3 of your files wait for their imports, the limit uploads_per_user: {free}");
        for path in ["/uploads", "/import/people?mode=plan"] {
            assert_eq!(refused(&admin, path, "name\nCy\n").await, of_user, "{path}");
        }
        // An upload that waits can be planned, and an import needs no room.
        let plan_it = "mutation($id: ID!) { planImport(input: { upload: $id, section: PEOPLE }) { import { id hash } } }";
        let planned = admin.graphql(plan_it, json!({ "id": upload["id"] })).await["planImport"]["import"].clone();
        admin.import("/import/people", "name\nDi\n").await;
        // Others have their own.
        for _ in 0..2 {
            member.import("/uploads", "name\nAnn\n").await;
        }
        let of_account = format!("5 of the account's files wait for their imports, the limit uploads_per_account: {free}");
        assert_eq!(refused(&member, "/uploads", "x").await, of_account);
        let third = site.client_of("third@acme.example").await;
        assert_eq!(refused(&third, "/uploads", "x").await, of_account);
        // A plan that is cancelled takes its file along, and one that is applied.
        let (status, _) = steps(&admin, &other, "cancel").await;
        assert_eq!(status, StatusCode::OK);
        third.import("/uploads", "x").await;
        refused(&third, "/uploads", "x").await;
        let (status, _) = steps(&admin, &plan, &format!("apply?hash={}", text(&plan["hash"]))).await;
        assert_eq!(status, StatusCode::OK);
        third.import("/uploads", "x").await;
        refused(&third, "/uploads", "x").await;
        // One that somebody sent stays with its plan, and can be deleted once that is given up.
        let path = format!("/uploads/{}", text(&upload["id"]));
        assert_eq!(deleted(&admin, &path).await, StatusCode::CONFLICT);
        let (status, _) = steps(&admin, &planned, "cancel").await;
        assert_eq!(status, StatusCode::OK);
        admin.graphql(plan_it, json!({ "id": upload["id"] })).await;
        let again = admin.graphql("{ imports(first: 1) { nodes { id } } }", json!({})).await["imports"]["nodes"][0].clone();
        steps(&admin, &again, "cancel").await;
        site.add_user("acme", "reader@acme.example", Role::Reader).await;
        let reader = site.client_of("reader@acme.example").await;
        assert_eq!(deleted(&reader, &path).await, StatusCode::FORBIDDEN);
        assert_eq!(deleted(&admin, &path).await, StatusCode::NO_CONTENT);
        assert_eq!(deleted(&admin, &path).await, StatusCode::NOT_FOUND);
        third.import("/uploads", "x").await;
    }

    async fn the_bytes_of_files_that_wait_are_counted_as_they_come(site: Narrow) {
        let site = site.0;
        site.add_user("acme", "member@acme.example", Role::Member).await;
        let (admin, member) = (site.client().await, site.client_of("member@acme.example").await);
        admin.import("/uploads", "x".repeat(700_000)).await;
        let said = refused(&admin, "/uploads", &"x".repeat(300_001)).await;
        assert!(said.starts_with("your files that wait for their imports would have more than 1000000 bytes together, the limit upload_bytes_per_user: "), "{said}");
        let said = refused(&admin, "/import/people?mode=plan", &format!("name\n{}", "Ann\n".repeat(75_000))).await;
        assert!(said.contains("upload_bytes_per_user"), "{said}");
        // Nothing of what was refused stays.
        admin.import("/uploads", "x".repeat(300_000)).await;
        let said = refused(&member, "/uploads", &"x".repeat(500_001)).await;
        assert!(said.starts_with("the account's files that wait for their imports would have more than 1500000 bytes together, the limit upload_bytes_per_account: "), "{said}");
        member.import("/uploads", "x".repeat(500_000)).await;
    }

    async fn two_gateways_count_together(shared: Shared) {
        let quota = Quota {
            user: Allowance { files: 5, bytes: 1_000 },
            account: Allowance { files: 7, bytes: 1_000 },
        };
        let mut gateways = Vec::new();
        for _ in 0..2 {
            gateways.push(Storage::connect(&shared.url, Pool::default()).await.expect("a connection"));
        }
        let writer = |number: usize| gateways[number % 2].writer(shared.account, Actor::System, now());
        let barrier = Arc::new(Barrier::new(16));
        let begun = (0..16).map(|number| {
            let (writer, barrier) = (writer(number), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                uploads::begin(&writer, None, None, Purpose::Any, &quota).await
            })
        });
        let mut ids = Vec::new();
        for begun in begun.collect::<Vec<_>>() {
            match begun.await.expect("no panic") {
                Ok(id) => ids.push(id),
                Err(error) => assert!(matches!(error, Error::Limited { .. }), "{error:?}"),
            }
        }
        assert_eq!(ids.len(), 5);
        let barrier = Arc::new(Barrier::new(15));
        let pieces = (0..15).map(|number| {
            let (writer, barrier, id) = (writer(number), Arc::clone(&barrier), ids[number % 5]);
            tokio::spawn(async move {
                barrier.wait().await;
                let place = i32::try_from(number / 5).expect("a small number");
                uploads::append(&writer, id, place, vec![0; 100], &quota).await
            })
        });
        let mut written = 0;
        for piece in pieces.collect::<Vec<_>>() {
            match piece.await.expect("no panic") {
                Ok(()) => written += 1,
                Err(error) => assert!(matches!(error, Error::Limited { .. }), "{error:?}"),
            }
        }
        assert_eq!(written, 10);
    }
}

/// What is said of a file for which there is no room.
async fn refused(client: &Client, path: &str, body: &str) -> String {
    let response = client.request(Method::POST, path).body(body.to_owned()).send().await.expect("an answer");
    let (status, answer) = (response.status(), response.json::<Value>().await.expect("JSON"));
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("LIMITED")), "{answer:#}");
    text(&answer["error"]["message"]).to_owned()
}

async fn deleted(client: &Client, path: &str) -> StatusCode {
    client.request(Method::DELETE, path).send().await.expect("an answer").status()
}

fn now() -> Timestamp {
    Timestamp::from_microseconds(1_779_710_400_000_000)
}
