//! Opening, deposits, charges, withdrawals and owners.

use super::*;
use crate::{Approval, Error, MAX_PAYEES};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

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
        assert_eq!(deposits(1), [(TENANT, 1_500)]);
        assert!(has_event(Event::Opened {
            id: 1,
            owner: TENANT,
            amount: 1_000
        }));
        assert!(has_event(Event::Deposited {
            id: 1,
            who: TENANT,
            amount: 500
        }));
    });
}

#[test]
fn an_approved_depositor_pays_in_from_its_own_hold() {
    build_and_execute(|| {
        open_with_others(1_000, &[OTHER]);
        assert!(has_event(Event::Approved {
            id: 1,
            who: OTHER,
            minimum: 10
        }));
        assert_ok!(Escrow::deposit(1, &OTHER, 10));
        assert_eq!((held(TENANT), held(OTHER)), (1_000, 10));
        assert_eq!(totals(1).balance, 1_010);
        assert_eq!(deposits(1), [(TENANT, 1_000), (OTHER, 10)]);
    });
}

#[test]
fn strangers_and_small_deposits_are_refused() {
    build_and_execute(|| {
        open_with_others(1_000, &[OTHER]);
        assert_noop!(Escrow::deposit(1, &PROVIDER, 1_000), Error::<Test>::NotApproved);
        assert_noop!(Escrow::deposit(1, &OTHER, 9), Error::<Test>::BelowMinimum);
        assert_ok!(Escrow::approve(signed(TENANT), 1, OTHER, 20));
        assert_noop!(Escrow::deposit(1, &OTHER, 19), Error::<Test>::BelowMinimum);
        assert_ok!(Escrow::deposit(1, &OTHER, 20));
        let approvals = account(1).approvals.into_inner();
        let approval = Approval {
            who: OTHER,
            minimum: 20,
        };
        assert_eq!(approvals, [approval]);
    });
}

#[test]
fn a_revoked_depositor_pays_in_no_more_and_keeps_what_it_paid_in() {
    build_and_execute(|| {
        open_with_others(1_000, &[OTHER, PROVIDER]);
        assert_ok!(Escrow::deposit(1, &OTHER, 100));
        assert_ok!(Escrow::revoke_approval(signed(TENANT), 1, OTHER));
        assert!(has_event(Event::ApprovalRevoked { id: 1, who: OTHER }));
        assert_noop!(Escrow::deposit(1, &OTHER, 100), Error::<Test>::NotApproved);
        assert_ok!(Escrow::deposit(1, &PROVIDER, 100));
        assert_ok!(Escrow::withdraw(1, &OTHER, 60));
        assert_ok!(Escrow::close(1));
        assert_eq!((free(OTHER), held(OTHER)), (1_000_000, 0));
    });
}

#[test]
fn errors_of_approvals() {
    build_and_execute(|| {
        let tenant = || signed(TENANT);
        assert_noop!(Escrow::approve(tenant(), 1, OTHER, 1), Error::<Test>::NoSuchAccount);
        assert_noop!(
            Escrow::revoke_approval(tenant(), 1, OTHER),
            Error::<Test>::NoSuchAccount
        );
        open_with_others(1_000, &[]);
        let root = RuntimeOrigin::root;
        assert_noop!(Escrow::approve(root(), 1, OTHER, 1), DispatchError::BadOrigin);
        assert_noop!(Escrow::revoke_approval(root(), 1, OTHER), DispatchError::BadOrigin);
        assert_noop!(Escrow::approve(signed(OTHER), 1, OTHER, 1), Error::<Test>::NotOwner);
        assert_noop!(Escrow::approve(tenant(), 1, OTHER, 0), Error::<Test>::ZeroAmount);
        assert_noop!(
            Escrow::approve(tenant(), 1, TENANT, 1),
            Error::<Test>::OwnerNeedsNoApproval
        );
        assert_noop!(Escrow::revoke_approval(tenant(), 1, OTHER), Error::<Test>::NotApproved);
        // With the owner they are the eight that may deposit.
        for who in 100..107 {
            assert_ok!(Escrow::approve(tenant(), 1, who, 1));
        }
        assert_noop!(Escrow::approve(tenant(), 1, OTHER, 1), Error::<Test>::TooManyApprovals);
        // A known one may still change, and one that goes makes room.
        assert_ok!(Escrow::approve(tenant(), 1, 100, 2));
        assert_noop!(Escrow::revoke_approval(signed(OTHER), 1, 100), Error::<Test>::NotOwner);
        assert_ok!(Escrow::revoke_approval(tenant(), 1, 100));
        assert_ok!(Escrow::approve(tenant(), 1, OTHER, 1));
    });
}

#[test]
fn eight_accounts_deposit_and_no_more() {
    build_and_execute(|| {
        let others: Vec<_> = (RICH..RICH + 7).collect();
        open_with_others(1_000, &others);
        for who in &others {
            assert_ok!(Escrow::deposit(1, who, 100));
        }
        assert_ok!(Escrow::revoke_approval(signed(TENANT), 1, RICH));
        assert_ok!(Escrow::approve(signed(TENANT), 1, OTHER, 10));
        assert_noop!(Escrow::deposit(1, &OTHER, 100), Error::<Test>::TooManyDepositors);
        // Those who are in may go on.
        assert_ok!(Escrow::deposit(1, &(RICH + 1), 100));
        assert_ok!(Escrow::deposit(1, &TENANT, 100));
        // One that takes all back makes room.
        assert_ok!(Escrow::withdraw(1, &RICH, 100));
        assert_ok!(Escrow::deposit(1, &OTHER, 100));
    });
}

#[test]
fn a_place_is_kept_for_the_owner() {
    build_and_execute(|| {
        let others: Vec<_> = (RICH..RICH + 7).collect();
        open_with_others(100, &others);
        assert_ok!(Escrow::withdraw(1, &TENANT, 100));
        for who in &others {
            assert_ok!(Escrow::deposit(1, who, 100));
        }
        assert_ok!(Escrow::revoke_approval(signed(TENANT), 1, RICH));
        assert_ok!(Escrow::approve(signed(TENANT), 1, OTHER, 10));
        assert_noop!(Escrow::deposit(1, &OTHER, 100), Error::<Test>::TooManyDepositors);
        assert_ok!(Escrow::deposit(1, &TENANT, 100));
    });
}

#[test]
fn money_that_is_used_up_but_not_paid_out_still_has_a_depositor() {
    build_and_execute(|| {
        let others: Vec<_> = (RICH..RICH + 7).collect();
        open_with_others(100, &others);
        for who in &others {
            assert_ok!(Escrow::deposit(1, who, 100));
        }
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 200)]));
        assert_ok!(Escrow::revoke_approval(signed(TENANT), 1, RICH));
        assert_ok!(Escrow::approve(signed(TENANT), 1, OTHER, 10));
        assert_noop!(Escrow::deposit(1, &OTHER, 100), Error::<Test>::TooManyDepositors);
        assert_ok!(Escrow::claim(signed(OTHER), 1, PROVIDER));
        assert_noop!(Escrow::deposit(1, &OTHER, 100), Error::<Test>::TooManyDepositors);
        fund_pot();
        assert_ok!(Escrow::claim(signed(OTHER), 1, pot()));
        assert_ok!(Escrow::deposit(1, &OTHER, 100));
    });
}

#[test]
fn those_whose_money_an_account_holds_are_counted() {
    build_and_execute(|| {
        assert_eq!(Escrow::depositors(1), 0);
        open_with_others(100, &[OTHER]);
        assert_eq!(Escrow::depositors(1), 1);
        assert_ok!(Escrow::deposit(1, &OTHER, 100));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        // The tenant's is used up and not paid out.
        assert_eq!(Escrow::depositors(1), 2);
        fund_pot();
        assert_ok!(Escrow::claim(signed(OTHER), 1, PROVIDER));
        assert_ok!(Escrow::claim(signed(OTHER), 1, pot()));
        assert_eq!(Escrow::depositors(1), 1);
    });
}

#[test]
fn the_oldest_deposit_is_used_first() {
    build_and_execute(|| {
        open_with_others(100, &[OTHER]);
        assert_ok!(Escrow::deposit(1, &OTHER, 100));
        assert_ok!(Escrow::deposit(1, &TENANT, 50));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 125)]));
        assert_eq!(deposits(1), [(OTHER, 75), (TENANT, 50)]);
        let expected = [
            (PROVIDER, TENANT, 96),
            (pot(), TENANT, 4),
            (PROVIDER, OTHER, 24),
            (pot(), OTHER, 1),
        ];
        assert_eq!(credits(1), expected);
        assert_eq!((held(TENANT), held(OTHER)), (150, 100));
    });
}

#[test]
fn what_is_left_goes_back_to_whose_it_is() {
    build_and_execute(|| {
        open_with_others(100, &[OTHER]);
        assert_ok!(Escrow::deposit(1, &OTHER, 100));
        assert_ok!(Escrow::deposit(1, &TENANT, 50));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 125)]));
        fund_pot();
        assert_ok!(Escrow::close(1));
        assert!(has_event(Event::Closed { id: 1, refund: 125 }));
        assert_eq!((free(TENANT), free(OTHER)), (1_000_000 - 100, 1_000_000 - 25));
        assert_eq!((held(TENANT), held(OTHER)), (0, 0));
        assert_eq!(free(PROVIDER), 1_000_120);
        assert_eq!(Escrow::totals(1), None);
    });
}

#[test]
fn a_withdrawal_takes_the_newest_of_ones_own() {
    build_and_execute(|| {
        open_with_others(100, &[OTHER]);
        assert_ok!(Escrow::deposit(1, &OTHER, 100));
        assert_ok!(Escrow::deposit(1, &TENANT, 50));
        assert_ok!(Escrow::withdraw(1, &TENANT, 70));
        assert!(has_event(Event::Withdrawn {
            id: 1,
            who: TENANT,
            amount: 70
        }));
        assert_eq!(deposits(1), [(TENANT, 80), (OTHER, 100)]);
        assert_eq!(held(TENANT), 80);
        let expected = EscrowTotals {
            deposited: 250,
            balance: 180,
            refunded: 70,
            ..Default::default()
        };
        assert_eq!(totals(1), expected);
        // Deposits between which nothing is left are one again.
        assert_ok!(Escrow::deposit(1, &TENANT, 5));
        assert_ok!(Escrow::withdraw(1, &OTHER, 100));
        assert_eq!(deposits(1), [(TENANT, 85)]);
    });
}

#[test]
fn errors_of_withdrawals() {
    build_and_execute(|| {
        assert_noop!(Escrow::withdraw(1, &TENANT, 1), Error::<Test>::NoSuchAccount);
        open_with_others(100, &[OTHER]);
        assert_ok!(Escrow::deposit(1, &OTHER, 100));
        assert_noop!(Escrow::withdraw(1, &TENANT, 0), Error::<Test>::ZeroAmount);
        assert_noop!(Escrow::withdraw(1, &TENANT, 101), Error::<Test>::InsufficientDeposit);
        assert_noop!(Escrow::withdraw(1, &PROVIDER, 1), Error::<Test>::NothingToWithdraw);
        // What was used is not one's own any more.
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        assert_noop!(Escrow::withdraw(1, &TENANT, 1), Error::<Test>::NothingToWithdraw);
        assert_ok!(Escrow::withdraw(1, &OTHER, 100));
        assert_eq!(totals(1).balance, 0);
    });
}

#[test]
fn deposits_stay_whose_they_are_when_the_owner_changes() {
    build_and_execute(|| {
        open_with_others(100, &[OTHER]);
        assert_ok!(Escrow::set_owner(1, &PROVIDER));
        assert!(has_event(Event::OwnerSet { id: 1, owner: PROVIDER }));
        // The new owner approves from now on, and starts anew.
        assert_noop!(Escrow::deposit(1, &OTHER, 100), Error::<Test>::NotApproved);
        assert_noop!(Escrow::deposit(1, &TENANT, 100), Error::<Test>::NotApproved);
        assert_noop!(Escrow::approve(signed(TENANT), 1, OTHER, 1), Error::<Test>::NotOwner);
        assert_ok!(Escrow::approve(signed(PROVIDER), 1, TENANT, 1));
        assert_ok!(Escrow::deposit(1, &TENANT, 20));
        assert_ok!(Escrow::deposit(1, &PROVIDER, 30));
        assert_ok!(Escrow::withdraw(1, &TENANT, 50));
        assert_ok!(Escrow::close(1));
        assert_eq!((free(TENANT), free(PROVIDER)), (1_000_000, 1_000_000));
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
        assert_eq!(free(PROVIDER), 1_000_000);
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
fn errors_of_opening_and_deposits() {
    build_and_execute(|| {
        assert_noop!(Escrow::open(1, &TENANT, 0), Error::<Test>::ZeroAmount);
        assert_noop!(Escrow::open(1, &TENANT, 1_000_001), TokenError::FundsUnavailable);
        assert_noop!(Escrow::open(1, &TENANT, Balance::MAX), TokenError::FundsUnavailable);
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        assert_noop!(Escrow::open(1, &OTHER, 1_000), Error::<Test>::AccountExists);
        assert_noop!(Escrow::deposit(1, &TENANT, 0), Error::<Test>::ZeroAmount);
        assert_noop!(Escrow::deposit(2, &TENANT, 1), Error::<Test>::NoSuchAccount);
        assert_noop!(Escrow::deposit(1, &TENANT, Balance::MAX), Error::<Test>::Overflow);
        assert_noop!(Escrow::deposit(1, &TENANT, 1_000_000), TokenError::FundsUnavailable);
        assert_noop!(Escrow::set_owner(2, &TENANT), Error::<Test>::NoSuchAccount);
    });
}

#[test]
fn errors_of_charges_leave_the_account_as_it_was() {
    build_and_execute(|| {
        assert_noop!(Escrow::charge(1, &[]), Error::<Test>::NoSuchAccount);
        assert_ok!(Escrow::open(1, &TENANT, 1_000));
        let too_much = [charge(PROVIDER, 600), charge(PROVIDER, 401)];
        assert_noop!(Escrow::charge(1, &too_much), Error::<Test>::InsufficientBalance);
        let payees = 100..100 + u64::from(MAX_PAYEES);
        let many: Vec<_> = payees.clone().chain([PROVIDER]).map(|payee| charge(payee, 1)).collect();
        assert_noop!(Escrow::charge(1, &many), Error::<Test>::TooManyCredits);
        assert_ok!(Escrow::charge(1, &many[1..]));
        // Those who wait already may earn more.
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 1)]));
        assert_noop!(Escrow::charge(1, &many[..1]), Error::<Test>::TooManyCredits);
        assert_noop!(Escrow::close(2), Error::<Test>::NoSuchAccount);
    });
}

#[test]
fn a_closed_account_takes_nothing() {
    build_and_execute(|| {
        open_with_others(1_000, &[OTHER]);
        assert_ok!(Escrow::charge(1, &[charge(NOBODY, 8)]));
        assert_ok!(Escrow::close(1));
        assert!(account(1).approvals.is_empty());
        assert_noop!(Escrow::deposit(1, &TENANT, 1), Error::<Test>::AccountClosed);
        assert_noop!(Escrow::withdraw(1, &TENANT, 1), Error::<Test>::AccountClosed);
        assert_noop!(Escrow::set_owner(1, &OTHER), Error::<Test>::AccountClosed);
        assert_noop!(
            Escrow::approve(signed(TENANT), 1, OTHER, 1),
            Error::<Test>::AccountClosed
        );
        assert_noop!(Escrow::charge(1, &[charge(PROVIDER, 1)]), Error::<Test>::AccountClosed);
        assert_noop!(Escrow::close(1), Error::<Test>::AccountClosed);
    });
}
