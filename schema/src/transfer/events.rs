//! Events: from clients to the database and back.

use service::Kind;
use storage::query::events as stored;

use crate::associations::subjects;
use crate::error::Result;
use crate::events::{CreateEventInput, Event};
use crate::scalar::{Date, DateTime, Text};

/// Whether an event is done, as clients say it.
pub(crate) fn progress(is_complete: bool) -> stored::Progress {
    if is_complete { stored::Progress::Complete } else { stored::Progress::Open }
}

/// The input of a client as storage takes it. Errors: `INVALID` for times that do not fit, `NOT_FOUND` for ids of nothing.
pub(crate) fn new(input: CreateEventInput) -> Result<stored::NewEvent> {
    let CreateEventInput {
        title,
        starts_on,
        starts_at,
        ends_on,
        ends_at,
        location,
        description,
        is_complete,
        owner,
        email_template,
        categories,
        associations,
    } = input;
    let times = stored::Times {
        starts_on: starts_on.map(|day| day.0),
        ends_on: ends_on.map(|day| day.0),
        starts_at: starts_at.map(|moment| moment.0),
        ends_at: ends_at.map(|moment| moment.0),
    };
    let details = stored::Details {
        title,
        when: times.try_into()?,
        location,
        description,
        progress: progress(is_complete),
        owner: owner.map(|id| Kind::User.expect(&id)).transpose()?,
        email_template: email_template.map(|id| Kind::EmailTemplate.expect(&id)).transpose()?,
        source: stored::Source::default(),
    };
    Ok(stored::NewEvent { details, categories, associations: subjects(&associations)? })
}

/// An event of the database as clients see it.
pub(crate) fn to_graphql(event: stored::Event) -> Event {
    let stored::Event {
        account_id: _,
        id,
        title,
        starts_on,
        ends_on,
        starts_at,
        ends_at,
        location,
        description,
        completed_at,
        owner_id,
        email_template_id,
        source_uid,
        source_sequence,
        recurrence_id,
        recurrence,
        sort_key: _,
        names_text: _,
        search_text: _,
        created_by,
        version,
        created_at,
        updated_at,
        deleted_at: _,
    } = event;
    Event {
        id: Kind::Event.global(id).into(),
        version,
        title,
        starts_on: Date(starts_on),
        starts_at: starts_at.map(DateTime),
        ends_on: ends_on.map(Date),
        ends_at: ends_at.map(DateTime),
        is_all_day: starts_at.is_none(),
        location,
        description: description.map(Text::from),
        is_complete: completed_at.is_some(),
        completed_at: completed_at.map(DateTime),
        source_uid,
        source_sequence,
        recurrence_id,
        recurrence,
        created_at: DateTime(created_at),
        updated_at: DateTime(updated_at),
        key: id,
        owner_key: owner_id,
        email_template_key: email_template_id,
        creator_key: created_by,
    }
}
