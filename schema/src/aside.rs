//! Work that keeps a processor busy for long, beside the threads that serve requests, a little of it at a time.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// How much is done at once.
const AT_ONCE: usize = 2;
/// How long work may wait for its turn.
const WAIT: Duration = Duration::from_secs(5);
/// How much may wait, in KiB of what it works on.
const WAITING: usize = 64 << 10;

/// Who may work aside.
#[derive(Clone)]
pub(crate) struct Aside {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Aside {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::new(Semaphore::new(WAITING)) }
    }
}

/// A future of which one step has been taken.
enum Begun<T> {
    Done(T),
    Waits(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl Aside {
    /// Does some work on so many bytes, aside where it is large, else at once.
    ///
    /// Errors: `UNAVAILABLE` where others have been at work for too long.
    pub(crate) async fn step<T: Send + 'static>(
        &self,
        is_large: bool,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        if !is_large {
            return Ok(work());
        }
        let busy = || {
            let message = "too many large requests are looked at already; try again";
            Error(service::Error::unavailable(message))
        };
        let size = u32::try_from(bytes.div_ceil(1 << 10).min(WAITING)).expect("what may wait is less than that");
        let _place = Arc::clone(&self.waiting).try_acquire_many_owned(size).map_err(|_| busy())?;
        let turn = tokio::time::timeout(WAIT, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.expect("nobody closes it");
        let span = tracing::Span::current();
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            span.in_scope(work)
        });
        done.await.map_err(Error::internal)
    }

    /// Takes the first step of a future aside, which is all that it does before it waits for anything, and the others here.
    ///
    /// Errors: as [`Aside::step`].
    pub(crate) async fn begin<T: Send + 'static>(
        &self,
        bytes: usize,
        mut future: Pin<Box<dyn Future<Output = T> + Send>>,
    ) -> Result<T> {
        let begin = move || {
            // Whoever goes on looks at it at once, so nobody need be called.
            match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(done) => Begun::Done(done),
                Poll::Pending => Begun::Waits(future),
            }
        };
        match self.step(true, bytes, begin).await? {
            Begun::Done(done) => Ok(done),
            Begun::Waits(future) => Ok(future.await),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::{AT_ONCE, Aside, WAITING};
    use service::Code;

    /// One thread serves everything, as the only one of a small machine would.
    #[tokio::test]
    async fn whoever_serves_goes_on_while_large_work_is_done() {
        let aside = Aside::default();
        let mut ends = Vec::new();
        for _ in 0..AT_ONCE {
            let (end, ended) = mpsc::channel::<()>();
            let (began, begins) = oneshot::channel();
            let aside = aside.clone();
            let work = move || {
                began.send(()).expect("somebody waits for it");
                ended.recv().is_ok()
            };
            ends.push((end, tokio::spawn(async move { aside.step(true, 1, work).await })));
            begins.await.expect("the work begins while this thread is free");
        }
        // Small work does not wait for large, and too much that would wait is refused.
        assert_eq!(aside.step(false, 1, || 7).await, Ok(7));
        let refused = aside.step(true, WAITING << 10, || ()).await;
        assert_eq!(refused.map_err(|error| error.code), Err(Code::Unavailable));
        for (end, done) in ends {
            end.send(()).expect("the work waits for it");
            assert_eq!(done.await.expect("it does not panic"), Ok(true));
        }
    }

    #[tokio::test]
    async fn a_future_that_is_begun_aside_goes_on_here() {
        let thread = || std::thread::current().id();
        let steps = async move {
            let first = thread();
            tokio::task::yield_now().await;
            (first, thread())
        };
        let (first, second) = Aside::default().begin(1, Box::pin(steps)).await.expect("nobody else is at work");
        assert!(first != thread() && second == thread());
    }

    #[tokio::test]
    async fn work_that_panics_is_an_internal_error() {
        let bug: fn() = || panic!("a bug");
        let answer = Aside::default().step(true, 1, bug).await;
        assert_eq!(answer.map_err(|error| error.code), Err(Code::Internal));
    }
}
