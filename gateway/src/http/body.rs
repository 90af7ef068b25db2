//! Reading a body: within a size, and within a time, so that nobody holds a connection by sending nothing.

use std::io;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, stream};
use schema::Code;

use super::error::HttpError;

/// How long a body that is kept in memory may take in all.
const WHOLE: Duration = Duration::from_mins(1);

/// Reads a whole body. `idle` is how long a client may send nothing.
///
/// Errors: 413 where it is larger than the limit, 408 where it comes too slowly, 400 where it breaks off.
pub(crate) async fn read(body: Body, limit: usize, idle: Duration) -> Result<Bytes, HttpError> {
    let whole = tokio::time::timeout(WHOLE, collect(body, limit, idle)).await;
    whole.unwrap_or_else(|_| Err(refusal(&too_slow(WHOLE))))
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
