//! Lease + manifest group + settings → Kubernetes objects. Pure.
//!
//! Tenants are strangers to the provider and to each other, and manifests arrive over the network: whatever a manifest
//! says is checked here again, and everything that is not understood is refused rather than ignored.

mod check;
mod expose;
mod namespace;
mod network;
mod registry;
mod workload;

pub use check::{check, BuildError};
pub(crate) use expose::node_port_service_of;
pub use expose::{host_of, hosts};
pub(crate) use network::special_networks;
pub(crate) use workload::{needs, Needs, GPU};

use crate::{
    lease::{Lease, SERVICE_LABEL},
    settings::{NetworkFacts, Settings},
};
use k8s_openapi::{
    api::{
        apps::v1::{Deployment, StatefulSet},
        core::v1::{LimitRange, Namespace, ResourceQuota, Secret, Service as KubeService},
        networking::v1::{Ingress, NetworkPolicy},
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::LabelSelector},
};
use kube::api::ObjectMeta;
use perigee_sdl::{ManifestGroup, Service};
use std::collections::BTreeMap;

/// All objects of a lease, in the order in which they are applied.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseObjects {
    /// Whose they are.
    pub lease: Lease,
    /// The lease's own namespace.
    pub namespace: Namespace,
    /// No more than was leased.
    pub quota: ResourceQuota,
    /// Limits for containers that name none.
    pub limits: LimitRange,
    /// Logins of private registries.
    pub logins: Vec<Secret>,
    /// Nothing in, nothing out; and what is allowed after all.
    pub policies: Vec<NetworkPolicy>,
    /// Names and ports of services.
    pub services: Vec<KubeService>,
    /// Services without volumes that last.
    pub deployments: Vec<Deployment>,
    /// Services with them.
    pub stateful_sets: Vec<StatefulSet>,
    /// Ways in by host name.
    pub ingresses: Vec<Ingress>,
}

/// The objects of `lease`, which runs `group`, or rests if it is paused: then it has everything but pods. The pods of a
/// service are made anew when what the group says about it changes, and those of all services when `nonce`, that of the
/// lease's commitment, does.
pub fn build(
    lease: &Lease,
    group: &ManifestGroup,
    nonce: &[u8; 32],
    settings: &Settings,
    facts: &NetworkFacts,
    paused: bool,
) -> Result<LeaseObjects, BuildError> {
    check(lease.key.id, group, settings)?;
    let scope = Scope {
        lease,
        nonce,
        settings,
        paused,
    };
    let (stateful, stateless): (Vec<&Service>, Vec<_>) = group.services.iter().partition(|s| workload::has_volumes(s));
    Ok(LeaseObjects {
        lease: lease.clone(),
        namespace: namespace::namespace(&scope),
        quota: namespace::quota(&scope, group),
        limits: namespace::limits(&scope),
        logins: group
            .services
            .iter()
            .filter_map(|s| registry::secret(&scope, s))
            .collect(),
        policies: network::policies(&scope, group, facts),
        services: group
            .services
            .iter()
            .flat_map(|s| expose::services(&scope, s))
            .collect(),
        deployments: stateless.into_iter().map(|s| workload::deployment(&scope, s)).collect(),
        stateful_sets: stateful
            .into_iter()
            .map(|s| workload::stateful_set(&scope, s))
            .collect(),
        ingresses: group
            .services
            .iter()
            .filter_map(|s| expose::ingress(&scope, s))
            .collect(),
    })
}

/// What every builder needs.
struct Scope<'a> {
    lease: &'a Lease,
    nonce: &'a [u8; 32],
    settings: &'a Settings,
    paused: bool,
}

impl Scope<'_> {
    /// Metadata of an object in the lease's namespace.
    fn meta(&self, name: impl Into<String>) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.into()),
            namespace: Some(self.lease.key.namespace()),
            labels: Some(self.lease.labels()),
            annotations: Some(self.lease.annotations()),
            ..Default::default()
        }
    }

    /// The same, of an object that belongs to one service.
    fn service_meta(&self, name: impl Into<String>, service: &str) -> ObjectMeta {
        let mut meta = self.meta(name);
        meta.labels
            .get_or_insert_default()
            .insert(SERVICE_LABEL.into(), service.into());
        meta
    }

    /// Labels that select the pods of `service`. They never change, for selectors of workloads must not.
    fn selector(&self, service: &str) -> BTreeMap<String, String> {
        [
            (crate::lease::LEASE_LABEL, self.lease.key.id.to_string()),
            (SERVICE_LABEL, service.to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }
}

fn select(labels: BTreeMap<String, String>) -> LabelSelector {
    LabelSelector {
        match_labels: Some(labels),
        ..Default::default()
    }
}

fn milli(amount: u64) -> Quantity {
    Quantity(format!("{amount}m"))
}

fn whole(amount: u64) -> Quantity {
    Quantity(amount.to_string())
}

#[cfg(test)]
mod tests;
