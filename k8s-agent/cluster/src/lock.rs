//! The lock that says which agent acts in this cluster: a `Lease` of Kubernetes, renewed by its holder.
//!
//! Here it is only read and written; who may take it is decided by the agent. A write names the version that was read,
//! so that of two writers one loses.

use crate::{cluster::kind_and, lease::MANAGED_BY, lease::SYSTEM_NAMESPACE, Cluster, ClusterError};
use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease as KubeLease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::api::{Api, ObjectMeta, PostParams};

/// Its name.
const LOCK: &str = "perigee-agent";
/// Annotation with words about the holder, for people.
const ABOUT: &str = "perigee.cloud/holder";

/// What the lock says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which installation holds it; empty when it was given back.
    pub holder: String,
    /// Words about the holder, for people.
    pub about: String,
    /// When it was written, in microseconds since 1970 by the holder's clock. No two writes of a holder share it.
    pub stamp: i64,
    /// It holds for so many seconds after a write.
    pub seconds: u32,
}

/// A claim, and the version of the object that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it says.
    pub claim: Claim,
    /// For the next write.
    pub version: String,
}

impl Cluster {
    /// Reads the lock; `None` when nobody ever held it.
    pub async fn lock(&self) -> Result<Option<Found>, ClusterError> {
        Ok(self.get(&self.locks(), LOCK).await?.map(|lock| found(&lock)))
    }

    /// Writes `claim` over `version`, or makes the lock where there is none. `None` when somebody else wrote first;
    /// otherwise the new version.
    pub async fn write_lock(&self, claim: &Claim, version: Option<&str>) -> Result<Option<String>, ClusterError> {
        let (locks, params, lock) = (self.locks(), PostParams::default(), to_lease(claim, version));
        let written = match version {
            Some(_) => locks.replace(LOCK, &params, &lock).await,
            None => locks.create(&params, &lock).await,
        };
        match written {
            Ok(lock) => Ok(Some(found(&lock).version)),
            // Changed, made or removed by somebody else since it was read.
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(None),
            Err(e) => Err(self.error("write", kind_and::<KubeLease>(LOCK), e)),
        }
    }

    fn locks(&self) -> Api<KubeLease> {
        self.namespaced(SYSTEM_NAMESPACE)
    }
}

fn to_lease(claim: &Claim, version: Option<&str>) -> KubeLease {
    KubeLease {
        metadata: ObjectMeta {
            name: Some(LOCK.into()),
            namespace: Some(SYSTEM_NAMESPACE.into()),
            resource_version: version.map(str::to_owned),
            labels: Some([(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned())].into()),
            annotations: Some([(ABOUT.to_owned(), claim.about.clone())].into()),
            ..Default::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: (!claim.holder.is_empty()).then(|| claim.holder.clone()),
            lease_duration_seconds: Some(claim.seconds.try_into().unwrap_or(i32::MAX)),
            renew_time: Timestamp::from_microsecond(claim.stamp).ok().map(MicroTime),
            ..Default::default()
        }),
    }
}

/// What is missing in it was written by hand, and counts as never renewed.
fn found(lock: &KubeLease) -> Found {
    let spec = lock.spec.clone().unwrap_or_default();
    let annotations = lock.metadata.annotations.as_ref();
    Found {
        claim: Claim {
            holder: spec.holder_identity.unwrap_or_default(),
            about: annotations.and_then(|all| all.get(ABOUT)).cloned().unwrap_or_default(),
            stamp: spec.renew_time.map_or(0, |time| time.0.as_microsecond()),
            seconds: spec.lease_duration_seconds.and_then(|s| s.try_into().ok()).unwrap_or(0),
        },
        version: lock.metadata.resource_version.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_read_as_it_was_written() {
        let claim = Claim {
            holder: "a1".into(),
            about: "stash 5Grw".into(),
            stamp: 1_800_000_000_123_456,
            seconds: 20,
        };
        let written = to_lease(&claim, Some("7"));
        assert_eq!(
            found(&written),
            Found {
                claim: claim.clone(),
                version: "7".into()
            }
        );
        // As it travels: microseconds survive.
        let read: KubeLease = serde_json::from_value(serde_json::to_value(&written).unwrap()).unwrap();
        assert_eq!(found(&read).claim, claim);
    }

    #[test]
    fn a_lock_that_was_given_back_has_no_holder() {
        let claim = Claim {
            holder: String::new(),
            about: String::new(),
            stamp: 1,
            seconds: 20,
        };
        assert_eq!(to_lease(&claim, None).spec.unwrap().holder_identity, None);
        assert_eq!(found(&KubeLease::default()).claim.holder, "");
    }
}
