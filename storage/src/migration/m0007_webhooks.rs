//! Webhooks: secret addresses at which other programs leave people, transactions and messages.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::commands;
use super::words::words;

const TABLES: &str = "
CREATE TABLE webhooks (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    secret_hash {bytes} NOT NULL,
    can_search BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id)
) {clustered};
CREATE INDEX webhooks_by_user ON webhooks (account_id, user_id);
";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0007_webhooks"
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
        commands::run(manager.get_connection(), "DROP TABLE webhooks").await?;
        Ok(())
    }
}
