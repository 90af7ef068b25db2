//! The schema as a whole: its roots, its limits, and running a request against it.

use std::pin::Pin;

use async_graphql::dataloader::DataLoader;
use async_graphql::parser::types::OperationType;
use async_graphql::{
    Context, ID, Interface, MergedObject, MergedSubscription, Object, Request, Response, SDLExportOptions,
    SchemaBuilder,
};

use futures_util::stream::{self, Stream, StreamExt as _};

use crate::accounts::{self, Account, AccountsMutation, AccountsQuery, User};
use crate::answer::coded;
use crate::api_tokens::{self, ApiToken, ApiTokensMutation, ApiTokensQuery};
use crate::associations::AssociationsMutation;
use crate::categories::{self, CategoriesMutation, CategoriesQuery, Category};
use crate::cost::{self, Kept, Scales};
use crate::custom_fields::{self, CustomField, CustomFieldsMutation, CustomFieldsQuery};
use crate::email_templates::{self, EmailTemplate, EmailTemplatesMutation, EmailTemplatesQuery};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::event_templates::{self, EventTemplate, EventTemplatesMutation, EventTemplatesQuery};
use crate::events::{self, Event, EventsMutation, EventsQuery};
use crate::feeds::{self, Feed, FeedsMutation, FeedsQuery};
use crate::formats::FormatsQuery;
use crate::id::{GlobalId, Kind};
use crate::imports::{self, Import, ImportsMutation, ImportsQuery, ImportsSubscription};
use crate::introspection::Counting;
use crate::known::Known;
use crate::labels::{self, Label, LabelsMutation, LabelsQuery};
use crate::limits;
use crate::loader::{Batches, Loads};
use crate::messages::{self, Message, MessagesMutation, MessagesQuery};
use crate::order::Asked;
use crate::people::{self, PeopleMutation, PeopleQuery, Person};
use crate::search::{Notes, SearchQuery};
use crate::session::{Caller, Session};
use crate::transactions::{self, Transaction, TransactionsMutation, TransactionsQuery};
use crate::usage::UsageQuery;
use crate::users::{UsersMutation, UsersQuery};
use crate::webhooks::{self, Webhook, WebhooksMutation, WebhooksQuery};

/// How deep a query may be nested.
pub(crate) const DEPTH: usize = 15;
/// How many directives a field may bear.
const DIRECTIVES: usize = 50;

/// The schema; cloning is cheap.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Anything that has a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "&ID"))]
enum Node {
    Account(Account),
    ApiToken(ApiToken),
    Category(Category),
    CustomField(CustomField),
    EmailTemplate(EmailTemplate),
    Event(Event),
    EventTemplate(EventTemplate),
    Feed(Feed),
    Import(Import),
    Label(Label),
    Message(Message),
    Person(Person),
    Transaction(Transaction),
    User(User),
    Webhook(Webhook),
}

#[derive(Default)]
struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The record of any id, or null.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Node>> {
        let session = session(ctx)?;
        let Ok(GlobalId { kind, id: key }) = id.parse::<GlobalId>() else { return Ok(None) };
        Ok(match kind {
            Kind::Account => accounts::account_by_id(session, key).map(Node::from),
            Kind::ApiToken => api_tokens::by_id(session, key).await?.map(Node::from),
            Kind::Category => categories::by_id(ctx, &id).await?.map(Node::from),
            Kind::CustomField => custom_fields::by_id(ctx, &id).await?.map(Node::from),
            Kind::EmailTemplate => email_templates::by_id(ctx, &id).await?.map(Node::from),
            Kind::EventTemplate => event_templates::by_id(ctx, &id).await?.map(Node::from),
            Kind::Feed => feeds::by_id(ctx, &id).await?.map(Node::from),
            Kind::Event => events::by_id(ctx, &id).await?.map(Node::from),
            Kind::Label => labels::by_id(ctx, &id).await?.map(Node::from),
            Kind::Message => messages::by_id(ctx, &id).await?.map(Node::from),
            Kind::Person => people::by_id(ctx, &id).await?.map(Node::from),
            Kind::Transaction => transactions::by_id(ctx, &id).await?.map(Node::from),
            Kind::User => accounts::user_by_id(session, key).await?.map(Node::from),
            Kind::Import => imports::by_id(ctx, &id).await?.map(Node::from),
            Kind::Webhook => webhooks::by_id(ctx, &id).await?.map(Node::from),
            Kind::Upload => None,
        })
    }
}

/// The root of queries.
#[derive(MergedObject, Default)]
pub struct Query(
    AccountsQuery,
    ApiTokensQuery,
    CategoriesQuery,
    CustomFieldsQuery,
    EmailTemplatesQuery,
    EventTemplatesQuery,
    EventsQuery,
    FeedsQuery,
    FormatsQuery,
    ImportsQuery,
    LabelsQuery,
    MessagesQuery,
    NodeQuery,
    PeopleQuery,
    SearchQuery,
    TransactionsQuery,
    UsageQuery,
    UsersQuery,
    WebhooksQuery,
);

/// The root of mutations.
#[derive(MergedObject, Default)]
pub struct Mutation(
    AccountsMutation,
    ApiTokensMutation,
    AssociationsMutation,
    CategoriesMutation,
    CustomFieldsMutation,
    EmailTemplatesMutation,
    EventTemplatesMutation,
    EventsMutation,
    FeedsMutation,
    ImportsMutation,
    LabelsMutation,
    MessagesMutation,
    PeopleMutation,
    TransactionsMutation,
    UsersMutation,
    WebhooksMutation,
);

/// The root of subscriptions.
#[derive(MergedSubscription, Default)]
pub struct Subscription(ImportsSubscription);

/// The schema on an engine.
pub fn build(engine: Engine) -> Schema {
    let introspected = limited(engine.clone()).extension(Counting).finish();
    limited(engine).data(Introspected(introspected)).finish()
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
        .limit_complexity(cost::MOST)
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
pub fn refusal(error: Error) -> Response {
    error.into_response()
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

/// The session of a resolver's caller. Errors: `UNAUTHENTICATED`.
pub(crate) fn session<'a>(ctx: &Context<'a>) -> Result<&'a Session> {
    ctx.data_unchecked::<Caller>().session()
}
