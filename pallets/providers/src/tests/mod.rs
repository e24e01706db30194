use crate::{mock::*, Asks, AsksByProvider, Error, Event, HoldReason, NextProviderId, Providers as Records};
use frame_support::{assert_noop, assert_ok, hypothetically, traits::fungible::InspectHold};
use perigee_primitives::{
    traits::{ProviderCapacity, ProviderInspect},
    AskId, AskTerms, Resources,
};
use sp_core::Pair;
use sp_runtime::DispatchResult;

fn operator() -> RuntimeOrigin {
    RuntimeOrigin::signed(OPERATOR)
}

fn with_attributes(pairs: &[(&str, &str)]) -> AskTerms<u64> {
    AskTerms {
        attributes: attributes(pairs),
        ..terms()
    }
}

fn publish() -> DispatchResult {
    Providers::publish_ask(operator(), terms())
}

/// A provider with capacity and one ask.
fn standing_provider() -> AskId {
    assert_ok!(register(STASH, OPERATOR));
    assert_ok!(Providers::set_capacity(operator(), some()));
    assert_ok!(publish());
    AsksByProvider::<Test>::get(0)[0]
}

fn held(who: u64, reason: HoldReason) -> u128 {
    Balances::balance_on_hold(&reason.into(), &who)
}

mod registration {
    use super::*;

    #[test]
    fn registering_holds_stake_and_deposit_and_fills_every_index() {
        run(|| {
            assert_ok!(register(STASH, OPERATOR));
            assert_eq!(held(STASH, HoldReason::Stake), STAKE);
            assert!(held(STASH, HoldReason::Record) > 0);
            assert_eq!(Providers::by_heartbeat_key(&key(1).public().0), Some(0));
            assert_eq!(Providers::operator(0), Some(OPERATOR));
            assert_eq!(Providers::registered_at(0), Some(7));
            assert_eq!(Providers::next_id(), 1);
            System::assert_last_event(
                Event::ProviderRegistered {
                    provider: 0,
                    stash: STASH,
                    operator: OPERATOR,
                }
                .into(),
            );
        });
    }

    #[test]
    fn stash_operator_and_key_belong_to_one_provider() {
        run(|| {
            assert_ok!(register(STASH, OPERATOR));
            assert_noop!(register(STASH, OTHER_OPERATOR), Error::<Test>::StashTaken);
            assert_noop!(register(OTHER_STASH, OPERATOR), Error::<Test>::OperatorTaken);
            let first = key(1);
            let again = Providers::register(
                RuntimeOrigin::signed(OTHER_STASH),
                OTHER_OPERATOR,
                first.public().0,
                proof(&first, OTHER_STASH),
                pins(),
                gateway("gw:1"),
                STAKE,
            );
            assert_noop!(again, Error::<Test>::HeartbeatKeyTaken);
        });
    }

    #[test]
    fn a_proof_for_another_stash_or_of_another_key_is_refused() {
        run(|| {
            let mine = key(1);
            for wrong in [proof(&mine, OTHER_STASH), proof(&key(2), STASH), [0; 64]] {
                let result = Providers::register(
                    RuntimeOrigin::signed(STASH),
                    OPERATOR,
                    mine.public().0,
                    wrong,
                    pins(),
                    gateway("gw:1"),
                    STAKE,
                );
                assert_noop!(result, Error::<Test>::BadProof);
            }
        });
    }

    #[test]
    fn too_little_stake_is_refused() {
        run(|| {
            MinStake::set(STAKE + 1);
            assert_noop!(register(STASH, OPERATOR), Error::<Test>::StakeTooLow);
            MinStake::set(STAKE);
        });
    }

    #[test]
    fn a_stake_that_the_stash_does_not_have_is_refused() {
        run(|| {
            assert_noop!(register(POOR, OPERATOR), sp_runtime::TokenError::FundsUnavailable);
            assert_eq!(NextProviderId::<Test>::get(), 0);
        });
    }

    #[test]
    fn a_gateway_needs_a_pin_a_host_and_a_port() {
        run(|| {
            assert_ok!(register(STASH, OPERATOR));
            let set = |pins, address: &str| Providers::set_gateway(operator(), pins, gateway(address));
            assert_noop!(set(Default::default(), "gw:1"), Error::<Test>::NoPins);
            for bad in ["", "gw", ":1", "gw:", "gw:0", "gw:65536", "gw:x", "g w:1"] {
                assert_noop!(set(pins(), bad), Error::<Test>::BadGateway);
            }
            assert_ok!(set(pins(), "[::1]:8443"));
            assert_eq!(
                Records::<Test>::get(0).expect("registered").gateway,
                gateway("[::1]:8443")
            );
        });
    }

    #[test]
    fn only_the_operator_acts_for_a_provider() {
        run(|| {
            let ask = standing_provider();
            let stash = || RuntimeOrigin::signed(STASH);
            assert_noop!(Providers::set_capacity(stash(), some()), Error::<Test>::NotOperator);
            assert_noop!(
                Providers::set_gateway(stash(), pins(), gateway("gw:1")),
                Error::<Test>::NotOperator
            );
            assert_noop!(Providers::withdraw_ask(stash(), ask), Error::<Test>::NotOperator);
            let publish = Providers::publish_ask(stash(), terms());
            assert_noop!(publish, Error::<Test>::NotOperator);
            assert_noop!(Providers::retire(operator()), Error::<Test>::NotStash);
        });
    }
}

mod asks {
    use super::*;

    #[test]
    fn an_ask_offers_what_is_free_at_its_price() {
        run(|| {
            let ask = standing_provider();
            let offer = Providers::offer(ask).expect("stands");
            assert_eq!(
                (offer.provider, offer.operator, offer.terms, offer.free),
                (0, OPERATOR, terms(), some())
            );
        });
    }

    #[test]
    fn withdrawing_returns_exactly_the_deposit() {
        run(|| {
            assert_ok!(register(STASH, OPERATOR));
            let before = held(STASH, HoldReason::Record);
            assert_ok!(publish());
            assert!(held(STASH, HoldReason::Record) > before);
            assert_ok!(Providers::withdraw_ask(operator(), 0));
            assert_eq!(held(STASH, HoldReason::Record), before);
            assert!(Providers::offer(0).is_none());
            assert_ok!(publish());
            assert!(Asks::<Test>::contains_key(1), "numbers are not reused");
        });
    }

    #[test]
    fn more_attributes_cost_a_larger_deposit() {
        run(|| {
            assert_ok!(register(STASH, OPERATOR));
            let cost = |pairs: &[(&str, &str)]| {
                let before = held(STASH, HoldReason::Record);
                assert_ok!(Providers::publish_ask(operator(), with_attributes(pairs)));
                held(STASH, HoldReason::Record) - before
            };
            assert!(cost(&[("a", "1"), ("b", "2")]) > cost(&[("a", "1")]));
        });
    }

    #[test]
    fn attributes_must_be_sorted_and_unique() {
        run(|| {
            assert_ok!(register(STASH, OPERATOR));
            for bad in [&[("b", "1"), ("a", "1")][..], &[("a", "1"), ("a", "2")], &[("", "1")]] {
                let result = Providers::publish_ask(operator(), with_attributes(bad));
                assert_noop!(result, Error::<Test>::BadAttributes);
            }
        });
    }

    #[test]
    fn asks_are_limited_per_provider() {
        run(|| {
            assert_ok!(register(STASH, OPERATOR));
            for _ in 0..8 {
                assert_ok!(publish());
            }
            assert_noop!(publish(), Error::<Test>::TooManyAsks);
            assert_ok!(Providers::withdraw_ask(operator(), 3));
            assert_ok!(publish());
        });
    }

    #[test]
    fn an_ask_that_is_unknown_or_anothers_cannot_be_withdrawn() {
        run(|| {
            let ask = standing_provider();
            assert_ok!(register(OTHER_STASH, OTHER_OPERATOR));
            let other = || RuntimeOrigin::signed(OTHER_OPERATOR);
            assert_noop!(Providers::withdraw_ask(other(), ask), Error::<Test>::NotYourAsk);
            assert_noop!(Providers::withdraw_ask(other(), 99), Error::<Test>::UnknownAsk);
        });
    }

    #[test]
    fn a_provider_below_the_minimum_stake_offers_nothing_and_leases_nothing() {
        run(|| {
            let ask = standing_provider();
            MinStake::set(STAKE + 1);
            assert_eq!(Providers::offer(ask).expect("stands").free, Resources::default());
            let lease = <Providers as ProviderCapacity>::lease(0, &Resources::default(), 0);
            assert_noop!(lease, Error::<Test>::StakeTooLow);
            MinStake::set(STAKE);
        });
    }
}

mod capacity {
    use super::*;

    /// Half of the pool, without GPU and address.
    fn half() -> Resources {
        Resources {
            cpu_milli: 2_000,
            memory_mib: 4_096,
            storage_mib: 5_000,
            persistent_mib: [0, 50, 0],
            endpoints: 4,
            ..Default::default()
        }
    }

    fn lease(resources: &Resources) -> DispatchResult {
        <Providers as ProviderCapacity>::lease(0, resources, 0)
    }

    fn leased() -> Resources {
        Records::<Test>::get(0).expect("registered").leased
    }

    #[test]
    fn the_pool_is_leased_to_the_last_unit_and_no_further() {
        run(|| {
            let ask = standing_provider();
            assert_ok!(lease(&half()));
            assert_ok!(lease(&half()));
            let one = Resources {
                cpu_milli: 1,
                ..Default::default()
            };
            assert_noop!(lease(&one), Error::<Test>::NoCapacity);
            <Providers as ProviderCapacity>::free(0, &half(), 0);
            assert_eq!(leased(), half());
            assert_eq!(Providers::offer(ask).expect("stands").free.cpu_milli, 2_000);
        });
    }

    #[test]
    fn capacity_below_what_is_leased_stops_new_leases_and_ends_none() {
        run(|| {
            let ask = standing_provider();
            assert_ok!(lease(&half()));
            assert_ok!(Providers::set_capacity(operator(), Resources::default()));
            assert_eq!(leased(), half());
            assert_eq!(Providers::offer(ask).expect("stands").free, Resources::default());
            let nothing_of_it = Resources {
                endpoints: 1,
                ..Default::default()
            };
            assert_noop!(lease(&nothing_of_it), Error::<Test>::NoCapacity);
            <Providers as ProviderCapacity>::free(0, &half(), 0);
            assert_eq!(leased(), Resources::default());
        });
    }

    #[test]
    fn amounts_that_overflow_do_not_fit() {
        run(|| {
            standing_provider();
            assert_ok!(lease(&half()));
            let huge = Resources {
                cpu_milli: u64::MAX,
                ..Default::default()
            };
            assert_noop!(lease(&huge), Error::<Test>::NoCapacity);
        });
    }

    #[test]
    fn an_unknown_provider_has_no_pool() {
        run(|| {
            let lease = <Providers as ProviderCapacity>::lease(5, &Resources::default(), 0);
            assert_noop!(lease, Error::<Test>::UnknownProvider);
            <Providers as ProviderCapacity>::free(5, &half(), 0);
        });
    }
}

mod retirement {
    use super::*;

    #[test]
    fn retiring_returns_deposits_at_once_and_the_stake_after_the_delay() {
        run(|| {
            let ask = standing_provider();
            assert_ok!(publish());
            assert_ok!(Providers::retire(RuntimeOrigin::signed(STASH)));
            assert_eq!(held(STASH, HoldReason::Record), 0);
            assert_eq!(held(STASH, HoldReason::Stake), STAKE);
            assert!(Providers::offer(ask).is_none());
            assert_eq!(Providers::registered_at(0), None);
            jump_to(7 + UNBONDING_DELAY);
            assert_ok!(Providers::withdraw_unbonded(RuntimeOrigin::signed(TENANT), 0));
            assert_eq!(Balances::free_balance(STASH), ENDOWMENT);
        });
    }

    #[test]
    fn an_index_is_never_given_again() {
        run(|| {
            standing_provider();
            assert_ok!(Providers::retire(RuntimeOrigin::signed(STASH)));
            assert_ok!(register(STASH, OPERATOR));
            assert_eq!(Providers::by_heartbeat_key(&key(1).public().0), Some(1));
        });
    }

    #[test]
    fn retiring_is_refused_while_anything_is_leased() {
        run(|| {
            standing_provider();
            let one = Resources {
                endpoints: 1,
                ..Default::default()
            };
            assert_ok!(<Providers as ProviderCapacity>::lease(0, &one, 0));
            assert_noop!(
                Providers::retire(RuntimeOrigin::signed(STASH)),
                Error::<Test>::StillLeased
            );
            <Providers as ProviderCapacity>::free(0, &one, 0);
            assert_ok!(Providers::retire(RuntimeOrigin::signed(STASH)));
        });
    }
}

#[test]
fn damaged_storage_is_noticed() {
    run(|| {
        standing_provider();
        type Damage = fn();
        let damages: [Damage; 5] = [
            || Records::<Test>::mutate(0, |p| p.as_mut().expect("registered").stake -= 1),
            || crate::ByOperator::<Test>::remove(OPERATOR),
            || crate::ByHeartbeatKey::<Test>::insert([0; 32], 0),
            || Asks::<Test>::remove(0),
            || NextProviderId::<Test>::put(0),
        ];
        for damage in damages {
            hypothetically!({
                damage();
                assert!(Providers::do_try_state().is_err());
            });
        }
    });
}
