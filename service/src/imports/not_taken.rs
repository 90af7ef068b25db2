//! What the records of the rows of a file do not take of them: the first values, and of each field in how many rows.

use std::collections::{BTreeSet, HashMap};

use formats::ColumnReport;
use storage::import::NotTaken;

use super::details::ImportColumn;
use super::limits::NOTED_ROWS;
use super::rows::NotTakenNote;

/// So many fields are counted; a file names more of them only where it makes up a name a record.
const MOST_FIELDS: usize = 2_048;

/// What was not taken so far.
#[derive(Default)]
pub(super) struct NotTakenOfRows {
    /// The first values.
    pub(super) first: Vec<NotTakenNote>,
    /// In how many rows the value of a field was not taken.
    rows: HashMap<String, u64>,
}

impl NotTakenOfRows {
    /// Adds what was not taken of a row that begins on this line.
    pub(super) fn add(&mut self, row: u64, line: u64, values: Vec<NotTaken>) {
        if values.is_empty() {
            return;
        }
        let fields: BTreeSet<_> = values.iter().map(|value| kin(&value.field)).collect();
        for field in fields {
            if let Some(rows) = self.rows.get_mut(field) {
                *rows += 1;
            } else if self.rows.len() < MOST_FIELDS {
                self.rows.insert(field.to_owned(), 1);
            }
        }
        let room = NOTED_ROWS.saturating_sub(self.first.len());
        self.first.extend(values.into_iter().take(room).map(|value| NotTakenNote::of(value, row, line)));
    }

    /// The columns of the file, each with the number of rows of which it was not taken.
    pub(super) fn counted(&self, columns: Vec<ColumnReport>) -> Vec<ImportColumn> {
        let of = |name: &str| self.rows.get(kin(name)).copied().unwrap_or_default();
        let fields: BTreeSet<_> = columns.iter().filter_map(|column| column.field.clone()).collect();
        let column = |column: ColumnReport| {
            let not_taken = match &column {
                ColumnReport { line: Some(header), .. } => of(header),
                // A second value of a field goes to the notes under the name of its column.
                ColumnReport { field: Some(field), name, .. } if !fields.contains(name) => of(field) + of(name),
                ColumnReport { field: Some(field), .. } => of(field),
                ColumnReport { field: None, .. } => 0,
            };
            // Several columns may make one field, and not each of them is filled in every row.
            let not_taken = not_taken.min(column.filled);
            ImportColumn { not_taken, ..ImportColumn::of(column) }
        };
        columns.into_iter().map(column).collect()
    }
}

/// A field and its kin are filled by one column: a day and the moment of a beginning, or of an end.
fn kin(field: &str) -> &str {
    match field {
        "startsAt" => "startsOn",
        "endsAt" => "endsOn",
        field => field,
    }
}
