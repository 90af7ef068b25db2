//! Which person is in which category.

use sea_orm::entity::prelude::*;

/// A person in a category.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_categories")]
#[expect(clippy::struct_field_names, reason = "the columns of a join are ids")]
pub struct Model {
    /// The account that all three belong to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The category.
    #[sea_orm(primary_key, auto_increment = false)]
    pub category_id: Uuid,
    /// The person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
