//! What `api.php` answers: `Success`, a sentence, or XML (and the webhook JSON); with status 200, as clients of the original compare the body.

pub mod charset;
pub mod xml;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use schema::search_notes;
use service::{Code, Error};

use charset::Charset;

/// A reply.
pub struct Reply {
    /// The body.
    pub body: Body,
    /// Its media type.
    pub content_type: &'static str,
    /// For the header `X-Cairn-Code`; `None` for `Success` and XML.
    pub code: Option<Code>,
    /// How many records the reply holds where that is not all; for the header `X-Cairn-Result-Cap`.
    pub cap: Option<usize>,
    /// What is to be said of the search; for the header `X-Cairn-Search-Note`.
    pub notes: Vec<String>,
    /// After how many seconds the same may be sent again, where that is known.
    pub retry_after: Option<u64>,
}

/// The body of a reply.
pub enum Body {
    /// What is known already.
    Whole(Bytes),
    /// What is read from the database while it is written. An error comes where the body has to break off.
    Stream(BoxStream<'static, Result<Bytes, Error>>),
}

impl Reply {
    /// The one word for a record that was created.
    pub(crate) fn success(charset: Charset) -> Self {
        Self::text("Success", charset, None)
    }

    /// A refusal for an error.
    pub(crate) fn of_error(error: &Error, charset: Charset) -> Self {
        Self { retry_after: error.retry_after, ..Self::refusal(error.code, &error.message, charset) }
    }

    /// A refusal, as a sentence.
    pub fn refusal(code: Code, message: &str, charset: Charset) -> Self {
        Self::text(&sentence(code, message), charset, Some(code))
    }

    /// A refusal in exactly these words, which give nothing away.
    pub fn exact_refusal(code: Code, message: &str, charset: Charset) -> Self {
        Self::text(&finished(message), charset, Some(code))
    }

    /// Records.
    pub(crate) fn xml(body: Body, charset: Charset, cap: Option<usize>) -> Self {
        Self { body, content_type: charset.xml_type(), code: None, cap, notes: Vec::new(), retry_after: None }
    }

    /// The same with what is to be said of a search.
    #[must_use]
    pub(crate) fn with_notes_of(self, search: Option<&str>) -> Self {
        Self { notes: search.map(search_notes).unwrap_or_default(), ..self }
    }

    /// What a search of the webhook finds.
    pub(crate) fn json(body: Body, cap: Option<usize>) -> Self {
        Self { body, content_type: "application/json", code: None, cap, notes: Vec::new(), retry_after: None }
    }

    fn text(text: &str, charset: Charset, code: Option<Code>) -> Self {
        let body = Body::Whole(charset.text(text));
        Self { body, content_type: charset.text_type(), code, cap: None, notes: Vec::new(), retry_after: None }
    }
}

/// The legacy sentence of an error.
fn sentence(code: Code, message: &str) -> String {
    match code {
        Code::Unauthenticated => "The e-mail address or password is not correct.".to_owned(),
        Code::Internal => "An error occurred in Cairn; nothing was changed.".to_owned(),
        Code::Forbidden
        | Code::NotFound
        | Code::Conflict
        | Code::Invalid
        | Code::Unsupported
        | Code::Limited
        | Code::Unavailable => finished(message),
    }
}

/// The message with a capital letter and a full stop.
fn finished(message: &str) -> String {
    let mut chars = message.chars();
    let first: String = chars.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let stop = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}
