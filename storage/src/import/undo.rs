//! Undo and redo: taking an import's layer out of every record that it made or changed, and putting it back.
//!
//! Each field of a record is a stack: what it held first, then a layer for each import that changed it and for each edit of a user,
//! in the order of the record's versions. What the field holds is its uppermost layer. An undo takes the layers of one import out,
//! wherever they lie; edits stay. A record that an import made is there while that import is applied, or a later one that changed it
//! is, or somebody has edited it, or transactions, events or messages belong to it. So imports can be undone in any order, at any
//! time, and an undo can be taken back. All of it is one transaction.

mod allowed;
mod layers;
mod memberships;
mod presence;

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::announce::{held, take_turn};
use crate::error::{Error, Result};
use crate::handle::{Merging, Unit, Writer};
use crate::item::Item;
use crate::outbox::{Noun, Verb};
use crate::query::imports::{self, Status};
use crate::value::Timestamp;

/// How many rows of the import one statement goes through.
const ROWS_A_STATEMENT: i64 = 5_000;

/// How many of the things that stay a report names.
const NAMED: usize = 1_000;

/// What an undo or a redo did, or would do.
#[derive(Clone, Debug)]
pub struct Report {
    /// The import, as it is afterwards.
    pub import: imports::Import,
    /// How many records that the import made go to the trash, or come back.
    pub removed: u64,
    /// How many records that were there before get back what they held, or what the import put there.
    pub restored: u64,
    /// How many things stay as they are, although the import made or changed them.
    pub kept: u64,
    /// The first 1,000 of those.
    pub keeps: Vec<Kept>,
}

/// Something that stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The record.
    pub item: Item,
    /// What it is called.
    pub name: String,
    /// Why it stays.
    pub reason: KeptReason,
}

/// Why something stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptReason {
    /// Somebody has changed this field since: the field stays, and a record that the import made stays whole.
    Edited {
        /// The field by its GraphQL name, or `custom:` and the id of a custom field.
        field: String,
        /// Who; nobody for Cairn itself.
        by: Option<Uuid>,
        /// When.
        at: Timestamp,
    },
    /// A later import, which is applied, has changed the record; it goes with that one.
    Imported(Uuid),
    /// The person has transactions since.
    Transactions,
    /// Events belong to the record since.
    Events,
    /// Messages belong to the record since.
    Messages,
    /// Somebody has deleted the record since: there is nothing to take back.
    Deleted,
    /// What would be put back is not possible any more, as somebody has changed what the account keeps: the field stays.
    NotAllowed {
        /// The field by its GraphQL name, `custom:` and the id of a custom field, or [`super::Change::CATEGORIES`].
        field: String,
        /// What stands in the way, and what would be right.
        why: String,
    },
}

/// Takes an import back, in one transaction: what it made goes, what it changed gets back what it held, but for what somebody has
/// changed since.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] for an import that is not applied.
pub async fn undo(writer: &Writer, import: Uuid) -> Result<Report> {
    writer.write(|unit| async move { step(unit.as_ref(), import, Step::Undo).await }).await
}

/// What [`undo`] would do now: the same, and taken back. Errors: as there.
pub async fn preview_undo(writer: &Writer, import: Uuid) -> Result<Report> {
    let unit = writer.begin().await?;
    let report = step(&unit, import, Step::Undo).await?;
    unit.rollback().await?;
    Ok(report)
}

/// Puts an undone import back, in one transaction. Errors: [`Error::NotFound`], [`Error::Conflict`] for one that is not undone.
pub async fn redo(writer: &Writer, import: Uuid) -> Result<Report> {
    writer.write(|unit| async move { step(unit.as_ref(), import, Step::Redo).await }).await
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Undo,
    Redo,
}

/// An undo or a redo that is under way.
struct Work<'u> {
    unit: &'u Unit,
    import: Uuid,
    step: Step,
    /// What fields allow now.
    allowed: allowed::Allowed,
    /// The number of the import's last row.
    last_row: i64,
    removed: u64,
    restored: u64,
    kept: u64,
    keeps: Vec<Kept>,
}

async fn step(unit: &Unit, id: Uuid, step: Step) -> Result<Report> {
    take_turn(unit).await?;
    let import = held(unit, id).await?;
    let status = match (step, import.status) {
        (Step::Undo, Status::Applied) => Status::Undone,
        (Step::Redo, Status::Undone) => Status::Applied,
        (Step::Undo, status) => return Err(cannot("only an applied import can be undone", status)),
        (Step::Redo, status) => return Err(cannot("only an undone import can be put back", status)),
    };
    if import.request == "{}" {
        let reason = "this import was made before Cairn kept what an import changes, so it cannot be undone";
        return Err(Error::Conflict { reason: reason.to_owned() });
    }
    unit.prefer_indexes().await?;
    unit.merge_texts(Merging::Rarely).await?;
    let import = imports::Import { status, ..import };
    super::store(unit, &import, None).await?;
    let allowed = allowed::Allowed::load(unit).await?;
    let mut work =
        Work { unit, import: id, step, allowed, last_row: 0, removed: 0, restored: 0, kept: 0, keeps: Vec::new() };
    work.last_row = work.last_row().await?;
    match step {
        Step::Undo => {
            work.layers().await?;
            work.memberships().await?;
            work.take_away().await?;
        }
        Step::Redo => {
            work.bring_back().await?;
            work.layers().await?;
            work.memberships().await?;
            if work.removed > 0 {
                work.renew_names().await?;
            }
        }
    }
    work.steps().await?;
    work.categories().await?;
    let verb = if step == Step::Undo { Verb::Undone } else { Verb::Redone };
    unit.publish(Noun::Import, verb, id).await?;
    unit.merge_texts(Merging::AsUsual).await?;
    let Work { removed, restored, kept, keeps, .. } = work;
    Ok(Report { import, removed, restored, kept, keeps })
}

/// The moment of a change in a statement whose parameter is now: not before that of the row's last change.
fn at(last: &str, now: &str) -> String {
    format!("CASE WHEN {last} > {now} THEN {last} ELSE {now} END")
}

fn cannot(rule: &str, status: Status) -> Error {
    let status = match status {
        Status::Applied => "applied",
        Status::Planned => "a plan",
        Status::Applying => "still running",
        Status::Failed => "failed: nothing of it is in",
        Status::Cancelled => "cancelled: nothing of it is in",
        Status::Interrupted => "interrupted: nothing of it is in",
        Status::Undone => "undone already",
    };
    Error::Conflict { reason: format!("{rule}, and this one is {status}") }
}

impl Work<'_> {
    /// Notes down that something stays.
    fn keep(&mut self, kept: Kept) {
        self.kept += 1;
        if self.keeps.len() < NAMED {
            self.keeps.push(kept);
        }
    }

    async fn last_row(&self) -> Result<i64> {
        let query = "SELECT COALESCE(MAX(row_number), 0) AS number FROM import_records WHERE account_id = $1 AND import_id = $2";
        Ok(self.rows::<Number>(query, []).await?.first().map_or(0, |row| row.number))
    }

    /// The `number` of such a query.
    async fn number<const N: usize>(&self, sql: &str, more: [Value; N]) -> Result<u64> {
        Ok(self.rows::<Number>(sql, more).await?.first().map_or(0, |row| row.number.unsigned_abs()))
    }

    /// The ranges of rows that one statement goes through: behind the first number, up to the second.
    fn ranges(&self) -> impl Iterator<Item = (i64, i64)> + use<> {
        let last = self.last_row;
        (0..)
            .map(|range| range * ROWS_A_STATEMENT)
            .take_while(move |after| *after < last)
            .map(|after| (after, after + ROWS_A_STATEMENT))
    }

    /// The records that some rows of the import made, changed or met and that meet a condition on the columns of the journal, each once,
    /// in the order of the rows.
    async fn records(&self, condition: &str, (after, upto): (i64, i64)) -> Result<Vec<Uuid>> {
        let query = format!(
            "SELECT record_id AS id FROM import_records
             WHERE account_id = $1 AND import_id = $2 AND row_number > $3 AND row_number <= $4 AND {condition}
             ORDER BY row_number, record_id"
        );
        let mut records = self.ids(&query, [after.into(), upto.into()]).await?;
        let mut seen = HashSet::with_capacity(records.len());
        records.retain(|record| seen.insert(*record));
        Ok(records)
    }

    /// The ids that such a statement answers.
    async fn ids(&self, sql: &str, more: impl IntoIterator<Item = Value>) -> Result<Vec<Uuid>> {
        Ok(self.rows::<Id>(sql, more).await?.into_iter().map(|row| row.id).collect())
    }

    /// The condition that a column holds one of the ids of [`list`], which is the parameter of that number. Whoever plans the statement
    /// does not see how many they are, so it follows the index of the column, whatever statistics say.
    fn these(&self, column: &str, parameter: u8) -> String {
        if self.unit.is_sqlite() {
            format!("{column} IN (SELECT unhex(value, '-') FROM json_each(${parameter}))")
        } else {
            format!("{column} = ANY(ARRAY(SELECT json_array_elements_text(${parameter}::json)::uuid))")
        }
    }

    /// Runs a statement whose `$1` is the account and whose `$2` is the import, and answers how many rows it wrote.
    async fn run<const N: usize>(&self, sql: &str, more: [Value; N]) -> Result<u64> {
        Ok(self.unit.on().execute_raw(self.statement(sql, more)).await?.rows_affected())
    }

    /// The rows of such a query.
    async fn rows<T: FromQueryResult>(&self, sql: &str, more: impl IntoIterator<Item = Value>) -> Result<Vec<T>> {
        Ok(T::find_by_statement(self.statement(sql, more)).all(self.unit.on()).await?)
    }

    fn statement(&self, sql: &str, more: impl IntoIterator<Item = Value>) -> Statement {
        // Without statistics SQLite would go through the whole account to find what belongs to one record.
        let indexes = [
            ("{by_record}", " INDEXED BY import_records_by_record"),
            ("{by_item}", " INDEXED BY item_categories_by_item"),
            ("{by_undone_item}", " INDEXED BY undone_categories_by_item"),
        ];
        let index = |index: &'static str| if self.unit.is_sqlite() { index } else { "" };
        let sql = indexes.into_iter().fold(sql.to_owned(), |sql, (place, name)| sql.replace(place, index(name)));
        let values = [Value::from(self.unit.account), Value::from(self.import)].into_iter().chain(more);
        Statement::from_sql_and_values(self.unit.on().get_database_backend(), sql, values)
    }
}

#[derive(FromQueryResult)]
struct Number {
    number: i64,
}

#[derive(FromQueryResult)]
struct Id {
    id: Uuid,
}

/// Ids as one parameter, for [`Work::these`].
fn list(ids: &[Uuid]) -> Value {
    serde_json::to_string(ids).expect("ids can always be written as JSON").into()
}
