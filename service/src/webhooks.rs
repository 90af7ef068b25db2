//! Webhooks: secret addresses at which other programs leave records without a password.

use std::time::Duration;

use storage::Actor;
use storage::query::users::Role;
use storage::query::webhooks::{self as stored, NewWebhook, Whose};
use storage::query::{accounts, users};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::id::Kind;
use crate::permission::Right;
use crate::session::{AccountHint, Session};
use crate::token::{self, WEBHOOK_PREFIX};

/// How long noting the last use may wait for whoever else writes.
const PATIENCE: Duration = Duration::from_secs(2);

impl Session {
    /// The webhooks: the user's, or everybody's for an admin.
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks(self)
    }
}

/// The webhooks that a session may see and end: its user's, or everybody's for an admin.
pub struct Webhooks<'a>(&'a Session);

impl Webhooks<'_> {
    /// Those that are not revoked, the newest first.
    pub async fn list(&self) -> Result<Vec<stored::Webhook>> {
        Ok(stored::list(&self.0.reader(), self.whose()).await?)
    }

    /// One of them, also a revoked one.
    pub async fn get(&self, id: Uuid) -> Result<Option<stored::Webhook>> {
        Ok(stored::by_id(&self.0.reader(), self.whose(), id).await?)
    }

    /// Makes a webhook, and answers it with the text of its secret, which is not kept. Errors: `FORBIDDEN` for a reader.
    pub async fn create(&self, new: NewWebhook) -> Result<(stored::Webhook, String)> {
        let (webhook, secret) = stored::create(&self.0.writer(Right::Webhooks)?, new).await?;
        let secret = token::secret_text(WEBHOOK_PREFIX, webhook.account_id, webhook.id, &secret);
        Ok((webhook, secret))
    }

    /// Ends the webhook of a global id for good. Errors: `NOT_FOUND`, also for one that was revoked already.
    pub async fn revoke(&self, id: &str) -> Result<stored::Webhook> {
        let writer = self.0.writer(Right::Webhooks)?;
        Ok(stored::revoke(&writer, self.whose(), Kind::Webhook.expect(id)?).await?)
    }

    /// An admin answers for everything that acts in the account.
    fn whose(&self) -> Whose {
        match self.0.user().role {
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
        if !hint.allows(&account.subdomain) {
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
