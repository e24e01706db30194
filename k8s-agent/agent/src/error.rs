//! What can go wrong, told so that a person can act on it.

use perigee_chain::ChainError;
use perigee_cluster::ClusterError;
use std::path::PathBuf;

/// Result of the agent's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Kinds of failure, by what the caller's exit code should say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bad usage, or a bad file.
    Usage,
    /// The chain refused.
    Refused,
    /// Something did not answer.
    Unreachable,
    /// Something took too long.
    TimedOut,
    /// Anything else.
    Other,
}

/// A failure of the agent. The text names the thing, the hint says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The config cannot be used.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// `init` was asked to write over a file.
    #[error("{0} exists already")]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the state directory does not hold what it should.
    #[error("{path}: {message}")]
    State {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A key cannot be used.
    #[error("{key}: {message}")]
    Key {
        /// Where it was named.
        key: String,
        /// Why.
        message: String,
    },
    /// A kubeconfig cannot be used, or none is there.
    #[error("{0}")]
    Kubeconfig(String),
    /// Another agent runs on this state directory.
    #[error("another agent holds {0}")]
    Locked(PathBuf),
    /// Another agent acts in the cluster.
    #[error("{0}")]
    Taken(String),
    /// The cluster holds nothing of this chain.
    #[error("the cluster holds nothing of chain {0}")]
    NothingHeld(String),
    /// Node or cluster is another than the one this installation belongs to.
    #[error("{what} is {found}, but this installation belongs to {pinned}")]
    Identity {
        /// `the chain's genesis` or `the cluster`.
        what: &'static str,
        /// What answers now.
        found: String,
        /// What was pinned.
        pinned: String,
    },
    /// The agent's account in the cluster may not do what the agent does.
    #[error("the agent's account may not: {0}")]
    MissingGrants(String),
    /// Somebody stopped it half-way.
    #[error("interrupted; nothing is left in the cluster but the agent's account")]
    Interrupted,
    /// Somebody else has to sign something before the agent can go on.
    #[error("the provider is not registered, and the key of its stash is not on this machine.\n{0}")]
    NeedsSignature(crate::ToSign),
    /// The chain refused a transaction or a query.
    #[error(transparent)]
    Refused(ChainError),
    /// Something does not answer.
    #[error("{what} does not answer: {message}")]
    Unreachable {
        /// What, with its address.
        what: String,
        /// What happened.
        message: String,
    },
    /// Something took too long.
    #[error("{0} took too long")]
    TimedOut(String),
    /// Anything else, with what was being done.
    #[error("{doing}: {message}")]
    Other {
        /// What was being done.
        doing: String,
        /// What happened.
        message: String,
    },
}

impl Error {
    /// Which kind of failure this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Config(_)
            | Self::Exists(_)
            | Self::File { .. }
            | Self::State { .. }
            | Self::Key { .. }
            | Self::Kubeconfig(_)
            | Self::NothingHeld(_) => Kind::Usage,
            Self::Refused(_) | Self::NeedsSignature(_) => Kind::Refused,
            Self::Unreachable { .. } => Kind::Unreachable,
            Self::TimedOut(_) => Kind::TimedOut,
            Self::Locked(_)
            | Self::Taken(_)
            | Self::Identity { .. }
            | Self::MissingGrants(_)
            | Self::Interrupted
            | Self::Other { .. } => Kind::Other,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(e) => e.hint(),
            Self::Exists(_) => Some("pass --force to replace it; keys and counters are kept".into()),
            Self::File { .. } | Self::State { .. } => None,
            Self::Key { .. } => Some("`perigee keys new NAME` makes one".into()),
            Self::Kubeconfig(_) => Some(
                "name an administrator's with --kubeconfig or KUBECONFIG, and a context of it with --context; the \
                 agent's own is written anew by `perigee agent init --force`, keys and counters are kept"
                    .into(),
            ),
            Self::Locked(_) => Some("stop it first, or give this one a state directory of its own".into()),
            Self::Taken(_) => Some("a cluster has one agent: stop that one first, or use another cluster".into()),
            Self::NothingHeld(_) => Some("`perigee agent forget` shows of which chains it holds something".into()),
            Self::Identity { .. } => Some(
                "use the right one, or make a new installation with `perigee agent init` and a fresh state directory"
                    .into(),
            ),
            Self::MissingGrants(_) => {
                Some("`perigee agent init --force` brings the account up to date; keys and counters are kept".into())
            }
            Self::Interrupted => Some("`perigee agent init --force` goes on".into()),
            Self::NeedsSignature(_) => Some("sign it, then start the agent again".into()),
            Self::Refused(_) | Self::TimedOut(_) | Self::Other { .. } => None,
            Self::Unreachable { .. } => Some("check that it runs and that the address in the config is right".into()),
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(crate) fn other(doing: impl Into<String>) -> impl FnOnce(&dyn std::fmt::Display) -> Self {
        let doing = doing.into();
        move |message| Self::Other {
            doing,
            message: message.to_string(),
        }
    }
}

impl From<ChainError> for Error {
    fn from(e: ChainError) -> Self {
        match e {
            ChainError::Unreachable { address, reason } => Self::Unreachable {
                what: format!("the node at {address}"),
                message: reason,
            },
            ChainError::Refused { .. } | ChainError::Rejected { .. } => Self::Refused(e),
            ChainError::Timeout { what, .. } => Self::TimedOut(what),
            ChainError::WrongChain { expected, found } => Self::Identity {
                what: "the chain's genesis",
                found,
                pinned: expected,
            },
            other => Self::Other {
                doing: "asking the chain".into(),
                message: other.to_string(),
            },
        }
    }
}

impl From<ClusterError> for Error {
    fn from(e: ClusterError) -> Self {
        match e {
            ClusterError::Unreachable { address, why } => Self::Unreachable {
                what: format!("the cluster at {address}"),
                message: why,
            },
            ClusterError::TimedOut { what, .. } => Self::TimedOut(what),
            ClusterError::Interrupted => Self::Interrupted,
            ClusterError::Kubeconfig { .. } => Self::Kubeconfig(e.to_string()),
            ClusterError::File { path, source } => Self::File { path, source },
            other => Self::Other {
                doing: "asking the cluster".into(),
                message: other.to_string(),
            },
        }
    }
}
