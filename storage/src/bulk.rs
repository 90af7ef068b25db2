//! Reading a whole view in one go: how many may do so at once, and SQLite's file read without SQLx.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::types::{Null, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, InterruptHandle, OpenFlags, Row, Rows};
use sea_orm::DbErr;
use sea_orm::sea_query::{SelectStatement, SqliteQueryBuilder, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};
use crate::pool::BUSY_TIMEOUT;
use crate::reading::Lanes;

/// What reading whole views needs of a database beside its pools.
pub(crate) struct Bulk {
    permits: Arc<Semaphore>,
    lanes: Lanes,
    /// SQLite's file.
    file: Option<PathBuf>,
    observer: Option<Observer>,
}

/// Learns of statements that have run.
pub(crate) type Observer = Arc<dyn Fn(&str) + Send + Sync>;

impl Bulk {
    /// So many may read at once, on these connections or from this file where the database is SQLite.
    pub(crate) fn new(readers: u32, lanes: Lanes, file: Option<&Path>) -> Self {
        let permits = Arc::new(Semaphore::new(readers.max(1) as usize));
        Self { permits, lanes, file: file.map(Path::to_path_buf), observer: None }
    }

    /// `lanes` are those of before, observed as well.
    pub(crate) fn observed_by(&self, lanes: Lanes, observer: Observer) -> Self {
        Self { permits: Arc::clone(&self.permits), lanes, file: self.file.clone(), observer: Some(observer) }
    }

    /// The connections that statements of exports run on, so that they end with whoever waits for them.
    pub(crate) fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// The leave to read, once another reader has ended.
    pub(crate) async fn permit(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// The leave to read, where nobody must be waited for.
    pub(crate) fn try_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Tells whoever observes of a statement that is not sent through sea-orm.
    pub(crate) fn observe(&self, statement: &str) {
        if let Some(observer) = &self.observer {
            observer(statement);
        }
    }

    /// Reads a statement from SQLite's file, on the thread that calls. SQLx would hand each row to another thread and copy each of its
    /// values for that, which takes longer than to read them. `begun` gets what interrupts it.
    ///
    /// Errors: [`Error::Unavailable`] where the file cannot be opened or others keep it busy, and those of `each`.
    pub(crate) fn read_file<T>(
        &self,
        statement: &SelectStatement,
        begun: impl FnOnce(InterruptHandle),
        each: impl FnOnce(&mut Rows<'_>) -> Result<T>,
    ) -> Result<T> {
        let file = self.file.as_deref().ok_or_else(|| internal("there is no file to read"))?;
        let (sql, values) = statement.build(SqliteQueryBuilder);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let unavailable = |error: rusqlite::Error| Error::Unavailable(DbErr::Custom(error.to_string()));
        let connection = Connection::open_with_flags(file, flags).map_err(unavailable)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        connection.pragma_update(None, "query_only", true).map_err(failed)?;
        begun(connection.get_interrupt_handle());
        let mut prepared = connection.prepare(&sql).map_err(failed)?;
        for (place, value) in (1..).zip(values.0.iter()) {
            prepared.raw_bind_parameter(place, Bound(value)).map_err(failed)?;
        }
        if let Some(observer) = &self.observer {
            observer(&statement.to_string(SqliteQueryBuilder));
        }
        each(&mut prepared.raw_query())
    }
}

impl fmt::Debug for Bulk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Bulk").field("file", &self.file).finish_non_exhaustive()
    }
}

/// The next row of a file. Errors: [`Error::Unavailable`] where others keep it busy, [`Error::Internal`].
pub(crate) fn next<'a>(rows: &'a mut Rows<'_>) -> Result<Option<&'a Row<'a>>> {
    rows.next().map_err(failed)
}

/// The cell of a row. Errors: [`Error::Internal`].
pub(crate) fn cell<'a>(row: &'a Row<'_>, place: usize) -> Result<ValueRef<'a>> {
    row.get_ref(place).map_err(failed)
}

/// A value as SQLx binds it, too.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self.0 {
            Value::Bool(value) => nullable(value.as_ref()),
            Value::SmallInt(value) => nullable(value.as_ref()),
            Value::Int(value) => nullable(value.as_ref()),
            Value::BigInt(value) => nullable(value.as_ref()),
            Value::BigUnsigned(value) => match value.map(i64::try_from) {
                Some(Ok(value)) => Ok(value.into()),
                Some(Err(error)) => Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
                None => Ok(Null.into()),
            },
            Value::String(value) => nullable(value.as_ref()),
            Value::Bytes(value) => nullable(value.as_ref()),
            Value::Uuid(value) => match value {
                Some(id) => Ok(ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes()))),
                None => Ok(Null.into()),
            },
            other => {
                let unknown = format!("no view is made of a value such as {other:?}");
                Err(rusqlite::Error::ToSqlConversionFailure(unknown.into()))
            }
        }
    }
}

fn nullable<T: ToSql>(value: Option<&T>) -> rusqlite::Result<ToSqlOutput<'_>> {
    value.map_or(Ok(Null.into()), ToSql::to_sql)
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn failed(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::Unavailable(DbErr::Custom(error.to_string()))
        }
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => Error::Disk(DbErr::Custom(error.to_string())),
        _ => internal(&error.to_string()),
    }
}

fn internal(reason: &str) -> Error {
    Error::Internal(DbErr::Custom(reason.to_owned()))
}
