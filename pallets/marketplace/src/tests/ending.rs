//! From the activation to the end, and what the end leaves.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use perigee_primitives::{CloseReason, GroupOrder, LeasePhase};
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

#[test]
fn a_close_ends_at_its_block_and_waits_for_the_tail() {
    build_and_execute(|| {
        let id = active(1_000);
        run_to(25);
        close(id);
        // Judged until 20: the tail of 5 blocks is still held.
        let found = state(id);
        assert_eq!(found.phase, ended(25, CloseReason::ClosedByTenant));
        assert_eq!(
            (found.billed, found.refundable, found.settled),
            (19 * 7, 1_000 - 24 * 7, false)
        );
        run_to(40);
        let found = state(id);
        assert!(found.settled);
        assert_eq!((found.billed, found.refunded), (24 * 7, 1_000 - 24 * 7));
        assert_eq!(found.billed, found.to_provider + found.fee);
        assert!(has_event(Event::LeaseFinal {
            lease: id,
            deposited: 1_000,
            to_provider: found.to_provider,
            fee: found.fee,
            refunded: found.refunded
        }));
        assert_eq!(Balances::free_balance(OPERATOR), RICH + found.to_provider);
        assert_eq!(Balances::free_balance(TREASURY), RICH + found.fee);
    });
}

#[test]
fn closing_a_pending_lease_refunds_the_deposit_and_burns_the_fee() {
    build_and_execute(|| {
        let id = deploy(order(1_000));
        close(id);
        let found = state(id);
        assert_eq!(
            (found.refunded, found.reservation_burned, found.settled),
            (1_000, RESERVATION, true)
        );
        assert_eq!(found.phase, ended(1, CloseReason::ClosedByTenant));
    });
}

#[test]
fn closing_in_the_block_of_activation_bills_nothing() {
    build_and_execute(|| {
        let id = active(1_000);
        close(id);
        let found = state(id);
        assert_eq!((found.billed, found.refunded, found.settled), (0, 1_000, true));
    });
}

#[test]
fn errors_of_close() {
    build_and_execute(|| {
        assert_noop!(Marketplace::close(tenant(), 0, None), Error::<Test>::NoSuchDeployment);
        let id = active(1_000);
        assert_noop!(Marketplace::close(operator(), 0, None), Error::<Test>::NotOwner);
        assert_noop!(
            Marketplace::close(RuntimeOrigin::root(), 0, None),
            DispatchError::BadOrigin
        );
        close(id);
        assert_noop!(Marketplace::close(tenant(), 0, None), Error::<Test>::DeploymentEnded);
    });
}

#[test]
fn errors_of_notice() {
    build_and_execute(|| {
        assert_noop!(Marketplace::give_notice(operator(), 0), Error::<Test>::NoSuchLease);
        let id = deploy(order(1_000));
        assert_noop!(Marketplace::give_notice(operator(), id), Error::<Test>::NotActive);
        assert_ok!(Marketplace::activate(operator(), id));
        assert_noop!(Marketplace::give_notice(tenant(), id), Error::<Test>::NotOperator);
        close(id);
        assert_noop!(Marketplace::give_notice(operator(), id), Error::<Test>::NotActive);
    });
}

#[test]
fn a_term_ends_a_lease_and_the_reserve_comes_back() {
    build_and_execute(|| {
        let id = deploy(GroupOrder {
            term: Some(50),
            ..order(7 * 80)
        });
        jump_to(3);
        assert_ok!(Marketplace::activate(operator(), id));
        assert_eq!(state(id).runs_until, Some(53));
        run_to(53);
        assert_eq!(state(id).phase, ended(53, CloseReason::TermEnded));
        run_to(70);
        let found = state(id);
        assert_eq!((found.billed, found.refunded), (7 * 50, 7 * 30));
    });
}

#[test]
fn a_tenants_close_comes_before_term_and_notice() {
    build_and_execute(|| {
        let id = deploy(GroupOrder {
            term: Some(50),
            ..order(7 * 80)
        });
        assert_ok!(Marketplace::activate(operator(), id));
        assert_ok!(Marketplace::give_notice(operator(), id));
        jump_to(9);
        close(id);
        assert_eq!(state(id).phase, ended(9, CloseReason::ClosedByTenant));
    });
}

#[test]
fn capacity_returns_with_the_report_of_tear_down() {
    build_and_execute(|| {
        let (first, second) = (active(1_000), active(1_000));
        assert_noop!(
            Marketplace::torn_down(operator(), vec![first].try_into().expect("one")),
            Error::<Test>::LeaseRuns
        );
        close(first);
        close(second);
        let both = || vec![first, second].try_into().expect("two");
        assert_noop!(Marketplace::torn_down(tenant(), both()), Error::<Test>::NotOperator);
        assert_ok!(Marketplace::torn_down(operator(), both()));
        assert!(has_event(Event::CapacityFreed { lease: first }));
        assert!(!takes_capacity(first));
        // The same report again changes nothing; one about a lease that never was is an error.
        assert_ok!(Marketplace::torn_down(operator(), both()));
        let unknown = vec![7].try_into().expect("one");
        assert_noop!(Marketplace::torn_down(operator(), unknown), Error::<Test>::NoSuchLease);
    });
}

#[test]
fn a_report_of_tear_down_may_come_after_the_record_is_gone() {
    build_and_execute(|| {
        let id = active(1_000);
        close(id);
        run_to(1 + RETENTION);
        assert!(!Leases::<Test>::contains_key(id));
        assert_ok!(Marketplace::torn_down(operator(), vec![id].try_into().expect("one")));
    });
}

#[test]
fn the_capacity_of_a_missed_lease_returns_before_its_end_is_processed() {
    build_and_execute(|| {
        let id = deploy(order(1_000));
        jump_to(ACTIVATION_DEADLINE);
        let report = || vec![id].try_into().expect("one");
        assert_noop!(Marketplace::torn_down(operator(), report()), Error::<Test>::LeaseRuns);
        jump_to(1 + ACTIVATION_DEADLINE);
        assert_ok!(Marketplace::torn_down(operator(), report()));
        assert!(!takes_capacity(id));
    });
}

#[test]
fn capacity_returns_by_itself_after_the_grace_period() {
    build_and_execute(|| {
        let id = active(1_000);
        run_to(5);
        close(id);
        run_to(5 + GRACE - 1);
        assert!(takes_capacity(id));
        run_to(5 + GRACE);
        assert!(!takes_capacity(id));
    });
}

#[test]
fn an_ended_lease_stays_readable_and_is_then_pruned_with_its_deposits() {
    build_and_execute(|| {
        let before = Balances::free_balance(TENANT);
        let id = active(1_000);
        run_to(25);
        close(id);
        run_to(25 + RETENTION - 1);
        let found = state(id);
        assert!(found.settled);
        assert_eq!((found.billed, found.unbilled_blocks), (24 * 7, 0));
        run_to(25 + RETENTION);
        assert!(has_event(Event::LeasePruned { lease: id }));
        assert!(Marketplace::lease_state(id).is_none());
        assert!(!Deployments::<Test>::contains_key(0));
        assert!(!DeploymentsByOwner::<Test>::contains_key(TENANT, 0));
        assert_eq!(Balances::free_balance(TENANT), before - 24 * 7);
        assert_eq!(Balances::reserved_balance(TENANT), 0);
        assert_eq!(Agenda::<Test>::iter_keys().count(), 0);
    });
}

#[test]
fn capacity_lowered_below_what_is_leased_stops_new_leases_and_ends_none() {
    build_and_execute(|| {
        let id = active(1_000);
        assert_ok!(Providers::set_capacity(operator(), resources(0)));
        let again = Marketplace::deploy(tenant(), vec![order(1_000)].try_into().expect("one"));
        assert_eq!(again.expect_err("full").error, Error::<Test>::NoAskFits(0).into());
        run_to(12);
        assert_eq!(state(id).phase, LeasePhase::Active { since: 1 });
        close(id);
        assert_ok!(Marketplace::torn_down(operator(), vec![id].try_into().expect("one")));
        assert_ok!(Providers::set_capacity(operator(), resources(10)));
    });
}
