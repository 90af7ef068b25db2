//! API tokens: what programs sign in with instead of somebody's password.

use storage::Timestamp;
use storage::query::api_tokens::{self as stored, Whose};
use storage::query::users;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::id::Kind;
use crate::permission::Right;
use crate::session::Session;
use crate::token::{API_TOKEN_PREFIX, secret_text};

impl Session {
    /// The API tokens: the user's, or everybody's for an admin.
    pub fn api_tokens(&self) -> ApiTokens<'_> {
        ApiTokens(self)
    }
}

/// The API tokens that a session may see and end: its user's, or everybody's for an admin.
pub struct ApiTokens<'a>(&'a Session);

impl ApiTokens<'_> {
    /// Those of the user that are not revoked, the newest first.
    pub async fn of_user(&self) -> Result<Vec<stored::ApiToken>> {
        Ok(stored::list(&self.0.reader(), Whose::Of(self.0.user().id)).await?)
    }

    /// Those of all users. Errors: `FORBIDDEN` for whoever is no admin.
    pub async fn of_account(&self) -> Result<Vec<stored::ApiToken>> {
        Right::Settings.check(self.0.user().role)?;
        Ok(stored::list(&self.0.reader(), Whose::Account).await?)
    }

    /// One of them, also a revoked one.
    pub async fn get(&self, id: Uuid) -> Result<Option<stored::ApiToken>> {
        Ok(stored::by_id(&self.0.reader(), id, self.whose()).await?)
    }

    /// Makes an API token of the session's user, and gives it with its text, which is not kept.
    ///
    /// Errors: `INVALID` for an action that there is not and a moment that has passed, `LIMITED` for too many.
    pub async fn create(
        &self,
        name: String,
        actions: &[String],
        expires_at: Option<Timestamp>,
    ) -> Result<(stored::ApiToken, String)> {
        let mut actions: Vec<_> = actions.iter().map(|action| self.legacy_action(action)).collect::<Result<_>>()?;
        actions.sort_unstable();
        actions.dedup();
        if expires_at.is_some_and(|moment| moment <= self.0.now()) {
            return Err(Error { field: Some("expiresAt"), ..Error::invalid("expiresAt: the moment lies in the past") });
        }
        let actions = actions.into_iter().map(ToOwned::to_owned).collect();
        let new = stored::NewApiToken { name, actions, expires_at };
        let (token, secret) = stored::create(&self.0.writer(Right::Tokens)?, self.0.user().id, new).await?;
        let text = secret_text(API_TOKEN_PREFIX, token.account_id, token.id, &secret);
        Ok((token, text))
    }

    /// The API tokens that the session's user may end, with the addresses of their users: an admin those of the account.
    pub async fn with_users(&self) -> Result<Vec<(stored::ApiToken, String)>> {
        let users = users::list(&self.0.reader()).await?;
        let tokens = stored::list(&self.0.reader(), self.whose()).await?;
        let email = |id: Uuid| users.iter().find(|user| user.id == id).map(|user| user.email.clone());
        let with_email = |token: stored::ApiToken| {
            let email = email(token.user_id).unwrap_or_default();
            (token, email)
        };
        Ok(tokens.into_iter().map(with_email).collect())
    }

    /// Ends one of them for good. Errors: `NOT_FOUND`.
    pub async fn revoke(&self, id: &str) -> Result<stored::ApiToken> {
        let id = Kind::ApiToken.expect(id)?;
        Ok(stored::revoke(&self.0.writer(Right::Tokens)?, id, self.whose()).await?)
    }

    /// The action of the legacy API that a text means, in any case and with `person` for `people`.
    ///
    /// Errors: `INVALID`, with those that there are.
    fn legacy_action(&self, text: &str) -> Result<&'static str> {
        let text = text.trim().to_ascii_lowercase().replace("=person", "=people");
        let actions = self.0.engine().legacy_actions();
        actions.iter().copied().find(|action| *action == text).ok_or_else(|| {
            let all = actions.join(", ");
            let message = format!("{text:?} is no action of the legacy API; there are {all}");
            Error { field: Some("actions"), ..Error::invalid(message) }
        })
    }

    /// Whose tokens the user may see and end.
    fn whose(&self) -> Whose {
        let user = self.0.user();
        if Right::Settings.is_of(user.role) { Whose::Account } else { Whose::Of(user.id) }
    }
}
