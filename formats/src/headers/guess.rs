//! Tables without a header: what their columns are, guessed from the first rows.

use std::borrow::Cow;

use super::client::{Client, Footer};
use super::meaning::Meaning;
use crate::record::Column;

/// Stands for whoever made the table. It has names when its failed rows come back: those that [`name`] gives and the numbers.
pub(super) static CLIENT: Client =
    Client { name: "a table without a header", columns: &COLUMNS, base: None, footer: Footer::Nothing };

const COLUMNS: [(&str, Meaning); 3] =
    [("first name", Meaning::FirstName), ("last name", Meaning::LastName), ("column #", Meaning::Extra)];

/// The name under which a file of failed rows has a column that was guessed; `None` where its number has to do.
pub(super) fn name(meaning: Option<Meaning>) -> Option<&'static str> {
    match meaning? {
        Meaning::Email(_) => Some("email"),
        Meaning::Own(column) => Some(column.name()),
        Meaning::FirstName => Some("First Name"),
        Meaning::LastName => Some("Last Name"),
        _ => None,
    }
}

/// The meaning of each column: the one with the most e-mail addresses, and the best name before or after it (two neighbours where
/// given and family name stand apart). All other columns are worth keeping. `None` where no column holds e-mail addresses.
pub(super) fn meanings(rows: &[Vec<Cow<'_, str>>]) -> Option<Vec<Meaning>> {
    let width = rows.iter().map(Vec::len).max()?;
    let columns: Vec<Vec<&str>> = (0..width).map(|at| column(rows, at)).collect();
    let count = |cells: &[&str], is_counted: fn(&str) -> bool| cells.iter().filter(|cell| is_counted(cell)).count();
    let addresses = |at: &usize| count(&columns[*at], is_email);
    let email = (0..width).rev().max_by_key(addresses).filter(|at| addresses(at) > 0)?;

    let mut meanings = vec![Meaning::Extra; width];
    meanings[email] = Meaning::Email(0);
    let is_names = |at: usize| {
        at < width && at != email && !columns[at].is_empty() && columns[at].iter().all(|cell| is_name(cell))
    };
    let full = |at: &usize| count(&columns[*at], |cell| cell.split_whitespace().count() > 1) * 2 > columns[*at].len();
    let mut candidates = (0..width).filter(|at| is_names(*at));
    if let Some(name) = candidates.clone().find(full) {
        meanings[name] = Meaning::Own(Column::Name);
    } else if let Some(name) = candidates.next() {
        let is_given = name + 1 < email && is_names(name + 1);
        meanings[name] = if is_given { Meaning::FirstName } else { Meaning::Own(Column::Name) };
        if is_given {
            meanings[name + 1] = Meaning::LastName;
        }
    }
    Some(meanings)
}

/// Whether a text looks like an e-mail address.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.trim().rsplit_once('@') else { return false };
    let is_plain =
        |part: &str| !part.is_empty() && !part.contains(|char: char| char.is_whitespace() || "<>,;:\"".contains(char));
    is_plain(local) && is_plain(domain) && domain.trim_matches('.').contains('.')
}

/// Whether a text could be a person's name: letters, and what stands between them in names.
fn is_name(text: &str) -> bool {
    let is_fit = |char: char| char.is_alphabetic() || char.is_whitespace() || "-'’.,".contains(char);
    text.chars().all(is_fit) && text.chars().filter(|char| char.is_alphabetic()).count() > 1
}

/// The filled cells of a column.
fn column<'a>(rows: &'a [Vec<Cow<'_, str>>], at: usize) -> Vec<&'a str> {
    rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect()
}
