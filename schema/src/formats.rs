//! The formats that this Cairn reads and writes, built-in ones and others.

use async_graphql::{Context, Object, SimpleObject};

use crate::context::session;
use crate::error::Result;
use crate::transfer;

/// A format of files.
#[derive(Clone, SimpleObject)]
pub(crate) struct Format {
    /// Its short name, such as `csv`, by which requests name it.
    pub(crate) name: String,
    /// Its name for a menu.
    pub(crate) title: String,
    /// Its whole `Content-Type`.
    pub(crate) media_type: String,
    /// File name extensions without the first dot, the preferred one first.
    pub(crate) extensions: Vec<String>,
    /// The sections that it can write, as URLs name them.
    pub(crate) writes: Vec<String>,
    /// The sections that it can read, as URLs name them.
    pub(crate) reads: Vec<String>,
}

/// The query about formats.
#[derive(Default)]
pub(crate) struct FormatsQuery;

#[Object]
impl FormatsQuery {
    /// The formats, in the order in which they were registered.
    #[expect(clippy::unused_async, reason = "the engine wants every field asynchronous")]
    async fn formats(&self, ctx: &Context<'_>) -> Result<Vec<Format>> {
        Ok(session(ctx)?
            .engine()
            .formats()
            .iter()
            .map(|codec| transfer::formats::to_graphql(codec.descriptor()))
            .collect())
    }
}
