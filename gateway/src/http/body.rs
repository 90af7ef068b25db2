//! Reading a body: within a size, and within a time, so that nobody holds a connection by sending nothing.

use std::io;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use compat_api::form;
use futures_util::{Stream, StreamExt as _, stream};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use hyper::body::Body as _;
use service::Code;

use super::error::HttpError;

/// How long a body that is kept in memory may take in all.
const WHOLE: Duration = Duration::from_mins(1);

/// What the head of a request tells of its body, before any of it is asked for.
///
/// Errors: 415 for a body that is compressed, 413 where it says that it is larger than the limit.
pub(crate) fn check(headers: &HeaderMap, body: &Body, limit: u64) -> Result<(), HttpError> {
    check_coding(headers)?;
    if body.size_hint().lower() > limit { Err(HttpError::too_large(limit)) } else { Ok(()) }
}

/// Errors: 415 for a body that is compressed.
pub(crate) fn check_coding(headers: &HeaderMap) -> Result<(), HttpError> {
    let codings = headers.get_all(CONTENT_ENCODING).iter().map(|value| value.to_str().unwrap_or("of no text"));
    let mut codings = codings.flat_map(|value| value.split(',')).map(str::trim);
    if let Some(coding) = codings.find(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity")) {
        return Err(HttpError::encoded(coding));
    }
    Ok(())
}

/// Reads a whole body. `idle` is how long a client may send nothing.
///
/// Errors: as [`check`]; 413 where it is larger than the limit, 408 where it comes too slowly, 400 where it breaks off.
pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize, idle: Duration) -> Result<Bytes, HttpError> {
    check(headers, &body, limit as u64)?;
    let whole = tokio::time::timeout(WHOLE, collect(body, limit, idle)).await;
    whole.unwrap_or_else(|_| Err(refusal(&too_slow(WHOLE))))
}

/// The same for a body that may be a form. Errors: 413 where the head of a part of it is too long, too.
pub(crate) async fn read_form(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    idle: Duration,
) -> Result<Bytes, HttpError> {
    let body = read(headers, body, limit, idle).await?;
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    form::check_heads(content_type, &body).map_err(HttpError::of_body)?;
    Ok(body)
}

/// The pieces of a body, for who keeps them elsewhere than in memory. [`refusal`] translates their errors.
pub(crate) fn pieces(body: Body, idle: Duration) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    // `None` after an error, so that the stream ends with it.
    stream::unfold(Some(body.into_data_stream()), move |pieces| async move {
        let mut pieces = pieces?;
        match tokio::time::timeout(idle, pieces.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(pieces))),
            Ok(Some(Err(error))) => Some((Err(io::Error::new(io::ErrorKind::UnexpectedEof, error)), None)),
            Ok(None) => None,
            Err(_) => Some((Err(too_slow(idle)), None)),
        }
    })
}

/// What a client hears of an error of [`pieces`].
pub(crate) fn refusal(error: &io::Error) -> HttpError {
    match error.kind() {
        io::ErrorKind::TimedOut => HttpError::too_slow(error.to_string()),
        _ => HttpError::new(Code::Invalid, "the body broke off before its end"),
    }
}

async fn collect(body: Body, limit: usize, idle: Duration) -> Result<Bytes, HttpError> {
    let mut pieces = std::pin::pin!(pieces(body, idle));
    let mut whole = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| refusal(&error))?;
        if piece.len() > limit - whole.len() {
            return Err(HttpError::too_large(limit as u64));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

fn too_slow(limit: Duration) -> io::Error {
    let message = format!("the body did not arrive: its next part, or all of it, took longer than {limit:?}");
    io::Error::new(io::ErrorKind::TimedOut, message)
}
