//! Removing what a chain has left in the cluster, when that chain is gone: no evidence will ever come from it.
//!
//! The agent of a cluster leaves objects of other chains alone. Here a person names the chain. The cluster's lock is held
//! meanwhile, so that no agent makes what is being removed.

use crate::{
    init::admin_kubeconfig,
    leader::Leader,
    options::{ClusterOptions, Forgotten, HeldChain},
    Error, Result,
};
use perigee_cluster::{ChainTag, Cluster, HeldLease, LeaseKey};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// For the pods of one lease to end.
const PATIENCE: Duration = Duration::from_secs(120);

/// Which chains have leases in the cluster.
pub async fn chains(options: &ClusterOptions) -> Result<Vec<HeldChain>> {
    let held = connect(options).await?.leases_held().await?;
    Ok(by_chain(&held))
}

/// Removes every object of `chain`.
pub async fn forget(options: &ClusterOptions, chain: ChainTag) -> Result<Forgotten> {
    let cluster = connect(options).await?;
    let installation = format!("forget-{}", std::process::id());
    let about = format!("perigee agent forget {chain}");
    let leader = Leader::take(&cluster, installation, about, Instant::now()).await?;
    let removed = remove(&cluster, chain).await;
    leader.give_back().await;
    removed
}

async fn remove(cluster: &Cluster, chain: ChainTag) -> Result<Forgotten> {
    let held = cluster.leases_held().await?;
    let unreadable = held.iter().filter(|lease| lease.commitment.is_none()).count();
    let recorded = held
        .iter()
        .filter_map(|lease| Some((lease.chain?, lease.id, lease.commitment?)));
    let delivered = cluster.manifests_held(chain).await?;
    let delivered = delivered
        .iter()
        .map(|stored| (chain, stored.lease.key.id, stored.lease.commitment));
    let all: BTreeSet<_> = recorded.chain(delivered).filter(|(of, ..)| *of == chain).collect();
    let mut leases = BTreeSet::new();
    for (chain, id, commitment) in all {
        let key = LeaseKey { chain, id };
        cluster.tear_down_and_wait(key, &commitment, PATIENCE, |_| ()).await?;
        leases.insert(id);
    }
    match (leases.is_empty(), unreadable) {
        (true, 0) => Err(Error::NothingHeld(chain.to_string())),
        _ => Ok(Forgotten {
            chain: chain.to_string(),
            leases: leases.into_iter().collect(),
        }),
    }
}

async fn connect(options: &ClusterOptions) -> Result<Cluster> {
    let kubeconfig = admin_kubeconfig(options.kubeconfig.as_ref())?;
    Ok(Cluster::connect(&kubeconfig, options.context.as_deref()).await?)
}

fn by_chain(held: &[HeldLease]) -> Vec<HeldChain> {
    let mut chains = BTreeMap::<_, Vec<_>>::new();
    for lease in held {
        chains.entry(lease.chain).or_default().push(lease.id);
    }
    let told = |(chain, leases): (Option<ChainTag>, Vec<u64>)| HeldChain {
        chain: chain.map(|chain| chain.to_string()),
        leases,
    };
    chains.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_are_told_by_their_chain() {
        let lease = |chain: Option<u8>, id| HeldLease {
            id,
            chain: chain.map(|first| ChainTag::of(&[first; 32])),
            commitment: None,
        };
        let held = [lease(Some(2), 7), lease(None, 1), lease(Some(2), 9), lease(Some(1), 7)];
        let told: Vec<_> = by_chain(&held)
            .into_iter()
            .map(|held| (held.chain, held.leases))
            .collect();
        let expected = [
            (None, vec![1]),
            (Some("01010101".to_owned()), vec![7]),
            (Some("02020202".to_owned()), vec![7, 9]),
        ];
        assert_eq!(told, expected);
    }
}
