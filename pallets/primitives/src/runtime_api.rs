//! What node, agent and wallets ask the runtime.

use crate::{AttestationTimes, BlockNumber, LeaseId, LeaseState, ProviderId};
use codec::Codec;

sp_api::decl_runtime_apis! {
    /// Leases as they are at this block, computed rather than read.
    pub trait MarketplaceApi<AccountId> where AccountId: Codec {
        /// The state of a lease; `None` when there is no record of it (never opened, or pruned).
        fn lease_state(lease: LeaseId) -> Option<LeaseState<AccountId>>;
    }

    /// What the heartbeat service of a node needs.
    pub trait AttestationApi {
        /// The provider that sends heartbeats with this ed25519 key.
        fn heartbeat_provider(key: [u8; 32]) -> Option<ProviderId>;
        /// Lengths of attestation epochs and deadlines.
        fn attestation_times() -> AttestationTimes;
        /// The first block that no verdict covers.
        fn judged_until() -> BlockNumber;
    }
}
