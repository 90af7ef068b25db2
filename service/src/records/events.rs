//! Events: from files to the database, and from the database to files.

use jiff::tz::TimeZone;
use storage::ItemKind;
use storage::import::{IncomingEvent, IncomingSubject, IncomingTime, RecordTimes};
use storage::query::categories::Category;
use storage::query::events as stored;
use uuid::Uuid;

use super::contact;
use crate::id::Kind;

/// Whether an event is done, as clients say it.
pub(crate) fn progress(is_complete: bool) -> stored::Progress {
    if is_complete { stored::Progress::Complete } else { stored::Progress::Open }
}

/// A row of a file as the import takes it. Errors: the field, and what is wrong with it.
pub(crate) fn from_file(event: formats::Event, row: u64) -> std::result::Result<IncomingEvent, (&'static str, String)> {
    let formats::Event {
        id,
        title,
        start,
        end,
        location,
        description,
        complete,
        owner,
        email_template,
        associations,
        categories,
        source_uid,
        source_sequence,
        recurrence_id,
        recurrence,
        series_id: _,
        left_out: _,
        stamp,
        foreign,
        revision: _,
        created_at,
        updated_at,
    } = event;
    if let Some(recurrence) = &recurrence {
        formats::check_recurrence(recurrence).map_err(|reason| ("recurrence", reason))?;
    }
    // A calendar program may have dropped what only we know, and kept our id as the UID.
    let is_ours = |uid: &&String| recurrence_id.is_none() && Kind::Event.parse(uid).is_some();
    let (id, source_uid) = match (id, source_uid) {
        (None, Some(uid)) if is_ours(&&uid) => (Some(uid), None),
        known => known,
    };
    Ok(IncomingEvent {
        row,
        line: 0,
        id: id.and_then(|id| Kind::Event.parse(&id)),
        title,
        start: start.map(time),
        end: end.map(time),
        location,
        description,
        progress: complete.map(progress),
        owner,
        email_template,
        associations: associations.into_iter().map(subject).collect(),
        categories,
        source: stored::Source {
            uid: source_uid,
            sequence: source_sequence.map(|sequence| i64::try_from(sequence).unwrap_or(i64::MAX)),
            recurrence_id,
            recurrence,
        },
        stamp: stamp.map(Into::into),
        times: RecordTimes { created_at: created_at.map(Into::into), updated_at: updated_at.map(Into::into) },
        foreign_notes: contact::foreign_lines(&foreign),
    })
}

/// A person or a transaction by its global id, or else by its name.
fn subject(text: String) -> IncomingSubject {
    let person = Kind::Person.parse(&text).map(|id| ItemKind::Person.item(id));
    let item = person.or_else(|| Kind::Transaction.parse(&text).map(|id| ItemKind::Transaction.item(id)));
    item.map_or(IncomingSubject::Named(text), IncomingSubject::Item)
}

/// The first of a series that takes place, as the import asks for it.
pub(crate) fn first_of_series(
    recurrence: &str,
    begins: IncomingTime,
    zone: &TimeZone,
    changed: &[String],
) -> Option<(IncomingTime, Option<IncomingTime>)> {
    let begins = match begins {
        IncomingTime::Day(day) => formats::Moment::Day(day.0),
        IncomingTime::Local(local) => formats::Moment::Local(local),
        IncomingTime::At(at) => formats::Moment::At(at.into()),
    };
    let (begins, ends) = formats::first_of_series(recurrence, begins, zone, changed)?;
    Some((time(begins), ends.map(time)))
}

fn time(moment: formats::Moment) -> IncomingTime {
    match moment {
        formats::Moment::Day(day) => IncomingTime::Day(storage::Day(day)),
        formats::Moment::Local(local) => IncomingTime::Local(local),
        formats::Moment::At(at) => IncomingTime::At(at.into()),
    }
}

/// What stands around an event in a file.
pub(crate) struct EventContext {
    pub(crate) categories: Vec<Category>,
    /// The display names of what it belongs to.
    pub(crate) associations: Vec<String>,
    /// The e-mail address of its owner.
    pub(crate) owner: Option<String>,
    /// The name of its template.
    pub(crate) email_template: Option<String>,
    /// The key of the series of which it is one, where we have that.
    pub(crate) series: Option<Uuid>,
    /// Of a series, which of it were changed and are not in the file.
    pub(crate) left_out: Vec<String>,
}

/// An event of the database as files carry it.
pub(crate) fn to_file(event: stored::Event, context: EventContext) -> formats::Event {
    let EventContext { categories, associations, owner, email_template, series, left_out } = context;
    let stored::Times { starts_on, ends_on, starts_at, ends_at } = event.when().into();
    let moment = |day: Option<storage::Day>, at: Option<storage::Timestamp>| {
        day.map(|day| formats::Moment::Day(day.0)).or(at.map(|at| formats::Moment::At(at.into())))
    };
    formats::Event {
        id: Some(Kind::Event.global(event.id).to_string()),
        start: moment(starts_on, starts_at),
        end: moment(ends_on, ends_at),
        complete: Some(event.completed_at.is_some()),
        title: Some(event.title),
        location: event.location,
        description: event.description,
        owner,
        email_template,
        associations,
        categories: categories.into_iter().map(|category| category.name).collect(),
        source_uid: event.source_uid,
        source_sequence: event.source_sequence.and_then(|sequence| sequence.try_into().ok()),
        recurrence_id: event.recurrence_id,
        recurrence: event.recurrence,
        series_id: series.map(|id| Kind::Event.global(id).to_string()),
        left_out,
        stamp: None,
        foreign: Vec::new(),
        revision: u64::try_from(event.version - 1).ok(),
        created_at: Some(event.created_at.into()),
        updated_at: Some(event.updated_at.into()),
    }
}
