//! Passwords: argon2id hashes, made and checked off the async threads and only so many at a time.

use std::sync::{Arc, LazyLock};

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::{Error, Result};

/// The shortest password that is accepted, in characters.
pub const SHORTEST: usize = 10;
/// The longest password that is accepted, in bytes.
pub const LONGEST: usize = 1024;

/// Errors: [`Error::Invalid`] about `field` for a password that is too short or too long.
pub fn check(password: &str, field: &'static str) -> Result<()> {
    if password.chars().count() >= SHORTEST && password.len() <= LONGEST {
        return Ok(());
    }
    Err(Error::invalid(field, format!("a password has at least {SHORTEST} characters and at most {LONGEST} bytes")))
}

/// A hash of a random password that nobody has: checking against it takes as long as against a real one.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now(&rand::random::<u128>().to_string()));

/// Hashes and checks passwords, as many at once as the machine has cores: each takes 19 MiB and tens of milliseconds
/// (argon2id with m=19456, t=2, p=1, the OWASP recommendation).
#[derive(Clone, Debug)]
pub struct Passwords {
    slots: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { slots: Arc::new(Semaphore::new(cores)) }
    }
}

impl Passwords {
    /// The PHC string of a password under a fresh salt.
    pub async fn hash(&self, password: &str) -> String {
        let password = password.to_owned();
        self.run(move || hash_now(&password)).await
    }

    /// True where the password is the one of the hash. Without a hash it takes as long and is false, so that the time
    /// does not tell who exists.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> bool {
        if password.len() > LONGEST {
            return false;
        }
        let (password, hash) = (password.to_owned(), hash.map(ToOwned::to_owned));
        self.run(move || {
            let real = hash.is_some();
            verify_now(&password, hash.as_deref().unwrap_or(&NOBODY)) && real
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let slot = Arc::clone(&self.slots).acquire_owned().await.expect("the semaphore is never closed");
        // The slot goes with the work: who waits for it may be gone before it ends.
        let work = move || {
            let done = work();
            drop(slot);
            done
        };
        spawn_blocking(work).await.expect("hashing does not panic")
    }
}

fn hash_now(password: &str) -> String {
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).expect("16 bytes are a salt");
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.expect("the default parameters are valid").to_string()
}

fn verify_now(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}
