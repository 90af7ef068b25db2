//! Exports: a view in any format, streamed from keyset pages.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use formats::{EncodeOptions, Record, Section};
use futures_util::stream::{self, Stream, StreamExt};
use storage::query::{associations, categories, email_templates, events, people, transactions, users};
use storage::{Cursor, Item, Order, PageRequest, Reader, SortKey, View};
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::session::Session;
use crate::transfer;
use crate::view::ViewRequest;

/// How many records are read at a time.
const PAGE: u64 = 1_000;

/// What to export.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The section.
    pub section: Section,
    /// The name of the format.
    pub format: String,
    /// What of it.
    pub view: ViewRequest,
    /// By what it is ordered.
    pub order: Order,
    /// Whether cells are kept from being formulas in a spreadsheet.
    pub excel_safe: bool,
}

/// A document that is being written.
pub struct Export<S> {
    /// Its media type.
    pub media_type: &'static str,
    /// A name for its file: account, section and date.
    pub file_name: String,
    /// Its bytes, in chunks of about 64 KiB.
    pub bytes: S,
}

impl Session {
    /// Writes a view in a format. The first page is read before it answers, so that a wrong view is an error and not a
    /// broken document.
    ///
    /// Errors: `UNSUPPORTED` with the formats or sections that would do, `NOT_FOUND` for a category that is not there.
    pub async fn export(
        &self,
        request: ExportRequest,
    ) -> Result<Export<impl Stream<Item = Result<Bytes>> + Send + use<>>> {
        let ExportRequest { section, format, view, order, excel_safe } = request;
        let mut options = EncodeOptions::default();
        options.excel_safe = excel_safe;
        let unsupported = |error: String| Error::new(Code::Unsupported, error);
        let codec = self.engine().formats().get(&format).map_err(|error| unsupported(error.to_string()))?;
        let encoder = codec.encoder(section, &options).map_err(|error| unsupported(error.to_string()))?;
        let source = Source::of(section, self.reader(), view.view()?, order)?;
        let (first, rest) = source.page(None).await?;
        let pages = stream::once(async move { Ok(first) }).chain(following(source, rest));
        let bytes = formats::encode(encoder, pages).map(|chunk| {
            chunk.map_err(|error| match error {
                formats::StreamError::Source(error) => error,
                formats::StreamError::Codec(error) => Error::internal(error),
            })
        });
        let descriptor = codec.descriptor();
        let today = self.now().in_zone(self.time_zone()).date();
        let extension = descriptor.extensions.first().copied().unwrap_or(descriptor.name);
        let file_name = format!("{}-{section}-{today}.{extension}", self.account().subdomain);
        Ok(Export { media_type: descriptor.media_type, file_name, bytes })
    }
}

/// The pages after a place, until there are none.
fn following(source: Source, after: Option<Cursor>) -> impl Stream<Item = Result<Vec<Record>>> + Send {
    stream::try_unfold((source, after), async |(source, after)| {
        let Some(after) = after else { return Ok(None) };
        let (records, next) = source.page(Some(after)).await?;
        Ok(Some((records, (source, next))))
    })
}

/// Where the records of an export come from.
struct Source {
    kind: SourceKind,
    reader: Reader,
    view: View,
    order: Order,
}

enum SourceKind {
    People,
    Transactions,
    Events,
}

/// The records of a page, and the place to go on from.
type PageOfRecords = (Vec<Record>, Option<Cursor>);

impl Source {
    fn of(section: Section, reader: Reader, view: View, order: Order) -> Result<Self> {
        let (kind, stage) = match section {
            Section::People => (SourceKind::People, None),
            Section::Calendar => (SourceKind::Events, None),
            _ => match section.stage().map(transfer::transactions::stored_stage) {
                Some(stage) => (SourceKind::Transactions, Some(stage)),
                None => return Err(Error::new(Code::Unsupported, format!("{section} cannot be exported yet"))),
            },
        };
        Ok(Self { kind, reader, view: View { stage, ..view }, order })
    }

    async fn page(&self, after: Option<Cursor>) -> Result<PageOfRecords> {
        let request = PageRequest::first(PAGE, after);
        match self.kind {
            SourceKind::People => self.people(&request).await,
            SourceKind::Transactions => self.transactions(&request).await,
            SourceKind::Events => self.events(&request).await,
        }
    }

    async fn people(&self, request: &PageRequest) -> Result<PageOfRecords> {
        let page = people::list(&self.reader, &self.view, self.order, request).await?;
        let ids: Vec<_> = page.items.iter().map(|person| person.id).collect();
        let mut categories = categories::of_items(&self.reader, &ids).await?;
        let last = page.items.last().filter(|_| page.more);
        let next = last.map(|last| last.cursor(self.order.key));
        let record = |person: &people::Person| {
            let categories = categories.remove(&person.id).unwrap_or_default();
            Record::Person(Box::new(transfer::people::record(person, categories)))
        };
        Ok((page.items.iter().map(record).collect(), next))
    }

    async fn transactions(&self, request: &PageRequest) -> Result<PageOfRecords> {
        let page = transactions::list(&self.reader, &self.view, self.order, request).await?;
        let ids: Vec<_> = page.items.iter().map(|transaction| transaction.id).collect();
        let mut categories = categories::of_items(&self.reader, &ids).await?;
        let mut people_ids: Vec<_> = page.items.iter().map(|transaction| transaction.person_id).collect();
        people_ids.sort_unstable();
        people_ids.dedup();
        let people: HashMap<_, _> = people::of_transactions(&self.reader, &people_ids)
            .await?
            .into_iter()
            .map(|person| (person.id, person))
            .collect();
        let last = page.items.last().filter(|_| page.more);
        let next = last.map(|last| last.cursor(self.order.key));
        let records = page.items.into_iter().map(|transaction| {
            let person = people.get(&transaction.person_id);
            let person = person.ok_or_else(|| Error::internal("a transaction without its person"))?;
            let categories = categories.remove(&transaction.id).unwrap_or_default();
            let record = transfer::transactions::record(transaction, person, categories);
            Ok(Record::Transaction(Box::new(record)))
        });
        Ok((records.collect::<Result<_>>()?, next))
    }

    async fn events(&self, request: &PageRequest) -> Result<PageOfRecords> {
        let page = events::list(&self.reader, &self.view, None, self.order, request).await?;
        let ids: Vec<_> = page.items.iter().map(|event| event.id).collect();
        let mut categories = categories::of_items(&self.reader, &ids).await?;
        let mut subjects = associations::subjects_of(&self.reader, &ids).await?;
        let names = self.names(subjects.values().flatten().copied()).await?;
        let owners: BTreeSet<_> = page.items.iter().filter_map(|event| event.owner_id).collect();
        let owners = users::by_ids(&self.reader, &owners.into_iter().collect::<Vec<_>>()).await?;
        let owners: HashMap<_, _> = owners.into_iter().map(|user| (user.id, user.email)).collect();
        let templates: BTreeSet<_> = page.items.iter().filter_map(|event| event.email_template_id).collect();
        let templates = email_templates::by_ids(&self.reader, &templates.into_iter().collect::<Vec<_>>()).await?;
        let templates: HashMap<_, _> = templates.into_iter().map(|template| (template.id, template.name)).collect();
        let last = page.items.last().filter(|_| page.more);
        let next = last.map(|last| last.cursor(self.order.key));
        let record = |event: events::Event| {
            let around = transfer::events::Around {
                categories: categories.remove(&event.id).unwrap_or_default(),
                associations: subjects
                    .remove(&event.id)
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|subject| names.get(&subject.id).cloned())
                    .collect(),
                owner: event.owner_id.and_then(|owner| owners.get(&owner).cloned()),
                email_template: event.email_template_id.and_then(|template| templates.get(&template).cloned()),
            };
            Record::Event(Box::new(transfer::events::record(event, around)))
        };
        Ok((page.items.into_iter().map(record).collect(), next))
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

/// Reads an order as URLs and the command line write it: `name`, `created`, `updated`, with `-` for the other end first.
impl ExportRequest {
    /// The order of a text such as `-updated`. Errors: `INVALID` with the choices.
    pub fn parse_order(text: &str) -> Result<Order> {
        let (name, direction) = match text.strip_prefix('-') {
            Some(name) => (name, storage::Direction::Descending),
            None => (text, storage::Direction::Ascending),
        };
        let key = match name {
            "name" => SortKey::Name,
            "created" => SortKey::Created,
            "updated" => SortKey::Updated,
            _ => {
                let choices = "name, created or updated, with a - before it for the other end first";
                return Err(Error::invalid(format!("{text:?} is no order: write {choices}")));
            }
        };
        Ok(Order { key, direction })
    }
}
