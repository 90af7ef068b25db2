//! The transactions of a person by an index, those in the trash included: whoever is renamed renews the keys of all of them.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::commands;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0011_transactions_of_person"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = "CREATE INDEX transactions_of_person ON transactions (account_id, person_id)";
        commands::run(manager.get_connection(), index).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        commands::run(manager.get_connection(), "DROP INDEX transactions_of_person").await?;
        Ok(())
    }
}
