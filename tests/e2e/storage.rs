//! What storage promises beneath GraphQL: migrations under a lock, one writer path, units of work that are whole.

use std::sync::Arc;

use harness::database::{Kind, empty, migrated};
use harness::on_each_database;
use storage::query::accounts::{self, NewAccount};
use storage::query::people::{self, NewPerson, PersonEdit};
use storage::query::users::{NewUser, Role};
use storage::query::{categories, tokens};
use storage::{Actor, Contact, Error, Order, PageRequest, Pool, Reader, Storage, Timestamp, View, Writer};
use uuid::Uuid;

/// A migrated database with one account.
struct Account {
    storage: Storage,
    reader: Reader,
    writer: Writer,
}

impl Account {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let storage = migrated(kind, test).await?;
        let account = new_account(&storage, "acme").await.expect("a new account");
        let (reader, writer) = (storage.reader(account), storage.writer(account, Actor::System, now()));
        Some(Self { storage, reader, writer })
    }
}

/// The URL of an empty database.
struct Url(String);

impl Url {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        match kind {
            // A file that several connections share, as several processes would.
            Kind::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder").keep();
                Some(Self(format!("sqlite://{}/shared.db", folder.display())))
            }
            Kind::Postgres => empty(kind, test).await.map(Self),
        }
    }
}

impl Drop for Url {
    fn drop(&mut self) {
        if let Some(folder) = self.0.strip_prefix("sqlite://").and_then(|file| std::path::Path::new(file).parent()) {
            // What is left in the temporary folder harms nobody.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

on_each_database! {
    async fn migrations_go_up_and_down_and_say_where_they_are(url: Url) {
        let storage = Storage::connect(&url.0, Pool::default()).await.expect("a connection");
        let applied = async || -> Vec<bool> {
            storage.migrations().await.expect("a list").iter().map(|migration| migration.applied).collect()
        };
        let count = u32::try_from(applied().await.len()).expect("few migrations");
        assert!(count > 0 && applied().await.iter().all(|applied| !applied), "an empty database has none");
        for _ in 0..2 {
            storage.migrate().await.expect("up");
            assert!(applied().await.iter().all(|applied| *applied));
            new_account(&storage, "acme").await.expect("the tables are there");
            storage.migrate_down(count).await.expect("down");
            assert!(applied().await.iter().all(|applied| !applied));
        }
    }

    async fn many_may_migrate_at_once(url: Url) {
        let url = Arc::new(url);
        let starts: Vec<_> = (0..5)
            .map(|_| {
                let url = Arc::clone(&url);
                tokio::spawn(async move {
                    let storage = Storage::connect(&url.0, Pool { postgres: 2, sqlite_readers: 1, ..Pool::default() }).await?;
                    storage.migrate().await?;
                    tokens::signing_keys(&storage, now()).await.map(|keys| keys.len())
                })
            })
            .collect();
        for start in starts {
            let keys = start.await.expect("no panic").expect("every one of them succeeds");
            assert!(keys >= 1);
        }
    }

    async fn concurrent_writers_lose_nothing(account: Account) {
        let person = people::create(&account.writer, named("Counter")).await.expect("a person");
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (writer, id) = (account.writer.clone(), person.id);
                tokio::spawn(async move {
                    for _ in 0..10 {
                        let change = PersonEdit { id, version: None, categories: None, custom_values: Vec::new() };
                        people::update(&writer, change, |contact| {
                            let count: u32 = contact.notes.as_deref().unwrap_or("0").parse().expect("a number");
                            contact.notes = Some((count + 1).to_string());
                        })
                        .await?;
                    }
                    Ok::<(), Error>(())
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic").expect("no writer is turned away");
        }
        let person = people::by_ids(&account.reader, &[person.id]).await.expect("an answer").remove(0);
        assert_eq!((person.notes.as_deref(), person.version), (Some("80"), 81));
    }

    async fn moving_a_transaction_and_renaming_its_person_at_once_lose_nothing(account: Account) {
        use storage::query::transactions::{self, NewTransaction, PersonRef, Stage, Terms};
        let person = people::create(&account.writer, named("Jane")).await.expect("a person");
        let mut transactions = Vec::new();
        for _ in 0..8 {
            let person = PersonRef::Id(person.id);
            let terms = Terms::default();
            let new = NewTransaction {
                person,
                stage: Stage::Lead,
                terms,
                managers: Vec::new(),
                categories: Vec::new(),
                custom_values: Vec::new(),
                event_template: None,
            };
            transactions.push(transactions::create(&account.writer, new).await.expect("a transaction").id);
        }
        let moves: Vec<_> = transactions
            .iter()
            .map(|id| {
                let (writer, id) = (account.writer.clone(), *id);
                tokio::spawn(async move { transactions::move_to(&writer, id, Stage::Customer, Some(1)).await })
            })
            .collect();
        for number in 0..8 {
            let change = PersonEdit { id: person.id, version: None, categories: None, custom_values: Vec::new() };
            let renamed = people::update(&account.writer, change, |contact| contact.name = Some(format!("Jane {number}"))).await;
            renamed.expect("a change");
        }
        for moved in moves {
            moved.await.expect("no panic").expect("nobody else moves it");
        }
        for transaction in transactions::by_ids(&account.reader, &transactions).await.expect("an answer") {
            assert_eq!((transaction.stage, transaction.version, &*transaction.sort_key), (Stage::Customer, 2, "jane 7"));
        }
    }

    async fn a_transaction_that_was_read_has_its_person_though_both_are_deleted_since(account: Account) {
        let person = people::create(&account.writer, named("Jane")).await.expect("a person").id;
        let other = new_account(&account.storage, "other").await.expect("a new account");
        people::delete(&account.writer, person, None).await.expect("she is there");
        assert!(people::by_ids(&account.reader, &[person]).await.expect("an answer").is_empty());
        let found = people::of_transactions(&account.reader, &[person]).await.expect("an answer");
        assert_eq!(found.len(), 1);
        let others = account.storage.reader(other);
        assert!(people::of_transactions(&others, &[person]).await.expect("an answer").is_empty());
    }

    async fn an_address_in_several_accounts_is_found_in_each(account: Account) {
        for subdomain in ["b", "c"] {
            new_account(&account.storage, subdomain).await.expect("a new account");
        }
        let address = "admin@acme.example";
        let found = storage::query::users::accounts_of(&account.storage, address).await.expect("an answer");
        assert_eq!(found.len(), 3);
        for subdomain in ["d", "e", "f"] {
            new_account(&account.storage, subdomain).await.expect("a new account");
        }
        let error = storage::query::users::accounts_of(&account.storage, address).await.expect_err("too many");
        assert!(error.to_string().contains("X-Cairn-Account"), "{error}");
    }

    async fn a_category_that_two_make_at_once_is_one(account: Account) {
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let writer = account.writer.clone();
                let new = NewPerson { categories: vec!["Press".to_owned(), "PRESS ".to_owned()], ..named(&format!("P{number}")) };
                tokio::spawn(async move { people::create(&writer, new).await.map(|person| person.id) })
            })
            .collect();
        let mut ids = Vec::new();
        for task in tasks {
            ids.push(task.await.expect("no panic").expect("a person"));
        }
        assert_eq!(categories::count(&account.reader).await.expect("a count"), 1);
        let found = categories::of_items(&account.reader, &ids).await.expect("an answer");
        assert!(ids.iter().all(|id| found[id].len() == 1));
    }

    async fn a_refused_unit_of_work_leaves_nothing(account: Account) {
        let bad = NewPerson { categories: vec!["Made".to_owned(), "x".repeat(501)], ..named("Jane") };
        let error = people::create(&account.writer, bad).await.expect_err("a name of 501 characters");
        assert!(matches!(error, Error::Invalid { field: Some("categories"), .. }), "{error:?}");
        let people = people::count(&account.reader, &View::default()).await.expect("a count");
        assert_eq!((people, categories::count(&account.reader).await.expect("a count")), (0, 0));
    }

    async fn a_dropped_unit_of_work_leaves_nothing_and_the_writer_goes_on(account: Account) {
        use storage::import::{Duplicates, Import, Incoming, Policy, Target};
        let policy = Policy::new(Target::People, Duplicates::Ignore);
        let mut import = Import::rehearse(&account.writer, policy).await.expect("an import");
        let row = Incoming { row: 1, contact: named("Jane").contact, ..Incoming::default() };
        let row = import.checker().check(row).expect("a good row");
        import.rows(vec![row]).await.expect("a row");
        drop(import);
        people::create(&account.writer, named("Next")).await.expect("the writer is free again");
        let page = people::list(&account.reader, &View::default(), Order::default(), &PageRequest::first(9, None)).await;
        let names: Vec<_> = page.expect("a page").items.into_iter().map(|person| person.name).collect();
        assert_eq!(names, [Some("Next".to_owned())]);
    }

    async fn order_and_search_agree_on_both_databases(account: Account) {
        for name in ["émile", "Zoë", "eMil", "Ångström", "z", "Éa", "1", "_", "Ω", "ß", "日本"] {
            people::create(&account.writer, named(name)).await.expect("a person");
        }
        let page = people::list(&account.reader, &View::default(), Order::default(), &PageRequest::first(99, None)).await;
        let names: Vec<_> = page.expect("a page").items.into_iter().filter_map(|person| person.name).collect();
        assert_eq!(names, ["1", "_", "Ångström", "Éa", "eMil", "émile", "ß", "z", "Zoë", "Ω", "日本"]);
    }

    async fn subdomains_and_addresses_are_taken_once(account: Account) {
        let again = new_account(&account.storage, "acme").await.expect_err("the subdomain is taken");
        assert!(matches!(again, Error::Conflict { .. }), "{again:?}");
        for wrong in ["", "Acme", "a.b", "-a", "a-", &"x".repeat(64)] {
            let error = new_account(&account.storage, wrong).await.expect_err("no subdomain");
            assert!(matches!(error, Error::Invalid { field: Some("subdomain"), .. }), "{wrong}: {error:?}");
        }
        let user = storage::query::users::create(&account.writer, admin("ADMIN@acme.example")).await;
        assert!(matches!(user, Err(Error::Conflict { .. })), "{user:?}");
    }
}

#[tokio::test]
async fn a_url_of_another_database_is_refused_with_what_would_be_right() {
    for url in ["mysql://localhost/x", "cairn.db", ""] {
        let error = Storage::connect(url, Pool::default()).await.expect_err("no database of ours");
        assert!(error.to_string().contains("sqlite://cairn.db"), "{url}: {error}");
    }
}

fn now() -> Timestamp {
    Timestamp::from_microseconds(1_779_710_400_000_000)
}

fn named(name: &str) -> NewPerson {
    NewPerson { contact: Contact { name: Some(name.to_owned()), ..Contact::default() }, ..NewPerson::default() }
}

fn admin(email: &str) -> NewUser {
    NewUser { email: email.to_owned(), name: String::new(), role: Role::Admin, password_hash: "none".to_owned() }
}

async fn new_account(storage: &Storage, subdomain: &str) -> Result<Uuid, Error> {
    let new = NewAccount { subdomain: subdomain.to_owned(), name: subdomain.to_owned(), time_zone: "UTC".to_owned() };
    let admin = admin("admin@acme.example");
    accounts::create(storage, new, admin, now()).await.map(|(account, _)| account.account_id)
}
