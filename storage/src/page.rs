//! Keyset pages: the next page begins after a record, not at a number, so it neither skips nor repeats.

use std::cmp::Ordering;

use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

/// By what a list is ordered; ties are broken by id in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// The key.
    pub key: SortKey,
    /// Which end comes first.
    pub direction: Direction,
}

/// What a list can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// The folded display name.
    Name,
    /// The moment of creation.
    Created,
    /// The moment of the last change.
    Updated,
}

/// Which end of an order comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

impl Direction {
    fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// By name, from A.
impl Default for Order {
    fn default() -> Self {
        Self { key: SortKey::Name, direction: Direction::Ascending }
    }
}

/// The place of a record in an ordered list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The value of the sort key; a time in microseconds as decimal digits.
    pub key: String,
    /// The record.
    pub id: Uuid,
}

impl Cursor {
    /// Whether it comes after another place in a list of this order, as the database sees it.
    pub(crate) fn is_beyond(&self, other: &Self, order: Order) -> bool {
        let by_key = match order.key {
            SortKey::Name => self.key.cmp(&other.key),
            SortKey::Created | SortKey::Updated => self.key.parse::<i64>().ok().cmp(&other.key.parse().ok()),
        };
        let found = by_key.then(self.id.cmp(&other.id));
        found
            == match order.direction {
                Direction::Ascending => Ordering::Greater,
                Direction::Descending => Ordering::Less,
            }
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// How many records at most.
    pub limit: u64,
    /// Only what comes after this place.
    pub after: Option<Cursor>,
    /// Only what comes before this place.
    pub before: Option<Cursor>,
    /// True for the last records of that range instead of the first; they come in the list's order all the same.
    pub from_end: bool,
}

impl PageRequest {
    /// The first `limit` records after a place, or from the start.
    pub fn first(limit: u64, after: Option<Cursor>) -> Self {
        Self { limit, after, before: None, from_end: false }
    }

    /// In which direction the database reads the list.
    pub(crate) fn direction(&self, order: Order) -> sea_orm::Order {
        let direction = if self.from_end { order.direction.reversed() } else { order.direction };
        match direction {
            Direction::Ascending => sea_orm::Order::Asc,
            Direction::Descending => sea_orm::Order::Desc,
        }
    }
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The records, in the list's order.
    pub items: Vec<T>,
    /// True where the range of the request holds more records than were asked for.
    pub more: bool,
}

/// An empty page.
impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), more: false }
    }
}

/// A table whose rows can be listed in an [`Order`].
pub(crate) trait Listed: EntityTrait {
    fn id() -> Self::Column;
    fn sort_column(key: SortKey) -> Self::Column;
}

/// Narrows a query to a page; one row more than asked for tells whether there are more. `None` for a cursor that was
/// made for another order.
pub(crate) fn paged<E: Listed>(query: Select<E>, order: Order, request: &PageRequest) -> Option<Select<E>> {
    Some(ordered(query, order, request)?.limit(request.limit + 1))
}

/// Narrows a query as [`paged`], but for the number of rows.
pub(crate) fn ordered<E: Listed>(query: Select<E>, order: Order, request: &PageRequest) -> Option<Select<E>> {
    let direction = request.direction(order);
    let query = narrowed(query, order, request)?;
    Some(query.order_by(E::sort_column(order.key), direction.clone()).order_by(E::id(), direction))
}

/// Narrows a query to what lies between the cursors of a page. `None` for one that was made for another order.
pub(crate) fn narrowed<E: Listed>(query: Select<E>, order: Order, request: &PageRequest) -> Option<Select<E>> {
    let mut query = query;
    if let Some(cursor) = &request.after {
        query = query.filter(beyond::<E>(order, cursor, order.direction)?);
    }
    if let Some(cursor) = &request.before {
        query = query.filter(beyond::<E>(order, cursor, order.direction.reversed())?);
    }
    Some(query)
}

/// The rows of a query that [`paged`] made, as a page.
pub(crate) fn page<T>(mut rows: Vec<T>, request: &PageRequest) -> Page<T> {
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    if request.from_end {
        rows.reverse();
    }
    Page { items: rows, more }
}

/// `(sort key, id)` beyond the cursor; `None` for a cursor that was made for another order.
fn beyond<E: Listed>(order: Order, cursor: &Cursor, direction: Direction) -> Option<SimpleExpr> {
    let key: SimpleExpr = match order.key {
        SortKey::Name => Expr::val(cursor.key.clone()),
        SortKey::Created | SortKey::Updated => Expr::val(cursor.key.parse::<i64>().ok()?),
    };
    let place = Expr::tuple([E::sort_column(order.key).into_expr(), E::id().into_expr()]);
    let cursor = Expr::tuple([key, Expr::val(cursor.id)]);
    Some(match direction {
        Direction::Ascending => place.gt(cursor),
        Direction::Descending => place.lt(cursor),
    })
}
