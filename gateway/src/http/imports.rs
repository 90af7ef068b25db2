//! `GET /imports/{id}` and `GET /imports/{id}/errors.csv`: what became of an import.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use http::Method;
use http::header::HeaderMap;
use schema::Receipt;

use super::error::HttpError;
use super::{Shared, export, session};

/// The receipt, as the import itself gave it.
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
    Ok(export::download(session.failed_rows(&id).await?))
}
