//! The manifest: what a provider runs. Types mirror Akash's JSON; fields are declared in the order of their JSON names,
//! which is the order of the hashed bytes.
//!
//! Texts are a `String`, or borrow from the document while bytes are made of it.

use crate::canonical;
use crate::resources::{Resources, Totals};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// What the tenant sends to the provider: one group per placement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Manifest<S = String> {
    /// Groups, sorted by name.
    pub groups: Vec<ManifestGroup<S>>,
}

impl Manifest {
    /// The exact bytes that are hashed and that `perigee sdl manifest` prints.
    pub fn to_json(&self) -> Vec<u8> {
        canonical::to_vec(self)
    }

    /// SHA-256 of [`Manifest::to_json`].
    pub fn hash(&self) -> [u8; 32] {
        hash_of(&self.to_json())
    }

    /// Reads a manifest from JSON, in any layout. Unknown fields are refused: they would be missing from the hash.
    pub fn from_json(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The group of this name.
    pub fn group(&self, name: &str) -> Option<&ManifestGroup> {
        self.groups.iter().find(|group| group.name == name)
    }
}

/// The hash of a manifest's bytes.
pub(crate) fn hash_of(json: &[u8]) -> [u8; 32] {
    Sha256::digest(json).into()
}

/// The services of one placement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestGroup<S = String> {
    /// Name of the placement.
    pub name: S,
    /// Services, sorted by name.
    pub services: Vec<Service<S>>,
}

impl ManifestGroup {
    /// What the group needs in all, to compare with what is leased.
    pub fn total(&self) -> Totals {
        let mut totals = Totals::default();
        for service in &self.services {
            totals.add(&service.resources, service.count);
        }
        totals
    }
}

/// One service: a container image, how often it runs and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service<S = String> {
    /// Arguments of the container; `None` keeps the image's own.
    pub args: Option<Vec<S>>,
    /// Entry point of the container; `None` keeps the image's own.
    pub command: Option<Vec<S>>,
    /// Replicas.
    pub count: u32,
    /// Login of a private registry.
    pub credentials: Option<Credentials<S>>,
    /// Environment, `NAME=value` each.
    pub env: Option<Vec<S>>,
    /// Ports, sorted by service, port, protocol; global first.
    pub expose: Vec<ServiceExpose<S>>,
    /// Container image.
    pub image: S,
    /// Name, which other services of the group use as a host name.
    pub name: S,
    /// Mounts and permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<ServiceParams<S>>,
    /// What one replica needs.
    pub resources: Resources<S>,
}

/// Login of a private registry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials<S = String> {
    /// E-mail, empty where there is none.
    pub email: S,
    /// Registry host.
    pub host: S,
    /// Password or token.
    pub password: S,
    /// User name.
    pub username: S,
}

impl<S: std::fmt::Debug> std::fmt::Debug for Credentials<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// Transport protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// The name in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// One port and who may reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceExpose<S = String> {
    /// Which leased address, from 1; 0 where none is leased.
    pub endpoint_sequence_number: u32,
    /// Port seen from outside; 0 means the same as `port`.
    pub external_port: u16,
    /// Reachable from outside the deployment?
    pub global: bool,
    /// Host names that the ingress routes here.
    pub hosts: Option<Vec<S>>,
    /// How the ingress proxies.
    pub http_options: HttpOptions,
    /// Name of the leased address, or empty.
    pub ip: S,
    /// Port of the container.
    pub port: u16,
    /// Transport protocol.
    pub proto: Protocol,
    /// The one service that may reach it, or empty.
    pub service: S,
}

impl ServiceExpose {
    /// The port seen from outside.
    pub fn outside_port(&self) -> u16 {
        if self.external_port == 0 {
            self.port
        } else {
            self.external_port
        }
    }

    /// Is it reached by host name through the ingress?
    pub fn is_ingress(&self) -> bool {
        self.global && self.proto == Protocol::Tcp && self.outside_port() == 80
    }
}

/// How the ingress proxies a port. Written out for every port, also where it has no meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HttpOptions {
    /// Largest request body in bytes.
    pub max_body_size: u32,
    /// When to try the next replica.
    pub next_cases: Cow<'static, [Cow<'static, str>]>,
    /// Time limit for trying replicas in milliseconds; 0 is none.
    pub next_timeout: u32,
    /// How many replicas to try.
    pub next_tries: u32,
    /// Buffer for response headers in bytes; 0 leaves it to the provider and to older readers' hashes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub proxy_buffer_size: u32,
    /// Time limit for reading in milliseconds.
    pub read_timeout: u32,
    /// Time limit for sending in milliseconds.
    pub send_timeout: u32,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            max_body_size: 1_048_576,
            next_cases: Cow::Borrowed(&[Cow::Borrowed("error"), Cow::Borrowed("timeout")]),
            next_timeout: 0,
            next_tries: 3,
            proxy_buffer_size: 0,
            read_timeout: 60_000,
            send_timeout: 60_000,
        }
    }
}

/// Mounts and permissions of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceParams<S = String> {
    /// What the service may read of its own deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<ServicePermissions<S>>,
    /// Where volumes are mounted, sorted by volume.
    pub storage: Option<Vec<StorageParams<S>>>,
    /// Confidential computing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tee: Option<TeeParams<S>>,
}

/// What a service may read of its own deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServicePermissions<S = String> {
    /// `deployment`, `logs`, `events`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Vec<S>>,
}

/// Where a volume is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StorageParams<S = String> {
    /// Absolute path in the container, or empty.
    pub mount: S,
    /// Name of the volume.
    pub name: S,
    /// Mounted without write access?
    pub read_only: bool,
}

/// Confidential computing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeeParams<S = String> {
    /// Must the workload be attested?
    pub attestation: bool,
    /// `cpu` or `cpu-gpu`.
    #[serde(rename = "type")]
    pub kind: S,
}
