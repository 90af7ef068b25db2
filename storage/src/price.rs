//! What a view costs to read, before anybody knows how large the account is: in units of a field of a record.
//!
//! What an index finds is cheap. What is negated, too short for an index of trigrams, or looked for in a field that has no index is
//! found by walking the list, and that is dear: a million people take about a second for each such word.

use crate::search::{Part, Search, Selector, Sense, Term, Text};
use crate::view::{Related, View};

/// A set that an index finds.
const INDEXED: usize = 50;
/// Whatever narrows a walk by a column alone.
const COLUMN: usize = 300;
/// A text that is looked for in each record.
const WALK: usize = 1_000;
/// From here on a view is read apart from those that an index finds at once.
const DEAR: usize = WALK;
/// A further word that must occur: it is looked for only where those before it are.
const FURTHER: usize = 100;
/// How many letters an index of trigrams needs.
const TRIGRAM: usize = 3;

impl View {
    /// What it costs to find the records of the view, or to count them.
    pub fn price(&self) -> usize {
        let Self { search, category, label, user, stage, person, transaction, related, from, to } = self;
        let sets = [category.is_some(), label.is_some(), user.is_some(), person.is_some(), transaction.is_some()];
        let sets = sets.into_iter().filter(|is_there| *is_there).count() * INDEXED;
        let columns = [stage.is_some(), from.is_some() || to.is_some()];
        let columns = columns.into_iter().filter(|is_there| *is_there).count() * INDEXED;
        let related = related.as_deref().map_or(0, |related| match related {
            Related::ToPeople(view) | Related::ToTransactions(view) => COLUMN + view.price(),
        });
        sets + columns + related + search.price()
    }

    /// Whether more than an index must be asked.
    pub(crate) fn is_dear(&self) -> bool {
        self.price() >= DEAR
    }
}

impl Search {
    /// What it costs to find what the search finds, in one section.
    pub fn price(&self) -> usize {
        let is_short =
            |part: &&Part| part.sense == Sense::Wanted && matches!(&part.term, Term::Text(text) if !is_indexed(text));
        let (short, others): (Vec<_>, Vec<_>) = self.parts().iter().partition(is_short);
        let is_found = others.iter().any(|part| part.sense == Sense::Wanted && matches!(part.term, Term::Text(_)));
        let walk = if short.is_empty() || is_found { 0 } else { WALK };
        walk + short.len() * FURTHER + others.into_iter().map(price_of).sum::<usize>()
    }
}

fn price_of(part: &Part) -> usize {
    let found = match &part.term {
        Term::Text(text) => price_of_text(text),
        Term::Selector(selector) => price_of_selector(selector),
    };
    match part.sense {
        Sense::Wanted => found,
        // What is left is walked, and each record looked up among what was found.
        Sense::Unwanted => found.max(WALK),
    }
}

fn price_of_text(text: &Text) -> usize {
    if is_indexed(text) { INDEXED } else { WALK }
}

fn is_indexed(text: &Text) -> bool {
    text.folded().chars().count() >= TRIGRAM
}

fn price_of_selector(selector: &Selector) -> usize {
    match selector {
        Selector::Category(_)
        | Selector::Label(_)
        | Selector::User(_)
        | Selector::Before(_)
        | Selector::After(_)
        | Selector::Created(_)
        | Selector::Updated(_) => INDEXED,
        Selector::Person(name)
        | Selector::Company(name)
        | Selector::City(name)
        | Selector::State(name)
        | Selector::Country(name)
        | Selector::Name(name)
        | Selector::Email(name)
        | Selector::Phone(name)
        | Selector::Url(name)
        | Selector::Zip(name) => price_of_text(name),
        Selector::Value(_) | Selector::Probability(_) | Selector::Has(_) | Selector::Stage(_) | Selector::Is(_) => {
            COLUMN
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{INDEXED, WALK};
    use crate::search::Search;

    fn price(search: &str) -> usize {
        Search::parse(search).expect("it is a search").price()
    }

    #[test]
    fn what_an_index_finds_is_cheap() {
        assert_eq!(price(""), 0);
        assert_eq!(price("acme"), INDEXED);
        assert_eq!(price("acme berlin 555-1234"), 3 * INDEXED);
        assert_eq!(price("category:Partners user:me"), 2 * INDEXED);
        assert!(price("has:email created:2026-05-01.. stage:lead") < WALK);
    }

    #[test]
    fn what_is_walked_is_dear_whatever_it_is_called() {
        for walked in ["ab", "-acme", "-category:Partners", "no:email", "company:x", "-is:open", "person:jo"] {
            assert!(price(walked) >= WALK, "{walked}");
        }
        let negated = (0..32).map(|number| format!("-w{number:02}")).collect::<Vec<_>>().join(" ");
        assert_eq!(price(&negated), 32 * WALK);
        // Of words that must all occur, the others are looked for where the first one is.
        assert!(price("ab cd ef") < 2 * WALK);
        assert!(price("acme ab cd ef") < WALK);
    }
}
