//! Event templates in GraphQL: the type, its queries and mutations, and firing them.

use std::collections::HashMap;

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use service::{Kind, Right};
use storage::query::{event_templates as stored, firing, people, transactions};
use storage::{ItemKind, Reader};
use uuid::Uuid;

use crate::associations::Subject;
use crate::context::session;
use crate::email_templates::{self, EmailTemplate, TemplateOrder};
use crate::error::{Error, Result};
use crate::events::Event;
use crate::loader::{ItemsOf, Loads};
use crate::page::{Count, List, PageArguments, connection};
use crate::scalar::{Date, DateTime, Text, given};
use crate::transfer;
use crate::view::{PersonOrder, Stage, ViewInput};

/// What the items of a template cost, in times of one of them; most templates have a few.
const ITEMS_COST: usize = 10;

/// A named series of events at relative dates.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct EventTemplate {
    /// Its global id.
    pub(crate) id: ID,
    /// Counts the changes, from 1; send it with a change to learn whether it is stale.
    pub(crate) version: i64,
    /// Its name, unique in the account whatever its case and accents.
    pub(crate) name: String,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// When it was changed last.
    pub(crate) updated_at: DateTime,
    #[graphql(skip)]
    pub(crate) key: Uuid,
}

#[ComplexObject]
impl EventTemplate {
    /// The events that it makes, 1 to 200, in the order that they were given in.
    #[graphql(complexity = "ITEMS_COST * (1 + child_complexity)")]
    async fn items(&self, ctx: &Context<'_>) -> Result<Vec<EventTemplateItem>> {
        let loader = ctx.data_unchecked::<DataLoader<Loads>>();
        let items = loader.load_one(ItemsOf(self.key)).await.map_err(|error| (*error).clone())?;
        Ok(items.unwrap_or_default().into_iter().map(transfer::event_templates::item).collect())
    }
}

/// One event of a template.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct EventTemplateItem {
    /// On which day, such as `+1 Week`.
    pub(crate) offset: String,
    /// At what time on the clocks of the account, such as `18:15`; null for all day.
    pub(crate) time_of_day: Option<String>,
    /// The title of the event.
    pub(crate) title: String,
    /// Where.
    pub(crate) location: Option<String>,
    /// More about it.
    pub(crate) description: Option<Text>,
    #[graphql(skip)]
    pub(crate) email_template_key: Option<Uuid>,
}

#[ComplexObject]
impl EventTemplateItem {
    /// The mail that goes with the event.
    async fn email_template(&self, ctx: &Context<'_>) -> Result<Option<EmailTemplate>> {
        email_templates::of_key(ctx, self.email_template_key).await
    }
}

/// What a connection of event templates knows beside its edges.
#[derive(Default)]
pub(crate) struct EventTemplates {
    count: Count,
}

#[Object(name = "EventTemplatesSummary")]
impl EventTemplates {
    /// How many event templates there are, on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let reader = session(ctx)?.reader();
        self.count.of(stored::count(&reader)).await
    }
}

/// One event of a template.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct EventTemplateItemInput {
    /// On which day: `+1 Week`, `-2 Days`, `+3 Business Days`, `next monday`, `tomorrow`, `2026-05-25`.
    pub(crate) offset: String,
    /// At what time on the clocks of the account, such as `18:15`; all day where it is absent.
    pub(crate) time_of_day: Option<String>,
    /// The title of the event.
    pub(crate) title: String,
    /// Where.
    pub(crate) location: Option<String>,
    /// More about it.
    pub(crate) description: Option<String>,
    /// The mail that goes with the event.
    pub(crate) email_template: Option<ID>,
}

/// The input of `createEventTemplate`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateEventTemplateInput {
    /// Its name, at most 500 characters.
    pub(crate) name: String,
    /// The events that it makes, 1 to 200.
    pub(crate) items: Vec<EventTemplateItemInput>,
}

/// A created event template.
#[derive(SimpleObject)]
pub(crate) struct CreateEventTemplatePayload {
    /// The event template.
    event_template: EventTemplate,
}

/// The input of `updateEventTemplate`: a field that is absent stays.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateEventTemplateInput {
    /// Which one to change.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
    /// Its name, at most 500 characters.
    name: MaybeUndefined<String>,
    /// All events that it shall make, 1 to 200.
    items: MaybeUndefined<Vec<EventTemplateItemInput>>,
}

/// A changed event template.
#[derive(SimpleObject)]
pub(crate) struct UpdateEventTemplatePayload {
    /// The event template.
    event_template: EventTemplate,
}

/// The input of `deleteEventTemplate`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DeleteEventTemplateInput {
    /// Which one to delete.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
}

/// A deleted event template.
#[derive(SimpleObject)]
pub(crate) struct DeleteEventTemplatePayload {
    /// The id that it had.
    deleted_id: ID,
}

/// A section of people or of transactions in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum RecordSection {
    People,
    Leads,
    Opportunities,
    Customers,
    Archives,
}

/// What a template is fired on: exactly one of `person`, `transaction` and `section`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct FireOnInput {
    /// A person.
    person: Option<ID>,
    /// A transaction.
    transaction: Option<ID>,
    /// All people, or all transactions of a stage, that are in the view; at most 10,000.
    section: Option<RecordSection>,
    /// Which of the section; all of it where it is absent.
    view: Option<ViewInput>,
}

/// From which day the dates of a template count: exactly one of both.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct FireFromInput {
    /// From this day.
    starts_on: Option<Date>,
    /// With `true`, from the day on which each record was made.
    from_creation: Option<bool>,
}

/// The input of `fireEventTemplate`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct FireEventTemplateInput {
    /// The event template.
    template: ID,
    /// The record or the records that get its events.
    on: FireOnInput,
    /// From which day its dates count; today where it is absent.
    from: Option<FireFromInput>,
    /// How many records you mean. A section needs it: `previewEventTemplate` tells the number, and where it is another
    /// one meanwhile, that is a `CONFLICT` and nothing is made.
    expected_count: Option<u32>,
    /// Whom the events are for; you where it is absent.
    owner: Option<ID>,
    /// The names of the categories of the events; those that are not there are made.
    #[graphql(default)]
    categories: Vec<String>,
}

/// What a firing has made.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct FireEventTemplatePayload {
    /// On how many records.
    record_count: usize,
    /// How many events.
    event_count: usize,
    #[graphql(skip)]
    first: Vec<Event>,
}

#[ComplexObject]
impl FireEventTemplatePayload {
    /// The first 100 of the events: record by record in the order of names, each with its events in the order of the
    /// template. `events` finds them all.
    #[graphql(complexity = "firing::SHOWN_EVENTS * (1 + child_complexity)")]
    async fn first_events(&self) -> Vec<Event> {
        self.first.clone()
    }
}

/// What a firing would make.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct EventTemplatePreview {
    /// On how many records.
    record_count: usize,
    /// How many events.
    event_count: usize,
    #[graphql(skip)]
    first: Vec<RecordPreview>,
}

#[ComplexObject]
impl EventTemplatePreview {
    /// The first 20 of the records by name; their dates differ where they count from the creation of each.
    #[graphql(complexity = "firing::SHOWN_RECORDS * (1 + child_complexity)")]
    async fn first_records(&self) -> Vec<RecordPreview> {
        self.first.clone()
    }
}

/// The events that a record would get.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct RecordPreview {
    /// The person or the transaction.
    subject: Subject,
    /// The day from which its dates count.
    counts_from: Date,
    #[graphql(skip)]
    events: Vec<PlannedEvent>,
}

#[ComplexObject]
impl RecordPreview {
    /// The events, in the order of the template.
    #[graphql(complexity = "ITEMS_COST * (1 + child_complexity)")]
    async fn events(&self) -> Vec<PlannedEvent> {
        self.events.clone()
    }
}

/// An event that would be made.
#[derive(Clone, SimpleObject)]
pub(crate) struct PlannedEvent {
    /// What happens.
    title: String,
    /// The day, in the time zone of the account.
    starts_on: Date,
    /// When it begins; null for an event that is all day.
    starts_at: Option<DateTime>,
}

/// The queries about event templates.
#[derive(Default)]
pub(crate) struct EventTemplatesQuery;

#[Object]
impl EventTemplatesQuery {
    /// The event template of an id, or null.
    async fn event_template(&self, ctx: &Context<'_>, id: ID) -> Result<Option<EventTemplate>> {
        by_id(ctx, &id).await
    }

    /// The event templates, by name.
    #[graphql(complexity = "crate::cost::list(first, last, child_complexity)")]
    async fn event_templates(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] order_by: TemplateOrder,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, EventTemplate, EventTemplates, EmptyFields>> {
        let session = session(ctx)?;
        let ordered = List { kind: Kind::EventTemplate, order: PersonOrder::from(order_by).order() };
        let request = PageArguments { first, after, last, before }.request(ordered)?;
        let page = stored::list(&session.reader(), ordered.order, &request).await?;
        let place = |found: &stored::EventTemplate| found.cursor(ordered.order.key);
        Ok(connection(ordered, page, &request, EventTemplates::default(), place, transfer::event_templates::to_graphql))
    }

    /// What `fireEventTemplate` would make now, with the errors that it would have.
    #[graphql(complexity = "crate::cost::FIRING + child_complexity")]
    async fn preview_event_template(
        &self,
        ctx: &Context<'_>,
        template: ID,
        on: FireOnInput,
        from: Option<FireFromInput>,
    ) -> Result<EventTemplatePreview> {
        let session = session(ctx)?;
        let wanted = firing::Firing {
            template: Kind::EventTemplate.expect(&template)?,
            on: target(on)?,
            start: start(from.as_ref())?,
            expected: None,
            owner: None,
            categories: Vec::new(),
        };
        let reader = session.reader();
        let firing::Preview { records, events, items, first } =
            firing::preview(&reader, &wanted, session.now()).await?;
        let first = shown(&reader, &items, first).await?;
        Ok(EventTemplatePreview { record_count: records, event_count: events, first })
    }
}

/// The mutations of event templates.
#[derive(Default)]
pub(crate) struct EventTemplatesMutation;

#[Object]
impl EventTemplatesMutation {
    /// Makes an event template. A name that is taken is a `CONFLICT`.
    async fn create_event_template(
        &self,
        ctx: &Context<'_>,
        input: CreateEventTemplateInput,
    ) -> Result<CreateEventTemplatePayload> {
        let writer = session(ctx)?.writer(Right::Templates)?;
        let template = stored::create(&writer, transfer::event_templates::new(input)?).await?;
        Ok(CreateEventTemplatePayload { event_template: transfer::event_templates::to_graphql(template) })
    }

    /// Changes an event template; the events that it has made stay as they are.
    async fn update_event_template(
        &self,
        ctx: &Context<'_>,
        input: UpdateEventTemplateInput,
    ) -> Result<UpdateEventTemplatePayload> {
        let writer = session(ctx)?.writer(Right::Templates)?;
        let UpdateEventTemplateInput { id, version, name, items } = input;
        let change = stored::EventTemplateEdit {
            id: Kind::EventTemplate.expect(&id)?,
            version,
            name: given(name),
            items: given(items).map(transfer::event_templates::new_items).transpose()?,
        };
        let template = stored::update(&writer, change).await?;
        Ok(UpdateEventTemplatePayload { event_template: transfer::event_templates::to_graphql(template) })
    }

    /// Puts an event template into the trash; the events that it has made stay.
    async fn delete_event_template(
        &self,
        ctx: &Context<'_>,
        input: DeleteEventTemplateInput,
    ) -> Result<DeleteEventTemplatePayload> {
        let writer = session(ctx)?.writer(Right::Templates)?;
        let DeleteEventTemplateInput { id, version } = input;
        let deleted = stored::delete(&writer, Kind::EventTemplate.expect(&id)?, version).await?;
        Ok(DeleteEventTemplatePayload { deleted_id: Kind::EventTemplate.global(deleted).into() })
    }

    /// Makes the events of a template for a record, or for all records of a view, all or none. Each belongs to its
    /// record, is on the clocks of the account, and bears the e-mail template of its item. At most 10,000 records and
    /// 100,000 events at once.
    async fn fire_event_template(
        &self,
        ctx: &Context<'_>,
        input: FireEventTemplateInput,
    ) -> Result<FireEventTemplatePayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let FireEventTemplateInput { template, on, from, expected_count, owner, categories } = input;
        let wanted = firing::Firing {
            template: Kind::EventTemplate.expect(&template)?,
            on: target(on)?,
            start: start(from.as_ref())?,
            expected: expected_count.map(u64::from),
            owner: owner.map(|id| Kind::User.expect(&id)).transpose()?,
            categories,
        };
        let firing::Fired { records, events, first } = firing::fire(&writer, &wanted).await?;
        let first = first.into_iter().map(transfer::events::to_graphql).collect();
        Ok(FireEventTemplatePayload { record_count: records, event_count: events, first })
    }
}

/// The event template of a global id, or nothing, whatever the id is.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<EventTemplate>> {
    let reader = session(ctx)?.reader();
    let Some(id) = Kind::EventTemplate.parse(id) else { return Ok(None) };
    Ok(stored::by_ids(&reader, &[id]).await?.pop().map(transfer::event_templates::to_graphql))
}

/// Errors: `INVALID` unless exactly one target is given, `NOT_FOUND` for ids of nothing.
fn target(on: FireOnInput) -> Result<firing::Target> {
    let FireOnInput { person, transaction, section, view } = on;
    match (person, transaction, section, view) {
        (Some(id), None, None, None) => Ok(firing::Target::Person(Kind::Person.expect(&id)?)),
        (None, Some(id), None, None) => Ok(firing::Target::Transaction(Kind::Transaction.expect(&id)?)),
        (None, None, Some(section), view) => {
            let view = view.unwrap_or_default();
            let in_stage = |view: ViewInput, stage| Ok(firing::Target::Transactions(view.in_stage(Some(stage))?));
            match section {
                RecordSection::People => Ok(firing::Target::People(view.view()?)),
                RecordSection::Leads => in_stage(view, Stage::Lead),
                RecordSection::Opportunities => in_stage(view, Stage::Opportunity),
                RecordSection::Customers => in_stage(view, Stage::Customer),
                RecordSection::Archives => in_stage(view, Stage::Archive),
            }
        }
        (None, None, None, Some(_)) => {
            let message = "a view needs its section: PEOPLE, LEADS, OPPORTUNITIES, CUSTOMERS or ARCHIVES";
            Err(Error::invalid(message).of_field("section"))
        }
        _ => {
            let message = "give exactly one of person, transaction and section, the last perhaps with a view";
            Err(Error::invalid(message).of_field("on"))
        }
    }
}

/// Errors: `INVALID` for both or neither.
fn start(from: Option<&FireFromInput>) -> Result<firing::Start> {
    let Some(FireFromInput { starts_on, from_creation }) = from else { return Ok(firing::Start::Today) };
    match (*starts_on, from_creation.unwrap_or_default()) {
        (Some(day), false) => Ok(firing::Start::On(day.0)),
        (None, true) => Ok(firing::Start::Creation),
        _ => {
            let message = "give either startsOn or fromCreation: true, or leave out from to count from today";
            Err(Error::invalid(message).of_field("from"))
        }
    }
}

/// The records of a preview with the events that they would get; one that went meanwhile is left out.
async fn shown(
    reader: &Reader,
    items: &[stored::TemplateItem],
    records: Vec<firing::PreviewedRecord>,
) -> Result<Vec<RecordPreview>> {
    let of_kind = |kind| {
        let ids = records.iter().filter(|record| record.item.kind == kind).map(|record| record.item.id);
        ids.collect::<Vec<_>>()
    };
    let people = people::by_ids(reader, &of_kind(ItemKind::Person)).await?.into_iter();
    let people = people.map(|row| (row.id, Subject::Person(transfer::people::to_graphql(row))));
    let transactions = transactions::by_ids(reader, &of_kind(ItemKind::Transaction)).await?.into_iter();
    let transactions = transactions.map(|row| (row.id, Subject::Transaction(transfer::transactions::to_graphql(row))));
    let mut subjects: HashMap<_, _> = people.chain(transactions).collect();
    let records = records.into_iter().filter_map(|record| {
        let planned = items.iter().zip(record.events).map(|(item, time)| PlannedEvent {
            title: item.title.clone(),
            starts_on: Date(time.day),
            starts_at: time.at.map(DateTime),
        });
        let subject = subjects.remove(&record.item.id)?;
        Some(RecordPreview { subject, counts_from: Date(record.start), events: planned.collect() })
    });
    Ok(records.collect())
}
