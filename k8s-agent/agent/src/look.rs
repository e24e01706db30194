//! Looking at chain and cluster: what they show becomes the plain views that the core decides on.

use crate::{
    core::reconcile::{ChainView, ClusterView, Health, Object, Record},
    Result,
};
use perigee_chain::{Chain, LeaseState, View};
use perigee_cluster::{ChainTag, Cluster};
use perigee_primitives::{LeaseId, ProviderId};
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
        paused: lease.paused,
        income: lease.to_provider,
    }
}

/// Leases of `chain` that have objects, and commitments of the manifests that are held. Nothing counts as started yet.
pub async fn cluster(cluster: &Cluster, chain: ChainTag) -> Result<ClusterView> {
    let mut view = ClusterView::default();
    for held in cluster.leases_held().await? {
        if held.chain != Some(chain) {
            view.strangers += 1;
            continue;
        }
        let object = Object {
            commitment: held.commitment,
            health: Health::Starting,
        };
        view.objects.insert(held.id, object);
    }
    let manifests = cluster.manifests_held(chain).await?.into_iter();
    view.manifests = manifests
        .map(|held| (held.lease.key.id, held.lease.commitment))
        .collect();
    Ok(view)
}
