//! Undo is exact: any import, in any order, at any later time, and back again.

mod account;
mod model;
mod sequence;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use harness::database::{Kind, migrated};
use harness::on_each_database;
use harness::require::count;
use proptest::test_runner::{Config, TestError, TestRunner};
use storage::import::{
    Announcement, Begun, Duplicates, Import, Incoming, Kept, KeptReason, Policy, Target, announce, preview_undo, redo,
    undo,
};
use storage::query::people;
use storage::query::transactions::Stage;
use storage::{Contact, Error, ItemKind, Storage, View};
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use uuid::Uuid;

use account::{Account, Plan};

/// How many histories a plain `cargo test` tries.
const FEW: u32 = 20;

/// A migrated database without accounts.
struct Database {
    kind: Kind,
    storage: Storage,
}

impl Database {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        Some(Self { kind, storage: migrated(kind, test).await? })
    }
}

on_each_database! {
    async fn any_history_leaves_what_the_model_says(database: Database) {
        let config = Config { cases: count("CAIRN_TEST_HISTORIES", FEW), failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
        let (count, steps, began) = (AtomicUsize::new(0), AtomicUsize::new(0), Instant::now());
        let checked = TestRunner::new(config).run(&sequence::history(), |history| {
            block_in_place(|| Handle::current().block_on(async {
                let number = count.fetch_add(1, Ordering::Relaxed);
                // One account a history, all in one database: making a database takes longer than the history.
                let mut account = Account::new(&database.storage, &format!("a{number}")).await;
                steps.fetch_add(sequence::run(&mut account, &history).await, Ordering::Relaxed);
            }));
            Ok(())
        });
        match checked {
            Ok(()) => {}
            Err(TestError::Fail(reason, history)) => panic!("{reason}\n{history:?}"),
            Err(TestError::Abort(reason)) => panic!("{reason}"),
        }
        println!("{:?}: {count:?} histories, {steps:?} steps, {:.0?}", database.kind, began.elapsed());
    }

    async fn what_somebody_has_edited_since_stays_whole_and_is_named(one: One) {
        let mut account = one.account;
        let import = account.people(&[ada(), bob()], Duplicates::Ignore, &["Press"]).await;
        let (first, _) = account.two();
        account.edit_person(1, first, &edit("city", "Köln"), None).await;
        let before = account.dump().await;
        let report = account.undo(0, import).await;
        let reason = KeptReason::Edited { field: "city".to_owned(), by: Some(account.users[1]), at: account::now() };
        let kept = Kept { item: ItemKind::Person.item(first), name: "Ada - Acme".to_owned(), reason };
        assert_eq!((report.removed, report.restored, report.kept, report.keeps), (1, 0, 1, vec![kept]));
        account.check().await;
        let report = account.redo(0, import).await;
        assert_eq!((report.removed, report.restored, report.kept), (1, 0, 0));
        assert_eq!(account.dump().await, before);
    }

    async fn a_field_that_somebody_has_edited_since_stays_and_the_others_go_back(one: One) {
        let mut account = one.account;
        let id = account.person(0, ada(), &[]).await;
        let row = Contact { city: Some("Rome".to_owned()), phone: Some("1".to_owned()), title: Some("Dr".to_owned()), ..ada() };
        let import = account.people(&[row], Duplicates::Replace, &[]).await;
        account.edit_person(1, id, &edit("city", "Köln"), None).await;
        let report = account.undo(0, import).await;
        let reason = KeptReason::Edited { field: "city".to_owned(), by: Some(account.users[1]), at: account::now() };
        let kept = Kept { item: ItemKind::Person.item(id), name: "Ada - Acme".to_owned(), reason };
        assert_eq!((report.removed, report.restored, report.keeps), (0, 1, vec![kept]));
        let held = ["city", "phone", "title"].map(|field| account.model.value(id, field));
        assert_eq!(held, [Some("Köln".to_owned()), None, None]);
        account.check().await;
    }

    async fn what_a_later_import_changed_is_kept_and_goes_with_that_one(one: One) {
        let mut account = one.account;
        let first = account.people(&[ada()], Duplicates::Ignore, &[]).await;
        let id = account.live(ItemKind::Person)[0];
        let row = Contact { phone: Some("1".to_owned()), ..ada() };
        let second = account.people(&[row, bob()], Duplicates::Merge, &[]).await;
        let report = account.undo(0, first).await;
        let reason = KeptReason::Imported(account.model.imports[second].id);
        let kept = Kept { item: ItemKind::Person.item(id), name: "Ada - Acme".to_owned(), reason };
        assert_eq!((report.removed, report.restored, report.keeps), (0, 0, vec![kept]));
        account.check().await;
        let report = account.undo(0, second).await;
        assert_eq!((report.removed, report.kept), (2, 0), "both of them go");
        account.check().await;
        assert_eq!(account.dump().await, "");
        account.redo(0, second).await;
        account.check().await;
        assert_eq!(account.live(ItemKind::Person).len(), 2);
    }

    async fn what_stays_is_named_though_as_many_others_go(one: One) {
        let mut account = one.account;
        let first = account.people(&[ada()], Duplicates::Ignore, &[]).await;
        let row = Contact { phone: Some("1".to_owned()), ..ada() };
        let second = account.people(&[row, bob()], Duplicates::Merge, &[]).await;
        let (_, made) = account.two();
        account.edit_person(1, made, &edit("city", "Köln"), None).await;
        account.undo(0, first).await;
        let report = account.undo(0, second).await;
        assert_eq!((report.removed, report.kept, report.keeps[0].item.id), (1, 1, made));
        account.check().await;
    }

    async fn what_got_a_transaction_an_event_or_a_message_stays(one: One) {
        let mut account = one.account;
        let named = |name: &str| Contact { name: Some(name.to_owned()), ..Contact::default() };
        let import = account.people(&["A", "B", "C", "D"].map(named), Duplicates::Ignore, &[]).await;
        let ids = account.live(ItemKind::Person);
        account.transaction(0, ids[0], Stage::Lead, 0).await;
        account.event(0, ids[1], "Lunch").await;
        account.message(0, ids[2], "Hello").await;
        let report = account.undo(0, import).await;
        let kept: Vec<_> = report.keeps.into_iter().map(|kept| (kept.item.id, kept.name, kept.reason)).collect();
        let reasons = [KeptReason::Transactions, KeptReason::Events, KeptReason::Messages];
        let expected = ids.iter().zip(["A", "B", "C"]).zip(reasons).map(|((id, name), reason)| (*id, name.to_owned(), reason));
        assert_eq!((report.removed, kept), (1, expected.collect()));
        account.check().await;
    }

    async fn a_transaction_moves_back_with_its_history(one: One) {
        let mut account = one.account;
        let person = account.person(0, ada(), &[]).await;
        let id = account.transaction(0, person, Stage::Lead, 0).await;
        let policy = Policy::new(Target::Stage(Stage::Customer), Duplicates::Replace);
        let row = Incoming { row: 1, id: Some(id), contact: ada(), ..Incoming::default() };
        let before = account.dump().await;
        assert!(before.contains("steps [\"lead\"]"), "{before}");
        let import = account.import(1, &policy, &[row], 1, Plan::Kept).await.expect("the plan holds");
        let after = account.dump().await;
        assert!(after.contains("steps [\"lead\", \"customer\"]"), "{after}");
        assert_eq!(account.undo(0, import).await.restored, 1);
        assert_eq!(account.dump().await, before);
        account.redo(0, import).await;
        assert_eq!(account.dump().await, after);
        account.move_to(1, id, Stage::Archive).await;
        let report = account.undo(0, import).await;
        assert!(matches!(&report.keeps[0].reason, KeptReason::Edited { field, .. } if field == "stage"), "{report:?}");
        assert!(account.dump().await.contains("steps [\"lead\", \"archive\"]"));
        account.check().await;
    }

    async fn categories_of_an_import_go_when_they_are_empty_and_come_back(one: One) {
        let mut account = one.account;
        let import = account.people(&[ada()], Duplicates::Ignore, &["Press", "VIP"]).await;
        let other = account.person(0, bob(), &["VIP".to_owned()]).await;
        let before = account.dump().await;
        account.undo(0, import).await;
        account.check().await;
        let left = account.dump().await;
        assert!(left.starts_with("category VIP\n") && !left.contains("Press"), "{left}");
        account.redo(0, import).await;
        assert_eq!(account.dump().await, before);
        account.undo(0, import).await;
        // Somebody makes one of the same name meanwhile: it takes the members.
        account.add_item(0, other, "press").await;
        account.redo(0, import).await;
        account.check().await;
        let dump = account.dump().await;
        assert!(dump.starts_with("category VIP\ncategory press\n"), "{dump}");
        assert_eq!(dump.matches("\"press\"").count(), 2, "{dump}");
        account.undo(0, import).await;
        account.check().await;
        assert!(account.dump().await.starts_with("category VIP\ncategory press\n"), "it is not the import's");
    }

    async fn two_imports_that_put_somebody_into_a_category_are_undone_in_any_order(one: One) {
        let mut account = one.account;
        let id = account.person(0, ada(), &[]).await;
        account.person(0, bob(), &["VIP".to_owned()]).await;
        let first = account.people(&[ada()], Duplicates::Merge, &["VIP"]).await;
        account.undo(0, first).await;
        let second = account.people(&[ada()], Duplicates::Merge, &["VIP"]).await;
        account.redo(0, first).await;
        account.undo(0, second).await;
        account.check().await;
        assert_eq!(account.model.categories_of(id), ["VIP"], "the first one is applied");
        account.undo(0, first).await;
        account.redo(0, second).await;
        account.redo(0, first).await;
        account.remove_item(1, id, "VIP").await;
        for import in [first, second] {
            account.undo(0, import).await;
            account.redo(0, import).await;
            account.check().await;
        }
        assert_eq!(account.model.categories_of(id), [""; 0], "what a user has taken out stays out");
    }

    async fn nobody_loses_the_last_field_by_which_they_are_known(one: One) {
        let mut account = one.account;
        let email = Contact { email: Some("a@e.example".to_owned()), ..Contact::default() };
        let id = account.person(0, email.clone(), &[]).await;
        let row = Contact { name: Some("Ada".to_owned()), city: Some("Rome".to_owned()), ..email };
        let import = account.people(&[row], Duplicates::Merge, &[]).await;
        account.edit_person(1, id, &[("email".to_owned(), None)].into(), None).await;
        let report = account.undo(0, import).await;
        let reason = KeptReason::Edited { field: "name".to_owned(), by: Some(account.users[1]), at: account::now() };
        assert_eq!(report.keeps, [Kept { item: ItemKind::Person.item(id), name: "Ada".to_owned(), reason }]);
        assert_eq!((account.model.value(id, "name"), account.model.value(id, "city")), (Some("Ada".to_owned()), None));
        account.check().await;
        account.redo(0, import).await;
        account.check().await;
    }

    async fn custom_values_are_found_after_an_import_without_any(one: One) {
        let mut account = one.account;
        let id = account.person(0, ada(), &[]).await;
        account.edit_person(0, id, &edit(&account.size.clone(), "LARGE"), None).await;
        let row = Contact { city: Some("Rome".to_owned()), ..ada() };
        let import = account.people(&[row], Duplicates::Replace, &[]).await;
        account.check().await;
        account.undo(0, import).await;
        account.check().await;
    }

    async fn what_was_empty_is_empty_again_and_what_was_replaced_is_back(one: One) {
        let mut account = one.account;
        let id = account.person(0, ada(), &[]).await;
        account.edit_person(0, id, &edit("city", "Köln"), None).await;
        let before = account.dump().await;
        let row = Contact { city: Some("Rome".to_owned()), notes: Some("New".to_owned()), ..ada() };
        let import = account.people(&[row], Duplicates::Replace, &[]).await;
        account.check().await;
        assert_eq!(account.model.value(id, "city").as_deref(), Some("Rome"));
        assert_eq!(account.undo(0, import).await.restored, 1);
        assert_eq!(account.dump().await, before);
    }

    async fn what_a_user_has_deleted_stays_deleted(one: One) {
        let mut account = one.account;
        let import = account.people(&[ada(), bob()], Duplicates::Ignore, &[]).await;
        let (first, _) = account.two();
        account.delete(1, first).await;
        let before = account.dump().await;
        let report = account.undo(0, import).await;
        let kept = Kept { item: ItemKind::Person.item(first), name: String::new(), reason: KeptReason::Deleted };
        assert_eq!((report.removed, report.keeps), (1, vec![kept]));
        account.redo(0, import).await;
        assert_eq!(account.dump().await, before);
        account.check().await;
    }

    async fn an_undo_is_for_an_applied_import_that_kept_its_journal(one: One) {
        let mut account = one.account;
        let import = account.people(&[ada()], Duplicates::Ignore, &[]).await;
        let (writer, id) = (account.writers[0].clone(), account.model.imports[import].id);
        let refused = |error: Error| matches!(&error, Error::Conflict { .. }).then(|| error.to_string()).expect("a conflict");
        let reason = refused(redo(&writer, id).await.expect_err("it is applied"));
        assert_eq!(reason, "only an undone import can be put back, and this one is applied");
        account.undo(0, import).await;
        let reason = refused(undo(&writer, id).await.expect_err("it is undone"));
        assert_eq!(reason, "only an applied import can be undone, and this one is undone already");
        refused(preview_undo(&writer, id).await.expect_err("it is undone"));
        let error = undo(&writer, Uuid::nil()).await.expect_err("there is none");
        assert!(matches!(error, Error::NotFound { what: "import" }), "{error:?}");
        let policy = Policy::new(Target::People, Duplicates::Ignore);
        let before = Announcement { request: "{}".to_owned(), ..account::announcement(&policy) };
        let id = announce(&writer, &before).await.expect("nobody else imports");
        let Begun::Mine(import) = Import::begin(&writer, id, policy).await.expect("its turn") else { panic!("it is ours") };
        import.commit(account::summary()).await.expect("it is empty");
        let reason = refused(undo(&writer, id).await.expect_err("it has no journal"));
        assert_eq!(reason, "this import was made before Cairn kept what an import changes, so it cannot be undone");
        account.check().await;
    }

    async fn whoever_reads_meanwhile_sees_all_of_an_undo_or_nothing(one: One) {
        let mut account = one.account;
        let named = |number| Contact { name: Some(format!("P{number}")), ..Contact::default() };
        let import = account.people(&(0..400).map(named).collect::<Vec<_>>(), Duplicates::Ignore, &[]).await;
        let is_over = Arc::new(AtomicBool::new(false));
        let readers: Vec<_> = (0..3).map(|_| {
            let (reader, is_over) = (account.reader.clone(), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut seen = BTreeSet::new();
                while !is_over.load(Ordering::Relaxed) {
                    seen.insert(people::count(&reader, &View::default()).await.expect("a count"));
                }
                seen
            })
        }).collect();
        for _ in 0..3 {
            account.undo(0, import).await;
            account.redo(0, import).await;
        }
        is_over.store(true, Ordering::Relaxed);
        for reader in readers {
            let seen = reader.await.expect("no panic");
            assert!(seen.iter().all(|count| [0, 400].contains(count)), "{seen:?}");
        }
        account.check().await;
    }

    async fn an_undo_leaves_other_accounts_alone(one: One) {
        let mut account = one.account;
        let mut other = Account::new(&one.storage, "other").await;
        let (ours, theirs) = (account.people(&[ada()], Duplicates::Ignore, &["VIP"]).await, other.people(&[ada()], Duplicates::Ignore, &["VIP"]).await);
        let before = other.dump().await;
        account.undo(0, ours).await;
        let id = other.model.imports[theirs].id;
        let error = undo(&account.writers[0], id).await.expect_err("it is not theirs");
        assert!(matches!(error, Error::NotFound { what: "import" }), "{error:?}");
        assert_eq!(other.dump().await, before);
        account.redo(0, ours).await;
        assert_eq!(other.dump().await, before);
        account.check().await;
    }
}

/// An account in a database of its own.
struct One {
    storage: Storage,
    account: Account,
}

impl One {
    async fn on(kind: Kind, test: &str) -> Option<Self> {
        let storage = migrated(kind, test).await?;
        let account = Account::new(&storage, "acme").await;
        Some(Self { storage, account })
    }
}

impl Account {
    /// Imports people, each in a row.
    async fn people(&mut self, contacts: &[Contact], duplicates: Duplicates, names: &[&str]) -> usize {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let policy = Policy { categories: names, ..Policy::new(Target::People, duplicates) };
        let row = |(row, contact): (u64, &Contact)| Incoming {
            row,
            line: row + 1,
            contact: contact.clone(),
            ..Incoming::default()
        };
        let rows: Vec<_> = (1..).zip(contacts).map(row).collect();
        self.import(0, &policy, &rows, 500, Plan::None).await.expect("there is no plan")
    }

    /// The two people who are there.
    fn two(&self) -> (Uuid, Uuid) {
        let people = self.live(ItemKind::Person);
        (people[0], people[1])
    }
}

fn ada() -> Contact {
    Contact { name: Some("Ada".to_owned()), company: Some("Acme".to_owned()), ..Contact::default() }
}

fn bob() -> Contact {
    Contact { name: Some("Bob".to_owned()), ..Contact::default() }
}

fn edit(field: &str, value: &str) -> BTreeMap<String, Option<String>> {
    [(field.to_owned(), Some(value.to_owned()))].into()
}
