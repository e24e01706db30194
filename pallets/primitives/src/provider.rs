//! Providers and what they ask for.

use crate::{Balance, PriceSchedule, Resources};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// Index of a provider; never reused.
pub type ProviderId = u32;
/// Number of an ask; never reused.
pub type AskId = u64;

/// SHA-256 of the subject public key info of a gateway certificate.
pub type TlsPin = [u8; 32];
/// Up to two pins, so that a certificate can be replaced without a gap.
pub type TlsPins = BoundedVec<TlsPin, ConstU32<2>>;
/// `host:port` of a gateway.
pub type GatewayAddress = BoundedVec<u8, ConstU32<128>>;
/// Key or value of an attribute, ASCII.
pub type AttributeText = BoundedVec<u8, ConstU32<64>>;
/// Attributes of an ask, sorted by key.
pub type Attributes = BoundedVec<(AttributeText, AttributeText), ConstU32<32>>;

/// How tenants are kept apart.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Isolation {
    /// Containers on one kernel.
    #[default]
    #[codec(index = 0)]
    SharedKernel,
    /// A user-space kernel per pod.
    #[codec(index = 1)]
    Gvisor,
    /// A virtual machine per pod.
    #[codec(index = 2)]
    Kata,
}

/// What a heartbeat key signs to be registered by `stash` on the chain of `genesis`, so that nobody registers a key
/// that belongs to somebody else.
pub fn registration_message<AccountId: Encode>(genesis: &[u8; 32], stash: &AccountId) -> Vec<u8> {
    (*b"perigee/register/1", genesis, stash).encode()
}

/// A standing ask: what a provider takes for its capacity. Capacity itself is one pool per provider.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Ask {
    /// Whose.
    pub provider: ProviderId,
    /// Price of each resource.
    pub prices: PriceSchedule,
    /// What orders may select by, for example `region=eu-west`.
    pub attributes: Attributes,
    /// How tenants are kept apart.
    pub isolation: Isolation,
}

/// The part of an ask's terms that a lease is opened at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer<AccountId> {
    /// Who provides.
    pub provider: ProviderId,
    /// Who is paid.
    pub payee: AccountId,
    /// Price of each resource.
    pub prices: PriceSchedule,
    /// What is not leased, and zero for a provider that takes no new leases.
    pub free: Resources,
}

impl<AccountId> Offer<AccountId> {
    /// Rate per block for `resources`, `None` on overflow.
    pub fn rate(&self, resources: &Resources) -> Option<Balance> {
        self.prices.rate(resources)
    }
}
