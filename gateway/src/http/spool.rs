//! A file that arrives as a body, raw or as the part of a form that has a file name.

use std::io;
use std::pin::pin;

use axum::body::Body;
use bytes::Bytes;
use compat_api::form::{self, Heads};
use futures_util::{Stream, StreamExt as _, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};
use hyper::body::Body as _;
use service::{Code, Error, ImportFile, Session, Spool, Upload, UploadSpool};

use super::body;
use super::error::HttpError;
use crate::config::Limits;

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
        *spool = Some(session.imports().begin_upload(name, media_type).await?);
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
    body::check_coding(headers)?;
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let Some(boundary) = content_type.as_deref().and_then(|value| multer::parse_boundary(value).ok()) else {
        check(&body, limits.import_file, limits)?;
        let pieces = body::pieces(body, limits.body_idle());
        let head = Head { name: file_name(headers), media_type: content_type };
        pass(pieces.map(|piece| piece.map_err(|error| body::refusal(&error))), &head, sink).await?;
        return Ok(head);
    };
    let most = limits.import_file.saturating_add(FORM);
    check(&body, most, limits)?;
    let pieces = bounded(body::pieces(body, limits.body_idle()), Heads::new(&boundary));
    let whole = multer::Constraints::new().size_limit(multer::SizeLimit::new().whole_stream(most));
    let mut parts = multer::Multipart::with_constraints(pieces, boundary, whole);
    for _ in 0..PARTS {
        let Some(mut part) = parts.next_field().await.map_err(no_form)? else { return Err(no_file()) };
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

/// Errors: `LIMITED` for a body that says of itself that it is too large.
fn check(body: &Body, most: u64, limits: &Limits) -> Result<(), HttpError> {
    if body.size_hint().lower() > most {
        return Err(limited(format!("the file is larger than {} bytes, the limit import_file", limits.import_file)));
    }
    Ok(())
}

/// The same pieces, which end with an error in a head that is too long, as the reader of forms would keep it in memory.
fn bounded(
    pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    heads: Heads,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::unfold(Some((Box::pin(pieces), heads, false)), async |begun| {
        let (mut pieces, mut heads, is_over) = begun?;
        if is_over {
            // The reader is given time to look at what came before: its file may end there.
            tokio::task::yield_now().await;
            return Some((Err(io::Error::new(io::ErrorKind::FileTooLarge, "a head")), None));
        }
        let mut piece = pieces.next().await?;
        let mut is_over = false;
        if let Ok(piece) = &mut piece
            && let Err(before) = heads.read(piece)
        {
            piece.truncate(before);
            is_over = true;
        }
        Some((piece, Some((pieces, heads, is_over))))
    })
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
            Some(error) if error.kind() == io::ErrorKind::FileTooLarge => HttpError::of_body(form::too_long()),
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
