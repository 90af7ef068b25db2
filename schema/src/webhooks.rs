//! Webhooks in GraphQL: addresses at which other programs leave records without a password.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use service::{Kind, Site};
use storage::query::webhooks::NewWebhook;
use uuid::Uuid;

use crate::accounts::{self as account_types, User};
use crate::context::session;
use crate::error::Result;
use crate::scalar::DateTime;
use crate::transfer;

/// A secret address at which other programs leave people, transactions and messages, as its user. It is closed while `legacyApi`
/// of the account is off.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Webhook {
    /// Its global id.
    pub(crate) id: ID,
    /// Its name.
    pub(crate) name: String,
    /// Whether it also answers searches; where it does not, it only takes.
    pub(crate) can_search: bool,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// When it was used last, to the hour; null where it never was.
    pub(crate) last_used_at: Option<DateTime>,
    /// Since when it does nothing any more, because it was revoked.
    pub(crate) revoked_at: Option<DateTime>,
    #[graphql(skip)]
    pub(crate) user_key: Uuid,
}

#[ComplexObject]
impl Webhook {
    /// As whom it acts: with their rights, and only while they may sign in.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        account_types::user_of(ctx, Some(self.user_key)).await
    }
}

/// The input of `createWebhook`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateWebhookInput {
    /// Its name: which program it is for.
    name: String,
    /// Whether it also answers searches. Say no where others can read its address, as in a form on a web page.
    #[graphql(default = true)]
    can_search: bool,
}

/// A created webhook.
#[derive(SimpleObject)]
pub(crate) struct CreateWebhookPayload {
    /// The webhook.
    webhook: Webhook,
    /// Its secret, which is shown this once: whoever knows it can do what the webhook can.
    secret: String,
    /// Its address, which holds the secret.
    url: String,
}

/// The input of `revokeWebhook`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct RevokeWebhookInput {
    /// Which one to end.
    id: ID,
}

/// A webhook that has ended.
#[derive(SimpleObject)]
pub(crate) struct RevokeWebhookPayload {
    /// The webhook.
    webhook: Webhook,
}

/// The queries about webhooks.
#[derive(Default)]
pub(crate) struct WebhooksQuery;

#[Object]
impl WebhooksQuery {
    /// Your webhooks that are not revoked, the newest first; an admin sees everybody's.
    #[graphql(complexity = "crate::cost::about(50, child_complexity)")]
    async fn webhooks(&self, ctx: &Context<'_>) -> Result<Vec<Webhook>> {
        let webhooks = session(ctx)?.webhooks().list().await?;
        Ok(webhooks.into_iter().map(transfer::webhooks::to_graphql).collect())
    }

    /// One of your webhooks, also a revoked one; an admin sees everybody's.
    async fn webhook(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Webhook>> {
        by_id(ctx, &id).await
    }
}

/// The mutations of webhooks.
#[derive(Default)]
pub(crate) struct WebhooksMutation;

#[Object]
impl WebhooksMutation {
    /// Makes a webhook: a secret address at which other programs leave records as you, until you revoke it.
    async fn create_webhook(&self, ctx: &Context<'_>, input: CreateWebhookInput) -> Result<CreateWebhookPayload> {
        let CreateWebhookInput { name, can_search } = input;
        let (webhook, secret) = session(ctx)?.webhooks().create(NewWebhook { name, can_search }).await?;
        let site = ctx.data_opt::<Site>().map_or("", |site| site.0.as_str());
        let url = format!("{site}/webhook/{secret}");
        Ok(CreateWebhookPayload { webhook: transfer::webhooks::to_graphql(webhook), secret, url })
    }

    /// Ends one of your webhooks for good; an admin may end everybody's.
    async fn revoke_webhook(&self, ctx: &Context<'_>, input: RevokeWebhookInput) -> Result<RevokeWebhookPayload> {
        let webhook = session(ctx)?.webhooks().revoke(&input.id).await?;
        Ok(RevokeWebhookPayload { webhook: transfer::webhooks::to_graphql(webhook) })
    }
}

/// A webhook of a global id that the session may see. A wrong id is nothing.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Webhook>> {
    let Some(id) = Kind::Webhook.parse(id) else { return Ok(None) };
    let webhook = session(ctx)?.webhooks().get(id).await?;
    Ok(webhook.map(transfer::webhooks::to_graphql))
}
