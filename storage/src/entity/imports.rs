//! The table of imports: what each was asked to do and what it did.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Status {
    /// All of its good rows are in.
    #[sea_orm(num_value = 1)]
    Applied,
    /// It is known what it would do.
    #[sea_orm(num_value = 2)]
    Planned,
    /// It is running, or waits for its turn.
    #[sea_orm(num_value = 3)]
    Applying,
    /// It could not be done; nothing of it is in.
    #[sea_orm(num_value = 4)]
    Failed,
    /// Somebody stopped it; nothing of it is in.
    #[sea_orm(num_value = 5)]
    Cancelled,
    /// The process that ran it ended; nothing of it is in.
    #[sea_orm(num_value = 6)]
    Interrupted,
    /// It was applied, and taken back.
    #[sea_orm(num_value = 7)]
    Undone,
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
    /// When it was done; when it began while it is not.
    pub finished_at: Timestamp,
    /// What was asked for, a JSON object of whoever asked.
    pub request: String,
    /// What else is known of the file and the plan, a JSON object of whoever ran it.
    pub details: String,
    /// What tells that two running imports are one: the file and the request.
    pub fingerprint: Option<String>,
    /// The hash of the plan that it was, or is.
    pub plan_hash: Option<String>,
    /// The file that it waits with.
    pub upload_id: Option<Uuid>,
    /// Why it failed.
    pub reason: Option<String>,
    /// What a client calls the request, so that it is done once.
    pub idempotency_key: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
