//! Tables of PostgreSQL that were filled a moment ago, so that it has no statistics of them: a search reads each row a few times, and not
//! all of them again for each.

use harness::database::{Kind, empty};
use harness::site::{NOW, Site};
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use serde_json::json;
use service::{Clock, Engine};
use storage::{Pool, Storage, Timestamp};

use crate::imports_doors::until;

/// How many events the account has, and how many of them are found.
const EVENTS: u32 = 3_000;
const FOUND: u32 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_reads_each_row_a_few_times() {
    let Some(url) = empty(Kind::Postgres, "a_search_reads_each_row_a_few_times").await else { return };
    let storage = Storage::connect(&url, Pool::default()).await.expect("the database is there");
    storage.migrate().await.expect("an empty database can be migrated");
    let now = Timestamp::from_microseconds(NOW * 1_000_000);
    let engine = Engine::new(storage, formats::builtin(), Clock::Fixed(now)).await.expect("it is migrated");
    let site = Site::over(engine, |_| {}).await;
    let client = site.client().await;
    let account = site.session("acme").await.account().account_id.simple().to_string();
    let raw = Database::connect(&url).await.expect("a connection of our own");
    raw.execute_unprepared("ALTER TABLE events SET (autovacuum_enabled = false)").await.expect("a table");
    let fill = format!(
        "INSERT INTO events (account_id, id, title, starts_on, sort_key, names_text, search_text, version, created_at, updated_at)
        SELECT '{account}'::uuid, lpad(to_hex(n), 32, '0')::uuid, title, '2024-10-04', '2024-10-04', '', title, 1, 0, 0
        FROM (SELECT n, CASE WHEN n <= {FOUND} THEN 'needle ' ELSE 'straw ' END || n AS title
              FROM generate_series(1, {EVENTS}) AS n) AS made"
    );
    raw.execute_unprepared(&fill).await.expect("rows");

    let query = r#"{ events(view: { search: "needle" }) { totalCount } }"#;
    assert_eq!(client.graphql(query, json!({})).await, json!({ "events": { "totalCount": FOUND } }));
    // PostgreSQL adds up what a connection has read when that is idle.
    let read = until(async || {
        let query = "SELECT coalesce(seq_tup_read + idx_tup_fetch, 0)::bigint FROM pg_stat_user_tables WHERE relname = 'events'";
        let row = raw.query_one_raw(Statement::from_string(DbBackend::Postgres, query)).await.expect("statistics");
        let read: i64 = row.expect("a row").try_get_by_index(0).expect("a number");
        (read >= i64::from(EVENTS)).then_some(read)
    })
    .await;
    assert!(read <= i64::from(10 * EVENTS), "{read} rows were read of {EVENTS}");
}
