//! Fields under one name that are not the same, more of them than an answer could list.
//!
//! The engine's validation notes an error for each argument of each field that differs from the first of its name, in each selection
//! set from which it is reached. So the fields are compared here before, as it would, but no further than some errors go.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Pos, Positioned};

/// How many conflicts are left to the engine, which explains each.
pub(crate) const CONFLICTS: usize = 100;

/// The field at which a document has too many conflicts, if it has. No fragment spreads itself, as [`check`](super::check) has found.
pub(crate) fn too_many_conflicts(document: &ExecutableDocument) -> Option<Pos> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let mut left = CONFLICTS;
    operations.chain(fragments).try_for_each(|set| within(document, set, &mut left)).err()
}

/// Looks at a selection set and those in it.
fn within(document: &ExecutableDocument, set: &SelectionSet, left: &mut usize) -> Result<(), Pos> {
    let mut compared = Compared { document, first: HashMap::new(), spread: HashSet::new(), left };
    compared.set(None, set)?;
    set.items.iter().try_for_each(|selection| match &selection.node {
        Selection::Field(field) => within(document, &field.node.selection_set.node, left),
        Selection::InlineFragment(fragment) => within(document, &fragment.node.selection_set.node, left),
        Selection::FragmentSpread(_) => Ok(()),
    })
}

/// The fields of one selection set, by type and name in the answer.
struct Compared<'a, 'l> {
    document: &'a ExecutableDocument,
    first: HashMap<(Option<&'a str>, &'a str), &'a Positioned<Field>>,
    spread: HashSet<&'a str>,
    left: &'l mut usize,
}

impl<'a> Compared<'a, '_> {
    fn set(&mut self, on: Option<&'a str>, set: &'a SelectionSet) -> Result<(), Pos> {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(on, field)?,
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    self.set(on, &fragment.node.selection_set.node)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.spread.insert(name)
                    {
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        self.set(Some(on), &fragment.node.selection_set.node)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn field(&mut self, on: Option<&'a str>, field: &'a Positioned<Field>) -> Result<(), Pos> {
        let Some(first) = self.first.get(&(on, field.node.response_key().node.as_str())) else {
            self.first.insert((on, field.node.response_key().node.as_str()), field);
            return Ok(());
        };
        let (one, other) = (&first.node, &field.node);
        let differs = |differs: bool| usize::from(differs);
        let arguments = one.arguments.iter();
        let conflicts = differs(one.name.node != other.name.node)
            + differs(one.arguments.len() != other.arguments.len())
            + arguments.filter(|(name, value)| other.get_argument(&name.node) != Some(value)).count();
        match self.left.checked_sub(conflicts) {
            Some(left) => *self.left = left,
            None => return Err(field.pos),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::too_many_conflicts;

    fn refusal(document: &str) -> Option<usize> {
        too_many_conflicts(&parse_query(document).expect("a document")).map(|at| at.column)
    }

    #[test]
    fn many_conflicts_are_refused_and_few_left_to_the_engine() {
        let fields = |count: usize| (0..=count).map(|number| format!("a: b{number} ")).collect::<String>();
        assert_eq!(refusal(&format!("{{ {} }}", fields(100))), None);
        let document = format!("{{ {} }}", fields(101));
        assert_eq!(refusal(&document), document.rfind("a: b").map(|at| at + 1));
    }

    #[test]
    fn conflicts_are_found_wherever_the_engine_finds_them() {
        // Each of these has 101.
        let aliases = |count: usize| "a: x ".repeat(count);
        let arguments = (0..100).map(|number| format!("b{number}: 1 ")).collect::<String>();
        let spreading = (0..50).map(|number| format!("c{number}: y {{ ...f }} ")).collect::<String>();
        for document in [
            format!("{{ a({arguments}) a }}"),
            format!("{{ a(b: 1) {} }}", "a(b: 2) ".repeat(101)),
            format!("{{ b {{ a: y {} }} }}", aliases(101)),
            format!("{{ ... {{ a: y }} ... {{ {} }} }}", aliases(101)),
            format!("{{ ...f ...g }} fragment f on Q {{ a: y }} fragment g on Q {{ {} }}", aliases(101)),
            format!("{{ {spreading} }} fragment f on Q {{ a: y a: x a: x }}"),
        ] {
            assert!(refusal(&document).is_some(), "{document}");
        }
        for document in [
            format!("{{ {} }}", aliases(1_000)),
            format!("{{ ... on A {{ a: y }} ... on B {{ {} }} }}", aliases(200)),
            format!("{{ a(b: [1 2] c: 3) {} }}", "a(c: 3 b: [1 2]) ".repeat(200)),
        ] {
            assert_eq!(refusal(&document), None, "{document}");
        }
    }
}
