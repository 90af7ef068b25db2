//! The import: many rows in one unit of work, each matched with what is there, none half done.
//!
//! [`announce`] lets everybody see that an import is about to run, [`Import::begin`] waits for the account's turn and opens the unit,
//! [`Checker::check`] tells a row that can be a record from one that cannot, [`Import::rows`] takes those that can batch by batch and
//! says what became of each, and nothing stays unless [`Import::commit`] ends it. A plan is the same with [`Import::rehearse`] and
//! [`Import::keep_plan`]. [`undo`] takes an import back.

mod announce;
mod decision;
mod events;
mod fire;
mod journal;
mod ledger;
mod matching;
mod people;
mod progress;
mod telling;
mod transactions;
mod undo;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, Iterable, QueryFilter};
use uuid::Uuid;

pub(crate) use announce::Running;
pub use announce::{Announcement, Begun, announce, announce_plan, end, sweep};
pub use decision::{Change, Decision, Detail, Duplicate, NotTaken, Original, Outcome, PlanHash, PlannedRow};
use events::CheckedEvent;
pub use events::{IncomingEvent, IncomingSubject, IncomingTime};
pub use fire::PlannedEvent;
use fire::{Fired, Template};
use journal::Journal;
use ledger::Ledger;
pub(crate) use matching::Candidates;
pub use matching::MatchedBy;
pub use progress::{Phase, Progress, cancel, progress, report_progress};
pub use undo::{Kept, KeptReason, Report, preview_undo, redo, undo};

pub use crate::query::imports::Duplicates;

use crate::contact::{self, Contact, Keys};
use crate::entity::{self, import_errors};
use crate::error::Result;
use crate::fold::fold;
use crate::handle::{Merging, Rows, Scope, Unit, Writer};
use crate::item::ItemKind;
use crate::outbox::{Noun, Verb};
use crate::query::custom_fields::{self, CustomField};
use crate::query::imports::{self, FailedRow, Status, Summary};
use crate::query::transactions::Stage;
use crate::query::{accounts, categories, custom_values, users};
use crate::text::plain;
use crate::value::{Decimal, Timestamp};

/// The largest batch that [`Import::rows`] takes: 32 columns of a person times 900 rows stay under SQLite's limit of 32,766 values
/// in a statement. A statement has a price of its own: what it would have to take back, and a segment of the full-text index.
pub const BATCH: usize = 900;

/// How many names of categories are made in one statement; each is a row of eight values.
const NAMES_A_STATEMENT: usize = 1_000;

/// The tables that an import writes row by row, beside the people.
const WRITTEN: &str = "transactions, transaction_stages, item_categories, import_records";

/// So many people of an account are many to PostgreSQL's planner.
const MANY_PEOPLE: usize = 20_000;

/// So many times more rows change what PostgreSQL's statistics say of them; it knows the size of a table without counting.
const GROWTH_A_COUNT: usize = 8;

/// What becomes of a cell that its field cannot hold.
const KEPT: &str = "the row goes in without it, and a new person has it in their notes";

/// What an import makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// People.
    People,
    /// A transaction in this stage a row, and its person.
    Stage(Stage),
    /// Events.
    Events,
}

/// How an import is to be done.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What it makes.
    pub target: Target,
    /// What happens to duplicates.
    pub duplicates: Duplicates,
    /// Categories for every row that is created or updated, beside those of the row.
    pub categories: Vec<String>,
    /// Value and probability of transactions whose rows have none; more info is nobody's default.
    pub defaults: IncomingTerms,
    /// Who counts as the creator of what is made, and manages its transactions; the user who imports where it is empty.
    pub owner: Option<Uuid>,
    /// The event template that is fired on each record that is made or changed.
    pub event_template: Option<Uuid>,
    /// What reads the rules of series, which are only kept here.
    pub first_of_series: Option<FirstOfSeries>,
}

/// When the first of a series that takes place begins and ends: of these lines, of which the first begins then so far, with times that have
/// no zone in this one, and with these of it, called as `recurrence_id` says, events of their own. `None` where that stays as it is.
pub type FirstOfSeries = fn(&str, IncomingTime, &TimeZone, &[String]) -> Option<(IncomingTime, Option<IncomingTime>)>;

impl Policy {
    /// The plainest: no categories, defaults, owner or events, and nothing that reads rules.
    pub fn new(target: Target, duplicates: Duplicates) -> Self {
        let (categories, defaults) = (Vec::new(), IncomingTerms::default());
        Self { target, duplicates, categories, defaults, owner: None, event_template: None, first_of_series: None }
    }

    /// The scope in which the records of a batch are read: locked where they may be changed, and shared where they get a
    /// transaction, which nobody sees until the import ends, so that nobody renames or deletes its person meanwhile.
    fn scope<'u>(&self, unit: &'u Unit) -> Scope<'u> {
        match (self.duplicates, self.target) {
            (Duplicates::Ignore, Target::People | Target::Events) => unit.scope(),
            (Duplicates::Ignore, Target::Stage(_)) => Scope { rows: Rows::Shared, ..unit.scope() },
            (Duplicates::Replace | Duplicates::Merge, _) => unit.locking_scope(),
        }
    }
}

/// A row as it arrives.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    /// Its number in the file, from 1.
    pub row: u64,
    /// The physical line where it begins, from 1.
    pub line: u64,
    /// The id that the row gives for its record, in this account or another.
    pub id: Option<Uuid>,
    /// The id that a row of a stage gives for its person.
    pub person_id: Option<Uuid>,
    /// When its record was made and changed, where the row says it.
    pub times: RecordTimes,
    /// The contact data of the row.
    pub contact: Contact,
    /// Lines for the notes of a record that the row creates.
    pub foreign_notes: Option<String>,
    /// The names of the row's categories.
    pub categories: Vec<String>,
    /// Value, probability and more info, as far as the row has them; only read for a stage.
    pub terms: IncomingTerms,
    /// What another CRM says that calls a transaction a deal; only read for a stage.
    pub deal: Option<IncomingDeal>,
    /// Names of custom fields and what the row has in them.
    pub custom: Vec<(String, String)>,
    /// What becomes of `custom`: the values of the record by the ids of their fields, as those can hold them. [`Checker::check`]
    /// fills it.
    pub values: Vec<(Uuid, String)>,
    /// Likewise the values of the person.
    pub person_values: Vec<(Uuid, String)>,
}

/// When a record was made and when it was changed last, as a file of ours says it. A record that a row creates keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordTimes {
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was changed last.
    pub updated_at: Option<Timestamp>,
}

impl RecordTimes {
    /// When a record that is made now was made and changed: never later than now, nor changed before it was made.
    fn of_new(self, now: Timestamp) -> (Timestamp, Timestamp) {
        let created_at = self.created_at.map_or(now, |at| at.min(now));
        (created_at, self.updated_at.map_or(created_at, |at| at.min(now)).max(created_at))
    }
}

/// What tells a deal from the others of its person, and where it belongs whatever the file is imported into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncomingDeal {
    /// A line of its more info: a transaction of the person means the same deal if it has this line, whatever its stage. Without one the
    /// row means the newest transaction of the person in its stage.
    pub line: Option<String>,
    /// The stage of a deal that is won or lost.
    pub stage: Option<Stage>,
}

/// What a row says of a transaction; `None` is an empty cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of `Terms`")]
pub struct IncomingTerms {
    pub value: Option<Decimal>,
    pub probability: Option<Decimal>,
    pub more_info: Option<String>,
}

/// A row that could be a record: what is wrong with a row never depends on the records that the database holds.
#[derive(Clone, Debug)]
pub struct Checked {
    row: Row,
    /// The cells of which nothing could be made; the row goes in without them.
    pub failed_cells: Vec<Failure>,
}

#[derive(Clone, Debug)]
enum Row {
    Contact(Box<CheckedContact>),
    Event(Box<CheckedEvent>),
}

impl Checked {
    /// What its record is called.
    pub fn name(&self) -> String {
        match &self.row {
            Row::Contact(row) => row.incoming.contact.display_name(),
            Row::Event(row) => row.title().to_owned(),
        }
    }
}

/// A row about a person. To fold a contact takes longer than whatever else is done about a row, and needs no database either.
#[derive(Clone, Debug)]
struct CheckedContact {
    incoming: Incoming,
    keys: Keys,
}

/// Why a row cannot be a record, or a cell no value of its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The GraphQL name of the field at fault, or the name of a custom field, where there is one.
    pub field: Option<String>,
    /// What is wrong and what would have been right.
    pub reason: String,
}

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

/// Tells rows that can be records from those that cannot. It needs no database, so rows can be checked while others are written.
pub struct Checker {
    target: Target,
    categories: Vec<String>,
    fields: Fields,
    now: Timestamp,
    /// The time zone of the account, for events.
    zone: TimeZone,
}

/// The custom fields that rows may fill, with the options of those that are a choice.
struct Fields {
    of_record: Vec<CustomField>,
    of_person: Vec<CustomField>,
    options: HashMap<Uuid, Vec<String>>,
}

/// What a batch writes for.
struct Batch<'u> {
    unit: &'u Unit,
    import: Uuid,
    policy: &'u Policy,
    /// Whether it is told what new records will hold.
    tells: bool,
}

/// What a batch has done.
struct Applied<'u> {
    decisions: Vec<Decision>,
    /// What it has made or changed.
    fired: Vec<Fired>,
    journal: Journal<'u>,
}

impl Import {
    /// Waits for the turn of the account and opens the unit of work for an import that was announced. Whoever was announced as the
    /// same import and comes second gets what the first has done.
    ///
    /// Errors: [`crate::Error::Invalid`] for a category of the policy that has no name, [`crate::Error::NotFound`] for an owner or
    /// an event template that is not there.
    pub async fn begin(writer: &Writer, id: Uuid, policy: Policy) -> Result<Begun> {
        let unit = writer.begin().await?;
        announce::take_turn(&unit).await?;
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
        announce::take_turn(&unit).await?;
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
        unit.merge_texts(Merging::Rarely).await?;
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
        self.unit.plan_anew().await?;
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
        unit.merge_texts(Merging::AsUsual).await?;
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

impl Checker {
    /// Whether a row could be a record. What a cell holds that its field cannot becomes a line of the notes, and the cell is told of.
    pub fn check(&self, mut incoming: Incoming) -> std::result::Result<Checked, Failure> {
        incoming.categories.extend(self.categories.iter().cloned());
        categories::check_count(&incoming.categories)?;
        for name in &incoming.categories {
            categories::check_name(name)?;
        }
        let mut failed_cells = Vec::new();
        incoming.read_email(&mut failed_cells);
        self.fields.check(&mut incoming, &mut failed_cells);
        incoming.contact = std::mem::take(&mut incoming.contact).cleaned()?;
        if let Some(notes) = incoming.foreign_notes.take() {
            incoming.foreign_notes = Some(plain(&notes).into_owned());
            // The foreign lines may bring the notes over their limit.
            created_contact(&incoming).cleaned()?;
        }
        if let Target::Stage(_) = self.target {
            incoming.terms = transactions::checked_terms(&incoming.terms)?;
        }
        let keys = incoming.contact.keys();
        Ok(Checked { row: Row::Contact(Box::new(CheckedContact { incoming, keys })), failed_cells })
    }

    /// Whether a row could be an event; one without a date is today's.
    pub fn check_event(&self, mut incoming: IncomingEvent) -> std::result::Result<Checked, Failure> {
        incoming.categories.extend(self.categories.iter().cloned());
        let row = CheckedEvent::new(incoming, self.now, &self.zone)?;
        Ok(Checked { row: Row::Event(Box::new(row)), failed_cells: Vec::new() })
    }
}

impl Incoming {
    /// Reads the e-mail address as people write it. What is none goes to the notes; a person of whom nothing else is known is called by it.
    fn read_email(&mut self, failed_cells: &mut Vec<Failure>) {
        match self.contact.read_email() {
            Ok(others) => others.iter().for_each(|line| self.note(line)),
            Err(text) => {
                self.contact.email = None;
                if !self.contact.is_known() {
                    // Else the whole row would fail for this cell.
                    self.contact.name = Some(contact::cut_name(&text));
                }
                self.note(&contact::email_line(&text));
                let reason = format!("{}; {KEPT}", contact::no_address(&text));
                failed_cells.push(Failure { field: Some("email".to_owned()), reason });
            }
        }
    }

    /// Adds a line for the notes of a record that the row creates.
    fn note(&mut self, line: &str) {
        match &mut self.foreign_notes {
            Some(notes) => {
                notes.push('\n');
                notes.push_str(line);
            }
            none => *none = Some(line.to_owned()),
        }
    }
}

impl Fields {
    /// The fields that records of the target have, and those of people. They stay as they are until the unit ends.
    async fn load(unit: &Unit, target: Target) -> Result<Self> {
        let scope = Scope { rows: Rows::Shared, ..unit.scope() };
        let all = custom_fields::live(&scope).all(&scope.on).await?;
        let ids: Vec<_> = all.iter().map(|field| field.id).collect();
        let options = custom_fields::options_in(&unit.scope(), &ids).await?;
        let (of_person, of_transaction): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|field| field.target == custom_fields::Target::Person);
        let of_record = match target {
            Target::People | Target::Events => Vec::new(),
            Target::Stage(_) => of_transaction,
        };
        Ok(Self { of_record, of_person, options })
    }

    /// Calls a custom field by its name in what is told of a row.
    fn name(&self, not_taken: &mut NotTaken) {
        let Some(id) = not_taken.field.strip_prefix(Change::CUSTOM) else { return };
        let mut fields = self.of_record.iter().chain(&self.of_person);
        if let Some(field) = fields.find(|field| field.id.to_string() == id) {
            not_taken.field.clone_from(&field.name);
        }
    }

    /// Sorts the row's custom values to the record and its person, as their fields can hold them. A field that both have is the
    /// record's.
    fn check(&self, incoming: &mut Incoming, failed_cells: &mut Vec<Failure>) {
        for (name, text) in std::mem::take(&mut incoming.custom) {
            let key = fold(&name);
            let named = |fields: &[CustomField]| fields.iter().find(|field| field.name_key == key).cloned();
            let (field, values) = match (named(&self.of_record), named(&self.of_person)) {
                (Some(field), _) => (field, &mut incoming.values),
                (None, Some(field)) => (field, &mut incoming.person_values),
                (None, None) => continue,
            };
            let options = self.options.get(&field.id).map(Vec::as_slice).unwrap_or_default();
            match custom_values::parse(&field, options, &text) {
                Ok(value) => values.extend(value.map(|value| (field.id, value))),
                Err(error) => {
                    incoming.note(&format!("{name}: {}", text.trim()));
                    let reason = format!("{}; {KEPT}", Failure::from(error).reason);
                    failed_cells.push(Failure { field: Some(name), reason });
                }
            }
        }
    }
}

impl Batch<'_> {
    /// Puts records into the categories of these names; those that are not there are made. A batch may have more names than a
    /// statement has values.
    async fn add_categories(&self, kind: ItemKind, named: &[(Uuid, String)]) -> Result<()> {
        let mut pairs = Vec::with_capacity(named.len());
        for named in named.chunks(NAMES_A_STATEMENT) {
            let wanted = named.iter().map(|(_, name)| name.as_str());
            let (ids, made) = categories::ensure_noting(self.unit, wanted).await?;
            pairs.extend(named.iter().map(|(record, name)| (*record, ids[&fold(name)])));
            self.note_made(&made).await?;
        }
        categories::add_by(self.unit, kind, &pairs, Some(self.import)).await
    }

    /// Notes down which categories the import has made.
    async fn note_made(&self, categories: &[Uuid]) -> Result<()> {
        if categories.is_empty() {
            return Ok(());
        }
        let rows = categories.iter().map(|category| entity::import_categories::Model {
            account_id: self.unit.account,
            import_id: self.import,
            category_id: *category,
        });
        entity::import_categories::Entity::insert_many(rows.map(entity::import_categories::ActiveModel::from))
            .exec_without_returning(self.unit.on())
            .await?;
        Ok(())
    }
}

/// Writes the row of an import, in place of the one that is there.
async fn store(unit: &Unit, import: &imports::Import, running: Option<Running>) -> Result<()> {
    use entity::imports::{ActiveModel, Column, Entity};
    let row = ActiveModel::from(imports::row(unit.account, import.clone(), running));
    let kept =
        [Column::AccountId, Column::Id, Column::UserId, Column::CreatedAt, Column::Fingerprint, Column::IdempotencyKey];
    let is_kept =
        |column: &Column| kept.iter().any(|kept| std::mem::discriminant(kept) == std::mem::discriminant(column));
    let again = OnConflict::columns([Column::AccountId, Column::Id])
        .update_columns(Column::iter().filter(|column| !is_kept(column)))
        .to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(unit.on()).await?;
    Ok(())
}

async fn insert_errors(unit: &Unit, import: Uuid, rows: Vec<FailedRow>) -> Result<()> {
    let mut rows = rows.into_iter().map(|row| imports::error_row(unit.account, import, row)).peekable();
    while rows.peek().is_some() {
        let some = rows.by_ref().take(BATCH).map(import_errors::ActiveModel::from);
        import_errors::Entity::insert_many(some).exec_without_returning(unit.on()).await?;
    }
    Ok(())
}

async fn delete_errors(unit: &Unit, import: Uuid) -> Result<()> {
    use import_errors::{Column, Entity};
    let of_import = Entity::delete_many().filter(Column::AccountId.eq(unit.account));
    of_import.filter(Column::ImportId.eq(import)).exec(unit.on()).await?;
    Ok(())
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::Invalid { field, reason } => Self { field: field.map(ToOwned::to_owned), reason },
            other => Self { field: None, reason: other.to_string() },
        }
    }
}

/// The contact of a record that a row creates: foreign values become lines of its notes.
fn created_contact(incoming: &Incoming) -> Contact {
    with_notes(incoming.contact.clone(), incoming.foreign_notes.as_deref())
}

fn with_notes(contact: Contact, more: Option<&str>) -> Contact {
    let notes = match (contact.notes, more) {
        (Some(notes), Some(more)) => Some(format!("{notes}\n{more}")),
        (notes, more) => notes.or_else(|| more.map(ToOwned::to_owned)),
    };
    Contact { notes, ..contact }
}

/// The contact that a record would have after a row; under [`Duplicates::Ignore`] what replacing would give, which
/// tells whether the row says anything new.
fn combined(policy: Duplicates, current: &Contact, incoming: &Incoming) -> Contact {
    let mut row = incoming.contact.clone();
    for ((_, given), (_, known)) in row.fields_mut().into_iter().zip(current.fields()) {
        // What was stored before line ends were of one kind is no news either.
        if let Some(known) = known.filter(|known| given.as_deref() == Some(&*plain(known))) {
            *given = Some(known.to_owned());
        }
    }
    if current.notes == created_contact(incoming).notes {
        // The record was made by this very row: its foreign lines are no news.
        row.notes.clone_from(&current.notes);
    }
    match policy {
        Duplicates::Merge => crate::query::transactions::filled(current.clone(), row),
        Duplicates::Ignore | Duplicates::Replace => crate::query::transactions::overwritten(current.clone(), row),
    }
}
