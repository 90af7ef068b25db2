//! `POST /import/{section}`: a file in, a receipt or a plan out. `POST /uploads`: a file that waits for GraphQL, and `DELETE
//! /uploads/{id}`, which forgets it.

use std::fmt::Display;
use std::str::FromStr;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use formats::Section;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};
use service::{Code, ImportRequest, Right};

use super::error::HttpError;
use super::query::Parameters;
use super::shared::Shared;
use super::signed_in::SignedIn;
use super::spool;
use crate::receipt::{Receipt, UploadReceipt};

/// The parameters of an import.
const KNOWN: [&str; 14] = [
    "mode",
    "format",
    "charset",
    "delimiter",
    "map",
    "date_order",
    "decimal",
    "category",
    "duplicates",
    "event_template",
    "owner",
    "value",
    "probability",
    "automation",
];

/// The header by which a client that tries again is known (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: &str = "idempotency-key";

pub(crate) async fn serve(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    Path(section): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Receipt>, HttpError> {
    // Before the body, which may be large.
    session.writer(Right::Records)?;
    let section: Section =
        section.parse().map_err(|error: formats::UnknownSection| HttpError::new(Code::NotFound, error.to_string()))?;
    let parameters = Parameters::read(query.as_deref(), &KNOWN)?;
    let mode = match parameters.one("mode")? {
        None | Some("apply") => Mode::Apply,
        Some("plan") => Mode::Plan,
        Some(_) => return Err(HttpError::new(Code::Invalid, "mode is plan or apply")),
    };
    let request = request(section, &parameters)?;
    let key = idempotency_key(&headers)?;
    let file = spool::file(&headers, body, &shared.config.limits).await?;
    let import = match mode {
        Mode::Plan => session.imports().plan(request, file).await,
        Mode::Apply => session.imports().run(request, file, key).await,
    };
    Ok(Json(Receipt::of(&session, import.map_err(HttpError::of_body)?).await?))
}

pub(crate) async fn upload(
    State(shared): State<Shared>,
    SignedIn(session): SignedIn,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<UploadReceipt>, HttpError> {
    session.writer(Right::Records)?;
    Parameters::read(query.as_deref(), &[])?;
    let upload = spool::upload(session, &headers, body, &shared.config.limits).await?;
    Ok(Json(UploadReceipt::of(upload)))
}

/// Forgets a file that waits, so that others may.
pub(crate) async fn discard(SignedIn(session): SignedIn, Path(id): Path<String>) -> Result<StatusCode, HttpError> {
    session.imports().discard_upload(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A small file of our own columns, which can be imported as it is.
pub(crate) async fn sample(_: SignedIn, Path(section): Path<String>) -> Result<Response, HttpError> {
    let section: Section =
        section.parse().map_err(|error: formats::UnknownSection| HttpError::new(Code::NotFound, error.to_string()))?;
    let none = || HttpError::new(Code::Unsupported, format!("{section} cannot be imported"));
    let sample = formats::sample(section).ok_or_else(none)?;
    let disposition = format!("attachment; filename=\"{section}-sample.csv\"");
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()), (CONTENT_DISPOSITION, disposition)];
    Ok((headers, sample).into_response())
}

enum Mode {
    Plan,
    Apply,
}

fn request(section: Section, parameters: &Parameters) -> Result<ImportRequest, HttpError> {
    let map = parameters.all("map").map(str::parse).collect::<Result<_, formats::NoMapping>>();
    let text = |name| parameters.one(name).map(|value| value.map(ToOwned::to_owned));
    Ok(ImportRequest {
        section,
        format: text("format")?,
        charset: parsed(parameters, "charset")?,
        delimiter: parsed(parameters, "delimiter")?,
        map: map.map_err(|error| HttpError::new(Code::Invalid, error.to_string()))?,
        date_order: parsed(parameters, "date_order")?,
        decimal: parsed(parameters, "decimal")?,
        categories: parameters.all("category").map(ToOwned::to_owned).collect(),
        duplicates: parsed(parameters, "duplicates")?.unwrap_or_default(),
        event_template: text("event_template")?,
        owner: text("owner")?,
        value: parsed(parameters, "value")?,
        probability: parsed(parameters, "probability")?,
        automation: parsed(parameters, "automation")?.unwrap_or_default(),
    })
}

/// The value of a parameter that is read from a text. Errors: `INVALID` with what would be right.
fn parsed<T: FromStr<Err: Display>>(parameters: &Parameters, name: &str) -> Result<Option<T>, HttpError> {
    let value = parameters.one(name)?.map(str::parse::<T>).transpose();
    value.map_err(|error| HttpError::new(Code::Invalid, error.to_string()))
}

/// What the client calls the request. The draft has it in quotes, and many clients send it without.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, HttpError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let text = value.to_str().map(|text| text.trim().trim_matches('"'));
    let text = text.map_err(|_| HttpError::new(Code::Invalid, "an idempotency key is printable ASCII"))?;
    Ok(Some(text.to_owned()))
}
