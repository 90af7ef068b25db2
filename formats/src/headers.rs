//! What the columns of a table mean: which program wrote it, and how its rows become records.
//!
//! Each program has a file in this folder with the names of its columns. To add one, copy the smallest (`linkedin.rs`, or
//! `heap_calendar.rs` for a calendar), write its names in the form that [`key`] gives (small letters, single spaces), say with a
//! [`Meaning`] what each is for, add a line to [`CLIENTS`] or [`CALENDARS`] and a golden file to `tests/golden/csv`, without which a
//! test fails; where most of its names are everybody's, a line in [`MARKED`] says which are not. A name that stands twice in a header is
//! listed twice, in the order of the file; `#` in a name stands for a number.
//!
//! What a column is read as is decided once a table, in this order: what a mapping says; a custom field of that name, unless it is a
//! name of ours; the dictionary that knows the most names of the header; and for the rest the words of seven languages in `any.rs`,
//! with slips of the pen forgiven. A single word that is missing there is added there.

mod address;
pub(crate) mod any;
mod cell;
mod client;
pub(crate) mod custom;
pub(crate) mod dates;
mod deal;
mod espocrm;
mod event;
mod foreign;
mod gmail;
mod google;
mod google_calendar;
mod guess;
mod heap_calendar;
mod highrise;
mod hubspot;
mod hubspot_deals;
pub(crate) mod key;
mod link;
mod linkedin;
mod meaning;
pub(crate) mod members;
pub(crate) mod notes;
pub(crate) mod numbers;
mod odoo;
mod outlook;
mod outlook_calendar;
mod outlook_calendar_french;
mod outlook_calendar_german;
mod outlook_com;
mod outlook_dutch;
mod outlook_french;
mod outlook_german;
mod outlook_italian;
mod outlook_portuguese;
mod outlook_portuguese_brazil;
mod outlook_spanish;
mod own;
mod pipedrive;
mod pipedrive_deals;
mod places;
pub(crate) mod properties;
mod salesforce;
mod salesforce_opportunities;
mod suitecrm;
mod tally;
pub(crate) mod target;
mod thunderbird;
mod twenty;
mod windows_contacts;
pub(crate) mod words;
mod yahoo;
mod zoho;
mod zoho_deals;

use std::borrow::Cow;

pub(crate) use self::any::Care;
pub(crate) use self::guess::is_email;

use self::cell::Cell;
use self::client::is_of_event;
use self::client::{Client, Footer, Names};
use self::custom::Readers;
use self::dates::Dates;
use self::key::key;
use self::meaning::{Block, Meaning, Part};
use self::notes::Note;
use self::numbers::{Figure, Numbers, Place};
use self::tally::Tally;
use self::target::{NOTES, Target, Targets};
use crate::record::{Column, Draft, Placeholder};
use crate::sentence::alternatives;
use crate::{
    ColumnReport, DateEvidence, DecimalEvidence, DecimalSeparator, DecodeError, DecodeOptions, Delimiter, Diagnostic,
    Holds, Position, Record, Section, Source, SourceCell, Survey,
};

/// The programs whose tables of people are read, apart from ours. Of those that know equally many names of a header the first is
/// taken.
const CLIENTS: &[&Client] = &[
    &outlook::CLIENT,
    &outlook_com::CLIENT,
    &outlook_german::CLIENT,
    &outlook_french::CLIENT,
    &outlook_spanish::CLIENT,
    &outlook_italian::CLIENT,
    &outlook_portuguese_brazil::CLIENT,
    &outlook_portuguese::CLIENT,
    &outlook_dutch::CLIENT,
    &windows_contacts::CLIENT,
    &gmail::CLIENT,
    &google::CLIENT,
    &yahoo::CLIENT,
    &thunderbird::CLIENT,
    &linkedin::CLIENT,
    &hubspot::CLIENT,
    &salesforce::CLIENT,
    &highrise::CLIENT,
    &espocrm::CLIENT,
    &espocrm::WORKBOOK,
    &suitecrm::CLIENT,
    &zoho::CLIENT,
    &odoo::CLIENT,
    &pipedrive::CLIENT,
    &twenty::CLIENT,
    &hubspot_deals::CLIENT,
    &salesforce_opportunities::REPORT,
    &salesforce_opportunities::LOADER,
    &pipedrive_deals::CLIENT,
    &zoho_deals::CLIENT,
];

/// Programs with names that any table may have. A table is theirs only with one of these names, which are nobody else's.
const MARKED: [(&Client, &[&str]); 12] = [
    (&espocrm::CLIENT, espocrm::MARKS),
    (&espocrm::WORKBOOK, espocrm::WORKBOOK_MARKS),
    (&suitecrm::CLIENT, suitecrm::MARKS),
    (&zoho::CLIENT, zoho::MARKS),
    (&odoo::CLIENT, odoo::MARKS),
    (&pipedrive::CLIENT, pipedrive::MARKS),
    (&twenty::CLIENT, twenty::MARKS),
    (&hubspot_deals::CLIENT, hubspot_deals::MARKS),
    (&salesforce_opportunities::REPORT, salesforce_opportunities::REPORT_MARKS),
    (&salesforce_opportunities::LOADER, salesforce_opportunities::LOADER_MARKS),
    (&pipedrive_deals::CLIENT, pipedrive_deals::MARKS),
    (&zoho_deals::CLIENT, zoho_deals::MARKS),
];

/// The programs whose calendars are read.
const CALENDARS: &[&Client] = &[
    &heap_calendar::CLIENT,
    &google_calendar::CLIENT,
    &outlook_calendar::CLIENT,
    &outlook_calendar_german::CLIENT,
    &outlook_calendar_french::CLIENT,
];

/// The names of the programs whose columns are known, as [`Findings::client`](crate::Findings::client) has them.
pub fn clients() -> impl Iterator<Item = &'static str> {
    let own = [own::CLIENT, any::CLIENT.name, guess::CLIENT.name];
    CLIENTS.iter().chain(CALENDARS).map(|client| client.name).chain(own)
}

/// What the columns of a table mean, and what they have held so far.
pub(crate) struct Layout {
    section: Section,
    header: Vec<String>,
    uses: Vec<Use>,
    client: Option<&'static Client>,
    /// The columns of probabilities in hundredths.
    percents: Vec<usize>,
    /// The columns in the order in which they fill a record: what is mapped first, what is only similar to a known name last.
    order: Vec<usize>,
    /// The columns of what belongs to no column.
    surplus: Vec<usize>,
    /// How many columns somebody has named by their numbers, which makes no row a header.
    numbered: usize,
    targets: Targets,
    tally: Tally,
    dates: Dates,
    numbers: Numbers,
    /// Whether numbers are as we write them, with no more to be found out about them.
    is_plain: bool,
    /// Whether the table has no header.
    is_guessed: bool,
    /// Whether an event may have no date.
    is_undated: bool,
}

/// What a column is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Nobody knows.
    Unknown,
    /// One of ours.
    Own(Column),
    /// Another program's.
    Meant(Meaning),
    /// What whoever imports the table says.
    Target(Target),
}

impl Layout {
    /// Recognises a header by its names, never by their order. `None` where no name is known.
    pub(crate) fn recognise(header: &[Cow<'_, str>], section: Section, options: &DecodeOptions) -> Option<Layout> {
        Layout::recognise_with(Care::Thorough, header, section, options)
    }

    /// Does so as closely as is asked for.
    pub(crate) fn recognise_with(
        care: Care,
        header: &[Cow<'_, str>],
        section: Section,
        options: &DecodeOptions,
    ) -> Option<Layout> {
        let targets = Targets::new(section, options);
        let said: Vec<Option<Target>> = header
            .iter()
            .enumerate()
            .map(|(at, name)| targets.mapped(name, at).or_else(|| targets.custom(name)))
            .collect();
        let keys: Vec<String> = header.iter().map(|name| key(name)).collect();
        // EspoCRM says as well when a record was made.
        let is_ours = keys.iter().any(|key| key == own::MARK) && !espocrm::is_its(&keys);
        let is_undated = section == Section::Calendar && heap_calendar::CLIENT.has_all(&keys);
        // Nobody looks for a meaning of what somebody has said.
        let free = keys.into_iter().zip(&said).map(|(key, said)| if said.is_some() { String::new() } else { key });
        let names = Names::new(free.collect());
        let mut table = if is_ours { Table::own(&names, section) } else { best(&names, section) };
        // A single word may be the beginning of anything.
        let is_table = header.iter().filter(|name| !name.trim().is_empty()).count() > 1;
        if !is_ours && is_table {
            let is_of_program = table.client.is_some();
            table.match_in_all_languages(&names, header, section, care);
            table.join_addresses(is_of_program, header);
            table.tell_wholes_apart(header);
        }
        table.infer_last_name_column();
        table.settle(section);
        for (place, said) in table.uses.iter_mut().zip(&said) {
            if let Some(target) = said {
                *place = Use::Target(*target);
            }
        }
        let header: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        let numbered = header.iter().enumerate().filter(|(at, name)| targets.is_by_number(name, *at)).count();
        let layout = Layout::new(section, header, table, targets, options);
        let layout = Layout { numbered, is_undated, ..layout };
        (layout.known() > 0).then_some(layout)
    }

    /// Guesses what the columns of a table without a header are, from its first rows; they are called `Column 1` and so on. `None`
    /// where none of them holds e-mail addresses and nobody says what one is.
    pub(crate) fn guess(rows: &[Vec<Cow<'_, str>>], section: Section, options: &DecodeOptions) -> Option<Layout> {
        let targets = Targets::new(section, options);
        let guessed = if section == Section::Calendar { None } else { guess::meanings(rows) };
        let unknown = || vec![Meaning::Extra; rows.iter().map(Vec::len).max().unwrap_or_default()];
        let meanings = guessed.or_else(|| targets.number_columns().then(unknown))?;
        let header: Vec<String> = (1..=meanings.len()).map(|number| format!("Column {number}")).collect();
        let uses = meanings
            .into_iter()
            .zip(header.iter().enumerate())
            .map(|(meaning, (at, name))| targets.mapped(name, at).map_or(Use::Meant(meaning), Use::Target));
        let uses = uses.collect();
        let table = Table { uses, client: Some(&guess::CLIENT), similar: Vec::new(), percents: Vec::new() };
        let layout = Layout::new(section, header, table, targets, options);
        Some(Layout { is_guessed: true, ..layout })
    }

    fn new(section: Section, header: Vec<String>, table: Table, targets: Targets, options: &DecodeOptions) -> Layout {
        let Table { uses, client, similar, percents } = table;
        let is_mapped = |at: &usize| matches!(uses[*at], Use::Target(Target::Own(_)));
        let mut order: Vec<usize> = (0..header.len()).collect();
        order.sort_by_key(|at| (!is_mapped(at), similar.contains(at)));
        let surplus = (0..header.len()).filter(|at| Note::of(&header[*at]) == Some(Note::Surplus)).collect();
        Layout {
            section,
            tally: Tally::new(header.len()),
            header,
            uses,
            client,
            percents,
            order,
            surplus,
            numbered: 0,
            targets,
            dates: Dates::new(options.date_order),
            numbers: Numbers::new(options),
            is_plain: false,
            is_guessed: false,
            is_undated: false,
        }
    }

    /// Sets what separates the cells: nobody puts `;` there where numbers have decimal points, and we put a comma.
    pub(crate) fn separated_by(&mut self, delimiter: Delimiter) {
        self.is_plain = self.is_ours() && delimiter == Delimiter::COMMA;
        if delimiter == Delimiter::SEMICOLON {
            self.numbers.expect(DecimalSeparator::Comma);
        }
        if self.is_plain {
            return;
        }
        for at in 0..self.width() {
            if self.number_column(at).is_some() {
                self.numbers.watch(at);
            }
            if matches!(self.uses[at], Use::Target(Target::Custom(field)) if self.targets.field(field).holds == Holds::Number)
            {
                self.numbers.watch_field(at);
            }
        }
    }

    /// The column of ours that a column fills with numbers.
    fn number_column(&self, at: usize) -> Option<Column> {
        match self.uses[at] {
            Use::Own(column) | Use::Target(Target::Own(column)) => Some(column).filter(|column| column.is_number()),
            _ => None,
        }
    }

    /// Fails where a mapping names a column or a field that there is not.
    pub(crate) fn check(&self, options: &DecodeOptions) -> Result<(), DecodeError> {
        Targets::check(self.section, options)?;
        self.targets.check_columns(self.header.iter().map(String::as_str))
    }

    /// How many cells a row should have.
    pub(crate) fn width(&self) -> usize {
        self.header.len()
    }

    /// Whether these cells are the names of the columns again. A single cell may be anything.
    pub(crate) fn is_header<'a>(&self, mut cells: impl Iterator<Item = &'a [u8]>) -> bool {
        let is_name = |name: &String| cells.next().unwrap_or_default().trim_ascii() == name.as_bytes();
        !self.is_guessed && self.header.len() > 1 && self.header.iter().all(is_name)
    }

    /// How many of the columns are known by their names.
    pub(crate) fn known(&self) -> usize {
        self.uses.iter().filter(|of| **of != Use::Unknown).count() - self.numbered
    }

    /// The program that wrote the table.
    pub(crate) fn client(&self) -> &'static str {
        self.client.map_or(own::CLIENT, |client| client.name)
    }

    /// Whether only an export of ours has such a header.
    pub(crate) fn is_ours(&self) -> bool {
        self.client.is_none() && self.uses.contains(&Use::Own(Column::CreatedAt))
    }

    /// The name of a column.
    pub(crate) fn name(&self, column: usize) -> Option<&str> {
        self.header.get(column).map(String::as_str)
    }

    /// The names of the columns as a [`Source`] has them; those that a file of failed rows adds are none of its own.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (usize, &str)> {
        let of_file = self.header.iter().enumerate().filter(|(_, name)| Note::of(name).is_none());
        of_file.map(|(at, name)| match self.uses[at] {
            Use::Meant(meaning) if self.is_guessed => (at, guess::name(Some(meaning)).unwrap_or(name)),
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
        let columns = self.header.iter().zip(&self.uses);
        let ignored = columns
            .filter(|(name, of)| !name.is_empty() && Note::of(name).is_none() && is_ignored(**of))
            .map(|(name, _)| name.clone());
        ignored.collect()
    }

    /// What is meant by a cell that shows a text and leads somewhere: the address, where the column has such addresses and the text is
    /// none. `None` where it is the text.
    pub(crate) fn behind(&self, at: usize, text: &str, address: &str) -> Option<String> {
        let column = match *self.uses.get(at)? {
            Use::Own(column) | Use::Target(Target::Own(column)) => column,
            Use::Meant(meaning) => meaning.column()?,
            _ => return None,
        };
        match column {
            Column::Email if !is_email(text) => link::mail_address(address),
            Column::Url if !link::is_site(text) => link::is_site(address).then(|| address.to_owned()),
            _ => None,
        }
    }

    /// What became of each column of the file, but for those that a file of failed rows adds.
    pub(crate) fn report(&self) -> Vec<ColumnReport> {
        let columns = self.header.iter().zip(&self.uses).map(|(name, of)| tally::Column {
            name: name.into(),
            field: self.field(*of),
            line: is_line(*of).then(|| name.clone()),
        });
        let mut report = self.tally.report(columns);
        report.retain(|column| Note::of(&column.name).is_none());
        report
    }

    /// What the dates of the table have told so far.
    pub(crate) fn date_orders(&self) -> DateEvidence {
        self.dates.evidence().clone()
    }

    /// What the numbers of the table have told so far.
    pub(crate) fn decimals(&self) -> DecimalEvidence {
        self.numbers.evidence()
    }

    /// What has been learned that a second reading should know.
    pub(crate) fn survey(&self) -> Option<Survey> {
        self.numbers.survey()
    }

    /// As what a column is read, for a report.
    fn field(&self, of: Use) -> Option<String> {
        match of {
            Use::Unknown => None,
            Use::Own(column) => Some(column.name().to_owned()),
            Use::Target(target) => self.targets.name(target).map(str::to_owned),
            Use::Meant(meaning) => match meaning.column() {
                Some(column) => Some(column.name().to_owned()),
                None => meaning.is_kept().then(|| NOTES.to_owned()),
            },
        }
    }

    /// Whether a row of so many cells is no record but one of the remarks with which the program ends its tables.
    pub(crate) fn is_footer(&self, cells: u64) -> bool {
        match self.client {
            Some(Client { footer: Footer::SingleCells, .. }) => cells == 1 && self.width() > 1,
            _ => false,
        }
    }

    /// The record of a row, whose missing cells count as empty, and what is to be said of it. Columns that are not known are passed
    /// over. `exact` are the places of the cells that are numbers of a program and no texts.
    pub(crate) fn record(
        &mut self,
        position: Position,
        cells: &[Cow<'_, str>],
        exact: &[usize],
    ) -> Result<(Record, Vec<Diagnostic>), Vec<Diagnostic>> {
        for (at, cell) in cells.iter().enumerate() {
            self.tally.pass(at, cell);
        }
        let is_filled = |at: &&usize| cells.get(**at).is_some_and(|cell| !cell.trim().is_empty());
        if let Some(at) = self.surplus.iter().find(is_filled) {
            let reason =
                "what stands here belongs to no column: move it to where it belongs, and leave this cell empty";
            return Err(vec![Diagnostic { field: Some(self.header[*at].clone()), reason: reason.to_owned() }]);
        }
        let (mut faults, mut notes) = (Vec::new(), Vec::new());
        let mut draft = match self.client {
            None => Draft::default(),
            Some(_) => self.foreign(position, cells, &mut faults),
        };
        self.fill(&mut draft, position, cells, exact, (&mut faults, &mut notes));
        if self.section == Section::Calendar && faults.is_empty() {
            self.check_event(&draft, &mut faults);
        }
        if self.section.stage().is_some() && draft.is_nobodys() {
            self.check_deal(&mut faults);
        }
        if faults.is_empty() { Ok((draft.into_record(self.section), notes)) } else { Err(faults) }
    }

    /// What another program's columns say together.
    fn foreign(&mut self, position: Position, cells: &[Cow<'_, str>], faults: &mut Vec<Diagnostic>) -> Draft {
        let mut known: Vec<Cell<'_>> = Vec::with_capacity(self.order.len().min(cells.len()));
        for &at in &self.order {
            let Some(cell) = cells.get(at).filter(|cell| !cell.trim().is_empty()) else { continue };
            if let Some(meaning) = self.meaning(at) {
                known.push(Cell::new(&self.header[at], meaning, cell));
            }
        }
        if self.section != Section::Calendar {
            return foreign::draft(&known, self.section);
        }
        let (draft, found) = event::draft(&known, position, &mut self.dates);
        faults.extend(found);
        draft
    }

    /// The meaning of a column that other columns of another program have a say in.
    fn meaning(&self, at: usize) -> Option<Meaning> {
        match self.uses[at] {
            Use::Meant(meaning) => Some(meaning),
            Use::Target(Target::Own(Column::Categories)) => Some(Meaning::Categories),
            Use::Target(Target::Own(column)) if self.section == Section::Calendar => Some(Meaning::Own(column)),
            Use::Target(Target::Own(column)) if column.is_of_contact() => Some(Meaning::Mapped(column)),
            _ => None,
        }
    }

    /// Fills what each column says by itself.
    fn fill(
        &mut self,
        draft: &mut Draft,
        position: Position,
        cells: &[Cow<'_, str>],
        exact: &[usize],
        (faults, notes): (&mut Vec<Diagnostic>, &mut Vec<Diagnostic>),
    ) {
        for &at in &self.order {
            let Some(cell) = cells.get(at) else { continue };
            let column = match self.uses[at] {
                Use::Own(column) => column,
                Use::Target(Target::Own(Column::Categories)) if self.client.is_none() => {
                    draft.add_categories(foreign::category_names(Cell::new("", Meaning::Categories, cell)));
                    continue;
                }
                Use::Target(Target::Own(column)) if self.client.is_none() => column,
                Use::Target(Target::Own(column)) => {
                    let is_filled_already = self.section == Section::Calendar || column.is_of_contact();
                    if is_filled_already || column == Column::Categories {
                        continue;
                    }
                    column
                }
                Use::Target(Target::Custom(field)) if !cell.trim().is_empty() => {
                    let (field, header) = (self.targets.field(field), &self.header[at]);
                    let readers = Readers { dates: &mut self.dates, numbers: &mut self.numbers };
                    let place = Place { position, at, header, is_exact: self.is_plain || exact.contains(&at) };
                    let value = custom::value(field, readers, place, cell, notes);
                    if value.is_some_and(|value| !draft.add_custom(&field.name, &value)) {
                        draft.add_foreign(header, cell);
                    }
                    continue;
                }
                Use::Target(Target::Line) if !cell.trim().is_empty() => {
                    draft.add_foreign(&self.header[at], cell);
                    continue;
                }
                _ => continue,
            };
            let header = &self.header[at];
            let placeholder = Placeholder::read(cell).filter(|_| column.is_typed());
            let set = if let Some(placeholder) = placeholder {
                notes.push(Diagnostic { field: Some(header.clone()), reason: placeholder.to_string() });
                Ok(())
            } else if draft.has(column) {
                if !cell.trim().is_empty() {
                    draft.add_foreign(header, cell);
                }
                Ok(())
            } else if column.is_moment() {
                let read = self.dates.read(position, header, cell);
                read.map(|moment| moment.into_iter().for_each(|moment| draft.set_moment(column, moment)))
            } else if column.is_number() {
                let is_exact = self.is_plain || exact.contains(&at);
                let is_percent = self.percents.contains(&at);
                let figure = Figure { position, at, header, column, text: cell, is_exact, is_percent };
                let read = self.numbers.read(&figure, notes);
                read.map(|number| number.into_iter().for_each(|number| draft.set_number(column, number)))
            } else {
                draft.set(column, cell)
            };
            if let Err(reason) = set {
                // When a record was made and changed elsewhere is worth no row.
                let of = if column.is_time_of_record() { &mut *notes } else { &mut *faults };
                of.push(Diagnostic { field: Some(header.clone()), reason });
            }
        }
    }

    /// Notes what a deal cannot do without, where the table is one of deals.
    fn check_deal(&self, faults: &mut Vec<Diagnostic>) {
        let is_name = |of: &Use| matches!(of, Use::Meant(Meaning::DealName | Meaning::DealId));
        if !self.uses.iter().any(is_name) {
            return;
        }
        let is_with = |of: &Use| match of {
            Use::Meant(meaning) => matches!(meaning.column(), Some(Column::Name | Column::Company | Column::Email)),
            Use::Target(Target::Own(column)) => matches!(column, Column::Name | Column::Company | Column::Email),
            _ => false,
        };
        let names: Vec<&str> =
            self.uses.iter().zip(&self.header).filter(|(of, _)| is_with(of)).map(|(_, name)| name.as_str()).collect();
        let reason = match names.as_slice() {
            [] => "a deal needs the contact or the company that it is with, and the table has no column of either"
                .to_owned(),
            names => {
                format!("a deal needs the contact or the company that it is with: fill {}", alternatives(names, "or"))
            }
        };
        faults.push(Diagnostic { field: names.first().map(|name| (*name).to_owned()), reason });
    }

    /// Notes what an event cannot do without.
    fn check_event(&self, draft: &Draft, faults: &mut Vec<Diagnostic>) {
        let name = |of: Column, else_of: Column| {
            let places = self.uses.iter().zip(&self.header);
            let mut names = places.filter(|(place, _)| match place {
                Use::Own(column) | Use::Target(Target::Own(column)) => *column == of || *column == else_of,
                Use::Meant(meaning) => meaning.column() == Some(of),
                _ => false,
            });
            Some(names.next().map_or_else(|| of.name().to_owned(), |(_, name)| name.clone()))
        };
        if !draft.has(Column::Title) {
            let field = name(Column::Title, Column::Title);
            faults.push(Diagnostic { field, reason: "an event needs a title".to_owned() });
        }
        if !draft.has_start() && !self.is_undated {
            let field = name(Column::StartsOn, Column::StartsAt);
            faults.push(Diagnostic { field, reason: "an event needs a date".to_owned() });
        }
    }
}

/// Whether the values of a column only become lines of the notes.
fn is_line(of: Use) -> bool {
    match of {
        Use::Target(target) => matches!(target, Target::Line),
        Use::Meant(meaning) => meaning.column().is_none() && meaning.is_kept(),
        Use::Unknown | Use::Own(_) => false,
    }
}

fn is_ignored(of: Use) -> bool {
    matches!(of, Use::Unknown | Use::Target(Target::Nothing))
}

/// The columns of a table as one program means them.
struct Table {
    uses: Vec<Use>,
    /// The program; `None` where it is ours.
    client: Option<&'static Client>,
    /// The columns that no dictionary has, only names like theirs.
    similar: Vec<usize>,
    /// The columns of probabilities in hundredths.
    percents: Vec<usize>,
}

impl Table {
    fn own(names: &Names, section: Section) -> Table {
        let column = |key: &String| own::column(key, section).map_or(Use::Unknown, Use::Own);
        Table {
            uses: names.keys().iter().map(column).collect(),
            client: None,
            similar: Vec::new(),
            percents: Vec::new(),
        }
    }

    fn known(&self) -> usize {
        self.uses.iter().filter(|of| **of != Use::Unknown).count()
    }

    /// Beside first names and no family names, a column of names most likely has the latter.
    fn infer_last_name_column(&mut self) {
        let has = |meaning: Meaning| self.uses.contains(&Use::Meant(meaning));
        if has(Meaning::FirstName) && !has(Meaning::LastName) {
            let names = self.uses.iter_mut().filter(|of| **of == Use::Meant(Meaning::Own(Column::Name)));
            names.for_each(|of| *of = Use::Meant(Meaning::LastOrWholeName));
        }
    }

    /// What a transaction has and a person has not says by itself in a stage, and is worth keeping among people.
    fn settle(&mut self, section: Section) {
        for (at, of) in self.uses.iter_mut().enumerate() {
            let column = match *of {
                Use::Meant(Meaning::Own(column @ (Column::Value | Column::Probability))) => column,
                Use::Meant(Meaning::Percent) => {
                    self.percents.push(at);
                    Column::Probability
                }
                _ => continue,
            };
            *of = if section.stage().is_some() { Use::Own(column) } else { Use::Meant(Meaning::Extra) };
        }
    }

    /// Looks in all languages for the names that the program does not know. Where some are found, the table is not quite that
    /// program's, and what only that would keep as a note may be more.
    fn match_in_all_languages(&mut self, names: &Names, header: &[Cow<'_, str>], section: Section, care: Care) {
        let is_free = |at: &usize| !names.keys()[*at].is_empty() && Note::of(&header[*at]).is_none();
        let unknown: Vec<usize> =
            (0..header.len()).filter(|at| self.uses[*at] == Use::Unknown).filter(is_free).collect();
        let look = |at: usize, care| any::meaning(&header[at], section, care);
        let found: Vec<_> = unknown.into_iter().filter_map(|at| Some((at, look(at, care)?))).collect();
        if found.iter().all(|(_, meaning)| meaning.column().is_none() && *meaning != Meaning::Honorific) {
            return;
        }
        let known = self.known();
        if self.client.is_none() {
            self.uses.iter_mut().for_each(|of| *of = among_others(*of, section));
        }
        for (at, of) in self.uses.iter_mut().enumerate() {
            let is_kept = matches!(of, Use::Meant(Meaning::Extra | Meaning::ExtraUnlessDefault));
            let better = || look(at, Care::Quick).filter(|meaning| meaning.column().is_some());
            if let Some(meaning) = is_kept.then(better).flatten() {
                *of = Use::Meant(meaning);
                self.similar.push(at);
            }
        }
        if self.client.is_none() || known < 2 * found.len() {
            self.client = Some(&any::CLIENT);
        }
        for (at, meaning) in found {
            self.uses[at] = match meaning {
                // The value of a transaction and the like say all by themselves.
                Meaning::Own(column) if section != Section::Calendar && !column.is_of_contact() => Use::Own(column),
                meaning => Use::Meant(meaning),
            };
            self.similar.push(at);
        }
        let has_title = |of: &Use| matches!(of, Use::Meant(Meaning::JobTitle | Meaning::Own(Column::Title)));
        if !self.uses.iter().any(has_title) {
            let honorifics = self.uses.iter_mut().filter(|of| **of == Use::Meant(Meaning::Honorific));
            honorifics.for_each(|of| *of = Use::Meant(Meaning::JobTitle));
        }
    }

    /// Finds the address of parts that do not say to which they belong. They are an address of their own, unless the only other one
    /// has none of them: `Mailing Address, City, Zip`. One that is called the primary one is no other's.
    fn join_addresses(&mut self, is_of_program: bool, header: &[Cow<'_, str>]) {
        let is_part = |of: &Use| matches!(of, Use::Meant(Meaning::Address(..)));
        if !self.uses.iter().any(is_part) {
            return;
        }
        // The columns whose names the program does not have.
        let mut added = self.similar.clone();
        for (at, of) in self.uses.iter_mut().enumerate() {
            if let Use::Meant(Meaning::Own(column)) = *of
                && let Some(part) = part(column)
            {
                *of = Use::Meant(Meaning::Address(Block::Business, part));
                added.push(at);
            }
        }
        let is_added = |at: usize| !is_of_program || added.contains(&at);
        let of_program = self.columns_of(Block::Business, |at| !is_added(at));
        let main = self.columns_of(Block::Business, is_added);
        if !of_program.is_empty() {
            if are_apart(&of_program, &self.columns_of(Block::Work, is_added)) {
                self.move_address(Block::Work, Block::Business, is_added);
            }
            let is_whole = [Column::Address, Column::City].iter().any(|column| main.contains(column));
            if is_whole && !are_apart(&of_program, &main) {
                self.move_address(Block::Business, Block::Loose, is_added);
            }
            return;
        }
        self.drop_lone_states();
        let mut others: Vec<Block> = Vec::new();
        for of in &self.uses {
            match of {
                Use::Meant(Meaning::Address(block, _)) if *block != Block::Business && !others.contains(block) => {
                    others.push(*block);
                }
                _ => {}
            }
        }
        let columns = |block: &Block| self.columns_of(*block, |_| true);
        let is_main = |(of, name): (&Use, &Cow<'_, str>)| {
            matches!(of, Use::Meant(Meaning::Address(Block::Business, _))) && address::is_primary(name)
        };
        let to = match others.as_slice() {
            _ if self.uses.iter().zip(header).any(is_main) => None,
            [only] if are_apart(&main, &columns(only)) => Some(*only),
            // A country beside two addresses is neither's, and no address itself.
            others if !main.contains(&Column::Address) => {
                let is_better = |block: &Block| {
                    let columns = columns(block);
                    columns.contains(&Column::Address) && columns.contains(&Column::City)
                };
                others.iter().any(is_better).then_some(Block::Loose)
            }
            _ => None,
        };
        if let Some(to) = to {
            self.move_address(Block::Business, to, |_| true);
        }
    }

    /// Forgets the state of a delivery, an invoice and the like, which is no part of an address where that has no other.
    fn drop_lone_states(&mut self) {
        for block in [Block::Billing, Block::Permanent, Block::Shipping] {
            if self.columns_of(block, |_| true) == [Column::State] {
                let state = Use::Meant(Meaning::Address(block, Part::State));
                self.uses.iter_mut().filter(|of| **of == state).for_each(|of| *of = Use::Unknown);
            }
        }
    }

    /// Beside a street, what is only called an address is the whole of it.
    fn tell_wholes_apart(&mut self, header: &[Cow<'_, str>]) {
        let street = |block| Use::Meant(Meaning::Address(block, Part::Street(0)));
        for at in 0..self.uses.len() {
            let Use::Meant(Meaning::Address(block, Part::Street(0))) = self.uses[at] else { continue };
            let is_whole = |at: &usize| any::is_plain_address(&header[*at]);
            let mut others = (0..self.uses.len()).filter(|other| *other != at && self.uses[*other] == street(block));
            if is_whole(&at) && others.any(|other| !is_whole(&other)) {
                self.uses[at] = Use::Meant(Meaning::Address(block, Part::Whole));
            }
        }
    }

    /// What the columns of an address fill, of those in certain places.
    fn columns_of(&self, block: Block, is_meant: impl Fn(usize) -> bool) -> Vec<Column> {
        let uses = self.uses.iter().enumerate();
        uses.filter_map(|(at, of)| match of {
            Use::Meant(meaning @ Meaning::Address(other, _)) if *other == block && is_meant(at) => meaning.column(),
            _ => None,
        })
        .collect()
    }

    fn move_address(&mut self, from: Block, to: Block, is_meant: impl Fn(usize) -> bool) {
        for (at, of) in self.uses.iter_mut().enumerate() {
            if let Use::Meant(Meaning::Address(block, _)) = of
                && *block == from
                && is_meant(at)
            {
                *block = to;
            }
        }
    }
}

/// Whether two addresses have no part in common.
fn are_apart(one: &[Column], other: &[Column]) -> bool {
    one.iter().all(|column| !other.contains(column))
}

/// A column of ours among another program's, with which it makes an address or an event together.
fn among_others(of: Use, section: Section) -> Use {
    let Use::Own(column) = of else { return of };
    match column {
        Column::Categories => Use::Meant(Meaning::Categories),
        Column::Stage => Use::Meant(Meaning::DealStage),
        column if column.is_of_contact() || is_of_event(column, section) => match part(column) {
            Some(part) if section != Section::Calendar => Use::Meant(Meaning::Address(Block::Business, part)),
            _ => Use::Meant(Meaning::Own(column)),
        },
        _ => of,
    }
}

/// The part of an address that a column of ours holds.
fn part(column: Column) -> Option<Part> {
    Some(match column {
        Column::Address => Part::Street(0),
        Column::City => Part::City,
        Column::State => Part::State,
        Column::Zip => Part::Zip,
        Column::Country => Part::Country,
        _ => return None,
    })
}

/// The columns as that program means them which knows the most names.
fn best(names: &Names, section: Section) -> Table {
    let programs = if section == Section::Calendar { CALENDARS } else { CLIENTS };
    // The failed rows of a table without a header have one, by the names of the guess.
    let guessed = names.keys().iter().any(|key| key == notes::ROW).then_some(&guess::CLIENT);
    let programs = programs.iter().copied().filter(|client| could_be_of(client, names.keys()));
    let foreign = programs.chain(guessed).map(|client| {
        let uses = client.meanings(names, section).into_iter().map(|meaning| meaning.map_or(Use::Unknown, Use::Meant));
        Table { uses: uses.collect(), client: Some(client), similar: Vec::new(), percents: Vec::new() }
    });
    foreign.fold(Table::own(names, section), |best, table| if table.known() > best.known() { table } else { best })
}

/// Whether a header could be a program's, which it cannot without any name that only that program has, if it has such.
fn could_be_of(client: &'static Client, keys: &[String]) -> bool {
    let marks = MARKED.iter().find(|(marked, _)| std::ptr::eq(*marked, client)).map(|(_, marks)| *marks);
    marks.is_none_or(|marks| keys.iter().any(|key| marks.contains(&key.as_str())))
}

#[cfg(test)]
mod tests {
    use super::{CALENDARS, CLIENTS, Care, Meaning, Section, any, key};

    #[test]
    fn what_a_program_keeps_apart_from_addresses_is_none_elsewhere() {
        // An address of the company's, and what is told by another column as well.
        let known = ["ort", "company address - ", "address", "country code", "country_code", "region of "];
        for client in CLIENTS {
            for (name, meaning) in client.columns {
                let found = any::meaning(name, Section::People, Care::Thorough);
                let is_kept_apart = !matches!(meaning, Meaning::Address(..)) && meaning.column().is_none();
                if is_kept_apart && matches!(found, Some(Meaning::Address(..))) {
                    assert!(known.iter().any(|known| name.contains(known)), "{}: {name}: {found:?}", client.name);
                    assert!(!name.starts_with("im"), "{name}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn dictionaries_have_names_as_they_are_compared() {
        for client in CLIENTS.iter().chain(CALENDARS) {
            for (name, _) in client.columns {
                assert_eq!(*name, key(name), "in the dictionary of {}", client.name);
            }
        }
    }
}
