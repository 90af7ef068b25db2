//! Connecting to a database: what a URL means, and the settings that sea-orm's defaults do not have.

mod postgres;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use sea_orm::sqlx::Executor as _;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, metric};
use tempfile::TempDir;
use uuid::Uuid;

use crate::bulk::Bulk;
use crate::error::{Error, Result, unavailable};
use crate::gate::{self, Gate};
use crate::handle::{Actor, Reader, Writer};
use crate::link::Link;
use crate::pool::{ACQUIRE_TIMEOUT, Pool, Synchronous};
use crate::reading::{Brake, Lane, Lanes};
use crate::value::Timestamp;

/// The same for SQLx's connections.
const READ_WAIT: &str = "PRAGMA busy_timeout = 1500";
/// The same while a connection is opened: another process may be making the file.
const OPEN_TIMEOUT: Duration = ACQUIRE_TIMEOUT;
/// Statements that take longer are logged as a warning.
const SLOW_STATEMENT: Duration = Duration::from_millis(500);
/// How many letters of such a statement are logged. That of a batch has tens of thousands, which all say the same.
const LOGGED: usize = 300;

/// How much of a SQLite file its writer keeps in memory at most, in KiB. An import touches all indexes with each row; pages that do
/// not fit are written to the log again and again.
const WRITER_CACHE: &str = "-65536";

/// How much of the disk SQLite's log keeps once all of it is in the file, in bytes. An import writes as much as it has pages.
const LOG_KEPT: &str = "67108864";

/// After how many of its steps SQLite asks whether a statement shall go on: well below a millisecond.
const STEPS: i32 = 2_000;

/// A connected database. Cloning is cheap and shares the connections.
#[derive(Clone, Debug)]
pub struct Storage {
    pub(crate) readers: Link,
    pub(crate) writer: Gate,
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
            let mut server = postgres::connect(&url, pool).await?;
            server.set_metric(Arc::new(log_if_slow));
            let link = Link::Postgres(server);
            let lanes = postgres_lanes(&url, pool.postgres.div_ceil(2), pool, &link)?;
            // Two of three connections are for requests.
            let exporting = postgres_lanes(&url, pool.postgres / 3, pool, &link)?;
            let bulk = Arc::new(Bulk::new(pool.postgres / 3, exporting, None));
            return Ok(Self { readers: link.clone(), writer: Gate::of_postgres(link), lanes, bulk, _folder: None });
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
        let metric = move |info: &metric::Info<'_>| {
            log_if_slow(info);
            told(&info.statement.to_string());
        };
        for link in [&mut readers, &mut writer.link] {
            link.set_metric(metric.clone());
        }
        let exporting = bulk.lanes().observed_by(metric.clone());
        let bulk = Arc::new(bulk.observed_by(exporting, Arc::new(observer)));
        let lanes = lanes.observed_by(metric);
        Self { readers, writer, lanes, bulk, _folder: folder }
    }

    /// Whether it is SQLite, which has one writer.
    pub fn is_sqlite(&self) -> bool {
        self.writer.is_sqlite()
    }

    /// Whether the database answers and can be written, as far as is known.
    ///
    /// Errors: [`Error::Unavailable`]; on SQLite [`Error::Full`] and [`Error::Disk`] from a write that failed until one succeeds.
    pub async fn check(&self) -> Result<()> {
        self.writer.check()?;
        self.readers.ping().await.map_err(Error::Unavailable)
    }

    /// Has SQLite's log written into its file a second after each last write, for as long as this is waited for. PostgreSQL does
    /// so by itself.
    pub async fn checkpoint(&self) {
        self.writer.checkpoint(&self.readers).await;
    }

    /// Waits until SQLite's file cannot be written, and then, with a try each second, until it can be again.
    pub async fn recovered(&self) {
        self.writer.recovered().await;
    }

    /// Closes all connections once their queries are done.
    pub async fn close(&self) -> Result<()> {
        self.lanes.close().await?;
        self.bulk.lanes().close().await?;
        self.writer.link.close().await?;
        Ok(self.readers.close().await?)
    }

    async fn connect_sqlite(url: &str, pool: Pool) -> Result<Self> {
        let writer = connected(sqlite_writer(url, pool.synchronous)).await?;
        let readers = connected(sqlite_readers(url, pool.sqlite_readers)).await?;
        let file: SqliteConnectOptions = url.parse().map_err(|_| unavailable("this names no file"))?;
        let writer = Gate::of_sqlite(writer, sqlite(file.clone(), pool.synchronous));
        let readers = Link::Sqlite(readers);
        let lanes = sqlite_lanes(url, pool.sqlite_readers, &readers).await?;
        let exporting = sqlite_lanes(url, pool.sqlite_readers, &readers).await?;
        let bulk = Arc::new(Bulk::new(pool.sqlite_readers, exporting, Some(file.get_filename())));
        Ok(Self { readers, writer, lanes, bulk, _folder: None })
    }
}

/// What sea-orm connects to SQLite with: no statement text in logs and spans.
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

/// Connections of PostgreSQL for statements that can be ended; they are made when they are needed.
fn postgres_lanes(url: &str, count: u32, pool: Pool, control: &Link) -> Result<Lanes> {
    let lane = |_| {
        let process = Arc::new(AtomicI32::new(0));
        let mut server = postgres::single(url, pool, Arc::clone(&process))?;
        server.set_metric(Arc::new(log_if_slow));
        Ok(Lane { connection: Link::Postgres(server), brake: Brake::Postgres(process) })
    };
    Ok(Lanes::new((0..count.max(1)).map(lane).collect::<Result<_>>()?, control.clone()))
}

/// The same on SQLite, which asks every so many of its steps whether it shall go on.
async fn sqlite_lanes(url: &str, count: u32, control: &Link) -> Result<Lanes> {
    let mut lanes = Vec::new();
    for _ in 0..count.max(1) {
        let stop = Arc::new(AtomicBool::new(false));
        let mut options = sqlite_readers(url, 1);
        let asked = Arc::clone(&stop);
        options.connect_lazy(true).map_sqlx_sqlite_pool_opts(move |pool| {
            let asked = Arc::clone(&asked);
            pool.after_connect(move |connection, _| {
                let asked = Arc::clone(&asked);
                Box::pin(async move {
                    connection.execute(READ_WAIT).await?;
                    let mut handle = connection.lock_handle().await?;
                    handle.set_progress_handler(STEPS, move || !asked.load(Ordering::Acquire));
                    Ok(())
                })
            })
        });
        lanes.push(Lane { connection: Link::Sqlite(connected(options).await?), brake: Brake::Sqlite(stop) });
    }
    Ok(Lanes::new(lanes, control.clone()))
}

/// The one connection that writes. Whoever gets it, and whoever gives it back, sees to it that no transaction is open on it.
fn sqlite_writer(url: &str, synchronous: Synchronous) -> ConnectOptions {
    let mut options = options(url, 1);
    options.test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |options| {
        // What one statement would have to take back is kept in memory, too: it is no more than a batch.
        sqlite(options, synchronous)
            .pragma("cache_size", WRITER_CACHE)
            .pragma("temp_store", "MEMORY")
            .pragma("journal_size_limit", LOG_KEPT)
    });
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_connect(|connection, _| Box::pin(async { connection.execute(gate::LOCK_TRY).await.map(drop) }))
            .before_acquire(|connection, _| Box::pin(async { Ok(gate::is_clean(connection).await) }))
            .after_release(|connection, _| Box::pin(async { Ok(gate::is_clean(connection).await) }))
    });
    options
}

fn sqlite_readers(url: &str, connections: u32) -> ConnectOptions {
    let mut options = options(url, connections);
    options.test_before_acquire(false);
    options.map_sqlx_sqlite_opts(|options| sqlite(options, Synchronous::Normal).pragma("query_only", "1"));
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_connect(|connection, _| Box::pin(async { connection.execute(READ_WAIT).await.map(drop) }))
    });
    options
}

fn sqlite(options: SqliteConnectOptions, synchronous: Synchronous) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Normal => SqliteSynchronous::Normal,
        })
        .busy_timeout(OPEN_TIMEOUT)
        .foreign_keys(true)
}

fn cannot_open(error: &std::io::Error) -> Error {
    unavailable(&format!("no temporary folder for sqlite::memory: {error}"))
}
