//! Wrong passwords, counted for any gateway to see, and the addresses from which users have signed in.
//!
//! What is counted is known by a hash: people type passwords where the e-mail address belongs.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait as _, DbBackend, EntityTrait, QueryFilter, Statement, Value};
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

/// For how many seconds nothing may be tried after each failure over those that are free, the first ones; after any more of them it is
/// [`LONGEST_PAUSE`].
const PAUSES: [i64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/// The longest pause, in seconds.
pub const LONGEST_PAUSE: i64 = 15 * 60;

/// For how many seconds nothing may be tried after so many failures over those that are free.
pub fn pause(over: i64) -> i64 {
    usize::try_from(over).ok().and_then(|over| PAUSES.get(over).copied()).unwrap_or(LONGEST_PAUSE)
}

/// An attempt that is counted as a failure before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The failure that it will have been.
    pub failure: Failure,
    /// How many failures are free.
    pub free: i64,
}

/// The counts of these keys that still count; one without a failure is left out.
pub async fn counts(storage: &Storage, keys: &[Key], now: Timestamp) -> Result<Vec<Count>> {
    let on = &storage.readers;
    let places: Vec<_> = (2..keys.len() + 2).map(|place| format!("${place}")).collect();
    let text = format!(
        "SELECT key, failures, last_at FROM sign_in_attempts WHERE ends_at > $1 AND failures > 0 AND key IN ({})",
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
             ends_at = CASE WHEN sign_in_attempts.ends_at <= excluded.last_at OR sign_in_attempts.failures = 0
                            THEN excluded.ends_at ELSE sign_in_attempts.ends_at END,
             last_at = excluded.last_at",
        rows.join(", ")
    );
    let mut values = vec![Value::from(now.microseconds())];
    for Failure { key, ends_at } in failures {
        values.extend([Value::from(key.to_vec()), Value::from(ends_at.microseconds())]);
    }
    let on = &storage.writer;
    on.execute_raw(Statement::from_sql_and_values(on.get_database_backend(), text, values)).await?;
    Ok(())
}

/// Counts an attempt before it is made, by all of these or, where one of them has to wait, by none. It is one statement, so that of
/// any number of attempts at once, at any gateway, no more are made than are free.
pub async fn reserve(storage: &Storage, mut asked: Vec<Reservation>, now: Timestamp) -> Result<bool> {
    // In one order, so that two gateways never wait for each other.
    asked.sort_unstable_by_key(|reservation| reservation.failure.key);
    let on = &storage.writer;
    let backend = on.get_database_backend();
    let bytes = if backend == DbBackend::Postgres { "bytea" } else { "BLOB" };
    let rows: Vec<_> = (0..asked.len())
        .map(|n| {
            let (key, free, ends_at) = (3 * n + 2, 3 * n + 3, 3 * n + 4);
            format!("(CAST(${key} AS {bytes}), CAST(${free} AS bigint), CAST(${ends_at} AS bigint))")
        })
        .collect();
    let pauses: String = PAUSES.iter().enumerate().map(|(over, pause)| format!(" WHEN {over} THEN {pause}")).collect();
    // Whether a row has failures that count, over those that are free, the last of them less than its pause ago.
    let waits = |row: &str, free: &str| {
        format!(
            "{row}.ends_at > $1 AND {row}.failures >= {free}
             AND {row}.last_at + 1000000 * CASE {row}.failures - {free}{pauses} ELSE {LONGEST_PAUSE} END > $1"
        )
    };
    let text = format!(
        "WITH asked (asked_key, free, until) AS (VALUES {rows})
         INSERT INTO sign_in_attempts (key, failures, last_at, ends_at)
         SELECT asked_key, 1, CAST($1 AS bigint), until FROM asked
         WHERE NOT EXISTS (SELECT 1 FROM asked JOIN sign_in_attempts AS counted ON counted.key = asked_key WHERE {before})
         ORDER BY asked_key
         ON CONFLICT (key) DO UPDATE SET
             failures = CASE WHEN sign_in_attempts.ends_at <= excluded.last_at THEN 1 ELSE sign_in_attempts.failures + 1 END,
             ends_at = CASE WHEN sign_in_attempts.ends_at <= excluded.last_at OR sign_in_attempts.failures = 0
                            THEN excluded.ends_at ELSE sign_in_attempts.ends_at END,
             last_at = excluded.last_at
         WHERE NOT ({meanwhile})
         RETURNING key",
        rows = rows.join(", "),
        before = waits("counted", "free"),
        meanwhile = waits(
            "sign_in_attempts",
            "(SELECT free FROM asked WHERE asked_key = sign_in_attempts.key)"
        ),
    );
    let mut values = vec![Value::from(now.microseconds())];
    for Reservation { failure: Failure { key, ends_at }, free } in &asked {
        values.extend([Value::from(key.to_vec()), Value::from(*free), Value::from(ends_at.microseconds())]);
    }
    let rows = on.query_all_raw(Statement::from_sql_and_values(backend, text, values)).await?;
    if rows.len() == asked.len() {
        return Ok(true);
    }
    // Another gateway was quicker with the last free one of some of them.
    let reserved: Vec<Vec<u8>> =
        rows.iter().map(|row| row.try_get_by_index(0)).collect::<std::result::Result<_, _>>()?;
    give_back(storage, &reserved.into_iter().filter_map(|key| Key::try_from(key).ok()).collect::<Vec<_>>()).await?;
    Ok(false)
}

/// Takes back what was counted by [`reserve`].
pub async fn give_back(storage: &Storage, keys: &[Key]) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    let on = &storage.writer;
    for key in keys {
        let text = "UPDATE sign_in_attempts SET failures = failures - 1 WHERE key = $1 AND failures > 0";
        let values = [Value::from(key.to_vec())];
        on.execute_raw(Statement::from_sql_and_values(on.get_database_backend(), text, values)).await?;
    }
    Ok(())
}

/// Forgets what was counted by a key.
pub async fn forget(storage: &Storage, key: &Key) -> Result<()> {
    let text = "DELETE FROM sign_in_attempts WHERE key = $1";
    let on = &storage.writer;
    on.execute_raw(Statement::from_sql_and_values(on.get_database_backend(), text, [Value::from(key.to_vec())]))
        .await?;
    Ok(())
}

/// Forgets what counts no longer.
pub async fn purge(storage: &Storage, now: Timestamp) -> Result<()> {
    let text = "DELETE FROM sign_in_attempts WHERE ends_at <= $1";
    let on = &storage.writer;
    let values = [Value::from(now.microseconds())];
    on.execute_raw(Statement::from_sql_and_values(on.get_database_backend(), text, values)).await?;
    Ok(())
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
        .briefly()
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
