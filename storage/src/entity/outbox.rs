//! The table of what happened, see [`crate::outbox`].

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// Something that a unit of work did.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What happened, such as `person.created`.
    pub topic: String,
    /// To which record.
    pub subject_id: Uuid,
    /// Who did it; empty for the system.
    pub user_id: Option<Uuid>,
    /// When.
    pub created_at: Timestamp,
    /// Its place among the committed rows of the account; empty until the poller has numbered it.
    pub number: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
