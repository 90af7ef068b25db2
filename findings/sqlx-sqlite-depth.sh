#!/usr/bin/env bash
# SQLx counts one transaction too many after SQLite has taken one back by itself, and what is committed later is lost.
#
# Versions: sqlx 0.9.0, libsqlite3-sys 0.37.0 (SQLite 3.51.3). This builds a small program that uses nothing else, runs it, and fails
# where it sees something else than what is written here.
#
# SQLite takes a whole transaction back by itself when a statement of it cannot write: a full disk (SQLITE_FULL), an error of the disk
# (SQLITE_IOERR), no memory (https://www.sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction"). The
# ROLLBACK or COMMIT that SQLx sends then fails, as no transaction is active. Its worker lowers the number of open transactions
# only where that statement succeeds (sqlx-sqlite/src/connection/worker.rs, Command::Rollback and Command::Commit), so the
# connection goes back to its pool with a depth of 1 and without a transaction. From then on:
#
# - begin_with("BEGIN IMMEDIATE") is refused, as if there were a transaction;
# - begin() is a SAVEPOINT, which outside of a transaction opens one, and commit() its RELEASE, which ends it: that is kept;
# - rollback() is ROLLBACK TO that savepoint, which leaves the transaction open, and nothing will ever end it;
# - every later commit() is the RELEASE of a savepoint within it and answers Ok. No other connection sees what was written, and it is gone
#   when this one closes.
#
# No report of exactly this was found. Near to it are transact-rs/sqlx#3932 (beginning a transaction is neither safe against errors nor
# against being dropped) and SeaQL/sea-orm#1283 (connections that return to the pool with a positive depth).
#
# What Cairn does: it looks at the connection that writes whenever it is taken and given back, and closes it where a transaction is open or
# only counted (storage/src/gate.rs).
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "depth"
version = "0.0.0"
edition = "2024"

[dependencies]
libsqlite3-sys = "=0.37.0"
sqlx = { version = "=0.9.0", default-features = false, features = ["runtime-tokio", "sqlite"] }
tokio = { version = "1", features = ["macros", "rt"] }
TOML
cat > "$folder/src/main.rs" <<'RUST'
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{Connection as _, Sqlite, SqlitePool};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), sqlx::Error> {
    let file = std::env::args().nth(1).expect("a file");
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
    let pool: SqlitePool = PoolOptions::<Sqlite>::new().max_connections(1).connect_with(options.clone()).await?;
    let other: SqlitePool = PoolOptions::<Sqlite>::new().max_connections(1).connect_with(options).await?;
    sqlx::query("CREATE TABLE kept (name)").execute(&pool).await?;

    let mut unit = pool.begin().await?;
    // The harmless way to a full disk: the file may not grow.
    sqlx::query("PRAGMA max_page_count = 1").execute(&mut *unit).await?;
    let full = sqlx::query("INSERT INTO kept VALUES (zeroblob(1000000))").execute(&mut *unit).await;
    println!("write: {}", full.expect_err("there is no room"));
    println!("rollback: {}", unit.rollback().await.expect_err("SQLite has done it"));
    sqlx::query("PRAGMA max_page_count = 1000000").execute(&pool).await?;
    println!("counted as in a transaction: {}", pool.acquire().await?.is_in_transaction());
    println!("BEGIN IMMEDIATE: {}", pool.begin_with("BEGIN IMMEDIATE").await.expect_err("it is refused"));

    println!("first commit: {:?}", write(&pool, "first").await);
    println!("others see {}", count(&other).await?);
    println!("an ordinary rollback: {:?}", pool.begin().await?.rollback().await.is_ok());
    for name in ["second", "third", "fourth"] {
        println!("{name} commit: {:?}", write(&pool, name).await);
    }
    println!("it sees {} itself, others see {}", count(&pool).await?, count(&other).await?);
    pool.close().await;
    println!("when it is closed there are {}", count(&other).await?);
    Ok(())
}

async fn write(pool: &SqlitePool, name: &str) -> Result<(), String> {
    let mut unit = pool.begin().await.map_err(|error| error.to_string())?;
    let written = sqlx::query("INSERT INTO kept VALUES (?)").bind(name).execute(&mut *unit).await;
    written.map_err(|error| error.to_string())?;
    unit.commit().await.map_err(|error| error.to_string())
}

async fn count(pool: &SqlitePool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(pool).await
}
RUST
expected="$folder/expected"
cat > "$expected" <<'TEXT'
write: error returned from database: (code: 13) database or disk is full
rollback: error returned from database: (code: 1) cannot rollback - no transaction is active
counted as in a transaction: true
BEGIN IMMEDIATE: attempted to call begin_with at non-zero transaction depth
first commit: Ok(())
others see 1
an ordinary rollback: true
second commit: Ok(())
third commit: Ok(())
fourth commit: Ok(())
it sees 4 itself, others see 1
when it is closed there are 1
TEXT
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$folder/target}" \
    cargo run --quiet --manifest-path "$folder/Cargo.toml" -- "$folder/depth.db" | tee "$folder/seen"
diff "$expected" "$folder/seen" && echo "as described: three commits of four were acknowledged and lost"
