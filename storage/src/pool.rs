//! How many connections there are, and how long is waited for one, for a lock and for an answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How many connections are held at most, how long PostgreSQL is waited for, and what a commit on SQLite waits for.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    /// On PostgreSQL: connections of the one pool; as many more at most are for what requests and exports read.
    pub postgres: u32,
    /// On SQLite: readers beside the one writer, and as many more each for what requests and exports read.
    pub sqlite_readers: u32,
    /// On SQLite: when a commit is done.
    pub synchronous: Synchronous,
    /// On PostgreSQL: how long the answer to a statement is waited for; then the connection counts as dead.
    pub statement: Duration,
    /// The same where a statement may take long: those of an import or an undo, and what exports read.
    pub long_statement: Duration,
}

impl Default for Pool {
    fn default() -> Self {
        let (statement, long_statement) = (Duration::from_secs(20), Duration::from_mins(2));
        let synchronous = Synchronous::default();
        Self { postgres: 10, sqlite_readers: 4, synchronous, statement, long_statement }
    }
}

/// When a commit on SQLite is done. However it is, a process that ends loses nothing, and a file is never torn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Synchronous {
    /// Once the disk has it.
    #[default]
    #[serde(rename = "FULL", alias = "full")]
    Full,
    /// Once the operating system has it: a power cut takes the last seconds of what was acknowledged.
    #[serde(rename = "NORMAL", alias = "normal")]
    Normal,
}

/// How long reading waits on SQLite for the lock of another process. Writers never take it, but for moments.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_millis(1_500);

/// How long a request waits for a connection of the pool.
pub(crate) const ACQUIRE_TIMEOUT: Duration = PATIENCE;

/// How long whoever writes waits for its turn.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
