//! Answers that are in memory as a whole until their clients have taken them: cut into pieces, each of which is freed when it is sent,
//! and bounded in all and for whoever asks.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use service::{Code, Error};

/// The size of a piece. What an answer has beyond its whole pieces is not counted, so a small one never waits for large ones.
pub(crate) const PIECE: usize = 64 << 10;
/// Which part of all that may wait may wait for one user or address, so that nobody shuts out the others.
const SHARE: usize = 4;

/// How much waits to be sent. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Answers(Arc<Parts>);

struct Parts {
    most: usize,
    waiting: Mutex<Waiting>,
}

/// How many bytes wait, in all and by whom they wait for; whoever has none is not there.
#[derive(Default)]
struct Waiting {
    all: usize,
    by_holder: HashMap<String, usize>,
}

/// Bytes that are counted as waiting until they are taken off, at the latest when this is dropped.
pub(crate) struct Kept {
    answers: Answers,
    holder: String,
    bytes: usize,
}

/// Why there is no room for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// The answer alone is more than one client may have waiting, so it never could be sent.
    Answer,
    /// Others wait already.
    Others,
}

impl Answers {
    /// Room for so many bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Parts { most, waiting: Mutex::default() }))
    }

    /// Errors: `UNAVAILABLE` for whoever has so much waiting that nothing more is done for them.
    pub(crate) fn check(&self, holder: &str) -> Result<(), Error> {
        let waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let held = waiting.by_holder.get(holder).copied().unwrap_or_default();
        if held + PIECE > self.share() { Err(self.refusal(Full::Others)) } else { Ok(()) }
    }

    /// Nothing yet, for whoever this is.
    pub(crate) fn keep(&self, holder: &str) -> Kept {
        Kept { answers: self.clone(), holder: holder.to_owned(), bytes: 0 }
    }

    /// What there is to say where there is no room.
    pub(crate) fn refusal(&self, full: Full) -> Error {
        let Parts { most, .. } = *self.0;
        if full == Full::Answer {
            let message = format!(
                "the answer has more than {} bytes, which is a quarter of the limit answers_unsent: ask for fewer records or for fewer \
                 fields of each",
                self.share()
            );
            return Error::new(Code::Limited, message);
        }
        let message = format!(
            "too many bytes of answers wait to be sent, at most {} to one client and {most} in all (the limit answers_unsent): \
             take the answers that you have asked for first, or try again",
            self.share()
        );
        Error::new(Code::Unavailable, message)
    }

    fn share(&self) -> usize {
        self.0.most / SHARE
    }
}

impl Kept {
    /// Counts more bytes.
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), Full> {
        let Answers(parts) = &self.answers;
        let mut waiting = parts.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let held = waiting.by_holder.get(&self.holder).copied().unwrap_or_default() + bytes;
        if self.bytes + bytes > self.answers.share() {
            return Err(Full::Answer);
        }
        if waiting.all + bytes > parts.most || held > self.answers.share() {
            return Err(Full::Others);
        }
        waiting.all += bytes;
        waiting.by_holder.insert(self.holder.clone(), held);
        self.bytes += bytes;
        Ok(())
    }

    fn take_off(&mut self, bytes: usize) {
        let mut waiting = self.answers.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.all -= bytes;
        self.bytes -= bytes;
        if let Some(held) = waiting.by_holder.get_mut(&self.holder) {
            *held -= bytes;
            if *held == 0 {
                waiting.by_holder.remove(&self.holder);
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.take_off(self.bytes);
    }
}

/// An answer that is being written. A write fails where there is no room for it, see [`Pieces::refused`].
pub(crate) struct Pieces {
    whole: VecDeque<Bytes>,
    last: Vec<u8>,
    kept: Kept,
    refused: Option<Full>,
}

impl Pieces {
    pub(crate) fn new(kept: Kept) -> Self {
        Self { whole: VecDeque::new(), last: Vec::new(), kept, refused: None }
    }

    /// Why a write has failed, where there is no room.
    pub(crate) fn refused(&self) -> Option<Full> {
        self.refused
    }

    /// The body of the answer.
    pub(crate) fn into_body(self) -> Body {
        let Self { mut whole, last, kept, .. } = self;
        if whole.is_empty() {
            return Body::from(last);
        }
        let left = whole.len() as u64 * PIECE as u64 + last.len() as u64;
        if !last.is_empty() {
            whole.push_back(last.into());
        }
        Body::new(Sending { pieces: whole, left, kept })
    }
}

impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.last.len() == PIECE {
            if let Err(full) = self.kept.add(PIECE) {
                self.refused = Some(full);
                return Err(io::Error::other("there is no room for the answer"));
            }
            self.whole.push_back(std::mem::take(&mut self.last).into());
            self.last.reserve_exact(PIECE);
        }
        let taken = bytes.len().min(PIECE - self.last.len());
        self.last.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An answer that is being sent.
struct Sending {
    pieces: VecDeque<Bytes>,
    left: u64,
    kept: Kept,
}

impl hyper::body::Body for Sending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(piece) = self.pieces.pop_front() else { return Poll::Ready(None) };
        self.left -= piece.len() as u64;
        // The last one was not counted, unless it is a whole piece.
        if piece.len() == PIECE && self.kept.bytes >= PIECE {
            self.kept.take_off(PIECE);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use http_body_util::BodyExt as _;

    use super::{Answers, Full, PIECE, Pieces};

    #[tokio::test]
    async fn an_answer_is_counted_until_it_is_sent_and_nobody_takes_the_room_of_others() {
        let answers = Answers::new(16 * PIECE);
        let written = |holder: &str, bytes: usize| {
            let mut pieces = Pieces::new(answers.keep(holder));
            pieces.write_all(&vec![b'x'; bytes]).map(|()| pieces.into_body())
        };
        let waiting = || answers.0.waiting.lock().expect("no test has panicked").all / PIECE;
        let small = written("ann", PIECE).expect("it is not counted");
        let mut large = written("ann", 4 * PIECE + 7).expect("there is room");
        assert_eq!((waiting(), answers.check("ann").is_err(), answers.check("bob").is_ok()), (4, true, true));
        assert!(written("ann", 3 * PIECE).is_err(), "her share is used up");
        assert_eq!(waiting(), 4, "what was refused is not kept");
        let others: Vec<_> = ["bob", "cid", "dan"].map(|name| written(name, 5 * PIECE)).into_iter().collect();
        assert!(others.iter().all(Result::is_ok) && waiting() == 16);
        assert!(written("eve", 3 * PIECE).is_err() && written("eve", PIECE).is_ok() && answers.check("eve").is_ok());
        let first = large.frame().await.expect("a piece").expect("it is there");
        assert_eq!((first.into_data().expect("bytes").len(), waiting()), (PIECE, 15));
        assert_eq!(large.collect().await.expect("the rest").to_bytes().len(), 3 * PIECE + 7);
        assert_eq!((waiting(), answers.check("ann").is_ok()), (12, true));
        let mut alone = Pieces::new(answers.keep("fay"));
        assert!(alone.write_all(&vec![b'x'; 6 * PIECE]).is_err());
        assert_eq!(alone.refused(), Some(Full::Answer), "it could never be sent");
        drop(alone);
        drop(others);
        assert_eq!(small.collect().await.expect("it is whole").to_bytes().len(), PIECE);
        assert!(waiting() == 0 && answers.0.waiting.lock().expect("no test has panicked").by_holder.is_empty());
    }
}
