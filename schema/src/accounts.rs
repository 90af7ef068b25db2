//! Accounts in GraphQL: who I am, signing in and staying signed in, and the settings of the account.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use service::{AccountHint, Caller, Engine, Origin, Right, Session};
use storage::query::{accounts, users};
use uuid::Uuid;

use crate::context::session;
use crate::error::Result;
use crate::loader::{Loads, UserById};
use crate::scalar::DateTime;
use crate::transfer;

/// A tenant.
#[derive(Clone, SimpleObject)]
pub(crate) struct Account {
    /// Its global id.
    pub(crate) id: ID,
    /// Counts the changes, from 1; send it with an update to learn whether it is stale.
    pub(crate) version: i64,
    /// Its name in URLs.
    pub(crate) subdomain: String,
    /// What it calls itself.
    pub(crate) name: String,
    /// An IANA time zone, such as `Europe/Berlin`.
    pub(crate) time_zone: String,
    /// The language of its texts, a BCP 47 tag such as `en` or `de-AT`.
    pub(crate) language: String,
    /// The currency of its values, an ISO 4217 code such as `EUR`.
    pub(crate) currency: String,
    /// Whether the legacy API, `api.php` and webhooks, answers for it. Where it is off, whoever calls it is refused (`FORBIDDEN`).
    pub(crate) legacy_api: bool,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// When its settings were changed last.
    pub(crate) updated_at: DateTime,
}

/// Somebody who signs in to an account.
#[derive(Clone, SimpleObject)]
pub(crate) struct User {
    /// Its global id.
    pub(crate) id: ID,
    /// Counts the changes, from 1; send it with an update to learn whether it is stale.
    pub(crate) version: i64,
    /// The address that they sign in with.
    pub(crate) email: String,
    /// What they are called.
    pub(crate) name: String,
    /// What they may do.
    pub(crate) role: Role,
    /// Whether they may not sign in.
    pub(crate) is_disabled: bool,
    /// When they were made.
    pub(crate) created_at: DateTime,
    /// When they were changed last.
    pub(crate) updated_at: DateTime,
    /// The account that they belong to.
    pub(crate) account: Account,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "storage::query::users::Role")]
pub(crate) enum Role {
    /// Everything, users and settings too.
    Admin,
    /// Reads and writes records.
    Member,
    /// Reads records.
    Reader,
}

/// The input of `login`.
#[derive(InputObject)]
pub(crate) struct LoginInput {
    /// The e-mail address of the user.
    email: String,
    /// The password of the user.
    #[graphql(secret)]
    password: String,
}

/// The input of `refreshToken`.
#[derive(InputObject)]
pub(crate) struct RefreshTokenInput {
    /// The refresh token that `login` or the last `refreshToken` gave.
    #[graphql(secret)]
    refresh_token: String,
}

/// The input of `updateAccount`: what is absent or null stays.
#[derive(InputObject)]
pub(crate) struct UpdateAccountInput {
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
    /// What the account calls itself.
    name: Option<String>,
    /// An IANA time zone, such as `Europe/Berlin`.
    time_zone: Option<String>,
    /// A BCP 47 tag such as `en` or `de-AT`.
    language: Option<String>,
    /// An ISO 4217 code such as `EUR`.
    currency: Option<String>,
    /// Whether the legacy API, `api.php` and every webhook of the account, answers; `legacyUsage` tells who would miss it. Webhooks
    /// are not revoked by it: they go on when it is switched on again.
    legacy_api: Option<bool>,
}

/// The changed account.
#[derive(SimpleObject)]
pub(crate) struct UpdateAccountPayload {
    /// The account.
    account: Account,
}

/// A signed-in user and the tokens that show it.
#[derive(SimpleObject)]
pub(crate) struct LoginPayload {
    /// Send it as `Authorization: Bearer …`.
    pub(crate) access_token: String,
    /// Gives the next tokens, once.
    pub(crate) refresh_token: String,
    /// When the access token ends.
    pub(crate) expires_at: DateTime,
    /// Who has signed in.
    pub(crate) user: User,
}

/// The queries about oneself and one's account.
#[derive(Default)]
pub(crate) struct AccountsQuery;

#[Object]
impl AccountsQuery {
    /// Who is signed in.
    #[expect(clippy::unused_async, reason = "the engine wants every field asynchronous")]
    async fn me(&self, ctx: &Context<'_>) -> Result<User> {
        let session = session(ctx)?;
        Ok(transfer::accounts::user(session.user().clone(), session.account().clone()))
    }

    /// The account of who is signed in.
    #[expect(clippy::unused_async, reason = "the engine wants every field asynchronous")]
    async fn account(&self, ctx: &Context<'_>) -> Result<Account> {
        Ok(transfer::accounts::to_graphql(session(ctx)?.account().clone()))
    }
}

/// The mutations that sign in, and those of the account.
#[derive(Default)]
pub(crate) struct AccountsMutation;

#[Object]
impl AccountsMutation {
    /// Signs in with e-mail address and password.
    #[graphql(complexity = "crate::cost::SIGN_IN")]
    async fn login(&self, ctx: &Context<'_>, input: LoginInput) -> Result<LoginPayload> {
        let engine = ctx.data_unchecked::<Engine>();
        let hint = match ctx.data_unchecked::<Caller>() {
            Caller::Anonymous(hint) => hint.clone(),
            Caller::SignedIn(session) => AccountHint::Subdomain(session.account().subdomain.clone()),
        };
        let origin = ctx.data_opt::<Origin>().copied().unwrap_or_default();
        Ok(transfer::accounts::login(engine.log_in(origin, &hint, &input.email, &input.password).await?))
    }

    /// Gives new tokens for a refresh token, which is then used up. A second use ends all sessions of the user.
    #[graphql(complexity = "crate::cost::SIGN_IN")]
    async fn refresh_token(&self, ctx: &Context<'_>, input: RefreshTokenInput) -> Result<LoginPayload> {
        let engine = ctx.data_unchecked::<Engine>();
        let hint = match ctx.data_unchecked::<Caller>() {
            Caller::Anonymous(hint) => hint.clone(),
            Caller::SignedIn(_) => AccountHint::None,
        };
        Ok(transfer::accounts::login(engine.refresh(&hint, &input.refresh_token).await?))
    }

    /// Changes the settings of the account.
    async fn update_account(&self, ctx: &Context<'_>, input: UpdateAccountInput) -> Result<UpdateAccountPayload> {
        let writer = session(ctx)?.writer(Right::Settings)?;
        let UpdateAccountInput { version, name, time_zone, language, currency, legacy_api } = input;
        let legacy_api = legacy_api.map(|is_on| if is_on { accounts::LegacyApi::On } else { accounts::LegacyApi::Off });
        let edit = accounts::AccountEdit { version, name, time_zone, language, currency, legacy_api };
        let account = accounts::update(&writer, edit).await?;
        Ok(UpdateAccountPayload { account: transfer::accounts::to_graphql(account) })
    }
}

/// The user of a key that a record bears; the users of all records of a list are read by one statement.
pub(crate) async fn user_of(ctx: &Context<'_>, key: Option<Uuid>) -> Result<Option<User>> {
    let Some(key) = key else { return Ok(None) };
    let loader = ctx.data_unchecked::<DataLoader<Loads>>();
    let user = loader.load_one(UserById(key)).await.map_err(|error| (*error).clone())?;
    let account = session(ctx)?.account();
    Ok(user.map(|user| transfer::accounts::user(user, account.clone())))
}

/// The user of a global id, or nothing, whatever the id is.
pub(crate) async fn user_by_id(session: &Session, id: Uuid) -> Result<Option<User>> {
    let found = users::get(&session.reader(), id).await?;
    Ok(found.map(|user| transfer::accounts::user(user, session.account().clone())))
}

/// The account of the session if it has this id.
pub(crate) fn account_by_id(session: &Session, id: Uuid) -> Option<Account> {
    let account = session.account();
    (account.account_id == id).then(|| transfer::accounts::to_graphql(account.clone()))
}
