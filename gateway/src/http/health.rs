//! `/live` and `/ready`: whether the process runs, and whether it can serve.

use axum::extract::State;
use http::StatusCode;

use super::shared::Shared;

/// The process answers.
pub(crate) async fn live() -> &'static str {
    "live\n"
}

/// The database answers and can be written, too.
pub(crate) async fn ready(State(shared): State<Shared>) -> (StatusCode, &'static str) {
    let error = match shared.engine.storage().check().await {
        Ok(()) => return (StatusCode::OK, "ready\n"),
        Err(error) => error,
    };
    tracing::warn!(%error, "Not ready: {error}");
    let what = match error {
        storage::Error::Full(_) => "the disk of the database is full\n",
        storage::Error::Disk(_) => "the disk of the database does not work\n",
        _ => "the database does not answer\n",
    };
    (StatusCode::SERVICE_UNAVAILABLE, what)
}
