//! The pump between codecs, which are synchronous, and streams of pages or bytes: the only async code of this crate.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt};

use crate::{CodecError, Decode, Encode, EncodeError, Findings, Record, Row, Source};

/// How many bytes [`encode`] collects before it hands them on. A page goes on in the next chunk where it does not fit.
const CHUNK: usize = 64 * 1024;

/// Writes pages of records as one document, in chunks of about 64 KiB.
///
/// At most one page and one chunk are in memory at a time. The stream ends after its first error; the document is then not whole.
pub fn encode<S, E>(encoder: Box<dyn Encode>, pages: S) -> impl Stream<Item = Result<Bytes, StreamError<E>>> + Send
where
    S: Stream<Item = Result<Vec<Record>, E>> + Send,
{
    let pump = EncodePump {
        encoder,
        pages: Box::pin(pages),
        page: Vec::new().into_iter(),
        out: BytesMut::new(),
        progress: Progress::Begin,
    };
    stream::unfold(pump, |mut pump| async move {
        let item = pump.chunk().await?;
        pump.stop_after(&item);
        Some((item, pump))
    })
}

/// Reads a document from pieces that may be cut anywhere, row by row.
///
/// At most one row and one piece are in memory at a time, and what the decoder needs to find out how the document is written. A bad
/// row is an item like any other; the stream ends after its first error, which concerns the whole document.
pub fn decode<S, E>(decoder: Box<dyn Decode>, bytes: S) -> Rows<S>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    Rows { decoder, bytes: Box::pin(bytes), input: BytesMut::new(), progress: Progress::Middle }
}

/// The rows of a document, as a stream.
pub struct Rows<S> {
    decoder: Box<dyn Decode>,
    bytes: Pin<Box<S>>,
    input: BytesMut,
    progress: Progress,
}

impl<S> Rows<S> {
    /// The row that came last, as the file has it: [`Decode::source`].
    pub fn source(&self) -> Option<Source<'_>> {
        self.decoder.source()
    }

    /// What has been found out about the document so far; whole when the stream has ended.
    pub fn findings(&self) -> Findings {
        self.decoder.findings()
    }
}

impl<S, E> Stream for Rows<S>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    type Item = Result<Row, StreamError<E>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let rows = &mut *self;
        loop {
            let at_end = match rows.progress {
                Progress::Done => return Poll::Ready(None),
                Progress::End => true,
                Progress::Begin | Progress::Middle => false,
            };
            let error = match rows.decoder.row(&mut rows.input, at_end) {
                Ok(Some(row)) => return Poll::Ready(Some(Ok(row))),
                Ok(None) if at_end => {
                    rows.progress = Progress::Done;
                    return Poll::Ready(None);
                }
                Ok(None) => match ready!(rows.bytes.as_mut().poll_next(context)) {
                    Some(Ok(piece)) => {
                        rows.input.extend_from_slice(&piece);
                        continue;
                    }
                    Some(Err(error)) => StreamError::Source(error),
                    None => {
                        rows.progress = Progress::End;
                        continue;
                    }
                },
                Err(error) => StreamError::Codec(error.into()),
            };
            rows.progress = Progress::Done;
            return Poll::Ready(Some(Err(error)));
        }
    }
}

/// Why a stream ended before its document did.
#[derive(Debug, thiserror::Error)]
pub enum StreamError<E> {
    /// What the pages or bytes come from failed.
    #[error("{0}")]
    Source(E),
    /// The codec failed.
    #[error(transparent)]
    Codec(CodecError),
}

/// How far a document has come.
enum Progress {
    Begin,
    Middle,
    End,
    Done,
}

struct EncodePump<S> {
    encoder: Box<dyn Encode>,
    pages: Pin<Box<S>>,
    page: vec::IntoIter<Record>,
    out: BytesMut,
    progress: Progress,
}

impl<S, E> EncodePump<S>
where
    S: Stream<Item = Result<Vec<Record>, E>>,
{
    /// The next chunk: a full one unless the document ends.
    async fn chunk(&mut self) -> Option<Result<Bytes, StreamError<E>>> {
        while self.out.len() < CHUNK {
            if let Some(record) = self.page.next() {
                if let Err(error) = self.encoder.record(&record, &mut self.out) {
                    return Some(Err(encode_error(error)));
                }
                continue;
            }
            let step = match self.progress {
                Progress::Begin => self.encoder.begin(&mut self.out).map(|()| Progress::Middle),
                Progress::Middle => match self.pages.next().await {
                    Some(Ok(page)) => {
                        self.page = page.into_iter();
                        Ok(Progress::Middle)
                    }
                    Some(Err(error)) => return Some(Err(StreamError::Source(error))),
                    None => Ok(Progress::End),
                },
                Progress::End => self.encoder.end(&mut self.out).map(|()| Progress::Done),
                Progress::Done => break,
            };
            match step {
                Ok(progress) => self.progress = progress,
                Err(error) => return Some(Err(encode_error(error))),
            }
        }
        (!self.out.is_empty()).then(|| Ok(self.take_chunk()))
    }

    fn take_chunk(&mut self) -> Bytes {
        let next = match self.progress {
            Progress::Done => BytesMut::new(),
            _ => BytesMut::with_capacity(CHUNK + CHUNK / 8),
        };
        mem::replace(&mut self.out, next).freeze()
    }

    fn stop_after(&mut self, item: &Result<Bytes, StreamError<E>>) {
        if item.is_err() {
            self.progress = Progress::Done;
            self.page = Vec::new().into_iter();
            self.out = BytesMut::new();
        }
    }
}

fn encode_error<E>(error: EncodeError) -> StreamError<E> {
    StreamError::Codec(error.into())
}
