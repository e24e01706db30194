//! What calls cost that had less to do than they might have.

use crate::{mock::*, *};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{GetDispatchInfo, PostDispatchInfo},
    weights::Weight,
};
use perigee_primitives::{traits::MAX_DEPOSITORS, GroupOrder, LeaseId};

fn tenant() -> RuntimeOrigin {
    RuntimeOrigin::signed(TENANT)
}

fn cost(info: PostDispatchInfo) -> Weight {
    info.actual_weight.expect("what is not needed is given back")
}

fn settle(id: LeaseId) -> Weight {
    cost(Marketplace::settle(tenant(), id).expect("a record")) - <() as WeightInfo>::settle()
}

#[test]
fn a_look_that_pays_nobody_costs_no_payouts() {
    build_and_execute(|| {
        let id = active(1_000);
        jump_to(5);
        assert_eq!(settle(id), <() as WeightInfo>::look(0));
        let before = Call::<Test>::settle { lease: id }.get_dispatch_info().call_weight;
        let look = <() as WeightInfo>::settle() + <() as WeightInfo>::look(0);
        assert!(before.all_gte(look) && before.any_gt(look));
    });
}

#[test]
fn searching_among_many_absences_costs_more() {
    build_and_execute(|| {
        let id = active(10_000);
        Script::absent(0, &[2, 4, 6, 8]);
        jump_to(15);
        assert_eq!(settle(id), <() as WeightInfo>::look(3));
        // Of another provider nothing is known.
        let other = deploy(GroupOrder {
            asks: vec![1].try_into().expect("one ask"),
            max_rate: 11,
            ..order(10_000)
        });
        assert_eq!(settle(other), <() as WeightInfo>::look(0));
    });
}

#[test]
fn what_may_have_been_paid_out_is_charged_for() {
    build_and_execute(|| {
        let id = active(1_000);
        jump_to(5);
        close(id);
        assert!(!state(id).settled);
        jump_to(100);
        Script::judge(100);
        assert_eq!(settle(id), <() as WeightInfo>::advance(MAX_DEPOSITORS, 0));
        assert!(state(id).settled);
    });
}

#[test]
fn a_record_that_is_gone_costs_its_removal() {
    build_and_execute(|| {
        let id = active(1_000);
        jump_to(5);
        close(id);
        run_to(2 * RETENTION);
        assert!(Leases::<Test>::get(id).is_none());
        let leases = vec![id].try_into().expect("one");
        let info = Marketplace::settle_many(tenant(), leases).expect("passed over");
        assert_eq!(
            cost(info),
            <() as WeightInfo>::settle_many(1) + <() as WeightInfo>::prune()
        );
    });
}

#[test]
fn the_agenda_is_charged_for_the_depositors_there_were() {
    build_and_execute(|| {
        let id = active(1_000);
        assert_ok!(Escrow::approve(tenant(), id, OTHER, 1));
        assert_ok!(Marketplace::deposit(RuntimeOrigin::signed(OTHER), id, 50));
        jump_to(5);
        close(id);
        jump_to(100);
        Script::judge(100);
        let used = poll(2);
        // It is late, and says so.
        let looks = <() as WeightInfo>::agenda_peek() * 2 + <() as WeightInfo>::show_backlog();
        assert_eq!(used, <() as WeightInfo>::advance(2, 0) + looks);
    });
}

#[test]
fn a_claim_is_searched_for_like_a_bill() {
    build_and_execute(|| {
        let id = active(1_000);
        jump_to(5);
        let deployment = Leases::<Test>::get(id).expect("a record").deployment;
        assert_noop!(
            Marketplace::close(tenant(), deployment, Some(Claim::Abandoned)),
            Error::<Test>::NotAbandoned
        );
        let worst = |claim| Marketplace::close_weight(claim) - <() as WeightInfo>::close(MAX_LEASES);
        assert_eq!(worst(Some(Claim::Abandoned)), worst(None) * 2);
        let info = Marketplace::close(tenant(), deployment, None).expect("it runs");
        assert_eq!(cost(info), <() as WeightInfo>::close(1) + <() as WeightInfo>::look(0));
    });
}
