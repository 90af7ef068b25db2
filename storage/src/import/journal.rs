//! The journal: which record each row of the file made or met. It is kept in the database; a batch recalls of it what
//! it needs, so that memory does not grow with the file.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::Incoming;
use crate::among;
use crate::entity::import_rows::{ActiveModel, Column, Entity, Model};
use crate::error::Result;
use crate::handle::Unit;
use crate::record::IDS_A_STATEMENT;

/// The journal of an import, as far as the current batch needs it.
pub(super) struct Journal<'u> {
    unit: &'u Unit,
    import: Uuid,
    people: HashMap<Uuid, SeenRow>,
    transactions: HashMap<Uuid, SeenRow>,
    rows: Vec<Model>,
}

/// The row that a record was made or met by, and the id that the row gave for it.
#[derive(Clone, Copy)]
pub(super) struct SeenRow {
    pub(super) row: u64,
    given: Option<Uuid>,
}

impl SeenRow {
    /// Two rows with different ids are never duplicates of each other.
    pub(super) fn may_repeat(self, given: Option<Uuid>) -> bool {
        match (self.given, given) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }
}

impl<'u> Journal<'u> {
    pub(super) fn new(unit: &'u Unit, import: Uuid) -> Self {
        Self { unit, import, people: HashMap::new(), transactions: HashMap::new(), rows: Vec::new() }
    }

    /// Recalls the rows of an import of people that earlier batches noted of these; the last row counts.
    pub(super) async fn recall_people(&mut self, people: &[Uuid]) -> Result<()> {
        let rows = self.recall(Column::RecordId, people).await?;
        self.people.extend(rows.into_iter().map(|row| (row.record_id, seen(row.row_number, row.given_id))));
        Ok(())
    }

    /// Recalls the rows of an import of a stage that earlier batches noted of these people and transactions; of a person
    /// the first row counts, of a transaction the last.
    pub(super) async fn recall_stage(&mut self, people: &[Uuid], transactions: &[Uuid]) -> Result<()> {
        for row in self.recall(Column::PersonId, people).await?.into_iter().rev() {
            self.people.extend(row.person_id.map(|person| (person, seen(row.row_number, row.given_person_id))));
        }
        let rows = self.recall(Column::RecordId, transactions).await?;
        self.transactions.extend(rows.into_iter().map(|row| (row.record_id, seen(row.row_number, row.given_id))));
        Ok(())
    }

    /// The row that made or met a person.
    pub(super) fn person(&self, id: Uuid) -> Option<SeenRow> {
        self.people.get(&id).copied()
    }

    /// The row that made or met a transaction.
    pub(super) fn transaction(&self, id: Uuid) -> Option<SeenRow> {
        self.transactions.get(&id).copied()
    }

    /// Notes down that a row of an import of people made or met a person.
    pub(super) fn note_person(&mut self, person: Uuid, row: &Incoming) {
        self.people.insert(person, SeenRow { row: row.row, given: row.id });
        self.push(row, person, None);
    }

    /// Notes down that a row of an import of a stage made or met a transaction of a person.
    pub(super) fn note_transaction(&mut self, transaction: Uuid, person: Uuid, row: &Incoming) {
        self.transactions.insert(transaction, SeenRow { row: row.row, given: row.id });
        self.people.entry(person).or_insert(SeenRow { row: row.row, given: row.person_id });
        self.push(row, transaction, Some(person));
    }

    /// Writes what this batch has noted.
    pub(super) async fn write(self) -> Result<()> {
        if !self.rows.is_empty() {
            let rows = self.rows.into_iter().map(ActiveModel::from);
            Entity::insert_many(rows).exec_without_returning(self.unit.on()).await?;
        }
        Ok(())
    }

    fn push(&mut self, row: &Incoming, record: Uuid, person: Option<Uuid>) {
        self.rows.push(Model {
            account_id: self.unit.account,
            import_id: self.import,
            row_number: i64::try_from(row.row).unwrap_or(i64::MAX),
            record_id: record,
            given_id: row.id,
            person_id: person,
            given_person_id: row.person_id,
        });
    }

    /// The rows of earlier batches with one of these ids, in the order of the file.
    async fn recall(&self, column: Column, ids: &[Uuid]) -> Result<Vec<Model>> {
        let mut found = Vec::new();
        for ids in ids.chunks(IDS_A_STATEMENT) {
            let of_import = Entity::find()
                .filter(Column::AccountId.eq(self.unit.account))
                .filter(Column::ImportId.eq(self.import))
                .filter(among::ids(&self.unit.scope(), column, ids));
            found.extend(of_import.all(self.unit.on()).await?);
        }
        // Here and not there: SQLite would follow the index of the order through the whole import.
        found.sort_by_key(|row| row.row_number);
        Ok(found)
    }
}

fn seen(row: i64, given: Option<Uuid>) -> SeenRow {
    SeenRow { row: row.unsigned_abs(), given }
}
