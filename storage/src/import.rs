//! The import: many rows in one unit of work, each matched with what is there, none half done.
//!
//! [`Import::begin`] opens the unit, [`Import::check`] tells a row that can be a record from one that cannot,
//! [`Import::rows`] takes those that can batch by batch and says what became of each, and nothing stays unless
//! [`Import::commit`] ends it. The rules are those of design.md section 8.

mod journal;
mod matching;
mod people;
mod transactions;

use sea_orm::EntityTrait;
use uuid::Uuid;

use journal::Journal;
pub(crate) use matching::Candidates;
pub use matching::MatchedBy;

pub use crate::query::imports::Duplicates;

use crate::contact::Contact;
use crate::entity::{self, import_errors};
use crate::error::Result;
use crate::fold::fold;
use crate::handle::{Rows, Scope, Unit, Writer};
use crate::outbox::{Noun, Verb};
use crate::query::categories;
use crate::query::imports::{self, FailedRow, Status, Summary};
use crate::query::transactions::Stage;
use crate::value::Decimal;

/// The largest batch that [`Import::rows`] takes: 29 columns of a person times 500 rows stay under SQLite's limit of
/// 32,766 values in a statement.
pub const BATCH: usize = 500;

/// How many names of categories are made in one statement; each is a row of eight values.
const NAMES_A_STATEMENT: usize = 1_000;

/// The tables that an import writes row by row.
const WRITTEN: &str = "people, transactions, transaction_stages, item_categories, import_rows";

/// So many times more rows change what PostgreSQL's statistics say of them; it knows the size of a table without counting.
const GROWTH_A_COUNT: usize = 8;

/// What an import makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// People.
    People,
    /// A transaction in this stage a row, and its person.
    Stage(Stage),
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
}

impl Policy {
    /// The scope in which the records of a batch are read: locked where they may be changed, and shared where they get a
    /// transaction, which nobody sees until the import ends, so that nobody renames or deletes its person meanwhile.
    fn scope<'u>(&self, unit: &'u Unit) -> Scope<'u> {
        match (self.duplicates, self.target) {
            (Duplicates::Ignore, Target::People) => unit.scope(),
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
    /// The id that the row gives for its record, in this account or another.
    pub id: Option<Uuid>,
    /// The id that a row of a stage gives for its person.
    pub person_id: Option<Uuid>,
    /// The contact data of the row.
    pub contact: Contact,
    /// Lines for the notes of a record that the row creates.
    pub foreign_notes: Option<String>,
    /// The names of the row's categories.
    pub categories: Vec<String>,
    /// Value, probability and more info, as far as the row has them; only read for a stage.
    pub terms: IncomingTerms,
}

/// What a row says of a transaction; `None` is an empty cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of `Terms`")]
pub struct IncomingTerms {
    pub value: Option<Decimal>,
    pub probability: Option<Decimal>,
    pub more_info: Option<String>,
}

/// A row that could be a record: what is wrong with a row never depends on what the database holds.
#[derive(Clone, Debug)]
pub struct Checked(Incoming);

impl Checked {
    /// The number of the row.
    pub fn row(&self) -> u64 {
        self.0.row
    }
}

/// Why a row cannot be a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The GraphQL name of the field at fault, where there is one.
    pub field: Option<&'static str>,
    /// What is wrong and what would have been right.
    pub reason: String,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A record was made.
    Created,
    /// A record was changed.
    Updated,
    /// The record is there, and the row says nothing new.
    Unchanged,
    /// The row was left out, for this reason.
    Skipped(String),
}

/// A running import. It holds the one writer of SQLite, so whoever runs it has the file at hand.
pub struct Import {
    id: Uuid,
    unit: Unit,
    policy: Policy,
    /// How many rows it has taken, and after how many PostgreSQL counts them next.
    taken: usize,
    next_count: usize,
}

impl Import {
    /// Opens the unit of work.
    ///
    /// Errors: [`crate::Error::Invalid`] for a category of the policy that has no name.
    pub async fn begin(writer: &Writer, mut policy: Policy) -> Result<Self> {
        for name in &mut policy.categories {
            // No database of ours can hold a NUL, and this name comes from no codec.
            name.retain(|c| c != '\0');
            categories::check_name(name)?;
        }
        let unit = writer.begin().await?;
        unit.prefer_indexes().await?;
        Ok(Self { id: Uuid::now_v7(), unit, policy, taken: 0, next_count: BATCH })
    }

    /// The id of this import.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Whether a row could be a record.
    pub fn check(&self, mut incoming: Incoming) -> std::result::Result<Checked, Failure> {
        incoming.categories.extend(self.policy.categories.iter().cloned());
        categories::check_count(&incoming.categories)?;
        for name in &incoming.categories {
            categories::check_name(name)?;
        }
        incoming.contact = std::mem::take(&mut incoming.contact).cleaned()?;
        // The foreign lines may bring the notes over their limit.
        created_contact(&incoming).cleaned()?;
        if let Target::Stage(_) = self.policy.target {
            incoming.terms = transactions::checked_terms(&incoming.terms)?;
        }
        Ok(Checked(incoming))
    }

    /// Takes the next rows, at most [`BATCH`], and says what became of each, in their order.
    ///
    /// # Panics
    /// With more rows than that.
    pub async fn rows(&mut self, rows: Vec<Checked>) -> Result<Vec<Outcome>> {
        assert!(rows.len() <= BATCH, "a caller cuts its rows into batches");
        self.taken += rows.len();
        let rows = rows.into_iter().map(|Checked(row)| row).collect();
        let journal = Journal::new(&self.unit, self.id);
        let outcomes = match self.policy.target {
            Target::People => people::apply(&self.unit, &self.policy, journal, rows).await?,
            Target::Stage(stage) => transactions::apply(&self.unit, &self.policy, stage, journal, rows).await?,
        };
        if self.taken >= self.next_count {
            self.unit.renew_statistics(WRITTEN).await?;
            self.next_count = self.taken * GROWTH_A_COUNT;
        }
        Ok(outcomes)
    }

    /// Keeps rows that failed.
    pub async fn keep_failed(&mut self, rows: Vec<FailedRow>) -> Result<()> {
        let mut rows = rows.into_iter().map(|row| imports::error_row(self.unit.account, self.id, row)).peekable();
        while rows.peek().is_some() {
            let some = rows.by_ref().take(BATCH).map(import_errors::ActiveModel::from);
            import_errors::Entity::insert_many(some).exec_without_returning(self.unit.on()).await?;
        }
        Ok(())
    }

    /// Makes everything stay, with what the import was and did and one row in the outbox.
    pub async fn commit(self, summary: Summary) -> Result<imports::Import> {
        let Self { id, unit, policy, taken: _, next_count: _ } = self;
        let Policy { target: _, duplicates, categories } = policy;
        let import = imports::Import {
            id,
            user_id: unit.user(),
            status: Status::Applied,
            duplicates,
            categories,
            created_at: unit.now,
            summary,
        };
        let row = entity::imports::ActiveModel::from(imports::row(unit.account, import.clone()));
        entity::imports::Entity::insert(row).exec_without_returning(unit.on()).await?;
        unit.publish(Noun::Import, Verb::Applied, id).await?;
        unit.commit().await?;
        Ok(import)
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::Invalid { field, reason } => Self { field, reason },
            other => Self { field: None, reason: other.to_string() },
        }
    }
}

/// Records with the ids of the categories whose names they have; categories that are not there are made. A batch may
/// have more names than a statement has values.
async fn in_categories(unit: &Unit, named: &[(Uuid, String)]) -> Result<Vec<(Uuid, Uuid)>> {
    let mut pairs = Vec::with_capacity(named.len());
    for named in named.chunks(NAMES_A_STATEMENT) {
        let ids = categories::ensure(unit, named.iter().map(|(_, name)| name.as_str())).await?;
        pairs.extend(named.iter().map(|(record, name)| (*record, ids[&fold(name)])));
    }
    Ok(pairs)
}

/// The contact of a record that a row creates: foreign values become lines of its notes.
fn created_contact(incoming: &Incoming) -> Contact {
    let mut contact = incoming.contact.clone();
    if let Some(lines) = &incoming.foreign_notes {
        contact.notes = Some(match contact.notes.take() {
            Some(notes) => format!("{notes}\n{lines}"),
            None => lines.clone(),
        });
    }
    contact
}

/// The contact that a record would have after a row; under [`Duplicates::Ignore`] what replacing would give, which
/// tells whether the row says anything new.
fn combined(policy: Duplicates, current: &Contact, incoming: &Incoming) -> Contact {
    let mut row = incoming.contact.clone();
    if current.notes == created_contact(incoming).notes {
        // The record was made by this very row: its foreign lines are no news.
        row.notes.clone_from(&current.notes);
    }
    match policy {
        Duplicates::Merge => crate::query::transactions::filled(current.clone(), row),
        Duplicates::Ignore | Duplicates::Replace => crate::query::transactions::filled(row, current.clone()),
    }
}
