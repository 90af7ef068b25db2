//! The import: many rows in one unit of work, each matched with what is there, none half done.
//!
//! [`announce`] lets everybody see that an import is about to run, [`Import::begin`] waits for the account's turn and opens the unit,
//! [`Checker::check`] tells a row that can be a record from one that cannot, [`Import::rows`] takes those that can batch by batch and
//! says what became of each, and nothing stays unless [`Import::commit`] ends it. A plan is the same with [`Import::rehearse`] and
//! [`Import::keep_plan`]. [`undo`] takes an import back.

mod announce;
mod batch;
mod checker;
mod decision;
mod events;
mod fire;
mod incoming;
mod journal;
mod ledger;
mod people;
mod progress;
pub mod stored;
mod telling;
mod transactions;
mod undo;

use std::sync::Arc;

use jiff::tz::TimeZone;
use uuid::Uuid;

pub use crate::change::Change;
pub use crate::matching::MatchedBy;
pub use crate::record::BATCH;
pub use announce::{Announcement, announce, announce_plan, end, sweep};
use batch::{Applied, Batch};
pub use checker::{Checked, Checker};
use checker::{Fields, Row};
pub use decision::{Decision, Detail, Duplicate, NotTaken, Original, Outcome, PlanHash, PlannedRow};
pub use fire::PlannedEvent;
use fire::Template;
pub use incoming::{
    Failure, FirstOfSeries, Incoming, IncomingDeal, IncomingEvent, IncomingSubject, IncomingTerms, IncomingTime,
    Policy, RecordTimes, Target,
};
use journal::Journal;
use ledger::Ledger;
pub use progress::{Phase, Progress, cancel, progress, report_progress};
pub use undo::{Kept, KeptReason, Report, preview_undo, redo, undo};

pub use stored::Duplicates;

use crate::error::Result;
use crate::handle::{Unit, Writer};
use crate::outbox::{Noun, Verb};
use crate::query::{accounts, categories, users};
use stored::{self as imports, FailedRow, Status, Summary, insert_errors, store};

/// The tables that an import writes row by row, beside the people.
const WRITTEN: &str = "transactions, transaction_stages, item_categories, import_records";

/// So many people of an account are many to PostgreSQL's planner.
const MANY_PEOPLE: usize = 20_000;

/// So many times more rows change what PostgreSQL's statistics say of them; it knows the size of a table without counting.
const GROWTH_A_COUNT: usize = 8;

/// A running import. It holds the one writer of SQLite, so whoever runs it has the file at hand.
pub struct Import {
    id: Uuid,
    unit: Unit,
    policy: Policy,
    checker: Arc<Checker>,
    template: Option<Template>,
    ledger: Ledger,
    /// How many events it has made.
    events: u64,
    /// How many rows it has taken, and after how many PostgreSQL counts them next.
    taken: usize,
    next_count: usize,
    /// From how many rows on it counts the people, too.
    count_people_from: usize,
}

/// The result of waiting for the account's import lock.
pub enum Begun {
    /// It is theirs to run.
    Mine(Box<Import>),
    /// Somebody else has run it: this is how it ended.
    Over(Box<imports::Import>),
}

impl Import {
    /// Waits for the turn of the account and opens the unit of work for an import that was announced. Whoever was announced as the
    /// same import and comes second gets what the first has done.
    ///
    /// Errors: [`crate::Error::Invalid`] for a category of the policy that has no name, [`crate::Error::NotFound`] for an owner or
    /// an event template that is not there.
    pub async fn begin(writer: &Writer, id: Uuid, policy: Policy) -> Result<Begun> {
        let unit = writer.begin().await?;
        announce::lock_account(&unit).await?;
        let import = announce::held(&unit, id).await?;
        match import.status {
            Status::Applying | Status::Interrupted => {
                let ledger = match &import.plan_hash {
                    Some(_) => Ledger::against_plan(&unit, id).await?,
                    None => Ledger::none(),
                };
                Self::open(unit, id, policy, ledger).await.map(|import| Begun::Mine(Box::new(import)))
            }
            _ => Ok(Begun::Over(Box::new(import))),
        }
    }

    /// Opens a unit of work that is never committed: what the import would do now.
    ///
    /// Errors: as [`Import::begin`].
    pub async fn rehearse(writer: &Writer, policy: Policy) -> Result<Self> {
        let unit = writer.begin().await?;
        announce::lock_account(&unit).await?;
        Self::open(unit, Uuid::now_v7(), policy, Ledger::spool()?).await
    }

    async fn open(unit: Unit, id: Uuid, mut policy: Policy, ledger: Ledger) -> Result<Self> {
        for name in &mut policy.categories {
            // No database of ours can hold a NUL, and this name comes from no codec.
            name.retain(|c| c != '\0');
            categories::check_name(name)?;
        }
        // A batch is small, so a connection that has died is found out as soon as that of any other unit.
        unit.take_steps().await?;
        if let Some(owner) = policy.owner {
            users::check(&unit, &[owner]).await?;
        }
        unit.prefer_indexes().await?;
        unit.sqlite_set_automerge(16).await?;
        let fields = Fields::load(&unit, policy.target).await?;
        let template = match policy.event_template {
            Some(template) => Some(Template::load(&unit, template).await?),
            None => None,
        };
        let zone = match policy.target {
            Target::Events => accounts::zone(&unit).await?,
            Target::People | Target::Stage(_) => TimeZone::UTC,
        };
        // Where there are many people already, a few more change nothing, and theirs is the widest table to count.
        let count_people_from = if unit.has_counted(MANY_PEOPLE).await? { MANY_PEOPLE * GROWTH_A_COUNT } else { 0 };
        let (events, taken, next_count) = (0, 0, BATCH);
        let (target, categories, now) = (policy.target, policy.categories.clone(), unit.now);
        let checker = Arc::new(Checker { target, categories, fields, now, zone });
        Ok(Self { id, unit, policy, checker, template, ledger, events, taken, next_count, count_people_from })
    }

    /// The id of this import.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The events that each record gets that is made or changed.
    pub fn template_events(&self) -> Vec<PlannedEvent> {
        self.template.as_ref().map(Template::events).unwrap_or_default()
    }

    /// How many events the import has made so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What tells rows that can be records from others.
    pub fn checker(&self) -> Arc<Checker> {
        Arc::clone(&self.checker)
    }

    /// Whether it is taken back in any case, and what becomes of its rows is what counts.
    pub fn is_rehearsal(&self) -> bool {
        self.ledger.is_spool()
    }

    /// Takes the next rows, at most [`BATCH`], and says what became of each, in their order.
    ///
    /// Errors: [`crate::Error::Conflict`] once twenty rows become something else than the plan says.
    ///
    /// # Panics
    /// With more rows than that.
    pub async fn rows(&mut self, rows: Vec<Checked>) -> Result<Vec<Decision>> {
        assert!(rows.len() <= BATCH, "a caller cuts its rows into batches");
        self.taken += rows.len();
        let (mut lines, mut contacts, mut of_calendar) = (Vec::with_capacity(rows.len()), Vec::new(), Vec::new());
        for Checked { row, failed_cells: _ } in rows {
            match row {
                Row::Contact(row) => {
                    lines.push(row.incoming.line);
                    contacts.push(*row);
                }
                Row::Event(row) => {
                    lines.push(row.line);
                    of_calendar.push(*row);
                }
            }
        }
        let tells = self.ledger.is_kept();
        let batch = Batch { unit: &self.unit, import: self.id, policy: &self.policy, tells };
        self.unit.pg_force_custom_plans().await?;
        let journal = Journal::new(&self.unit, self.id);
        let Applied { mut decisions, fired, mut journal } = match self.policy.target {
            Target::People => people::apply(&batch, journal, contacts).await?,
            Target::Stage(stage) => transactions::apply(&batch, stage, journal, contacts).await?,
            Target::Events => events::apply(&batch, &self.checker.zone, journal, of_calendar).await?,
        };
        if let Some(template) = &self.template {
            self.events += template.fire(&self.unit, self.policy.owner, &mut journal, &fired).await?;
        }
        journal.write().await?;
        for not_taken in decisions.iter_mut().flat_map(|decision| &mut decision.not_taken) {
            self.checker.fields.name(not_taken);
        }
        if self.ledger.is_kept() {
            let planned = decisions.iter().zip(&lines).map(|(decision, line)| PlannedRow::new(decision, *line));
            self.ledger.add(&self.unit, planned.collect()).await?;
        }
        if self.taken >= self.next_count {
            let people = if self.taken >= self.count_people_from { "people, " } else { "" };
            // However few rows there are of a large table, they are looked for all over it.
            self.unit.take_time().await?;
            self.unit.renew_statistics(&format!("{people}{WRITTEN}")).await?;
            let events = if self.policy.target == Target::Events { self.taken as u64 } else { self.events };
            self.unit.renew_statistics_of_events(events).await?;
            self.unit.take_steps().await?;
            self.next_count = self.taken * GROWTH_A_COUNT;
        }
        Ok(decisions)
    }

    /// Keeps rows that failed.
    ///
    /// Errors: as [`Import::rows`].
    pub async fn keep_failed(&mut self, rows: Vec<FailedRow>) -> Result<()> {
        let planned = |row: &FailedRow| {
            let imports::Note { row, line, field, reason } = row.note.clone();
            PlannedRow::failed(row, line, field, reason)
        };
        self.ledger.add(&self.unit, rows.iter().map(planned).collect()).await?;
        if self.ledger.is_spool() {
            return self.ledger.add_failed(&rows);
        }
        insert_errors(&self.unit, self.id, rows).await
    }

    /// Makes everything stay, with what the import was and did and one row in the outbox.
    ///
    /// Errors: [`crate::Error::Conflict`] where rows became something else than the plan says; nothing stays then.
    pub async fn commit(self, summary: Summary) -> Result<imports::Import> {
        let Self { id, unit, ledger, .. } = self;
        // The plan and the file go as a whole, and nobody gives up in the last step of so much work.
        unit.take_time().await?;
        ledger.finish(&unit).await?;
        let import = announce::held(&unit, id).await?;
        if let Some(upload) = import.upload_id {
            imports::drop_upload(&unit, id, upload).await?;
        }
        let import = imports::Import { status: Status::Applied, reason: None, upload_id: None, summary, ..import };
        store(&unit, &import, None).await?;
        unit.publish(Noun::Import, Verb::Applied, id).await?;
        unit.sqlite_set_automerge(4).await?;
        unit.commit().await?;
        Ok(import)
    }

    /// Takes everything back, and keeps what would have become of each row as a plan.
    pub async fn keep_plan(self, writer: &Writer, plan: NewPlan) -> Result<imports::Import> {
        let Self { id, unit, policy, ledger, .. } = self;
        unit.rollback().await?;
        let NewPlan { request, hash, upload, summary } = plan;
        let unit = writer.begin().await?;
        let import = imports::Import {
            id,
            user_id: unit.user(),
            status: Status::Planned,
            duplicates: policy.duplicates,
            categories: policy.categories,
            created_at: unit.now,
            request,
            plan_hash: Some(hash),
            upload_id: upload,
            reason: None,
            summary,
        };
        store(&unit, &import, None).await?;
        ledger.keep(&unit, id).await?;
        unit.commit().await?;
        Ok(import)
    }

    /// Takes everything back; it is why whoever ran it gives it up that counts.
    pub async fn abandon(self) {
        if let Err(error) = self.unit.rollback().await {
            tracing::warn!(%error, "An import cannot be taken back: {error}");
        }
    }
}

/// What a plan is kept with.
#[derive(Clone, Debug)]
pub struct NewPlan {
    /// What was asked for, a JSON object of whoever asked.
    pub request: String,
    /// The hash of its rows.
    pub hash: String,
    /// The file that it waits with.
    pub upload: Option<Uuid>,
    /// What the file is, and what the receipt would be.
    pub summary: Summary,
}
