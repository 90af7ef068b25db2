//! Connections: who is at the other end, how many there are, and when the server stops.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::config::Limits;

/// A connection, as its requests see it. A websocket keeps it for as long as it is open.
#[derive(Clone)]
pub(crate) struct Connected(Arc<Connection>);

struct Connection {
    peer: IpAddr,
    _place: Place,
    stopped: watch::Receiver<()>,
}

impl Connected {
    /// A connection of a peer, in its place among the counted ones.
    pub(crate) fn new(peer: IpAddr, place: Place, stopped: watch::Receiver<()>) -> Self {
        Self(Arc::new(Connection { peer, _place: place, stopped }))
    }

    /// Who is at the other end.
    pub(crate) fn peer(&self) -> IpAddr {
        self.0.peer
    }

    /// Changes when the server stops.
    pub(crate) fn stopped(&self) -> watch::Receiver<()> {
        self.0.stopped.clone()
    }
}

/// How many connections there are, in all and by address; an address without one is not there.
#[derive(Default)]
pub(crate) struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place among the counted ones; it is free again when this is dropped.
pub(crate) struct Place {
    counts: Arc<Mutex<Counts>>,
    address: IpAddr,
}

impl Place {
    /// `None` where the limits are reached; loopback is exempt from both.
    pub(crate) fn take(counts: &Arc<Mutex<Counts>>, address: IpAddr, limits: Limits) -> Option<Self> {
        let mut counted = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = counted.by_address.get(&address).copied().unwrap_or_default();
        let full = counted.all >= limits.connections || of_address >= limits.connections_per_address;
        if full && !address.is_loopback() {
            return None;
        }
        counted.all += 1;
        counted.by_address.insert(address, of_address + 1);
        Some(Self { counts: Arc::clone(counts), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counted = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counted.all -= 1;
        if let Entry::Occupied(mut count) = counted.by_address.entry(self.address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::{Arc, Mutex};

    use super::{Counts, Limits, Place};

    #[test]
    fn places_are_limited_and_leave_nothing_behind() {
        let counts = Arc::new(Mutex::new(Counts::default()));
        let limits = Limits { connections: 3, connections_per_address: 2, ..Limits::default() };
        let take = |address: [u8; 4]| Place::take(&counts, IpAddr::from(address), limits);
        let counted = || {
            let counts = counts.lock().expect("no test has panicked");
            (counts.all, counts.by_address.len())
        };
        let (one, other, third) = ([192, 0, 2, 1], [192, 0, 2, 2], [192, 0, 2, 3]);
        let first = take(one).expect("a place");
        let second = take(one).expect("a place");
        assert!(take(one).is_none(), "two from one address");
        let last = take(other).expect("a place");
        assert!(take(third).is_none(), "three in all");
        assert_eq!(counted(), (3, 2), "who was turned away is not remembered");
        let local = take([127, 0, 0, 1]).expect("loopback is exempt");
        assert_eq!(counted(), (4, 3));
        drop((first, local));
        assert_eq!(counted(), (2, 2));
        let again = take(third).expect("a place that was given back");
        drop((second, last, again));
        assert_eq!(counted(), (0, 0));
    }
}
