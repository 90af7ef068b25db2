//! Wrong passwords, counted for any gateway to see, and the addresses from which users have signed in.
//!
//! What is counted is known by a hash: people type passwords where the e-mail address belongs.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait as _, EntityTrait, QueryFilter, Statement, Value};
use uuid::Uuid;

use crate::connect::Storage;
use crate::entity::known_addresses;
use crate::error::Result;
use crate::handle::{Reader, Writer};
use crate::value::Timestamp;

/// How long an address is known after the last sign-in from there, in seconds.
pub const KNOWN_SECONDS: i64 = 30 * 86_400;
/// A known address is noted anew after a day, so that not every sign-in writes, in seconds.
const NOTED_SECONDS: i64 = 86_400;

/// What attempts are counted by, hashed.
pub type Key = [u8; 32];

/// How often something has failed in its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// What.
    pub key: Key,
    /// How often.
    pub failures: i64,
    /// When it did last.
    pub last_at: Timestamp,
}

/// A failure that is to be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it is counted by.
    pub key: Key,
    /// Until when it counts where it is the first one.
    pub ends_at: Timestamp,
}

/// The counts of these keys that still count; one without a failure is left out.
pub async fn counts(storage: &Storage, keys: &[Key], now: Timestamp) -> Result<Vec<Count>> {
    let on = &storage.readers;
    let places: Vec<_> = (2..keys.len() + 2).map(|place| format!("${place}")).collect();
    let text = format!(
        "SELECT key, failures, last_at FROM sign_in_attempts WHERE ends_at > $1 AND key IN ({})",
        places.join(", ")
    );
    let keys = keys.iter().map(|key| Value::from(key.to_vec()));
    let values = [Value::from(now.microseconds())].into_iter().chain(keys);
    let rows = on.query_all_raw(Statement::from_sql_and_values(on.get_database_backend(), text, values)).await?;
    let mut counts = Vec::with_capacity(rows.len());
    for row in rows {
        let key: Vec<u8> = row.try_get_by_index(0)?;
        let Ok(key) = Key::try_from(key) else { continue };
        let last_at = Timestamp::from_microseconds(row.try_get_by_index(2)?);
        counts.push(Count { key, failures: row.try_get_by_index(1)?, last_at });
    }
    Ok(counts)
}

/// Counts failures.
pub async fn note(storage: &Storage, mut failures: Vec<Failure>, now: Timestamp) -> Result<()> {
    if failures.is_empty() {
        return Ok(());
    }
    // In one order, so that two gateways never wait for each other.
    failures.sort_unstable_by_key(|failure| failure.key);
    let rows: Vec<_> = (0..failures.len()).map(|n| format!("(${}, 1, $1, ${})", 2 * n + 2, 2 * n + 3)).collect();
    let text = format!(
        "INSERT INTO sign_in_attempts (key, failures, last_at, ends_at) VALUES {}
         ON CONFLICT (key) DO UPDATE SET
             failures = CASE WHEN sign_in_attempts.ends_at <= excluded.last_at THEN 1 ELSE sign_in_attempts.failures + 1 END,
             ends_at = CASE WHEN sign_in_attempts.ends_at <= excluded.last_at THEN excluded.ends_at
                            ELSE sign_in_attempts.ends_at END,
             last_at = excluded.last_at",
        rows.join(", ")
    );
    let mut values = vec![Value::from(now.microseconds())];
    for Failure { key, ends_at } in failures {
        values.extend([Value::from(key.to_vec()), Value::from(ends_at.microseconds())]);
    }
    storage.writer.run(&text, values).await
}

/// Forgets what was counted by a key.
pub async fn forget(storage: &Storage, key: &Key) -> Result<()> {
    storage.writer.run("DELETE FROM sign_in_attempts WHERE key = $1", vec![Value::from(key.to_vec())]).await
}

/// Forgets what counts no longer.
pub async fn purge(storage: &Storage, now: Timestamp) -> Result<()> {
    let before = vec![Value::from(now.microseconds())];
    storage.writer.run("DELETE FROM sign_in_attempts WHERE ends_at <= $1", before).await
}

/// Whether a user has signed in from an address lately.
pub async fn is_known(reader: &Reader, user: Uuid, address: &str, now: Timestamp) -> Result<bool> {
    let found = seen(reader, user, address).await?;
    Ok(found.is_some_and(|seen_at| seen_at > now.plus_seconds(-KNOWN_SECONDS)))
}

/// Whether it should be noted that a user signs in from an address now.
pub async fn is_unnoted(reader: &Reader, user: Uuid, address: &str, now: Timestamp) -> Result<bool> {
    let found = seen(reader, user, address).await?;
    Ok(found.is_none_or(|seen_at| seen_at <= now.plus_seconds(-NOTED_SECONDS)))
}

/// Notes that a user signs in from an address now, and forgets the addresses from which they have not for long.
pub async fn note_known(writer: &Writer, user: Uuid, address: &str) -> Result<()> {
    use known_addresses::{Column, Entity, Model};
    writer
        .write(|unit| async move {
            let row = Model { account_id: unit.account, user_id: user, address: address.to_owned(), seen_at: unit.now };
            let known = OnConflict::columns([Column::AccountId, Column::UserId, Column::Address])
                .update_column(Column::SeenAt)
                .to_owned();
            let row: known_addresses::ActiveModel = row.into();
            Entity::insert(row).on_conflict(known).exec_without_returning(unit.on()).await?;
            Entity::delete_many()
                .filter(Column::AccountId.eq(unit.account))
                .filter(Column::UserId.eq(user))
                .filter(Column::SeenAt.lte(unit.now.plus_seconds(-KNOWN_SECONDS)))
                .exec(unit.on())
                .await?;
            Ok(())
        })
        .await
}

async fn seen(reader: &Reader, user: Uuid, address: &str) -> Result<Option<Timestamp>> {
    let key = (reader.account(), user, address.to_owned());
    let found = known_addresses::Entity::find_by_id(key).one(&reader.scope().on).await?;
    Ok(found.map(|row| row.seen_at))
}
