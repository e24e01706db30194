//! Stretches that cost nothing.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use perigee_primitives::{BlockNumber, CloseReason, LeaseId, LeasePhase};

fn tenant() -> RuntimeOrigin {
    RuntimeOrigin::signed(TENANT)
}

fn operator() -> RuntimeOrigin {
    RuntimeOrigin::signed(OPERATOR)
}

fn starts(id: LeaseId) -> Vec<BlockNumber> {
    let bill = Leases::<Test>::get(id).expect("a record").bill;
    bill.segments.iter().map(|segment| segment.from).collect()
}

#[test]
fn a_pause_begins_with_the_next_epoch_and_ends_by_itself() {
    build_and_execute(|| {
        let id = active(10_000);
        jump_to(15);
        assert_ok!(Marketplace::pause(tenant(), id, 30));
        assert!(has_event(Event::LeasePaused {
            lease: id,
            from: 20,
            until: 50
        }));
        assert_eq!(starts(id), [1, 20, 50]);
        assert!(!state(id).paused);
        run_to(30);
        let found = state(id);
        assert_eq!(
            (found.paused, found.next_change, found.billed),
            (true, Some(50), 19 * 7)
        );
        // The capacity stays.
        assert!(takes_capacity(id));
        run_to(70);
        assert_eq!((state(id).paused, state(id).billed), (false, 39 * 7));
    });
}

#[test]
fn a_pause_is_ended_with_the_next_block() {
    build_and_execute(|| {
        let id = active(10_000);
        assert_ok!(Marketplace::pause(tenant(), id, 60));
        run_to(25);
        assert_ok!(Marketplace::resume(tenant(), id));
        assert!(has_event(Event::LeaseResumed { lease: id, from: 26 }));
        run_to(40);
        // Blocks 10 to 25 cost nothing.
        assert_eq!(state(id).billed, (39 - 16) * 7);
        // And it may be paused again.
        assert_ok!(Marketplace::pause(tenant(), id, 5));
    });
}

#[test]
fn a_pause_that_has_not_begun_is_taken_back() {
    build_and_execute(|| {
        let id = active(10_000);
        assert_ok!(Marketplace::pause(tenant(), id, 60));
        assert_ok!(Marketplace::resume(tenant(), id));
        assert_eq!(starts(id), [1]);
        run_to(40);
        assert_eq!(state(id).billed, 39 * 7);
    });
}

#[test]
fn a_pause_must_be_earned() {
    build_and_execute(|| {
        PauseRatio::set(&3);
        let id = active(10_000);
        jump_to(9);
        // Blocks 1 to 9 are paid: three times as many may rest.
        assert_eq!(state(id).longest_pause, 27);
        assert_noop!(Marketplace::pause(tenant(), id, 28), Error::<Test>::PauseNotEarned);
        assert_ok!(Marketplace::pause(tenant(), id, 27));
        assert_eq!(state(id).longest_pause, 0);
        run_to(40);
        // Blocks 37 to 40 beside them.
        assert_eq!(state(id).longest_pause, 3 * 13 - 27);
        assert_noop!(Marketplace::pause(tenant(), id, 13), Error::<Test>::PauseNotEarned);
        assert_ok!(Marketplace::pause(tenant(), id, 12));
    });
}

#[test]
fn what_is_left_of_a_pause_is_earned_still() {
    build_and_execute(|| {
        PauseRatio::set(&3);
        let id = active(10_000);
        jump_to(9);
        assert_ok!(Marketplace::pause(tenant(), id, 27));
        assert_ok!(Marketplace::resume(tenant(), id));
        assert_eq!(state(id).longest_pause, 27);
        assert_ok!(Marketplace::pause(tenant(), id, 27));
        run_to(14);
        assert_ok!(Marketplace::resume(tenant(), id));
        // Blocks 10 to 14 rested.
        assert_eq!(state(id).longest_pause, 27 - 5);
    });
}

#[test]
fn absences_earn_no_pause() {
    build_and_execute(|| {
        PauseRatio::set(&3);
        let id = active(10_000);
        Script::absent(0, &[1]);
        run_to(35);
        // Blocks 10 to 19 are not paid.
        assert_eq!(state(id).longest_pause, MAX_PAUSE.min(3 * 25));
        PauseRatio::set(&1);
        assert_eq!(state(id).longest_pause, 25);
    });
}

#[test]
fn a_lease_that_rests_is_made_larger_as_far_as_its_pause_is_earned() {
    build_and_execute(|| {
        PauseRatio::set(&3);
        let id = active(10_000);
        jump_to(9);
        assert_ok!(Marketplace::pause(tenant(), id, 20));
        let resize = |units| done(Marketplace::resize(tenant(), id, resources(units), [4; 32], 1_000));
        assert_noop!(resize(2), Error::<Test>::PauseNotEarned);
        run_to(25);
        // Blocks 10 to 25 rest at 7 each, 26 to 29 would at 14: 168 of 189.
        assert_ok!(resize(2));
        run_to(30);
        assert_eq!(state(id).longest_pause, (189 + 3 * 14 - 168) / 14);
    });
}

#[test]
fn errors_of_pause_and_resume() {
    build_and_execute(|| {
        assert_noop!(Marketplace::pause(tenant(), 0, 1), Error::<Test>::NoSuchLease);
        let id = deploy(order(10_000));
        assert_noop!(Marketplace::pause(tenant(), id, 1), Error::<Test>::NotActive);
        assert_ok!(Marketplace::activate(operator(), id));
        let stranger = RuntimeOrigin::signed(OTHER);
        assert_noop!(Marketplace::pause(stranger.clone(), id, 1), Error::<Test>::NotOwner);
        assert_noop!(Marketplace::pause(tenant(), id, 0), Error::<Test>::ZeroBlocks);
        assert_noop!(
            Marketplace::pause(tenant(), id, MAX_PAUSE + 1),
            Error::<Test>::PauseTooLong
        );
        assert_noop!(Marketplace::resume(tenant(), id), Error::<Test>::NotPaused);
        assert_ok!(Marketplace::pause(tenant(), id, MAX_PAUSE));
        assert_noop!(Marketplace::pause(tenant(), id, 1), Error::<Test>::AlreadyPaused);
        assert_noop!(Marketplace::resume(stranger, id), Error::<Test>::NotOwner);
        run_to(15);
        assert_noop!(Marketplace::pause(tenant(), id, 1), Error::<Test>::AlreadyPaused);
        close(id);
        assert_noop!(Marketplace::resume(tenant(), id), Error::<Test>::NotActive);
        let late = active(1_000_000);
        jump_to(u32::MAX - 5);
        assert_noop!(Marketplace::pause(tenant(), late, 20), Error::<Test>::Overflow);
    });
}

#[test]
fn what_was_taken_out_during_a_pause_is_missing_when_it_is_ended() {
    build_and_execute(|| {
        let id = active(1_000);
        assert_ok!(Marketplace::pause(tenant(), id, MAX_PAUSE));
        run_to(20);
        // 937 are left, and the next 30 blocks cost nothing.
        assert_ok!(Marketplace::withdraw(tenant(), id, 1_000 - 9 * 7));
        assert_noop!(Marketplace::resume(tenant(), id), Error::<Test>::NotCovered);
        // The lease ends W blocks after the first boundary from which the pause does not reach 30 blocks far.
        assert_eq!(state(id).runs_until, Some(50 + 20));
        assert_ok!(Marketplace::deposit(tenant(), id, 7 * RESERVE));
        assert_ok!(Marketplace::resume(tenant(), id));
    });
}

#[test]
fn a_paused_lease_whose_funds_end_ends_in_its_pause() {
    build_and_execute(|| {
        let id = active(1_000);
        assert_ok!(Marketplace::pause(tenant(), id, MAX_PAUSE));
        run_to(20);
        assert_ok!(Marketplace::withdraw(tenant(), id, 1_000 - 9 * 7));
        run_to(90);
        let reason = CloseReason::FundsEnded;
        assert_eq!(state(id).phase, LeasePhase::Ended { at: 70, reason });
        assert_eq!((state(id).billed, state(id).refunded), (9 * 7, 1_000 - 9 * 7));
    });
}

#[test]
fn an_unready_workload_costs_nothing_from_the_next_epoch_on() {
    build_and_execute(|| {
        let id = active(10_000);
        jump_to(15);
        assert_ok!(Marketplace::set_ready(operator(), id, false));
        assert!(has_event(Event::ReadinessSet {
            lease: id,
            ready: false,
            from: 20
        }));
        assert!(!state(id).unready);
        run_to(33);
        assert!(state(id).unready);
        assert_ok!(Marketplace::set_ready(operator(), id, true));
        assert!(has_event(Event::ReadinessSet {
            lease: id,
            ready: true,
            from: 34
        }));
        run_to(50);
        // Blocks 20 to 33 cost nothing, though the provider was present.
        let found = state(id);
        assert_eq!(
            (found.billed, found.unbilled_blocks, found.unready),
            ((49 - 14) * 7, 0, false)
        );
    });
}

#[test]
fn a_workload_that_is_ready_in_time_costs_all_along() {
    build_and_execute(|| {
        let id = active(10_000);
        assert_ok!(Marketplace::set_ready(operator(), id, false));
        assert_ok!(Marketplace::set_ready(operator(), id, true));
        assert_eq!(starts(id), [1]);
    });
}

#[test]
fn a_pause_and_an_unready_workload_do_not_undo_each_other() {
    build_and_execute(|| {
        let id = active(10_000);
        assert_ok!(Marketplace::pause(tenant(), id, 20));
        run_to(15);
        assert_ok!(Marketplace::set_ready(operator(), id, false));
        run_to(25);
        assert_ok!(Marketplace::resume(tenant(), id));
        run_to(45);
        assert_ok!(Marketplace::set_ready(operator(), id, true));
        run_to(60);
        // Paused from 10 to 25, unready from 20 to 45.
        assert_eq!(state(id).billed, (59 - 36) * 7);
    });
}

#[test]
fn an_unready_workload_keeps_its_reserve() {
    build_and_execute(|| {
        let id = active(7 * RESERVE + 70);
        assert_ok!(Marketplace::set_ready(operator(), id, false));
        run_to(200);
        // It costs nothing and does not run out; nor may the money go that it needs when it is ready again.
        assert_eq!(state(id).phase, LeasePhase::Active { since: 1 });
        assert_eq!(state(id).refundable, 7 * RESERVE + 7);
        assert_noop!(Marketplace::withdraw(tenant(), id, 8), Error::<Test>::NotCovered);
        assert_ok!(Marketplace::withdraw(tenant(), id, 7));
        assert_ok!(Marketplace::set_ready(operator(), id, true));
        assert_eq!(state(id).runs_until, Some(230));
    });
}

#[test]
fn errors_of_readiness() {
    build_and_execute(|| {
        assert_noop!(Marketplace::set_ready(operator(), 0, false), Error::<Test>::NoSuchLease);
        let id = deploy(order(10_000));
        assert_noop!(Marketplace::set_ready(operator(), id, false), Error::<Test>::NotActive);
        assert_ok!(Marketplace::activate(operator(), id));
        assert_noop!(Marketplace::set_ready(tenant(), id, false), Error::<Test>::NotOperator);
        assert_noop!(
            Marketplace::set_ready(operator(), id, true),
            Error::<Test>::ReadinessUnchanged
        );
        assert_ok!(Marketplace::set_ready(operator(), id, false));
        assert_noop!(
            Marketplace::set_ready(operator(), id, false),
            Error::<Test>::ReadinessUnchanged
        );
    });
}

#[test]
fn a_fifth_change_that_waits_is_refused() {
    build_and_execute(|| {
        let id = active(10_000);
        for ready in [false, true, false] {
            assert_ok!(Marketplace::set_ready(operator(), id, ready));
            jump_to(System::block_number() + 10);
        }
        // Nothing is judged: 10, 12 and 30 wait.
        let pause = || Marketplace::pause(tenant(), id, 5);
        assert_noop!(pause(), Error::<Test>::TooManyPendingChanges);
        Script::judge(20);
        assert_ok!(pause());
        assert_eq!(starts(id), [10, 12, 30, 40, 45]);
    });
}

#[test]
fn a_tenants_changes_leave_room_to_say_that_the_workload_runs() {
    build_and_execute(|| {
        let id = active(50_000);
        assert_ok!(Marketplace::set_ready(operator(), id, false));
        let mut units = 1;
        let mut resize = || {
            units += 1;
            done(Marketplace::resize(tenant(), id, resources(units), [4; 32], 1_000))
        };
        for _ in 0..2 {
            assert_ok!(resize());
            jump_to(System::block_number() + 1);
        }
        assert_noop!(resize(), Error::<Test>::TooManyPendingChanges);
        jump_to(12);
        assert_ok!(Marketplace::set_ready(operator(), id, true));
        assert!(
            !Leases::<Test>::get(id)
                .expect("a record")
                .bill
                .segments
                .last()
                .expect("one")
                .unready
        );
    });
}
