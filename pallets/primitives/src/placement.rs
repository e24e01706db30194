//! What an order asks of a provider, and whether an offer meets it. Pure: the chain and the clients decide alike.

use crate::{AttributeText, Attributes, Isolation, Offer, Ppm, ProviderId, Tier};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// ISO 3166-1 alpha-2 code of a country, upper case.
pub type Country = [u8; 2];
/// Name of a region, for example `eu-west`.
pub type Region = AttributeText;

/// Where capacity is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Place {
    /// The country, if it is stated.
    pub country: Option<Country>,
    /// The region; empty if it is not stated.
    pub region: Region,
}

/// A list of what is allowed and one of what is not.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Filter<V> {
    /// If it is not empty, only these.
    pub allow: BoundedVec<V, ConstU32<16>>,
    /// Never these.
    pub deny: BoundedVec<V, ConstU32<16>>,
}

impl<V> Default for Filter<V> {
    fn default() -> Self {
        Self {
            allow: BoundedVec::new(),
            deny: BoundedVec::new(),
        }
    }
}

impl<V: PartialEq> Filter<V> {
    /// Does it let `value` pass? What is not stated passes only where nothing is asked.
    pub fn admits(&self, value: Option<&V>) -> bool {
        match value {
            Some(value) => !self.deny.contains(value) && (self.allow.is_empty() || self.allow.contains(value)),
            None => self.allow.is_empty() && self.deny.is_empty(),
        }
    }
}

/// Patterns that an order names.
pub const MAX_PATTERNS: u32 = 16;
/// Auditors of each kind that an order names.
pub const MAX_AUDITORS: u32 = 4;

/// Attributes whose keys may hold `*` for any run of characters.
pub type AttributePatterns = BoundedVec<(AttributeText, AttributeText), ConstU32<MAX_PATTERNS>>;

/// What an order asks of the provider, beside resources and price.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Requirements<AccountId> {
    /// Each must be met by an attribute of the ask.
    pub attributes: AttributePatterns,
    /// Each of these auditors must have signed the provider's attributes, as far as this order asks for them.
    pub all_of: BoundedVec<AccountId, ConstU32<MAX_AUDITORS>>,
    /// One of these auditors must have, unless none is named.
    pub any_of: BoundedVec<AccountId, ConstU32<MAX_AUDITORS>>,
    /// Where it may run, by country.
    pub countries: Filter<Country>,
    /// Where it may run, by region.
    pub regions: Filter<Region>,
    /// Least attested availability.
    pub availability: Ppm,
    /// Least service score, by its lower bound.
    pub service: Ppm,
    /// Least tier.
    pub tier: Tier,
    /// Least isolation.
    pub isolation: Isolation,
    /// Leases of one deployment with the same number are spread over distinct operators and regions.
    pub spread: Option<u8>,
}

impl<AccountId> Default for Requirements<AccountId> {
    fn default() -> Self {
        Self {
            attributes: BoundedVec::new(),
            all_of: BoundedVec::new(),
            any_of: BoundedVec::new(),
            countries: Filter::default(),
            regions: Filter::default(),
            availability: 0,
            service: 0,
            tier: Tier::default(),
            isolation: Isolation::default(),
            spread: None,
        }
    }
}

/// What attestation and past leases say of a provider.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Standings {
    /// Part of the judged time of the last 30 days in which it was present.
    pub availability: Ppm,
    /// Lower bound of the service score.
    pub service: Ppm,
}

/// Which condition an offer does not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Unmet {
    /// The attribute pattern of this index.
    Attribute(u32),
    /// A signature of an auditor is missing, expired or revoked.
    Audit,
    /// The country.
    Country,
    /// The region.
    Region,
    /// The attested availability.
    Availability,
    /// The service score.
    Service,
    /// The tier.
    Tier,
    /// The isolation.
    Isolation,
}

impl<AccountId> Requirements<AccountId> {
    /// Does it ask for what attestation and past leases say of the provider?
    pub fn asks_for_standings(&self) -> bool {
        self.availability > 0 || self.service > 0 || self.tier > Tier::default()
    }

    /// The first condition that `offer` of a provider of `tier` does not meet. `has_signed` tells whether an auditor's signature over these
    /// attributes of the provider is valid now; it is asked last, and only if everything else is met.
    pub fn unmet(
        &self,
        offer: &Offer<AccountId>,
        standings: &Standings,
        tier: Tier,
        has_signed: impl Fn(&AccountId, ProviderId, &AttributePatterns) -> bool,
    ) -> Option<Unmet> {
        let signed = |auditor: &AccountId| has_signed(auditor, offer.provider, &self.attributes);
        let audited = || self.all_of.iter().all(signed) && (self.any_of.is_empty() || self.any_of.iter().any(signed));
        self.unmet_attribute(&offer.terms.attributes)
            .or_else(|| self.unmet_by_figures(offer, standings, tier))
            .or_else(|| (!audited()).then_some(Unmet::Audit))
    }

    fn unmet_attribute(&self, attributes: &Attributes) -> Option<Unmet> {
        let missing = self
            .attributes
            .iter()
            .position(|pattern| !is_met(pattern, attributes))?;
        Some(Unmet::Attribute(missing as u32))
    }

    fn unmet_by_figures(&self, offer: &Offer<AccountId>, standings: &Standings, tier: Tier) -> Option<Unmet> {
        let Place { country, region } = &offer.terms.place;
        let region = Some(region).filter(|region| !region.is_empty());
        let checks = [
            (self.countries.admits(country.as_ref()), Unmet::Country),
            (self.regions.admits(region), Unmet::Region),
            (standings.availability >= self.availability, Unmet::Availability),
            (standings.service >= self.service, Unmet::Service),
            (tier >= self.tier, Unmet::Tier),
            (offer.terms.isolation >= self.isolation, Unmet::Isolation),
        ];
        checks.into_iter().find(|(met, _)| !met).map(|(_, unmet)| unmet)
    }
}

/// Does one of `attributes` meet the pattern?
pub fn is_met((key, value): &(AttributeText, AttributeText), attributes: &Attributes) -> bool {
    attributes.iter().any(|(k, v)| v == value && glob(key, k))
}

/// Does `text` match `pattern`, in which `*` stands for any run of bytes? Linear in the product of the lengths at
/// worst, both at most 64.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on when the run that the last star took was too short.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(byte) if *byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => match retry {
                Some((after_star, taken)) => {
                    (p, t) = (after_star, taken + 1);
                    retry = Some((after_star, taken + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AskTerms;
    use alloc::vec;

    #[test]
    fn stars_stand_for_any_run() {
        for (pattern, text, matches) in [
            ("host", "host", true),
            ("host", "hosts", false),
            ("capabilities/gpu/*", "capabilities/gpu/vendor/nvidia", true),
            ("*/nvidia/*/model", "gpu/nvidia/x/y/model", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), matches, "{pattern} {text}");
        }
    }

    fn text(s: &str) -> AttributeText {
        AttributeText::truncate_from(s.as_bytes().to_vec())
    }

    fn pairs<const N: u32>(all: &[(&str, &str)]) -> BoundedVec<(AttributeText, AttributeText), ConstU32<N>> {
        BoundedVec::truncate_from(all.iter().map(|(key, value)| (text(key), text(value))).collect())
    }

    /// An offer of middling quality in Germany.
    fn offer() -> Offer<u64> {
        Offer {
            provider: 3,
            operator: 1,
            terms: AskTerms {
                prices: Default::default(),
                attributes: pairs(&[("host", "akash"), ("tier", "community")]),
                place: Place {
                    country: Some(*b"DE"),
                    region: text("eu-central"),
                },
                isolation: Isolation::Gvisor,
                terms: Default::default(),
                valid_until: None,
                tenants: Default::default(),
                notice: 10,
                sla: 0,
            },
            free: Default::default(),
            backed_rate: 0,
        }
    }

    const STANDINGS: Standings = Standings {
        availability: 990_000,
        service: 700_000,
    };

    /// Auditor 7 signed everything, nobody else signed.
    fn unmet(requirements: &Requirements<u64>) -> Option<Unmet> {
        requirements.unmet(&offer(), &STANDINGS, Tier::Standard, |auditor, provider, _| {
            (*auditor, provider) == (7, 3)
        })
    }

    #[test]
    fn who_asks_for_nothing_takes_any_offer() {
        assert_eq!(unmet(&Requirements::default()), None);
    }

    #[test]
    fn what_is_just_met_is_met() {
        let requirements = Requirements {
            attributes: pairs(&[("h*", "akash"), ("tier", "community")]),
            all_of: BoundedVec::truncate_from(vec![7]),
            any_of: BoundedVec::truncate_from(vec![8, 7]),
            countries: Filter {
                allow: BoundedVec::truncate_from(vec![*b"DE"]),
                ..Default::default()
            },
            regions: Filter {
                deny: BoundedVec::truncate_from(vec![text("us-east")]),
                ..Default::default()
            },
            availability: 990_000,
            service: 700_000,
            tier: Tier::Standard,
            isolation: Isolation::Gvisor,
            spread: Some(1),
        };
        assert_eq!(unmet(&requirements), None);
    }

    #[test]
    fn each_condition_is_checked_and_named() {
        type Ask = fn(&mut Requirements<u64>);
        let asked: [(Ask, Unmet); 10] = [
            (
                |r| r.attributes = pairs(&[("host", "akash"), ("host", "other")]),
                Unmet::Attribute(1),
            ),
            (|r| r.countries.deny.force_push(*b"DE"), Unmet::Country),
            (|r| r.countries.allow.force_push(*b"FR"), Unmet::Country),
            (|r| r.regions.allow.force_push(text("us-east")), Unmet::Region),
            (|r| r.availability = 990_001, Unmet::Availability),
            (|r| r.service = 700_001, Unmet::Service),
            (|r| r.tier = Tier::Premium, Unmet::Tier),
            (|r| r.isolation = Isolation::Kata, Unmet::Isolation),
            (|r| r.all_of = BoundedVec::truncate_from(vec![7, 8]), Unmet::Audit),
            (|r| r.any_of.force_push(8), Unmet::Audit),
        ];
        for (ask, expected) in asked {
            let mut requirements = Requirements::default();
            ask(&mut requirements);
            assert_eq!(unmet(&requirements), Some(expected));
        }
    }

    #[test]
    fn standings_are_asked_for_by_each_figure() {
        let asks = |ask: fn(&mut Requirements<u64>)| {
            let mut requirements = Requirements::default();
            ask(&mut requirements);
            requirements.asks_for_standings()
        };
        assert!(asks(|r| r.availability = 1) && asks(|r| r.service = 1) && asks(|r| r.tier = Tier::Standard));
        assert!(!asks(|r| r.isolation = Isolation::Kata));
    }

    #[test]
    fn auditors_are_asked_about_the_attributes_of_the_order() {
        let requirements = Requirements {
            attributes: pairs(&[("host", "akash")]),
            all_of: BoundedVec::truncate_from(vec![7]),
            ..Default::default()
        };
        let asked = |_: &u64, _, attributes: &AttributePatterns| *attributes == requirements.attributes;
        assert_eq!(requirements.unmet(&offer(), &STANDINGS, Tier::Standard, asked), None);
        let unasked = |_: &u64, _, attributes: &AttributePatterns| attributes.is_empty();
        assert_eq!(
            requirements.unmet(&offer(), &STANDINGS, Tier::Standard, unasked),
            Some(Unmet::Audit)
        );
    }

    #[test]
    fn filters_deny_before_they_allow() {
        let list = |all: &[Country]| BoundedVec::truncate_from(all.to_vec());
        let filter = Filter {
            allow: list(&[*b"DE", *b"FR"]),
            deny: list(&[*b"FR"]),
        };
        assert!(filter.admits(Some(b"DE")));
        assert!(!filter.admits(Some(b"FR")));
        assert!(!filter.admits(Some(b"US")));
        assert!(!filter.admits(None));
        assert!(Filter::<Country>::default().admits(None));
    }
}
