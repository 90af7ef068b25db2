//! Events in GraphQL: the type, its queries and its mutations.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use service::{Kind, Right};
use storage::query::events as stored;
use storage::{Direction, Order, Page, SortKey, View};
use uuid::Uuid;

use crate::accounts::{self, User};
use crate::associations::{Subject, subjects, subjects_of};
use crate::categories::{self, Category};
use crate::context::session;
use crate::email_templates::{self, EmailTemplate};
use crate::error::Result;
use crate::labels::{self, Label};
use crate::loader::{EventsOf, Loads, Slice};
use crate::page::{Count, List, PageArguments, asks_for_records, connection};
use crate::scalar::{Date, DateTime, Text, given};
use crate::transfer;
use crate::view::ViewInput;

/// What is said where an event is moved that was the first of a series.
const SERIES_ENDED: &str = "The event was the first of a series. It is at another time now, so that its rule no longer holds: it does \
                            not repeat any more.";

/// Something on a day, or at a time.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Event {
    /// Its global id.
    pub(crate) id: ID,
    /// Counts the changes, from 1; send it with a change to learn whether it is stale.
    pub(crate) version: i64,
    /// What happens.
    pub(crate) title: String,
    /// The day; of an event at a time, the day on which it begins in the time zone of the account.
    pub(crate) starts_on: Date,
    /// When it begins; null for an event that is all day.
    pub(crate) starts_at: Option<DateTime>,
    /// The last day of an event that is all day on several.
    pub(crate) ends_on: Option<Date>,
    /// When it ends, of an event at a time that has an end.
    pub(crate) ends_at: Option<DateTime>,
    /// Whether it is on a day and not at a time.
    pub(crate) is_all_day: bool,
    /// Where.
    pub(crate) location: Option<String>,
    /// More about it.
    pub(crate) description: Option<Text>,
    /// Whether it is done.
    pub(crate) is_complete: bool,
    /// Since when it is done.
    pub(crate) completed_at: Option<DateTime>,
    /// What the calendar from which it comes calls it: its UID.
    pub(crate) source_uid: Option<String>,
    /// Which version that calendar had of it: its SEQUENCE.
    pub(crate) source_sequence: Option<i64>,
    /// Of one of a series that was changed: when it would have been, such as 20261122T093000Z or 20261122.
    pub(crate) recurrence_id: Option<String>,
    /// The rule of a series of which this is the first that takes place: DTSTART, DTEND or DURATION, RRULE, RDATE and EXDATE as lines
    /// of iCalendar, then the VTIMEZONE that they need. It goes when the event is moved.
    pub(crate) recurrence: Option<String>,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// When it was changed last.
    pub(crate) updated_at: DateTime,
    #[graphql(skip)]
    pub(crate) key: Uuid,
    #[graphql(skip)]
    pub(crate) owner_key: Option<Uuid>,
    #[graphql(skip)]
    pub(crate) email_template_key: Option<Uuid>,
    #[graphql(skip)]
    pub(crate) creator_key: Option<Uuid>,
}

#[ComplexObject]
impl Event {
    /// Whom it is for.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Box::pin(accounts::user_of(ctx, self.owner_key)).await
    }

    /// The mail that goes with it.
    async fn email_template(&self, ctx: &Context<'_>) -> Result<Option<EmailTemplate>> {
        Box::pin(email_templates::of_key(ctx, self.email_template_key)).await
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

/// What a connection of events knows beside its edges.
pub(crate) struct Events {
    view: View,
    progress: Option<stored::Progress>,
    count: Count,
}

#[Object(name = "EventsSummary")]
impl Events {
    /// How many events the view holds, on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let reader = session(ctx)?.reader();
        self.count.of(stored::count(&reader, &self.view, self.progress)).await
    }
}

/// A page of events.
pub(crate) type EventsPage = Connection<String, Event, Events, EmptyFields>;

/// By what events are ordered; those that are all day stand before those of the same day that have a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub(crate) enum EventOrder {
    #[default]
    StartAsc,
    StartDesc,
    CreatedAsc,
    CreatedDesc,
    UpdatedAsc,
    UpdatedDesc,
}

impl EventOrder {
    /// The order of storage.
    fn order(self) -> Order {
        let (key, direction) = match self {
            Self::StartAsc => (SortKey::Name, Direction::Ascending),
            Self::StartDesc => (SortKey::Name, Direction::Descending),
            Self::CreatedAsc => (SortKey::Created, Direction::Ascending),
            Self::CreatedDesc => (SortKey::Created, Direction::Descending),
            Self::UpdatedAsc => (SortKey::Updated, Direction::Ascending),
            Self::UpdatedDesc => (SortKey::Updated, Direction::Descending),
        };
        Order { key, direction }
    }
}

/// The input of `createEvent`: exactly one of `startsOn` and `startsAt`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateEventInput {
    /// What happens.
    pub(crate) title: String,
    /// The day of an event that is all day.
    pub(crate) starts_on: Option<Date>,
    /// When an event at a time begins.
    pub(crate) starts_at: Option<DateTime>,
    /// The last day, with `startsOn`.
    pub(crate) ends_on: Option<Date>,
    /// When it ends, with `startsAt`.
    pub(crate) ends_at: Option<DateTime>,
    /// Where.
    pub(crate) location: Option<String>,
    /// More about it.
    pub(crate) description: Option<String>,
    /// Whether it is done already.
    #[graphql(default)]
    pub(crate) is_complete: bool,
    /// The user whom it is for; you where it is absent.
    pub(crate) owner: Option<ID>,
    /// The mail that goes with it.
    pub(crate) email_template: Option<ID>,
    /// The names of its categories; those that are not there are made.
    #[graphql(default)]
    pub(crate) categories: Vec<String>,
    /// The people and transactions that it belongs to, at most 100.
    #[graphql(default)]
    pub(crate) associations: Vec<ID>,
}

/// A created event.
#[derive(SimpleObject)]
pub(crate) struct CreateEventPayload {
    /// The event.
    event: Event,
}

/// The input of `updateEvent`: a field that is absent stays, and null clears. `startsOn` makes an event all day, and
/// `startsAt` gives it a time; the end of the other sort goes.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateEventInput {
    /// Which one to change.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
    /// What happens.
    title: MaybeUndefined<String>,
    /// The day of an event that is all day.
    starts_on: MaybeUndefined<Date>,
    /// When an event at a time begins.
    starts_at: MaybeUndefined<DateTime>,
    /// The last day of an event that is all day.
    ends_on: MaybeUndefined<Date>,
    /// When an event at a time ends.
    ends_at: MaybeUndefined<DateTime>,
    /// Where.
    location: MaybeUndefined<String>,
    /// More about it.
    description: MaybeUndefined<String>,
    /// Whether it is done; null is false.
    is_complete: MaybeUndefined<bool>,
    /// The user whom it is for; null is nobody.
    owner: MaybeUndefined<ID>,
    /// The mail that goes with it; null for none.
    email_template: MaybeUndefined<ID>,
    /// The names of all categories that it shall be in.
    categories: MaybeUndefined<Vec<String>>,
    /// All people and transactions that it shall belong to, at most 100.
    associations: MaybeUndefined<Vec<ID>>,
}

/// A changed event.
#[derive(SimpleObject)]
pub(crate) struct UpdateEventPayload {
    /// The event.
    event: Event,
    /// What the change took with it, in sentences: that a series ends whose first was moved.
    notes: Vec<String>,
}

/// The input of `completeEvent`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CompleteEventInput {
    /// Which one.
    id: ID,
    /// Whether it is done.
    #[graphql(default = true)]
    is_complete: bool,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
}

/// An event that is done, or is so no longer.
#[derive(SimpleObject)]
pub(crate) struct CompleteEventPayload {
    /// The event.
    event: Event,
}

/// The input of `deleteEvent`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DeleteEventInput {
    /// Which one to delete.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
}

/// A deleted event.
#[derive(SimpleObject)]
pub(crate) struct DeleteEventPayload {
    /// The id that it had.
    deleted_id: ID,
}

/// The queries about events.
#[derive(Default)]
pub(crate) struct EventsQuery;

#[Object]
impl EventsQuery {
    /// The event of an id, or null.
    async fn event(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Event>> {
        by_id(ctx, &id).await
    }

    /// The events of a view, done or not, or only those that are or are not.
    #[graphql(complexity = "crate::cost::view(view.as_ref(), first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the GraphQL field")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        view: Option<ViewInput>,
        is_complete: Option<bool>,
        #[graphql(default)] order_by: EventOrder,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<EventsPage> {
        let (view, progress) = (view.unwrap_or_default().view()?, is_complete.map(transfer::events::progress));
        of_view(ctx, view, progress, order_by, PageArguments { first, after, last, before }).await
    }
}

/// The mutations of events.
#[derive(Default)]
pub(crate) struct EventsMutation;

#[Object]
impl EventsMutation {
    /// Makes an event.
    async fn create_event(&self, ctx: &Context<'_>, input: CreateEventInput) -> Result<CreateEventPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let event = stored::create(&writer, transfer::events::new(input)?).await?;
        Ok(CreateEventPayload { event: transfer::events::to_graphql(event) })
    }

    /// Changes an event.
    async fn update_event(&self, ctx: &Context<'_>, input: UpdateEventInput) -> Result<UpdateEventPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let change = stored::EventEdit {
            id: Kind::Event.expect(&input.id)?,
            version: input.version,
            categories: given(input.categories.clone()),
            associations: given(input.associations.clone()).map(|ids| subjects(&ids)).transpose()?,
        };
        let owner = key(&input.owner, Kind::User)?;
        let email_template = key(&input.email_template, Kind::EmailTemplate)?;
        let edited = stored::update(&writer, change, |details| edit(details, &input, owner, email_template)).await?;
        let stored::Updated { event, has_lost_rule } = edited;
        let notes = if has_lost_rule { vec![SERIES_ENDED.to_owned()] } else { Vec::new() };
        Ok(UpdateEventPayload { event: transfer::events::to_graphql(event), notes })
    }

    /// Says that an event is done, or with `isComplete: false` that it is not.
    async fn complete_event(&self, ctx: &Context<'_>, input: CompleteEventInput) -> Result<CompleteEventPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let CompleteEventInput { id, is_complete, version } = input;
        let progress = transfer::events::progress(is_complete);
        let event = stored::complete(&writer, Kind::Event.expect(&id)?, progress, version).await?;
        Ok(CompleteEventPayload { event: transfer::events::to_graphql(event) })
    }

    /// Puts an event into the trash.
    async fn delete_event(&self, ctx: &Context<'_>, input: DeleteEventInput) -> Result<DeleteEventPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let DeleteEventInput { id, version } = input;
        let deleted = stored::delete(&writer, Kind::Event.expect(&id)?, version).await?;
        Ok(DeleteEventPayload { deleted_id: Kind::Event.global(deleted).into() })
    }
}

/// A page of the events of a view.
pub(crate) async fn of_view(
    ctx: &Context<'_>,
    view: View,
    progress: Option<stored::Progress>,
    order: EventOrder,
    page: PageArguments,
) -> Result<EventsPage> {
    crate::search::note(ctx, &view.search);
    let ordered = List { kind: Kind::Event, order: order.order() };
    let request = page.request(ordered)?;
    let reader = session(ctx)?.reader();
    let page = if asks_for_records(ctx) {
        stored::list(&reader, &view, progress, ordered.order, &request).await?
    } else {
        Page::default()
    };
    let place = |event: &stored::Event| event.cursor(ordered.order.key);
    Ok(connection(
        ordered,
        page,
        &request,
        Events { view, progress, count: Count::default() },
        place,
        transfer::events::to_graphql,
    ))
}

/// The event of a global id, or nothing, whatever the id is.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Event>> {
    let reader = session(ctx)?.reader();
    let Some(id) = Kind::Event.parse(id) else { return Ok(None) };
    Ok(stored::by_ids(&reader, &[id]).await?.pop().map(transfer::events::to_graphql))
}

/// What is wanted of the events of a person or a transaction.
pub(crate) struct Wanted {
    pub(crate) from: Option<Date>,
    pub(crate) to: Option<Date>,
    pub(crate) is_complete: Option<bool>,
    pub(crate) order_by: EventOrder,
    pub(crate) page: PageArguments,
}

/// A page of the events of the person or the transaction that a view names; those of all parents of a list are read by one
/// statement.
pub(crate) async fn of_subject(ctx: &Context<'_>, parent: Uuid, of_parent: View, wanted: Wanted) -> Result<EventsPage> {
    let Wanted { from, to, is_complete, order_by, page } = wanted;
    let (from, to) = (from.map(|day| day.0), to.map(|day| day.0));
    let (order, progress) = (order_by.order(), is_complete.map(transfer::events::progress));
    let ordered = List { kind: Kind::Event, order };
    let request = page.request(ordered)?;
    let filter = (View { from, to, ..View::default() }, progress);
    let slice = Slice { parent, filter, order, request: request.clone() };
    let loader = ctx.data_unchecked::<DataLoader<Loads>>();
    let page = loader.load_one(EventsOf(slice)).await.map_err(|error| (*error).clone())?.unwrap_or_default();
    let place = |event: &stored::Event| event.cursor(order.key);
    let all = Events { view: View { from, to, ..of_parent }, progress, count: Count::default() };
    Ok(connection(ordered, page, &request, all, place, transfer::events::to_graphql))
}

/// The key of the record that an update names. Errors: `NOT_FOUND` for the id of nothing of the kind.
fn key(id: &MaybeUndefined<ID>, kind: Kind) -> Result<MaybeUndefined<Uuid>> {
    Ok(match id {
        MaybeUndefined::Undefined => MaybeUndefined::Undefined,
        MaybeUndefined::Null => MaybeUndefined::Null,
        MaybeUndefined::Value(id) => MaybeUndefined::Value(kind.expect(id)?),
    })
}

fn edit(
    details: &mut stored::Details,
    input: &UpdateEventInput,
    owner: MaybeUndefined<Uuid>,
    email_template: MaybeUndefined<Uuid>,
) -> storage::Result<()> {
    let UpdateEventInput {
        id: _,
        version: _,
        title,
        starts_on,
        starts_at,
        ends_on,
        ends_at,
        location,
        description,
        is_complete,
        owner: _,
        email_template: _,
        categories: _,
        associations: _,
    } = input;
    if let Some(title) = given(title.clone()) {
        details.title = title;
    }
    let mut times = stored::Times::from(details.when);
    // A beginning of the other sort takes the place of what was there.
    if starts_on.is_value() {
        (times.starts_at, times.ends_at) = (None, None);
    }
    if starts_at.is_value() {
        (times.starts_on, times.ends_on) = (None, None);
    }
    starts_on.map_value(|day| day.0).update_to(&mut times.starts_on);
    ends_on.map_value(|day| day.0).update_to(&mut times.ends_on);
    starts_at.map_value(|moment| moment.0).update_to(&mut times.starts_at);
    ends_at.map_value(|moment| moment.0).update_to(&mut times.ends_at);
    details.when = times.try_into()?;
    location.clone().update_to(&mut details.location);
    description.clone().update_to(&mut details.description);
    if let Some(is_complete) = given(*is_complete) {
        details.progress = transfer::events::progress(is_complete);
    }
    owner.update_to(&mut details.owner);
    email_template.update_to(&mut details.email_template);
    Ok(())
}
