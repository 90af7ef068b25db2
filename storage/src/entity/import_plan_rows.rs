//! The rows of plans: what would become of each row of a file.

use sea_orm::entity::prelude::*;

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum OutcomeKind {
    /// It makes a record.
    #[sea_orm(num_value = 1)]
    Created,
    /// It changes a record.
    #[sea_orm(num_value = 2)]
    Updated,
    /// It says nothing new.
    #[sea_orm(num_value = 3)]
    Unchanged,
    /// It is left out as a duplicate.
    #[sea_orm(num_value = 4)]
    Skipped,
    /// It cannot be a record.
    #[sea_orm(num_value = 5)]
    Failed,
}

/// A row of a plan.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_plan_rows")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The plan.
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: Uuid,
    /// The row of the file, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub row_number: i64,
    /// The physical line where it begins, from 1.
    pub line: i64,
    /// What would become of it.
    pub outcome: OutcomeKind,
    /// The record that it would change or repeats.
    pub record_id: Option<Uuid>,
    /// The rest, a JSON object.
    pub detail: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
