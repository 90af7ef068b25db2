//! How much the arguments of a document hold once its variables and fragments are in place.
//!
//! The engine copies a variable at each of its uses, and looks at an argument wherever its fragment is spread. So a list of a
//! thousand values that is used a thousand times is a million values.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::AddAssign;

use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value, Variables};
use service::Code;

use crate::error::{Error, Result};

/// How much text counts as one more value.
const TEXT: usize = 64;
/// How often variables may be used: each use is looked at for each operation from which it is reached.
const USES: usize = 5_000;

/// Errors: `LIMITED` for more than the limit, and where variables are used too often.
///
/// No fragment spreads itself, as [`check`](super::check) has found.
pub(crate) fn check_values(document: &ExecutableDocument, variables: &Variables, limit: usize) -> Result<()> {
    let mut measure = Measure { document, variables: weights(document, variables), known: HashMap::new() };
    let mut size = Size::default();
    for (_, operation) in document.operations.iter() {
        size += measure.directives(&operation.node.directives);
        size += measure.set(&operation.node.selection_set.node);
        for definition in &operation.node.variable_definitions {
            size += measure.directives(&definition.node.directives);
        }
    }
    // Those that nobody spreads are looked at once.
    for name in document.fragments.keys() {
        if !measure.known.contains_key(name.as_str()) {
            size += measure.fragment(name);
        }
    }
    if size.values > limit {
        let message = format!("the arguments hold too many values with their variables in place, at most {limit}");
        return Err(Error::new(Code::Limited, message));
    }
    if size.uses > USES {
        return Err(Error::new(Code::Limited, format!("the query uses variables too often, at most {USES} times")));
    }
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Size {
    values: usize,
    /// Of variables.
    uses: usize,
}

impl AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        self.values = self.values.saturating_add(other.values);
        self.uses = self.uses.saturating_add(other.uses);
    }
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    variables: HashMap<&'a str, usize>,
    known: HashMap<&'a str, Size>,
}

impl<'a> Measure<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Size {
        let mut size = Size::default();
        for selection in &set.items {
            size += self.directives(selection.node.directives());
            let inside = match &selection.node {
                Selection::Field(field) => {
                    for (_, value) in &field.node.arguments {
                        size += self.argument(|variable| value.node.clone().into_const_with(variable));
                    }
                    self.set(&field.node.selection_set.node)
                }
                Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
            };
            size += inside;
        }
        size
    }

    fn fragment(&mut self, name: &'a str) -> Size {
        if let Some(size) = self.known.get(name) {
            return *size;
        }
        // The engine says that a fragment is missing.
        let Some(fragment) = self.document.fragments.get(name) else { return Size::default() };
        let mut size = self.directives(&fragment.node.directives);
        size += self.set(&fragment.node.selection_set.node);
        self.known.insert(name, size);
        size
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Size {
        let mut size = Size::default();
        for (_, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
            size += self.argument(|variable| value.node.clone().into_const_with(variable));
        }
        size
    }

    /// The size of an argument, into which `put` puts what it is given for each variable. That is the one way to look into a value
    /// of the engine's parser.
    fn argument(&self, put: impl FnOnce(&mut dyn FnMut(Name) -> Put) -> Put) -> Size {
        let mut size = Size::default();
        let plain = put(&mut |name| {
            size.uses += 1;
            size.values = size.values.saturating_add(self.variables.get(name.as_str()).copied().unwrap_or(1));
            Ok(Value::Null)
        });
        size.values = size.values.saturating_add(plain.as_ref().map_or(0, weight));
        size
    }
}

type Put = std::result::Result<Value, Infallible>;

/// What each variable weighs, or its heaviest default.
fn weights<'a>(document: &'a ExecutableDocument, variables: &'a Variables) -> HashMap<&'a str, usize> {
    let mut weights: HashMap<_, _> = variables.iter().map(|(name, value)| (name.as_str(), weight(value))).collect();
    for (_, operation) in document.operations.iter() {
        for definition in &operation.node.variable_definitions {
            if let Some(default) = &definition.node.default_value {
                let known = weights.entry(definition.node.name.node.as_str()).or_default();
                *known = (*known).max(weight(&default.node));
            }
        }
    }
    weights
}

/// Values in each other and their text.
fn weight(value: &Value) -> usize {
    1 + match value {
        Value::String(text) => text.len() / TEXT,
        Value::List(values) => values.iter().map(weight).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() / TEXT + weight(value)).sum(),
        _ => 0,
    }
}

/// About how many bytes a variable takes as JSON.
pub(crate) fn text_of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 3,
        Value::List(values) => values.iter().map(text_of).sum::<usize>() + 3,
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + 3 + text_of(value)).sum::<usize>() + 3,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Variables;
    use async_graphql::parser::parse_query;
    use serde_json::{Value, json};

    use super::check_values;

    /// What is wrong with a document for which ten values are the limit.
    fn over(document: &str, variables: Value) -> Option<String> {
        let document = parse_query(document).expect("a document");
        check_values(&document, &Variables::from_json(variables), 10).err().map(|error| error.0.message)
    }

    #[test]
    fn values_count_with_variables_and_fragments_in_place() {
        let list = |count: usize| Value::from(vec![1; count]);
        let twice = "query($a: X) { a(b: $a) c @skip(if: $a) }";
        for (document, variables, fits) in [
            ("{ a(b: [1 2 3 4 5 6 7 8 9]) }", json!({}), true),
            ("{ a(b: [1 2 3 4 5 6 7 8 9 10]) }", json!({}), false),
            (twice, json!({ "a": list(3) }), true),
            (twice, json!({ "a": list(4) }), false),
            ("query($a: X = [1 2 3 4 5 6]) { a(b: $a) c(d: {e: 1}) }", json!({}), true),
            ("query($a: X = [1 2 3 4 5 6 7]) { a(b: $a) c(d: {e: 1}) }", json!({}), false),
            ("{ ...f ...f } fragment f on Query { a(b: [1 2]) }", json!({}), true),
            ("{ ...f ...f } fragment f on Query { a(b: [1 2 3 4]) ... { c } }", json!({}), true),
            ("{ ...f ...f } fragment f on Query { a(b: [1 2 3 4]) ... { c(d: 1) } }", json!({}), false),
            ("{ a } fragment f on Query { a(b: [1 2 3 4 5 6 7 8 9 10]) }", json!({}), false),
            ("query($a: X) { a(b: $a) }", json!({ "a": "x".repeat(300) }), true),
            ("query($a: X) { a(b: $a) }", json!({ "a": "x".repeat(600) }), false),
            ("query($a: X) { a(b: $a) }", json!({ "a": { "x".repeat(600): 1 } }), false),
            ("query($a: X) { c }", json!({ "a": list(100) }), true),
        ] {
            assert_eq!(over(document, variables).is_none(), fits, "{document}");
        }
    }

    #[test]
    fn variables_are_used_so_often() {
        let uses = |count: usize| format!("query($a: X) {{ a(b: [{}]) }}", "$a ".repeat(count));
        let over = |document: String| {
            let document = parse_query(document).expect("a document");
            check_values(&document, &Variables::default(), usize::MAX).err().map(|error| error.0.message)
        };
        assert_eq!(over(uses(5_000)), None);
        assert_eq!(over(uses(5_001)).as_deref(), Some("the query uses variables too often, at most 5000 times"));
    }
}
