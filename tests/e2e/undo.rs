//! Undo is exact: any import, in any order, at any later time, and back again.

mod account;
mod model;
mod sequence;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use harness::database::{Kind, migrated};
use harness::on_each_database;
use harness::require::cases;
use proptest::test_runner::{Config, TestError, TestRunner};
use storage::Storage;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use account::Account;

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
        let config = Config { cases: cases(FEW), failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
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
}
