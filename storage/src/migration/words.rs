//! The words in which the two databases differ, so that one text of SQL serves both.

use sea_orm::DbBackend;

/// What one database calls the things that both have.
pub(super) struct Words {
    uuid: &'static str,
    bytes: &'static str,
    /// A folded text: compared byte by byte, so that both databases sort alike.
    key: &'static str,
    /// The end of a table that is stored in the order of its primary key.
    clustered: &'static str,
    /// The integer key of a searched table, which SQLite's full-text index will refer to.
    row_key: &'static str,
    /// The key of a searched table.
    account_key: &'static str,
}

impl Words {
    /// A text of SQL in the words of the database.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("{uuid}", self.uuid)
            .replace("{bytes}", self.bytes)
            .replace("{key}", self.key)
            .replace("{clustered}", self.clustered)
            .replace("{row_key}", self.row_key)
            .replace("{account_key}", self.account_key)
    }
}

/// The words of a database.
pub(super) fn words(backend: DbBackend) -> Words {
    if backend == DbBackend::Postgres {
        return Words {
            uuid: "UUID",
            bytes: "BYTEA",
            key: "TEXT COLLATE \"C\"",
            clustered: "",
            row_key: "",
            account_key: "PRIMARY KEY (account_id, id)",
        };
    }
    Words {
        uuid: "BLOB",
        bytes: "BLOB",
        key: "TEXT",
        clustered: "WITHOUT ROWID",
        row_key: "row_key INTEGER PRIMARY KEY,",
        account_key: "UNIQUE (account_id, id)",
    }
}
