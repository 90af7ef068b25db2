//! Messages in GraphQL: the type, its queries and its mutations.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use service::{Kind, Right};
use storage::query::{messages as stored, orders};
use storage::{Direction, Order, Page, SortKey, View};
use uuid::Uuid;

use crate::accounts::{self, User};
use crate::associations::{Subject, subjects, subjects_of};
use crate::categories::{self, Category};
use crate::context::session;
use crate::error::Result;
use crate::events::Event;
use crate::labels::{self, Label};
use crate::loader::{FilesOf, Loads, MessagesOf, Slice};
use crate::page::{Count, List, PageArguments, asks_for_records, connection};
use crate::scalar::{DateTime, Text, given};
use crate::transfer;
use crate::view::ViewInput;

/// A message. It has a title or a body.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Message {
    /// Its global id.
    pub(crate) id: ID,
    /// Counts the changes, from 1; send it with a change to learn whether it is stale.
    pub(crate) version: i64,
    /// Its title.
    pub(crate) title: Option<String>,
    /// Its text.
    pub(crate) body: Option<Text>,
    /// The address that an e-mail came from.
    pub(crate) emailed_from: Option<String>,
    /// The addresses that an e-mail went to.
    pub(crate) emailed_to: Option<String>,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// When it was changed last.
    pub(crate) updated_at: DateTime,
    #[graphql(skip)]
    pub(crate) key: Uuid,
    #[graphql(skip)]
    pub(crate) creator_key: Option<Uuid>,
}

#[ComplexObject]
impl Message {
    /// Its files, in the order that they were given in.
    async fn files(&self, ctx: &Context<'_>) -> Result<Vec<MessageFile>> {
        let loader = ctx.data_unchecked::<DataLoader<Loads>>();
        let found = loader.load_one(FilesOf(self.key)).await.map_err(|error| (*error).clone())?;
        Ok(found.unwrap_or_default().into_iter().map(transfer::messages::file).collect())
    }

    /// Who made it; null for the system.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Box::pin(accounts::user_of(ctx, self.creator_key)).await
    }

    /// The categories that it is in, by name.
    #[graphql(complexity = "crate::cost::few(child_complexity)")]
    async fn categories(&self, ctx: &Context<'_>) -> Result<Vec<Category>> {
        Box::pin(categories::of_item(ctx, self.key)).await
    }

    /// One's own labels on it, by name.
    #[graphql(complexity = "crate::cost::few(child_complexity)")]
    async fn labels(&self, ctx: &Context<'_>) -> Result<Vec<Label>> {
        Box::pin(labels::of_item(ctx, self.key)).await
    }

    /// The people, then the transactions, that it belongs to, the oldest first.
    #[graphql(complexity = "crate::associations::COST * (1 + child_complexity)")]
    async fn associations(&self, ctx: &Context<'_>) -> Result<Vec<Subject>> {
        Box::pin(subjects_of(ctx, self.key)).await
    }
}

/// A file of a message: where it is, not its bytes.
#[derive(Clone, SimpleObject)]
pub(crate) struct MessageFile {
    /// Its name.
    pub(crate) name: String,
    /// An absolute http or https URL.
    pub(crate) url: String,
    /// Its media type, such as `application/pdf`.
    pub(crate) media_type: Option<String>,
}

/// What a connection of messages knows beside its edges.
pub(crate) struct Messages {
    view: View,
    count: Count,
}

#[Object(name = "MessagesSummary")]
impl Messages {
    /// How many messages the view holds, on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let reader = session(ctx)?.reader();
        self.count.of(stored::count(&reader, &self.view)).await
    }
}

/// A page of messages.
pub(crate) type MessagesPage = Connection<String, Message, Messages, EmptyFields>;

/// By what messages are ordered; one without a title is ordered by the beginning of its body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub(crate) enum MessageOrder {
    TitleAsc,
    TitleDesc,
    CreatedAsc,
    #[default]
    CreatedDesc,
    UpdatedAsc,
    UpdatedDesc,
}

impl MessageOrder {
    /// The order of storage.
    fn order(self) -> Order {
        let (key, direction) = match self {
            Self::TitleAsc => (SortKey::Name, Direction::Ascending),
            Self::TitleDesc => (SortKey::Name, Direction::Descending),
            Self::CreatedAsc => (SortKey::Created, Direction::Ascending),
            Self::CreatedDesc => (SortKey::Created, Direction::Descending),
            Self::UpdatedAsc => (SortKey::Updated, Direction::Ascending),
            Self::UpdatedDesc => (SortKey::Updated, Direction::Descending),
        };
        Order { key, direction }
    }
}

/// The input of `createMessage`: a title or a body, or both.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateMessageInput {
    /// Its title.
    pub(crate) title: Option<String>,
    /// Its text.
    pub(crate) body: Option<String>,
    /// The address that an e-mail came from.
    pub(crate) emailed_from: Option<String>,
    /// The addresses that an e-mail went to.
    pub(crate) emailed_to: Option<String>,
    /// Its files, at most 100.
    #[graphql(default)]
    pub(crate) files: Vec<MessageFileInput>,
    /// The names of its categories; those that are not there are made.
    #[graphql(default)]
    pub(crate) categories: Vec<String>,
    /// The people and transactions that it belongs to, at most 100.
    #[graphql(default)]
    pub(crate) associations: Vec<ID>,
    /// What happens to operators such as `[category:Meetings]` in the body.
    #[graphql(default)]
    pub(crate) operators: OperatorHandling,
}

/// What happens to the operators in the body of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub(crate) enum OperatorHandling {
    /// They stay in the body as they are.
    #[default]
    Keep,
    /// `[category:Name]` puts the message into a category, `[association:Name]` has it belong to the one person of that
    /// name, or to their transaction where they have one only, and `[event:+1 Week:Title]` makes an event on that day,
    /// counted from today, that belongs to what the message belongs to. What is obeyed is taken out of the body.
    Obey,
}

/// A file of a message: where it is, not its bytes.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct MessageFileInput {
    /// Its name.
    pub(crate) name: String,
    /// An absolute http or https URL.
    pub(crate) url: String,
    /// Its media type, such as `application/pdf`.
    pub(crate) media_type: Option<String>,
}

/// A created message.
#[derive(SimpleObject)]
pub(crate) struct CreateMessagePayload {
    /// The message.
    message: Message,
    /// The events that its operators have made, in the order of the body.
    events: Vec<Event>,
    /// The operators that could not be obeyed; they stay in the body.
    problems: Vec<OperatorProblem>,
}

/// An operator that could not be obeyed.
#[derive(SimpleObject)]
pub(crate) struct OperatorProblem {
    /// The line of its opening bracket in the body as it came, from 1.
    pub(crate) line: usize,
    /// The place of its opening bracket in the line, in characters from 1.
    pub(crate) column: usize,
    /// What is wrong and what would have been right.
    pub(crate) reason: String,
}

/// The input of `updateMessage`: a field that is absent stays, and null clears.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateMessageInput {
    /// Which one to change.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
    /// Its title.
    title: MaybeUndefined<String>,
    /// Its text.
    body: MaybeUndefined<String>,
    /// The address that an e-mail came from.
    emailed_from: MaybeUndefined<String>,
    /// The addresses that an e-mail went to.
    emailed_to: MaybeUndefined<String>,
    /// All files that it shall have, at most 100.
    files: MaybeUndefined<Vec<MessageFileInput>>,
    /// The names of all categories that it shall be in.
    categories: MaybeUndefined<Vec<String>>,
    /// All people and transactions that it shall belong to, at most 100.
    associations: MaybeUndefined<Vec<ID>>,
}

/// A changed message.
#[derive(SimpleObject)]
pub(crate) struct UpdateMessagePayload {
    /// The message.
    message: Message,
}

/// The input of `deleteMessage`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DeleteMessageInput {
    /// Which one to delete.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
}

/// A deleted message.
#[derive(SimpleObject)]
pub(crate) struct DeleteMessagePayload {
    /// The id that it had.
    deleted_id: ID,
}

/// The queries about messages.
#[derive(Default)]
pub(crate) struct MessagesQuery;

#[Object]
impl MessagesQuery {
    /// The message of an id, or null.
    async fn message(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Message>> {
        by_id(ctx, &id).await
    }

    /// The messages of a view, the newest first.
    #[graphql(complexity = "crate::cost::view(view.as_ref(), first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the GraphQL field")]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        view: Option<ViewInput>,
        #[graphql(default)] order_by: MessageOrder,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<MessagesPage> {
        let view = view.unwrap_or_default().view()?;
        of_view(ctx, view, order_by, PageArguments { first, after, last, before }).await
    }
}

/// The mutations of messages.
#[derive(Default)]
pub(crate) struct MessagesMutation;

#[Object]
impl MessagesMutation {
    /// Makes a message.
    async fn create_message(&self, ctx: &Context<'_>, input: CreateMessageInput) -> Result<CreateMessagePayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let operators = input.operators;
        let new = transfer::messages::new(input)?;
        let orders::Obeyed { message, events, problems } = match operators {
            OperatorHandling::Keep => orders::Obeyed::from(stored::create(&writer, new).await?),
            OperatorHandling::Obey => orders::create(&writer, new).await?,
        };
        Ok(CreateMessagePayload {
            message: transfer::messages::to_graphql(message),
            events: events.into_iter().map(transfer::events::to_graphql).collect(),
            problems: problems.into_iter().map(transfer::messages::problem).collect(),
        })
    }

    /// Changes a message.
    async fn update_message(&self, ctx: &Context<'_>, input: UpdateMessageInput) -> Result<UpdateMessagePayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let UpdateMessageInput { id, version, title, body, emailed_from, emailed_to, files, categories, associations } =
            input;
        let change = stored::MessageEdit {
            id: Kind::Message.expect(&id)?,
            version,
            files: given(files).map(|files| files.into_iter().map(transfer::messages::new_file).collect()),
            categories: given(categories),
            associations: given(associations).map(|ids| subjects(&ids)).transpose()?,
        };
        let edit = |text: &mut stored::Text| {
            title.clone().update_to(&mut text.title);
            body.clone().update_to(&mut text.body);
            emailed_from.clone().update_to(&mut text.emailed_from);
            emailed_to.clone().update_to(&mut text.emailed_to);
        };
        let message = stored::update(&writer, change, edit).await?;
        Ok(UpdateMessagePayload { message: transfer::messages::to_graphql(message) })
    }

    /// Puts a message into the trash.
    async fn delete_message(&self, ctx: &Context<'_>, input: DeleteMessageInput) -> Result<DeleteMessagePayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let DeleteMessageInput { id, version } = input;
        let deleted = stored::delete(&writer, Kind::Message.expect(&id)?, version).await?;
        Ok(DeleteMessagePayload { deleted_id: Kind::Message.global(deleted).into() })
    }
}

/// A page of the messages of a view.
pub(crate) async fn of_view(
    ctx: &Context<'_>,
    view: View,
    order: MessageOrder,
    page: PageArguments,
) -> Result<MessagesPage> {
    crate::search::note(ctx, &view.search);
    let ordered = List { kind: Kind::Message, order: order.order() };
    let request = page.request(ordered)?;
    let reader = session(ctx)?.reader();
    let page = if asks_for_records(ctx) {
        stored::list(&reader, &view, ordered.order, &request).await?
    } else {
        Page::default()
    };
    let place = |message: &stored::Message| message.cursor(ordered.order.key);
    Ok(connection(
        ordered,
        page,
        &request,
        Messages { view, count: Count::default() },
        place,
        transfer::messages::to_graphql,
    ))
}

/// The message of a global id, or nothing, whatever the id is.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Message>> {
    let reader = session(ctx)?.reader();
    let Some(id) = Kind::Message.parse(id) else { return Ok(None) };
    Ok(stored::by_ids(&reader, &[id]).await?.pop().map(transfer::messages::to_graphql))
}

/// A page of the messages of the person or the transaction that a view names; those of all parents of a list are read by
/// one statement.
pub(crate) async fn of_subject(
    ctx: &Context<'_>,
    parent: Uuid,
    of_parent: View,
    order_by: MessageOrder,
    page: PageArguments,
) -> Result<MessagesPage> {
    let order = order_by.order();
    let ordered = List { kind: Kind::Message, order };
    let request = page.request(ordered)?;
    let slice = Slice { parent, filter: (), order, request: request.clone() };
    let loader = ctx.data_unchecked::<DataLoader<Loads>>();
    let page = loader.load_one(MessagesOf(slice)).await.map_err(|error| (*error).clone())?.unwrap_or_default();
    let place = |message: &stored::Message| message.cursor(order.key);
    Ok(connection(
        ordered,
        page,
        &request,
        Messages { view: of_parent, count: Count::default() },
        place,
        transfer::messages::to_graphql,
    ))
}
