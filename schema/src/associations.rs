//! Associations in GraphQL: which events and messages belong to which people and transactions.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};
use service::{Code, Right};
use storage::query::{associations as stored, events, messages};
use storage::{Item, ItemKind};
use uuid::Uuid;

use crate::context::session;
use crate::error::{Error, Result};
use crate::events::Event;
use crate::items;
use crate::loader::{Loads, SubjectsOf};
use crate::messages::Message;
use crate::people::Person;
use crate::transactions::Transaction;
use crate::transfer;

/// What the list of associations costs, in times of one of them: an event or a message seldom has more than a few.
pub(crate) const COST: usize = 10;

/// What events and messages belong to.
#[derive(Clone, Union)]
#[expect(clippy::large_enum_variant, reason = "the engine wants the types bare")]
pub(crate) enum Subject {
    Person(Person),
    Transaction(Transaction),
}

/// What belongs to people and transactions.
#[derive(Clone, Union)]
pub(crate) enum Associated {
    Event(Event),
    Message(Message),
}

/// The input of `associate`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct AssociateInput {
    /// Events and messages, at most 1,000.
    items: Vec<ID>,
    /// The people and transactions that they shall belong to as well; one item belongs to 100 at most.
    subjects: Vec<ID>,
}

/// Events and messages that belong to more.
#[derive(SimpleObject)]
pub(crate) struct AssociatePayload {
    /// The events and messages, in the order of the input.
    items: Vec<Associated>,
}

/// The input of `dissociate`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DissociateInput {
    /// Events and messages, at most 1,000.
    items: Vec<ID>,
    /// The people and transactions that they shall belong to no longer, at most 100.
    subjects: Vec<ID>,
}

/// Events and messages that belong to less.
#[derive(SimpleObject)]
pub(crate) struct DissociatePayload {
    /// The events and messages, in the order of the input.
    items: Vec<Associated>,
}

/// The mutations of associations.
#[derive(Default)]
pub(crate) struct AssociationsMutation;

#[Object]
impl AssociationsMutation {
    /// Has events and messages belong to people and transactions, beside what they belong to already.
    async fn associate(&self, ctx: &Context<'_>, input: AssociateInput) -> Result<AssociatePayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let (items, subjects) = (associated(&input.items)?, subjects(&input.subjects)?);
        stored::associate(&writer, &items, &subjects).await?;
        Ok(AssociatePayload { items: load(ctx, &items).await? })
    }

    /// Has events and messages belong to people and transactions no longer.
    async fn dissociate(&self, ctx: &Context<'_>, input: DissociateInput) -> Result<DissociatePayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let (items, subjects) = (associated(&input.items)?, subjects(&input.subjects)?);
        stored::dissociate(&writer, &items, &subjects).await?;
        Ok(DissociatePayload { items: load(ctx, &items).await? })
    }
}

/// The people, then the transactions, that an event or a message belongs to, the oldest first.
pub(crate) async fn subjects_of(ctx: &Context<'_>, item: Uuid) -> Result<Vec<Subject>> {
    let loader = ctx.data_unchecked::<DataLoader<Loads>>();
    let found = loader.load_one(SubjectsOf(item)).await.map_err(|error| (*error).clone())?;
    Ok(found.unwrap_or_default())
}

/// The people and transactions of these ids. Errors: `NOT_FOUND` for one that is the id of nothing of the kind.
pub(crate) fn subjects(ids: &[ID]) -> Result<Vec<Item>> {
    of_kinds(ids, [ItemKind::Person, ItemKind::Transaction], "person or transaction")
}

/// The events and messages of these ids. Errors: as [`subjects`].
fn associated(ids: &[ID]) -> Result<Vec<Item>> {
    of_kinds(ids, [ItemKind::Event, ItemKind::Message], "event or message")
}

fn of_kinds(ids: &[ID], kinds: [ItemKind; 2], words: &str) -> Result<Vec<Item>> {
    let no_such = || Error::new(Code::NotFound, format!("there is no such {words}"));
    let items = items::items(ids).map_err(|_| no_such())?;
    if items.iter().all(|item| kinds.contains(&item.kind)) { Ok(items) } else { Err(no_such()) }
}

/// Events and messages by id, in this order; one that went meanwhile is left out.
async fn load(ctx: &Context<'_>, items: &[Item]) -> Result<Vec<Associated>> {
    let reader = session(ctx)?.reader();
    let of_kind = |kind| items.iter().filter(|item| item.kind == kind).map(|item| item.id).collect::<Vec<_>>();
    let events = events::by_ids(&reader, &of_kind(ItemKind::Event)).await?;
    let messages = messages::by_ids(&reader, &of_kind(ItemKind::Message)).await?;
    let events = events.into_iter().map(|event| (event.id, Associated::Event(transfer::events::to_graphql(event))));
    let messages =
        messages.into_iter().map(|message| (message.id, Associated::Message(transfer::messages::to_graphql(message))));
    let found: std::collections::HashMap<_, _> = events.chain(messages).collect();
    Ok(items.iter().filter_map(|item| found.get(&item.id).cloned()).collect())
}
