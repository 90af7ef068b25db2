//! The table of labels: the private marks of a user.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// A label.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "labels")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user, who alone sees it.
    pub user_id: Uuid,
    /// Its name.
    pub name: String,
    /// The folded name, unique among those of the user.
    pub name_key: String,
    /// Counts the changes, from 1: the value that optimistic locking compares.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
