//! Feeds: from the database to clients.

use service::{Kind, StoredView};
use storage::query::feeds as stored;

use crate::error::Result;
use crate::feeds::Feed;
use crate::scalar::DateTime;

/// A feed of the database as clients see it.
pub(crate) fn to_graphql(feed: stored::Feed) -> Result<Feed> {
    let stored::Feed {
        account_id: _,
        id,
        user_id: _,
        name,
        secret_hash: _,
        format,
        request,
        created_at,
        expires_at,
        used_at,
        revoked_at,
    } = feed;
    let StoredView { section, related, .. } = StoredView::from_json(&request)?;
    Ok(Feed {
        id: Kind::Feed.global(id).into(),
        name,
        section: match related {
            Some(related) => format!("{section}/{related}"),
            None => section.to_string(),
        },
        format,
        created_at: DateTime(created_at),
        expires_at: expires_at.map(DateTime),
        last_used_at: used_at.map(DateTime),
        revoked_at: revoked_at.map(DateTime),
    })
}
