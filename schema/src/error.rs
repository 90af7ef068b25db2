//! Errors in GraphQL: those of the application, with their codes as extensions (GraphQL section 7.1.2).

use std::ops::Deref;

use async_graphql::{ErrorExtensionValues, Pos, Response, ServerError, Value};
use service::Code;

/// The result of resolvers. (`async_graphql::Result` would publish the text of any error that `?` meets, SQL included.)
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// The engine's words for a request that costs too much.
pub(crate) const TOO_COMPLEX: &str = "Query is too complex.";
/// The engine's words for fields that are too deep in each other.
pub(crate) const TOO_DEEP: &str = "Query is nested too deep.";

/// An error of the application as the engine of GraphQL takes it. It does not implement `Display`, so that no other error turns
/// into one by accident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub service::Error);

impl Error {
    /// An error with a code and a sentence.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self(service::Error::new(code, message))
    }

    /// A request that is wrong; the sentence says what would be right.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self(service::Error::invalid(message))
    }

    /// A fault of ours: the log gets the cause, the client does not.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        Self(service::Error::internal(cause))
    }

    /// The same about an input field.
    pub(crate) fn of_field(self, field: &'static str) -> Self {
        Self(service::Error { field: Some(field), ..self.0 })
    }

    /// The error as the engine has it, at a place of the document.
    pub(crate) fn at(self, position: Pos) -> ServerError {
        async_graphql::Error::from(self).into_server_error(position)
    }

    /// The answer to a request that is not executed.
    pub(crate) fn into_response(self) -> Response {
        let mut answer = self.into_response_at(Pos::default());
        // It is about no place of the document.
        answer.errors.iter_mut().for_each(|error| error.locations.clear());
        answer
    }

    /// The answer to a document that is wrong at a place.
    pub(crate) fn into_response_at(self, place: Pos) -> Response {
        Response::from_errors(vec![self.at(place)])
    }
}

impl Deref for Error {
    type Target = service::Error;

    fn deref(&self) -> &service::Error {
        &self.0
    }
}

impl From<service::Error> for Error {
    fn from(error: service::Error) -> Self {
        Self(error)
    }
}

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        Self(error.into())
    }
}

impl From<Error> for async_graphql::Error {
    fn from(Error(error): Error) -> Self {
        let service::Error { code, message, field, retry_after } = error;
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

/// The code of an error in a response; one without a code was made by the engine, which found the request wrong or over one of its
/// limits.
pub fn code_of(error: &ServerError) -> Code {
    let Some(Value::String(name)) = error.extensions.as_ref().and_then(|values| values.get("code")) else {
        let limits = [TOO_COMPLEX, TOO_DEEP];
        return if limits.contains(&error.message.as_str()) { Code::Limited } else { Code::Invalid };
    };
    Code::ALL.into_iter().find(|code| code.name() == name).unwrap_or(Code::Internal)
}
