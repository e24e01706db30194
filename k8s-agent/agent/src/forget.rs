//! Removing what a chain has left in the cluster, when that chain is gone: no evidence will ever come from it.
//!
//! The agent of a cluster leaves objects of other chains alone. Here a person names the chain. The cluster's lock is held
//! meanwhile, so that no agent makes what is being removed.

use crate::{
    init::admin_kubeconfig,
    leader::Leader,
    options::{ClusterOptions, Forgotten, HeldChain, LeftLease},
    Error, Kind, Result,
};
use futures::{stream, StreamExt};
use perigee_cluster::{ChainTag, Cluster, HeldLease, LeaseKey};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// For the pods of one lease to end.
const PATIENCE: Duration = Duration::from_secs(120);
/// Leases that are torn down at a time: most of it is waiting for pods to end.
const AT_ONCE: usize = 32;

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
    let delivered = cluster.manifests_held(chain).await?;
    let delivered = delivered
        .into_iter()
        .map(|stored| (stored.lease.key, stored.lease.commitment));
    let tear_down = |(key, commitment): (LeaseKey, [u8; 32])| async move {
        let done = cluster.tear_down_and_wait(key, &commitment, PATIENCE, |_| ()).await;
        (key, done.map_err(Error::from))
    };
    let torn_down = stream::iter(readable(chain, &held, delivered))
        .map(tear_down)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    told(chain, &held, torn_down)
}

/// What can be torn down: a record and a manifest of a lease may have different commitments.
fn readable(
    chain: ChainTag,
    held: &[HeldLease],
    delivered: impl Iterator<Item = (LeaseKey, [u8; 32])>,
) -> BTreeSet<(LeaseKey, [u8; 32])> {
    let of_chain = held.iter().filter(|lease| lease.chain == Some(chain));
    let recorded = of_chain.filter_map(|lease| Some((LeaseKey { chain, id: lease.id }, lease.commitment?)));
    recorded.chain(delivered).collect()
}

/// What was removed, and what was not: where a part of a lease is left, all of it counts as left.
fn told(chain: ChainTag, held: &[HeldLease], torn_down: Vec<(LeaseKey, Result<()>)>) -> Result<Forgotten> {
    let of_chain = |of: Option<ChainTag>| held.iter().filter(move |lease| lease.chain == of);
    let mut left: BTreeMap<_, _> = of_chain(Some(chain))
        .filter(|lease| lease.commitment.is_none())
        .map(|lease| (lease.id, unreadable(LeaseKey { chain, id: lease.id })))
        .collect();
    let mut gone = BTreeSet::new();
    for (key, done) in torn_down {
        gone.insert(key.id);
        if let Err(error) = done {
            left.entry(key.id).or_insert_with(|| failed(key, &error));
        }
    }
    if gone.is_empty() && left.is_empty() {
        return Err(Error::NothingHeld(chain.to_string()));
    }
    Ok(Forgotten {
        chain: chain.to_string(),
        leases: gone.into_iter().filter(|id| !left.contains_key(id)).collect(),
        left: left.into_values().collect(),
        unknown: of_chain(None).map(|lease| lease.id).collect(),
    })
}

/// A lease whose record does not tell which objects are its own.
fn unreadable(key: LeaseKey) -> LeftLease {
    let (record, namespace) = (key.record_name(), key.namespace());
    LeftLease {
        lease: key.id,
        why: format!("its record {record} has no readable commitment"),
        fix: format!(
            "look at it with `kubectl get cl {record} -o yaml`, then `kubectl delete namespace {namespace}`, take the \
             finalizer out of {record} and delete it"
        ),
        kind: Kind::Other,
    }
}

fn failed(key: LeaseKey, error: &Error) -> LeftLease {
    let again = format!(
        "`kubectl get all -n {}` shows what is left; run it again",
        key.namespace()
    );
    LeftLease {
        lease: key.id,
        why: error.to_string(),
        fix: error.hint().unwrap_or(again),
        kind: error.kind(),
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

    const CHAIN: ChainTag = ChainTag::of(&[2; 32]);

    fn lease(chain: Option<u8>, id: u64, commitment: Option<u8>) -> HeldLease {
        HeldLease {
            id,
            chain: chain.map(|first| ChainTag::of(&[first; 32])),
            commitment: commitment.map(|byte| [byte; 32]),
        }
    }

    fn key(id: u64) -> LeaseKey {
        LeaseKey { chain: CHAIN, id }
    }

    #[test]
    fn records_and_manifests_of_the_chain_are_torn_down() {
        let held = [
            lease(Some(2), 1, Some(1)),
            lease(Some(2), 2, None),
            lease(Some(3), 4, Some(4)),
            lease(None, 5, Some(5)),
        ];
        // Of lease 1 a newer manifest has arrived; of lease 6 nothing else is there.
        let delivered = [(key(1), [9; 32]), (key(1), [1; 32]), (key(6), [6; 32])];
        let expected = [(key(1), [1; 32]), (key(1), [9; 32]), (key(6), [6; 32])];
        assert_eq!(readable(CHAIN, &held, delivered.into_iter()), expected.into());
    }

    #[test]
    fn what_is_left_is_told_with_its_reason() {
        let held = [
            lease(Some(2), 1, Some(1)),
            lease(Some(2), 2, None),
            lease(Some(2), 3, Some(3)),
            lease(None, 5, None),
        ];
        let slow = || Err(Error::TimedOut("tearing down lease 3".into()));
        let forgotten = told(CHAIN, &held, vec![(key(3), slow()), (key(1), Ok(())), (key(3), Ok(()))]).unwrap();
        assert_eq!((forgotten.leases, forgotten.unknown), (vec![1], vec![5]));
        let left: Vec<_> = forgotten.left.iter().map(|left| (left.lease, left.kind)).collect();
        assert_eq!(left, [(2, Kind::Other), (3, Kind::TimedOut)]);
        assert!(forgotten.left[0]
            .why
            .contains("lease-02020202-2 has no readable commitment"));
        assert!(forgotten.left[0]
            .fix
            .contains("delete namespace perigee-lease-02020202-2"));
    }

    #[test]
    fn a_chain_of_which_nothing_is_held_is_named() {
        let others = [lease(Some(3), 4, Some(4)), lease(None, 5, None)];
        assert!(matches!(told(CHAIN, &others, Vec::new()), Err(Error::NothingHeld(chain)) if chain == "02020202"));
    }

    #[test]
    fn leases_are_told_by_their_chain() {
        let lease = |chain, id| lease(chain, id, None);
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
