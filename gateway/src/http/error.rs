//! Errors as HTTP answers: `{"error": {"code", "message", "requestId"}}` with the status of the code.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_ENCODING, CONNECTION, HeaderMap, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use service::{Code, Error};

/// An error that a handler answers with. The middleware that knows the request's id writes its body.
#[derive(Clone, Debug)]
pub(crate) struct HttpError {
    error: Error,
    status: StatusCode,
    /// A header that says what would have been right.
    advice: Option<(&'static str, &'static str)>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: BodyError<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BodyError<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    request_id: &'a str,
}

impl HttpError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Error::new(code, message).into()
    }

    /// The body is larger than the limit.
    pub(crate) fn too_large(limit: u64) -> Self {
        let error = Error::new(Code::Limited, format!("the body is larger than {limit} bytes, the limit"));
        Self { error, status: StatusCode::PAYLOAD_TOO_LARGE, advice: None }
    }

    /// The body is compressed (RFC 9110 section 15.5.16).
    pub(crate) fn encoded(coding: &str) -> Self {
        let message = format!("the body has the Content-Encoding {coding:?}: send it as it is, without one");
        let advice = Some((ACCEPT_ENCODING.as_str(), "identity"));
        Self { advice, ..Self::new(Code::Unsupported, message) }
    }

    /// An error about a body: over a limit it is too large, unless time alone heals that.
    pub(crate) fn of_body(error: Error) -> Self {
        match error.code {
            Code::Limited if error.retry_after.is_none() => {
                Self { error, status: StatusCode::PAYLOAD_TOO_LARGE, advice: None }
            }
            _ => error.into(),
        }
    }

    /// The body comes too slowly.
    pub(crate) fn too_slow(message: impl Into<String>) -> Self {
        Self { error: Error::new(Code::Limited, message), status: StatusCode::REQUEST_TIMEOUT, advice: None }
    }

    /// The address takes no such method. What it takes stands in the header `Allow`, which the router adds.
    pub(crate) fn not_allowed(message: impl Into<String>) -> Self {
        let error = Error::new(Code::Unsupported, message);
        Self { error, status: StatusCode::METHOD_NOT_ALLOWED, advice: None }
    }

    /// The error itself.
    pub(crate) fn error(&self) -> &Error {
        &self.error
    }

    /// The answer with its body.
    pub(crate) fn answer(&self, request_id: &str) -> Response {
        let Error { code, message, field, .. } = &self.error;
        let error = BodyError { code: code.name(), message, field: *field, request_id };
        self.with_head(Json(Body { error }).into_response())
    }

    /// An answer with the status of the error and the headers that tell what to do about it.
    pub(crate) fn with_head(&self, mut response: Response) -> Response {
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        add_advice(self.status, headers);
        if let Some((name, value)) = self.advice {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if let Some(seconds) = self.error.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The headers that tell a client what to do about a status (RFC 9110 sections 11.6.1, 15.5.9 and 15.6.4).
pub(crate) fn add_advice(status: StatusCode, headers: &mut HeaderMap) {
    let (name, value) = match status {
        StatusCode::UNAUTHORIZED => (WWW_AUTHENTICATE, "Bearer, Basic realm=\"Cairn\""),
        StatusCode::REQUEST_TIMEOUT => (CONNECTION, "close"),
        StatusCode::SERVICE_UNAVAILABLE => (RETRY_AFTER, "5"),
        _ => return,
    };
    headers.insert(name, HeaderValue::from_static(value));
}

/// The status of a code.
pub(crate) fn status(code: Code) -> StatusCode {
    match code {
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict => StatusCode::CONFLICT,
        Code::Invalid => StatusCode::BAD_REQUEST,
        Code::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::Limited => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        Self { status: status(error.code), error, advice: None }
    }
}

/// The status, and the error for the middleware that adds the body.
impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
