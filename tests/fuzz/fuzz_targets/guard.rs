//! Whatever document somebody sends who is not signed in, it is answered within the limits of time and memory of a run.

#![no_main]

use std::sync::LazyLock;

use async_graphql::Request;
use libfuzzer_sys::fuzz_target;
use schema::{GraphqlDocument, Schema};
use service::{AccountHint, Caller, Clock, Engine};
use storage::{Pool, Storage};
use tokio::runtime::Runtime;

struct Server {
    runtime: Runtime,
    schema: Schema,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let schema = runtime.block_on(async {
        let storage = Storage::connect("sqlite::memory:", Pool::default()).await.expect("a temporary file");
        storage.migrate().await.expect("an empty database can be migrated");
        schema::build(Engine::new(storage, formats::builtin(), Clock::System).await.expect("it is migrated"))
    });
    Server { runtime, schema }
});

fuzz_target!(|text: &str| {
    let Server { runtime, schema } = &*SERVER;
    let caller = || Caller::Anonymous(AccountHint::None);
    let answer = runtime.block_on(async {
        match GraphqlDocument::open(schema, Request::new(text), &caller()).await {
            Ok(document) => document.execute(schema, caller(), "fuzz").await,
            Err(refused) => *refused,
        }
    });
    assert!(answer.errors.len() <= 20, "an answer has so many errors at most");
});
