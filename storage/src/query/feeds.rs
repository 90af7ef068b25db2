//! Feeds: views in a format behind secret addresses, which end when they are revoked, expire, or their user is disabled.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait as _, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Statement};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::connect::Storage;
use crate::entity::feeds;
pub use crate::entity::feeds::Model as Feed;
use crate::error::{Error, Result};
use crate::handle::{Reader, Unit, Writer};
use crate::name;
use crate::outbox::{Noun, Verb};
use crate::query::changes::{self, Changes};
use crate::value::Timestamp;

/// How many feeds of one user there may be that are not revoked.
const MOST: u64 = 200;
/// The last use is shown to the hour, so that those who poll do not write each time, in microseconds.
const USE: i64 = 3_600 * 1_000_000;

/// What makes a feed.
#[derive(Clone, Debug)]
pub struct NewFeed {
    /// Its name.
    pub name: String,
    /// The name of the format.
    pub format: String,
    /// What it shows.
    pub request: String,
    /// Until when it can be read; for ever where it is `None`.
    pub expires_at: Option<Timestamp>,
}

/// The feeds of the reader's viewer, the newest first; revoked ones are left out, expired ones are not.
pub async fn list(reader: &Reader) -> Result<Vec<Feed>> {
    let Some(user) = reader.viewer().user else { return Ok(Vec::new()) };
    let scope = reader.scope();
    let query = feeds::Entity::find()
        .filter(feeds::Column::AccountId.eq(scope.account))
        .filter(feeds::Column::UserId.eq(user))
        .filter(feeds::Column::RevokedAt.is_null());
    Ok(query.order_by_desc(feeds::Column::Id).all(&scope.on).await?)
}

/// A feed of the reader's viewer, whether it was revoked or not.
pub async fn by_id(reader: &Reader, id: Uuid) -> Result<Option<Feed>> {
    let found = feeds::Entity::find_by_id((reader.account(), id)).one(&reader.scope().on).await?;
    Ok(found.filter(|feed| Some(feed.user_id) == reader.viewer().user))
}

/// Makes a feed of the writer's user, and answers it with its secret, which is not kept.
///
/// Errors: [`Error::Invalid`] for a name that cannot be, [`Error::Limited`] for too many feeds.
pub async fn create(writer: &Writer, new: NewFeed) -> Result<(Feed, [u8; 32])> {
    let secret: [u8; 32] = rand::random();
    let id = Uuid::now_v7();
    let new = &new;
    let feed = writer
        .write(|unit| async move {
            let user = unit.user().ok_or(Error::NotFound { what: "user" })?;
            let living = feeds::Entity::find()
                .filter(feeds::Column::AccountId.eq(unit.account))
                .filter(feeds::Column::UserId.eq(user))
                .filter(feeds::Column::RevokedAt.is_null());
            if super::count(&unit.scope(), living).await? >= MOST {
                let reason = format!("you have {MOST} feeds, and no user may have more: revoke one that nobody reads");
                return Err(Error::Limited { reason });
            }
            let feed = Feed {
                account_id: unit.account,
                id,
                user_id: user,
                name: name::checked(&new.name, "a feed", "name")?.to_owned(),
                secret_hash: Sha256::digest(secret).to_vec(),
                format: new.format.clone(),
                request: new.request.clone(),
                created_at: unit.now,
                expires_at: new.expires_at,
                used_at: None,
                revoked_at: None,
            };
            let row: feeds::ActiveModel = feed.clone().into();
            feeds::Entity::insert(row).exec_without_returning(unit.on()).await?;
            unit.publish(Noun::Feed, Verb::Created, id).await?;
            Ok(feed)
        })
        .await?;
    Ok((feed, secret))
}

/// Ends a feed of the writer's user for good. Errors: [`Error::NotFound`], also for one that was revoked already.
pub async fn revoke(writer: &Writer, id: Uuid) -> Result<Feed> {
    writer
        .write(|unit| async move {
            let found = feeds::Entity::find_by_id((unit.account, id)).one(unit.on()).await?;
            let found = found.filter(|feed| Some(feed.user_id) == unit.user() && feed.revoked_at.is_none());
            let feed = found.ok_or(Error::NotFound { what: "feed" })?;
            set(&unit, id, feeds::Column::RevokedAt, unit.now).await?;
            unit.publish(Noun::Feed, Verb::Revoked, id).await?;
            Ok(Feed { revoked_at: Some(unit.now), ..feed })
        })
        .await
}

/// A feed that may be read with this secret, and what has changed in its account, in one statement.
pub async fn polled(
    storage: &Storage,
    account: Uuid,
    id: Uuid,
    secret: &[u8],
    now: Timestamp,
) -> Result<Option<(Feed, Changes)>> {
    let on = &storage.readers;
    let backend = on.get_database_backend();
    let text = format!(
        "SELECT feeds.*, totals.* FROM feeds
         JOIN users ON users.account_id = feeds.account_id AND users.id = feeds.user_id
         LEFT JOIN ({totals}) AS totals ON 1 = 1
         WHERE feeds.account_id = $1 AND feeds.id = $2 AND feeds.revoked_at IS NULL AND users.disabled_at IS NULL",
        totals = changes::totals(backend)
    );
    let rows = on.query_all_raw(Statement::from_sql_and_values(backend, text, [account.into(), id.into()])).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let feed = Feed::from_query_result(first, "")?;
    let is_alive = feed.expires_at.is_none_or(|expires_at| expires_at > now);
    // Both are hashes: how long the comparison takes tells nothing of the secret.
    if !is_alive || feed.secret_hash != Sha256::digest(secret).to_vec() {
        return Ok(None);
    }
    let has_totals = first.try_get::<Option<String>>("", "noun")?.is_some();
    let changes = if has_totals { Changes::of_rows(&rows)? } else { Changes::default() };
    Ok(Some((feed, changes)))
}

impl Feed {
    /// Whether its last use, as it is noted, is so long ago that it should be noted anew.
    pub fn is_used_unnoted(&self, now: Timestamp) -> bool {
        self.used_at.is_none_or(|used_at| now.microseconds() - used_at.microseconds() >= USE)
    }
}

/// Notes that a feed was read now.
pub async fn note_use(writer: &Writer, id: Uuid) -> Result<()> {
    writer.briefly().write(|unit| async move { set(&unit, id, feeds::Column::UsedAt, unit.now).await }).await
}

async fn set(unit: &Unit, id: Uuid, column: feeds::Column, moment: Timestamp) -> Result<()> {
    feeds::Entity::update_many()
        .col_expr(column, Expr::val(moment))
        .filter(feeds::Column::AccountId.eq(unit.account))
        .filter(feeds::Column::Id.eq(id))
        .exec(unit.on())
        .await?;
    Ok(())
}
