//! `/graphiql`: a plain page of our own that can sign in and send a query, without anything from elsewhere.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use service::Code;

use super::error::HttpError;

/// Only this page's own files and requests to this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; \
                      frame-ancestors 'none'; base-uri 'none'";

pub(crate) async fn page() -> Response {
    asset("text/html; charset=utf-8", include_str!("explorer/explorer.html"))
}

pub(crate) async fn file(Path(name): Path<String>) -> Result<Response, HttpError> {
    match name.as_str() {
        "explorer.js" => Ok(asset("text/javascript; charset=utf-8", include_str!("explorer/explorer.js"))),
        "explorer.css" => Ok(asset("text/css; charset=utf-8", include_str!("explorer/explorer.css"))),
        _ => Err(HttpError::new(Code::NotFound, "there is nothing at this address")),
    }
}

fn asset(media_type: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, media_type), (CONTENT_SECURITY_POLICY, POLICY)], text).into_response()
}
