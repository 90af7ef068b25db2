//! The order of an answer's fields: that of the request (GraphQL section 7.2.2). The engine writes the fields of an object
//! in the order in which they are ready, and what the loader brings is ready last.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value};

/// The fields that an operation asks for, in their order.
pub(crate) struct Asked(Vec<(Name, Asked)>);

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

impl Asked {
    /// What an operation of a document asks for; `None` where the document has no such operation. The limits of a
    /// document have been checked: it is small with its fragments in place.
    pub(crate) fn of(document: &ExecutableDocument, operation: Option<&str>) -> Option<Self> {
        let mut operations = document.operations.iter();
        let (_, operation) = match operation {
            Some(wanted) => operations.find(|(name, _)| name.is_some_and(|name| name.as_str() == wanted))?,
            None => operations.next()?,
        };
        Some(Self::by(&[&operation.node.selection_set.node], &document.fragments))
    }

    /// Puts the fields of an answer into the order in which they were asked for.
    pub(crate) fn arrange(&self, answer: &mut Value) {
        match answer {
            Value::Object(fields) => {
                for (place, (name, asked)) in self.present(fields).into_iter().enumerate() {
                    if let Some((found, _, value)) = fields.get_full_mut(name) {
                        asked.arrange(value);
                        fields.swap_indices(place, found);
                    }
                }
            }
            Value::List(items) => items.iter_mut().for_each(|item| self.arrange(item)),
            _ => {}
        }
    }

    /// What was asked for and is there: a fragment on another type brings nothing.
    fn present<'a, V>(&'a self, fields: &async_graphql::indexmap::IndexMap<Name, V>) -> Vec<&'a (Name, Self)> {
        self.0.iter().filter(|(name, _)| fields.contains_key(name)).collect()
    }

    fn by(sets: &[&SelectionSet], fragments: &Fragments) -> Self {
        let mut fields: Vec<(&Name, Vec<&SelectionSet>)> = Vec::new();
        for set in sets {
            collect(set, fragments, &mut fields);
        }
        Self(fields.into_iter().map(|(name, sets)| (name.clone(), Self::by(&sets, fragments))).collect())
    }
}

/// The fields of a selection set under the names that they have in the answer, each once with all that is selected of it.
fn collect<'d>(set: &'d SelectionSet, fragments: &'d Fragments, fields: &mut Vec<(&'d Name, Vec<&'d SelectionSet>)>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                let (name, selected) = (&field.node.response_key().node, &field.node.selection_set.node);
                match fields.iter_mut().find(|(other, _)| *other == name) {
                    Some((_, sets)) => sets.push(selected),
                    None => fields.push((name, vec![selected])),
                }
            }
            Selection::InlineFragment(fragment) => collect(&fragment.node.selection_set.node, fragments, fields),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                    collect(&fragment.node.selection_set.node, fragments, fields);
                }
            }
        }
    }
}
