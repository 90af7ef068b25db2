//! The way to the connection that writes: how long one waits for it, and whether writing works at all.
//!
//! On SQLite there is one such connection, and one lock that other processes want as well. SQLite takes a transaction back by itself
//! when it cannot write (a full disk, an error of the disk), after which SQLx counts one transaction more than there is: what
//! came next would be part of a transaction that nobody ends. So a connection is looked at whenever somebody has it or gives
//! it back, and closed where a transaction is open on it or is only believed to be. A unit of work that fails with an error of the
//! disk shuts the gate until a write that changes nothing has succeeded.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _, Executor as _};
use sea_orm::{
    ConnAcquireErr, ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, QueryResult,
    RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _, Value,
};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::error::{Error, Result, is_locked};
use crate::link::{Link, Transaction};
use crate::pool::PATIENCE;

/// How long what is noted beside a request's work waits, as long as whoever reads.
pub(crate) const BRIEFLY: Duration = Duration::from_secs(2);
/// How long SQLite itself waits for the lock of another process, before the gate asks again: so long a wait cannot be cut short.
pub(crate) const LOCK_TRY: &str = "PRAGMA busy_timeout = 100";
/// After what pause a probe is made again while writing does not work.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// How long a probe waits for whoever else writes.
const PROBE_WITHIN: Duration = Duration::from_secs(1);
/// How much a probe writes: as much as a usual unit of work does.
const PROBE_BYTES: u32 = 256 << 10;
/// After what pause without a write SQLite's log is written into its file.
const CHECKPOINT_AFTER: Duration = Duration::from_secs(1);

/// The way to the connection that writes. Cloning is cheap and shares it.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) link: Link,
    /// What is known of SQLite's file.
    file: Option<Arc<File>>,
}

#[derive(Debug)]
struct File {
    options: SqliteConnectOptions,
    trouble: watch::Sender<Option<Trouble>>,
    /// When the last probe failed; locked while one is made.
    probed: tokio::sync::Mutex<Option<Instant>>,
    /// How often something was written.
    written: watch::Sender<u64>,
}

/// Why nothing can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Full,
    Disk,
}

/// A transaction that began at the gate.
pub(crate) struct Open {
    transaction: Transaction,
    file: Option<Arc<File>>,
}

impl Gate {
    /// The way to PostgreSQL, whose pool is for everybody.
    pub(crate) fn of_postgres(link: Link) -> Self {
        Self { link, file: None }
    }

    /// The way to a file of SQLite through the one connection that writes it; `options` open another one.
    pub(crate) fn of_sqlite(connection: DatabaseConnection, options: SqliteConnectOptions) -> Self {
        let (trouble, written) = (watch::Sender::new(None), watch::Sender::new(0));
        let options = options.disable_statement_logging();
        let file = File { options, trouble, probed: tokio::sync::Mutex::default(), written };
        Self { link: Link::Sqlite(connection), file: Some(Arc::new(file)) }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.file.is_some()
    }

    /// Begins a transaction, on SQLite once it is one's turn.
    ///
    /// Errors: [`Error::Full`] and [`Error::Disk`] while nothing can be written, [`Error::Unavailable`] where it takes longer
    /// than `patience`.
    pub(crate) async fn begin(&self, patience: Duration) -> Result<Open> {
        let transaction = match &self.link {
            // At once as one that writes: a transaction that reads first fails with SQLITE_BUSY when it then writes.
            Link::Sqlite(connection) => {
                Transaction::Sqlite(self.sqlite().begin(connection, SqliteTransactionMode::Immediate, patience).await?)
            }
            Link::Postgres(server) => Transaction::Postgres(server.begin(patience).await?),
        };
        Ok(Open { transaction, file: self.file.clone() })
    }

    /// Begins a transaction that takes as long as it wants; on SQLite it shuts out even those who read without its log.
    ///
    /// Errors: as [`Gate::begin`].
    pub(crate) async fn begin_without_limits(&self) -> Result<DatabaseTransaction> {
        match &self.link {
            Link::Sqlite(connection) => {
                self.sqlite().begin(connection, SqliteTransactionMode::Exclusive, PATIENCE).await
            }
            Link::Postgres(server) => Ok(server.without_limits().begin().await?),
        }
    }

    /// Runs one statement beside a request's work as a transaction of its own, and answers its rows.
    ///
    /// Errors: as [`Gate::begin`], and those of the statement.
    pub(crate) async fn run(&self, text: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
        let statement = Statement::from_sql_and_values(self.link.get_database_backend(), text, values);
        let open = self.begin(BRIEFLY).await?;
        match open.on().query_all_raw(statement).await {
            Ok(rows) => open.commit().await.map(|()| rows),
            Err(error) => {
                let error = self.noted(error.into());
                open.rollback().await?;
                Err(error)
            }
        }
    }

    fn sqlite(&self) -> &File {
        self.file.as_ref().expect("a way to SQLite is made with its file")
    }

    /// Whether something can be written, as far as is known. Errors: [`Error::Full`], [`Error::Disk`].
    pub(crate) fn check(&self) -> Result<()> {
        let trouble = self.file.as_ref().and_then(|file| *file.trouble.borrow());
        trouble.map_or(Ok(()), |trouble| Err(trouble.into()))
    }

    /// Has an error that is met within a transaction count for those that follow.
    pub(crate) fn noted(&self, error: Error) -> Error {
        match &self.file {
            Some(file) => file.noted(error),
            None => error,
        }
    }

    /// Writes SQLite's log into its file whenever nobody has written for a second, so that what a power cut leaves is the file and
    /// little more. Writers are not waited for, and do not wait. It never ends.
    pub(crate) async fn checkpoint(&self, readers: &Link) {
        let Some(file) = &self.file else { return std::future::pending().await };
        let mut written = file.written.subscribe();
        loop {
            if written.changed().await.is_err() {
                return;
            }
            loop {
                while let Ok(Ok(())) = timeout(CHECKPOINT_AFTER, written.changed()).await {}
                match readers.query_one_raw(statement("PRAGMA wal_checkpoint(PASSIVE)")).await.and_then(|row| {
                    let numbers = |row: sea_orm::QueryResult| Ok((row.try_get_by_index(1)?, row.try_get_by_index(2)?));
                    row.map(numbers).transpose()
                }) {
                    // Somebody still reads what was there before: that part comes the next time.
                    Ok(Some::<(i64, i64)>((all, done))) if done < all => {}
                    Ok(_) => break,
                    Err(error) => tracing::debug!(%error, "SQLite's log is not written into its file: {error}"),
                }
            }
        }
    }

    /// Waits until writing fails, and then finds out when it works again.
    pub(crate) async fn recovered(&self) {
        let Some(file) = &self.file else { return std::future::pending().await };
        let mut trouble = file.trouble.subscribe();
        // The sender is ours, so it is there.
        let _ = trouble.wait_for(Option::is_some).await;
        while file.admit().await.is_err() {
            sleep(PROBE_EVERY).await;
        }
    }
}

impl Open {
    /// What statements run on.
    pub(crate) fn on(&self) -> &Transaction {
        &self.transaction
    }

    /// Makes everything stay. Errors: nothing stays, unless it is [`Error::Disk`], of which nobody knows what it has written.
    pub(crate) async fn commit(self) -> Result<()> {
        let Self { transaction, file } = self;
        let committed = transaction.commit().await.map_err(Error::from);
        let Some(file) = file else { return committed };
        match committed {
            Ok(()) => {
                file.written.send_modify(|count| *count += 1);
                file.trouble.send_if_modified(|trouble| trouble.take().is_some());
                Ok(())
            }
            Err(error) => {
                file.doubt(&error);
                Err(error)
            }
        }
    }

    /// Takes everything back.
    pub(crate) async fn rollback(self) -> Result<()> {
        let Self { transaction, file } = self;
        let taken_back = transaction.rollback().await.map_err(Error::from);
        let Some(file) = file else { return taken_back };
        // SQLite has taken it back by itself, for an error of its disk; the connection is closed when it comes back.
        if let Err(error) = taken_back {
            tracing::warn!(%error, "A transaction was taken back by the database: {error}");
            file.doubt(&error);
        }
        Ok(())
    }
}

impl File {
    async fn begin(
        &self,
        connection: &DatabaseConnection,
        mode: SqliteTransactionMode,
        patience: Duration,
    ) -> Result<DatabaseTransaction> {
        let deadline = Instant::now() + patience;
        self.admit().await?;
        loop {
            let options = TransactionOptions { sqlite_transaction_mode: Some(mode), ..TransactionOptions::default() };
            match timeout_at(deadline, connection.begin_with_options(options)).await {
                Ok(Ok(transaction)) => return Ok(transaction),
                Ok(Err(error)) if is_locked(&error) && Instant::now() < deadline => {}
                Ok(Err(error)) => return Err(self.noted(error.into())),
                Err(_) => return Err(Error::Unavailable(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))),
            }
        }
    }

    /// Errors: while nothing can be written. Who comes first in a second tries it.
    async fn admit(&self) -> Result<()> {
        if self.trouble.borrow().is_none() {
            return Ok(());
        }
        let mut probed = self.probed.lock().await;
        let Some(trouble) = *self.trouble.borrow() else { return Ok(()) };
        if probed.is_some_and(|probed| probed.elapsed() < PROBE_EVERY) {
            return Err(trouble.into());
        }
        match self.probe().await {
            Ok(()) => {
                *probed = None;
                tracing::info!("The database can be written again");
                self.trouble.send_replace(None);
                Ok(())
            }
            Err(error) => {
                *probed = Some(Instant::now());
                // Somebody else writes: that says nothing of the disk.
                if let Some(trouble) = Trouble::of(&error) {
                    self.trouble.send_replace(Some(trouble));
                }
                Err(error)
            }
        }
    }

    /// Writes as much as a usual unit of work and takes it back, then writes down a number that is there already. A connection
    /// of its own does it, with a cache so small that what it writes reaches the disk.
    async fn probe(&self) -> Result<()> {
        let options = self.options.clone().pragma("cache_size", "8").busy_timeout(PROBE_WITHIN);
        let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed)?;
        let filled = format!(
            "BEGIN IMMEDIATE; CREATE TABLE cairn_probe (bytes BLOB);
             INSERT INTO cairn_probe VALUES (zeroblob({PROBE_BYTES})); ROLLBACK"
        );
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(filled))).await.map_err(failed)?;
        let number: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await.map_err(failed)?;
        let again = format!("PRAGMA user_version = {number}");
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(again))).await.map_err(failed)?;
        connection.close().await.map_err(failed)
    }

    fn noted(&self, error: Error) -> Error {
        if let Some(trouble) = Trouble::of(&error) {
            self.shut(trouble);
        }
        error
    }

    /// Nothing is written before it is tried, whatever the error of a commit or a rollback was.
    fn doubt(&self, error: &Error) {
        let known = *self.trouble.borrow();
        self.shut(Trouble::of(error).or(known).unwrap_or(Trouble::Disk));
    }

    fn shut(&self, trouble: Trouble) {
        tracing::warn!(?trouble, "The database cannot be written");
        self.trouble.send_replace(Some(trouble));
    }
}

impl Trouble {
    fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Full(_) => Some(Self::Full),
            Error::Disk(_) => Some(Self::Disk),
            _ => None,
        }
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        let cause = DbErr::Custom("writing has failed, and a try to write has not succeeded since".to_owned());
        match trouble {
            Trouble::Full => Self::Full(cause),
            Trouble::Disk => Self::Disk(cause),
        }
    }
}

/// Whether a connection has no transaction, neither in what SQLx counts nor in what SQLite knows.
pub(crate) async fn is_clean(connection: &mut SqliteConnection) -> bool {
    if connection.is_in_transaction() {
        tracing::warn!("The connection that writes is closed: a transaction on it did not end as it should");
        return false;
    }
    // SQLite begins none within another one.
    match connection.execute(sqlx::raw_sql("BEGIN; ROLLBACK")).await {
        Ok(_) => true,
        Err(error) => {
            tracing::warn!(%error, "The connection that writes is closed: {error}");
            false
        }
    }
}

fn failed(error: sqlx::Error) -> Error {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error))).into()
}

fn statement(text: &str) -> Statement {
    Statement::from_string(DbBackend::Sqlite, text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sea_orm::ConnectionTrait as _;

    use super::{Error, Open, statement};
    use crate::pool::PATIENCE;
    use crate::{Pool, Storage};

    async fn storage() -> Storage {
        let storage = Storage::connect("sqlite::memory:", Pool::default()).await.expect("a temporary file");
        storage.writer.run("CREATE TABLE kept (name TEXT)", Vec::new()).await.expect("a table");
        storage
    }

    /// A transaction that SQLite has taken back by itself, as its file may not grow.
    async fn failed(storage: &Storage) -> Open {
        let open = storage.writer.begin(PATIENCE).await.expect("it begins");
        open.on().execute_unprepared("PRAGMA max_page_count = 1").await.expect("no more pages than there are");
        let large = "INSERT INTO kept VALUES (zeroblob(1000000))";
        let error = Error::from(open.on().execute_unprepared(large).await.expect_err("there is no room"));
        assert!(matches!(error, Error::Full(_)), "{error}");
        open
    }

    /// How many rows everybody sees.
    async fn seen(storage: &Storage) -> i64 {
        let row = storage.readers.query_one_raw(statement("SELECT count(*) FROM kept")).await.expect("a query");
        row.expect("a row").try_get_by_index(0).expect("a number")
    }

    #[tokio::test]
    async fn a_transaction_that_fails_takes_none_with_it_that_follows() {
        let storage = storage().await;
        for (before, end) in ["commit", "rollback", "drop"].into_iter().enumerate() {
            let open = failed(&storage).await;
            match end {
                "commit" => drop(open.commit().await.expect_err("there is no transaction any more")),
                "rollback" => open.rollback().await.expect("it is taken back already"),
                _ => drop(open),
            }
            let is_known = storage.check().await.is_err();
            assert_eq!(is_known, end != "drop", "{end}: nobody has seen the error of what was dropped");
            storage.writer.run("INSERT INTO kept VALUES ('kept')", Vec::new()).await.expect("there is room again");
            storage.check().await.expect("it can be written");
            assert_eq!(seen(&storage).await, i64::try_from(before).expect("few") + 1, "{end}");
        }
    }

    #[tokio::test]
    async fn whoever_waits_too_long_is_told_so_and_leaves_nothing_open() {
        let storage = storage().await;
        let holder = storage.writer.begin(PATIENCE).await.expect("it begins");
        let begun = storage.writer.begin(Duration::from_millis(10)).await;
        assert!(matches!(begun.err(), Some(Error::Unavailable(_))));
        holder.on().execute_unprepared("INSERT INTO kept VALUES ('kept')").await.expect("a row");
        holder.commit().await.expect("it is the only one");
        storage.writer.run("INSERT INTO kept VALUES ('kept')", Vec::new()).await.expect("nobody holds it");
        assert_eq!(seen(&storage).await, 2);
    }
}
