//! Inserting many rows of a table with one statement. Its text is made here: sea-query takes longer over thirty thousand places for
//! values than SQLite over the rows.

use std::fmt::Write as _;

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, IdenStatic, IntoActiveModel, Iterable, Statement, Value,
};

use crate::error::Result;
use crate::handle::Unit;

/// How many values one statement has; SQLite binds 32,766 at most.
const VALUES_A_STATEMENT: usize = 32_000;

/// On SQLite a statement of more rows than that has a multiple of them, the last row again and again where they do not suffice: a few
/// statements stay prepared then. A statement with thousands of values takes long to prepare, and a connection would keep a hundred.
const STEP: usize = 32;

/// What is to be done with a row whose key another one has.
#[derive(Clone, Copy)]
pub(crate) enum Conflict<'c> {
    /// That is an error.
    Fails,
    /// This clause says it.
    Clause(&'c str),
    /// This clause says it, and by it a row that is there twice is written once.
    Once(&'c str),
}

/// The row is left out.
pub(crate) const DO_NOTHING: Conflict = Conflict::Once("ON CONFLICT DO NOTHING");

/// Inserts rows, each statement as many as it can. Answers how many rows were written.
pub(crate) async fn insert<E>(unit: &Unit, rows: Vec<E::Model>, conflict: Conflict<'_>) -> Result<u64>
where
    E: EntityTrait<Model: IntoActiveModel<E::ActiveModel>>,
{
    let columns: Vec<_> = E::Column::iter().collect();
    let (most, mut rows) = (VALUES_A_STATEMENT / columns.len(), rows.into_iter());
    let (clause, may_repeat) = match conflict {
        Conflict::Fails => ("", false),
        Conflict::Clause(clause) => (clause, false),
        Conflict::Once(clause) => (clause, unit.is_sqlite()),
    };
    let mut written = 0;
    while rows.len() > 0 {
        let count = rows.len().min(most);
        let mut values = Vec::with_capacity(count * columns.len());
        for row in rows.by_ref().take(count) {
            let mut row = row.into_active_model();
            // A model holds a value for each of its columns.
            values.extend(columns.iter().filter_map(|column| row.take(*column).into_value()));
        }
        if may_repeat && count > STEP {
            let last = values[values.len() - columns.len()..].to_vec();
            (count..count.next_multiple_of(STEP).min(most)).for_each(|_| values.extend_from_slice(&last));
        }
        written += write(unit, E::default().table_name(), &columns, values, clause).await?;
    }
    Ok(written)
}

async fn write<C: IdenStatic>(
    unit: &Unit,
    table: &str,
    columns: &[C],
    values: Vec<Value>,
    clause: &str,
) -> Result<u64> {
    let backend = unit.on().get_database_backend();
    let names = columns.iter().map(|column| format!("\"{}\"", column.as_str())).collect::<Vec<_>>().join(", ");
    let mut text = format!("INSERT INTO \"{table}\" ({names}) VALUES ");
    for place in 0..values.len() {
        text.push_str(match (place, place % columns.len()) {
            (0, _) => "(",
            (_, 0) => "), (",
            _ => ", ",
        });
        match backend {
            DbBackend::Postgres => write!(text, "${}", place + 1).expect("a text takes whatever is written to it"),
            _ => text.push('?'),
        }
    }
    text.push_str(") ");
    text.push_str(clause);
    let written = unit.on().execute_raw(Statement::from_sql_and_values(backend, text, values)).await?;
    Ok(written.rows_affected())
}
