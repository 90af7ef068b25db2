//! Webhooks: from the database to clients.

use service::Kind;
use storage::query::webhooks as stored;

use crate::scalar::DateTime;
use crate::webhooks::Webhook;

/// A webhook of the database as clients see it.
pub(crate) fn to_graphql(webhook: stored::Webhook) -> Webhook {
    let stored::Webhook {
        account_id: _,
        id,
        user_id,
        name,
        secret_hash: _,
        can_search,
        created_at,
        used_at,
        revoked_at,
    } = webhook;
    Webhook {
        id: Kind::Webhook.global(id).into(),
        name,
        can_search,
        created_at: DateTime(created_at),
        last_used_at: used_at.map(DateTime),
        revoked_at: revoked_at.map(DateTime),
        user_key: user_id,
    }
}
