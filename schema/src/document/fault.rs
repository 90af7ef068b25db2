//! What keeps a document from being run, where that is, and the answer that says so.

use async_graphql::{Pos, Response};
use service::Code;

use crate::error::Error;

/// An answer instead of what was asked for.
pub type Refused = Box<Response>;

/// What keeps a document from being one, and where that is.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) message: String,
    /// In bytes from the beginning.
    pub(super) at: usize,
}

impl Fault {
    pub(super) fn limited(at: usize, message: String) -> Self {
        Self { code: Code::Limited, message, at }
    }

    pub(super) fn invalid(at: usize, message: impl Into<String>) -> Self {
        Self { code: Code::Invalid, message: message.into(), at }
    }

    pub(super) fn answer(self, document: &str) -> Refused {
        refusal(self.code, &self.message, position(document, self.at))
    }
}

/// The answer to a document that has something at a place that it may not have.
pub(super) fn refusal(code: Code, what: &str, at: Pos) -> Refused {
    let message = format!("the document has {what} (line {}, column {})", at.line, at.column);
    Box::new(Error::new(code, message).into_response_at(at))
}

/// Line and column of a byte, counted as the engine's parser does.
pub(super) fn position(document: &str, at: usize) -> Pos {
    let (mut line, mut column) = (1, 1);
    for character in document[..at].chars() {
        match character {
            '\n' => (line, column) = (line + 1, 1),
            '\r' => column = 1,
            _ => column += 1,
        }
    }
    Pos { line, column }
}

/// The answer to a document that is over a limit at no place of its own.
pub(super) fn refused(error: Error) -> Refused {
    Box::new(error.into_response())
}
