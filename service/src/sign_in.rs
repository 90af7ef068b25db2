//! Signing in: with a password, with an access token, with an API token, or as an operator who has the database at hand.

mod attempts;
mod tokens;

use std::time::Duration;

use storage::Actor;
use storage::query::accounts::{self, Account};
use storage::query::api_tokens::{self, ApiToken};
use storage::query::users::{self, User};

pub use self::tokens::Login;
use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::guard::Origin;
use crate::session::{AccountHint, Session};
use crate::token::{API_TOKEN_PREFIX, parse_secret};

/// How long noting the last use may wait for whoever else writes.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where e-mail address and password are sent to, by which it is decided what may stand for the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInMethod {
    /// The mutation `login`, for people: its tokens would outlive the end of an API token, so it takes none.
    Login,
    /// The header `Authorization`: an API token that opens everything may be the password.
    Basic,
    /// `api.php`: any API token may be the password, and one for named actions is for nothing else.
    Legacy,
}

/// What an API token opens.
struct Opened {
    account: Account,
    user: User,
    token: ApiToken,
}

impl Engine {
    /// Signs in with e-mail address and password, or where the method allows it with an API token for a password.
    ///
    /// Errors: `UNAUTHENTICATED`, in the same words and time for unknown users and wrong passwords, and in its own where one of the
    /// two is empty, which counts as no guess; `LIMITED` with the seconds to wait where too many were wrong; `INVALID` where the address and password fit several accounts and none
    /// is named.
    pub async fn sign_in(
        &self,
        method: SignInMethod,
        origin: Origin,
        hint: &AccountHint,
        email: &str,
        password: &str,
    ) -> Result<Session> {
        if email.trim().is_empty() || password.is_empty() {
            let message = "e-mail address and password are needed, and one of them is empty";
            return Err(Error::new(Code::Unauthenticated, message));
        }
        if method != SignInMethod::Login
            && let Some(opened) = self.open(hint, password).await?
        {
            return self.token_session(method, email, opened);
        }
        let attempt = self.guard.attempt(origin, hint.subdomain(), email, password);
        if let Some((account, user)) = self.recalled(&attempt).await? {
            return self.session(account, user);
        }
        let is_known = self.is_known(&attempt, hint, email).await?;
        let _lock = self.guard.lock_attempt(&attempt, is_known).await;
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

    /// Whether this is the password of a user who is signed in: a wrong one counts as it does when signing in, as whoever has only
    /// taken an access token guesses just so.
    ///
    /// Errors: `LIMITED` with the seconds to wait where too many were wrong.
    pub async fn confirm(&self, origin: Origin, session: &Session, password: &str) -> Result<bool> {
        let (account, user) = (session.account(), session.user());
        let hint = AccountHint::Subdomain(account.subdomain.clone());
        let attempt = self.guard.attempt(origin, hint.subdomain(), &user.email, password);
        let is_known = self.is_known(&attempt, &hint, &user.email).await?;
        let _lock = self.guard.lock_attempt(&attempt, is_known).await;
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
        if !hint.allows(&account.subdomain) {
            return Ok(None);
        }
        let user = users::get(&self.storage.reader(account.account_id), token.user_id).await?;
        let user = user.filter(|user| user.disabled_at.is_none());
        Ok(user.map(|user| Opened { account, user, token }))
    }

    /// The session of a token that was sent as the password of its user.
    fn token_session(&self, method: SignInMethod, email: &str, opened: Opened) -> Result<Session> {
        let is_for_actions = opened.token.actions().next().is_some();
        if opened.user.email_key != storage::fold(email) || (is_for_actions && method != SignInMethod::Legacy) {
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
        Session::of(self.clone(), account, user, actions)
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
        if !hint.allows(&account.subdomain) {
            return Err(refused());
        }
        let user = users::get(&self.storage.reader(account.account_id), bearer.user).await?.ok_or_else(refused)?;
        self.session(account, user)
    }

    /// The session of an operator who has the database at hand: no password is asked for. Account and user may be left
    /// out where there is only one. Errors: `INVALID` with the choices.
    pub async fn operator(&self, account: Option<&str>, user: Option<&str>) -> Result<Session> {
        let named = match account {
            // Whoever names one needs no look at the others.
            Some(wanted) => accounts::by_subdomain(&self.storage, wanted).await?,
            None => None,
        };
        let account = if let Some(named) = named {
            named
        } else {
            let mut accounts = accounts::list(&self.storage).await?;
            let subdomains: Vec<_> = accounts.iter().map(|account| account.subdomain.clone()).collect();
            let only = if account.is_none() && accounts.len() == 1 { accounts.pop() } else { None };
            only.ok_or_else(|| choose("--account", &subdomains, "make one with `cairn account create`"))?
        };
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
        Ok(Session::of(self.clone(), account, user, Vec::new()))
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
