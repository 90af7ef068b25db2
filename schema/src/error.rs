//! The errors that clients see: a closed list of codes, each with a sentence.

use async_graphql::{ErrorExtensionValues, Value};

/// After how many seconds it is worth a try to send again what the database could not do. For longer it waits for a lock itself.
const RETRY_SECONDS: u64 = 5;

/// The result of resolvers and of everything else here. (`async_graphql::Result` would publish the text of any error
/// that `?` meets, SQL included.)
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

    /// The code of an error in a GraphQL response; one without a code was made by the engine, which found the request
    /// wrong (GraphQL section 7.1.2, request errors) or over one of its limits.
    pub fn of(error: &async_graphql::ServerError) -> Self {
        let Some(Value::String(name)) = error.extensions.as_ref().and_then(|values| values.get("code")) else {
            let limits = [TOO_COMPLEX, TOO_DEEP];
            return if limits.contains(&error.message.as_str()) { Self::Limited } else { Self::Invalid };
        };
        Self::ALL.into_iter().find(|code| code.name() == name).unwrap_or(Self::Internal)
    }
}

/// The engine's words for a request that costs too much.
pub(crate) const TOO_COMPLEX: &str = "Query is too complex.";
/// The engine's words for fields that are too deep in each other.
pub(crate) const TOO_DEEP: &str = "Query is nested too deep.";

/// An error as clients see it. It does not implement `Display`, so that no other error turns into one by accident.
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
    pub(crate) fn limited_for(seconds: u64, message: impl Into<String>) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(Code::Limited, message) }
    }

    /// Something that may work in a while.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { retry_after: Some(RETRY_SECONDS), ..Self::new(Code::Unavailable, message) }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::Invalid, message)
    }

    /// Nobody is signed in.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "sign in first: send an access token, see the mutation login")
    }

    /// The error as the engine has it, at a place of the document.
    pub(crate) fn at(self, position: async_graphql::Pos) -> async_graphql::ServerError {
        async_graphql::Error::from(self).into_server_error(position)
    }

    /// The answer to a request that is not executed.
    pub(crate) fn into_response(self) -> async_graphql::Response {
        let mut answer = self.into_response_at(async_graphql::Pos::default());
        // It is about no place of the document.
        answer.errors.iter_mut().for_each(|error| error.locations.clear());
        answer
    }

    /// The answer to a document that is wrong at a place.
    pub(crate) fn into_response_at(self, place: async_graphql::Pos) -> async_graphql::Response {
        let error = self.at(place);
        async_graphql::Response::from_errors(vec![error])
    }

    /// A fault of ours: the log gets the cause, the client does not.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
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

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let Error { code, message, field, retry_after } = error;
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code.name());
        if let Some(field) = field {
            extensions.set("field", field);
        }
        if let Some(seconds) = retry_after {
            extensions.set("retryAfter", seconds);
        }
        let mut error = Self::new(message);
        error.extensions = Some(extensions);
        error
    }
}
