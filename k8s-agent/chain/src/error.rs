//! What can go wrong between a client and the chain.

use std::time::Duration;

/// An error of this crate. The kinds are what a caller acts on: try again, tell the user, give up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// No connection, or it was lost.
    #[error("cannot reach a node at {address}: {reason}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        reason: String,
    },
    /// The call was included in a block and failed there.
    #[error("the chain refused the call: {pallet}::{error}{}", docs_suffix(.docs))]
    Refused {
        /// Pallet, or `System` for errors that belong to none.
        pallet: String,
        /// Name of the error.
        error: String,
        /// What the runtime says about it.
        docs: String,
    },
    /// The node refused the extrinsic before any block: it cannot be included, for example for want of fees.
    #[error("the node refused the transaction: {reason}")]
    Rejected {
        /// The node's words.
        reason: String,
    },
    /// Nothing happened in time.
    #[error("timed out after {} s waiting for {what}", .after.as_secs())]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        after: Duration,
    },
    /// The node runs a runtime whose shape differs from the one this program was built for.
    #[error("this program does not fit the runtime of the node ({what}): one of the two must be updated")]
    Incompatible {
        /// What does not fit.
        what: String,
    },
    /// The node at this address belongs to another chain than before.
    #[error("the node belongs to another chain: genesis {found}, expected {expected}")]
    WrongChain {
        /// Genesis hash, hexadecimal.
        expected: String,
        /// Genesis hash, hexadecimal.
        found: String,
    },
    /// A key could not be used.
    #[error(transparent)]
    Key(#[from] crate::keys::KeyError),
    /// An answer that makes no sense.
    #[error("unexpected answer from the node: {0}")]
    Protocol(String),
}

impl ChainError {
    /// Would the same thing work once the node is back?
    pub fn is_connection(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Is this the named error of a pallet?
    pub fn is_refusal(&self, pallet: &str, error: &str) -> bool {
        matches!(self, Self::Refused { pallet: p, error: e, .. } if p == pallet && e == error)
    }

    /// An error that came from decoding or validating against the runtime, or from the node's answer.
    pub(crate) fn from_subxt(error: subxt::Error) -> Self {
        use subxt::error::{ConstantError, ExtrinsicError, RuntimeApiError, StorageError};
        match &error {
            subxt::Error::StorageError(StorageError::IncompatibleCodegen)
            | subxt::Error::ConstantError(ConstantError::IncompatibleCodegen)
            | subxt::Error::RuntimeApiError(RuntimeApiError::IncompatibleCodegen)
            | subxt::Error::ExtrinsicError(ExtrinsicError::IncompatibleCodegen) => Self::Incompatible {
                what: error.to_string(),
            },
            _ => Self::Protocol(error.to_string()),
        }
    }
}

fn docs_suffix(docs: &str) -> String {
    if docs.is_empty() {
        String::new()
    } else {
        format!(" ({docs})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_known_by_pallet_and_name() {
        let refused = ChainError::Refused {
            pallet: "Marketplace".into(),
            error: "NotOwner".into(),
            docs: "Only the owner.".into(),
        };
        assert!(refused.is_refusal("Marketplace", "NotOwner"));
        assert!(!refused.is_refusal("Providers", "NotOwner"));
        assert_eq!(
            refused.to_string(),
            "the chain refused the call: Marketplace::NotOwner (Only the owner.)"
        );
    }

    #[test]
    fn only_a_lost_connection_is_worth_waiting_for() {
        let lost = ChainError::Unreachable {
            address: "ws://a".into(),
            reason: "gone".into(),
        };
        assert!(lost.is_connection());
        assert!(!ChainError::Rejected { reason: "no".into() }.is_connection());
    }
}
