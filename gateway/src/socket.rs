//! The socket of a client: one that takes nothing is cut, and one that still sends is heard out before it is closed.

use std::io::{self, IoSlice, Write as _};
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// How often, while a client takes nothing, it is looked whether it has taken something after all, in parts of the limit.
const LOOKS: u32 = 8;
/// How much of what a client still sends is thrown away before its connection is closed.
const HEARD_BYTES: usize = 256 << 20;
/// How long that may take in all.
const HEARD_FOR: Duration = Duration::from_secs(30);
/// How long such a client may send nothing.
const SILENT_FOR: Duration = Duration::from_secs(3);

/// A connection of TCP with two habits.
///
/// *Writing* fails with `TimedOut` when bytes wait and the client has taken none of them for the limit. As long as there is nothing to
/// send nothing is limited.
///
/// *Shutting down* closes our side alone where the client may still be sending, and throws away what comes until it has closed its own,
/// within limits: a socket that is closed with unread bytes in it makes the client's system forget the answer (RFC 9112 section 9.6).
pub(crate) struct Socket {
    stream: TcpStream,
    write_idle: Duration,
    stalled: Option<Stalled>,
    unread: Unread,
    /// The client has closed its side.
    has_ended: bool,
    hearing: Option<Hearing>,
}

/// Since when a client has taken nothing.
struct Stalled {
    since: Instant,
    next_look: Pin<Box<Sleep>>,
}

/// What is thrown away before a connection is closed.
struct Hearing {
    bytes_left: usize,
    end: Pin<Box<Sleep>>,
    silence: Pin<Box<Sleep>>,
}

/// Whether a client may be in the middle of a request. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Unread(Arc<AtomicBool>);

impl Socket {
    pub(crate) fn new(stream: TcpStream, write_idle: Duration, unread: Unread) -> Self {
        Self { stream, write_idle, stalled: None, unread, has_ended: false, hearing: None }
    }

    /// What becomes of a write that finds no room.
    fn poll_stalled(&mut self, cx: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let pause = (self.write_idle / LOOKS).max(Duration::from_millis(1));
        let stalled =
            self.stalled.get_or_insert_with(|| Stalled { since: Instant::now(), next_look: Box::pin(sleep(pause)) });
        while stalled.next_look.as_mut().poll(cx).is_ready() {
            match write_now(&self.stream, pieces) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => {
                    self.stalled = None;
                    return Poll::Ready(written);
                }
            }
            if stalled.since.elapsed() >= self.write_idle {
                // What the system still keeps for this client goes as well.
                if let Err(error) = self.stream.set_zero_linger() {
                    tracing::debug!(%error, "A connection cannot be reset: {error}");
                }
                let message = format!("the client has taken nothing for {:?}", self.write_idle);
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, message)));
            }
            stalled.next_look.as_mut().reset(Instant::now() + pause);
        }
        Poll::Pending
    }

    /// Throws away what the client sends until it has closed its side or a limit is reached.
    fn poll_hear_out(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let hearing = self.hearing.get_or_insert_with(|| Hearing {
            bytes_left: HEARD_BYTES,
            end: Box::pin(sleep(HEARD_FOR)),
            silence: Box::pin(sleep(SILENT_FOR)),
        });
        let mut scratch = [0_u8; 16 << 10];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            if hearing.end.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    hearing.bytes_left = hearing.bytes_left.saturating_sub(buffer.filled().len());
                    hearing.silence.as_mut().reset(Instant::now() + SILENT_FOR);
                    if hearing.bytes_left == 0 {
                        return Poll::Ready(());
                    }
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return hearing.silence.as_mut().poll(cx),
            }
        }
    }
}

/// Writes whether or not the runtime knows of room. It hears of it only when a third of the system's buffer is free, which a slow
/// client takes minutes for.
fn write_now(stream: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    let same = std::net::TcpStream::from(stream.as_fd().try_clone_to_owned()?);
    (&same).write_vectored(pieces)
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.unread.set(true);
        } else if buffer.remaining() > 0 {
            self.has_ended = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(cx, pieces) {
            Poll::Ready(written) => {
                self.stalled = None;
                Poll::Ready(written)
            }
            Poll::Pending => self.poll_stalled(cx, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.hearing.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            if self.has_ended || !self.unread.get() {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_hear_out(cx).map(Ok)
    }
}

impl Unread {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, is_unread: bool) {
        self.0.store(is_unread, Ordering::Relaxed);
    }

    /// The body of a request that has just begun, which notes when all of it is read.
    pub(crate) fn until_read<B: Body>(&self, body: B) -> Noting<B> {
        self.set(!body.is_end_stream());
        Noting { body, unread: self.clone() }
    }
}

/// A body that notes when all of it is read.
pub(crate) struct Noting<B> {
    body: B,
    unread: Unread,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Noting<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || self.body.is_end_stream() {
            self.unread.set(false);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
