//! Does what the core decided, each thing in a task of its own.

use super::{lock, Memory};
use crate::{core::reconcile::Action, income, shared::Shared, Error, Result};
use perigee_chain::{calls, Call, LeaseState};
use perigee_cluster::{objects, ClusterError, Lease};
use perigee_primitives::{Commitment, LeaseId, LeasePhase};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{runtime::Handle, sync::Semaphore, task::spawn_blocking};

/// Leases that are applied at once: the API server has other clients.
const APPLIES_AT_ONCE: usize = 8;
/// Leases that are torn down at once. Most of that is waiting.
const TEAR_DOWNS_AT_ONCE: usize = 32;
/// Pods get 30 s to end by themselves, and some hang; then it is tried again.
const TEAR_DOWN_LIMIT: Duration = Duration::from_secs(180);

/// Starts actions.
#[derive(Clone)]
pub struct Actor {
    shared: Arc<Shared>,
    memory: Arc<Mutex<Memory>>,
    applies: Arc<Semaphore>,
    tear_downs: Arc<Semaphore>,
}

impl Actor {
    /// Starts nothing yet.
    pub fn new(shared: Arc<Shared>, memory: Arc<Mutex<Memory>>) -> Self {
        let applies = Arc::new(Semaphore::new(APPLIES_AT_ONCE));
        let tear_downs = Arc::new(Semaphore::new(TEAR_DOWNS_AT_ONCE));
        Self {
            shared,
            memory,
            applies,
            tear_downs,
        }
    }

    /// Starts `action`. Its leases are busy until it is over.
    pub fn start(&self, action: Action, leases: &BTreeMap<LeaseId, LeaseState>) {
        let concerned = concerned(&action);
        lock(&self.memory).begin(&concerned);
        let state = concerned.first().and_then(|lease| leases.get(lease)).cloned();
        let actor = self.clone();
        tokio::spawn(async move {
            let done = actor.act(&action, state).await;
            actor.remember(&action, &concerned, done);
            actor.shared.wake.notify_one();
        });
    }

    fn remember(&self, action: &Action, leases: &[LeaseId], done: Result<()>) {
        let mut memory = lock(&self.memory);
        match done {
            Ok(()) => memory.end(leases),
            Err(error) if memory.fail(leases, &error.to_string(), self.shared.now()) => {
                tracing::warn!(?action, %error, "did not work; it is tried again");
            }
            Err(error) => tracing::debug!(?action, %error, "did not work again"),
        }
    }

    async fn act(&self, action: &Action, state: Option<LeaseState>) -> Result<()> {
        match action {
            Action::Apply(lease) => match state {
                Some(state) => self.apply(*lease, &state).await,
                None => Ok(()),
            },
            Action::Activate(lease) => {
                self.submit(&calls::activate(*lease)).await?;
                tracing::info!(lease, "activated");
                Ok(())
            }
            Action::Decline(lease, reason) => {
                self.submit(&calls::decline(*lease, *reason)).await?;
                tracing::info!(lease, ?reason, "declined");
                Ok(())
            }
            Action::TearDown(lease, commitment) => self.tear_down(*lease, commitment).await,
            Action::ReportTornDown(leases) => self.report(leases).await,
            Action::Collect(lease) => {
                let income = income::collect(&self.shared, *lease).await?;
                lock(&self.memory).collected.insert(*lease, income);
                Ok(())
            }
        }
    }

    async fn apply(&self, lease: LeaseId, state: &LeaseState) -> Result<()> {
        let _permit = self.applies.acquire().await;
        // On a thread that may block: the compiler cannot prove that applying may move between threads.
        let (actor, runtime, asked) = (self.clone(), Handle::current(), state.clone());
        let applying = spawn_blocking(move || runtime.block_on(actor.build_and_apply(lease, &asked)));
        let applied = applying
            .await
            .unwrap_or_else(|panic| Err(Refused::ForNow(Error::other("applying")(&panic))));
        let mut memory = lock(&self.memory);
        match &applied {
            Ok(()) => {
                memory.applied(lease, state.paused);
                tracing::info!(lease, "applied");
            }
            Err(Refused::ForGood(_)) => memory.refused(lease, self.shared.now()),
            Err(Refused::ForNow(_)) => {}
        }
        drop(memory);
        applied.map_err(|refused| match refused {
            Refused::ForGood(message) => Error::Other {
                doing: format!("applying lease {lease}"),
                message,
            },
            Refused::ForNow(error) => error,
        })
    }

    async fn build_and_apply(&self, id: LeaseId, state: &LeaseState) -> Result<(), Refused> {
        let cluster = &self.shared.cluster;
        let held = cluster
            .manifest(self.shared.key(id))
            .await?
            .filter(|held| held.lease.commitment == state.commitment);
        let Some(held) = held else {
            let gone = "its manifest is gone since the last look";
            return Err(Refused::ForNow(Error::other(format!("applying lease {id}"))(&gone)));
        };
        let [group] = held.manifest.groups.as_slice() else {
            return Err(Refused::ForGood("the manifest does not have exactly one group".into()));
        };
        let lease = Lease {
            key: self.shared.key(id),
            commitment: state.commitment,
            owner: state.owner.to_string(),
        };
        let facts = cluster.network_facts().await?;
        let objects = objects::build(
            &lease,
            group,
            &held.nonce,
            &self.shared.config.workloads,
            &facts,
            state.paused,
        );
        let objects = objects.map_err(|e| Refused::ForGood(e.to_string()))?;
        let replaces = matches!(state.phase, LeasePhase::Active { .. });
        Ok(cluster.apply_lease(&objects, replaces).await?)
    }

    async fn tear_down(&self, lease: LeaseId, commitment: &Commitment) -> Result<()> {
        let _permit = self.tear_downs.acquire().await;
        self.shared
            .cluster
            .tear_down_and_wait(self.shared.key(lease), commitment, TEAR_DOWN_LIMIT, |_| ())
            .await?;
        lock(&self.memory).gone(lease);
        tracing::info!(lease, "torn down");
        Ok(())
    }

    /// In one transaction; one by one when the chain refuses that, so that no lease stands in the way of the others.
    async fn report(&self, leases: &[LeaseId]) -> Result<()> {
        match self.submit(&calls::torn_down(leases.to_vec())).await {
            Err(Error::Refused(_)) if leases.len() > 1 => {}
            done => return done.map(|()| tracing::info!(?leases, "reported that nothing is left")),
        }
        let mut outcome = Ok(());
        for lease in leases {
            outcome = self.submit(&calls::torn_down(vec![*lease])).await.and(outcome);
        }
        outcome
    }

    /// Signs as operator, and waits for the block.
    async fn submit(&self, call: &Call) -> Result<()> {
        self.shared.chain.submit(call, &self.shared.identity.operator).await?;
        Ok(())
    }
}

fn concerned(action: &Action) -> Vec<LeaseId> {
    match action {
        Action::Apply(lease)
        | Action::Activate(lease)
        | Action::Decline(lease, _)
        | Action::TearDown(lease, _)
        | Action::Collect(lease) => vec![*lease],
        Action::ReportTornDown(leases) => leases.clone(),
    }
}

/// Why objects are not in the cluster.
enum Refused {
    /// The same would happen again.
    ForGood(String),
    /// It may work later.
    ForNow(Error),
}

impl From<ClusterError> for Refused {
    fn from(e: ClusterError) -> Self {
        match e.is_refusal() {
            true => Self::ForGood(e.to_string()),
            false => Self::ForNow(e.into()),
        }
    }
}
