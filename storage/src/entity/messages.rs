//! The table of messages.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its title.
    pub title: Option<String>,
    /// Its text.
    pub body: Option<String>,
    /// The address that an e-mail came from.
    pub emailed_from: Option<String>,
    /// The addresses that an e-mail went to.
    pub emailed_to: Option<String>,
    /// The folded title, or the beginning of the body.
    pub sort_key: String,
    /// The folded names of what it is associated with, in lines.
    pub names_text: String,
    /// What a search looks in: title, body and addresses, then the names.
    pub search_text: String,
    /// The user who made it.
    pub created_by: Option<Uuid>,
    /// Counts the changes, from 1: the value that optimistic locking compares.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Since when it is in the trash.
    pub deleted_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
