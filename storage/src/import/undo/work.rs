//! An undo or a redo that is under way, and the statements that it runs.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::allowed::Allowed;
use super::kept::Kept;
use crate::error::Result;
use crate::handle::Unit;

/// How many rows of the import one statement goes through.
const ROWS_A_STATEMENT: i64 = 5_000;

/// How many of the things that stay a report names.
pub(super) const NAMED: usize = 1_000;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Undo,
    Redo,
}

/// An undo or a redo that is under way.
pub(super) struct Work<'u> {
    pub(super) unit: &'u Unit,
    pub(super) import: Uuid,
    pub(super) step: Step,
    /// What fields allow now.
    pub(super) allowed: Allowed,
    /// The number of the import's last row.
    pub(super) last_row: i64,
    pub(super) removed: u64,
    pub(super) restored: u64,
    pub(super) kept: u64,
    pub(super) keeps: Vec<Kept>,
}

impl Work<'_> {
    /// Notes down that something stays.
    pub(super) fn keep(&mut self, kept: Kept) {
        self.kept += 1;
        if self.keeps.len() < NAMED {
            self.keeps.push(kept);
        }
    }

    pub(super) async fn last_row(&self) -> Result<i64> {
        let query = "SELECT COALESCE(MAX(row_number), 0) AS number FROM import_records WHERE account_id = $1 AND import_id = $2";
        Ok(self.rows::<Number>(query, []).await?.first().map_or(0, |row| row.number))
    }

    /// The `number` of such a query.
    pub(super) async fn number<const N: usize>(&self, sql: &str, more: [Value; N]) -> Result<u64> {
        Ok(self.rows::<Number>(sql, more).await?.first().map_or(0, |row| row.number.unsigned_abs()))
    }

    /// The ranges of rows that one statement goes through: behind the first number, up to the second.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (i64, i64)> + use<> {
        let last = self.last_row;
        (0..)
            .map(|range| range * ROWS_A_STATEMENT)
            .take_while(move |after| *after < last)
            .map(|after| (after, after + ROWS_A_STATEMENT))
    }

    /// The records that some rows of the import made, changed or met and that meet a condition on the columns of the journal, each once,
    /// in the order of the rows.
    pub(super) async fn records(&self, condition: &str, (after, upto): (i64, i64)) -> Result<Vec<Uuid>> {
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
    pub(super) async fn ids(&self, sql: &str, more: impl IntoIterator<Item = Value>) -> Result<Vec<Uuid>> {
        Ok(self.rows::<Id>(sql, more).await?.into_iter().map(|row| row.id).collect())
    }

    /// The condition that a column holds one of the ids of [`list`], which is the parameter of that number. Whoever plans the statement
    /// does not see how many they are, so it follows the index of the column, whatever statistics say.
    pub(super) fn these(&self, column: &str, parameter: u8) -> String {
        if self.unit.is_sqlite() {
            format!("{column} IN (SELECT unhex(value, '-') FROM json_each(${parameter}))")
        } else {
            format!("{column} = ANY(ARRAY(SELECT json_array_elements_text(${parameter}::json)::uuid))")
        }
    }

    /// Runs a statement whose `$1` is the account and whose `$2` is the import, and answers how many rows it wrote.
    pub(super) async fn run<const N: usize>(&self, sql: &str, more: [Value; N]) -> Result<u64> {
        Ok(self.unit.on().execute_raw(self.statement(sql, more)).await?.rows_affected())
    }

    /// The rows of such a query.
    pub(super) async fn rows<T: FromQueryResult>(
        &self,
        sql: &str,
        more: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<T>> {
        Ok(T::find_by_statement(self.statement(sql, more)).all(self.unit.on()).await?)
    }

    pub(super) fn statement(&self, sql: &str, more: impl IntoIterator<Item = Value>) -> Statement {
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
pub(super) struct Number {
    pub(super) number: i64,
}

#[derive(FromQueryResult)]
pub(super) struct Id {
    pub(super) id: Uuid,
}

/// Ids as one parameter, for [`Work::these`].
pub(super) fn list(ids: &[Uuid]) -> Value {
    serde_json::to_string(ids).expect("ids can always be written as JSON").into()
}
