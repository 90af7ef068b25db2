//! The records of imports: which each row of a file made, changed or matched.

use sea_orm::entity::prelude::*;

use crate::item::ItemKind;

/// What a row of an import did with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum RowEffect {
    /// It created the record.
    #[sea_orm(num_value = 1)]
    Created,
    /// It changed the record, or put it into categories.
    #[sea_orm(num_value = 2)]
    Updated,
    /// It found the record, and left it as it was.
    #[sea_orm(num_value = 3)]
    Matched,
}

/// A record, as a row of an import left it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_records")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The import.
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: Uuid,
    /// The row of the file, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub row_number: i64,
    /// The record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: Uuid,
    /// What the record is.
    pub kind: ItemKind,
    /// What the row did with it.
    #[sea_orm(column_name = "deed")]
    pub effect: RowEffect,
    /// The id that the row gives for it.
    pub given_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
