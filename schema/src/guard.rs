//! The guard of the doors: credentials that were right lately are not checked again, and wrong ones are counted.
//!
//! Checking a password takes tens of milliseconds on purpose, so a program that sends one with each request is spared it for some
//! minutes. Failures are counted in the database, where any gateway sees them: by e-mail address and network address together,
//! by network address, and by e-mail address from anywhere. From where nobody has signed in lately an attempt is counted before it is
//! made, and taken back when it was right, so that a thousand at once are no more than one after the other.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use storage::query::accounts::Account;
use storage::query::attempts::{self, Count, Failure, Key, Reservation};
use storage::query::legacy_usage;
use storage::query::users::{self, User};
use storage::{Actor, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::session::AccountHint;

/// How long credentials are taken for right without another check, in seconds.
const SEAL_SECONDS: i64 = 300;
/// How many credentials are remembered at most.
const SEALS: usize = 10_000;
/// How many queues of each kind there are, for whoever has a password checked.
const QUEUES: usize = 256;
/// How many attempts from one network address, by users who are not known there, are checked at once: fewer than are free by far, so
/// that a whole office that signs in at once locks nobody out.
const AT_ADDRESS: usize = 4;
/// How long a sign-in may wait for whoever else writes, such as an import on SQLite, until it gives up to write something down.
const PATIENCE: Duration = Duration::from_millis(750);
/// The same where nobody gets in without it.
const RESERVED_WITHIN: Duration = Duration::from_millis(1_500);

/// Where a request comes from; unknown for what has no network address, such as the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin(Option<IpAddr>);

impl Origin {
    /// The address of a client.
    pub fn of(address: IpAddr) -> Self {
        Self(Some(address.to_canonical()))
    }

    /// The address as text.
    pub fn text(self) -> String {
        self.0.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
    }

    /// What its failures are counted by: of IPv6 the network, as a site has 2^64 addresses at least (RFC 4291 section 2.5.4).
    fn network(self) -> String {
        match self.0 {
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            _ => self.text(),
        }
    }
}

/// How many failures are free, and for how many seconds they count. From then on each next one may be tried after a second, two,
/// four and so on.
struct Limit {
    free: i64,
    seconds: i64,
}

/// Of an e-mail address from one network address.
const PAIR: Limit = Limit { free: 10, seconds: 86_400 };
/// Of a network address, behind which many people may be.
const ADDRESS: Limit = Limit { free: 50, seconds: 3_600 };
/// Of an e-mail address from anywhere.
const EMAIL: Limit = Limit { free: 30, seconds: 3_600 };

impl Limit {
    /// How many seconds to wait after what was counted; 0 where it may be tried now.
    fn wait(&self, key: &Key, counts: &[Count], now: Timestamp) -> u64 {
        let Some(count) = counts.iter().find(|count| count.key == *key) else { return 0 };
        let over = count.failures - self.free;
        if over < 0 {
            return 0;
        }
        let open_at = count.last_at.plus_seconds(attempts::pause(over)).microseconds();
        // Rounded up: who waits so long is not refused again.
        u64::try_from((open_at - now.microseconds() + 999_999).div_euclid(1_000_000)).unwrap_or_default()
    }
}

/// Somebody at a door, as attempts are counted.
pub(crate) struct Attempt {
    network: String,
    pair: Key,
    address: Key,
    email: Key,
    seal: Key,
}

impl Attempt {
    /// How many seconds to wait before it may be made. What others have tried elsewhere counts for nobody who is known here.
    fn wait(&self, counts: &[Count], is_known: bool, now: Timestamp) -> u64 {
        let here = PAIR.wait(&self.pair, counts, now).max(ADDRESS.wait(&self.address, counts, now));
        if is_known { here } else { here.max(EMAIL.wait(&self.email, counts, now)) }
    }

    /// What it is counted by.
    fn reservations(&self, now: Timestamp) -> Vec<Reservation> {
        let counted = [(self.pair, PAIR), (self.address, ADDRESS), (self.email, EMAIL)];
        let reservation = |(key, Limit { free, seconds })| Reservation {
            failure: Failure { key, ends_at: now.plus_seconds(seconds) },
            free,
        };
        counted.into_iter().map(reservation).collect()
    }
}

/// Credentials that were right.
struct Seal {
    account: Uuid,
    user: Uuid,
    /// The user as they were; any change of them asks for the password again.
    version: i64,
    ends_at: Timestamp,
    pair: Key,
}

/// What is remembered of credentials in this process. Cloning is cheap and shares it.
#[derive(Clone)]
pub(crate) struct Guard(Arc<Parts>);

struct Parts {
    /// Of this process alone, and never written down: who reads the memory of another has nothing to try passwords against.
    secret: [u8; 32],
    seals: Mutex<HashMap<Key, Seal>>,
    of_pairs: Queues,
    of_addresses: Queues,
    of_emails: Queues,
    /// Until when nobody waits for the database to count an attempt: those who stand behind one for whom it was too busy are not to wait
    /// as long, one after the other.
    busy_until: Mutex<Option<Instant>>,
}

/// Queues, in one of which everybody of a key stands.
struct Queues(Vec<Arc<Semaphore>>);

/// Places at the head of queues.
pub(crate) struct Turn {
    _places: [Option<OwnedSemaphorePermit>; 3],
}

/// An attempt that may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    /// Whether the user has failed at the address lately.
    has_failed: bool,
    /// Whether it is counted already.
    is_counted: bool,
}

impl Queues {
    /// Queues with so many heads.
    fn new(heads: usize) -> Self {
        Self((0..QUEUES).map(|_| Arc::new(Semaphore::new(heads))).collect())
    }

    async fn turn(&self, key: &Key) -> Option<OwnedSemaphorePermit> {
        let queue = usize::from(key[0]) % QUEUES;
        // None of them is ever closed.
        Arc::clone(&self.0[queue]).acquire_owned().await.ok()
    }
}

impl Default for Guard {
    fn default() -> Self {
        let (of_pairs, of_addresses, of_emails) = (Queues::new(1), Queues::new(AT_ADDRESS), Queues::new(1));
        let (secret, seals, busy_until) = (rand::random(), Mutex::default(), Mutex::default());
        Self(Arc::new(Parts { secret, seals, of_pairs, of_addresses, of_emails, busy_until }))
    }
}

impl Guard {
    /// Who tries what, from where. The password itself goes into the keyed hash and nowhere else.
    pub(crate) fn attempt(&self, origin: Origin, hint: &AccountHint, email: &str, password: &str) -> Attempt {
        let (network, email) = (origin.network(), storage::fold(email));
        let account = match hint {
            AccountHint::None => "",
            AccountHint::Subdomain(subdomain) => subdomain,
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0.secret).expect("a key may have any length");
        for part in [account, &network, &email, password] {
            // With its length, so that no two divisions of one text are the same.
            mac.update(&part.len().to_le_bytes());
            mac.update(part.as_bytes());
        }
        Attempt {
            pair: key("pair", &[&email, &network]),
            address: key("address", &[&network]),
            email: key("email", &[&email]),
            seal: mac.finalize().into_bytes().into(),
            network,
        }
    }

    /// The place in the queues of a user at an address: a burst of requests checks one password and not each, and a burst of
    /// guesses is counted one by one. Whoever is known where they are stands behind nobody who guesses elsewhere; for the others
    /// right passwords at once are none that fail at once.
    pub(crate) async fn turn(&self, attempt: &Attempt, is_known: bool) -> Turn {
        let Parts { of_pairs, of_addresses, of_emails, .. } = &*self.0;
        // In this order, so that nobody stands at the head of a queue in which the known ones are, and waits for a longer one.
        let (email, address) = if is_known {
            (None, None)
        } else {
            (of_emails.turn(&attempt.email).await, of_addresses.turn(&attempt.address).await)
        };
        Turn { _places: [email, address, of_pairs.turn(&attempt.pair).await] }
    }

    /// What a write answers. Errors: `UNAVAILABLE` where the database is too busy, now or a moment ago.
    async fn in_time<T>(&self, write: impl Future<Output = T>) -> Result<T> {
        let busy = || Error::unavailable("the database is busy, so nobody can sign in from here now; try again");
        let until = *self.0.busy_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_some_and(|until| Instant::now() < until) {
            return Err(busy());
        }
        let written = tokio::time::timeout(RESERVED_WITHIN, write).await;
        if written.is_err() {
            *self.0.busy_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + RESERVED_WITHIN);
        }
        written.map_err(|_| busy())
    }

    /// Account, user and version of credentials that were right lately.
    fn recall(&self, attempt: &Attempt, now: Timestamp) -> Option<(Uuid, Uuid, i64)> {
        let seals = self.0.seals.lock().unwrap_or_else(PoisonError::into_inner);
        let seal = seals.get(&attempt.seal).filter(|seal| now < seal.ends_at)?;
        Some((seal.account, seal.user, seal.version))
    }

    fn remember(&self, attempt: &Attempt, user: &User, now: Timestamp) {
        let ends_at = now.plus_seconds(SEAL_SECONDS);
        let seal = Seal { account: user.account_id, user: user.id, version: user.version, ends_at, pair: attempt.pair };
        let mut seals = self.0.seals.lock().unwrap_or_else(PoisonError::into_inner);
        if seals.len() >= SEALS {
            seals.retain(|_, seal| now < seal.ends_at);
        }
        if seals.len() >= SEALS {
            seals.clear();
        }
        seals.insert(attempt.seal, seal);
    }

    /// Forgets what was right for a user at an address: where somebody guesses, the right guess is to be counted with the others.
    fn forget(&self, attempt: &Attempt) {
        let mut seals = self.0.seals.lock().unwrap_or_else(PoisonError::into_inner);
        seals.retain(|_, seal| seal.pair != attempt.pair);
    }
}

impl Engine {
    /// The account and the user of credentials that were right lately, as the database has them now.
    pub(crate) async fn recalled(&self, attempt: &Attempt) -> Result<Option<(Account, User)>> {
        let Some((account, user, version)) = self.guard.recall(attempt, self.now()) else { return Ok(None) };
        let account = storage::query::accounts::by_id(&self.storage, account).await?;
        let user = match &account {
            Some(account) => users::get(&self.storage.reader(account.account_id), user).await?,
            None => None,
        };
        Ok(account.zip(user).filter(|(_, user)| user.version == version && user.disabled_at.is_none()))
    }

    /// Whether an attempt may be made; one from where its user is not known is counted.
    ///
    /// Errors: `LIMITED` with the seconds to wait, `UNAVAILABLE` where it cannot be counted now.
    pub(crate) async fn admit(&self, attempt: &Attempt, is_known: bool) -> Result<Admitted> {
        let now = self.now();
        let keys = [attempt.pair, attempt.address, attempt.email];
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
    pub(crate) async fn note_failure(&self, attempt: &Attempt, admitted: Admitted) {
        self.guard.forget(attempt);
        if !admitted.is_counted {
            let now = self.now();
            let failures = attempt.reservations(now).into_iter().map(|reservation| reservation.failure).collect();
            written_down("A wrong password", attempts::note(&self.storage, failures, now)).await;
        }
    }

    /// Takes back what was counted of an attempt that was no failure.
    pub(crate) async fn take_back(&self, attempt: &Attempt, admitted: Admitted) {
        if admitted.is_counted {
            let keys = [attempt.pair, attempt.address, attempt.email];
            written_down("A right password", attempts::give_back(&self.storage, &keys)).await;
        }
    }

    /// Remembers that the credentials were right, and from where they came.
    pub(crate) async fn note_success(&self, attempt: &Attempt, admitted: Admitted, user: &User) -> Result<()> {
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
    pub(crate) async fn is_known(&self, attempt: &Attempt, hint: &AccountHint, email: &str) -> Result<bool> {
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
        match storage::query::accounts::list(&self.storage).await {
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

fn key(kind: &str, parts: &[&str]) -> Key {
    let mut hash = Sha256::new();
    hash.update(kind);
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::{Count, Guard, Origin, PAIR};
    use crate::session::AccountHint;
    use storage::Timestamp;

    #[test]
    fn every_failure_over_the_limit_doubles_the_wait() {
        let (key, now) = ([7; 32], Timestamp::from_microseconds(1_000_000_000));
        for (failures, passed, wait) in [
            (0, 0, 0),
            (9, 0, 0),
            (10, 0, 1),
            (10, 1, 0),
            (11, 0, 2),
            (12, 1, 3),
            (19, 0, 512),
            (20, 0, 900),
            (9_999, 0, 900),
        ] {
            let counts = [Count { key, failures, last_at: now.plus_seconds(-passed) }];
            assert_eq!(PAIR.wait(&key, &counts, now), wait, "{failures} failures, {passed} s ago");
        }
    }

    #[test]
    fn attempts_are_told_apart_by_all_that_they_are_made_of() {
        let guard = Guard::default();
        let origin = |text: &str| Origin::of(text.parse().expect("an address"));
        let none = AccountHint::None;
        let base = guard.attempt(origin("192.0.2.1"), &none, "ann@acme.example", "secret");
        let same = guard.attempt(origin("::ffff:192.0.2.1"), &none, " ANN@acme.example", "secret");
        assert_eq!((base.seal, base.pair), (same.seal, same.pair), "an address and its IPv6 form are one");
        let acme = AccountHint::Subdomain("acme".to_owned());
        for other in [
            guard.attempt(origin("192.0.2.2"), &none, "ann@acme.example", "secret"),
            guard.attempt(origin("192.0.2.1"), &acme, "ann@acme.example", "secret"),
            guard.attempt(origin("192.0.2.1"), &none, "ann@acme.exampl", "esecret"),
            guard.attempt(origin("192.0.2.1"), &none, "ann@acme.example", "Secret"),
            Guard::default().attempt(origin("192.0.2.1"), &none, "ann@acme.example", "secret"),
        ] {
            assert_ne!(base.seal, other.seal);
        }
        assert_eq!(origin("2001:db8::1").network(), origin("2001:db8::ffff:2").network(), "one site");
        assert_ne!(origin("2001:db8::1").network(), origin("2001:db8:0:1::1").network());
    }
}
