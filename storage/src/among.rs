//! Looking for many keys at once, so that both databases follow the index of the keys.
//!
//! SQLite does that for a list in the statement, once it knows that the keys are rare and that the account is not: without statistics
//! it takes an account for ten rows, and reads all of it where any other index begins with the account. PostgreSQL weighs the length of the list against its statistics, which know nothing
//! of the rows that a running import has written: it then reads the whole account for each batch. Here it gets the keys as one
//! JSON text, whose length it does not see; the statement stays the same for any number of them.

use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend};
use uuid::Uuid;

use crate::entity::people;
use crate::handle::Scope;

/// The condition that a column holds one of these ids.
pub(crate) fn ids<C: ColumnTrait>(scope: &Scope<'_>, column: C, ids: &[Uuid]) -> SimpleExpr {
    if is_sqlite(scope) {
        return rare(column.is_in(padded(ids)));
    }
    let list = "$1 = ANY(ARRAY(SELECT json_array_elements_text($2::json)::uuid))";
    Expr::cust_with_exprs(list, [column.into_expr(), json(ids)])
}

/// The condition that a record is not in the trash, for one that is looked for by its id. The plain condition would offer PostgreSQL the
/// indexes of all live records of the account, of whom it believes that there is one, as long as it has no statistics.
pub(crate) fn live<C: ColumnTrait>(scope: &Scope<'_>, deleted_at: C) -> SimpleExpr {
    if is_sqlite(scope) {
        return deleted_at.is_null();
    }
    Expr::cust_with_exprs("COALESCE($1, 0) = 0", [deleted_at.into_expr()])
}

/// The condition that a column holds an id that most rows have: their account, the import under way.
pub(crate) fn common<C: ColumnTrait>(scope: &Scope<'_>, column: C, id: Uuid) -> SimpleExpr {
    let equal = column.eq(id);
    if is_sqlite(scope) { Func::cust("likely").arg(equal).into() } else { equal }
}

/// The condition that a column holds one of these texts.
pub(crate) fn texts<C: ColumnTrait>(scope: &Scope<'_>, column: C, texts: &[&str]) -> SimpleExpr {
    if is_sqlite(scope) {
        return column.is_in(padded(texts));
    }
    let list = "$1 = ANY(ARRAY(SELECT json_array_elements_text($2::json)))";
    Expr::cust_with_exprs(list, [column.into_expr(), json(texts)])
}

/// The condition that somebody live has one of these pairs of folded name and company.
pub(crate) fn names(scope: &Scope<'_>, pairs: &[(&str, &str)]) -> SimpleExpr {
    use people::Column::{CompanyKey, Id, NameKey};
    if is_sqlite(scope) {
        // As pairs: two lists would be looked up each with each.
        return Expr::tuple([NameKey.into_expr(), CompanyKey.into_expr()]).in_tuples(padded(pairs));
    }
    // `OFFSET 0` keeps the planner from turning the look-up of each pair into one join of all.
    let list = "$1 = ANY(ARRAY(SELECT found.id FROM json_array_elements($2::json) AS pair(names), LATERAL (\
                SELECT id FROM people WHERE account_id = $3 AND name_key = names ->> 0 AND company_key = names ->> 1 \
                AND deleted_at IS NULL OFFSET 0) AS found))";
    Expr::cust_with_exprs(list, [Id.into_expr(), json(pairs), Expr::val(scope.account)])
}

/// The keys, and the last one again up to the next power of two: SQLite meets few different statements then, and keeps them prepared.
fn padded<T: Copy>(keys: &[T]) -> impl Iterator<Item = T> {
    let more = keys.len().next_power_of_two() - keys.len();
    keys.iter().copied().chain(keys.last().copied().into_iter().cycle().take(more))
}

/// SQLite's word for a condition that few rows meet; it wants the share as a literal.
fn rare(condition: SimpleExpr) -> SimpleExpr {
    Func::cust("likelihood").arg(condition).arg(Expr::cust("0.0001")).into()
}

fn is_sqlite(scope: &Scope<'_>) -> bool {
    scope.on.get_database_backend() == DbBackend::Sqlite
}

fn json<T: serde::Serialize>(list: &[T]) -> SimpleExpr {
    Expr::val(serde_json::to_string(list).expect("texts and ids can always be written as JSON"))
}
