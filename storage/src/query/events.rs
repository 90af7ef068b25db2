//! Events: reading, creating, updating, completing and deleting them.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::tz::TimeZone;
use sea_orm::sea_query::{Alias, Expr, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use crate::among;
use crate::derived::{text_of_event, timed};
use crate::entity::events;
pub use crate::entity::events::Model as Event;
use crate::error::{Error, Result};
use crate::filter::of_view;
use crate::handle::{Reader, Scope, Unit, Writer};
use crate::item::{Item, ItemKind};
use crate::outbox::{Noun, Verb};
use crate::page::{Order, Page, PageRequest};
use crate::query::{accounts, associations, categories, edits, email_templates, users};
use crate::reading::Load;
use crate::record::{self, IDS_A_STATEMENT, recorded};
use crate::text::lines;
use crate::text::{self, LINE_LIMIT};
use crate::value::{Day, Timestamp};
use crate::view::View;

/// The longest RECURRENCE-ID, in characters; those of iCalendar have 16 at most.
const RECURRENCE_ID_LIMIT: usize = 64;

/// What makes an event.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// What it is; its owner is the user who makes it where it names none.
    pub details: Details,
    /// The names of its categories; those that are not there are made.
    pub categories: Vec<String>,
    /// The people and transactions that it belongs to.
    pub associations: Vec<Item>,
}

/// A change of an event.
#[derive(Clone, Debug)]
pub struct EventEdit {
    /// Which one it changes.
    pub id: Uuid,
    /// The version that the caller saw, where it wants a conflict if it is stale.
    pub version: Option<i64>,
    /// The categories that it shall be in, or `None` to leave them.
    pub categories: Option<Vec<String>>,
    /// The people and transactions that it shall belong to, or `None` to leave them.
    pub associations: Option<Vec<Item>>,
}

/// An event that was changed.
#[derive(Clone, Debug)]
pub struct Updated {
    /// The event.
    pub event: Event,
    /// Whether it was the first of a series and is so no longer, because it is at another time now.
    pub has_lost_rule: bool,
}

/// What an event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// What happens.
    pub title: String,
    /// When.
    pub when: When,
    /// Where.
    pub location: Option<String>,
    /// More about it.
    pub description: Option<String>,
    /// Whether it is done.
    pub progress: Progress,
    /// The user whom it is for.
    pub owner: Option<Uuid>,
    /// The mail that goes with it.
    pub email_template: Option<Uuid>,
    /// What the calendar says of it from which it comes.
    pub source: Source,
}

/// What the calendar from which an event comes says of it; empty for an event that was made here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// What it is called there: its UID.
    pub uid: Option<String>,
    /// Which version of it that was: its SEQUENCE.
    pub sequence: Option<i64>,
    /// Of one of a series that was changed: when it would have been, as iCalendar writes it.
    pub recurrence_id: Option<String>,
    /// The rule of a series of which the event is the first that takes place: lines of iCalendar, whose reader is who writes them.
    pub recurrence: Option<String>,
}

/// When an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// All day, or on several days.
    Day {
        /// The first day.
        first: Day,
        /// The last day, where the event has an end.
        last: Option<Day>,
    },
    /// At a time.
    Time {
        /// When it begins.
        start: Timestamp,
        /// When it ends, where it has an end.
        end: Option<Timestamp>,
    },
}

/// When an event is, as clients and files write it; [`When`] reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Times {
    pub starts_on: Option<Day>,
    pub ends_on: Option<Day>,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
}

/// Whether an event is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Progress {
    /// It is still to be done.
    #[default]
    Open,
    /// It is done.
    Complete,
}

recorded!(events, "event", by SortKey sort_key, keeps CreatedBy);

/// Errors: [`Error::Invalid`] where it has not exactly one beginning, or an end of the other sort or before it.
impl TryFrom<Times> for When {
    type Error = Error;

    fn try_from(times: Times) -> Result<Self> {
        let Times { starts_on, ends_on, starts_at, ends_at } = times;
        let when = match (starts_on, starts_at) {
            (Some(first), None) => Self::Day { first, last: ends_on },
            (None, Some(start)) => Self::Time { start, end: ends_at },
            (Some(_), Some(_)) => return Err(Error::invalid("startsAt", "give either startsOn or startsAt, not both")),
            (None, None) => return Err(Error::invalid("startsOn", "an event needs startsOn or startsAt")),
        };
        match when {
            Self::Day { .. } if ends_at.is_some() => {
                Err(Error::invalid("endsAt", "an event on a day ends on a day: give endsOn, not endsAt"))
            }
            Self::Time { .. } if ends_on.is_some() => {
                Err(Error::invalid("endsOn", "an event at a time ends at a time: give endsAt, not endsOn"))
            }
            when => when.checked(),
        }
    }
}

impl From<When> for Times {
    fn from(when: When) -> Self {
        match when {
            When::Day { first, last } => Self { starts_on: Some(first), ends_on: last, ..Self::default() },
            When::Time { start, end } => Self { starts_at: Some(start), ends_at: end, ..Self::default() },
        }
    }
}

impl When {
    /// Errors: [`Error::Invalid`] for an end before the beginning, or a moment before the year 1, which no day precedes.
    pub(crate) fn checked(self) -> Result<Self> {
        match self {
            Self::Day { first, last: Some(last) } if last < first => {
                Err(Error::invalid("endsOn", format!("the event ends on {last}, before it begins on {first}")))
            }
            Self::Time { start, end: Some(end) } if end < start => {
                let (start, end) = (jiff::Timestamp::from(start), jiff::Timestamp::from(end));
                Err(Error::invalid("endsAt", format!("the event ends at {end}, before it begins at {start}")))
            }
            Self::Time { start, .. } if start.in_zone(TimeZone::UTC).year() < 1 => {
                Err(Error::invalid("startsAt", "an event cannot begin before the year 1"))
            }
            when => Ok(when),
        }
    }
}

impl Details {
    /// The details as they may be stored. Errors: [`Error::Invalid`] without a title, for a text over its limit and for
    /// an end before the beginning.
    pub fn cleaned(self) -> Result<Self> {
        let Self { title, when, location, description, progress, owner, email_template, source } = self;
        let title = text::line("title", Some(title), LINE_LIMIT)?;
        Ok(Self {
            title: title.ok_or_else(|| Error::invalid("title", "an event needs a title"))?,
            when: when.checked()?,
            location: text::line("location", location, LINE_LIMIT)?,
            description: text::block("description", description)?,
            progress,
            owner,
            email_template,
            source: source.cleaned()?,
        })
    }
}

impl Source {
    /// What may be stored. Errors: [`Error::Invalid`] for a text over its limit.
    fn cleaned(self) -> Result<Self> {
        let Self { uid, sequence, recurrence_id, recurrence } = self;
        Ok(Self {
            uid: text::line("sourceUid", uid, LINE_LIMIT)?,
            sequence,
            recurrence_id: text::line("recurrenceId", recurrence_id, RECURRENCE_ID_LIMIT)?,
            recurrence: text::block("recurrence", recurrence)?,
        })
    }
}

impl Event {
    /// What it is.
    pub fn details(&self) -> Details {
        Details {
            title: self.title.clone(),
            when: self.when(),
            location: self.location.clone(),
            description: self.description.clone(),
            progress: if self.completed_at.is_some() { Progress::Complete } else { Progress::Open },
            owner: self.owner_id,
            email_template: self.email_template_id,
            source: Source {
                uid: self.source_uid.clone(),
                sequence: self.source_sequence,
                recurrence_id: self.recurrence_id.clone(),
                recurrence: self.recurrence.clone(),
            },
        }
    }

    /// When it is.
    pub fn when(&self) -> When {
        match self.starts_at {
            Some(start) => When::Time { start, end: self.ends_at },
            None => When::Day { first: self.starts_on, last: self.ends_on },
        }
    }
}

/// A page of the events of a view, done or not where it matters.
///
/// Errors: as [`crate::query::people::list`].
pub async fn list(
    reader: &Reader,
    view: &View,
    progress: Option<Progress>,
    order: Order,
    request: &PageRequest,
) -> Result<Page<Event>> {
    let scope = reader.scope_for(Load::of(view));
    record::listed(&scope, in_view(&scope, view, progress).await?, order, request).await
}

/// How many events a view holds.
pub async fn count(reader: &Reader, view: &View, progress: Option<Progress>) -> Result<u64> {
    let scope = reader.scope_for(Load::of_count(view));
    super::count(&scope, in_view(&scope, view, progress).await?).await
}

/// The events with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Event>> {
    record::by_ids::<events::Entity>(&reader.scope(), ids).await
}

/// A page of the events in a view of each of these people and transactions, read by one statement. A person's are also
/// those of their transactions, each once.
pub async fn of_subjects(
    reader: &Reader,
    subjects: &[Uuid],
    view: &View,
    progress: Option<Progress>,
    order: Order,
    request: &PageRequest,
) -> Result<HashMap<Uuid, Page<Event>>> {
    let scope = reader.scope_for(Load::of_pages(subjects.len(), request));
    let query = in_view(&scope, view, progress).await?;
    associations::children(&scope, query, subjects, order, request).await
}

/// The ids of the live series with these UIDs; of several with one the oldest.
pub async fn series_of(reader: &Reader, uids: &[&str]) -> Result<HashMap<String, Uuid>> {
    use events::Column::{RecurrenceId, SourceUid};
    let scope = reader.scope();
    let mut found = HashMap::new();
    for uids in uids.chunks(IDS_A_STATEMENT) {
        let query = record::live::<events::Entity>(&scope).filter(among::texts(&scope, SourceUid, uids));
        let query = query.filter(RecurrenceId.is_null()).select_only().columns([SourceUid, events::Column::Id]);
        for (uid, id) in query.into_tuple::<(String, Uuid)>().all(&scope.on).await? {
            found.entry(uid).and_modify(|known: &mut Uuid| *known = id.min(*known)).or_insert(id);
        }
    }
    Ok(found)
}

/// Which of these series' ones that were changed are not among the events of a view, by the UID of their series: they were deleted here, or
/// the view leaves them out. Each is called as its `recurrence_id` says.
pub async fn left_out(reader: &Reader, view: &View, uids: &[&str]) -> Result<HashMap<String, Vec<String>>> {
    use events::Column::{RecurrenceId, SourceUid};
    let scope = reader.scope();
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for uids in uids.chunks(IDS_A_STATEMENT) {
        let changed = changed_ones(&scope, uids).await?;
        if changed.is_empty() {
            continue;
        }
        let query = in_view(&scope, view, None).await?.filter(among::texts(&scope, SourceUid, uids));
        let query = query.filter(RecurrenceId.is_not_null()).select_only().columns([SourceUid, RecurrenceId]);
        let shown: HashSet<(String, String)> = query.into_tuple().all(&scope.on).await?.into_iter().collect();
        for one in changed.into_iter().filter(|one| !shown.contains(one)) {
            let (uid, one) = one;
            found.entry(uid).or_default().push(one);
        }
    }
    Ok(found)
}

/// The UID and the RECURRENCE-ID of each of these series' ones that were changed: those that are there and those that somebody has deleted,
/// but not those that have gone with an import that was undone.
pub(crate) async fn changed_ones(scope: &Scope<'_>, uids: &[&str]) -> Result<BTreeSet<(String, String)>> {
    use events::Column::{AccountId, DeletedAt, Id, RecurrenceId, SourceUid};
    use sea_orm::sea_query::ExprTrait as _;
    let undone = Alias::new("undone_records");
    let is_undone = Query::select()
        .expr(Expr::val(1))
        .from(undone.clone())
        .and_where(Expr::col((undone.clone(), Alias::new("account_id"))).eq(scope.account))
        .and_where(Expr::col((undone, Alias::new("record_id"))).equals((events::Entity, Id)))
        .to_owned();
    let mut found = BTreeSet::new();
    for uids in uids.chunks(IDS_A_STATEMENT) {
        let query = events::Entity::find()
            .filter(AccountId.eq(scope.account))
            .filter(among::texts(scope, SourceUid, uids))
            .filter(RecurrenceId.is_not_null())
            .filter(DeletedAt.is_null().or(Expr::not_exists(is_undone.clone())))
            .select_only()
            .columns([SourceUid, RecurrenceId]);
        found.extend(query.into_tuple::<(String, String)>().all(&scope.on).await?);
    }
    Ok(found)
}

/// Makes an event.
///
/// Errors: [`Error::NotFound`] for an association, an owner or a template that is not there, [`Error::Invalid`].
pub async fn create(writer: &Writer, new: NewEvent) -> Result<Event> {
    let new = &new;
    writer.write(|unit| async move { create_in(&unit, new.clone()).await }).await
}

/// Changes an event: `edit` gets the details as they are. A series whose first is moved is none any more: its rule speaks of another
/// time.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale, [`Error::Invalid`], those of `edit`.
pub async fn update(
    writer: &Writer,
    change: EventEdit,
    edit: impl Fn(&mut Details) -> Result<()> + Sync,
) -> Result<Updated> {
    let (change, edit) = (&change, &edit);
    writer
        .write(|unit| async move {
            let EventEdit { id, version, categories, associations } = change;
            let subjects = associations.as_deref();
            // The subjects before the item, as whoever renames them takes their locks in that order.
            let names = match subjects {
                Some(subjects) => Some(associations::hold(&unit, subjects).await?),
                None => None,
            };
            // Likewise the account, whose time zone may be changing.
            let zone = accounts::zone(&unit).await?;
            let event = record::for_change::<events::Entity>(&unit, *id, *version).await?;
            let mut details = event.details();
            edit(&mut details)?;
            let has_lost_rule = details.when != event.when() && details.source.recurrence.take().is_some();
            if let Some(subjects) = subjects {
                associations::set(&unit, ItemKind::Event.item(*id), subjects).await?;
            }
            let before = edits::of_event(&event);
            let event = changed(&unit, event, details.cleaned()?, names, &zone).await?;
            record::write::<events::Entity>(&unit, vec![event.clone()]).await?;
            edits::note_differences(&unit, *id, event.version, &before, &edits::of_event(&event)).await?;
            if let Some(names) = categories {
                categories::set(&unit, ItemKind::Event.item(*id), names).await?;
            }
            unit.publish(Noun::Event, Verb::Updated, *id).await?;
            Ok(Updated { event, has_lost_rule })
        })
        .await
}

/// Says that an event is done, or that it is not. What it is already stays, with the moment since when.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale.
pub async fn complete(writer: &Writer, id: Uuid, progress: Progress, version: Option<i64>) -> Result<Event> {
    writer
        .write(|unit| async move {
            let event = record::for_change::<events::Entity>(&unit, id, version).await?;
            let now = unit.after(event.updated_at);
            let completed_at = since(progress, event.completed_at, now);
            if completed_at == event.completed_at {
                return Ok(event);
            }
            let event = Event { completed_at, version: event.version + 1, updated_at: now, ..event };
            record::write::<events::Entity>(&unit, vec![event.clone()]).await?;
            edits::note(&unit, id, event.version, vec!["completedAt".to_owned()]).await?;
            unit.publish(Noun::Event, Verb::Updated, id).await?;
            Ok(event)
        })
        .await
}

/// Puts an event into the trash.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale.
pub async fn delete(writer: &Writer, id: Uuid, version: Option<i64>) -> Result<Uuid> {
    writer
        .write(|unit| async move {
            record::trash::<events::Entity>(&unit, id, version).await?;
            unit.publish(Noun::Event, Verb::Deleted, id).await?;
            Ok(id)
        })
        .await
}

/// Makes an event within a unit of work. Errors: as [`create`].
pub(crate) async fn create_in(unit: &Unit, new: NewEvent) -> Result<Event> {
    let NewEvent { details, categories, associations } = new;
    let blank = blank(unit);
    let details = Details { owner: details.owner.or(unit.user()), ..details.cleaned()? };
    let names = associations::hold(unit, &associations).await?;
    let zone = accounts::zone(unit).await?;
    let event = changed(unit, blank, details, Some(names), &zone).await?;
    let item = ItemKind::Event.item(event.id);
    record::write::<events::Entity>(unit, vec![event.clone()]).await?;
    associations::set(unit, item, &associations).await?;
    categories::set(unit, item, &categories).await?;
    unit.publish(Noun::Event, Verb::Created, event.id).await?;
    Ok(event)
}

/// The row of a new event that has the names of what it belongs to; it is not inserted. The details are cleaned, and that
/// owner and template are there is the caller's to check.
pub(crate) fn new_row(unit: &Unit, details: Details, names_text: String, zone: &TimeZone) -> Event {
    filled(unit, blank(unit), details, Some(names_text), zone)
}

/// The key by which events are ordered and an import finds them: the day, and the time of a timed event.
pub(crate) fn key(when: When, zone: &TimeZone) -> String {
    match when {
        When::Day { first, .. } => first.to_string(),
        When::Time { start, .. } => timed(start, zone).1,
    }
}

/// An event with other details that it had before, at the next version; nothing is written.
pub(crate) fn refilled(unit: &Unit, event: Event, details: Details, zone: &TimeZone) -> Event {
    filled(unit, event, details, None, zone)
}

/// Inserts events within a unit of work, with what they belong to and the ids of their categories; what belongs to
/// `names_text`, and that all of it is there, the caller has seen to.
pub(crate) async fn insert(unit: &Unit, events: Vec<Event>, pairs: &[(Item, Item)], categories: &[Uuid]) -> Result<()> {
    let in_categories: Vec<_> =
        events.iter().flat_map(|event| categories.iter().map(|category| (event.id, *category))).collect();
    record::write::<events::Entity>(unit, events).await?;
    associations::add(unit, pairs).await?;
    categories::add(unit, ItemKind::Event, &in_categories).await
}

/// An event with other, cleaned details and perhaps other names, at the next version; nothing is written.
///
/// Errors: [`Error::NotFound`] for an owner or a template that it has not had before and that is not there.
async fn changed(
    unit: &Unit,
    event: Event,
    details: Details,
    names_text: Option<String>,
    zone: &TimeZone,
) -> Result<Event> {
    if let Some(owner) = details.owner.filter(|owner| Some(*owner) != event.owner_id) {
        users::check(unit, &[owner]).await?;
    }
    if let Some(template) = details.email_template.filter(|template| Some(*template) != event.email_template_id) {
        email_templates::hold(unit, &[template]).await?;
    }
    Ok(filled(unit, event, details, names_text, zone))
}

/// An event with other, cleaned and checked details, at the next version.
fn filled(unit: &Unit, event: Event, details: Details, names_text: Option<String>, zone: &TimeZone) -> Event {
    let Details { title, when, location, description, progress, owner, email_template, source } = details;
    let Source { uid: source_uid, sequence: source_sequence, recurrence_id, recurrence } = source;
    let Times { ends_on, starts_at, ends_at, .. } = when.into();
    let (starts_on, sort_key) = match when {
        When::Day { first, .. } => (first, first.to_string()),
        When::Time { start, .. } => timed(start, zone),
    };
    let event = Event {
        title,
        starts_on,
        ends_on,
        starts_at,
        ends_at,
        location,
        description,
        completed_at: since(progress, event.completed_at, unit.after(event.updated_at)),
        owner_id: owner,
        email_template_id: email_template,
        source_uid,
        source_sequence,
        recurrence_id,
        recurrence,
        sort_key,
        names_text: names_text.unwrap_or(event.names_text),
        version: event.version + 1,
        updated_at: unit.after(event.updated_at),
        ..event
    };
    Event { search_text: lines([&text_of_event(&event), &event.names_text]), ..event }
}

/// An event that says nothing, at version 0.
fn blank(unit: &Unit) -> Event {
    Event {
        account_id: unit.account,
        id: Uuid::now_v7(),
        title: String::new(),
        starts_on: Day::default(),
        ends_on: None,
        starts_at: None,
        ends_at: None,
        location: None,
        description: None,
        completed_at: None,
        owner_id: None,
        email_template_id: None,
        source_uid: None,
        source_sequence: None,
        recurrence_id: None,
        recurrence: None,
        sort_key: String::new(),
        names_text: String::new(),
        search_text: String::new(),
        created_by: unit.user(),
        version: 0,
        created_at: unit.now,
        updated_at: unit.now,
        deleted_at: None,
    }
}

/// Since when an event is done that was done since `before`.
fn since(progress: Progress, before: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    match progress {
        Progress::Open => None,
        Progress::Complete => before.or(Some(now)),
    }
}

pub(crate) async fn in_view(
    scope: &Scope<'_>,
    view: &View,
    progress: Option<Progress>,
) -> Result<Select<events::Entity>> {
    let query = of_view::<events::Entity>(scope, view).await?;
    let completed_at = events::Column::CompletedAt;
    Ok(match progress {
        None => query,
        Some(Progress::Open) => query.filter(completed_at.is_null()),
        Some(Progress::Complete) => query.filter(completed_at.is_not_null()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derived::zone_changed;
    use crate::handle::Actor;
    use crate::page::SortKey;
    use crate::query::accounts::NewAccount;
    use crate::query::users::{NewUser, Role};
    use crate::{Pool, Storage};

    #[tokio::test]
    async fn another_time_zone_gives_timed_events_other_days_and_leaves_the_rest() {
        let storage = Storage::connect("sqlite::memory:", Pool::default()).await.expect("a database");
        storage.migrate().await.expect("it is empty");
        let now = Timestamp::from_microseconds(1_779_710_400_000_000);
        let account =
            NewAccount { subdomain: "acme".into(), name: "Acme".into(), time_zone: "America/Los_Angeles".into() };
        let admin = NewUser {
            email: "a@b.example".into(),
            name: String::new(),
            role: Role::Admin,
            password_hash: String::new(),
        };
        let (account, _) = accounts::create(&storage, account, admin, now).await.expect("an account");
        let writer = storage.writer(account.account_id, Actor::System, now);
        let day: Day = "2026-05-25".parse().expect("a day");
        // More than one batch of timed events, in the evening of the 25th in Los Angeles.
        let start = Timestamp::from_microseconds(now.microseconds() + 15 * 3_600 * 1_000_000);
        let unit = writer.begin().await.expect("a unit");
        for number in 0..=IDS_A_STATEMENT {
            let when = if number == 0 { When::Day { first: day, last: None } } else { When::Time { start, end: None } };
            let details = Details {
                title: number.to_string(),
                when,
                location: None,
                description: None,
                progress: Progress::Open,
                owner: None,
                email_template: None,
                source: Source::default(),
            };
            let new = NewEvent { details, categories: Vec::new(), associations: Vec::new() };
            create_in(&unit, new).await.expect("an event");
        }
        unit.commit().await.expect("they are written");
        let reader = storage.reader(account.account_id);
        let ends = async || {
            let order = Order { key: SortKey::Name, direction: crate::page::Direction::Ascending };
            let one = |from_end| PageRequest { from_end, ..PageRequest::first(1, None) };
            let first = super::list(&reader, &View::default(), None, order, &one(false)).await.expect("a page");
            let last = super::list(&reader, &View::default(), None, order, &one(true)).await.expect("a page");
            (first.items[0].clone(), last.items[0].clone())
        };
        let (first, last) = ends().await;
        assert_eq!((&*first.sort_key, &*last.sort_key, last.starts_on), ("2026-05-25", "2026-05-25T20:00:00", day));
        let berlin = TimeZone::get("Europe/Berlin").expect("a time zone");
        let unit = writer.begin().await.expect("a unit");
        zone_changed(&unit, &berlin).await.expect("they are renewed");
        unit.commit().await.expect("they are written");
        let (first, last) = ends().await;
        assert_eq!(
            (&*first.sort_key, &*last.sort_key, last.starts_on),
            ("2026-05-25", "2026-05-26T05:00:00", day.next())
        );
        assert_eq!((last.version, last.updated_at), (1, now), "they count as unchanged");
        let old = View { to: Some(day), ..View::default() };
        assert_eq!(count(&reader, &old, None).await.expect("a count"), 1, "none of them was forgotten");
    }
}
