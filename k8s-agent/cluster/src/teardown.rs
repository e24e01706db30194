//! Every object of a lease out of the cluster.
//!
//! Whoever calls this has evidence from the chain that the lease is over. Each call does what can be done now and says
//! what is left, so that an agent may die between any two of them. Capacity is free when the pods are gone, not before.

use crate::{
    cluster::kind_and,
    crd::{name_of, CloudLease},
    lease::{commitment_in, namespace_of, Lease},
    Cluster, ClusterError,
};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{
    api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, Preconditions},
    Resource,
};
use serde::de::DeserializeOwned;
use std::{fmt::Debug, time::Duration};

/// Between two looks while waiting.
const POLL: Duration = Duration::from_millis(500);

/// How far a tear-down is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TearDown {
    /// The namespace is being deleted.
    Waiting {
        /// Pods that are still there.
        pods: usize,
    },
    /// Nothing is left.
    Done,
}

/// A lease of which something is in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLease {
    /// Its number.
    pub id: u64,
    /// Commitment that its objects carry.
    pub commitment: [u8; 32],
    /// The owner's address.
    pub owner: String,
    /// Did somebody ask Kubernetes to delete it?
    pub deleting: bool,
}

impl Cluster {
    /// All leases of which something may be in the cluster: those with a record, which is the first thing made and the
    /// last removed, and those whose manifest was delivered.
    pub async fn leases_held(&self) -> Result<Vec<HeldLease>, ClusterError> {
        let records = self.list(self.all::<CloudLease>(), ListParams::default()).await?;
        let mut held: Vec<HeldLease> = records.into_iter().filter_map(held_record).collect();
        for stored in self.manifests_held().await? {
            let Lease { id, commitment, owner } = stored.lease;
            if !held.iter().any(|h| h.id == id && h.commitment == commitment) {
                held.push(HeldLease {
                    id,
                    commitment,
                    owner,
                    deleting: false,
                });
            }
        }
        held.sort_by_key(|h| h.id);
        Ok(held)
    }

    /// One step of tearing down lease `id` with this commitment: objects of another commitment are left alone.
    pub async fn tear_down(&self, id: u64, commitment: &[u8; 32]) -> Result<TearDown, ClusterError> {
        let name = namespace_of(id);
        let namespaces = self.all::<Namespace>();
        if let Some(namespace) = self.get(&namespaces, &name).await? {
            if commitment_in(namespace.metadata.annotations.as_ref()) == Some(*commitment) {
                if namespace.metadata.deletion_timestamp.is_none() {
                    self.delete_exactly::<Namespace>(&name, &namespace.metadata).await?;
                }
                let pods = self
                    .list_metadata(self.namespaced::<Pod>(&name), ListParams::default())
                    .await?;
                return Ok(TearDown::Waiting { pods: pods.len() });
            }
        }
        if self
            .manifest(id)
            .await?
            .is_some_and(|stored| stored.lease.commitment == *commitment)
        {
            self.forget_manifest(id).await?;
        }
        self.release_record(id, commitment).await?;
        Ok(TearDown::Done)
    }

    /// Tears down and waits until nothing is left; tells `progress` after each step.
    pub async fn tear_down_and_wait(
        &self,
        id: u64,
        commitment: &[u8; 32],
        limit: Duration,
        mut progress: impl FnMut(&TearDown),
    ) -> Result<(), ClusterError> {
        let steps = async {
            loop {
                let step = self.tear_down(id, commitment).await?;
                progress(&step);
                if step == TearDown::Done {
                    return Ok(());
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(limit, steps).await.unwrap_or_else(|_| {
            Err(ClusterError::TimedOut {
                what: format!("tearing down lease {id}"),
                seconds: limit.as_secs(),
            })
        })
    }

    /// Deletes the record and takes our finalizer off, if it is the record of this commitment.
    async fn release_record(&self, id: u64, commitment: &[u8; 32]) -> Result<(), ClusterError> {
        let name = name_of(id);
        let records = self.all::<CloudLease>();
        let Some(record) = self.get(&records, &name).await? else {
            return Ok(());
        };
        if record.spec.commitment != hex::encode(commitment) {
            return Ok(());
        }
        if record.metadata.deletion_timestamp.is_none() {
            self.delete_exactly::<CloudLease>(&name, &record.metadata).await?;
        }
        let none = serde_json::json!({ "metadata": { "uid": record.metadata.uid, "finalizers": null } });
        match records.patch(&name, &PatchParams::default(), &Patch::Merge(none)).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(e) => Err(self.error("release", kind_and::<CloudLease>(&name), e)),
            Ok(_) => Ok(()),
        }
    }

    /// Deletes exactly the object that was looked at, not one that took its name since.
    async fn delete_exactly<K>(&self, name: &str, seen: &ObjectMeta) -> Result<(), ClusterError>
    where
        K: Resource + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                uid: seen.uid.clone(),
                resource_version: None,
            }),
            ..DeleteParams::background()
        };
        match self.all::<K>().delete(name, &params).await {
            // Gone, or another one by now: what was looked at is not there any more.
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
            Err(e) => Err(self.error("delete", kind_and::<K>(name), e)),
            Ok(_) => Ok(()),
        }
    }
}

fn held_record(record: CloudLease) -> Option<HeldLease> {
    let mut commitment = [0; 32];
    if hex::decode_to_slice(&record.spec.commitment, &mut commitment).is_err() {
        tracing::warn!(
            lease = record.spec.lease,
            "skipping a CloudLease without a whole commitment"
        );
        return None;
    }
    let deleting = record.metadata.deletion_timestamp.is_some();
    Some(HeldLease {
        id: record.spec.lease,
        commitment,
        owner: record.spec.owner,
        deleting,
    })
}
