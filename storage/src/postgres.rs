//! Statements on PostgreSQL, each with a limit of time: a connection that does not answer within it is closed.
//!
//! A connection can die without a word: its backend is stopped, or something on the way takes bytes and passes none on. Nothing in
//! the pool of SQLx limits how long that is waited for, neither a statement nor the test of a connection that comes back, so whoever
//! waits would wait for good, and the pool would lose that connection. Therefore every wait for a connection is in this file.

use std::io::{
    self,
    ErrorKind::{NotConnected, TimedOut},
};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use sea_orm::error::ConnAcquireErr;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::{PgConnection, PgRow};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, Executor as _, PgPool, Postgres};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, SqlxPostgresConnector,
    Statement, metric,
};
use sea_orm_migration::async_trait::async_trait;
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::error::Elapsed;
use tokio::time::{timeout, timeout_at};

use crate::held::Held;
use crate::pool::{ACQUIRE_TIMEOUT, PATIENCE, Pool};

/// How long a connection may take to come back to the pool: what was left of a statement is read, and a transaction rolled back.
const RETURN: Duration = Duration::from_secs(5);

/// Begins a unit of work that goes on for long.
const PATIENT: &str = "SET LOCAL lock_timeout = '60s'";

/// Learns of statements that have run.
pub(crate) type Metric = Arc<dyn Fn(&metric::Info<'_>) + Send + Sync>;

/// A PostgreSQL and the connections to it. Cloning shares them.
#[derive(Clone)]
pub(crate) struct Server {
    connections: PgPool,
    /// Units of work that write, fewer than there are connections: those that wait for a lock leave some to others.
    units: Arc<Semaphore>,
    statement: Duration,
    long_statement: Duration,
    held: Held,
    metric: Option<Metric>,
}

impl Server {
    pub(crate) fn new(connections: PgPool, pool: Pool) -> Self {
        let units = Arc::new(Semaphore::new((pool.postgres - pool.postgres / 3).max(1) as usize));
        let Pool { statement, long_statement, .. } = pool;
        Self { connections, units, statement, long_statement, held: Held::default(), metric: None }
    }

    pub(crate) fn set_metric(&mut self, metric: Metric) {
        self.metric = Some(metric);
    }

    /// A connection of the pool. Errors: [`DbErr::ConnectionAcquire`] after ten seconds.
    pub(crate) async fn session(&self) -> Result<Session, DbErr> {
        let connection = self.connections.acquire().await.map_err(not_acquired)?;
        Ok(Session {
            connection: Some(connection),
            transaction: Transacting::No,
            limit: self.statement,
            metric: self.metric.clone(),
        })
    }

    /// The same, for statements that may take longer.
    pub(crate) async fn long_session(&self) -> Result<Session, DbErr> {
        let mut session = self.session().await?;
        session.limit = self.long_statement;
        Ok(session)
    }

    /// Begins a unit of work. It waits so long for its turn, and with what is left of that for whoever holds what it wants to write. What is
    /// noted down beside a request's work, such as a sign-in, has less patience: it waits for a lock alone, and not behind those who do.
    ///
    /// Errors: [`DbErr::ConnectionAcquire`] where it has no turn within that time, or no connection within ten seconds.
    pub(crate) async fn begin(&self, patience: Duration) -> Result<Transaction, DbErr> {
        let has_turns = patience >= PATIENCE;
        let ends = Instant::now() + patience.max(PATIENCE);
        let begun = timeout_at(ends.into(), async {
            let permit = if has_turns { Some(self.permit().await?) } else { None };
            let mut session = self.session().await?;
            let left = if has_turns { ends.saturating_duration_since(Instant::now()) } else { patience };
            session.begin(&format!("BEGIN; SET LOCAL lock_timeout = {}", left.as_millis().max(1))).await?;
            let Self { statement, long_statement, .. } = *self;
            Ok(Transaction { session: Mutex::new(session), statement, long_statement, _permit: permit })
        });
        begun.await.unwrap_or(Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)))
    }

    /// The leave to begin a unit of work that may have to wait.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, DbErr> {
        let permit = Arc::clone(&self.units).acquire_owned().await;
        permit.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))
    }

    /// The statements that wait for a table.
    pub(crate) fn held(&self) -> &Held {
        &self.held
    }

    /// The same connections for sea-orm's migrations, which may take as long as they want.
    pub(crate) fn without_limits(&self) -> DatabaseConnection {
        SqlxPostgresConnector::from_sqlx_postgres_pool(self.connections.clone())
    }

    /// Asks for a sign of life.
    pub(crate) async fn ping(&self) -> Result<(), DbErr> {
        let mut session = self.session().await?;
        let done = timeout(RETURN, session.connection().map_err(connection_error)?.ping()).await;
        session.settled(done, RETURN).map_err(connection_error)
    }

    /// Closes all connections once their statements are done.
    pub(crate) async fn close(&self) {
        // What is hung is closed with the process.
        let _ = timeout(ACQUIRE_TIMEOUT, self.connections.close()).await;
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Server").field("connections", &self.connections).finish_non_exhaustive()
    }
}

/// A connection that is in use. When it is dropped it goes back to the pool, or is closed where it does not answer.
pub(crate) struct Session {
    /// `None` once it was closed.
    connection: Option<PoolConnection<Postgres>>,
    transaction: Transacting,
    limit: Duration,
    metric: Option<Metric>,
}

/// Whether a transaction is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transacting {
    No,
    Yes,
    /// A statement of it has failed: PostgreSQL would answer a COMMIT with a rollback, and no error.
    Failed,
}

impl Session {
    fn connection(&mut self) -> sqlx::Result<&mut PgConnection> {
        let closed = || sqlx::Error::Io(io::Error::new(NotConnected, "the connection was closed"));
        self.connection.as_deref_mut().ok_or_else(closed)
    }

    /// Begins a transaction that ends with the session, unless it is committed.
    pub(crate) async fn begin(&mut self, begin: &str) -> Result<(), DbErr> {
        self.transaction = Transacting::Yes;
        self.simple(begin).await.map(drop).map_err(query_error)
    }

    /// Makes what the transaction has done stay. After an error nobody knows whether it does.
    pub(crate) async fn commit(&mut self) -> Result<(), DbErr> {
        if self.transaction == Transacting::Failed {
            return Err(DbErr::Custom("a unit of work with a failed statement cannot be committed".to_owned()));
        }
        let committed = self.simple("COMMIT").await;
        match committed {
            Ok(_) => self.transaction = Transacting::No,
            Err(_) => self.close(),
        }
        committed.map(drop).map_err(query_error)
    }

    async fn rollback(&mut self) -> sqlx::Result<()> {
        if self.connection.is_some() {
            self.simple("ROLLBACK").await?;
        }
        self.transaction = Transacting::No;
        Ok(())
    }

    pub(crate) async fn execute(&mut self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let (begun, limit) = (Instant::now(), self.limit);
        let connection = self.connection().map_err(exec_error)?;
        let done = timeout(limit, query(statement).execute(connection)).await;
        let done = self.settled(done, limit);
        self.measure(begun, statement, done.is_err());
        done.map(Into::into).map_err(exec_error)
    }

    async fn query_one(&mut self, statement: &Statement) -> Result<Option<QueryResult>, DbErr> {
        let (begun, limit) = (Instant::now(), self.limit);
        let connection = self.connection().map_err(query_error)?;
        let done = timeout(limit, query(statement).fetch_optional(connection)).await;
        let done = self.settled(done, limit);
        self.measure(begun, statement, done.is_err());
        done.map(|row| row.map(Into::into)).map_err(query_error)
    }

    async fn query_all(&mut self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (begun, limit) = (Instant::now(), self.limit);
        let connection = self.connection().map_err(query_error)?;
        let done = timeout(limit, query(statement).fetch_all(connection)).await;
        let done = self.settled(done, limit);
        self.measure(begun, statement, done.is_err());
        done.map(|rows| rows.into_iter().map(Into::into).collect()).map_err(query_error)
    }

    /// Runs a text without values, which may be several statements.
    async fn simple(&mut self, text: &str) -> sqlx::Result<ExecResult> {
        let limit = self.limit;
        let done = timeout(limit, self.connection()?.execute(AssertSqlSafe(text.to_owned()))).await;
        self.settled(done, limit).map(Into::into)
    }

    /// The rows of a statement, one by one. Whoever stops before the last one drops the session.
    pub(crate) fn rows<'s>(&'s mut self, statement: &'s Statement) -> Result<Rows<'s>, DbErr> {
        let (limit, measured) =
            (self.limit, Measured { begun: Instant::now(), statement, metric: self.metric.clone() });
        let connection = self.connection().map_err(query_error)?;
        Ok(Rows { stream: query(statement).fetch(connection), limit, _measured: measured })
    }

    /// The rows of a `COPY`, as they come. Whoever stops before the last one closes the session.
    pub(crate) async fn copy_out(&mut self, copy: &str) -> Result<Copied<'_>, DbErr> {
        let limit = self.limit;
        let begun = timeout(limit, self.connection().map_err(query_error)?.copy_out_raw(copy)).await;
        let rows = begun.unwrap_or_else(|_| Err(no_answer(limit))).map_err(query_error)?;
        Ok(Copied { rows, limit })
    }

    /// What has come of waiting. A connection that does not answer, or whose answers make no sense, is closed.
    fn settled<T>(&mut self, done: Result<sqlx::Result<T>, Elapsed>, limit: Duration) -> sqlx::Result<T> {
        let done = done.unwrap_or_else(|_| Err(no_answer(limit)));
        match &done {
            Err(sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_)) => self.close(),
            Err(sqlx::Error::Database(_)) if self.transaction == Transacting::Yes => {
                self.transaction = Transacting::Failed;
            }
            _ => {}
        }
        done
    }

    /// Closes the connection without a word to the server, which might not take it. The pool may make another one.
    pub(crate) fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }

    fn measure(&self, begun: Instant, statement: &Statement, failed: bool) {
        if let Some(metric) = &self.metric {
            metric(&metric::Info { elapsed: begun.elapsed(), statement, failed });
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(give_back(connection, self.transaction != Transacting::No))),
            Err(_) => drop(connection.detach()),
        }
    }
}

/// Gives a connection back to the pool, which asks it for a sign of life first.
async fn give_back(mut connection: PoolConnection<Postgres>, in_transaction: bool) {
    if in_transaction && !matches!(timeout(RETURN, connection.execute("ROLLBACK")).await, Ok(Ok(_))) {
        drop(connection.detach());
        return;
    }
    // Where that takes too long the connection is dropped with it, and so closed.
    let _ = timeout(RETURN, connection.return_to_pool()).await;
}

/// The rows of a running statement.
pub(crate) struct Rows<'s> {
    stream: BoxStream<'s, sqlx::Result<PgRow>>,
    limit: Duration,
    _measured: Measured<'s>,
}

/// Says how long a statement took, once its rows are read or nobody wants them any more.
struct Measured<'s> {
    begun: Instant,
    statement: &'s Statement,
    metric: Option<Metric>,
}

impl Drop for Measured<'_> {
    fn drop(&mut self) {
        if let Some(metric) = &self.metric {
            metric(&metric::Info { elapsed: self.begun.elapsed(), statement: self.statement, failed: false });
        }
    }
}

impl Rows<'_> {
    /// The next one; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<QueryResult>, DbErr> {
        let next = timeout(self.limit, self.stream.try_next()).await;
        next.unwrap_or_else(|_| Err(no_answer(self.limit))).map(|row| row.map(Into::into)).map_err(query_error)
    }
}

/// What a running `COPY` sends.
pub(crate) struct Copied<'s> {
    rows: BoxStream<'s, sqlx::Result<Bytes>>,
    limit: Duration,
}

impl Copied<'_> {
    /// The next bytes; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, DbErr> {
        let next = timeout(self.limit, self.rows.try_next()).await;
        next.unwrap_or_else(|_| Err(no_answer(self.limit))).map_err(query_error)
    }
}

/// A unit of work. Nothing of it stays unless it is committed.
pub(crate) struct Transaction {
    session: Mutex<Session>,
    statement: Duration,
    long_statement: Duration,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Transaction {
    /// From now on each statement may take longer, and waits longer for what others hold.
    pub(crate) async fn take_time(&self) -> Result<(), DbErr> {
        let mut session = self.session.lock().await;
        session.limit = self.long_statement;
        session.simple(PATIENT).await.map(drop).map_err(exec_error)
    }

    /// From now on each statement takes no longer than usual, and for most of that waits for what others hold: one that waits for
    /// longer could not be told from a connection that is dead.
    pub(crate) async fn take_steps(&self) -> Result<(), DbErr> {
        let mut session = self.session.lock().await;
        session.limit = self.statement;
        let patience = self.statement.as_millis() * 3 / 4;
        session.simple(&format!("SET LOCAL lock_timeout = {patience}")).await.map(drop).map_err(exec_error)
    }

    /// Takes back what was done since a savepoint, also where a statement has failed.
    pub(crate) async fn back_to(&self, savepoint: &str) -> Result<(), DbErr> {
        let mut session = self.session.lock().await;
        session.simple(&format!("ROLLBACK TO SAVEPOINT {savepoint}")).await.map_err(exec_error)?;
        session.transaction = Transacting::Yes;
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.session.into_inner().commit().await
    }

    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        self.session.into_inner().rollback().await.map_err(query_error)
    }
}

#[async_trait]
impl ConnectionTrait for Server {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let run = || async { self.session().await?.execute(&statement).await };
        self.held.wait(&statement.sql, &OnceLock::new(), run).await
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        let run = || async { self.session().await?.simple(text).await.map_err(exec_error) };
        self.held.wait(text, &OnceLock::new(), run).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let run = || async { self.session().await?.query_one(&statement).await };
        self.held.wait(&statement.sql, &OnceLock::new(), run).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let run = || async { self.session().await?.query_all(&statement).await };
        self.held.wait(&statement.sql, &OnceLock::new(), run).await
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.session.lock().await.execute(&statement).await
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        self.session.lock().await.simple(text).await.map_err(exec_error)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.session.lock().await.query_one(&statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.session.lock().await.query_all(&statement).await
    }
}

/// The error of a connection that did not answer.
fn no_answer(limit: Duration) -> sqlx::Error {
    let text = format!("PostgreSQL has not answered within {} seconds", limit.as_secs_f32());
    sqlx::Error::Io(io::Error::new(TimedOut, text))
}

fn query(statement: &Statement) -> sqlx::query::Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone().unwrap_or(sea_orm::Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn not_acquired(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => connection_error(error),
    }
}

fn connection_error(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}

fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}

/// The error of a statement that reads.
fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}
