//! The records of a view as files carry them, portion by portion.

use std::collections::{BTreeSet, HashMap};

use formats::{Record, Section};
use futures_util::stream::{self, Stream, StreamExt as _};
use storage::query::portions::{CarriedPerson, CategoryNames, PackedPeople};
use storage::query::{
    associations, categories, custom_fields, custom_values, email_templates, event_templates, events, messages, people,
    portions, transactions, users,
};
use storage::{Cursor, Item, Order, PageRequest, Reader, View};
use tokio::sync::mpsc;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::records;
use crate::records::events::EventContext;
use crate::records::messages::MessageContext;

/// How many templates are read at a time.
const TEMPLATES: u64 = 200;

/// Where the records of an export come from.
pub(super) struct Source {
    kind: Kind,
    reader: Reader,
    view: View,
    order: Order,
    /// Whether records may have custom values; without a field there is nothing to look for.
    custom: Custom,
    categories: CategoryNames,
}

#[derive(Clone, Copy)]
enum Kind {
    People,
    Paged(Paged),
}

/// What is read page by page.
#[derive(Clone, Copy)]
enum Paged {
    Transactions,
    Events,
    Messages,
    EmailTemplates,
    EventTemplates,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Custom {
    None,
    Some,
}

/// The records of a page, and the place to go on from.
type Records = (Vec<Record>, Option<Cursor>);

impl Source {
    /// The source of a section; the view is that of the section already.
    ///
    /// Errors: `UNSUPPORTED` for a section that is not made of records.
    pub(super) fn of(section: Section, reader: Reader, view: View, order: Order) -> Result<Self> {
        let kind = match section {
            Section::People => Kind::People,
            Section::Leads | Section::Opportunities | Section::Customers | Section::Archives => {
                Kind::Paged(Paged::Transactions)
            }
            Section::Calendar => Kind::Paged(Paged::Events),
            Section::Messages => Kind::Paged(Paged::Messages),
            Section::EmailTemplates => Kind::Paged(Paged::EmailTemplates),
            Section::EventTemplates => Kind::Paged(Paged::EventTemplates),
            Section::Reports => return Err(Error::new(Code::Unsupported, "reports are not exported here")),
        };
        Ok(Self { kind, reader, view, order, custom: Custom::None, categories: CategoryNames::default() })
    }

    /// The names of the custom fields that its records may have, in the order of the account.
    pub(super) async fn custom_fields(&mut self) -> Result<Vec<String>> {
        let target = match self.kind {
            Kind::People => custom_fields::Target::Person,
            Kind::Paged(Paged::Transactions) => custom_fields::Target::Transaction,
            Kind::Paged(_) => return Ok(Vec::new()),
        };
        let fields = custom_fields::list(&self.reader, Some(target)).await?;
        self.custom = if fields.is_empty() { Custom::None } else { Custom::Some };
        Ok(fields.into_iter().map(|field| field.name).collect())
    }

    /// The records portion by portion, the first one already read, so that a wrong view is known before a document begins.
    ///
    /// The next portion is read while one is written down, and no further: whoever stops reading costs no connection, and whoever
    /// goes away ends it.
    pub(super) async fn open(self) -> Result<impl Stream<Item = Result<Vec<Record>>> + Send + use<>> {
        let mut portions = match self.kind {
            Kind::People => {
                let (outlet, packed) = mpsc::channel(1);
                let walk = portions::walk_people(self.reader.clone(), self.view.clone(), self.order, outlet);
                tokio::spawn(walk.in_current_span());
                let records = stream::unfold((self, packed), |(source, mut packed)| async move {
                    let records = match packed.recv().await? {
                        Ok(portion) => source.people(&portion).await,
                        Err(error) => Err(error.into()),
                    };
                    Some((records, (source, packed)))
                });
                Box::pin(records.left_stream())
            }
            Kind::Paged(paged) => {
                let (outlet, records) = mpsc::channel(1);
                tokio::spawn(self.walk(paged, outlet).in_current_span());
                let next = |mut records: mpsc::Receiver<_>| async move { Some((records.recv().await?, records)) };
                Box::pin(stream::unfold(records, next).right_stream())
            }
        };
        let first = portions.next().await.transpose()?;
        Ok(stream::iter(first.map(Ok)).chain(portions))
    }

    /// Hands out the records page by page.
    async fn walk(self, paged: Paged, outlet: mpsc::Sender<Result<Vec<Record>>>) {
        let mut after = None;
        while let Ok(place) = outlet.reserve().await {
            let page = tokio::select! {
                page = self.page(paged, after.take()) => page,
                // What is read for nobody is ended.
                () = outlet.closed() => return,
            };
            match page {
                Ok((records, next)) => {
                    place.send(Ok(records));
                    after = next;
                }
                Err(error) => place.send(Err(error)),
            }
            if after.is_none() {
                return;
            }
        }
    }

    /// The records after a place, or the first ones.
    async fn page(&self, paged: Paged, after: Option<Cursor>) -> Result<Records> {
        match paged {
            Paged::Transactions => self.transactions(after).await,
            Paged::Events => self.events(after).await,
            Paged::Messages => self.messages(after).await,
            Paged::EmailTemplates => self.email_templates(after).await,
            Paged::EventTemplates => self.event_templates(after).await,
        }
    }

    async fn people(&self, packed: &PackedPeople) -> Result<Vec<Record>> {
        let people = self.categories.unpack(&self.reader, packed).await?;
        let ids: Vec<_> = people.iter().map(|person| person.id).collect();
        let mut custom = self.custom_values(&ids).await?;
        let record = |person: CarriedPerson| {
            let custom = custom.remove(&person.id).unwrap_or_default();
            Record::Person(Box::new(records::people::to_file(person, custom)))
        };
        Ok(people.into_iter().map(record).collect())
    }

    async fn transactions(&self, after: Option<Cursor>) -> Result<Records> {
        let portion = portions::transactions(&self.reader, &self.view, self.order, after).await?;
        let ids: Vec<_> = portion.items.iter().map(|transaction| transaction.id).collect();
        let mut categories = categories::of_items(&self.reader, &ids).await?;
        let mut custom = self.custom_values(&ids).await?;
        let people: BTreeSet<_> = portion.items.iter().map(|transaction| transaction.person_id).collect();
        let people = people::of_transactions(&self.reader, &people.into_iter().collect::<Vec<_>>()).await?;
        let people: HashMap<_, _> = people.into_iter().map(|person| (person.id, person)).collect();
        let records = portion.items.into_iter().map(|transaction| {
            let person = people.get(&transaction.person_id);
            let person = person.ok_or_else(|| Error::internal("a transaction without its person"))?;
            let categories = categories.remove(&transaction.id).unwrap_or_default();
            let custom = custom.remove(&transaction.id).unwrap_or_default();
            let record = records::transactions::to_file(transaction, person, categories, custom);
            Ok(Record::Transaction(Box::new(record)))
        });
        Ok((records.collect::<Result<_>>()?, portion.next))
    }

    async fn events(&self, after: Option<Cursor>) -> Result<Records> {
        let portion = portions::events(&self.reader, &self.view, self.order, after).await?;
        let ids: Vec<_> = portion.items.iter().map(|event| event.id).collect();
        let mut categories = categories::of_items(&self.reader, &ids).await?;
        let mut associations = self.associations(&ids).await?;
        let owners = self.users(portion.items.iter().filter_map(|event| event.owner_id)).await?;
        let templates = portion.items.iter().filter_map(|event| event.email_template_id);
        let templates = self.names_of_email_templates(templates).await?;
        let one_of_series = portion.items.iter().filter(|event| event.recurrence_id.is_some());
        let uids: BTreeSet<_> = one_of_series.filter_map(|event| event.source_uid.as_deref()).collect();
        let series = events::series_of(&self.reader, &uids.into_iter().collect::<Vec<_>>()).await?;
        let with_rule = portion.items.iter().filter(|event| event.recurrence.is_some());
        let uids: BTreeSet<_> = with_rule.filter_map(|event| event.source_uid.as_deref()).collect();
        let mut left_out = HashMap::new();
        if !uids.is_empty() {
            let uids: Vec<_> = uids.into_iter().collect();
            left_out = events::left_out(&self.reader, &self.view, &uids).await?;
        }
        let record = |event: events::Event| {
            let of_series = event.source_uid.as_ref().filter(|_| event.recurrence.is_some());
            let context = EventContext {
                left_out: of_series.and_then(|uid| left_out.get(uid)).cloned().unwrap_or_default(),
                categories: categories.remove(&event.id).unwrap_or_default(),
                associations: associations.remove(&event.id).unwrap_or_default(),
                owner: event.owner_id.and_then(|owner| owners.get(&owner)).map(|owner| owner.email.clone()),
                email_template: event.email_template_id.and_then(|template| templates.get(&template).cloned()),
                series: event
                    .source_uid
                    .as_ref()
                    .filter(|_| event.recurrence_id.is_some())
                    .and_then(|uid| series.get(uid).copied()),
            };
            Record::Event(Box::new(records::events::to_file(event, context)))
        };
        Ok((portion.items.into_iter().map(record).collect(), portion.next))
    }

    async fn messages(&self, after: Option<Cursor>) -> Result<Records> {
        let portion = portions::messages(&self.reader, &self.view, self.order, after).await?;
        let ids: Vec<_> = portion.items.iter().map(|message| message.id).collect();
        let mut categories = categories::of_items(&self.reader, &ids).await?;
        let mut associations = self.associations(&ids).await?;
        let mut files = messages::files_of(&self.reader, &ids).await?;
        let creators = self.users(portion.items.iter().filter_map(|message| message.created_by)).await?;
        let record = |message: messages::Message| {
            let context = MessageContext {
                categories: categories.remove(&message.id).unwrap_or_default(),
                associations: associations.remove(&message.id).unwrap_or_default(),
                files: files.remove(&message.id).unwrap_or_default(),
                creator: message.created_by.and_then(|user| creators.get(&user)).map(|user| user.name.clone()),
            };
            Record::Message(Box::new(records::messages::to_file(message, context)))
        };
        Ok((portion.items.into_iter().map(record).collect(), portion.next))
    }

    async fn email_templates(&self, after: Option<Cursor>) -> Result<Records> {
        let page = email_templates::list(&self.reader, self.order, &PageRequest::first(TEMPLATES, after)).await?;
        let next = page.items.last().filter(|_| page.more).map(|last| last.cursor(self.order.key));
        let record = |template| Record::EmailTemplate(Box::new(records::email_templates::to_file(template)));
        Ok((page.items.into_iter().map(record).collect(), next))
    }

    async fn event_templates(&self, after: Option<Cursor>) -> Result<Records> {
        let page = event_templates::list(&self.reader, self.order, &PageRequest::first(TEMPLATES, after)).await?;
        let ids: Vec<_> = page.items.iter().map(|template| template.id).collect();
        let mut items = event_templates::items_of(&self.reader, &ids).await?;
        let emails = items.values().flatten().filter_map(|item| item.email_template);
        let emails = self.names_of_email_templates(emails).await?;
        let next = page.items.last().filter(|_| page.more).map(|last| last.cursor(self.order.key));
        let mut records = Vec::new();
        for template in &page.items {
            for (place, item) in (1..).zip(items.remove(&template.id).unwrap_or_default()) {
                let email = item.email_template.and_then(|id| emails.get(&id).cloned());
                let record = records::event_templates::to_file(template, place, item, email);
                records.push(Record::TemplateItem(Box::new(record)));
            }
        }
        Ok((records, next))
    }

    async fn custom_values(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<custom_values::CustomValue>>> {
        match self.custom {
            Custom::None => Ok(HashMap::new()),
            Custom::Some => Ok(custom_values::values_of(&self.reader, ids).await?),
        }
    }

    /// The display names of what events or messages belong to.
    async fn associations(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<String>>> {
        let subjects = associations::subjects_of(&self.reader, ids).await?;
        let names = self.names(subjects.values().flatten().copied()).await?;
        let of_each =
            |subjects: Vec<Item>| subjects.iter().filter_map(|subject| names.get(&subject.id).cloned()).collect();
        Ok(subjects.into_iter().map(|(id, subjects)| (id, of_each(subjects))).collect())
    }

    async fn users(&self, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, users::User>> {
        let ids: BTreeSet<_> = ids.collect();
        let found = users::by_ids(&self.reader, &ids.into_iter().collect::<Vec<_>>()).await?;
        Ok(found.into_iter().map(|user| (user.id, user)).collect())
    }

    async fn names_of_email_templates(&self, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, String>> {
        let ids: BTreeSet<_> = ids.collect();
        let found = email_templates::by_ids(&self.reader, &ids.into_iter().collect::<Vec<_>>()).await?;
        Ok(found.into_iter().map(|template| (template.id, template.name)).collect())
    }

    /// The display names of people and transactions; a transaction has that of its person.
    async fn names(&self, subjects: impl Iterator<Item = Item>) -> Result<HashMap<Uuid, String>> {
        let ids: BTreeSet<_> = subjects.map(|subject| subject.id).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let transactions = transactions::by_ids(&self.reader, &ids).await?;
        let with_people: Vec<_> = ids.into_iter().chain(transactions.iter().map(|found| found.person_id)).collect();
        let people = people::by_ids(&self.reader, &with_people).await?;
        let mut names: HashMap<_, _> =
            people.into_iter().map(|person| (person.id, person.contact().display_name())).collect();
        for transaction in transactions {
            if let Some(name) = names.get(&transaction.person_id).cloned() {
                names.insert(transaction.id, name);
            }
        }
        Ok(names)
    }
}
