//! Sends heartbeats, and keeps the clock they follow.

use crate::{
    core::beat::{Clock, Sequence},
    shared::Shared,
};
use futures::StreamExt;
use perigee_heartbeat::Heartbeat;
use perigee_heartbeat_net::AgentNet;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// Follows the best block: sets the clock, wakes the reconciler. Never ends.
pub async fn follow_best(shared: Arc<Shared>) {
    let mut blocks = Box::pin(shared.chain.best_blocks());
    while let Some(block) = blocks.next().await {
        match block {
            Ok(block) => {
                let at = shared.now();
                let before = *shared.clock.borrow();
                shared.clock.send_replace(Clock {
                    best: block.number,
                    at,
                    connected: true,
                    ..before
                });
                if !before.connected {
                    tracing::info!(best = block.number, "the node answers again");
                }
                shared.wake.notify_one();
            }
            Err(error) => disconnected(&shared, &error),
        }
    }
}

fn disconnected(shared: &Shared, error: &perigee_chain::ChainError) {
    let was = shared
        .clock
        .send_if_modified(|clock| std::mem::replace(&mut clock.connected, false));
    match was {
        true => tracing::warn!(%error, "lost the node; heartbeats go on by time, leases stay as they are"),
        false => tracing::debug!(%error, "the node is still not there"),
    }
}

/// Follows finality. Never ends.
pub async fn follow_finalised(shared: Arc<Shared>) {
    let mut blocks = Box::pin(shared.chain.finalised_blocks());
    while let Some(block) = blocks.next().await {
        if let Ok(block) = block {
            shared.finalised.send_replace(Some(block));
            shared.wake.notify_one();
        }
    }
}

/// Sends heartbeats, twice a slot, whatever else happens. Never ends. Reports how many were sent.
pub async fn send(shared: Arc<Shared>, net: Arc<AgentNet>, mut sequence: Sequence, sent: watch::Sender<u64>) {
    let genesis = shared.chain.genesis();
    loop {
        let clock = *shared.clock.borrow();
        let now = shared.now();
        tokio::time::sleep(Duration::from_millis(clock.next(now) - now)).await;
        // The clock may have been set while we slept.
        let clock = *shared.clock.borrow();
        let finalised = shared.finalised.borrow().map_or(genesis, |block| block.hash);
        let heartbeat = Heartbeat {
            provider: shared.provider,
            epoch: clock.epoch(shared.now()),
            incarnation: sequence.incarnation,
            sequence: sequence.advance(),
            finalised,
        };
        if let Err(error) = net.publish(shared.identity.heartbeat.sign_heartbeat(heartbeat, &genesis)) {
            tracing::warn!(%error, "a heartbeat was not sent");
        }
        sent.send_replace(sequence.count());
    }
}
