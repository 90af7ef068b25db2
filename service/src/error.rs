//! The errors that clients see: a closed list of codes, each with a sentence.

/// After how many seconds it is worth a try to send again what the database could not do. For longer it waits for a lock itself.
const RETRY_SECONDS: u64 = 5;

/// The result of everything here.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of error it is; a client decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Nobody is signed in, or the credentials are wrong.
    Unauthenticated,
    /// The user's role does not allow it.
    Forbidden,
    /// There is no such record in this account.
    NotFound,
    /// The record was changed meanwhile, or a name is taken.
    Conflict,
    /// The request is wrong; the message says what would be right.
    Invalid,
    /// Cairn does not do this.
    Unsupported,
    /// A limit was reached.
    Limited,
    /// Try again later.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 9] = [
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::Invalid,
        Self::Unsupported,
        Self::Limited,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The code as clients see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::Invalid => "INVALID",
            Self::Unsupported => "UNSUPPORTED",
            Self::Limited => "LIMITED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

/// An error as clients see it. It does not implement `Display`, so that none turns into a text, nor any other error into one, by accident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The code.
    pub code: Code,
    /// A sentence without its full stop.
    pub message: String,
    /// The input field at fault, where there is one.
    pub field: Option<&'static str>,
    /// After how many seconds the same may be tried again, where that is known.
    pub retry_after: Option<u64>,
}

impl Error {
    /// An error with a code and a sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, retry_after: None }
    }

    /// A limit that is open again after so many seconds.
    pub fn limited_for(seconds: u64, message: impl Into<String>) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(Code::Limited, message) }
    }

    /// Something that may work in a while.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self { retry_after: Some(RETRY_SECONDS), ..Self::new(Code::Unavailable, message) }
    }

    /// A request that is wrong; the sentence says what would be right.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::Invalid, message)
    }

    /// Nobody is signed in.
    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "sign in first: send an access token, see the mutation login")
    }

    /// A fault of ours: the log gets the cause, the client does not.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(cause = %cause, "Internal error: {cause}");
        Self::new(Code::Internal, "internal error")
    }
}

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Invalid { field, reason } => Self { field, ..Self::invalid(reason) },
            storage::Error::NotFound { .. } => Self::new(Code::NotFound, error.to_string()),
            storage::Error::Conflict { reason } => Self::new(Code::Conflict, reason),
            storage::Error::Limited { reason } => Self::new(Code::Limited, reason),
            storage::Error::Busy { reason } => Self::unavailable(reason),
            storage::Error::Unavailable(cause) => {
                tracing::error!(%cause, "The database is not available: {cause}");
                Self::unavailable("the database is busy or not available now; try again")
            }
            storage::Error::Full(cause) => {
                tracing::error!(%cause, "The disk of the database is full: {cause}");
                Self::unavailable(
                    "the disk of the database is full, so nothing was changed: make room there, and try again",
                )
            }
            storage::Error::Disk(cause) => {
                tracing::error!(%cause, "The disk of the database fails: {cause}");
                Self::unavailable("the disk of the database does not work now; try again later")
            }
            storage::Error::Internal(cause) => Self::internal(cause),
        }
    }
}
