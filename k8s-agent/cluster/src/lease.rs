//! A lease as the cluster sees it, and the names and labels that its objects carry.

use std::collections::BTreeMap;

/// Label that holds the number of the lease.
pub const LEASE_LABEL: &str = "perigee.cloud/lease";
/// Label that holds the first half of the commitment, and annotation that holds all of it: a label has 63 characters.
pub const COMMITMENT: &str = "perigee.cloud/commitment";
/// Label that names the service of the manifest.
pub const SERVICE_LABEL: &str = "perigee.cloud/service";
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

/// A lease: its number is never reused, but objects carry the commitment too, and a mismatch counts as absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its number.
    pub id: u64,
    /// Commitment to nonce and manifest.
    pub commitment: [u8; 32],
    /// The owner's address.
    pub owner: String,
}

impl Lease {
    /// Its namespace.
    pub fn namespace(&self) -> String {
        namespace_of(self.id)
    }

    /// The commitment in hex.
    pub fn commitment_hex(&self) -> String {
        hex::encode(self.commitment)
    }

    /// Labels of all its objects.
    pub fn labels(&self) -> BTreeMap<String, String> {
        let mut commitment = self.commitment_hex();
        commitment.truncate(COMMITMENT_LABEL_LENGTH);
        [
            (LEASE_LABEL, self.id.to_string()),
            (COMMITMENT, commitment),
            (MANAGED_BY.0, MANAGED_BY.1.to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }

    /// Annotations of all its objects.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        [(COMMITMENT, self.commitment_hex()), (OWNER, self.owner.clone())]
            .map(|(key, value)| (key.to_owned(), value))
            .into()
    }
}

/// Namespace of lease `id`.
pub fn namespace_of(id: u64) -> String {
    format!("{NAMESPACE_PREFIX}{id}")
}

/// Selector of all objects of lease `id`.
pub fn selector_of(id: u64) -> String {
    format!("{LEASE_LABEL}={id}")
}

/// Commitment in the annotations of an object, if it has a whole one.
pub(crate) fn commitment_in(annotations: Option<&BTreeMap<String, String>>) -> Option<[u8; 32]> {
    let mut commitment = [0; 32];
    hex::decode_to_slice(annotations?.get(COMMITMENT)?, &mut commitment).ok()?;
    Some(commitment)
}

/// Number of the lease in the labels of an object.
pub(crate) fn id_in(labels: Option<&BTreeMap<String, String>>) -> Option<u64> {
    labels?.get(LEASE_LABEL)?.parse().ok()
}
