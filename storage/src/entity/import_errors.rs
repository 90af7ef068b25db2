//! The table of the rows of imports that failed, see [`crate::import`].

use sea_orm::entity::prelude::*;

/// A row of a file that is no record.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_errors")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The import.
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: Uuid,
    /// Its number in the file, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub row_number: i64,
    /// The line on which it begins, from 1.
    pub line: i64,
    /// The field or column at fault.
    pub field: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// What stands in each column of the import, a JSON array; null where the row does not have it, and short where no more
    /// follows.
    pub cells: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
