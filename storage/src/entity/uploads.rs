//! Files that wait for the import that reads them.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "uploads")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who sent it.
    pub user_id: Option<Uuid>,
    /// Its name, where it had one.
    pub name: Option<String>,
    /// What its sender called it.
    pub media_type: Option<String>,
    /// How many bytes it has.
    pub size: i64,
    /// The SHA-256 of its bytes in hexadecimal digits.
    pub sha256: String,
    /// 1 where a plan has kept it by itself, with which it goes.
    pub of_plan: i16,
    /// When it came.
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
