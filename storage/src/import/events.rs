//! A batch of events: what each row means is decided in order, then everything is written at once.
//!
//! A name in a row that nobody bears is no reason to lose the row: it becomes a line of the event's description.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sea_orm::{ColumnTrait, QueryFilter};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::batch::{Applied, Batch};
use super::decision::{Decision, Duplicate, NotTaken, Original, Outcome};
use super::fire::Fired;
use super::incoming::{Failure, FirstOfSeries, IncomingEvent, IncomingSubject, IncomingTime, RecordTimes};
use super::journal::Journal;
use super::people::folded;
use super::stored::Duplicates;
use super::telling::{
    added, associations_not_taken, event_not_taken, lines_not_taken, made_associations, made_categories, made_event,
    missing, times_not_taken,
};
use crate::among;
use crate::change::Change;
use crate::derived;
use crate::entity::import_records::RowEffect;
use crate::entity::{email_templates, events, people, transactions, users};
use crate::error::Result;
use crate::fold::fold;
use crate::handle::{Rows, Scope};
use crate::item::{Item, ItemKind};
use crate::matching::MatchedBy;
use crate::query::events::{Details, Event, Progress, Source, Times, When};
use crate::query::{categories, edits, events as event_query};
use crate::record::{self, by_ids, live};
use crate::text::lines;
use crate::text::{LINE_LIMIT, plain, trimmed};
use crate::value::{Day, Timestamp};

/// How many people and transactions an event may belong to.
const SUBJECTS_LIMIT: usize = 100;

/// A row that could be an event.
#[derive(Clone, Debug)]
pub(super) struct CheckedEvent {
    pub(super) line: u64,
    incoming: IncomingEvent,
    title: String,
    when: When,
}

impl CheckedEvent {
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// Errors: where title or times cannot be stored.
    pub(super) fn new(
        mut incoming: IncomingEvent,
        now: Timestamp,
        zone: &TimeZone,
    ) -> std::result::Result<Self, Failure> {
        categories::check_count(&incoming.categories)?;
        for name in &incoming.categories {
            categories::check_name(name)?;
        }
        if incoming.associations.len() > SUBJECTS_LIMIT {
            let count = incoming.associations.len();
            let reason = format!("{count} associations are given, and {SUBJECTS_LIMIT} is the most for one event");
            return Err(Failure { field: Some("associations".to_owned()), reason });
        }
        cut_title(&mut incoming);
        leave_out_long_uid(&mut incoming);
        let details = Details {
            title: incoming.title.clone().unwrap_or_default(),
            when: when(&incoming, now, zone)?,
            location: incoming.location.take(),
            description: incoming.description.take(),
            progress: Progress::Open,
            owner: None,
            email_template: None,
            source: std::mem::take(&mut incoming.source),
        };
        let Details { title, when, location, description, source, .. } = details.cleaned()?;
        (incoming.location, incoming.description, incoming.source) = (location, description, source);
        Ok(Self { line: incoming.line, incoming, title, when })
    }
}

/// Cuts a title that is longer than one may be; the rest goes before the description, so that no event is lost for it.
fn cut_title(incoming: &mut IncomingEvent) {
    let Some(title) = &incoming.title else { return };
    let title = trimmed(&plain(title)).to_owned();
    let Some((end, _)) = title.char_indices().nth(LINE_LIMIT) else { return };
    let (cut, rest) = title.split_at(end);
    let description = incoming.description.take().filter(|text| !text.trim().is_empty());
    incoming.description =
        Some([rest.trim_start().to_owned()].into_iter().chain(description).collect::<Vec<_>>().join("\n"));
    let note = format!("Title: cut after {LINE_LIMIT} characters; the rest stands before the description");
    add_note(incoming, note);
    incoming.title = Some(cut.to_owned());
}

/// A UID that is longer than any that can be looked for is left out: the event is then known by its title and its time.
fn leave_out_long_uid(incoming: &mut IncomingEvent) {
    let uid = incoming.source.uid.as_deref().map(|uid| uid.trim().chars().count()).unwrap_or_default();
    if uid > LINE_LIMIT {
        incoming.source.uid = None;
        add_note(incoming, format!("UID: left out, as it has {uid} characters and {LINE_LIMIT} is the most"));
    }
}

fn add_note(incoming: &mut IncomingEvent, note: String) {
    let notes = incoming.foreign_notes.take();
    incoming.foreign_notes = Some(notes.into_iter().chain([note]).collect::<Vec<_>>().join("\n"));
}

/// When the event of a row is. One without a date, such as a task, is today's.
fn when(incoming: &IncomingEvent, now: Timestamp, zone: &TimeZone) -> std::result::Result<When, Failure> {
    let moment = |field: &str, local: DateTime| {
        let time = local.to_zoned(zone.clone()).map_err(|error| Failure {
            field: Some(field.to_owned()),
            reason: format!("{local} is no time in the time zone of the account: {error}"),
        })?;
        Ok::<_, Failure>(Timestamp::from(time.timestamp()))
    };
    let start = incoming.start.unwrap_or_else(|| IncomingTime::Day(Day(now.in_zone(zone.clone()).date())));
    let mut times = Times::default();
    match start {
        IncomingTime::Day(day) => times.starts_on = Some(day),
        IncomingTime::Local(local) => times.starts_at = Some(moment("startsAt", local)?),
        IncomingTime::At(at) => times.starts_at = Some(at),
    }
    match incoming.end {
        None => {}
        // The end of an event that ends on the day on which it begins at a time is not known.
        Some(IncomingTime::Day(day)) if times.starts_at.is_some() => {
            let begins = times.starts_at.map(|at| at.in_zone(zone.clone()).date());
            if begins != Some(day.0) {
                times.ends_on = Some(day);
            }
        }
        Some(IncomingTime::Day(day)) => times.ends_on = Some(day),
        Some(IncomingTime::Local(local)) => times.ends_at = Some(moment("endsAt", local)?),
        Some(IncomingTime::At(at)) => times.ends_at = Some(at),
    }
    Ok(When::try_from(times)?)
}

pub(super) async fn apply<'u>(
    batch: &Batch<'u>,
    zone: &TimeZone,
    journal: Journal<'u>,
    rows: Vec<CheckedEvent>,
) -> Result<Applied<'u>> {
    let mut rows = Names::load(batch, &rows).await?.resolve(rows);
    let series = SeriesOfBatch::load(batch, zone, &rows).await?;
    series.place(&mut rows);
    let mut work = Work::load(batch, zone, journal, &rows).await?;
    let versions = Versions::of(&rows);
    let decisions = rows.iter().map(|row| versions.repeats(row).unwrap_or_else(|| work.decide(row))).collect();
    work.settle(&rows, &series).await?;
    let Work { journal, made, pairs, updated, categories, fired, .. } = work;
    event_query::insert(batch.unit, made, &pairs, &[]).await?;
    record::write::<events::Entity>(batch.unit, updated).await?;
    batch.add_categories(ItemKind::Event, &categories).await?;
    Ok(Applied { decisions, fired, journal })
}

/// What the names in the rows of a batch mean.
struct Names {
    /// Live people and transactions by id, with their folded names.
    items: HashMap<Uuid, String>,
    /// People by e-mail address, by display name and by name; several have none.
    by_email: HashMap<String, Option<Uuid>>,
    by_display: HashMap<String, Option<Uuid>>,
    by_name: HashMap<String, Option<Uuid>>,
    users: HashMap<String, Uuid>,
    templates: HashMap<String, Uuid>,
}

/// A row whose names are resolved.
struct Resolved {
    number: u64,
    id: Option<Uuid>,
    details: Details,
    /// Which of the details the row says.
    said: Said,
    subjects: BTreeSet<Item>,
    names: String,
    /// The same as the row has them.
    associations: String,
    categories: Vec<String>,
    /// The description of an event that the row creates.
    created_description: Option<String>,
    stamp: Option<Timestamp>,
    times: RecordTimes,
}

/// What a row says beside its title.
struct Said {
    start: bool,
    end: bool,
    progress: bool,
}

/// By what a calendar knows an event: its UID, and which of a series it is.
type SourceKey = (String, Option<String>);

fn source_key(source: &Source) -> Option<SourceKey> {
    Some((source.uid.clone()?, source.recurrence_id.clone()))
}

impl Resolved {
    /// What tells the row's event from others of the file: the id that the row gives, else what its calendar calls it.
    fn given(&self) -> Option<Uuid> {
        self.id.or_else(|| {
            let key = source_key(&self.details.source)?;
            let digest = Sha256::digest(format!("{key:?}"));
            Some(uuid::Builder::from_custom_bytes(digest[..16].try_into().ok()?).into_uuid())
        })
    }
}

/// Of the rows of a batch that are versions of one event, the one that counts: of the highest SEQUENCE, else the latest, else the first.
struct Versions(HashMap<SourceKey, u64>);

impl Versions {
    fn of(rows: &[Resolved]) -> Self {
        let mut best: HashMap<SourceKey, &Resolved> = HashMap::new();
        let age = |row: &Resolved| (row.details.source.sequence.unwrap_or_default(), row.stamp);
        for row in rows.iter().filter(|row| row.id.is_none()) {
            let Some(key) = source_key(&row.details.source) else { continue };
            best.entry(key).and_modify(|best| *best = if age(row) > age(best) { row } else { *best }).or_insert(row);
        }
        Self(best.into_iter().map(|(key, row)| (key, row.number)).collect())
    }

    /// What becomes of a row of which another version counts.
    fn repeats(&self, row: &Resolved) -> Option<Decision> {
        let key = source_key(&row.details.source).filter(|_| row.id.is_none())?;
        let of = *self.0.get(&key).filter(|best| **best != row.number)?;
        let duplicate = Duplicate { by: MatchedBy::Source, values: values(&key), of: Original::Row(of) };
        let (outcome, changes) = (Outcome::Skipped, Vec::new());
        let (made, not_taken) = (Vec::new(), Vec::new());
        Some(Decision { row: row.number, outcome, record: None, changes, duplicate: Some(duplicate), made, not_taken })
    }
}

fn values((uid, one): &SourceKey) -> Vec<String> {
    [uid.clone()].into_iter().chain(one.clone()).collect()
}

/// What is known of the series of a batch, whose ones that were changed may come with other files.
struct SeriesOfBatch<'b> {
    zone: &'b TimeZone,
    first_of: Option<FirstOfSeries>,
    /// Which of a series are events of their own, or were until somebody deleted them, by its UID.
    changed: HashMap<String, Vec<String>>,
}

impl<'b> SeriesOfBatch<'b> {
    async fn load(batch: &Batch<'b>, zone: &'b TimeZone, rows: &[Resolved]) -> Result<Self> {
        let mut found = Self { zone, first_of: batch.policy.first_of_series, changed: HashMap::new() };
        let of_series = rows.iter().map(|row| &row.details.source);
        let of_series = of_series.filter(|source| source.recurrence.is_some() || source.recurrence_id.is_some());
        let uids: BTreeSet<_> = of_series.filter_map(|source| source.uid.as_deref()).collect();
        if uids.is_empty() || found.first_of.is_none() {
            return Ok(found);
        }
        let uids: Vec<_> = uids.into_iter().collect();
        let mut all = event_query::changed_ones(&batch.unit.scope(), &uids).await?;
        let of_row =
            |row: &Resolved| Some((row.details.source.uid.clone()?, row.details.source.recurrence_id.clone()?));
        all.extend(rows.iter().filter_map(of_row));
        for (uid, one) in all {
            found.changed.entry(uid).or_default().push(one);
        }
        Ok(found)
    }

    /// When the series is shown, where that is not when it is so far.
    fn when(&self, Source { uid, recurrence_id, recurrence, .. }: &Source, so_far: When) -> Option<When> {
        if recurrence_id.is_some() {
            return None;
        }
        let changed = self.changed.get(uid.as_deref()?)?;
        let begins = match so_far {
            When::Day { first, .. } => IncomingTime::Day(first),
            When::Time { start, .. } => IncomingTime::At(start),
        };
        let (start, end) = self.first_of?(recurrence.as_deref()?, begins, self.zone, changed)?;
        let first = IncomingEvent { start: Some(start), end, ..IncomingEvent::default() };
        // Its beginning is given, so that it does not matter what the time is now.
        when(&first, Timestamp::from(jiff::Timestamp::UNIX_EPOCH), self.zone).ok()
    }

    /// Puts the series among the rows where they are shown.
    fn place(&self, rows: &mut [Resolved]) {
        for row in rows {
            if let Some(when) = self.when(&row.details.source, row.details.when) {
                row.details.when = when;
            }
        }
    }
}

impl Names {
    async fn load(batch: &Batch<'_>, rows: &[CheckedEvent]) -> Result<Self> {
        // Nobody renames what an event belongs to until it is there.
        let scope = Scope { rows: Rows::Shared, ..batch.unit.scope() };
        let (mut ids, mut names) = (Vec::new(), BTreeSet::new());
        for subject in rows.iter().flat_map(|row| &row.incoming.associations) {
            match subject {
                IncomingSubject::Item(item) => ids.push(item.id),
                IncomingSubject::Named(name) => {
                    names.insert(fold(name));
                }
            }
        }
        let mut found = Self {
            items: HashMap::new(),
            by_email: HashMap::new(),
            by_display: HashMap::new(),
            by_name: HashMap::new(),
            users: HashMap::new(),
            templates: HashMap::new(),
        };
        for person in by_ids::<people::Entity>(&scope, &ids).await? {
            found.items.insert(person.id, person.sort_key);
        }
        for transaction in by_ids::<transactions::Entity>(&scope, &ids).await? {
            found.items.insert(transaction.id, transaction.sort_key);
        }
        let names: Vec<_> = names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        for names in names.chunks(record::IDS_A_STATEMENT) {
            for column in [people::Column::EmailKey, people::Column::SortKey, people::Column::NameKey] {
                let query = live::<people::Entity>(&scope).filter(among::texts(&scope, column, names));
                for person in query.all(&scope.on).await? {
                    found.enter(column, &person);
                }
            }
        }
        let owners: BTreeSet<_> = rows.iter().filter_map(|row| row.incoming.owner.as_deref()).map(fold).collect();
        found.load_users(&scope, owners.into_iter().collect()).await?;
        let templates = rows.iter().filter_map(|row| row.incoming.email_template.as_deref()).map(fold);
        found.load_templates(&scope, templates.collect()).await?;
        Ok(found)
    }

    fn enter(&mut self, column: people::Column, person: &people::Model) {
        let (index, key) = match column {
            people::Column::EmailKey => (&mut self.by_email, person.email_key.clone().unwrap_or_default()),
            people::Column::SortKey => (&mut self.by_display, person.sort_key.clone()),
            _ => (&mut self.by_name, person.name_key.clone()),
        };
        index.entry(key).and_modify(|several| *several = None).or_insert(Some(person.id));
        self.items.insert(person.id, person.sort_key.clone());
    }

    async fn load_users(&mut self, scope: &Scope<'_>, emails: Vec<String>) -> Result<()> {
        use sea_orm::EntityTrait;
        if emails.is_empty() {
            return Ok(());
        }
        let query = users::Entity::find().filter(users::Column::AccountId.eq(scope.account));
        let found = query.filter(users::Column::EmailKey.is_in(emails)).all(&scope.on).await?;
        self.users = found.into_iter().map(|user| (user.email_key, user.id)).collect();
        Ok(())
    }

    async fn load_templates(&mut self, scope: &Scope<'_>, names: BTreeSet<String>) -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let query = live::<email_templates::Entity>(scope).filter(email_templates::Column::NameKey.is_in(names));
        self.templates =
            query.all(&scope.on).await?.into_iter().map(|template| (template.name_key, template.id)).collect();
        Ok(())
    }

    /// The person or transaction that a row means; nobody where several bear the name.
    fn subject(&self, subject: &IncomingSubject) -> Option<Item> {
        match subject {
            IncomingSubject::Item(item) => self.items.contains_key(&item.id).then_some(*item),
            IncomingSubject::Named(name) => {
                let key = fold(name);
                let found =
                    [&self.by_email, &self.by_display, &self.by_name].into_iter().find_map(|index| index.get(&key));
                found.copied().flatten().map(|id| ItemKind::Person.item(id))
            }
        }
    }

    fn resolve(&self, rows: Vec<CheckedEvent>) -> Vec<Resolved> {
        rows.into_iter().map(|row| self.row(row)).collect()
    }

    fn row(&self, row: CheckedEvent) -> Resolved {
        let CheckedEvent { line: _, incoming, title, when } = row;
        let mut lost = Vec::new();
        let (mut subjects, mut associations) = (BTreeSet::new(), Vec::new());
        for subject in &incoming.associations {
            match (self.subject(subject), subject) {
                (Some(item), subject) => {
                    subjects.insert(item);
                    associations.push(match subject {
                        IncomingSubject::Named(name) => name.clone(),
                        IncomingSubject::Item(item) => self.items.get(&item.id).cloned().unwrap_or_default(),
                    });
                }
                (None, IncomingSubject::Named(name)) => lost.push(format!("Association: {name}")),
                // An id of another account says nothing here.
                (None, IncomingSubject::Item(_)) => {}
            }
        }
        let owner = incoming.owner.as_deref().and_then(|email| self.users.get(&fold(email)).copied());
        if let (None, Some(email)) = (owner, &incoming.owner) {
            lost.push(format!("Owner: {email}"));
        }
        let template = incoming.email_template.as_deref().and_then(|name| self.templates.get(&fold(name)).copied());
        if let (None, Some(name)) = (template, &incoming.email_template) {
            lost.push(format!("E-mail template: {name}"));
        }
        let texts = incoming.description.iter().cloned().chain(incoming.foreign_notes).chain(lost);
        let created = texts.collect::<Vec<_>>().join("\n");
        let names: BTreeSet<_> = subjects.iter().filter_map(|item| self.items.get(&item.id)).collect();
        let said = Said {
            start: incoming.start.is_some(),
            end: incoming.end.is_some(),
            progress: incoming.progress.is_some(),
        };
        Resolved {
            number: incoming.row,
            id: incoming.id,
            details: Details {
                title,
                when,
                location: incoming.location,
                description: incoming.description,
                progress: incoming.progress.unwrap_or_default(),
                owner,
                email_template: template,
                source: incoming.source,
            },
            stamp: incoming.stamp,
            times: incoming.times,
            said,
            names: lines(names),
            associations: associations.join(" ::: "),
            subjects,
            categories: incoming.categories,
            created_description: (!created.is_empty()).then_some(created),
        }
    }
}

/// An event that may be meant.
struct Known {
    event: Event,
    subjects: BTreeSet<Item>,
    /// The folded names of its categories.
    categories: BTreeSet<String>,
}

struct Work<'b, 'u> {
    batch: &'b Batch<'u>,
    zone: &'b TimeZone,
    journal: Journal<'u>,
    known: HashMap<Uuid, Known>,
    /// Events by their key of order, which is the day and the time.
    by_start: HashMap<String, Vec<Uuid>>,
    /// Events by what their calendar calls them.
    by_source: HashMap<SourceKey, Vec<Uuid>>,
    made: Vec<Event>,
    pairs: Vec<(Item, Item)>,
    updated: Vec<Event>,
    categories: Vec<(Uuid, String)>,
    fired: Vec<Fired>,
}

impl<'b, 'u> Work<'b, 'u> {
    async fn load(
        batch: &'b Batch<'u>,
        zone: &'b TimeZone,
        mut journal: Journal<'u>,
        rows: &[Resolved],
    ) -> Result<Self> {
        let scope = batch.policy.scope(batch.unit);
        let ids: Vec<_> = rows.iter().filter_map(|row| row.id).collect();
        let mut found = by_ids::<events::Entity>(&scope, &ids).await?;
        let keys: BTreeSet<_> = rows.iter().map(|row| event_query::key(row.details.when, zone)).collect();
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        let query = live::<events::Entity>(&scope).filter(among::texts(&scope, events::Column::SortKey, &keys));
        found.extend(query.all(&scope.on).await?);
        let uids: BTreeSet<_> = rows.iter().filter_map(|row| row.details.source.uid.as_deref()).collect();
        let uids: Vec<_> = uids.into_iter().collect();
        if !uids.is_empty() {
            let query = live::<events::Entity>(&scope).filter(among::texts(&scope, events::Column::SourceUid, &uids));
            found.extend(query.all(&scope.on).await?);
        }
        let ids: Vec<_> = found.iter().map(|event| event.id).collect();
        let mut subjects = derived::subjects_in(&scope, &ids).await?;
        let mut in_categories = categories::of_items_in(&scope, &ids).await?;
        journal.recall(&ids).await?;
        let (known, by_start, by_source) = Default::default();
        let (made, pairs, updated, categories, fired) = Default::default();
        let mut work =
            Self { batch, zone, journal, known, by_start, by_source, made, pairs, updated, categories, fired };
        for event in found {
            let subjects = subjects.remove(&event.id).unwrap_or_default().into_iter().collect();
            let categories = in_categories.remove(&event.id).unwrap_or_default();
            let categories = categories.into_iter().map(|category| category.name_key).collect();
            work.enter(Known { event, subjects, categories });
        }
        Ok(work)
    }

    fn enter(&mut self, known: Known) {
        let id = known.event.id;
        if !self.known.contains_key(&id) {
            self.by_start.entry(known.event.sort_key.clone()).or_default().push(id);
            if let Some(key) = source_key(&known.event.details().source) {
                self.by_source.entry(key).or_default().push(id);
            }
            self.known.insert(id, known);
        }
    }

    /// The event that a row means: by its id, else by what its calendar calls it, else, where one of the two comes from no calendar,
    /// by title, time and what it belongs to; the oldest of several.
    fn find(&self, row: &Resolved) -> Option<(Uuid, MatchedBy)> {
        if let Some(id) = row.id.filter(|id| self.known.contains_key(id)) {
            return Some((id, MatchedBy::Id));
        }
        let given = row.given();
        let may_repeat = |id: &Uuid| self.journal.last(*id).is_none_or(|seen| seen.may_repeat(given));
        let source = source_key(&row.details.source);
        let of_source = source.as_ref().and_then(|key| self.by_source.get(key));
        if let Some(id) = of_source.and_then(|ids| ids.iter().filter(|id| may_repeat(id)).min()) {
            return Some((*id, MatchedBy::Source));
        }
        let title = fold(&row.details.title);
        let same = |id: &&Uuid| {
            let Known { event, subjects, .. } = &self.known[*id];
            let may_be_same = event.source_uid.is_none() || source.is_none();
            may_be_same && fold(&event.title) == title && *subjects == row.subjects && may_repeat(id)
        };
        let of_start = self.by_start.get(&event_query::key(row.details.when, self.zone))?;
        of_start.iter().filter(same).min().map(|id| (*id, MatchedBy::TitleAndTime))
    }

    /// What a row and the event that it means have in the key by which that was found.
    fn values_of(&self, row: &Resolved, id: Uuid, by: MatchedBy) -> Vec<String> {
        match (by, source_key(&row.details.source)) {
            (MatchedBy::Id, _) => vec![id.to_string()],
            (MatchedBy::Source, Some(key)) => values(&key),
            _ => vec![fold(&row.details.title), event_query::key(row.details.when, self.zone)],
        }
    }

    fn decide(&mut self, row: &Resolved) -> Decision {
        let Some((id, by)) = self.find(row) else {
            return self.create(row);
        };
        let item = ItemKind::Event.item(id);
        let values = self.values_of(row, id, by);
        let decision = |outcome, changes, of| Decision {
            row: row.number,
            outcome,
            record: Some(id),
            changes,
            duplicate: Some(Duplicate { by, values: values.clone(), of }),
            made: Vec::new(),
            not_taken: Vec::new(),
        };
        let known = &self.known[&id];
        let sequence = |source: &Source| source.sequence.unwrap_or_default();
        let (new, old) = (sequence(&row.details.source), known.event.source_sequence.unwrap_or_default());
        let earlier = self.journal.last(id).filter(|seen| seen.may_repeat(row.given()));
        // A later version of an event that an earlier batch of this import has made takes its place.
        let is_own = by == MatchedBy::Source && self.journal.has_made(id) && self.made.iter().all(|made| made.id != id);
        let is_later = earlier.is_some() && is_own && new > old;
        if let Some(earlier) = earlier.filter(|_| !is_later) {
            let of = Original::Row(earlier.row);
            return Decision { record: None, ..decision(Outcome::Skipped, Vec::new(), of) };
        }
        if by == MatchedBy::Source && row.details.source.sequence.is_some() && new < old {
            let of = Original::Later(known.event.title.clone());
            self.journal.note(row.number, item, RowEffect::Matched, row.given());
            return decision(Outcome::Skipped, Vec::new(), of);
        }
        let policy = if is_later { Duplicates::Replace } else { self.batch.policy.duplicates };
        let of = match earlier {
            Some(earlier) => Original::Row(earlier.row),
            None => Original::Record(known.event.title.clone()),
        };
        // The ids of what a plan and its apply make differ.
        let decision = |outcome, changes, of| {
            let decision = decision(outcome, changes, of);
            Decision { record: decision.record.filter(|_| !is_later), ..decision }
        };
        let details = combined(policy, &known.event, row, by);
        let event = event_query::refilled(self.batch.unit, known.event.clone(), details, self.zone);
        let mut changes = differences(&known.event, &event);
        let categories = missing(&row.categories, &known.categories);
        changes.extend(added(&categories));
        if changes.is_empty() || policy == Duplicates::Ignore {
            self.journal.note(row.number, item, RowEffect::Matched, row.given());
            if !changes.is_empty() {
                return decision(Outcome::Skipped, Vec::new(), of);
            }
            return Decision {
                not_taken: not_taken(row, known, &event),
                ..decision(Outcome::Unchanged, Vec::new(), of)
            };
        }
        let not_taken = not_taken(row, known, &event);
        self.update(row, event, &changes, &categories);
        Decision { not_taken, ..decision(Outcome::Updated, changes, of) }
    }

    /// Has a row change an event and put it into categories.
    fn update(&mut self, row: &Resolved, event: Event, changes: &[Change], categories: &[String]) {
        let item = ItemKind::Event.item(event.id);
        self.journal.note(row.number, item, RowEffect::Updated, row.given());
        self.journal.changed(item, event.version, changes);
        self.categories.extend(categories.iter().map(|name| (event.id, name.clone())));
        if let Some(known) = self.known.get_mut(&event.id) {
            known.categories.extend(folded(categories));
            known.event = event.clone();
        }
        self.updated.push(event);
    }

    /// Shows series that are there by another of theirs, where the rows have the first as an event of its own. That is so whatever happens to
    /// duplicates, as the first would be shown twice.
    async fn settle(&mut self, rows: &[Resolved], series: &SeriesOfBatch<'_>) -> Result<()> {
        let ones = rows.iter().filter(|row| row.details.source.recurrence_id.is_some());
        let numbers: BTreeMap<_, _> =
            ones.filter_map(|row| Some((row.details.source.uid.clone()?, row.number))).collect();
        let ids = numbers.keys().filter_map(|uid| self.by_source.get(&(uid.clone(), None))).flatten().copied();
        let is_to_move = |event: &Event| series.when(&event.details().source, event.when()).is_some();
        let ids: Vec<_> = ids.filter(|id| self.known.get(id).is_some_and(|known| is_to_move(&known.event))).collect();
        if ids.is_empty() {
            return Ok(());
        }
        // Where duplicates are ignored, nothing was held so far.
        for held in by_ids::<events::Entity>(&self.batch.unit.locking_scope(), &ids).await? {
            let pending = self.updated.iter().position(|event| event.id == held.id);
            let event = pending.map(|at| self.updated.swap_remove(at)).unwrap_or(held);
            let details = event.details();
            let Some(when) = series.when(&details.source, details.when) else {
                self.updated.extend(pending.map(|_| event));
                continue;
            };
            let uid = details.source.uid.clone();
            let moved = event_query::refilled(self.batch.unit, event.clone(), Details { when, ..details }, self.zone);
            let both = edits::of_event(&event).into_iter().zip(edits::of_event(&moved));
            let change = |((field, before), (_, after)): ((&str, _), (&str, _))| Change {
                field: field.to_owned(),
                before,
                after,
            };
            let changes: Vec<_> = both.filter(|(before, after)| before.1 != after.1).map(change).collect();
            let item = ItemKind::Event.item(moved.id);
            if let (None, Some(number)) = (pending, uid.and_then(|uid| numbers.get(&uid))) {
                self.journal.note(*number, item, RowEffect::Updated, None);
            }
            self.journal.changed(item, moved.version, &changes);
            self.updated.push(moved);
        }
        Ok(())
    }

    fn create(&mut self, row: &Resolved) -> Decision {
        let policy = self.batch.policy;
        let details = Details {
            description: row.created_description.clone(),
            owner: row.details.owner.or(policy.owner).or(self.batch.unit.user()),
            ..row.details.clone()
        };
        let mut made = Vec::new();
        if self.batch.tells {
            made.extend(made_event(&details));
            made.extend(made_associations(&row.associations));
            made.extend(made_categories(&row.categories));
        }
        let event = event_query::new_row(self.batch.unit, details, row.names.clone(), self.zone);
        let (created_at, updated_at) = row.times.of_new(self.batch.unit.now);
        let event = Event { created_by: policy.owner.or(event.created_by), created_at, updated_at, ..event };
        let item = ItemKind::Event.item(event.id);
        self.journal.note(row.number, item, RowEffect::Created, row.given());
        for subject in &row.subjects {
            // So that an undo looks whether they are held by this event alone.
            self.journal.note(row.number, *subject, RowEffect::Matched, None);
            self.pairs.push((item, *subject));
        }
        self.categories.extend(row.categories.iter().map(|name| (event.id, name.clone())));
        self.made.push(event.clone());
        self.enter(Known { event, subjects: row.subjects.clone(), categories: folded(&row.categories) });
        Decision { made, ..Decision::created(row.number) }
    }
}

/// In which fields an event differs.
fn differences(before: &Event, after: &Event) -> Vec<Change> {
    let fields = edits::of_event(before).into_iter().zip(edits::of_event(after));
    let differing = fields.filter(|(before, after)| before.1 != after.1);
    differing.map(|((field, before), (_, after))| Change { field: field.to_owned(), before, after }).collect()
}

/// What an event that is like this after a row does not take of it.
fn not_taken(row: &Resolved, known: &Known, after: &Event) -> Vec<NotTaken> {
    let Resolved { details, said, subjects, associations, created_description, times, .. } = row;
    let (before, details_after) = (known.event.details(), after.details());
    // The event was made by this very row: its lost names are no news.
    let is_own = before.description == *created_description;
    let says = |field: &str| match field {
        "startsOn" | "startsAt" => said.start,
        "endsOn" | "endsAt" => said.end,
        "complete" => said.progress,
        "description" => !is_own,
        _ => true,
    };
    let mut not_taken = event_not_taken(details, says, &details_after);
    let of_row = details.description.as_deref().unwrap_or_default();
    let lines = created_description.as_deref().and_then(|text| text.strip_prefix(of_row)).unwrap_or_default();
    let lines = lines.strip_prefix('\n').unwrap_or(lines);
    if !lines.is_empty() {
        not_taken.extend(lines_not_taken("description", lines, details_after.description.as_deref()));
    }
    not_taken.extend(associations_not_taken(subjects, &known.subjects, associations));
    not_taken.extend(times_not_taken(*times, known.event.created_at, known.event.updated_at));
    not_taken
}

/// The details that an event would have after a row; under [`Duplicates::Ignore`] what replacing would give, which tells whether the
/// row says anything new.
fn combined(policy: Duplicates, event: &Event, row: &Resolved, by: MatchedBy) -> Details {
    let current = event.details();
    let Resolved { details, said, .. } = row;
    // The event was made by this very row: its lost names are no news.
    let is_own = current.description == row.created_description;
    let description = if is_own { None } else { details.description.clone() };
    if policy == Duplicates::Merge {
        return Details {
            location: current.location.clone().or(details.location.clone()),
            description: current.description.clone().or(description),
            owner: current.owner.or(details.owner),
            email_template: current.email_template.or(details.email_template),
            when: if has_end(current.when) { current.when } else { ended(current.when, details.when) },
            source: filled(current.source, &details.source, beginning(current.when) == beginning(details.when)),
            ..current
        };
    }
    let when = match by {
        // The calendar says all of it.
        MatchedBy::Source => details.when,
        // Where the row has no end, that of the event stays if it can.
        MatchedBy::Id if said.end || details.when != beginning(current.when) => details.when,
        _ if said.end => details.when,
        _ => current.when,
    };
    let recurrence = match by {
        MatchedBy::Source => details.source.recurrence.clone(),
        // The rule speaks of another time.
        _ if when != current.when => details.source.recurrence.clone(),
        _ => details.source.recurrence.clone().or(current.source.recurrence),
    };
    let source = Source {
        uid: details.source.uid.clone().or(current.source.uid),
        sequence: details.source.sequence.or(current.source.sequence),
        recurrence_id: details.source.recurrence_id.clone().or(current.source.recurrence_id),
        recurrence,
    };
    Details {
        title: if by == MatchedBy::TitleAndTime { current.title } else { details.title.clone() },
        source,
        when,
        location: details.location.clone().or(current.location),
        description: description.or(current.description),
        progress: if said.progress { details.progress } else { current.progress },
        owner: details.owner.or(current.owner),
        email_template: details.email_template.or(current.email_template),
    }
}

/// What an event has from its calendar, filled up with what a row has; a rule only where it speaks of the time of the event.
fn filled(current: Source, row: &Source, is_at_the_same_time: bool) -> Source {
    let Source { uid, sequence, recurrence_id, recurrence } = current;
    Source {
        sequence: if uid.is_none() { sequence.or(row.sequence) } else { sequence },
        uid: uid.or(row.uid.clone()),
        recurrence_id: recurrence_id.or(row.recurrence_id.clone()),
        recurrence: recurrence.or(row.recurrence.clone().filter(|_| is_at_the_same_time)),
    }
}

fn has_end(when: When) -> bool {
    beginning(when) != when
}

fn beginning(when: When) -> When {
    match when {
        When::Day { first, .. } => When::Day { first, last: None },
        When::Time { start, .. } => When::Time { start, end: None },
    }
}

/// A time with the end of another, where they begin alike.
fn ended(when: When, with: When) -> When {
    if beginning(with) == when { with } else { when }
}
