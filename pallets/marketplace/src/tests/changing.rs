//! What changes while a lease runs: resources, manifest, term.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use perigee_primitives::{
    traits::{LeaseBonds, ProviderInspect},
    AskTerms, Balance, BlockNumber, CloseReason, GroupOrder, LeaseId, LeasePhase, Resources, Tenants, TermLimits,
};
use sp_runtime::DispatchResult;

fn tenant() -> RuntimeOrigin {
    RuntimeOrigin::signed(TENANT)
}

fn resize(id: LeaseId, units: u32) -> DispatchResult {
    done(Marketplace::resize(tenant(), id, resources(units), [4; 32], 1_000))
}

fn leased() -> (Resources, Balance) {
    let provider = pallet_providers::Providers::<Test>::get(0).expect("registered");
    (provider.leased, provider.leased_rate)
}

/// A lease of one unit with a term at an ask of these limits.
fn with_term(term: BlockNumber, limits: TermLimits, deposit: Balance) -> LeaseId {
    let ask = publish_on(
        OPERATOR,
        AskTerms {
            terms: limits,
            ..terms(7)
        },
    );
    let id = deploy(GroupOrder {
        asks: vec![ask].try_into().expect("one ask"),
        term: Some(term),
        ..order(deposit)
    });
    assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
    id
}

#[test]
fn a_larger_lease_takes_more_of_everything_from_the_next_block_on() {
    build_and_execute(|| {
        let id = active(10_000);
        jump_to(15);
        assert_ok!(resize(id, 3));
        assert!(has_event(Event::LeaseResized {
            lease: id,
            resources: resources(3),
            commitment: [4; 32],
            rate: 21,
            from: 16,
        }));
        assert_eq!(leased(), (resources(3), 21));
        assert_eq!(Providers::bonded(0, id), 21 * Balance::from(BOND_BLOCKS));
        let found = state(id);
        assert_eq!(
            (found.rate, found.resources, found.commitment),
            (21, resources(3), [4; 32])
        );
        assert_eq!(found.next_change, Some(16));
        run_to(31);
        // Blocks 1 to 15 at 7, 16 to 29 at 21.
        assert_eq!(state(id).billed, 15 * 7 + 14 * 21);
        assert_eq!(state(id).next_change, None);
    });
}

#[test]
fn a_change_in_force_is_no_longer_to_come() {
    build_and_execute(|| {
        let id = active(10_000);
        jump_to(15);
        assert_ok!(resize(id, 3));
        assert_eq!(state(id).next_change, Some(16));
        jump_to(16);
        assert_eq!(state(id).next_change, None);
    });
}

#[test]
fn a_smaller_lease_gives_capacity_stake_and_bond_back_at_once() {
    build_and_execute(|| {
        let id = active(10_000);
        assert_ok!(resize(id, 3));
        jump_to(2);
        assert_ok!(resize(id, 2));
        assert_eq!(leased(), (resources(2), 14));
        assert_eq!(Providers::bonded(0, id), 14 * Balance::from(BOND_BLOCKS));
        run_to(12);
        // Block 1 at 7, block 2 at 21.
        assert_eq!(state(id).billed, 7 + 21 + 7 * 14);
        close(id);
        assert_ok!(Marketplace::torn_down(
            RuntimeOrigin::signed(OPERATOR),
            vec![id].try_into().expect("one")
        ));
        assert_eq!(leased(), (Resources::default(), 0));
    });
}

#[test]
fn a_lease_may_take_more_of_one_thing_and_less_of_another() {
    build_and_execute(|| {
        let id = active(10_000);
        let mixed = Resources {
            cpu_milli: 300,
            memory_mib: 32,
            ..Default::default()
        };
        assert_ok!(Marketplace::resize(tenant(), id, mixed, [4; 32], 21));
        assert_eq!(leased(), (mixed, 21));
    });
}

#[test]
fn a_paid_credit_is_not_filled_up_by_a_resize() {
    build_and_execute(|| {
        let id = active(10_000);
        let bond = |rate: Balance| rate * Balance::from(BOND_BLOCKS);
        assert_eq!(Providers::pay(0, id, &TENANT, bond(7)), bond(7));
        Leases::<Test>::mutate(id, |lease| {
            lease.as_mut().expect("a record").sla_count.credited = bond(7)
        });
        assert_ok!(resize(id, 2));
        assert_eq!(Providers::bonded(0, id), bond(14) - bond(7));
        // Nor by two of them.
        jump_to(2);
        assert_ok!(resize(id, 1));
        assert_eq!(Providers::bonded(0, id), 0);
        jump_to(3);
        assert_ok!(resize(id, 2));
        assert_eq!(Providers::bonded(0, id), bond(14) - bond(7));
    });
}

#[test]
fn a_resize_keeps_to_the_ask_as_it_stands() {
    build_and_execute(|| {
        let id = active(10_000);
        assert_ok!(Providers::replace_ask(RuntimeOrigin::signed(OPERATOR), 0, terms(9)));
        // What runs is not repriced; what is asked for anew has the new price.
        assert_eq!(state(id).rate, 7);
        let dear = Marketplace::resize(tenant(), id, resources(2), [4; 32], 17);
        assert_noop!(dear, Error::<Test>::RateTooHigh);
        assert_ok!(Marketplace::resize(tenant(), id, resources(2), [4; 32], 18));
        assert_eq!(state(id).rate, 18);
        assert_ok!(Providers::withdraw_ask(RuntimeOrigin::signed(OPERATOR), 0));
        assert_noop!(resize(id, 1), Error::<Test>::AskGone);
    });
}

#[test]
fn an_ask_that_is_no_longer_for_the_tenant_does_not_serve_it_any_more() {
    build_and_execute(|| {
        let id = with_term(50, TermLimits::default(), 100_000);
        let ask = Leases::<Test>::get(id).expect("a record").ask;
        let others = AskTerms {
            tenants: Tenants::Only(vec![OTHER].try_into().expect("one")),
            ..terms(7)
        };
        assert_ok!(Providers::replace_ask(RuntimeOrigin::signed(OPERATOR), ask, others));
        assert_noop!(resize(id, 2), Error::<Test>::TenantNotAdmitted);
        assert_noop!(Marketplace::extend(tenant(), id, 1), Error::<Test>::TenantNotAdmitted);
        // What was agreed goes on.
        assert_eq!(state(id).runs_until, Some(51));
    });
}

#[test]
fn a_deposit_must_cover_w_and_e_at_the_new_rate() {
    build_and_execute(|| {
        let id = active(1_000);
        Script::absent(0, &[0, 1]);
        jump_to(25);
        Script::judge(10);
        // Nothing was billed before block 10; 16 blocks at 7 are not judged, 30 at 7 × 4 are to come: 952.
        assert_noop!(resize(id, 5), Error::<Test>::NotCovered);
        assert_ok!(resize(id, 4));
        // Block 10 to 19 were absent as well.
        Script::judge(20);
        assert_noop!(resize(id, 5), Error::<Test>::NotCovered);
        assert_eq!(state(id).refundable, 1_000 - 5 * 7);
    });
}

#[test]
fn errors_of_resize() {
    build_and_execute(|| {
        assert_noop!(resize(0, 1), Error::<Test>::NoSuchLease);
        let id = deploy(order(10_000));
        assert_noop!(resize(id, 2), Error::<Test>::NotActive);
        assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
        let stranger = Marketplace::resize(RuntimeOrigin::signed(OTHER), id, resources(2), [4; 32], 1_000);
        assert_noop!(stranger, Error::<Test>::NotOwner);
        assert_noop!(resize(id, 0), Error::<Test>::NotRunnable);
        let gpu = Resources {
            gpus: perigee_primitives::PerModel::one(
                perigee_primitives::GpuModel::new(b"nvidia/t4").expect("a valid name"),
                1,
            ),
            ..resources(1)
        };
        let missing = Marketplace::resize(tenant(), id, gpu, [4; 32], 1_000);
        assert_noop!(missing, Error::<Test>::NotOffered);
        assert_noop!(resize(id, 11), pallet_providers::Error::<Test>::NoCapacity);
        for units in [2, 1, 2, 3] {
            assert_ok!(resize(id, units));
            jump_to(System::block_number() + 1);
        }
        assert_noop!(resize(id, 4), Error::<Test>::TooManyPendingChanges);
        close(id);
        assert_noop!(resize(id, 2), Error::<Test>::NotActive);
    });
}

#[test]
fn stake_and_bond_pool_bound_a_resize() {
    build_and_execute(|| {
        let id = active(10_000);
        assert_ok!(Providers::withdraw_bonds(
            RuntimeOrigin::signed(STASH),
            STAKE - 10 * Balance::from(BOND_BLOCKS)
        ));
        assert_noop!(resize(id, 2), pallet_providers::Error::<Test>::PoolTooSmall);
        pallet_providers::Providers::<Test>::mutate(0, |p| p.as_mut().expect("registered").stake = 1_000);
        // 1,000 back a rate of 50.
        assert_noop!(resize(id, 8), pallet_providers::Error::<Test>::NotBacked);
        pallet_providers::Providers::<Test>::mutate(0, |p| p.as_mut().expect("registered").stake = STAKE);
    });
}

#[test]
fn the_manifest_changes_alone() {
    build_and_execute(|| {
        let id = active(1_000);
        assert_ok!(Marketplace::update(tenant(), id, [9; 32]));
        assert!(has_event(Event::LeaseUpdated {
            lease: id,
            commitment: [9; 32]
        }));
        assert_eq!((state(id).commitment, state(id).rate), ([9; 32], 7));
        let stranger = Marketplace::update(RuntimeOrigin::signed(OTHER), id, [9; 32]);
        assert_noop!(stranger, Error::<Test>::NotOwner);
        // Neither asks, nor funds, nor the number of changes count.
        assert_ok!(Providers::withdraw_ask(RuntimeOrigin::signed(OPERATOR), 0));
        assert_ok!(Marketplace::update(tenant(), id, [8; 32]));
        close(id);
        assert_noop!(Marketplace::update(tenant(), id, [9; 32]), Error::<Test>::NotActive);
    });
}

#[test]
fn a_term_is_extended_within_the_limits_and_the_deposit() {
    build_and_execute(|| {
        let limits = TermLimits {
            shortest: 10,
            longest: Some(80),
        };
        let id = with_term(50, limits, 7 * 80);
        jump_to(15);
        assert_noop!(Marketplace::extend(tenant(), id, 31), Error::<Test>::TermTooLong);
        assert_noop!(Marketplace::extend(tenant(), id, 30), Error::<Test>::NotCovered);
        assert_ok!(Marketplace::deposit(tenant(), id, 7 * 30));
        assert_ok!(Marketplace::extend(tenant(), id, 30));
        assert!(has_event(Event::LeaseExtended { lease: id, ends_at: 81 }));
        assert_eq!((state(id).runs_until, state(id).term_end), (Some(81), Some(81)));
        run_to(100);
        let reason = CloseReason::TermEnded;
        assert_eq!(state(id).phase, LeasePhase::Ended { at: 81, reason });
        assert_eq!(state(id).billed, 80 * 7);
    });
}

#[test]
fn errors_of_extend() {
    build_and_execute(|| {
        assert_noop!(Marketplace::extend(tenant(), 0, 1), Error::<Test>::NoSuchLease);
        let open = active(1_000);
        assert_noop!(Marketplace::extend(tenant(), open, 1), Error::<Test>::NoTerm);
        let id = with_term(50, TermLimits::default(), 100_000);
        assert_noop!(Marketplace::extend(tenant(), id, 0), Error::<Test>::ZeroBlocks);
        let stranger = Marketplace::extend(RuntimeOrigin::signed(OTHER), id, 1);
        assert_noop!(stranger, Error::<Test>::NotOwner);
        let end = BlockNumber::MAX;
        assert_noop!(Marketplace::extend(tenant(), id, end), Error::<Test>::TermTooLong);
        assert_noop!(Marketplace::extend(tenant(), id, end - 50), Error::<Test>::TermTooLong);
        let ask = Leases::<Test>::get(id).expect("a record").ask;
        assert_ok!(Providers::withdraw_ask(RuntimeOrigin::signed(OPERATOR), ask));
        assert_noop!(Marketplace::extend(tenant(), id, 1), Error::<Test>::AskGone);
        run_to(60);
        assert_noop!(Marketplace::extend(tenant(), id, 1), Error::<Test>::NotActive);
    });
}

#[test]
fn a_resize_of_a_lease_with_a_term_covers_the_term() {
    build_and_execute(|| {
        let id = with_term(50, TermLimits::default(), 7 * 80);
        assert!(Providers::offer(0).is_some());
        assert_noop!(resize(id, 2), Error::<Test>::NotCovered);
        assert_ok!(Marketplace::deposit(tenant(), id, 7 * 79 - 1));
        assert_noop!(resize(id, 2), Error::<Test>::NotCovered);
        assert_ok!(Marketplace::deposit(tenant(), id, 1));
        assert_ok!(resize(id, 2));
        run_to(100);
        assert_eq!(state(id).billed, 7 + 49 * 14);
    });
}
