//! Where an e-mail address signs in, found without a look at every account: the addresses of all users, with their accounts.
//!
//! On Citus it stays a plain table of the coordinator, as `directory` does, so it refers to no other table.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::commands;
use super::words::words;

const UP: &str = "
CREATE TABLE sign_in_directory (
    email_key {key} NOT NULL,
    account_id {uuid} NOT NULL,
    PRIMARY KEY (email_key, account_id)
) {clustered};
INSERT INTO sign_in_directory (email_key, account_id) SELECT email_key, account_id FROM users;
";

const DOWN: &str = "DROP TABLE sign_in_directory";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0013_sign_in_directory"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let on = manager.get_connection();
        commands::run(on, &words(on.get_database_backend()).fill(UP)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        commands::run(manager.get_connection(), DOWN).await
    }
}
