//! How the row of another program's table becomes a contact: the rules that the tables of all such programs share.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::ops::RangeBounds;

use super::any::LATE;
use super::cell::{Cell, Cells};
use super::deal;
use super::meaning::{Block, Meaning, Part};
use crate::record::{CATEGORY_SEPARATOR, Column, Draft, names};
use crate::{Contact, Section};

/// Makes a contact of a row. What is known and not used goes to the foreign values in the order of the columns.
pub(super) fn draft(cells: &[Cell<'_>], section: Section) -> Draft {
    let lists: Vec<(usize, Vec<String>)> =
        cells.iter().enumerate().filter_map(|(at, cell)| Some((at, json_list(cell)?))).collect();
    let mut cells = Cells::new(cells, &lists);
    let mut draft = Draft::with_contact(contact(&mut cells));
    if section.stage().is_some() {
        deal::take(&mut draft, &mut cells);
    }
    while let Some(cell) = cells.take_cell(|meaning| matches!(meaning, Meaning::Categories | Meaning::Labels)) {
        draft.add_categories(category_names(cell));
    }
    for cell in cells.0.iter().filter(|cell| is_worth_keeping(cell)) {
        draft.add_foreign(cell.header, cell.text);
    }
    draft
}

fn contact(cells: &mut Cells<'_>) -> Contact {
    let mut contact = Contact::default();
    if cells.0.iter().any(|cell| matches!(cell.meaning, Meaning::Mapped(_))) {
        fill(&mut contact, cells, Meaning::Mapped);
    }
    if contact.name.is_none() {
        contact.set(Column::Name, &name(cells));
    }
    take_ranked(&mut contact, cells, ..LATE);
    set_address(&mut contact, cells);
    fill(&mut contact, cells, Meaning::Own);
    take_ranked(&mut contact, cells, ..=u8::MAX);
    let kind = cells.take(|meaning| meaning == Meaning::CompanyOrPerson).unwrap_or_default().trim();
    let is_company = ["company", "true", "1"].iter().any(|of| kind.eq_ignore_ascii_case(of));
    if is_company && contact.company.is_none() {
        contact.company = contact.name.take();
    }
    // Odoo names the people of a company `Company, Person`.
    if let (Some(company), Some(name)) = (&contact.company, &mut contact.name)
        && let Some(own) = name.strip_prefix(company.as_str()).and_then(|rest| rest.strip_prefix(", "))
        && !own.trim().is_empty()
    {
        *name = own.trim().to_owned();
    }
    let code = cells.take(|meaning| meaning == Meaning::CallingCode);
    if let (Some(code), Some(phone)) = (code, &mut contact.phone)
        && !phone.starts_with('+')
    {
        *phone = format!("{} {phone}", code.trim());
    }
    contact
}

/// The name, which may stand in several cells.
fn name(cells: &mut Cells<'_>) -> String {
    let parts = [Meaning::FirstName, Meaning::MiddleName, Meaning::LastName, Meaning::LastOrWholeName];
    let mut taken = parts.map(|part| cells.take(|meaning| meaning == part).map(str::trim));
    if let [Some(first), .., Some(whole)] = taken
        && whole.split_whitespace().any(|word| word == first)
    {
        taken = [None, None, None, Some(whole)];
    }
    taken.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The columns of which a table of another program may have several, and how it ranks them.
const RANKS: [(Column, Rank); 8] = [
    (Column::Company, |meaning| (meaning == Meaning::Company).then_some(0)),
    (Column::Title, |meaning| (meaning == Meaning::JobTitle).then_some(0)),
    (Column::Email, |meaning| if let Meaning::Email(rank) = meaning { Some(rank) } else { None }),
    (Column::Phone, |meaning| if let Meaning::Phone(rank) = meaning { Some(rank) } else { None }),
    (Column::Mobile, |meaning| if let Meaning::Mobile(rank) = meaning { Some(rank) } else { None }),
    (Column::Fax, |meaning| if let Meaning::Fax(rank) = meaning { Some(rank) } else { None }),
    (Column::Url, |meaning| if let Meaning::Url(rank) = meaning { Some(rank) } else { None }),
    (Column::Notes, |meaning| (meaning == Meaning::Notes).then_some(0)),
];

/// The rank of a meaning among those of one column; `None` for other meanings.
type Rank = fn(Meaning) -> Option<u8>;

/// Fills what is still empty from the best cells whose ranks are among these.
fn take_ranked(contact: &mut Contact, cells: &mut Cells<'_>, ranks: impl RangeBounds<u8>) {
    for (column, rank) in RANKS {
        if contact.text(column).is_none() {
            let best = cells.take_best(|meaning| rank(meaning).filter(|rank| ranks.contains(rank)));
            contact.set(column, best.unwrap_or_default());
        }
    }
}

/// Sets the address from the best block of which any cell is filled. The whole of an address counts where it has no street apart; where
/// it says no more than its parts it is dropped.
fn set_address(contact: &mut Contact, cells: &mut Cells<'_>) {
    let blocks = cells.0.iter().filter_map(|cell| match cell.meaning {
        Meaning::Address(block, _) => Some(block),
        _ => None,
    });
    let Some(block) = blocks.min_by_key(|block| cells.preference(*block)) else { return };
    if contact.address.is_none() {
        let lines = street_lines(block, cells);
        contact.set(Column::Address, &lines);
    }
    for (column, of) in [
        (Column::City, Part::City),
        (Column::State, Part::State),
        (Column::Zip, Part::Zip),
        (Column::Country, Part::Country),
    ] {
        if contact.text(column).is_none() {
            let text = cells.take(|meaning| meaning == Meaning::Address(block, of)).unwrap_or_default();
            match country_code(text).filter(|_| column == Column::Country) {
                Some(code) => contact.set(column, &code),
                None => contact.set(column, text),
            }
        }
    }
    let is_whole = |cell: &Cell<'_>| cell.meaning == Meaning::Address(block, Part::Whole);
    let whole = cells.0.iter().find(|cell| is_whole(cell)).map(|cell| cell.text);
    if let Some(whole) = whole.filter(|whole| contact.address.is_none() && says_more(whole, contact)) {
        contact.set(Column::Address, whole);
    }
    cells.0.retain(|cell| !is_whole(cell) || says_more(cell.text, contact));
    cells.drop_repeated_addresses();
}

/// The lines of an address that stand above its town.
fn street_lines(block: Block, cells: &mut Cells<'_>) -> String {
    let whole = cells.0.iter().find(|cell| cell.meaning == Meaning::Address(block, Part::Whole));
    let whole = whole.map(|cell| cell.text).unwrap_or_default();
    let mut part = |part| cells.take(|meaning| meaning == Meaning::Address(block, part));
    let first = match (part(Part::Street(0)), part(Part::HouseNumber)) {
        (Some(street), Some(number)) => Some(house(street.trim(), number.trim(), whole).into()),
        (street, number) => street.or(number).map(Cow::Borrowed),
    };
    let others = [Part::Street(1), Part::Street(2), Part::PoBox].into_iter().filter_map(part).map(Cow::Borrowed);
    first.into_iter().chain(others).collect::<Vec<_>>().join("\n")
}

/// Whether a whole address has more in it than the parts of it that are known, or their abbreviations.
fn says_more(whole: &str, contact: &Contact) -> bool {
    let parts = [Column::Address, Column::City, Column::State, Column::Zip, Column::Country];
    has_more(whole, parts.into_iter().filter_map(|column| contact.text(column)))
}

/// Whether a text has more in it than these parts of it.
fn has_more<'a>(whole: &str, parts: impl Iterator<Item = &'a str>) -> bool {
    let parts = parts.flat_map(str::lines).map(str::trim);
    let mut parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.sort_by_key(|part| Reverse(part.len()));
    let rest = parts.into_iter().fold(whole.to_owned(), |rest, part| rest.replace(part, ""));
    let is_short = |word: &str| word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    rest.split(|char: char| !char.is_alphanumeric()).any(|word| !word.is_empty() && !is_short(word))
}

/// A street and the number in it, in the order that the whole address has; the number comes last where that does not tell.
fn house(street: &str, number: &str, whole: &str) -> String {
    let before = format!("{number} {street}");
    if whole.contains(&before) { before } else { format!("{street} {number}") }
}

/// The code of a country that Odoo calls `base.at`.
fn country_code(text: &str) -> Option<String> {
    let code = text.trim().strip_prefix("base.")?;
    (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase())).then(|| code.to_uppercase())
}

/// Fills what is still empty from columns with one meaning, and drops what those only repeat.
fn fill(contact: &mut Contact, cells: &mut Cells<'_>, meaning: fn(Column) -> Meaning) {
    for &column in Column::OF_PERSON.iter().filter(|column| column.is_of_contact()) {
        match contact.text(column) {
            Some(known) => cells.0.retain(|cell| cell.meaning != meaning(column) || cell.text.trim() != known),
            None => contact.set(column, cells.take(|of_cell| of_cell == meaning(column)).unwrap_or_default()),
        }
    }
}

/// The meaning of an e-mail address or telephone number by its label.
fn labelled(cell: Cell<'_>, cells: &[Cell<'_>]) -> Meaning {
    match cell.meaning {
        Meaning::Email(rank) => match label(cells, Meaning::EmailType(rank)) {
            // A name that only a Microsoft Exchange server understands.
            Label { kind: Kind::Exchange, .. } => Meaning::Extra,
            Label { is_primary: true, .. } => Meaning::Email(0),
            _ => Meaning::Email(rank.saturating_add(1)),
        },
        Meaning::Phone(rank) => {
            let Label { kind, is_primary } = label(cells, Meaning::PhoneType(rank));
            // Numbers of one kind stay in their order, as there are never more than 40 of them.
            let among = |kind: u8| if is_primary { 0 } else { kind * 40 + rank.min(39) + 1 };
            match kind {
                Kind::Mobile => Meaning::Mobile(among(0)),
                Kind::Fax => Meaning::Fax(among(0)),
                Kind::Pager => Meaning::Extra,
                Kind::Work | Kind::Unknown => Meaning::Phone(among(0)),
                Kind::Exchange | Kind::Other => Meaning::Phone(among(1)),
                Kind::Home => Meaning::Phone(among(2)),
            }
        }
        other => other,
    }
}

/// The name under which a cell is kept.
fn header<'a>(before: &[Cell<'a>], cell: &Cell<'a>) -> &'a str {
    match before.last() {
        Some(label) if label.meaning == Meaning::Label && cell.meaning == Meaning::Labelled => {
            label.text.trim().trim_start_matches("* ")
        }
        _ => cell.header,
    }
}

/// The values in a cell that is a list in JSON, as Twenty writes several addresses and numbers.
fn json_list(cell: &Cell<'_>) -> Option<Vec<String>> {
    let is_listed =
        matches!(cell.meaning, Meaning::Email(_) | Meaning::Phone(_) | Meaning::Mobile(_) | Meaning::Fax(_));
    if !is_listed || !cell.text.trim_start().starts_with('[') {
        return None;
    }
    let items: Vec<serde_json::Value> = serde_json::from_str(cell.text).ok()?;
    let text = |item: serde_json::Value| match item {
        serde_json::Value::String(text) => text,
        serde_json::Value::Object(parts) => {
            let part = |name: &str| parts.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().trim();
            match (part("callingCode"), part("number")) {
                ("", number) => number.to_owned(),
                (code, number) => format!("{code} {number}"),
            }
        }
        other => other.to_string(),
    };
    Some(items.into_iter().map(text).filter(|text| !text.trim().is_empty()).collect())
}

/// The values in a cell. Google joins several, Highrise writes e-mail addresses like a mail program.
fn values<'a>(cell: &Cell<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let separators: &'static [&'static str] = match cell.meaning {
        // What stands between quotes may be a name with a comma in it; who reads addresses tells.
        Meaning::Email(_) if cell.text.matches('@').count() > 1 && !cell.text.contains('"') => {
            &[CATEGORY_SEPARATOR, ",", ";"]
        }
        Meaning::Phone(_) | Meaning::Mobile(_) | Meaning::Fax(_) | Meaning::Url(_) => &[CATEGORY_SEPARATOR],
        _ => &[],
    };
    let separator = separators.iter().find(|separator| cell.text.contains(*separator));
    let is_number = matches!(cell.meaning.column(), Some(Column::Phone | Column::Mobile | Column::Fax));
    // EspoCRM and others guard a plus from spreadsheet programs.
    let unguarded = cell.text.strip_prefix('\'').filter(|text| is_number && text.starts_with('+'));
    let text = unguarded.unwrap_or(cell.text);
    let mut whole = separator.is_none().then_some(text).into_iter();
    let mut parts = separator.map(|separator| cell.text.split(separator)).into_iter().flatten();
    std::iter::from_fn(move || whole.next().or_else(|| parts.find(|part| !part.trim().is_empty())))
}

/// What a label says.
struct Label {
    kind: Kind,
    is_primary: bool,
}

enum Kind {
    Exchange,
    Work,
    Home,
    Mobile,
    Fax,
    Pager,
    Other,
    /// There is no label.
    Unknown,
}

/// The label with a meaning among the cells of a row.
fn label(cells: &[Cell<'_>], meaning: Meaning) -> Label {
    const KINDS: [(&str, Kind); 36] = [
        ("fax", Kind::Fax),
        ("télécopie", Kind::Fax),
        ("pager", Kind::Pager),
        ("mobile", Kind::Mobile),
        ("mobil", Kind::Mobile),
        ("cell", Kind::Mobile),
        ("handy", Kind::Mobile),
        ("portable", Kind::Mobile),
        ("work", Kind::Work),
        ("business", Kind::Work),
        ("office", Kind::Work),
        ("geschäftlich", Kind::Work),
        ("arbeit", Kind::Work),
        ("bureau", Kind::Work),
        ("travail", Kind::Work),
        ("home", Kind::Home),
        ("privat", Kind::Home),
        ("domicile", Kind::Home),
        ("móvil", Kind::Mobile),
        ("movil", Kind::Mobile),
        ("celular", Kind::Mobile),
        ("cellulare", Kind::Mobile),
        ("telemóvel", Kind::Mobile),
        ("mobiel", Kind::Mobile),
        ("trabajo", Kind::Work),
        ("oficina", Kind::Work),
        ("lavoro", Kind::Work),
        ("ufficio", Kind::Work),
        ("trabalho", Kind::Work),
        ("comercial", Kind::Work),
        ("werk", Kind::Work),
        ("casa", Kind::Home),
        ("particular", Kind::Home),
        ("abitazione", Kind::Home),
        ("residencial", Kind::Home),
        ("thuis", Kind::Home),
    ];
    let Some(cell) = cells.iter().find(|cell| cell.meaning == meaning) else {
        return Label { kind: Kind::Unknown, is_primary: false };
    };
    let text = cell.text.trim();
    let is_primary = text == "*" || text.starts_with("* ");
    let text = text.trim_start_matches("* ").to_lowercase();
    let known = KINDS.into_iter().find(|(word, _)| text.contains(word)).map(|(_, kind)| kind);
    let kind = if text == "ex" { Kind::Exchange } else { known.unwrap_or(Kind::Other) };
    Label { kind, is_primary }
}

pub(super) fn category_names(cell: Cell<'_>) -> Vec<String> {
    let separators: &[&str] = match cell.meaning {
        Meaning::Categories if !cell.text.contains(CATEGORY_SEPARATOR.trim()) => &[";", ","],
        _ => &[CATEGORY_SEPARATOR.trim()],
    };
    let mut parts = vec![cell.text];
    for separator in separators {
        parts = parts.into_iter().flat_map(|part| part.split(separator)).collect();
    }
    names(parts.into_iter().filter(|name| !is_system_group(name)))
}

/// Google and its copies mark the groups that they make themselves, such as `* My Contacts`.
fn is_system_group(name: &str) -> bool {
    let name = name.trim();
    name.starts_with("* ") || name == "myContacts"
}

pub(super) fn is_worth_keeping(cell: &Cell<'_>) -> bool {
    match cell.meaning {
        Meaning::Ignored
        | Meaning::EmailType(_)
        | Meaning::PhoneType(_)
        | Meaning::AddressType(_)
        | Meaning::Label
        | Meaning::CallingCode
        | Meaning::Ended(_)
        | Meaning::CompanyOrPerson => false,
        Meaning::ExtraUnlessDefault => !DEFAULTS.iter().any(|default| cell.text.trim().eq_ignore_ascii_case(default)),
        _ => true,
    }
}

/// What Outlook puts into cells for which the user has entered nothing, in its languages, and what others put there.
const DEFAULTS: [&str; 28] = [
    "0/0/00",
    "0.0.00",
    "00/00/00",
    "00.00.00",
    "Unspecified",
    "Keine Angabe",
    "Nicht angegeben",
    "Unbestimmt",
    "Non spécifié",
    "Normal",
    "Normale",
    "False",
    "Falsch",
    "Faux",
    "0",
    "0-0-00",
    "Sin especificar",
    "No especificado",
    "Non specificato",
    "Non specificata",
    "Não especificado",
    "Niet opgegeven",
    "Niet gespecificeerd",
    "[]",
    "Contact",
    "Falso",
    "Onwaar",
    "Normaal",
];

impl<'a> Cells<'a> {
    /// The cells with one value each, and with the meanings that their labels give them.
    fn new(cells: &[Cell<'a>], lists: &'a [(usize, Vec<String>)]) -> Cells<'a> {
        let mut found = Vec::with_capacity(cells.len());
        for (at, cell) in cells.iter().enumerate() {
            let cell = Cell { meaning: labelled(*cell, cells), header: header(&cells[..at], cell), ..*cell };
            if let Meaning::Associated(column) = cell.meaning {
                found.extend(deal::associated(column, &cell));
                continue;
            }
            match lists.iter().find(|(of, _)| *of == at) {
                Some((_, texts)) => found.extend(texts.iter().map(|text| Cell { text, ..cell })),
                None => found.extend(values(&cell).map(|text| Cell { text, ..cell })),
            }
        }
        Cells(found)
    }

    fn take(&mut self, is_meant: impl Fn(Meaning) -> bool) -> Option<&'a str> {
        self.take_cell(is_meant).map(|cell| cell.text)
    }

    /// Takes the cell with the lowest rank.
    fn take_best(&mut self, rank: impl Fn(Meaning) -> Option<u8>) -> Option<&'a str> {
        let ranked = self.0.iter().enumerate().filter_map(|(at, cell)| Some((at, rank(cell.meaning)?)));
        let (found, _) = ranked.max_by_key(|(at, rank)| Reverse((*rank, *at)))?;
        Some(self.0.remove(found).text)
    }

    /// What is nearest to the business first, then where somebody lives, then where things are sent, then others; those with the mark
    /// of the primary one before all.
    fn preference(&self, block: Block) -> (u8, u8) {
        let number = match block {
            Block::Business => return (1, 0),
            Block::Work => return (1, 1),
            Block::Mailing => return (1, 2),
            Block::Billing => return (1, 3),
            Block::Home => return (2, 0),
            Block::Permanent => return (2, 1),
            Block::Shipping => return (2, 2),
            Block::Other => return (3, 0),
            Block::Loose => return (4, 0),
            Block::Numbered(number) => number,
        };
        let rank = match label(&self.0, Meaning::AddressType(number)) {
            Label { is_primary: true, .. } => 0,
            Label { kind: Kind::Work, .. } => 1,
            Label { kind: Kind::Home, .. } => 2,
            _ => 3,
        };
        (rank, number)
    }

    /// Drops the wholes of addresses that say no more than their parts, which are there as well.
    fn drop_repeated_addresses(&mut self) {
        let parts: Vec<(Block, &str)> = self
            .0
            .iter()
            .filter_map(|cell| match cell.meaning {
                Meaning::Address(block, part) if part != Part::Whole => Some((block, cell.text)),
                _ => None,
            })
            .collect();
        let of = |block: Block| parts.iter().filter(move |(other, _)| *other == block).map(|(_, text)| *text);
        self.0.retain(|cell| match cell.meaning {
            Meaning::Address(block, Part::Whole) => of(block).next().is_none() || has_more(cell.text, of(block)),
            _ => true,
        });
    }
}
