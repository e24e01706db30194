//! A tenant's claim that its leases are abandoned.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use perigee_primitives::{traits::LeaseBonds, Balance, CloseReason, GroupOrder, LeaseId, LeasePhase, Party};

/// Four fifths of the bond at rate 7, which is 350.
const FORFEITED: Balance = 280;

fn claim(deployment: u64) -> frame_support::dispatch::DispatchResultWithPostInfo {
    Marketplace::close(RuntimeOrigin::signed(TENANT), deployment, Some(Claim::Abandoned))
}

fn reason(id: LeaseId) -> CloseReason {
    match state(id).phase {
        LeasePhase::Ended { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_abandoned_lease_pays_its_tenant_out_of_the_bond() {
    build_and_execute(|| {
        let id = active(5_000);
        Script::absent(0, &[1, 2, 3, 4]);
        run_to(45);
        let free = Balances::free_balance(TENANT);
        assert_ok!(claim(0));
        assert!(has_event(Event::BondForfeited {
            lease: id,
            amount: FORFEITED
        }));
        assert_eq!(Balances::free_balance(TENANT), free + FORFEITED);
        assert_eq!(reason(id), CloseReason::Abandoned);
        assert_eq!(state(id).fault(), Some(Party::Provider));
        assert_eq!(state(id).bond, 350 - FORFEITED);
        // The rest goes back to the pool when the tail is judged.
        run_to(60);
        assert!(state(id).settled);
        assert_eq!(Providers::bonded(0, id), 0);
    });
}

#[test]
fn a_lease_made_larger_once_its_provider_is_gone_pays_no_more() {
    build_and_execute(|| {
        let id = active(50_000);
        Script::absent(0, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        jump_to(12);
        let larger = Marketplace::resize(RuntimeOrigin::signed(TENANT), id, resources(10), [4; 32], 1_000);
        assert_ok!(larger);
        assert_eq!(Providers::bonded(0, id), 10 * 350);
        // In the third window of 50 blocks, too.
        run_to(110);
        assert_ok!(claim(0));
        assert!(has_event(Event::BondForfeited {
            lease: id,
            amount: FORFEITED
        }));
    });
}

#[test]
fn a_claim_that_attestation_does_not_confirm_is_refused() {
    build_and_execute(|| {
        active(5_000);
        assert_noop!(claim(0), Error::<Test>::NotAbandoned);
        // Present in one of the last three judged epochs.
        Script::absent(0, &[1, 2, 4]);
        run_to(59);
        assert_noop!(claim(0), Error::<Test>::NotAbandoned);
        // Absent in three, of which the last is not judged yet.
        Script::absent(0, &[6, 7, 8]);
        jump_to(95);
        Script::judge(80);
        assert_noop!(claim(0), Error::<Test>::NotAbandoned);
        Script::judge(90);
        assert_ok!(claim(0));
    });
}

#[test]
fn absences_before_the_activation_do_not_count() {
    build_and_execute(|| {
        let id = deploy(order(5_000));
        Script::absent(0, &[0, 1, 2, 3]);
        jump_to(11);
        assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
        run_to(40);
        assert_noop!(claim(0), Error::<Test>::NotAbandoned);
        Script::absent(0, &[4]);
        run_to(50);
        assert_ok!(claim(0));
    });
}

#[test]
fn announced_maintenance_is_no_absence() {
    build_and_execute(|| {
        active(5_000);
        Script::absent(0, &[1, 2, 3]);
        Script::maintenance(0, &[2]);
        run_to(40);
        assert_noop!(claim(0), Error::<Test>::NotAbandoned);
    });
}

#[test]
fn the_other_leases_of_the_deployment_are_closed_by_their_tenant() {
    build_and_execute(|| {
        let at = |ask: u64| GroupOrder {
            asks: vec![ask].try_into().expect("one"),
            max_rate: 11,
            ..order(5_000)
        };
        let orders = vec![at(0), at(1), at(0)].try_into().expect("three");
        assert_ok!(Marketplace::deploy(RuntimeOrigin::signed(TENANT), orders));
        for (id, operator) in [(0, OPERATOR), (1, OPERATOR_1)] {
            assert_ok!(Marketplace::activate(RuntimeOrigin::signed(operator), id));
        }
        Script::absent(0, &[1, 2, 3]);
        run_to(40);
        assert_ok!(claim(0));
        assert_eq!(reason(0), CloseReason::Abandoned);
        assert_eq!(reason(1), CloseReason::ClosedByTenant);
        // It was never activated.
        assert_eq!(reason(2), CloseReason::ActivationMissed);
        assert_noop!(claim(0), Error::<Test>::DeploymentEnded);
    });
}

#[test]
fn without_a_claim_nothing_is_forfeited() {
    build_and_execute(|| {
        let id = active(5_000);
        Script::absent(0, &[1, 2, 3]);
        run_to(40);
        close(id);
        assert_eq!(reason(id), CloseReason::ClosedByTenant);
        let pool = pallet_providers::BondPools::<Test>::get(0);
        assert_eq!((pool.total, pool.bonded), (STAKE, 0));
    });
}
