//! `/imports/{id}` and its steps: what became of an import, and what is still to be done with it.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap};
use schema::{Code, ImportOutcome, Receipt, UndoReport};

use super::error::HttpError;
use super::query::Parameters;
use super::{Shared, download, session};

/// The receipt, as the import itself gave it; of one that runs how far it is.
pub(crate) async fn receipt(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Json<Receipt>, HttpError> {
    let session = session::session(&shared, &method, &headers).await?;
    Ok(Json(session.receipt(&id).await?))
}

/// The failed rows, ready to be mended and imported again.
pub(crate) async fn errors(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let session = session::session(&shared, &method, &headers).await?;
    Ok(download::file(session.failed_rows(&id).await?))
}

/// The rows of a plan, an object a line.
pub(crate) async fn rows(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let session = session::session(&shared, &method, &headers).await?;
    let parameters = Parameters::read(query.as_deref(), &["outcome"])?;
    let outcomes = parameters.all("outcome").map(outcome).collect::<Result<_, _>>()?;
    let lines = session.plan_rows_file(&id, outcomes).await?;
    // What is sent already cannot be taken back: the connection breaks off, so that nobody takes a part for the whole.
    let lines = lines.map(|line| line.map_err(|error| std::io::Error::other(error.message)));
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}

/// Does what a plan says.
pub(crate) async fn apply(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Json<Receipt>, HttpError> {
    let session = session::session(&shared, &method, &headers).await?;
    let parameters = Parameters::read(query.as_deref(), &["hash"])?;
    let no_hash = || HttpError::new(Code::Invalid, "say which plan you have seen, with the ?hash= of its receipt");
    let hash = parameters.one("hash")?.ok_or_else(no_hash)?;
    Ok(Json(session.apply(&id, hash).await?))
}

/// Takes an import back, or says what that would do.
pub(crate) async fn undo(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Json<UndoReport>, HttpError> {
    let session = session::session(&shared, &method, &headers).await?;
    let parameters = Parameters::read(query.as_deref(), &["preview"])?;
    match parameters.one("preview")? {
        Some("1") => Ok(Json(session.preview_undo(&id).await?)),
        None | Some("0") => Ok(Json(session.undo(&id).await?)),
        Some(_) => Err(HttpError::new(Code::Invalid, "preview is 1 or 0")),
    }
}

/// Puts an undone import back.
pub(crate) async fn redo(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Json<UndoReport>, HttpError> {
    let session = session::session(&shared, &method, &headers).await?;
    Ok(Json(session.redo(&id).await?))
}

/// Stops an import, or gives up a plan.
pub(crate) async fn cancel(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Json<Receipt>, HttpError> {
    let session = session::session(&shared, &method, &headers).await?;
    Ok(Json(session.cancel_import(&id).await?))
}

fn outcome(name: &str) -> Result<ImportOutcome, HttpError> {
    match name {
        "created" => Ok(ImportOutcome::Created),
        "updated" => Ok(ImportOutcome::Updated),
        "unchanged" => Ok(ImportOutcome::Unchanged),
        "skipped" => Ok(ImportOutcome::Skipped),
        "failed" => Ok(ImportOutcome::Failed),
        _ => {
            let message = "an outcome is created, updated, unchanged, skipped or failed";
            Err(HttpError::new(Code::Invalid, message))
        }
    }
}
