//! Messages that order categories, associations and events in their body, see [`crate::operators`].

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::contact::indexed;
use crate::entity::{people, transactions};
use crate::error::Result;
use crate::fold::fold;
use crate::handle::{Unit, Writer};
use crate::item::{Item, ItemKind};
use crate::operators::{Operators, Order, PlannedEvent, Problem};
use crate::outbox::{Noun, Verb};
use crate::query::events::{self, Details, Event, Progress, Source, When};
use crate::query::messages::{self, Message, NewMessage};
use crate::query::{accounts, categories};
use crate::record::live;
use crate::value::Day;

/// How many people of one name are looked at.
const CROWD: i64 = 100;

/// What a message with operators has made.
#[derive(Clone, Debug)]
pub struct Obeyed {
    /// The message, without the operators that were obeyed.
    pub message: Message,
    /// The events that it ordered, in the order of its body.
    pub events: Vec<Event>,
    /// The operators that could not be obeyed; they stay in the body.
    pub problems: Vec<Problem>,
}

/// A message that ordered nothing.
impl From<Message> for Obeyed {
    fn from(message: Message) -> Self {
        Self { message, events: Vec::new(), problems: Vec::new() }
    }
}

/// Makes a message and obeys the operators in its body, all as one unit of work.
///
/// The events are on days that count from today in the time zone of the account, are for whoever makes the message, and
/// belong to what the message belongs to. A name means the one person who bears it, and their transaction where they have
/// one only: the original associated a message to a prospect.
///
/// Errors: as [`messages::create`], and those of [`Operators::parse`].
pub async fn create(writer: &Writer, new: NewMessage) -> Result<Obeyed> {
    let new = &new;
    writer.write(|unit| async move { create_in(&unit, new.clone()).await }).await
}

async fn create_in(unit: &Unit, mut new: NewMessage) -> Result<Obeyed> {
    let zone = accounts::zone(unit).await?;
    let today = unit.now.in_zone(zone.clone()).date();
    let body = new.text.body.take().unwrap_or_default();
    let subjects = named(unit, &Operators::parse(&body)?.associations).await?;
    let operators = Operators::parse_with(&body, |order| refusal(order, today, &subjects))?;
    let Operators { text, categories: names, events: ordered, associations: to, problems } = operators;
    new.text.body = Some(text);
    let mut known: BTreeSet<_> = new.categories.iter().map(|name| fold(name)).collect();
    new.categories.extend(names.into_iter().filter(|name| known.insert(fold(name))));
    let to = to.iter().filter_map(|name| subjects.get(&fold(name)).and_then(|subject| subject.as_ref().ok().copied()));
    new.associations.extend(to);
    let mut known = BTreeSet::new();
    new.associations.retain(|item| known.insert(*item));
    let associations = new.associations.clone();
    let message = messages::create_in(unit, new).await?;
    let mut made = Vec::new();
    for event in ordered {
        let details = Details { owner: unit.user(), ..planned(event, today)? };
        made.push(events::new_row(unit, details, message.names_text.clone(), &zone));
    }
    let pairs = made.iter().flat_map(|event| {
        let item = ItemKind::Event.item(event.id);
        associations.iter().map(move |subject| (item, *subject))
    });
    let pairs: Vec<_> = pairs.collect();
    events::insert(unit, made.clone(), &pairs, &[]).await?;
    for event in &made {
        unit.publish(Noun::Event, Verb::Created, event.id).await?;
    }
    Ok(Obeyed { message, events: made, problems })
}

/// Who or what each folded name means, or why it means nothing.
type Subjects = HashMap<String, std::result::Result<Item, String>>;

/// Why an order cannot be obeyed.
fn refusal(order: Order<'_>, today: Date, subjects: &Subjects) -> Option<String> {
    match order {
        Order::Category(name) => categories::check_name(name).err().map(|error| error.to_string()),
        Order::Event(event) => planned(event.clone(), today).err().map(|error| error.to_string()),
        Order::Association(name) => subjects.get(&fold(name)).and_then(|subject| subject.as_ref().err().cloned()),
    }
}

/// What an ordered event is. Errors: [`crate::Error::Invalid`] for a title or a date that cannot be.
fn planned(event: PlannedEvent, today: Date) -> Result<Details> {
    let PlannedEvent { offset, title } = event;
    let details = Details {
        title,
        when: When::Day { first: Day(offset.from(today)?), last: None },
        location: None,
        description: None,
        progress: Progress::Open,
        owner: None,
        email_template: None,
        source: Source::default(),
    };
    details.cleaned()
}

/// Finds who or what bears these names: one statement for the people, one for their transactions.
async fn named(unit: &Unit, names: &[String]) -> Result<Subjects> {
    use transactions::Column::{Id, PersonId};
    let names: HashMap<_, _> = names.iter().map(|name| (fold(name), name)).collect();
    if names.is_empty() {
        return Ok(Subjects::new());
    }
    let scope = unit.scope();
    let keys: Vec<_> = names.keys().map(|name| indexed(name)).collect();
    // A name that a crowd bears is counted and not read.
    let counts = live::<people::Entity>(&scope)
        .select_only()
        .column(people::Column::SortKey)
        .column_as(people::Column::Id.count(), "count")
        .filter(people::Column::SortKey.is_in(&keys))
        .group_by(people::Column::SortKey);
    let counts: HashMap<String, i64> = counts.into_tuple().all(&scope.on).await?.into_iter().collect();
    let read = keys.iter().filter(|key| counts.get(*key).is_some_and(|count| *count <= CROWD));
    let people = live::<people::Entity>(&scope).filter(people::Column::SortKey.is_in(read)).all(&scope.on).await?;
    let mut found: HashMap<String, Vec<Uuid>> = HashMap::new();
    for person in people {
        found.entry(fold(&person.contact().display_name())).or_default().push(person.id);
    }
    let alone = found.values().filter_map(|people| if let [person] = people[..] { Some(person) } else { None });
    let alone: Vec<_> = alone.collect();
    let query = live::<transactions::Entity>(&scope).select_only().column(PersonId).column(Id);
    let rows: Vec<(Uuid, Uuid)> = query.filter(PersonId.is_in(alone)).into_tuple().all(&scope.on).await?;
    let mut transactions: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (person, transaction) in rows {
        transactions.entry(person).or_default().push(transaction);
    }
    let crowd = |key: &str| counts.get(&indexed(key)).copied().filter(|count| *count > CROWD);
    let meaning = |key: &String, name: &str| match found.get(key).map(Vec::as_slice).unwrap_or_default() {
        [] if crowd(key).is_some() => {
            let count = crowd(key).unwrap_or_default();
            Err(format!("{count} people are called {name:?}, and it must be one"))
        }
        [] => Err(format!("there is no person {name:?}; write the whole name, like [association:Jane Doe - ACME]")),
        [person] => Ok(match transactions.get(person).map(Vec::as_slice) {
            Some([transaction]) => ItemKind::Transaction.item(*transaction),
            _ => ItemKind::Person.item(*person),
        }),
        several => Err(format!("{} people are called {name:?}, and it must be one", several.len())),
    };
    Ok(names.iter().map(|(key, name)| (key.clone(), meaning(key, name))).collect())
}
