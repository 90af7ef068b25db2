//! The failed rows of an import until they are kept: each under the columns that all of them share.

use std::collections::HashMap;

use formats::{Section, Source, SourceCell, columns};
use storage::import::BATCH;
use storage::query::imports::{FailedRow, Note};

/// The most columns that the failed rows of a format without a header have, as in CSV; and how long their names may be together.
/// What is beyond stands with its name under [`Source::SURPLUS`].
const COLUMNS: usize = 1_024;
const NAMES: usize = 1 << 20;

/// So many bytes of rows are held at most, but for the last one.
const BYTES: usize = 4 << 20;

/// Failed rows that are not kept yet.
pub(super) struct Failed {
    section: Section,
    columns: Vec<Column>,
    /// Where the columns of a name are; a header may have it twice.
    places: HashMap<String, Vec<usize>>,
    /// The length of all names.
    names: usize,
    rows: Vec<FailedRow>,
    bytes: usize,
}

/// A column of the failed rows.
struct Column {
    name: String,
    /// False for a column of ours that no row has had so far.
    is_used: bool,
}

/// What stands in each column.
type Cells = Vec<Option<String>>;

impl Failed {
    pub(super) fn new(section: Section) -> Self {
        let (columns, places, rows) = (Vec::new(), HashMap::new(), Vec::new());
        Self { section, columns, places, names: 0, rows, bytes: 0 }
    }

    /// Adds a row; `header` says which columns the file names before its rows.
    pub(super) fn push(&mut self, note: Note, source: Source<'_>, header: impl FnOnce() -> Vec<String>) {
        if self.columns.is_empty() {
            self.begin(header());
        }
        let cells = self.cells(source);
        self.bytes += cells.iter().flatten().map(String::len).sum::<usize>();
        self.rows.push(FailedRow { note, cells });
    }

    /// Whether there are enough rows to be kept.
    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= BATCH || self.bytes >= BYTES
    }

    /// The rows that are not kept yet.
    pub(super) fn take(&mut self) -> Vec<FailedRow> {
        self.bytes = 0;
        std::mem::take(&mut self.rows)
    }

    /// The columns of all rows, `None` for one that no row has.
    pub(super) fn into_columns(mut self, header: Vec<String>) -> Cells {
        if self.columns.is_empty() {
            self.begin(header);
        }
        self.columns.into_iter().map(|column| Some(column.name).filter(|_| column.is_used)).collect()
    }

    /// The columns are those of the file's header. Where there is none, ours come first, as far as rows have them.
    fn begin(&mut self, header: Vec<String>) {
        let is_used = !header.is_empty();
        let own = || columns(self.section).iter().map(|name| (*name).to_owned()).collect();
        let names = if is_used { header } else { own() };
        for name in names {
            self.add(Column { name, is_used });
        }
    }

    fn cells(&mut self, source: Source<'_>) -> Cells {
        let mut cells = vec![None; self.columns.len()];
        let mut surplus = Vec::new();
        for SourceCell { column, text } in source.cells {
            match self.place(&column, &cells) {
                Some(place) => put(&mut cells, place, text.into_owned()),
                None => surplus.push(format!("{column}: {text}")),
            }
        }
        if !surplus.is_empty()
            && let Some(place) = self.place(Source::SURPLUS, &cells)
        {
            put(&mut cells, place, surplus.join("\n"));
        }
        cells
    }

    /// The first column of a name in which the row has nothing yet; `None` where there is no room for another.
    fn place(&mut self, name: &str, cells: &[Option<String>]) -> Option<usize> {
        let is_free = |place: &&usize| cells.get(**place).is_none_or(Option::is_none);
        let found = self.places.get(name).and_then(|places| places.iter().find(is_free).copied());
        let has_room = self.columns.len() < COLUMNS && self.names + name.len() <= NAMES;
        let place = match found {
            Some(place) => place,
            None if has_room || name == Source::SURPLUS => self.add(Column { name: name.to_owned(), is_used: true }),
            None => return None,
        };
        self.columns[place].is_used = true;
        Some(place)
    }

    fn add(&mut self, column: Column) -> usize {
        let place = self.columns.len();
        self.names += column.name.len();
        self.places.entry(column.name.clone()).or_default().push(place);
        self.columns.push(column);
        place
    }
}

fn put(cells: &mut Cells, place: usize, text: String) {
    if cells.len() <= place {
        cells.resize(place + 1, None);
    }
    cells[place] = Some(text);
}
