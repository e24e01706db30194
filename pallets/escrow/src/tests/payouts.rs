//! Payouts: who gets what, and what keeps nobody from it.

use super::*;
use crate::{Error, WeightInfo, MAX_CREDITS, MAX_DEPOSITORS, MAX_PAYEES};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::DispatchResultWithPostInfo,
    traits::{
        fungible::{Mutate, MutateFreeze, MutateHold},
        tokens::{Fortitude, Precision, Preservation},
        LockableCurrency, WithdrawReasons,
    },
};
use sp_runtime::{DispatchError, TokenError};

/// Moves everything away from `who`, whose account goes.
fn reap(who: u64) {
    let all = free(who);
    assert_ok!(<Balances as Mutate<u64>>::transfer(
        &who,
        &OTHER,
        all,
        Preservation::Expendable
    ));
    assert!(!System::account_exists(&who));
}

/// Freezes and locks all that `who` has.
fn freeze(who: u64) {
    assert_ok!(Balances::set_freeze(&0, &who, Balance::MAX));
    Balances::set_lock(*b"a lock  ", &who, Balance::MAX, WithdrawReasons::all());
}

/// Another pallet takes `amount` of what escrow holds at `who`.
fn seize(who: u64, amount: Balance) {
    let reason = HoldReason::Deposit.into();
    let seized = Balances::burn_held(&reason, &who, amount, Precision::Exact, Fortitude::Force);
    assert_eq!(seized, Ok(amount));
}

#[test]
fn anybody_may_claim_for_a_payee() {
    build_and_execute(|| {
        fund_pot();
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        assert_ok!(Escrow::claim(signed(OTHER), 1, PROVIDER));
        assert_eq!(free(PROVIDER), 1_000_096);
        assert_eq!(held(TENANT), 904);
        assert!(has_event(Event::PaidOut {
            id: 1,
            payee: PROVIDER,
            amount: 96
        }));
        assert_ok!(Escrow::pay_out(1, &pot()), 4);
        assert_eq!(free(pot()), ED + 4);
        assert_eq!(held(TENANT), 900);
        assert_noop!(Escrow::claim(signed(OTHER), 1, PROVIDER), Error::<Test>::NothingToClaim);
    });
}

#[test]
fn a_claim_gathers_from_all_depositors() {
    build_and_execute(|| {
        open_with_others(50, &[OTHER, RICH]);
        assert_ok!(Escrow::deposit(1, &OTHER, 50));
        assert_ok!(Escrow::deposit(1, &RICH, 50));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 125)]));
        assert_ok!(Escrow::claim(signed(OTHER), 1, PROVIDER));
        assert_eq!(free(PROVIDER), 1_000_120);
        assert_eq!((held(TENANT), held(OTHER), held(RICH)), (2, 2, 26));
        assert!(has_event(Event::PaidOut {
            id: 1,
            payee: PROVIDER,
            amount: 120
        }));
        assert_eq!(account(1).paid, 120);
    });
}

#[test]
fn closing_refunds_and_pays_all() {
    build_and_execute(|| {
        fund_pot();
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        assert_ok!(Escrow::close(1));
        assert_eq!(Escrow::totals(1), None);
        assert_eq!(held(TENANT), 0);
        assert_eq!(free(TENANT), 1_000_000 - 100);
        assert_eq!(free(PROVIDER), 1_000_096);
        assert_eq!(free(pot()), ED + 4);
        assert!(has_event(Event::Closed { id: 1, refund: 900 }));
        assert!(has_event(Event::Removed { id: 1 }));
    });
}

#[test]
fn the_fullest_account_is_closed_whole() {
    build_and_execute(|| {
        let depositors = u64::from(MAX_DEPOSITORS);
        let others: Vec<_> = (RICH..RICH + depositors - 1).collect();
        // One payee is the pot.
        let payees: Vec<_> = (100..99 + u64::from(MAX_PAYEES)).collect();
        open_with_others(700, &others);
        for who in &others {
            assert_ok!(Escrow::deposit(1, who, 700));
        }
        for _ in 0..depositors {
            let charges: Vec<_> = payees.iter().map(|payee| charge(*payee, 100)).collect();
            assert_ok!(Escrow::charge(1, &charges));
        }
        for who in others.iter().chain([&TENANT]) {
            assert_ok!(Escrow::deposit(1, who, 50));
        }
        assert_eq!(totals(1).balance, 50 * Balance::from(depositors));
        let rows = account(1).credits.0.len() as u64;
        assert_eq!(rows + depositors, u64::from(MAX_CREDITS));
        assert_ok!(Escrow::close(1));
        assert_eq!(Escrow::totals(1), None);
        for payee in payees {
            assert_eq!(free(payee), 96 * Balance::from(depositors));
        }
        for who in others.into_iter().chain([TENANT]) {
            assert_eq!((free(who), held(who)), (1_000_000 - 700, 0));
        }
    });
}

#[test]
fn a_payout_below_the_existential_deposit_stays_claimable_and_reverts_nothing() {
    build_and_execute(|| {
        fund_pot();
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        // 8 × 0.96 is below the existential deposit of 10.
        assert_ok!(Escrow::charge(1, &[charge(NOBODY, 8), charge(PROVIDER, 100)]));
        assert_ok!(Escrow::close(1));
        assert_eq!(free(PROVIDER), 1_000_096);
        assert_eq!(held(TENANT), 8);
        let failed = TokenError::CannotCreate.into();
        assert!(has_event(Event::PayoutFailed {
            id: 1,
            payee: NOBODY,
            amount: 8,
            error: failed
        }));
        assert_noop!(Escrow::claim(signed(OTHER), 1, NOBODY), failed);

        // The recipient comes into being: the credit is paid and the record goes.
        assert_ok!(Balances::mint_into(&NOBODY, ED));
        assert_ok!(Escrow::claim(signed(OTHER), 1, NOBODY));
        assert_eq!(free(NOBODY), ED + 8);
        assert_eq!(held(TENANT), 0);
        assert!(!Accounts::<Test>::contains_key(1));
    });
}

#[test]
fn a_reaped_payee_is_paid_what_can_exist() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        reap(PROVIDER);
        assert_ok!(Escrow::close(1));
        assert_eq!(free(PROVIDER), 96);
    });
}

#[test]
fn a_reaped_payee_takes_the_largest_credit_first() {
    build_and_execute(|| {
        open_with_others(5, &[OTHER]);
        assert_ok!(Escrow::deposit(1, &OTHER, 100));
        assert_ok!(Escrow::charge(1, &[charge(NOBODY, 25)]));
        assert_eq!(credits(1)[..2], [(NOBODY, TENANT, 5), (NOBODY, OTHER, 19)]);
        assert_ok!(Escrow::claim(signed(OTHER), 1, NOBODY));
        assert_eq!(free(NOBODY), 24);
    });
}

#[test]
fn a_pot_that_does_not_exist_blocks_nothing() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        assert_ok!(Escrow::close(1));
        assert_eq!((free(PROVIDER), free(TENANT)), (1_000_096, 1_000_000 - 100));
        assert_eq!(credits(1), [(pot(), TENANT, 4)]);
        fund_pot();
        assert_ok!(Escrow::claim(signed(OTHER), 1, pot()));
        assert!(!Accounts::<Test>::contains_key(1));
    });
}

#[test]
fn a_frozen_owner_is_charged_refunded_and_closed() {
    build_and_execute(|| {
        fund_pot();
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        freeze(TENANT);
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        assert_ok!(Escrow::claim(signed(OTHER), 1, PROVIDER));
        assert_ok!(Escrow::withdraw(1, &TENANT, 100));
        assert_ok!(Escrow::close(1));
        assert_eq!(free(PROVIDER), 1_000_096);
        assert_eq!((free(TENANT), held(TENANT)), (1_000_000 - 100, 0));
        assert_eq!(Escrow::totals(1), None);
    });
}

#[test]
fn a_frozen_depositor_keeps_nobody_from_what_it_pays() {
    build_and_execute(|| {
        fund_pot();
        open_with_others(10, &[OTHER]);
        assert_ok!(Escrow::deposit(1, &OTHER, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 510)]));
        freeze(OTHER);
        assert_ok!(Escrow::close(1));
        assert_eq!(free(PROVIDER), 1_000_490);
        assert_eq!((free(OTHER), held(OTHER)), (1_000_000 - 500, 0));
        assert_eq!(Escrow::totals(1), None);
    });
}

#[test]
fn a_frozen_payee_is_paid() {
    build_and_execute(|| {
        fund_pot();
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        freeze(PROVIDER);
        assert_ok!(Escrow::claim(signed(OTHER), 1, PROVIDER));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        assert_ok!(Escrow::close(1));
        assert_eq!(free(PROVIDER), 1_000_192);
        assert_eq!(Escrow::totals(1), None);
    });
}

#[test]
fn an_owner_may_be_its_own_payee() {
    build_and_execute(|| {
        fund_pot();
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(TENANT, 100)]));
        assert_ok!(Escrow::close(1));
        assert_eq!(free(TENANT), 1_000_000 - 4);
        assert_eq!(held(TENANT), 0);
    });
}

#[test]
fn money_missing_on_hold_shortens_payouts_and_blocks_nothing() {
    // Records are above holds on purpose: the invariants would say so.
    execute(|| {
        open_with_others(100, &[OTHER]);
        assert_ok!(Escrow::deposit(1, &OTHER, 100));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 150)]));
        seize(TENANT, 60);
        seize(OTHER, 100);
        assert!(Escrow::do_try_state().is_err());
        assert_noop!(Escrow::withdraw(1, &OTHER, 50), Error::<Test>::MissingOnHold);

        // 96 were earned out of the tenant's deposit, of which 40 are left, and 48 out of the other's.
        assert_ok!(Escrow::claim(signed(OTHER), 1, PROVIDER));
        assert_eq!(free(PROVIDER), 1_000_040);
        let missing: DispatchError = Error::<Test>::MissingOnHold.into();
        assert!(has_event(Event::PayoutFailed {
            id: 1,
            payee: PROVIDER,
            amount: 56 + 48,
            error: missing
        }));
        assert_noop!(Escrow::claim(signed(OTHER), 1, PROVIDER), missing);

        // The account closes, and what cannot be paid stays on record.
        assert_ok!(Escrow::close(1));
        assert!(has_event(Event::PayoutFailed {
            id: 1,
            payee: OTHER,
            amount: 50,
            error: missing
        }));
        let open = [
            (PROVIDER, TENANT, 56),
            (pot(), TENANT, 4),
            (PROVIDER, OTHER, 48),
            (pot(), OTHER, 2),
            (OTHER, OTHER, 50),
        ];
        assert_eq!(credits(1), open);
        assert_eq!(account(1).paid, 40);
    });
}

#[test]
fn a_payout_in_full_owes_nothing_more_and_a_short_one_says_what_it_does() {
    // Records are above holds on purpose: the invariants would say so.
    execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 150));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100), charge(OTHER, 50)]));
        assert_ok!(Escrow::claim(signed(OTHER), 1, OTHER));
        assert!(!System::events()
            .iter()
            .any(|record| matches!(record.event, RuntimeEvent::Escrow(Event::PayoutFailed { .. }))));
        seize(TENANT, 42);
        assert_ok!(Escrow::claim(signed(OTHER), 1, PROVIDER));
        assert_eq!(free(PROVIDER), 1_000_060);
        assert!(has_event(Event::PayoutFailed {
            id: 1,
            payee: PROVIDER,
            amount: 36,
            error: Error::<Test>::MissingOnHold.into()
        }));
        assert_eq!(credits(1), [(PROVIDER, TENANT, 36), (pot(), TENANT, 6)]);
    });
}

#[test]
fn money_that_is_gone_is_missing_whoever_would_get_it() {
    execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(NOBODY, 8)]));
        seize(TENANT, 1_000);
        // Not that this payee's account cannot take so little.
        assert_noop!(Escrow::claim(signed(OTHER), 1, NOBODY), Error::<Test>::MissingOnHold);
    });
}

#[test]
fn errors_of_claims() {
    build_and_execute(|| {
        assert_noop!(
            Escrow::claim(RuntimeOrigin::root(), 1, PROVIDER),
            DispatchError::BadOrigin
        );
        assert_noop!(Escrow::claim(signed(OTHER), 1, PROVIDER), Error::<Test>::NoSuchAccount);
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_noop!(Escrow::claim(signed(OTHER), 1, PROVIDER), Error::<Test>::NothingToClaim);
        // The balance is not a credit before the end.
        assert_noop!(Escrow::claim(signed(OTHER), 1, TENANT), Error::<Test>::NothingToClaim);
    });
}

#[test]
fn a_claim_costs_what_it_gathers_from() {
    build_and_execute(|| {
        open_with_others(50, &[OTHER]);
        assert_ok!(Escrow::deposit(1, &OTHER, 50));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 50)]));
        let weight = |claimed: DispatchResultWithPostInfo| claimed.expect("something is owed").actual_weight;
        assert_eq!(weight(Escrow::claim(signed(OTHER), 1, PROVIDER)), Some(<()>::claim(1)));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 50)]));
        assert_ok!(Escrow::deposit(1, &TENANT, 50));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 50)]));
        assert_eq!(weight(Escrow::claim(signed(OTHER), 1, PROVIDER)), Some(<()>::claim(2)));
    });
}
