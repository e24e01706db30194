//! Objects into the cluster, in order, again and again.
//!
//! Applying is idempotent: a run that was cut short anywhere is finished by the next one. What an earlier manifest had
//! and this one has not is deleted at the end.

use crate::{
    cluster::kind_and,
    crd::{cloud_lease, CloudLease, CloudLeaseStatus},
    lease::{commitment_in, Lease, LeaseKey},
    objects::LeaseObjects,
    Cluster, ClusterError, LeaseStatus,
};
use futures::stream::{StreamExt, TryStreamExt};
use k8s_openapi::{
    api::{core::v1::Namespace, networking::v1::Ingress},
    NamespaceResourceScope,
};
use kube::{
    api::{DeleteParams, ListParams, Patch, PatchParams},
    Resource, ResourceExt,
};
use serde::{de::DeserializeOwned, Serialize};
use std::{collections::BTreeSet, fmt::Debug};

/// Requests of one lease that are under way at once.
const PARALLEL: usize = 8;

impl Cluster {
    /// Brings the cluster to `objects`. Policies are there before the first pod is. What is there with another
    /// commitment is an older manifest of the lease if it `replaces`, and another lease otherwise.
    pub async fn apply_lease(&self, objects: &LeaseObjects, replaces: bool) -> Result<(), ClusterError> {
        let lease = &objects.lease;
        self.check_vacant(lease, replaces).await?;
        self.apply(&self.all::<CloudLease>(), &cloud_lease(lease)).await?;
        self.apply(&self.all::<Namespace>(), &objects.namespace).await?;
        let namespace = lease.key.namespace();
        self.apply(&self.namespaced(&namespace), &objects.quota).await?;
        self.apply(&self.namespaced(&namespace), &objects.limits).await?;
        self.apply_all(&namespace, &objects.policies).await?;
        // Never listed, so never pruned: the agent reads no secrets here. They go with the namespace.
        self.apply_all(&namespace, &objects.logins).await?;
        self.apply_all(&namespace, &objects.services).await?;
        self.apply_all(&namespace, &objects.deployments).await?;
        self.apply_all(&namespace, &objects.stateful_sets).await?;
        self.apply_all(&namespace, &objects.ingresses).await?;
        self.prune(lease.key, &objects.ingresses).await?;
        self.prune(lease.key, &objects.deployments).await?;
        self.prune(lease.key, &objects.stateful_sets).await?;
        self.prune(lease.key, &objects.services).await?;
        self.prune(lease.key, &objects.policies).await
    }

    /// Writes what `kubectl get cl` shows.
    pub async fn record_status(&self, status: &LeaseStatus) -> Result<(), ClusterError> {
        let (ready, wanted) = status
            .services
            .iter()
            .fold((0, 0), |(r, w), s| (r + s.ready, w + s.wanted));
        let shown = CloudLeaseStatus {
            phase: status.phase().to_owned(),
            ready: format!("{ready}/{wanted}"),
            message: status
                .services
                .iter()
                .map(|s| s.message.as_str())
                .find(|m| !m.is_empty())
                .unwrap_or("")
                .to_owned(),
            uris: status.uris.clone(),
        };
        let name = status.lease.record_name();
        let patch = serde_json::json!({
            "apiVersion": CloudLease::api_version(&()),
            "kind": CloudLease::kind(&()),
            "status": shown,
        });
        let params = PatchParams::apply(crate::cluster::MANAGER).force();
        match self
            .all::<CloudLease>()
            .patch_status(&name, &params, &Patch::Apply(patch))
            .await
        {
            Err(e) => Err(self.error("update the status of", kind_and::<CloudLease>(&name), e)),
            Ok(_) => Ok(()),
        }
    }

    /// Is one of `hosts` routed to another lease than `lease`? Returns the first that is.
    pub async fn host_taken<'a>(&self, lease: LeaseKey, hosts: &'a [String]) -> Result<Option<&'a str>, ClusterError> {
        if hosts.is_empty() {
            return Ok(None);
        }
        let ingresses = self.list(self.all::<Ingress>(), ListParams::default()).await?;
        let own = lease.namespace();
        let others = ingresses.iter().filter(|i| i.metadata.namespace.as_ref() != Some(&own));
        let rules = others.filter_map(|i| i.spec.as_ref()?.rules.as_ref()).flatten();
        let taken: BTreeSet<&str> = rules.filter_map(|r| r.host.as_deref()).collect();
        Ok(hosts.iter().map(String::as_str).find(|host| taken.contains(host)))
    }

    /// Another lease's namespace, or one that is going, must be gone first.
    async fn check_vacant(&self, lease: &Lease, replaces: bool) -> Result<(), ClusterError> {
        let namespace = lease.key.namespace();
        let Some(found) = self.get(&self.all::<Namespace>(), &namespace).await? else {
            return Ok(());
        };
        if found.metadata.deletion_timestamp.is_some() {
            return Err(ClusterError::Terminating { namespace });
        }
        match commitment_in(found.metadata.annotations.as_ref()) {
            Some(commitment) if replaces || commitment == lease.commitment => Ok(()),
            other => {
                let found = other.map_or_else(|| "none".to_owned(), hex::encode);
                Err(ClusterError::Occupied { namespace, found })
            }
        }
    }

    async fn apply_all<K>(&self, namespace: &str, objects: &[K]) -> Result<(), ClusterError>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Serialize + Debug,
        K::DynamicType: Default,
    {
        let api = self.namespaced::<K>(namespace);
        let puts = futures::stream::iter(objects.iter().map(|object| self.apply(&api, object)));
        puts.buffered(PARALLEL)
            .try_for_each(|_| std::future::ready(Ok(())))
            .await
    }

    /// Deletes objects of `lease` that are not among `wanted`.
    async fn prune<K>(&self, lease: LeaseKey, wanted: &[K]) -> Result<(), ClusterError>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        let api = self.namespaced::<K>(&lease.namespace());
        let wanted: BTreeSet<String> = wanted.iter().map(ResourceExt::name_any).collect();
        let found = self
            .list_metadata(api.clone(), ListParams::default().labels(&lease.selector()))
            .await?;
        for name in found
            .into_iter()
            .filter_map(|meta| meta.name)
            .filter(|name| !wanted.contains(name))
        {
            match api.delete(&name, &DeleteParams::background()).await {
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                Err(e) => return Err(self.error("delete", kind_and::<K>(&name), e)),
                Ok(_) => {
                    tracing::info!(lease = lease.id, kind = %K::kind(&Default::default()), name, "deleted what the manifest no longer has")
                }
            }
        }
        Ok(())
    }
}
