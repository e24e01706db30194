//! What is billed, when the funds end, and that the blocks at which somebody settles decide nothing.

use crate::{mock::*, *};
use frame_support::{
    assert_noop, assert_ok,
    traits::fungible::{hold::Inspect, Mutate},
};
use perigee_primitives::{
    traits::{Availability, StreamingEscrow},
    Balance, CloseReason, LeasePhase,
};
use sp_runtime::DispatchError;

fn tenant() -> RuntimeOrigin {
    RuntimeOrigin::signed(TENANT)
}

fn settle(id: u64) {
    assert_ok!(Marketplace::settle(RuntimeOrigin::signed(OTHER), id));
}

#[test]
fn nothing_is_billed_beyond_the_judged_blocks() {
    build_and_execute(|| {
        let id = active(1_000);
        jump_to(29);
        settle(id);
        assert_eq!(Escrow::totals(id).expect("open").balance, 1_000);
        Script::judge(20);
        settle(id);
        let billed = 19 * 7;
        let fee = billed * 4 / 100;
        assert_eq!(Escrow::totals(id).expect("open").balance, 1_000 - billed);
        assert!(has_event(Event::LeaseSettled {
            lease: id,
            until: 20,
            billed,
            fee
        }));
        assert_eq!(state(id).billed, billed);
    });
}

#[test]
fn silent_provider_is_not_paid() {
    build_and_execute(|| {
        let id = active(1_000);
        Script::absent(0, &[1, 2]);
        // Another provider's absence is nothing to this lease.
        Script::absent(1, &[0, 3]);
        run_to(40);
        settle(id);
        let found = state(id);
        assert_eq!((found.billed, found.unbilled_blocks), (19 * 7, 20));
        assert_eq!(found.refundable, 1_000 - 19 * 7);
    });
}

#[test]
fn an_absence_counts_only_within_the_lease() {
    build_and_execute(|| {
        Script::absent(0, &[0, 3]);
        jump_to(4);
        let id = active(1_000);
        run_to(33);
        close(id);
        run_to(50);
        let found = state(id);
        // Blocks 4 to 9 and 30 to 32 are free.
        assert_eq!((found.billed, found.unbilled_blocks), (20 * 7, 9));
    });
}

#[test]
fn absences_without_a_verdict_are_not_taken_into_account() {
    build_and_execute(|| {
        let id = active(1_000);
        Script::absent(0, &[1]);
        jump_to(25);
        Script::judge(10);
        let found = state(id);
        assert_eq!((found.billed, found.unbilled_blocks), (9 * 7, 0));
        assert_eq!(found.refundable, 1_000 - 24 * 7);
    });
}

#[test]
fn the_state_is_what_a_settlement_finds() {
    build_and_execute(|| {
        let id = active(1_000);
        Script::absent(0, &[2]);
        jump_to(57);
        Script::judge(50);
        let computed = state(id);
        settle(id);
        assert_eq!(state(id), computed);
        let totals = Escrow::totals(id).expect("open");
        assert_eq!((totals.to_payees, totals.fee), (computed.to_provider, computed.fee));
        assert_eq!(
            Leases::<Test>::get(id).expect("a record").bill.unbilled_blocks,
            computed.unbilled_blocks
        );
    });
}

#[test]
fn the_smallest_deposit_lasts_one_boundary_and_w() {
    build_and_execute(|| {
        jump_to(13);
        let id = active(7 * RESERVE);
        assert_eq!(state(id).runs_until, Some(40));
        run_to(39);
        assert_eq!(state(id).phase, LeasePhase::Active { since: 13 });
        run_to(40);
        assert_eq!(
            state(id).phase,
            LeasePhase::Ended {
                at: 40,
                reason: CloseReason::FundsEnded
            }
        );
        run_to(41);
        let found = state(id);
        assert!(found.settled);
        assert_eq!((found.billed, found.refunded), (27 * 7, 3 * 7));
    });
}

#[test]
fn an_absence_lets_the_funds_last_longer() {
    build_and_execute(|| {
        jump_to(13);
        let id = active(7 * RESERVE);
        Script::absent(0, &[1]);
        run_to(20);
        assert_eq!(state(id).runs_until, Some(50));
        run_to(50);
        assert_eq!(
            state(id).phase,
            LeasePhase::Ended {
                at: 50,
                reason: CloseReason::FundsEnded
            }
        );
    });
}

#[test]
fn an_end_by_funds_is_the_same_whenever_it_is_processed() {
    build_and_execute(|| {
        jump_to(13);
        let id = active(7 * RESERVE);
        jump_to(1_000);
        Script::judge(1_000);
        let found = state(id);
        assert_eq!(
            found.phase,
            LeasePhase::Ended {
                at: 40,
                reason: CloseReason::FundsEnded
            }
        );
        assert_eq!(found.billed, 27 * 7);
        settle(id);
        assert!(has_event(Event::LeaseEnded {
            lease: id,
            at: 40,
            reason: CloseReason::FundsEnded
        }));
        assert_eq!(state(id).refunded, 3 * 7);
    });
}

#[test]
fn a_deposit_before_the_end_moves_it_and_one_at_the_end_is_refused() {
    build_and_execute(|| {
        jump_to(13);
        let (early, late) = (active(7 * RESERVE), active(7 * RESERVE));
        run_to(39);
        assert_ok!(Marketplace::deposit(tenant(), early, 70));
        assert!(has_event(Event::Deposited {
            lease: early,
            who: TENANT,
            amount: 70
        }));
        assert_eq!(state(early).runs_until, Some(50));
        jump_to(40);
        Script::judge(40);
        assert_noop!(Marketplace::deposit(tenant(), late, 70), Error::<Test>::LeaseEnded);
        run_to(60);
        assert_eq!((state(early).billed, state(late).billed), (37 * 7, 27 * 7));
        assert_eq!(state(early).deposited, 280);
    });
}

#[test]
fn errors_of_deposit_and_settle() {
    build_and_execute(|| {
        assert_noop!(Marketplace::deposit(tenant(), 0, 1), Error::<Test>::NoSuchLease);
        assert_noop!(Marketplace::settle(tenant(), 0), Error::<Test>::NoSuchLease);
        let id = active(1_000);
        assert_noop!(Marketplace::settle(RuntimeOrigin::root(), id), DispatchError::BadOrigin);
        assert_noop!(Marketplace::deposit(tenant(), id, 0), Error::<Test>::ZeroAmount);
        assert_noop!(
            Marketplace::deposit(RuntimeOrigin::signed(OTHER), id, 1),
            pallet_escrow::Error::<Test>::NotApproved
        );
        let overflow = pallet_escrow::Error::<Test>::Overflow;
        assert_noop!(Marketplace::deposit(tenant(), id, Balance::MAX), overflow);
        close(id);
        assert_noop!(Marketplace::deposit(tenant(), id, 1), Error::<Test>::LeaseEnded);
    });
}

#[test]
fn a_forecast_of_an_end_is_not_an_end() {
    build_and_execute(|| {
        jump_to(13);
        let id = active(7 * RESERVE);
        // Verdicts stop: an end that is only a forecast is not an end.
        jump_to(100);
        settle(id);
        assert_eq!(
            stage(id),
            Stage::Active {
                since: 13,
                term_end: None,
                notice: None
            }
        );
        Script::judge(20);
        settle(id);
        assert_eq!(
            state(id).phase,
            LeasePhase::Ended {
                at: 40,
                reason: CloseReason::FundsEnded
            }
        );
        Script::judge(100);
        settle(id);
        assert_eq!(state(id).billed, 27 * 7);
    });
}

#[test]
fn a_reaped_recipient_blocks_neither_settlement_nor_closing() {
    build_and_execute(|| {
        let id = active(1_000);
        // The operator's account is gone, and one block's pay is below the existential deposit.
        Balances::set_balance(&OPERATOR, 0);
        assert!(!System::account_exists(&OPERATOR));
        jump_to(2);
        close(id);
        run_to(20);
        let found = state(id);
        assert!(found.settled);
        assert_eq!((found.billed, found.to_provider, found.refunded), (7, 7, 993));
        assert_eq!(
            Balances::balance_on_hold(&pallet_escrow::HoldReason::Deposit.into(), &TENANT),
            7
        );
        assert_eq!(Escrow::totals(id).expect("a credit is left").balance, 0);
        // The lease's record goes its way; the credit stays.
        run_to(2 + RETENTION);
        assert!(Marketplace::lease_state(id).is_none());
        assert_ok!(Balances::mint_into(&OPERATOR, ED));
        assert_ok!(Escrow::claim(RuntimeOrigin::signed(OTHER), id, OPERATOR));
        assert_eq!(Balances::free_balance(OPERATOR), ED + 7);
        assert!(Escrow::totals(id).is_none());
    });
}

#[test]
fn the_fee_of_daily_settlement_is_that_of_one() {
    build_and_execute(|| {
        let (often, once) = (active(10_000), active(10_000));
        for block in 2..200 {
            jump_to(block);
            Script::judge(TIMES.start_of(TIMES.epoch_of(block)));
            settle(often);
        }
        close(often);
        close(once);
        Script::judge(200);
        settle(often);
        settle(once);
        let (a, b) = (state(often), state(once));
        assert_eq!(
            (a.billed, a.fee, a.to_provider, a.refunded),
            (b.billed, b.fee, b.to_provider, b.refunded)
        );
        assert_eq!(a.fee, a.billed * 4 / 100);
    });
}

/// Found by the property tests: attestation forgets what is settled, and a record outlives that.
#[test]
fn a_final_lease_asks_attestation_nothing() {
    build_and_execute(|| {
        let id = active(1_000);
        run_to(25);
        close(id);
        run_to(40);
        let before = state(id);
        assert!(before.settled);
        Script::forget_before(0, 100);
        assert_eq!(state(id), before);
        settle(id);
    });
}
