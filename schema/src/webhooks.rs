//! Webhooks in GraphQL, and opening one by its secret: an address at which other programs leave records without a password.

use std::time::Duration;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use storage::Actor;
use storage::query::users::Role;
use storage::query::webhooks::{self as stored, NewWebhook, Whose};
use storage::query::{accounts, users};
use uuid::Uuid;

use crate::accounts::{self as account_types, User};
use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::feeds::Site;
use crate::id::Kind;
use crate::permission::Right;
use crate::root::session;
use crate::scalar::DateTime;
use crate::session::{AccountHint, Session};
use crate::token::{self, WEBHOOK_PREFIX};
use crate::transfer;

/// How long noting the last use may wait for whoever else writes.
const PATIENCE: Duration = Duration::from_secs(2);

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
        let webhooks = session(ctx)?.webhooks().await?;
        Ok(webhooks.into_iter().map(transfer::webhooks::client).collect())
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
        let (webhook, secret) = session(ctx)?.create_webhook(NewWebhook { name, can_search }).await?;
        let site = ctx.data_opt::<Site>().map_or("", |site| site.0.as_str());
        let url = format!("{site}/webhook/{secret}");
        Ok(CreateWebhookPayload { webhook: transfer::webhooks::client(webhook), secret, url })
    }

    /// Ends one of your webhooks for good; an admin may end everybody's.
    async fn revoke_webhook(&self, ctx: &Context<'_>, input: RevokeWebhookInput) -> Result<RevokeWebhookPayload> {
        let webhook = session(ctx)?.revoke_webhook(&input.id).await?;
        Ok(RevokeWebhookPayload { webhook: transfer::webhooks::client(webhook) })
    }
}

/// A webhook of a global id that the session may see. A wrong id is nothing.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Webhook>> {
    let session = session(ctx)?;
    let Some(id) = Kind::Webhook.parse(id) else { return Ok(None) };
    let webhook = stored::by_id(&session.reader(), session.whose_webhooks(), id).await?;
    Ok(webhook.map(transfer::webhooks::client))
}

impl Session {
    /// The webhooks that are not revoked: the user's, or everybody's for an admin.
    pub async fn webhooks(&self) -> Result<Vec<stored::Webhook>> {
        Ok(stored::list(&self.reader(), self.whose_webhooks()).await?)
    }

    /// Makes a webhook, and answers it with the text of its secret, which is not kept. Errors: `FORBIDDEN` for a reader.
    pub async fn create_webhook(&self, new: NewWebhook) -> Result<(stored::Webhook, String)> {
        let (webhook, secret) = stored::create(&self.writer(Right::Webhooks)?, new).await?;
        let secret = token::secret_text(WEBHOOK_PREFIX, webhook.account_id, webhook.id, &secret);
        Ok((webhook, secret))
    }

    /// Ends the webhook of a global id for good. Errors: `NOT_FOUND`, also for one that was revoked already.
    pub async fn revoke_webhook(&self, id: &str) -> Result<stored::Webhook> {
        let writer = self.writer(Right::Webhooks)?;
        Ok(stored::revoke(&writer, self.whose_webhooks(), Kind::Webhook.expect(id)?).await?)
    }

    /// An admin answers for everything that acts in the account.
    fn whose_webhooks(&self) -> Whose {
        match self.user().role {
            Role::Admin => Whose::All,
            Role::Member | Role::Reader => Whose::Own,
        }
    }
}

/// A webhook that somebody calls.
pub struct OpenedWebhook {
    /// As whom it acts.
    pub session: Session,
    /// Whether it also answers searches.
    pub can_search: bool,
}

impl Engine {
    /// The webhook of a secret.
    ///
    /// Errors: `NOT_FOUND` for a secret that is not valid or was revoked, where its user was disabled, and where the request
    /// names another account.
    pub async fn webhook(&self, hint: &AccountHint, secret: &str) -> Result<OpenedWebhook> {
        let gone = || Error::new(Code::NotFound, "there is no such webhook: it may have been revoked");
        let (account, id, secret) = token::parse_secret(WEBHOOK_PREFIX, secret).ok_or_else(gone)?;
        let webhook = stored::opened(self.storage(), account, id, &secret).await?.ok_or_else(gone)?;
        let account = accounts::by_id(self.storage(), account).await?.ok_or_else(gone)?;
        if let AccountHint::Subdomain(subdomain) = hint
            && !subdomain.eq_ignore_ascii_case(&account.subdomain)
        {
            return Err(gone());
        }
        let reader = self.storage().reader(account.account_id);
        let user = users::get(&reader, webhook.user_id).await?;
        let user = user.filter(|user| user.disabled_at.is_none()).ok_or_else(gone)?;
        if webhook.is_used_unnoted(self.now()) {
            let writer = self.storage().writer(account.account_id, Actor::System, self.now());
            // Nobody waits for it, and it may fail: the next one who calls tries again.
            tokio::spawn(async move {
                let noted = tokio::time::timeout(PATIENCE, stored::note_use(&writer, id)).await;
                if let Ok(Err(error)) = noted {
                    tracing::debug!(%error, "The use of a webhook is not noted: {error}");
                }
            });
        }
        Ok(OpenedWebhook { session: self.session(account, user)?, can_search: webhook.can_search })
    }
}
