//! The journal: which record each row of the file made, changed or met, and what it changed of records that were there. It is kept in
//! the database; a batch recalls of it what it needs, so that memory does not grow with the file. An undo reads it.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::among;
use crate::change::Change;
use crate::entity::import_changes;
use crate::entity::import_records::{Column, Entity, Model, RowEffect};
use crate::error::Result;
use crate::handle::Unit;
use crate::item::{Item, ItemKind};
use crate::record::IDS_A_STATEMENT;
use crate::rows::{self, Conflict};

/// How many changes one statement writes, of eight values each.
const CHANGES_A_STATEMENT: usize = 3_000;

/// The journal of an import, as far as the current batch needs it.
pub(super) struct Journal<'u> {
    unit: &'u Unit,
    import: Uuid,
    first: HashMap<Uuid, SeenRow>,
    last: HashMap<Uuid, SeenRow>,
    /// The records that the import itself has made: what it changes of them later is no layer.
    made: HashSet<Uuid>,
    rows: Vec<Model>,
    changes: BTreeMap<(Uuid, String), import_changes::Model>,
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
        let (first, last, made) = (HashMap::new(), HashMap::new(), HashSet::new());
        Self { unit, import, first, last, made, rows: Vec::new(), changes: BTreeMap::new() }
    }

    /// Recalls what earlier batches noted of these records.
    pub(super) async fn recall(&mut self, records: &[Uuid]) -> Result<()> {
        let mut found = Vec::new();
        let scope = self.unit.scope();
        for ids in records.chunks(IDS_A_STATEMENT) {
            let of_import = Entity::find()
                .filter(among::common(&scope, Column::AccountId, scope.account))
                .filter(among::common(&scope, Column::ImportId, self.import))
                .filter(among::ids(&scope, Column::RecordId, ids));
            found.extend(of_import.all(self.unit.on()).await?);
        }
        // Here and not there: SQLite would follow the index of the order through the whole import.
        found.sort_by_key(|row| row.row_number);
        for row in found {
            self.see(&row);
        }
        Ok(())
    }

    /// The first row that made or met a record.
    pub(super) fn first(&self, record: Uuid) -> Option<SeenRow> {
        self.first.get(&record).copied()
    }

    /// Whether the import itself has made a record.
    pub(super) fn has_made(&self, record: Uuid) -> bool {
        self.made.contains(&record)
    }

    /// The last row that made or met a record.
    pub(super) fn last(&self, record: Uuid) -> Option<SeenRow> {
        self.last.get(&record).copied()
    }

    /// Notes down what a row did with a record, and the id that the row gives for it.
    pub(super) fn note(&mut self, row: u64, item: Item, effect: RowEffect, given: Option<Uuid>) {
        let model = Model {
            account_id: self.unit.account,
            import_id: self.import,
            row_number: i64::try_from(row).unwrap_or(i64::MAX),
            record_id: item.id,
            kind: item.kind,
            effect,
            given_id: given,
        };
        self.see(&model);
        self.rows.push(model);
    }

    /// Notes down what a row changed of a record that is at this version with it; several rows of a file are one layer.
    pub(super) fn changed(&mut self, item: Item, version: i64, changes: &[Change]) {
        if self.made.contains(&item.id) {
            return;
        }
        let fields = changes.iter().filter(|change| change.field != Change::CATEGORIES);
        for Change { field, before, after } in fields {
            let layer = self.changes.entry((item.id, field.clone())).or_insert_with(|| import_changes::Model {
                account_id: self.unit.account,
                record_id: item.id,
                field: field.clone(),
                import_id: self.import,
                kind: item.kind,
                version,
                before_value: before.clone(),
                after_value: None,
            });
            (layer.version, layer.after_value) = (version, after.clone());
        }
    }

    /// Writes what this batch has noted.
    pub(super) async fn write(self) -> Result<()> {
        use import_changes::Column::{AccountId, AfterValue, Field, ImportId, RecordId, Version};
        let on = self.unit.on();
        rows::insert::<Entity>(self.unit, self.rows, Conflict::Fails).await?;
        let layers: Vec<_> = self.changes.into_values().map(import_changes::ActiveModel::from).collect();
        for layers in layers.chunks(CHANGES_A_STATEMENT) {
            let again = OnConflict::columns([AccountId, RecordId, Field, ImportId])
                .update_columns([Version, AfterValue])
                .to_owned();
            import_changes::Entity::insert_many(layers.iter().cloned())
                .on_conflict(again)
                .exec_without_returning(on)
                .await?;
        }
        Ok(())
    }

    fn see(&mut self, row: &Model) {
        let seen = SeenRow { row: row.row_number.unsigned_abs(), given: row.given_id };
        self.first.entry(row.record_id).or_insert(seen);
        self.last.insert(row.record_id, seen);
        if row.effect == RowEffect::Created {
            self.made.insert(row.record_id);
        }
    }
}

/// The person, transaction or event of an import.
pub(super) fn person(id: Uuid) -> Item {
    ItemKind::Person.item(id)
}

pub(super) fn transaction(id: Uuid) -> Item {
    ItemKind::Transaction.item(id)
}
