//! API tokens: from the database to clients.

use service::Kind;
use storage::query::api_tokens as stored;

use crate::api_tokens::ApiToken;
use crate::scalar::DateTime;

/// A token of the database as clients see it.
pub(crate) fn to_graphql(token: stored::ApiToken) -> ApiToken {
    let stored::ApiToken {
        account_id: _,
        id,
        user_id,
        name,
        secret_hash: _,
        actions,
        created_at,
        expires_at,
        used_at,
        revoked_at,
    } = token;
    ApiToken {
        id: Kind::ApiToken.global(id).into(),
        name,
        actions: actions.lines().map(ToOwned::to_owned).collect(),
        created_at: DateTime(created_at),
        expires_at: expires_at.map(DateTime),
        last_used_at: used_at.map(DateTime),
        revoked_at: revoked_at.map(DateTime),
        user_key: user_id,
    }
}
