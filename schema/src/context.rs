//! What a resolver knows of the request that it works for.

use async_graphql::Context;
use service::{Caller, Session};

use crate::error::Result;

/// The session of a resolver's caller. Errors: `UNAUTHENTICATED`.
pub(crate) fn session<'a>(ctx: &Context<'a>) -> Result<&'a Session> {
    Ok(ctx.data_unchecked::<Caller>().session()?)
}
