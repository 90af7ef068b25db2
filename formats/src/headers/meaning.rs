//! The vocabulary of the dictionaries: what a column of another program means to us.

use crate::Outcome;
use crate::record::Column;

/// What a column means. Numbers rank columns with one purpose; 0 is preferred, and what is not used goes to the notes. In a name with
/// `#` the number of the name, less one, is the rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    FirstName,
    MiddleName,
    LastName,
    /// The family name beside a column of first names, as `Name;Vorname` has it, or the whole name where the first one is part of it.
    LastOrWholeName,
    Company,
    /// `Company` or `True` in the row of a company, whose name then stands in the column of names.
    CompanyOrPerson,
    JobTitle,
    /// `Dr.`; but the position, where a table has no column for that.
    Honorific,
    Email(u8),
    /// The kind of the address with the same rank: `SMTP` or `EX`, or a label such as `* Work`.
    EmailType(u8),
    Phone(u8),
    /// The label of the number with the same rank, such as `Mobile` or `Work Fax`.
    PhoneType(u8),
    /// The country's code before the first telephone number, as `+43`.
    CallingCode,
    Mobile(u8),
    Fax(u8),
    Url(u8),
    Address(Block, Part),
    /// The label of the numbered address with this rank.
    AddressType(u8),
    Notes,
    /// Names between semicolons or commas, or ` ::: ` where that stands in the cell.
    Categories,
    /// Names between ` ::: `, which may have commas in them.
    Labels,
    /// A column of ours among the other program's, as in tables that were made by hand.
    Own(Column),
    /// A column of ours, as whoever imports the table says: it comes before all others.
    Mapped(Column),
    /// The day on which an event begins, perhaps with the time.
    StartDate,
    StartTime,
    EndDate,
    EndTime,
    /// Whether an event takes whole days.
    AllDay,
    /// Worth keeping in the more info of a transaction, which other CRMs call a deal.
    Deal,
    /// Likewise the name of the deal.
    DealName,
    /// Likewise its number, which nobody changes.
    DealId,
    /// Likewise its stage: one that says that the deal is won or lost decides ours.
    DealStage,
    /// Likewise whether it is open, won or lost, which decides whatever its stage is called.
    DealStatus,
    /// Whether the deal has ended so.
    Ended(Outcome),
    /// The probability of a deal in hundredths.
    Percent,
    /// The contacts or companies of a deal, with `;` between them, a contact perhaps with its address behind it: `Ann (ann@example.com)`.
    Associated(Column),
    /// Worth keeping in the notes.
    Extra,
    /// Worth keeping in the notes under the name that stands in the label with this rank, the nearest before it.
    Labelled,
    /// The name of the [`Meaning::Labelled`] cell that follows.
    Label,
    /// Worth keeping in the notes, unless it is what the program puts there by itself.
    ExtraUnlessDefault,
    /// Of no use outside the other program.
    Ignored,
}

impl Meaning {
    /// The meaning of the column with this number, counted from 0, of a group.
    pub(super) fn numbered(self, number: u8) -> Meaning {
        match self {
            Meaning::Email(first) => Meaning::Email(first.saturating_add(number)),
            Meaning::EmailType(first) => Meaning::EmailType(first.saturating_add(number)),
            Meaning::Phone(first) => Meaning::Phone(first.saturating_add(number)),
            Meaning::PhoneType(first) => Meaning::PhoneType(first.saturating_add(number)),
            Meaning::AddressType(first) => Meaning::AddressType(first.saturating_add(number)),
            Meaning::Url(first) => Meaning::Url(first.saturating_add(number)),
            Meaning::Mobile(first) => Meaning::Mobile(first.saturating_add(number)),
            Meaning::Fax(first) => Meaning::Fax(first.saturating_add(number)),
            Meaning::Address(block, Part::Street(first)) if !matches!(block, Block::Numbered(_)) => {
                Meaning::Address(block, Part::Street(first.saturating_add(number).min(2)))
            }
            Meaning::Address(Block::Numbered(first), part) => {
                Meaning::Address(Block::Numbered(first.saturating_add(number)), part)
            }
            other => other,
        }
    }
}

/// Addresses in the order in which they are preferred; one address is never made of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// The one that is meant where nothing is said, and that of the business in dictionaries.
    Business,
    /// That of the business beside one of which nothing is said.
    Work,
    Mailing,
    Billing,
    Home,
    /// Where somebody is registered or can be visited.
    Permanent,
    Shipping,
    Other,
    /// Parts that could belong to any of several addresses.
    Loose,
    /// An address whose label says which it is.
    Numbered(u8),
}

/// The parts of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Street(u8),
    /// The number in the street, which stands in one line with it.
    HouseNumber,
    PoBox,
    City,
    State,
    Zip,
    Country,
    /// The whole address in several lines, beside its parts.
    Whole,
}

impl Meaning {
    /// The column of ours that a value with this meaning fills, if it is the best of its row; `None` where it does not fill any.
    pub(super) fn column(self) -> Option<Column> {
        Some(match self {
            Meaning::FirstName | Meaning::MiddleName | Meaning::LastName | Meaning::LastOrWholeName => Column::Name,
            Meaning::Company => Column::Company,
            Meaning::JobTitle => Column::Title,
            Meaning::Email(_) => Column::Email,
            Meaning::Phone(_) => Column::Phone,
            Meaning::Mobile(_) => Column::Mobile,
            Meaning::Fax(_) => Column::Fax,
            Meaning::Url(_) => Column::Url,
            Meaning::Address(_, Part::Street(_) | Part::HouseNumber | Part::PoBox | Part::Whole) => Column::Address,
            Meaning::Address(_, Part::City) => Column::City,
            Meaning::Address(_, Part::State) => Column::State,
            Meaning::Address(_, Part::Zip) => Column::Zip,
            Meaning::Address(_, Part::Country) => Column::Country,
            Meaning::Notes => Column::Notes,
            Meaning::Categories | Meaning::Labels => Column::Categories,
            Meaning::Deal | Meaning::DealName | Meaning::DealId => Column::MoreInfo,
            Meaning::DealStage | Meaning::DealStatus | Meaning::Ended(_) => Column::Stage,
            Meaning::Percent => Column::Probability,
            Meaning::Own(column) | Meaning::Mapped(column) | Meaning::Associated(column) => column,
            Meaning::StartDate | Meaning::AllDay => Column::StartsOn,
            Meaning::StartTime => Column::StartsAt,
            Meaning::EndDate => Column::EndsOn,
            Meaning::EndTime => Column::EndsAt,
            _ => return None,
        })
    }

    /// Whether a value that fills no column becomes a line of the notes.
    pub(super) fn is_kept(self) -> bool {
        matches!(self, Meaning::Honorific | Meaning::Extra | Meaning::ExtraUnlessDefault | Meaning::Labelled)
    }
}
