//! Behaviour of streaming accounts.

use crate::{mock::*, Accounts, Error, Event, HoldReason};
use frame_support::{
    assert_noop, assert_ok,
    storage::with_storage_layer,
    traits::{
        fungible::{InspectHold, Mutate},
        tokens::Preservation,
        LockableCurrency, WithdrawReasons,
    },
};
use perigee_primitives::{
    traits::{Charge, EscrowTotals, StreamingEscrow},
    Balance, FeeRate, Ppm, MILLION,
};
use proptest::prelude::*;
use sp_runtime::{DispatchError, TokenError};

fn held(who: u64) -> Balance {
    Balances::balance_on_hold(&HoldReason::Deposit.into(), &who)
}

fn totals(id: u64) -> EscrowTotals {
    Escrow::totals(id).expect("the account exists")
}

fn has_event(event: Event<Test>) -> bool {
    System::events()
        .iter()
        .any(|record| record.event == event.clone().into())
}

#[test]
fn deposits_are_held_at_their_owner() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::deposit(1, &TENANT, 500));
        assert_eq!(held(TENANT), 1_500);
        assert_eq!(
            totals(1),
            EscrowTotals {
                deposited: 1_500,
                balance: 1_500,
                ..Default::default()
            }
        );
        assert!(has_event(Event::Opened {
            id: 1,
            owner: TENANT,
            amount: 1_000
        }));
    });
}

#[test]
fn a_charge_is_split_into_fee_and_pay_and_moves_no_money() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        let expected = EscrowTotals {
            deposited: 1_000,
            balance: 900,
            to_payees: 96,
            fee: 4,
            refunded: 0,
        };
        assert_eq!(totals(1), expected);
        assert_eq!(held(TENANT), 1_000);
        assert_eq!(Balances::free_balance(PROVIDER), 1_000_000);
    });
}

#[test]
fn a_quote_is_what_a_charge_would_leave_and_changes_nothing() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        let quote = Escrow::quote(1, &[charge(PROVIDER, 333)]).expect("covered");
        assert_eq!(totals(1).balance, 1_000);
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 333)]));
        assert_eq!(totals(1), quote);
        assert_noop!(
            Escrow::quote(1, &[charge(PROVIDER, 668)]),
            Error::<Test>::InsufficientBalance
        );
        assert_noop!(Escrow::quote(2, &[]), Error::<Test>::NoSuchAccount);
    });
}

#[test]
fn the_fee_of_many_small_charges_is_that_of_one() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::open(2, &TENANT, 1_000));
        for _ in 0..999 {
            assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 1)]));
        }
        assert_ok!(Escrow::charge(2, &[charge(PROVIDER, 999)]));
        assert_eq!(totals(1), totals(2));
        assert_eq!(totals(1).fee, 39);
    });
}

#[test]
fn anybody_may_claim_for_a_payee() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        assert_ok!(Escrow::claim(RuntimeOrigin::signed(OTHER), 1, PROVIDER));
        assert_eq!(Balances::free_balance(PROVIDER), 1_000_096);
        assert_eq!(held(TENANT), 904);
        assert!(has_event(Event::PaidOut {
            id: 1,
            payee: PROVIDER,
            amount: 96
        }));
        assert_ok!(Escrow::pay_out(1, &TREASURY), 4);
        assert_eq!(held(TENANT), 900);
    });
}

#[test]
fn closing_refunds_and_pays_all() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        assert_ok!(Escrow::close(1));
        assert_eq!(Escrow::totals(1), None);
        assert_eq!(held(TENANT), 0);
        assert_eq!(Balances::free_balance(TENANT), 1_000_000 - 100);
        assert_eq!(Balances::free_balance(PROVIDER), 1_000_096);
        assert_eq!(Balances::free_balance(TREASURY), 1_000_004);
        assert!(has_event(Event::Closed { id: 1, refund: 900 }));
        assert!(has_event(Event::Removed { id: 1 }));
    });
}

#[test]
fn a_payout_below_the_existential_deposit_stays_claimable_and_reverts_nothing() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        // 8 × 0.96 is below the existential deposit of 10.
        assert_ok!(Escrow::charge(1, &[charge(NOBODY, 8), charge(PROVIDER, 100)]));
        assert_ok!(Escrow::close(1));
        assert_eq!(Balances::free_balance(PROVIDER), 1_000_096);
        assert_eq!(held(TENANT), 8);
        let failed = TokenError::CannotCreate.into();
        assert!(has_event(Event::PayoutFailed {
            id: 1,
            payee: NOBODY,
            amount: 8,
            error: failed
        }));
        assert_noop!(Escrow::claim(RuntimeOrigin::signed(OTHER), 1, NOBODY), failed);

        // The recipient comes into being: the credit is paid and the record goes.
        assert_ok!(Balances::mint_into(&NOBODY, ED));
        assert_ok!(Escrow::claim(RuntimeOrigin::signed(OTHER), 1, NOBODY));
        assert_eq!(Balances::free_balance(NOBODY), ED + 8);
        assert_eq!(held(TENANT), 0);
        assert!(!Accounts::<Test>::contains_key(1));
    });
}

#[test]
fn a_reaped_recipient_is_paid_what_can_exist() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        assert_ok!(<Balances as Mutate<u64>>::transfer(
            &PROVIDER,
            &OTHER,
            1_000_000,
            Preservation::Expendable
        ));
        assert!(!System::account_exists(&PROVIDER));
        assert_ok!(Escrow::close(1));
        assert_eq!(Balances::free_balance(PROVIDER), 96);
    });
}

#[test]
fn a_freeze_on_the_owner_does_not_keep_what_others_earned() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        Balances::set_lock(*b"a lock  ", &TENANT, 1_000_000, WithdrawReasons::all());
        assert_ok!(Escrow::close(1));
        assert_eq!(Balances::free_balance(PROVIDER), 1_000_096);
        assert_eq!(Escrow::totals(1), None);
    });
}

#[test]
fn an_owner_may_be_its_own_payee() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(TENANT, 100)]));
        assert_ok!(Escrow::close(1));
        assert_eq!(Balances::free_balance(TENANT), 1_000_000 - 4);
        assert_eq!(held(TENANT), 0);
    });
}

#[test]
fn errors_of_opening_and_deposits() {
    build_and_execute(|| {
        assert_noop!(Escrow::open(1, &TENANT, 0), Error::<Test>::ZeroAmount);
        assert_noop!(Escrow::open(1, &TENANT, 1_000_001), TokenError::FundsUnavailable);
        assert_noop!(Escrow::open(1, &TENANT, Balance::MAX), TokenError::FundsUnavailable);
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_noop!(Escrow::open(1, &OTHER, 1_000), Error::<Test>::AccountExists);
        assert_noop!(Escrow::deposit(1, &TENANT, 0), Error::<Test>::ZeroAmount);
        assert_noop!(Escrow::deposit(2, &TENANT, 1), Error::<Test>::NoSuchAccount);
        assert_noop!(Escrow::deposit(1, &OTHER, 1), Error::<Test>::NotOwner);
        assert_noop!(Escrow::deposit(1, &TENANT, Balance::MAX), Error::<Test>::Overflow);
        assert_noop!(Escrow::deposit(1, &TENANT, 1_000_000), TokenError::FundsUnavailable);
    });
}

#[test]
fn errors_of_charges_leave_the_account_as_it_was() {
    build_and_execute(|| {
        assert_noop!(Escrow::charge(1, &[]), Error::<Test>::NoSuchAccount);
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        let too_much = [charge(PROVIDER, 600), charge(PROVIDER, 401)];
        assert_noop!(Escrow::charge(1, &too_much), Error::<Test>::InsufficientBalance);
        let many: Vec<_> = (100..109).map(|payee| charge(payee, 1)).collect();
        assert_noop!(Escrow::charge(1, &many), Error::<Test>::TooManyCredits);
    });
}

#[test]
fn errors_of_claims() {
    build_and_execute(|| {
        let anybody = || RuntimeOrigin::signed(OTHER);
        assert_noop!(
            Escrow::claim(RuntimeOrigin::root(), 1, PROVIDER),
            DispatchError::BadOrigin
        );
        assert_noop!(Escrow::claim(anybody(), 1, PROVIDER), Error::<Test>::NoSuchAccount);
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_noop!(Escrow::claim(anybody(), 1, PROVIDER), Error::<Test>::NothingToClaim);
        assert_noop!(Escrow::close(2), Error::<Test>::NoSuchAccount);
    });
}

#[test]
fn a_closed_account_takes_nothing() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(NOBODY, 8)]));
        assert_ok!(Escrow::close(1));
        assert_noop!(Escrow::deposit(1, &TENANT, 1), Error::<Test>::AccountClosed);
        assert_noop!(Escrow::charge(1, &[charge(PROVIDER, 1)]), Error::<Test>::AccountClosed);
        assert_noop!(Escrow::close(1), Error::<Test>::AccountClosed);
    });
}

/// Changes account 1 and expects the invariants to notice; the change is undone.
fn fires(change: impl FnOnce(&mut crate::Account<u64>)) {
    let noticed = with_storage_layer::<(), DispatchError, _>(|| {
        Accounts::<Test>::mutate(1, |account| change(account.as_mut().expect("the account exists")));
        assert!(Escrow::do_try_state().is_err());
        Err(DispatchError::Other("undo"))
    });
    assert!(noticed.is_err());
}

#[test]
fn every_invariant_fires() {
    build_and_execute(|| {
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        fires(|account| account.totals.deposited += 1);
        fires(|account| account.paid += 1);
        fires(|account| account.credits[0].amount = 0);
        fires(|account| account.credits[1].payee = account.credits[0].payee);
        fires(|account| account.carry = MILLION);
        fires(|account| account.closed = true);
        fires(|account| account.owner = OTHER);
        fires(|account| {
            account.totals.deposited += 1;
            account.totals.balance += 1;
        });
    });
}

#[derive(Clone, Debug)]
enum Step {
    Deposit {
        id: u64,
        amount: Balance,
    },
    Charge {
        id: u64,
        payee: u64,
        amount: Balance,
        ppm: Ppm,
    },
    Claim {
        id: u64,
        payee: u64,
    },
    Close {
        id: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let id = 1..4u64;
    let payee = prop_oneof![Just(PROVIDER), Just(TENANT), Just(TREASURY), NOBODY..NOBODY + 4];
    let ppm = FeeRate::MIN.ppm()..=FeeRate::MAX.ppm();
    prop_oneof![
        (id.clone(), 0..5_000u128).prop_map(|(id, amount)| Step::Deposit { id, amount }),
        (id.clone(), payee.clone(), 0..2_000u128, ppm).prop_map(|(id, payee, amount, ppm)| Step::Charge {
            id,
            payee,
            amount,
            ppm
        }),
        (id.clone(), payee).prop_map(|(id, payee)| Step::Claim { id, payee }),
        id.prop_map(|id| Step::Close { id }),
    ]
}

proptest! {
    /// Whatever happens, no unit is lost or made, and what fails changes nothing.
    #[test]
    fn money_is_conserved(steps in prop::collection::vec(step(), 1..60)) {
        build_and_execute(|| {
            let issuance = pallet_balances::TotalIssuance::<Test>::get();
            for id in 1..4 {
                assert_ok!(Escrow::open(id, &if id == 3 { OTHER } else { TENANT }, 1_000));
            }
            for step in steps {
                let _ = with_storage_layer(|| match step {
                    Step::Deposit { id, amount } => {
                        Escrow::deposit(id, &if id == 3 { OTHER } else { TENANT }, amount)
                    }
                    Step::Charge { id, payee, amount, ppm } => {
                        let fee = FeeRate::new(ppm).expect("within the bounds");
                        Escrow::charge(id, &[Charge { payee, amount, fee }])
                    }
                    Step::Claim { id, payee } => Escrow::pay_out(id, &payee).map(|_| ()),
                    Step::Close { id } => Escrow::close(id),
                });
                Escrow::do_try_state().expect("invariants hold");
            }
            assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), issuance);
        });
    }

    /// However an amount is cut, fee and pay are the same.
    #[test]
    fn cutting_a_charge_changes_nothing(
        cuts in prop::collection::vec(0..u64::MAX, 1..20),
        ppm in FeeRate::MIN.ppm()..=FeeRate::MAX.ppm(),
    ) {
        let fee = FeeRate::new(ppm).expect("within the bounds");
        let total: Balance = cuts.iter().map(|cut| Balance::from(*cut)).sum();
        let charges = |amounts: &[Balance]| {
            let mut account = crate::Account::new(TENANT, total);
            for amount in amounts {
                let charge = Charge { payee: PROVIDER, amount: *amount, fee };
                account.charge::<Test>(&[charge], &TREASURY).expect("covered");
            }
            account
        };
        let amounts: Vec<_> = cuts.iter().map(|cut| Balance::from(*cut)).collect();
        let (many, one) = (charges(&amounts), charges(&[total]));
        prop_assert_eq!(&many, &one);
        prop_assert_eq!(one.totals.fee, total * Balance::from(ppm) / 1_000_000);
    }
}
