//! The extractor of handlers that want somebody who is signed in.

use axum::extract::FromRequestParts;
use http::request::Parts;
use service::{Caller, Code, Error, Origin, Session};

use super::error::HttpError;
use super::session;
use super::shared::Shared;

/// The session of a request that must bear credentials. Errors: as [`session::caller`], `UNAUTHENTICATED` without any.
pub(crate) struct SignedIn(pub(crate) Session);

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, HttpError> {
        let origin = parts.extensions.get::<Origin>().copied().unwrap_or_default();
        match session::caller(shared, origin, &parts.method, &parts.headers).await? {
            Caller::SignedIn(session) => Ok(Self(session)),
            Caller::Anonymous(_) => {
                let message = "send an access token (Authorization: Bearer …) or e-mail address and password (Basic)";
                Err(Error::new(Code::Unauthenticated, message).into())
            }
        }
    }
}
