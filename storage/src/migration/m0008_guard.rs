//! What guards the doors: wrong passwords that are counted, addresses that are known, API tokens; and who still uses the legacy API.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::commands;
use super::words::words;

/// Attempts belong to no account: whoever tries a password may name an address that no account knows.
const TABLES: &str = "
CREATE TABLE sign_in_attempts (
    key {bytes} NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
) {clustered};
CREATE INDEX sign_in_attempts_by_end ON sign_in_attempts (ends_at);

CREATE TABLE known_addresses (
    account_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    address TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id, address),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id)
) {clustered};

CREATE TABLE api_tokens (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    secret_hash {bytes} NOT NULL,
    actions TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id)
) {clustered};
CREATE INDEX api_tokens_by_user ON api_tokens (account_id, user_id);

CREATE TABLE legacy_usage (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    user_id {uuid},
    action TEXT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    calls BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    last_error TEXT,
    last_error_at BIGINT,
    document TEXT,
    variables TEXT,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id)
) {clustered};

ALTER TABLE accounts ADD COLUMN legacy_api_ended_at BIGINT;
";

const BEFORE: &str = "
ALTER TABLE accounts DROP COLUMN legacy_api_ended_at;
DROP TABLE legacy_usage;
DROP TABLE api_tokens;
DROP TABLE known_addresses;
DROP TABLE sign_in_attempts;
";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0008_guard"
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
