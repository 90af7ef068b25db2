//! Who uses the legacy API, which is `api.php` and the webhooks, so that an owner sees what still depends on it, and the GraphQL that would do the same.
//!
//! Calls are added up in memory and written down every few seconds, as a request that reads is not to write.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use storage::Actor;
use storage::query::legacy_usage::{self as stored, Calls};
use uuid::Uuid;

use crate::accounts::{User, user_of};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::guard::Origin;
use crate::permission::Right;
use crate::root::session;
use crate::scalar::DateTime;
use crate::session::Session;
use crate::{token, transfer};

/// How often the counters are to be written down.
pub const WRITE_USAGE_EVERY: Duration = Duration::from_secs(5);
/// How many counters are kept in memory at most; what comes later is counted by its action alone.
const KEPT: usize = 10_000;
/// How long writing may wait for whoever else writes.
const PATIENCE: Duration = Duration::from_secs(2);
/// How much of a program's name and of an error is kept, in characters.
const LONGEST_TEXT: usize = 200;

/// What did the same as a call of the legacy API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivalent {
    /// The GraphQL document.
    pub document: String,
    /// The shape of its variables, as JSON: what was sent is not in it.
    pub variables: String,
}

/// A call of the legacy API.
#[derive(Clone, Debug)]
pub struct LegacyCall<'a> {
    /// What it asks for, such as `create=lead` or `webhook lead`.
    pub action: &'a str,
    /// Where it comes from.
    pub origin: Origin,
    /// What the program calls itself.
    pub user_agent: &'a str,
    /// Why it was refused, where it was.
    pub error: Option<&'a Error>,
    /// What would have done the same, where it came so far.
    pub equivalent: Option<Equivalent>,
}

/// Counters that are not written down yet. Cloning is cheap and shares them.
#[derive(Clone, Default)]
pub(crate) struct Usage(Arc<Mutex<HashMap<Key, Calls>>>);

/// Account, user, action, address and program.
type Key = (Uuid, Option<Uuid>, String, String, String);

impl Usage {
    fn add(&self, account: Uuid, calls: Calls) {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = counters.len() >= KEPT;
        let calls = if is_full && !counters.contains_key(&key(account, &calls)) { calls.among_others() } else { calls };
        match counters.entry(key(account, &calls)) {
            Entry::Vacant(place) => {
                place.insert(calls);
            }
            Entry::Occupied(mut place) => {
                let here = place.get_mut();
                here.calls += calls.calls;
                here.errors += calls.errors;
                here.first_at = here.first_at.min(calls.first_at);
                // What could not be written down comes back behind what came since.
                let is_newer = calls.last_at >= here.last_at;
                here.last_at = here.last_at.max(calls.last_at);
                if is_newer {
                    here.last_error = calls.last_error.or(here.last_error.take());
                    here.document = calls.document.or(here.document.take());
                } else {
                    here.last_error = here.last_error.take().or(calls.last_error);
                    here.document = here.document.take().or(calls.document);
                }
            }
        }
    }

    fn take(&self) -> HashMap<Uuid, Vec<Calls>> {
        let counters = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut by_account: HashMap<_, Vec<_>> = HashMap::new();
        for ((account, ..), calls) in counters {
            by_account.entry(account).or_default().push(calls);
        }
        by_account
    }
}

fn key(account: Uuid, calls: &Calls) -> Key {
    (account, calls.user, calls.action.clone(), calls.address.clone(), calls.user_agent.clone())
}

impl Session {
    /// Counts a call of the legacy API.
    pub fn note_legacy_call(&self, call: LegacyCall<'_>) {
        let LegacyCall { action, origin, user_agent, error, equivalent } = call;
        let now = self.now();
        let calls = Calls {
            user: Some(self.user().id),
            action: action.to_owned(),
            address: origin.text(),
            user_agent: shortened(user_agent),
            calls: 1,
            errors: i64::from(error.is_some()),
            first_at: now,
            last_at: now,
            last_error: error.map(|error| (shortened(&format!("{}: {}", error.code.name(), error.message)), now)),
            document: equivalent.map(|Equivalent { document, variables }| (document, variables)),
        };
        self.engine().usage.add(self.account().account_id, calls);
    }
}

impl Engine {
    /// Writes down who has used the legacy API. What cannot be written is kept for the next time.
    pub async fn write_usage(&self) {
        for (account, calls) in self.usage.take() {
            let writer = self.storage.writer(account, Actor::System, self.now());
            let written = tokio::time::timeout(PATIENCE, stored::add(&writer, calls.clone())).await;
            if matches!(written, Ok(Ok(()))) {
                continue;
            }
            if let Ok(Err(error)) = written {
                tracing::warn!(%error, "The use of the legacy API is not written down: {error}");
            }
            for calls in calls {
                self.usage.add(account, calls);
            }
        }
    }
}

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
        let session = session(ctx)?;
        Right::Settings.check(session.user().role)?;
        // Whoever has just tried a script wants to see it.
        session.engine().write_usage().await;
        let rows = stored::list(&session.reader()).await?;
        Ok(rows.into_iter().map(transfer::usage::client).collect())
    }
}

/// A text of one line that is not too long and has no secret of ours, which a program may have put where it does not belong.
fn shortened(text: &str) -> String {
    let text = token::without_secrets(text);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_TEXT).collect()
}
