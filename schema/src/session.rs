//! Sessions: who is calling, and the handles that this permits them.

use std::sync::Arc;
use std::time::Duration;

use storage::query::accounts::{self, Account};
use storage::query::api_tokens::{self, ApiToken};
use storage::query::users::{self, User};
use storage::{Actor, Allowance, Reader, Timestamp, Viewer, Writer};

use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::guard::Origin;
use crate::permission::Right;
use crate::token::{API_TOKEN_PREFIX, parse_secret};

/// How long noting the last use may wait for whoever else writes.
const PATIENCE: Duration = Duration::from_secs(2);

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

/// Where e-mail address and password are sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The mutation `login`, for people: its tokens would outlive the end of an API token, so it takes none.
    Login,
    /// The header `Authorization`: an API token that opens everything may be the password.
    Basic,
    /// `api.php`: any API token may be the password, and one for named actions is for nothing else.
    Legacy,
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

/// What an API token opens.
struct Opened {
    account: Account,
    user: User,
    token: ApiToken,
}

impl Session {
    fn of(parts: Parts) -> Self {
        Self { parts: Arc::new(parts), allowance: None }
    }

    /// The same for a request that may read so much.
    pub(crate) fn within(self, allowance: Allowance) -> Self {
        Self { allowance: Some(allowance), ..self }
    }

    /// The same for work that has no deadline and no answer of its size, such as an import: the request that waits for it has
    /// no deadline any more, so that it gets its answer.
    pub(crate) fn at_leisure(&self) -> Self {
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
    pub(crate) fn raw_writer(&self) -> Writer {
        let Parts { engine, account, user, now, .. } = &*self.parts;
        let writer = engine.storage.writer(account.account_id, Actor::User(user.id), *now);
        writer.within(self.allowance.clone())
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
    /// Signs in with e-mail address and password, or where the door allows it with an API token for a password.
    ///
    /// Errors: `UNAUTHENTICATED`, in the same words and time for unknown users and wrong passwords, and in its own where one of the
    /// two is empty, which counts as no guess; `LIMITED` with the seconds to wait where too many were wrong; `INVALID` where the address and password fit several accounts and none
    /// is named.
    pub async fn sign_in(
        &self,
        door: Door,
        origin: Origin,
        hint: &AccountHint,
        email: &str,
        password: &str,
    ) -> Result<Session> {
        if email.trim().is_empty() || password.is_empty() {
            let message = "e-mail address and password are needed, and one of them is empty";
            return Err(Error::new(Code::Unauthenticated, message));
        }
        if door != Door::Login
            && let Some(opened) = self.open(hint, password).await?
        {
            return self.token_session(door, email, opened);
        }
        let attempt = self.guard.attempt(origin, hint, email, password);
        if let Some((account, user)) = self.recalled(&attempt).await? {
            return self.session(account, user);
        }
        let is_known = self.is_known(&attempt, hint, email).await?;
        let _turn = self.guard.turn(&attempt, is_known).await;
        // Whoever was before in the queue may have brought the same.
        if let Some((account, user)) = self.recalled(&attempt).await? {
            return self.session(account, user);
        }
        let admitted = self.admit(&attempt, is_known).await?;
        let fitting = match self.fitting(hint, email, password).await {
            Ok(fitting) => fitting,
            Err(error) => {
                self.take_back(&attempt, admitted).await;
                return Err(error);
            }
        };
        let (account, user) = match fitting.as_slice() {
            [] => {
                self.note_failure(&attempt, admitted).await;
                return Err(wrong_credentials());
            }
            [(account, user)] => (account.clone(), user.clone()),
            _ => {
                self.take_back(&attempt, admitted).await;
                let message =
                    "you sign in to several accounts with this address: name one of them in the header X-Cairn-Account";
                return Err(Error::invalid(message));
            }
        };
        self.note_success(&attempt, admitted, &user).await?;
        self.session(account, user)
    }

    /// Whether this is the password of a user who is signed in: a wrong one counts as it does at the door, as whoever has only
    /// taken an access token guesses just so.
    ///
    /// Errors: `LIMITED` with the seconds to wait where too many were wrong.
    pub(crate) async fn confirm(&self, origin: Origin, session: &Session, password: &str) -> Result<bool> {
        let (account, user) = (session.account(), session.user());
        let hint = AccountHint::Subdomain(account.subdomain.clone());
        let attempt = self.guard.attempt(origin, &hint, &user.email, password);
        let is_known = self.is_known(&attempt, &hint, &user.email).await?;
        let _turn = self.guard.turn(&attempt, is_known).await;
        let admitted = self.admit(&attempt, is_known).await?;
        if !self.passwords.verify(password, Some(&user.password_hash)).await {
            self.note_failure(&attempt, admitted).await;
            return Ok(false);
        }
        self.note_success(&attempt, admitted, user).await?;
        Ok(true)
    }

    /// The users whom address and password fit. It takes as long for an address that nobody has.
    async fn fitting(&self, hint: &AccountHint, email: &str, password: &str) -> Result<Vec<(Account, User)>> {
        let mut fitting = Vec::new();
        let accounts = self.accounts_for(hint, email).await?;
        if accounts.is_empty() {
            self.passwords.verify(password, None).await;
        }
        for account in accounts {
            let user = users::by_email(&self.storage.reader(account.account_id), email).await?;
            let hash = user.as_ref().map(|user| user.password_hash.as_str());
            if self.passwords.verify(password, hash).await {
                fitting.extend(user.filter(|user| user.disabled_at.is_none()).map(|user| (account, user)));
            }
        }
        Ok(fitting)
    }

    /// What an API token opens; `None` for a text that is none, or is good no longer, or for another account.
    async fn open(&self, hint: &AccountHint, text: &str) -> Result<Option<Opened>> {
        let Some((account, id, secret)) = parse_secret(API_TOKEN_PREFIX, text) else { return Ok(None) };
        let found = api_tokens::opened(&self.storage, account, id, &secret, self.now()).await?;
        let Some(token) = found else { return Ok(None) };
        let Some(account) = accounts::by_id(&self.storage, account).await? else { return Ok(None) };
        if let AccountHint::Subdomain(subdomain) = hint
            && !subdomain.eq_ignore_ascii_case(&account.subdomain)
        {
            return Ok(None);
        }
        let user = users::get(&self.storage.reader(account.account_id), token.user_id).await?;
        let user = user.filter(|user| user.disabled_at.is_none());
        Ok(user.map(|user| Opened { account, user, token }))
    }

    /// The session of a token that was sent as the password of its user.
    fn token_session(&self, door: Door, email: &str, opened: Opened) -> Result<Session> {
        let is_for_actions = opened.token.actions().next().is_some();
        if opened.user.email_key != storage::fold(email) || (is_for_actions && door != Door::Legacy) {
            return Err(wrong_credentials());
        }
        Ok(self.opened_session(opened))
    }

    fn opened_session(&self, Opened { account, user, token }: Opened) -> Session {
        let (id, now) = (token.id, self.now());
        if token.is_used_unnoted(now) {
            let writer = self.storage.writer(account.account_id, Actor::System, now);
            // Nobody waits for it, and it may fail: the next use tries again.
            tokio::spawn(async move {
                let noted = tokio::time::timeout(PATIENCE, api_tokens::note_use(&writer, id)).await;
                if let Ok(Err(error)) = noted {
                    tracing::debug!(%error, "The use of an API token is not noted: {error}");
                }
            });
        }
        let actions: Vec<_> = token.actions().map(ToOwned::to_owned).collect();
        Session::of(Parts { engine: self.clone(), account, user, now, actions })
    }

    /// The session of an access token or an API token. Errors: `UNAUTHENTICATED`, also where the request names another account.
    pub async fn bearer(&self, hint: &AccountHint, token: &str) -> Result<Session> {
        let refused =
            || Error::new(Code::Unauthenticated, "the access token is not valid here or has expired: sign in again");
        if token.starts_with(API_TOKEN_PREFIX) {
            let opened = self.open(hint, token).await?.ok_or_else(refused)?;
            if opened.token.actions().next().is_some() {
                let message = "this API token is for the legacy API alone: send it as login_password of api.php";
                return Err(Error::new(Code::Unauthenticated, message));
            }
            return Ok(self.opened_session(opened));
        }
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
        Ok(Session::of(Parts { engine: self.clone(), account, user, now: self.now(), actions: Vec::new() }))
    }

    /// The accounts that a sign-in may mean.
    pub(crate) async fn accounts_for(&self, hint: &AccountHint, email: &str) -> Result<Vec<Account>> {
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
