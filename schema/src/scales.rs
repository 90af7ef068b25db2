//! What a document costs that the engine has refused: the engine says that it is too much, and neither how much nor of what.
//!
//! A schema of the same types weighs it again, and then parts of it, from its root down to the field that most of the cost is for. That
//! takes a multiple of the validation, so it is bounded by the size of the request, and done for no document that is not refused.

use std::cmp::Reverse;
use std::sync::{Arc, OnceLock};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, InlineFragment, OperationDefinition, Selection,
    SelectionSet, TypeCondition,
};
use async_graphql::{
    Name, Pos, Positioned, Request, Response, ServerError, ValidationMode, ValidationResult, Variables,
};
use futures_util::FutureExt as _;
use service::Code;

use crate::cost::MOST;
use crate::error::{Error, TOO_COMPLEX, TOO_DEEP};
use crate::limits::{DEPTH, text_of};
use crate::root::{Mutation, Query, Schema, Subscription};

/// How many bytes are weighed in all, with the variables, which come with every part.
const WEIGHED: usize = 256 << 10;
/// How many bytes a part counts for at least.
const LEAST: usize = 4 << 10;
/// What stands between a list and its records, and is no list of its own.
const BETWEEN: [&str; 3] = ["nodes", "edges", "node"];

/// A schema that weighs and executes nothing, built when it is first needed.
#[derive(Default)]
pub(crate) struct Scales(OnceLock<Schema>);

/// What is kept of a request for the case that it is refused.
pub(crate) struct Kept {
    document: String,
    variables: Variables,
}

impl Kept {
    pub(crate) fn of(request: &Request) -> Self {
        Self { document: request.query.clone(), variables: request.variables.clone() }
    }

    /// An answer with an error of the engine about cost or depth in better words: the limit, what was asked for, and the field that
    /// costs most. Any other answer stays as it is.
    pub(crate) fn explain(&self, schema: &Schema, answer: Response) -> Response {
        let refused = match answer.errors.as_slice() {
            [error] if error.message == TOO_COMPLEX || error.message == TOO_DEEP => error.message == TOO_COMPLEX,
            _ => return answer,
        };
        let explained = parse_query(&self.document).ok().and_then(|document| {
            let scales = schema.data::<Scales>()?.0.get_or_init(scales);
            let size = self.document.len() + self.variables.values().map(text_of).sum::<usize>();
            let left = WEIGHED / size.max(LEAST);
            Weighing { scales, document: &document, variables: &self.variables, left }.explain(refused)
        });
        explained.unwrap_or(answer)
    }
}

fn scales() -> Schema {
    async_graphql::Schema::build(Query::default(), Mutation::default(), Subscription::default())
        // What is wrong with a part does not matter, such as a variable that it does not use.
        .validation_mode(ValidationMode::Fast)
        .disable_suggestions()
        .extension(Weigh)
        .finish()
}

/// Ends each request after its validation, with the result as the source of an error.
struct Weigh;

impl ExtensionFactory for Weigh {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for Weigh {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let weighed = next.run(ctx).await?;
        Err(vec![ServerError { source: Some(Arc::new(weighed)), ..ServerError::new("", None) }])
    }
}

/// A document on the scales.
struct Weighing<'a> {
    scales: &'a Schema,
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    /// How often something may still be weighed.
    left: usize,
}

/// A way into a document, and what is selected at its end. Its steps select nothing themselves.
struct Way<'a> {
    operation: &'a OperationDefinition,
    steps: Vec<Selection>,
    /// The names of the fields on it.
    path: Vec<&'a str>,
    selected: &'a SelectionSet,
    /// What the document costs with nothing but this way and all that is selected at its end.
    cost: usize,
    /// The last field on it that is more than the records of another one.
    named: Option<Named>,
}

/// A field, and what it costs with all that is selected in it.
#[derive(Clone)]
struct Named {
    path: String,
    at: Pos,
    cost: usize,
}

impl<'a> Weighing<'a> {
    fn explain(&mut self, is_complex: bool) -> Option<Response> {
        let ValidationResult { complexity, depth, .. } = self.weigh(self.document.operations.clone())?;
        if !is_complex {
            let message = format!("the request asks for fields {depth} deep in each other, and {DEPTH} is the most");
            return Some(Error::new(Code::Limited, message).into_response());
        }
        let costs = format!("the request costs {complexity}, and {MOST} is the most");
        let dearest = self.dearest();
        let mut answer = match &dearest {
            Some(Named { path, at, cost }) => {
                let message = format!(
                    "{costs}; {path} (line {}, column {}) costs {cost} of it: ask there for fewer records (first), fields or words to search for",
                    at.line, at.column
                );
                Error::new(Code::Limited, message).into_response_at(*at)
            }
            None => Error::new(Code::Limited, costs).into_response(),
        };
        for error in &mut answer.errors {
            let extensions = error.extensions.get_or_insert_default();
            extensions.set("cost", complexity);
            extensions.set("limit", MOST);
            if let Some(Named { path, .. }) = &dearest {
                extensions.set("dearest", path.as_str());
            }
        }
        Some(answer)
    }

    /// The field that most of the cost is for; `None` where there are too many to weigh them.
    fn dearest(&mut self) -> Option<Named> {
        let operations = self.document.operations.iter().map(|(_, operation)| Way {
            operation: &operation.node,
            steps: Vec::new(),
            path: Vec::new(),
            selected: &operation.node.selection_set.node,
            cost: 0,
            named: None,
        });
        let mut way = self.dearest_step(&operations.collect::<Vec<_>>())?;
        while let Some(further) = self.dearest_in(&way) {
            way = further;
        }
        way.named
    }

    /// The step further down by which most of what a way costs comes.
    fn dearest_in(&mut self, way: &Way<'a>) -> Option<Way<'a>> {
        let base = self.weigh(way.with(nothing()))?.complexity;
        let further = self.dearest_step(std::slice::from_ref(way))?;
        let is_most = further.cost.saturating_sub(base) > way.cost / 2;
        // A fragment alone is no field, and what has no fields itself is part of the one that has it.
        (way.named.is_none() || is_most && !further.selected.items.is_empty()).then_some(further)
    }

    /// The dearest of all steps further down some ways. `None` where they cannot all be weighed.
    fn dearest_step(&mut self, ways: &[Way<'a>]) -> Option<Way<'a>> {
        let mut dearest: Option<(Way<'a>, Pos)> = None;
        for way in ways {
            for selection in &way.selected.items {
                let set = SelectionSet { items: vec![selection.clone()] };
                let cost = self.weigh(way.with(set))?.complexity;
                let before = dearest.as_ref().map(|(way, at)| (way.cost, Reverse(*at)));
                if before.is_none_or(|before| before < (cost, Reverse(selection.pos))) {
                    dearest = Some((self.step(way, selection, cost)?, selection.pos));
                }
            }
        }
        dearest.map(|(way, _)| way)
    }

    /// A way with a step more. `None` for a fragment that there is not.
    fn step(&self, way: &Way<'a>, selection: &'a Positioned<Selection>, cost: usize) -> Option<Way<'a>> {
        let (mut path, mut named) = (way.path.clone(), way.named.clone());
        let (step, selected) = match &selection.node {
            Selection::Field(field) => {
                let name = field.node.response_key().node.as_str();
                path.push(name);
                if !BETWEEN.contains(&field.node.name.node.as_str()) {
                    named = Some(Named { path: path.join("."), at: field.pos, cost });
                }
                let Field { alias, name, arguments, directives, selection_set } = &field.node;
                let (alias, name, arguments) = (alias.clone(), name.clone(), arguments.clone());
                let (directives, selected) = (directives.clone(), &selection_set.node);
                let selection_set = Positioned::new(SelectionSet::default(), selection.pos);
                let field = Field { alias, name, arguments, directives, selection_set };
                (Selection::Field(Positioned::new(field, selection.pos)), selected)
            }
            Selection::InlineFragment(fragment) => {
                let InlineFragment { type_condition, directives, selection_set } = &fragment.node;
                (inline(type_condition.clone(), directives.clone(), selection.pos), &selection_set.node)
            }
            Selection::FragmentSpread(spread) => {
                let fragment = &self.document.fragments.get(&spread.node.fragment_name.node)?.node;
                let (condition, directives) = (fragment.type_condition.clone(), spread.node.directives.clone());
                (inline(Some(condition), directives, selection.pos), &fragment.selection_set.node)
            }
        };
        let steps = way.steps.iter().cloned().chain([step]).collect();
        Some(Way { operation: way.operation, steps, path, selected, cost, named })
    }

    /// The document with nothing but this.
    fn weigh(&mut self, operations: DocumentOperations) -> Option<ValidationResult> {
        self.left = self.left.checked_sub(1)?;
        let document = ExecutableDocument { operations, fragments: self.document.fragments.clone() };
        let mut request = Request::new("").variables(self.variables.clone());
        request.set_parsed_query(document);
        // Nothing is executed, so nothing is waited for.
        let answer = self.scales.execute(request).now_or_never()?;
        answer.errors.first()?.source::<ValidationResult>().copied()
    }
}

impl Way<'_> {
    /// The operation with nothing but this way, and at its end this.
    fn with(&self, set: SelectionSet) -> DocumentOperations {
        let mut set = Positioned::new(set, Pos::default());
        for step in self.steps.iter().rev() {
            let mut step = step.clone();
            match &mut step {
                Selection::Field(field) => field.node.selection_set = set,
                Selection::InlineFragment(fragment) => fragment.node.selection_set = set,
                Selection::FragmentSpread(_) => {}
            }
            set = Positioned::new(SelectionSet { items: vec![Positioned::new(step, Pos::default())] }, Pos::default());
        }
        let OperationDefinition { ty, variable_definitions, directives, selection_set: _ } = self.operation;
        let (variable_definitions, directives) = (variable_definitions.clone(), directives.clone());
        let operation = OperationDefinition { ty: *ty, variable_definitions, directives, selection_set: set };
        DocumentOperations::Single(Positioned::new(operation, Pos::default()))
    }
}

fn inline(
    type_condition: Option<Positioned<TypeCondition>>,
    directives: Vec<Positioned<Directive>>,
    at: Pos,
) -> Selection {
    let selection_set = Positioned::new(SelectionSet::default(), at);
    Selection::InlineFragment(Positioned::new(InlineFragment { type_condition, directives, selection_set }, at))
}

/// What every object has.
fn nothing() -> SelectionSet {
    let (at, name) = (Pos::default(), Name::new("__typename"));
    let field = Field {
        alias: None,
        name: Positioned::new(name, at),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet::default(), at),
    };
    SelectionSet { items: vec![Positioned::new(Selection::Field(Positioned::new(field, at)), at)] }
}
