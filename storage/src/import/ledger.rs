//! What becomes of each row, as a plan keeps it and as an apply compares it with its plan. The rows wait in a temporary file until
//! the rehearsal is taken back, so that memory does not grow with them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, Write as _};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::decision::PlannedRow;
use super::stored::{FailedRow, delete_errors, insert_errors, planned_row};
use crate::entity::import_plan_rows::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::handle::Unit;
use crate::record::BATCH;

/// How many rows that differ from the plan are named; then the import stops.
const NAMED: usize = 20;

/// What is done with the decisions about rows.
pub(super) enum Ledger {
    /// Nothing: the import has no plan and is none.
    None,
    /// They become a plan.
    Spool(BufWriter<File>),
    /// They are compared with this plan.
    Plan { import: Uuid, differences: Vec<String> },
}

/// A line of the temporary file.
#[derive(Serialize, Deserialize)]
enum Entry {
    Row(PlannedRow),
    Failed(FailedRow),
}

impl Ledger {
    pub(super) fn none() -> Self {
        Self::None
    }

    pub(super) fn spool() -> Result<Self> {
        Ok(Self::Spool(BufWriter::new(tempfile::tempfile().map_err(no_file)?)))
    }

    /// The failed rows that the plan has kept go, as the import keeps its own.
    pub(super) async fn against_plan(unit: &Unit, import: Uuid) -> Result<Self> {
        delete_errors(unit, import).await?;
        Ok(Self::Plan { import, differences: Vec::new() })
    }

    pub(super) fn is_kept(&self) -> bool {
        !matches!(self, Self::None)
    }

    pub(super) fn is_spool(&self) -> bool {
        matches!(self, Self::Spool(_))
    }

    /// Adds what became of rows. Errors: [`Error::Conflict`] once enough of them differ from the plan.
    pub(super) async fn add(&mut self, unit: &Unit, rows: Vec<PlannedRow>) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::Spool(file) => rows.into_iter().try_for_each(|row| write(file, &Entry::Row(row))),
            Self::Plan { import, differences } => {
                for rows in rows.chunks(BATCH) {
                    let planned = planned(unit, *import, rows).await?;
                    let differing = rows.iter().filter_map(|row| difference(planned.get(&row.row), row));
                    differences.extend(differing);
                }
                if differences.len() >= NAMED { Err(stale(differences)) } else { Ok(()) }
            }
        }
    }

    /// Adds failed rows as the file has them.
    pub(super) fn add_failed(&mut self, rows: &[FailedRow]) -> Result<()> {
        let Self::Spool(file) = self else { return Ok(()) };
        rows.iter().try_for_each(|row| write(file, &Entry::Failed(row.clone())))
    }

    /// Ends an apply: its plan goes. Errors: [`Error::Conflict`] where rows differ from it.
    pub(super) async fn finish(self, unit: &Unit) -> Result<()> {
        match self {
            Self::Plan { import, differences } if differences.is_empty() => forget(unit, import).await,
            Self::Plan { differences, .. } => Err(stale(&differences)),
            Self::None | Self::Spool(_) => Ok(()),
        }
    }

    /// Writes the rows of a plan.
    pub(super) async fn keep(self, unit: &Unit, import: Uuid) -> Result<()> {
        let Self::Spool(file) = self else { return Ok(()) };
        let mut file = file.into_inner().map_err(|error| no_file(error.into_error()))?;
        file.rewind().map_err(no_file)?;
        let (mut rows, mut failed) = (Vec::new(), Vec::new());
        for line in BufReader::new(file).lines() {
            let entry = serde_json::from_str(&line.map_err(no_file)?);
            match entry.map_err(|error| Error::Internal(sea_orm::DbErr::Json(error.to_string())))? {
                Entry::Row(row) => rows.push(model(unit.account, import, row)),
                Entry::Failed(row) => failed.push(row),
            }
            if rows.len() == BATCH {
                insert(unit, std::mem::take(&mut rows)).await?;
            }
            if failed.len() == BATCH {
                insert_errors(unit, import, std::mem::take(&mut failed)).await?;
            }
        }
        insert(unit, rows).await?;
        insert_errors(unit, import, failed).await
    }
}

/// Forgets the rows of a plan.
pub(super) async fn forget(unit: &Unit, import: Uuid) -> Result<()> {
    let of_plan = Entity::delete_many().filter(Column::AccountId.eq(unit.account));
    of_plan.filter(Column::ImportId.eq(import)).exec(unit.on()).await?;
    Ok(())
}

async fn planned(unit: &Unit, import: Uuid, rows: &[PlannedRow]) -> Result<HashMap<u64, PlannedRow>> {
    let numbers = rows.iter().map(|row| i64::try_from(row.row).unwrap_or(i64::MAX));
    let of_plan = Entity::find().filter(Column::AccountId.eq(unit.account)).filter(Column::ImportId.eq(import));
    let found = of_plan.filter(Column::RowNumber.is_in(numbers)).all(unit.on()).await?;
    found.into_iter().map(|row| planned_row(row).map(|row| (row.row, row))).collect()
}

fn difference(planned: Option<&PlannedRow>, now: &PlannedRow) -> Option<String> {
    match planned {
        Some(planned) if planned.does_as(now) => None,
        Some(planned) => {
            let (plan, it) = (planned.words(now.outcome), now.words(planned.outcome));
            Some(format!("row {}: the plan {plan}, and now it {it}", now.row))
        }
        None => Some(format!("row {}: the plan does not have it", now.row)),
    }
}

fn stale(differences: &[String]) -> Error {
    let named = differences.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    let more = if differences.len() >= NAMED { "; and perhaps more" } else { "" };
    let reason =
        format!("the account has changed since the plan was made, so nothing was imported; plan again: {named}{more}");
    Error::Conflict { reason }
}

async fn insert(unit: &Unit, rows: Vec<Model>) -> Result<()> {
    if !rows.is_empty() {
        Entity::insert_many(rows.into_iter().map(ActiveModel::from)).exec_without_returning(unit.on()).await?;
    }
    Ok(())
}

fn model(account_id: Uuid, import_id: Uuid, row: PlannedRow) -> Model {
    let PlannedRow { row, line, outcome, record, detail } = row;
    let detail = serde_json::to_string(&detail).expect("texts and numbers can always be written as JSON");
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Model { account_id, import_id, row_number: number(row), line: number(line), outcome, record_id: record, detail }
}

fn write(file: &mut BufWriter<File>, entry: &Entry) -> Result<()> {
    let mut line = serde_json::to_vec(entry).expect("texts and numbers can always be written as JSON");
    line.push(b'\n');
    file.write_all(&line).map_err(no_file)
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn no_file(error: std::io::Error) -> Error {
    Error::Unavailable(sea_orm::DbErr::Custom(format!("the plan cannot be kept in a temporary file: {error}")))
}
