//! What the gateway asks: the chain about leases, the cluster about workloads.

use crate::shared::Shared;
use perigee_chain::{AccountId, LeaseState};
use perigee_cluster::{images, objects, Lease, StoredManifest};
use perigee_gateway::{
    Delivery, LeaseDirectory, LeaseInfo, LeaseStatus, Phase, Refusal, ServiceStatus, Unavailable, Workloads,
};
use perigee_primitives::{LeasePhase, Resources};
use perigee_sdl::{Manifest, ManifestGroup, Totals};
use std::sync::Arc;

/// Bytes of a MiB.
const MIB: u64 = 1 << 20;

/// The chain, as the gateway asks it.
pub struct Directory(pub Arc<Shared>);

impl LeaseDirectory for Directory {
    async fn lease(&self, lease: u64) -> Result<Option<LeaseInfo>, Unavailable> {
        let view = self.0.chain.best().await.map_err(unavailable)?;
        Ok(view.lease(lease).await.map_err(unavailable)?.map(|state| info(&state)))
    }

    async fn best_block(&self) -> Result<u32, Unavailable> {
        let clock = *self.0.clock.borrow();
        match clock.connected {
            true => Ok(clock.best),
            false => Err(Unavailable(format!(
                "the node at {} does not answer",
                self.0.chain.address()
            ))),
        }
    }

    async fn attested_until(&self) -> Option<u32> {
        self.0.chain.best().await.ok()?.judged_until().await.ok()
    }
}

fn info(state: &LeaseState) -> LeaseInfo {
    LeaseInfo {
        owner: state.owner.0,
        provider: state.provider,
        commitment: state.commitment,
        resources: totals(&state.resources),
        phase: match state.phase {
            LeasePhase::Pending { .. } => Phase::Pending,
            LeasePhase::Active { .. } => Phase::Active,
            LeasePhase::Ended { .. } => Phase::Ended,
        },
    }
}

/// What is leased, in the units of manifests. The chain counts whole MiB, rounded up when the order was made.
fn totals(leased: &Resources) -> Totals {
    let persistent = leased.persistent_mib.iter();
    let storage_mib = persistent.fold(leased.storage_mib, |sum, mib| sum.saturating_add(*mib));
    Totals {
        cpu_milli: leased.cpu_milli,
        memory_bytes: leased.memory_mib.saturating_mul(MIB),
        storage_bytes: storage_mib.saturating_mul(MIB),
        gpus: leased.gpus.iter().map(|(_, count)| u64::from(*count)).sum(),
        endpoints: leased.endpoints.into(),
    }
}

/// The cluster, as the gateway asks it.
pub struct Runtime(pub Arc<Shared>);

impl Workloads for Runtime {
    async fn check(&self, lease: u64, group: &ManifestGroup) -> Result<Result<(), Refusal>, Unavailable> {
        let settings = &self.0.config.workloads;
        if let Err(e) = objects::check(lease, group, settings) {
            return Ok(Err(refusal(
                "workload",
                e.to_string(),
                "change the file and deploy again",
            )));
        }
        for service in &group.services {
            if let Err(e) = images::check_and_resolve(&service.image, &settings.allowed_registries).await {
                return Ok(Err(refusal(
                    "image_host",
                    e.to_string(),
                    "use an image of a public registry",
                )));
            }
        }
        let hosts = objects::hosts(lease, group, settings);
        let key = self.0.key(lease);
        let taken = self.0.cluster.host_taken(key, &hosts).await.map_err(unavailable)?;
        Ok(taken.map_or(Ok(()), |host| {
            Err(refusal(
                "host_taken",
                format!("`{host}` belongs to another lease here"),
                "choose another host name, or another name for the service",
            ))
        }))
    }

    async fn store(&self, delivery: Delivery) -> Result<u32, Unavailable> {
        if !self.0.leader.leads() {
            return Err(unavailable("the agent does not hold its cluster's lock at the moment"));
        }
        let manifest = Manifest::from_json(&delivery.manifest_json).map_err(unavailable)?;
        let owner = AccountId::from(delivery.owner).to_string();
        let stored = StoredManifest {
            lease: Lease {
                key: self.0.key(delivery.lease),
                commitment: delivery.commitment,
                owner,
            },
            nonce: delivery.nonce,
            received: delivery.block,
            manifest,
        };
        let received = self.0.cluster.store_manifest(&stored).await.map_err(unavailable)?;
        tracing::info!(lease = delivery.lease, block = received, "holds the manifest");
        self.0.wake.notify_one();
        Ok(received)
    }

    async fn status(&self, lease: u64) -> Result<Option<LeaseStatus>, Unavailable> {
        let found = self
            .0
            .cluster
            .lease_status(self.0.key(lease), &self.0.config.workloads)
            .await
            .map_err(unavailable)?;
        if let Some(status) = found {
            return Ok(Some(shown(status)));
        }
        let held = self.0.cluster.manifest(self.0.key(lease)).await.map_err(unavailable)?;
        Ok(held.map(|_| LeaseStatus {
            lease,
            phase: "starting".into(),
            commitment: None,
            services: Vec::new(),
            uris: Vec::new(),
        }))
    }
}

fn shown(status: perigee_cluster::LeaseStatus) -> LeaseStatus {
    let phase = status.phase().to_owned();
    let services = status.services.into_iter().map(|service| ServiceStatus {
        name: service.name,
        ready: service.ready,
        wanted: service.wanted,
        message: service.message,
    });
    LeaseStatus {
        lease: status.lease.id,
        phase,
        commitment: status.commitment.map(hex::encode),
        services: services.collect(),
        uris: status.uris,
    }
}

fn refusal(code: &str, message: String, hint: &str) -> Refusal {
    Refusal {
        code: code.into(),
        message,
        hint: hint.into(),
    }
}

fn unavailable(e: impl std::fmt::Display) -> Unavailable {
    Unavailable(e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_primitives::{GpuModel, PerModel};

    #[test]
    fn leased_mib_are_bytes_for_manifests() {
        let leased = Resources {
            cpu_milli: 100,
            memory_mib: 3,
            storage_mib: u64::MAX,
            gpus: PerModel::one(GpuModel::new(b"nvidia/a100").unwrap(), 1),
            endpoints: 2,
            ..Default::default()
        };
        let totals = totals(&leased);
        assert_eq!((totals.memory_bytes, totals.storage_bytes), (3 << 20, u64::MAX));
        assert_eq!((totals.cpu_milli, totals.gpus, totals.endpoints), (100, 1, 2));
    }
}
