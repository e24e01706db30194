//! What follows when a provider declines or does not show up.

use crate::{mock::*, *};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::DispatchResultWithPostInfo,
    traits::{
        fungible::{
            hold::{Inspect, Mutate as _},
            Mutate,
        },
        tokens::{Fortitude, Precision},
    },
    weights::WeightMeter,
};
use perigee_primitives::{
    receipt_message,
    traits::{LeaseBonds, Outcome},
    AskId, AskTerms, Balance, BlockNumber, CloseReason, DeclineReason, GroupOrder, LeaseId, LeasePhase, Party,
    Requirements, Tenants, MAX_ASKS,
};
use sp_core::Pair;

const OPERATORS: [u64; 2] = [OPERATOR, OPERATOR_1];
/// The last block at which a manifest may arrive for a lease of block 1.
const LATEST: BlockNumber = 1 + ACTIVATION_DEADLINE - ACTIVATION_WINDOW;

fn tenant() -> RuntimeOrigin {
    RuntimeOrigin::signed(TENANT)
}

/// An order at these asks, which may be dear.
fn at(asks: &[AskId]) -> GroupOrder<u64> {
    GroupOrder {
        asks: asks.to_vec().try_into().expect("few asks"),
        max_rate: 50,
        ..order(1_000)
    }
}

fn operator_of(id: LeaseId) -> RuntimeOrigin {
    RuntimeOrigin::signed(OPERATORS[state(id).provider as usize])
}

fn decline(id: LeaseId, reason: DeclineReason) {
    assert_ok!(Marketplace::decline(operator_of(id), id, reason));
}

fn ended(at: BlockNumber, reason: CloseReason) -> LeasePhase {
    LeasePhase::Ended { at, reason }
}

fn held(reason: impl Into<RuntimeHoldReason>) -> Balance {
    Balances::balance_on_hold(&reason.into(), &TENANT)
}

fn records() -> Balance {
    held(HoldReason::Record)
}

/// What the provider of a lease signs when it receives the manifest.
fn receipt(id: LeaseId, received_at: BlockNumber) -> [u8; 64] {
    let lease = Leases::<Test>::get(id).expect("a record");
    let message = receipt_message(&genesis(), id, &lease.commitment, received_at);
    key([STASH, STASH_1][lease.provider as usize]).sign(&message).0
}

fn file(id: LeaseId, received_at: BlockNumber) -> DispatchResultWithPostInfo {
    Marketplace::file_receipt(RuntimeOrigin::signed(OTHER), id, received_at, receipt(id, received_at))
}

mod declined {
    use super::*;

    #[test]
    fn the_next_named_ask_takes_over_as_a_new_lease() {
        build_and_execute(|| {
            let third = publish(OPERATOR, 9);
            let first = deploy(at(&[0, 1, third]));
            assert_eq!(state(first).asks_left, [1, third]);
            let before = records();
            jump_to(4);
            decline(first, DeclineReason::NoCapacity);
            let second = first + 1;
            assert!(has_event(Event::LeaseTakenOver {
                lease: first,
                by: second
            }));
            let old = state(first);
            assert_eq!(old.phase, ended(4, CloseReason::Declined(DeclineReason::NoCapacity)));
            assert_eq!((old.refunded, old.settled, old.bond), (1_000, true, 0));
            assert_eq!((old.reservation_held, old.reservation_burned), (0, 0));
            assert_eq!(old.fault(), Some(Party::Provider));
            assert!(old.asks_left.is_empty());
            let new = state(second);
            assert_eq!((new.provider, new.ask, new.rate), (1, 1, 11));
            assert_eq!(
                new.phase,
                LeasePhase::Pending {
                    activate_by: 4 + ACTIVATION_DEADLINE
                }
            );
            assert_eq!(
                (new.deposited, new.reservation_held, new.deployment),
                (1_000, RESERVATION, 0)
            );
            assert_eq!(new.asks_left, [third]);
            assert_eq!(new.bond, 11 * Balance::from(BOND_BLOCKS));
            assert_eq!(
                Deployments::<Test>::get(0).expect("a record").leases.into_inner(),
                [first, second]
            );
            // One deposit, one reservation fee and one record deposit follow the order.
            assert_eq!(held(pallet_escrow::HoldReason::Deposit), 1_000);
            assert_eq!(held(HoldReason::Reservation), RESERVATION);
            assert_eq!(records(), before);
        });
    }

    #[test]
    fn whatever_the_provider_states_but_the_workload_moves_on() {
        build_and_execute(|| {
            for reason in [
                DeclineReason::NoCapacity,
                DeclineReason::NoManifest,
                DeclineReason::ClusterError,
            ] {
                let id = deploy(at(&[0, 1]));
                decline(id, reason);
                assert_eq!(state(id + 1).ask, 1);
            }
            let id = deploy(at(&[0, 1]));
            decline(id, DeclineReason::TenantWorkload);
            assert_eq!(NextLeaseId::<Test>::get(), id + 1);
            assert_eq!((state(id).refunded, state(id).reservation_burned), (1_000, RESERVATION));
        });
    }

    #[test]
    fn with_no_ask_left_everything_is_refunded() {
        build_and_execute(|| {
            let free = Balances::free_balance(TENANT);
            let first = deploy(at(&[0, 1]));
            decline(first, DeclineReason::ClusterError);
            decline(first + 1, DeclineReason::ClusterError);
            assert_eq!(NextLeaseId::<Test>::get(), first + 2);
            assert_eq!(Balances::free_balance(TENANT), free - records());
            assert_noop!(Marketplace::close(tenant(), 0, None), Error::<Test>::DeploymentEnded);
            run_to(1 + RETENTION);
            assert_eq!(Balances::free_balance(TENANT), free);
        });
    }

    #[test]
    fn every_check_is_made_anew() {
        build_and_execute(|| {
            let open = || deploy(at(&[0, 1]));
            let ids: Vec<_> = (0..4).map(|_| open()).collect();
            let operator = || RuntimeOrigin::signed(OPERATOR_1);
            let terms = |change: fn(&mut AskTerms<u64>)| {
                let mut terms = terms(11);
                change(&mut terms);
                assert_ok!(Providers::replace_ask(operator(), 1, terms));
            };
            let closes = |id| {
                decline(id, DeclineReason::NoCapacity);
                assert_eq!(NextLeaseId::<Test>::get(), 4);
            };
            terms(|t| t.tenants = Tenants::Except(vec![TENANT].try_into().expect("one")));
            closes(ids[0]);
            terms(|t| t.prices.cpu_milli *= 5);
            closes(ids[1]);
            terms(|t| t.valid_until = Some(1_000));
            assert_ok!(Providers::set_capacity(operator(), Default::default()));
            closes(ids[2]);
            assert_ok!(Providers::set_capacity(operator(), resources(10)));
            decline(ids[3], DeclineReason::NoCapacity);
            assert_eq!(NextLeaseId::<Test>::get(), 5);
        });
    }

    #[test]
    fn asks_passed_over_at_the_opening_are_not_asked_again() {
        build_and_execute(|| {
            let id = deploy(at(&[99, 1, 0]));
            assert_eq!((state(id).ask, state(id).asks_left), (1, vec![0]));
        });
    }

    #[test]
    fn a_deposit_that_does_not_cover_the_next_rate_moves_on() {
        build_and_execute(|| {
            let cheap = publish(OPERATOR_1, 5);
            let id = deploy(GroupOrder {
                deposit: 7 * RESERVE,
                ..at(&[0, 1, cheap])
            });
            decline(id, DeclineReason::NoCapacity);
            assert_eq!(state(id + 1).ask, cheap);
        });
    }

    #[test]
    fn what_was_added_to_the_deposit_follows() {
        build_and_execute(|| {
            let id = deploy(at(&[0, 1]));
            assert_ok!(Marketplace::deposit(tenant(), id, 500));
            decline(id, DeclineReason::NoCapacity);
            assert_eq!(state(id + 1).deposited, 1_500);
        });
    }

    #[test]
    fn a_tenant_whose_deposit_was_taken_gets_no_successor() {
        new_test_ext().execute_with(|| {
            let id = deploy(at(&[0, 1]));
            // Another pallet takes what is on hold, and there is nothing else.
            let reason = RuntimeHoldReason::from(pallet_escrow::HoldReason::Deposit);
            assert_ok!(Balances::burn_held(
                &reason,
                &TENANT,
                1_000,
                Precision::Exact,
                Fortitude::Force
            ));
            Balances::set_balance(&TENANT, ED);
            decline(id, DeclineReason::NoCapacity);
            assert_eq!(NextLeaseId::<Test>::get(), id + 1);
            assert!(state(id).settled);
            assert_eq!(Providers::bonded(1, id + 1), 0);
            assert_eq!(
                pallet_providers::Providers::<Test>::get(1)
                    .expect("a record")
                    .leased_rate,
                0
            );
            Marketplace::do_try_state().expect("the marketplace's invariants hold");
        });
    }

    #[test]
    fn due_ends_of_a_full_successor_are_processed_first() {
        build_and_execute(|| {
            for _ in 0..5 {
                deploy(GroupOrder {
                    resources: resources(2),
                    max_rate: 22,
                    ..at(&[1])
                });
            }
            jump_to(EXPIRY);
            work_off_agenda();
            jump_to(EXPIRY + GRACE);
            let id = deploy(at(&[0, 1]));
            let weight = Marketplace::decline(RuntimeOrigin::signed(OPERATOR), id, DeclineReason::NoCapacity)
                .expect("pending")
                .actual_weight;
            assert_eq!(
                weight,
                Some(
                    <() as WeightInfo>::decline()
                        + <() as WeightInfo>::take_over()
                        + Marketplace::search(1, 0, 0, false)
                        + <() as WeightInfo>::look(0) * 4
                )
            );
            assert_eq!(state(id + 1).ask, 1);
        });
    }

    #[test]
    fn what_is_spread_stays_apart() {
        build_and_execute(|| {
            let placed = |operator, name| {
                let place = region(name);
                publish_on(operator, AskTerms { place, ..terms(7) })
            };
            let (eu, us) = (placed(OPERATOR, "eu"), placed(OPERATOR_1, "us"));
            let (eu_of_1, asia_of_1) = (placed(OPERATOR_1, "eu"), placed(OPERATOR_1, "asia"));
            let apart = |ids: &[AskId]| GroupOrder {
                requirements: Requirements {
                    spread: Some(3),
                    ..Default::default()
                },
                ..at(ids)
            };
            let orders = vec![apart(&[us, asia_of_1, eu_of_1]), apart(&[eu, asia_of_1])];
            assert_ok!(Marketplace::deploy(tenant(), orders.try_into().expect("two")));
            // The operator that declined is not in the way of itself; the region of the running sibling is taken.
            decline(0, DeclineReason::NoCapacity);
            assert_eq!((state(2).ask, state(2).provider), (asia_of_1, 1));
            // The other one would come to lie at the operator of the one that runs.
            decline(1, DeclineReason::NoCapacity);
            assert_eq!(NextLeaseId::<Test>::get(), 3);
            // Which would be in the region of nobody now, if it had not ended.
            decline(2, DeclineReason::NoCapacity);
            assert_eq!(state(3).ask, eu_of_1);
        });
    }

    #[test]
    fn a_deployment_lists_every_lease_that_took_over() {
        build_and_execute(|| {
            let asks: [AskId; 4] = core::array::from_fn(|_| publish(OPERATOR, 7));
            let orders = vec![at(&asks); 8];
            assert_ok!(Marketplace::deploy(tenant(), orders.try_into().expect("eight")));
            for id in 0..24 {
                decline(id, DeclineReason::NoCapacity);
                assert_ok!(Marketplace::torn_down(
                    RuntimeOrigin::signed(OPERATOR),
                    vec![id].try_into().expect("one")
                ));
            }
            let leases = Deployments::<Test>::get(0).expect("a record").leases;
            assert_eq!(leases.len(), MAX_LEASES as usize);
            for group in 0..8 {
                let serves = |id: &&LeaseId| state(**id).group == group;
                assert_eq!(leases.iter().filter(serves).count(), MAX_ASKS as usize, "group {group}");
            }
            assert_ok!(Marketplace::close(tenant(), 0, None));
        });
    }
}

mod no_show {
    use super::*;

    #[test]
    fn a_filed_receipt_makes_a_missed_activation_a_no_show() {
        build_and_execute(|| {
            let free = Balances::free_balance(TENANT);
            let id = deploy(at(&[0, 1]));
            jump_to(LATEST);
            assert_ok!(file(id, LATEST));
            assert!(has_event(Event::ReceiptFiled {
                lease: id,
                received_at: LATEST
            }));
            // The provider still may activate.
            let pending = LeasePhase::Pending {
                activate_by: 1 + ACTIVATION_DEADLINE,
            };
            assert_eq!(state(id).phase, pending);
            jump_to(1 + ACTIVATION_DEADLINE);
            assert_eq!(state(id).phase, ended(16, CloseReason::NoShow));
            assert_noop!(Marketplace::activate(operator_of(id), id), Error::<Test>::NotPending);
            work_off_agenda();
            let forfeited = 7 * Balance::from(BOND_BLOCKS) / 2;
            assert!(has_event(Event::BondForfeited {
                lease: id,
                amount: forfeited
            }));
            assert_eq!(state(id).phase, ended(16, CloseReason::NoShow));
            assert_eq!((state(id).refunded, state(id).reservation_burned), (1_000, 0));
            // The next named ask has taken over, and waits from now on.
            assert_eq!((state(id + 1).ask, state(id + 1).deposited), (1, 1_000));
            let locked = 1_000 + RESERVATION + records();
            assert_eq!(Balances::free_balance(TENANT), free + forfeited - locked);
            // The fee of what the bond stands for: 4 % of 350.
            assert_eq!(
                Script::noted(),
                [(0, TENANT, Outcome::Broken, 14, 1 + ACTIVATION_DEADLINE)]
            );
        });
    }

    #[test]
    fn a_receipt_may_be_filed_after_the_deadline() {
        build_and_execute(|| {
            let issuance = pallet_balances::TotalIssuance::<Test>::get();
            let id = deploy(at(&[0, 1]));
            jump_to(EXPIRY - 1);
            work_off_agenda();
            assert_eq!(state(id).phase, ended(16, CloseReason::ActivationMissed));
            assert_eq!((state(id).settled, state(id).reservation_held), (false, RESERVATION));
            assert_ok!(file(id, LATEST));
            assert_eq!(state(id).phase, ended(16, CloseReason::NoShow));
            assert!(state(id).settled);
            assert_eq!(state(id + 1).ask, 1);
            assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), issuance);
        });
    }

    #[test]
    fn without_a_receipt_the_fee_is_burned_and_nothing_takes_over() {
        build_and_execute(|| {
            let id = deploy(at(&[0, 1]));
            jump_to(EXPIRY);
            work_off_agenda();
            assert_eq!(state(id).phase, ended(16, CloseReason::ActivationMissed));
            assert_eq!((state(id).refunded, state(id).reservation_burned), (1_000, RESERVATION));
            assert_eq!(NextLeaseId::<Test>::get(), id + 1);
            assert_eq!(state(id).fault(), None);
            assert!(Script::noted().is_empty());
        });
    }

    #[test]
    fn an_activation_in_time_is_no_no_show() {
        build_and_execute(|| {
            let id = deploy(at(&[0, 1]));
            assert_ok!(file(id, 1));
            jump_to(ACTIVATION_DEADLINE);
            assert_ok!(Marketplace::activate(operator_of(id), id));
            jump_to(EXPIRY);
            work_off_agenda();
            assert_eq!(
                state(id).phase,
                LeasePhase::Active {
                    since: ACTIVATION_DEADLINE
                }
            );
            assert!(state(id).asks_left.is_empty());
            assert_noop!(file(id, 1), Error::<Test>::NotPending);
        });
    }

    #[test]
    fn a_decline_is_no_no_show() {
        build_and_execute(|| {
            let id = deploy(at(&[0]));
            assert_ok!(file(id, 1));
            decline(id, DeclineReason::NoCapacity);
            jump_to(EXPIRY);
            work_off_agenda();
            assert_eq!(state(id).fault(), Some(Party::Provider));
            // Nothing was paid, so nothing weighs.
            assert!(Script::noted().is_empty());
            assert_eq!(Providers::bonded(0, id), 0);
        });
    }

    #[test]
    fn when_the_end_is_processed_changes_nothing() {
        build_and_execute(|| {
            let (first, second) = (deploy(at(&[0])), deploy(at(&[0])));
            assert_ok!(file(first, 2));
            assert_ok!(file(second, 2));
            jump_to(1 + ACTIVATION_DEADLINE);
            // Room for one of them, whichever comes first.
            let limit = Marketplace::wake_at_most() + <() as WeightInfo>::agenda_peek();
            Marketplace::run_agenda(&mut WeightMeter::with_limit(limit));
            let late = if state(first).settled { second } else { first };
            jump_to(90);
            // It waits for the agenda: nobody ends it, and nobody puts it off.
            assert_ok!(Marketplace::settle(tenant(), late));
            assert_ok!(Marketplace::torn_down(
                operator_of(late),
                vec![late].try_into().expect("one")
            ));
            assert!(!state(late).settled);
            work_off_agenda();
            assert_eq!(state(first).phase, state(second).phase);
            assert_eq!(state(first).refunded, state(second).refunded);
        });
    }

    #[test]
    fn a_close_after_the_deadline_gives_the_deposit_back_at_once_and_nothing_takes_over() {
        build_and_execute(|| {
            let (missed, shown) = (deploy(at(&[0, 1])), deploy(at(&[0, 1])));
            assert_ok!(file(shown, 1));
            jump_to(1 + ACTIVATION_DEADLINE);
            close(missed);
            close(shown);
            assert_eq!(state(missed).phase, ended(16, CloseReason::ActivationMissed));
            assert_eq!(state(missed).reservation_burned, RESERVATION);
            assert_eq!(state(shown).phase, ended(16, CloseReason::NoShow));
            assert_eq!(state(shown).reservation_burned, 0);
            assert_eq!(NextLeaseId::<Test>::get(), 2);
            assert_eq!(held(pallet_escrow::HoldReason::Deposit), 0);
        });
    }

    #[test]
    fn a_deposit_to_a_lease_that_was_missed_is_refused() {
        build_and_execute(|| {
            let id = deploy(at(&[0]));
            jump_to(1 + ACTIVATION_DEADLINE);
            assert_noop!(Marketplace::deposit(tenant(), id, 1), Error::<Test>::LeaseEnded);
        });
    }
}

mod receipts {
    use super::*;

    #[test]
    fn a_receipt_counts_if_it_leaves_the_activation_window() {
        build_and_execute(|| {
            let id = deploy(at(&[0]));
            jump_to(12);
            assert_noop!(file(id, LATEST + 1), Error::<Test>::ReceivedTooLate);
            assert_noop!(file(id, BlockNumber::MAX), Error::<Test>::ReceivedTooLate);
            assert_ok!(file(id, LATEST));
        });
    }

    #[test]
    fn a_forged_receipt_is_refused() {
        build_and_execute(|| {
            let (id, other) = (deploy(at(&[0])), deploy(at(&[0])));
            let filed = |signature| Marketplace::file_receipt(tenant(), id, 3, signature);
            let commitment = Leases::<Test>::get(id).expect("a record").commitment;
            let signed = |stash, genesis: [u8; 32], lease, commitment, block| {
                key(stash).sign(&receipt_message(&genesis, lease, &commitment, block)).0
            };
            for forged in [
                [0; 64],
                signed(STASH_1, genesis(), id, commitment, 3),
                signed(STASH, [9; 32], id, commitment, 3),
                signed(STASH, genesis(), other, commitment, 3),
                signed(STASH, genesis(), id, [9; 32], 3),
                signed(STASH, genesis(), id, commitment, 2),
            ] {
                assert_noop!(filed(forged), Error::<Test>::BadReceipt);
            }
            assert_ok!(filed(signed(STASH, genesis(), id, commitment, 3)));
        });
    }

    #[test]
    fn a_receipt_is_filed_once_and_in_time() {
        build_and_execute(|| {
            assert_noop!(
                Marketplace::file_receipt(tenant(), 0, 1, [0; 64]),
                Error::<Test>::NoSuchLease
            );
            let (id, late) = (deploy(at(&[0])), deploy(at(&[0])));
            assert_ok!(file(id, 1));
            assert_noop!(file(id, 1), Error::<Test>::ReceiptFiled);
            jump_to(EXPIRY);
            assert_noop!(file(late, 1), Error::<Test>::ReceiptFiledTooLate);
            work_off_agenda();
            assert_noop!(file(late, 1), Error::<Test>::NotPending);
            assert_noop!(
                Marketplace::file_receipt(RuntimeOrigin::root(), id, 1, [0; 64]),
                sp_runtime::DispatchError::BadOrigin
            );
        });
    }

    #[test]
    fn a_key_that_was_replaced_later_does_not_spoil_a_receipt() {
        build_and_execute(|| {
            let id = deploy(at(&[0]));
            let signature = receipt(id, 3);
            jump_to(4);
            let new = key(77);
            let proof = new
                .sign(&perigee_primitives::registration_message(&genesis(), &STASH))
                .0;
            let operator = RuntimeOrigin::signed(OPERATOR);
            assert_ok!(Providers::set_heartbeat_key(operator, new.public().0, proof));
            assert_ok!(Marketplace::file_receipt(tenant(), id, 3, signature));
        });
    }
}
