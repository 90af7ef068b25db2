//! The keys that sign access tokens, and refresh tokens.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::connect::Storage;
pub use crate::entity::signing_keys::Model as SigningKey;
use crate::entity::{refresh_tokens, signing_keys};
use crate::error::Result;
use crate::handle::{Unit, Writer};
use crate::pool::PATIENCE;
use crate::value::Timestamp;

/// All signing keys, the newest first; the first start of Cairn makes one.
///
/// Several gateways may start at once: each then may make a key, all of them stay valid, and each gateway that starts
/// later signs with the newest.
pub async fn signing_keys(storage: &Storage, now: Timestamp) -> Result<Vec<SigningKey>> {
    let keys = || signing_keys::Entity::find().order_by_desc(signing_keys::Column::Id).all(&storage.readers);
    let found = keys().await?;
    if !found.is_empty() {
        return Ok(found);
    }
    let secret: [u8; 32] = rand::random();
    let key = signing_keys::ActiveModel { id: Set(Uuid::now_v7()), secret: Set(secret.to_vec()), created_at: Set(now) };
    let unit = storage.writer.begin(PATIENCE).await?;
    signing_keys::Entity::insert(key).exec_without_returning(unit.on()).await?;
    unit.commit().await?;
    Ok(keys().await?)
}

/// The signing key of an id, made by another gateway perhaps.
pub async fn signing_key(storage: &Storage, id: Uuid) -> Result<Option<SigningKey>> {
    Ok(signing_keys::Entity::find_by_id(id).one(&storage.readers).await?)
}

/// A refresh token that was made: its id and its secret, which is not kept.
pub type RefreshToken = (Uuid, [u8; 32]);

/// A new refresh token of a user.
pub async fn create_refresh_token(writer: &Writer, user: Uuid, expires_at: Timestamp) -> Result<RefreshToken> {
    writer.briefly().write(|unit| async move { insert(&unit, user, expires_at).await }).await
}

/// Uses up a refresh token and gives its user and the next one, which stays good until `expires_at`; `None` for one that is unknown,
/// expired or was used before. It is used up only where there is a next one, as whoever got neither tries it again.
///
/// A second use means that a copy is about, so it ends all refresh tokens of the user (RFC 9700 section 4.14.2).
pub async fn use_refresh_token(
    writer: &Writer,
    id: Uuid,
    secret: &[u8],
    expires_at: Timestamp,
) -> Result<Option<(Uuid, RefreshToken)>> {
    let hash = &Sha256::digest(secret).to_vec();
    writer
        .briefly()
        .write(|unit| async move {
            let found = refresh_tokens::Entity::find_by_id((unit.account, id)).one(unit.on()).await?;
            let Some(token) = found.filter(|token| token.secret_hash == *hash) else {
                return Ok(None);
            };
            if token.used_at.is_some() {
                end_all(&unit, token.user_id).await?;
                return Ok(None);
            }
            // The condition on used_at decides between two gateways that see the token at the same time.
            let used = refresh_tokens::Entity::update_many()
                .col_expr(refresh_tokens::Column::UsedAt, Expr::val(unit.now))
                .filter(refresh_tokens::Column::AccountId.eq(unit.account))
                .filter(refresh_tokens::Column::Id.eq(id))
                .filter(refresh_tokens::Column::UsedAt.is_null())
                .exec(unit.on())
                .await?;
            if used.rows_affected == 0 || token.expires_at <= unit.now {
                return Ok(None);
            }
            Ok(Some((token.user_id, insert(&unit, token.user_id, expires_at).await?)))
        })
        .await
}

async fn insert(unit: &Unit, user: Uuid, expires_at: Timestamp) -> Result<RefreshToken> {
    let secret: [u8; 32] = rand::random();
    let id = Uuid::now_v7();
    let row = refresh_tokens::ActiveModel {
        account_id: Set(unit.account),
        id: Set(id),
        user_id: Set(user),
        secret_hash: Set(Sha256::digest(secret).to_vec()),
        created_at: Set(unit.now),
        expires_at: Set(expires_at),
        used_at: Set(None),
    };
    refresh_tokens::Entity::insert(row).exec_without_returning(unit.on()).await?;
    Ok((id, secret))
}

/// Ends all refresh tokens of a user.
pub(crate) async fn end_all(unit: &Unit, user: Uuid) -> Result<()> {
    refresh_tokens::Entity::delete_many()
        .filter(refresh_tokens::Column::AccountId.eq(unit.account))
        .filter(refresh_tokens::Column::UserId.eq(user))
        .exec(unit.on())
        .await?;
    Ok(())
}
