//! Reads a search, part by part.

use jiff::civil::Date;

use super::lexis::{self, FIELDS, Name, STAGES, STATUSES, Vocabulary};
use super::{Days, Part, Search, Selector, Sense, Term, Text};
use crate::error::{Error, Result};
use crate::schedule::iso_date;

/// The longest search, in bytes, as it is written and as it is printed.
const SEARCH_LIMIT: usize = 1_000;
/// How many parts a search may have.
const PARTS_LIMIT: usize = 32;

/// Reads a search.
pub(super) fn search(text: &str) -> Result<Search> {
    check_length(text)?;
    let search = Search { parts: parts(text)? };
    // Printing adds quotes, and what is printed must be read back.
    check_length(&search.to_string())?;
    Ok(search)
}

fn check_length(text: &str) -> Result<()> {
    if text.len() > SEARCH_LIMIT {
        return Err(invalid(format!("a search has at most {SEARCH_LIMIT} bytes")));
    }
    Ok(())
}

fn parts(text: &str) -> Result<Vec<Part>> {
    let text = text.replace('\0', "");
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let part;
        (part, rest) = split_part(rest)?;
        parts.extend(part);
        rest = rest.trim_start();
    }
    if parts.len() > PARTS_LIMIT {
        return Err(invalid(format!("a search has at most {PARTS_LIMIT} words, phrases and selectors")));
    }
    Ok(parts)
}

fn invalid(reason: String) -> Error {
    Error::invalid("search", reason)
}

/// Splits off the part that a text begins with; `None` for a text that folds to nothing.
fn split_part(text: &str) -> Result<(Option<Part>, &str)> {
    let (sense, text) = lexis::negated(text).map_or((Sense::Wanted, text), |text| (Sense::Unwanted, text));
    let part = |term| Part { sense, term };
    if let Some((name, after)) = lexis::selector(text) {
        let (value, rest) = split_value(name, after);
        let Some(value) = Text::new(&value) else {
            let name = text.get(..text.len() - after.len()).and_then(Text::new);
            return Ok((name.map(Term::Text).map(part), rest));
        };
        return Ok((Some(selector(sense, name, value)?), rest));
    }
    let (text, rest) = text.strip_prefix('"').map_or_else(
        || {
            let (word, rest) = lexis::split_word(text);
            (word.to_owned(), rest)
        },
        lexis::split_phrase,
    );
    Ok((Text::new(&text).map(Term::Text).map(part), rest))
}

/// Splits off the value of a selector, from behind its colon; it is empty where there is none.
fn split_value(name: Name, text: &str) -> (String, &str) {
    let value = text.trim_start();
    if let Some(phrase) = value.strip_prefix('"') {
        return lexis::split_phrase(phrase);
    }
    if value.len() < text.len() && lexis::ends_value(value) {
        return (String::new(), value);
    }
    let (_, mut rest) = lexis::split_word(value);
    if takes_spaces(name) {
        while !rest.is_empty() && !lexis::ends_value(rest.trim_start()) {
            (_, rest) = lexis::split_word(rest.trim_start());
        }
    }
    (value[..value.len() - rest.len()].to_owned(), rest)
}

fn takes_spaces(name: Name) -> bool {
    use Name::{Category, City, Company, Country, Label, Person, State, User};
    matches!(name, Category | User | Label | Person | Company | City | State | Country)
}

fn selector(sense: Sense, name: Name, value: Text) -> Result<Part> {
    let opposite = match sense {
        Sense::Wanted => Sense::Unwanted,
        Sense::Unwanted => Sense::Wanted,
    };
    let (sense, selector) = match name {
        Name::Category => (sense, Selector::Category(value)),
        Name::User => (sense, Selector::User(value)),
        Name::Label => (sense, Selector::Label(value)),
        Name::Person => (sense, Selector::Person(value)),
        Name::Company => (sense, Selector::Company(value)),
        Name::City => (sense, Selector::City(value)),
        Name::State => (sense, Selector::State(value)),
        Name::Country => (sense, Selector::Country(value)),
        Name::Stage => (sense, Selector::Stage(meaning(name, &STAGES, &value)?)),
        Name::Is => (sense, Selector::Is(meaning(name, &STATUSES, &value)?)),
        Name::Has => (sense, Selector::Has(meaning(name, &FIELDS, &value)?)),
        Name::No => (opposite, Selector::Has(meaning(name, &FIELDS, &value)?)),
        Name::Before => (sense, Selector::Before(date(name, &value)?)),
        Name::After => (sense, Selector::After(date(name, &value)?)),
        Name::Created => (sense, Selector::Created(days(name, &value)?)),
        Name::Updated => (sense, Selector::Updated(days(name, &value)?)),
    };
    Ok(Part { sense, term: Term::Selector(selector) })
}

fn meaning<T: Copy + PartialEq>(name: Name, vocabulary: &Vocabulary<T>, value: &Text) -> Result<T> {
    vocabulary.meaning(value.written()).ok_or_else(|| wrong_value(name, value, &vocabulary.list()))
}

fn date(name: Name, value: &Text) -> Result<Date> {
    iso_date(value.written()).ok_or_else(|| wrong_value(name, value, "a date like 2026-05-25"))
}

fn days(name: Name, value: &Text) -> Result<Days> {
    let (from, to) = value.written().split_once("..").unwrap_or((value.written(), value.written()));
    let end = |text: &str| if text.is_empty() { Some(None) } else { iso_date(text).map(Some) };
    let wrong = || {
        let right = "2026-05-25, 2026-05-25.., ..2026-05-25 or 2026-05-25..2026-05-31, the earlier day first";
        wrong_value(name, value, right)
    };
    let (from, to) = end(from).zip(end(to)).ok_or_else(wrong)?;
    Days::new(from, to).ok_or_else(wrong)
}

fn wrong_value(name: Name, value: &Text, right: &str) -> Error {
    invalid(format!("{}: does not take {:?}; write {right}", lexis::NAMES.word(name), value.written()))
}
