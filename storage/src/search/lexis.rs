//! The words of the search language and where they begin and end.

use super::term::{Field, Status};
use crate::entity::transactions::Stage;

/// The name of a selector.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Name {
    Category,
    User,
    Label,
    Person,
    Company,
    City,
    State,
    Country,
    Stage,
    Is,
    Has,
    No,
    Before,
    After,
    Created,
    Updated,
    Called,
    Email,
    Phone,
    Url,
    Zip,
    Value,
    Probability,
}

pub(super) const NAMES: Vocabulary<Name> = Vocabulary(&[
    (Name::Category, "category"),
    (Name::User, "user"),
    (Name::Label, "label"),
    (Name::Person, "person"),
    (Name::Company, "company"),
    (Name::City, "city"),
    (Name::State, "state"),
    (Name::Country, "country"),
    (Name::Stage, "stage"),
    (Name::Is, "is"),
    (Name::Has, "has"),
    (Name::No, "no"),
    (Name::Before, "before"),
    (Name::After, "after"),
    (Name::Created, "created"),
    (Name::Updated, "updated"),
    (Name::Called, "name"),
    (Name::Email, "email"),
    (Name::Phone, "phone"),
    (Name::Url, "url"),
    (Name::Zip, "zip"),
    (Name::Value, "value"),
    (Name::Probability, "probability"),
]);

pub(super) const STAGES: Vocabulary<Stage> = Vocabulary(&[
    (Stage::Lead, "lead"),
    (Stage::Opportunity, "opportunity"),
    (Stage::Customer, "customer"),
    (Stage::Archive, "archive"),
    (Stage::Lead, "leads"),
    (Stage::Opportunity, "opportunities"),
    (Stage::Customer, "customers"),
    (Stage::Archive, "archives"),
]);

pub(super) const STATUSES: Vocabulary<Status> = Vocabulary(&[(Status::Complete, "complete"), (Status::Open, "open")]);

pub(super) const FIELDS: Vocabulary<Field> = Vocabulary(&[
    (Field::Email, "email"),
    (Field::Phone, "phone"),
    (Field::Mobile, "mobile"),
    (Field::Fax, "fax"),
    (Field::Company, "company"),
    (Field::Title, "title"),
    (Field::Url, "url"),
    (Field::Address, "address"),
    (Field::City, "city"),
    (Field::State, "state"),
    (Field::Zip, "zip"),
    (Field::Country, "country"),
    (Field::Notes, "notes"),
    (Field::Category, "category"),
    (Field::Label, "label"),
    (Field::Location, "location"),
    (Field::Description, "description"),
    (Field::End, "end"),
    (Field::File, "file"),
    (Field::Association, "association"),
    (Field::Value, "value"),
]);

/// Meanings and their words, in lower case; the first word of a meaning is the one that is printed.
pub(super) struct Vocabulary<T: 'static>(&'static [(T, &'static str)]);

impl<T: Copy + PartialEq> Vocabulary<T> {
    /// The meaning of a word, in any case.
    pub(super) fn meaning(&self, word: &str) -> Option<T> {
        self.0.iter().find(|(_, known)| known.eq_ignore_ascii_case(word)).map(|(meaning, _)| *meaning)
    }

    /// The word for a meaning.
    pub(super) fn word(&self, meaning: T) -> &'static str {
        self.0.iter().find(|(known, _)| *known == meaning).map(|(_, word)| *word).expect("every meaning has a word")
    }

    /// The words that are printed, as a list in a sentence.
    pub(super) fn list(&self) -> String {
        let words = self.0.iter().map(|(meaning, word)| (self.word(*meaning), *word));
        let words: Vec<&str> = words.filter(|(first, word)| first == word).map(|(_, word)| word).collect();
        let (last, others) = words.split_last().expect("every vocabulary has words");
        format!("{} or {last}", others.join(", "))
    }
}

/// The name of the selector that a text begins with, and what follows its colon.
pub(super) fn selector(text: &str) -> Option<(Name, &str)> {
    let (word, rest) = text.split_once(':')?;
    Some((NAMES.meaning(word)?, rest))
}

/// What is to be said of a word with a colon that is no selector.
pub(super) fn note(word: &str) -> String {
    let name = word.split(':').next().unwrap_or_default().to_lowercase();
    let nearest = NAMES.0.iter().map(|(_, known)| (distance(&name, known), *known)).min();
    let meant = match nearest {
        Some((by, known)) if by <= 2 && by < known.len() / 2 + 1 => format!("; did you mean {known}:?"),
        _ => format!("; selectors are {}", NAMES.list()),
    };
    format!("{word:?} is searched as text, since {name}: is no selector{meant}")
}

/// How many letters must be put in, taken out or changed to make one word of another (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (place, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], place + 1);
        for (column, there) in other.chars().enumerate() {
            let changed = diagonal + usize::from(letter != there);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// What a `-` at the beginning of a text negates.
pub(super) fn negated(text: &str) -> Option<&str> {
    text.strip_prefix('-').filter(|rest| !rest.is_empty() && !rest.starts_with(|c: char| c.is_whitespace() || c == '-'))
}

/// True at the beginning of a word where a name's value ends: what begins there means something itself.
pub(super) fn ends_value(text: &str) -> bool {
    text.starts_with('"') || negated(text).is_some() || selector(text).is_some()
}

/// Splits off the word that a text begins with: it ends at white space or a quote.
pub(super) fn split_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(text.len()))
}

/// Splits off the phrase that begins a text behind its opening quote, with the quotes in it undoubled.
pub(super) fn split_phrase(text: &str) -> (String, &str) {
    let mut phrase = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('"') {
        phrase.push_str(before);
        let Some(after) = after.strip_prefix('"') else { return (phrase, after) };
        phrase.push('"');
        rest = after;
    }
    (phrase + rest, "")
}

/// A text such that it is read as one word or phrase.
pub(super) fn word(text: &str) -> String {
    if is_plain(text) && !text.contains(char::is_whitespace) { text.to_owned() } else { quoted(text) }
}

/// A text such that it is read as one value of a selector that takes names, if nothing but a selector follows.
pub(super) fn words(text: &str) -> String {
    if text.split_whitespace().all(is_plain) { text.to_owned() } else { quoted(text) }
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// True for a word that means itself without quotes, wherever it stands.
fn is_plain(word: &str) -> bool {
    !word.contains('"') && !word.starts_with('-') && selector(word).is_none()
}
