//! Firing an event template: making its events for one record or for all records of a view, as one unit of work.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::entity::{people, transactions};
use crate::error::{Error, Result};
use crate::filter::{Viewed, of_view};
use crate::handle::{Reader, Rows, Scope, Unit, Viewer, Writer};
use crate::item::{Item, ItemKind};
use crate::outbox::{Noun, Verb};
use crate::page::SortKey;
use crate::query::event_templates::{self, TemplateItem, at_item};
use crate::query::events::{self, Details, Event, Progress, Source, When};
use crate::query::{accounts, categories, users};
use crate::record::live;
use crate::schedule::{Moment, moment};
use crate::value::{Day, Timestamp};
use crate::view::View;

/// On how many records a template is fired at once.
const RECORDS_LIMIT: usize = 10_000;
/// How many events a firing makes.
const EVENTS_LIMIT: usize = 100_000;
/// How much text the events of a firing hold together, in bytes.
const TEXT_LIMIT: usize = 256 << 20;
/// How many events are written at a time.
const BATCH: usize = 1_400;
/// How many bytes of text are written at a time.
const BATCH_TEXT: usize = 8 << 20;
/// How many of its events a firing shows.
pub const SHOWN_EVENTS: usize = 100;
/// How many of the records a preview shows.
pub const SHOWN_RECORDS: usize = 20;

/// An event template, what to fire it on, and what its events bear.
#[derive(Clone, Debug)]
pub struct Firing {
    /// The event template.
    pub template: Uuid,
    /// What it is fired on.
    pub on: Target,
    /// From which day its dates count.
    pub start: Start,
    /// How many records the caller means; a view needs it, as it may have grown since the caller looked.
    pub expected: Option<u64>,
    /// Whom the events are for; the user who fires where it is empty.
    pub owner: Option<Uuid>,
    /// The names of the categories of the events; those that are not there are made.
    pub categories: Vec<String>,
}

impl Firing {
    /// Fires a template on a record that was just made, for the user who made it.
    pub(crate) fn of_new(template: Uuid, on: Target) -> Self {
        Self { template, on, start: Start::Today, expected: None, owner: None, categories: Vec::new() }
    }
}

/// What a template is fired on.
#[derive(Clone, Debug)]
pub enum Target {
    /// A person.
    Person(Uuid),
    /// A transaction.
    Transaction(Uuid),
    /// The people of a view.
    People(View),
    /// The transactions of a view.
    Transactions(View),
}

/// The day from which the dates of a template count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Today, in the time zone of the account.
    Today,
    /// This day.
    On(Day),
    /// The day on which each record was made, in the time zone of the account.
    Creation,
}

/// What a firing has made.
#[derive(Clone, Debug)]
pub struct Fired {
    /// On how many records.
    pub records: usize,
    /// How many events.
    pub events: usize,
    /// The first 100 events: record by record, each with its events in the order of the template.
    pub first: Vec<Event>,
}

/// What a firing would make.
#[derive(Clone, Debug)]
pub struct Preview {
    /// On how many records.
    pub records: usize,
    /// How many events.
    pub events: usize,
    /// The items of the template.
    pub items: Vec<TemplateItem>,
    /// The first 20 records, by name.
    pub first: Vec<PreviewedRecord>,
}

/// When a record would get its events.
#[derive(Clone, Debug)]
pub struct PreviewedRecord {
    /// The person or the transaction.
    pub item: Item,
    /// The day from which the dates count.
    pub start: Day,
    /// When each event of the template would be.
    pub events: Vec<PlannedTime>,
}

/// When an event would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedTime {
    /// Its day in the time zone of the account.
    pub day: Day,
    /// When it begins; all day where it is empty.
    pub at: Option<Timestamp>,
}

/// Makes the events of a template, associated with the records that it is fired on.
///
/// Errors: [`Error::NotFound`] for a template, a record, a user or a part of the view that is not there,
/// [`Error::Conflict`] where the view holds another number of records than expected, [`Error::Limited`] beyond 10,000
/// records or 100,000 events, [`Error::Invalid`] for a date that no calendar has.
pub async fn fire(writer: &Writer, firing: &Firing) -> Result<Fired> {
    let is_view = matches!(firing.on, Target::People(_) | Target::Transactions(_));
    if is_view && firing.expected.is_none() {
        let reason = "a view needs expectedCount, the number of its records that you have seen: a preview tells it";
        return Err(Error::invalid("expectedCount", reason));
    }
    writer
        .write(|unit| async move {
            unit.take_time().await?;
            fire_in(&unit, firing).await
        })
        .await
}

/// What [`fire`] would make now. Errors: as [`fire`].
pub async fn preview(reader: &Reader, firing: &Firing, now: Timestamp) -> Result<Preview> {
    let mut scope = reader.scope();
    let plan = Plan::make(&mut scope, firing, now).await?;
    let shown = plan.records.iter().take(SHOWN_RECORDS).map(|record| PreviewedRecord {
        item: record.item,
        start: Day(record.start),
        events: plan.times(record).iter().map(|when| planned(*when, &scope.viewer.zone)).collect(),
    });
    let first = shown.collect();
    Ok(Preview { records: plan.records.len(), events: plan.events(), items: plan.items, first })
}

/// Fires within a unit of work. Errors: as [`fire`].
pub(crate) async fn fire_in(unit: &Unit, firing: &Firing) -> Result<Fired> {
    let zone = accounts::zone(unit).await?;
    let viewer = Cow::Owned(Viewer { user: unit.user(), zone: zone.clone() });
    // Nobody changes the template or renames a record until the events are there.
    let mut scope = Scope { rows: Rows::Shared, viewer, ..unit.scope() };
    let plan = Plan::make(&mut scope, firing, unit.now).await?;
    if let Some(owner) = firing.owner {
        users::check(unit, &[owner]).await?;
    }
    categories::check_count(&firing.categories)?;
    check_memberships(plan.events(), firing.categories.len())?;
    let categories = categories::ensure(unit, firing.categories.iter().map(String::as_str)).await?;
    let categories: Vec<_> = categories.into_values().collect();
    let mut first = Vec::new();
    for records in plan.records.chunks(plan.records_at_once()) {
        let (mut made, mut pairs) = (Vec::new(), Vec::new());
        for record in records {
            for (item, when) in plan.items.iter().zip(plan.times(record)) {
                let details = details(item, *when, firing.owner.or(unit.user()));
                let event = events::new_row(unit, details, record.name.clone(), &zone);
                pairs.push((ItemKind::Event.item(event.id), record.item));
                made.push(event);
            }
        }
        first.extend(made.iter().take(SHOWN_EVENTS - first.len()).cloned());
        events::insert(unit, made, &pairs, &categories).await?;
    }
    unit.renew_statistics_of_events(plan.events() as u64).await?;
    if plan.events() > 0 {
        unit.publish(Noun::EventTemplate, Verb::Applied, firing.template).await?;
    }
    Ok(Fired { records: plan.records.len(), events: plan.events(), first })
}

/// The records and items of a firing, and when the events are.
struct Plan {
    records: Vec<Record>,
    items: Vec<TemplateItem>,
    /// When the events of the items are, by the day from which they count.
    times: HashMap<Date, Vec<When>>,
}

/// A record that a template is fired on.
struct Record {
    item: Item,
    /// Its folded name, which its events keep.
    name: String,
    start: Date,
}

impl Plan {
    /// For how many records events are written at a time, at least one.
    fn records_at_once(&self) -> usize {
        let text: usize = self.items.iter().map(size).sum();
        let (by_events, by_text) = (BATCH / self.items.len().max(1), BATCH_TEXT / text.max(1));
        by_events.min(by_text).max(1)
    }

    async fn make(scope: &mut Scope<'_>, firing: &Firing, now: Timestamp) -> Result<Self> {
        let zone = scope.viewer.zone.clone();
        let items = event_templates::items_for_firing(scope, firing.template).await?;
        let records = match &firing.on {
            Target::Person(id) => one::<people::Entity>(scope, *id).await?,
            Target::Transaction(id) => one::<transactions::Entity>(scope, *id).await?,
            Target::People(view) => of_section::<people::Entity>(scope, view, firing.expected).await?,
            Target::Transactions(view) => of_section::<transactions::Entity>(scope, view, firing.expected).await?,
        };
        check_expected(firing.expected, records.len() as u64)?;
        check_size(&records, &items)?;
        let start = |created: Timestamp| match firing.start {
            Start::Today => now.in_zone(zone.clone()).date(),
            Start::On(day) => day.0,
            Start::Creation => created.in_zone(zone.clone()).date(),
        };
        let kind = firing.on.kind();
        let records: Vec<_> = records
            .into_iter()
            .map(|(id, name, created)| Record { item: kind.item(id), name, start: start(created) })
            .collect();
        let mut times = HashMap::new();
        for record in &records {
            if let Entry::Vacant(day) = times.entry(record.start) {
                day.insert(times_of(&items, record.start, &zone)?);
            }
        }
        Ok(Self { records, items, times })
    }

    /// When the events of a record are, item by item.
    fn times(&self, record: &Record) -> &[When] {
        self.times.get(&record.start).map(Vec::as_slice).unwrap_or_default()
    }

    fn events(&self) -> usize {
        self.records.len() * self.items.len()
    }
}

impl Target {
    fn kind(&self) -> ItemKind {
        match self {
            Self::Person(_) | Self::People(_) => ItemKind::Person,
            Self::Transaction(_) | Self::Transactions(_) => ItemKind::Transaction,
        }
    }
}

/// Id, folded name and moment of creation of a record.
type Row = (Uuid, String, Timestamp);

async fn one<E: Viewed>(scope: &Scope<'_>, id: Uuid) -> Result<Vec<Row>> {
    let found = read(scope, live::<E>(scope).filter(E::id().eq(id))).await?;
    if found.is_empty() { Err(Error::NotFound { what: E::NOUN }) } else { Ok(found) }
}

/// The records of a view by name. Errors: [`Error::Conflict`] and [`Error::Limited`] where there are too many.
async fn of_section<E: Viewed>(scope: &mut Scope<'_>, view: &View, expected: Option<u64>) -> Result<Vec<Row>> {
    let found = read(scope, of_view::<E>(scope, view).await?).await?;
    if found.len() <= RECORDS_LIMIT {
        return Ok(found);
    }
    // To count them is no reason to hold them all.
    scope.rows = Rows::Free;
    let count = super::count(scope, of_view::<E>(scope, view).await?).await?;
    check_expected(expected, count)?;
    let reason =
        format!("the view holds {count} records, and a template is fired on {RECORDS_LIMIT} at most: narrow it");
    Err(Error::Limited { reason })
}

async fn read<E: Viewed>(scope: &Scope<'_>, query: Select<E>) -> Result<Vec<Row>> {
    let name = E::sort_column(SortKey::Name);
    let query = query.select_only().column(E::id()).column(name).column(E::sort_column(SortKey::Created));
    // One more tells that there are too many.
    let query = query.order_by_asc(name).order_by_asc(E::id()).limit(RECORDS_LIMIT as u64 + 1);
    Ok(query.into_tuple().all(&scope.on).await?)
}

fn check_expected(expected: Option<u64>, count: u64) -> Result<()> {
    match expected {
        Some(expected) if expected != count => Err(Error::Conflict {
            reason: format!("there are {count} records now, and you expected {expected}: nothing was made, look again"),
        }),
        _ => Ok(()),
    }
}

fn check_size(records: &[Row], items: &[TemplateItem]) -> Result<()> {
    let events = records.len() * items.len();
    if events > EVENTS_LIMIT {
        let reason = format!(
            "{} records with {} events each are {events} events, and {EVENTS_LIMIT} is the most at once: narrow the view",
            records.len(),
            items.len()
        );
        return Err(Error::Limited { reason });
    }
    let text = records.len() * items.iter().map(size).sum::<usize>();
    if text > TEXT_LIMIT {
        let reason = format!("the events would hold {text} bytes of text, and {TEXT_LIMIT} is the most at once");
        return Err(Error::Limited { reason });
    }
    Ok(())
}

/// Errors: [`Error::Limited`] for more rows of events in categories than a unit of work should write.
fn check_memberships(events: usize, categories: usize) -> Result<()> {
    let rows = events * categories;
    if rows <= EVENTS_LIMIT {
        return Ok(());
    }
    let reason = format!(
        "{events} events in {categories} categories each are {rows} entries, and {EVENTS_LIMIT} is the most at once: \
         narrow the view or give fewer categories"
    );
    Err(Error::Limited { reason })
}

/// The bytes of text that an event has of its item.
fn size(item: &TemplateItem) -> usize {
    [&item.location, &item.description].into_iter().flatten().map(String::len).sum::<usize>() + item.title.len()
}

pub(crate) fn times_of(items: &[TemplateItem], start: Date, zone: &TimeZone) -> Result<Vec<When>> {
    let time = |item: &TemplateItem| {
        let date = item.offset.from(start)?;
        match moment(date, item.time_of_day.map(|time| time.0), zone)? {
            Moment::Day(date) => When::Day { first: Day(date), last: None },
            Moment::At(start) => When::Time { start, end: None },
        }
        .checked()
    };
    (1..).zip(items).map(|(number, item)| time(item).map_err(|error| at_item(number, error))).collect()
}

pub(crate) fn planned(when: When, zone: &TimeZone) -> PlannedTime {
    match when {
        When::Day { first, .. } => PlannedTime { day: first, at: None },
        When::Time { start, .. } => PlannedTime { day: Day(start.in_zone(zone.clone()).date()), at: Some(start) },
    }
}

pub(crate) fn details(item: &TemplateItem, when: When, owner: Option<Uuid>) -> Details {
    let TemplateItem { offset: _, time_of_day: _, title, location, description, email_template } = item.clone();
    let source = Source::default();
    Details { title, when, location, description, progress: Progress::Open, owner, email_template, source }
}
