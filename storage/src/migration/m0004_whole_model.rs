//! The rest of the model: events, messages, labels, custom fields, templates, managers, the history of stages; and the
//! indexes of search.
//!
//! A category, a label or a custom value is on an item of several tables, so its join names the item by kind and id and
//! bears no foreign key to it: one join for all of them instead of one for each. Records go to the trash and stay rows,
//! so such a join never dangles.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use uuid::Uuid;

use super::commands;
use super::words::words;
use crate::fold::fold;

/// How many people get their new keys at a time.
const BATCH: u64 = 1_000;

/// Each statement alters one thing (Citus takes no more).
const TABLES: &str = "
ALTER TABLE accounts ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
ALTER TABLE accounts ADD COLUMN currency TEXT NOT NULL DEFAULT 'USD';

ALTER TABLE people ADD COLUMN city_key {key} NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN state_key {key} NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN country_key {key} NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN custom_text {key} NOT NULL DEFAULT '';
CREATE INDEX people_by_creator ON people (account_id, created_by, id) WHERE deleted_at IS NULL;

ALTER TABLE transactions ADD COLUMN custom_text {key} NOT NULL DEFAULT '';
CREATE INDEX transactions_by_creator ON transactions (account_id, created_by, id) WHERE deleted_at IS NULL;

CREATE TABLE transaction_managers (
    account_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    transaction_id {uuid} NOT NULL,
    PRIMARY KEY (account_id, user_id, transaction_id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, transaction_id) REFERENCES transactions (account_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX transaction_managers_by_transaction ON transaction_managers (account_id, transaction_id);

CREATE TABLE transaction_stages (
    account_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    transaction_id {uuid} NOT NULL,
    stage SMALLINT NOT NULL,
    user_id {uuid},
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, transaction_id) REFERENCES transactions (account_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX transaction_stages_by_transaction ON transaction_stages (account_id, transaction_id, id);
INSERT INTO transaction_stages SELECT account_id, id, id, stage, created_by, created_at FROM transactions;

CREATE TABLE email_templates (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    name_key {key} NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    created_by {uuid},
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (account_id, id)
) {clustered};
CREATE UNIQUE INDEX email_templates_by_name ON email_templates (account_id, name_key) WHERE deleted_at IS NULL;

CREATE TABLE event_templates (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    name_key {key} NOT NULL,
    created_by {uuid},
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (account_id, id)
) {clustered};
CREATE UNIQUE INDEX event_templates_by_name ON event_templates (account_id, name_key) WHERE deleted_at IS NULL;

CREATE TABLE event_template_items (
    account_id {uuid} NOT NULL,
    template_id {uuid} NOT NULL,
    place INTEGER NOT NULL,
    day_offset TEXT NOT NULL,
    time_of_day TEXT,
    title TEXT NOT NULL,
    location TEXT,
    description TEXT,
    email_template_id {uuid},
    PRIMARY KEY (account_id, template_id, place),
    FOREIGN KEY (account_id, template_id) REFERENCES event_templates (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, email_template_id) REFERENCES email_templates (account_id, id)
) {clustered};

CREATE TABLE events (
    {row_key}
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    title TEXT NOT NULL,
    starts_on {key} NOT NULL,
    ends_on {key},
    starts_at BIGINT,
    ends_at BIGINT,
    location TEXT,
    description TEXT,
    completed_at BIGINT,
    owner_id {uuid},
    email_template_id {uuid},
    sort_key {key} NOT NULL,
    names_text {key} NOT NULL,
    search_text {key} NOT NULL,
    created_by {uuid},
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    {account_key},
    FOREIGN KEY (account_id, owner_id) REFERENCES users (account_id, id),
    FOREIGN KEY (account_id, email_template_id) REFERENCES email_templates (account_id, id)
);
CREATE INDEX events_by_start ON events (account_id, sort_key, id) WHERE deleted_at IS NULL;
CREATE INDEX events_by_change ON events (account_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX events_by_creation ON events (account_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX events_by_creator ON events (account_id, created_by, id) WHERE deleted_at IS NULL;
CREATE INDEX events_by_owner ON events (account_id, owner_id, id) WHERE deleted_at IS NULL;
CREATE INDEX events_open ON events (account_id, sort_key, id) WHERE deleted_at IS NULL AND completed_at IS NULL;

CREATE TABLE messages (
    {row_key}
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    title TEXT,
    body TEXT,
    emailed_from TEXT,
    emailed_to TEXT,
    sort_key {key} NOT NULL,
    names_text {key} NOT NULL,
    search_text {key} NOT NULL,
    created_by {uuid},
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    {account_key}
);
CREATE INDEX messages_by_title ON messages (account_id, sort_key, id) WHERE deleted_at IS NULL;
CREATE INDEX messages_by_change ON messages (account_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX messages_by_creation ON messages (account_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX messages_by_creator ON messages (account_id, created_by, id) WHERE deleted_at IS NULL;

CREATE TABLE message_files (
    account_id {uuid} NOT NULL,
    message_id {uuid} NOT NULL,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    media_type TEXT,
    PRIMARY KEY (account_id, message_id, place),
    FOREIGN KEY (account_id, message_id) REFERENCES messages (account_id, id) ON DELETE CASCADE
) {clustered};

CREATE TABLE associations (
    account_id {uuid} NOT NULL,
    subject_id {uuid} NOT NULL,
    subject_kind SMALLINT NOT NULL,
    kind SMALLINT NOT NULL,
    item_id {uuid} NOT NULL,
    PRIMARY KEY (account_id, subject_id, kind, item_id)
) {clustered};
CREATE INDEX associations_by_item ON associations (account_id, item_id);

CREATE TABLE item_categories (
    account_id {uuid} NOT NULL,
    category_id {uuid} NOT NULL,
    kind SMALLINT NOT NULL,
    item_id {uuid} NOT NULL,
    PRIMARY KEY (account_id, category_id, kind, item_id),
    FOREIGN KEY (account_id, category_id) REFERENCES categories (account_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX item_categories_by_item ON item_categories (account_id, item_id);
INSERT INTO item_categories SELECT account_id, category_id, 1, person_id FROM person_categories;
INSERT INTO item_categories SELECT account_id, category_id, 2, transaction_id FROM transaction_categories;
DROP TABLE person_categories;
DROP TABLE transaction_categories;

CREATE TABLE labels (
    account_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    name_key {key} NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
) {clustered};
CREATE UNIQUE INDEX labels_by_name ON labels (account_id, user_id, name_key);

CREATE TABLE item_labels (
    account_id {uuid} NOT NULL,
    label_id {uuid} NOT NULL,
    kind SMALLINT NOT NULL,
    item_id {uuid} NOT NULL,
    PRIMARY KEY (account_id, label_id, kind, item_id),
    FOREIGN KEY (account_id, label_id) REFERENCES labels (account_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX item_labels_by_item ON item_labels (account_id, item_id);

CREATE TABLE custom_fields (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    target SMALLINT NOT NULL,
    name TEXT NOT NULL,
    name_key {key} NOT NULL,
    value_type SMALLINT NOT NULL,
    created_by {uuid},
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (account_id, id)
) {clustered};
CREATE UNIQUE INDEX custom_fields_by_name ON custom_fields (account_id, target, name_key) WHERE deleted_at IS NULL;

CREATE TABLE custom_field_options (
    account_id {uuid} NOT NULL,
    field_id {uuid} NOT NULL,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (account_id, field_id, place),
    FOREIGN KEY (account_id, field_id) REFERENCES custom_fields (account_id, id) ON DELETE CASCADE
) {clustered};

CREATE TABLE custom_values (
    account_id {uuid} NOT NULL,
    item_id {uuid} NOT NULL,
    field_id {uuid} NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account_id, item_id, field_id),
    FOREIGN KEY (account_id, field_id) REFERENCES custom_fields (account_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX custom_values_by_field ON custom_values (account_id, field_id, item_id);
";

/// What [`TABLES`] did to tables that were there before.
const BEFORE: &str = "
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
INSERT INTO person_categories SELECT account_id, category_id, item_id FROM item_categories WHERE kind = 1;
INSERT INTO transaction_categories SELECT account_id, category_id, item_id FROM item_categories WHERE kind = 2;
DROP TABLE custom_values;
DROP TABLE custom_field_options;
DROP TABLE custom_fields;
DROP TABLE item_labels;
DROP TABLE labels;
DROP TABLE item_categories;
DROP TABLE associations;
DROP TABLE message_files;
DROP TABLE messages;
DROP TABLE events;
DROP TABLE event_template_items;
DROP TABLE event_templates;
DROP TABLE email_templates;
DROP TABLE transaction_stages;
DROP TABLE transaction_managers;
DROP INDEX transactions_by_creator;
ALTER TABLE transactions DROP COLUMN custom_text;
DROP INDEX people_by_creator;
ALTER TABLE people DROP COLUMN custom_text;
ALTER TABLE people DROP COLUMN country_key;
ALTER TABLE people DROP COLUMN state_key;
ALTER TABLE people DROP COLUMN city_key;
ALTER TABLE accounts DROP COLUMN currency;
ALTER TABLE accounts DROP COLUMN language;
";

/// The tables whose `search_text` is indexed.
const SEARCHED: [&str; 4] = ["people", "transactions", "events", "messages"];

/// PostgreSQL: trigrams beside the account. Both extensions are trusted, so the owner of the database may have them.
const EXTENSIONS: &str = "
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
";
const TRIGRAMS: &str = "
CREATE INDEX {table}_by_text ON {table} USING gin (account_id, search_text gin_trgm_ops) WHERE deleted_at IS NULL;
";

/// SQLite: a full-text table of trigrams that holds no text of its own, and the triggers that its documentation
/// (FTS5 section 4.4.3) asks for. It knows which rows have a trigram, not where: the text itself is looked at again.
const FULL_TEXT: &str = "
CREATE VIRTUAL TABLE {table}_text USING fts5(
    search_text, content='{table}', content_rowid='row_key', detail=none, columnsize=0,
    tokenize='trigram case_sensitive 1'
);
INSERT INTO {table}_text ({table}_text) VALUES ('rebuild');
CREATE TRIGGER {table}_text_insert AFTER INSERT ON {table} BEGIN
    INSERT INTO {table}_text (rowid, search_text) VALUES (new.row_key, new.search_text);
END;
CREATE TRIGGER {table}_text_delete AFTER DELETE ON {table} BEGIN
    INSERT INTO {table}_text ({table}_text, rowid, search_text) VALUES ('delete', old.row_key, old.search_text);
END;
CREATE TRIGGER {table}_text_update AFTER UPDATE OF search_text ON {table}
WHEN old.search_text <> new.search_text BEGIN
    INSERT INTO {table}_text ({table}_text, rowid, search_text) VALUES ('delete', old.row_key, old.search_text);
    INSERT INTO {table}_text (rowid, search_text) VALUES (new.row_key, new.search_text);
END;
";
const NO_FULL_TEXT: &str = "
DROP TRIGGER {table}_text_insert;
DROP TRIGGER {table}_text_delete;
DROP TRIGGER {table}_text_update;
DROP TABLE {table}_text;
";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_whole_model"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let on = manager.get_connection();
        let backend = on.get_database_backend();
        commands::run(on, &words(backend).fill(TABLES)).await?;
        fold_places(on).await?;
        let index = if backend == DbBackend::Postgres {
            commands::run(on, EXTENSIONS).await?;
            TRIGRAMS
        } else {
            FULL_TEXT
        };
        for table in SEARCHED {
            commands::run(on, &index.replace("{table}", table)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let on = manager.get_connection();
        let backend = on.get_database_backend();
        for table in SEARCHED {
            // The extensions stay: others in the database may use them.
            let undo = if backend == DbBackend::Postgres { "DROP INDEX {table}_by_text" } else { NO_FULL_TEXT };
            commands::run(on, &undo.replace("{table}", table)).await?;
        }
        commands::run(on, &words(backend).fill(BEFORE)).await?;
        Ok(())
    }
}

#[derive(FromQueryResult)]
struct Places {
    account_id: Uuid,
    id: Uuid,
    city: Option<String>,
    state: Option<String>,
    country: Option<String>,
}

/// Gives the people who are there already the keys of their city, state and country.
async fn fold_places(on: &impl ConnectionTrait) -> Result<(), DbErr> {
    let backend = on.get_database_backend();
    let mut last = (Uuid::nil(), Uuid::nil());
    loop {
        let text = format!(
            "SELECT account_id, id, city, state, country FROM people WHERE (account_id, id) > ($1, $2)
             AND (city IS NOT NULL OR state IS NOT NULL OR country IS NOT NULL) ORDER BY account_id, id LIMIT {BATCH}"
        );
        let select = Statement::from_sql_and_values(backend, text, [last.0.into(), last.1.into()]);
        let people = Places::find_by_statement(select).all(on).await?;
        let Some(end) = people.last() else { return Ok(()) };
        last = (end.account_id, end.id);
        for Places { account_id, id, city, state, country } in people {
            let [city, state, country] = [city, state, country].map(|place| fold(&place.unwrap_or_default()));
            let values = [city.into(), state.into(), country.into(), account_id.into(), id.into()];
            let update = "UPDATE people SET city_key = $1, state_key = $2, country_key = $3
                          WHERE account_id = $4 AND id = $5";
            on.execute_raw(Statement::from_sql_and_values(backend, update, values)).await?;
        }
    }
}
