//! The fee's rate, the pot and its shares.

use super::*;
use crate::{
    split::{parts, portion},
    CurrentFee, Error, FeeRateNow, IncomeAccount, IncomeShares, Share, Shares,
};
use codec::{Decode, Encode};
use frame_support::{
    assert_noop, assert_ok,
    storage::unhashed,
    traits::{fungible::Mutate, Get, Hooks},
};
use perigee_primitives::{FeeRate, Ppm, MILLION};
use proptest::prelude::*;
use sp_runtime::DispatchError;

fn rate(ppm: Ppm) -> FeeRate {
    FeeRate::new(ppm).expect("within the bounds")
}

/// Shares of recipients and parts of a million.
fn shares(of: &[(u64, Ppm)]) -> Shares<u64> {
    let shares = of.iter().map(|(recipient, ppm)| Share {
        recipient: *recipient,
        ppm: *ppm,
    });
    Shares::try_from(shares.collect::<Vec<_>>()).expect("few enough")
}

/// The pot holds `amount` above its existential deposit.
fn income(amount: Balance) {
    assert_ok!(Balances::mint_into(&pot(), ED + amount));
}

#[test]
fn the_fee_is_set_by_the_admin_and_counts_from_then_on() {
    build_and_execute(|| {
        assert_eq!(CurrentFee::<Test>::get(), InitialFee::get());
        assert_ok!(Escrow::set_fee_rate(RuntimeOrigin::root(), rate(50_000)));
        assert!(has_event(Event::FeeRateSet { rate: rate(50_000) }));
        assert_eq!(CurrentFee::<Test>::get(), rate(50_000));
        assert_noop!(
            Escrow::set_fee_rate(signed(TENANT), rate(30_000)),
            DispatchError::BadOrigin
        );
        // A lease that is open is charged at its own rate.
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 1_000)]));
        assert_eq!(totals(1).fee, 40);
    });
}

#[test]
fn no_origin_leaves_the_bounds_of_the_fee() {
    build_and_execute(|| {
        let call = RuntimeCall::Escrow(crate::Call::set_fee_rate { rate: rate(30_000) });
        let mut bytes = call.encode();
        let at = bytes.len() - 4;
        for (ppm, allowed) in [(29_999, false), (30_000, true), (50_000, true), (50_001, false)] {
            bytes[at..].copy_from_slice(&Ppm::encode(&ppm));
            assert_eq!(RuntimeCall::decode(&mut &bytes[..]).is_ok(), allowed, "{ppm}");
        }
        // Not even by writing storage.
        let key = FeeRateNow::<Test>::hashed_key();
        unhashed::put::<Ppm>(&key, &40_001);
        assert_eq!(CurrentFee::<Test>::get(), rate(40_001));
        unhashed::put::<Ppm>(&key, &50_001);
        assert_eq!(CurrentFee::<Test>::get(), InitialFee::get());
    });
}

#[test]
fn the_treasury_gets_all_until_shares_are_set() {
    build_and_execute(|| {
        assert_eq!(IncomeAccount::<Test>::get(), pot());
        income(1_000);
        assert_ok!(Escrow::distribute(signed(OTHER)));
        assert_eq!(free(TREASURY), 1_001_000);
        assert_eq!(free(pot()), ED);
        assert!(has_event(Event::IncomePaid {
            recipient: TREASURY,
            amount: 1_000
        }));
        assert_noop!(Escrow::distribute(RuntimeOrigin::root()), DispatchError::BadOrigin);
    });
}

#[test]
fn a_treasury_that_is_the_pot_is_refused() {
    let accepted = |treasury| {
        IncomeGoesTo::set(treasury);
        std::panic::catch_unwind(Escrow::integrity_test).is_ok()
    };
    assert!(accepted(TREASURY));
    assert!(!accepted(pot()));
}

#[test]
fn fees_come_to_the_pot_and_from_there_to_those_who_share_them() {
    build_and_execute(|| {
        fund_pot();
        let set = shares(&[(TREASURY, 700_000), (OTHER, 300_000)]);
        assert_ok!(Escrow::set_income_shares(RuntimeOrigin::root(), set.clone()));
        assert!(has_event(Event::IncomeSharesSet { shares: set }));
        assert_ok!(Escrow::open(1, &TENANT, 10_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 2_525)]));
        assert_ok!(Escrow::close(1));
        assert_eq!(free(pot()), ED + 101);
        assert_ok!(Escrow::distribute(signed(PROVIDER)));
        // 70.7 and 30.3: the first gets what rounding leaves.
        assert_eq!((free(TREASURY), free(OTHER)), (1_000_071, 1_000_030));
        assert_eq!(free(pot()), ED);
    });
}

#[test]
fn a_distribution_waits_until_nobody_is_too_poor_for_its_part() {
    build_and_execute(|| {
        assert_noop!(Escrow::distribute(signed(OTHER)), Error::<Test>::IncomeTooSmall);
        let set = shares(&[(TREASURY, 990_000), (NOBODY, 10_000)]);
        assert_ok!(Escrow::set_income_shares(RuntimeOrigin::root(), set));
        income(999);
        assert_noop!(Escrow::distribute(signed(OTHER)), Error::<Test>::IncomeTooSmall);
        assert_ok!(Balances::mint_into(&pot(), 1));
        assert_ok!(Escrow::distribute(signed(OTHER)));
        assert_eq!((free(NOBODY), free(TREASURY)), (10, 1_000_990));
    });
}

#[test]
fn shares_are_checked() {
    build_and_execute(|| {
        let set = |of: &[(u64, Ppm)]| Escrow::set_income_shares(RuntimeOrigin::root(), shares(of));
        assert_noop!(set(&[]), Error::<Test>::SharesDoNotAddUp);
        assert_noop!(set(&[(TREASURY, MILLION - 1)]), Error::<Test>::SharesDoNotAddUp);
        assert_noop!(set(&[(TREASURY, MILLION), (OTHER, 1)]), Error::<Test>::SharesDoNotAddUp);
        // Sums that would wrap around do not pass either.
        assert_noop!(
            set(&[(TREASURY, Ppm::MAX), (OTHER, MILLION + 1)]),
            Error::<Test>::SharesDoNotAddUp
        );
        assert_noop!(set(&[(TREASURY, MILLION), (OTHER, 0)]), Error::<Test>::ZeroShare);
        let half = MILLION / 2;
        assert_noop!(
            set(&[(TREASURY, half), (TREASURY, half)]),
            Error::<Test>::RecipientTwice
        );
        assert_noop!(set(&[(TREASURY, half), (pot(), half)]), Error::<Test>::ShareOfPot);
        assert_noop!(
            Escrow::set_income_shares(signed(TENANT), shares(&[(TENANT, MILLION)])),
            DispatchError::BadOrigin
        );
        assert_eq!(IncomeShares::<Test>::get(), shares(&[(TREASURY, MILLION)]));
        assert_ok!(set(&[(OTHER, half), (TREASURY, half)]));
        assert_eq!(IncomeShares::<Test>::get().len(), 2);
    });
}

#[test]
fn a_portion_is_exact_at_the_edges() {
    assert_eq!(portion(0, 40_000, 999_999), (0, 999_999));
    assert_eq!(portion(1, 40_000, 959_999), (0, 999_999));
    assert_eq!(portion(1, 40_000, 960_000), (1, 0));
    assert_eq!(portion(2_500_000, 30_001, 7), (75_002, 500_007));
    assert_eq!(portion(Balance::MAX, MILLION, 0), (Balance::MAX, 0));
    let tail = Balance::MAX % 1_000_000;
    let exact = Balance::MAX / 1_000_000 * 50_000 + (tail * 50_000).div_ceil(1_000_000);
    assert_eq!(portion(Balance::MAX, 50_000, 999_999).0, exact);
}

#[test]
fn the_first_gets_what_rounding_leaves() {
    assert_eq!(parts(10, [333_333, 333_333, 333_334].into_iter()), [4, 3, 3]);
    assert_eq!(parts(0, [500_000, 500_000].into_iter()), [0, 0]);
    assert_eq!(parts(1, [1, 999_999].into_iter()), [1, 0]);
    let half = Balance::MAX / 2;
    assert_eq!(parts(Balance::MAX, [500_000, 500_000].into_iter()), [half + 1, half]);
    assert!(parts(10, [].into_iter()).is_empty());
}

/// Up to eight shares that add to one.
fn any_shares() -> impl Strategy<Value = Vec<Ppm>> {
    prop::collection::btree_set(1..MILLION, 0..8).prop_map(|cuts| {
        let ends: Vec<_> = cuts.into_iter().chain([MILLION]).collect();
        let starts = [0].into_iter().chain(ends.iter().copied());
        ends.iter().zip(starts).map(|(end, start)| end - start).collect()
    })
}

proptest! {
    /// The parts add to the whole, each within a unit of its share; only the first may get more.
    #[test]
    fn parts_add_to_the_whole(amount in any::<Balance>(), shares in any_shares()) {
        let split = parts(amount, shares.iter().copied());
        let mut left = amount;
        for (n, (part, ppm)) in split.iter().zip(&shares).enumerate() {
            let whole = amount / 1_000_000 * Balance::from(*ppm);
            let floor = whole + amount % 1_000_000 * Balance::from(*ppm) / 1_000_000;
            let spare = if n == 0 { shares.len() as Balance - 1 } else { 0 };
            prop_assert!((floor..=floor + spare).contains(part));
            left -= part;
        }
        prop_assert_eq!(left, 0);
    }
}
