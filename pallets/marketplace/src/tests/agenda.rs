//! The queue of what is due.

use crate::{mock::*, *};
use frame_support::{assert_ok, traits::Hooks, weights::Weight};
use perigee_primitives::{CloseReason, LeasePhase};

fn ended() -> usize {
    Leases::<Test>::iter_values().filter(Lease::has_ended).count()
}

#[test]
fn the_agenda_stops_at_its_limit_and_goes_on_later() {
    build_and_execute(|| {
        for _ in 0..5 {
            deploy(order(1_000));
        }
        jump_to(EXPIRY);
        let used = poll(2);
        assert_eq!(ended(), 2);
        // It saw a third one.
        assert_eq!(used, one_look() * 2 + <() as WeightInfo>::agenda_peek());
        assert_eq!(poll(0), Weight::zero());
        assert_eq!(ended(), 2);
        jump_to(EXPIRY + 1);
        poll(9);
        assert_eq!(ended(), 5);
        // Processed in different blocks, ended at the same one.
        let ends = |id| state(id).phase;
        let expected = LeasePhase::Ended {
            at: 1 + ACTIVATION_DEADLINE,
            reason: CloseReason::ActivationMissed,
        };
        assert!((0..5).all(|id| ends(id) == expected));
    });
}

#[test]
fn what_transactions_leave_is_used_too() {
    build_and_execute(|| {
        deploy(order(1_000));
        jump_to(EXPIRY);
        let limit = Weight::from_parts(100_000_000_000, 1_000_000);
        let used = Marketplace::on_idle(System::block_number(), limit);
        assert!(used.all_lte(limit) && used.any_gt(Weight::zero()));
        assert_eq!(ended(), 1);
        assert_eq!(
            Marketplace::on_idle(System::block_number(), Weight::zero()),
            Weight::zero()
        );
    });
}

#[test]
fn what_is_not_due_is_left_alone() {
    build_and_execute(|| {
        let id = deploy(order(1_000));
        jump_to(EXPIRY - 1);
        let before = Leases::<Test>::get(id);
        assert_eq!(poll(9), <() as WeightInfo>::agenda_peek());
        assert_eq!(Leases::<Test>::get(id), before);
    });
}

#[test]
fn every_lease_is_settled_within_the_interval() {
    build_and_execute(|| {
        let id = active(1_000_000);
        run_to(10 * SETTLE_INTERVAL);
        let bill = Leases::<Test>::get(id).expect("a record").bill;
        assert!(bill.billed_until + SETTLE_INTERVAL + TIMES.window() >= System::block_number());
        // And attestation may forget what no lease asks about any more, but nothing later.
        let forgotten = Script::forgotten(0);
        assert!(forgotten > 0 && forgotten <= bill.funded_until);
        assert!(forgotten + 3 * SETTLE_INTERVAL > System::block_number());
    });
}

#[test]
fn a_tail_whose_verdict_is_late_is_looked_at_again() {
    build_and_execute(|| {
        let id = active(1_000);
        jump_to(15);
        close(id);
        for block in 16..90 {
            jump_to(block);
            work_off_agenda();
        }
        assert!(!state(id).settled);
        Script::judge(20);
        jump_to(90 + TIMES.margin);
        work_off_agenda();
        assert!(state(id).settled);
    });
}

#[test]
fn a_failure_is_shown_and_tried_again_and_stops_nobody() {
    build_and_execute(|| {
        let (broken, whole) = (active(1_000), active(1_000));
        // The account vanishes: never expected.
        let account = pallet_escrow::Accounts::<Test>::take(broken).expect("open");
        jump_to(400);
        Script::judge(400);
        work_off_agenda();
        let error = Error::<Test>::NoSuchLease.into();
        assert!(has_event(Event::WakeFailed { lease: broken, error }));
        assert!(matches!(stage(broken), Stage::Active { .. }));
        assert!(state(whole).settled);
        pallet_escrow::Accounts::<Test>::insert(broken, account);
        jump_to(400 + TIMES.window());
        work_off_agenda();
        assert!(state(broken).settled);
    });
}

#[test]
fn an_end_in_the_middle_of_a_backlog_costs_the_tenant_nothing() {
    build_and_execute(|| {
        jump_to(13);
        let id = active(7 * RESERVE);
        // The agenda rests for long; the tenant then closes too late.
        jump_to(500);
        Script::judge(500);
        let closed = Marketplace::close(RuntimeOrigin::signed(TENANT), 0, None);
        assert_eq!(closed.expect_err("ended").error, Error::<Test>::DeploymentEnded.into());
        assert_ok!(Marketplace::settle(RuntimeOrigin::signed(TENANT), id));
        assert_eq!(
            state(id).phase,
            LeasePhase::Ended {
                at: 40,
                reason: CloseReason::FundsEnded
            }
        );
        assert_eq!(state(id).billed, 27 * 7);
    });
}
