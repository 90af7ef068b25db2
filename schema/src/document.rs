//! A document from outside: it is counted before it is parsed, parsed once, and where it is large all that happens beside the
//! threads that serve requests.
//!
//! The engine's parser and its validation take memory and time far beyond the size of a document that is made for that. So whatever
//! comes in goes through [`GraphqlDocument::open`]. Documents of our own, as `api.php` has them, need not.

mod count;
mod fault;
mod json;
mod lexer;
#[cfg(test)]
mod random;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{BaseType, DocumentOperations, ExecutableDocument, OperationType, Type};
use async_graphql::{Name, Request, Response, ServerError};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use service::{Caller, Code};

pub use self::fault::Refused;
use self::fault::{position, refusal, refused};
pub use self::json::count_values;
use crate::answer::coded;
use crate::aside::Aside;
use crate::error::Error;
use crate::execute;
use crate::known::known_of;
use crate::limits::{self, CONFLICTS, DocumentLimits, text_of};
use crate::root::Schema;

/// From how many bytes on a request is large, its variables included.
pub const LARGE: usize = 16 << 10;
/// And from how many tokens on a document is.
const MANY_TOKENS: usize = 500;
/// What the parser says of selections that are in each other too deep for it.
const TOO_NESTED: &str = "recursion limit exceeded.";
/// How many it takes.
const MOST_NESTED: usize = 65;
/// How many bytes the parser may draw of a line at fault.
const DRAWN: usize = 500;

/// A document that is within its limits and has been parsed.
pub struct GraphqlDocument {
    request: Request,
    reads: bool,
    is_large: bool,
}

impl GraphqlDocument {
    /// Counts, parses and measures the document of a request. What is within all limits is not valid yet, but validating it takes
    /// little. The answer, where there is no document, says what is wrong and where.
    pub async fn open(schema: &Schema, request: Request, caller: &Caller) -> std::result::Result<Self, Refused> {
        let (aside, limits) = (aside_of(schema), *limits_of(schema));
        let variables = request.variables.values().map(text_of).sum::<usize>();
        if matches!(caller, Caller::Anonymous(_)) {
            small_enough(&request.query, variables, limits.anonymous)?;
        }
        let weight = request.query.len() + variables;
        let scan = move || {
            let counts = count::count(&request.query, &limits).map_err(|fault| fault.answer(&request.query))?;
            Ok::<_, Refused>((request, counts.tokens))
        };
        let (mut request, tokens) = aside.step(weight > LARGE, weight, scan).await.map_err(refused)??;
        let is_large = weight > LARGE || tokens > MANY_TOKENS;
        let schema = schema.clone();
        let parse = move || {
            let document = parse_query(&request.query).map_err(|error| not_parsed(&schema, error.into()))?;
            limits::check(&document).map_err(refused)?;
            limits::check_values(&document, &request.variables, limits.values).map_err(refused)?;
            if let Some(at) = limits::too_many_conflicts(&document) {
                let what = format!("more than {CONFLICTS} fields that conflict with another of the same name");
                return Err(refusal(Code::Invalid, &what, at));
            }
            check_defaults(&schema, &document)?;
            let reads = reads(&document, request.operation_name.as_deref());
            request.set_parsed_query(document);
            Ok(Self { request, reads, is_large })
        };
        aside.step(is_large, weight, parse).await.map_err(refused)?
    }

    /// Whether it only reads, whatever operation is meant by its name. A document without a name reads if all its operations do.
    pub fn reads(&self) -> bool {
        self.reads
    }

    /// Runs it for a caller, as [`execute::execute`] does. Validation, the first step of that, waits for nothing.
    pub async fn execute(self, schema: &Schema, caller: Caller, request_id: &str) -> Response {
        if !self.is_large {
            return execute::execute(schema, self.request, caller, request_id).await;
        }
        let (aside, weight) = (aside_of(schema).clone(), self.request.query.len());
        let (schema, request_id) = (schema.clone(), request_id.to_owned());
        let answer = Box::pin(async move { execute::execute(&schema, self.request, caller, &request_id).await });
        aside.begin(weight, answer).await.unwrap_or_else(Error::into_response)
    }

    /// Runs it for a caller, as [`execute::execute_stream`] does.
    pub fn execute_stream(self, schema: &Schema, caller: Caller, request_id: &str) -> BoxStream<'static, Response> {
        let weight = self.request.query.len();
        let answers = execute::execute_stream(schema, self.request, caller, request_id).boxed();
        if !self.is_large {
            return answers;
        }
        let aside = aside_of(schema).clone();
        let first = async move {
            match aside.begin(weight, Box::pin(answers.into_future())).await {
                Ok((first, rest)) => stream::iter(first).chain(rest).boxed(),
                Err(error) => stream::once(async { error.into_response() }).boxed(),
            }
        };
        stream::once(first).flatten().boxed()
    }
}

/// Reads a request out of JSON of so many bytes, aside where they are many.
///
/// Errors: `UNAVAILABLE` where others have been at work for too long.
pub async fn read_json<T: Send + 'static>(
    schema: &Schema,
    bytes: usize,
    read: impl FnOnce() -> T + Send + 'static,
) -> service::Result<T> {
    aside_of(schema).step(bytes > LARGE, bytes, read).await.map_err(|error| error.0)
}

/// Errors: `LIMITED` for what is larger than those may send who are not signed in.
fn small_enough(document: &str, variables: usize, limit: usize) -> std::result::Result<(), Refused> {
    if document.len() > limit {
        let at = (0..=limit).rev().find(|at| document.is_char_boundary(*at)).unwrap_or(0);
        let what = format!("too many bytes for somebody who is not signed in, at most {limit}");
        return Err(refusal(Code::Limited, &what, position(document, at)));
    }
    if variables > limit {
        let message = format!("the variables have too many bytes for somebody who is not signed in, at most {limit}");
        return Err(refused(Error::new(Code::Limited, message)));
    }
    Ok(())
}

/// The answer to a document that the parser does not take.
fn not_parsed(schema: &Schema, error: ServerError) -> Refused {
    if error.message == TOO_NESTED {
        let message = format!("the document has too many selections in each other, at most {MOST_NESTED}");
        return refused(Error::new(Code::Limited, message));
    }
    Box::new(coded(schema, Response::from_errors(vec![with_words(error)]), ""))
}

/// An error of the parser, which draws the line at fault and the place in it: of a long line only what was expected there is left.
fn with_words(error: ServerError) -> ServerError {
    match (error.message.rsplit_once("\n  = "), error.locations.first()) {
        (Some((drawn, expected)), Some(at)) if drawn.len() > DRAWN => {
            let message = format!("syntax error at line {}, column {}: {expected}", at.line, at.column);
            ServerError { message, ..error }
        }
        _ => error,
    }
}

/// A default value of a list of a type that there is not makes the engine's validation panic.
fn check_defaults(schema: &Schema, document: &ExecutableDocument) -> std::result::Result<(), Refused> {
    let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
    for definition in definitions.filter(|definition| definition.node.default_value.is_some()) {
        let name = named(&definition.node.var_type.node);
        if matches!(definition.node.var_type.node.base, BaseType::List(_)) && !known_of(schema).has_type(name) {
            let error = Error::invalid(format!("Unknown type \"{name}\""));
            return Err(Box::new(error.into_response_at(definition.pos)));
        }
    }
    Ok(())
}

/// The type in all lists of a type.
fn named(of: &Type) -> &Name {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(of) => named(of),
    }
}

fn reads(document: &ExecutableDocument, name: Option<&str>) -> bool {
    match &document.operations {
        DocumentOperations::Single(operation) => operation.node.ty == OperationType::Query,
        DocumentOperations::Multiple(operations) => operations.iter().all(|(found, operation)| {
            name.is_some_and(|name| name != found.as_str()) || operation.node.ty == OperationType::Query
        }),
    }
}

fn aside_of(schema: &Schema) -> &Aside {
    schema.data().expect("every schema is built with it")
}

fn limits_of(schema: &Schema) -> &DocumentLimits {
    schema.data().expect("every schema is built with them")
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::fault::position;
    use super::{TOO_NESTED, reads, with_words};

    #[test]
    fn a_place_is_counted_as_the_parser_counts_it() {
        for document in ["{ a\n  ö: \"é\u{1F600}\" b(", "{\r\n a\r b(", "\u{FEFF}{ a(", "\n\n\n   ("] {
            let error = parse_query(document).expect_err("it breaks off");
            let at = error.positions().next().expect("a place");
            let _ = (at, with_words(error.into()));
            let placed = format!("{document}\n}}");
            let found = position(&placed, placed.rfind('(').expect("it is there"));
            assert_eq!(found.line, 1 + document.matches('\n').count(), "{document:?}");
        }
        assert_eq!(position("{ a\n  ö: \"é\" b", 14), async_graphql::Pos { line: 2, column: 9 });
    }

    /// On a thread with the stack of those that serve.
    #[test]
    fn the_parser_stands_what_is_nested_as_deep_as_it_may_be() {
        let most = 100;
        for (open, close, head, inmost) in [
            ("[", "]", "{ a(b: ", "1"),
            ("{a:", "}", "{ a(b: ", "1"),
            ("[", "]", "query($a: ", "A"),
            ("{a", "}", "query ", "{b}"),
            ("{...", "}", "query ", "{b}"),
        ] {
            let document = format!("{head}{}{inmost}{}", open.repeat(most), close.repeat(most));
            let tail = match head {
                "query " => "",
                "query($a: " => ") { a }",
                _ => ") }",
            };
            let parsed = parse_query(document + tail).map(drop).map_err(|error| error.to_string());
            // Of selection sets it takes no more than 65 in each other.
            let expected = if tail.is_empty() { Err(TOO_NESTED.to_owned()) } else { Ok(()) };
            assert_eq!(parsed, expected, "{open}");
        }
    }

    #[test]
    fn a_long_line_is_not_drawn() {
        let long = |length: usize| format!("{{ {} a(", "a ".repeat(length));
        let words = |document: &str| with_words(parse_query(document).expect_err("it breaks off").into()).message;
        assert!(words(&long(10)).contains("^---"));
        let found = words(&long(5_000));
        assert!(found.starts_with("syntax error at line 1, column 10006: expected "), "{found}");
    }

    #[test]
    fn a_document_reads_where_the_operation_that_is_meant_does() {
        for (document, name, expected) in [
            ("{ a }", None, true),
            ("{ a }", Some("x"), true),
            ("mutation { a }", None, false),
            ("mutation a { a }", Some("a"), false),
            ("query a { a } mutation b { a }", Some("a"), true),
            ("query a { a } mutation b { a }", Some("b"), false),
            ("query a { a } mutation b { a }", None, false),
            ("subscription { a }", None, false),
        ] {
            assert_eq!(reads(&parse_query(document).expect("a document"), name), expected, "{document}");
        }
    }
}
