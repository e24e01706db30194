//! Providers and what they ask for.

use crate::{Balance, BlockNumber, LeaseId, Place, Ppm, PriceSchedule, Resources};
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
/// Where abuse of a provider's capacity is reported: an address of mail or of a page, ASCII.
pub type AbuseContact = BoundedVec<u8, ConstU32<128>>;
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

/// Grade of a provider, from its stake and its attested availability. A higher one includes the lower.
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
pub enum Tier {
    /// The least stake.
    #[default]
    #[codec(index = 0)]
    Basic,
    /// More stake, and attested for some time.
    #[codec(index = 1)]
    Standard,
    /// For what must not stop.
    #[codec(index = 2)]
    Premium,
}

/// Which tenants an ask is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Tenants<AccountId> {
    /// For everybody.
    #[default]
    #[codec(index = 0)]
    All,
    /// For these only.
    #[codec(index = 1)]
    Only(BoundedVec<AccountId, ConstU32<16>>),
    /// For everybody but these.
    #[codec(index = 2)]
    Except(BoundedVec<AccountId, ConstU32<16>>),
}

impl<AccountId: PartialEq> Tenants<AccountId> {
    /// Is it for `tenant`?
    pub fn admit(&self, tenant: &AccountId) -> bool {
        match self {
            Self::All => true,
            Self::Only(list) => list.contains(tenant),
            Self::Except(list) => !list.contains(tenant),
        }
    }
}

/// What an operator publishes: at what price and on what terms its provider's pool is leased.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct AskTerms<AccountId> {
    /// Price of each resource.
    pub prices: PriceSchedule,
    /// What orders may select by, for example `host=akash`, sorted by key.
    pub attributes: Attributes,
    /// Where it runs.
    pub place: Place,
    /// How tenants are kept apart.
    pub isolation: Isolation,
    /// The shortest and the longest term that is leased; an order without a term needs `longest` to be none.
    pub terms: TermLimits,
    /// First block at which the ask is no longer taken; none for an ask that stands until it is withdrawn.
    pub valid_until: Option<BlockNumber>,
    /// For whom it is.
    pub tenants: Tenants<AccountId>,
    /// Blocks of presence between the provider's notice and the end of a lease.
    pub notice: BlockNumber,
    /// Part of each SLA window in which the provider promises to be present.
    pub sla: Ppm,
}

/// Limits of a lease's term, in blocks.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct TermLimits {
    /// The shortest.
    pub shortest: BlockNumber,
    /// The longest; none for no limit.
    pub longest: Option<BlockNumber>,
}

impl TermLimits {
    /// Is a lease of this term, or of open end, taken?
    pub fn admit(&self, term: Option<BlockNumber>) -> bool {
        match term {
            Some(term) => term >= self.shortest && self.longest.is_none_or(|longest| term <= longest),
            None => self.longest.is_none(),
        }
    }
}

/// A standing ask. Capacity itself is one pool per provider.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Ask<AccountId> {
    /// Whose.
    pub provider: ProviderId,
    /// What was published.
    pub terms: AskTerms<AccountId>,
}

/// What an ask offers at this block: its terms, and what is known of its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer<AccountId> {
    /// Who provides.
    pub provider: ProviderId,
    /// Who is paid, and acts for the provider.
    pub operator: AccountId,
    /// Terms of the ask. Expired asks make no offer.
    pub terms: AskTerms<AccountId>,
    /// What is not leased, and zero for a provider that takes no new leases.
    pub free: Resources,
    /// Rate per block that the stake still backs: the sum of the rates of all leases is kept in proportion to it.
    pub backed_rate: Balance,
}

impl<AccountId> Offer<AccountId> {
    /// Rate per block for `resources`, `None` on overflow and for what is not offered.
    pub fn rate(&self, resources: &Resources) -> Option<Balance> {
        self.terms.prices.rate(resources)
    }
}

/// What proves that a provider is to be slashed. Who slashes has checked it; it is made public, so that everybody can
/// check it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum SlashProof {
    /// The provider signed two claims about one lease that contradict each other.
    #[codec(index = 0)]
    DoubleClaim {
        /// Which lease.
        lease: LeaseId,
        /// BLAKE2-256 of each claim.
        claims: [[u8; 32]; 2],
    },
    /// Attestation found it absent beyond the limit of its SLA while a lease ran.
    #[codec(index = 1)]
    Abandonment {
        /// Which lease.
        lease: LeaseId,
        /// First block of the window that was judged.
        from: BlockNumber,
        /// First block after it.
        to: BlockNumber,
        /// Blocks of the window in which it was absent.
        absent: BlockNumber,
    },
    /// A dispute was decided against it.
    #[codec(index = 2)]
    Verdict {
        /// BLAKE2-256 of the evidence.
        evidence: [u8; 32],
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn asks_are_for_whom_they_name() {
        let list = BoundedVec::truncate_from(vec![1u64, 2]);
        for (tenants, admitted) in [
            (Tenants::All, [true, true]),
            (Tenants::Only(list.clone()), [true, false]),
            (Tenants::Except(list), [false, true]),
        ] {
            assert_eq!([tenants.admit(&1), tenants.admit(&3)], admitted, "{tenants:?}");
        }
    }

    #[test]
    fn terms_lie_within_their_limits() {
        let limits = |shortest, longest| TermLimits { shortest, longest };
        for (limits, term, admitted) in [
            (limits(0, None), None, true),
            (limits(10, None), None, true),
            (limits(0, Some(10)), None, false),
            (limits(5, Some(10)), Some(4), false),
            (limits(5, Some(10)), Some(5), true),
            (limits(5, Some(10)), Some(10), true),
            (limits(5, Some(10)), Some(11), false),
            (limits(5, None), Some(BlockNumber::MAX), true),
        ] {
            assert_eq!(limits.admit(term), admitted, "{limits:?} {term:?}");
        }
    }

    #[test]
    fn higher_tiers_and_isolations_include_the_lower() {
        assert!(Tier::Basic < Tier::Standard && Tier::Standard < Tier::Premium);
        assert!(Isolation::SharedKernel < Isolation::Gvisor && Isolation::Gvisor < Isolation::Kata);
    }
}
