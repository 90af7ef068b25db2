//! Reads a search, part by part.

use jiff::civil::Date;

use super::lexis::{self, FIELDS, Name, STAGES, STATUSES, Vocabulary};
use super::term::{Amounts, Days, Part, Search, Selector, Sense, Term, Text};
use crate::error::{Error, Result};
use crate::fold::digits;
use crate::schedule::iso_date;
use crate::value::Decimal;

/// The longest search, in bytes, as it is written and as it is printed.
const SEARCH_LIMIT: usize = 1_000;
/// How many parts a search may have.
const PARTS_LIMIT: usize = 32;

/// Reads a search.
pub(super) fn search(text: &str) -> Result<Search> {
    check_length(text)?;
    let search = Search { parts: parts(text)?, unknown: super::term::Unknown(unknown(text)) };
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
    matches!(name, Category | User | Label | Person | Name::Called | Company | City | State | Country)
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
        Name::Called => (sense, Selector::Name(value)),
        Name::Email => (sense, Selector::Email(value)),
        Name::Phone => (sense, Selector::Phone(phone(name, &value)?)),
        Name::Url => (sense, Selector::Url(value)),
        Name::Zip => (sense, Selector::Zip(value)),
        Name::Value => (sense, Selector::Value(amounts(name, &value, AMOUNTS, |text| text.parse().ok())?)),
        Name::Probability => (sense, Selector::Probability(amounts(name, &value, PROBABILITIES, share)?)),
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

const AMOUNTS: &str = "5000, >1000, >=1000, <5000, <=5000, 1000..5000, 1000.. or ..5000";
const PROBABILITIES: &str = "0.5, 50%, >0.5, >=50%, <0.5, <=50% or 25%..75%";

fn amounts(name: Name, value: &Text, right: &str, read: impl Fn(&str) -> Option<Decimal>) -> Result<Amounts> {
    let text = value.written();
    let one = |text: &str| read(text.trim());
    let amounts = if let Some(least) = text.strip_prefix(">=") {
        one(least).and_then(|least| Amounts::between(Some(least), None))
    } else if let Some(most) = text.strip_prefix("<=") {
        one(most).and_then(|most| Amounts::between(None, Some(most)))
    } else if let Some(under) = text.strip_prefix('>') {
        one(under).map(Amounts::Over)
    } else if let Some(over) = text.strip_prefix('<') {
        one(over).map(Amounts::Under)
    } else if let Some((from, to)) = text.split_once("..") {
        let end = |text: &str| if text.is_empty() { Some(None) } else { one(text).map(Some) };
        end(from).zip(end(to)).and_then(|(from, to)| Amounts::between(from, to))
    } else {
        one(text.strip_prefix('=').unwrap_or(text)).and_then(|amount| Amounts::between(Some(amount), Some(amount)))
    };
    amounts.ok_or_else(|| wrong_value(name, value, right))
}

/// A probability: a number from 0 to 1, or with a `%`.
fn share(text: &str) -> Option<Decimal> {
    let share = match text.strip_suffix('%') {
        Some(percent) => {
            let scaled = percent.trim_end().parse::<Decimal>().ok()?.scaled();
            (scaled % 100 == 0).then_some(Decimal::from_scaled(scaled / 100))?
        }
        None => text.parse().ok()?,
    };
    (Decimal::ZERO..=Decimal::ONE).contains(&share).then_some(share)
}

/// The digits of a phone number, which may have between them what people put there.
fn phone(name: Name, value: &Text) -> Result<Text> {
    let is_phone = value.folded().chars().all(|c| c.is_ascii_digit() || " ()+-./".contains(c));
    let digits = Some(digits(value.folded())).filter(|digits| is_phone && !digits.is_empty());
    digits
        .and_then(|digits| Text::new(&digits))
        .ok_or_else(|| wrong_value(name, value, "the digits of a number, such as 555-1234"))
}

/// The words with a colon that look like selectors and are none, as they were written: each of them is searched as text.
pub(super) fn unknown(text: &str) -> Vec<String> {
    let text = text.replace('\0', "");
    let (mut unknown, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        let word;
        (word, rest) =
            if let Some(phrase) = rest.strip_prefix('"') { ("", phrase_end(phrase)) } else { lexis::split_word(rest) };
        let word = lexis::negated(word).unwrap_or(word);
        if let Some((name, value)) = word.split_once(':') {
            let is_name = name.chars().count() > 1 && name.chars().all(|c| c.is_alphabetic() || c == '_' || c == '-');
            let is_known =
                lexis::selector(word).is_some() || ADDRESSES.iter().any(|known| known.eq_ignore_ascii_case(name));
            // Whoever has written no value yet is still typing.
            let has_value = !value.is_empty() || !rest.trim().is_empty();
            if is_name
                && has_value
                && !is_known
                && !value.starts_with("//")
                && !unknown.iter().any(|known| known == word)
            {
                unknown.push(word.to_owned());
            }
        }
        rest = rest.trim_start();
    }
    unknown
}

/// Words with a colon that mean themselves.
const ADDRESSES: [&str; 5] = ["mailto", "tel", "sip", "urn", "re"];

/// What stands behind a phrase, from behind its opening quote.
fn phrase_end(text: &str) -> &str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('"') {
        let Some(more) = after.strip_prefix('"') else { return after };
        rest = more;
    }
    ""
}

fn wrong_value(name: Name, value: &Text, right: &str) -> Error {
    invalid(format!("{}: does not take {:?}; write {right}", lexis::NAMES.word(name), value.written()))
}
