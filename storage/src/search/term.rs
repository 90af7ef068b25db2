//! What a search is made of: parts, each a text or a selector that must hold or must not.

use std::fmt;

use jiff::civil::Date;

use crate::entity::transactions::Stage;
use crate::fold::{digits, fold};
use crate::value::Decimal;

/// A search, read. Its text is canonical: [`Search::parse`] reads an equal search from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Search {
    pub(super) parts: Vec<Part>,
    pub(super) unknown: Unknown,
}

/// Words that look like selectors. What is found does not depend on them, so any two are equal.
#[derive(Clone, Debug, Default)]
pub(super) struct Unknown(pub(super) Vec<String>);

impl PartialEq for Unknown {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Unknown {}

impl std::hash::Hash for Unknown {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// A condition on a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// Whether it must hold or must not.
    pub sense: Sense,
    /// What is looked for.
    pub term: Term,
}

/// Whether a condition must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sense {
    /// It must hold.
    Wanted,
    /// It must not hold: it was written with a `-`.
    Unwanted,
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// This text occurs in the record, as a part of a word too.
    Text(Text),
    /// The record has this property.
    Selector(Selector),
}

/// A text as it was written, with single spaces, and as it is compared. Neither is empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    pub(super) written: String,
    pub(super) folded: String,
}

impl Text {
    /// `None` where nothing is left of the text once it is folded.
    pub(super) fn new(text: &str) -> Option<Self> {
        let written = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let folded = fold(&written);
        (!folded.is_empty()).then_some(Self { written, folded })
    }

    /// The text as it was written, with single spaces.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The [folded](fold) text.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The digits of a text that looks like a phone number with something between its digits: `555-1234` also means
    /// `(000) 555 1234`, which is found by its digits.
    pub fn phone_digits(&self) -> Option<String> {
        let phone = digits(&self.folded);
        let looks_like_phone = phone.len() >= 3
            && phone.len() < self.folded.len()
            && self.folded.chars().all(|c| c.is_ascii_digit() || " ()+-./".contains(c));
        looks_like_phone.then_some(phone)
    }
}

/// A property that a record may have. `no:x` is read as `-has:x`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// In the category of this name.
    Category(Text),
    /// Made or managed by the user of this name.
    User(Text),
    /// With this label of one's own.
    Label(Text),
    /// Associated to the person of this name.
    Person(Text),
    /// Of this company.
    Company(Text),
    /// In this city.
    City(Text),
    /// In this state.
    State(Text),
    /// In this country.
    Country(Text),
    /// In this stage.
    Stage(Stage),
    /// Complete or not.
    Is(Status),
    /// With something in this field.
    Has(Field),
    /// On the days before this one, by the event's date or the last change.
    Before(Date),
    /// On the days after this one, by the event's date or the last change.
    After(Date),
    /// Made on one of these days.
    Created(Days),
    /// Changed last on one of these days.
    Updated(Days),
    /// Of the person of this name, whatever their company.
    Name(Text),
    /// With this in the e-mail address.
    Email(Text),
    /// With these digits in a number, be it phone, mobile or fax.
    Phone(Text),
    /// With this in the address of the web site.
    Url(Text),
    /// With a postal code that begins like this.
    Zip(Text),
    /// Of transactions with such a value.
    Value(Amounts),
    /// Of transactions with such a probability.
    Probability(Amounts),
}

/// A range of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amounts {
    /// Those that are larger.
    Over(Decimal),
    /// Those that are smaller.
    Under(Decimal),
    /// From the one to the other, both included; one of them is there, and they are in order.
    Between(Option<Decimal>, Option<Decimal>),
}

impl Amounts {
    /// `None` where it has no end at all, or ends before it begins.
    pub(super) fn between(from: Option<Decimal>, to: Option<Decimal>) -> Option<Self> {
        let in_order = from.is_none_or(|from| to.is_none_or(|to| from <= to));
        ((from.is_some() || to.is_some()) && in_order).then_some(Self::Between(from, to))
    }
}

/// `>1000`, `<1000`, `1000`, `1000..`, `..5000` or `1000..5000`.
impl fmt::Display for Amounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |amount: &Option<Decimal>| amount.map(|amount| amount.to_string()).unwrap_or_default();
        match self {
            Self::Over(amount) => write!(f, ">{amount}"),
            Self::Under(amount) => write!(f, "<{amount}"),
            Self::Between(Some(from), Some(to)) if from == to => write!(f, "{from}"),
            Self::Between(from, to) => write!(f, "{}..{}", end(from), end(to)),
        }
    }
}

/// Whether an event is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It is done.
    Complete,
    /// It is not.
    Open,
}

/// What a record may have something in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names of the fields say what they hold")]
pub enum Field {
    Email,
    Phone,
    Mobile,
    Fax,
    Company,
    Title,
    Url,
    Address,
    City,
    State,
    Zip,
    Country,
    Notes,
    Category,
    Label,
    Location,
    Description,
    End,
    File,
    Association,
    Value,
}

/// A range of days, its ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days {
    pub(super) from: Option<Date>,
    pub(super) to: Option<Date>,
}

impl Days {
    /// `None` where it has no end at all, or ends before it begins.
    pub(super) fn new(from: Option<Date>, to: Option<Date>) -> Option<Self> {
        let in_order = from.is_none_or(|from| to.is_none_or(|to| from <= to));
        ((from.is_some() || to.is_some()) && in_order).then_some(Self { from, to })
    }

    /// The first day; `None` where it has no beginning, and then it has an end.
    pub fn from(self) -> Option<Date> {
        self.from
    }

    /// The last day; `None` where it has no end, and then it has a beginning.
    pub fn to(self) -> Option<Date> {
        self.to
    }
}

/// `2026-05-25`, `2026-05-25..`, `..2026-05-25` or `2026-05-25..2026-05-31`.
impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            return self.from.map_or(Ok(()), |day| write!(f, "{day}"));
        }
        let end = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        write!(f, "{}..{}", end(self.from), end(self.to))
    }
}
