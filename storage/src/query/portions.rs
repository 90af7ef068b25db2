//! What exports read: a view portion by portion, with the columns alone that files carry.
//!
//! A portion ends after a number of records or of bytes, whichever comes first, so that long texts do not fill the memory; and
//! whoever downloads slowly holds no connection.

mod people;

use sea_orm::sea_query::SelectStatement;
use sea_orm::{FromQueryResult, QueryResult, QueryTrait, Select};

pub use self::people::{CarriedPerson, CategoryNames, PackedPeople, walk as walk_people};

use crate::entity::{messages, transactions};
use crate::error::Result;
use crate::filter::{Viewed, of_view};
use crate::handle::Reader;
use crate::page::{Cursor, Order, PageRequest, paged};
use crate::query::events::{Event, in_view};
use crate::query::messages::Message;
use crate::query::transactions::Transaction;
use crate::record::wrong_cursor;
use crate::view::View;

/// How many records a portion has at most.
const RECORDS: u64 = 2_000;
/// How many bytes of text a portion has at most, but for its last record. Of a document that nobody takes some portions are in memory.
const BYTES: usize = 512 << 10;

/// A part of a view, in its order.
#[derive(Clone, Debug)]
pub struct Portion<T> {
    /// The records.
    pub items: Vec<T>,
    /// Where the next portion begins; `None` after the last one.
    pub next: Option<Cursor>,
}

/// A portion of the transactions of a view. Errors: as [`crate::query::people::list`].
pub async fn transactions(
    reader: &Reader,
    view: &View,
    order: Order,
    after: Option<Cursor>,
) -> Result<Portion<Transaction>> {
    let query = of_view::<transactions::Entity>(&reader.scope(), view).await?;
    let size = |transaction: &Transaction| {
        transaction.search_text.len() + transaction.more_info.as_ref().map_or(0, String::len)
    };
    let place = |transaction: &Transaction| transaction.cursor(order.key);
    let reading = Reading { statement: QueryTrait::into_query, row: model::<Transaction>, size, place };
    read(reader, query, (order, after), reading).await
}

/// A portion of the events of a view. Errors: as [`transactions`].
pub async fn events(reader: &Reader, view: &View, order: Order, after: Option<Cursor>) -> Result<Portion<Event>> {
    let query = in_view(&reader.scope(), view, None).await?;
    let size = |event: &Event| event.search_text.len() * 2;
    let place = |event: &Event| event.cursor(order.key);
    let reading = Reading { statement: QueryTrait::into_query, row: model::<Event>, size, place };
    read(reader, query, (order, after), reading).await
}

/// A portion of the messages of a view. Errors: as [`transactions`].
pub async fn messages(reader: &Reader, view: &View, order: Order, after: Option<Cursor>) -> Result<Portion<Message>> {
    let query = of_view::<messages::Entity>(&reader.scope(), view).await?;
    let size = |message: &Message| message.search_text.len() * 2;
    let place = |message: &Message| message.cursor(order.key);
    let reading = Reading { statement: QueryTrait::into_query, row: model::<Message>, size, place };
    read(reader, query, (order, after), reading).await
}

fn model<M: FromQueryResult>(row: &QueryResult) -> Result<M> {
    Ok(M::from_query_result(row, "")?)
}

/// How the records of a portion are read.
struct Reading<S, R, B, P> {
    /// What is selected.
    statement: S,
    /// The record of a row.
    row: R,
    /// About how many bytes a record has.
    size: B,
    /// The place of a record in the view.
    place: P,
}

/// Errors: [`crate::Error::Invalid`] for a cursor of another order.
async fn read<E, T, S, R, B, P>(
    reader: &Reader,
    query: Select<E>,
    (order, after): (Order, Option<Cursor>),
    Reading { statement, row, size, place }: Reading<S, R, B, P>,
) -> Result<Portion<T>>
where
    E: Viewed,
    S: FnOnce(Select<E>) -> SelectStatement,
    R: Fn(&QueryResult) -> Result<T>,
    B: Fn(&T) -> usize,
    P: Fn(&T) -> Cursor,
{
    let request = PageRequest::first(RECORDS, after);
    let query = paged(query, order, &request).ok_or_else(wrong_cursor)?;
    let add = |(items, bytes, is_full): &mut (Vec<T>, usize, bool), next: &QueryResult| {
        *is_full = items.len() as u64 == RECORDS || *bytes > BYTES;
        if !*is_full {
            let item = row(next)?;
            *bytes += size(&item);
            items.push(item);
        }
        Ok(*is_full)
    };
    let lanes = reader.bulk().lanes();
    let (items, _, is_full) = lanes.read(&statement(query), || (Vec::new(), 0, false), add).await?;
    let next = if is_full { items.last().map(place) } else { None };
    Ok(Portion { items, next })
}
