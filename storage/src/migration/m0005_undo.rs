//! What an import can be planned, watched and undone by: which record each row made or met, what it changed field by field, and who
//! has changed fields since; the files that wait for their imports.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::commands;
use super::words::words;

/// Each statement alters one thing (Citus takes no more). Status, kind, deed and outcome are the numbers of their enums
/// in `entity`. What a row of an import before this migration has changed is not known: it counts as met (3).
const TABLES: &str = "
ALTER TABLE imports ADD COLUMN request TEXT NOT NULL DEFAULT '{}';
ALTER TABLE imports ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE imports ADD COLUMN fingerprint TEXT;
ALTER TABLE imports ADD COLUMN plan_hash TEXT;
ALTER TABLE imports ADD COLUMN upload_id {uuid};
ALTER TABLE imports ADD COLUMN reason TEXT;
ALTER TABLE imports ADD COLUMN idempotency_key TEXT;
CREATE UNIQUE INDEX imports_by_idempotency_key ON imports (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX imports_running ON imports (account_id, fingerprint) WHERE status = 3;

CREATE TABLE import_turns (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    PRIMARY KEY (account_id)
) {clustered};
INSERT INTO import_turns SELECT account_id FROM accounts;

CREATE TABLE import_progress (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    import_id {uuid} NOT NULL,
    phase SMALLINT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    rows_done BIGINT NOT NULL,
    cancelled SMALLINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, import_id)
) {clustered};

CREATE TABLE import_records (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    import_id {uuid} NOT NULL,
    row_number BIGINT NOT NULL,
    record_id {uuid} NOT NULL,
    kind SMALLINT NOT NULL,
    deed SMALLINT NOT NULL,
    given_id {uuid},
    PRIMARY KEY (account_id, import_id, row_number, record_id)
) {clustered};
INSERT INTO import_records
    SELECT account_id, import_id, row_number, record_id, CASE WHEN person_id IS NULL THEN 1 ELSE 2 END, 3, given_id
    FROM import_rows;
INSERT INTO import_records
    SELECT account_id, import_id, row_number, person_id, 1, 3, given_person_id FROM import_rows WHERE person_id IS NOT NULL;
DROP TABLE import_rows;
CREATE INDEX import_records_by_record ON import_records (account_id, record_id, import_id);

CREATE TABLE import_changes (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    record_id {uuid} NOT NULL,
    field {key} NOT NULL,
    import_id {uuid} NOT NULL,
    kind SMALLINT NOT NULL,
    version BIGINT NOT NULL,
    before_value TEXT,
    after_value TEXT,
    PRIMARY KEY (account_id, record_id, field, import_id)
) {clustered};
CREATE INDEX import_changes_by_import ON import_changes (account_id, import_id, record_id);

CREATE TABLE import_categories (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    import_id {uuid} NOT NULL,
    category_id {uuid} NOT NULL,
    PRIMARY KEY (account_id, import_id, category_id)
) {clustered};

CREATE TABLE import_plan_rows (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    import_id {uuid} NOT NULL,
    row_number BIGINT NOT NULL,
    line BIGINT NOT NULL,
    outcome SMALLINT NOT NULL,
    record_id {uuid},
    detail TEXT NOT NULL,
    PRIMARY KEY (account_id, import_id, row_number)
) {clustered};
CREATE INDEX import_plan_rows_by_outcome ON import_plan_rows (account_id, import_id, outcome, row_number);

CREATE TABLE edits (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    record_id {uuid} NOT NULL,
    field {key} NOT NULL,
    version BIGINT NOT NULL,
    user_id {uuid},
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, record_id, field, version)
) {clustered};

CREATE TABLE undone_records (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    record_id {uuid} NOT NULL,
    PRIMARY KEY (account_id, record_id)
) {clustered};

CREATE TABLE undone_categories (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    import_id {uuid} NOT NULL,
    category_id {uuid} NOT NULL,
    kind SMALLINT NOT NULL,
    item_id {uuid} NOT NULL,
    PRIMARY KEY (account_id, import_id, category_id, kind, item_id)
) {clustered};
CREATE INDEX undone_categories_by_item ON undone_categories (account_id, item_id, category_id);

ALTER TABLE item_categories ADD COLUMN import_id {uuid};
ALTER TABLE transaction_stages ADD COLUMN import_id {uuid};
ALTER TABLE transaction_stages ADD COLUMN undone_at BIGINT;

CREATE TABLE uploads (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    id {uuid} NOT NULL,
    user_id {uuid},
    name TEXT,
    media_type TEXT,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
) {clustered};

CREATE TABLE upload_pieces (
    account_id {uuid} NOT NULL,
    upload_id {uuid} NOT NULL,
    place INTEGER NOT NULL,
    content {bytes} NOT NULL,
    PRIMARY KEY (account_id, upload_id, place),
    FOREIGN KEY (account_id, upload_id) REFERENCES uploads (account_id, id) ON DELETE CASCADE
);
";

/// What [`TABLES`] did to tables that were there before.
const BEFORE: &str = "
CREATE TABLE import_rows (
    account_id {uuid} NOT NULL REFERENCES accounts (account_id),
    import_id {uuid} NOT NULL,
    row_number BIGINT NOT NULL,
    record_id {uuid} NOT NULL,
    given_id {uuid},
    person_id {uuid},
    given_person_id {uuid},
    PRIMARY KEY (account_id, import_id, row_number)
) {clustered};
CREATE INDEX import_rows_by_record ON import_rows (account_id, import_id, record_id);
CREATE INDEX import_rows_by_person ON import_rows (account_id, import_id, person_id) WHERE person_id IS NOT NULL;
INSERT INTO import_rows
    SELECT t.account_id, t.import_id, t.row_number, t.record_id, t.given_id, p.record_id, p.given_id
    FROM import_records t
    JOIN import_records p ON p.account_id = t.account_id AND p.import_id = t.import_id AND p.row_number = t.row_number AND p.kind = 1
    WHERE t.kind = 2;
INSERT INTO import_rows
    SELECT p.account_id, p.import_id, p.row_number, p.record_id, p.given_id, NULL, NULL
    FROM import_records p
    WHERE p.kind = 1 AND NOT EXISTS (
        SELECT 1 FROM import_records t
        WHERE t.account_id = p.account_id AND t.import_id = p.import_id AND t.row_number = p.row_number AND t.kind = 2
    );
DELETE FROM imports WHERE status <> 1;
DROP TABLE upload_pieces;
DROP TABLE uploads;
ALTER TABLE transaction_stages DROP COLUMN undone_at;
ALTER TABLE transaction_stages DROP COLUMN import_id;
ALTER TABLE item_categories DROP COLUMN import_id;
DROP TABLE undone_categories;
DROP TABLE undone_records;
DROP TABLE edits;
DROP TABLE import_plan_rows;
DROP TABLE import_categories;
DROP TABLE import_changes;
DROP TABLE import_records;
DROP TABLE import_progress;
DROP TABLE import_turns;
DROP INDEX imports_by_idempotency_key;
DROP INDEX imports_running;
ALTER TABLE imports DROP COLUMN idempotency_key;
ALTER TABLE imports DROP COLUMN reason;
ALTER TABLE imports DROP COLUMN upload_id;
ALTER TABLE imports DROP COLUMN plan_hash;
ALTER TABLE imports DROP COLUMN fingerprint;
ALTER TABLE imports DROP COLUMN details;
ALTER TABLE imports DROP COLUMN request;
";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_undo"
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
        let on = manager.get_connection();
        commands::run(on, &words(on.get_database_backend()).fill(BEFORE)).await?;
        Ok(())
    }
}
