//! Who uses the legacy API: counters that gateways add up in memory and bring here now and again.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::entity::legacy_usage;
pub use crate::entity::legacy_usage::Model as LegacyUse;
use crate::error::Result;
use crate::handle::{Reader, Unit, Writer};
use crate::value::Timestamp;

/// How many rows an account has that tell users, addresses and programs apart. What comes later is counted by its action
/// alone.
pub const MOST: u64 = 1_000;
/// How long a row stays after it was seen last, in seconds.
const KEPT_SECONDS: i64 = 400 * 86_400;
/// What stands for the addresses and programs of a row that does not tell them apart.
pub const OTHERS: &str = "others";

/// Calls that are alike, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// As whom it signs in, or whose webhook it calls; `None` where it is not told apart.
    pub user: Option<Uuid>,
    /// What it asks for, such as `create=lead` or `webhook lead`.
    pub action: String,
    /// Where it runs.
    pub address: String,
    /// What it calls itself.
    pub user_agent: String,
    /// How often it has called.
    pub calls: i64,
    /// How many of the calls were refused.
    pub errors: i64,
    /// When it did first.
    pub first_at: Timestamp,
    /// When it did last.
    pub last_at: Timestamp,
    /// Code and sentence of the last refusal, and when that was.
    pub last_error: Option<(String, Timestamp)>,
    /// The GraphQL document that did the same, and the shape of its variables.
    pub document: Option<(String, String)>,
}

/// The rows of the account, the one that was seen last first.
pub async fn list(reader: &Reader) -> Result<Vec<LegacyUse>> {
    let scope = reader.scope();
    let query = legacy_usage::Entity::find().filter(legacy_usage::Column::AccountId.eq(scope.account));
    let query = query.order_by_desc(legacy_usage::Column::LastAt).order_by_asc(legacy_usage::Column::Id);
    Ok(query.all(&scope.on).await?)
}

/// Adds calls to what is known.
pub async fn add(writer: &Writer, calls: Vec<Calls>) -> Result<()> {
    let calls = &calls;
    writer
        .briefly()
        .write(|unit| async move {
            let known = known(&unit).await?;
            let mut room = usize::try_from(MOST).unwrap_or(usize::MAX).saturating_sub(known.len());
            let mut rows: Vec<LegacyUse> = Vec::new();
            for calls in calls {
                let row = row(unit.account, calls.clone());
                let is_told_apart = known.contains(&row.id) || room > 0;
                if !known.contains(&row.id) {
                    room = room.saturating_sub(1);
                }
                rows.push(if is_told_apart { row } else { self::row(unit.account, calls.clone().among_others()) });
            }
            // In one order, so that two gateways never wait for each other.
            rows.sort_by_key(|row| row.id);
            for row in rows {
                let row: legacy_usage::ActiveModel = row.into();
                legacy_usage::Entity::insert(row).on_conflict(added()).exec_without_returning(unit.on()).await?;
            }
            Ok(())
        })
        .await
}

/// Forgets what nobody has used for more than a year.
pub async fn purge(writer: &Writer) -> Result<()> {
    writer
        .write(|unit| async move {
            legacy_usage::Entity::delete_many()
                .filter(legacy_usage::Column::AccountId.eq(unit.account))
                .filter(legacy_usage::Column::LastAt.lt(unit.now.plus_seconds(-KEPT_SECONDS)))
                .exec(unit.on())
                .await?;
            Ok(())
        })
        .await
}

impl Calls {
    /// The same without who and where.
    #[must_use]
    pub fn among_others(self) -> Self {
        Self { user: None, address: OTHERS.to_owned(), user_agent: OTHERS.to_owned(), ..self }
    }
}

async fn known(unit: &Unit) -> Result<Vec<Uuid>> {
    let query = legacy_usage::Entity::find().filter(legacy_usage::Column::AccountId.eq(unit.account));
    let ids = query.select_only().column(legacy_usage::Column::Id).into_tuple().all(unit.on()).await?;
    Ok(ids)
}

fn row(account_id: Uuid, calls: Calls) -> LegacyUse {
    let id = id(&calls);
    let Calls { user, action, address, user_agent, calls, errors, first_at, last_at, last_error, document } = calls;
    let (last_error, last_error_at) = last_error.unzip();
    let (document, variables) = document.unzip();
    LegacyUse {
        account_id,
        id,
        user_id: user,
        action,
        address,
        user_agent,
        calls,
        errors,
        first_at,
        last_at,
        last_error,
        last_error_at,
        document,
        variables,
    }
}

/// What is the same has the same id, whichever gateway brings it.
fn id(calls: &Calls) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(calls.user.unwrap_or_default().as_bytes());
    for text in [&calls.action, &calls.address, &calls.user_agent] {
        hash.update(text.len().to_le_bytes());
        hash.update(text.as_bytes());
    }
    let hash = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// What becomes of a row that is there. Gateways come in any order: the latest call says what is shown, whoever brings it last.
fn added() -> OnConflict {
    use legacy_usage::Column;
    let latest = |column: &str, moment: &str| {
        Expr::cust(format!(
            "CASE WHEN excluded.{column} IS NOT NULL AND (legacy_usage.{column} IS NULL
                       OR excluded.{moment} >= legacy_usage.{moment})
                  THEN excluded.{column} ELSE legacy_usage.{column} END"
        ))
    };
    let outermost = |column: &str, than: &str| {
        Expr::cust(format!(
            "CASE WHEN excluded.{column} {than} legacy_usage.{column} THEN excluded.{column} ELSE legacy_usage.{column} END"
        ))
    };
    let sum = |column: &str| Expr::cust(format!("legacy_usage.{column} + excluded.{column}"));
    OnConflict::columns([Column::AccountId, Column::Id])
        .value(Column::Calls, sum("calls"))
        .value(Column::Errors, sum("errors"))
        .value(Column::FirstAt, outermost("first_at", "<"))
        .value(Column::LastAt, outermost("last_at", ">"))
        .value(Column::LastError, latest("last_error", "last_error_at"))
        .value(Column::LastErrorAt, latest("last_error_at", "last_error_at"))
        .value(Column::Document, latest("document", "last_at"))
        .value(Column::Variables, latest("variables", "last_at"))
        .to_owned()
}
