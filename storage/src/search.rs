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
mod term;
#[cfg(test)]
mod tests;
mod write;

pub use self::term::{Amounts, Days, Field, Part, Search, Selector, Sense, Status, Term, Text};
use crate::error::Result;

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
