//! A swarm that stays connected to a list of addresses.

use crate::{
    behaviour::{Behaviour, BehaviourEvent},
    dialer::Dialer,
    LOG_TARGET,
};
use futures::StreamExt;
use libp2p::{gossipsub, ping, swarm::SwarmEvent, Multiaddr, Swarm};
use std::time::{Duration, Instant};
use tokio::time::{interval, Interval, MissedTickBehavior};

/// How often lost connections are looked at.
const TICK: Duration = Duration::from_millis(500);

pub(crate) struct Links {
    swarm: Swarm<Behaviour>,
    dialer: Dialer,
    tick: Interval,
}

impl Links {
    pub(crate) fn new(swarm: Swarm<Behaviour>, addresses: Vec<Multiaddr>) -> Self {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self {
            swarm,
            dialer: Dialer::new(addresses, Instant::now()),
            tick,
        }
    }

    pub(crate) fn gossip(&mut self) -> &mut gossipsub::Behaviour {
        &mut self.swarm.behaviour_mut().gossip
    }

    /// How many of the addresses are connected.
    pub(crate) fn connected(&self) -> usize {
        self.dialer.connected()
    }

    /// Runs until the next event; `Some` when it concerns gossip. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Option<gossipsub::Event> {
        tokio::select! {
            event = self.swarm.select_next_some() => self.on_event(event),
            _ = self.tick.tick() => {
                self.dial();
                None
            }
        }
    }

    fn dial(&mut self) {
        for options in self.dialer.due(Instant::now()) {
            let id = options.connection_id();
            if let Err(error) = self.swarm.dial(options) {
                log::debug!(target: LOG_TARGET, "cannot dial: {error}");
                self.dialer.lost(id, Instant::now());
            }
        }
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) -> Option<gossipsub::Event> {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Gossip(event)) => return Some(event),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event {
                connection,
                result: Err(error),
                ..
            })) => {
                log::debug!(target: LOG_TARGET, "closing a dead connection: {error}");
                self.swarm.close_connection(connection);
            }
            SwarmEvent::ConnectionEstablished { connection_id, .. } => self.dialer.established(connection_id),
            SwarmEvent::ConnectionClosed { connection_id, .. }
            | SwarmEvent::OutgoingConnectionError { connection_id, .. } => {
                if let Some(address) = self.dialer.lost(connection_id, Instant::now()) {
                    log::info!(target: LOG_TARGET, "no connection to {address}");
                }
            }
            _ => {}
        }
        None
    }
}
