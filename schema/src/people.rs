//! People in GraphQL: the type, its queries and its mutations.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use service::{Kind, Right};
use storage::query::people as stored;
use storage::query::upsert::{self, MatchPolicy};
use storage::{Contact, Order, Page, View};
use uuid::Uuid;

use crate::accounts::{self, User};
use crate::categories::{self, Category};
use crate::context::session;
use crate::custom_fields::{self, CustomValue, CustomValueInput};
use crate::error::Result;
use crate::events::{self, EventOrder, EventsPage};
use crate::labels::{self, Label};
use crate::loader::{Loads, Slice, TransactionsOf};
use crate::messages::{self, MessageOrder, MessagesPage};
use crate::page::{Count, List, PageArguments, asks_for_records, connection};
use crate::scalar::{Date, DateTime, Text};
use crate::transactions::{self, Transaction, Transactions};
use crate::transfer;
use crate::view::{PersonOrder, Stage, TransactionOrder, ViewInput};

/// A contact. It has a name, a company, an e-mail address or a phone.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Person {
    /// Its global id.
    pub(crate) id: ID,
    /// Counts the changes, from 1; send it with an update to learn whether it is stale.
    pub(crate) version: i64,
    /// `Name - Company`, or the first of name, company, e-mail and phone that is there.
    pub(crate) display_name: String,
    /// Given, middle and family name together.
    pub(crate) name: Option<String>,
    /// Where they work.
    pub(crate) company: Option<String>,
    /// The job title.
    pub(crate) title: Option<String>,
    /// The e-mail address; it need not be unique.
    pub(crate) email: Option<String>,
    /// The phone number as it was written.
    pub(crate) phone: Option<String>,
    /// The mobile number as it was written.
    pub(crate) mobile: Option<String>,
    /// The fax number as it was written.
    pub(crate) fax: Option<String>,
    /// A web page.
    pub(crate) url: Option<Text>,
    /// Street and what belongs to it, in lines.
    pub(crate) address: Option<Text>,
    /// The city.
    pub(crate) city: Option<String>,
    /// The state or province.
    pub(crate) state: Option<String>,
    /// The postal code.
    pub(crate) zip: Option<String>,
    /// The country.
    pub(crate) country: Option<String>,
    /// Notes, in lines.
    pub(crate) notes: Option<Text>,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// When it was changed last.
    pub(crate) updated_at: DateTime,
    #[graphql(skip)]
    pub(crate) creator_key: Option<Uuid>,
    #[graphql(skip)]
    pub(crate) key: Uuid,
}

// What waits for the loader is boxed: the engine makes a future of each field, as large as that of the largest one.
#[ComplexObject]
impl Person {
    /// Who made them; null for the system.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Box::pin(accounts::user_of(ctx, self.creator_key)).await
    }

    /// The categories that the person is in, by name.
    #[graphql(complexity = "crate::cost::few(child_complexity)")]
    async fn categories(&self, ctx: &Context<'_>) -> Result<Vec<Category>> {
        Box::pin(categories::of_item(ctx, self.key)).await
    }

    /// Their events and those of their transactions, done or not, by their beginning.
    #[graphql(complexity = "crate::cost::page(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the GraphQL field")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        from: Option<Date>,
        to: Option<Date>,
        is_complete: Option<bool>,
        #[graphql(default)] order_by: EventOrder,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<EventsPage> {
        let page = PageArguments { first, after, last, before };
        let wanted = events::Wanted { from, to, is_complete, order_by, page };
        let view = View { person: Some(self.key), ..View::default() };
        Box::pin(events::of_subject(ctx, self.key, view, wanted)).await
    }

    /// Their messages and those of their transactions, the newest first.
    #[graphql(complexity = "crate::cost::page(first, last, child_complexity)")]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] order_by: MessageOrder,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<MessagesPage> {
        let page = PageArguments { first, after, last, before };
        let view = View { person: Some(self.key), ..View::default() };
        Box::pin(messages::of_subject(ctx, self.key, view, order_by, page)).await
    }

    /// One's own labels on the person, by name.
    #[graphql(complexity = "crate::cost::few(child_complexity)")]
    async fn labels(&self, ctx: &Context<'_>) -> Result<Vec<Label>> {
        Box::pin(labels::of_item(ctx, self.key)).await
    }

    /// The person's values of custom fields, by the name of the field; fields that they have no value of are left out.
    #[graphql(complexity = "crate::cost::few(child_complexity)")]
    async fn custom_values(&self, ctx: &Context<'_>) -> Result<Vec<CustomValue>> {
        Box::pin(custom_fields::values_of(ctx, self.key)).await
    }

    /// Their transactions, the newest first, in one stage or in all.
    #[graphql(complexity = "crate::cost::page(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the GraphQL field")]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        stage: Option<Stage>,
        #[graphql(default_with = "TransactionOrder::CreatedDesc")] order_by: TransactionOrder,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Transaction, Transactions, EmptyFields>> {
        let stage = stage.map(storage::query::transactions::Stage::from);
        let order = PersonOrder::from(order_by).order();
        let ordered = List { kind: Kind::Transaction, order };
        let request = PageArguments { first, after, last, before }.request(ordered)?;
        let slice = Slice { parent: self.key, filter: stage, order, request: request.clone() };
        let loader = ctx.data_unchecked::<DataLoader<Loads>>();
        let page = Box::pin(loader.load_one(TransactionsOf(slice)))
            .await
            .map_err(|error| (*error).clone())?
            .unwrap_or_default();
        let view = View { stage, person: Some(self.key), ..View::default() };
        Ok(transactions::of_page(ordered, page, &request, view))
    }
}

/// What a connection of people knows beside its edges.
pub(crate) struct People {
    view: View,
    count: Count,
}

#[Object(name = "PeopleSummary")]
impl People {
    /// How many people the view holds, on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let reader = session(ctx)?.reader();
        self.count.of(stored::count(&reader, &self.view)).await
    }
}

/// The data of a new person.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct PersonInput {
    /// Given, middle and family name together.
    pub(crate) name: Option<String>,
    /// Where they work.
    pub(crate) company: Option<String>,
    /// The job title.
    pub(crate) title: Option<String>,
    /// The e-mail address.
    pub(crate) email: Option<String>,
    /// The phone number.
    pub(crate) phone: Option<String>,
    /// The mobile number.
    pub(crate) mobile: Option<String>,
    /// The fax number.
    pub(crate) fax: Option<String>,
    /// A web page.
    pub(crate) url: Option<String>,
    /// Street and what belongs to it, in lines.
    pub(crate) address: Option<String>,
    /// The city.
    pub(crate) city: Option<String>,
    /// The state or province.
    pub(crate) state: Option<String>,
    /// The postal code.
    pub(crate) zip: Option<String>,
    /// The country.
    pub(crate) country: Option<String>,
    /// Notes, in lines.
    pub(crate) notes: Option<String>,
    /// The names of categories; those that are not there are made.
    #[graphql(default)]
    pub(crate) categories: Vec<String>,
    /// The values of custom fields.
    #[graphql(default)]
    pub(crate) custom_values: Vec<CustomValueInput>,
}

/// What happens with a person who may be in the account already: the one with the same e-mail address, or with the same name
/// and company where one of the two has no e-mail address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub(crate) enum PersonMatch {
    /// A new person is made, always.
    #[default]
    Create,
    /// The person who is there is taken, and empty fields are filled; only where there is none a new person is made.
    Merge,
    /// The person who is there is taken, and what is given replaces what they have; notes are put under theirs. What is not
    /// given stays. Only where there is none a new person is made.
    Update,
}

impl PersonMatch {
    /// What a person who is there gets; `None` where nobody looks for one.
    pub(crate) fn known(self) -> Option<MatchPolicy> {
        match self {
            Self::Create => None,
            Self::Merge => Some(MatchPolicy::Filled),
            Self::Update => Some(MatchPolicy::Updated),
        }
    }
}

/// The input of `createPerson`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreatePersonInput {
    #[graphql(flatten)]
    person: PersonInput,
    /// What happens where the person is in the account already.
    #[graphql(default)]
    person_match: PersonMatch,
}

/// A created person.
#[derive(SimpleObject)]
pub(crate) struct CreatePersonPayload {
    /// The person.
    person: Person,
}

/// The input of `updatePerson`: a field that is absent stays, and null clears.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdatePersonInput {
    /// Whom to change.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
    /// Given, middle and family name together.
    name: MaybeUndefined<String>,
    /// Where they work.
    company: MaybeUndefined<String>,
    /// The job title.
    title: MaybeUndefined<String>,
    /// The e-mail address.
    email: MaybeUndefined<String>,
    /// The phone number.
    phone: MaybeUndefined<String>,
    /// The mobile number.
    mobile: MaybeUndefined<String>,
    /// The fax number.
    fax: MaybeUndefined<String>,
    /// A web page.
    url: MaybeUndefined<String>,
    /// Street and what belongs to it, in lines.
    address: MaybeUndefined<String>,
    /// The city.
    city: MaybeUndefined<String>,
    /// The state or province.
    state: MaybeUndefined<String>,
    /// The postal code.
    zip: MaybeUndefined<String>,
    /// The country.
    country: MaybeUndefined<String>,
    /// Notes, in lines.
    notes: MaybeUndefined<String>,
    /// The names of all categories that the person shall be in.
    categories: MaybeUndefined<Vec<String>>,
    /// The values of custom fields that change; the others stay.
    #[graphql(default)]
    custom_values: Vec<CustomValueInput>,
}

/// A changed person.
#[derive(SimpleObject)]
pub(crate) struct UpdatePersonPayload {
    /// The person.
    person: Person,
}

/// The input of `deletePerson`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DeletePersonInput {
    /// Whom to delete, with their transactions.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
}

/// A deleted person.
#[derive(SimpleObject)]
pub(crate) struct DeletePersonPayload {
    /// The id that they had.
    deleted_id: ID,
}

/// The queries about people.
#[derive(Default)]
pub(crate) struct PeopleQuery;

#[Object]
impl PeopleQuery {
    /// The person of an id, or null.
    async fn person(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Person>> {
        by_id(ctx, &id).await
    }

    /// The people of a view.
    #[graphql(complexity = "crate::cost::view(view.as_ref(), first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the GraphQL field")]
    async fn people(
        &self,
        ctx: &Context<'_>,
        view: Option<ViewInput>,
        #[graphql(default)] order_by: PersonOrder,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Person, People, EmptyFields>> {
        let view = view.unwrap_or_default().view()?;
        of_view(ctx, view, order_by.order(), PageArguments { first, after, last, before }).await
    }
}

/// The mutations of people.
#[derive(Default)]
pub(crate) struct PeopleMutation;

#[Object]
impl PeopleMutation {
    /// Makes a person, always unless `personMatch` says otherwise: an e-mail address is not unique.
    async fn create_person(&self, ctx: &Context<'_>, input: CreatePersonInput) -> Result<CreatePersonPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let CreatePersonInput { person, person_match } = input;
        let new = transfer::people::new(person);
        let person = match person_match.known() {
            None => stored::create(&writer, new).await?,
            Some(policy) => upsert::find_or_create(&writer, new, policy).await?,
        };
        Ok(CreatePersonPayload { person: transfer::people::to_graphql(person) })
    }

    /// Changes a person.
    async fn update_person(&self, ctx: &Context<'_>, input: UpdatePersonInput) -> Result<UpdatePersonPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let id = Kind::Person.expect(&input.id)?;
        let categories = match input.categories.clone() {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(Vec::new()),
            MaybeUndefined::Value(names) => Some(names),
        };
        let custom_values = transfer::custom_fields::given(input.custom_values.clone());
        let change = stored::PersonEdit { id, version: input.version, categories, custom_values };
        let person = stored::update(&writer, change, |contact| edit(contact, &input)).await?;
        Ok(UpdatePersonPayload { person: transfer::people::to_graphql(person) })
    }

    /// Puts a person into the trash, with their transactions; their events and messages stay.
    async fn delete_person(&self, ctx: &Context<'_>, input: DeletePersonInput) -> Result<DeletePersonPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let DeletePersonInput { id, version } = input;
        let deleted = stored::delete(&writer, Kind::Person.expect(&id)?, version).await?;
        Ok(DeletePersonPayload { deleted_id: Kind::Person.global(deleted).into() })
    }
}

/// A page of the people of a view.
pub(crate) async fn of_view(
    ctx: &Context<'_>,
    view: View,
    order: Order,
    page: PageArguments,
) -> Result<Connection<String, Person, People, EmptyFields>> {
    crate::search::note(ctx, &view.search);
    let ordered = List { kind: Kind::Person, order };
    let request = page.request(ordered)?;
    let reader = session(ctx)?.reader();
    let page =
        if asks_for_records(ctx) { stored::list(&reader, &view, order, &request).await? } else { Page::default() };
    let place = |person: &stored::Person| person.cursor(order.key);
    Ok(connection(
        ordered,
        page,
        &request,
        People { view, count: Count::default() },
        place,
        transfer::people::to_graphql,
    ))
}

/// The person of a global id, or nothing, whatever the id is.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Person>> {
    let reader = session(ctx)?.reader();
    let Some(id) = Kind::Person.parse(id) else { return Ok(None) };
    Ok(stored::by_ids(&reader, &[id]).await?.pop().map(transfer::people::to_graphql))
}

fn edit(contact: &mut Contact, input: &UpdatePersonInput) {
    let UpdatePersonInput {
        id: _,
        version: _,
        name,
        company,
        title,
        email,
        phone,
        mobile,
        fax,
        url,
        address,
        city,
        state,
        zip,
        country,
        notes,
        categories: _,
        custom_values: _,
    } = input;
    let given = [name, company, title, email, phone, mobile, fax, url, address, city, state, zip, country, notes];
    for ((_, field), given) in contact.fields_mut().into_iter().zip(given) {
        match given {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => *field = None,
            MaybeUndefined::Value(value) => *field = Some(value.clone()),
        }
    }
}
