//! Event templates: from the database to files.

use storage::query::event_templates as stored;

use crate::id::Kind;

/// An event of a template, at its place from 1, with the name of its e-mail template, as files carry them.
pub(crate) fn to_file(
    template: &stored::EventTemplate,
    place: u64,
    item: stored::TemplateItem,
    email: Option<String>,
) -> formats::TemplateItem {
    let stored::TemplateItem { offset, time_of_day, title, location, description, email_template: _ } = item;
    formats::TemplateItem {
        id: Some(Kind::EventTemplate.global(template.id).to_string()),
        name: template.name.clone(),
        item: place,
        offset: offset.to_string(),
        time_of_day: time_of_day.map(|time| time.to_string()),
        title,
        location,
        description,
        email_template: email,
        created_at: Some(template.created_at.into()),
        updated_at: Some(template.updated_at.into()),
    }
}
