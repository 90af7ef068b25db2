//! The table of the rows of imports, see [`crate::import`].

use sea_orm::entity::prelude::*;

/// A row of a file that made or met a record.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_rows")]
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
    /// The person or the transaction.
    pub record_id: Uuid,
    /// The id that the row gives for it.
    pub given_id: Option<Uuid>,
    /// The person of the transaction.
    pub person_id: Option<Uuid>,
    /// The id that the row gives for the person.
    pub given_person_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
