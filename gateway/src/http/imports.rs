//! `/imports/{id}` and its steps: what became of an import, and what is still to be done with it.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use http::header::CONTENT_TYPE;
use service::Code;
use storage::import::Outcome;

use super::download;
use super::error::HttpError;
use super::query::Parameters;
use super::signed_in::SignedIn;
use crate::receipt::{Receipt, UndoReport, outcome_named, rows_file};

/// The receipt, as the import itself gave it; of one that runs how far it is.
pub(crate) async fn receipt(SignedIn(session): SignedIn, Path(id): Path<String>) -> Result<Json<Receipt>, HttpError> {
    Ok(Json(Receipt::read(&session, &id).await?))
}

/// The failed rows, ready to be mended and imported again.
pub(crate) async fn errors(SignedIn(session): SignedIn, Path(id): Path<String>) -> Result<Response, HttpError> {
    Ok(download::file(session.imports().failed_rows(&id).await?))
}

/// The rows of a plan, an object a line.
pub(crate) async fn rows(
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, HttpError> {
    let parameters = Parameters::read(query.as_deref(), &["outcome"])?;
    let outcomes = parameters.all("outcome").map(outcome).collect::<Result<_, _>>()?;
    let plan = session.imports().get(&id).await?;
    let lines = rows_file(session, plan, outcomes);
    // What is sent already cannot be taken back: the connection breaks off, so that nobody takes a part for the whole.
    let lines = lines.map(|line| line.map_err(|error| std::io::Error::other(error.message)));
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}

/// Does what a plan says.
pub(crate) async fn apply(
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Receipt>, HttpError> {
    let parameters = Parameters::read(query.as_deref(), &["hash"])?;
    let no_hash = || HttpError::new(Code::Invalid, "say which plan you have seen, with the ?hash= of its receipt");
    let hash = parameters.one("hash")?.ok_or_else(no_hash)?;
    let applied = session.imports().apply(&id, hash).await?;
    Ok(Json(Receipt::of(&session, applied).await?))
}

/// Takes an import back, or says what that would do.
pub(crate) async fn undo(
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<UndoReport>, HttpError> {
    let parameters = Parameters::read(query.as_deref(), &["preview"])?;
    let report = match parameters.one("preview")? {
        Some("1") => session.imports().preview_undo(&id).await?,
        None | Some("0") => session.imports().undo(&id).await?,
        Some(_) => return Err(HttpError::new(Code::Invalid, "preview is 1 or 0")),
    };
    Ok(Json(UndoReport::of(&session, report).await?))
}

/// Puts an undone import back.
pub(crate) async fn redo(SignedIn(session): SignedIn, Path(id): Path<String>) -> Result<Json<UndoReport>, HttpError> {
    let report = session.imports().redo(&id).await?;
    Ok(Json(UndoReport::of(&session, report).await?))
}

/// Stops an import, or gives up a plan.
pub(crate) async fn cancel(SignedIn(session): SignedIn, Path(id): Path<String>) -> Result<Json<Receipt>, HttpError> {
    let cancelled = session.imports().cancel(&id).await?;
    Ok(Json(Receipt::of(&session, cancelled).await?))
}

fn outcome(name: &str) -> Result<Outcome, HttpError> {
    let unknown = || HttpError::new(Code::Invalid, "an outcome is created, updated, unchanged, skipped or failed");
    outcome_named(name).ok_or_else(unknown)
}
