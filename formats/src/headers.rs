//! What the columns of a table mean: which program wrote it, and how its rows become records.
//!
//! Each program has a file in this folder with the names of its columns. To add one, copy the smallest (`linkedin.rs`), write its names
//! in the form that [`key`] gives (small letters, single spaces), say with a [`Meaning`] what each is for, add a line to [`CLIENTS`]
//! and a golden file to `tests/golden/csv`. A name that stands twice in a header is listed twice, in the order of the file; `#` in a
//! name stands for a number.

mod client;
mod foreign;
mod gmail;
mod google;
mod guess;
mod highrise;
mod hubspot;
mod linkedin;
mod meaning;
pub(crate) mod notes;
mod outlook;
mod outlook_com;
mod outlook_french;
mod outlook_german;
mod own;
mod salesforce;
mod thunderbird;
mod windows_contacts;
mod yahoo;

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

pub(crate) use self::guess::is_email;

use self::client::{Client, Footer, Names};
use self::foreign::Cell;
use self::meaning::Meaning;
use self::notes::Note;
use crate::record::{Column, Draft};
use crate::{Diagnostic, Record, Section, Source, SourceCell};

/// The programs whose tables are read, apart from ours. Of those that know equally many names of a header the first is taken.
const CLIENTS: [&Client; 13] = [
    &outlook::CLIENT,
    &outlook_com::CLIENT,
    &outlook_german::CLIENT,
    &outlook_french::CLIENT,
    &windows_contacts::CLIENT,
    &gmail::CLIENT,
    &google::CLIENT,
    &yahoo::CLIENT,
    &thunderbird::CLIENT,
    &linkedin::CLIENT,
    &hubspot::CLIENT,
    &salesforce::CLIENT,
    &highrise::CLIENT,
];

/// What the columns of a table mean.
pub(crate) struct Layout {
    section: Section,
    header: Vec<String>,
    columns: Columns,
    /// Whether the table has no header.
    is_guessed: bool,
}

impl Layout {
    /// Recognises a header by its names, never by their order. `None` where no name is known.
    pub(crate) fn recognise(header: &[Cow<'_, str>], section: Section) -> Option<Layout> {
        let names = Names::new(header.iter().map(|name| key(name)).collect());
        let own = Columns::Own(names.keys().iter().map(|key| own::column(key, section)).collect());
        let columns = if names.keys().iter().any(|key| key == own::MARK) { own } else { best(own, &names) };
        let header = header.iter().map(|name| name.trim().to_owned()).collect();
        (columns.known() > 0).then_some(Layout { section, header, columns, is_guessed: false })
    }

    /// Guesses what the columns of a table without a header are, from its first rows; they are called `Column 1` and so on. `None`
    /// where none of them holds e-mail addresses.
    pub(crate) fn guess(rows: &[Vec<Cow<'_, str>>], section: Section) -> Option<Layout> {
        let meanings: Vec<_> = guess::meanings(rows)?.into_iter().map(Some).collect();
        let header = (1..=meanings.len()).map(|number| format!("Column {number}")).collect();
        Some(Layout { section, header, columns: Columns::Foreign(&guess::CLIENT, meanings), is_guessed: true })
    }

    /// How many cells a row should have.
    pub(crate) fn width(&self) -> usize {
        self.header.len()
    }

    /// How many of the columns are known.
    pub(crate) fn known(&self) -> usize {
        self.columns.known()
    }

    /// The program that wrote the table.
    pub(crate) fn client(&self) -> &'static str {
        match &self.columns {
            Columns::Own(_) => own::CLIENT,
            Columns::Foreign(client, _) => client.name,
        }
    }

    /// Whether only an export of ours has such a header.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(&self.columns, Columns::Own(columns) if columns.contains(&Some(Column::CreatedAt)))
    }

    /// The name of a column.
    pub(crate) fn name(&self, column: usize) -> Option<&str> {
        self.header.get(column).map(String::as_str)
    }

    /// The names of the columns as a [`Source`] has them; those that a file of failed rows adds are none of its own.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (usize, &str)> {
        let of_file = self.header.iter().enumerate().filter(|(_, name)| Note::of(name).is_none());
        of_file.map(|(at, name)| match &self.columns {
            Columns::Foreign(_, meanings) if self.is_guessed => (at, guess::name(meanings[at]).unwrap_or(name)),
            _ => (at, name.as_str()),
        })
    }

    /// A row as the file has it. What is beyond its columns comes last.
    pub(crate) fn source<'a>(&'a self, mut cells: Vec<Cow<'a, str>>, surplus: Option<String>) -> Source<'a> {
        cells.resize(self.width(), Cow::Borrowed(""));
        let cell =
            |(at, name): (usize, &'a str)| SourceCell { column: name.into(), text: std::mem::take(&mut cells[at]) };
        let mut source = Source { cells: self.sources().map(cell).collect() };
        let left = self.header.iter().zip(cells).filter(|(name, _)| Note::of(name) == Some(Note::Surplus));
        let surplus = left.map(|(_, text)| text).chain(surplus.map(Cow::Owned)).filter(|text| !text.trim().is_empty());
        source.cells.extend(surplus.map(|text| SourceCell { column: Source::SURPLUS.into(), text }));
        source
    }

    /// The names of the columns that nobody reads.
    pub(crate) fn ignored(&self) -> Vec<String> {
        let is_ignored = |at: usize| match &self.columns {
            Columns::Own(columns) => columns[at].is_none(),
            Columns::Foreign(_, meanings) => meanings[at].is_none(),
        };
        let names = self
            .header
            .iter()
            .enumerate()
            .filter(|(at, name)| !name.is_empty() && Note::of(name).is_none() && is_ignored(*at));
        names.map(|(_, name)| name.clone()).collect()
    }

    /// Whether a row of so many cells is no record but one of the remarks with which the program ends its tables.
    pub(crate) fn is_footer(&self, cells: u64) -> bool {
        match &self.columns {
            Columns::Foreign(Client { footer: Footer::SingleCells, .. }, _) => cells == 1 && self.width() > 1,
            _ => false,
        }
    }

    /// The record of a row, whose missing cells count as empty. Columns that are not known are passed over.
    pub(crate) fn record(&self, cells: &[Cow<'_, str>]) -> Result<Record, Vec<Diagnostic>> {
        let is_surplus =
            |(name, cell): &(&String, &Cow<'_, str>)| Note::of(name) == Some(Note::Surplus) && !cell.trim().is_empty();
        if let Some((name, _)) = self.header.iter().zip(cells).find(is_surplus) {
            let reason =
                "what stands here belongs to no column: move it to where it belongs, and leave this cell empty";
            return Err(vec![Diagnostic { field: Some(name.clone()), reason: reason.to_owned() }]);
        }
        match &self.columns {
            Columns::Own(columns) => self.own_record(columns, cells),
            Columns::Foreign(_, meanings) => Ok(self.foreign_record(meanings, cells)),
        }
    }

    fn own_record(&self, columns: &[Option<Column>], cells: &[Cow<'_, str>]) -> Result<Record, Vec<Diagnostic>> {
        let mut draft = Draft::default();
        let mut diagnostics = Vec::new();
        for ((header, column), cell) in self.header.iter().zip(columns).zip(cells) {
            let Some(column) = *column else { continue };
            if draft.has(column) && !cell.trim().is_empty() {
                draft.add_foreign(header, cell);
            } else if let Err(reason) = draft.set(column, cell) {
                diagnostics.push(Diagnostic { field: Some(header.clone()), reason });
            }
        }
        if diagnostics.is_empty() { Ok(draft.into_record(self.section)) } else { Err(diagnostics) }
    }

    fn foreign_record(&self, meanings: &[Option<Meaning>], cells: &[Cow<'_, str>]) -> Record {
        let filled = self.header.iter().zip(meanings).zip(cells).filter(|(_, cell)| !cell.trim().is_empty());
        let known: Vec<Cell<'_>> =
            filled.filter_map(|((header, meaning), cell)| Some(Cell::new(header, (*meaning)?, cell))).collect();
        foreign::draft(&known).into_record(self.section)
    }
}

/// The meaning of each column; `None` where it is not known.
enum Columns {
    Own(Vec<Option<Column>>),
    Foreign(&'static Client, Vec<Option<Meaning>>),
}

impl Columns {
    fn known(&self) -> usize {
        match self {
            Columns::Own(columns) => columns.iter().flatten().count(),
            Columns::Foreign(_, meanings) => meanings.iter().flatten().count(),
        }
    }
}

/// The columns as that program means them which knows the most names.
fn best(own: Columns, names: &Names) -> Columns {
    // The failed rows of a table without a header have one, by the names of the guess.
    let guessed = names.keys().iter().any(|key| key == notes::ROW).then_some(&guess::CLIENT);
    let foreign = CLIENTS.into_iter().chain(guessed).map(|client| Columns::Foreign(client, client.meanings(names)));
    foreign.fold(own, |best, columns| if columns.known() > best.known() { columns } else { best })
}

/// The form in which names are compared: small letters, single spaces (of any kind, as some programs write no-break ones), straight
/// apostrophes, plain hyphens, accents joined to their letters, and `ss` as the Swiss write it.
fn key(name: &str) -> String {
    let visible = name.nfc().filter(|char| !matches!(char, '\u{feff}' | '\u{200b}' | '\0')).map(|char| match char {
        '’' | '‘' | '´' | '`' | 'ʼ' => '\'',
        '‐' | '‑' | '‒' | '–' | '—' => '-',
        other => other,
    });
    let name: String = visible.flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").replace('ß', "ss")
}

#[cfg(test)]
mod tests {
    use super::{CLIENTS, key};

    #[test]
    fn dictionaries_have_names_as_they_are_compared() {
        for client in CLIENTS {
            for (name, _) in client.columns {
                assert_eq!(*name, key(name), "in the dictionary of {}", client.name);
            }
        }
    }
}
