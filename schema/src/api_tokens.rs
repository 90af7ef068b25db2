//! API tokens in GraphQL: what programs sign in with instead of somebody's password.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use storage::Timestamp;
use storage::query::api_tokens::{self as stored, Whose};
use storage::query::users;
use uuid::Uuid;

use crate::accounts::{User, user_of};
use crate::error::{Error, Result};
use crate::id::Kind;
use crate::permission::Right;
use crate::root::session;
use crate::scalar::DateTime;
use crate::session::Session;
use crate::token::{API_TOKEN_PREFIX, secret_text};
use crate::transfer;

/// The actions of the legacy API. (heap-api.txt has `people` where its text says `person`.)
pub const LEGACY_ACTIONS: [&str; 14] = [
    "create=archive",
    "create=customer",
    "create=event",
    "create=lead",
    "create=message",
    "create=opportunity",
    "create=people",
    "get=archive",
    "get=customer",
    "get=event",
    "get=lead",
    "get=message",
    "get=opportunity",
    "get=people",
];

/// The action that a text means, in any case and with `person` for `people`.
///
/// Errors: `INVALID`, with those that there are.
pub fn legacy_action(text: &str) -> Result<&'static str> {
    let text = text.trim().to_ascii_lowercase().replace("=person", "=people");
    let found = LEGACY_ACTIONS.into_iter().find(|action| *action == text);
    found.ok_or_else(|| {
        let all = LEGACY_ACTIONS.join(", ");
        let message = format!("{text:?} is no action of the legacy API; there are {all}");
        Error { field: Some("actions"), ..Error::invalid(message) }
    })
}

/// What a program signs in with instead of a password.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct ApiToken {
    /// Its global id.
    pub(crate) id: ID,
    /// Its name.
    pub(crate) name: String,
    /// The actions of the legacy API that it is for, such as `create=lead`; none where it opens everything that its user may.
    pub(crate) actions: Vec<String>,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// Until when it is good; null for ever.
    pub(crate) expires_at: Option<DateTime>,
    /// When it was used last, to the hour; null where it never was.
    pub(crate) last_used_at: Option<DateTime>,
    /// Since when it is not good any more, because it was revoked.
    pub(crate) revoked_at: Option<DateTime>,
    #[graphql(skip)]
    pub(crate) user_key: Uuid,
}

#[ComplexObject]
impl ApiToken {
    /// For whom it stands.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        user_of(ctx, Some(self.user_key)).await
    }
}

/// The input of `createApiToken`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateApiTokenInput {
    /// Its name: the program that will have it.
    name: String,
    /// Actions of the legacy API, such as `create=lead`: then it is good as `login_password` of `api.php`, for these, and for nothing
    /// else. Without any it opens everything that you may.
    #[graphql(default)]
    actions: Vec<String>,
    /// Until when it is good; for ever where it is absent.
    expires_at: Option<DateTime>,
}

/// A created API token.
#[derive(SimpleObject)]
pub(crate) struct CreateApiTokenPayload {
    /// The token without its secret.
    api_token: ApiToken,
    /// The token itself, which is shown this once: `Authorization: Bearer …`, or in place of the password.
    token: String,
}

/// The input of `revokeApiToken`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct RevokeApiTokenInput {
    /// Which one to end.
    id: ID,
}

/// An API token that has ended.
#[derive(SimpleObject)]
pub(crate) struct RevokeApiTokenPayload {
    /// The token.
    api_token: ApiToken,
}

/// The queries about API tokens.
#[derive(Default)]
pub(crate) struct ApiTokensQuery;

#[Object]
impl ApiTokensQuery {
    /// Your API tokens that are not revoked, the newest first.
    #[graphql(complexity = "crate::cost::about(50, child_complexity)")]
    async fn api_tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whether those of all users are meant; for admins.", default)] of_account: bool,
    ) -> Result<Vec<ApiToken>> {
        let session = session(ctx)?;
        let whose = if of_account {
            Right::Settings.check(session.user().role)?;
            Whose::Account
        } else {
            Whose::Of(session.user().id)
        };
        let tokens = stored::list(&session.reader(), whose).await?;
        Ok(tokens.into_iter().map(transfer::api_tokens::client).collect())
    }
}

/// The mutations of API tokens.
#[derive(Default)]
pub(crate) struct ApiTokensMutation;

#[Object]
impl ApiTokensMutation {
    /// Makes an API token, which stands for you until you revoke it. Another password does not end it.
    async fn create_api_token(&self, ctx: &Context<'_>, input: CreateApiTokenInput) -> Result<CreateApiTokenPayload> {
        let session = session(ctx)?;
        let CreateApiTokenInput { name, actions, expires_at } = input;
        let expires_at = expires_at.map(|moment| moment.0);
        let (api_token, token) = session.create_api_token(name, &actions, expires_at).await?;
        Ok(CreateApiTokenPayload { api_token: transfer::api_tokens::client(api_token), token })
    }

    /// Ends an API token for good: one of yours, and as an admin one of anybody in the account.
    async fn revoke_api_token(&self, ctx: &Context<'_>, input: RevokeApiTokenInput) -> Result<RevokeApiTokenPayload> {
        let session = session(ctx)?;
        let token = session.revoke_api_token(&input.id).await?;
        Ok(RevokeApiTokenPayload { api_token: transfer::api_tokens::client(token) })
    }
}

impl Session {
    /// Makes an API token of the session's user, and gives it with its text, which is not kept.
    ///
    /// Errors: `INVALID` for an action that there is not and a moment that has passed, `LIMITED` for too many.
    pub async fn create_api_token(
        &self,
        name: String,
        actions: &[String],
        expires_at: Option<Timestamp>,
    ) -> Result<(stored::ApiToken, String)> {
        let mut actions: Vec<_> = actions.iter().map(|action| legacy_action(action)).collect::<Result<_>>()?;
        actions.sort_unstable();
        actions.dedup();
        if expires_at.is_some_and(|moment| moment <= self.now()) {
            return Err(Error { field: Some("expiresAt"), ..Error::invalid("expiresAt: the moment lies in the past") });
        }
        let actions = actions.into_iter().map(ToOwned::to_owned).collect();
        let new = stored::NewApiToken { name, actions, expires_at };
        let (token, secret) = stored::create(&self.writer(Right::Tokens)?, self.user().id, new).await?;
        let text = secret_text(API_TOKEN_PREFIX, token.account_id, token.id, &secret);
        Ok((token, text))
    }

    /// The API tokens that the session's user may end, with the addresses of their users: an admin those of the account.
    pub async fn api_tokens(&self) -> Result<Vec<(stored::ApiToken, String)>> {
        let users = users::list(&self.reader()).await?;
        let tokens = stored::list(&self.reader(), reach(self)).await?;
        let email = |id: Uuid| users.iter().find(|user| user.id == id).map(|user| user.email.clone());
        let with_email = |token: stored::ApiToken| {
            let email = email(token.user_id).unwrap_or_default();
            (token, email)
        };
        Ok(tokens.into_iter().map(with_email).collect())
    }

    /// Ends one of them for good. Errors: `NOT_FOUND`.
    pub async fn revoke_api_token(&self, id: &str) -> Result<stored::ApiToken> {
        let id = Kind::ApiToken.expect(id)?;
        Ok(stored::revoke(&self.writer(Right::Tokens)?, id, reach(self)).await?)
    }
}

/// One of the tokens that the session may see. A wrong id is nothing.
pub(crate) async fn by_id(session: &Session, id: Uuid) -> Result<Option<ApiToken>> {
    let found = stored::by_id(&session.reader(), id, reach(session)).await?;
    Ok(found.map(transfer::api_tokens::client))
}

/// Whose tokens a user may see and end.
fn reach(session: &Session) -> Whose {
    if Right::Settings.is_of(session.user().role) { Whose::Account } else { Whose::Of(session.user().id) }
}
