//! Notices what happens to pods of leases, so that workloads need not be read again and again.

use crate::{reconciler::lock, shared::Shared};
use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    core::PartialObjectMeta,
    runtime::{
        watcher::{self, Config, Event},
        WatchStreamExt,
    },
    Api, ResourceExt,
};
use perigee_cluster::lease::{CHAIN_LABEL, LEASE_LABEL};
use perigee_primitives::LeaseId;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

/// The connection gives up on an answer that takes longer than 30 s, so a watch ends before.
const WATCH_SECONDS: u32 = 25;

/// Leases in which something happened since they were last looked at.
#[derive(Debug, PartialEq, Eq)]
pub enum Dirty {
    /// Any of them.
    All,
    /// These.
    Some(BTreeSet<LeaseId>),
}

impl Default for Dirty {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl Dirty {
    /// Did something happen in `lease`?
    pub fn contains(&self, lease: LeaseId) -> bool {
        match self {
            Self::All => true,
            Self::Some(leases) => leases.contains(&lease),
        }
    }

    fn add(&mut self, lease: LeaseId) {
        if let Self::Some(leases) = self {
            leases.insert(lease);
        }
    }

    /// These could not be looked at after all.
    pub fn give_back(&self, to: &Mutex<Self>) {
        let mut to = lock(to);
        match self {
            Self::All => *to = Self::All,
            Self::Some(leases) => leases.iter().for_each(|lease| to.add(*lease)),
        }
    }
}

/// Follows pods of leases of our chain. Never ends.
pub async fn pods(shared: Arc<Shared>, dirty: Arc<Mutex<Dirty>>) {
    let ours = format!("{CHAIN_LABEL}={},{LEASE_LABEL}", shared.tag());
    let config = Config::default().labels(&ours).timeout(WATCH_SECONDS);
    let events =
        watcher::watcher(Api::<PartialObjectMeta<Pod>>::all(shared.cluster.client()), config).default_backoff();
    let mut events = std::pin::pin!(events);
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Apply(pod) | Event::InitApply(pod) | Event::Delete(pod)) => {
                if let Some(lease) = pod.labels().get(LEASE_LABEL).and_then(|id| id.parse().ok()) {
                    lock(&dirty).add(lease);
                }
            }
            // Deletions may have gone unnoticed before a new list.
            Ok(Event::Init) => *lock(&dirty) = Dirty::All,
            Ok(Event::InitDone) => {}
            Err(error) => {
                tracing::debug!(%error, "the watch of pods broke off");
                continue;
            }
        }
        shared.wake.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_looked_at_stays_dirty() {
        let dirty = Mutex::new(Dirty::default());
        lock(&dirty).add(1);
        let taken = std::mem::take(&mut *lock(&dirty));
        assert!(!lock(&dirty).contains(1));
        lock(&dirty).add(2);
        taken.give_back(&dirty);
        assert!(lock(&dirty).contains(1) && lock(&dirty).contains(2) && !lock(&dirty).contains(3));
        Dirty::All.give_back(&dirty);
        assert!(lock(&dirty).contains(3));
    }
}
