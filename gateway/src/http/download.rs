//! Documents as answers: validators, compressed bodies, names of files, and a trailer that says how many records there were.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream::{self, Stream, StreamExt as _};
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, TRAILER, VARY,
};
use http::{Method, StatusCode};
use http_body_util::StreamBody;
use hyper::body::Frame;
use jiff::fmt::rfc2822::DateTimeParser;
use service::Document;
use storage::Timestamp;

use super::error::HttpError;

/// The trailer that counts the records; whoever does not get it has a document that was cut.
const RECORD_COUNT: &str = "x-cairn-record-count";
/// The levels of compression: a little better than the fastest, for whoever downloads waits for it.
const GZIP_LEVEL: u32 = 4;
const ZSTD_LEVEL: i32 = 3;

/// What is known of a document before it is rendered.
pub(crate) struct Known<'a> {
    pub(crate) media_type: &'static str,
    /// The name of the file that a browser saves; it shows the document where there is none.
    pub(crate) file_name: Option<String>,
    /// The strong validator of the document as it is before it is compressed.
    pub(crate) tag: &'a str,
    /// Since when it is as it is.
    pub(crate) changed_at: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

/// Answers with a document, or with 304 where the client has it already (RFC 9110 section 13.2.2); then, and to HEAD, it is not even
/// begun.
pub(crate) async fn answer<S>(
    known: Known<'_>,
    method: &Method,
    headers: &HeaderMap,
    document: impl Future<Output = service::Result<Document<S>>>,
) -> Result<Response, HttpError>
where
    S: Stream<Item = service::Result<Bytes>> + Send + 'static,
{
    let coding = Coding::of(known.media_type, headers);
    let tag = format!("\"{}{}\"", known.tag, coding.suffix());
    // A change in the second that runs would not be seen by its second.
    let changed_at = known.changed_at.map(seconds).filter(|changed_at| *changed_at < seconds(known.now));
    let mut response = if is_known(headers, &tag, changed_at) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = if *method == Method::HEAD {
            // Of unknown length, like the document.
            Body::from_stream(stream::empty::<Result<Bytes, io::Error>>()).into_response()
        } else {
            body(document.await?, coding).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(known.media_type));
        if let Some(name) = &known.file_name {
            headers.insert(CONTENT_DISPOSITION, attachment(name));
        }
        if let Some(name) = coding.name() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        headers.insert(TRAILER, HeaderValue::from_static(RECORD_COUNT));
        response
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding, authorization"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    if let Some(date) = changed_at.and_then(http_date) {
        headers.insert(LAST_MODIFIED, date);
    }
    Ok(response)
}

/// A document that is a file and has no validator.
pub(crate) fn file<S>(document: Document<S>) -> Response
where
    S: Stream<Item = service::Result<Bytes>> + Send + 'static,
{
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(document.media_type)),
        (CONTENT_DISPOSITION, attachment(&document.file_name)),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    // An error in the middle breaks the chunked body off, so that a client can tell that it is not whole.
    let bytes = document.bytes.map(|chunk| chunk.map_err(|error| io::Error::other(error.message)));
    (headers, Body::from_stream(bytes)).into_response()
}

/// Whether the client has the document: by its tags, and only without them by its date (RFC 9110 sections 13.1.2 and 13.1.3).
fn is_known(headers: &HeaderMap, tag: &str, changed_at: Option<i64>) -> bool {
    let mut tags = headers.get_all(IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        let known = |known: &str| matches!(known.trim(), "*") || known.trim().trim_start_matches("W/") == tag;
        return tags.filter_map(|tags| tags.to_str().ok()).any(|tags| tags.split(',').any(known));
    }
    let since = headers.get(IF_MODIFIED_SINCE).and_then(|date| date.to_str().ok());
    // The date of HTTP is one of RFC 5322, but for the name of its zone.
    let since = since.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
    // The very date that we gave: one that lies before it comes back with an older database, and then says nothing.
    matches!((since, changed_at), (Some(since), Some(changed_at)) if changed_at == since.as_second())
}

/// A name of a file, for all clients in ASCII and for those of today as it is (RFC 6266 section 4.3, RFC 8187).
fn attachment(name: &str) -> HeaderValue {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    let plain: String = name.chars().map(|char| if is_plain(char) { char } else { '_' }).collect();
    let mut text = format!("attachment; filename=\"{plain}\"");
    if plain != name {
        text.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            match byte {
                _ if is_plain(char::from(byte)) => text.push(char::from(byte)),
                _ => text.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    HeaderValue::try_from(text).expect("letters, digits and a few signs make a header")
}

fn seconds(moment: Timestamp) -> i64 {
    moment.microseconds().div_euclid(1_000_000)
}

/// A date as HTTP writes it (RFC 9110 section 5.6.7).
fn http_date(second: i64) -> Option<HeaderValue> {
    let moment = jiff::Timestamp::from_second(second).ok()?;
    HeaderValue::from_str(&moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Zstd,
}

impl Coding {
    /// The best that the client takes (RFC 9110 section 12.5.3); nothing for what is compressed already.
    fn of(media_type: &str, headers: &HeaderMap) -> Self {
        if media_type.starts_with("application/vnd.openxmlformats") {
            return Self::Identity;
        }
        let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<&str> = values.flat_map(|value| value.split(',')).collect();
        let takes = |wanted: &str| {
            let quality = |range: &&str| {
                let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
                let q = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
                name.trim().eq_ignore_ascii_case(wanted).then(|| q.unwrap_or(0.0))
            };
            ranges.iter().find_map(quality)
        };
        let any = takes("*").unwrap_or(0.0);
        let quality = |name| takes(name).unwrap_or(any);
        let (zstd, gzip) = (quality("zstd"), takes("gzip").or(takes("x-gzip")).unwrap_or(any));
        let identity = takes("identity").unwrap_or(0.0);
        if zstd > 0.0 && zstd >= gzip && zstd >= identity {
            Self::Zstd
        } else if gzip > 0.0 && gzip >= identity {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// What tells the tags of one document apart: a strong one stands for the bytes as they are sent.
    fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gzip",
            Self::Zstd => "-zstd",
        }
    }
}

/// What compresses a body.
enum Coder {
    Identity,
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Coder {
    fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Identity => Self::Identity,
            Coding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL))),
            Coding::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?),
        })
    }

    /// What there is to send after a piece; often nothing.
    fn write(&mut self, piece: Bytes) -> io::Result<Bytes> {
        Ok(match self {
            Self::Identity => piece,
            Self::Gzip(encoder) => {
                encoder.write_all(&piece)?;
                std::mem::take(encoder.get_mut()).into()
            }
            Self::Zstd(encoder) => {
                encoder.write_all(&piece)?;
                std::mem::take(encoder.get_mut()).into()
            }
        })
    }

    fn finish(self) -> io::Result<Bytes> {
        Ok(match self {
            Self::Identity => Bytes::new(),
            Self::Gzip(encoder) => encoder.finish()?.into(),
            Self::Zstd(encoder) => encoder.finish()?.into(),
        })
    }
}

/// A body that is being written.
struct Writing {
    bytes: Pin<Box<dyn Stream<Item = service::Result<Bytes>> + Send>>,
    records: Arc<AtomicU64>,
    /// What compresses; `None` when all is written but the trailer.
    coder: Option<Coder>,
    has_ended: bool,
}

impl Writing {
    async fn next(&mut self) -> Option<io::Result<Frame<Bytes>>> {
        if self.has_ended {
            return None;
        }
        let frame = self.frame().await;
        self.has_ended |= frame.is_err();
        Some(frame)
    }

    async fn frame(&mut self) -> io::Result<Frame<Bytes>> {
        while let Some(coder) = &mut self.coder {
            // An error in the middle breaks the body off, so that a client can tell that it is not whole.
            let piece = self.bytes.next().await.transpose().map_err(|error| io::Error::other(error.message))?;
            let coded = match piece {
                Some(piece) => coder.write(piece)?,
                None => self.coder.take().map_or_else(|| Ok(Bytes::new()), Coder::finish)?,
            };
            if !coded.is_empty() {
                return Ok(Frame::data(coded));
            }
        }
        self.has_ended = true;
        let count = HeaderValue::from(self.records.load(Ordering::Relaxed));
        Ok(Frame::trailers(HeaderMap::from_iter([(HeaderName::from_static(RECORD_COUNT), count)])))
    }
}

fn body<S>(document: Document<S>, coding: Coding) -> Body
where
    S: Stream<Item = service::Result<Bytes>> + Send + 'static,
{
    let coder = match Coder::new(coding) {
        Ok(coder) => coder,
        Err(error) => return Body::from_stream(stream::once(async { Err::<Bytes, _>(error) })),
    };
    let Document { records, bytes, .. } = document;
    let writing = Writing { bytes: Box::pin(bytes), records, coder: Some(coder), has_ended: false };
    let frames = stream::unfold(writing, |mut writing| async move {
        let frame = writing.next().await?;
        Some((frame, writing))
    });
    Body::new(StreamBody::new(frames))
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};

    use super::{Coding, attachment};

    #[test]
    fn a_body_is_compressed_as_the_client_likes_it_best() {
        for (accepts, coding) in [
            ("", Coding::Identity),
            ("gzip", Coding::Gzip),
            ("gzip, zstd", Coding::Zstd),
            ("GZIP;q=0.5, zstd;q=0.1", Coding::Gzip),
            ("gzip;q=0, *", Coding::Zstd),
            ("gzip; q=0", Coding::Identity),
            ("identity, gzip;q=0.5", Coding::Identity),
            ("br, deflate", Coding::Identity),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accepts))]);
            assert_eq!(Coding::of("text/csv", &headers), coding, "{accepts}");
            let packed = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            assert_eq!(Coding::of(packed, &headers), Coding::Identity, "{accepts}");
        }
    }

    #[test]
    fn a_name_of_any_script_is_a_header() {
        assert_eq!(attachment("demo-people.csv"), "attachment; filename=\"demo-people.csv\"");
        assert_eq!(attachment("Köln.csv"), "attachment; filename=\"K_ln.csv\"; filename*=UTF-8''K%C3%B6ln.csv");
    }
}
