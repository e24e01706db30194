//! Records.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use perigee_primitives::{AbuseContact, Attributes, Balance, BlockNumber, GatewayAddress, Ppm, Resources, TlsPins};
use scale_info::TypeInfo;

/// Most amounts of stake of a provider that unbond at once: who unbonds once a day waits for none.
pub const MAX_UNBONDING: u32 = 8;

/// A block number as a storage key that sorts by number: big-endian.
pub type SortedBlock = [u8; 4];

/// A provider.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Provider<AccountId> {
    /// Owns it: holds stake, bond pool and deposits, and retires it.
    pub stash: AccountId,
    /// Acts for it day by day, and is paid.
    pub operator: AccountId,
    /// Signs its heartbeats and receipts.
    pub heartbeat_key: [u8; 32],
    /// The key before that one, once it was rotated.
    pub previous_key: Option<PreviousKey>,
    /// Certificates its gateway may show.
    pub pins: TlsPins,
    /// Where its gateway is.
    pub gateway: GatewayAddress,
    /// Where abuse is reported; empty if it is not stated.
    pub abuse_contact: AbuseContact,
    /// Held from the stash, without what is unbonding.
    pub stake: Balance,
    /// What it offers in all.
    pub capacity: Resources,
    /// What is leased of it.
    pub leased: Resources,
    /// The sum of the rates of its leases, per block.
    pub leased_rate: Balance,
    /// Block of its registration.
    pub registered_at: BlockNumber,
}

/// A heartbeat key that was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct PreviousKey {
    /// The key.
    pub key: [u8; 32],
    /// First block at which it was not the provider's key any more.
    pub until: BlockNumber,
}

/// Stake that leaves a provider. It can be slashed until it has left, also after the provider retired.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Unbonding<AccountId> {
    /// At whose balance it is held.
    pub stash: AccountId,
    /// The amounts, the earliest first.
    pub chunks: BoundedVec<UnbondingChunk, ConstU32<MAX_UNBONDING>>,
}

/// An amount of stake that unbonds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct UnbondingChunk {
    /// How much; never zero.
    pub amount: Balance,
    /// First block at which it can be withdrawn.
    pub release_at: BlockNumber,
}

/// The prefunded money of a provider out of which each lease gets its bond.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct BondPool {
    /// Held from the stash.
    pub total: Balance,
    /// The part of it that answers for leases.
    pub bonded: Balance,
}

impl BondPool {
    /// What answers for no lease.
    pub fn free(&self) -> Balance {
        self.total.saturating_sub(self.bonded)
    }
}

/// What an auditor signed of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Audit<Deposit> {
    /// The attributes, sorted by key.
    pub attributes: Attributes,
    /// First block at which the signature no longer counts.
    pub expires_at: BlockNumber,
    /// What the auditor pays for the record.
    pub deposit: Deposit,
}

/// What a tier asks of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct TierRule {
    /// Least stake.
    pub stake: Balance,
    /// Least attested availability.
    pub availability: Ppm,
    /// Least number of blocks since registration.
    pub age: BlockNumber,
}
