//! `POST /import/{section}`: a file in, a receipt out.

use std::fmt::Display;
use std::pin::pin;
use std::str::FromStr;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use bytes::Bytes;
use formats::Section;
use futures_util::{Stream, StreamExt as _};
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap};
use schema::{Code, Duplicates, Engine, Error, ImportRequest, Receipt, Right};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _, BufWriter};
use tokio_util::io::ReaderStream;

use super::error::HttpError;
use super::query::Parameters;
use super::{Shared, body, session};
use crate::config::Limits;

const KNOWN: [&str; 6] = ["format", "charset", "delimiter", "category", "duplicates", "mode"];
/// How much of the file is read at a time.
const PIECE: usize = 64 * 1024;

pub(crate) async fn serve(
    State(shared): State<Shared>,
    Path(section): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Receipt>, HttpError> {
    let session = session::session(&shared, &method, &headers).await?;
    // Before the body, which may be large.
    session.writer(Right::Records)?;
    let section: Section =
        section.parse().map_err(|error: formats::UnknownSection| HttpError::new(Code::NotFound, error.to_string()))?;
    let parameters = Parameters::read(query.as_deref(), &KNOWN)?;
    if parameters.one("mode")?.is_some_and(|mode| mode != "apply") {
        return Err(HttpError::new(Code::Unsupported, "the only mode so far is apply"));
    }
    let duplicates = parsed::<Duplicates>(&parameters, "duplicates")?.unwrap_or_default();
    let upload = receive(&headers, body, &shared.config.limits).await?;
    let request = ImportRequest {
        section,
        format: format(&shared.engine, parameters.one("format")?, &upload)?,
        charset: parsed(&parameters, "charset")?,
        delimiter: parsed(&parameters, "delimiter")?,
        file_name: upload.name,
        categories: parameters.all("category").map(ToOwned::to_owned).collect(),
        duplicates,
    };
    let file = ReaderStream::with_capacity(upload.file, PIECE);
    Ok(Json(session.import(request, file).await?))
}

/// The value of a parameter that is read from a text. Errors: `INVALID` with what would be right.
fn parsed<T: FromStr<Err: Display>>(parameters: &Parameters, name: &str) -> Result<Option<T>, HttpError> {
    let value = parameters.one(name)?.map(str::parse::<T>).transpose();
    value.map_err(|error| HttpError::new(Code::Invalid, error.to_string()))
}

/// A file that has arrived whole, in a temporary file that goes with its handle. An import is one transaction, so it must
/// not wait for a slow client.
struct Upload {
    file: File,
    name: Option<String>,
    content_type: Option<String>,
}

async fn receive(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Upload, HttpError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let (pieces, limit) = (body::pieces(body, limits.body_idle()), limits.import_file);
    let Some(boundary) = content_type.as_deref().and_then(|value| multer::parse_boundary(value).ok()) else {
        let file = spool(pieces.map(|piece| piece.map_err(|error| body::refusal(&error))), limit).await?;
        return Ok(Upload { file, name: None, content_type });
    };
    let mut parts = multer::Multipart::new(pieces, boundary);
    while let Some(part) = parts.next_field().await.map_err(no_form)? {
        let Some(name) = part.file_name().map(ToOwned::to_owned) else { continue };
        let content_type = part.content_type().map(ToString::to_string);
        let file = spool(part.map(|piece| piece.map_err(no_form)), limit).await?;
        return Ok(Upload { file, name: Some(name), content_type });
    }
    Err(HttpError::new(Code::Invalid, "the form has no file: send one part with a file name"))
}

async fn spool(pieces: impl Stream<Item = Result<Bytes, HttpError>>, limit: u64) -> Result<File, HttpError> {
    let failed = |error: std::io::Error| HttpError::from(internal(&error));
    let file = tempfile::tempfile().map_err(failed)?;
    let mut file = BufWriter::with_capacity(PIECE, File::from_std(file));
    let mut size = 0;
    let mut pieces = pin!(pieces);
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        size += piece.len() as u64;
        if size > limit {
            return Err(HttpError::too_large(limit));
        }
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    let mut file = file.into_inner();
    file.rewind().await.map_err(failed)?;
    Ok(file)
}

/// The format that the request names, else that of the file's name, else that of its media type.
fn format(engine: &Engine, named: Option<&str>, upload: &Upload) -> Result<String, HttpError> {
    let formats = engine.formats();
    if let Some(named) = named {
        let codec = formats.get(named).map_err(|error| HttpError::new(Code::Unsupported, error.to_string()))?;
        return Ok(codec.descriptor().name.to_owned());
    }
    let extension = upload.name.as_deref().and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    let codec = extension
        .and_then(|extension| formats.by_extension(extension).ok())
        .or_else(|| formats.by_media_type(upload.content_type.as_deref()?));
    codec.map(|codec| codec.descriptor().name.to_owned()).ok_or_else(|| {
        let choices: Vec<_> = formats.iter().map(|codec| codec.descriptor().name).collect();
        let message = format!("say which format the file has with ?format=, one of {}", choices.join(", "));
        HttpError::new(Code::Unsupported, message)
    })
}

/// Why a form cannot be read: its body does not arrive, or it is none.
fn no_form(error: multer::Error) -> HttpError {
    match error {
        multer::Error::StreamReadFailed(error) => match error.downcast_ref() {
            Some(error) => body::refusal(error),
            None => HttpError::new(Code::Invalid, "the body broke off before its end"),
        },
        error => HttpError::new(Code::Invalid, format!("the form cannot be read: {error}")),
    }
}

fn internal(error: &std::io::Error) -> Error {
    tracing::error!(%error, "The upload cannot be kept: {error}");
    Error::new(Code::Internal, "internal error")
}
