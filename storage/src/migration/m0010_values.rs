//! What imports did to custom fields is found by the field: an option that gets another name gets it there as well. And a file that a
//! plan has kept by itself goes with the plan.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::commands;

/// Of the layers only those of custom fields are in the index: others are never looked for by their field.
const TABLES: &str = "
CREATE INDEX import_changes_by_custom_field ON import_changes (account_id, field) WHERE field >= 'custom:' AND field < 'custom;';
ALTER TABLE uploads ADD COLUMN of_plan SMALLINT NOT NULL DEFAULT 0";

const BEFORE: &str = "
ALTER TABLE uploads DROP COLUMN of_plan;
DROP INDEX import_changes_by_custom_field";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0010_values"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        commands::run(manager.get_connection(), TABLES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        commands::run(manager.get_connection(), BEFORE).await?;
        Ok(())
    }
}
