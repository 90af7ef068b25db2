//! The rows of imports: which record each row made or met, so that an import of any size needs no memory of them.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::commands;
use super::words::words;

const TABLES: &str = "
CREATE TABLE import_rows (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    import_id {uuid} NOT NULL,
    row_number BIGINT NOT NULL,
    record_id {uuid} NOT NULL,
    given_id {uuid},
    person_id {uuid},
    given_person_id {uuid},
    PRIMARY KEY (account_id, import_id, row_number)
) {clustered};
CREATE INDEX import_rows_by_record ON import_rows (account_id, import_id, record_id);
CREATE INDEX import_rows_by_person ON import_rows (account_id, import_id, person_id) WHERE person_id IS NOT NULL;
";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_import_rows"
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
        commands::run(manager.get_connection(), "DROP TABLE import_rows").await?;
        Ok(())
    }
}
