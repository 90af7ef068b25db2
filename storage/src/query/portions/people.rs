//! People as exports read them: packed row by row where the database is read, and made into records where they are written down.

mod packed;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::InterruptHandle;
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait as _, IntoCondition as _, JoinType, PostgresQueryBuilder, Query, SelectStatement, SimpleExpr,
};
use sea_orm::{DbBackend, DbErr, QueryResult, QuerySelect as _, QueryTrait as _, Select, Statement};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use uuid::Uuid;

pub use self::packed::{CarriedPerson, PackedPeople};

use self::packed::{Cells, CopiedRow, columns};
use super::{BYTES, RECORDS};
use crate::bulk;
use crate::entity::{categories, item_categories, people};
use crate::error::{Error, Result};
use crate::filter::of_view;
use crate::handle::Reader;
use crate::link::Link;
use crate::page::{Cursor, Order, PageRequest, ordered};
use crate::postgres::{Server, Session};
use crate::record::{self, wrong_cursor};
use crate::view::View;

/// How long a portion waits for whoever takes it before the reading lets go of its connection.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long SQLite's file is read at a time: then others have their turn, and the log can be written back.
const TURN: Duration = Duration::from_secs(2);
/// How many portions are read as pages before PostgreSQL is asked for all the rest: most views have no more.
const PAGES: usize = 5;
/// How much a cursor of PostgreSQL is asked for at a time: enough that it need not wait for the next question, and little enough that the rest of
/// it is soon read where nobody wants it any more.
const FETCHED: usize = 16 << 20;

/// Hands out the people of a view in its order, portion by portion, or the error that ends it; ends where nobody takes them any more.
///
/// A view is read in one go, which is a fraction of the work of reading it page by page, but whoever takes a portion slowly holds no
/// connection for it: after a second it is let go, and the rest is looked for anew from the last place on.
///
/// Errors: as [`crate::query::people::list`].
pub async fn walk(reader: Reader, view: View, order: Order, outlet: mpsc::Sender<Result<PackedPeople>>) {
    let walked = async {
        let query = of_view::<people::Entity>(&reader.scope(), &view).await?;
        let is_whole = view == View::default();
        let link = reader.connection().clone();
        let walk = Walk { reader, query, is_whole, order, outlet: outlet.clone() };
        match link {
            Link::Sqlite(_) => walk.through_file().await,
            Link::Postgres(server) => walk.through_postgres(server).await,
        }
    };
    let walked = tokio::select! {
        walked = walked => walked,
        // What is read for nobody is ended.
        () = outlet.closed() => return,
    };
    if let Err(error) = walked {
        // Whoever has gone away needs no error.
        drop(outlet.send(Err(error)).await);
    }
}

#[derive(Clone)]
struct Walk {
    reader: Reader,
    query: Select<people::Entity>,
    /// Whether the view is the whole section.
    is_whole: bool,
    order: Order,
    outlet: mpsc::Sender<Result<PackedPeople>>,
}

/// How a reading ended.
enum Ended {
    /// Everything is handed out.
    Whole,
    /// Nobody takes it any more.
    Gone,
    /// Whoever takes it is slow, or it is the turn of others; the rest comes after this place.
    LetGo(Option<Cursor>),
}

impl Walk {
    async fn through_file(self) -> Result<()> {
        let mut after = None;
        loop {
            let permit = self.reader.bulk().permit().await;
            let walk = self.clone();
            match on_a_thread(permit, move |runtime| walk.read_file(after, runtime)).await? {
                Ended::Whole | Ended::Gone => return Ok(()),
                Ended::LetGo(place) => after = place,
            }
            // Until there is room for the next portion.
            if self.outlet.reserve().await.is_err() {
                return Ok(());
            }
        }
    }

    fn read_file(&self, after: Option<Cursor>, runtime: &Handle) -> Result<Ended> {
        let statement = self.statement(after.clone(), Categories::OfEach)?;
        let (outlet, (over, ended)) = (self.outlet.clone(), oneshot::channel::<()>());
        let watch = |interrupt: InterruptHandle| {
            runtime.spawn(async move {
                tokio::select! {
                    () = outlet.closed() => interrupt.interrupt(),
                    _ = ended => {}
                }
            });
        };
        let read = self.reader.bulk().read_file(&statement, watch, |rows| {
            let (mut portion, begun) = (Portion::after(after), Instant::now());
            while let Some(row) = bulk::next(rows)? {
                if portion.add(row, self.order)? {
                    if let Some(ended) = runtime.block_on(portion.hand_out(&self.outlet)) {
                        return Ok(ended);
                    }
                    if begun.elapsed() > TURN {
                        return Ok(Ended::LetGo(portion.taken));
                    }
                }
            }
            Ok(runtime.block_on(portion.hand_out(&self.outlet)).unwrap_or(Ended::Whole))
        });
        drop(over);
        read
    }

    async fn through_postgres(self, server: Server) -> Result<()> {
        let mut after = None;
        let (mut pages, mut people, mut bytes) = (0, 0, 0);
        loop {
            let Ok(place) = self.outlet.reserve().await else { return Ok(()) };
            let portion = self.page(after).await?;
            people += portion.packed.len();
            bytes += portion.packed.bytes();
            place.send(Ok(portion.packed));
            let Some(next) = portion.place else { return Ok(()) };
            after = Some(next);
            pages += 1;
            if pages == PAGES
                && let Some(permit) = self.reader.bulk().try_permit()
            {
                let count = (FETCHED / bytes.div_ceil(people.max(1)).max(1)).max(1);
                let (walk, server, place) = (self.clone(), server.clone(), after.clone());
                let rest = move |runtime: &Handle| {
                    runtime.block_on(async {
                        let read = async {
                            if walk.is_whole {
                                walk.copy(&server, place).await
                            } else {
                                walk.fetch(&server, place, count).await
                            }
                        };
                        tokio::select! {
                            ended = read => ended,
                            () = walk.outlet.closed() => Ok(Ended::Gone),
                        }
                    })
                };
                match on_a_thread(permit, rest).await {
                    Ok(Ended::Whole | Ended::Gone) => return Ok(()),
                    Ok(Ended::LetGo(place)) => after = place,
                    // Somebody holds the table: the next page waits for it as all do who read, without a connection.
                    Err(error) if error.is_held() => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// One portion; its place is `None` for the last one.
    async fn page(&self, after: Option<Cursor>) -> Result<Portion> {
        let mut statement = self.statement(after, Categories::OfEach)?;
        statement.limit(RECORDS);
        let add = |portion: &mut Portion, row: &QueryResult| portion.add(row, self.order);
        self.reader.bulk().lanes().read(&statement, || Portion::after(None), add).await
    }

    /// The whole section after a place with one `COPY`: PostgreSQL sorts once and reads its tables from end to end, where a page would
    /// look each row up. No value can be bound to a `COPY`, so its text has none but the id of the account, and what comes before the
    /// place is passed over here.
    async fn copy(&self, server: &Server, after: Option<Cursor>) -> Result<Ended> {
        let select = self.statement(None, Categories::Joined)?.to_string(PostgresQueryBuilder);
        self.reader.bulk().observe(&select);
        let mut session = server.long_session().await?;
        let ended = self.copied(&mut session, &format!("COPY ({select}) TO STDOUT (FORMAT binary)"), after).await;
        if !matches!(ended, Ok(Ended::Whole)) {
            // What it still sends would have to be read before the connection could be used again.
            session.close();
        }
        ended
    }

    async fn copied(&self, session: &mut Session, copy: &str, after: Option<Cursor>) -> Result<Ended> {
        let mut rows = session.copy_out(copy).await?;
        let mut portion = Portion::after(after.clone());
        let mut before = after;
        while let Some(bytes) = rows.next().await? {
            let Some(row) = CopiedRow::read(&bytes)? else { continue };
            if let Some(place) = &before {
                if !packed::place(&row, self.order)?.is_beyond(place, self.order) {
                    continue;
                }
                before = None;
            }
            if portion.add(&row, self.order)?
                && let Some(ended) = portion.hand_out(&self.outlet).await
            {
                return Ok(ended);
            }
        }
        Ok(portion.hand_out(&self.outlet).await.unwrap_or(Ended::Whole))
    }

    /// Everything of a part of the section after a place through a cursor, so that what it is a part of is looked for once. So many
    /// are asked for at a time.
    async fn fetch(&self, server: &Server, after: Option<Cursor>, count: usize) -> Result<Ended> {
        let mut session = server.long_session().await?;
        session.begin("BEGIN READ ONLY").await?;
        let (sql, values) = self.statement(after.clone(), Categories::OfEach)?.build(PostgresQueryBuilder);
        let declare = format!("DECLARE portions NO SCROLL CURSOR FOR {sql}");
        session.execute(&Statement::from_sql_and_values(DbBackend::Postgres, declare, values)).await?;
        let mut portion = Portion::after(after);
        loop {
            let fetch = Statement::from_string(DbBackend::Postgres, format!("FETCH {count} FROM portions"));
            let mut rows = session.rows(&fetch)?;
            let mut fetched = 0;
            while let Some(row) = rows.next().await? {
                fetched += 1;
                if portion.add(&row, self.order)?
                    && let Some(ended) = portion.hand_out(&self.outlet).await
                {
                    return Ok(ended);
                }
            }
            if fetched < count {
                break;
            }
        }
        session.commit().await?;
        Ok(portion.hand_out(&self.outlet).await.unwrap_or(Ended::Whole))
    }

    /// What is read of each person after a place, in the order of [`columns`].
    fn statement(&self, after: Option<Cursor>, categories: Categories) -> Result<SelectStatement> {
        let request = PageRequest::first(RECORDS, after);
        let query = ordered(self.query.clone(), self.order, &request).ok_or_else(wrong_cursor)?;
        let mut statement = query.select_only().columns(columns()).into_query();
        let account = self.reader.account();
        match categories {
            Categories::OfEach => {
                use item_categories::Column::{AccountId, ItemId};
                let theirs = (people::Entity, people::Column::Id);
                let ids = Query::select()
                    .expr(joined_ids(self.reader.is_sqlite()))
                    .from(item_categories::Entity)
                    .and_where(Expr::col((item_categories::Entity, AccountId)).eq(account))
                    .and_where(Expr::col((item_categories::Entity, ItemId)).equals(theirs))
                    .to_owned();
                statement.expr(Expr::SubQuery(None, Box::new(ids.into())));
            }
            Categories::Joined => {
                let (of_items, item, ids) = (Alias::new("of_items"), Alias::new("item_id"), Alias::new("ids"));
                let mut grouped = Query::select();
                grouped
                    .column(item_categories::Column::ItemId)
                    .expr_as(joined_ids(false), ids.clone())
                    .from(item_categories::Entity)
                    .and_where(Expr::col(item_categories::Column::AccountId).eq(account))
                    .group_by_col(item_categories::Column::ItemId);
                let theirs = Expr::col((of_items.clone(), item)).equals((people::Entity, people::Column::Id));
                statement.join_subquery(JoinType::LeftJoin, grouped, of_items.clone(), theirs.into_condition());
                statement.expr(Expr::col((of_items, ids)));
            }
        }
        Ok(statement)
    }
}

/// Reads on a thread of its own: as another task it would take turns with the one that writes down what it has read, on one core.
async fn on_a_thread(
    permit: OwnedSemaphorePermit,
    read: impl FnOnce(&Handle) -> Result<Ended> + Send + 'static,
) -> Result<Ended> {
    let runtime = Handle::current();
    let reading = spawn_blocking(move || {
        let _permit = permit;
        read(&runtime)
    });
    reading.await.map_err(|error| Error::Internal(DbErr::Custom(error.to_string())))?
}

/// How the categories of people are found.
#[derive(Clone, Copy)]
enum Categories {
    /// For each person.
    OfEach,
    /// For all items of the account first, which takes less where most of them are wanted.
    Joined,
}

/// The ids of categories one behind the other: 16 bytes each, which SQLite has to write as 32 digits. The names are not joined: there are
/// far fewer of them than of people.
fn joined_ids(is_sqlite: bool) -> SimpleExpr {
    Expr::cust(if is_sqlite {
        "group_concat(hex(item_categories.category_id), '')"
    } else {
        "string_agg(uuid_send(item_categories.category_id), ''::bytea)"
    })
}

/// A portion that is being collected.
struct Portion {
    packed: PackedPeople,
    /// The last record of the portion, once it is full.
    place: Option<Cursor>,
    /// The last record that was taken.
    taken: Option<Cursor>,
}

impl Portion {
    fn after(taken: Option<Cursor>) -> Self {
        Self { packed: PackedPeople::default(), place: None, taken }
    }

    /// Adds a person. True when the portion is full.
    fn add(&mut self, row: &impl Cells, order: Order) -> Result<bool> {
        self.packed.push(row)?;
        let is_full = self.packed.len() as u64 == RECORDS || self.packed.bytes() > BYTES;
        if is_full {
            self.place = Some(packed::place(row, order)?);
        }
        Ok(is_full)
    }

    /// Hands the portion out and begins the next one; or says why the reading ends.
    async fn hand_out(&mut self, outlet: &mpsc::Sender<Result<PackedPeople>>) -> Option<Ended> {
        let packed = std::mem::take(&mut self.packed);
        match outlet.send_timeout(Ok(packed), PATIENCE).await {
            Ok(()) => {
                self.taken = self.place.take();
                None
            }
            Err(SendTimeoutError::Timeout(_)) => Some(Ended::LetGo(self.taken.take())),
            Err(SendTimeoutError::Closed(_)) => Some(Ended::Gone),
        }
    }
}

/// The names of categories that an export has met so far, each read once.
#[derive(Debug, Default)]
pub struct CategoryNames(Mutex<HashMap<Uuid, Option<Named>>>);

/// A category: the key by which names are ordered, and the name.
type Named = (String, String);

impl CategoryNames {
    /// The people of a portion with the names of their categories, in the order of names. A category in the trash has none.
    pub async fn unpack(&self, reader: &Reader, packed: &PackedPeople) -> Result<Vec<CarriedPerson>> {
        let mut people = packed.unpack()?;
        let unknown: BTreeSet<Uuid> = {
            let known = self.known();
            people.iter().flat_map(|(_, ids)| ids).filter(|id| !known.contains_key(id)).copied().collect()
        };
        if !unknown.is_empty() {
            let ids: Vec<_> = unknown.into_iter().collect();
            let found = record::by_ids::<categories::Entity>(&reader.scope(), &ids).await?;
            let mut known = self.known();
            known.extend(ids.into_iter().map(|id| (id, None)));
            known.extend(found.into_iter().map(|category| (category.id, Some((category.name_key, category.name)))));
        }
        let known = self.known();
        for (person, ids) in &mut people {
            let mut names: Vec<&Named> = ids.iter().filter_map(|id| known.get(id)?.as_ref()).collect();
            names.sort_unstable();
            person.categories = names.into_iter().map(|(_, name)| name.clone()).collect();
        }
        Ok(people.into_iter().map(|(person, _)| person).collect())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Uuid, Option<Named>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
