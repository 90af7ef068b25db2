//! The table of imports: what each was asked to do and what it did.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// How far an import is. One that fails or is cut off leaves nothing, not even its own row: there is but one status until plans and
/// undo bring the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Status {
    /// All of its good rows are in.
    #[sea_orm(num_value = 1)]
    Applied,
}

/// What happens to a row whose record is there already and would change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Duplicates {
    /// The row is skipped.
    #[default]
    #[sea_orm(num_value = 1)]
    Ignore,
    /// Cells that are not empty overwrite.
    #[sea_orm(num_value = 2)]
    Replace,
    /// Only empty fields are filled.
    #[sea_orm(num_value = 3)]
    Merge,
}

/// An import as the database holds it; [`crate::query::imports`] reads the JSON.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "imports")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user who imported.
    pub user_id: Option<Uuid>,
    /// The name of the section.
    pub section: String,
    /// How far it is.
    pub status: Status,
    /// What happened to duplicates.
    pub duplicates: Duplicates,
    /// The names of the categories for every row, a JSON array.
    pub categories: String,
    /// The name of the file.
    pub file_name: Option<String>,
    /// The SHA-256 of its bytes in hexadecimal digits.
    pub file_sha256: String,
    /// The name of its format.
    pub file_format: String,
    /// Its charset.
    pub file_charset: Option<String>,
    /// What separates its cells.
    pub file_delimiter: Option<String>,
    /// How many rows were read.
    pub read: i64,
    /// How many records were made.
    pub created: i64,
    /// How many records were changed.
    pub updated: i64,
    /// How many rows said nothing new.
    pub unchanged: i64,
    /// How many rows were left out as duplicates.
    pub skipped: i64,
    /// How many rows were no records.
    pub failed: i64,
    /// The first skipped rows, a JSON array of arrays: row, line, reason.
    pub skips: String,
    /// The columns that nobody reads, a JSON array.
    pub ignored: String,
    /// The columns of the failed rows, a JSON array; null where none of them has this one.
    pub columns: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was done.
    pub finished_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
