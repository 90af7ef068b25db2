//! Statements that find a table held by somebody else: they wait for it without a connection.
//!
//! PostgreSQL gives a statement that reads a tenth of a second to get at its tables. One that does not is tried again for two
//! seconds, and has no connection between its tries. Of all those that are known to wait, one is tried at a time: so there are
//! connections for whoever needs nothing of such a table, however many wait for it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::MayBeHeld;

/// How long whoever reads waits for a table.
const PATIENCE: Duration = Duration::from_secs(2);
/// A try that takes longer has got at its tables.
const TRY: Duration = Duration::from_millis(300);
/// How many texts are remembered.
const TEXTS: usize = 1_000;

/// The statements that wait for a table. Cloning shares them.
#[derive(Clone)]
pub(crate) struct Held(Arc<Parts>);

struct Parts {
    /// What was held when it was tried last, by the hashes of the texts: equal ones need the same tables.
    texts: Mutex<HashSet<u64>>,
    /// The leave to try one of those.
    turn: Semaphore,
}

impl Default for Held {
    fn default() -> Self {
        Self(Arc::new(Parts { texts: Mutex::default(), turn: Semaphore::new(1) }))
    }
}

impl Held {
    /// Runs the statement of this text until it is not held, for two seconds. They begin with the first statement of a request that
    /// is held, which `since` remembers.
    ///
    /// Errors: that of the last try, or one that says as much.
    pub(crate) async fn wait<T, E, F>(&self, text: &str, since: &OnceLock<Instant>, run: impl Fn() -> F) -> Result<T, E>
    where
        E: MayBeHeld + From<DbErr>,
        F: Future<Output = Result<T, E>>,
    {
        let (asked, text) = (Instant::now(), hash(text));
        loop {
            let mut turn = None;
            if self.texts().contains(&text) {
                let ends = *since.get().unwrap_or(&asked) + PATIENCE;
                let taken = timeout_at(ends, self.0.turn.acquire()).await.map_err(|_| too_long())?;
                // Whoever had it before may have found the table free.
                turn = taken.ok().filter(|_| self.texts().contains(&text));
            }
            let done = match turn {
                None => run().await,
                Some(turn) => {
                    // On the heap, as hardly any statement comes here.
                    let mut running = Box::pin(run());
                    let soon = timeout(TRY, running.as_mut()).await;
                    if !soon.as_ref().is_ok_and(|done| done.as_ref().is_err_and(E::is_held)) {
                        self.texts().remove(&text);
                    }
                    drop(turn);
                    match soon {
                        Ok(done) => done,
                        Err(_) => running.await,
                    }
                }
            };
            if !done.as_ref().is_err_and(E::is_held) {
                return done;
            }
            self.note(text);
            if since.get_or_init(|| asked).elapsed() >= PATIENCE {
                return done;
            }
        }
    }

    fn note(&self, text: u64) {
        let mut texts = self.texts();
        if texts.len() >= TEXTS {
            // Who waits is held again at the next try.
            texts.clear();
        }
        texts.insert(text);
    }

    fn texts(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.0.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn too_long() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("somebody else holds a table that the statement needs".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;
    use sea_orm::DbErr;
    use tokio::time::{Instant, sleep};

    use super::{Held, TRY, hash};
    use crate::error::MayBeHeld;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Trouble {
        Held,
        Other,
    }

    impl MayBeHeld for Trouble {
        fn is_held(&self) -> bool {
            *self == Self::Held
        }
    }

    impl From<DbErr> for Trouble {
        fn from(_: DbErr) -> Self {
            Self::Held
        }
    }

    /// A try that finds its table held.
    async fn held(tries: &AtomicUsize) -> Result<(), Trouble> {
        tries.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_millis(100)).await;
        Err(Trouble::Held)
    }

    #[tokio::test]
    async fn those_who_wait_are_tried_one_at_a_time_and_give_up_together() {
        let (by, now, most, tries) = (Held::default(), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        by.note(hash("a"));
        let waiting = (0..50).map(|_| async {
            let since = OnceLock::new();
            let run = || async {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let done = held(&tries).await;
                now.fetch_sub(1, Ordering::SeqCst);
                done
            };
            by.wait("a", &since, run).await
        });
        assert!(join_all(waiting).await.iter().all(|done| *done == Err(Trouble::Held)));
        assert_eq!(most.into_inner(), 1);
        assert!(tries.into_inner() <= 21, "two seconds are over, not two for each");
    }

    #[tokio::test]
    async fn a_request_waits_once_however_much_it_reads() {
        let (by, since) = (Held::default(), OnceLock::new());
        for (text, most) in [("a", 21), ("b", 1), ("c", 1), ("a", 1), ("b", 1)] {
            let tries = AtomicUsize::new(0);
            assert_eq!(by.wait(text, &since, || held(&tries)).await, Err(Trouble::Held), "{text}");
            assert!(tries.into_inner() <= most, "{text}");
        }
    }

    #[tokio::test]
    async fn whoever_finds_the_table_free_lets_all_others_go_on_at_once() {
        let (by, free) = (Held::default(), Instant::now() + Duration::from_millis(500));
        let (now, most, tries) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        // What is read takes longer than a try.
        let run = || async {
            if Instant::now() < free {
                return held(&tries).await.map(|()| 0);
            }
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(2 * TRY).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(7)
        };
        let waiting = (0..20).map(|_| async { by.wait("a", &OnceLock::new(), run).await });
        assert!(join_all(waiting).await.iter().all(|done| *done == Ok(7)));
        assert!(most.into_inner() >= 19, "one has gone ahead");
        let other: Result<(), _> = by.wait("a", &OnceLock::new(), || async { Err(Trouble::Other) }).await;
        assert_eq!(other, Err(Trouble::Other));
    }
}
