//! The values of custom fields.

use sea_orm::entity::prelude::*;

/// What a person or a transaction has in a custom field.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "custom_values")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The person or the transaction.
    #[sea_orm(primary_key, auto_increment = false)]
    pub item_id: Uuid,
    /// The field.
    #[sea_orm(primary_key, auto_increment = false)]
    pub field_id: Uuid,
    /// The value as text: a number as 5000.25, a day as 2026-05-25, `yes` or `no`.
    pub value: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
