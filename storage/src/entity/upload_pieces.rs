//! The bytes of uploads, in pieces.

use sea_orm::entity::prelude::*;

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upload_pieces")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The upload.
    #[sea_orm(primary_key, auto_increment = false)]
    pub upload_id: Uuid,
    /// Its place in the file, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i32,
    /// The bytes.
    pub content: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
