//! Sessions: who is calling, and the handles that this permits them.

use std::sync::Arc;

use storage::query::accounts::Account;
use storage::query::users::User;
use storage::{Actor, Allowance, Reader, Timestamp, Viewer, Writer};

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

impl AccountHint {
    /// The subdomain that is named; empty where there is none.
    pub(crate) fn subdomain(&self) -> &str {
        match self {
            Self::None => "",
            Self::Subdomain(subdomain) => subdomain,
        }
    }

    /// Whether the account of this subdomain may be meant.
    pub(crate) fn allows(&self, account: &str) -> bool {
        match self {
            Self::None => true,
            Self::Subdomain(subdomain) => subdomain.eq_ignore_ascii_case(account),
        }
    }
}

/// Who sends a request.
#[derive(Clone)]
pub enum Caller {
    /// Nobody yet; only `login` and `refreshToken` answer.
    Anonymous(AccountHint),
    /// A signed-in user.
    SignedIn(Session),
}

/// A signed-in user in their account. Cloning is cheap.
#[derive(Clone)]
pub struct Session {
    parts: Arc<Parts>,
    /// What the GraphQL request may read that it belongs to.
    allowance: Option<Allowance>,
}

struct Parts {
    engine: Engine,
    account: Account,
    user: User,
    now: Timestamp,
    /// The only actions of the legacy API that it is for; none where it is for everything.
    actions: Vec<String>,
}

impl Session {
    /// The session of a user, who is not disabled, in their account. One that was opened by a token for named actions of the legacy
    /// API is for these alone; `actions` is empty where it is for everything.
    pub(crate) fn of(engine: Engine, account: Account, user: User, actions: Vec<String>) -> Self {
        let now = engine.now();
        Self { parts: Arc::new(Parts { engine, account, user, now, actions }), allowance: None }
    }

    /// The same for a request that may read so much.
    #[must_use]
    pub fn within(self, allowance: Allowance) -> Self {
        Self { allowance: Some(allowance), ..self }
    }

    /// The same for work that has no deadline and no answer of its size, such as an import: the request that waits for it has
    /// no deadline any more, so that it gets its answer.
    #[must_use]
    pub fn at_leisure(&self) -> Self {
        if let Some(allowance) = &self.allowance {
            allowance.lift_deadline();
        }
        Self { allowance: None, ..self.clone() }
    }

    /// The account.
    pub fn account(&self) -> &Account {
        &self.parts.account
    }

    /// The user.
    pub fn user(&self) -> &User {
        &self.parts.user
    }

    /// The moment of the request.
    pub fn now(&self) -> Timestamp {
        self.parts.now
    }

    /// What all requests share.
    pub fn engine(&self) -> &Engine {
        &self.parts.engine
    }

    /// The time zone of the account.
    pub fn time_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.parts.account.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// Errors: `FORBIDDEN` where it was opened with a token that is for other actions of the legacy API than this one.
    pub fn check_action(&self, action: &str) -> Result<()> {
        let actions = &self.parts.actions;
        if actions.is_empty() || actions.iter().any(|allowed| allowed == action) {
            return Ok(());
        }
        let message = format!("this API token is for {} and nothing else", actions.join(", "));
        Err(Error::new(Code::Forbidden, message))
    }

    /// The handle that reads the account: everybody who is signed in may.
    pub fn reader(&self) -> Reader {
        let viewer = Viewer { user: Some(self.parts.user.id), zone: self.time_zone() };
        self.parts.engine.storage.reader(self.parts.account.account_id).seen_by(viewer).within(self.allowance.clone())
    }

    /// The only way to a handle that writes. Errors: `FORBIDDEN` where the user's role does not have the right.
    pub fn writer(&self, right: Right) -> Result<Writer> {
        right.check(self.parts.user.role)?;
        Ok(self.raw_writer())
    }

    /// The writer for what every user may write: their own tokens.
    pub fn raw_writer(&self) -> Writer {
        let Parts { engine, account, user, now, .. } = &*self.parts;
        let writer = engine.storage.writer(account.account_id, Actor::User(user.id), *now);
        writer.within(self.allowance.clone())
    }
}

impl Caller {
    /// The session of a signed-in caller. Errors: `UNAUTHENTICATED`.
    pub fn session(&self) -> Result<&Session> {
        match self {
            Self::SignedIn(session) => Ok(session),
            Self::Anonymous(_) => Err(Error::unauthenticated()),
        }
    }
}
