//! What can go wrong in storage, named by who must act.

use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

use crate::refusal::Refusal;

/// The result of every storage function.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of storage. The text of the last four is for the log, never for a client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller sent something that no record may hold; `field` is the GraphQL name of the input field.
    #[error("{reason}")]
    Invalid {
        /// The field at fault, where there is one.
        field: Option<&'static str>,
        /// What is wrong and what would have been right, as a sentence without its full stop.
        reason: String,
    },
    /// There is no such live record in this account.
    #[error("there is no such {what}")]
    NotFound {
        /// The noun that was looked for, such as `person`.
        what: &'static str,
    },
    /// The record is not what the caller thinks it is: it was changed meanwhile, or its name is taken.
    #[error("{reason}")]
    Conflict {
        /// What it collides with.
        reason: String,
    },
    /// It is more than Cairn does at once.
    #[error("{reason}")]
    Limited {
        /// Which limit was met, and what would have been right.
        reason: String,
    },
    /// It takes too long, or too much is going on; the same may work later.
    #[error("{reason}")]
    Busy {
        /// What took too long and what to do.
        reason: String,
    },
    /// The database cannot answer now; the same request may work later.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] DbErr),
    /// The disk that holds the database has no room for what is to be written; nothing of it stays.
    #[error("the disk of the database is full: {0}")]
    Full(#[source] DbErr),
    /// The disk that holds the database fails.
    #[error("the disk of the database fails: {0}")]
    Disk(#[source] DbErr),
    /// A fault of ours or of the database.
    #[error("database error: {0}")]
    Internal(#[source] DbErr),
}

impl Error {
    /// An [`Error::Invalid`] about one field.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field: Some(field), reason: reason.into() }
    }

    /// Turns the violation of a unique index into the conflict that `reason` describes.
    pub(crate) fn or_taken(self, reason: impl FnOnce() -> String) -> Self {
        match self {
            Self::Internal(error) => on_unique(error, reason),
            other => other,
        }
    }

    /// True where the same may work later: the database is away or busy, or its disk does not take what is written.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Unavailable(_) | Self::Full(_) | Self::Disk(_))
    }

    /// True for an error that goes away when the unit of work is done again: a serialization failure (40001), a
    /// deadlock (40P01), a server that is shutting down (57P01) or a lost connection (08006), see
    /// PostgreSQL's appendix A. A database that has not answered in time (08000) is not asked again.
    pub(crate) fn is_transient(&self) -> bool {
        let (Self::Unavailable(error) | Self::Internal(error)) = self else {
            return false;
        };
        matches!(sql_state(error).as_deref(), Some("40001" | "40P01" | "57P01" | "08006"))
    }

    /// True where somebody else has held for too long what the statement needs.
    pub(crate) fn is_held(&self) -> bool {
        let Self::Unavailable(error) = self else { return false };
        error.is_held()
    }
}

/// An error of a connection that cannot be had.
pub(crate) fn unavailable(reason: &str) -> Error {
    Error::Unavailable(DbErr::Custom(reason.to_owned()))
}

/// An error that may be that of a lock.
pub(crate) trait MayBeHeld {
    /// True where somebody else has held for too long what the statement needs.
    fn is_held(&self) -> bool;
}

impl MayBeHeld for DbErr {
    fn is_held(&self) -> bool {
        sql_state(self).as_deref() == Some(LOCK_NOT_AVAILABLE)
    }
}

impl MayBeHeld for Error {
    fn is_held(&self) -> bool {
        Self::is_held(self)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let reason = refusal.to_string();
        match refusal {
            Refusal::TooLarge { .. } => Self::Limited { reason },
            Refusal::Overdue { .. } | Refusal::Crowded => Self::Busy { reason },
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if let Some(refusal) = Refusal::of(&error) {
            return refusal.clone().into();
        }
        match trouble(&error) {
            Some(Trouble::Away) => Self::Unavailable(error),
            Some(Trouble::Full) => Self::Full(error),
            Some(Trouble::Disk) => Self::Disk(error),
            None => Self::Internal(error),
        }
    }
}

/// Turns the violation of a unique index into the conflict that `reason` describes.
pub(crate) fn on_unique(error: DbErr, reason: impl FnOnce() -> String) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::Conflict { reason: reason() },
        _ => error.into(),
    }
}

/// The same for the error of a statement that was written already.
pub(crate) fn name_taken(error: Error, reason: impl FnOnce() -> String) -> Error {
    match error {
        Error::Internal(error) => on_unique(error, reason),
        other => other,
    }
}

/// Somebody else holds a row or a table (PostgreSQL).
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Why a database cannot do what is asked, where that is no fault of the statement.
enum Trouble {
    Away,
    Full,
    Disk,
}

fn trouble(error: &DbErr) -> Option<Trouble> {
    let trouble = match sql_state(error).as_deref() {
        // PostgreSQL: class 08 is connections, 40 rollbacks for others' sake, 53 resources, 57P an operator's intervention, 58
        // errors of its system, 25P03 and 25P04 the end of a transaction that was left alone for too long.
        Some("53100") => Some(Trouble::Full),
        Some("58030") => Some(Trouble::Disk),
        Some(state) if state.len() == 5 => {
            let classes = ["08", "40", "53", "57P", "25P03", "25P04", LOCK_NOT_AVAILABLE];
            classes.iter().any(|class| state.starts_with(class)).then_some(Trouble::Away)
        }
        // SQLite: the low byte of the result code.
        Some(code) => match code.parse::<u32>().map_or(0, |code| code & 0xff) {
            BUSY | LOCKED | PROTOCOL => Some(Trouble::Away),
            FULL => Some(Trouble::Full),
            READONLY | IOERR | CANTOPEN | NOLFS => Some(Trouble::Disk),
            _ => None,
        },
        None => None,
    };
    let is_away = matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_));
    trouble.or(is_away.then_some(Trouble::Away))
}

/// Whether somebody else holds the lock that a statement of SQLite needs.
pub(crate) fn is_locked(error: &DbErr) -> bool {
    let code = sql_state(error).and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, BUSY | LOCKED))
}

/// Result codes of SQLite (<https://www.sqlite.org/rescode.html>).
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READONLY: u32 = 8;
const IOERR: u32 = 10;
const FULL: u32 = 13;
const CANTOPEN: u32 = 14;
const PROTOCOL: u32 = 15;
const NOLFS: u32 = 22;

fn sql_state(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    match error.as_ref() {
        sqlx::Error::Database(error) => error.code().map(Into::into),
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Some("08000".to_owned()),
        // What is no answer of PostgreSQL is what is left of one.
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => Some("08006".to_owned()),
        _ => None,
    }
}
