//! The roots of the schema: all queries, mutations and subscriptions, and the record of any id.

use async_graphql::{Context, ID, Interface, MergedObject, MergedSubscription, Object};
use service::{GlobalId, Kind};

use crate::accounts::{self, Account, AccountsMutation, AccountsQuery, User};
use crate::api_tokens::{self, ApiToken, ApiTokensMutation, ApiTokensQuery};
use crate::associations::AssociationsMutation;
use crate::categories::{self, CategoriesMutation, CategoriesQuery, Category};
use crate::context::session;
use crate::custom_fields::{self, CustomField, CustomFieldsMutation, CustomFieldsQuery};
use crate::email_templates::{self, EmailTemplate, EmailTemplatesMutation, EmailTemplatesQuery};
use crate::error::Result;
use crate::event_templates::{self, EventTemplate, EventTemplatesMutation, EventTemplatesQuery};
use crate::events::{self, Event, EventsMutation, EventsQuery};
use crate::feeds::{self, Feed, FeedsMutation, FeedsQuery};
use crate::formats::FormatsQuery;
use crate::imports::{self, Import, ImportsMutation, ImportsQuery, ImportsSubscription};
use crate::labels::{self, Label, LabelsMutation, LabelsQuery};
use crate::messages::{self, Message, MessagesMutation, MessagesQuery};
use crate::people::{self, PeopleMutation, PeopleQuery, Person};
use crate::search::SearchQuery;
use crate::transactions::{self, Transaction, TransactionsMutation, TransactionsQuery};
use crate::usage::UsageQuery;
use crate::users::{UsersMutation, UsersQuery};
use crate::webhooks::{self, Webhook, WebhooksMutation, WebhooksQuery};

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
