//! Event templates: named series of events at relative dates; [`super::firing`] makes events of them.

use std::collections::{BTreeSet, HashMap};

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Select};
use uuid::Uuid;

pub use crate::entity::event_templates::Model as EventTemplate;
use crate::entity::{event_template_items, event_templates};
use crate::error::{Error, Result, name_taken};
use crate::handle::{Reader, Scope, Unit, Writer};
use crate::outbox::{Noun, Verb};
use crate::page::{Order, Page, PageRequest};
use crate::query::email_templates::{self, name_key, template_name};
use crate::record::{self, IDS_A_STATEMENT, recorded};
use crate::schedule::Offset;
use crate::text::{self, LINE_LIMIT};
use crate::value::TimeOfDay;
use crate::view::NameOrId;

/// How many events a template may make for a record.
pub const ITEMS_LIMIT: usize = 200;

/// What makes an event template.
#[derive(Clone, Debug)]
pub struct NewEventTemplate {
    /// Its name.
    pub name: String,
    /// The events that it makes, at least one.
    pub items: Vec<TemplateItem>,
}

/// A change of an event template.
#[derive(Clone, Debug)]
pub struct EventTemplateEdit {
    /// Which one it changes.
    pub id: Uuid,
    /// The version that the caller saw, where it wants a conflict if it is stale.
    pub version: Option<i64>,
    /// The name that it shall have, or `None` to leave it.
    pub name: Option<String>,
    /// The events that it shall make, or `None` to leave them.
    pub items: Option<Vec<TemplateItem>>,
}

/// One event of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateItem {
    /// On which day.
    pub offset: Offset,
    /// At what time on the clocks of the account; all day where it is empty.
    pub time_of_day: Option<TimeOfDay>,
    /// The title of the event.
    pub title: String,
    /// Where.
    pub location: Option<String>,
    /// What for.
    pub description: Option<String>,
    /// The mail that goes with it.
    pub email_template: Option<Uuid>,
}

recorded!(event_templates, "event template", by NameKey name_key, keeps CreatedBy);

impl TemplateItem {
    /// The item as it may be stored. Errors: [`Error::Invalid`] without a title and for a text over its limit.
    fn cleaned(self) -> Result<Self> {
        let Self { offset, time_of_day, title, location, description, email_template } = self;
        let title = text::line("title", Some(title), LINE_LIMIT)?;
        Ok(Self {
            offset,
            time_of_day,
            title: title.ok_or_else(|| Error::invalid("title", "an event needs a title"))?,
            location: text::line("location", location, LINE_LIMIT)?,
            description: text::block("description", description)?,
            email_template,
        })
    }
}

/// Says at which item of a template, counted from 1, the input is wrong.
pub fn at_item(number: usize, error: Error) -> Error {
    match error {
        Error::Invalid { field, reason } => Error::Invalid { field, reason: format!("item {number}: {reason}") },
        other => other,
    }
}

/// A page of the event templates. Errors: [`Error::Invalid`] for a cursor of another order.
pub async fn list(reader: &Reader, order: Order, request: &PageRequest) -> Result<Page<EventTemplate>> {
    let scope = reader.scope();
    record::listed(&scope, live(&scope), order, request).await
}

/// How many there are.
pub async fn count(reader: &Reader) -> Result<u64> {
    super::count(&reader.scope(), live(&reader.scope())).await
}

/// The event template of this name, whatever its case and accents, or id.
pub async fn find(reader: &Reader, wanted: &NameOrId) -> Result<Option<EventTemplate>> {
    let scope = reader.scope();
    let query = live(&scope);
    let query = match wanted {
        NameOrId::Id(id) => query.filter(event_templates::Column::Id.eq(*id)),
        NameOrId::Name(name) => query.filter(event_templates::Column::NameKey.eq(name_key(name))),
    };
    Ok(query.one(&scope.on).await?)
}

/// The event templates with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<EventTemplate>> {
    record::by_ids::<event_templates::Entity>(&reader.scope(), ids).await
}

/// The items of each of these event templates, in their order.
pub async fn items_of(reader: &Reader, templates: &[Uuid]) -> Result<HashMap<Uuid, Vec<TemplateItem>>> {
    items_in(&reader.scope(), templates).await
}

/// Makes an event template.
///
/// Errors: [`Error::Invalid`], [`Error::NotFound`] for an e-mail template that is not there, [`Error::Conflict`] for a
/// name that is taken.
pub async fn create(writer: &Writer, new: NewEventTemplate) -> Result<EventTemplate> {
    let new = &new;
    writer
        .write(|unit| async move {
            let NewEventTemplate { name, items } = new.clone();
            let name = template_name(name)?;
            let template = EventTemplate {
                account_id: unit.account,
                id: Uuid::now_v7(),
                name_key: name_key(&name),
                name,
                created_by: unit.user(),
                version: 1,
                created_at: unit.now,
                updated_at: unit.now,
                deleted_at: None,
            };
            write(&unit, &template).await?;
            set_items(&unit, template.id, items).await?;
            unit.publish(Noun::EventTemplate, Verb::Created, template.id).await?;
            Ok(template)
        })
        .await
}

/// Changes an event template; events that it has made stay as they are.
///
/// Errors: as [`create`], [`Error::NotFound`], [`Error::Conflict`] where the version is stale.
pub async fn update(writer: &Writer, change: EventTemplateEdit) -> Result<EventTemplate> {
    let change = &change;
    writer
        .write(|unit| async move {
            let EventTemplateEdit { id, version, name, items } = change.clone();
            let template = record::for_change::<event_templates::Entity>(&unit, id, version).await?;
            let name = name.map_or_else(|| Ok(template.name.clone()), template_name)?;
            let template = EventTemplate {
                name_key: name_key(&name),
                name,
                version: template.version + 1,
                updated_at: unit.after(template.updated_at),
                ..template
            };
            write(&unit, &template).await?;
            if let Some(items) = items {
                set_items(&unit, id, items).await?;
            }
            unit.publish(Noun::EventTemplate, Verb::Updated, id).await?;
            Ok(template)
        })
        .await
}

/// Puts an event template into the trash; events that it has made stay.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale.
pub async fn delete(writer: &Writer, id: Uuid, version: Option<i64>) -> Result<Uuid> {
    writer
        .write(|unit| async move {
            record::trash::<event_templates::Entity>(&unit, id, version).await?;
            unit.publish(Noun::EventTemplate, Verb::Deleted, id).await?;
            Ok(id)
        })
        .await
}

/// The items of a live event template, held as the scope wants it. Errors: [`Error::NotFound`].
pub(crate) async fn items_for_firing(scope: &Scope<'_>, id: Uuid) -> Result<Vec<TemplateItem>> {
    let found = live(scope).filter(event_templates::Column::Id.eq(id)).one(&scope.on).await?;
    found.ok_or(Error::NotFound { what: "event template" })?;
    Ok(items_in(scope, &[id]).await?.remove(&id).unwrap_or_default())
}

async fn items_in(scope: &Scope<'_>, templates: &[Uuid]) -> Result<HashMap<Uuid, Vec<TemplateItem>>> {
    use event_template_items::{Column, Entity};
    let mut items: HashMap<_, Vec<_>> = HashMap::new();
    for ids in templates.chunks(IDS_A_STATEMENT) {
        let query = Entity::find().filter(Column::AccountId.eq(scope.account));
        let query = query.filter(Column::TemplateId.is_in(ids.iter().copied())).order_by_asc(Column::Place);
        for row in query.all(&scope.on).await? {
            let (template, item) = read(row)?;
            items.entry(template).or_default().push(item);
        }
    }
    Ok(items)
}

fn read(row: event_template_items::Model) -> Result<(Uuid, TemplateItem)> {
    let event_template_items::Model {
        account_id: _,
        template_id,
        place: _,
        day_offset,
        time_of_day,
        title,
        location,
        description,
        email_template_id: email_template,
    } = row;
    // What was written was read before.
    let offset = day_offset.parse().map_err(|error: Error| Error::Internal(DbErr::Type(error.to_string())))?;
    Ok((template_id, TemplateItem { offset, time_of_day, title, location, description, email_template }))
}

/// Gives a template these items and no others.
///
/// Errors: [`Error::Invalid`] for none, too many or one that cannot be, [`Error::NotFound`] for an e-mail template.
async fn set_items(unit: &Unit, template: Uuid, items: Vec<TemplateItem>) -> Result<()> {
    use event_template_items::{ActiveModel, Column, Entity};
    if items.is_empty() || items.len() > ITEMS_LIMIT {
        let reason = format!("{} items are given, and an event template has 1 to {ITEMS_LIMIT} of them", items.len());
        return Err(Error::invalid("items", reason));
    }
    let items = (1..).zip(items).map(|(number, item)| item.cleaned().map_err(|error| at_item(number, error)));
    let items: Vec<_> = items.collect::<Result<_>>()?;
    let mails: BTreeSet<_> = items.iter().filter_map(|item| item.email_template).collect();
    email_templates::hold(unit, &mails.into_iter().collect::<Vec<_>>()).await?;
    Entity::delete_many()
        .filter(Column::AccountId.eq(unit.account))
        .filter(Column::TemplateId.eq(template))
        .exec(unit.on())
        .await?;
    let rows = (0..).zip(items).map(|(place, item)| {
        let TemplateItem { offset, time_of_day, title, location, description, email_template } = item;
        ActiveModel {
            account_id: Set(unit.account),
            template_id: Set(template),
            place: Set(place),
            day_offset: Set(offset.to_string()),
            time_of_day: Set(time_of_day),
            title: Set(title),
            location: Set(location),
            description: Set(description),
            email_template_id: Set(email_template),
        }
    });
    Entity::insert_many(rows).exec_without_returning(unit.on()).await?;
    Ok(())
}

async fn write(unit: &Unit, template: &EventTemplate) -> Result<()> {
    let taken = || format!("there is an event template {} already", template.name);
    let written = record::write::<event_templates::Entity>(unit, vec![template.clone()]).await;
    written.map_err(|error| name_taken(error, taken))
}

fn live(scope: &Scope<'_>) -> Select<event_templates::Entity> {
    record::live(scope)
}
