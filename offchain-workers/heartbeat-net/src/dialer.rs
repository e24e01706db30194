//! Keeps connections to a fixed list of addresses, without I/O of its own.

use libp2p::{
    swarm::{dial_opts::DialOpts, ConnectionId},
    Multiaddr,
};
use std::time::{Duration, Instant};

/// How long to wait before an address is dialled again, at first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

enum State {
    Waiting { until: Instant },
    Dialing(ConnectionId),
    Connected(ConnectionId),
}

struct Target {
    address: Multiaddr,
    state: State,
    /// How long to wait after the next failure.
    wait: Duration,
}

pub(crate) struct Dialer {
    targets: Vec<Target>,
}

impl Dialer {
    pub(crate) fn new(addresses: Vec<Multiaddr>, now: Instant) -> Self {
        let target = |address| Target {
            address,
            state: State::Waiting { until: now },
            wait: FIRST_WAIT,
        };
        Self {
            targets: addresses.into_iter().map(target).collect(),
        }
    }

    /// What is to be dialled now.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<DialOpts> {
        let waits_no_more = |t: &&mut Target| matches!(t.state, State::Waiting { until } if until <= now);
        let dial = |target: &mut Target| {
            let options = DialOpts::from(target.address.clone());
            target.state = State::Dialing(options.connection_id());
            options
        };
        self.targets.iter_mut().filter(waits_no_more).map(dial).collect()
    }

    pub(crate) fn established(&mut self, id: ConnectionId) {
        if let Some(target) = self.find(id) {
            target.state = State::Connected(id);
            target.wait = FIRST_WAIT;
        }
    }

    /// A dial failed or a connection ended. Returns the address if it is one of the list.
    pub(crate) fn lost(&mut self, id: ConnectionId, now: Instant) -> Option<&Multiaddr> {
        let target = self.find(id)?;
        target.state = State::Waiting {
            until: now + target.wait,
        };
        target.wait = (target.wait * 2).min(LONGEST_WAIT);
        Some(&target.address)
    }

    /// How many addresses are connected.
    pub(crate) fn connected(&self) -> usize {
        self.targets
            .iter()
            .filter(|t| matches!(t.state, State::Connected(_)))
            .count()
    }

    fn find(&mut self, id: ConnectionId) -> Option<&mut Target> {
        self.targets.iter_mut().find(|t| match t.state {
            State::Dialing(known) | State::Connected(known) => known == id,
            State::Waiting { .. } => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialer(now: Instant) -> Dialer {
        Dialer::new(vec!["/ip4/127.0.0.1/tcp/1".parse().expect("an address")], now)
    }

    #[test]
    fn an_address_is_dialled_once_at_a_time() {
        let now = Instant::now();
        let mut dialer = dialer(now);
        let id = dialer.due(now)[0].connection_id();
        assert!(dialer.due(now).is_empty());
        dialer.established(id);
        assert!(dialer.due(now + LONGEST_WAIT).is_empty());
        assert_eq!(dialer.connected(), 1);
    }

    #[test]
    fn waits_grow_to_a_bound_and_a_connection_resets_them() {
        let mut now = Instant::now();
        let mut dialer = dialer(now);
        for wait in [1, 2, 4, 8, 15, 15] {
            let id = dialer.due(now)[0].connection_id();
            dialer.lost(id, now);
            let wait = Duration::from_secs(wait);
            assert!(dialer.due(now + wait - Duration::from_millis(1)).is_empty());
            now += wait;
        }
        let id = dialer.due(now)[0].connection_id();
        dialer.established(id);
        dialer.lost(id, now);
        assert_eq!(dialer.due(now + FIRST_WAIT).len(), 1);
    }

    #[test]
    fn connections_of_others_change_nothing() {
        let now = Instant::now();
        let mut dialer = dialer(now);
        let id = dialer.due(now)[0].connection_id();
        assert!(dialer.lost(ConnectionId::new_unchecked(usize::MAX), now).is_none());
        dialer.established(id);
        assert_eq!(dialer.connected(), 1);
    }
}
