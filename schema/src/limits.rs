//! What a document may ask for, decided before the engine looks at it.
//!
//! The engine's own checks of depth and cost follow each fragment at every place where it is spread, so a kilobyte of
//! fragments that spread each other twice keeps them busy for hours. Here each fragment is measured once.

mod conflicts;
mod values;

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned};
use service::Code;

pub(crate) use self::conflicts::{CONFLICTS, too_many_conflicts};
pub(crate) use self::values::{check_values, text_of};
use crate::error::{Error, Result};

/// How many selections a document may have once its fragments are put in place.
const SELECTIONS: usize = 2_000;
/// How many fields a document may have at its root, whatever their aliases: each is a query or a mutation of its own.
const ROOT_FIELDS: usize = 50;
/// How many fragments a document may define; it also bounds how deep the measuring goes.
pub(crate) const FRAGMENTS: usize = 100;
/// How often introspection may begin in a document.
const INTROSPECTIONS: usize = 4;
/// How many of the lists of types below may be nested; the usual introspection query nests one. Each of them holds the
/// whole schema again.
const NESTED_TYPE_LISTS: usize = 2;
const TYPE_LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];

/// How deep a query may be nested.
pub(crate) const DEPTH: usize = 15;

/// How much a document may have.
#[derive(Clone, Copy, Debug)]
pub struct DocumentLimits {
    /// Tokens (GraphQL section 2.1.6).
    pub tokens: usize,
    /// Brackets in each other, whatever their shape.
    pub depth: usize,
    /// Definitions of variables.
    pub variables: usize,
    /// Operations.
    pub operations: usize,
    /// Directives.
    pub directives: usize,
    /// Values of variables; and those of arguments with their variables in place, where 64 bytes of text are one more.
    pub values: usize,
    /// The bytes of a document whose sender is not signed in, and of its variables.
    pub anonymous: usize,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self {
            tokens: 20_000,
            depth: 64,
            variables: 500,
            operations: 50,
            directives: 500,
            values: 40_000,
            anonymous: 64 << 10,
        }
    }
}

/// Whether a document asks for the schema itself.
///
/// Errors: `LIMITED` for a document over one of the limits, `INVALID` for fragments that spread themselves.
pub(crate) fn check(document: &ExecutableDocument) -> Result<bool> {
    let over =
        |what: &str, limit: usize| Err(Error::new(Code::Limited, format!("the query has {what}, at most {limit}")));
    if document.fragments.len() > FRAGMENTS {
        return over("too many fragments", FRAGMENTS);
    }
    let mut measure = Measure { fragments: &document.fragments, known: HashMap::new() };
    let mut size = Size::default();
    for (_, operation) in document.operations.iter() {
        size = size.beside(measure.set(&operation.node.selection_set)?);
    }
    if size.selections.saturating_add(measure.unused()?) > SELECTIONS {
        return over("too many selections", SELECTIONS);
    }
    if size.fields > ROOT_FIELDS {
        return over("too many fields at its root", ROOT_FIELDS);
    }
    if size.introspections > INTROSPECTIONS {
        return over("too many introspections", INTROSPECTIONS);
    }
    if size.type_lists > NESTED_TYPE_LISTS && size.introspections > 0 {
        return over("too many lists of types in each other", NESTED_TYPE_LISTS);
    }
    Ok(size.introspections > 0)
}

/// How large a selection set is with its fragments in place.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    /// The fields on its first level.
    fields: usize,
    introspections: usize,
    /// The most lists of types that are nested in it.
    type_lists: usize,
}

impl Size {
    fn beside(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            fields: self.fields.saturating_add(other.fields),
            introspections: self.introspections.saturating_add(other.introspections),
            type_lists: self.type_lists.max(other.type_lists),
        }
    }

    /// The size of a field that holds a set of this size.
    fn in_field(self, name: &str) -> Self {
        Self {
            selections: self.selections.saturating_add(1),
            fields: 1,
            introspections: self.introspections.saturating_add(usize::from(name == "__schema" || name == "__type")),
            type_lists: self.type_lists + usize::from(TYPE_LISTS.contains(&name)),
        }
    }
}

struct Measure<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// What is known of a fragment; `None` while it is being measured.
    known: HashMap<&'a str, Option<Size>>,
}

impl<'a> Measure<'a> {
    /// The parser bounds how deep sets are nested, and so this recursion.
    fn set(&mut self, set: &'a Positioned<SelectionSet>) -> Result<Size> {
        let mut size = Size::default();
        for selection in &set.node.items {
            size = size.beside(match &selection.node {
                Selection::Field(field) => self.set(&field.node.selection_set)?.in_field(&field.node.name.node),
                Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            });
        }
        Ok(size)
    }

    /// The selections of the fragments that no operation spreads, which is an error that the engine finds last. They count in their
    /// order, as those that stand in another are counted there.
    fn unused(&mut self) -> Result<usize> {
        let mut unused: Vec<_> =
            self.fragments.iter().filter(|(name, _)| !self.known.contains_key(name.as_str())).collect();
        unused.sort_by_key(|(_, fragment)| fragment.pos);
        let mut selections: usize = 0;
        for (name, _) in unused {
            if !self.known.contains_key(name.as_str()) {
                selections = selections.saturating_add(self.fragment(name)?.selections);
            }
        }
        Ok(selections)
    }

    fn fragment(&mut self, name: &'a str) -> Result<Size> {
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(Error::invalid(format!("the fragment {name} spreads itself"))),
            None => {}
        }
        // The engine says that a fragment is missing.
        let Some(fragment) = self.fragments.get(name) else { return Ok(Size::default()) };
        self.known.insert(name, None);
        // An empty fragment counts as well, else a chain of them would be free.
        let size = self.set(&fragment.node.selection_set)?;
        let size = Size { selections: size.selections.saturating_add(1), ..size };
        self.known.insert(name, Some(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::check;
    use service::Code;

    fn code(document: &str) -> Option<Code> {
        check(&parse_query(document).expect("it can be parsed")).err().map(|error| error.code)
    }

    #[test]
    fn fragments_that_double_are_refused_at_once() {
        let mut document = String::from("{ ...f0 } ");
        for number in 0..99 {
            let next = number + 1;
            document.push_str(&format!("fragment f{number} on Query {{ ...f{next} ...f{next} }} "));
        }
        document.push_str("fragment f99 on Query { __typename }");
        assert_eq!(code(&document), Some(Code::Limited));
    }

    #[test]
    fn fragments_that_nobody_spreads_count_as_well() {
        let spreading = |times| format!("{{ me {{ id }} }} fragment a on User {{ {} }}", "...b ".repeat(times));
        let with = |times| spreading(times) + " fragment b on User { id name email }";
        assert_eq!((code(&with(400)), code(&with(500))), (None, Some(Code::Limited)));
        let circle = "{ me { id } } fragment a on User { ...b } fragment b on User { ...a }";
        assert_eq!(code(circle), Some(Code::Invalid));
    }

    #[test]
    fn fragments_that_spread_themselves_are_refused() {
        let document = "{ ...a } fragment a on Query { ...b } fragment b on Query { me { id } ...a }";
        assert_eq!(code(document), Some(Code::Invalid));
    }

    #[test]
    fn a_long_chain_of_fragments_does_not_exhaust_the_stack() {
        let mut document = String::from("{ ...f0 } ");
        for number in 0..50_000 {
            document.push_str(&format!("fragment f{number} on Query {{ ...f{} }} ", number + 1));
        }
        document.push_str("fragment f50000 on Query { __typename }");
        assert_eq!(code(&document), Some(Code::Limited));
    }

    #[test]
    fn introspection_may_not_nest_the_schema_in_itself() {
        let nested = "{ __schema { types { interfaces { possibleTypes { fields { name } } } } } }";
        assert_eq!(code(nested), Some(Code::Limited));
        let many = (0..5).map(|number| format!("a{number}: __schema {{ types {{ name }} }} ")).collect::<String>();
        assert_eq!(code(&format!("{{ {many} }}")), Some(Code::Limited));
        let usual =
            "{ __schema { types { ...T } } } fragment T on __Type { fields { args { type { ofType { name } } } } }";
        assert_eq!(code(usual), None);
    }

    #[test]
    fn a_document_is_no_batch() {
        let fields = |count| (0..count).map(|number| format!("a{number}: me {{ id }} ")).collect::<String>();
        assert_eq!(code(&format!("{{ {} }}", fields(50))), None);
        assert_eq!(code(&format!("{{ ...f ...f }} fragment f on Query {{ {} }}", fields(26))), Some(Code::Limited));
    }

    #[test]
    fn an_ordinary_query_passes() {
        assert_eq!(
            code(
                "{ people { nodes { ...P } } me { ...U } } fragment P on Person { id name } fragment U on User { id }"
            ),
            None
        );
    }
}
