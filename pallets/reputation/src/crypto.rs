//! The session key that signs reports.

use sp_application_crypto::{app_crypto, sr25519, KeyTypeId};

/// Type of the session key with which validators sign reports.
pub const KEY_TYPE: KeyTypeId = KeyTypeId(*b"hbat");

mod app {
    #![allow(missing_docs)]
    use super::{app_crypto, sr25519, KEY_TYPE};
    app_crypto!(sr25519, KEY_TYPE);
}

sp_application_crypto::with_pair! {
    /// Key pair of a reporting validator.
    pub type AuthorityPair = app::Pair;
}

/// Signature of a report.
pub type AuthoritySignature = app::Signature;

/// Public key of a reporting validator.
pub type AuthorityId = app::Public;
