//! Leases as every part of Perigee sees them.

use crate::{AskId, Balance, BlockNumber, ProviderId, Resources};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Number of a deployment; never reused. The chain counts all such numbers, so that nobody chooses them: they are
/// storage keys as they are (`Identity`), which keeps the state small.
pub type DeploymentId = u64;
/// Number of a lease; never reused.
pub type LeaseId = u64;
/// `blake2_256(nonce ‖ manifest hash)`: 32 bytes of nonce, 32 bytes of SHA-256.
pub type Commitment = [u8; 32];

/// What a provider's heartbeat key signs when its gateway has received a manifest: a receipt of what `commitment`
/// commits to, for `lease`, received at block `received_at` of the chain of `genesis`.
pub fn receipt_message(
    genesis: &[u8; 32],
    lease: LeaseId,
    commitment: &Commitment,
    received_at: BlockNumber,
) -> Vec<u8> {
    (*b"perigee/receipt/1", genesis, lease, commitment, received_at).encode()
}

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

    /// Does the next ask that the order names take over?
    pub fn moves_on(&self) -> bool {
        match self {
            Self::NoShow => true,
            Self::Declined(reason) => *reason != DeclineReason::TenantWorkload,
            _ => false,
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
    /// Which of the deployment's groups it serves, counted from zero. A lease that takes over serves the same.
    pub group: u8,
    /// Who pays.
    pub owner: AccountId,
    /// Who provides.
    pub provider: ProviderId,
    /// The ask that it was opened at.
    pub ask: AskId,
    /// Asks that take over, in this order, if the provider declines or does not show up.
    pub asks_left: Vec<AskId>,
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
    /// The block at which the agreed time of an active lease is over.
    pub term_end: Option<BlockNumber>,
    /// What the provider has at stake for it: pays the tenant when the lease is not served.
    pub bond: Balance,
    /// First block that no verdict covers yet.
    pub judged_until: BlockNumber,
    /// All that was ever deposited.
    pub deposited: Balance,
    /// Billed so far, fee included, up to `judged_until`.
    pub billed: Balance,
    /// The fee's part of `billed`.
    pub fee: Balance,
    /// Blocks since activation in which the provider was not present, up to `judged_until`.
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
    /// The tenant lets it rest in this block: it costs nothing.
    pub paused: bool,
    /// The operator says that its workload does not run in this block: nothing is billed.
    pub unready: bool,
    /// For how many blocks it may be paused now; none while it is, or is going to be.
    pub longest_pause: BlockNumber,
    /// The next block at which its terms change.
    pub next_change: Option<BlockNumber>,
    /// The block at which it ends by the provider's notice, if the provider is present until then.
    pub notice_end: Option<BlockNumber>,
    /// What the bond has paid to the tenant for absences beyond the SLA.
    pub credits_paid: Balance,
    /// Was the SLA broken?
    pub sla_broken: bool,
}

/// How far the marketplace's agenda lags behind.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Backlog {
    /// The block at which the earliest entry that waits was due.
    pub oldest_due: Option<BlockNumber>,
    /// Entries that are due, counted up to [`MAX_BACKLOG`].
    pub due: u32,
}

/// Entries of the agenda that are counted at most.
pub const MAX_BACKLOG: u32 = 20_000;

impl<AccountId> LeaseState<AccountId> {
    /// Whose fault its end was, if it has ended and as far as the chain can tell.
    pub fn fault(&self) -> Option<Party> {
        match self.phase {
            LeasePhase::Ended { reason, .. } => reason.fault(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_signs_fixed_bytes() {
        let message = receipt_message(&[7; 32], 5, &[1; 32], 42);
        let expected = [
            b"perigee/receipt/1".as_slice(),
            &[7; 32],
            &5u64.to_le_bytes(),
            &[1; 32],
            &42u32.to_le_bytes(),
        ];
        assert_eq!(message, expected.concat());
    }

    #[test]
    fn the_next_ask_takes_over_unless_the_workload_is_at_fault() {
        use DeclineReason::*;
        for reason in [NoCapacity, NoManifest, ClusterError] {
            assert!(CloseReason::Declined(reason).moves_on());
        }
        assert!(CloseReason::NoShow.moves_on());
        assert!(!CloseReason::Declined(TenantWorkload).moves_on());
        assert!(!CloseReason::ActivationMissed.moves_on());
        assert!(!CloseReason::ClosedByTenant.moves_on());
    }
}
