//! Connecting to PostgreSQL: the pool, and what each of its connections is set to.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sea_orm::sqlx::{self, Connection as _, Executor as _, Row as _};
use sea_orm::{DbErr, RuntimeErr};
use tokio::time::timeout;

use crate::error::{Error, Result, unavailable};
use crate::pool::{ACQUIRE_TIMEOUT, Pool};
use crate::postgres::Server;

/// A connection that was idle for so long is tested before it is used.
const IDLE_BEFORE_TEST: Duration = Duration::from_secs(1);
/// How long that test may take: a connection that does not answer is closed, and another one made.
const TEST: Duration = Duration::from_secs(3);

/// What each connection is set to. What the operator has chosen for Cairn's role or database or in the URL stays.
///
/// - PostgreSQL's defaults for planning are for disks that turn, with which it would rather read a whole table than two thousand rows
///   by an index, and for cursors that are left after their first rows.
/// - Whoever reads tries for a tenth of a second to get at a table that somebody else holds, and again, see [`crate::held`]; units of
///   work that write wait longer, see [`Server::begin`].
/// - A unit of work that does nothing for a minute has lost its gateway, as none waits for a client: an import reads a file that is
///   there, and an export that nobody takes lets its connection go. What it holds, such as the turn of an account, is free again.
/// - A gateway that is gone without a word is found out by keepalives, and by data that nobody acknowledges.
const SETTINGS: &str = "SELECT set_config(wanted.name, wanted.value, false)
    FROM (VALUES
        ('random_page_cost', '1.1'),
        ('cursor_tuple_fraction', '1'),
        ('lock_timeout', '100ms'),
        ('idle_in_transaction_session_timeout', '60s'),
        ('tcp_keepalives_idle', '30'),
        ('tcp_keepalives_interval', '10'),
        ('tcp_keepalives_count', '3'),
        ('tcp_user_timeout', '30s')
    ) AS wanted (name, value)
    JOIN pg_settings AS held ON held.name = wanted.name
    WHERE held.source NOT IN ('client', 'user', 'database', 'database user')";

/// A running statement is ended when its gateway is gone. PostgreSQL 13 does not know this setting, and some systems cannot obey it.
const GONE: &str = "SELECT set_config(name, '5s', false) FROM pg_settings
    WHERE name = 'client_connection_check_interval' AND source NOT IN ('client', 'user', 'database', 'database user')";

/// Connects, and says what is wrong where that cannot be done.
pub(super) async fn connect(url: &str, pool: Pool) -> Result<Server> {
    let options = options(url)?;
    check(&options).await?;
    let connections = pool_of(pool.postgres)
        .after_connect(|connection, _| Box::pin(set_up(connection)))
        .connect_with(options)
        .await
        .map_err(|error| Error::Unavailable(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))))?;
    Ok(Server::new(connections, pool))
}

/// One connection, which is made when it is needed; then `process` holds the number of the server's process.
pub(super) fn single(url: &str, pool: Pool, process: Arc<AtomicI32>) -> Result<Server> {
    let connections = pool_of(1)
        .after_connect(move |connection, _| {
            let process = Arc::clone(&process);
            Box::pin(async move {
                set_up(connection).await?;
                let row = connection.fetch_one("SELECT pg_backend_pid()").await?;
                process.store(row.try_get(0)?, Ordering::Release);
                Ok(())
            })
        })
        .connect_lazy_with(options(url)?);
    Ok(Server::new(connections, pool))
}

fn options(url: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse().map_err(|_| {
        Error::invalid("database", "this is no URL of a PostgreSQL database; write it like postgres://user@host/name")
    })?;
    Ok(quiet(options.application_name("cairn")))
}

fn pool_of(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // That test has no limit of time.
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for < IDLE_BEFORE_TEST {
                    return Ok(true);
                }
                let tested = timeout(TEST, connection.ping()).await;
                tested.unwrap_or(Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))).map(|()| true)
            })
        })
}

async fn set_up(connection: &mut PgConnection) -> sqlx::Result<()> {
    connection.execute(SETTINGS).await?;
    if let Err(error) = connection.execute(GONE).await {
        if error.as_database_error().is_none() {
            return Err(error);
        }
        tracing::debug!(%error, "This PostgreSQL does not look whether its clients are there: {error}");
    }
    Ok(())
}

/// No text of statements in logs.
fn quiet(options: PgConnectOptions) -> PgConnectOptions {
    use sea_orm::sqlx::ConnectOptions as _;
    options.log_statements(tracing::log::LevelFilter::Trace)
}

/// Connects once, without the pool, which would only say that it has waited. The URL may hold a password and is not
/// repeated.
async fn check(options: &PgConnectOptions) -> Result<()> {
    let connecting = timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(options)).await;
    let connection = connecting.map_err(|_| unavailable("the server does not answer"))?;
    connection
        .map_err(|error| unavailable(&error.to_string()))?
        .close()
        .await
        .map_err(|error| unavailable(&error.to_string()))
}
