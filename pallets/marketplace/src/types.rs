//! Records of the marketplace.

use alloc::boxed::Box;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use perigee_primitives::{
    traits::EscrowTotals, AskId, Balance, BlockNumber, CloseReason, Commitment, DeploymentId, FeeRate, LeaseId,
    NamedAsks, Ppm, ProviderId, Region, Requirements, Resources, MAX_ASKS, MAX_GROUPS,
};
use scale_info::TypeInfo;

/// Leases that a deployment may come to have: one for each ask of each group.
pub const MAX_LEASES: u32 = MAX_GROUPS * MAX_ASKS;
/// Leases that one report of tear-down covers.
pub const MAX_TORN_DOWN: u32 = 16;
/// Leases that one call settles.
pub const MAX_SETTLED: u32 = 16;
/// Changes of a lease's terms that wait beyond the first unjudged block.
pub const MAX_PENDING_SEGMENTS: u32 = 4;
/// Segments kept: those that wait, the one in force, and those that the end by funds may still ask about.
pub const MAX_SEGMENTS: u32 = 8;

/// SLA windows with absences that are counted at once: a week's. What is left is counted in the next block, so that no
/// look at a lease costs much.
pub const MAX_SLA_WINDOWS: u32 = 8;

/// A block number whose encoding sorts like the number: the keys of the agenda.
pub type SortedBlock = [u8; 4];

/// What is left of an order while its lease waits for activation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct OrderRest<AccountId> {
    /// The asks behind the one that was taken; at least one.
    pub asks: NamedAsks,
    /// The highest rate per block that the tenant pays.
    pub max_rate: Balance,
    /// What is asked of the provider.
    pub requirements: Requirements<AccountId>,
}

/// What a lease must be apart from.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Spread {
    /// From the leases of its deployment with the same number.
    pub number: u8,
    /// The region in which it lies.
    pub region: Region,
}

/// What a tenant claims when closing a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Claim {
    /// The provider has been absent for so long that its leases are abandoned.
    #[codec(index = 0)]
    Abandoned,
}

/// A tenant's application.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Deployment<AccountId, Ticket> {
    /// Who pays.
    pub owner: AccountId,
    /// Its leases that still have a record.
    pub leases: BoundedVec<LeaseId, ConstU32<MAX_LEASES>>,
    /// When it was opened.
    pub opened_at: BlockNumber,
    /// To whom its owner offers it.
    pub offered_to: Option<AccountId>,
    /// The deposit for its records.
    pub ticket: Ticket,
}

/// The terms from a block on, until the next segment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Segment<AccountId> {
    /// First block.
    pub from: BlockNumber,
    /// Rate per block, as agreed.
    pub rate: Balance,
    /// Who earns it.
    pub payee: AccountId,
    /// The fee's rate.
    pub fee: FeeRate,
    /// The tenant wants it to rest: it costs nothing.
    pub paused: bool,
    /// The operator says that it does not run: nothing is billed.
    pub unready: bool,
}

/// How far a lease is billed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Bill<AccountId> {
    /// Segments in the order of their first block, from the first that anybody may still ask about. Empty before
    /// activation.
    pub segments: BoundedVec<Segment<AccountId>, ConstU32<MAX_SEGMENTS>>,
    /// First block that is not billed yet.
    pub billed_until: BlockNumber,
    /// At every boundary up to this block the balance sufficed, for good: W blocks have passed since.
    pub funded_until: BlockNumber,
    /// Blocks before `billed_until` that were not billed.
    pub unbilled_blocks: BlockNumber,
    /// What pauses leave unpaid, those ahead included.
    pub forgone: Balance,
}

/// A provider's notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Notice {
    /// The end is not known yet.
    #[codec(index = 0)]
    Counting {
        /// Blocks that must be served before the last W blocks begin.
        owed: BlockNumber,
        /// All blocks before are counted.
        counted_until: BlockNumber,
    },
    /// The end is known.
    #[codec(index = 1)]
    Ends {
        /// The first block that is not billed.
        at: BlockNumber,
    },
}

/// How the provider keeps its SLA in one lease.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SlaCount {
    /// All blocks before are counted.
    pub counted_until: BlockNumber,
    /// Absences in the window that holds `counted_until`.
    pub absent: BlockNumber,
    /// More absences than promised were found in a window.
    pub broken: bool,
    /// What was due to the tenant for them.
    pub due: Balance,
    /// What the bond paid of it.
    pub credited: Balance,
    /// The lowest rate so far of the window that holds `counted_until`.
    pub lowest: Balance,
    /// The lowest rate of the window before, and of those before it since the last that did not end with an absence.
    pub lowest_before: Balance,
}

/// What became of the reservation fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Reservation {
    /// Held at the tenant.
    #[codec(index = 0)]
    Held(Balance),
    /// Returned to the tenant.
    #[codec(index = 1)]
    Returned(Balance),
    /// Burned.
    #[codec(index = 2)]
    Burned(Balance),
}

/// Where a lease is in its life, as processed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Stage {
    /// Opened.
    #[codec(index = 0)]
    Pending {
        /// First block at which activation is too late.
        activate_by: BlockNumber,
        /// Has somebody shown that the provider held the manifest early enough?
        receipt: bool,
    },
    /// Activated.
    #[codec(index = 1)]
    Active {
        /// Billed from this block on.
        since: BlockNumber,
        /// The block at which the agreed term is over.
        term_end: Option<BlockNumber>,
        /// The provider's notice, if it was given.
        notice: Option<Notice>,
    },
    /// Ended, and its end was processed.
    #[codec(index = 2)]
    Ended {
        /// Billed from this block on; none when it was never activated.
        since: Option<BlockNumber>,
        /// First block that is not billed.
        at: BlockNumber,
        /// Why.
        reason: CloseReason,
        /// The block at which the end was processed.
        processed_at: BlockNumber,
        /// Final totals, once the tail is judged and settled.
        totals: Option<EscrowTotals>,
    },
}

/// A lease. Its escrow account has the same id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Lease<AccountId> {
    /// Its deployment.
    pub deployment: DeploymentId,
    /// Which of the deployment's groups it serves.
    pub group: u8,
    /// Who pays.
    pub owner: AccountId,
    /// Who provides.
    pub provider: ProviderId,
    /// The ask that it was opened at.
    pub ask: AskId,
    /// What is leased.
    pub resources: Resources,
    /// Commitment to the manifest.
    pub commitment: Commitment,
    /// Rate per block.
    pub rate: Balance,
    /// Who earns it.
    pub payee: AccountId,
    /// The fee's rate.
    pub fee: FeeRate,
    /// Blocks after activation at which it ends.
    pub term: Option<BlockNumber>,
    /// Blocks of presence between the provider's notice and the end, as the ask promised.
    pub notice: BlockNumber,
    /// Part of each SLA window in which the provider promised to be present.
    pub sla: Ppm,
    /// What it must be apart from.
    pub spread: Option<Spread>,
    /// What takes over if it is not activated; none after activation.
    pub rest: Option<Box<OrderRest<AccountId>>>,
    /// When it was opened.
    pub opened_at: BlockNumber,
    /// Where it is in its life.
    pub stage: Stage,
    /// How far it is billed.
    pub bill: Bill<AccountId>,
    /// How the SLA is kept.
    pub sla_count: SlaCount,
    /// The tenant was warned of the end by funds that is ahead.
    pub warned: bool,
    /// What became of the reservation fee.
    pub reservation: Reservation,
    /// Does it still take capacity of the provider?
    pub capacity_held: bool,
    /// The block at which the agenda looks at it.
    pub wake: BlockNumber,
}
