//! A lease as the cluster sees it, and the names and labels that its objects carry.

use std::{collections::BTreeMap, fmt, str::FromStr};

/// Label that holds the number of the lease.
pub const LEASE_LABEL: &str = "perigee.cloud/lease";
/// Label that tells which chain gave it that number.
pub const CHAIN_LABEL: &str = "perigee.cloud/chain";
/// Label that holds the first half of the commitment, and annotation that holds all of it: a label has 63 characters.
pub const COMMITMENT: &str = "perigee.cloud/commitment";
/// Label that names the service of the manifest.
pub const SERVICE_LABEL: &str = "perigee.cloud/service";
/// Annotation of pods, and of what makes them: a digest of what runs in them.
pub const RUNS: &str = "perigee.cloud/runs";
/// Annotation that holds the owner's address.
pub const OWNER: &str = "perigee.cloud/owner";
/// Who made an object, in the label that tools know.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "perigee");
/// Namespace of the agent's own objects.
pub const SYSTEM_NAMESPACE: &str = "perigee-system";
/// Prefix of the namespaces of leases.
pub const NAMESPACE_PREFIX: &str = "perigee-lease-";

/// Characters of the commitment in the label.
const COMMITMENT_LABEL_LENGTH: usize = 16;

/// Which chain, in eight hex digits: the start of its genesis hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainTag([u8; 4]);

impl ChainTag {
    /// Of the chain with this genesis hash.
    pub const fn of(genesis: &[u8; 32]) -> Self {
        let [a, b, c, d, ..] = *genesis;
        Self([a, b, c, d])
    }
}

impl fmt::Display for ChainTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for ChainTag {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut tag = [0; 4];
        hex::decode_to_slice(text, &mut tag)?;
        Ok(Self(tag))
    }
}

/// Which lease. Every chain counts from zero, and a cluster outlives chains and changes between them: what one has left
/// behind must not be taken for another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeaseKey {
    /// The chain that counts.
    pub chain: ChainTag,
    /// Its number there.
    pub id: u64,
}

impl LeaseKey {
    /// The namespace of its workload.
    pub fn namespace(&self) -> String {
        format!("{NAMESPACE_PREFIX}{self}")
    }

    /// Name of its `CloudLease`.
    pub fn record_name(&self) -> String {
        format!("lease-{self}")
    }

    /// Selector of all its objects.
    pub fn selector(&self) -> String {
        format!("{CHAIN_LABEL}={},{LEASE_LABEL}={}", self.chain, self.id)
    }

    /// In the labels of an object.
    pub(crate) fn in_labels(labels: Option<&BTreeMap<String, String>>) -> Option<Self> {
        let labels = labels?;
        Some(Self {
            chain: labels.get(CHAIN_LABEL)?.parse().ok()?,
            id: labels.get(LEASE_LABEL)?.parse().ok()?,
        })
    }
}

/// As names of objects end: chain, then number.
impl fmt::Display for LeaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.chain, self.id)
    }
}

/// A lease: its number is never reused, but objects carry the commitment too, and a mismatch counts as absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which one.
    pub key: LeaseKey,
    /// Commitment to nonce and manifest.
    pub commitment: [u8; 32],
    /// The owner's address.
    pub owner: String,
}

impl Lease {
    /// The commitment in hex.
    pub fn commitment_hex(&self) -> String {
        hex::encode(self.commitment)
    }

    /// Labels of all its objects but pods.
    pub fn labels(&self) -> BTreeMap<String, String> {
        let mut commitment = self.commitment_hex();
        commitment.truncate(COMMITMENT_LABEL_LENGTH);
        let mut labels = self.lasting_labels();
        labels.insert(COMMITMENT.to_owned(), commitment);
        labels
    }

    /// Labels of its pods: those that last as long as the lease. With others, each new manifest would be a new pod.
    pub fn lasting_labels(&self) -> BTreeMap<String, String> {
        [
            (CHAIN_LABEL, self.key.chain.to_string()),
            (LEASE_LABEL, self.key.id.to_string()),
            (MANAGED_BY.0, MANAGED_BY.1.to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }

    /// Annotations of all its objects but pods.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        [(COMMITMENT, self.commitment_hex()), (OWNER, self.owner.clone())]
            .map(|(key, value)| (key.to_owned(), value))
            .into()
    }
}

/// What runs in a pod, or in the pods that a template makes, by its annotations.
pub(crate) fn runs_in(annotations: Option<&BTreeMap<String, String>>) -> Option<&str> {
    annotations?.get(RUNS).map(String::as_str)
}

/// Commitment in the annotations of an object, if it has a whole one.
pub(crate) fn commitment_in(annotations: Option<&BTreeMap<String, String>>) -> Option<[u8; 32]> {
    let mut commitment = [0; 32];
    hex::decode_to_slice(annotations?.get(COMMITMENT)?, &mut commitment).ok()?;
    Some(commitment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_of_two_chains_share_no_name() {
        let key = |first: u8| LeaseKey {
            chain: ChainTag::of(&[first; 32]),
            id: 7,
        };
        assert_eq!(key(0xab).namespace(), "perigee-lease-abababab-7");
        assert_ne!(key(1).namespace(), key(2).namespace());
        assert_ne!(key(1).record_name(), key(2).record_name());
        assert_ne!(key(1).selector(), key(2).selector());
    }

    #[test]
    fn labels_name_the_lease_again() {
        let lease = Lease {
            key: LeaseKey {
                chain: ChainTag::of(&[0xc; 32]),
                id: 9,
            },
            commitment: [1; 32],
            owner: "5Grw".into(),
        };
        let mut labels = lease.labels();
        assert_eq!(LeaseKey::in_labels(Some(&labels)), Some(lease.key));
        labels.insert(CHAIN_LABEL.into(), "none".into());
        assert_eq!(LeaseKey::in_labels(Some(&labels)), None);
        assert_eq!(LeaseKey::in_labels(None), None);
    }
}
