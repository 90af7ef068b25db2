//! `/live` and `/ready`: whether the process runs, and whether it can serve.

use axum::extract::State;
use http::StatusCode;

use super::Shared;

/// The process answers.
pub(crate) async fn live() -> &'static str {
    "live\n"
}

/// The database answers too.
pub(crate) async fn ready(State(shared): State<Shared>) -> (StatusCode, &'static str) {
    match shared.engine.storage().ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "Not ready: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
