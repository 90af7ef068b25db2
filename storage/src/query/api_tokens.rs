//! API tokens: what programs sign in with instead of a password, until they are revoked, expire, or their user is disabled.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::connect::Storage;
use crate::entity::api_tokens;
pub use crate::entity::api_tokens::Model as ApiToken;
use crate::error::{Error, Result};
use crate::handle::{Reader, Unit, Writer};
use crate::name;
use crate::outbox::{Noun, Verb};
use crate::value::Timestamp;

/// How many tokens of one user there may be that are not revoked.
const MOST: u64 = 200;
/// The last use is shown to the hour, so that not every request writes, in microseconds.
const USE: i64 = 3_600 * 1_000_000;

/// What makes a token.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    /// Its name.
    pub name: String,
    /// The actions of the legacy API that it is for; none where it opens everything that its user may.
    pub actions: Vec<String>,
    /// Until when it is good; for ever where it is `None`.
    pub expires_at: Option<Timestamp>,
}

/// Whose tokens are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those of this user.
    Of(Uuid),
    /// Those of the whole account.
    Account,
}

/// Tokens, the newest first; revoked ones are left out, expired ones are not.
pub async fn list(reader: &Reader, whose: Whose) -> Result<Vec<ApiToken>> {
    let scope = reader.scope();
    let query = api_tokens::Entity::find()
        .filter(api_tokens::Column::AccountId.eq(scope.account))
        .filter(api_tokens::Column::RevokedAt.is_null());
    let query = match whose {
        Whose::Of(user) => query.filter(api_tokens::Column::UserId.eq(user)),
        Whose::Account => query,
    };
    Ok(query.order_by_desc(api_tokens::Column::Id).all(&scope.on).await?)
}

/// A token of an id, whether it was revoked or not.
pub async fn by_id(reader: &Reader, id: Uuid, whose: Whose) -> Result<Option<ApiToken>> {
    let found = api_tokens::Entity::find_by_id((reader.account(), id)).one(&reader.scope().on).await?;
    Ok(found.filter(|token| whose.has(token)))
}

/// Makes a token of a user, and answers it with its secret, which is not kept.
///
/// Errors: [`Error::Invalid`] for a name that cannot be, [`Error::Limited`] for too many tokens.
pub async fn create(writer: &Writer, user: Uuid, new: NewApiToken) -> Result<(ApiToken, [u8; 32])> {
    let secret: [u8; 32] = rand::random();
    let id = Uuid::now_v7();
    let new = &new;
    let token = writer
        .write(|unit| async move {
            let living = api_tokens::Entity::find()
                .filter(api_tokens::Column::AccountId.eq(unit.account))
                .filter(api_tokens::Column::UserId.eq(user))
                .filter(api_tokens::Column::RevokedAt.is_null());
            if super::count(&unit.scope(), living).await? >= MOST {
                let reason = format!("there are {MOST} API tokens, and no user may have more: revoke one");
                return Err(Error::Limited { reason });
            }
            let token = ApiToken {
                account_id: unit.account,
                id,
                user_id: user,
                name: name::checked(&new.name, "an API token", "name")?.to_owned(),
                secret_hash: Sha256::digest(secret).to_vec(),
                actions: new.actions.join("\n"),
                created_at: unit.now,
                expires_at: new.expires_at,
                used_at: None,
                revoked_at: None,
            };
            let row: api_tokens::ActiveModel = token.clone().into();
            api_tokens::Entity::insert(row).exec_without_returning(unit.on()).await?;
            unit.publish(Noun::ApiToken, Verb::Created, id).await?;
            Ok(token)
        })
        .await?;
    Ok((token, secret))
}

/// Ends a token for good. Errors: [`Error::NotFound`], also for one that was revoked already.
pub async fn revoke(writer: &Writer, id: Uuid, whose: Whose) -> Result<ApiToken> {
    writer
        .write(|unit| async move {
            let found = api_tokens::Entity::find_by_id((unit.account, id)).one(unit.on()).await?;
            let found = found.filter(|token| whose.has(token) && token.revoked_at.is_none());
            let token = found.ok_or(Error::NotFound { what: "API token" })?;
            set(&unit, id, api_tokens::Column::RevokedAt, unit.now).await?;
            unit.publish(Noun::ApiToken, Verb::Revoked, id).await?;
            Ok(ApiToken { revoked_at: Some(unit.now), ..token })
        })
        .await
}

/// The token that is good with this secret now.
pub async fn opened(
    storage: &Storage,
    account: Uuid,
    id: Uuid,
    secret: &[u8],
    now: Timestamp,
) -> Result<Option<ApiToken>> {
    let found = api_tokens::Entity::find_by_id((account, id)).one(&storage.readers).await?;
    let is_alive =
        |token: &ApiToken| token.revoked_at.is_none() && token.expires_at.is_none_or(|expires_at| expires_at > now);
    // Both are hashes: how long the comparison takes tells nothing of the secret.
    Ok(found.filter(|token| is_alive(token) && token.secret_hash == Sha256::digest(secret).to_vec()))
}

/// Notes that a token was used now.
pub async fn note_use(writer: &Writer, id: Uuid) -> Result<()> {
    writer.briefly().write(|unit| async move { set(&unit, id, api_tokens::Column::UsedAt, unit.now).await }).await
}

impl ApiToken {
    /// Whether its last use, as it is noted, is so long ago that it should be noted anew.
    pub fn is_used_unnoted(&self, now: Timestamp) -> bool {
        self.used_at.is_none_or(|used_at| now.microseconds() - used_at.microseconds() >= USE)
    }

    /// The actions of the legacy API that it is for; none where it opens everything that its user may.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.lines()
    }
}

impl Whose {
    fn has(self, token: &ApiToken) -> bool {
        match self {
            Self::Of(user) => token.user_id == user,
            Self::Account => true,
        }
    }
}

async fn set(unit: &Unit, id: Uuid, column: api_tokens::Column, moment: Timestamp) -> Result<()> {
    api_tokens::Entity::update_many()
        .col_expr(column, Expr::val(moment))
        .filter(api_tokens::Column::AccountId.eq(unit.account))
        .filter(api_tokens::Column::Id.eq(id))
        .exec(unit.on())
        .await?;
    Ok(())
}
