//! Bodies and errors as they travel, shared by server and client.

use crate::auth::AuthError;
use perigee_sdl::Manifest;
use serde::{Deserialize, Serialize};

/// Path of the public status of a provider.
pub const STATUS_PATH: &str = "/v1/status";

/// Path that takes the manifest of `lease`.
pub fn manifest_path(lease: u64) -> String {
    format!("/v1/leases/{lease}/manifest")
}

/// Path of the status of `lease`.
pub fn lease_status_path(lease: u64) -> String {
    format!("/v1/leases/{lease}/status")
}

/// A manifest and the nonce that its commitment was made with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestBody {
    /// Random bytes that keep the hash on chain from being guessed.
    #[serde(with = "crate::hex_text")]
    pub nonce: [u8; 32],
    /// The manifest.
    pub manifest: Manifest,
}

/// How the services of a lease do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseStatus {
    /// The lease.
    pub lease: u64,
    /// Where it is, in a word: `waiting` for the manifest, `starting`, `running`, `failing`, `ending`.
    #[serde(deserialize_with = "crate::plain_text::deserialize")]
    pub phase: String,
    /// Commitment to the manifest that runs, in hex; none while none does, or while one takes the place of another.
    #[serde(default)]
    pub commitment: Option<String>,
    /// One entry per service, in the order of the manifest.
    pub services: Vec<ServiceStatus>,
    /// Where it can be reached.
    #[serde(deserialize_with = "crate::plain_text::several")]
    pub uris: Vec<String>,
}

/// How one service does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Its name.
    #[serde(deserialize_with = "crate::plain_text::deserialize")]
    pub name: String,
    /// Replicas that are ready.
    pub ready: u32,
    /// Replicas that are wanted.
    pub wanted: u32,
    /// What it is doing or what is wrong, for people; empty when all is well.
    #[serde(deserialize_with = "crate::plain_text::deserialize")]
    pub message: String,
}

/// What anybody may know about a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderStatus {
    /// Its index.
    pub provider: u32,
    /// Genesis hash of its chain, in hex.
    #[serde(with = "crate::hex_text")]
    pub genesis: [u8; 32],
    /// Version of the agent.
    #[serde(deserialize_with = "crate::plain_text::deserialize")]
    pub version: String,
    /// Best block the agent has seen.
    pub best_block: Option<u32>,
    /// First block without a verdict on who was present.
    pub attested_until: Option<u32>,
}

/// An error as it travels: what happened, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// HTTP status; not part of the body.
    #[serde(skip)]
    pub status: u16,
    /// Stable name, for programs.
    #[serde(rename = "error", deserialize_with = "crate::plain_text::deserialize")]
    pub code: String,
    /// What happened.
    #[serde(deserialize_with = "crate::plain_text::deserialize")]
    pub message: String,
    /// What to do about it.
    #[serde(deserialize_with = "crate::plain_text::deserialize")]
    pub hint: String,
}

impl ApiError {
    /// An error from its parts.
    pub fn new(status: u16, code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            hint: hint.into(),
        }
    }
}

impl From<AuthError> for ApiError {
    fn from(e: AuthError) -> Self {
        Self::new(e.status(), e.code(), e.to_string(), e.hint())
    }
}
