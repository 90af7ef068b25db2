//! The HTTP interface: which route is what, and what every request passes through.

mod answers;
mod body;
mod client_address;
mod download;
mod error;
mod explorer;
mod export;
mod feeds;
mod graphql;
mod health;
mod import;
mod imports;
mod legacy;
mod query;
mod session;
mod shared;
mod signed_in;
mod spool;
mod webhook;
mod websocket;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, delete, get, post};
use http::header::{ALLOW, HeaderName, HeaderValue};
use service::Code;
use tracing::Instrument as _;

pub(crate) use crate::http::answers::Answers;
use crate::http::error::HttpError;
pub(crate) use crate::http::shared::{RequestId, Shared};

/// What clients reach.
pub(crate) fn router(shared: Shared) -> Router {
    let api_php = post(legacy::serve).fallback(legacy::not_allowed);
    let webhook = get(webhook::serve).post(webhook::serve).head(webhook::not_allowed).fallback(webhook::not_allowed);
    Router::new()
        .route("/graphql", any(graphql::serve))
        .route("/graphql/ws", get(websocket::serve))
        .route("/graphiql", get(explorer::page))
        .route("/graphiql/{file}", get(explorer::file))
        .route("/api.php", api_php.clone())
        // As some scripts write it.
        .route("/api.php/", api_php)
        .route("/webhook/{secret}", webhook.clone())
        .route("/webhook/{secret}/", webhook)
        .route("/export/{file}", get(export::section))
        .route("/export/{section}/{file}", get(export::related))
        .route("/feeds/{file}", get(feeds::serve))
        .route("/import/{section}", post(import::serve))
        .route("/import/{section}/sample.csv", get(import::sample))
        .route("/imports/{id}", get(imports::receipt))
        .route("/imports/{id}/errors.csv", get(imports::errors))
        .route("/imports/{id}/rows", get(imports::rows))
        .route("/imports/{id}/apply", post(imports::apply))
        .route("/imports/{id}/undo", post(imports::undo))
        .route("/imports/{id}/redo", post(imports::redo))
        .route("/imports/{id}/cancel", post(imports::cancel))
        .route("/uploads", post(import::upload))
        .route("/uploads/{id}", delete(import::discard))
        .fallback(async || HttpError::new(Code::NotFound, "there is nothing at this address"))
        .method_not_allowed_fallback(async || {
            HttpError::not_allowed("this address takes no such request; see the header Allow")
        })
        // Each handler reads its body with a limit of its own.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(shared.clone(), identify))
        .with_state(shared)
}

/// What only operators reach.
pub(crate) fn admin_router(shared: Shared) -> Router {
    Router::new()
        .route("/live", get(health::live))
        .route("/ready", get(health::ready))
        .fallback(async || HttpError::new(Code::NotFound, "there is nothing at this address"))
        .layer(middleware::from_fn_with_state(shared.clone(), identify))
        .with_state(shared)
}

/// A path as the log may have it: what follows here opens something to whoever reads it.
fn without_secret(path: &str) -> &str {
    ["/feeds/", "/webhook/"].into_iter().find(|prefix| path.starts_with(prefix)).unwrap_or(path)
}

/// Gives a request its id, its place in the log and the headers that every answer bears.
async fn identify(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    client_address::attach_client_address(&mut request, &shared.config.trusted_proxies);
    let span = tracing::info_span!("request", id = %id, method = %request.method(), path = %without_secret(request.uri().path()));
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(error) = response.extensions().get::<HttpError>() {
        let allowed = response.headers().get(ALLOW).cloned();
        response = error.answer(&id);
        response.headers_mut().extend(allowed.map(|allowed| (ALLOW, allowed)));
    }
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "Answered {}", response.status()));
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    headers.insert(http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
