//! The table of custom fields: what an account keeps of people or transactions beside the built-in fields.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// Of what a custom field is a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Target {
    /// Of people.
    #[sea_orm(num_value = 1)]
    Person,
    /// Of transactions.
    #[sea_orm(num_value = 2)]
    Transaction,
}

/// What the values of a custom field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum ValueType {
    /// Any text.
    #[sea_orm(num_value = 1)]
    Text,
    /// A decimal number with at most four places.
    #[sea_orm(num_value = 2)]
    Number,
    /// A day, `2026-05-25`.
    #[sea_orm(num_value = 3)]
    Date,
    /// One of the options of the field.
    #[sea_orm(num_value = 4)]
    Choice,
    /// `yes` or `no`.
    #[sea_orm(num_value = 5)]
    YesNo,
}

/// A custom field.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "custom_fields")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Of what it is a field.
    pub target: Target,
    /// Its name.
    pub name: String,
    /// The folded name, unique among the live ones of the target.
    pub name_key: String,
    /// What its values are.
    pub value_type: ValueType,
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
