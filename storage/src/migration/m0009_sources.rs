//! What the calendar from which an event comes says of it: its UID, which of a series it is, its version, and the rule of a series.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::commands;
use super::words::words;

/// Each is a command of its own, as Citus takes no more in a query.
const UP: [&str; 5] = [
    "ALTER TABLE events ADD COLUMN source_uid {key}",
    "ALTER TABLE events ADD COLUMN source_sequence BIGINT",
    "ALTER TABLE events ADD COLUMN recurrence_id {key}",
    "ALTER TABLE events ADD COLUMN recurrence TEXT",
    "CREATE INDEX events_by_source ON events (account_id, source_uid, recurrence_id) WHERE source_uid IS NOT NULL",
];

const DOWN: [&str; 5] = [
    "DROP INDEX events_by_source",
    "ALTER TABLE events DROP COLUMN recurrence",
    "ALTER TABLE events DROP COLUMN recurrence_id",
    "ALTER TABLE events DROP COLUMN source_sequence",
    "ALTER TABLE events DROP COLUMN source_uid",
];

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0009_sources"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let on = manager.get_connection();
        let words = words(on.get_database_backend());
        for command in UP {
            commands::run(on, &words.fill(command)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for command in DOWN {
            commands::run(manager.get_connection(), command).await?;
        }
        Ok(())
    }
}
