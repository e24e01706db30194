//! What the agent's tasks know in common.

use crate::{
    config::Config,
    core::{
        beat::{Clock, Millis},
        income::LastFees,
        reconcile::Alarm,
    },
    identity::Identity,
    leader::Leader,
    state::StateDir,
};
use perigee_chain::{BlockId, Chain};
use perigee_cluster::{ChainTag, Cluster, LeaseKey};
use perigee_primitives::{Balance, LeaseId, ProviderId};
use std::{
    sync::{Arc, Mutex},
    time::Instant,
};
use tokio::sync::{watch, Notify};

/// Everything that tasks share. None of them waits for another while it holds something of this.
pub struct Shared {
    /// What the agent was told.
    pub config: Config,
    /// What survives restarts.
    pub state: StateDir,
    /// Keys.
    pub identity: Identity,
    /// The chain.
    pub chain: Chain,
    /// The cluster.
    pub cluster: Cluster,
    /// The lock on it.
    pub leader: Arc<Leader>,
    /// Who we are on chain.
    pub provider: ProviderId,
    /// Block time as the node tells it.
    pub clock: watch::Sender<Clock>,
    /// The newest finalised block.
    pub finalised: watch::Sender<Option<BlockId>>,
    /// Wakes the reconciler: something may have changed.
    pub wake: Notify,
    /// Income claimed since the start of this process.
    pub claimed: Mutex<Balance>,
    /// What fetching it cost the last time.
    pub fees: Mutex<LastFees>,
    /// What needs a person.
    pub alarms: Mutex<Vec<Alarm>>,
    /// Start of this process, from which moments count.
    pub start: Instant,
}

impl Shared {
    /// Now, on the clock that only goes forward.
    pub fn now(&self) -> Millis {
        millis_since(self.start)
    }

    /// The chain, as objects in the cluster name it.
    pub fn tag(&self) -> ChainTag {
        ChainTag::of(&self.chain.genesis())
    }

    /// A lease of this chain, as the cluster knows it.
    pub fn key(&self, id: LeaseId) -> LeaseKey {
        LeaseKey { chain: self.tag(), id }
    }
}

/// Milliseconds since `start`.
pub fn millis_since(start: Instant) -> Millis {
    start.elapsed().as_millis().try_into().unwrap_or(Millis::MAX)
}

/// Seconds since 1970.
pub fn unix_now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.as_secs())
}
