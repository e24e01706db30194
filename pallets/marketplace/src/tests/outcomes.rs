//! How leases went, as noted for the provider's score.

use crate::{mock::*, *};
use frame_support::{assert_ok, traits::fungible::Mutate};
use perigee_primitives::{traits::Outcome, Balance, GroupOrder};

/// The fee of 24 blocks at rate 7: 4 % of 168.
const FEE: Balance = 6;

#[test]
fn a_lease_that_was_served_is_noted_once_with_its_fee() {
    build_and_execute(|| {
        let id = active(1_000);
        run_to(25);
        close(id);
        // Not before it is final.
        assert!(Script::noted().is_empty());
        run_to(60);
        assert_eq!(Script::noted(), [(0, TENANT, Outcome::Kept, FEE, 25)]);
        assert_ok!(Marketplace::settle(RuntimeOrigin::signed(OTHER), id));
        run_to(100);
        assert!(Script::noted().is_empty());
    });
}

#[test]
fn a_term_and_funds_that_end_are_served_too() {
    build_and_execute(|| {
        let id = deploy(GroupOrder {
            term: Some(24),
            ..order(1_000)
        });
        assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
        active(7 * RESERVE);
        run_to(100);
        let noted: Vec<_> = Script::noted().into_iter().map(|(_, _, outcome, ..)| outcome).collect();
        assert_eq!(noted, [Outcome::Kept, Outcome::Kept]);
    });
}

#[test]
fn an_abandoned_lease_is_broken() {
    build_and_execute(|| {
        active(5_000);
        Script::absent(0, &[3, 4, 5]);
        run_to(60);
        let claim = Some(Claim::Abandoned);
        assert_ok!(Marketplace::close(RuntimeOrigin::signed(TENANT), 0, claim));
        run_to(80);
        // 29 blocks were served: 4 % of 203.
        assert_eq!(Script::noted(), [(0, TENANT, Outcome::Broken, 8, 60)]);
    });
}

#[test]
fn a_lease_that_was_stopped_for_abuse_is_not_noted() {
    build_and_execute(|| {
        let id = active(1_000);
        run_to(25);
        assert_ok!(Marketplace::stop_for_abuse(
            RuntimeOrigin::signed(OPERATOR),
            id,
            [5; 32]
        ));
        run_to(60);
        assert!(state(id).settled && state(id).billed > 0);
        assert!(Script::noted().is_empty());
    });
}

#[test]
fn a_lease_that_paid_nothing_is_not_noted() {
    build_and_execute(|| {
        close(deploy(order(1_000)));
        close(active(1_000));
        assert!(Script::noted().is_empty());
    });
}

#[test]
fn who_leases_from_itself_is_not_noted() {
    build_and_execute(|| {
        for who in [STASH, OPERATOR] {
            Balances::set_balance(&who, RICH);
            let id = NextLeaseId::<Test>::get();
            let deployment = NextDeploymentId::<Test>::get();
            let groups = vec![order(1_000)].try_into().expect("one");
            assert_ok!(Marketplace::deploy(RuntimeOrigin::signed(who), groups));
            assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
            run_to(System::block_number() + 30);
            assert_ok!(Marketplace::close(RuntimeOrigin::signed(who), deployment, None));
            run_to(System::block_number() + 30);
            assert!(state(id).settled && state(id).billed > 0);
        }
        assert!(Script::noted().is_empty());
    });
}

#[test]
fn an_operator_that_leased_from_itself_and_was_replaced_is_not_noted() {
    build_and_execute(|| {
        let groups = vec![order(1_000)].try_into().expect("one");
        assert_ok!(Marketplace::deploy(RuntimeOrigin::signed(OPERATOR), groups));
        assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), 0));
        assert_ok!(Providers::set_operator(RuntimeOrigin::signed(STASH), OPERATOR_2));
        run_to(30);
        assert_ok!(Marketplace::close(RuntimeOrigin::signed(OPERATOR), 0, None));
        run_to(60);
        assert!(state(0).settled && state(0).billed > 0);
        assert!(Script::noted().is_empty());
    });
}

#[test]
fn a_stash_does_not_take_back_what_is_noted_by_making_a_tenant_its_operator() {
    build_and_execute(|| {
        let id = active(1_000);
        run_to(25);
        close(id);
        assert_ok!(Providers::set_operator(RuntimeOrigin::signed(STASH), TENANT));
        run_to(60);
        assert_eq!(Script::noted().len(), 1);
    });
}
