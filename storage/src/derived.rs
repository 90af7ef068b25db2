//! What rows keep of other rows, so that lists are in order and searches find them without a join: sort keys, search texts, names, days.
//!
//! One function for each cause renews it: [`person_changed`], [`transaction_changed`], [`custom_values_changed`] and [`zone_changed`];
//! [`associations_changed`] where the cause is what an event or a message belongs to. Rows that are renewed count as unchanged. This file
//! knows entities alone; the queries call it and not each other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::tz::TimeZone;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::among;
use crate::entity::associations::{Column, Entity, Model};
use crate::entity::custom_fields::Target;
use crate::entity::events::Model as Event;
use crate::entity::messages::Model as Message;
use crate::entity::people::Model as Person;
use crate::entity::transactions::Model as Transaction;
use crate::entity::{custom_fields, custom_values, events, messages, people, transactions};
use crate::error::Result;
use crate::fold::fold;
use crate::handle::{Scope, Unit};
use crate::item::Item;
use crate::record::{self, BATCH, IDS_A_STATEMENT, Recorded, by_ids, live_among};
use crate::text::lines;
use crate::value::{Day, Timestamp};

/// How many events and messages get other names at a time.
const RENEWED_AT_ONCE: usize = 100;
/// How many records get their new text at a time.
const VALUES_AT_ONCE: u64 = 500;

/// Renews what transactions, events and messages derive from people who were changed.
pub(crate) async fn person_changed(unit: &Unit, people: &[&Person]) -> Result<()> {
    let transactions = renew_transactions(unit, people).await?;
    let subjects: Vec<_> = people.iter().map(|person| person.id).chain(transactions).collect();
    transaction_changed(unit, &subjects).await
}

/// Renews what events and messages keep of the names of these transactions and people, which were changed, came or went.
pub(crate) async fn transaction_changed(unit: &Unit, subjects: &[Uuid]) -> Result<()> {
    let mut items = BTreeSet::new();
    for ids in subjects.chunks(IDS_A_STATEMENT) {
        let account = among::common(&unit.scope(), Column::AccountId, unit.account);
        let query = Entity::find().select_only().column(Column::ItemId).filter(account);
        let found = query.filter(among::ids(&unit.scope(), Column::SubjectId, ids)).into_tuple::<Uuid>();
        items.extend(found.all(unit.on()).await?);
    }
    associations_changed(unit, &items.into_iter().collect::<Vec<_>>()).await
}

/// Renews what the records with a value of this field are found by; they count as unchanged.
pub(crate) async fn custom_values_changed(unit: &Unit, field: &custom_fields::Model) -> Result<()> {
    let mut last = Uuid::nil();
    loop {
        let items: Vec<Uuid> = custom_values::Entity::find()
            .select_only()
            .column(custom_values::Column::ItemId)
            .filter(custom_values::Column::AccountId.eq(unit.account))
            .filter(custom_values::Column::FieldId.eq(field.id))
            .filter(custom_values::Column::ItemId.gt(last))
            .order_by_asc(custom_values::Column::ItemId)
            .limit(VALUES_AT_ONCE)
            .into_tuple()
            .all(unit.on())
            .await?;
        let Some(end) = items.last() else { return Ok(()) };
        last = *end;
        match field.target {
            Target::Person => renew_texts_of_people(unit, &items).await?,
            Target::Transaction => renew_texts_of_transactions(unit, &items).await?,
        }
    }
}

/// Gives timed events the days and keys that they have in another time zone; they count as unchanged. Those in the trash
/// get theirs as well, as they may come back.
pub(crate) async fn zone_changed(unit: &Unit, zone: &TimeZone) -> Result<()> {
    use events::Column::{AccountId, Id, StartsAt};
    let mut last = Uuid::nil();
    loop {
        let batch = events::Entity::find()
            .filter(AccountId.eq(unit.account))
            .filter(Id.gt(last))
            .filter(StartsAt.is_not_null())
            .order_by_asc(Id)
            .limit(IDS_A_STATEMENT as u64)
            .lock_exclusive();
        let batch = batch.all(unit.on()).await?;
        let Some(end) = batch.last() else { return Ok(()) };
        last = end.id;
        let renewed = batch.into_iter().filter_map(|event| {
            let (starts_on, sort_key) = timed(event.starts_at?, zone);
            (event.sort_key != sort_key).then_some(Event { starts_on, sort_key, ..event })
        });
        record::rewrite::<events::Entity>(unit, renewed.collect()).await?;
    }
}

/// Renews the names that these events and messages keep, which belong to others than before. Some at a time, since each may have a
/// text of a megabyte, and in the order of their ids, in which everybody locks them.
pub(crate) async fn associations_changed(unit: &Unit, items: &[Uuid]) -> Result<()> {
    let items: BTreeSet<_> = items.iter().copied().collect();
    let items: Vec<_> = items.into_iter().collect();
    for items in items.chunks(RENEWED_AT_ONCE) {
        renew_names(unit, items).await?;
    }
    Ok(())
}

async fn renew_names(unit: &Unit, items: &[Uuid]) -> Result<()> {
    let locked = unit.locking_scope();
    // Locked before it is read what they belong to, else another unit could have them belong to more in between.
    let (events, messages) =
        (by_ids::<events::Entity>(&locked, items).await?, by_ids::<messages::Entity>(&locked, items).await?);
    let subjects = subjects_in(&unit.scope(), items).await?;
    let ids: BTreeSet<_> = subjects.values().flatten().map(|subject| subject.id).collect();
    let names = names(&unit.scope(), &ids.into_iter().collect::<Vec<_>>()).await?;
    let names_of = |item: Uuid| {
        let subjects = subjects.get(&item).into_iter().flatten();
        let names: BTreeSet<_> = subjects.filter_map(|subject| names.get(&subject.id)).collect();
        lines(names)
    };
    renew_events(unit, events, names_of).await?;
    renew_messages(unit, messages, names_of).await
}

/// Gives events the names of what they belong to; only those whose names have changed are written.
async fn renew_events(unit: &Unit, events: Vec<Event>, names: impl Fn(Uuid) -> String) -> Result<()> {
    let renewed = events.into_iter().filter_map(|event| {
        let names_text = names(event.id);
        let search_text = lines([&text_of_event(&event), &names_text]);
        (event.search_text != search_text).then_some(Event { names_text, search_text, ..event })
    });
    record::rewrite::<events::Entity>(unit, renewed.collect()).await
}

/// Gives messages the names of what they belong to; only those whose names have changed are written.
async fn renew_messages(unit: &Unit, messages: Vec<Message>, names: impl Fn(Uuid) -> String) -> Result<()> {
    let renewed = messages.into_iter().filter_map(|message| {
        let names_text = names(message.id);
        let search_text = lines([&text_of_message(&message), &names_text]);
        (message.search_text != search_text).then_some(Message { names_text, search_text, ..message })
    });
    record::rewrite::<messages::Entity>(unit, renewed.collect()).await
}

/// Gives the transactions of people the keys that follow from the people; they count as unchanged. Only the keys are
/// written, and the rows are locked: somebody may be moving one at this moment. Answers the ids of all of them.
async fn renew_transactions(unit: &Unit, people: &[&Person]) -> Result<Vec<Uuid>> {
    use transactions::Column::{AccountId, Id, PersonId, SearchText, SortKey};
    let people: HashMap<_, _> = people.iter().map(|person| (person.id, *person)).collect();
    let ids: Vec<_> = people.keys().copied().collect();
    let of_people = transactions::Entity::find()
        .filter(among::common(&unit.scope(), AccountId, unit.account))
        .filter(among::ids(&unit.scope(), PersonId, &ids))
        .lock_exclusive();
    let (mut all, mut stale) = (Vec::new(), Vec::new());
    for transaction in of_people.all(unit.on()).await? {
        all.push(transaction.id);
        let person = people[&transaction.person_id];
        let search_text = text_of_transaction(person, transaction.more_info.as_deref(), &transaction.custom_text);
        if transaction.sort_key != person.sort_key || transaction.search_text != search_text {
            stale.push(Transaction { sort_key: person.sort_key.clone(), search_text, ..transaction });
        }
    }
    for stale in stale.chunks(BATCH) {
        // They are all there, so every one of them meets the conflict.
        let keys = OnConflict::columns([AccountId, Id]).update_columns([SortKey, SearchText]).to_owned();
        transactions::Entity::insert_many(stale.iter().cloned().map(transactions::ActiveModel::from))
            .on_conflict(keys)
            .exec_without_returning(unit.on())
            .await?;
    }
    Ok(all)
}

/// Renews what people are found by of their custom values; they count as unchanged.
async fn renew_texts_of_people(unit: &Unit, people: &[Uuid]) -> Result<()> {
    use people::Column::{AccountId, Id};
    // Those in the trash as well, who may come back.
    let found = people::Entity::find().filter(AccountId.eq(unit.account)).filter(Id.is_in(people.iter().copied()));
    let found = found.lock_exclusive().all(unit.on()).await?;
    let mut texts = custom_texts(unit, people).await?;
    let mut stale = Vec::new();
    for person in found {
        let custom_text = texts.remove(&person.id).unwrap_or_default();
        if person.custom_text != custom_text {
            stale.push(person_with_custom_text(person, custom_text));
        }
    }
    record::rewrite::<people::Entity>(unit, stale.clone()).await?;
    person_changed(unit, &stale.iter().collect::<Vec<_>>()).await
}

/// Renews what transactions are found by of their custom values; they count as unchanged.
async fn renew_texts_of_transactions(unit: &Unit, transactions: &[Uuid]) -> Result<()> {
    use transactions::Column::{AccountId, Id};
    // Those in the trash as well, which may come back.
    let found = transactions::Entity::find().filter(AccountId.eq(unit.account));
    let found = found.filter(among::ids(&unit.scope(), Id, transactions)).lock_exclusive().all(unit.on()).await?;
    let mut texts = custom_texts(unit, transactions).await?;
    let mut stale = Vec::new();
    for transaction in found {
        let custom_text = texts.remove(&transaction.id).unwrap_or_default();
        if transaction.custom_text != custom_text {
            stale.push(transaction_with_custom_text(transaction, custom_text));
        }
    }
    record::rewrite::<transactions::Entity>(unit, stale).await
}

/// The `custom_text` of each of these records; one without values is left out. The values stand in the order in which the fields were
/// made, so that a field may be renamed; those of a field in the trash are left out.
pub(crate) async fn custom_texts(unit: &Unit, items: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    use custom_values::Column::{AccountId, ItemId};
    let scope = unit.scope();
    let mut rows = Vec::new();
    for items in items.chunks(IDS_A_STATEMENT) {
        let query = custom_values::Entity::find().filter(AccountId.eq(scope.account));
        rows.extend(query.filter(among::ids(&scope, ItemId, items)).all(&scope.on).await?);
    }
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let fields: HashSet<_> = rows.iter().map(|row| row.field_id).collect();
    let fields = by_ids::<custom_fields::Entity>(&scope, &fields.into_iter().collect::<Vec<_>>()).await?;
    let live: HashSet<_> = fields.into_iter().map(|field| field.id).collect();
    let mut values: HashMap<_, BTreeMap<_, _>> = HashMap::new();
    for row in rows.into_iter().filter(|row| live.contains(&row.field_id)) {
        values.entry(row.item_id).or_default().insert(row.field_id, fold(&row.value));
    }
    Ok(values.into_iter().map(|(item, values)| (item, lines(values.values()))).collect())
}

/// A person who is found by other custom values; nothing is written.
pub(crate) fn person_with_custom_text(person: Person, custom_text: String) -> Person {
    if person.custom_text == custom_text {
        return person;
    }
    let search_text = lines([&person.contact().keys().search_text, &custom_text]);
    Person { custom_text, search_text, ..person }
}

/// A transaction that is found by other custom values; nothing is written.
pub(crate) fn transaction_with_custom_text(transaction: Transaction, custom_text: String) -> Transaction {
    let own = |custom_text: &str| own_lines(transaction.more_info.as_deref(), custom_text);
    let person_lines = transaction.search_text.strip_suffix(&own(&transaction.custom_text));
    let search_text = format!("{}{}", person_lines.unwrap_or(&transaction.search_text), own(&custom_text));
    Transaction { custom_text, search_text, ..transaction }
}

/// What a search looks in, of a transaction: the lines of its person, and its own.
pub(crate) fn text_of_transaction(person: &Person, more_info: Option<&str>, custom_text: &str) -> String {
    format!("{}{}", person.search_text, own_lines(more_info, custom_text))
}

/// The lines that a transaction adds to those of its person, with the line end before them.
pub(crate) fn own_lines(more_info: Option<&str>, custom_text: &str) -> String {
    let own = lines([&more_info.map(fold).unwrap_or_default(), &custom_text.to_owned()]);
    if own.is_empty() { own } else { format!("\n{own}") }
}

/// What a search looks in, of the event itself.
pub(crate) fn text_of_event(event: &Event) -> String {
    let folded = |text: &Option<String>| text.as_deref().map(fold).unwrap_or_default();
    lines([&fold(&event.title), &folded(&event.location), &folded(&event.description)])
}

/// What a search looks in, of the message itself.
pub(crate) fn text_of_message(message: &Message) -> String {
    let Message { title, body, emailed_from, emailed_to, .. } = message;
    let folded = [title, body, emailed_from, emailed_to].map(|text| text.as_deref().map(fold).unwrap_or_default());
    lines(&folded)
}

/// The day and the sort key of an event that begins at a moment: behind the events of the whole day, whose key is the day.
pub(crate) fn timed(start: Timestamp, zone: &TimeZone) -> (Day, String) {
    let start = start.in_zone(zone.clone());
    let key = format!("{}T{:02}:{:02}:{:02}", start.date(), start.hour(), start.minute(), start.second());
    (Day(start.date()), key)
}

pub(crate) async fn subjects_in(scope: &Scope<'_>, items: &[Uuid]) -> Result<HashMap<Uuid, Vec<Item>>> {
    let mut subjects: HashMap<_, Vec<_>> = HashMap::new();
    for ids in items.chunks(IDS_A_STATEMENT) {
        let query = Entity::find().filter(among::common(scope, Column::AccountId, scope.account));
        for row in query.filter(among::ids(scope, Column::ItemId, ids)).all(&scope.on).await? {
            let Model { account_id: _, subject_id, subject_kind, kind: _, item_id } = row;
            subjects.entry(item_id).or_default().push(subject_kind.item(subject_id));
        }
    }
    for subjects in subjects.values_mut() {
        subjects.sort_unstable();
    }
    Ok(subjects)
}

/// The folded display names of live people and transactions; a transaction has that of its person.
pub(crate) async fn names(scope: &Scope<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    let mut found = HashMap::new();
    for ids in ids.chunks(IDS_A_STATEMENT) {
        found.extend(sort_keys::<people::Entity>(scope, people::Column::SortKey, ids).await?);
        found.extend(sort_keys::<transactions::Entity>(scope, transactions::Column::SortKey, ids).await?);
    }
    Ok(found)
}

async fn sort_keys<E: Recorded>(scope: &Scope<'_>, key: E::Column, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    let query = live_among::<E>(scope, ids).select_only().column(E::id()).column(key);
    Ok(query.into_tuple().all(&scope.on).await?)
}
