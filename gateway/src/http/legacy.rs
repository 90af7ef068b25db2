//! `POST /api.php`: the legacy API. Whatever it answers is what its clients can read: no refusal is JSON or empty.

use std::io::{self, Write as _};

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use compat_api::form::{Form, NoForm};
use compat_api::reply::charset::Charset;
use compat_api::reply::{self, Reply};
use compat_api::{Api, Client, Settings, answer};
use futures_util::StreamExt as _;
use http::header::{ACCEPT_CHARSET, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, StatusCode};
use service::{Code, Error, Origin};

use super::answers::{Answers, PIECE, Pieces};
use super::error::{HttpError, add_advice, status};
use super::export::add_notes;
use super::shared::{RequestId, Shared};
use super::{body, session};

/// The header that carries the code of a refusal, whose status is 200.
pub(crate) const CODE: HeaderName = HeaderName::from_static("x-cairn-code");
/// The header that carries the number of records of a reply that had to leave some out.
pub(crate) const RESULT_CAP: HeaderName = HeaderName::from_static("x-cairn-result-cap");

pub(crate) async fn serve(
    State(shared): State<Shared>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answered = answered(&shared, origin, &headers, body, &request_id).await;
    answered.unwrap_or_else(|error| sentence(&error, preferred(&shared, &headers)))
}

/// `api.php` by another method than POST.
pub(crate) async fn not_allowed(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let message = "send a form by POST, with login_email, login_password, and create or get";
    sentence(&HttpError::not_allowed(message), preferred(&shared, &headers))
}

/// An error of HTTP as an answer of the legacy API: its status and headers, and a sentence with its code.
pub(crate) fn sentence(error: &HttpError, charset: Charset) -> Response {
    let Error { code, message, .. } = error.error();
    let Reply { body, content_type, .. } = Reply::refusal(*code, message, charset);
    let body = match body {
        reply::Body::Whole(bytes) => Body::from(bytes),
        reply::Body::Stream(_) => Body::empty(),
    };
    let head = [(CONTENT_TYPE, content_type), (CODE, code.name())];
    error.with_head((head, body).into_response())
}

async fn answered(
    shared: &Shared,
    origin: Origin,
    headers: &HeaderMap,
    body: Body,
    request_id: &str,
) -> Result<Response, HttpError> {
    let limits = &shared.config.limits;
    let body = body::read_form(headers, body, limits.legacy_body, limits.body_idle()).await?;
    let reply = reply(shared, origin, headers, &body, request_id).await.unwrap_or_else(|reply| reply);
    let holder = origin.text();
    let body = written(reply.body, &shared.answers, &holder)?;
    let mut response = ([(CONTENT_TYPE, reply.content_type)], body).into_response();
    let headers = response.headers_mut();
    if let Some(cap) = reply.cap {
        headers.insert(RESULT_CAP, HeaderValue::from(cap));
    }
    add_notes(&reply.notes, headers);
    if let Some(seconds) = reply.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(code) = reply.code {
        headers.insert(CODE, HeaderValue::from_static(code.name()));
        let status = legacy_status(code);
        *response.status_mut() = status;
        add_advice(status, response.headers_mut());
    }
    Ok(response)
}

/// The reply to a body that has arrived; `Err` where it does not even reach an account.
async fn reply(
    shared: &Shared,
    origin: Origin,
    headers: &HeaderMap,
    body: &[u8],
    request_id: &str,
) -> Result<Reply, Reply> {
    let charset = preferred(shared, headers);
    let settings = Settings { charset, ..shared.config.legacy };
    let no_form =
        |NoForm| Reply::refusal(Code::Invalid, "the body is no form: send it as PHP or curl -d would", charset);
    let form = Form::read(text(headers, &CONTENT_TYPE), body).await.map_err(no_form)?;
    // What the headers say is no secret, so the refusal may be more exact than that of a wrong password.
    let contradiction = |Error { code, message, .. }| Reply::exact_refusal(code, &message, charset);
    let hint = session::account_hint(shared, headers).map_err(contradiction)?;
    let api = Api { engine: shared.engine.clone(), schema: shared.schema.clone(), settings };
    let user_agent = headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let user_agent = user_agent.as_deref().unwrap_or_default();
    let client = Client { hint: &hint, origin, user_agent };
    Ok(answer(&api, client, &form, request_id).await)
}

/// The charset of a reply: the one that the client prefers.
fn preferred(shared: &Shared, headers: &HeaderMap) -> Charset {
    shared.config.legacy.charset.preferred(text(headers, &ACCEPT_CHARSET))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The body of a reply. An error in the middle breaks a chunked one off, so that a client can tell that it is not whole.
///
/// Errors: `UNAVAILABLE` where too much waits to be sent already, `LIMITED` where it is too large to wait. Only what was read is ever so large.
pub(crate) fn written(body: reply::Body, answers: &Answers, holder: &str) -> Result<Body, HttpError> {
    match body {
        reply::Body::Whole(bytes) if bytes.len() <= PIECE => Ok(Body::from(bytes)),
        reply::Body::Whole(bytes) => {
            let mut pieces = Pieces::new(answers.keep(holder));
            if pieces.write_all(&bytes).is_err() {
                let full = pieces.refused().expect("nothing else keeps it from being written");
                return Err(answers.refusal(full).into());
            }
            Ok(pieces.into_body())
        }
        reply::Body::Stream(chunks) => {
            Ok(Body::from_stream(chunks.map(|chunk| chunk.map_err(|error| io::Error::other(error.message)))))
        }
    }
}

/// Clients of the original compare the body, so a refusal is 200; only what a retry may cure is a status of its own.
fn legacy_status(code: Code) -> StatusCode {
    match code {
        Code::Limited | Code::Unavailable => status(code),
        _ => StatusCode::OK,
    }
}
