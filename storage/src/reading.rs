//! Reading for a request: until its deadline, within its share of memory, and with no statement left running once nobody waits
//! for it.
//!
//! A future that is dropped ends no statement: SQLx's thread goes on with it on SQLite, and the server on PostgreSQL. So statements of
//! requests run on [`Lanes`], connections of which each can be told to stop.

use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use sea_orm::sea_query::SelectStatement;
use sea_orm::sqlx::{Row as _, TypeInfo as _, ValueRef as _};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, QueryResult, Statement, metric};
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout};

use crate::error::{Error, Result};
use crate::held::Held;
use crate::link::Link;
use crate::page::PageRequest;
use crate::refusal::Refusal;
use crate::view::View;

/// How many statements of one request run at once: the others' turn comes between those of a request that asks for fifty lists.
const STATEMENTS: usize = 2;
/// How many views of one request are made into statements at once: a statement that waits takes tens of kilobytes with all that has
/// made it, and a request may ask for some hundred counts.
const VIEWS: usize = 2 * STATEMENTS;
/// What a cell of a row takes beside its bytes, and with what is made of it.
const CELL: usize = 64;
/// How many answers of the largest size may be in the making.
const LARGEST_ANSWERS: usize = 4;
/// How many records may be read for the parents of a list by a statement that is not a heavy one.
const MANY_RECORDS: u64 = 2_000;
/// How long a statement that was told to stop may take for it, and how often it is told.
const STOPPING: Duration = Duration::from_secs(5);
const TOLD: usize = 3;

/// How long a request may read, and how much memory its answer may take. Clones share what is taken.
#[derive(Clone, Debug)]
pub struct ReadingLimits {
    seconds: u64,
    answer: usize,
    all: Arc<AtomicUsize>,
}

impl ReadingLimits {
    /// How many seconds a request may read where nobody says otherwise.
    pub const SECONDS: u64 = 10;
    /// How many bytes an answer may take where nobody says otherwise.
    pub const ANSWER: usize = 64 << 20;

    /// So many seconds, and so many bytes an answer; all answers together may take four times as many.
    pub fn new(seconds: u64, answer: usize) -> Self {
        Self { seconds, answer, all: Arc::default() }
    }

    /// What a request may read that begins now.
    pub fn begin(&self) -> Allowance {
        Allowance(Arc::new(Parts {
            limits: self.clone(),
            ends: Instant::now() + Duration::from_secs(self.seconds),
            has_writer: AtomicBool::new(false),
            taken: AtomicUsize::new(0),
            refusal: OnceLock::new(),
            held_since: OnceLock::new(),
            statements: Arc::new(Semaphore::new(STATEMENTS)),
            views: Semaphore::new(VIEWS),
        }))
    }
}

impl Default for ReadingLimits {
    fn default() -> Self {
        Self::new(Self::SECONDS, Self::ANSWER)
    }
}

/// What a request may read, and until when. Clones share it.
#[derive(Clone)]
pub struct Allowance(Arc<Parts>);

struct Parts {
    limits: ReadingLimits,
    ends: Instant,
    has_writer: AtomicBool,
    taken: AtomicUsize,
    refusal: OnceLock<Refusal>,
    /// Since when it waits for a table that somebody holds.
    held_since: OnceLock<Instant>,
    statements: Arc<Semaphore>,
    views: Semaphore,
}

impl Allowance {
    /// From now on there is no deadline: what is written is not left without its answer.
    pub fn lift_deadline(&self) {
        self.0.has_writer.store(true, Ordering::Release);
    }

    /// Takes so many bytes of the answer's memory; they are given back when the last clone goes.
    ///
    /// Errors: [`Error::Limited`] where the answer becomes too large, [`Error::Busy`] where all answers together do.
    pub fn take(&self, bytes: usize) -> Result<()> {
        self.took(bytes).map_err(Error::from)
    }

    /// Why the request was refused more, where it was.
    pub fn refusal(&self) -> Option<Error> {
        self.0.refusal.get().cloned().map(Error::from)
    }

    /// Waits until fewer than [`VIEWS`] views of the request are in the making.
    async fn turn(&self) -> SemaphorePermit<'_> {
        self.0.views.acquire().await.expect("the semaphore is never closed")
    }

    /// Waits for something until the deadline.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = T>) -> std::result::Result<T, Refusal> {
        let mut work = pin!(work);
        let has_writer = || self.0.has_writer.load(Ordering::Acquire);
        if !has_writer() {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                () = sleep_until(self.0.ends) => {}
            }
            if !has_writer() {
                return Err(self.refused(Refusal::Overdue { seconds: self.0.limits.seconds }));
            }
        }
        Ok(work.await)
    }

    fn took(&self, bytes: usize) -> std::result::Result<(), Refusal> {
        let Parts { limits, taken, .. } = &*self.0;
        let all = limits.all.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let own = taken.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if own > limits.answer {
            return Err(self.refused(Refusal::TooLarge { limit: limits.answer }));
        }
        if all > limits.answer.saturating_mul(LARGEST_ANSWERS) {
            return Err(self.refused(Refusal::Crowded));
        }
        Ok(())
    }

    fn refused(&self, refusal: Refusal) -> Refusal {
        self.0.refusal.get_or_init(|| refusal).clone()
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.limits.all.fetch_sub(*self.taken.get_mut(), Ordering::Relaxed);
    }
}

impl fmt::Debug for Allowance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Allowance").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

/// Connections for the statements of requests. Each runs one statement at a time, and can be told to stop.
#[derive(Clone)]
pub(crate) struct Lanes(Arc<Shared>);

struct Shared {
    all: Vec<Lane>,
    free: Mutex<VecDeque<Lane>>,
    places: Arc<Semaphore>,
    /// Half of the places are for statements that read much, so that the others always find one.
    heavy: Arc<Semaphore>,
    /// What tells PostgreSQL to end a statement.
    control: Link,
    held: Held,
}

/// A connection, as a pool of one.
#[derive(Clone)]
pub(crate) struct Lane {
    pub(crate) connection: Link,
    pub(crate) brake: Brake,
}

/// How the statement of a lane is told to stop.
#[derive(Clone)]
pub(crate) enum Brake {
    /// SQLite asks while it runs whether it shall stop.
    Sqlite(Arc<AtomicBool>),
    /// The server's process, 0 while there is none.
    Postgres(Arc<AtomicI32>),
}

/// How much a statement may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// What an index finds of a page.
    Light,
    /// A whole view, or most of it.
    Heavy,
}

impl Load {
    /// That of a page of a view.
    pub(crate) fn of(view: &View) -> Self {
        if view.is_dear() { Self::Heavy } else { Self::Light }
    }

    /// That of a count: all of the view is read, unless it is what belongs to one record.
    pub(crate) fn of_count(view: &View) -> Self {
        let is_small = view.person.is_some() || view.transaction.is_some();
        if is_small { Self::of(view) } else { Self::Heavy }
    }

    /// That of a page for each of so many parents.
    pub(crate) fn of_pages(parents: usize, request: &PageRequest) -> Self {
        let records = u64::try_from(parents).unwrap_or(u64::MAX).saturating_mul(request.limit);
        if records > MANY_RECORDS { Self::Heavy } else { Self::Light }
    }
}

impl Lanes {
    pub(crate) fn new(all: Vec<Lane>, control: Link) -> Self {
        let places = Arc::new(Semaphore::new(all.len()));
        let heavy = Arc::new(Semaphore::new((all.len() / 2).max(1)));
        let held = match &control {
            Link::Postgres(server) => server.held().clone(),
            // Nobody holds a table of SQLite's alone.
            Link::Sqlite(_) => Held::default(),
        };
        Self(Arc::new(Shared { free: Mutex::new(all.iter().cloned().collect()), all, places, heavy, control, held }))
    }

    /// The same connections, with somebody who learns of each statement.
    pub(crate) fn observed_by(&self, observer: impl Fn(&metric::Info<'_>) + Clone + Send + Sync + 'static) -> Self {
        let mut all = self.0.all.clone();
        for lane in &mut all {
            lane.connection.set_metric(observer.clone());
        }
        Self::new(all, self.0.control.clone())
    }

    pub(crate) async fn close(&self) -> Result<()> {
        for lane in &self.0.all {
            lane.connection.close().await?;
        }
        Ok(())
    }

    /// Reads a statement without a request's limits: its rows are added one by one to what `begin` makes, until one is answered with
    /// `true`. Whoever drops this lets go of the lane, and the statement ends.
    pub(crate) async fn read<T>(
        &self,
        select: &SelectStatement,
        begin: impl Fn() -> T,
        add: impl Fn(&mut T, &QueryResult) -> Result<bool>,
    ) -> Result<T> {
        let text = self.0.control.get_database_backend().build(select).sql;
        let read = || async {
            let mut taken = begin();
            let lane = self.take(Load::Light, None).await;
            let read = lane.connection().each_row(select, |row| add(&mut taken, row)).await;
            if read.as_ref().err().is_none_or(Error::is_held) {
                lane.done();
            }
            read.map(|()| taken)
        };
        self.0.held.wait(&text, &OnceLock::new(), read).await
    }

    async fn take(&self, load: Load, own: Option<OwnedSemaphorePermit>) -> Taken {
        let open = "the semaphore is never closed";
        let heavy = match load {
            Load::Heavy => Some(Arc::clone(&self.0.heavy).acquire_owned().await.expect(open)),
            Load::Light => None,
        };
        let place = Arc::clone(&self.0.places).acquire_owned().await.expect(open);
        let lane = self.0.free.lock().expect("nobody panics while holding it").pop_front();
        let lane = lane.expect("there is a lane for each place");
        Taken { held: Some((lane, Places { _own: own, _heavy: heavy, _place: place })), lanes: self.clone() }
    }

    /// The statements that wait for a table, without a lane.
    pub(crate) fn held(&self) -> &Held {
        &self.0.held
    }

    fn put_back(&self, lane: Lane) {
        self.0.free.lock().expect("nobody panics while holding it").push_back(lane);
    }
}

impl fmt::Debug for Lanes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lanes").field("count", &self.0.all.len()).finish_non_exhaustive()
    }
}

/// What a statement holds while it runs.
struct Places {
    _own: Option<OwnedSemaphorePermit>,
    _heavy: Option<OwnedSemaphorePermit>,
    _place: OwnedSemaphorePermit,
}

/// A lane while a statement runs on it. Whoever drops it without [`Taken::done`] waits no more, and the statement is ended: only
/// then is the lane free again.
pub(crate) struct Taken {
    held: Option<(Lane, Places)>,
    lanes: Lanes,
}

impl Taken {
    pub(crate) fn connection(&self) -> &Link {
        &self.held.as_ref().expect("it is held until it is done").0.connection
    }

    /// Says that nothing runs any more.
    pub(crate) fn done(mut self) {
        if let Some((lane, _places)) = self.held.take() {
            self.lanes.put_back(lane);
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let Some((lane, places)) = self.held.take() else { return };
        let lanes = self.lanes.clone();
        // Without a runtime the process ends, and its connections with it.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                lane.stop(&lanes.0.control).await;
                lanes.put_back(lane);
                drop(places);
            });
        }
    }
}

impl Lane {
    /// Ends the statement that runs, and waits until it has ended.
    async fn stop(&self, control: &Link) {
        for _ in 0..TOLD {
            self.brake(control).await;
            // The pool of one has its connection back when nothing runs on it any more.
            let ended = timeout(STOPPING, self.connection.ping()).await.is_ok_and(|pinged| pinged.is_ok());
            if ended {
                break;
            }
        }
        if let Brake::Sqlite(stop) = &self.brake {
            stop.store(false, Ordering::Release);
        }
    }

    async fn brake(&self, control: &Link) {
        match &self.brake {
            Brake::Sqlite(stop) => stop.store(true, Ordering::Release),
            Brake::Postgres(process) => {
                let process = process.load(Ordering::Acquire);
                let cancel = "SELECT pg_cancel_backend($1)";
                let cancel = Statement::from_sql_and_values(DbBackend::Postgres, cancel, [process.into()]);
                if process != 0
                    && let Err(error) = control.query_one_raw(cancel).await
                {
                    tracing::warn!(%error, "A statement cannot be ended: {error}");
                }
            }
        }
    }
}

/// The lanes and what a request may read on them.
pub(crate) struct Bounded<'a> {
    pub(crate) lanes: &'a Lanes,
    pub(crate) allowance: &'a Allowance,
    pub(crate) load: Load,
    pub(crate) backend: DbBackend,
    /// The turn of a view, which lasts as long as what is read of it.
    pub(crate) turn: OnceCell<SemaphorePermit<'a>>,
}

impl Bounded<'_> {
    /// Waits for this view's turn to become a statement. A view in it has its turn with it.
    pub(crate) async fn turn(&self) {
        self.turn.get_or_init(|| self.allowance.turn()).await;
    }

    /// Runs a statement until it has read enough.
    pub(crate) async fn rows(
        &self,
        statement: &Statement,
        most: usize,
    ) -> std::result::Result<Vec<QueryResult>, DbErr> {
        let allowance = self.allowance;
        if let Some(refusal) = allowance.0.refusal.get() {
            return Err(refusal.clone().into());
        }
        let read = || async {
            let own = Arc::clone(&allowance.0.statements).acquire_owned().await.expect("the semaphore is never closed");
            let lane = self.lanes.take(self.load, Some(own)).await;
            let take = |row: &QueryResult| Ok(allowance.took(size(row))?);
            let rows = lane.connection().taken(statement, most, take).await;
            if rows.as_ref().is_err_and(|error: &DbErr| Refusal::of(error).is_some()) {
                // What it still has to say is of no use.
                drop(lane);
            } else {
                lane.done();
            }
            rows
        };
        allowance.within(self.lanes.held().wait(&statement.sql, &allowance.0.held_since, read)).await?
    }
}

/// About how many bytes a row takes, with what is made of it.
fn size(row: &QueryResult) -> usize {
    if let Some(row) = row.try_as_pg_row() {
        let bytes = (0..row.len()).map(|place| {
            let value = row.try_get_raw(place).ok();
            CELL + value.and_then(|value| value.as_bytes().map(<[u8]>::len).ok()).unwrap_or_default()
        });
        return bytes.sum();
    }
    let Some(row) = row.try_as_sqlite_row() else { return 0 };
    let bytes = (0..row.len()).map(|place| {
        let text = row.try_get_raw(place).ok().filter(|value| matches!(value.type_info().name(), "TEXT" | "BLOB"));
        // As bytes, so that nothing is copied or checked.
        let bytes =
            text.and_then(|text| <&[u8] as sea_orm::sqlx::Decode<'_, sea_orm::sqlx::Sqlite>>::decode(text).ok());
        CELL + bytes.map_or(0, <[u8]>::len)
    });
    bytes.sum()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::{ReadingLimits, VIEWS};

    #[tokio::test]
    async fn a_request_makes_few_views_at_once() {
        let allowance = ReadingLimits::default().begin();
        let mut turns = Vec::new();
        for _ in 0..VIEWS {
            turns.push(allowance.turn().now_or_never().expect("there is a turn"));
        }
        assert!(allowance.turn().now_or_never().is_none(), "one more waits");
        assert!(ReadingLimits::default().begin().turn().now_or_never().is_some(), "another request does not");
        turns.pop();
        assert!(allowance.turn().now_or_never().is_some(), "until one of them has been read");
    }
}
