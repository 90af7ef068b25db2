//! What has changed in an account: whoever has seen a total knows by it that nothing is new, without looking at a record.
//!
//! The rows of the outbox say it. Adding up them all would take ever longer, so [`note`] numbers those that were committed since,
//! adds them up by noun, and notes when; only the rows after them are added up one by one. A total is the same before and after.
//!
//! A row adds more than one: a part of its id that is random. An older database that is put in place of a newer one goes on from an older
//! total, and would soon come to one that somebody has seen with other rows, if rows were only counted.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult, QueryResult, Statement};

use crate::error::Result;
use crate::handle::{Reader, Unit, Writer};
use crate::outbox::Noun;
use crate::value::Timestamp;

/// How long [`note`] waits for the writer. Nobody who only reads waits for an import.
const PATIENCE: Duration = Duration::from_millis(500);

/// What has changed of each noun of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(Vec<Counted>);

#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
struct Counted {
    noun: String,
    total: i64,
    /// When somebody saw the last of them; `None` for rows that nobody has noted yet.
    noted_at: Option<Timestamp>,
}

impl Changes {
    /// What stands for all changes of these, together: it only grows.
    pub fn total(&self, nouns: &[Noun]) -> i64 {
        self.of(nouns).map(|found| found.total).sum()
    }

    /// Since when these are as they are, at the latest; `None` where a change has not been noted yet, or never was any. Whatever the
    /// clocks of gateways say, a later change gives a later second.
    pub fn since(&self, nouns: &[Noun]) -> Option<Timestamp> {
        let noted: Option<Vec<_>> = self.of(nouns).map(|found| found.noted_at).collect();
        noted?.into_iter().max()
    }

    /// Whether there are changes that nobody has noted.
    pub fn are_pending(&self) -> bool {
        self.0.iter().any(|total| total.noted_at.is_none())
    }

    /// The totals of rows of [`totals`], which may hold other columns as well.
    pub(crate) fn of_rows(rows: &[QueryResult]) -> Result<Self> {
        let totals: std::result::Result<_, _> = rows.iter().map(|row| Counted::from_query_result(row, "")).collect();
        Ok(Self(totals?))
    }

    fn of(&self, nouns: &[Noun]) -> impl Iterator<Item = &Counted> {
        self.0.iter().filter(|total| nouns.iter().any(|noun| noun.name() == total.noun))
    }
}

/// The changes that were committed so far, in one statement.
pub async fn changes(reader: &Reader) -> Result<Changes> {
    let on = reader.connection();
    let backend = on.get_database_backend();
    let select = Statement::from_sql_and_values(backend, totals(backend), [reader.account().into()]);
    Ok(Changes(Counted::find_by_statement(select).all(on).await?))
}

/// Numbers the rows that were committed since the last time, and notes how many of each noun they are. It gives up, without an error,
/// where somebody else writes for long.
pub async fn note(writer: &Writer) -> Result<()> {
    let noted = tokio::time::timeout(PATIENCE, writer.briefly().write(|unit| async move { number(&unit).await })).await;
    match noted {
        Ok(Err(error)) if error.is_unavailable() => Ok(()),
        Err(_) => Ok(()),
        Ok(noted) => noted,
    }
}

/// The totals of the account `$1` as a query of `noun`, `total` and `noted_at`.
pub(crate) fn totals(backend: DbBackend) -> String {
    format!(
        "SELECT noun, total, noted_at FROM outbox_totals WHERE account_id = $1 AND noun <> ''
         UNION ALL
         SELECT {noun}, {weights}, NULL FROM outbox WHERE account_id = $1 AND number IS NULL GROUP BY 1",
        noun = noun_of_topic(backend),
        weights = weights(backend),
    )
}

/// The row without a noun is the lock under which rows are numbered, and holds the last number and when it was given.
async fn number(unit: &Unit) -> Result<()> {
    let backend = unit.on().get_database_backend();
    let run = async |text: &str, values: Vec<sea_orm::Value>| {
        unit.on().execute_raw(Statement::from_sql_and_values(backend, text, values)).await
    };
    let account = || sea_orm::Value::from(unit.account);
    let first = "INSERT INTO outbox_totals (account_id, noun, total, noted_at) VALUES ($1, '', 0, $2)
                 ON CONFLICT (account_id, noun) DO UPDATE SET total = outbox_totals.total";
    run(first, vec![account(), unit.now.into()]).await?;
    let last = "SELECT total, noted_at FROM outbox_totals WHERE account_id = $1 AND noun = ''";
    let row = unit.on().query_one_raw(Statement::from_sql_and_values(backend, last, [account()])).await?;
    let (last, last_at) = match row {
        Some(row) => (row.try_get_by_index(0)?, Timestamp::from_microseconds(row.try_get_by_index(1)?)),
        None => (0_i64, unit.now),
    };
    // The clock of another gateway may be ahead of this one's, and dates of HTTP have seconds.
    let now = if last == 0 { unit.now } else { unit.now.max(last_at.plus_seconds(1)) };
    let numbers = "UPDATE outbox SET number = $2 + pending.place
                   FROM (SELECT id AS pending_id, row_number() OVER (ORDER BY id) AS place
                         FROM outbox WHERE account_id = $1 AND number IS NULL) AS pending
                   WHERE account_id = $1 AND id = pending.pending_id";
    let numbered = run(numbers, vec![account(), last.into()]).await?.rows_affected();
    if numbered == 0 {
        return Ok(());
    }
    let added = format!(
        "INSERT INTO outbox_totals (account_id, noun, total, noted_at)
         SELECT account_id, {noun}, {weights}, $3 FROM outbox WHERE account_id = $1 AND number > $2 GROUP BY 1, 2
         ON CONFLICT (account_id, noun) DO UPDATE
         SET total = outbox_totals.total + excluded.total, noted_at = excluded.noted_at",
        noun = noun_of_topic(backend),
        weights = weights(backend),
    );
    run(&added, vec![account(), last.into(), now.into()]).await?;
    let next = "UPDATE outbox_totals SET total = $2, noted_at = $3 WHERE account_id = $1 AND noun = ''";
    run(next, vec![account(), (last + i64::try_from(numbered).unwrap_or(i64::MAX)).into(), now.into()]).await?;
    Ok(())
}

/// What rows add to a total: one for each, and 32 bits of its id, which are random in a UUID v7 (RFC 9562 section 5.7).
fn weights(backend: DbBackend) -> String {
    if backend == DbBackend::Postgres {
        return "CAST(sum(1 + CAST(CAST('x' || right(CAST(id AS text), 8) AS bit(32)) AS bigint)) AS bigint)"
            .to_owned();
    }
    let digit = |place: usize| {
        let (at, shift) = (25 + place, 4 * (7 - place));
        format!("((instr('0123456789ABCDEF', substr(hex(id), {at}, 1)) - 1) << {shift})")
    };
    format!("sum(1 + {})", (0..8).map(digit).collect::<Vec<_>>().join(" + "))
}

/// What stands before the full stop of a topic.
fn noun_of_topic(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "split_part(topic, '.', 1)",
        _ => "substr(topic, 1, instr(topic, '.') - 1)",
    }
}
