//! `CloudLease`: the record of a lease in the cluster, for operators and for the agent after a restart.
//!
//! It is cluster-scoped and owns nothing: an owner reference would let the garbage collector tear a lease down. Its
//! finalizer keeps it until the agent has evidence from the chain that the lease is over. The manifest is not in it.

// Each column of the resource repeats the same keys.
#![allow(clippy::duplicated_attributes)]

use crate::lease::Lease;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keeps a `CloudLease` until the chain says that the lease is over.
pub const FINALIZER: &str = "perigee.cloud/chain-evidence";

/// What a lease is.
#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "perigee.cloud",
    version = "v1alpha1",
    kind = "CloudLease",
    plural = "cloudleases",
    singular = "cloudlease",
    shortname = "cl",
    status = "CloudLeaseStatus",
    doc = "A lease of this provider, as the agent sees it.",
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.ready"),
    printcolumn(name = "Owner", type_ = "string", json_path = ".spec.owner"),
    printcolumn(name = "Namespace", type_ = "string", json_path = ".spec.namespace"),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.message", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct CloudLeaseSpec {
    /// Number of the lease on its chain.
    pub lease: u64,
    /// Which chain: the first eight hex digits of its genesis hash.
    #[serde(default)]
    pub chain: String,
    /// Commitment to nonce and manifest, in hex.
    pub commitment: String,
    /// Address of the owner.
    pub owner: String,
    /// Namespace of the workload.
    pub namespace: String,
}

/// How a lease does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CloudLeaseStatus {
    /// In a word.
    pub phase: String,
    /// Ready replicas of wanted ones, for example `2/3`.
    pub ready: String,
    /// What is wrong, if anything.
    pub message: String,
    /// Where it can be reached.
    #[serde(default)]
    pub uris: Vec<String>,
}

/// The record of `lease`.
pub fn cloud_lease(lease: &Lease) -> CloudLease {
    let spec = CloudLeaseSpec {
        lease: lease.key.id,
        chain: lease.key.chain.to_string(),
        commitment: lease.commitment_hex(),
        owner: lease.owner.clone(),
        namespace: lease.key.namespace(),
    };
    let mut record = CloudLease::new(&lease.key.record_name(), spec);
    record.metadata.labels = Some(lease.labels());
    record.metadata.annotations = Some(lease.annotations());
    record.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    record
}
