//! A file that arrives as a body, raw or as the part of a form that has a file name.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};
use schema::{Code, Error, ImportFile, Session, Spool, Upload, UploadSpool};

use super::body;
use super::error::HttpError;
use crate::config::Limits;

/// How long the head of a part of a form may be.
const HEAD: usize = 16 << 10;
/// How many parts a form may have up to its file.
const PARTS: usize = 100;
/// How much a form may have beside its file.
const FORM: u64 = 1 << 20;

/// Keeps the body in a temporary file: an import must not wait for a slow client.
pub(crate) async fn file(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<ImportFile, HttpError> {
    let mut sink = Sink::File(Spool::begin(limits.import_file).map_err(|error| internal(&error))?);
    let Head { name, media_type } = receive(headers, body, limits, &mut sink).await?;
    match sink {
        Sink::File(spool) => spool.finish(name, media_type).await.map_err(|error| internal(&error)),
        Sink::Upload { .. } => Err(no_file()),
    }
}

/// Keeps the body in the database.
pub(crate) async fn upload(
    session: Session,
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
) -> Result<Upload, HttpError> {
    let mut sink = Sink::Upload { session, spool: None };
    let received = receive(headers, body, limits, &mut sink).await;
    match (received, sink) {
        (Ok(_), Sink::Upload { spool: Some(spool), .. }) => Ok(spool.finish().await?),
        (Err(error), Sink::Upload { spool: Some(mut spool), .. }) => {
            spool.discard().await?;
            Err(error)
        }
        (Err(error), _) => Err(error),
        (Ok(_), _) => Err(no_file()),
    }
}

/// What a file is called.
#[derive(Clone)]
struct Head {
    name: Option<String>,
    media_type: Option<String>,
}

/// Where a file goes.
enum Sink {
    File(Spool),
    Upload { session: Session, spool: Option<UploadSpool> },
}

impl Sink {
    async fn begin(&mut self, head: &Head) -> Result<(), HttpError> {
        let Self::Upload { session, spool } = self else { return Ok(()) };
        let Head { name, media_type } = head.clone();
        *spool = Some(session.begin_upload(name, media_type).await?);
        Ok(())
    }

    async fn push(&mut self, piece: &[u8]) -> Result<(), HttpError> {
        match self {
            Self::File(spool) => spool.push(piece).await.map_err(|error| internal(&error))?.map_err(HttpError::of_body),
            Self::Upload { spool: Some(spool), .. } => spool.push(piece).await?.map_err(HttpError::of_body),
            Self::Upload { spool: None, .. } => Err(no_file()),
        }
    }
}

async fn receive(headers: &HeaderMap, body: Body, limits: &Limits, sink: &mut Sink) -> Result<Head, HttpError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let Some(boundary) = content_type.as_deref().and_then(|value| multer::parse_boundary(value).ok()) else {
        body::check(headers, &body, limits.import_file)?;
        let pieces = body::pieces(body, limits.body_idle());
        let head = Head { name: file_name(headers), media_type: content_type };
        pass(pieces.map(|piece| piece.map_err(|error| body::refusal(&error))), &head, sink).await?;
        return Ok(head);
    };
    let most = limits.import_file.saturating_add(FORM);
    body::check(headers, &body, most)?;
    let in_head = InHead::default();
    let pieces = in_head.bounded(body::pieces(body, limits.body_idle()));
    let whole = multer::Constraints::new().size_limit(multer::SizeLimit::new().whole_stream(most));
    let mut parts = multer::Multipart::with_constraints(pieces, boundary, whole);
    for _ in 0..PARTS {
        in_head.set(true);
        let part = parts.next_field().await.map_err(no_form)?;
        in_head.set(false);
        let Some(mut part) = part else { return Err(no_file()) };
        let Some(name) = part.file_name().map(ToOwned::to_owned) else {
            while part.chunk().await.map_err(no_form)?.is_some() {}
            continue;
        };
        let head = Head { name: Some(name), media_type: part.content_type().map(ToString::to_string) };
        pass(part.map(|piece| piece.map_err(no_form)), &head, sink).await?;
        return Ok(head);
    }
    Err(limited(format!("the form has more than {PARTS} parts before its file, the limit")))
}

/// Whether the head of a part is being read, or what stands before the first one. The reader of forms keeps that in memory, however
/// long it is. Cloning shares it.
#[derive(Clone, Default)]
struct InHead(Arc<AtomicBool>);

impl InHead {
    fn set(&self, is_in_head: bool) {
        self.0.store(is_in_head, Ordering::Relaxed);
    }

    /// The same pieces, which end with an error in a head that is too long. The reader is given time to look at each before the next.
    fn bounded<S>(&self, pieces: S) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let in_head = self.clone();
        let begun = (Box::pin(pieces), 0_usize);
        stream::unfold(Some(begun), move |begun| {
            let in_head = in_head.clone();
            async move {
                let (mut pieces, read) = begun?;
                tokio::task::yield_now().await;
                let read = if in_head.0.load(Ordering::Relaxed) { read } else { 0 };
                if read > HEAD {
                    return Some((Err(io::Error::new(io::ErrorKind::FileTooLarge, "a head")), None));
                }
                let piece = pieces.next().await?;
                let read = read + piece.as_ref().map_or(0, Bytes::len);
                Some((piece, Some((pieces, read))))
            }
        })
    }
}

async fn pass(
    pieces: impl Stream<Item = Result<Bytes, HttpError>>,
    head: &Head,
    sink: &mut Sink,
) -> Result<(), HttpError> {
    sink.begin(head).await?;
    let mut pieces = pin!(pieces);
    while let Some(piece) = pieces.next().await {
        sink.push(&piece?).await?;
    }
    Ok(())
}

fn no_file() -> HttpError {
    HttpError::new(Code::Invalid, "the form has no file: send one part with a file name")
}

/// The name of a raw body (RFC 6266 section 4.3): `filename*` in UTF-8, else `filename`.
fn file_name(headers: &HeaderMap) -> Option<String> {
    let value = std::str::from_utf8(headers.get(CONTENT_DISPOSITION)?.as_bytes()).ok()?;
    let parameter = |wanted: &str| {
        value.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    let encoded = parameter("filename*").and_then(|value| {
        let (charset, rest) = value.split_once('\'')?;
        let (_, text) = rest.split_once('\'')?;
        // A plus is a plus here; in a form it would be a space.
        let pair = format!("n={}", text.replace('+', "%2B"));
        let decoded = form_urlencoded::parse(pair.as_bytes()).next()?.1.into_owned();
        charset.eq_ignore_ascii_case("utf-8").then_some(decoded)
    });
    let plain = || parameter("filename").map(|text| text.trim_matches('"').replace("\\\"", "\""));
    encoded.or_else(plain).filter(|name| !name.is_empty())
}

/// Why a form cannot be read: its body does not arrive, or it is none.
fn no_form(error: multer::Error) -> HttpError {
    match error {
        multer::Error::StreamSizeExceeded { limit } => HttpError::too_large(limit),
        multer::Error::StreamReadFailed(error) => match error.downcast_ref::<io::Error>() {
            Some(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                limited(format!("the form has a part whose head is longer than {HEAD} bytes, the limit"))
            }
            Some(error) => body::refusal(error),
            None => HttpError::new(Code::Invalid, "the body broke off before its end"),
        },
        error => HttpError::new(Code::Invalid, format!("the form cannot be read: {error}")),
    }
}

fn limited(message: String) -> HttpError {
    HttpError::of_body(Error::new(Code::Limited, message))
}

fn internal(error: &io::Error) -> HttpError {
    tracing::error!(%error, "The file cannot be kept: {error}");
    Error::new(Code::Internal, "internal error").into()
}
