//! Who uses the legacy API, which is `api.php` and the webhooks, so that an owner sees what still depends on it, and the GraphQL that would do the same.
//!
//! Calls are added up in memory and written down every few seconds, as a request that reads is not to write.

pub(crate) mod counters;

use std::time::Duration;

use storage::Actor;
use storage::query::legacy_usage::{self as stored, Calls};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::guard::Origin;
use crate::permission::Right;
use crate::session::Session;
use crate::token;

/// How often the counters are to be written down.
pub const WRITE_USAGE_EVERY: Duration = Duration::from_secs(5);
/// How long writing may wait for whoever else writes.
const PATIENCE: Duration = Duration::from_millis(750);
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

impl Session {
    /// Who uses the legacy API in the account.
    pub fn legacy_usage(&self) -> LegacyUsage<'_> {
        LegacyUsage(self)
    }
}

/// Who uses the legacy API, as a session may note and see it.
pub struct LegacyUsage<'a>(&'a Session);

impl LegacyUsage<'_> {
    /// The programs that use it, who called last first. Errors: `FORBIDDEN` for whoever is no admin.
    pub async fn list(&self) -> Result<Vec<stored::LegacyUse>> {
        Right::Settings.check(self.0.user().role)?;
        // Whoever has just tried a script wants to see it.
        self.0.engine().write_usage().await;
        Ok(stored::list(&self.0.reader()).await?)
    }

    /// Counts a call.
    pub fn note(&self, call: LegacyCall<'_>) {
        let Self(session) = self;
        let LegacyCall { action, origin, user_agent, error, equivalent } = call;
        let now = session.now();
        let calls = Calls {
            user: Some(session.user().id),
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
        session.engine().usage.add(session.account().account_id, calls);
    }
}

impl Engine {
    /// Writes down who has used the legacy API. What cannot be written is kept for the next time.
    pub async fn write_usage(&self) {
        let mut is_busy = false;
        for (account, calls) in self.usage.take() {
            let writer = self.storage.writer(account, Actor::System, self.now()).waiting_for(PATIENCE);
            // Where one has waited in vain, so would the others.
            if !is_busy {
                match tokio::time::timeout(2 * PATIENCE, stored::add(&writer, calls.clone())).await {
                    Ok(Ok(())) => continue,
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "The use of the legacy API is not written down: {error}");
                        is_busy = error.is_unavailable();
                    }
                    Err(_) => is_busy = true,
                }
            }
            for calls in calls {
                self.usage.add(account, calls);
            }
        }
    }
}

/// A text of one line that is not too long and has no secret of ours, which a program may have put where it does not belong.
fn shortened(text: &str) -> String {
    let text = token::without_secrets(text);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_TEXT).collect()
}
