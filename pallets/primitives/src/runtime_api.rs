//! What node, agent and wallets ask the runtime.

use crate::{
    AskId, AttestationTimes, Backlog, BlockNumber, GroupOrder, LeaseId, LeaseState, ProviderId, Refusal, Standings,
    Tier,
};
use alloc::vec::Vec;
use codec::Codec;

sp_api::decl_runtime_apis! {
    /// Leases as they are at this block, computed rather than read.
    pub trait MarketplaceApi<AccountId> where AccountId: Codec {
        /// The state of a lease; `None` when there is no record of it (never opened, or pruned).
        fn lease_state(lease: LeaseId) -> Option<LeaseState<AccountId>>;
        /// The asks that would not take `order` of `owner` at this block, each with the first reason. An order that
        /// is part of a deployment is looked at as if it were alone.
        fn explain_order(owner: AccountId, order: GroupOrder<AccountId>) -> Vec<(AskId, Refusal)>;
        /// How far the agenda lags behind. A backlog changes no bill and no score.
        fn agenda_backlog() -> Backlog;
    }

    /// Providers as they are at this block, computed rather than read.
    pub trait ProvidersApi {
        /// The grade of a provider; `None` when it is not registered.
        fn tier(provider: ProviderId) -> Option<Tier>;
    }

    /// What the heartbeat service of a node needs, and what attestation has found.
    pub trait AttestationApi {
        /// The provider that sends heartbeats with this ed25519 key.
        fn heartbeat_provider(key: [u8; 32]) -> Option<ProviderId>;
        /// Lengths of attestation epochs and deadlines.
        fn attestation_times() -> AttestationTimes;
        /// The first block that no verdict covers.
        fn judged_until() -> BlockNumber;
        /// Availability and service score of a provider at this block: zero for one of whom nothing is known.
        fn standings(provider: ProviderId) -> Standings;
    }
}
