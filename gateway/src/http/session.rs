//! Who sends a request: the account that it names and the credentials that it bears.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};
use schema::{AccountHint, Caller, Code, Error, Result, Session};

use super::Shared;

/// The header that names an account where the host does not.
const ACCOUNT: &str = "x-cairn-account";

/// The account that a request names: the first label of `Host` under the base domain, or the header `X-Cairn-Account`.
///
/// Errors: `UNAUTHENTICATED` where the two name different ones.
pub(crate) fn account_hint(shared: &Shared, headers: &HeaderMap) -> Result<AccountHint> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let by_host = host.and_then(|host| subdomain(host, shared.config.base_domain.as_deref()?));
    let by_header = headers.get(ACCOUNT).map(|value| value.to_str().unwrap_or_default().trim().to_ascii_lowercase());
    match (by_host, by_header) {
        (Some(host), Some(header)) if host != header => {
            let message = "the host and the header X-Cairn-Account name different accounts";
            Err(Error::new(Code::Unauthenticated, message))
        }
        (Some(subdomain), _) | (None, Some(subdomain)) => Ok(AccountHint::Subdomain(subdomain)),
        (None, None) => Ok(AccountHint::None),
    }
}

/// The caller of a GraphQL request: the user of a bearer token or of Basic credentials, else nobody.
pub(crate) async fn caller(shared: &Shared, headers: &HeaderMap) -> Result<Caller> {
    let hint = account_hint(shared, headers)?;
    match credentials(headers)? {
        None => Ok(Caller::Anonymous(hint)),
        Some(credentials) => sign_in(shared, &hint, credentials).await.map(Caller::SignedIn),
    }
}

/// The session of a request that must bear credentials. Errors: `UNAUTHENTICATED`.
pub(crate) async fn session(shared: &Shared, headers: &HeaderMap) -> Result<Session> {
    match caller(shared, headers).await? {
        Caller::SignedIn(session) => Ok(session),
        Caller::Anonymous(_) => {
            let message = "send an access token (Authorization: Bearer …) or e-mail address and password (Basic)";
            Err(Error::new(Code::Unauthenticated, message))
        }
    }
}

enum Credentials {
    Bearer(String),
    Basic { email: String, password: String },
}

async fn sign_in(shared: &Shared, hint: &AccountHint, credentials: Credentials) -> Result<Session> {
    match credentials {
        Credentials::Bearer(token) => shared.engine.bearer(hint, &token).await,
        Credentials::Basic { email, password } => shared.engine.sign_in(hint, &email, &password).await,
    }
}

/// The credentials of the header `Authorization` (RFC 6750 section 2.1, RFC 7617 section 2).
fn credentials(headers: &HeaderMap) -> Result<Option<Credentials>> {
    let Some(header) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let parse = || {
        let (scheme, value) = header.to_str().ok()?.trim().split_once(' ')?;
        let value = value.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Credentials::Bearer(value.to_owned()));
        }
        if scheme.eq_ignore_ascii_case("basic") {
            let decoded = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
            let (email, password) = decoded.split_once(':')?;
            return Some(Credentials::Basic { email: email.to_owned(), password: password.to_owned() });
        }
        None
    };
    let unreadable = || Error::new(Code::Unauthenticated, "the header Authorization is neither Bearer nor Basic");
    parse().map(Some).ok_or_else(unreadable)
}

/// The one label before the base domain, in lower case.
fn subdomain(host: &str, base_domain: &str) -> Option<String> {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name).to_ascii_lowercase();
    let label = name.strip_suffix(&base_domain.to_ascii_lowercase())?.strip_suffix('.')?;
    (!label.is_empty() && !label.contains('.')).then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::subdomain;

    #[test]
    fn the_account_is_the_first_label_under_the_base_domain() {
        for (host, found) in [
            ("acme.crm.example.com", Some("acme")),
            ("ACME.crm.example.com:8080", Some("acme")),
            ("crm.example.com", None),
            ("a.b.crm.example.com", None),
            ("evilcrm.example.com", None),
            ("localhost:8080", None),
            ("[::1]:8080", None),
        ] {
            assert_eq!(subdomain(host, "crm.example.com").as_deref(), found, "{host}");
        }
    }
}
