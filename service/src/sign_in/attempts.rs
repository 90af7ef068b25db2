//! Attempts to sign in: each is admitted, counted and taken back by the rules of the [`guard`](crate::guard), with the database.

use std::time::Duration;

use storage::Actor;
use storage::query::accounts::{self, Account};
use storage::query::users::{self, User};
use storage::query::{attempts, legacy_usage};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::guard::{Admitted, Attempt};
use crate::session::AccountHint;

/// How long a sign-in may wait for whoever else writes, such as an import on SQLite, until it gives up to write something down.
const PATIENCE: Duration = Duration::from_millis(750);

impl Engine {
    /// The account and the user of credentials that were right lately, as the database has them now.
    pub(super) async fn recalled(&self, attempt: &Attempt) -> Result<Option<(Account, User)>> {
        let Some((account, user, version)) = self.guard.recall(attempt, self.now()) else { return Ok(None) };
        let account = accounts::by_id(&self.storage, account).await?;
        let user = match &account {
            Some(account) => users::get(&self.storage.reader(account.account_id), user).await?,
            None => None,
        };
        Ok(account.zip(user).filter(|(_, user)| user.version == version && user.disabled_at.is_none()))
    }

    /// Whether an attempt may be made; one from where its user is not known is counted.
    ///
    /// Errors: `LIMITED` with the seconds to wait, `UNAVAILABLE` where it cannot be counted now.
    pub(super) async fn admit(&self, attempt: &Attempt, is_known: bool) -> Result<Admitted> {
        let now = self.now();
        let keys = attempt.keys();
        let counts = attempts::counts(&self.storage, &keys, now).await?;
        let mut wait = attempt.wait(&counts, is_known, now);
        if wait == 0 {
            let has_failed = counts.iter().any(|count| count.key == attempt.pair);
            if is_known {
                return Ok(Admitted { has_failed, is_counted: false });
            }
            let reservations = attempt.reservations(now);
            if self.guard.in_time(attempts::reserve(&self.storage, reservations, now)).await?? {
                return Ok(Admitted { has_failed: true, is_counted: true });
            }
            // Somebody elsewhere was quicker.
            let counts = attempts::counts(&self.storage, &keys, now).await?;
            wait = attempt.wait(&counts, is_known, now).max(1);
        }
        self.guard.forget(attempt);
        Err(Error::limited_for(wait, format!("too many wrong passwords: try again in {wait} s")))
    }

    /// Counts a failure, unless it is counted.
    pub(super) async fn note_failure(&self, attempt: &Attempt, admitted: Admitted) {
        self.guard.forget(attempt);
        if !admitted.is_counted {
            let now = self.now();
            let failures = attempt.reservations(now).into_iter().map(|reservation| reservation.failure).collect();
            written_down("A wrong password", attempts::note(&self.storage, failures, now)).await;
        }
    }

    /// Takes back what was counted of an attempt that was no failure.
    pub(super) async fn take_back(&self, attempt: &Attempt, admitted: Admitted) {
        if admitted.is_counted {
            let keys = attempt.keys();
            written_down("A right password", attempts::give_back(&self.storage, &keys)).await;
        }
    }

    /// Remembers that the credentials were right, and from where they came.
    pub(super) async fn note_success(&self, attempt: &Attempt, admitted: Admitted, user: &User) -> Result<()> {
        let now = self.now();
        self.take_back(attempt, admitted).await;
        let forgotten = async {
            if admitted.has_failed {
                written_down("The end of wrong passwords", attempts::forget(&self.storage, &attempt.pair)).await;
            }
        };
        let reader = self.storage.reader(user.account_id);
        let is_unnoted = attempts::is_unnoted(&reader, user.id, &attempt.network, now).await?;
        let noted = async {
            if is_unnoted {
                let writer = self.storage.writer(user.account_id, Actor::System, now);
                written_down("A known address", attempts::note_known(&writer, user.id, &attempt.network)).await;
            }
        };
        // Both at once, as both may have to wait.
        tokio::join!(Box::pin(forgotten), Box::pin(noted));
        self.guard.remember(attempt, user, now);
        Ok(())
    }

    /// Whether a user has signed in lately from where the attempt comes. It takes as long for whom nobody knows.
    pub(super) async fn is_known(&self, attempt: &Attempt, hint: &AccountHint, email: &str) -> Result<bool> {
        let accounts = self.accounts_for(hint, email).await?;
        let mut ids: Vec<_> = accounts.iter().map(|account| account.account_id).collect();
        if ids.is_empty() {
            ids.push(Uuid::nil());
        }
        for id in ids {
            let reader = self.storage.reader(id);
            let user = users::by_email(&reader, email).await?.map_or(Uuid::nil(), |user| user.id);
            if attempts::is_known(&reader, user, &attempt.network, self.now()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Forgets failures that count no longer, and who has not used the legacy API for long.
    pub async fn sweep_guard(&self) {
        written_down("The end of old failures", attempts::purge(&self.storage, self.now())).await;
        match accounts::list(&self.storage).await {
            Ok(accounts) => {
                for account in accounts {
                    let writer = self.storage.writer(account.account_id, Actor::System, self.now());
                    written_down("The end of old usage", legacy_usage::purge(&writer)).await;
                }
            }
            Err(error) => tracing::warn!(%error, "Old usage cannot be forgotten now: {error}"),
        }
    }
}

/// Waits for a write of ours, not for long: whoever signs in while an import holds the database is not to wait for its end, and
/// whoever guesses meanwhile is slow enough.
async fn written_down(what: &str, write: impl Future<Output = storage::Result<()>>) {
    match tokio::time::timeout(PATIENCE, write).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "{what} is not written down: {error}"),
        Err(_) => tracing::warn!("{what} is not written down: the database is busy"),
    }
}
