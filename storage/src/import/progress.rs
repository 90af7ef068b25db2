//! How far a running import is, for whoever does not run it; and the wish that it stop.
//!
//! On PostgreSQL any gateway of the account can ask. On SQLite the import holds the one writer, so only its own process knows.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::entity::import_progress::{ActiveModel, Column, Entity};
use crate::error::Result;
use crate::handle::{Reader, Writer};

/// What an import is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It waits for its turn.
    #[default]
    Waiting,
    /// It reads the file and writes its rows.
    Reading,
    /// It makes them stay.
    Ending,
    /// It is being taken back, or put back.
    Undoing,
}

impl Phase {
    const ALL: [Self; 4] = [Self::Waiting, Self::Reading, Self::Ending, Self::Undoing];

    fn number(self) -> i16 {
        match self {
            Self::Waiting => 0,
            Self::Reading => 1,
            Self::Ending => 2,
            Self::Undoing => 3,
        }
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// How many bytes of the file are behind it.
    pub done: u64,
    /// How many the file has; 0 where that is not known.
    pub total: u64,
    /// How many rows are behind it.
    pub rows: u64,
}

/// Tells other gateways how far an import is, and answers whether somebody wants it to stop. On SQLite it does nothing.
pub async fn report_progress(writer: &Writer, import: Uuid, progress: Progress) -> Result<bool> {
    let Some(on) = writer.beside() else { return Ok(false) };
    let Progress { phase, done, total, rows } = progress;
    let number = |value: u64| Set(i64::try_from(value).unwrap_or(i64::MAX));
    let row = ActiveModel {
        account_id: Set(writer.account()),
        import_id: Set(import),
        phase: Set(phase.number()),
        done: number(done),
        total: number(total),
        rows_done: number(rows),
        cancelled: Set(0),
        updated_at: Set(writer.now()),
    };
    let again = OnConflict::columns([Column::AccountId, Column::ImportId])
        .update_columns([Column::Phase, Column::Done, Column::Total, Column::RowsDone, Column::UpdatedAt])
        .to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(on).await?;
    let found = Entity::find()
        .filter(Column::AccountId.eq(writer.account()))
        .filter(Column::ImportId.eq(import))
        .one(on)
        .await?;
    Ok(found.is_some_and(|row| row.cancelled != 0))
}

/// How far a running import is, as its gateway has told; `None` where it has told nothing.
pub async fn progress(reader: &Reader, import: Uuid) -> Result<Option<Progress>> {
    let scope = reader.scope();
    let query = Entity::find().filter(Column::AccountId.eq(scope.account)).filter(Column::ImportId.eq(import));
    let read = |row: crate::entity::import_progress::Model| Progress {
        phase: Phase::ALL.into_iter().find(|phase| phase.number() == row.phase).unwrap_or_default(),
        done: row.done.unsigned_abs(),
        total: row.total.unsigned_abs(),
        rows: row.rows_done.unsigned_abs(),
    };
    Ok(query.one(&scope.on).await?.map(read))
}

/// Asks the gateway that runs an import to stop it. On SQLite it does nothing.
pub async fn cancel(writer: &Writer, import: Uuid) -> Result<()> {
    let Some(on) = writer.beside() else { return Ok(()) };
    let row = ActiveModel {
        account_id: Set(writer.account()),
        import_id: Set(import),
        phase: Set(Phase::Waiting.number()),
        done: Set(0),
        total: Set(0),
        rows_done: Set(0),
        cancelled: Set(1),
        updated_at: Set(writer.now()),
    };
    let again = OnConflict::columns([Column::AccountId, Column::ImportId]).update_column(Column::Cancelled).to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(on).await?;
    Ok(())
}
