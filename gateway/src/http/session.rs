//! Who sends a request: the account that it names and the credentials that it bears.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Method};
use service::{AccountHint, Caller, Code, Error, Origin, Result, Session, SignInMethod};

use super::shared::Shared;

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

/// The absolute address of the site as the request names it; `None` without a `Host` that can be part of one.
pub(crate) fn site(shared: &Shared, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok())?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]_".contains(&byte);
    (!host.is_empty() && host.bytes().all(is_plain)).then(|| format!("{}://{host}", shared.config.public_scheme))
}

/// The caller of a GraphQL request: the user of a bearer token or of Basic credentials, else nobody.
///
/// Errors: `UNAUTHENTICATED`, and `FORBIDDEN` where Basic credentials come with another site's write.
pub(crate) async fn caller(shared: &Shared, origin: Origin, method: &Method, headers: &HeaderMap) -> Result<Caller> {
    let hint = account_hint(shared, headers)?;
    match credentials(headers)? {
        None => Ok(Caller::Anonymous(hint)),
        Some(Credentials::Basic { .. }) if writes(method) && is_of_another_site(headers) => {
            let message = "a page of another site may not send this with a password: use an access token";
            Err(Error::new(Code::Forbidden, message))
        }
        Some(credentials) => sign_in(shared, origin, &hint, credentials).await.map(Caller::SignedIn),
    }
}

enum Credentials {
    Bearer(String),
    Basic { email: String, password: String },
}

async fn sign_in(shared: &Shared, origin: Origin, hint: &AccountHint, credentials: Credentials) -> Result<Session> {
    match credentials {
        Credentials::Bearer(token) => shared.engine.bearer(hint, &token).await,
        Credentials::Basic { email, password } => {
            shared.engine.sign_in(SignInMethod::Basic, origin, hint, &email, &password).await
        }
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

fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

/// Whether a browser sends this for a page that is not ours. A browser adds Basic credentials that it remembers to
/// such a request too, and a form needs no permission (a preflight) to send it. Other clients send neither header.
fn is_of_another_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if matches!(site, Some(b"cross-site" | b"same-site")) {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    headers.get_all(ORIGIN).iter().any(|origin| !origin.to_str().is_ok_and(|origin| is_origin_of(origin, host)))
}

/// Whether an origin, such as `https://crm.example.com`, has the host and port of a `Host`. The scheme of a `Host` is
/// not known behind a proxy, so a missing port is that of the origin's scheme.
fn is_origin_of(origin: &str, host: &str) -> bool {
    let (default_port, authority) = match origin.split_once("://") {
        Some(("https", authority)) => ("443", authority),
        Some(("http", authority)) => ("80", authority),
        _ => return false,
    };
    let (name, port) = name_and_port(authority);
    let (our_name, our_port) = name_and_port(host);
    name.eq_ignore_ascii_case(our_name) && port.unwrap_or(default_port) == our_port.unwrap_or(default_port)
}

fn name_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (name, Some(port)),
        _ => (authority, None),
    }
}

/// The one label before the base domain, in lower case.
fn subdomain(host: &str, base_domain: &str) -> Option<String> {
    let name = name_and_port(host).0.to_ascii_lowercase();
    let label = name.strip_suffix(&base_domain.to_ascii_lowercase())?.strip_suffix('.')?;
    (!label.is_empty() && !label.contains('.')).then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{is_origin_of, subdomain};

    #[test]
    fn an_origin_is_ours_by_host_and_port() {
        for (origin, host, ours) in [
            ("http://localhost:8080", "localhost:8080", true),
            ("https://crm.example.com", "crm.example.com", true),
            ("https://crm.example.com", "CRM.example.com:443", true),
            ("http://crm.example.com:80", "crm.example.com", true),
            ("http://[::1]:8080", "[::1]:8080", true),
            ("http://localhost:8081", "localhost:8080", false),
            ("https://crm.example.com.evil.example", "crm.example.com", false),
            ("https://evil.example", "crm.example.com", false),
            ("null", "crm.example.com", false),
            ("https://", "crm.example.com", false),
        ] {
            assert_eq!(is_origin_of(origin, host), ours, "{origin} {host}");
        }
    }

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
