//! Looking at chain and cluster: what they show becomes the plain views that the core decides on.

use crate::{
    core::reconcile::{ChainView, ClusterView, Health, Object, Record},
    Result,
};
use kube::{api::ListParams, Api};
use perigee_chain::{Chain, LeaseState, View};
use perigee_cluster::{crd::CloudLease, Cluster};
use perigee_primitives::{Commitment, LeaseId, ProviderId};
use std::collections::{BTreeMap, BTreeSet};

/// The chain at one moment, with the details that actions need.
pub struct ChainLook {
    /// For the core.
    pub view: ChainView,
    /// Leases of this provider after the best block.
    pub leases: BTreeMap<LeaseId, LeaseState>,
}

/// Reads the chain: leases of `provider`, and what finalised state says about the leases `named`.
pub async fn chain(chain: &Chain, provider: ProviderId, named: &BTreeSet<LeaseId>) -> Result<ChainLook> {
    let syncing = chain.is_syncing().await?;
    // Finalised first: the best block is then never behind it.
    let finalised = chain.finalised().await?;
    let best = chain.best().await?;
    let at_best = best.lease_ids_of(provider).await?;
    let leases: BTreeMap<_, _> = best.leases(&at_best).await?.into_iter().collect();
    let taken = finalised.lease_ids_of(provider).await?;
    let asked: Vec<_> = taken
        .iter()
        .chain(named)
        .copied()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let view = ChainView {
        best: best.block().number,
        finalised: finalised.block().number,
        syncing,
        at_best: leases.iter().map(|(id, lease)| (*id, record(lease))).collect(),
        at_finalised: records(&finalised, &asked).await?,
        taken: taken
            .into_iter()
            .filter(|id| at_best.binary_search(id).is_ok())
            .collect(),
        next_lease: finalised.next_lease_id().await?,
    };
    Ok(ChainLook { view, leases })
}

async fn records(at: &View, ids: &[LeaseId]) -> Result<BTreeMap<LeaseId, Record>> {
    Ok(at
        .leases(ids)
        .await?
        .into_iter()
        .map(|(id, lease)| (id, record(&lease)))
        .collect())
}

fn record(lease: &LeaseState) -> Record {
    Record {
        provider: lease.provider,
        commitment: lease.commitment,
        phase: lease.phase,
    }
}

/// Leases that have objects, and commitments of the manifests that are held. Nothing counts as started yet.
pub async fn cluster(cluster: &Cluster) -> Result<ClusterView> {
    let objects = objects(cluster).await?.into_iter();
    let manifests = cluster.manifests_held().await?.into_iter();
    Ok(ClusterView {
        objects: objects
            .map(|(id, commitment)| {
                (
                    id,
                    Object {
                        commitment,
                        health: Health::Starting,
                    },
                )
            })
            .collect(),
        manifests: manifests.map(|held| (held.lease.id, held.lease.commitment)).collect(),
    })
}

/// `CloudLease`s: the first thing made of a lease and the last removed.
async fn objects(cluster: &Cluster) -> Result<BTreeMap<LeaseId, Option<Commitment>>> {
    let records = Api::<CloudLease>::all(cluster.client())
        .list(&ListParams::default())
        .await;
    let records = records.map_err(|e| crate::Error::Unreachable {
        what: format!("the cluster at {}", cluster.address()),
        message: e.to_string(),
    })?;
    let read = |record: CloudLease| {
        let commitment = hex::decode(&record.spec.commitment)
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        (record.spec.lease, commitment)
    };
    Ok(records.items.into_iter().map(read).collect())
}
