//! API tokens in GraphQL: what programs sign in with instead of somebody's password.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use service::Session;
use uuid::Uuid;

use crate::accounts::{User, user_of};
use crate::context::session;
use crate::error::Result;
use crate::scalar::DateTime;
use crate::transfer;

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
        let tokens = session(ctx)?.api_tokens();
        let tokens = if of_account { tokens.of_account().await? } else { tokens.of_user().await? };
        Ok(tokens.into_iter().map(transfer::api_tokens::to_graphql).collect())
    }
}

/// The mutations of API tokens.
#[derive(Default)]
pub(crate) struct ApiTokensMutation;

#[Object]
impl ApiTokensMutation {
    /// Makes an API token, which stands for you until you revoke it. Another password does not end it.
    async fn create_api_token(&self, ctx: &Context<'_>, input: CreateApiTokenInput) -> Result<CreateApiTokenPayload> {
        let CreateApiTokenInput { name, actions, expires_at } = input;
        let expires_at = expires_at.map(|moment| moment.0);
        let (api_token, token) = session(ctx)?.api_tokens().create(name, &actions, expires_at).await?;
        Ok(CreateApiTokenPayload { api_token: transfer::api_tokens::to_graphql(api_token), token })
    }

    /// Ends an API token for good: one of yours, and as an admin one of anybody in the account.
    async fn revoke_api_token(&self, ctx: &Context<'_>, input: RevokeApiTokenInput) -> Result<RevokeApiTokenPayload> {
        let token = session(ctx)?.api_tokens().revoke(&input.id).await?;
        Ok(RevokeApiTokenPayload { api_token: transfer::api_tokens::to_graphql(token) })
    }
}

/// One of the tokens that the session may see. A wrong id is nothing.
pub(crate) async fn by_id(session: &Session, id: Uuid) -> Result<Option<ApiToken>> {
    let found = session.api_tokens().get(id).await?;
    Ok(found.map(transfer::api_tokens::to_graphql))
}
