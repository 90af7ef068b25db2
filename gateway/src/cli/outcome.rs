//! How commands end.

/// How a command ended that did what it could.
pub(super) enum Ending {
    Done,
    /// Some rows of an import were no records; the receipt names them.
    RowsFailed,
    /// Somebody at the keyboard stopped it.
    Cancelled,
}

/// Why a command did not do it, as a sentence for the terminal.
pub(super) struct Failure(pub(super) String);

pub(super) type Outcome = Result<(), Failure>;

impl From<service::Error> for Failure {
    fn from(error: service::Error) -> Self {
        Self(error.message)
    }
}

impl From<storage::Error> for Failure {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Full(_) | storage::Error::Disk(_) => service::Error::from(error).into(),
            error => Self(error.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}
