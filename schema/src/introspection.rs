//! Introspection, whose answers count towards the memory of an answer like those of records.
//!
//! The engine itself makes them, of a schema that it has in memory, so nothing is read for them. Each of their values is looked at when it
//! is there; requests that ask for none of them run on a schema without this, as to look at every field takes time.

use std::sync::Arc;

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{ServerResult, Value};
use storage::Allowance;

use crate::error::Error;

/// What a value takes beside its text, with the name that it has in the answer.
const VALUE: usize = 100;

/// Counts the values of an answer.
pub(crate) struct Counting;

impl ExtensionFactory for Counting {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for Counting {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let at = info.field.name.pos;
        let value = next.run(ctx, info).await?;
        if let Some(allowance) = ctx.data_opt::<Allowance>() {
            let text = if let Some(Value::String(text)) = &value { text.len() } else { 0 };
            allowance.take(VALUE + text).map_err(|error| Error::from(error).at(at))?;
        }
        Ok(value)
    }
}
