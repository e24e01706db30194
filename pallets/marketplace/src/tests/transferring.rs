//! Deployments that change hands.

use crate::{mock::*, *};
use frame_support::{
    assert_noop, assert_ok,
    traits::fungible::{hold::Inspect as InspectHold, Inspect},
};
use perigee_primitives::{traits::LeaseBonds, AskTerms, Balance, GroupOrder, LeasePhase, Tenants};
use sp_runtime::DispatchError;

fn tenant() -> RuntimeOrigin {
    RuntimeOrigin::signed(TENANT)
}

fn other() -> RuntimeOrigin {
    RuntimeOrigin::signed(OTHER)
}

fn on_hold(reason: impl Into<RuntimeHoldReason>, who: u64) -> Balance {
    <Balances as InspectHold<u64>>::balance_on_hold(&reason.into(), &who)
}

#[test]
fn a_deployment_changes_hands_in_two_steps() {
    build_and_execute(|| {
        let id = active(1_000);
        assert_ok!(Marketplace::offer_transfer(tenant(), 0, OTHER));
        assert!(has_event(Event::TransferOffered {
            deployment: 0,
            to: OTHER
        }));
        assert_eq!(state(id).owner, TENANT);
        run_to(15);
        assert!(on_hold(HoldReason::Record, TENANT) > 0);
        assert_ok!(Marketplace::accept_transfer(other(), 0));
        assert!(has_event(Event::Transferred {
            deployment: 0,
            from: TENANT,
            to: OTHER
        }));
        assert_eq!(state(id).owner, OTHER);
        assert_eq!(pallet_escrow::Accounts::<Test>::get(id).expect("open").owner, OTHER);
        assert!(DeploymentsByOwner::<Test>::contains_key(OTHER, 0));
        assert!(!DeploymentsByOwner::<Test>::contains_key(TENANT, 0));
        // The deposit for the record is the new owner's, that of the lease stays whose it is.
        assert_eq!(on_hold(HoldReason::Record, TENANT), 0);
        let deployment = Deployments::<Test>::get(0).expect("a record");
        let record = 100 + Marketplace::record_footprint(&deployment).size as Balance;
        assert_eq!(on_hold(HoldReason::Record, OTHER), record);
        assert_eq!(on_hold(pallet_escrow::HoldReason::Deposit, OTHER), 0);
        assert_noop!(Marketplace::close(tenant(), 0, None), Error::<Test>::NotOwner);
        assert_ok!(Marketplace::deposit(other(), id, 500));
        assert_ok!(Marketplace::close(other(), 0, None));
        run_to(60);
        assert_eq!(state(id).refunded, 1_500 - 14 * 7);
        // The older deposit was used first; both got back what was left.
        assert_eq!(Balances::free_balance(TENANT), RICH - 14 * 7);
        assert_eq!(Balances::free_balance(OTHER), RICH - record);
        run_to(15 + RETENTION);
        assert_eq!(Balances::free_balance(OTHER), RICH);
    });
}

#[test]
fn ended_leases_go_with_their_deployment() {
    build_and_execute(|| {
        let groups = vec![order(1_000), order(1_000), order(1_000)].try_into().expect("few");
        assert_ok!(Marketplace::deploy(tenant(), groups));
        for id in 0..3 {
            assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
        }
        run_to(15);
        let root = RuntimeOrigin::root;
        assert_ok!(Marketplace::take_down(root(), 0, [1; 32]));
        run_to(35);
        assert_ok!(Marketplace::take_down(root(), 1, [1; 32]));
        assert!(state(0).settled && !state(1).settled);
        assert_ok!(Marketplace::offer_transfer(tenant(), 0, OTHER));
        assert_ok!(Marketplace::accept_transfer(other(), 0));
        assert!((0..3).all(|id| state(id).owner == OTHER));
        check();
        // The first one's time is over when the deployment goes back.
        jump_to(15 + RETENTION);
        Script::judge(500);
        assert_ok!(Marketplace::offer_transfer(other(), 0, TENANT));
        assert_ok!(Marketplace::accept_transfer(tenant(), 0));
        assert!(Marketplace::lease_state(0).is_none());
        assert_eq!(Deployments::<Test>::get(0).expect("a record").leases.to_vec(), [1, 2]);
    });
}

#[test]
fn an_offer_is_replaced_and_taken_back() {
    build_and_execute(|| {
        active(1_000);
        assert_noop!(
            Marketplace::cancel_transfer(tenant(), 0),
            Error::<Test>::NoTransferOffered
        );
        assert_ok!(Marketplace::offer_transfer(tenant(), 0, OTHER));
        assert_ok!(Marketplace::offer_transfer(tenant(), 0, STASH));
        assert_noop!(
            Marketplace::accept_transfer(other(), 0),
            Error::<Test>::NoTransferOffered
        );
        assert_noop!(Marketplace::cancel_transfer(other(), 0), Error::<Test>::NotOwner);
        assert_ok!(Marketplace::cancel_transfer(tenant(), 0));
        assert!(has_event(Event::TransferCancelled { deployment: 0 }));
        assert_noop!(
            Marketplace::accept_transfer(RuntimeOrigin::signed(STASH), 0),
            Error::<Test>::NoTransferOffered
        );
    });
}

#[test]
fn errors_of_transfer() {
    build_and_execute(|| {
        let offer = |who, to| Marketplace::offer_transfer(who, 0, to);
        assert_noop!(offer(tenant(), OTHER), Error::<Test>::NoSuchDeployment);
        assert_noop!(
            Marketplace::cancel_transfer(tenant(), 0),
            Error::<Test>::NoSuchDeployment
        );
        assert_noop!(
            Marketplace::accept_transfer(other(), 0),
            Error::<Test>::NoSuchDeployment
        );
        let id = deploy(order(1_000));
        assert_noop!(offer(other(), OTHER), Error::<Test>::NotOwner);
        assert_noop!(offer(tenant(), TENANT), Error::<Test>::AlreadyOwner);
        assert_ok!(offer(tenant(), OTHER));
        // A reservation stays with whom it was made by.
        assert_noop!(Marketplace::accept_transfer(other(), 0), Error::<Test>::LeasePending);
        assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
        assert_ok!(offer(tenant(), 77));
        // The new owner holds the deposit for the record.
        let poor = Marketplace::accept_transfer(RuntimeOrigin::signed(77), 0);
        assert!(matches!(poor.expect_err("poor").error, DispatchError::Token(_)));
        assert_eq!(state(id).owner, TENANT);
    });
}

#[test]
fn an_ask_for_some_tenants_admits_no_others_by_transfer() {
    build_and_execute(|| {
        let ask = publish_on(
            OPERATOR,
            AskTerms {
                tenants: Tenants::Except(vec![OTHER].try_into().expect("one")),
                ..terms(7)
            },
        );
        let id = deploy(GroupOrder {
            asks: vec![ask].try_into().expect("one ask"),
            ..order(1_000)
        });
        assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
        assert_ok!(Marketplace::offer_transfer(tenant(), 0, OTHER));
        assert_noop!(
            Marketplace::accept_transfer(other(), 0),
            Error::<Test>::TenantNotAdmitted
        );
        assert_ok!(Providers::withdraw_ask(RuntimeOrigin::signed(OPERATOR), ask));
        assert_ok!(Marketplace::accept_transfer(other(), 0));
        assert_eq!(state(id).phase, LeasePhase::Active { since: 1 });
    });
}

#[test]
fn credits_go_to_the_owner_at_the_time_of_their_verdict() {
    build_and_execute(|| {
        let ask = publish_on(
            OPERATOR,
            AskTerms {
                sla: 1_000_000,
                ..terms(7)
            },
        );
        let id = deploy(GroupOrder {
            asks: vec![ask].try_into().expect("one ask"),
            ..order(1_000)
        });
        assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
        assert_ok!(Marketplace::offer_transfer(tenant(), 0, OTHER));
        Script::absent(0, &[1, 2]);
        jump_to(25);
        Script::judge(20);
        let (before, bond) = (Balances::total_balance(&TENANT), Providers::bonded(0, id));
        assert_ok!(Marketplace::accept_transfer(other(), 0));
        assert_eq!(Balances::total_balance(&TENANT), before + 70);
        let before = Balances::total_balance(&OTHER);
        run_to(30);
        assert_ok!(Marketplace::settle(tenant(), id));
        assert_eq!(Balances::total_balance(&OTHER), before + 70);
        assert_eq!(Providers::bonded(0, id), bond - 140);
    });
}
