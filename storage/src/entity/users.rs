//! The table of users and their roles.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Role {
    /// Everything, users and settings too.
    #[sea_orm(num_value = 1)]
    Admin,
    /// Reads and writes records.
    #[sea_orm(num_value = 2)]
    Member,
    /// Reads records.
    #[sea_orm(num_value = 3)]
    Reader,
}

/// A user of an account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The address that they sign in with, as it was given.
    pub email: String,
    /// The folded address, unique in the account.
    pub email_key: String,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// An argon2id hash in PHC form.
    pub password_hash: String,
    /// Since when they may not sign in.
    pub disabled_at: Option<Timestamp>,
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
