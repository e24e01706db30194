//! Tiers. Pure.

use crate::TierRule;
use perigee_primitives::{Balance, BlockNumber, Ppm, Tier};

impl TierRule {
    /// Does a provider of this stake, availability and age keep it?
    fn is_kept(&self, stake: Balance, availability: Ppm, age: BlockNumber) -> bool {
        stake >= self.stake && availability >= self.availability && age >= self.age
    }

    /// Does it ask at least as much as `other`, in everything?
    pub(crate) fn includes(&self, other: &Self) -> bool {
        other.is_kept(self.stake, self.availability, self.age)
    }
}

/// The highest tier whose rule is kept. The rules are those of `Standard` and `Premium`.
pub(crate) fn tier(rules: &[TierRule; 2], stake: Balance, availability: Ppm, age: BlockNumber) -> Tier {
    let [standard, premium] = rules;
    if premium.is_kept(stake, availability, age) {
        Tier::Premium
    } else if standard.is_kept(stake, availability, age) {
        Tier::Standard
    } else {
        Tier::Basic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [TierRule; 2] = [
        TierRule {
            stake: 200,
            availability: 950_000,
            age: 10,
        },
        TierRule {
            stake: 500,
            availability: 999_000,
            age: 100,
        },
    ];

    #[test]
    fn a_tier_needs_stake_availability_and_age() {
        for (stake, availability, age, expected) in [
            (500, 999_000, 100, Tier::Premium),
            (499, 999_000, 100, Tier::Standard),
            (500, 998_999, 100, Tier::Standard),
            (500, 999_000, 99, Tier::Standard),
            (200, 950_000, 10, Tier::Standard),
            (199, 950_000, 10, Tier::Basic),
            (200, 949_999, 10, Tier::Basic),
            (200, 950_000, 9, Tier::Basic),
        ] {
            assert_eq!(
                tier(&RULES, stake, availability, age),
                expected,
                "{stake} {availability} {age}"
            );
        }
    }

    #[test]
    fn a_higher_tier_includes_the_lower() {
        let [standard, premium] = RULES;
        assert!(premium.includes(&standard));
        assert!(!standard.includes(&premium));
    }
}
