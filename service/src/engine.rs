//! What all requests share: the database, the formats, the keys, the clock.

use std::sync::Arc;

use formats::Registry;
use storage::password::Passwords;
use storage::{ReadingLimits, Storage, Timestamp};
use tokio::sync::Semaphore;

use crate::error::Result;
use crate::guard::Guard;
use crate::imports::limits::ImportLimits;
use crate::imports::running::Running;
use crate::token::Keys;
use crate::usage::counters::Counters;

/// What all requests share. Cloning is cheap.
#[derive(Clone)]
pub struct Engine {
    pub(crate) storage: Storage,
    pub(crate) formats: Arc<Registry>,
    pub(crate) passwords: Passwords,
    pub(crate) keys: Keys,
    pub(crate) clock: Clock,
    /// One import at a time: each holds a connection as long as it runs, on SQLite the only one that writes.
    pub(crate) imports: Arc<Semaphore>,
    /// Those that run or wait.
    pub(crate) running: Running,
    pub(crate) import_limits: ImportLimits,
    reading_limits: ReadingLimits,
    /// Who may try passwords.
    pub(crate) guard: Guard,
    /// Who has used the legacy API since it was last written down.
    pub(crate) usage: Counters,
    legacy_actions: &'static [&'static str],
}

/// Where the current time comes from.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Always the same moment, for tests.
    Fixed(Timestamp),
}

impl Clock {
    /// The current time.
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Fixed(moment) => moment,
        }
    }
}

impl Engine {
    /// An engine on a migrated database; the first one makes the signing key. Errors: those of the database.
    pub async fn new(storage: Storage, formats: Registry, clock: Clock) -> Result<Self> {
        let keys = Keys::load(&storage, clock.now()).await?;
        Ok(Self {
            storage,
            formats: Arc::new(formats),
            passwords: Passwords::default(),
            keys,
            clock,
            imports: Arc::new(Semaphore::new(1)),
            running: Running::default(),
            import_limits: ImportLimits::default(),
            reading_limits: ReadingLimits::default(),
            guard: Guard::default(),
            usage: Counters::default(),
            legacy_actions: &[],
        })
    }

    /// The same for files of at most this size.
    #[must_use]
    pub fn with_import_limits(self, import_limits: ImportLimits) -> Self {
        Self { import_limits, ..self }
    }

    /// The same for requests that may read so much each.
    #[must_use]
    pub fn with_reading_limits(self, reading_limits: ReadingLimits) -> Self {
        Self { reading_limits, ..self }
    }

    /// The same for a legacy API with these actions, which tokens can be limited to. It has none where nobody says.
    #[must_use]
    pub fn with_legacy_actions(self, legacy_actions: &'static [&'static str]) -> Self {
        Self { legacy_actions, ..self }
    }

    /// The names of the actions of the legacy API.
    pub fn legacy_actions(&self) -> &'static [&'static str] {
        self.legacy_actions
    }

    /// What a request may read.
    pub fn reading_limits(&self) -> &ReadingLimits {
        &self.reading_limits
    }

    /// How large a file to import may be.
    pub fn import_limits(&self) -> ImportLimits {
        self.import_limits
    }

    /// The database.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// The formats.
    pub fn formats(&self) -> &Registry {
        &self.formats
    }

    /// The hashing of passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
