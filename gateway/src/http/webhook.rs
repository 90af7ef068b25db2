//! `POST` and `GET /webhook/{secret}`: the JSON webhook.
//!
//! Programs that call a webhook look at the status, unlike the clients of `api.php`, which compare the body: a refusal has the status
//! of its code, and a sentence as its body. 404 is the secret's alone, so that nobody gives up a webhook over a misspelled template.

use axum::body::Body;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use compat_api::Api;
use compat_api::reply::Reply;
use compat_api::reply::charset::Charset;
use compat_api::webhook::{Client, Sent, answer, note_unread};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, StatusCode};
use service::{Code, Error, OpenedWebhook, Origin};

use super::answers::Answers;
use super::error::{HttpError, add_advice, status};
use super::export::add_notes;
use super::legacy::{CODE, RESULT_CAP, sentence, written};
use super::shared::{RequestId, Shared};
use super::{body, session};

pub(crate) async fn serve(
    State(shared): State<Shared>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(origin): Extension<Origin>,
    Path(secret): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answered = answered(&shared, &request_id, origin, &secret, query.as_deref(), &headers, body).await;
    answered.unwrap_or_else(|error| sentence(&error, Charset::Utf8))
}

/// A webhook by another method than POST and GET: it makes something on GET, and HEAD promises not to.
pub(crate) async fn not_allowed() -> Response {
    let message = "send JSON or a form by POST, or plain variables by GET";
    let mut response = sentence(&HttpError::not_allowed(message), Charset::Utf8);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET,POST"));
    response
}

async fn answered(
    shared: &Shared,
    request_id: &str,
    origin: Origin,
    secret: &str,
    query: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, HttpError> {
    // Before the body is read: nobody without a secret has us keep megabytes.
    let webhook = match open(shared, headers, secret).await {
        Ok(webhook) => webhook,
        Err(Error { code, message, .. }) => {
            return response(Reply::exact_refusal(code, &message, Charset::Utf8), status(code), &shared.answers, "");
        }
    };
    let limits = &shared.config.limits;
    let user_agent = headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let user_agent = user_agent.as_deref().unwrap_or_default();
    let client = Client { webhook, origin, user_agent };
    let body = match body::read_form(headers, body, limits.legacy_body, limits.body_idle()).await {
        Ok(body) => body,
        Err(error) => {
            note_unread(client, error.error());
            return Err(error);
        }
    };
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let sent = Sent { content_type, query, body: &body };
    let api = Api { engine: shared.engine.clone(), schema: shared.schema.clone(), settings: shared.config.legacy };
    let reply = answer(&api, client, sent, request_id).await;
    let status = match reply.code {
        None => StatusCode::OK,
        Some(Code::NotFound) => StatusCode::BAD_REQUEST,
        Some(code) => status(code),
    };
    response(reply, status, &shared.answers, &origin.text())
}

async fn open(shared: &Shared, headers: &HeaderMap, secret: &str) -> Result<OpenedWebhook, Error> {
    let hint = session::account_hint(shared, headers)?;
    shared.engine.webhook(&hint, secret).await
}

fn response(reply: Reply, status: StatusCode, answers: &Answers, holder: &str) -> Result<Response, HttpError> {
    let Reply { body, content_type, code, cap, notes, retry_after } = reply;
    // A GET that was answered from a cache would make nothing.
    let mut response =
        (status, [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store")], written(body, answers, holder)?)
            .into_response();
    let headers = response.headers_mut();
    add_notes(&notes, headers);
    if let Some(cap) = cap {
        headers.insert(RESULT_CAP, HeaderValue::from(cap));
    }
    if let Some(code) = code {
        headers.insert(CODE, HeaderValue::from_static(code.name()));
        add_advice(status, headers);
    }
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}
