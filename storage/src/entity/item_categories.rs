//! Which item is in which category.

use sea_orm::entity::prelude::*;

use crate::item::ItemKind;

/// An item in a category.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "item_categories")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The category.
    #[sea_orm(primary_key, auto_increment = false)]
    pub category_id: Uuid,
    /// What the item is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: ItemKind,
    /// The item.
    #[sea_orm(primary_key, auto_increment = false)]
    pub item_id: Uuid,
    /// The import that put it there, unless somebody has since.
    pub import_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
