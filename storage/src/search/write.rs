//! Writing a search down as its canonical text, which reads as an equal search.

use std::fmt;

use super::lexis::{self, Name};
use super::term::{Part, Search, Selector, Sense, Term, Text};

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
