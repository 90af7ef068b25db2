//! Building the schema on an engine with its limits, and running requests against it.

use std::pin::Pin;

use async_graphql::dataloader::DataLoader;
use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response, SDLExportOptions, SchemaBuilder};
use futures_util::stream::{self, Stream, StreamExt as _};
use service::{Caller, Engine};

use crate::answer::coded;
use crate::aside::Aside;
use crate::cost::MOST;
use crate::error::Error;
use crate::introspection::Counting;
use crate::known::Known;
use crate::limits::{self, DEPTH, DocumentLimits};
use crate::loader::{Batches, Loads};
use crate::order::Asked;
use crate::root::{Mutation, Query, Schema, Subscription};
use crate::scales::{Kept, Scales};
use crate::search::Notes;

/// How many directives a field may bear.
const DIRECTIVES: usize = 50;

/// The schema on an engine.
pub fn build(engine: Engine) -> Schema {
    build_with(engine, DocumentLimits::default())
}

/// The same for documents that may have so much.
pub fn build_with(engine: Engine, documents: DocumentLimits) -> Schema {
    let introspected = limited(engine.clone()).extension(Counting).finish();
    let schema = limited(engine).data(documents).data(Aside::default());
    schema.data(Introspected(introspected)).finish()
}

/// The schema of those requests that ask for itself.
struct Introspected(Schema);

fn limited(engine: Engine) -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .data(engine)
        .data(Known::default())
        .data(Scales::default())
        .disable_suggestions()
        .limit_depth(DEPTH)
        .limit_complexity(MOST)
        .limit_directives(DIRECTIVES)
}

/// The schema in the schema definition language (GraphQL section 3), as `schema.graphql` holds it.
pub fn sdl() -> String {
    let schema = Schema::build(Query::default(), Mutation::default(), Subscription::default()).finish();
    schema.sdl_with_options(SDLExportOptions::new().prefer_single_line_descriptions().include_specified_by())
}

/// Runs a request of our own for a caller, or one that came in as a [`GraphqlDocument`](crate::GraphqlDocument).
///
/// The future is boxed, so that it is compiled in this crate and not once more in each that runs a request: with all resolvers in
/// it, it is the largest of the program by far.
pub fn execute<'a>(
    schema: &'a Schema,
    request: Request,
    caller: Caller,
    request_id: &'a str,
) -> Pin<Box<dyn Future<Output = Response> + Send + 'a>> {
    Box::pin(run(schema, request, caller, request_id))
}

async fn run(schema: &Schema, mut request: Request, caller: Caller, request_id: &str) -> Response {
    let operation = request.operation_name.clone();
    let is_query = asks_for(&mut request, OperationType::Query);
    // What cannot be parsed is for the engine to explain.
    let (asked, introspects) = match request.parsed_query() {
        Ok(document) => match limits::check(document) {
            Ok(introspects) => (Asked::of(document, operation.as_deref()), introspects),
            Err(error) => return error.into_response(),
        },
        Err(_) => (None, false),
    };
    let (batches, kept, notes) = (Batches::default(), Kept::of(&request), Notes::default());
    let engine: &Engine = schema.data().expect("every schema is built on an engine");
    let allowance = engine.reading_limits().begin();
    let request = request.data(allowance.clone()).data(notes.clone());
    let request = match caller {
        Caller::SignedIn(session) => {
            let session = session.within(allowance.clone());
            let request = request.data::<DataLoader<Loads>>(batches.loader(&session));
            request.data(Caller::SignedIn(session))
        }
        Caller::Anonymous(_) => request.data(caller),
    };
    let on = match schema.data::<Introspected>() {
        Some(Introspected(schema)) if introspects => schema,
        _ => schema,
    };
    let mut response = kept.explain(schema, batches.drive(on.execute(request)).await);
    // What a query has no more time or room for is said once, not for each field that it had no time for. What a mutation has
    // done it answers.
    if is_query && let Some(refusal) = allowance.refusal() {
        return Error::from(refusal).into_response();
    }
    if let Some(asked) = asked {
        asked.arrange(&mut response.data);
    }
    notes.add_to(&mut response);
    coded(schema, response, request_id)
}

/// Runs a request whose answers may be many, as a subscription's are. Whatever else is asked for has one answer.
pub fn execute_stream(
    schema: &Schema,
    mut request: Request,
    caller: Caller,
    request_id: &str,
) -> impl Stream<Item = Response> + Send + 'static {
    let (schema, request_id) = (schema.clone(), request_id.to_owned());
    let checked = request.parsed_query().map_or(Ok(false), limits::check);
    if let Err(error) = checked {
        return stream::once(async move { error.into_response() }).left_stream();
    }
    if !asks_for(&mut request, OperationType::Subscription) {
        return stream::once(async move { execute(&schema, request, caller, &request_id).await })
            .boxed()
            .right_stream();
    }
    let kept = Kept::of(&request);
    let answers = schema.execute_stream(request.data(caller));
    answers.map(move |response| coded(&schema, kept.explain(&schema, response), &request_id)).boxed().right_stream()
}

/// The answer to a request that is not executed.
pub fn refusal(error: service::Error) -> Response {
    Error::from(error).into_response()
}

/// Whether the operation that a request asks for is of a type. What cannot be parsed is for the engine to explain.
fn asks_for(request: &mut Request, wanted: OperationType) -> bool {
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return false };
    document.operations.iter().any(|(found, operation)| {
        let is_meant = name.as_deref().is_none_or(|name| found.is_none_or(|found| found.as_str() == name));
        is_meant && operation.node.ty == wanted
    })
}
