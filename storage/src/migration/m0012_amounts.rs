//! The value and the probability of transactions by an index: searches ask for ranges of them.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::commands;

pub(super) struct Migration;

const UP: [&str; 2] = [
    "CREATE INDEX transactions_by_value ON transactions (account_id, value, id) WHERE deleted_at IS NULL",
    "CREATE INDEX transactions_by_probability ON transactions (account_id, probability, id) WHERE deleted_at IS NULL",
];
const DOWN: [&str; 2] = ["DROP INDEX transactions_by_probability", "DROP INDEX transactions_by_value"];

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0012_amounts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in UP {
            commands::run(manager.get_connection(), statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in DOWN {
            commands::run(manager.get_connection(), statement).await?;
        }
        Ok(())
    }
}
