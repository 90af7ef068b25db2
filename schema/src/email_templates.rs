//! E-mail templates in GraphQL: the type, its queries and its mutations.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use service::{Kind, Right};
use storage::query::email_templates as stored;
use uuid::Uuid;

use crate::context::session;
use crate::error::Result;
use crate::loader::{EmailTemplateById, Loads};
use crate::page::{Count, List, PageArguments, connection};
use crate::scalar::{DateTime, Text, given};
use crate::transfer;
use crate::view::PersonOrder;

/// A text for e-mails. Its merge fields are kept as they were written.
#[derive(Clone, SimpleObject)]
pub(crate) struct EmailTemplate {
    /// Its global id.
    pub(crate) id: ID,
    /// Counts the changes, from 1; send it with a change to learn whether it is stale.
    pub(crate) version: i64,
    /// Its name, unique in the account whatever its case and accents.
    pub(crate) name: String,
    /// The subject of the mail.
    pub(crate) subject: String,
    /// The text of the mail.
    pub(crate) body: Text,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// When it was changed last.
    pub(crate) updated_at: DateTime,
}

/// By what templates are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "PersonOrder")]
pub(crate) enum TemplateOrder {
    #[default]
    NameAsc,
    NameDesc,
    CreatedAsc,
    CreatedDesc,
    UpdatedAsc,
    UpdatedDesc,
}

/// What a connection of e-mail templates knows beside its edges.
#[derive(Default)]
pub(crate) struct EmailTemplates {
    count: Count,
}

#[Object(name = "EmailTemplatesSummary")]
impl EmailTemplates {
    /// How many e-mail templates there are, on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let reader = session(ctx)?.reader();
        self.count.of(stored::count(&reader)).await
    }
}

/// The input of `createEmailTemplate`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateEmailTemplateInput {
    /// Its name, at most 500 characters.
    pub(crate) name: String,
    /// The subject of the mail, at most 500 characters.
    #[graphql(default)]
    pub(crate) subject: String,
    /// The text of the mail, at most 1 MiB.
    #[graphql(default)]
    pub(crate) body: String,
}

/// A created e-mail template.
#[derive(SimpleObject)]
pub(crate) struct CreateEmailTemplatePayload {
    /// The e-mail template.
    email_template: EmailTemplate,
}

/// The input of `updateEmailTemplate`: a field that is absent stays, and null clears.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateEmailTemplateInput {
    /// Which one to change.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
    /// Its name, at most 500 characters.
    name: MaybeUndefined<String>,
    /// The subject of the mail, at most 500 characters.
    subject: MaybeUndefined<String>,
    /// The text of the mail, at most 1 MiB.
    body: MaybeUndefined<String>,
}

/// A changed e-mail template.
#[derive(SimpleObject)]
pub(crate) struct UpdateEmailTemplatePayload {
    /// The e-mail template.
    email_template: EmailTemplate,
}

/// The input of `deleteEmailTemplate`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DeleteEmailTemplateInput {
    /// Which one to delete.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
}

/// A deleted e-mail template.
#[derive(SimpleObject)]
pub(crate) struct DeleteEmailTemplatePayload {
    /// The id that it had.
    deleted_id: ID,
}

/// The queries about e-mail templates.
#[derive(Default)]
pub(crate) struct EmailTemplatesQuery;

#[Object]
impl EmailTemplatesQuery {
    /// The e-mail template of an id, or null.
    async fn email_template(&self, ctx: &Context<'_>, id: ID) -> Result<Option<EmailTemplate>> {
        by_id(ctx, &id).await
    }

    /// The e-mail templates, by name.
    #[graphql(complexity = "crate::cost::list(first, last, child_complexity)")]
    async fn email_templates(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] order_by: TemplateOrder,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, EmailTemplate, EmailTemplates, EmptyFields>> {
        let session = session(ctx)?;
        let ordered = List { kind: Kind::EmailTemplate, order: PersonOrder::from(order_by).order() };
        let request = PageArguments { first, after, last, before }.request(ordered)?;
        let page = stored::list(&session.reader(), ordered.order, &request).await?;
        let place = |found: &stored::EmailTemplate| found.cursor(ordered.order.key);
        Ok(connection(ordered, page, &request, EmailTemplates::default(), place, transfer::email_templates::to_graphql))
    }
}

/// The mutations of e-mail templates.
#[derive(Default)]
pub(crate) struct EmailTemplatesMutation;

#[Object]
impl EmailTemplatesMutation {
    /// Makes an e-mail template. A name that is taken is a `CONFLICT`.
    async fn create_email_template(
        &self,
        ctx: &Context<'_>,
        input: CreateEmailTemplateInput,
    ) -> Result<CreateEmailTemplatePayload> {
        let writer = session(ctx)?.writer(Right::Templates)?;
        let template = stored::create(&writer, transfer::email_templates::new(input)).await?;
        Ok(CreateEmailTemplatePayload { email_template: transfer::email_templates::to_graphql(template) })
    }

    /// Changes an e-mail template.
    async fn update_email_template(
        &self,
        ctx: &Context<'_>,
        input: UpdateEmailTemplateInput,
    ) -> Result<UpdateEmailTemplatePayload> {
        let writer = session(ctx)?.writer(Right::Templates)?;
        let UpdateEmailTemplateInput { id, version, name, subject, body } = input;
        let edit = |draft: &mut stored::Draft| {
            let fields = [(&name, &mut draft.name), (&subject, &mut draft.subject), (&body, &mut draft.body)];
            for (change, field) in fields {
                if let Some(text) = given(change.clone()) {
                    *field = text;
                }
            }
        };
        let template = stored::update(&writer, Kind::EmailTemplate.expect(&id)?, version, edit).await?;
        Ok(UpdateEmailTemplatePayload { email_template: transfer::email_templates::to_graphql(template) })
    }

    /// Puts an e-mail template into the trash; events that bear it lose it. One that event templates use stays, and the
    /// `CONFLICT` says which.
    async fn delete_email_template(
        &self,
        ctx: &Context<'_>,
        input: DeleteEmailTemplateInput,
    ) -> Result<DeleteEmailTemplatePayload> {
        let writer = session(ctx)?.writer(Right::Templates)?;
        let DeleteEmailTemplateInput { id, version } = input;
        let deleted = stored::delete(&writer, Kind::EmailTemplate.expect(&id)?, version).await?;
        Ok(DeleteEmailTemplatePayload { deleted_id: Kind::EmailTemplate.global(deleted).into() })
    }
}

/// The e-mail template of a global id, or nothing, whatever the id is.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<EmailTemplate>> {
    let reader = session(ctx)?.reader();
    let Some(id) = Kind::EmailTemplate.parse(id) else { return Ok(None) };
    Ok(stored::by_ids(&reader, &[id]).await?.pop().map(transfer::email_templates::to_graphql))
}

/// The e-mail template that something bears, unless it is in the trash.
pub(crate) async fn of_key(ctx: &Context<'_>, key: Option<Uuid>) -> Result<Option<EmailTemplate>> {
    let Some(key) = key else { return Ok(None) };
    let loader = ctx.data_unchecked::<DataLoader<Loads>>();
    let found = loader.load_one(EmailTemplateById(key)).await.map_err(|error| (*error).clone())?;
    Ok(found)
}
