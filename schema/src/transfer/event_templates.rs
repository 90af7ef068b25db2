//! Event templates: from clients to the database and back.

use service::Kind;
use storage::query::event_templates as stored;
use storage::{InvalidTimeOfDay, schedule};

use crate::error::Result;
use crate::event_templates::{CreateEventTemplateInput, EventTemplate, EventTemplateItem, EventTemplateItemInput};
use crate::scalar::DateTime;

/// The input of a client as storage takes it. Errors: as [`new_items`].
pub(crate) fn new(input: CreateEventTemplateInput) -> Result<stored::NewEventTemplate> {
    let CreateEventTemplateInput { name, items } = input;
    Ok(stored::NewEventTemplate { name, items: new_items(items)? })
}

/// Errors: `INVALID`, with the number of the item, for a date or a time that is none, `NOT_FOUND` for ids of nothing.
pub(crate) fn new_items(items: Vec<EventTemplateItemInput>) -> Result<Vec<stored::TemplateItem>> {
    (1..).zip(items).map(|(number, item)| new_item(number, item)).collect()
}

fn new_item(number: usize, input: EventTemplateItemInput) -> Result<stored::TemplateItem> {
    let EventTemplateItemInput { offset, time_of_day, title, location, description, email_template } = input;
    let offset: schedule::Offset = offset.parse().map_err(|error| stored::at_item(number, error))?;
    let no_time =
        |error: InvalidTimeOfDay| stored::at_item(number, storage::Error::invalid("timeOfDay", error.to_string()));
    Ok(stored::TemplateItem {
        offset,
        time_of_day: time_of_day.map(|time| time.parse()).transpose().map_err(no_time)?,
        title,
        location,
        description,
        email_template: email_template.map(|id| Kind::EmailTemplate.expect(&id)).transpose()?,
    })
}

/// An event template of the database as clients see it.
pub(crate) fn to_graphql(template: stored::EventTemplate) -> EventTemplate {
    let stored::EventTemplate {
        account_id: _,
        id,
        name,
        name_key: _,
        created_by: _,
        version,
        created_at,
        updated_at,
        deleted_at: _,
    } = template;
    EventTemplate {
        id: Kind::EventTemplate.global(id).into(),
        version,
        name,
        created_at: DateTime(created_at),
        updated_at: DateTime(updated_at),
        key: id,
    }
}

/// An item of a template as clients see it.
pub(crate) fn item(item: stored::TemplateItem) -> EventTemplateItem {
    let stored::TemplateItem { offset, time_of_day, title, location, description, email_template } = item;
    EventTemplateItem {
        offset: offset.to_string(),
        time_of_day: time_of_day.map(|time| time.to_string()),
        title,
        location,
        description: description.map(Into::into),
        email_template_key: email_template,
    }
}
