//! A program that writes tables: its name and the names of its columns.

use std::collections::HashMap;

use super::meaning::Meaning;
use super::own;
use crate::Section;
use crate::record::Column;

/// A program, or a version of it whose columns have names of their own.
pub(super) struct Client {
    /// The name for people.
    pub(super) name: &'static str,
    /// The columns in any order, but a name that stands twice in a header in the order of the header. Names are in the form that
    /// [`super::key`] gives; `#` stands for a number, from 1.
    pub(super) columns: &'static [(&'static str, Meaning)],
    /// A program whose names this one uses as well.
    pub(super) base: Option<&'static Client>,
    /// What stands after the last row.
    pub(super) footer: Footer,
}

/// What a program writes after the last row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Footer {
    /// Nothing.
    Nothing,
    /// Remarks, each in a row of one cell.
    SingleCells,
}

impl Client {
    /// The meanings of a header's columns, looked up in the program's dictionary and then among our own columns, which tables that
    /// were made by hand have.
    pub(super) fn meanings(&self, names: &Names, section: Section) -> Vec<Option<Meaning>> {
        let mut meanings = vec![None; names.keys.len()];
        self.look_up(names, &mut meanings);
        for (meaning, key) in meanings.iter_mut().zip(&names.keys).filter(|(meaning, _)| meaning.is_none()) {
            *meaning = own_meaning(key, section);
        }
        if !meanings.contains(&Some(Meaning::JobTitle)) {
            for meaning in meanings.iter_mut().filter(|meaning| **meaning == Some(Meaning::Honorific)) {
                *meaning = Some(Meaning::JobTitle);
            }
        }
        meanings
    }

    /// Whether a header, by the names as they are compared, has every name of the program.
    pub(super) fn has_all(&self, keys: &[String]) -> bool {
        self.columns.iter().all(|(name, _)| keys.iter().any(|key| key == name))
    }

    fn look_up(&self, names: &Names, meanings: &mut [Option<Meaning>]) {
        let mut listed: HashMap<&str, usize> = HashMap::new();
        for (name, meaning) in self.columns {
            let places = names.places(name);
            if !places.is_empty() {
                // What stands more often in the header than here has the last meaning that is listed.
                let occurrence = listed.entry(name).or_default();
                places.iter().skip(*occurrence).for_each(|place| meanings[*place] = Some(*meaning));
                *occurrence += 1;
            }
            for &place in names.numbered(name) {
                let numbered = || number(name, &names.keys[place]).map(|number| meaning.numbered(number));
                meanings[place] = meanings[place].or_else(numbered);
            }
        }
        if let Some(base) = self.base {
            let mut others = vec![None; meanings.len()];
            base.look_up(names, &mut others);
            meanings.iter_mut().zip(others).for_each(|(meaning, other)| *meaning = meaning.or(other));
        }
    }
}

/// The names of a header in the form in which they are compared.
pub(super) struct Names {
    keys: Vec<String>,
    places: HashMap<String, Vec<usize>>,
    /// The places of names with a number in them.
    numbered: Vec<usize>,
    /// A bit for each [`Names::trait_of`] a name; most names of a dictionary are not in a header, and most of them have no bit.
    traits: u64,
}

impl Names {
    pub(super) fn new(keys: Vec<String>) -> Names {
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, key) in keys.iter().enumerate() {
            places.entry(key.clone()).or_default().push(place);
        }
        let has_digit = |place: &usize| keys[*place].bytes().any(|byte| byte.is_ascii_digit());
        let numbered = (0..keys.len()).filter(has_digit).collect();
        let traits = keys.iter().fold(0, |traits, key| traits | Names::trait_of(key));
        Names { keys, places, numbered, traits }
    }

    fn trait_of(name: &str) -> u64 {
        let (first, last) = (name.bytes().next().unwrap_or_default(), name.bytes().next_back().unwrap_or_default());
        1 << ((name.len() + usize::from(first) * 7 + usize::from(last) * 13) % 64)
    }

    pub(super) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Where a name stands.
    fn places(&self, name: &str) -> &[usize] {
        if self.traits & Names::trait_of(name) == 0 {
            return &[];
        }
        self.places.get(name).map_or(&[], Vec::as_slice)
    }

    /// The places that a name with `#` may mean.
    fn numbered(&self, name: &str) -> &[usize] {
        if !self.numbered.is_empty() && name.contains('#') { &self.numbered } else { &[] }
    }
}

/// The number that stands in a key for the `#` of a name, counted from 0.
fn number(name: &str, key: &str) -> Option<u8> {
    let (before, after) = name.split_once('#')?;
    let number: u8 = key.strip_prefix(before)?.strip_suffix(after)?.parse().ok()?;
    number.checked_sub(1)
}

fn own_meaning(key: &str, section: Section) -> Option<Meaning> {
    let of = if section == Section::Calendar { section } else { Section::People };
    own::column(key, of).filter(|column| column.is_of_contact() || is_of_event(*column, section)).map(Meaning::Own)
}

/// Whether a column is one of an event that a program other than ours could have.
pub(super) fn is_of_event(column: Column, section: Section) -> bool {
    section == Section::Calendar && !matches!(column, Column::Id | Column::CreatedAt | Column::UpdatedAt)
}
