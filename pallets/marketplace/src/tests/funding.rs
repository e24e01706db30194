//! Money that comes and goes while a lease runs, and the warning before it ends.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use perigee_primitives::{Balance, GroupOrder, LeaseId};

fn tenant() -> RuntimeOrigin {
    RuntimeOrigin::signed(TENANT)
}

fn other() -> RuntimeOrigin {
    RuntimeOrigin::signed(OTHER)
}

fn warnings(id: LeaseId) -> Vec<u32> {
    let warned = System::events().into_iter().filter_map(|record| match record.event {
        RuntimeEvent::Marketplace(Event::FundsLow { lease, ends_at }) if lease == id => Some(ends_at),
        _ => None,
    });
    warned.collect()
}

#[test]
fn a_withdrawal_leaves_what_the_unjudged_blocks_and_w_and_e_may_cost() {
    build_and_execute(|| {
        let id = active(1_000);
        Script::absent(0, &[0]);
        jump_to(25);
        Script::judge(10);
        // Blocks 10 to 25, and 30 more.
        let left: Balance = 7 * 46;
        assert_noop!(
            Marketplace::withdraw(tenant(), id, 1_000 - left + 1),
            Error::<Test>::NotCovered
        );
        assert_ok!(Marketplace::withdraw(tenant(), id, 1_000 - left));
        assert!(has_event(Event::Withdrawn {
            lease: id,
            who: TENANT,
            amount: 1_000 - left
        }));
        let found = state(id);
        assert_eq!((found.deposited, found.refunded), (1_000, 1_000 - left));
        run_to(200);
        // Nothing of what is left comes back but what the last boundary wanted too much.
        assert_eq!(state(id).refunded, 1_000 - state(id).billed);
    });
}

#[test]
fn a_lease_with_a_term_keeps_what_the_term_needs() {
    build_and_execute(|| {
        let id = deploy(GroupOrder {
            term: Some(50),
            ..order(1_000)
        });
        assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
        assert_noop!(
            Marketplace::withdraw(tenant(), id, 1_000 - 7 * 80 + 1),
            Error::<Test>::NotCovered
        );
        assert_ok!(Marketplace::withdraw(tenant(), id, 1_000 - 7 * 80));
        assert_eq!(state(id).runs_until, Some(51));
    });
}

#[test]
fn others_deposit_when_the_owner_approves_and_withdraw_their_own() {
    build_and_execute(|| {
        let id = active(1_000);
        assert_noop!(
            Marketplace::deposit(other(), id, 500),
            pallet_escrow::Error::<Test>::NotApproved
        );
        assert_ok!(Escrow::approve(tenant(), id, OTHER, 100));
        assert_ok!(Marketplace::deposit(other(), id, 500));
        assert_eq!(state(id).deposited, 1_500);
        assert_noop!(
            Marketplace::withdraw(other(), id, 501),
            pallet_escrow::Error::<Test>::InsufficientDeposit
        );
        assert_ok!(Marketplace::withdraw(other(), id, 500));
        assert_eq!(Balances::free_balance(OTHER), RICH);
        assert_noop!(
            Marketplace::withdraw(other(), id, 1),
            pallet_escrow::Error::<Test>::NothingToWithdraw
        );
    });
}

#[test]
fn errors_of_withdraw() {
    build_and_execute(|| {
        assert_noop!(Marketplace::withdraw(tenant(), 0, 1), Error::<Test>::NoSuchLease);
        let id = deploy(order(1_000));
        assert_noop!(Marketplace::withdraw(tenant(), id, 1), Error::<Test>::NotActive);
        assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
        assert_noop!(Marketplace::withdraw(tenant(), id, 0), Error::<Test>::ZeroAmount);
        close(id);
        assert_noop!(Marketplace::withdraw(tenant(), id, 1), Error::<Test>::NotActive);
    });
}

#[test]
fn the_tenant_is_warned_once_before_the_funds_end() {
    build_and_execute(|| {
        // At block 80 there are 447 of 1,000 left, at 120 there are 167 and the end is 140 at the latest.
        let id = active(1_000);
        let end = state(id).runs_until.expect("an end");
        run_to(end - WARN - 1);
        assert!(warnings(id).is_empty());
        run_to(end - WARN);
        assert_eq!(warnings(id), [end]);
        run_to(end + 10);
        assert_eq!(warnings(id), [end]);
    });
}

#[test]
fn a_deposit_arms_the_warning_again() {
    build_and_execute(|| {
        let id = active(1_000);
        let end = state(id).runs_until.expect("an end");
        run_to(end - WARN);
        assert_ok!(Marketplace::deposit(tenant(), id, 700));
        let later = state(id).runs_until.expect("an end");
        assert_eq!(later, end + 100);
        run_to(later);
        assert_eq!(warnings(id), [end, later]);
    });
}

#[test]
fn an_end_that_absences_put_off_is_warned_of_when_it_is_near() {
    build_and_execute(|| {
        let id = active(1_000);
        let end = state(id).runs_until.expect("an end");
        Script::absent(0, &[3, 4]);
        run_to(end + 15 - WARN);
        assert!(warnings(id).is_empty());
        run_to(end + 20 - WARN);
        assert_eq!(warnings(id), [end + 20]);
        // Another absence puts it off once more, but the tenant knows.
        Script::absent(0, &[TIMES.epoch_of(end)]);
        run_to(end + 60);
        assert_eq!(warnings(id).len(), 1);
    });
}

#[test]
fn nobody_is_warned_of_funds_that_outlast_the_term() {
    build_and_execute(|| {
        let id = deploy(GroupOrder {
            term: Some(50),
            ..order(7 * 80)
        });
        assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
        run_to(60);
        assert!(warnings(id).is_empty());
    });
}

#[test]
fn many_leases_are_settled_at_once() {
    build_and_execute(|| {
        let (first, second, gone) = (active(1_000), active(1_000), active(1_000));
        close(gone);
        run_to(1 + RETENTION);
        assert!(Marketplace::lease_state(gone).is_none());
        let (third, fourth) = (active(1_000), active(1_000));
        jump_to(System::block_number() + 20);
        Script::judge(System::block_number());
        let all = vec![first, second, gone, third, fourth].try_into().expect("few");
        assert_ok!(Marketplace::settle_many(other(), all));
        for id in [third, fourth] {
            assert!(Leases::<Test>::get(id).expect("a record").bill.billed_until > 500);
        }
        let unknown = vec![third, 99].try_into().expect("few");
        assert_noop!(Marketplace::settle_many(other(), unknown), Error::<Test>::NoSuchLease);
    });
}
