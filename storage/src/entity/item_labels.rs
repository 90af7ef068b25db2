//! Which item bears which label.

use sea_orm::entity::prelude::*;

use crate::item::ItemKind;

/// An item with a label.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "item_labels")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The label.
    #[sea_orm(primary_key, auto_increment = false)]
    pub label_id: Uuid,
    /// What the item is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: ItemKind,
    /// The item.
    #[sea_orm(primary_key, auto_increment = false)]
    pub item_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
