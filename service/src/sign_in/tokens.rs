//! Staying signed in: an access token that is good for minutes, and a refresh token that gives the next ones, once.

use std::time::Duration;

use storage::query::{accounts, tokens, users};
use storage::{Actor, Timestamp};

use super::SignInMethod;
use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::guard::Origin;
use crate::session::{AccountHint, Session};
use crate::token::{Bearer, REFRESH_PREFIX, REFRESH_SECONDS, parse_secret, secret_text};

/// How long a sign-in waits for whoever holds SQLite's writer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A user who has signed in, and the tokens that show it.
pub struct Login {
    /// Who has signed in.
    pub session: Session,
    /// What the next requests bear.
    pub access_token: String,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// What gives the next tokens, once.
    pub refresh_token: String,
}

impl Engine {
    /// Signs in with e-mail address and password, to stay. Errors: as [`Engine::sign_in`].
    pub async fn log_in(&self, origin: Origin, hint: &AccountHint, email: &str, password: &str) -> Result<Login> {
        let session = self.sign_in(SignInMethod::Login, origin, hint, email, password).await?;
        let writer = session.raw_writer().waiting_for(PATIENCE);
        let ends = session.now().plus_seconds(REFRESH_SECONDS);
        let refresh = tokens::create_refresh_token(&writer, session.user().id, ends).await?;
        self.login(session, &refresh)
    }

    /// New tokens for a refresh token, which is then used up. A second use ends all sessions of the user.
    ///
    /// Errors: `UNAUTHENTICATED`, also where the request names another account.
    pub async fn refresh(&self, hint: &AccountHint, refresh_token: &str) -> Result<Login> {
        let refused = || Error::new(Code::Unauthenticated, "the refresh token is not valid or was used: sign in again");
        let (account, id, secret) = parse_secret(REFRESH_PREFIX, refresh_token).ok_or_else(refused)?;
        let account = accounts::by_id(&self.storage, account).await?.ok_or_else(refused)?;
        if !hint.allows(&account.subdomain) {
            return Err(refused());
        }
        let now = self.now();
        let writer = self.storage.writer(account.account_id, Actor::System, now).waiting_for(PATIENCE);
        let renewed = tokens::use_refresh_token(&writer, id, &secret, now.plus_seconds(REFRESH_SECONDS)).await?;
        let (user, next) = renewed.ok_or_else(refused)?;
        let reader = self.storage.reader(account.account_id);
        let user = users::get(&reader, user).await?.ok_or_else(refused)?;
        self.login(self.session(account, user)?, &next)
    }

    fn login(&self, session: Session, (id, secret): &tokens::RefreshToken) -> Result<Login> {
        let account = session.account().account_id;
        let (access_token, expires_at) = self.keys.sign(Bearer { account, user: session.user().id }, session.now())?;
        let refresh_token = secret_text(REFRESH_PREFIX, account, *id, secret);
        Ok(Login { session, access_token, expires_at, refresh_token })
    }
}
