//! What `api.php` answers: `Success`, a sentence, or XML; with status 200, as clients of the original compare the body.

pub mod xml;

use schema::Code;

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The body.
    pub body: String,
    /// Its media type.
    pub content_type: &'static str,
    /// For the header `X-Cairn-Code`; `None` for `Success` and XML.
    pub code: Option<Code>,
}

impl Reply {
    /// The one word for a record that was created.
    pub fn success() -> Self {
        Self { body: "Success".to_owned(), content_type: TEXT, code: None }
    }

    /// A refusal, as a sentence.
    pub fn refusal(code: Code, message: &str) -> Self {
        Self { body: sentence(code, message), content_type: TEXT, code: Some(code) }
    }

    /// A refusal in exactly these words, which give nothing away.
    pub fn exact_refusal(code: Code, message: &str) -> Self {
        Self { body: finished(message), content_type: TEXT, code: Some(code) }
    }

    pub(crate) fn xml(body: String) -> Self {
        Self { body, content_type: "text/xml; charset=utf-8", code: None }
    }
}

const TEXT: &str = "text/plain; charset=utf-8";

/// The legacy sentence of an error.
fn sentence(code: Code, message: &str) -> String {
    match code {
        Code::Unauthenticated => "The e-mail address or password is not correct.".to_owned(),
        Code::Internal => "An error occurred in Cairn; nothing was changed.".to_owned(),
        Code::Unavailable => "Cairn is not available at the moment, please try again.".to_owned(),
        Code::Forbidden | Code::NotFound | Code::Conflict | Code::Invalid | Code::Unsupported | Code::Limited => {
            finished(message)
        }
    }
}

/// The message with a capital letter and a full stop.
fn finished(message: &str) -> String {
    let mut chars = message.chars();
    let first: String = chars.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let stop = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}
