//! The history of stages: each row is a step that a transaction took.

use sea_orm::entity::prelude::*;

use super::transactions::Stage;
use crate::value::Timestamp;

/// A step: into which stage, by whom, when.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transaction_stages")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The transaction.
    pub transaction_id: Uuid,
    /// Where it went.
    pub stage: Stage,
    /// Who moved it; empty for the system.
    pub user_id: Option<Uuid>,
    /// When.
    pub created_at: Timestamp,
    /// The import that moved a transaction which was there before.
    pub import_id: Option<Uuid>,
    /// Since when that import is undone: the step is none then.
    pub undone_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
