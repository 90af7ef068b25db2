//! `/graphql`: GraphQL over HTTP by its specification (GraphQL over HTTP, working draft).
//!
//! The extractor and responder of async-graphql-axum read any content type without a limit, run mutations sent by GET
//! and answer 200 whatever happens; these are ours.

use async_graphql::{Request, Response as GraphqlResponse, Variables};
use axum::body::Body;
use axum::extract::{Extension, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderMap, RETRY_AFTER, VARY};
use http::{HeaderValue, Method, StatusCode};
use schema::{GraphqlDocument, code_of};
use serde::Deserialize;
use service::{Caller, Code, Error, Origin};

use super::answers::{Answers, Full, Pieces};
use super::error::{self, HttpError};
use super::shared::{RequestId, Shared};
use super::{body, session};

const GRAPHQL_JSON: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

pub(crate) async fn serve(
    State(shared): State<Shared>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(origin): Extension<Origin>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, HttpError> {
    let Some(media) = negotiate(&headers) else {
        let message = format!("the answer can be {GRAPHQL_JSON} or {JSON}, and Accept names neither");
        return Ok((StatusCode::NOT_ACCEPTABLE, message).into_response());
    };
    if !matches!(method, Method::GET | Method::HEAD | Method::POST) {
        return Ok(method_not_allowed("GET, HEAD, POST"));
    }
    // Before the body, which may be large.
    if method == Method::POST {
        check_json(&headers)?;
        body::check(&headers, &body, shared.config.limits.graphql_body as u64)?;
    }
    let caller = match session::caller(&shared, origin, &method, &headers).await {
        Ok(caller) => caller,
        Err(error) => return Ok(media.refusal_of(&error)),
    };
    let holder = holder(&caller, origin);
    if let Err(error) = shared.answers.check(&holder) {
        return Ok(media.refusal_of(&error));
    }
    let request = match method {
        Method::POST => from_body(&headers, body, &shared, &caller).await,
        _ => from_query(query.as_deref(), &shared),
    };
    let mut request = match request {
        Ok(request) => request,
        Err(Refused::Request(message)) => return Ok(media.refusal(StatusCode::BAD_REQUEST, Code::Invalid, &message)),
        Err(Refused::Engine(error)) => {
            return Ok(media.answer(&schema::refusal(error), &shared.answers, &holder, false));
        }
        Err(Refused::Http(error)) => return Err(error),
    };
    if let Some(site) = session::site(&shared, &headers) {
        request = request.data(service::Site(site));
    }
    request = request.data(origin);
    let may_write = may_write(&request);
    let document = match GraphqlDocument::open(&shared.schema, request, &caller).await {
        Ok(document) => document,
        Err(answer) => return Ok(media.answer(&answer, &shared.answers, &holder, false)),
    };
    // A mutation may not be sent by GET (section 6.3.1.1).
    if method != Method::POST && !document.reads() {
        return Ok(method_not_allowed("POST"));
    }
    let response = document.execute(&shared.schema, caller, &request_id).await;
    Ok(media.answer(&response, &shared.answers, &holder, may_write))
}

/// For whom an answer waits: the user, or the address of who is nobody yet.
pub(super) fn holder(caller: &Caller, origin: Origin) -> String {
    match caller {
        Caller::SignedIn(session) => session.user().id.to_string(),
        Caller::Anonymous(_) => origin.text(),
    }
}

/// Whether a request may have changed something, so that nobody is told to send it again.
pub(super) fn may_write(request: &Request) -> bool {
    request.query.contains("mutation")
}

/// What becomes of an answer for which there is no room.
pub(super) fn not_kept(answers: &Answers, full: Full, may_write: bool) -> Error {
    if may_write {
        let message = "it is done, but its answer is not sent: too many bytes of answers wait to be taken, see the limit answers_unsent";
        Error::new(Code::Limited, message)
    } else {
        answers.refusal(full)
    }
}

/// Why a request does not reach the engine.
enum Refused {
    /// It is no GraphQL request; the answer is a GraphQL one.
    Request(String),
    /// It is over a limit, or others are at work for too long.
    Engine(Error),
    Http(HttpError),
}

/// The parameters of a request (GraphQL over HTTP, section 5.1), over HTTP and in a message of a websocket.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    query: String,
    operation_name: Option<String>,
    variables: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(rename = "extensions")]
    _extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Parameters {
    /// The request: where every document of a client comes in, on whatever way.
    pub(super) fn request(self) -> Request {
        let mut request = Request::new(self.query);
        // Clients that have none send an empty one.
        request.operation_name = self.operation_name.filter(|name| !name.is_empty());
        if let Some(variables) = self.variables {
            request = request.variables(Variables::from_json(variables.into()));
        }
        request
    }
}

fn check_json(headers: &HeaderMap) -> Result<(), HttpError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if is_utf8_json(content_type) {
        return Ok(());
    }
    Err(HttpError::new(Code::Unsupported, "send the request as application/json in UTF-8"))
}

async fn from_body(headers: &HeaderMap, body: Body, shared: &Shared, caller: &Caller) -> Result<Request, Refused> {
    let limits = &shared.config.limits;
    // Whoever is nobody yet need send no more than a document and its variables, written in any way.
    let most = match caller {
        Caller::SignedIn(_) => limits.graphql_body,
        Caller::Anonymous(_) => limits.graphql_body.min(limits.graphql_anonymous_document.saturating_mul(4)),
    };
    let body = body::read(headers, body, most, limits.body_idle()).await.map_err(Refused::Http)?;
    let (size, values) = (body.len(), limits.graphql_values);
    schema::read_json(&shared.schema, size, move || parameters(&body, values)).await.map_err(Refused::Engine)?
}

fn parameters(body: &[u8], values: usize) -> Result<Request, Refused> {
    schema::count_values(body, values).map_err(Refused::Engine)?;
    if body.trim_ascii_start().starts_with(b"[") {
        let message =
            "a list of operations is not taken: send each as a request of its own, one JSON object with a query";
        return Err(Refused::Request(message.to_owned()));
    }
    let parameters: Parameters = serde_json::from_slice(body).map_err(|error| {
        Refused::Request(format!("the body is no GraphQL request (one JSON object with a query): {error}"))
    })?;
    Ok(parameters.request())
}

fn from_query(query: Option<&str>, shared: &Shared) -> Result<Request, Refused> {
    let (mut text, mut operation_name, mut variables) = (None, None, None);
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "query" => text = Some(value.into_owned()),
            "operationName" => operation_name = Some(value.into_owned()),
            "variables" if !value.is_empty() => {
                schema::count_values(value.as_bytes(), shared.config.limits.graphql_values).map_err(Refused::Engine)?;
                let parsed = serde_json::from_str(&value);
                variables =
                    parsed.map_err(|error| Refused::Request(format!("variables is no JSON object: {error}")))?;
            }
            _ => {}
        }
    }
    let query = text.ok_or_else(|| Refused::Request("the parameter query is missing".to_owned()))?;
    Ok(Parameters { query, operation_name, variables, _extensions: None }.request())
}

fn is_utf8_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(JSON));
    let is_utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    is_json && parts.all(is_utf8)
}

/// The media type of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Media {
    /// A request that cannot be executed is 4xx.
    GraphqlJson,
    /// For older clients: whatever the engine answers is 200.
    Json,
}

/// The first of the two that Accept names with the highest weight; JSON where it names anything or nothing.
fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let accepts: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    if accepts.is_empty() {
        return Some(Media::Json);
    }
    let mut best: Option<(f32, Media)> = None;
    for range in accepts.iter().flat_map(|accept| accept.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            GRAPHQL_JSON => Media::GraphqlJson,
            JSON | "application/*" | "*/*" => Media::Json,
            _ => continue,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        if quality > 0.0 && best.is_none_or(|(highest, _)| quality > highest) {
            best = Some((quality, media));
        }
    }
    best.map(|(_, media)| media)
}

/// Whether a request was not executed: it could not be parsed, validated or was over a limit. Then it has no data.
pub(super) fn is_refused(response: &GraphqlResponse) -> bool {
    let executed = response.errors.is_empty() || response.data != async_graphql::Value::Null;
    !executed && response.errors.iter().all(|error| error.path.is_empty())
}

impl Media {
    fn answer(self, response: &GraphqlResponse, answers: &Answers, holder: &str, may_write: bool) -> Response {
        let refused_by_engine = is_refused(response);
        let status = match self {
            Self::GraphqlJson if refused_by_engine => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        };
        let mut body = Pieces::new(answers.keep(holder));
        // An answer to a request that was not executed has no data, not even null (GraphQL section 7.1).
        let written = if refused_by_engine {
            serde_json::to_writer(&mut body, &serde_json::json!({ "errors": response.errors }))
        } else {
            serde_json::to_writer(&mut body, response)
        };
        // What watches over an address looks at the status, and programs that try again look at the header: a sign-in that has to
        // wait, and a database that could do nothing of what was asked.
        let wait = response.errors.iter().find_map(|error| Some((code_of(error), retry_after(error)?)));
        let status = match wait {
            Some((Code::Unavailable, _)) if response.data != async_graphql::Value::Null => status,
            Some((code, _)) => error::status(code),
            None => status,
        };
        match written {
            Ok(()) => waiting(self.respond(status, body.into_body()), wait.map(|(_, seconds)| seconds)),
            Err(error) => {
                let Some(full) = body.refused() else {
                    tracing::error!(%error, "An answer cannot be written: {error}");
                    return StatusCode::INTERNAL_SERVER_ERROR.into_response();
                };
                let Error { code, message, .. } = not_kept(answers, full, may_write);
                // To send again what was done would do it twice.
                let status = if may_write { StatusCode::OK } else { error::status(code) };
                self.refusal(status, code, &message)
            }
        }
    }

    /// An answer to a request whose caller is refused.
    fn refusal_of(self, error: &Error) -> Response {
        let Error { code, message, retry_after, .. } = error;
        waiting(self.refusal(error::status(*code), *code, message), *retry_after)
    }

    /// An answer to a request that did not reach the engine.
    fn refusal(self, status: StatusCode, code: Code, message: &str) -> Response {
        let error = serde_json::json!({ "message": message, "extensions": { "code": code.name() } });
        let body = serde_json::json!({ "errors": [error] }).to_string();
        let mut response = self.respond(status, body.into());
        error::add_advice(status, response.headers_mut());
        response
    }

    fn respond(self, status: StatusCode, body: Body) -> Response {
        let media_type = match self {
            Self::GraphqlJson => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        };
        let headers =
            [(CONTENT_TYPE, HeaderValue::from_static(media_type)), (VARY, HeaderValue::from_static("Accept"))];
        (status, headers, body).into_response()
    }
}

/// An answer that says after how many seconds the same may be asked again.
fn waiting(mut response: Response, seconds: Option<u64>) -> Response {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The seconds that an error of the engine asks to wait.
fn retry_after(error: &async_graphql::ServerError) -> Option<u64> {
    match error.extensions.as_ref()?.get("retryAfter")? {
        async_graphql::Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}

fn method_not_allowed(allowed: &'static str) -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, allowed)]).into_response()
}
