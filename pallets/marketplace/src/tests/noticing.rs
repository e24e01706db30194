//! Ends that the provider or governance brings about.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, traits::fungible::Inspect};
use perigee_primitives::{
    traits::LeaseBonds, AskTerms, Balance, BlockNumber, CloseReason, GroupOrder, LeaseId, LeasePhase,
};
use sp_runtime::DispatchError;

fn tenant() -> RuntimeOrigin {
    RuntimeOrigin::signed(TENANT)
}

fn operator() -> RuntimeOrigin {
    RuntimeOrigin::signed(OPERATOR)
}

fn ended(at: u32, reason: CloseReason) -> LeasePhase {
    LeasePhase::Ended { at, reason }
}

/// An active lease whose provider gives so many blocks of notice.
fn with_notice(notice: BlockNumber) -> LeaseId {
    let ask = publish_on(OPERATOR, AskTerms { notice, ..terms(7) });
    let id = deploy(GroupOrder {
        asks: vec![ask].try_into().expect("one ask"),
        ..order(10_000)
    });
    assert_ok!(Marketplace::activate(operator(), id));
    id
}

#[test]
fn notice_ends_a_lease_w_blocks_after_what_it_owes_is_served() {
    build_and_execute(|| {
        let id = active(1_000);
        jump_to(15);
        assert_ok!(Marketplace::give_notice(operator(), id));
        // All but the last 20 of 25 blocks are served before boundary 20.
        assert!(has_event(Event::NoticeGiven {
            lease: id,
            ends_at: Some(40)
        }));
        assert_noop!(
            Marketplace::give_notice(operator(), id),
            Error::<Test>::NoticeAlreadyGiven
        );
        assert_eq!((state(id).runs_until, state(id).notice_end), (Some(40), Some(40)));
        run_to(39);
        assert_eq!(state(id).phase, LeasePhase::Active { since: 1 });
        run_to(40);
        assert_eq!(state(id).phase, ended(40, CloseReason::ClosedByProvider));
        run_to(50);
        assert_eq!(state(id).billed, 39 * 7);
    });
}

#[test]
fn notice_counts_only_while_attested_present() {
    build_and_execute(|| {
        let id = active(10_000);
        Script::absent(0, &[1, 2]);
        Script::maintenance(0, &[3]);
        jump_to(15);
        assert_ok!(Marketplace::give_notice(operator(), id));
        run_to(30);
        // Nothing is served so far; at best block 40 is the boundary.
        assert_eq!(state(id).notice_end, Some(60));
        run_to(45);
        assert_eq!(state(id).notice_end, Some(70));
        run_to(52);
        // From here on it is known, whatever comes.
        Script::absent(0, &[5, 6]);
        assert_eq!(state(id).notice_end, Some(70));
        run_to(80);
        assert_eq!(state(id).phase, ended(70, CloseReason::ClosedByProvider));
    });
}

#[test]
fn the_end_by_notice_does_not_depend_on_who_looks_when() {
    build_and_execute(|| {
        let (often, never) = (active(10_000), active(10_000));
        Script::absent(0, &[1, 2, 4]);
        jump_to(15);
        for id in [often, never] {
            assert_ok!(Marketplace::give_notice(operator(), id));
        }
        for block in 16..200 {
            jump_to(block);
            Script::judge(TIMES.start_of(TIMES.epoch_of(block)));
            assert_ok!(Marketplace::settle(tenant(), often));
        }
        assert_ok!(Marketplace::settle(tenant(), never));
        assert_eq!(state(often).phase, ended(60, CloseReason::ClosedByProvider));
        assert_eq!(state(never).phase, state(often).phase);
    });
}

#[test]
fn a_short_notice_ends_at_its_block() {
    build_and_execute(|| {
        let id = with_notice(20);
        Script::absent(0, &[1, 2, 3]);
        jump_to(15);
        assert_ok!(Marketplace::give_notice(operator(), id));
        assert_eq!(state(id).notice_end, Some(35));
        run_to(60);
        assert_eq!(state(id).phase, ended(35, CloseReason::ClosedByProvider));
    });
}

#[test]
fn an_unready_workload_does_not_serve_the_notice() {
    build_and_execute(|| {
        let id = active(10_000);
        assert_ok!(Marketplace::set_ready(operator(), id, false));
        jump_to(12);
        assert_ok!(Marketplace::give_notice(operator(), id));
        assert!(has_event(Event::NoticeGiven {
            lease: id,
            ends_at: None
        }));
        run_to(100);
        assert_eq!(
            (state(id).phase, state(id).notice_end),
            (LeasePhase::Active { since: 1 }, None)
        );
        assert_ok!(Marketplace::set_ready(operator(), id, true));
        assert_eq!(state(id).notice_end, Some(130));
        run_to(140);
        assert_eq!(state(id).phase, ended(130, CloseReason::ClosedByProvider));
    });
}

#[test]
fn a_paused_lease_serves_the_notice() {
    build_and_execute(|| {
        let id = active(10_000);
        assert_ok!(Marketplace::pause(tenant(), id, 60));
        jump_to(12);
        assert_ok!(Marketplace::give_notice(operator(), id));
        assert_eq!(state(id).notice_end, Some(40));
    });
}

#[test]
fn stopping_for_abuse_pays_the_notice_from_the_bond() {
    build_and_execute(|| {
        let id = active(10_000);
        jump_to(15);
        let before = Balances::total_balance(&TENANT);
        assert_ok!(Marketplace::stop_for_abuse(operator(), id, [5; 32]));
        assert!(has_event(Event::NoticePaid {
            lease: id,
            amount: 7 * Balance::from(NOTICE)
        }));
        assert_eq!(Balances::total_balance(&TENANT), before + 7 * Balance::from(NOTICE));
        assert_eq!(state(id).phase, ended(15, CloseReason::StoppedForAbuse([5; 32])));
        run_to(40);
        assert_eq!((state(id).billed, state(id).settled), (14 * 7, true));
        assert_eq!(Providers::bonded(0, id), 0);
    });
}

#[test]
fn stopping_for_abuse_under_notice_pays_what_is_left_of_it() {
    build_and_execute(|| {
        let id = active(10_000);
        jump_to(15);
        assert_ok!(Marketplace::give_notice(operator(), id));
        run_to(33);
        assert_ok!(Marketplace::stop_for_abuse(operator(), id, [5; 32]));
        assert!(has_event(Event::NoticePaid {
            lease: id,
            amount: 7 * 7
        }));
    });
}

#[test]
fn what_stopping_pays_is_at_most_the_bond() {
    build_and_execute(|| {
        let id = with_notice(100);
        assert_ok!(Marketplace::stop_for_abuse(operator(), id, [5; 32]));
        assert!(has_event(Event::NoticePaid {
            lease: id,
            amount: 7 * Balance::from(BOND_BLOCKS)
        }));
    });
}

#[test]
fn errors_of_stopping() {
    build_and_execute(|| {
        let stop = |who, id| Marketplace::stop_for_abuse(who, id, [5; 32]);
        assert_noop!(stop(operator(), 0), Error::<Test>::NoSuchLease);
        let id = deploy(order(1_000));
        // It may decline, which costs it nothing.
        assert_noop!(stop(operator(), id), Error::<Test>::NotActive);
        assert_ok!(Marketplace::activate(operator(), id));
        assert_noop!(stop(tenant(), id), Error::<Test>::NotOperator);
        close(id);
        assert_noop!(stop(operator(), id), Error::<Test>::NotActive);
    });
}

#[test]
fn governance_takes_down_at_once_and_nobody_pays_for_notice() {
    build_and_execute(|| {
        let id = active(10_000);
        jump_to(15);
        assert_ok!(Marketplace::take_down(RuntimeOrigin::root(), id, [6; 32]));
        let reason = CloseReason::TakenDown([6; 32]);
        assert!(has_event(Event::LeaseEnded {
            lease: id,
            at: 15,
            reason
        }));
        assert_eq!(state(id).phase, ended(15, reason));
        let bond = 7 * Balance::from(BOND_BLOCKS);
        assert_eq!(Providers::bonded(0, id), bond);
        run_to(40);
        assert_eq!((state(id).billed, state(id).refunded), (14 * 7, 10_000 - 14 * 7));
    });
}

#[test]
fn a_pending_lease_that_is_taken_down_loses_its_reservation_fee() {
    build_and_execute(|| {
        let id = deploy(order(1_000));
        assert_ok!(Marketplace::take_down(RuntimeOrigin::root(), id, [6; 32]));
        assert_eq!((state(id).refunded, state(id).reservation_burned), (1_000, RESERVATION));
    });
}

#[test]
fn errors_of_taking_down() {
    build_and_execute(|| {
        let root = RuntimeOrigin::root;
        assert_noop!(Marketplace::take_down(root(), 0, [6; 32]), Error::<Test>::NoSuchLease);
        let id = active(1_000);
        assert_noop!(
            Marketplace::take_down(operator(), id, [6; 32]),
            DispatchError::BadOrigin
        );
        close(id);
        assert_noop!(Marketplace::take_down(root(), id, [6; 32]), Error::<Test>::LeaseEnded);
    });
}
