//! The queries, a file a noun. Each takes a handle of one account; the few that look across accounts take the storage.

pub mod accounts;
pub mod categories;
pub mod imports;
pub mod people;
pub mod tokens;
pub mod transactions;
pub mod users;

use sea_orm::{EntityTrait, PaginatorTrait, Select};

use crate::error::{Error, Result};
use crate::handle::Scope;

/// How many rows a query has.
async fn count<E>(scope: &Scope<'_>, query: Select<E>) -> Result<u64>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    Ok(query.count(&scope.on).await?)
}

/// A cursor is only good for the order that it was made with.
fn wrong_cursor() -> Error {
    Error::Invalid { field: None, reason: "this cursor belongs to another order; start again without it".to_owned() }
}
