//! A view: what one is looking at. Lists, exports and the legacy API all take this one type.

use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, SimpleExpr};
use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;

use crate::entity::transactions::Stage;
use crate::error::{Error, Result};
use crate::fold::{digits, fold};

/// The longest search, in bytes.
const SEARCH_LIMIT: usize = 1_000;
/// How many words and phrases a search may have.
const TERMS_LIMIT: usize = 32;

/// A filter over people or transactions; all parts must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Only what the words of a search find.
    pub search: Search,
    /// Only what is in the category of this name or id.
    pub category: Option<CategoryRef>,
    /// Only transactions in this stage; people have none and are not filtered by it.
    pub stage: Option<Stage>,
    /// Only transactions with this person.
    pub person: Option<Uuid>,
}

/// A category, as a view names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CategoryRef {
    /// By its id.
    Id(Uuid),
    /// By its name, whatever its case and accents.
    Name(String),
}

/// The words and "quoted phrases" of a search; each must occur, as a part of a word too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

    /// The condition that a column of folded text holds every term.
    pub(crate) fn condition<C: ColumnTrait>(&self, column: C) -> Condition {
        self.terms.iter().fold(Condition::all(), |all, term| all.add(holds(column, term)))
    }
}

/// A term that looks like a phone number also matches by its digits, however the number was written.
fn holds<C: ColumnTrait>(column: C, term: &str) -> SimpleExpr {
    let written = contains(column, term);
    let phone = digits(term);
    let looks_like_phone = phone.len() >= 3
        && phone.len() < term.len()
        && term.chars().all(|c| c.is_ascii_digit() || " ()+-./".contains(c));
    if looks_like_phone { written.or(contains(column, &phone)) } else { written }
}

fn contains<C: ColumnTrait>(column: C, term: &str) -> SimpleExpr {
    let mut pattern = String::with_capacity(term.len() + 2);
    pattern.push('%');
    for c in term.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    Expr::expr(column.into_expr()).like(LikeExpr::new(pattern).escape('\\'))
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
