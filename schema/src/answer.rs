//! The errors of an answer: few, short, each with its code.

use async_graphql::{ErrorExtensionValues, Response, ServerError};
use service::Code;

use crate::error::code_of;
use crate::known::known_of;
use crate::root::Schema;

/// How many errors an answer has at most; where there are more, the last one says how many.
const ERRORS: usize = 20;
/// How many bytes a message has at most.
const MESSAGE: usize = 2_000;

/// An answer whose errors have codes. An error without one was found by the engine and is `INVALID`; an `INTERNAL` one gets the id
/// by which the log has its cause.
pub(crate) fn coded(schema: &Schema, mut response: Response, request_id: &str) -> Response {
    let left_out = response.errors.len().checked_sub(ERRORS).filter(|more| *more > 0).map(|more| {
        let cut = response.errors.split_off(ERRORS - 1);
        let code = cut.first().map_or(Code::Invalid, code_of);
        let mut last = ServerError::new(format!("and {} more errors", more + 1), None);
        last.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.name());
        last
    });
    response.errors.shrink_to_fit();
    for error in &mut response.errors {
        let code = code_of(error);
        if code == Code::Invalid {
            known_of(schema).suggest(error);
        }
        shorten(&mut error.message);
        let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
        extensions.set("code", code.name());
        if code == Code::Internal {
            extensions.set("requestId", request_id);
        }
    }
    response.errors.extend(left_out);
    response
}

fn shorten(message: &mut String) {
    if message.len() > MESSAGE {
        let end = (0..=MESSAGE).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
        message.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn a_message_is_cut_between_characters() {
        let mut message = format!("a{}", "é".repeat(1_500));
        shorten(&mut message);
        assert_eq!(message, format!("a{}…", "é".repeat(999)));
        let mut short = "x".repeat(2_000);
        shorten(&mut short);
        assert_eq!(short.len(), 2_000);
    }
}
