//! What a tenant orders, and why an ask does not take it.

use crate::{AskId, Balance, BlockNumber, Commitment, Requirements, Resources, Unmet};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// Groups of a deployment.
pub const MAX_GROUPS: u32 = 8;
/// Asks that an order names.
pub const MAX_ASKS: u32 = 4;

/// Asks in the order of preference.
pub type NamedAsks = BoundedVec<AskId, ConstU32<MAX_ASKS>>;

/// What a tenant orders for one group of a deployment: one lease's worth of compute.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct GroupOrder<AccountId> {
    /// How much.
    pub resources: Resources,
    /// `blake2_256(nonce ‖ manifest hash)`.
    pub commitment: Commitment,
    /// Asks, in the order of preference: the lease opens at the first that fits. When its provider declines or does
    /// not show up, the next one takes over.
    pub asks: NamedAsks,
    /// The highest rate per block that the tenant pays.
    pub max_rate: Balance,
    /// The first deposit: at least `rate × (W + E)`, and with a term `rate × (term + W + E)`.
    pub deposit: Balance,
    /// Blocks after activation at which the lease ends; none for an open end.
    pub term: Option<BlockNumber>,
    /// What is asked of the provider.
    pub requirements: Requirements<AccountId>,
}

/// Why an ask does not take an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Refusal {
    /// There is no such ask: it has expired, was withdrawn, or never was.
    #[codec(index = 0)]
    Gone,
    /// It is not for this tenant.
    #[codec(index = 1)]
    Tenant,
    /// Its limits do not admit the term, or the open end.
    #[codec(index = 2)]
    Term,
    /// It costs more than `max_rate`, or nothing.
    #[codec(index = 3)]
    Price {
        /// Rate per block; none where a GPU model is not offered, or where the rate overflows.
        rate: Option<Balance>,
    },
    /// A requirement is not met.
    #[codec(index = 4)]
    Requirement(Unmet),
    /// Another lease that this one must be apart from lies at the same operator or in the same region, or the ask
    /// does not state its region.
    #[codec(index = 5)]
    Spread,
    /// Not enough of the provider's capacity is free.
    #[codec(index = 6)]
    Capacity,
    /// The provider's stake does not back the rate beside what is leased already.
    #[codec(index = 7)]
    Stake,
    /// The deposit does not cover W + E blocks at the rate, plus the term where there is one.
    #[codec(index = 8)]
    Deposit {
        /// The least that does; none where it overflows.
        least: Option<Balance>,
    },
    /// The provider's bond pool does not hold the bond.
    #[codec(index = 9)]
    Bond {
        /// The bond; none where it overflows.
        needed: Option<Balance>,
    },
}
