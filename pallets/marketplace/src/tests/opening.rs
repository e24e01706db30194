//! From the order to the activation.

use crate::{mock::*, *};
use codec::Encode;
use frame_support::{
    assert_noop, assert_ok,
    traits::{
        fungible::{hold::Inspect, Mutate},
        ConstU32,
    },
    weights::Weight,
    BoundedVec,
};
use perigee_primitives::{
    traits::{LeaseBonds, StreamingEscrow},
    AskTerms, Balance, BlockNumber, CloseReason, DeclineReason, GroupOrder, LeaseId, LeasePhase, PriceSchedule,
    Requirements, Tier, MAX_GROUPS,
};
use sp_runtime::{DispatchError, TokenError};

fn tenant() -> RuntimeOrigin {
    RuntimeOrigin::signed(TENANT)
}

fn operator() -> RuntimeOrigin {
    RuntimeOrigin::signed(OPERATOR)
}

fn groups(orders: &[GroupOrder<u64>]) -> BoundedVec<GroupOrder<u64>, ConstU32<MAX_GROUPS>> {
    orders.to_vec().try_into().expect("few groups")
}

fn refused(order: GroupOrder<u64>) -> DispatchError {
    let result = frame_support::storage::with_storage_layer(|| Marketplace::deploy(tenant(), groups(&[order])));
    result.expect_err("refused").error
}

fn on_hold(reason: impl Into<RuntimeHoldReason>, who: u64) -> Balance {
    Balances::balance_on_hold(&reason.into(), &who)
}

#[test]
fn a_lease_opens_at_its_ask_with_everything_held() {
    build_and_execute(|| {
        let id = deploy(order(1_000));
        assert!(has_event(Event::DeploymentOpened {
            deployment: 0,
            owner: TENANT
        }));
        assert!(has_event(Event::LeaseOpened {
            lease: id,
            deployment: 0,
            provider: 0,
            ask: 0,
            rate: 7,
            activate_by: 1 + ACTIVATION_DEADLINE
        }));
        assert_eq!(on_hold(pallet_escrow::HoldReason::Deposit, TENANT), 1_000);
        assert_eq!(on_hold(HoldReason::Reservation, TENANT), RESERVATION);
        let records = Marketplace::footprint(&[order(1_000)]).size as Balance + 100;
        assert_eq!(on_hold(HoldReason::Record, TENANT), records);
        let bond = 7 * Balance::from(BOND_BLOCKS);
        assert_eq!(Providers::bonded(0, id), bond);
        assert!(takes_capacity(id));
        assert!(DeploymentsByOwner::<Test>::contains_key(TENANT, 0));
        let state = state(id);
        assert_eq!(
            state.phase,
            LeasePhase::Pending {
                activate_by: 1 + ACTIVATION_DEADLINE
            }
        );
        assert_eq!((state.deposited, state.refundable, state.billed), (1_000, 1_000, 0));
        assert_eq!((state.reservation_held, state.reservation_burned), (RESERVATION, 0));
        assert_eq!(state.runs_until, Some(1 + ACTIVATION_DEADLINE));
        assert_eq!((state.ask, state.bond, state.term_end), (0, bond, None));
        assert!(state.asks_left.is_empty());
    });
}

#[test]
fn the_first_ask_that_fits_is_taken() {
    build_and_execute(|| {
        let cheap = publish(OPERATOR_1, 5);
        let dear = publish(OPERATOR_1, 8);
        let asks = vec![99, dear, cheap, 0].try_into().expect("four asks");
        let id = deploy(GroupOrder { asks, ..order(1_000) });
        let lease = Leases::<Test>::get(id).expect("a record");
        assert_eq!((lease.ask, lease.provider, lease.rate), (cheap, 1, 5));
        assert_eq!(lease.payee, OPERATOR_1);
    });
}

#[test]
fn a_full_provider_is_passed_over() {
    build_and_execute(|| {
        deploy(GroupOrder {
            resources: resources(10),
            max_rate: 70,
            ..order(10_000)
        });
        let asks = vec![0, 1].try_into().expect("two asks");
        let id = deploy(GroupOrder {
            asks,
            max_rate: 11,
            ..order(1_000)
        });
        assert_eq!(Leases::<Test>::get(id).expect("a record").provider, 1);
        assert_eq!(refused(order(1_000)), Error::<Test>::NoAskFits(0).into());
    });
}

/// The weight of an order that the last of `asks` takes, which has no attributes.
fn taken(asks: u32) -> Weight {
    <() as WeightInfo>::deploy(1) + Marketplace::search(asks, 0, 0, false) - Marketplace::spared(0)
}

/// Leases all that the provider has in five leases.
fn fill() {
    for _ in 0..5 {
        deploy(GroupOrder {
            resources: resources(2),
            max_rate: 14,
            ..order(1_000)
        });
    }
}

#[test]
fn due_ends_of_a_full_candidate_are_processed_first() {
    build_and_execute(|| {
        fill();
        // Nobody activates, nobody files a receipt. 12 blocks after its processing an end gives the capacity back.
        jump_to(EXPIRY);
        work_off_agenda();
        jump_to(EXPIRY + GRACE - 1);
        assert_eq!(refused(order(1_000)), Error::<Test>::NoAskFits(0).into());
        jump_to(EXPIRY + GRACE);
        let weight = Marketplace::deploy(tenant(), groups(&[order(1_000)]))
            .expect("capacity is due")
            .actual_weight;
        let used = taken(1) + <() as WeightInfo>::look(0) * 4;
        assert_eq!(weight, Some(used));
        let freed = System::events()
            .into_iter()
            .filter(|r| matches!(r.event, RuntimeEvent::Marketplace(Event::CapacityFreed { .. })));
        assert_eq!(freed.count(), 4);
    });
}

#[test]
fn deploying_without_due_ends_costs_less_than_the_worst() {
    build_and_execute(|| {
        let orders = groups(&[GroupOrder {
            asks: vec![0, 1, 2].try_into().expect("three asks"),
            ..order(1_000)
        }]);
        let worst = Marketplace::deploy_weight(&orders);
        assert_eq!(
            worst,
            taken(3) + Marketplace::spared(0) + Marketplace::due_ends_at_most()
        );
        let info = Marketplace::deploy(tenant(), orders).expect("fits");
        assert_eq!(info.actual_weight, Some(taken(1)));
    });
}

#[test]
fn dear_ends_are_left_to_the_agenda() {
    build_and_execute(|| {
        fill();
        jump_to(EXPIRY);
        work_off_agenda();
        jump_to(EXPIRY + GRACE);
        // Every other epoch, for as long as a call is charged for.
        let absences: Vec<_> = (1..1 << MAX_SEARCH_STEPS).map(|n| 2 * n).collect();
        Script::absent(0, &absences);
        let weight = Marketplace::deploy(tenant(), groups(&[order(1_000)]))
            .expect("capacity is due")
            .actual_weight
            .expect("what is not needed is given back");
        let freed = System::events()
            .into_iter()
            .filter(|r| matches!(r.event, RuntimeEvent::Marketplace(Event::CapacityFreed { .. })));
        let freed = freed.count() as u64;
        assert!(freed > 0 && freed < MAX_DUE_ENDS.into(), "{freed}");
        assert_eq!(weight, taken(1) + <() as WeightInfo>::look(MAX_SEARCH_STEPS) * freed);
        assert!(weight.all_lte(Marketplace::deploy_weight(&[order(1_000)])));
    });
}

#[test]
fn an_order_costs_what_it_names() {
    build_and_execute(|| {
        let text = |text: &str| text.as_bytes().to_vec().try_into().expect("short");
        let requiring = |requirements| {
            Marketplace::deploy_weight(&[GroupOrder {
                requirements,
                ..order(1_000)
            }])
        };
        let plain = requiring(Requirements::default());
        let mut long = Requirements {
            attributes: vec![(text("host"), text("akash")); 2].try_into().expect("two"),
            ..Default::default()
        };
        long.regions.allow = vec![text("eu-west")].try_into().expect("one");
        long.regions.deny = vec![text("us-east")].try_into().expect("one");
        let longer = <() as WeightInfo>::require(2, 2) - <() as WeightInfo>::require(0, 0);
        assert!(longer.ref_time() > 0);
        assert_eq!(requiring(long), plain + longer);
        let tier = Requirements {
            tier: Tier::Standard,
            ..Default::default()
        };
        assert_eq!(requiring(tier), plain + <() as WeightInfo>::check_standings());
    });
}

#[test]
fn an_ask_costs_what_it_says() {
    build_and_execute(|| {
        let text = |text: &str| text.as_bytes().to_vec().try_into().expect("short");
        let ask = publish_on(
            OPERATOR,
            AskTerms {
                attributes: vec![(text("host"), text("akash"))].try_into().expect("one"),
                ..terms(7)
            },
        );
        let deployed = |ask| {
            let asks = vec![ask].try_into().expect("one ask");
            Marketplace::deploy(tenant(), groups(&[GroupOrder { asks, ..order(1_000) }]))
                .expect("fits")
                .actual_weight
        };
        let one = Marketplace::spared(0) - Marketplace::spared(1);
        assert!(one.ref_time() > 0);
        assert_eq!((deployed(0), deployed(ask)), (Some(taken(1)), Some(taken(1) + one)));
    });
}

#[test]
fn ids_are_never_reused() {
    build_and_execute(|| {
        let first = deploy(order(1_000));
        close(first);
        run_to(1 + RETENTION);
        assert!(!Leases::<Test>::contains_key(first));
        let second = deploy(order(1_000));
        assert_eq!((first, second), (0, 1));
        assert_eq!(Leases::<Test>::get(second).expect("a record").deployment, 1);
    });
}

#[test]
fn orders_that_make_no_sense_are_refused() {
    build_and_execute(|| {
        assert_noop!(
            Marketplace::deploy(RuntimeOrigin::root(), groups(&[order(1_000)])),
            DispatchError::BadOrigin
        );
        let empty = Marketplace::deploy(tenant(), groups(&[])).expect_err("no group").error;
        assert_eq!(empty, Error::<Test>::NoGroups.into());
        let asks = Default::default();
        assert_eq!(
            refused(GroupOrder { asks, ..order(1_000) }),
            Error::<Test>::NoAsks.into()
        );
        let nothing = GroupOrder {
            resources: Default::default(),
            ..order(1_000)
        };
        assert_eq!(refused(nothing), Error::<Test>::NotRunnable.into());
        assert_eq!(refused(order(0)), Error::<Test>::ZeroAmount.into());
        assert_eq!(
            refused(GroupOrder {
                term: Some(0),
                ..order(1_000)
            }),
            Error::<Test>::ZeroTerm.into()
        );
        let forever = GroupOrder {
            term: Some(BlockNumber::MAX),
            ..order(1_000)
        };
        assert_eq!(refused(forever), Error::<Test>::TermTooLong.into());
        assert_eq!(
            refused(GroupOrder {
                max_rate: 6,
                ..order(1_000)
            }),
            Error::<Test>::NoAskFits(0).into()
        );
        let huge = GroupOrder {
            resources: resources(11),
            max_rate: Balance::MAX,
            ..order(10_000)
        };
        assert_eq!(refused(huge), Error::<Test>::NoAskFits(0).into());
        assert_eq!(NextLeaseId::<Test>::get(), 0);
    });
}

#[test]
fn an_ask_without_a_price_or_with_an_overflowing_one_does_not_fit() {
    build_and_execute(|| {
        let free = publish(OPERATOR, 0);
        let prices = PriceSchedule {
            cpu_milli: u64::MAX,
            memory_mib: u64::MAX,
            ..Default::default()
        };
        let overflowing = publish_on(OPERATOR, AskTerms { prices, ..terms(0) });
        for ask in [free, overflowing] {
            let asks = vec![ask].try_into().expect("one ask");
            assert_eq!(
                refused(GroupOrder { asks, ..order(1_000) }),
                Error::<Test>::NoAskFits(0).into()
            );
        }
    });
}

#[test]
fn the_deposit_covers_w_and_e_and_the_term() {
    build_and_execute(|| {
        let least = 7 * RESERVE;
        assert_eq!(refused(order(least - 1)), Error::<Test>::DepositTooSmall(0).into());
        deploy(order(least));
        let with_term = |deposit| GroupOrder {
            term: Some(100),
            ..order(deposit)
        };
        assert_eq!(
            refused(with_term(least + 699)),
            Error::<Test>::DepositTooSmall(0).into()
        );
        deploy(with_term(least + 700));
    });
}

#[test]
fn a_tenant_without_the_money_is_refused() {
    build_and_execute(|| {
        assert_eq!(refused(order(RICH)), TokenError::FundsUnavailable.into());
        assert_eq!(refused(order(Balance::MAX)), TokenError::FundsUnavailable.into());
        // Enough for the deposit, not for the reservation fee.
        let records = Marketplace::footprint(&[order(1_000)]).size as Balance + 100;
        Balances::set_balance(&TENANT, 1_000 + records + ED + RESERVATION - 1);
        assert_eq!(refused(order(1_000)), TokenError::FundsUnavailable.into());
        Balances::set_balance(&TENANT, 1_000 + records + ED + RESERVATION);
        deploy(order(1_000));
    });
}

#[test]
fn exhausted_ids_are_an_error() {
    build_and_execute(|| {
        NextLeaseId::<Test>::put(LeaseId::MAX);
        assert_eq!(refused(order(1_000)), Error::<Test>::Overflow.into());
        NextLeaseId::<Test>::put(0);
        NextDeploymentId::<Test>::put(u64::MAX);
        assert_eq!(refused(order(1_000)), Error::<Test>::Overflow.into());
        NextDeploymentId::<Test>::put(0);
        jump_to(BlockNumber::MAX - ACTIVATION_DEADLINE + 1);
        assert_eq!(refused(order(1_000)), Error::<Test>::Overflow.into());
    });
}

#[test]
fn activation_starts_billing_and_returns_the_fee() {
    build_and_execute(|| {
        let id = deploy(order(1_000));
        jump_to(5);
        assert_ok!(Marketplace::activate(operator(), id));
        assert!(has_event(Event::LeaseActivated { lease: id, at: 5 }));
        assert!(has_event(Event::ReservationReturned {
            lease: id,
            amount: RESERVATION
        }));
        assert_eq!(on_hold(HoldReason::Reservation, TENANT), 0);
        let state = state(id);
        assert_eq!(state.phase, LeasePhase::Active { since: 5 });
        assert_eq!((state.reservation_held, state.reservation_burned), (0, 0));
        assert_noop!(Marketplace::activate(operator(), id), Error::<Test>::NotPending);
    });
}

#[test]
fn activation_is_possible_until_the_deadline_and_not_at_it() {
    build_and_execute(|| {
        let (first, second) = (deploy(order(1_000)), deploy(order(1_000)));
        jump_to(ACTIVATION_DEADLINE);
        assert_ok!(Marketplace::activate(operator(), first));
        jump_to(1 + ACTIVATION_DEADLINE);
        assert_noop!(Marketplace::activate(operator(), second), Error::<Test>::NotPending);
    });
}

#[test]
fn a_missed_activation_refunds_the_deposit_and_burns_the_fee() {
    build_and_execute(|| {
        let issuance = pallet_balances::TotalIssuance::<Test>::get();
        let id = deploy(order(1_000));
        jump_to(40);
        let ended = LeasePhase::Ended {
            at: 16,
            reason: CloseReason::ActivationMissed,
        };
        assert_eq!(state(id).phase, ended);
        assert!(!state(id).settled);
        work_off_agenda();
        assert!(has_event(Event::LeaseEnded {
            lease: id,
            at: 16,
            reason: CloseReason::ActivationMissed
        }));
        assert!(has_event(Event::ReservationBurned {
            lease: id,
            amount: RESERVATION
        }));
        assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), issuance - RESERVATION);
        assert_eq!(on_hold(pallet_escrow::HoldReason::Deposit, TENANT), 0);
        let state = state(id);
        assert_eq!(state.phase, ended);
        assert!(state.settled);
        assert_eq!(
            (state.refunded, state.billed, state.reservation_burned),
            (1_000, 0, RESERVATION)
        );
    });
}

#[test]
fn declining_refunds_all_unless_the_workload_is_at_fault() {
    build_and_execute(|| {
        let issuance = pallet_balances::TotalIssuance::<Test>::get();
        let innocent = [
            DeclineReason::NoCapacity,
            DeclineReason::NoManifest,
            DeclineReason::ClusterError,
        ];
        for reason in innocent {
            let id = deploy(order(1_000));
            assert_ok!(Marketplace::decline(operator(), id, reason));
            assert_eq!(state(id).refunded, 1_000);
            assert_eq!(state(id).reservation_burned, 0);
            let phase = LeasePhase::Ended {
                at: 1,
                reason: CloseReason::Declined(reason),
            };
            assert_eq!(state(id).phase, phase);
        }
        assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), issuance);
        let id = deploy(order(1_000));
        assert_ok!(Marketplace::decline(operator(), id, DeclineReason::TenantWorkload));
        assert_eq!((state(id).refunded, state(id).reservation_burned), (1_000, RESERVATION));
        assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), issuance - RESERVATION);
        assert!(Escrow::totals(id).is_none());
    });
}

#[test]
fn only_the_operator_activates_and_declines() {
    build_and_execute(|| {
        let id = deploy(order(1_000));
        for who in [TENANT, STASH, OPERATOR_1] {
            let origin = RuntimeOrigin::signed(who);
            assert_noop!(Marketplace::activate(origin.clone(), id), Error::<Test>::NotOperator);
            let reason = DeclineReason::NoCapacity;
            assert_noop!(Marketplace::decline(origin, id, reason), Error::<Test>::NotOperator);
        }
        assert_noop!(Marketplace::activate(operator(), 99), Error::<Test>::NoSuchLease);
        assert_noop!(
            Marketplace::decline(operator(), 99, DeclineReason::NoCapacity),
            Error::<Test>::NoSuchLease
        );
        assert_ok!(Marketplace::activate(operator(), id));
        assert_noop!(
            Marketplace::decline(operator(), id, DeclineReason::NoCapacity),
            Error::<Test>::NotPending
        );
    });
}

#[test]
fn a_term_that_leaves_the_block_numbers_is_refused_at_activation_too() {
    build_and_execute(|| {
        let id = deploy(order(1_000));
        Leases::<Test>::mutate(id, |lease| {
            lease.as_mut().expect("a record").term = Some(BlockNumber::MAX)
        });
        assert_noop!(Marketplace::activate(operator(), id), Error::<Test>::TermTooLong);
    });
}

#[test]
fn the_agenda_sorts_like_the_blocks() {
    let blocks = [0, 1, 255, 256, 65_535, 65_536, BlockNumber::MAX];
    assert!(blocks
        .windows(2)
        .all(|pair| pair[0].to_be_bytes().encode() < pair[1].to_be_bytes().encode()));
}
