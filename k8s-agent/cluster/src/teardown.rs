//! Every object of a lease out of the cluster.
//!
//! Whoever calls this has evidence from the chain that the lease is over. Each call does what can be done now and says
//! what is left, so that an agent may die between any two of them. Capacity is free when the pods are gone, not before.

use crate::{
    cluster::kind_and,
    crd::{CloudLease, CloudLeaseSpec},
    lease::{commitment_in, ChainTag, LeaseKey},
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

/// A lease of which something is in the cluster, as its `CloudLease` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLease {
    /// Its number.
    pub id: u64,
    /// The chain that gave it; `None` where the record does not say so readably.
    pub chain: Option<ChainTag>,
    /// Commitment that its objects carry, where it is a whole one.
    pub commitment: Option<[u8; 32]>,
}

impl Cluster {
    /// All leases of all chains that have a record: the first thing made of a lease, and the last removed.
    pub async fn leases_held(&self) -> Result<Vec<HeldLease>, ClusterError> {
        let records = self.list(self.all::<CloudLease>(), ListParams::default()).await?;
        Ok(records.iter().map(|record| held(&record.spec)).collect())
    }

    /// One step of tearing down `lease` with this commitment: objects of another commitment are left alone.
    pub async fn tear_down(&self, lease: LeaseKey, commitment: &[u8; 32]) -> Result<TearDown, ClusterError> {
        let name = lease.namespace();
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
            .manifest(lease)
            .await?
            .is_some_and(|stored| stored.lease.commitment == *commitment)
        {
            self.forget_manifest(lease).await?;
        }
        self.release_record(lease, commitment).await?;
        Ok(TearDown::Done)
    }

    /// Tears down and waits until nothing is left; tells `progress` after each step.
    pub async fn tear_down_and_wait(
        &self,
        lease: LeaseKey,
        commitment: &[u8; 32],
        limit: Duration,
        mut progress: impl FnMut(&TearDown),
    ) -> Result<(), ClusterError> {
        let steps = async {
            loop {
                let step = self.tear_down(lease, commitment).await?;
                progress(&step);
                if step == TearDown::Done {
                    return Ok(());
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(limit, steps).await.unwrap_or_else(|_| {
            Err(ClusterError::TimedOut {
                what: format!("tearing down lease {}", lease.id),
                seconds: limit.as_secs(),
            })
        })
    }

    /// Deletes the record and takes our finalizer off, if it is the record of this commitment.
    async fn release_record(&self, lease: LeaseKey, commitment: &[u8; 32]) -> Result<(), ClusterError> {
        let name = lease.record_name();
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

fn held(record: &CloudLeaseSpec) -> HeldLease {
    let mut commitment = [0; 32];
    let whole = hex::decode_to_slice(&record.commitment, &mut commitment).is_ok();
    HeldLease {
        id: record.lease,
        chain: record.chain.parse().ok(),
        commitment: whole.then_some(commitment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crd::cloud_lease, Lease};

    #[test]
    fn records_are_read_as_they_are_written() {
        let lease = Lease {
            key: LeaseKey {
                chain: ChainTag::of(&[3; 32]),
                id: 4,
            },
            commitment: [5; 32],
            owner: "5Grw".into(),
        };
        let mut spec = cloud_lease(&lease).spec;
        let read = |chain, commitment| HeldLease {
            id: 4,
            chain,
            commitment,
        };
        assert_eq!(held(&spec), read(Some(lease.key.chain), Some([5; 32])));
        spec.chain.clear();
        spec.commitment.truncate(10);
        assert_eq!(held(&spec), read(None, None));
    }
}
