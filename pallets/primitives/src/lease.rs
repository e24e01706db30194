//! Leases as every part of Perigee sees them.

use crate::{Balance, BlockNumber, ProviderId, Resources};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Number of a deployment; never reused.
pub type DeploymentId = u64;
/// Number of a lease; never reused.
pub type LeaseId = u64;
/// `blake2_256(nonce ‖ manifest hash)`: 32 bytes of nonce, 32 bytes of SHA-256.
pub type Commitment = [u8; 32];

/// Why a lease ended: who ended it, and whose fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum CloseReason {
    /// The tenant closed it.
    #[codec(index = 0)]
    ClosedByTenant,
    /// The provider gave notice, and the notice is over.
    #[codec(index = 1)]
    ClosedByProvider,
    /// The provider declined before activation.
    #[codec(index = 2)]
    Declined(DeclineReason),
    /// Not activated in time, and no receipt shows that the provider held the manifest early enough.
    #[codec(index = 3)]
    ActivationMissed,
    /// The deposit ran out.
    #[codec(index = 4)]
    FundsEnded,
    /// The time agreed at opening was over.
    #[codec(index = 5)]
    TermEnded,
    /// Not activated in time although the provider had signed for the manifest.
    #[codec(index = 6)]
    NoShow,
    /// The tenant closed it for absence that attestation confirms.
    #[codec(index = 7)]
    Abandoned,
    /// Governance took it down; the hash of the evidence.
    #[codec(index = 8)]
    TakenDown([u8; 32]),
    /// The operator stopped it for abuse at once; the hash of the evidence. Nobody judged the claim.
    #[codec(index = 9)]
    StoppedForAbuse([u8; 32]),
}

/// One side of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Party {
    /// Who pays.
    #[codec(index = 0)]
    Tenant,
    /// Who provides.
    #[codec(index = 1)]
    Provider,
    /// Governance.
    #[codec(index = 2)]
    Governance,
}

impl CloseReason {
    /// Who ended it; nobody where time or money ran out.
    pub fn ended_by(&self) -> Option<Party> {
        match self {
            Self::ClosedByTenant | Self::Abandoned => Some(Party::Tenant),
            Self::ClosedByProvider | Self::Declined(_) | Self::StoppedForAbuse(_) => Some(Party::Provider),
            Self::TakenDown(_) => Some(Party::Governance),
            Self::ActivationMissed | Self::NoShow | Self::FundsEnded | Self::TermEnded => None,
        }
    }

    /// Whose fault it was, as far as the chain can tell.
    pub fn fault(&self) -> Option<Party> {
        match self {
            Self::NoShow | Self::Abandoned => Some(Party::Provider),
            Self::Declined(DeclineReason::NoCapacity | DeclineReason::ClusterError) => Some(Party::Provider),
            Self::Declined(DeclineReason::NoManifest | DeclineReason::TenantWorkload) | Self::TakenDown(_) => {
                Some(Party::Tenant)
            }
            Self::ClosedByTenant
            | Self::ClosedByProvider
            | Self::ActivationMissed
            | Self::FundsEnded
            | Self::TermEnded
            | Self::StoppedForAbuse(_) => None,
        }
    }
}

/// Why a provider declines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum DeclineReason {
    /// Capacity was measured too high.
    #[codec(index = 0)]
    NoCapacity,
    /// No manifest came.
    #[codec(index = 1)]
    NoManifest,
    /// The tenant's image cannot be pulled or crashes: the tenant's fault.
    #[codec(index = 2)]
    TenantWorkload,
    /// The cluster refused the workload.
    #[codec(index = 3)]
    ClusterError,
}

/// Where a lease is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum LeasePhase {
    /// Opened, waiting for the provider to activate it.
    #[codec(index = 0)]
    Pending {
        /// First block at which activation is too late.
        activate_by: BlockNumber,
    },
    /// Running; billed from this block on.
    #[codec(index = 1)]
    Active {
        /// Billed from this block on.
        since: BlockNumber,
    },
    /// Over; the tail may still wait for its verdicts.
    #[codec(index = 2)]
    Ended {
        /// First block that is not billed.
        at: BlockNumber,
        /// Why.
        reason: CloseReason,
    },
}

/// A lease at the current block, computed: what a settlement now would find.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct LeaseState<AccountId> {
    /// Its deployment.
    pub deployment: DeploymentId,
    /// Who pays.
    pub owner: AccountId,
    /// Who provides.
    pub provider: ProviderId,
    /// What is leased.
    pub resources: Resources,
    /// Rate per block.
    pub rate: Balance,
    /// Commitment to the manifest.
    pub commitment: Commitment,
    /// Where it is in its life, by arithmetic: an end that is effective but not yet processed shows as ended.
    pub phase: LeasePhase,
    /// The block at which it ends if every block from now on is billed and nothing else happens.
    pub runs_until: Option<BlockNumber>,
    /// First block that no verdict covers yet.
    pub judged_until: BlockNumber,
    /// All that was ever deposited.
    pub deposited: Balance,
    /// Billed so far, fee included, up to `judged_until`.
    pub billed: Balance,
    /// The fee's part of `billed`.
    pub fee: Balance,
    /// Blocks since activation that were not billed.
    pub unbilled_blocks: BlockNumber,
    /// What would come back if it were closed now and every unjudged block were billed.
    pub refundable: Balance,
    /// Has the tail been judged, and everything been settled and paid out or credited?
    pub settled: bool,
    /// Paid out or credited to the provider.
    pub to_provider: Balance,
    /// Returned to the depositor.
    pub refunded: Balance,
    /// Of the reservation fee: still held.
    pub reservation_held: Balance,
    /// Of the reservation fee: burned.
    pub reservation_burned: Balance,
}
