//! The first tables: accounts, users, people, transactions, categories, signing keys, refresh tokens, the outbox.
//!
//! One text serves both databases; [`super::words`] says what the words in braces stand for.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::commands;
use super::words::words;

/// Times are microseconds in UTC, money and probability ten-thousandths, both `BIGINT`; stages and roles the numbers
/// of their enums in `entity`.
const TABLES: &str = "
CREATE TABLE directory (
    subdomain TEXT NOT NULL PRIMARY KEY,
    account_id {uuid} NOT NULL UNIQUE
) {clustered};

CREATE TABLE signing_keys (
    id {uuid} NOT NULL PRIMARY KEY,
    secret {bytes} NOT NULL,
    created_at BIGINT NOT NULL
) {clustered};

CREATE TABLE accounts (
    account_id {uuid} NOT NULL PRIMARY KEY,
    subdomain TEXT NOT NULL,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) {clustered};

CREATE TABLE users (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    email TEXT NOT NULL,
    email_key {key} NOT NULL,
    name TEXT NOT NULL,
    role SMALLINT NOT NULL,
    password_hash TEXT NOT NULL,
    disabled_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
) {clustered};
CREATE UNIQUE INDEX users_email ON users (account_id, email_key);

CREATE TABLE refresh_tokens (
    account_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    secret_hash {bytes} NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX refresh_tokens_user ON refresh_tokens (account_id, user_id);

CREATE TABLE people (
    {row_key}
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    name TEXT,
    company TEXT,
    title TEXT,
    email TEXT,
    phone TEXT,
    mobile TEXT,
    fax TEXT,
    url TEXT,
    address TEXT,
    city TEXT,
    state TEXT,
    zip TEXT,
    country TEXT,
    notes TEXT,
    sort_key {key} NOT NULL,
    email_key {key},
    name_key {key} NOT NULL,
    company_key {key} NOT NULL,
    phone_digits {key} NOT NULL,
    search_text {key} NOT NULL,
    created_by {uuid},
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    {account_key}
);
CREATE INDEX people_by_name ON people (account_id, sort_key, id) WHERE deleted_at IS NULL;
CREATE INDEX people_by_change ON people (account_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX people_by_creation ON people (account_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX people_by_email ON people (account_id, email_key) WHERE deleted_at IS NULL;
CREATE INDEX people_by_name_and_company ON people (account_id, name_key, company_key) WHERE deleted_at IS NULL;

CREATE TABLE transactions (
    {row_key}
    account_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    person_id {uuid} NOT NULL,
    stage SMALLINT NOT NULL,
    value BIGINT NOT NULL,
    probability BIGINT NOT NULL,
    more_info TEXT,
    sort_key {key} NOT NULL,
    search_text {key} NOT NULL,
    created_by {uuid},
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    {account_key},
    FOREIGN KEY (account_id, person_id) REFERENCES people (account_id, id)
);
CREATE INDEX transactions_by_stage ON transactions (account_id, stage, sort_key, id) WHERE deleted_at IS NULL;
CREATE INDEX transactions_by_name ON transactions (account_id, sort_key, id) WHERE deleted_at IS NULL;
CREATE INDEX transactions_by_change ON transactions (account_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX transactions_by_creation ON transactions (account_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX transactions_by_person ON transactions (account_id, person_id, stage, created_at) WHERE deleted_at IS NULL;

CREATE TABLE categories (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    name_key {key} NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (account_id, id)
) {clustered};
CREATE UNIQUE INDEX categories_by_name ON categories (account_id, name_key) WHERE deleted_at IS NULL;

CREATE TABLE person_categories (
    account_id {uuid} NOT NULL,
    category_id {uuid} NOT NULL,
    person_id {uuid} NOT NULL,
    PRIMARY KEY (account_id, category_id, person_id),
    FOREIGN KEY (account_id, category_id) REFERENCES categories (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, person_id) REFERENCES people (account_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX person_categories_by_person ON person_categories (account_id, person_id);

CREATE TABLE transaction_categories (
    account_id {uuid} NOT NULL,
    category_id {uuid} NOT NULL,
    transaction_id {uuid} NOT NULL,
    PRIMARY KEY (account_id, category_id, transaction_id),
    FOREIGN KEY (account_id, category_id) REFERENCES categories (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, transaction_id) REFERENCES transactions (account_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX transaction_categories_by_transaction ON transaction_categories (account_id, transaction_id);

CREATE TABLE outbox (
    account_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    topic TEXT NOT NULL,
    subject_id {uuid} NOT NULL,
    user_id {uuid},
    created_at BIGINT NOT NULL,
    number BIGINT,
    PRIMARY KEY (account_id, id)
) {clustered};
CREATE INDEX outbox_by_number ON outbox (account_id, number);
";

const NAMES: [&str; 11] = [
    "outbox",
    "transaction_categories",
    "person_categories",
    "categories",
    "transactions",
    "people",
    "refresh_tokens",
    "users",
    "accounts",
    "signing_keys",
    "directory",
];

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_first_slice"
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
        for name in NAMES {
            commands::run(manager.get_connection(), &format!("DROP TABLE {name}")).await?;
        }
        Ok(())
    }
}
