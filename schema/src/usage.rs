//! Who uses the legacy API, in GraphQL.

use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use uuid::Uuid;

use crate::accounts::{User, user_of};
use crate::context::session;
use crate::error::Result;
use crate::scalar::DateTime;
use crate::transfer;

/// What one program asks the legacy API for: `api.php` or a webhook.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct LegacyUse {
    /// What it asks for: `create=lead` and its like of `api.php`; of webhooks `webhook person`, `webhook lead`, `webhook opportunity`,
    /// `webhook customer`, `webhook archive`, `webhook message`, `webhook search` and `webhook searchpeople`. `unknown` and
    /// `webhook unknown` are requests that cannot be understood.
    pub(crate) action: String,
    /// The network address of the program; `others` in the rows that count what is beyond the first 1,000 rows.
    pub(crate) address: String,
    /// What the program calls itself (its `User-Agent`).
    pub(crate) user_agent: String,
    /// How often it has called.
    pub(crate) calls: i64,
    /// How many of these calls were refused.
    pub(crate) errors: i64,
    /// When it called first.
    pub(crate) first_used_at: DateTime,
    /// When it called last.
    pub(crate) last_used_at: DateTime,
    /// Code and sentence of the last refusal.
    pub(crate) last_error: Option<String>,
    /// When that was.
    pub(crate) last_error_at: Option<DateTime>,
    /// The GraphQL document that did the same; null where no call came so far.
    pub(crate) document: Option<String>,
    /// The shape of the variables of that document, as JSON: the fields that the program sends, without what it sends.
    pub(crate) variables: Option<String>,
    #[graphql(skip)]
    pub(crate) user_key: Option<Uuid>,
}

#[ComplexObject]
impl LegacyUse {
    /// As whom the program signs in, or whose webhook it calls; null in the rows of what is beyond the first 1,000 rows.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        user_of(ctx, self.user_key).await
    }
}

/// The queries about who uses the legacy API.
#[derive(Default)]
pub(crate) struct UsageQuery;

#[Object]
impl UsageQuery {
    /// Who uses the legacy API, `api.php` and webhooks, who called last first: each program with the GraphQL document that would do the same. For admins.
    #[graphql(complexity = "crate::cost::about(200, child_complexity)")]
    async fn legacy_usage(&self, ctx: &Context<'_>) -> Result<Vec<LegacyUse>> {
        let rows = session(ctx)?.legacy_usage().list().await?;
        Ok(rows.into_iter().map(transfer::usage::to_graphql).collect())
    }
}
