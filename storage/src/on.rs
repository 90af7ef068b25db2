//! What the statements of a handle run on: connections, a unit of work, or what a request may read.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use sea_orm_migration::async_trait::async_trait;

use crate::link::{Link, Transaction};
use crate::reading::Bounded;

/// Either, where a statement may run on both.
pub(crate) enum On<'a> {
    Link(&'a Link),
    Transaction(&'a Transaction),
    /// What a request may read, and until when.
    Bounded(Bounded<'a>),
}

#[async_trait]
impl ConnectionTrait for On<'_> {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Link(link) => link.get_database_backend(),
            Self::Transaction(transaction) => transaction.get_database_backend(),
            Self::Bounded(bounded) => bounded.backend,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Link(link) => link.execute_raw(statement).await,
            Self::Transaction(transaction) => transaction.execute_raw(statement).await,
            Self::Bounded(_) => Err(reads_only()),
        }
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Link(link) => link.execute_unprepared(text).await,
            Self::Transaction(transaction) => transaction.execute_unprepared(text).await,
            Self::Bounded(_) => Err(reads_only()),
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Link(link) => link.query_one_raw(statement).await,
            Self::Transaction(transaction) => transaction.query_one_raw(statement).await,
            Self::Bounded(bounded) => Ok(bounded.rows(&statement, 1).await?.pop()),
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Link(link) => link.query_all_raw(statement).await,
            Self::Transaction(transaction) => transaction.query_all_raw(statement).await,
            Self::Bounded(bounded) => bounded.rows(&statement, usize::MAX).await,
        }
    }
}

fn reads_only() -> DbErr {
    DbErr::Custom("a reader writes nothing".to_owned())
}
