//! Delivered manifests: one Secret per lease in `perigee-system`, never in the `CloudLease`, which more people may read.

use crate::{
    lease::{commitment_in, ChainTag, Lease, LeaseKey, CHAIN_LABEL, LEASE_LABEL, SYSTEM_NAMESPACE},
    Cluster, ClusterError,
};
use k8s_openapi::{api::core::v1::Secret, ByteString};
use kube::api::{Api, DeleteParams, ListParams, ObjectMeta};
use perigee_sdl::Manifest;
use std::collections::BTreeMap;

/// Label of the Secrets that hold manifests.
const KIND_LABEL: (&str, &str) = ("perigee.cloud/kind", "manifest");

/// A manifest as it was delivered and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredManifest {
    /// The lease it belongs to.
    pub lease: Lease,
    /// The nonce of its commitment.
    pub nonce: [u8; 32],
    /// Best block when it was first received: what the receipt says.
    pub received: u32,
    /// The manifest.
    pub manifest: Manifest,
}

impl Cluster {
    /// Keeps `stored`, durably, and returns the block at which a manifest with this commitment was first received:
    /// storing the same again changes nothing. A manifest of an earlier lease with this number is replaced.
    pub async fn store_manifest(&self, stored: &StoredManifest) -> Result<u32, ClusterError> {
        if let Some(held) = self.manifest(stored.lease.key).await? {
            if held.lease.commitment == stored.lease.commitment {
                return Ok(held.received);
            }
        }
        self.apply(&self.manifests(), &to_secret(stored)).await?;
        Ok(stored.received)
    }

    /// The manifest of `lease`, if one was delivered.
    pub async fn manifest(&self, lease: LeaseKey) -> Result<Option<StoredManifest>, ClusterError> {
        self.get(&self.manifests(), &secret_name(lease))
            .await?
            .map(|secret| from_secret(&secret))
            .transpose()
    }

    /// All delivered manifests of leases of `chain`. One that cannot be read is skipped with a warning: it must not stop
    /// the others.
    pub async fn manifests_held(&self, chain: ChainTag) -> Result<Vec<StoredManifest>, ClusterError> {
        let selector = format!("{}={},{CHAIN_LABEL}={chain}", KIND_LABEL.0, KIND_LABEL.1);
        let params = ListParams::default().labels(&selector);
        let secrets = self.list(self.manifests(), params).await?;
        let read = |secret: &Secret| match from_secret(secret) {
            Ok(stored) => Some(stored),
            Err(error) => {
                tracing::warn!(%error, "skipping a manifest");
                None
            }
        };
        Ok(secrets.iter().filter_map(read).collect())
    }

    /// Forgets the manifest of `lease`.
    pub(crate) async fn forget_manifest(&self, lease: LeaseKey) -> Result<(), ClusterError> {
        match self
            .manifests()
            .delete(&secret_name(lease), &DeleteParams::default())
            .await
        {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(e) => Err(self.error("delete", format!("Secret {}", secret_name(lease)), e)),
            Ok(_) => Ok(()),
        }
    }

    fn manifests(&self) -> Api<Secret> {
        self.namespaced(SYSTEM_NAMESPACE)
    }
}

fn secret_name(lease: LeaseKey) -> String {
    format!("manifest-{lease}")
}

fn to_secret(stored: &StoredManifest) -> Secret {
    let mut labels = stored.lease.labels();
    labels.insert(KIND_LABEL.0.into(), KIND_LABEL.1.into());
    let data = [
        ("manifest.json", stored.manifest.to_json()),
        ("nonce", hex::encode(stored.nonce).into_bytes()),
        ("owner", stored.lease.owner.clone().into_bytes()),
        ("received", stored.received.to_string().into_bytes()),
    ];
    Secret {
        metadata: ObjectMeta {
            name: Some(secret_name(stored.lease.key)),
            namespace: Some(SYSTEM_NAMESPACE.into()),
            labels: Some(labels),
            annotations: Some(stored.lease.annotations()),
            ..Default::default()
        },
        data: Some(data.map(|(key, value)| (key.to_owned(), ByteString(value))).into()),
        ..Default::default()
    }
}

fn from_secret(secret: &Secret) -> Result<StoredManifest, ClusterError> {
    let name = secret.metadata.name.clone().unwrap_or_default();
    let corrupt = |why: &str| ClusterError::Corrupt {
        what: format!("manifest {name}"),
        why: why.to_owned(),
    };
    let data = secret.data.as_ref().ok_or_else(|| corrupt("it is empty"))?;
    let text = |key: &str| read_text(data, key).ok_or_else(|| corrupt(&format!("`{key}` is missing or no text")));
    let mut nonce = [0; 32];
    hex::decode_to_slice(text("nonce")?, &mut nonce).map_err(|_| corrupt("`nonce` is not 32 bytes of hex"))?;
    let metadata = &secret.metadata;
    let lease = Lease {
        key: LeaseKey::in_labels(metadata.labels.as_ref())
            .ok_or_else(|| corrupt(&format!("its labels {CHAIN_LABEL} and {LEASE_LABEL} name no lease")))?,
        commitment: commitment_in(metadata.annotations.as_ref()).ok_or_else(|| corrupt("it has no commitment"))?,
        owner: text("owner")?.to_owned(),
    };
    Ok(StoredManifest {
        lease,
        nonce,
        received: text("received")?
            .parse()
            .map_err(|_| corrupt("`received` is not a block number"))?,
        manifest: Manifest::from_json(text("manifest.json")?.as_bytes()).map_err(|e| corrupt(&e.to_string()))?,
    })
}

fn read_text<'a>(data: &'a BTreeMap<String, ByteString>, key: &str) -> Option<&'a str> {
    std::str::from_utf8(&data.get(key)?.0).ok()
}
