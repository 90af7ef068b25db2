//! A view: what one is looking at. Lists, exports and the legacy API all take this one type.

use uuid::Uuid;

use crate::entity::transactions::Stage;
use crate::error::{Error, Result};
use crate::fold::{digits, fold};
use crate::value::Day;

/// The longest search, in bytes.
const SEARCH_LIMIT: usize = 1_000;
/// How many words and phrases a search may have.
const TERMS_LIMIT: usize = 32;

/// A filter over a section; all parts must hold. What a section cannot have, such as the stage of an event, it has through
/// what it is associated with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct View {
    /// Only what a search finds.
    pub search: Search,
    /// Only what is in this category.
    pub category: Option<NameOrId>,
    /// Only what bears this label of the viewer.
    pub label: Option<NameOrId>,
    /// Only what this user made, manages or owns.
    pub user: Option<NameOrId>,
    /// Only transactions in this stage. People have none and are not filtered by it; events and messages are those of
    /// such transactions.
    pub stage: Option<Stage>,
    /// Only this person, and what belongs to them or to their transactions.
    pub person: Option<Uuid>,
    /// Only this transaction, its person, and what belongs to it.
    pub transaction: Option<Uuid>,
    /// Only from this day on: the day of an event, elsewhere of the last change.
    pub from: Option<Day>,
    /// Only up to this day and with it.
    pub to: Option<Day>,
}

/// A category, a label or a user, as a view names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NameOrId {
    /// By its id.
    Id(Uuid),
    /// By its name, whatever its case and accents; a user also by e-mail address.
    Name(String),
}

/// The words and "quoted phrases" of a search; each must occur, as a part of a word too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Search {
    terms: Vec<String>,
}

impl Search {
    /// Reads a search text. A quote without its partner runs to the end.
    ///
    /// Errors: [`Error::Invalid`] for a text over the limits of length and terms, which bound what the database is asked.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > SEARCH_LIMIT {
            return Err(Error::invalid("search", format!("a search has at most {SEARCH_LIMIT} bytes")));
        }
        let mut terms = Vec::new();
        for (index, part) in text.split('"').enumerate() {
            let quoted = index % 2 == 1;
            if quoted {
                terms.push(fold(part));
            } else {
                terms.extend(part.split_whitespace().map(fold));
            }
        }
        terms.retain(|term| !term.is_empty());
        if terms.len() > TERMS_LIMIT {
            return Err(Error::invalid("search", format!("a search has at most {TERMS_LIMIT} words and phrases")));
        }
        Ok(Self { terms })
    }

    /// True where it finds everything.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// What must occur in the text of an item.
    pub(crate) fn terms(&self) -> impl Iterator<Item = Term> {
        self.terms.iter().map(|term| Term { text: term.clone(), digits: phone_digits(term) })
    }
}

/// A text that must occur, and its digits where it looks like a phone number, which is found however it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) text: String,
    pub(crate) digits: Option<String>,
}

fn phone_digits(term: &str) -> Option<String> {
    let phone = digits(term);
    let looks_like_phone = phone.len() >= 3
        && phone.len() < term.len()
        && term.chars().all(|c| c.is_ascii_digit() || " ()+-./".contains(c));
    looks_like_phone.then_some(phone)
}

#[cfg(test)]
mod tests {
    use super::Search;

    #[test]
    fn words_and_phrases_are_told_apart() {
        let terms = |text: &str| Search::parse(text).expect("it is short").terms;
        assert_eq!(terms("Waffles  ÉCLAIR"), ["waffles", "eclair"]);
        assert_eq!(terms("\"Belgium  Waffles\" jam"), ["belgium waffles", "jam"]);
        assert_eq!(terms("say \"no end"), ["say", "no end"]);
        assert!(Search::parse(" \"\" ").is_ok_and(|search| search.is_empty()));
        assert!(Search::parse(&"w ".repeat(33)).is_err());
        assert!(Search::parse(&"w".repeat(1_001)).is_err());
    }
}
