//! Transactions in GraphQL: the type, its queries and its mutations.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{ComplexObject, Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use service::{Kind, Right};
use storage::query::transactions as stored;
use storage::{Order, Page, PageRequest, View};
use uuid::Uuid;

use crate::accounts::{self, User};
use crate::categories::{self, Category};
use crate::context::session;
use crate::custom_fields::{self, CustomValue, CustomValueInput};
use crate::error::{Error, Result};
use crate::events::{self, EventOrder, EventsPage};
use crate::labels::{self, Label};
use crate::loader::{Loads, ManagersOf, PersonById, StepsOf, UserById};
use crate::messages::{self, MessageOrder, MessagesPage};
use crate::page::{Count, List, PageArguments, asks_for_records, connection};
use crate::people::{Person, PersonInput, PersonMatch};
use crate::scalar::{Date, DateTime, Decimal, Text, given};
use crate::transfer;
use crate::view::{PersonOrder, Stage, TransactionOrder, ViewInput};

/// Business with one person.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Transaction {
    /// Its global id.
    pub(crate) id: ID,
    /// Counts the changes, from 1; send it with a change to learn whether it is stale.
    pub(crate) version: i64,
    /// How far it is.
    pub(crate) stage: Stage,
    /// What it is worth.
    pub(crate) value: Decimal,
    /// How likely it is, from 0 to 1.
    pub(crate) probability: Decimal,
    /// More about it.
    pub(crate) more_info: Option<Text>,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// When it was changed last.
    pub(crate) updated_at: DateTime,
    #[graphql(skip)]
    pub(crate) creator_key: Option<Uuid>,
    #[graphql(skip)]
    pub(crate) key: Uuid,
    #[graphql(skip)]
    pub(crate) person_key: Uuid,
}

#[ComplexObject]
impl Transaction {
    /// Who made it; null for the system.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Box::pin(accounts::user_of(ctx, self.creator_key)).await
    }

    /// Whom the business is with.
    async fn person(&self, ctx: &Context<'_>) -> Result<Person> {
        let loader = ctx.data_unchecked::<DataLoader<Loads>>();
        let found = Box::pin(loader.load_one(PersonById(self.person_key))).await.map_err(|error| (*error).clone())?;
        found.ok_or_else(|| Error::internal("a transaction without its person"))
    }

    /// One's own labels on it, by name.
    #[graphql(complexity = "crate::cost::few(child_complexity)")]
    async fn labels(&self, ctx: &Context<'_>) -> Result<Vec<Label>> {
        Box::pin(labels::of_item(ctx, self.key)).await
    }

    /// Its values of custom fields, by the name of the field; fields that it has no value of are left out.
    #[graphql(complexity = "crate::cost::few(child_complexity)")]
    async fn custom_values(&self, ctx: &Context<'_>) -> Result<Vec<CustomValue>> {
        Box::pin(custom_fields::values_of(ctx, self.key)).await
    }

    /// The users who manage it, by address.
    #[graphql(complexity = "crate::cost::few(child_complexity)")]
    async fn managers(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        let loader = ctx.data_unchecked::<DataLoader<Loads>>();
        let managers = loader.load_one(ManagersOf(self.key)).await.map_err(|error| (*error).clone())?;
        let users = loader.load_many(managers.unwrap_or_default().into_iter().map(UserById)).await;
        let mut users: Vec<_> = users.map_err(|error| (*error).clone())?.into_values().collect();
        users.sort_by(|one, other| one.email_key.cmp(&other.email_key));
        let account = session(ctx)?.account();
        Ok(users.into_iter().map(|user| transfer::accounts::user(user, account.clone())).collect())
    }

    /// The stages that it went through, the first one first.
    #[graphql(complexity = "crate::cost::few(child_complexity)")]
    async fn history(&self, ctx: &Context<'_>) -> Result<Vec<StageChange>> {
        let loader = ctx.data_unchecked::<DataLoader<Loads>>();
        let steps = loader.load_one(StepsOf(self.key)).await.map_err(|error| (*error).clone())?;
        Ok(steps.unwrap_or_default().iter().map(transfer::transactions::step).collect())
    }

    /// The categories that the transaction is in, by name.
    #[graphql(complexity = "crate::cost::few(child_complexity)")]
    async fn categories(&self, ctx: &Context<'_>) -> Result<Vec<Category>> {
        Box::pin(categories::of_item(ctx, self.key)).await
    }

    /// Its events, done or not, by their beginning.
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
        let view = View { transaction: Some(self.key), ..View::default() };
        Box::pin(events::of_subject(ctx, self.key, view, wanted)).await
    }

    /// Its messages, the newest first.
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
        let view = View { transaction: Some(self.key), ..View::default() };
        Box::pin(messages::of_subject(ctx, self.key, view, order_by, page)).await
    }
}

/// A step of a transaction.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct StageChange {
    /// Where it went.
    pub(crate) stage: Stage,
    /// When.
    pub(crate) at: DateTime,
    #[graphql(skip)]
    pub(crate) user_key: Option<Uuid>,
}

#[ComplexObject]
impl StageChange {
    /// Who moved it; null for the system.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Box::pin(accounts::user_of(ctx, self.user_key)).await
    }
}

/// What a connection of transactions knows beside its edges.
pub(crate) struct Transactions {
    pub(crate) view: View,
    pub(crate) count: Count,
}

#[Object(name = "TransactionsSummary")]
impl Transactions {
    /// How many transactions the view holds, on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let reader = session(ctx)?.reader();
        self.count.of(stored::count(&reader, &self.view)).await
    }
}

/// The input of `createTransaction`: exactly one of `personId` and `person`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateTransactionInput {
    /// Where it begins.
    stage: Stage,
    /// What it is worth; 0 where it is absent.
    value: Option<Decimal>,
    /// How likely it is, from 0 to 1; 0 where it is absent.
    probability: Option<Decimal>,
    /// More about it.
    more_info: Option<String>,
    /// The person who is there.
    person_id: Option<ID>,
    /// The data of the person.
    person: Option<PersonInput>,
    /// What happens where `person` is in the account already.
    #[graphql(default)]
    person_match: PersonMatch,
    /// The users who manage it, by id.
    #[graphql(default)]
    managers: Vec<ID>,
    /// The names of its categories; those that are not there are made.
    #[graphql(default)]
    categories: Vec<String>,
    /// The values of custom fields.
    #[graphql(default)]
    custom_values: Vec<CustomValueInput>,
    /// The event template that is fired on it, by name or id, from today on.
    event_template: Option<String>,
}

/// A created transaction.
#[derive(SimpleObject)]
pub(crate) struct CreateTransactionPayload {
    /// The transaction.
    transaction: Transaction,
}

/// The input of `updateTransaction`: a field that is absent stays, and null clears.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateTransactionInput {
    /// Which one to change.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
    /// Where to move it.
    stage: Option<Stage>,
    /// What it is worth; null is 0.
    value: MaybeUndefined<Decimal>,
    /// How likely it is, from 0 to 1; null is 0.
    probability: MaybeUndefined<Decimal>,
    /// More about it.
    more_info: MaybeUndefined<String>,
    /// The users who shall manage it, by id.
    managers: MaybeUndefined<Vec<ID>>,
    /// The names of all categories that it shall be in.
    categories: MaybeUndefined<Vec<String>>,
    /// The values of custom fields that change; the others stay.
    #[graphql(default)]
    custom_values: Vec<CustomValueInput>,
}

/// A changed transaction.
#[derive(SimpleObject)]
pub(crate) struct UpdateTransactionPayload {
    /// The transaction.
    transaction: Transaction,
}

/// The input of `deleteTransaction`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DeleteTransactionInput {
    /// Which one to delete.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
}

/// A deleted transaction.
#[derive(SimpleObject)]
pub(crate) struct DeleteTransactionPayload {
    /// The id that it had.
    deleted_id: ID,
}

/// The input of `moveTransaction`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct MoveTransactionInput {
    /// Which one to move.
    id: ID,
    /// Where to.
    stage: Stage,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
}

/// A moved transaction.
#[derive(SimpleObject)]
pub(crate) struct MoveTransactionPayload {
    /// The transaction.
    transaction: Transaction,
}

/// The queries about transactions.
#[derive(Default)]
pub(crate) struct TransactionsQuery;

#[Object]
impl TransactionsQuery {
    /// The transaction of an id, or null.
    async fn transaction(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Transaction>> {
        by_id(ctx, &id).await
    }

    /// The transactions of a view, of one stage or of all.
    #[graphql(complexity = "crate::cost::view(view.as_ref(), first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the GraphQL field")]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        stage: Option<Stage>,
        view: Option<ViewInput>,
        #[graphql(default)] order_by: TransactionOrder,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Transaction, Transactions, EmptyFields>> {
        let (view, order) = (view.unwrap_or_default().in_stage(stage)?, PersonOrder::from(order_by).order());
        of_view(ctx, view, order, PageArguments { first, after, last, before }).await
    }
}

/// The mutations of transactions.
#[derive(Default)]
pub(crate) struct TransactionsMutation;

#[Object]
impl TransactionsMutation {
    /// Makes a transaction with a person who is there or with a new one.
    async fn create_transaction(
        &self,
        ctx: &Context<'_>,
        input: CreateTransactionInput,
    ) -> Result<CreateTransactionPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let CreateTransactionInput {
            stage,
            value,
            probability,
            more_info,
            person_id,
            person,
            person_match,
            managers,
            categories,
            custom_values,
            event_template,
        } = input;
        let terms = stored::Terms {
            value: value.map(|value| value.0).unwrap_or_default(),
            probability: probability.map(|probability| probability.0).unwrap_or_default(),
            more_info,
        };
        let person = person_ref(person_id, person, person_match)?;
        let event_template = match event_template {
            Some(template) => Some(session(ctx)?.event_template_named(template).await?),
            None => None,
        };
        let new = stored::NewTransaction {
            person,
            stage: stage.into(),
            terms,
            managers: users(&managers)?,
            categories,
            custom_values: transfer::custom_fields::given(custom_values),
            event_template,
        };
        let transaction = stored::create(&writer, new).await?;
        Ok(CreateTransactionPayload { transaction: transfer::transactions::to_graphql(transaction) })
    }

    /// Changes a transaction.
    async fn update_transaction(
        &self,
        ctx: &Context<'_>,
        input: UpdateTransactionInput,
    ) -> Result<UpdateTransactionPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let UpdateTransactionInput {
            id,
            version,
            stage,
            value,
            probability,
            more_info,
            managers,
            categories,
            custom_values,
        } = input;
        let change = stored::TransactionEdit {
            id: Kind::Transaction.expect(&id)?,
            version,
            stage: stage.map(stored::Stage::from),
            managers: given(managers).map(|managers| users(&managers)).transpose()?,
            categories: given(categories),
            custom_values: transfer::custom_fields::given(custom_values),
        };
        let edit = |terms: &mut stored::Terms| {
            if let Some(value) = given(value) {
                terms.value = value.0;
            }
            if let Some(probability) = given(probability) {
                terms.probability = probability.0;
            }
            if !more_info.is_undefined() {
                terms.more_info = more_info.clone().take();
            }
        };
        let transaction = stored::update(&writer, change, edit).await?;
        Ok(UpdateTransactionPayload { transaction: transfer::transactions::to_graphql(transaction) })
    }

    /// Puts a transaction into the trash; its person, events and messages stay.
    async fn delete_transaction(
        &self,
        ctx: &Context<'_>,
        input: DeleteTransactionInput,
    ) -> Result<DeleteTransactionPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let DeleteTransactionInput { id, version } = input;
        let deleted = stored::delete(&writer, Kind::Transaction.expect(&id)?, version).await?;
        Ok(DeleteTransactionPayload { deleted_id: Kind::Transaction.global(deleted).into() })
    }

    /// Moves a transaction to a stage.
    async fn move_transaction(&self, ctx: &Context<'_>, input: MoveTransactionInput) -> Result<MoveTransactionPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let MoveTransactionInput { id, stage, version } = input;
        let id = Kind::Transaction.expect(&id)?;
        let transaction = stored::move_to(&writer, id, stage.into(), version).await?;
        Ok(MoveTransactionPayload { transaction: transfer::transactions::to_graphql(transaction) })
    }
}

/// A page of the transactions of a view.
pub(crate) async fn of_view(
    ctx: &Context<'_>,
    view: View,
    order: Order,
    page: PageArguments,
) -> Result<Connection<String, Transaction, Transactions, EmptyFields>> {
    crate::search::note(ctx, &view.search);
    let ordered = List { kind: Kind::Transaction, order };
    let request = page.request(ordered)?;
    let reader = session(ctx)?.reader();
    let page =
        if asks_for_records(ctx) { stored::list(&reader, &view, order, &request).await? } else { Page::default() };
    Ok(of_page(ordered, page, &request, view))
}

/// A page that was read of a view, as a connection.
pub(crate) fn of_page(
    list: List,
    page: Page<stored::Transaction>,
    request: &PageRequest,
    view: View,
) -> Connection<String, Transaction, Transactions, EmptyFields> {
    let place = |found: &stored::Transaction| found.cursor(list.order.key);
    connection(
        list,
        page,
        request,
        Transactions { view, count: Count::default() },
        place,
        transfer::transactions::to_graphql,
    )
}

/// The transaction of a global id, or nothing, whatever the id is.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Transaction>> {
    let reader = session(ctx)?.reader();
    let Some(id) = Kind::Transaction.parse(id) else { return Ok(None) };
    Ok(stored::by_ids(&reader, &[id]).await?.pop().map(transfer::transactions::to_graphql))
}

/// The ids of users. Errors: `NOT_FOUND` for an id that does not exist.
fn users(ids: &[ID]) -> Result<Vec<Uuid>> {
    ids.iter().map(|id| Ok(Kind::User.expect(id)?)).collect()
}

fn person_ref(id: Option<ID>, person: Option<PersonInput>, matching: PersonMatch) -> Result<stored::PersonRef> {
    match (id, person) {
        (Some(id), None) => Ok(stored::PersonRef::Id(Kind::Person.expect(&id)?)),
        (None, Some(person)) => {
            let new = transfer::people::new(person);
            Ok(match matching.known() {
                None => stored::PersonRef::New(new),
                Some(known) => stored::PersonRef::Known(new, known),
            })
        }
        _ => Err(Error::invalid("give exactly one of personId and person")),
    }
}
