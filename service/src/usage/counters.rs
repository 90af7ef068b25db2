//! Calls that are added up in memory until they are written down.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use storage::query::legacy_usage::Calls;
use uuid::Uuid;

/// How many counters are kept in memory at most; what comes later is counted by its action alone.
const KEPT: usize = 10_000;

/// Counters that are not written down yet. Cloning is cheap and shares them.
#[derive(Clone, Default)]
pub(crate) struct Counters(Arc<Mutex<HashMap<Key, Calls>>>);

/// Account, user, action, address and program.
type Key = (Uuid, Option<Uuid>, String, String, String);

impl Counters {
    pub(super) fn add(&self, account: Uuid, calls: Calls) {
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

    pub(super) fn take(&self) -> HashMap<Uuid, Vec<Calls>> {
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
