//! Who changed which field when: what an undo leaves alone, and whom it names.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// A change of a field that was no import's.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "edits")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The person, the transaction or the event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: Uuid,
    /// The field, as in the journal of imports.
    #[sea_orm(primary_key, auto_increment = false)]
    pub field: String,
    /// The version that the change gave the record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// Who; empty for the system.
    pub user_id: Option<Uuid>,
    /// When.
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
