//! Rate limiting of sign-ins: credentials that were right lately are not checked again, and wrong ones are counted.
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
use storage::Timestamp;
use storage::query::attempts::{self, Count, Failure, Key, Reservation};
use storage::query::users::User;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::error::{Error, Result};

/// How long credentials are taken for right without another check, in seconds.
const CACHED_SECONDS: i64 = 300;
/// How many credentials are remembered at most.
const MOST_CACHED: usize = 10_000;
/// How many queues of each kind there are, for whoever has a password checked.
const QUEUES: usize = 256;
/// How many attempts from one network address, by users who are not known there, are checked at once: fewer than are free by far, so
/// that a whole office that signs in at once locks nobody out.
const AT_ADDRESS: usize = 4;
/// How long a sign-in that has to be counted first may wait for whoever else writes.
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

/// An attempt to sign in, as it is counted.
pub(crate) struct Attempt {
    pub(crate) network: String,
    pub(crate) pair: Key,
    address: Key,
    email: Key,
    /// Of all of it, the password included.
    credentials: Key,
}

impl Attempt {
    /// How many seconds to wait before it may be made. What others have tried elsewhere counts for nobody who is known here.
    pub(crate) fn wait(&self, counts: &[Count], is_known: bool, now: Timestamp) -> u64 {
        let here = PAIR.wait(&self.pair, counts, now).max(ADDRESS.wait(&self.address, counts, now));
        if is_known { here } else { here.max(EMAIL.wait(&self.email, counts, now)) }
    }

    /// The keys under which it is counted.
    pub(crate) fn keys(&self) -> [Key; 3] {
        [self.pair, self.address, self.email]
    }

    /// What it is counted by.
    pub(crate) fn reservations(&self, now: Timestamp) -> Vec<Reservation> {
        let counted = [(self.pair, PAIR), (self.address, ADDRESS), (self.email, EMAIL)];
        let reservation = |(key, Limit { free, seconds })| Reservation {
            failure: Failure { key, ends_at: now.plus_seconds(seconds) },
            free,
        };
        counted.into_iter().map(reservation).collect()
    }
}

/// Credentials that were right.
struct CachedLogin {
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
    logins: Mutex<HashMap<Key, CachedLogin>>,
    of_pairs: Queues,
    of_addresses: Queues,
    of_emails: Queues,
    /// Until when nobody waits for the database to count an attempt: those who stand behind one for whom it was too busy are not to wait
    /// as long, one after the other.
    busy_until: Mutex<Option<Instant>>,
}

/// Queues, in one of which everybody of a key stands.
struct Queues(Vec<Arc<Semaphore>>);

/// Places at the head of queues; whoever holds it may have a password checked.
pub(crate) struct AttemptLock {
    _places: [Option<OwnedSemaphorePermit>; 3],
}

/// An attempt that may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    /// Whether the user has failed at the address lately.
    pub(crate) has_failed: bool,
    /// Whether it is counted already.
    pub(crate) is_counted: bool,
}

impl Queues {
    /// Queues with so many heads.
    fn new(heads: usize) -> Self {
        Self((0..QUEUES).map(|_| Arc::new(Semaphore::new(heads))).collect())
    }

    async fn enter(&self, key: &Key) -> Option<OwnedSemaphorePermit> {
        let queue = usize::from(key[0]) % QUEUES;
        // None of them is ever closed.
        Arc::clone(&self.0[queue]).acquire_owned().await.ok()
    }
}

impl Default for Guard {
    fn default() -> Self {
        let (of_pairs, of_addresses, of_emails) = (Queues::new(1), Queues::new(AT_ADDRESS), Queues::new(1));
        let (secret, logins, busy_until) = (rand::random(), Mutex::default(), Mutex::default());
        Self(Arc::new(Parts { secret, logins, of_pairs, of_addresses, of_emails, busy_until }))
    }
}

impl Guard {
    /// Who tries what, from where; `account` is the subdomain that the request names, empty where it names none. The password itself goes into the keyed hash and nowhere else.
    pub(crate) fn attempt(&self, origin: Origin, account: &str, email: &str, password: &str) -> Attempt {
        let (network, email) = (origin.network(), storage::fold(email));
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
            credentials: mac.finalize().into_bytes().into(),
            network,
        }
    }

    /// The place in the queues of a user at an address: a burst of requests checks one password and not each, and a burst of
    /// guesses is counted one by one. Whoever is known where they are stands behind nobody who guesses elsewhere; for the others
    /// right passwords at once are none that fail at once.
    pub(crate) async fn lock_attempt(&self, attempt: &Attempt, is_known: bool) -> AttemptLock {
        let Parts { of_pairs, of_addresses, of_emails, .. } = &*self.0;
        // In this order, so that nobody stands at the head of a queue in which the known ones are, and waits for a longer one.
        let (email, address) = if is_known {
            (None, None)
        } else {
            (of_emails.enter(&attempt.email).await, of_addresses.enter(&attempt.address).await)
        };
        AttemptLock { _places: [email, address, of_pairs.enter(&attempt.pair).await] }
    }

    /// What a write answers. Errors: `UNAVAILABLE` where the database is too busy, now or a moment ago.
    pub(crate) async fn in_time<T>(&self, write: impl Future<Output = T>) -> Result<T> {
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
    pub(crate) fn recall(&self, attempt: &Attempt, now: Timestamp) -> Option<(Uuid, Uuid, i64)> {
        let logins = self.0.logins.lock().unwrap_or_else(PoisonError::into_inner);
        let login = logins.get(&attempt.credentials).filter(|login| now < login.ends_at)?;
        Some((login.account, login.user, login.version))
    }

    pub(crate) fn remember(&self, attempt: &Attempt, user: &User, now: Timestamp) {
        let ends_at = now.plus_seconds(CACHED_SECONDS);
        let login =
            CachedLogin { account: user.account_id, user: user.id, version: user.version, ends_at, pair: attempt.pair };
        let mut logins = self.0.logins.lock().unwrap_or_else(PoisonError::into_inner);
        if logins.len() >= MOST_CACHED {
            logins.retain(|_, login| now < login.ends_at);
        }
        if logins.len() >= MOST_CACHED {
            logins.clear();
        }
        logins.insert(attempt.credentials, login);
    }

    /// Forgets what was right for a user at an address: where somebody guesses, the right guess is to be counted with the others.
    pub(crate) fn forget(&self, attempt: &Attempt) {
        let mut logins = self.0.logins.lock().unwrap_or_else(PoisonError::into_inner);
        logins.retain(|_, login| login.pair != attempt.pair);
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
        let base = guard.attempt(origin("192.0.2.1"), "", "ann@acme.example", "secret");
        let same = guard.attempt(origin("::ffff:192.0.2.1"), "", " ANN@acme.example", "secret");
        assert_eq!(
            (base.credentials, base.pair),
            (same.credentials, same.pair),
            "an address and its IPv6 form are one"
        );
        for other in [
            guard.attempt(origin("192.0.2.2"), "", "ann@acme.example", "secret"),
            guard.attempt(origin("192.0.2.1"), "acme", "ann@acme.example", "secret"),
            guard.attempt(origin("192.0.2.1"), "", "ann@acme.exampl", "esecret"),
            guard.attempt(origin("192.0.2.1"), "", "ann@acme.example", "Secret"),
            Guard::default().attempt(origin("192.0.2.1"), "", "ann@acme.example", "secret"),
        ] {
            assert_ne!(base.credentials, other.credentials);
        }
        assert_eq!(origin("2001:db8::1").network(), origin("2001:db8::ffff:2").network(), "one site");
        assert_ne!(origin("2001:db8::1").network(), origin("2001:db8:0:1::1").network());
    }
}
