//! Holds the lock that makes this the one agent of its cluster.

use crate::{
    core::{
        beat::Millis,
        leadership::{Candidate, Rival, Step},
    },
    shared::{millis_since, Shared},
    Error, Result,
};
use perigee_cluster::{lock::Claim, Cluster, ClusterError};
use std::{
    sync::{
        atomic::{AtomicU64, Ordering},
        Arc,
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    sync::Mutex,
    time::{interval, sleep, timeout, MissedTickBehavior},
};

/// A claim holds so long. Longer than an API server needs to restart, short enough for a stand-by to wait.
const HOLDS_SECONDS: u32 = 20;
/// It is renewed so often: three tries may fail.
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// Between looks at a lock that another holds.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Giving it back is a courtesy, and must not keep the process.
const GIVE_BACK_WITHIN: Duration = Duration::from_secs(2);

/// The lock, held.
pub struct Leader {
    cluster: Cluster,
    /// Words about this agent, for people who find the lock taken.
    about: String,
    inner: Mutex<Inner>,
    /// When the claim was last renewed, on the clock that counts from `start`.
    renewed: AtomicU64,
    start: Instant,
}

struct Inner {
    candidate: Candidate,
    version: Option<String>,
}

impl Leader {
    /// Takes the lock; waits while a claim of another may still be broken, and fails when that one lives.
    pub async fn take(cluster: &Cluster, installation: String, about: String, start: Instant) -> Result<Self> {
        let mut candidate = Candidate::new(installation);
        let mut told = false;
        loop {
            let now = millis_since(start);
            let found = cluster.lock().await?;
            match candidate.seek(found.as_ref().map(|found| &found.claim), now) {
                Step::Claim => {
                    let claim = candidate.claim(&about, micros_now(), HOLDS_SECONDS);
                    let over = found.as_ref().map(|found| found.version.as_str());
                    // When somebody wrote in between, the next look shows who.
                    let written = cluster.write_lock(&claim, over).await?;
                    candidate.settle();
                    if let Some(version) = written {
                        return Ok(Self {
                            cluster: cluster.clone(),
                            about,
                            inner: Mutex::new(Inner {
                                candidate,
                                version: Some(version),
                            }),
                            renewed: AtomicU64::new(now),
                            start,
                        });
                    }
                }
                Step::Wait => {
                    if !std::mem::replace(&mut told, true) {
                        let holder = found.map(|found| describe(&found.claim)).unwrap_or_default();
                        tracing::warn!("the cluster is claimed by {holder}; waiting to see whether it lives");
                    }
                    sleep(LOOK_EVERY).await;
                }
                Step::GiveUp(rival) => return Err(taken(&rival)),
            }
        }
    }

    /// Is the lock ours without doubt? Not while its last renewal lies longer back than a claim holds.
    pub fn leads(&self) -> bool {
        let renewed: Millis = self.renewed.load(Ordering::Acquire);
        millis_since(self.start).saturating_sub(renewed) < Millis::from(HOLDS_SECONDS) * 1000
    }

    /// Renews the claim until somebody else has it. Ticks that a frozen process missed are not made up for.
    pub async fn keep(self: Arc<Self>, shared: Arc<Shared>) -> Result<()> {
        let mut ticks = interval(RENEW_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut trouble = false;
        loop {
            ticks.tick().await;
            let led = self.leads();
            match self.renew().await {
                Ok(()) => {
                    trouble = false;
                    if !led && self.leads() {
                        tracing::info!("holds the cluster's lock again");
                        shared.wake.notify_one();
                    }
                }
                Err(Failure::Lost(rival)) => return Err(taken(&rival)),
                Err(Failure::Cluster(error)) if !std::mem::replace(&mut trouble, true) => {
                    tracing::warn!(%error, "cannot renew the cluster's lock; it is tried again");
                }
                Err(Failure::Cluster(error)) => tracing::debug!(%error, "still cannot renew the cluster's lock"),
            }
        }
    }

    async fn renew(&self) -> Result<(), Failure> {
        let mut inner = self.inner.lock().await;
        let started = millis_since(self.start);
        let version = inner.version.clone();
        if !self.write(&mut inner, version.as_deref(), started).await? {
            // Something else stands where our claim was.
            let found = self.cluster.lock().await?;
            if let Step::GiveUp(rival) = inner.candidate.contest(found.as_ref().map(|found| &found.claim)) {
                return Err(Failure::Lost(rival));
            }
            inner.candidate.settle();
            let version = found.map(|found| found.version);
            self.write(&mut inner, version.as_deref(), started).await?;
        }
        Ok(())
    }

    /// Writes a claim over `version`. False when something else stands there.
    async fn write(&self, inner: &mut Inner, version: Option<&str>, started: Millis) -> Result<bool, ClusterError> {
        let claim = inner.candidate.claim(&self.about, micros_now(), HOLDS_SECONDS);
        let Some(version) = self.cluster.write_lock(&claim, version).await? else {
            return Ok(false);
        };
        inner.candidate.settle();
        inner.version = Some(version);
        self.renewed.store(started, Ordering::Release);
        Ok(true)
    }

    /// Gives the lock back, so that a successor need not wait.
    pub async fn give_back(&self) {
        let giving = async {
            let inner = self.inner.lock().await;
            let found = self.cluster.lock().await?;
            let Some(found) = found.filter(|found| inner.candidate.holds(&found.claim)) else {
                return Ok(());
            };
            let free = Claim {
                holder: String::new(),
                about: String::new(),
                ..found.claim
            };
            self.cluster.write_lock(&free, Some(&found.version)).await.map(drop)
        };
        match timeout(GIVE_BACK_WITHIN, giving).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "cannot give the cluster's lock back"),
            Err(_) => tracing::debug!("the cluster does not take its lock back in time"),
        }
    }
}

enum Failure {
    Lost(Rival),
    Cluster(ClusterError),
}

impl From<ClusterError> for Failure {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(error)
    }
}

fn taken(rival: &Rival) -> Error {
    Error::Taken(match rival {
        Rival::Another(claim) => format!("the cluster is served by {}", describe(claim)),
        Rival::Copy => "the cluster is served by another process of this installation: is there a copy of its \
                        state directory?"
            .into(),
    })
}

fn describe(claim: &Claim) -> String {
    match claim.about.is_empty() {
        true => format!("another agent, {}", claim.holder),
        false => format!("another agent, {} ({})", claim.holder, claim.about),
    }
}

fn micros_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_micros().try_into().unwrap_or(i64::MAX)
}
