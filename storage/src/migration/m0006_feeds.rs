//! Feeds, and how often what has changed in an account: what tells a subscriber cheaply that nothing is new.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::commands;
use super::words::words;

/// The row without a noun counts all rows of the outbox that have a number.
const TABLES: &str = "
CREATE TABLE outbox_totals (
    account_id {uuid} NOT NULL,
    noun TEXT NOT NULL,
    total BIGINT NOT NULL,
    noted_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, noun)
) {clustered};

CREATE TABLE feeds (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    secret_hash {bytes} NOT NULL,
    format TEXT NOT NULL,
    request TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id)
) {clustered};
CREATE INDEX feeds_by_user ON feeds (account_id, user_id);
";

const BEFORE: &str = "
DROP TABLE feeds;
DROP TABLE outbox_totals;
UPDATE outbox SET number = NULL;
";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0006_feeds"
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
        commands::run(manager.get_connection(), BEFORE).await?;
        Ok(())
    }
}
