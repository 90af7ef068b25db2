//! What fields cost: the limit counts what is read for them, in units of a field of a record.
//!
//! The engine gives these functions the arguments of a field with variables and defaults put in, so a search costs the same wherever it is
//! written.

use storage::Search;

use crate::view::ViewInput;

/// What a request may cost.
pub(crate) const MOST: usize = 50_000;
/// What signing in costs: a password is checked, which takes tens of milliseconds.
pub(crate) const SIGN_IN: usize = 10_000;
/// What a plain list of an item counts for each of its fields: most items are in few categories, and have few labels,
/// managers and custom values.
pub(crate) const FEW: usize = 4;
/// What a statement costs that finds its rows at once.
const STATEMENT: usize = 20;
/// What a list of a view costs beside its records: it may be counted, for which all of it is read.
const VIEW: usize = 200;
/// What a page of each record of a list costs beside its records: room for it, and a statement where it is counted.
const PAGE: usize = 25;
/// What it costs to say what a firing would make: up to a thousand records are read and reckoned with.
pub(crate) const FIRING: usize = 1_000;
/// How many records a page has where the client does not say.
const DEFAULT_PAGE: usize = 50;

/// The records of a view, a page of them and their count.
pub(crate) fn view(view: Option<&ViewInput>, first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let price = view.map_or(0, ViewInput::price);
    price.saturating_add(VIEW).saturating_add(records(first, last, child))
}

/// A search, which each section looks for that is asked of it, under however many names; each of them costs [`VIEW`] at least.
pub(crate) fn search(query: &str, child: usize) -> usize {
    // What is no search is not looked for.
    let price = Search::parse(query).map_or(0, |search| search.price());
    price.saturating_mul(child.div_ceil(VIEW).max(1)).saturating_add(1).saturating_add(child)
}

/// What a search finds in one section.
pub(crate) fn section(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    VIEW.saturating_add(records(first, last, child))
}

/// A page of what belongs to a record, such as the messages of a person.
pub(crate) fn page(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    PAGE.saturating_add(records(first, last, child))
}

/// A page of a short table, such as the categories.
pub(crate) fn list(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    STATEMENT.saturating_add(records(first, last, child))
}

/// A list without pages that has about so many records in a large account.
pub(crate) fn about(number: usize, child: usize) -> usize {
    STATEMENT.saturating_add(number.saturating_mul(child.saturating_add(1)))
}

/// A plain list of each item.
pub(crate) fn few(child: usize) -> usize {
    FEW.saturating_mul(child.saturating_add(1))
}

fn records(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let number = first.or(last).map_or(DEFAULT_PAGE, |number| usize::try_from(number).unwrap_or(0).max(1));
    number.saturating_mul(child)
}
