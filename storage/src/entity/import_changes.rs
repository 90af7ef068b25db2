//! The journal of what imports changed: a layer for each field of each record that was there before.

use sea_orm::entity::prelude::*;

use crate::item::ItemKind;

/// What an import made of a field.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_changes")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: Uuid,
    /// The field: a column of its table in GraphQL's spelling, or `custom:` and the id of a custom field.
    #[sea_orm(primary_key, auto_increment = false)]
    pub field: String,
    /// The import.
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: Uuid,
    /// What the record is.
    pub kind: ItemKind,
    /// The version that the change gave the record: the place of the layer among others and among edits.
    pub version: i64,
    /// What the field holds without this layer, as text.
    pub before_value: Option<String>,
    /// What the import put there.
    pub after_value: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
