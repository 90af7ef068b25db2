//! The handles that queries take: a reader or a writer of one account, so that no query can forget its account.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait as _, QuerySelect, Statement};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::bulk::Bulk;
use crate::entity::outbox;
use crate::error::{Error, Result};
use crate::gate::{BRIEFLY, Gate, Open};
use crate::link::{Link, Transaction};
use crate::on::On;
use crate::outbox::{Noun, Verb};
use crate::pool::PATIENCE;
use crate::reading::{Allowance, Bounded, Lanes, Load};
use crate::value::Timestamp;

/// How often a unit of work is tried when the database asks for it.
const TRIES: u32 = 3;

/// So few events are soon read, however PostgreSQL goes about it.
const FEW_EVENTS: u64 = 500;
/// Events are a good part of those that there are where these are no more than so many times as many.
const GOOD_PART: i64 = 8;

/// Reads the live records of one account.
#[derive(Clone, Debug)]
pub struct Reader {
    connection: Link,
    lanes: Lanes,
    bulk: Arc<Bulk>,
    account: Uuid,
    viewer: Viewer,
    /// What the request may read that it reads for.
    allowance: Option<Allowance>,
}

/// Who looks, and in which time zone: what labels, `user:me` and days mean.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The user whose labels count; nobody's where it is empty.
    pub user: Option<Uuid>,
    /// The time zone of days.
    pub zone: TimeZone,
}

/// Nobody, in UTC.
impl Default for Viewer {
    fn default() -> Self {
        Self { user: None, zone: TimeZone::UTC }
    }
}

/// Writes records of one account. Only this type can: permission is a value.
#[derive(Clone, Debug)]
pub struct Writer {
    gate: Gate,
    account: Uuid,
    actor: Actor,
    now: Timestamp,
    patience: Duration,
    allowance: Option<Allowance>,
}

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user of the account.
    User(Uuid),
    /// Cairn itself, or the operator at the command line.
    System,
}

impl Reader {
    pub(crate) fn new(connection: Link, lanes: Lanes, bulk: Arc<Bulk>, account: Uuid) -> Self {
        Self { connection, lanes, bulk, account, viewer: Viewer::default(), allowance: None }
    }

    /// The same for a request that may read so much. Its statements end with the future that waits for them.
    #[must_use]
    pub fn within(self, allowance: Option<Allowance>) -> Self {
        Self { allowance, ..self }
    }

    /// The same for somebody who looks.
    #[must_use]
    pub fn seen_by(self, viewer: Viewer) -> Self {
        Self { viewer, ..self }
    }

    /// Who looks.
    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// The connection that it reads from, which may be any of several.
    pub(crate) fn connection(&self) -> &Link {
        &self.connection
    }

    /// What reads whole views.
    pub(crate) fn bulk(&self) -> &Bulk {
        &self.bulk
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.connection.get_database_backend() == DbBackend::Sqlite
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        self.scope_for(Load::Light)
    }

    /// The scope for statements that read so much.
    pub(crate) fn scope_for(&self, load: Load) -> Scope<'_> {
        let on = match &self.allowance {
            Some(allowance) => {
                let backend = self.connection.get_database_backend();
                On::Bounded(Bounded { lanes: &self.lanes, allowance, load, backend, turn: OnceCell::new() })
            }
            None => On::Link(&self.connection),
        };
        Scope { on, account: self.account, rows: Rows::Free, viewer: Cow::Borrowed(&self.viewer) }
    }

    /// The account that it reads.
    pub fn account(&self) -> Uuid {
        self.account
    }
}

impl Writer {
    pub(crate) fn new(gate: Gate, account: Uuid, actor: Actor, now: Timestamp) -> Self {
        Self { gate, account, actor, now, patience: PATIENCE, allowance: None }
    }

    /// The same for somebody who waits no longer than so for others who write; it is ten seconds by default.
    #[must_use]
    pub fn waiting_for(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same for a request that waits for its turn to write until its deadline, and has none any more from then on.
    #[must_use]
    pub fn within(self, allowance: Option<Allowance>) -> Self {
        Self { allowance, ..self }
    }

    /// The same for what is noted down beside a request's work: it waits for others as briefly as whoever reads.
    #[must_use]
    pub(crate) fn briefly(&self) -> Self {
        Self { patience: self.patience.min(BRIEFLY), ..self.clone() }
    }

    /// The account that it writes.
    pub fn account(&self) -> Uuid {
        self.account
    }

    /// The moment that its records bear.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A connection beside a running unit of work; `None` on SQLite, which has one writer.
    pub(crate) fn beside(&self) -> Option<&Link> {
        (!self.gate.is_sqlite()).then_some(&self.gate.link)
    }

    /// Begins a unit of work; nothing of it stays unless it is committed.
    pub(crate) async fn begin(&self) -> Result<Unit> {
        // On the heap, as every write holds it, and the futures of a request lie in each other.
        let beginning = Box::pin(self.gate.begin(self.patience));
        let transaction = match &self.allowance {
            Some(allowance) => {
                let transaction = allowance.within(beginning).await.map_err(Error::from)??;
                allowance.lift_deadline();
                transaction
            }
            None => beginning.await?,
        };
        Ok(Unit { transaction, account: self.account, actor: self.actor, now: self.now })
    }

    /// Does a unit of work and commits it, again where the database asks for that (reference: PostgreSQL's 40001).
    ///
    /// The unit comes in an `Arc` and not as a reference: of a closure that is generic over a lifetime the compiler
    /// cannot show that its future may change threads.
    pub(crate) async fn write<T, F>(&self, work: impl Fn(Arc<Unit>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut tries = 1;
        loop {
            match self.write_once(&work).await {
                Once::Undone(error) if error.is_transient() && tries < TRIES => {
                    tracing::warn!(%error, tries, "A unit of work is done again: {error}");
                    tries += 1;
                }
                Once::Undone(error) => return Err(error),
                Once::Ended(done) => return done,
            }
        }
    }

    async fn write_once<T, F>(&self, work: &impl Fn(Arc<Unit>) -> F) -> Once<T>
    where
        F: Future<Output = Result<T>>,
    {
        let unit = match self.begin().await {
            Ok(unit) => Arc::new(unit),
            Err(error) => return Once::Undone(error),
        };
        let done = work(Arc::clone(&unit)).await;
        let unit = Arc::into_inner(unit).expect("the work has let go of its unit");
        match done {
            Ok(value) => Once::Ended(unit.commit().await.map(|()| value)),
            Err(error) => {
                let error = self.gate.noted(error);
                if let Err(failed) = unit.rollback().await {
                    tracing::warn!(error = %failed, "A unit of work cannot be rolled back: {failed}");
                }
                Once::Undone(error)
            }
        }
    }
}

/// How one try of a unit of work went.
enum Once<T> {
    /// It was committed, or its commit failed, of which nobody knows how much the database has seen.
    Ended(Result<T>),
    /// Nothing of it stayed.
    Undone(Error),
}

/// A unit of work: a transaction of one account.
pub(crate) struct Unit {
    transaction: Open,
    pub(crate) account: Uuid,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Unit {
    pub(crate) fn scope(&self) -> Scope<'_> {
        let viewer = Cow::Owned(Viewer { user: self.user(), ..Viewer::default() });
        Scope { on: On::Transaction(self.on()), account: self.account, rows: Rows::Free, viewer }
    }

    /// The scope for records that this unit is going to change.
    pub(crate) fn locking_scope(&self) -> Scope<'_> {
        Scope { rows: Rows::Locked, ..self.scope() }
    }

    /// The connection that the unit's statements run on.
    pub(crate) fn on(&self) -> &Transaction {
        self.transaction.on()
    }

    /// Whether it is the only one that writes.
    pub(crate) fn is_sqlite(&self) -> bool {
        self.on().get_database_backend() == DbBackend::Sqlite
    }

    /// The moment of a change to what bears another one already. It is never before that: the gateway that wrote it may have had a
    /// clock that was ahead, or this clock has been put back.
    pub(crate) fn after(&self, before: Timestamp) -> Timestamp {
        self.now.max(before)
    }

    /// The id of the user who writes, where a user does.
    pub(crate) fn user(&self) -> Option<Uuid> {
        match self.actor {
            Actor::User(id) => Some(id),
            Actor::System => None,
        }
    }

    /// From now on each statement may take longer, and waits longer for what others hold: the unit writes much, or waits for its turn.
    pub(crate) async fn take_time(&self) -> Result<()> {
        Ok(self.on().take_time().await?)
    }

    /// From now on each statement is a small step of the unit: it takes no longer than that of any other, and for most of that waits
    /// for what others hold.
    pub(crate) async fn take_steps(&self) -> Result<()> {
        Ok(self.on().take_steps().await?)
    }

    /// Takes back what was done since a savepoint, also where a statement has failed.
    pub(crate) async fn back_to(&self, savepoint: &str) -> Result<()> {
        Ok(self.on().back_to(savepoint).await?)
    }

    /// Has PostgreSQL follow indexes until the unit ends. It plans by statistics, and has none of the rows that the unit
    /// itself has written: a table that was small when it began is read from end to end for each batch.
    pub(crate) async fn prefer_indexes(&self) -> Result<()> {
        self.set("SET LOCAL enable_seqscan = off").await?;
        self.pg_force_custom_plans().await
    }

    /// Has PostgreSQL plan each statement anew: a plan that is kept from the first batches never gets better.
    pub(crate) async fn pg_force_custom_plans(&self) -> Result<()> {
        self.set("SET LOCAL plan_cache_mode = force_custom_plan").await
    }

    /// Has PostgreSQL keep its plans, for writing: it checks the foreign keys of each row with statements of its own, and to plan
    /// those anew takes longer than to run them.
    pub(crate) async fn pg_plan_cache_auto(&self) -> Result<()> {
        self.set("SET LOCAL plan_cache_mode = auto").await
    }

    /// Has SQLite merge so many segments of its full-text indexes at a time (FTS5's `automerge`, which is 4 by itself and 16 at most).
    /// Each statement of an import writes segments of its own, and merging them four by four takes longer than to make them.
    ///
    /// The setting is kept in the database: a unit that ends puts it back.
    pub(crate) async fn sqlite_set_automerge(&self, segments: u8) -> Result<()> {
        if self.is_sqlite() {
            for table in ["people", "transactions", "events", "messages"] {
                let set = format!("INSERT INTO {table}_text ({table}_text, rank) VALUES ('automerge', {segments})");
                self.on().execute_unprepared(&set).await?;
            }
        }
        Ok(())
    }

    /// Has PostgreSQL count what this unit has written. Without it the planner takes any index of an account for as good as the
    /// one of the key that is looked for. A table that somebody else is counting is passed over: nobody waits.
    pub(crate) async fn renew_statistics(&self, tables: &str) -> Result<()> {
        if self.is_sqlite() {
            return Ok(());
        }
        let on = self.on();
        on.execute_unprepared("SAVEPOINT statistics").await?;
        // On Citus it asks every worker, and one that is down is no reason to give up what does not need it.
        if let Err(error) = on.execute_unprepared(&format!("ANALYZE (SKIP_LOCKED) {tables}")).await {
            tracing::warn!(%error, "The statistics of PostgreSQL are not renewed: {error}");
            self.back_to("statistics").await?;
        }
        on.execute_unprepared("RELEASE SAVEPOINT statistics").await?;
        Ok(())
    }

    /// The same for events, of which this unit has written so many: they are counted where those are a good part of what PostgreSQL
    /// knows of.
    pub(crate) async fn renew_statistics_of_events(&self, written: u64) -> Result<()> {
        if self.is_sqlite() || written < FEW_EVENTS {
            return Ok(());
        }
        let text = "SELECT reltuples < $1 FROM pg_class WHERE oid = 'events'::regclass";
        let most = i64::try_from(written).unwrap_or(i64::MAX).saturating_mul(GOOD_PART);
        let select = Statement::from_sql_and_values(DbBackend::Postgres, text, [most.into()]);
        match self.on().query_one_raw(select).await? {
            Some(row) if row.try_get_by_index(0)? => self.renew_statistics("events, associations").await,
            _ => Ok(()),
        }
    }

    /// Whether the account has so many people and PostgreSQL has counted as many.
    pub(crate) async fn has_counted(&self, people: usize) -> Result<bool> {
        if self.is_sqlite() {
            return Ok(false);
        }
        let text = "SELECT count(*) >= $2 AND (SELECT reltuples >= $2 FROM pg_class WHERE oid = 'people'::regclass)
                    FROM (SELECT 1 FROM people WHERE account_id = $1 LIMIT $2) AS here";
        let values = [self.account.into(), i64::try_from(people).unwrap_or(i64::MAX).into()];
        let select = Statement::from_sql_and_values(DbBackend::Postgres, text, values);
        let found = self.on().query_one_raw(select).await?;
        Ok(match found {
            Some(row) => row.try_get_by_index(0)?,
            None => false,
        })
    }

    async fn set(&self, setting: &str) -> Result<()> {
        if !self.is_sqlite() {
            self.on().execute_unprepared(setting).await?;
        }
        Ok(())
    }

    /// Records in the outbox, within this unit, what it has done.
    pub(crate) async fn publish(&self, noun: Noun, verb: Verb, subject: Uuid) -> Result<()> {
        let row = outbox::ActiveModel {
            account_id: Set(self.account),
            id: Set(Uuid::now_v7()),
            topic: Set(verb.topic(noun)),
            subject_id: Set(subject),
            user_id: Set(self.user()),
            created_at: Set(self.now),
            number: Set(None),
        };
        outbox::Entity::insert(row).exec_without_returning(self.on()).await?;
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<()> {
        self.transaction.commit().await
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        self.transaction.rollback().await
    }
}

/// A connection or a running transaction, and the account that every statement on it must name.
pub(crate) struct Scope<'a> {
    pub(crate) on: On<'a>,
    pub(crate) account: Uuid,
    pub(crate) rows: Rows,
    pub(crate) viewer: Cow<'a, Viewer>,
}

/// Whether the live rows that a query reads are locked until the unit ends, so that nobody else changes them meanwhile.
/// SQLite has one writer and needs no locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    Free,
    /// Others may read and hold them too, but nobody changes them.
    Shared,
    /// They are this unit's to change.
    Locked,
}

impl Scope<'_> {
    /// Waits until the request that reads has fewer views in the making.
    pub(crate) async fn turn(&self) {
        if let On::Bounded(bounded) = &self.on {
            bounded.turn().await;
        }
    }

    /// A query as the scope wants its rows.
    pub(crate) fn held<Q: QuerySelect>(&self, query: Q) -> Q {
        match self.rows {
            Rows::Free => query,
            Rows::Shared => query.lock_shared(),
            Rows::Locked => query.lock_exclusive(),
        }
    }
}
