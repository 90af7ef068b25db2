//! How the row of another program's table becomes a contact: the rules that the tables of all such programs share.

use std::cmp::Reverse;

use super::own;
use crate::record::{Column, Draft, names};
use crate::{Contact, Section};

/// What a column of another program means to us. Numbers rank columns with one purpose; 0 is preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    FirstName,
    MiddleName,
    LastName,
    Company,
    JobTitle,
    /// `Dr.`; but the position, where a table has no column for that.
    Honorific,
    Email(u8),
    /// The kind of the address with the same rank: `SMTP` or `EX`.
    EmailType(u8),
    Phone(u8),
    Mobile,
    Fax(u8),
    Url,
    Address(Block, Part),
    Notes,
    Categories,
    /// A column of ours among the other program's, as in tables that were made by hand.
    Own(Column),
    /// Worth keeping in the notes.
    Extra,
    /// Worth keeping in the notes, unless it is this default of the program.
    ExtraUnless(&'static str),
    /// Of no use outside the other program.
    Ignored,
}

/// Addresses in the order in which they are preferred; one address is never made of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    Business,
    Home,
    Other,
}

/// The parts of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Street(u8),
    PoBox,
    City,
    State,
    Zip,
    Country,
}

/// A cell that is not blank.
pub(super) struct Cell<'a> {
    header: &'a str,
    meaning: Meaning,
    text: &'a str,
}

impl<'a> Cell<'a> {
    pub(super) fn new(header: &'a str, meaning: Meaning, text: &'a str) -> Cell<'a> {
        Cell { header, meaning, text }
    }
}

/// The meanings of a header's columns, looked up in the program's dictionary and then in ours.
pub(super) fn meanings(keys: &[String], dictionary: fn(&str) -> Option<Meaning>) -> Vec<Option<Meaning>> {
    let contact_column =
        |key: &String| own::column(key, Section::People).filter(|column| column.is_of_contact()).map(Meaning::Own);
    let mut meanings: Vec<_> = keys.iter().map(|key| dictionary(key).or_else(|| contact_column(key))).collect();
    if !meanings.contains(&Some(Meaning::JobTitle)) {
        for meaning in meanings.iter_mut().filter(|meaning| **meaning == Some(Meaning::Honorific)) {
            *meaning = Some(Meaning::JobTitle);
        }
    }
    meanings
}

/// Makes a contact of a row. What is known and not used goes to the foreign values in the order of the columns.
pub(super) fn draft(cells: Vec<Cell<'_>>) -> Draft {
    let mut cells = Cells(cells);
    let mut draft = Draft::with_contact(contact(&mut cells));
    let text = cells.take(|meaning| meaning == Meaning::Categories).unwrap_or_default();
    draft.set_categories(names(text.split([';', ',']).filter(|name| !is_system_group(name))));
    for cell in cells.0.iter().filter(|cell| is_worth_keeping(cell)) {
        draft.add_foreign(cell.header, cell.text);
    }
    draft
}

fn contact(cells: &mut Cells<'_>) -> Contact {
    let mut contact = Contact::default();
    let name_parts = [Meaning::FirstName, Meaning::MiddleName, Meaning::LastName];
    let name: Vec<&str> =
        name_parts.into_iter().filter_map(|part| cells.take(|meaning| meaning == part)).map(str::trim).collect();
    contact.set(Column::Name, &name.join(" "));

    let exchange = cells.exchange_ranks();
    let email = cells.take_best(|meaning| match meaning {
        Meaning::Email(rank) if !exchange.contains(&rank) => Some(rank),
        _ => None,
    });
    let phone = cells.take_best(|meaning| if let Meaning::Phone(rank) = meaning { Some(rank) } else { None });
    let fax = cells.take_best(|meaning| if let Meaning::Fax(rank) = meaning { Some(rank) } else { None });
    let found = [
        (Column::Company, cells.take(|meaning| meaning == Meaning::Company)),
        (Column::Title, cells.take(|meaning| meaning == Meaning::JobTitle)),
        (Column::Email, email),
        (Column::Phone, phone),
        (Column::Mobile, cells.take(|meaning| meaning == Meaning::Mobile)),
        (Column::Fax, fax),
        (Column::Url, cells.take(|meaning| meaning == Meaning::Url)),
        (Column::Notes, cells.take(|meaning| meaning == Meaning::Notes)),
    ];
    for (column, text) in found {
        contact.set(column, text.unwrap_or_default());
    }
    set_address(&mut contact, cells);
    fill_from_own(&mut contact, cells);
    contact
}

/// Sets the address from the first block of which any cell is filled.
fn set_address(contact: &mut Contact, cells: &mut Cells<'_>) {
    let is_filled =
        |block: &Block| cells.0.iter().any(|cell| matches!(cell.meaning, Meaning::Address(of, _) if of == *block));
    let Some(block) = [Block::Business, Block::Home, Block::Other].into_iter().find(is_filled) else { return };
    let mut part = |part| cells.take(|meaning| meaning == Meaning::Address(block, part));
    let lines = [Part::Street(0), Part::Street(1), Part::Street(2), Part::PoBox].into_iter().filter_map(&mut part);
    contact.set(Column::Address, &lines.collect::<Vec<_>>().join("\n"));
    let rest = [
        (Column::City, Part::City),
        (Column::State, Part::State),
        (Column::Zip, Part::Zip),
        (Column::Country, Part::Country),
    ];
    for (column, of) in rest {
        contact.set(column, part(of).unwrap_or_default());
    }
}

/// Fills what the program's own columns leave empty from columns that bear our names, and drops what those only repeat.
fn fill_from_own(contact: &mut Contact, cells: &mut Cells<'_>) {
    for &column in Column::OF_PERSON.iter().filter(|column| column.is_of_contact()) {
        match contact.text(column) {
            Some(known) => cells.0.retain(|cell| cell.meaning != Meaning::Own(column) || cell.text.trim() != known),
            None => contact.set(column, cells.take(|meaning| meaning == Meaning::Own(column)).unwrap_or_default()),
        }
    }
}

/// The filled cells of a row that no rule has used yet.
struct Cells<'a>(Vec<Cell<'a>>);

impl<'a> Cells<'a> {
    /// Takes the first cell with a meaning.
    fn take(&mut self, is_meant: impl Fn(Meaning) -> bool) -> Option<&'a str> {
        let found = self.0.iter().position(|cell| is_meant(cell.meaning))?;
        Some(self.0.remove(found).text)
    }

    /// Takes the cell with the lowest rank.
    fn take_best(&mut self, rank: impl Fn(Meaning) -> Option<u8>) -> Option<&'a str> {
        let ranked = self.0.iter().enumerate().filter_map(|(at, cell)| Some((at, rank(cell.meaning)?)));
        let (found, _) = ranked.max_by_key(|(at, rank)| Reverse((*rank, *at)))?;
        Some(self.0.remove(found).text)
    }

    /// The ranks of e-mail addresses that only a Microsoft Exchange server understands (X.500 names of the type `EX`).
    fn exchange_ranks(&self) -> Vec<u8> {
        let rank = |cell: &Cell<'_>| match cell.meaning {
            Meaning::EmailType(rank) if cell.text.trim().eq_ignore_ascii_case("EX") => Some(rank),
            _ => None,
        };
        self.0.iter().filter_map(rank).collect()
    }
}

/// Google and its copies mark the groups that they make themselves, such as `* My Contacts`.
fn is_system_group(name: &str) -> bool {
    name.trim_start().starts_with("* ")
}

fn is_worth_keeping(cell: &Cell<'_>) -> bool {
    match cell.meaning {
        Meaning::Ignored | Meaning::EmailType(_) => false,
        Meaning::ExtraUnless(default) => !cell.text.trim().eq_ignore_ascii_case(default),
        _ => true,
    }
}
