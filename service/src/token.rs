//! Tokens: access tokens that any gateway on the database can check, and the text form of other secrets.

use std::sync::{Arc, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use storage::query::tokens::{self, SigningKey};
use storage::{Storage, Timestamp};
use uuid::Uuid;

use crate::error::{Error, Result};

/// How long an access token is good for, in seconds.
const ACCESS_SECONDS: i64 = 3_600;
/// How long a refresh token is good for, in seconds.
pub(crate) const REFRESH_SECONDS: i64 = 30 * 86_400;
/// Who issues the tokens and whom they are for (RFC 7519 sections 4.1.1 and 4.1.3).
const ISSUER: &str = "cairn";
/// How far the clocks of two gateways may differ, in seconds.
const LEEWAY: u64 = 5;
/// What a refresh token begins with, so that people and scanners recognise it.
pub(crate) const REFRESH_PREFIX: &str = "cairn_refresh_";
/// What the secret of a feed begins with.
pub(crate) const FEED_PREFIX: &str = "cairn_feed_";
/// What the secret of a webhook begins with.
pub(crate) const WEBHOOK_PREFIX: &str = "cairn_webhook_";
/// What an API token begins with.
pub(crate) const API_TOKEN_PREFIX: &str = "cairn_token_";

/// Whom an access token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) account: Uuid,
    pub(crate) user: Uuid,
}

/// The signing keys, the newest first. HMAC-SHA-256: only gateways check these tokens, and they share the database.
#[derive(Clone)]
pub(crate) struct Keys {
    keys: Arc<RwLock<Vec<SigningKey>>>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    /// The account.
    acc: Uuid,
    iat: i64,
    exp: i64,
    /// Not before this second; no token of ours says that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
}

impl Keys {
    pub(crate) async fn load(storage: &Storage, now: Timestamp) -> Result<Self> {
        let keys = tokens::signing_keys(storage, now).await?;
        Ok(Self { keys: Arc::new(RwLock::new(keys)) })
    }

    /// A new access token and when it ends.
    pub(crate) fn sign(&self, bearer: Bearer, now: Timestamp) -> Result<(String, Timestamp)> {
        let key = self.newest()?;
        let expires = now.plus_seconds(ACCESS_SECONDS);
        let seconds = |moment: Timestamp| moment.microseconds().div_euclid(1_000_000);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: bearer.user,
            acc: bearer.account,
            iat: seconds(now),
            exp: seconds(expires),
            nbf: None,
        };
        let header = Header { kid: Some(key.id.to_string()), ..Header::new(Algorithm::HS256) };
        let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&key.secret));
        token.map(|token| (token, expires)).map_err(Error::internal)
    }

    /// Whom a token stands for; `None` for one that is not ours, was altered or has expired.
    pub(crate) async fn verify(&self, storage: &Storage, token: &str, now: Timestamp) -> Result<Option<Bearer>> {
        let kid = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid?.parse::<Uuid>().ok());
        let Some(kid) = kid else { return Ok(None) };
        let Some(key) = self.find(storage, kid).await? else { return Ok(None) };
        Ok(checked(token, &key.secret, now))
    }

    fn newest(&self) -> Result<SigningKey> {
        let keys = self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        keys.first().cloned().ok_or_else(|| Error::internal("there is no signing key"))
    }

    /// The key of an id; one that another gateway made since is fetched.
    async fn find(&self, storage: &Storage, kid: Uuid) -> Result<Option<SigningKey>> {
        let known = || {
            let keys = self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            keys.iter().find(|key| key.id == kid).cloned()
        };
        if let Some(key) = known() {
            return Ok(Some(key));
        }
        let Some(key) = tokens::signing_key(storage, kid).await? else { return Ok(None) };
        let mut keys = self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        keys.push(key.clone());
        Ok(Some(key))
    }
}

/// Whom a token that is signed with a key stands for at a moment.
fn checked(token: &str, secret: &[u8], now: Timestamp) -> Option<Bearer> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    // The engine's clock decides, below: the library would ask the machine's.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(secret), &validation).ok()?.claims;
    let moment = |second: i64| second.saturating_mul(1_000_000);
    let begins = moment(claims.nbf.unwrap_or(i64::MIN).saturating_sub_unsigned(LEEWAY));
    let ends = moment(claims.exp.saturating_add_unsigned(LEEWAY));
    let is_alive = (begins..ends).contains(&now.microseconds());
    is_alive.then_some(Bearer { account: claims.acc, user: claims.sub })
}

/// The text of a secret that gateways look up: the account, the id of what it opens, and the secret itself.
pub(crate) fn secret_text(prefix: &str, account: Uuid, id: Uuid, secret: &[u8; 32]) -> String {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(account.as_bytes());
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(secret);
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// A text in which `…` stands for what follows the beginning of any secret.
pub(crate) fn without_secrets(text: &str) -> String {
    let mut text = text.to_owned();
    for prefix in [REFRESH_PREFIX, FEED_PREFIX, WEBHOOK_PREFIX, API_TOKEN_PREFIX] {
        let mut parts = text.split(prefix);
        let mut clean = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            clean.push_str(prefix);
            clean.push('…');
            clean.push_str(part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-_".contains(c)));
        }
        text = clean;
    }
    text
}

/// Account, id and secret of such a text.
pub(crate) fn parse_secret(prefix: &str, text: &str) -> Option<(Uuid, Uuid, Vec<u8>)> {
    let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(prefix)?).ok()?;
    let (account, rest) = bytes.split_at_checked(16)?;
    let (id, secret) = rest.split_at_checked(16)?;
    Some((Uuid::from_slice(account).ok()?, Uuid::from_slice(id).ok()?, secret.to_vec()))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use serde_json::json;
    use storage::Timestamp;
    use uuid::Uuid;

    use super::{API_TOKEN_PREFIX, FEED_PREFIX, WEBHOOK_PREFIX, checked, parse_secret, secret_text, without_secrets};

    #[test]
    fn a_token_is_good_from_its_first_second_to_its_last() {
        let (secret, now) = ([7; 32], Timestamp::from_microseconds(1_000_000_000));
        for (claims, is_good) in [
            (json!({ "exp": 1_100 }), true),
            (json!({ "exp": 996 }), true),
            (json!({ "exp": 995 }), false),
            (json!({ "exp": 1_100, "nbf": 900 }), true),
            (json!({ "exp": 1_100, "nbf": 1_000 }), true),
            (json!({ "exp": 1_100, "nbf": 1_005 }), true),
            (json!({ "exp": 1_100, "nbf": 1_006 }), false),
            (json!({ "exp": 1_100, "nbf": i64::MAX }), false),
            (json!({ "exp": i64::MAX, "nbf": i64::MIN }), true),
            (json!({ "exp": 1_100, "nbf": "900" }), false),
            (json!({ "nbf": 900 }), false),
        ] {
            let mut all = json!({ "iss": "cairn", "aud": "cairn", "sub": Uuid::nil(), "acc": Uuid::max(), "iat": 900 });
            all.as_object_mut().expect("an object").extend(claims.as_object().expect("an object").clone());
            let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &all, &EncodingKey::from_secret(&secret));
            let token = token.expect("it can be signed");
            assert_eq!(checked(&token, &secret, now).is_some(), is_good, "{claims}");
            assert_eq!(checked(&token, &[8; 32], now), None, "another key");
        }
    }

    #[test]
    fn a_text_keeps_everything_but_secrets() {
        let secret = |prefix: &str| secret_text(prefix, Uuid::max(), Uuid::nil(), &[251; 32]);
        let (webhook, feed) = (secret(WEBHOOK_PREFIX), secret(FEED_PREFIX));
        assert!(parse_secret(WEBHOOK_PREFIX, &webhook).is_some() && webhook.contains(['-', '_']), "{webhook}");
        for (text, expected) in [
            (String::new(), ""),
            ("there is no type \"Jörg\"".to_owned(), "there is no type \"Jörg\""),
            (webhook.clone(), "cairn_webhook_…"),
            (format!("/webhook/{webhook}?a=1 {webhook}"), "/webhook/cairn_webhook_…?a=1 cairn_webhook_…"),
            (format!("{feed}.ics, {}", secret(API_TOKEN_PREFIX)), "cairn_feed_….ics, cairn_token_…"),
            (format!("{feed}{webhook}"), "cairn_feed_…"),
        ] {
            assert_eq!(without_secrets(&text), expected, "{text}");
        }
    }
}
