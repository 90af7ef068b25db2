//! Feeds: from the database to clients.

use storage::query::feeds as stored;

use crate::error::Result;
use crate::exports::ExportRequest;
use crate::feeds::Feed;
use crate::id::Kind;
use crate::scalar::DateTime;

/// A feed of the database as clients see it.
pub(crate) fn client(feed: stored::Feed) -> Result<Feed> {
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
    let ExportRequest { section, related, .. } = ExportRequest::from_json(&request, &format)?;
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
