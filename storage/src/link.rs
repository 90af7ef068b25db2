//! What statements run on: a database's connections, or a unit of work on one of them.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    StreamTrait as _, metric,
};
use sea_orm_migration::async_trait::async_trait;

use crate::error;
use crate::postgres;

/// The connections to a database. Cloning shares them.
pub(crate) type Link = Either<DatabaseConnection, postgres::Server>;

/// A unit of work on one connection.
pub(crate) type Transaction = Either<DatabaseTransaction, postgres::Transaction>;

/// One of two kinds of database.
#[derive(Clone, Debug)]
pub(crate) enum Either<S, P> {
    /// SQLite, as sea-orm has it.
    Sqlite(S),
    /// PostgreSQL, whose every answer is waited for within a limit.
    Postgres(P),
}

impl Link {
    /// Hands out the rows of a query one by one, until one is answered with `true`.
    pub(crate) async fn each_row(
        &self,
        select: &SelectStatement,
        mut each: impl FnMut(&QueryResult) -> error::Result<bool>,
    ) -> error::Result<()> {
        match self {
            Self::Sqlite(connection) => {
                let mut rows = connection.stream(select).await?;
                while let Some(row) = rows.try_next().await? {
                    if each(&row)? {
                        break;
                    }
                }
            }
            Self::Postgres(server) => {
                let statement = DbBackend::Postgres.build(select);
                let mut session = server.long_session().await?;
                let mut rows = session.rows(&statement)?;
                while let Some(row) = rows.next().await? {
                    if each(&row)? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// The rows of a statement, of which `take` may refuse one; at most so many.
    pub(crate) async fn taken(
        &self,
        statement: &Statement,
        most: usize,
        mut take: impl FnMut(&QueryResult) -> Result<(), DbErr>,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let mut taken = Vec::new();
        match self {
            Self::Sqlite(connection) => {
                let mut rows = connection.stream_raw(statement.clone()).await?;
                while taken.len() < most
                    && let Some(row) = rows.try_next().await?
                {
                    take(&row)?;
                    taken.push(row);
                }
            }
            Self::Postgres(server) => {
                let mut session = server.session().await?;
                let mut rows = session.rows(statement)?;
                while taken.len() < most
                    && let Some(row) = rows.next().await?
                {
                    take(&row)?;
                    taken.push(row);
                }
            }
        }
        Ok(taken)
    }

    /// The connections as sea-orm has them, for migrations.
    pub(crate) fn without_limits(&self) -> DatabaseConnection {
        match self {
            Self::Sqlite(connection) => connection.clone(),
            Self::Postgres(server) => server.without_limits(),
        }
    }

    /// From now on this learns of each statement.
    pub(crate) fn set_metric(&mut self, metric: impl Fn(&metric::Info<'_>) + Send + Sync + 'static) {
        match self {
            Self::Sqlite(connection) => connection.set_metric_callback(metric),
            Self::Postgres(server) => server.set_metric(Arc::new(metric)),
        }
    }

    /// Asks for a sign of life.
    pub(crate) async fn ping(&self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(connection) => connection.ping().await,
            Self::Postgres(server) => server.ping().await,
        }
    }

    /// Closes all connections once their statements are done.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(connection) => connection.close_by_ref().await,
            Self::Postgres(server) => {
                server.close().await;
                Ok(())
            }
        }
    }
}

impl Transaction {
    /// From now on each statement may take longer, and waits longer for what others hold.
    pub(crate) async fn take_time(&self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(transaction) => transaction.take_time().await,
        }
    }

    /// From now on each statement takes no longer than usual, and for most of that waits for what others hold.
    pub(crate) async fn take_steps(&self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(transaction) => transaction.take_steps().await,
        }
    }

    /// Takes back what was done since a savepoint, also where a statement has failed.
    pub(crate) async fn back_to(&self, savepoint: &str) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(transaction) => {
                transaction.execute_unprepared(&format!("ROLLBACK TO SAVEPOINT {savepoint}")).await.map(drop)
            }
            Self::Postgres(transaction) => transaction.back_to(savepoint).await,
        }
    }

    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }

    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await,
            Self::Postgres(transaction) => transaction.rollback().await,
        }
    }
}

#[async_trait]
impl<S: ConnectionTrait, P: ConnectionTrait> ConnectionTrait for Either<S, P> {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(on) => on.get_database_backend(),
            Self::Postgres(on) => on.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Sqlite(on) => on.execute_raw(statement).await,
            Self::Postgres(on) => on.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Sqlite(on) => on.execute_unprepared(text).await,
            Self::Postgres(on) => on.execute_unprepared(text).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(on) => on.query_one_raw(statement).await,
            Self::Postgres(on) => on.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(on) => on.query_all_raw(statement).await,
            Self::Postgres(on) => on.query_all_raw(statement).await,
        }
    }
}
