//! A batch of rows: what it writes for, and what it has done.

use sea_orm::EntityTrait;
use uuid::Uuid;

use super::decision::Decision;
use super::fire::Fired;
use super::incoming::Policy;
use super::journal::Journal;
use crate::entity;
use crate::error::Result;
use crate::fold::fold;
use crate::handle::Unit;
use crate::item::ItemKind;
use crate::query::categories;

/// How many names of categories are made in one statement; each is a row of eight values.
const NAMES_A_STATEMENT: usize = 1_000;

/// What a batch writes for.
pub(super) struct Batch<'u> {
    pub(super) unit: &'u Unit,
    pub(super) import: Uuid,
    pub(super) policy: &'u Policy,
    /// Whether it is told what new records will hold.
    pub(super) tells: bool,
}

/// What a batch has done.
pub(super) struct Applied<'u> {
    pub(super) decisions: Vec<Decision>,
    /// What it has made or changed.
    pub(super) fired: Vec<Fired>,
    pub(super) journal: Journal<'u>,
}

impl Batch<'_> {
    /// Puts records into the categories of these names; those that are not there are made. A batch may have more names than a
    /// statement has values.
    pub(super) async fn add_categories(&self, kind: ItemKind, named: &[(Uuid, String)]) -> Result<()> {
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
