#!/usr/bin/env bash
# A connection that falls silent is lost to SQLx's pool for good, and no timeout of the caller's or of the pool brings it back.
#
# Version: sqlx 0.9.0 with PostgreSQL's protocol. This builds a small program that uses nothing else and speaks to a server of its own, runs
# it, and fails where it sees something else than what is written here.
#
# Whoever gives a statement up (tokio::time::timeout around it, a client that has gone) drops the connection, and it goes back to the
# pool. It is asked for a sign of life there by a task that nobody can reach, and that has no limit of time (sqlx-core/src/pool/connection.rs,
# Floating::return_to_pool, behind after_release). As long as the socket stays open and nothing comes, as behind a proxy that takes bytes
# and passes none on, or with a backend that is stopped, the task waits and holds the connection's place. When that has happened
# max_connections times, every acquire() ends with PoolTimedOut, though the server would take new connections at once.
#
# What Cairn does: it keeps each connection itself and has it go back within a limit; whatever does not answer is detached from the
# pool and dropped (storage/src/postgres.rs).
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "silent"
version = "0.0.0"
edition = "2024"

[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["runtime-tokio", "postgres"] }
tokio = { version = "1", features = ["io-util", "macros", "net", "rt", "time"] }
TOML
cat > "$folder/src/main.rs" <<'RUST'
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(listener.local_addr()?.port());
    let options = options.username("nobody").ssl_mode(sqlx::postgres::PgSslMode::Disable);
    let connected = Arc::new(AtomicUsize::new(0));
    tokio::spawn(serve(listener, Arc::clone(&connected)));

    // Tested or not: it may fall silent just after the test. Here it is silent from the beginning.
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(1)).test_before_acquire(false);
    let pool = pool.connect_with(options).await?;
    let given_up = timeout(Duration::from_secs(1), sqlx::query("SELECT 1").execute(&pool)).await.is_err();
    println!("the statement is given up after a second: {given_up}");
    for _ in 0..8 {
        println!("{}", pool.acquire().await.expect_err("its only place is taken"));
    }
    println!("connections in the pool: {}, idle: {}", pool.size(), pool.num_idle());
    println!("connections that the server was asked for: {}", connected.load(Ordering::SeqCst));
    Ok(())
}

/// Takes every connection and says that it is ready, and nothing after that.
async fn serve(listener: TcpListener, connected: Arc<AtomicUsize>) {
    while let Ok((connection, _)) = listener.accept().await {
        connected.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(greet(connection));
    }
}

async fn greet(mut connection: TcpStream) -> std::io::Result<()> {
    let mut bytes = vec![0; 4096];
    connection.read(&mut bytes).await?;
    // AuthenticationOk and ReadyForQuery.
    connection.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").await?;
    while connection.read(&mut bytes).await? > 0 {}
    Ok(())
}
RUST
expected="$folder/expected"
{
    echo "the statement is given up after a second: true"
    for _ in 1 2 3 4 5 6 7 8; do
        echo "pool timed out while waiting for an open connection"
    done
    echo "connections in the pool: 1, idle: 0"
    echo "connections that the server was asked for: 1"
} > "$expected"
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$folder/target}" cargo run --quiet --manifest-path "$folder/Cargo.toml" | tee "$folder/seen"
diff "$expected" "$folder/seen" && echo "as described: the pool makes no other connection"
