//! What a calendar says further on, and an event must know: the time zones, which of a series are events of their own, and what is
//! cancelled.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::civil::Date;

use super::zone::Defined;
use crate::Moment;

/// How many events are remembered that replace one of a series or cancel another, so that memory does not grow with a file.
const MOST: usize = 100_000;

/// What is known of a file before it is read for its events.
#[derive(Clone, Debug, Default)]
pub(super) struct Ahead {
    zones: Arc<Defined>,
    replaced: Arc<HashMap<u64, Vec<One>>>,
    /// The SEQUENCE of what cancels, by UID and RECURRENCE-ID.
    cancelled: Arc<HashMap<u64, u64>>,
    count: usize,
}

/// One of a series that the file has as an event of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct One {
    /// When it would have been.
    pub(super) moment: Moment,
    /// The day that this means where its series has days.
    pub(super) day: Date,
    pub(super) sequence: u64,
    pub(super) is_cancelled: bool,
}

impl Ahead {
    /// The zones that the file defines.
    pub(super) fn zones(&self) -> Arc<Defined> {
        Arc::clone(&self.zones)
    }

    /// The same with the zones that were found.
    pub(super) fn with_zones(&self, zones: Arc<Defined>) -> Ahead {
        Ahead { zones, ..self.clone() }
    }

    /// Remembers that one of a series is an event of its own.
    pub(super) fn replace(&mut self, uid: &str, one: One) {
        if self.count < MOST {
            self.count += 1;
            Arc::make_mut(&mut self.replaced).entry(hash(uid, None)).or_default().push(one);
        }
    }

    /// Remembers that an event is cancelled.
    pub(super) fn cancel(&mut self, uid: &str, one: Option<&str>, sequence: u64) {
        if self.count < MOST {
            self.count += 1;
            let known = Arc::make_mut(&mut self.cancelled).entry(hash(uid, one)).or_insert(sequence);
            *known = sequence.max(*known);
        }
    }

    /// Those of a series that are events of their own.
    pub(super) fn replaced(&self, uid: &str) -> &[One] {
        self.replaced.get(&hash(uid, None)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a version of an event is cancelled by another of the file.
    pub(super) fn is_cancelled(&self, uid: &str, one: Option<&str>, sequence: u64) -> bool {
        self.cancelled.get(&hash(uid, one)).is_some_and(|cancelled| *cancelled >= sequence)
    }
}

/// What stands for an event: far shorter than its name, and as good as never that of another.
fn hash(uid: &str, one: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (uid, one).hash(&mut hasher);
    hasher.finish()
}
