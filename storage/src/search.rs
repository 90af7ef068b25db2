//! The search language: words, "phrases" and selectors such as `category:Customers`, as one typed value.
//!
//! All parts of a search must hold; two equal selectors intersect like any others.
//!
//! - A word, or a phrase in quotes, must occur. A quote without its partner runs to the end; within quotes, `""` is one
//!   quote.
//! - `name:value` is a selector where the name is one of [`Selector`]'s, in any case; white space may follow the colon.
//!   `foo:bar` and `http://example.com` are words, because no selector has such a name.
//! - The values of category, user, label, person, name, company, city, state and country are names and hold spaces: a value
//!   runs to the next selector, phrase or negation, or to the end. So `foo:b` is part of the name in `category:A foo:b`,
//!   and `category:A user:` is the category and the word `user:`. All other values are one word.
//! - A value in quotes ends at its quote, and what follows is free text. A quote elsewhere ends the value and begins a
//!   phrase: `category:Food "Belgium Waffles"` looks for the phrase in the category.
//! - `-` directly before a word, a phrase or a selector negates it, also after a value: `category:Food -waffles` is the
//!   food without waffles. Among spaces (`Sales - North`), within a word, before another `-` and directly after a colon
//!   it is a character like others.
//! - A selector without a value is a word, since someone is still typing. A value that no selector of the name can have
//!   is an error, and so is a range of days that ends before it begins: it finds nothing, and no one asks for that.
//! - `value:` and `probability:` take a number, `>1000`, `>=1000`, `<5000`, `<=5000` or a range `1000..5000`, a probability also with `%`;
//!   `phone:` takes the digits of a number, whatever stands between them.
//! - A word with a colon whose name looks like that of a selector and is none is text, and [`Search::notes`] says so.
//! - NUL is dropped, and what folds to nothing is no part of the search.

mod lexis;
mod read;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::civil::Date;

use crate::entity::transactions::Stage;
use crate::error::Result;
use crate::fold::{digits, fold};
use crate::value::Decimal;

use lexis::Name;

/// A search, read. Its text is canonical: [`Search::parse`] reads an equal search from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Search {
    parts: Vec<Part>,
    unknown: Unknown,
}

/// Words that look like selectors. What is found does not depend on them, so any two are equal.
#[derive(Clone, Debug, Default)]
struct Unknown(Vec<String>);

impl PartialEq for Unknown {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Unknown {}

impl std::hash::Hash for Unknown {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl Search {
    /// Reads a search.
    ///
    /// Errors: [`Error::Invalid`](crate::Error::Invalid) for a text of more than 1,000 bytes or 32 parts, which bound
    /// what the database is asked, and for a value that its selector cannot have; it says what would have been right.
    pub fn parse(text: &str) -> Result<Self> {
        read::search(text)
    }

    /// The parts in the order in which they were written; all must hold.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// A sentence for each word with a colon that looks like a selector and is none, such as `categry:x`: it is searched as text.
    pub fn notes(&self) -> Vec<String> {
        self.unknown.0.iter().map(|word| lexis::note(word)).collect()
    }

    /// True where it finds everything.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
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
    written: String,
    folded: String,
}

impl Text {
    /// `None` where nothing is left of the text once it is folded.
    fn new(text: &str) -> Option<Self> {
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
    fn between(from: Option<Decimal>, to: Option<Decimal>) -> Option<Self> {
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
    from: Option<Date>,
    to: Option<Date>,
}

impl Days {
    /// `None` where it has no end at all, or ends before it begins.
    fn new(from: Option<Date>, to: Option<Date>) -> Option<Self> {
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

impl fmt::Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            let before_text = matches!(self.parts.get(index + 1), Some(Part { term: Term::Text(_), .. }));
            match (part.sense, &part.term) {
                (Sense::Wanted, Term::Text(text)) => write!(f, "{}", lexis::word(&text.written))?,
                (Sense::Unwanted, Term::Text(text)) => write!(f, "-{}", lexis::word(&text.written))?,
                (Sense::Unwanted, Term::Selector(Selector::Has(field))) => {
                    write!(f, "no:{}", lexis::FIELDS.word(*field))?;
                }
                (sense, Term::Selector(selector)) => {
                    let sign = if sense == Sense::Unwanted { "-" } else { "" };
                    let (name, value) = selector.words();
                    let value = match value {
                        // Without quotes a name would take the words after it into itself.
                        Value::Name(name) if before_text => lexis::quoted(&name.written),
                        Value::Name(name) => lexis::words(&name.written),
                        Value::Word(word) => word,
                    };
                    write!(f, "{sign}{}:{value}", lexis::NAMES.word(name))?;
                }
            }
        }
        Ok(())
    }
}

/// The value of a selector, for printing.
enum Value<'a> {
    Name(&'a Text),
    Word(String),
}

impl Selector {
    fn words(&self) -> (Name, Value<'_>) {
        match self {
            Self::Category(name) => (Name::Category, Value::Name(name)),
            Self::User(name) => (Name::User, Value::Name(name)),
            Self::Label(name) => (Name::Label, Value::Name(name)),
            Self::Person(name) => (Name::Person, Value::Name(name)),
            Self::Company(name) => (Name::Company, Value::Name(name)),
            Self::City(name) => (Name::City, Value::Name(name)),
            Self::State(name) => (Name::State, Value::Name(name)),
            Self::Country(name) => (Name::Country, Value::Name(name)),
            Self::Stage(stage) => (Name::Stage, Value::Word(lexis::STAGES.word(*stage).to_owned())),
            Self::Is(status) => (Name::Is, Value::Word(lexis::STATUSES.word(*status).to_owned())),
            Self::Has(field) => (Name::Has, Value::Word(lexis::FIELDS.word(*field).to_owned())),
            Self::Before(date) => (Name::Before, Value::Word(date.to_string())),
            Self::After(date) => (Name::After, Value::Word(date.to_string())),
            Self::Created(days) => (Name::Created, Value::Word(days.to_string())),
            Self::Updated(days) => (Name::Updated, Value::Word(days.to_string())),
            Self::Name(name) => (Name::Called, Value::Name(name)),
            Self::Email(text) => (Name::Email, Value::Word(lexis::word(&text.written))),
            Self::Phone(digits) => (Name::Phone, Value::Word(digits.written.clone())),
            Self::Url(text) => (Name::Url, Value::Word(lexis::word(&text.written))),
            Self::Zip(text) => (Name::Zip, Value::Word(lexis::word(&text.written))),
            Self::Value(amounts) => (Name::Value, Value::Word(amounts.to_string())),
            Self::Probability(amounts) => (Name::Probability, Value::Word(amounts.to_string())),
        }
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
