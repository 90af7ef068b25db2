//! The options of custom fields that are a choice.

use sea_orm::entity::prelude::*;

/// An option.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "custom_field_options")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The field.
    #[sea_orm(primary_key, auto_increment = false)]
    pub field_id: Uuid,
    /// Its place among the options, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i32,
    /// What it says.
    pub name: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
