//! What goes wrong with a cluster.

use std::path::PathBuf;

/// What goes wrong with a cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The kubeconfig cannot be used.
    #[error("kubeconfig {}: {why}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Nobody answers.
    #[error("Kubernetes API server {address} cannot be reached: {why}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        why: String,
    },
    /// The API server says no.
    #[error("Kubernetes refuses to {action} {what}: {why}")]
    Refused {
        /// What was tried.
        action: &'static str,
        /// With what.
        what: String,
        /// Its words.
        why: String,
        /// HTTP status.
        code: u16,
    },
    /// It took too long.
    #[error("{what} took longer than {seconds} s")]
    TimedOut {
        /// What.
        what: String,
        /// How long it had.
        seconds: u64,
    },
    /// Somebody stopped it half-way.
    #[error("interrupted")]
    Interrupted,
    /// Objects of another lease with the same number are in the way.
    #[error("namespace {namespace} holds another lease (commitment {found}); tear it down first")]
    Occupied {
        /// The namespace.
        namespace: String,
        /// Commitment found there, in hex, or `none`.
        found: String,
    },
    /// The namespace is being deleted.
    #[error("namespace {namespace} is being deleted; wait until it is gone")]
    Terminating {
        /// The namespace.
        namespace: String,
    },
    /// What is stored in the cluster cannot be read.
    #[error("{what} in the cluster cannot be read: {why}")]
    Corrupt {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
    /// The agent must not hold all power.
    #[error("these credentials are cluster-admin; the agent wants its own account (`perigee agent init` makes it)")]
    ClusterAdmin,
    /// A local file cannot be written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl ClusterError {
    /// Did the cluster itself, rather than the network, say that it does not want this workload?
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { code: 400..=499, .. })
    }
}
