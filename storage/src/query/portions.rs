//! What exports read: a view portion by portion, with the columns alone that files carry.
//!
//! A portion ends after a number of records or of bytes, whichever comes first, so that long texts do not fill the memory; and it
//! is read to its end before anybody writes it down, so that whoever downloads slowly holds no connection.

use futures_util::TryStreamExt as _;
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, JoinType, Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, DbBackend, DbErr, FromQueryResult, QueryResult, QuerySelect as _, QueryTrait, Select,
    StreamTrait as _,
};
use uuid::Uuid;

use crate::contact::Contact;
use crate::entity::{categories, item_categories, messages, people, transactions};
use crate::error::{Error, Result};
use crate::filter::{Viewed, of_view};
use crate::handle::Reader;
use crate::page::{Cursor, Order, PageRequest, SortKey, paged};
use crate::query::categories::SEPARATOR;
use crate::query::events::{Event, in_view};
use crate::query::messages::Message;
use crate::query::transactions::Transaction;
use crate::record::wrong_cursor;
use crate::value::Timestamp;
use crate::view::View;

/// How many records a portion has at most.
const RECORDS: u64 = 2_000;
/// How many bytes of text a portion has at most, but for its last record.
const BYTES: usize = 4 << 20;

/// A part of a view, in its order.
#[derive(Clone, Debug)]
pub struct Portion<T> {
    /// The records.
    pub items: Vec<T>,
    /// Where the next portion begins; `None` after the last one.
    pub next: Option<Cursor>,
}

/// A person with what files carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedPerson {
    /// UUID v7.
    pub id: Uuid,
    /// The contact data.
    pub contact: Contact,
    /// The names of the person's categories, in their order.
    pub categories: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A portion of the people of a view. Errors: as [`crate::query::people::list`].
pub async fn people(
    reader: &Reader,
    view: &View,
    order: Order,
    after: Option<Cursor>,
) -> Result<Portion<CarriedPerson>> {
    let query = of_view::<people::Entity>(&reader.scope(), view).await?;
    let is_sqlite = reader.connection().get_database_backend() == DbBackend::Sqlite;
    let lean = |query: Select<people::Entity>| {
        let names = names_of_categories(reader.account());
        if is_sqlite {
            let mut query = query.select_only().into_query();
            query.expr(packing(names));
            return query;
        }
        let mut query = query.select_only().columns(PERSON).into_query();
        query.expr(names);
        query
    };
    let row: fn(&QueryResult) -> Result<(CarriedPerson, String)> = if is_sqlite { unpacked } else { carried };
    let size = |(person, _): &(CarriedPerson, String)| {
        person.contact.fields().iter().map(|(_, text)| text.map_or(0, str::len)).sum()
    };
    let place = |(person, sort_key): &(CarriedPerson, String)| {
        let key = match order.key {
            SortKey::Name => sort_key.clone(),
            SortKey::Created => person.created_at.microseconds().to_string(),
            SortKey::Updated => person.updated_at.microseconds().to_string(),
        };
        Cursor { key, id: person.id }
    };
    let reading = Reading { statement: lean, row, size, place };
    let Portion { items, next } = read(reader, query, (order, after), reading).await?;
    Ok(Portion { items: items.into_iter().map(|(person, _)| person).collect(), next })
}

/// A portion of the transactions of a view. Errors: as [`people`].
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

/// A portion of the events of a view. Errors: as [`people`].
pub async fn events(reader: &Reader, view: &View, order: Order, after: Option<Cursor>) -> Result<Portion<Event>> {
    let query = in_view(&reader.scope(), view, None).await?;
    let size = |event: &Event| event.search_text.len() * 2;
    let place = |event: &Event| event.cursor(order.key);
    let reading = Reading { statement: QueryTrait::into_query, row: model::<Event>, size, place };
    read(reader, query, (order, after), reading).await
}

/// A portion of the messages of a view. Errors: as [`people`].
pub async fn messages(reader: &Reader, view: &View, order: Order, after: Option<Cursor>) -> Result<Portion<Message>> {
    let query = of_view::<messages::Entity>(&reader.scope(), view).await?;
    let size = |message: &Message| message.search_text.len() * 2;
    let place = |message: &Message| message.cursor(order.key);
    let reading = Reading { statement: QueryTrait::into_query, row: model::<Message>, size, place };
    read(reader, query, (order, after), reading).await
}

/// The columns of people that files carry, in the order in which [`carried`] reads them; the names of the categories follow.
const PERSON: [people::Column; 18] = [
    people::Column::Id,
    people::Column::CreatedAt,
    people::Column::UpdatedAt,
    people::Column::SortKey,
    people::Column::Name,
    people::Column::Company,
    people::Column::Title,
    people::Column::Email,
    people::Column::Phone,
    people::Column::Mobile,
    people::Column::Fax,
    people::Column::Url,
    people::Column::Address,
    people::Column::City,
    people::Column::State,
    people::Column::Zip,
    people::Column::Country,
    people::Column::Notes,
];

/// A person, and the key by which lists are ordered.
fn carried(row: &QueryResult) -> Result<(CarriedPerson, String)> {
    let text = |place: usize| row.try_get_by_index::<Option<String>>(place);
    let person = CarriedPerson {
        id: row.try_get_by_index(0)?,
        created_at: row.try_get_by_index(1)?,
        updated_at: row.try_get_by_index(2)?,
        contact: Contact {
            name: text(4)?,
            company: text(5)?,
            title: text(6)?,
            email: text(7)?,
            phone: text(8)?,
            mobile: text(9)?,
            fax: text(10)?,
            url: text(11)?,
            address: text(12)?,
            city: text(13)?,
            state: text(14)?,
            zip: text(15)?,
            country: text(16)?,
            notes: text(17)?,
        },
        categories: text(18)?.map_or_else(Vec::new, |names| names.split(SEPARATOR).map(str::to_owned).collect()),
    };
    Ok((person, row.try_get_by_index(3)?))
}

/// What parts the columns of a row that comes as one text. No text that is stored holds it: every door drops it.
const NUL: char = '\0';

/// The columns of a person as one text. SQLx copies every value of a row of SQLite on its own before it hands the row to another thread,
/// which takes longer than to read the row.
fn packing(names: SimpleExpr) -> SimpleExpr {
    let hex = |column: people::Column| Expr::expr(Func::cust("hex").arg(Expr::col((people::Entity, column))));
    let nul = || Expr::cust("char(0)");
    let mut row = Func::cust("concat").arg(hex(PERSON[0]));
    for column in &PERSON[1..] {
        row = row.arg(nul()).arg(Expr::col((people::Entity, *column)));
    }
    row.arg(nul()).arg(names).into()
}

/// As [`carried`], of a row that [`packing`] has made.
fn unpacked(row: &QueryResult) -> Result<(CarriedPerson, String)> {
    let text: String = row.try_get_by_index(0)?;
    let mut cells = text.split(NUL);
    let wrong = || Error::Internal(DbErr::Type("a person has other columns than it should have".to_owned()));
    let mut cell = || cells.next().ok_or_else(wrong);
    let id = Uuid::try_parse(cell()?).map_err(|_| wrong())?;
    let mut moment = || -> Result<_> { Ok(Timestamp::from_microseconds(cell()?.parse().map_err(|_| wrong())?)) };
    let (created_at, updated_at) = (moment()?, moment()?);
    let sort_key = cell()?.to_owned();
    let mut text = || -> Result<_> { Ok(Some(cell()?).filter(|text| !text.is_empty()).map(str::to_owned)) };
    let contact = Contact {
        name: text()?,
        company: text()?,
        title: text()?,
        email: text()?,
        phone: text()?,
        mobile: text()?,
        fax: text()?,
        url: text()?,
        address: text()?,
        city: text()?,
        state: text()?,
        zip: text()?,
        country: text()?,
        notes: text()?,
    };
    let names = Some(cell()?).filter(|names| !names.is_empty());
    let categories = names.map_or_else(Vec::new, |names| names.split(SEPARATOR).map(str::to_owned).collect());
    if cells.next().is_some() {
        return Err(wrong());
    }
    Ok((CarriedPerson { id, contact, categories, created_at, updated_at }, sort_key))
}

/// The names of a person's categories in one text, as no name holds what separates them.
fn names_of_categories(account: Uuid) -> SimpleExpr {
    use item_categories::Column::{AccountId, CategoryId, ItemId};
    let joined = format!("string_agg(categories.name, '{SEPARATOR}' ORDER BY categories.name_key, categories.id)");
    let of_item = Expr::col((categories::Entity, categories::Column::Id)).equals((item_categories::Entity, CategoryId));
    let names: SelectStatement = Query::select()
        .expr(Expr::cust(joined))
        .from(item_categories::Entity)
        .join(JoinType::InnerJoin, categories::Entity, of_item)
        .and_where(Expr::col((item_categories::Entity, AccountId)).eq(account))
        .and_where(Expr::col((item_categories::Entity, ItemId)).equals((people::Entity, people::Column::Id)))
        .and_where(categories::Column::AccountId.eq(account))
        .and_where(categories::Column::DeletedAt.is_null())
        .to_owned();
    Expr::SubQuery(None, Box::new(names.into()))
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
    let connection = reader.connection();
    let mut rows = connection.stream(&statement(query)).await?;
    let (mut items, mut bytes) = (Vec::new(), 0);
    while let Some(next) = rows.try_next().await? {
        if items.len() as u64 == RECORDS || bytes > BYTES {
            let next = items.last().map(place);
            return Ok(Portion { items, next });
        }
        let item = row(&next)?;
        bytes += size(&item);
        items.push(item);
    }
    Ok(Portion { items, next: None })
}
