//! The service score: what its leases say of a provider. Pure: no storage, no floats.
//!
//! Evidence is a pair (r, s) of outcomes kept and broken. Each outcome has a weight w below one:
//!
//! - w = fee / (average fee + fee): a cheap lease says little, and one without a fee nothing;
//! - in [`PERIOD_DAYS`] days a tenant adds less than one to r of a provider, and less than one to its s, whatever it
//!   pays. Failures have a share of their own, so that no success hides them;
//! - r and s halve in [`HALF_LIFE_DAYS`] days. A provider of whom nothing is heard becomes unknown, not good.
//!
//! The score is the distribution Beta(α, β) with α = 1 + r, β = 1 + s, read two standard deviations below its mean. With
//! n = α + β,
//!
//! ```text
//! score = α/n − 2 × √(αβ / (n² × (n + 1))), and 0 where that is below 0
//! ```
//!
//! rounded down to parts of a million. Nothing known is Beta(1, 1), and scores 0.
//!
//! Evidence that ages, and its reading as a Beta distribution, are those of A. Jøsang and R. Ismail, *The Beta Reputation
//! System* (2002). Mean and deviation are the distribution's own; two deviations would cut off 2.3 % of a normal
//! distribution. Where it is above 0 the bound rises in r and falls in s; as it is computed to the last digit and then
//! rounded, so does the score.

use crate::Day;
use codec::{Decode, Encode, MaxEncodedLen};
use perigee_primitives::{traits::Outcome, Balance, Ppm, MILLION};
use scale_info::TypeInfo;
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Rounding};

/// Days in which evidence halves.
pub const HALF_LIFE_DAYS: u32 = 30;
/// Days over which the share of a tenant is counted.
pub const PERIOD_DAYS: u32 = 7;
/// Shares of a provider. Tenants whose hashes meet have one together.
pub const SHARES: usize = 64;
/// No provider ever has more evidence of a kind than this: all shares used up in every period come to 483 outcomes.
pub const MOST_EVIDENCE: u64 = 512 << EVIDENCE_BITS;

/// Weight of an outcome in parts of 65,536: below one.
pub type OutcomeWeight = u16;

/// Bits of a weight behind the point.
const WEIGHT_BITS: u32 = 16;
/// Bits of evidence behind the point.
const EVIDENCE_BITS: u32 = 32;
/// So many outcomes of full weight move the average fee by 63 % of the way to a new level, as a power of two.
const AVERAGE_BITS: u32 = 8;

/// Weight of an outcome that paid `fee`, where outcomes pay `average`.
pub fn weight(fee: Balance, average: Balance) -> OutcomeWeight {
    let part = multiply_by_rational_with_rounding(fee, 1 << WEIGHT_BITS, average.saturating_add(fee), Rounding::Down);
    part.unwrap_or(0).try_into().unwrap_or(OutcomeWeight::MAX)
}

/// The average after an outcome that paid `fee`, of which `counted` counted. It moves in proportion to that, and no
/// further than for a fee of twice the average: neither many small fees nor one large fee move it much.
pub fn next_average(average: Balance, fee: Balance, counted: OutcomeWeight) -> Balance {
    let target = fee.min(average.saturating_mul(2));
    let (part, whole) = (counted.into(), 1 << (WEIGHT_BITS + AVERAGE_BITS));
    let step = multiply_by_rational_with_rounding(average.abs_diff(target), part, whole, Rounding::Down).unwrap_or(0);
    if target > average {
        average.saturating_add(step)
    } else {
        average.saturating_sub(step)
    }
}

/// The factor one: factors have 63 bits behind the point.
const ONE: u64 = 1 << 63;
/// The factors 2^(−2^k / 30), k ascending: what is left after 2^k days.
const LEFT: [u64; 11] = [
    0x7d13_93ed_b157_5dbb,
    0x7a38_3fea_d3e4_f5b9,
    0x74b3_528f_b150_b426,
    0x6a66_00dd_9086_f0bb,
    0x5871_42b8_587f_554c,
    0x3d1c_1ff5_69f2_7add,
    0x1d2c_d4a3_ec54_2d0a,
    0x06a6_600d_d908_6f0c,
    0x0058_7142_b858_7f55,
    0x0000_3d1c_1ff5_69f2,
    0x0000_0000_1d2c_d4a4,
];

/// What is left after `days`: one multiplication for each bit of it. After five years and a half nothing is.
fn left_after(days: u32) -> u64 {
    if days >> LEFT.len() != 0 {
        return 0;
    }
    let bits = LEFT.iter().enumerate().filter(|(k, _)| (days >> k) & 1 == 1);
    bits.fold(ONE, |product, (_, factor)| times(product, *factor))
}

/// `amount` × `factor`, rounded down.
fn times(amount: u64, factor: u64) -> u64 {
    ((u128::from(amount) * u128::from(factor)) >> 63) as u64
}

/// What is known of a provider, as of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Evidence {
    /// Outcomes kept, r, in parts of 2³².
    pub kept: u64,
    /// Outcomes broken, s, in parts of 2³².
    pub broken: u64,
    /// The day up to which both are aged.
    pub day: Day,
}

impl Evidence {
    /// What is left of it on `day`.
    pub fn aged(&self, day: Day) -> Self {
        let left = left_after(day.saturating_sub(self.day));
        Self {
            kept: times(self.kept, left),
            broken: times(self.broken, left),
            day: self.day.max(day),
        }
    }

    /// With an outcome of `day`, which may be a day before what is known already.
    pub fn with(&self, day: Day, outcome: Outcome, weight: OutcomeWeight) -> Self {
        let mut aged = self.aged(day);
        let whole = u64::from(weight) << (EVIDENCE_BITS - WEIGHT_BITS);
        let amount = times(whole, left_after(aged.day.saturating_sub(day)));
        let sum = match outcome {
            Outcome::Kept => &mut aged.kept,
            Outcome::Broken => &mut aged.broken,
        };
        *sum = sum.saturating_add(amount);
        aged
    }

    /// The score: the largest that lies two deviations below the mean. Found by halving, in 20 steps.
    pub fn score(&self) -> Ppm {
        let [alpha, beta] = [self.kept, self.broken].map(|sum| UNIT + u128::from(sum >> (EVIDENCE_BITS - WEIGHT_BITS)));
        let (mut score, mut above) = (0, MILLION + 1);
        while above - score > 1 {
            let middle = score + (above - score) / 2;
            if lies_below(middle, alpha, beta) {
                score = middle;
            } else {
                above = middle;
            }
        }
        score
    }
}

/// One outcome in units of weight, in which α and β are given below.
const UNIT: u128 = 1 << WEIGHT_BITS;

/// Does `score` = p lie two deviations or more below the mean of Beta(α, β)? That is, without division or root: is
/// α ≥ p·n and (α − p·n)² × (n + 1) ≥ 4·α·β? Up to [`MOST_EVIDENCE`] both sides fit: below 2¹¹⁹.
fn lies_below(score: Ppm, alpha: u128, beta: u128) -> bool {
    let (million, n) = (u128::from(MILLION), alpha + beta);
    let Some(distance) = (alpha * million).checked_sub(u128::from(score) * n) else {
        return false;
    };
    distance * distance * (n + UNIT) >= 4 * alpha * beta * UNIT * million * million
}

/// What tenants have used of their shares in a period.
///
/// There is a fixed number of shares, and a tenant's is found by its hash. So storage is bounded whatever the number of
/// tenants, and no order of outcomes gives a tenant more than its share. Tenants whose hashes meet add less than they
/// could: that errs on the side of less evidence, and bounds what any number of accounts can add in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Shares {
    /// The last period in which an outcome was noted.
    pub period: u32,
    /// Used by outcomes kept.
    pub kept: [OutcomeWeight; SHARES],
    /// Used by outcomes broken.
    pub broken: [OutcomeWeight; SHARES],
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            period: 0,
            kept: [0; SHARES],
            broken: [0; SHARES],
        }
    }
}

impl Shares {
    /// Takes what is left of a share, up to `weight`. What is noted late comes out of the last period's share.
    pub fn take(&mut self, period: u32, tenant: u64, outcome: Outcome, weight: OutcomeWeight) -> OutcomeWeight {
        if period > self.period {
            *self = Self {
                period,
                ..Default::default()
            };
        }
        let shares = match outcome {
            Outcome::Kept => &mut self.kept,
            Outcome::Broken => &mut self.broken,
        };
        let used = &mut shares[(tenant % SHARES as u64) as usize];
        let before = *used;
        *used = before.saturating_add(weight);
        *used - before
    }
}

/// The service record of a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ServiceRecord {
    /// What is known.
    pub evidence: Evidence,
    /// Who has said how much of it lately.
    pub shares: Shares,
}

impl ServiceRecord {
    /// Notes an outcome of `day`, where `tenant` is a hash of the tenant; returns what of its weight counts.
    pub fn note(&mut self, day: Day, tenant: u64, outcome: Outcome, weight: OutcomeWeight) -> OutcomeWeight {
        let counted = self.shares.take(day / PERIOD_DAYS, tenant, outcome, weight);
        self.evidence = self.evidence.with(day, outcome, counted);
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use Outcome::{Broken, Kept};

    /// Evidence is read to 2⁻¹⁶ outcomes, and one outcome moves the score by less than 0.3.
    const SCORE_TOLERANCE: Ppm = 6;

    /// So many outcomes, as evidence.
    fn evidence(kept: f64, broken: f64) -> Evidence {
        let parts = |outcomes: f64| (outcomes * (1u64 << EVIDENCE_BITS) as f64) as u64;
        Evidence {
            kept: parts(kept),
            broken: parts(broken),
            day: 0,
        }
    }

    /// The formula of this file's head, in floats.
    fn score_in_floats(of: &Evidence) -> f64 {
        let outcomes = |sum: u64| 1.0 + (sum >> 16) as f64 / 65_536.0;
        let (alpha, beta) = (outcomes(of.kept), outcomes(of.broken));
        let n = alpha + beta;
        let bound = alpha / n - 2.0 * (alpha * beta / (n * n * (n + 1.0))).sqrt();
        bound.max(0.0) * f64::from(MILLION)
    }

    fn any_evidence() -> impl Strategy<Value = Evidence> {
        let sum = || prop_oneof![Just(0), 0..10u64 << 32, 0..=MOST_EVIDENCE];
        (sum(), sum(), 0u32..10_000).prop_map(|(kept, broken, day)| Evidence { kept, broken, day })
    }

    #[test]
    fn who_is_unknown_scores_nothing() {
        assert_eq!(Evidence::default().score(), 0);
    }

    #[test]
    fn the_score_is_what_was_computed_elsewhere() {
        // With 50 digits, by another program.
        for (kept, broken, score) in [
            (0.0, 1.0, 0),
            (0.25, 0.0, 4_290),
            (0.5, 0.0, 76_277),
            (1.0, 0.0, 195_262),
            (3.0, 3.0, 166_666),
            (4.0, 0.0, 551_615),
            (10.0, 0.0, 763_355),
            (10.0, 1.0, 653_297),
            (40.0, 0.0, 929_692),
            (40.0, 4.0, 800_501),
            (100.0, 50.0, 588_127),
            (256.5, 3.25, 968_169),
            (511.0, 0.0, 994_159),
        ] {
            assert_eq!(evidence(kept, broken).score(), score, "{kept} kept, {broken} broken");
        }
    }

    #[test]
    fn the_most_evidence_overflows_nothing() {
        let most = Evidence {
            kept: MOST_EVIDENCE,
            broken: MOST_EVIDENCE,
            day: 0,
        };
        assert_eq!(most.score(), score_in_floats(&most) as Ppm);
    }

    #[test]
    fn evidence_halves_in_thirty_days() {
        let day_0 = evidence(8.0, 2.0);
        let month = day_0.aged(30);
        assert!((i64::try_from(month.kept).expect("small") - (4 << 32)).abs() <= 1);
        assert!((i64::try_from(month.broken).expect("small") - (1 << 32)).abs() <= 1);
        assert_eq!(month.day, 30);
    }

    #[test]
    fn after_years_nothing_is_left() {
        let most = Evidence {
            kept: MOST_EVIDENCE,
            ..Default::default()
        };
        for days in [2_047, 2_048, u32::MAX] {
            assert_eq!(most.aged(days).kept, 0, "{days}");
        }
    }

    #[test]
    fn a_day_that_is_behind_takes_nothing_back() {
        let known = Evidence {
            day: 50,
            ..evidence(3.0, 1.0)
        };
        assert_eq!(known.aged(20), known);
    }

    #[test]
    fn a_lease_of_the_average_fee_counts_half() {
        for average in [1, 1_000, Balance::MAX / 4] {
            assert_eq!(weight(average, average), 32_768);
        }
        assert_eq!(weight(0, 1_000), 0);
        assert_eq!(weight(3_000, 1_000), 49_152);
        assert_eq!(weight(Balance::MAX, 1), OutcomeWeight::MAX);
        assert_eq!(weight(1, 0), OutcomeWeight::MAX);
        assert_eq!(weight(0, 0), 0);
    }

    #[test]
    fn many_small_fees_hardly_move_the_average() {
        let mut average = 1_000_000_000;
        for _ in 0..10_000 {
            average = next_average(average, 1_000, weight(1_000, average));
        }
        assert!(average > 999_000_000, "{average}");
    }

    #[test]
    fn one_large_fee_hardly_moves_the_average() {
        let moved = next_average(1_000_000_000, Balance::MAX, OutcomeWeight::MAX);
        assert!((1_003_900_000..=1_003_906_250).contains(&moved), "{moved}");
    }

    #[test]
    fn the_average_follows_what_is_paid() {
        for fee in [200_000_000, 5_000_000_000] {
            let mut average = 1_000_000_000;
            for _ in 0..10_000 {
                average = next_average(average, fee, weight(fee, average));
            }
            assert!(average.abs_diff(fee) < fee / 100, "{average}");
        }
    }

    #[test]
    fn an_outcome_that_does_not_count_moves_no_average() {
        assert_eq!(next_average(1_000, 9_000, 0), 1_000);
    }

    #[test]
    fn a_tenant_adds_less_than_one_in_a_period() {
        let mut record = ServiceRecord::default();
        let counted: Vec<_> = (0..4).map(|_| record.note(6, 1, Kept, 30_000)).collect();
        assert_eq!(counted, [30_000, 30_000, 5_535, 0]);
        assert_eq!(record.evidence.kept, 65_535 << 16);
        // Another tenant, another kind, and the next period.
        assert_eq!(record.note(6, 2, Kept, 30_000), 30_000);
        assert_eq!(record.note(6, 1, Broken, 30_000), 30_000);
        assert_eq!(record.note(7, 1, Kept, 30_000), 30_000);
    }

    #[test]
    fn tenants_whose_hashes_meet_have_one_share() {
        let mut shares = Shares::default();
        assert_eq!(shares.take(0, 3, Kept, 60_000), 60_000);
        assert_eq!(shares.take(0, 3 + SHARES as u64, Kept, 60_000), 5_535);
    }

    #[test]
    fn what_is_noted_late_comes_out_of_the_last_share() {
        let mut record = ServiceRecord::default();
        assert_eq!(record.note(7, 1, Kept, 40_000), 40_000);
        assert_eq!(record.note(6, 1, Kept, 40_000), 25_535);
        assert_eq!(record.shares.period, 1);
        let expected = (40_000 << 16) + times(25_535 << 16, left_after(1));
        assert_eq!(record.evidence.kept, expected);
    }

    #[test]
    fn with_all_shares_used_all_the_time_evidence_stays_within_its_bound() {
        let mut record = ServiceRecord::default();
        let mut most = 0;
        // The worst days of a period are its last, and then the first of the next.
        for period in 0..200 {
            for day in [period * PERIOD_DAYS, period * PERIOD_DAYS + PERIOD_DAYS - 1] {
                for tenant in 0..1_000 {
                    record.note(day, tenant, Kept, OutcomeWeight::MAX);
                }
                most = most.max(record.evidence.kept);
            }
        }
        assert!(most < MOST_EVIDENCE);
        assert!(most > 400 << EVIDENCE_BITS);
    }

    proptest! {
        #[test]
        fn the_score_agrees_with_floats(of in any_evidence()) {
            let difference = f64::from(of.score()) - score_in_floats(&of);
            // Rounded down, and the floats' own error.
            prop_assert!((-1.001..=0.001).contains(&difference), "{difference}");
        }

        #[test]
        fn what_is_left_agrees_with_floats(of in any_evidence(), days in 0u32..3_000) {
            let exact = of.kept as f64 * (-f64::from(days) / f64::from(HALF_LIFE_DAYS)).exp2();
            let aged = of.aged(of.day + days).kept as f64;
            prop_assert!((aged - exact).abs() <= 1.01, "{aged} {exact}");
        }

        #[test]
        fn ageing_in_one_step_is_ageing_in_many(
            of in any_evidence(),
            steps in proptest::collection::vec(0u32..40, 1..30),
        ) {
            let mut many = of;
            for step in &steps {
                many = many.aged(many.day + step);
            }
            let one = of.aged(of.day + steps.iter().sum::<u32>());
            prop_assert_eq!(one.day, many.day);
            // Each step rounds down by less than one unit in the last place.
            let tolerance = 1 + steps.len() as u64;
            prop_assert!(one.kept.abs_diff(many.kept) <= tolerance);
            prop_assert!(one.broken.abs_diff(many.broken) <= tolerance);
            prop_assert!(one.score().abs_diff(many.score()) <= SCORE_TOLERANCE);
        }

        #[test]
        fn the_order_of_outcomes_hardly_matters(
            (outcomes, shuffled) in proptest::collection::vec((0u32..200, any::<bool>(), any::<OutcomeWeight>()), 1..40)
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        ) {
            let note = |all: &[(u32, bool, OutcomeWeight)]| all.iter().fold(Evidence::default(), |known, (day, kept, weight)| {
                known.with(*day, if *kept { Kept } else { Broken }, *weight)
            });
            let (one, other) = (note(&outcomes).aged(200), note(&shuffled).aged(200));
            let tolerance = 2 * (1 + outcomes.len() as u64);
            prop_assert!(one.kept.abs_diff(other.kept) <= tolerance);
            prop_assert!(one.broken.abs_diff(other.broken) <= tolerance);
            prop_assert!(one.score().abs_diff(other.score()) <= SCORE_TOLERANCE);
        }

        #[test]
        fn more_success_never_lowers_the_score(of in any_evidence(), more in 0u64..=1 << 34) {
            let better = Evidence { kept: of.kept + more, ..of };
            prop_assert!(better.score() >= of.score());
        }

        #[test]
        fn more_failure_never_raises_the_score(of in any_evidence(), more in 0u64..=1 << 34) {
            let worse = Evidence { broken: of.broken + more, ..of };
            prop_assert!(worse.score() <= of.score());
        }

        #[test]
        fn no_tenant_gets_more_than_its_share(
            outcomes in proptest::collection::vec((0u64..4, 0u32..30, any::<bool>(), any::<OutcomeWeight>()), 1..200),
        ) {
            let mut record = ServiceRecord::default();
            let mut counted = std::collections::BTreeMap::<_, u32>::new();
            for (tenant, day, kept, weight) in outcomes {
                let outcome = if kept { Kept } else { Broken };
                let granted = record.note(day, tenant, outcome, weight);
                prop_assert!(granted <= weight);
                let sum = counted.entry((tenant, kept, record.shares.period)).or_default();
                *sum += u32::from(granted);
                prop_assert!(*sum <= u32::from(OutcomeWeight::MAX));
            }
        }
    }
}
