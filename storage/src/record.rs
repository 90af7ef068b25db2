//! What all records have in common: they belong to an account, count their changes, and go to the trash.

use std::collections::HashMap;

use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Func, JoinType, Query, SelectStatement, WindowStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromQueryResult, IdenStatic, IntoActiveModel, Iterable, QueryFilter, QueryTrait,
    Select,
};
use uuid::Uuid;

use crate::among;
use crate::error::{Error, Result};
use crate::handle::{Scope, Unit};
use crate::page::{Listed, Order, Page, PageRequest, narrowed, page, paged};
use crate::rows::{self, Conflict};
use crate::value::Timestamp;

/// The largest batch that an import takes: 32 columns of a person times 900 rows stay under SQLite's limit of 32,766 values
/// in a statement. A statement has a price of its own: what it would have to take back, and a segment of the full-text index.
pub const BATCH: usize = 900;

/// How many ids one statement looks for; SQLite binds 32,766 values at most.
pub(crate) const IDS_A_STATEMENT: usize = 1_000;

/// A table of records. [`recorded`] implements it for tables whose columns have the usual names.
pub(crate) trait Recorded: Listed<Model: IntoActiveModel<Self::ActiveModel> + Clone + Send + Sync> {
    /// The noun of an error, such as `person`.
    const NOUN: &'static str;

    fn account() -> Self::Column;
    fn version() -> Self::Column;
    fn deleted() -> Self::Column;
    /// The columns that a change leaves alone.
    fn kept() -> &'static [Self::Column];
    /// The id and the version of a row.
    fn stamp(row: &Self::Model) -> (Uuid, i64);
    /// The row in the trash, at its next version; since when it is there is now, or not before it was changed last.
    fn trashed(row: Self::Model, now: Timestamp) -> Self::Model;
}

/// Makes a table one of records and lists: `recorded!(people, "person", by SortKey sort_key, keeps CreatedBy)` with the column that
/// [`SortKey::Name`](crate::page::SortKey) stands for, and the columns beside the usual ones that a change leaves alone.
macro_rules! recorded {
    ($table:ident, $noun:literal, by $name:ident $field:ident, keeps $($kept:ident),*) => {
        impl $crate::page::Listed for $table::Entity {
            fn id() -> Self::Column {
                $table::Column::Id
            }

            fn sort_column(key: $crate::page::SortKey) -> Self::Column {
                match key {
                    $crate::page::SortKey::Name => $table::Column::$name,
                    $crate::page::SortKey::Created => $table::Column::CreatedAt,
                    $crate::page::SortKey::Updated => $table::Column::UpdatedAt,
                }
            }
        }

        impl $table::Model {
            /// The place of the record in a list of this order.
            pub fn cursor(&self, key: $crate::page::SortKey) -> $crate::page::Cursor {
                let key = match key {
                    $crate::page::SortKey::Name => self.$field.clone(),
                    $crate::page::SortKey::Created => self.created_at.microseconds().to_string(),
                    $crate::page::SortKey::Updated => self.updated_at.microseconds().to_string(),
                };
                $crate::page::Cursor { key, id: self.id }
            }
        }

        impl $crate::record::Recorded for $table::Entity {
            const NOUN: &'static str = $noun;

            fn account() -> Self::Column {
                $table::Column::AccountId
            }

            fn version() -> Self::Column {
                $table::Column::Version
            }

            fn deleted() -> Self::Column {
                $table::Column::DeletedAt
            }

            fn kept() -> &'static [Self::Column] {
                use $table::Column::{AccountId, CreatedAt, Id};
                &[AccountId, Id, CreatedAt $(, $table::Column::$kept)*]
            }

            fn stamp(row: &Self::Model) -> (uuid::Uuid, i64) {
                (row.id, row.version)
            }

            fn trashed(row: Self::Model, now: $crate::value::Timestamp) -> Self::Model {
                let (version, now) = (row.version + 1, std::cmp::max(now, row.updated_at));
                $table::Model { version, updated_at: now, deleted_at: Some(now), ..row }
            }
        }
    };
}
pub(crate) use recorded;

/// The live records of the account: this and [`live_among`] are the places that leave out the trash.
pub(crate) fn alive<E: Recorded>(account: Uuid) -> Select<E> {
    E::find().filter(E::account().eq(account)).filter(E::deleted().is_null())
}

/// The live records of the account, held as the scope wants them.
pub(crate) fn live<E: Recorded>(scope: &Scope<'_>) -> Select<E> {
    scope.held(alive(scope.account))
}

/// The same, of these ids alone; see [`among::live`].
pub(crate) fn live_among<E: Recorded>(scope: &Scope<'_>, ids: &[Uuid]) -> Select<E> {
    let query = E::find().filter(E::account().eq(scope.account)).filter(among::live(scope, E::deleted()));
    scope.held(query.filter(among::ids(scope, E::id(), ids)))
}

/// A page of a query.
///
/// Errors: [`Error::Invalid`] for a cursor of another order.
pub(crate) async fn listed<E: Recorded>(
    scope: &Scope<'_>,
    query: Select<E>,
    order: Order,
    request: &PageRequest,
) -> Result<Page<E::Model>> {
    let query = paged(query, order, request).ok_or_else(wrong_cursor)?;
    Ok(page(query.all(&scope.on).await?, request))
}

/// The live records with these ids; one that is not there is left out.
pub(crate) async fn by_ids<E: Recorded>(scope: &Scope<'_>, ids: &[Uuid]) -> Result<Vec<E::Model>> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IDS_A_STATEMENT) {
        found.extend(live_among::<E>(scope, ids).all(&scope.on).await?);
    }
    Ok(found)
}

/// The columns of the pairs that [`children`] takes.
pub(crate) const PARENT: &str = "parent";
pub(crate) const CHILD: &str = "child";

/// What belongs to each of several parents: a page for each, read by one statement. `pairs` selects [`PARENT`] and [`CHILD`],
/// the ids of both.
///
/// Errors: [`Error::Invalid`] for a cursor of another order.
pub(crate) async fn children<E: Recorded>(
    scope: &Scope<'_>,
    query: Select<E>,
    pairs: SelectStatement,
    order: Order,
    request: &PageRequest,
) -> Result<HashMap<Uuid, Page<E::Model>>> {
    let (pair, place) = (Alias::new("pair"), Alias::new("place"));
    let (parent, child) = ((pair.clone(), Alias::new(PARENT)), (pair.clone(), Alias::new(CHILD)));
    let direction = request.direction(order);
    let in_order = WindowStatement::partition_by(parent.clone())
        .order_by((E::default(), E::sort_column(order.key)), direction.clone())
        .order_by((E::default(), E::id()), direction)
        .to_owned();
    let ids = Query::select().column(child.clone()).from_subquery(pairs.clone(), pair.clone()).to_owned();
    let mut numbered = narrowed(query, order, request)
        .ok_or_else(wrong_cursor)?
        // The join says the same, but for it alone SQLite walks all children and looks whose they are.
        .filter(E::id().in_subquery(ids))
        .into_query();
    numbered
        .join_subquery(JoinType::InnerJoin, pairs, pair, Expr::col((E::default(), E::id())).equals(child))
        .expr_as(Expr::col(parent), PARENT)
        .expr_window_as(Func::cust("row_number"), in_order, place.clone());
    let pages = Query::select()
        .column(Asterisk)
        .from_subquery(numbered, Alias::new("numbered"))
        // One more tells whether there are more.
        .and_where(Expr::col(place.clone()).lte(request.limit + 1))
        .order_by(place, sea_orm::Order::Asc)
        .to_owned();
    let mut rows: HashMap<Uuid, Vec<E::Model>> = HashMap::new();
    for row in scope.on.query_all(&pages).await? {
        let parent = row.try_get("", PARENT)?;
        rows.entry(parent).or_default().push(E::Model::from_query_result(&row, "")?);
    }
    Ok(rows.into_iter().map(|(parent, rows)| (parent, page(rows, request))).collect())
}

/// A live record, locked on PostgreSQL until the unit ends. Errors: [`Error::NotFound`].
pub(crate) async fn for_update<E: Recorded>(unit: &Unit, id: Uuid) -> Result<E::Model> {
    let scope = unit.locking_scope();
    let found = live::<E>(&scope).filter(E::id().eq(id)).one(&scope.on).await?;
    found.ok_or(Error::NotFound { what: E::NOUN })
}

/// A live record for a caller who saw a version of it. Errors: [`Error::NotFound`], [`Error::Conflict`] where the
/// version is stale.
pub(crate) async fn for_change<E: Recorded>(unit: &Unit, id: Uuid, seen: Option<i64>) -> Result<E::Model> {
    let found = for_update::<E>(unit, id).await?;
    check_version(seen, E::stamp(&found).1)?;
    Ok(found)
}

/// Puts a record into the trash and gives it as it was. Errors: as [`for_change`].
pub(crate) async fn trash<E: Recorded>(unit: &Unit, id: Uuid, seen: Option<i64>) -> Result<E::Model> {
    let found = for_change::<E>(unit, id, seen).await?;
    write::<E>(unit, vec![E::trashed(found.clone(), unit.now)]).await?;
    Ok(found)
}

/// Writes records, each statement as many as it can: what is not there is inserted, what is there is updated from the
/// version before.
///
/// Errors: [`Error::Conflict`] where one is not at the version before.
pub(crate) async fn write<E: Recorded>(unit: &Unit, rows: Vec<E::Model>) -> Result<()> {
    let (count, clause) = (rows.len(), update::<E>(" + 1"));
    check_written(rows::insert::<E>(unit, rows, Conflict::Once(&clause)).await?, count)
}

/// Writes what is derived in records that this unit has locked; they count as unchanged.
///
/// Errors: [`Error::Conflict`] where one is not at the same version.
pub(crate) async fn rewrite<E: Recorded>(unit: &Unit, rows: Vec<E::Model>) -> Result<()> {
    let (count, clause) = (rows.len(), update::<E>(""));
    check_written(rows::insert::<E>(unit, rows, Conflict::Clause(&clause)).await?, count)
}

/// The clause by which a record that is there is updated, where its version and this step make the version of the row.
fn update<E: Recorded>(step: &str) -> String {
    let (table, account, id, version) =
        (E::default().table_name(), E::account().as_str(), E::id().as_str(), E::version().as_str());
    let is_kept = |column: &E::Column| E::kept().iter().any(|kept| kept.as_str() == column.as_str());
    let changed = E::Column::iter().filter(|column| !is_kept(column));
    let changed = changed.map(|column| format!("\"{0}\" = excluded.\"{0}\"", column.as_str())).collect::<Vec<_>>();
    format!(
        "ON CONFLICT (\"{account}\", \"{id}\") DO UPDATE SET {} \
         WHERE \"{table}\".\"{version}\"{step} = excluded.\"{version}\"",
        changed.join(", ")
    )
}

/// Errors: [`Error::Conflict`] where a caller changes a version that is no longer the current one.
pub(crate) fn check_version(seen: Option<i64>, current: i64) -> Result<()> {
    match seen {
        Some(seen) if seen != current => Err(Error::Conflict {
            reason: format!(
                "it was changed meanwhile: you saw version {seen}, and version {current} is the current one"
            ),
        }),
        _ => Ok(()),
    }
}

/// Errors: [`Error::Conflict`] where fewer rows were written than there should have been: somebody was quicker.
fn check_written(written: u64, rows: usize) -> Result<()> {
    if written == rows as u64 {
        return Ok(());
    }
    Err(Error::Conflict { reason: "somebody else changed the same record at the same moment; try again".to_owned() })
}

/// A cursor is only good for the order that it was made with.
pub(crate) fn wrong_cursor() -> Error {
    Error::Invalid { field: None, reason: "this cursor belongs to another order; start again without it".to_owned() }
}
