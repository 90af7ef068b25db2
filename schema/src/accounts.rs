//! Accounts in GraphQL: who I am, signing in and staying signed in, and the settings of the account.

use std::time::Duration;

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use storage::Actor;
use storage::query::{accounts, tokens, users};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::guard::Origin;
use crate::loader::{Loads, UserById};
use crate::permission::Right;
use crate::root::session;
use crate::scalar::DateTime;
use crate::session::{AccountHint, Caller, Door, Session};
use crate::token::{Bearer, REFRESH_PREFIX, REFRESH_SECONDS, parse_secret, secret_text};
use crate::transfer;

/// How long a sign-in waits for whoever holds SQLite's writer.
const PATIENCE: Duration = Duration::from_secs(1);

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
    access_token: String,
    /// Gives the next tokens, once.
    refresh_token: String,
    /// When the access token ends.
    expires_at: DateTime,
    /// Who has signed in.
    user: User,
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
        Ok(transfer::accounts::client(session(ctx)?.account().clone()))
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
        let session = Box::pin(engine.sign_in(Door::Login, origin, &hint, &input.email, &input.password)).await?;
        let writer = session.raw_writer().waiting_for(PATIENCE);
        let ends = session.now().plus_seconds(REFRESH_SECONDS);
        let refresh = tokens::create_refresh_token(&writer, session.user().id, ends).await?;
        signed_in(&session, &refresh)
    }

    /// Gives new tokens for a refresh token, which is then used up. A second use ends all sessions of the user.
    #[graphql(complexity = "crate::cost::SIGN_IN")]
    async fn refresh_token(&self, ctx: &Context<'_>, input: RefreshTokenInput) -> Result<LoginPayload> {
        let engine = ctx.data_unchecked::<Engine>();
        let refused = || Error::new(Code::Unauthenticated, "the refresh token is not valid or was used: sign in again");
        let (account, id, secret) = parse_secret(REFRESH_PREFIX, &input.refresh_token).ok_or_else(refused)?;
        let account = accounts::by_id(engine.storage(), account).await?.ok_or_else(refused)?;
        if let Caller::Anonymous(AccountHint::Subdomain(named)) = ctx.data_unchecked::<Caller>()
            && !named.eq_ignore_ascii_case(&account.subdomain)
        {
            return Err(refused());
        }
        let now = engine.now();
        let writer = engine.storage().writer(account.account_id, Actor::System, now).waiting_for(PATIENCE);
        let renewed = tokens::use_refresh_token(&writer, id, &secret, now.plus_seconds(REFRESH_SECONDS)).await?;
        let (user, next) = renewed.ok_or_else(refused)?;
        let reader = engine.storage().reader(account.account_id);
        let user = users::get(&reader, user).await?.ok_or_else(refused)?;
        signed_in(&engine.session(account, user)?, &next)
    }

    /// Changes the settings of the account.
    async fn update_account(&self, ctx: &Context<'_>, input: UpdateAccountInput) -> Result<UpdateAccountPayload> {
        let writer = session(ctx)?.writer(Right::Settings)?;
        let UpdateAccountInput { version, name, time_zone, language, currency, legacy_api } = input;
        let legacy_api = legacy_api.map(|is_on| if is_on { accounts::LegacyApi::On } else { accounts::LegacyApi::Off });
        let edit = accounts::AccountEdit { version, name, time_zone, language, currency, legacy_api };
        let account = accounts::update(&writer, edit).await?;
        Ok(UpdateAccountPayload { account: transfer::accounts::client(account) })
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
    (account.account_id == id).then(|| transfer::accounts::client(account.clone()))
}

fn signed_in(session: &Session, (id, secret): &tokens::RefreshToken) -> Result<LoginPayload> {
    let (account, user) = (session.account().clone(), session.user().clone());
    let bearer = Bearer { account: account.account_id, user: user.id };
    let (access_token, expires_at) = session.engine().keys.sign(bearer, session.now())?;
    let refresh_token = secret_text(REFRESH_PREFIX, account.account_id, *id, secret);
    let user = transfer::accounts::user(user, account);
    Ok(LoginPayload { access_token, refresh_token, expires_at: DateTime(expires_at), user })
}
