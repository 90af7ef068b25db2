//! E-mail templates: texts with merge fields, which are kept as they were written.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use crate::contact::indexed;
pub use crate::entity::email_templates::Model as EmailTemplate;
use crate::entity::{email_templates, event_template_items, event_templates};
use crate::error::{Error, Result, name_taken};
use crate::fold::fold;
use crate::handle::{Reader, Rows, Scope, Unit, Writer};
use crate::outbox::{Noun, Verb};
use crate::page::{Order, Page, PageRequest};
use crate::record::{self, IDS_A_STATEMENT, recorded};
use crate::text::{self, LINE_LIMIT};

/// How many of the event templates that use an e-mail template an error names.
const NAMED_USES: usize = 3;

/// What an e-mail template says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// The subject of the mail; it may be empty.
    pub subject: String,
    /// The text of the mail; it may be empty.
    pub body: String,
}

recorded!(email_templates, "e-mail template", by NameKey name_key, keeps CreatedBy);

impl Draft {
    /// The draft as it may be stored. Errors: [`Error::Invalid`] without a name and for a text over its limit.
    pub fn cleaned(self) -> Result<Self> {
        let Self { name, subject, body } = self;
        Ok(Self {
            name: template_name(name)?,
            subject: text::line("subject", Some(subject), LINE_LIMIT)?.unwrap_or_default(),
            body: text::block("body", Some(body))?.unwrap_or_default(),
        })
    }
}

/// A page of the e-mail templates. Errors: [`Error::Invalid`] for a cursor of another order.
pub async fn list(reader: &Reader, order: Order, request: &PageRequest) -> Result<Page<EmailTemplate>> {
    let scope = reader.scope();
    record::listed(&scope, live(&scope), order, request).await
}

/// How many there are.
pub async fn count(reader: &Reader) -> Result<u64> {
    super::count(&reader.scope(), live(&reader.scope())).await
}

/// The e-mail templates with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<EmailTemplate>> {
    record::by_ids::<email_templates::Entity>(&reader.scope(), ids).await
}

/// Makes an e-mail template. Errors: [`Error::Invalid`], [`Error::Conflict`] for a name that is taken.
pub async fn create(writer: &Writer, draft: Draft) -> Result<EmailTemplate> {
    let draft = &draft;
    writer
        .write(|unit| async move {
            let blank = EmailTemplate {
                account_id: unit.account,
                id: Uuid::now_v7(),
                name: String::new(),
                name_key: String::new(),
                subject: String::new(),
                body: String::new(),
                created_by: unit.user(),
                version: 0,
                created_at: unit.now,
                updated_at: unit.now,
                deleted_at: None,
            };
            let template = changed(&unit, &blank, draft.clone().cleaned()?);
            write(&unit, &template).await?;
            unit.publish(Noun::EmailTemplate, Verb::Created, template.id).await?;
            Ok(template)
        })
        .await
}

/// Changes an e-mail template: `edit` gets what it says now.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale or the name taken, [`Error::Invalid`].
pub async fn update(
    writer: &Writer,
    id: Uuid,
    version: Option<i64>,
    edit: impl Fn(&mut Draft) + Sync,
) -> Result<EmailTemplate> {
    let edit = &edit;
    writer
        .write(|unit| async move {
            let template = record::for_change::<email_templates::Entity>(&unit, id, version).await?;
            let EmailTemplate { name, subject, body, .. } = template.clone();
            let mut draft = Draft { name, subject, body };
            edit(&mut draft);
            let template = changed(&unit, &template, draft.cleaned()?);
            write(&unit, &template).await?;
            unit.publish(Noun::EmailTemplate, Verb::Updated, id).await?;
            Ok(template)
        })
        .await
}

/// Puts an e-mail template into the trash; the events that have it lose it.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale or event templates use it.
pub async fn delete(writer: &Writer, id: Uuid, version: Option<i64>) -> Result<Uuid> {
    writer
        .write(|unit| async move {
            record::trash::<email_templates::Entity>(&unit, id, version).await?;
            check_unused(&unit, id).await?;
            unit.publish(Noun::EmailTemplate, Verb::Deleted, id).await?;
            Ok(id)
        })
        .await
}

/// On PostgreSQL nobody deletes these e-mail templates until the unit ends.
///
/// Errors: [`Error::NotFound`] where one is not there.
pub(crate) async fn hold(unit: &Unit, ids: &[Uuid]) -> Result<()> {
    let scope = Scope { rows: Rows::Shared, ..unit.scope() };
    for ids in ids.chunks(IDS_A_STATEMENT) {
        let query = live(&scope).select_only().column(email_templates::Column::Id);
        let query = query.filter(email_templates::Column::Id.is_in(ids.iter().copied()));
        let found: Vec<Uuid> = query.into_tuple().all(&scope.on).await?;
        if ids.iter().any(|id| !found.contains(id)) {
            return Err(Error::NotFound { what: "e-mail template" });
        }
    }
    Ok(())
}

/// The name of a template as it may be stored. Errors: [`Error::Invalid`] for one that is empty or too long.
pub(crate) fn template_name(name: String) -> Result<String> {
    let name = text::line("name", Some(name), LINE_LIMIT)?.filter(|name| !fold(name).is_empty());
    name.ok_or_else(|| Error::invalid("name", "a template needs a name"))
}

/// By what the names of templates are unique.
pub(crate) fn name_key(name: &str) -> String {
    indexed(&fold(name))
}

/// Errors: [`Error::Conflict`] where event templates that are not in the trash use an e-mail template.
async fn check_unused(unit: &Unit, id: Uuid) -> Result<()> {
    use event_template_items::Column::{EmailTemplateId, TemplateId};
    use event_templates::{Column, Entity};
    let items = event_template_items::Entity::find()
        .select_only()
        .column(TemplateId)
        .filter(event_template_items::Column::AccountId.eq(unit.account))
        .filter(EmailTemplateId.eq(id));
    let names: Vec<String> = record::live::<Entity>(&unit.scope())
        .select_only()
        .column(Column::Name)
        .filter(Column::Id.in_subquery(items.into_query()))
        .order_by_asc(Column::NameKey)
        .into_tuple()
        .all(unit.on())
        .await?;
    if names.is_empty() {
        return Ok(());
    }
    let shown = names.iter().take(NAMED_USES).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > NAMED_USES { ", …" } else { "" };
    let using = if names.len() == 1 {
        "1 event template uses".to_owned()
    } else {
        format!("{} event templates use", names.len())
    };
    Err(Error::Conflict { reason: format!("{using} this e-mail template ({shown}{more}): take it out of them first") })
}

/// A template that says something else, at the next version; nothing is written.
fn changed(unit: &Unit, template: &EmailTemplate, draft: Draft) -> EmailTemplate {
    let Draft { name, subject, body } = draft;
    EmailTemplate {
        name_key: name_key(&name),
        name,
        subject,
        body,
        version: template.version + 1,
        updated_at: unit.after(template.updated_at),
        ..template.clone()
    }
}

async fn write(unit: &Unit, template: &EmailTemplate) -> Result<()> {
    let taken = || format!("there is an e-mail template {} already", template.name);
    let written = record::write::<email_templates::Entity>(unit, vec![template.clone()]).await;
    written.map_err(|error| name_taken(error, taken))
}

fn live(scope: &Scope<'_>) -> Select<email_templates::Entity> {
    record::live(scope)
}
