//! Connecting to a database: what a URL means, and the settings that sea-orm's defaults do not have.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{Connection as _, Executor as _, Row as _};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbBackend, DbErr, metric};
use tempfile::TempDir;
use uuid::Uuid;

use crate::bulk::Bulk;
use crate::error::{Error, Result};
use crate::handle::{Actor, Reader, Writer};
use crate::reading::{Brake, Lane, Lanes};
use crate::value::Timestamp;

/// How long a SQLite connection waits for the lock of another process, which may be migrating on a slow machine.
pub(crate) const BUSY_TIMEOUT: Duration = ACQUIRE_TIMEOUT;
/// How long a request waits for a connection of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that was idle for so long is tested before it is used.
const IDLE_BEFORE_TEST: Duration = Duration::from_secs(30);
/// Statements that take longer are logged as a warning.
const SLOW_STATEMENT: Duration = Duration::from_millis(500);
/// How many letters of such a statement are logged. That of a batch has tens of thousands, which all say the same.
const LOGGED: usize = 300;

/// How much of a SQLite file its writer keeps in memory at most, in KiB. An import touches all indexes with each row; pages that do
/// not fit are written to the log again and again.
const WRITER_CACHE: &str = "-65536";

/// After how many of its steps SQLite asks whether a statement shall go on: well below a millisecond.
const STEPS: i32 = 2_000;

/// PostgreSQL's defaults are for disks that turn, with which it would rather read a whole table than two thousand rows by an index,
/// and for cursors that are left after their first rows.
const PLANNING: &str = "SET random_page_cost = 1.1; SET cursor_tuple_fraction = 1";

/// How many connections are held at most.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    /// On PostgreSQL: connections of the one pool; half as many more are for what requests read.
    pub postgres: u32,
    /// On SQLite: readers beside the one writer, and as many more for what requests read.
    pub sqlite_readers: u32,
}

impl Default for Pool {
    fn default() -> Self {
        Self { postgres: 10, sqlite_readers: 4 }
    }
}

/// A connected database. Cloning is cheap and shares the connections.
#[derive(Clone, Debug)]
pub struct Storage {
    pub(crate) readers: DatabaseConnection,
    pub(crate) writer: DatabaseConnection,
    lanes: Lanes,
    bulk: Arc<Bulk>,
    /// Keeps the file of `sqlite::memory:` until the last clone goes.
    _folder: Option<Arc<TempDir>>,
}

impl Storage {
    /// Connects to `sqlite://FILE`, `sqlite::memory:` or `postgres://…`; a SQLite file is made when it is missing.
    ///
    /// `sqlite::memory:` is a private temporary file, because readers and writer must see one database. Migrations
    /// are not run: see [`Storage::migrate`].
    ///
    /// Errors: [`Error::Invalid`] for another kind of URL, [`Error::Unavailable`] where nothing answers.
    pub async fn connect(url: &str, pool: Pool) -> Result<Self> {
        if url == "sqlite::memory:" {
            let folder = TempDir::with_prefix("cairn-").map_err(|error| cannot_open(&error))?;
            let file = format!("sqlite://{}/memory.db", folder.path().display());
            let storage = Self::connect_sqlite(&file, pool).await?;
            return Ok(Self { _folder: Some(Arc::new(folder)), ..storage });
        }
        if url.starts_with("sqlite:") {
            return Self::connect_sqlite(url, pool).await;
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let url = url.replacen("postgresql://", "postgres://", 1);
            check_postgres(&url).await?;
            let connection = connected(postgres_options(&url, pool.postgres, None)).await?;
            let lanes = postgres_lanes(&url, pool.postgres.div_ceil(2), &connection).await?;
            // Two of three connections are for requests. Long exports leave as many lanes to short ones.
            let long = pool.postgres / 3;
            let exporting = postgres_lanes(&url, long.max(1) * 2, &connection).await?;
            let bulk = Arc::new(Bulk::new(long, exporting, None));
            return Ok(Self { readers: connection.clone(), writer: connection, lanes, bulk, _folder: None });
        }
        Err(Error::invalid(
            "database",
            "a database URL starts with sqlite:// or postgres://, such as sqlite://cairn.db or \
             postgres://cairn@localhost/cairn",
        ))
    }

    /// The handle that reads one account.
    pub fn reader(&self, account: Uuid) -> Reader {
        Reader::new(self.readers.clone(), self.lanes.clone(), Arc::clone(&self.bulk), account)
    }

    /// The handle that writes one account as `actor`; `now` is the moment that its records will bear.
    ///
    /// Who may have it is for the caller to decide: `schema::Session::writer` asks for the user's role.
    pub fn writer(&self, account: Uuid, actor: Actor, now: Timestamp) -> Writer {
        Writer::new(self.writer.clone(), account, actor, now)
    }

    /// The same database, with somebody who learns of each statement that has run, its values in it. It is for tests and
    /// for looking at plans: the text holds people's data and belongs into no log.
    #[must_use]
    pub fn observed_by(self, observer: impl Fn(&str) + Clone + Send + Sync + 'static) -> Self {
        let Self { mut readers, mut writer, lanes, bulk, _folder: folder } = self;
        let told = observer.clone();
        let on_lane = move |info: &metric::Info<'_>| {
            log_if_slow(info);
            told(&info.statement.to_string());
        };
        let exporting = bulk.lanes().observed_by(on_lane.clone());
        let bulk = Arc::new(bulk.observed_by(exporting, Arc::new(observer.clone())));
        let lanes = lanes.observed_by(on_lane);
        for connection in [&mut readers, &mut writer] {
            let observer = observer.clone();
            connection.set_metric_callback(move |info| {
                log_if_slow(info);
                observer(&info.statement.to_string());
            });
        }
        Self { readers, writer, lanes, bulk, _folder: folder }
    }

    /// Whether it is SQLite, which has one writer.
    pub fn is_sqlite(&self) -> bool {
        self.writer.get_database_backend() == DbBackend::Sqlite
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        self.readers.ping().await.map_err(Error::Unavailable)
    }

    /// Closes all connections once their queries are done.
    pub async fn close(&self) -> Result<()> {
        self.lanes.close().await?;
        self.bulk.lanes().close().await?;
        self.writer.close_by_ref().await?;
        Ok(self.readers.close_by_ref().await?)
    }

    async fn connect_sqlite(url: &str, pool: Pool) -> Result<Self> {
        let writer = connected(sqlite_options(url, 1, false)).await?;
        let readers = connected(sqlite_options(url, pool.sqlite_readers, true)).await?;
        let lanes = sqlite_lanes(url, pool.sqlite_readers, &readers).await?;
        let file: SqliteConnectOptions = url.parse().map_err(|_| unavailable("this names no file"))?;
        let exporting = sqlite_lanes(url, pool.sqlite_readers, &readers).await?;
        let bulk = Arc::new(Bulk::new(pool.sqlite_readers, exporting, Some(file.get_filename())));
        Ok(Self { readers, writer, lanes, bulk, _folder: None })
    }
}

/// Connects once, without the pool, which would only say that it has waited. The URL may hold a password and is not
/// repeated.
async fn check_postgres(url: &str) -> Result<()> {
    let options: PgConnectOptions = url.parse().map_err(|_| {
        Error::invalid("database", "this is no URL of a PostgreSQL database; write it like postgres://user@host/name")
    })?;
    let connecting = tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(&options)).await;
    let connection = connecting.map_err(|_| unavailable("the server does not answer"))?;
    connection
        .map_err(|error| unavailable(&error.to_string()))?
        .close()
        .await
        .map_err(|error| unavailable(&error.to_string()))
}

fn unavailable(reason: &str) -> Error {
    Error::Unavailable(DbErr::Custom(reason.to_owned()))
}

/// The settings for both databases: no ping on every acquire, no statement text in logs and spans.
fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(true)
        .sqlx_logging_level(tracing::log::LevelFilter::Trace)
        .sqlx_slow_statements_logging_settings(tracing::log::LevelFilter::Off, SLOW_STATEMENT)
        .record_stmt_in_spans(false);
    options
}

async fn connected(options: ConnectOptions) -> Result<DatabaseConnection> {
    let mut connection = Database::connect(options).await.map_err(Error::Unavailable)?;
    connection.set_metric_callback(log_if_slow);
    Ok(connection)
}

/// Logs the beginning of a statement that took long, with places where its values were: those are people's data.
fn log_if_slow(info: &metric::Info<'_>) {
    if info.elapsed >= SLOW_STATEMENT {
        let text = &info.statement.sql;
        let end = text.char_indices().nth(LOGGED).map_or(text.len(), |(end, _)| end);
        let milliseconds = u64::try_from(info.elapsed.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(milliseconds, letters = text.len(), statement = &text[..end], "A statement took long");
    }
}

/// `process` learns of the server's process of the connection, where there is one connection only.
fn postgres_options(url: &str, connections: u32, process: Option<Arc<AtomicI32>>) -> ConnectOptions {
    let mut options = options(url, connections);
    options.test_before_acquire_if_idle_for(IDLE_BEFORE_TEST);
    options.set_application_name("cairn");
    options.map_sqlx_postgres_pool_opts(move |pool| {
        let process = process.clone();
        pool.after_connect(move |connection, _| {
            let process = process.clone();
            Box::pin(async move {
                connection.execute(PLANNING).await?;
                if let Some(process) = process {
                    let row = connection.fetch_one("SELECT pg_backend_pid()").await?;
                    process.store(row.try_get(0)?, Ordering::Release);
                }
                Ok(())
            })
        })
    });
    options
}

/// Connections for the statements of requests; they are made when they are needed.
async fn postgres_lanes(url: &str, count: u32, control: &DatabaseConnection) -> Result<Lanes> {
    let mut lanes = Vec::new();
    for _ in 0..count.max(1) {
        let process = Arc::new(AtomicI32::new(0));
        let mut options = postgres_options(url, 1, Some(Arc::clone(&process)));
        options.connect_lazy(true);
        lanes.push(Lane { connection: connected(options).await?, brake: Brake::Postgres(process) });
    }
    Ok(Lanes::new(lanes, control.clone()))
}

/// The same on SQLite, which asks every so many of its steps whether it shall go on.
async fn sqlite_lanes(url: &str, count: u32, control: &DatabaseConnection) -> Result<Lanes> {
    let mut lanes = Vec::new();
    for _ in 0..count.max(1) {
        let stop = Arc::new(AtomicBool::new(false));
        let mut options = sqlite_options(url, 1, true);
        let asked = Arc::clone(&stop);
        options.connect_lazy(true).map_sqlx_sqlite_pool_opts(move |pool| {
            let asked = Arc::clone(&asked);
            pool.after_connect(move |connection, _| {
                let asked = Arc::clone(&asked);
                Box::pin(async move {
                    let mut handle = connection.lock_handle().await?;
                    handle.set_progress_handler(STEPS, move || !asked.load(Ordering::Acquire));
                    Ok(())
                })
            })
        });
        lanes.push(Lane { connection: connected(options).await?, brake: Brake::Sqlite(stop) });
    }
    Ok(Lanes::new(lanes, control.clone()))
}

fn sqlite_options(url: &str, connections: u32, read_only: bool) -> ConnectOptions {
    let mut options = options(url, connections);
    options.test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |sqlite: SqliteConnectOptions| {
        let sqlite = if read_only {
            sqlite.pragma("query_only", "1")
        } else {
            // What one statement would have to take back is kept in memory, too: it is no more than a batch.
            sqlite.pragma("cache_size", WRITER_CACHE).pragma("temp_store", "MEMORY")
        };
        sqlite
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
    });
    options
}

fn cannot_open(error: &std::io::Error) -> Error {
    unavailable(&format!("no temporary folder for sqlite::memory: {error}"))
}
