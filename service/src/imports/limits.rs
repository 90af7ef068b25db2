//! How large a file to import may be, how much may wait for its import, and how much of it is told.

use storage::query::uploads::Quota;

/// How many failed rows of an import are named, how many skipped ones, and how many notes of each other kind.
pub const NOTED_ROWS: usize = 1_000;

/// How large a file may be. Each refusal names its limit as the configuration has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportLimits {
    /// `import_file`: bytes of a file.
    pub file: u64,
    /// `import_row`: bytes of a row.
    pub row: usize,
    /// `import_columns`: columns.
    pub columns: usize,
    /// `import_rows`: rows.
    pub rows: u64,
    /// `uploads_per_user`, `upload_bytes_per_account` and their kin: what may wait for its import.
    pub waiting: Quota,
}

impl Default for ImportLimits {
    fn default() -> Self {
        Self { file: 2 << 30, row: 1 << 20, columns: 1_024, rows: 10_000_000, waiting: Quota::default() }
    }
}
