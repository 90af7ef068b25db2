//! What is kept of an import beside its records: the receipt, and the rows that failed.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::commands;
use super::words::words;

/// Status and duplicates are the numbers of their enums in `entity`. Lists are JSON; nobody looks into them with SQL.
const TABLES: &str = "
CREATE TABLE imports (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    user_id {uuid},
    section TEXT NOT NULL,
    status SMALLINT NOT NULL,
    duplicates SMALLINT NOT NULL,
    categories TEXT NOT NULL,
    file_name TEXT,
    file_sha256 TEXT NOT NULL,
    file_format TEXT NOT NULL,
    file_charset TEXT,
    file_delimiter TEXT,
    read BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    skips TEXT NOT NULL,
    ignored TEXT NOT NULL,
    columns TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
) {clustered};

CREATE TABLE import_errors (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    import_id {uuid} NOT NULL,
    row_number BIGINT NOT NULL,
    line BIGINT NOT NULL,
    field TEXT,
    reason TEXT NOT NULL,
    cells TEXT NOT NULL,
    PRIMARY KEY (account_id, import_id, row_number)
) {clustered};
";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0003_imports"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let on = manager.get_connection();
        commands::run(on, &words(on.get_database_backend()).fill(TABLES)).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["import_errors", "imports"] {
            commands::run(manager.get_connection(), &format!("DROP TABLE {name}")).await?;
        }
        Ok(())
    }
}
