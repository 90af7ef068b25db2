//! How far running imports are, for other gateways than the one that runs them.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// How far an import is.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_progress")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The import.
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: Uuid,
    /// What it is doing: the number of a [`Phase`](crate::import::Phase).
    pub phase: i16,
    /// How many bytes of the file, or rows of an undo, are behind it.
    pub done: i64,
    /// How many there are; 0 where that is not known.
    pub total: i64,
    /// How many rows of the file are behind it.
    pub rows_done: i64,
    /// 1 where somebody wants it to stop.
    pub cancelled: i16,
    /// When it was written.
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
