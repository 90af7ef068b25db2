//! Databases for tests: each test gets an empty one of its own, and runs once on SQLite and once on PostgreSQL.

use storage::{Pool, Storage, Synchronous};

use crate::{postgres, require};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Embedded.
    Sqlite,
    /// A server.
    Postgres,
}

/// The URL of an empty database; `None` where PostgreSQL is not installed, which is said aloud.
pub async fn empty(kind: Kind, test: &str) -> Option<String> {
    match kind {
        Kind::Sqlite => Some("sqlite::memory:".to_owned()),
        Kind::Postgres => {
            let created = tokio::task::spawn_blocking(|| postgres::server().map(postgres::Server::create_database));
            let url = created.await.expect("making a database does not panic");
            if url.is_none() {
                require::missing("postgres", &format!("{test} and every other test on PostgreSQL"));
            }
            url
        }
    }
}

/// A migrated database.
pub async fn migrated(kind: Kind, test: &str) -> Option<Storage> {
    let url = empty(kind, test).await?;
    // What a test writes is gone with it, so nobody waits for the disk.
    let pool = Pool { postgres: 4, sqlite_readers: 2, synchronous: Synchronous::Normal, ..Pool::default() };
    let storage = Storage::connect(&url, pool).await.expect("the database is there");
    storage.migrate().await.expect("an empty database can be migrated");
    Some(storage)
}

/// Defines tests that run on each database. Each gets a [`crate::site::Site`] or whatever `$setup` makes of the kind.
///
/// ```text
/// on_each_database! {
///     async fn a_person_can_be_read_back(site: Site) { /* … */ }
/// }
/// ```
#[macro_export]
macro_rules! on_each_database {
    ($($(#[$attribute:meta])* async fn $name:ident($argument:ident: $setup:ty) $body:block)*) => {$(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports, reason = "a test may need nothing of its module")]
            use super::*;

            async fn test($argument: $setup) $body

            async fn run(kind: $crate::database::Kind) {
                // Without the database there is nothing to run on; that was said aloud.
                if let Some(argument) = <$setup>::on(kind, stringify!($name)).await {
                    test(argument).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run($crate::database::Kind::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run($crate::database::Kind::Postgres).await;
            }
        }
    )*};
}
