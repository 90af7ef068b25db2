//! Sessions: who is calling, and the handles that this permits them.

use std::sync::Arc;

use storage::query::accounts::{self, Account};
use storage::query::users::{self, User};
use storage::{Actor, Reader, Timestamp, Viewer, Writer};

use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::permission::Right;

/// Which account a request names beside its credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AccountHint {
    /// None: the only account is meant, else the one where the user signs in.
    #[default]
    None,
    /// The account of this subdomain, from the `Host` or from the header `X-Cairn-Account`.
    Subdomain(String),
}

/// Who sends a GraphQL request.
#[derive(Clone)]
pub enum Caller {
    /// Nobody yet; only `login` and `refreshToken` answer.
    Anonymous(AccountHint),
    /// A signed-in user.
    SignedIn(Session),
}

/// A signed-in user in their account. Cloning is cheap.
#[derive(Clone)]
pub struct Session(Arc<Parts>);

struct Parts {
    engine: Engine,
    account: Account,
    user: User,
    now: Timestamp,
}

impl Session {
    /// The account.
    pub fn account(&self) -> &Account {
        &self.0.account
    }

    /// The user.
    pub fn user(&self) -> &User {
        &self.0.user
    }

    /// The moment of the request.
    pub fn now(&self) -> Timestamp {
        self.0.now
    }

    /// What all requests share.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The time zone of the account.
    pub fn time_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.0.account.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// The handle that reads the account: everybody who is signed in may.
    pub fn reader(&self) -> Reader {
        let viewer = Viewer { user: Some(self.0.user.id), zone: self.time_zone() };
        self.0.engine.storage.reader(self.0.account.account_id).seen_by(viewer)
    }

    /// The only way to a handle that writes. Errors: `FORBIDDEN` where the user's role does not have the right.
    pub fn writer(&self, right: Right) -> Result<Writer> {
        right.check(self.0.user.role)?;
        Ok(self.raw_writer())
    }

    /// The writer for what every user may write: their own tokens.
    pub(crate) fn raw_writer(&self) -> Writer {
        self.0.engine.storage.writer(self.0.account.account_id, Actor::User(self.0.user.id), self.0.now)
    }
}

impl Caller {
    /// The session of a signed-in caller. Errors: `UNAUTHENTICATED`.
    pub(crate) fn session(&self) -> Result<&Session> {
        match self {
            Self::SignedIn(session) => Ok(session),
            Self::Anonymous(_) => Err(Error::unauthenticated()),
        }
    }
}

impl Engine {
    /// Signs in with e-mail address and password.
    ///
    /// Errors: `UNAUTHENTICATED`, in the same words and time for unknown users and wrong passwords; `INVALID` where the
    /// address and password fit several accounts and none is named.
    pub async fn sign_in(&self, hint: &AccountHint, email: &str, password: &str) -> Result<Session> {
        let mut fitting = Vec::new();
        let accounts = self.accounts_for(hint, email).await?;
        if accounts.is_empty() {
            self.passwords.verify(password, None).await;
        }
        for account in accounts {
            let user = users::by_email(&self.storage.reader(account.account_id), email).await?;
            let hash = user.as_ref().map(|user| user.password_hash.as_str());
            if self.passwords.verify(password, hash).await {
                fitting.extend(user.map(|user| (account, user)));
            }
        }
        if fitting.len() > 1 {
            let message =
                "you sign in to several accounts with this address: name one of them in the header X-Cairn-Account";
            return Err(Error::invalid(message));
        }
        let (account, user) = fitting.pop().ok_or_else(wrong_credentials)?;
        self.session(account, user)
    }

    /// The session of an access token. Errors: `UNAUTHENTICATED`, also where the request names another account.
    pub async fn bearer(&self, hint: &AccountHint, token: &str) -> Result<Session> {
        let refused =
            || Error::new(Code::Unauthenticated, "the access token is not valid here or has expired: sign in again");
        let bearer = self.keys.verify(&self.storage, token, self.now()).await?.ok_or_else(refused)?;
        let account = accounts::by_id(&self.storage, bearer.account).await?.ok_or_else(refused)?;
        if let AccountHint::Subdomain(subdomain) = hint
            && !subdomain.eq_ignore_ascii_case(&account.subdomain)
        {
            return Err(refused());
        }
        let user = users::get(&self.storage.reader(account.account_id), bearer.user).await?.ok_or_else(refused)?;
        self.session(account, user)
    }

    /// The session of an operator who has the database at hand: no password is asked for. Account and user may be left
    /// out where there is only one. Errors: `INVALID` with the choices.
    pub async fn operator(&self, account: Option<&str>, user: Option<&str>) -> Result<Session> {
        let accounts = accounts::list(&self.storage).await?;
        let subdomains: Vec<_> = accounts.iter().map(|account| account.subdomain.clone()).collect();
        let account = match account {
            Some(wanted) => accounts.into_iter().find(|found| found.subdomain.eq_ignore_ascii_case(wanted)),
            None if accounts.len() == 1 => accounts.into_iter().next(),
            None => None,
        };
        let account =
            account.ok_or_else(|| choose("--account", &subdomains, "make one with `cairn account create`"))?;
        let users = users::list(&self.storage.reader(account.account_id)).await?;
        let addresses: Vec<_> = users.iter().map(|user| user.email.clone()).collect();
        let user = match user {
            Some(wanted) => users.into_iter().find(|found| found.email_key == storage::fold(wanted)),
            None if users.len() == 1 => users.into_iter().next(),
            None => None,
        };
        let user = user.ok_or_else(|| choose("--user", &addresses, "make one with `cairn user create`"))?;
        self.session(account, user)
    }

    pub(crate) fn session(&self, account: Account, user: User) -> Result<Session> {
        if user.disabled_at.is_some() {
            return Err(wrong_credentials());
        }
        Ok(Session(Arc::new(Parts { engine: self.clone(), account, user, now: self.now() })))
    }

    /// The accounts that a sign-in may mean.
    async fn accounts_for(&self, hint: &AccountHint, email: &str) -> Result<Vec<Account>> {
        if let AccountHint::Subdomain(subdomain) = hint {
            return Ok(accounts::by_subdomain(&self.storage, subdomain).await?.into_iter().collect());
        }
        Ok(users::accounts_of(&self.storage, email).await?)
    }
}

/// One sentence for unknown users, wrong passwords and disabled users alike; the legacy API has the same.
fn wrong_credentials() -> Error {
    Error::new(Code::Unauthenticated, "The e-mail address or password is not correct.")
}

fn choose(option: &str, choices: &[String], otherwise: &str) -> Error {
    if choices.is_empty() {
        return Error::invalid(format!("there is none yet for {option}: {otherwise}"));
    }
    Error::invalid(format!("say which one with {option}: {}", choices.join(", ")))
}
