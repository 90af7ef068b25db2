//! The names of the schema: what a name that it does not have may have been meant for.
//!
//! The engine can say that too, but it compares each wrong name of a document with all that there are, however many are wrong.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use async_graphql::ServerError;
use futures_util::FutureExt as _;

use crate::root::Schema;

/// How many names are suggested at most.
const SUGGESTED: usize = 3;

/// The types of the schema with their fields, and these with their arguments, read when somebody first asks for them.
#[derive(Default)]
pub(crate) struct Known(OnceLock<HashMap<String, Fields>>);

type Fields = BTreeMap<String, Vec<String>>;

/// What a schema knows.
pub(crate) fn known_of(schema: &Schema) -> Names<'_> {
    let known = schema.data::<Known>().expect("every schema is built with it");
    Names(known.0.get_or_init(|| {
        let asked = schema.execute("{ __schema { types { name fields { name args { name } } } } }");
        // The schema is in memory, so nothing is waited for.
        let answer = asked.now_or_never().map(|answer| answer.data.into_json().unwrap_or_default()).unwrap_or_default();
        let list = |value: &serde_json::Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
        let name = |value: &serde_json::Value| value["name"].as_str().unwrap_or_default().to_owned();
        let fields = |of: &serde_json::Value| {
            let fields = list(of, "fields");
            fields.iter().map(|field| (name(field), list(field, "args").iter().map(name).collect())).collect()
        };
        list(&answer["__schema"], "types").iter().map(|of| (name(of), fields(of))).collect()
    }))
}

/// Types, fields and arguments.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a>(&'a HashMap<String, Fields>);

impl Names<'_> {
    /// Whether there is a type of this name.
    pub(crate) fn has_type(self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Adds to an error of the engine about an unknown field or argument what may have been meant.
    pub(crate) fn suggest(self, error: &mut ServerError) {
        let parts: Vec<&str> = error.message.split('"').collect();
        let suggested = match parts[..] {
            ["Unknown field ", wrong, " on type ", of, "."] => {
                self.0.get(of).map(|fields| nearest(wrong, fields.keys()))
            }
            ["Unknown argument ", wrong, " on field ", field, " of type ", of, "."] => {
                self.0.get(of).and_then(|fields| fields.get(field)).map(|names| nearest(wrong, names.iter()))
            }
            _ => None,
        };
        if let Some(suggested) = suggested.filter(|suggested| !suggested.is_empty()) {
            let quoted: Vec<_> = suggested.iter().map(|name| format!("\"{name}\"")).collect();
            error.message.push_str(&format!(" Did you mean {}?", quoted.join(", ")));
        }
    }
}

/// The names that differ least from a wrong one, by no more than a third of it or two letters that changed places, the nearest first.
fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n String>) -> Vec<&'n str> {
    let far = if wrong.len() > 3 { (wrong.len() / 3).max(2) } else { 1 };
    let mut near: Vec<_> =
        names.map(|name| (distance(wrong, name), name.as_str())).filter(|(by, _)| *by <= far).collect();
    near.sort_unstable();
    near.into_iter().take(SUGGESTED).map(|(_, name)| name).collect()
}

/// How many letters must be put in, taken out or changed to make one word of another (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = place + 1;
        for (at, found) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(letter != found);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn the_distance_of_words_counts_letters() {
        for (one, other, expected) in
            [("", "", 0), ("a", "", 1), ("", "ab", 2), ("people", "pepole", 2), ("name", "names", 1)]
        {
            assert_eq!((distance(one, other), distance(other, one)), (expected, expected), "{one} {other}");
        }
    }

    #[test]
    fn the_nearest_names_come_first() {
        let names = ["people", "person", "persons", "me", "message", "messages"].map(str::to_owned);
        for (wrong, expected) in [
            ("pepole", &["people"][..]),
            ("persn", &["person", "persons"]),
            ("personz", &["person", "persons"]),
            ("mee", &["me"]),
            ("xyzzy", &[]),
        ] {
            assert_eq!(nearest(wrong, names.iter()), expected, "{wrong}");
        }
    }
}
