//! The files of messages: where they are, not their bytes.

use sea_orm::entity::prelude::*;

/// A file of a message.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message_files")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The message.
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: Uuid,
    /// Its place among the files of the message, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i32,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Its media type.
    pub media_type: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
