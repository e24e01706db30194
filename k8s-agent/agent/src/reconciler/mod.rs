//! Carries looks at chain and cluster to the core, and its answers out.
//!
//! A pass looks, decides and starts what is to be done; it waits for none of it. What is under way is kept out of the
//! next pass by the memory, and ends with a wake-up for one.

mod act;
mod memory;
mod watch;

use crate::{
    core::reconcile::{self, Alarm, ClusterView, Health, LocalView},
    look::{self, ChainLook},
    shared::Shared,
    Result,
};
use act::Actor;
use memory::Memory;
use perigee_cluster::LeaseStatus;
use perigee_primitives::{BlockNumber, LeaseId, LeasePhase};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use watch::Dirty;

/// Without any event the world is looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Objects are applied again so often, in case somebody changed them behind our back.
const RESYNC_EVERY: Duration = Duration::from_secs(30 * 60);

/// Reconciles until the process ends.
pub async fn run(shared: Arc<Shared>) -> Result<()> {
    let dirty = Arc::new(Mutex::new(Dirty::All));
    let watcher = tokio::spawn(watch::pods(shared.clone(), dirty.clone()));
    let memory = Arc::new(Mutex::new(Memory::default()));
    let mut reconciler = Reconciler {
        actor: Actor::new(shared.clone(), memory.clone()),
        newest_finalised: shared.state.newest_finalised()?,
        shared,
        memory,
        dirty,
        statuses: BTreeMap::new(),
        recorded: BTreeMap::new(),
        resynced: Instant::now(),
        trouble: None,
    };
    loop {
        let started = Instant::now();
        let looked = reconciler.pass().await;
        reconciler.note(looked);
        // A look at many leases takes long; half of the time belongs to the others.
        tokio::time::sleep(started.elapsed()).await;
        let _ = tokio::time::timeout(LOOK_EVERY, reconciler.shared.wake.notified()).await;
        if watcher.is_finished() {
            return Ok(());
        }
    }
}

struct Reconciler {
    shared: Arc<Shared>,
    actor: Actor,
    memory: Arc<Mutex<Memory>>,
    dirty: Arc<Mutex<Dirty>>,
    newest_finalised: BlockNumber,
    /// How workloads did when they were last looked at.
    statuses: BTreeMap<LeaseId, LeaseStatus>,
    /// What stands in the `CloudLease`s.
    recorded: BTreeMap<LeaseId, LeaseStatus>,
    resynced: Instant,
    /// Why the last look failed.
    trouble: Option<String>,
}

impl Reconciler {
    async fn pass(&mut self) -> Result<()> {
        // What is under way now may be over before the look is, which then shows how things were before.
        let under_way = lock(&self.memory).view(self.shared.now()).busy;
        // The cluster first: what it names is then looked up in a state that is at least as new.
        let mut cluster = look::cluster(&self.shared.cluster, self.shared.tag()).await?;
        let named = cluster
            .objects
            .keys()
            .chain(cluster.manifests.keys())
            .copied()
            .collect();
        let chain = look::chain(&self.shared.chain, self.shared.provider, &named).await?;
        self.look_at_workloads(&chain, &mut cluster).await?;
        let mut local = self.local(&cluster, &chain)?;
        local.busy.extend(under_way);
        let plan = reconcile::plan(&chain.view, &cluster, &local);
        self.remember_finalised(chain.view.finalised)?;
        self.tell(&plan.alarms);
        for action in plan.actions {
            self.actor.start(action, &chain.leases);
        }
        Ok(())
    }

    /// Reads how workloads do that wait for activation or in which something happened.
    async fn look_at_workloads(&mut self, chain: &ChainLook, cluster: &mut ClusterView) -> Result<()> {
        let dirty = std::mem::take(&mut *lock(&self.dirty));
        self.statuses.retain(|lease, _| cluster.objects.contains_key(lease));
        let pending = |lease: &LeaseId| {
            chain
                .view
                .at_best
                .get(lease)
                .is_some_and(|record| matches!(record.phase, LeasePhase::Pending { .. }))
        };
        for (lease, object) in &mut cluster.objects {
            if dirty.contains(*lease) || pending(lease) || !self.statuses.contains_key(lease) {
                self.look_at(*lease)
                    .await
                    .inspect_err(|_| dirty.give_back(&self.dirty))?;
            }
            if self.statuses.get(lease).is_some_and(|status| status.activated) {
                object.health = Health::Started;
            }
        }
        Ok(())
    }

    async fn look_at(&mut self, lease: LeaseId) -> Result<()> {
        let status = self
            .shared
            .cluster
            .lease_status(self.shared.key(lease), &self.shared.config.workloads)
            .await?;
        lock(&self.memory).observe(lease, status.as_ref(), self.shared.now());
        let Some(status) = status else {
            self.statuses.remove(&lease);
            return Ok(());
        };
        if self.recorded.get(&lease) != Some(&status) {
            match self.shared.cluster.record_status(&status).await {
                Ok(()) => drop(self.recorded.insert(lease, status.clone())),
                Err(error) => tracing::debug!(lease, %error, "cannot write the status of a CloudLease"),
            }
        }
        self.statuses.insert(lease, status);
        Ok(())
    }

    fn local(&mut self, cluster: &ClusterView, chain: &ChainLook) -> Result<LocalView> {
        let confirmed = self.confirmed(cluster)?;
        let known = |lease: &LeaseId| {
            cluster.objects.contains_key(lease)
                || cluster.manifests.contains_key(lease)
                || chain.leases.contains_key(lease)
        };
        let mut memory = lock(&self.memory);
        memory.retain(known);
        self.recorded.retain(|lease, _| known(lease));
        if self.resynced.elapsed() >= RESYNC_EVERY {
            self.resynced = Instant::now();
            memory.applied.clear();
        }
        Ok(LocalView {
            provider: self.shared.provider,
            leads: self.shared.leader.leads(),
            claim_from: self.shared.config.income.claim_from.base_units(),
            newest_finalised: self.newest_finalised,
            confirmed,
            ..memory.view(self.shared.now())
        })
    }

    /// Closings that a person has confirmed; forgotten once none of them has objects any more.
    fn confirmed(&self, cluster: &ClusterView) -> Result<BTreeSet<LeaseId>> {
        let confirmed = self.shared.state.confirmed_closings()?;
        if !confirmed.is_empty() && !confirmed.iter().any(|lease| cluster.objects.contains_key(lease)) {
            self.shared.state.forget_closings()?;
        }
        Ok(confirmed)
    }

    /// On disk before anything is done: a restarted agent must not follow a node that lags behind.
    fn remember_finalised(&mut self, finalised: BlockNumber) -> Result<()> {
        if finalised > self.newest_finalised {
            self.shared.state.set_newest_finalised(finalised)?;
            self.newest_finalised = finalised;
        }
        Ok(())
    }

    /// Says alarms once, and holds mass closings for a person.
    fn tell(&self, alarms: &[Alarm]) {
        let mut told = lock(&self.shared.alarms);
        for alarm in alarms.iter().filter(|alarm| !told.contains(alarm)) {
            tracing::error!("{}", describe(alarm, &self.shared));
            if let Alarm::MassClosing { leases, .. } = alarm {
                if let Err(error) = self.shared.state.hold_closings(leases) {
                    tracing::error!(%error, "cannot write the list of closings");
                }
            }
        }
        *told = alarms.to_vec();
    }

    /// Says trouble once, and when it is over.
    fn note(&mut self, looked: Result<()>) {
        match looked {
            Ok(()) => {
                if self.trouble.take().is_some() {
                    tracing::info!("chain and cluster answer again");
                }
            }
            Err(error) => {
                let error = error.to_string();
                if self.trouble.as_ref() != Some(&error) {
                    tracing::warn!(error, "cannot look at leases; they stay as they are");
                }
                self.trouble = Some(error);
            }
        }
    }
}

/// An alarm for people, with what to do.
pub fn describe(alarm: &Alarm, shared: &Shared) -> String {
    match alarm {
        Alarm::NotLeading => "the cluster's lock could not be renewed in time; leases wait until it is".into(),
        Alarm::Strangers(leases) => format!(
            "the cluster holds objects of {leases} lease(s) of another chain; they are left alone. \
             `perigee agent forget` shows them, and removes them if that chain is gone"
        ),
        Alarm::Syncing => "the node is still syncing; leases wait until it has caught up".into(),
        Alarm::OldView { shown, seen } => {
            format!("the node shows finalised block {shown}, but {seen} was seen before; leases wait until it has caught up")
        }
        Alarm::MassClosing { leases, of } => format!(
            "{} of {of} leases would close at once; nothing is torn down. If that is right: mv {} {}",
            leases.len(),
            shared.state.closings().display(),
            shared.state.closings_confirmed().display()
        ),
        Alarm::ManifestLost(lease) => {
            format!("lease {lease} is active but has neither objects nor manifest here; its tenant must send it again")
        }
        Alarm::Foreign(lease) => format!(
            "objects of lease {lease} belong to another provider; it is left alone. Two providers cannot share a cluster"
        ),
        Alarm::Unreadable(lease) => {
            format!("the CloudLease of lease {lease} carries no readable commitment; it is left alone")
        }
    }
}

/// Nothing that is held here panics half-way, so a poisoned lock still guards whole values.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
