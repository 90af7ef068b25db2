//! Webhooks: secret addresses at which other programs leave records, which end when they are revoked or their user is disabled.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Select};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::connect::Storage;
use crate::entity::webhooks;
pub use crate::entity::webhooks::Model as Webhook;
use crate::error::{Error, Result};
use crate::handle::{Reader, Unit, Writer};
use crate::name;
use crate::outbox::{Noun, Verb};
use crate::value::Timestamp;

/// How many webhooks of one user there may be that are not revoked.
const MOST: u64 = 200;
/// The last use is shown to the hour, so that a busy webhook is not written each time, in microseconds.
const USE: i64 = 3_600 * 1_000_000;

/// What makes a webhook.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Its name.
    pub name: String,
    /// Whether it also answers searches.
    pub can_search: bool,
}

/// Whose webhooks somebody may see and revoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One's own.
    Own,
    /// Everybody's in the account.
    All,
}

/// The webhooks that are not revoked, the newest first.
pub async fn list(reader: &Reader, whose: Whose) -> Result<Vec<Webhook>> {
    let scope = reader.scope();
    let query = living(scope.account);
    let query = match (whose, reader.viewer().user) {
        (Whose::All, _) => query,
        (Whose::Own, Some(user)) => query.filter(webhooks::Column::UserId.eq(user)),
        (Whose::Own, None) => return Ok(Vec::new()),
    };
    Ok(query.order_by_desc(webhooks::Column::Id).all(&scope.on).await?)
}

/// A webhook, whether it was revoked or not.
pub async fn by_id(reader: &Reader, whose: Whose, id: Uuid) -> Result<Option<Webhook>> {
    let found = webhooks::Entity::find_by_id((reader.account(), id)).one(&reader.scope().on).await?;
    Ok(found.filter(|webhook| whose == Whose::All || Some(webhook.user_id) == reader.viewer().user))
}

/// Makes a webhook of the writer's user, and answers it with its secret, which is not kept.
///
/// Errors: [`Error::Invalid`] for a name that cannot be, [`Error::Limited`] for too many webhooks.
pub async fn create(writer: &Writer, new: NewWebhook) -> Result<(Webhook, [u8; 32])> {
    let secret: [u8; 32] = rand::random();
    let id = Uuid::now_v7();
    let new = &new;
    let webhook = writer
        .write(|unit| async move {
            let user = unit.user().ok_or(Error::NotFound { what: "user" })?;
            let own = living(unit.account).filter(webhooks::Column::UserId.eq(user));
            if super::count(&unit.scope(), own).await? >= MOST {
                let reason =
                    format!("you have {MOST} webhooks, and no user may have more: revoke one that nobody uses");
                return Err(Error::Limited { reason });
            }
            let webhook = Webhook {
                account_id: unit.account,
                id,
                user_id: user,
                name: name::checked(&new.name, "a webhook", "name")?.to_owned(),
                secret_hash: Sha256::digest(secret).to_vec(),
                can_search: new.can_search,
                created_at: unit.now,
                used_at: None,
                revoked_at: None,
            };
            let row: webhooks::ActiveModel = webhook.clone().into();
            webhooks::Entity::insert(row).exec_without_returning(unit.on()).await?;
            unit.publish(Noun::Webhook, Verb::Created, id).await?;
            Ok(webhook)
        })
        .await?;
    Ok((webhook, secret))
}

/// Ends a webhook for good. Errors: [`Error::NotFound`], also for one that was revoked already.
pub async fn revoke(writer: &Writer, whose: Whose, id: Uuid) -> Result<Webhook> {
    writer
        .write(|unit| async move {
            let found = webhooks::Entity::find_by_id((unit.account, id)).one(unit.on()).await?;
            let is_meant = |webhook: &Webhook| whose == Whose::All || Some(webhook.user_id) == unit.user();
            let found = found.filter(|webhook| is_meant(webhook) && webhook.revoked_at.is_none());
            let webhook = found.ok_or(Error::NotFound { what: "webhook" })?;
            set(&unit, id, webhooks::Column::RevokedAt).await?;
            unit.publish(Noun::Webhook, Verb::Revoked, id).await?;
            Ok(Webhook { revoked_at: Some(unit.now), ..webhook })
        })
        .await
}

/// The webhook that this secret opens.
pub async fn opened(storage: &Storage, account: Uuid, id: Uuid, secret: &[u8]) -> Result<Option<Webhook>> {
    let found = webhooks::Entity::find_by_id((account, id)).one(&storage.readers).await?;
    // Both are hashes: how long the comparison takes tells nothing of the secret.
    let fits = |webhook: &Webhook| webhook.secret_hash == Sha256::digest(secret).to_vec();
    Ok(found.filter(|webhook| webhook.revoked_at.is_none() && fits(webhook)))
}

impl Webhook {
    /// Whether its last use, as it is noted, is so long ago that it should be noted anew.
    pub fn is_used_unnoted(&self, now: Timestamp) -> bool {
        self.used_at.is_none_or(|used_at| now.microseconds() - used_at.microseconds() >= USE)
    }
}

/// Notes that a webhook was used now.
pub async fn note_use(writer: &Writer, id: Uuid) -> Result<()> {
    writer.write(|unit| async move { set(&unit, id, webhooks::Column::UsedAt).await }).await
}

fn living(account: Uuid) -> Select<webhooks::Entity> {
    let query = webhooks::Entity::find().filter(webhooks::Column::AccountId.eq(account));
    query.filter(webhooks::Column::RevokedAt.is_null())
}

/// Writes the unit's moment into a column.
async fn set(unit: &Unit, id: Uuid, column: webhooks::Column) -> Result<()> {
    webhooks::Entity::update_many()
        .col_expr(column, Expr::val(unit.now))
        .filter(webhooks::Column::AccountId.eq(unit.account))
        .filter(webhooks::Column::Id.eq(id))
        .exec(unit.on())
        .await?;
    Ok(())
}
