use super::*;

#[test]
fn retiring_returns_deposits_at_once_and_the_stake_after_the_delay() {
    run(|| {
        let ask = standing_provider();
        assert_ok!(publish());
        assert_ok!(Providers::retire(stash()));
        assert_eq!(held(STASH, HoldReason::Record), 0);
        assert_eq!(held(STASH, HoldReason::Stake), STAKE);
        assert!(Providers::offer(ask).is_none());
        assert_eq!(Providers::registered_at(0), None);
        jump_to(7 + UNBONDING_DELAY);
        assert_ok!(Providers::withdraw_unbonded(signed(TENANT), 0));
        assert_eq!(Balances::free_balance(STASH), ENDOWMENT);
    });
}

#[test]
fn an_index_is_never_given_again() {
    run(|| {
        standing_provider();
        assert_ok!(Providers::retire(stash()));
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
        assert_noop!(Providers::retire(stash()), Error::<Test>::StillLeased);
        <Providers as ProviderCapacity>::free(0, &one, 0);
        assert_ok!(Providers::retire(stash()));
    });
}

#[test]
fn retiring_is_refused_while_anything_is_bonded() {
    run(|| {
        standing_provider();
        assert_ok!(Providers::fund_bonds(stash(), 500));
        assert_ok!(<Providers as LeaseBonds<u64>>::set(0, 4, 100));
        assert_noop!(Providers::retire(stash()), Error::<Test>::StillBonded);
        <Providers as LeaseBonds<u64>>::release(0, 4);
        assert_ok!(Providers::retire(stash()));
        assert_eq!(held(STASH, HoldReason::Bonds), 0);
    });
}

#[test]
fn retiring_is_refused_until_a_lease_is_settled_whose_bond_is_gone() {
    run(|| {
        standing_provider();
        assert_ok!(Providers::fund_bonds(stash(), 500));
        assert_ok!(<Providers as LeaseBonds<u64>>::set(0, 4, 100));
        assert_eq!(<Providers as LeaseBonds<u64>>::pay(0, 4, &TENANT, 100), 100);
        assert_noop!(Providers::retire(stash()), Error::<Test>::StillBonded);
        <Providers as LeaseBonds<u64>>::release(0, 4);
        assert_ok!(Providers::retire(stash()));
    });
}

#[test]
fn retiring_is_refused_while_a_rate_is_leased() {
    run(|| {
        standing_provider();
        assert_ok!(lease_at(3));
        <Providers as ProviderCapacity>::free(0, &small(), 2);
        assert_noop!(Providers::retire(stash()), Error::<Test>::StillLeased);
    });
}

#[test]
fn a_provider_without_stake_retires_with_nothing_to_unbond() {
    run(|| {
        standing_provider();
        assert_ok!(Providers::slash(RuntimeOrigin::root(), 0, [1; 32], STAKE));
        assert_ok!(Providers::retire(stash()));
        assert_eq!(chunks_of(0), []);
    });
}

#[test]
fn the_stake_of_a_retired_provider_unbonds_beside_that_of_the_next() {
    run(|| {
        standing_provider();
        assert_ok!(Providers::retire(stash()));
        assert_ok!(register(STASH, OPERATOR));
        assert_eq!(held(STASH, HoldReason::Stake), 2 * STAKE);
        assert_ok!(Providers::slash(RuntimeOrigin::root(), 0, [1; 32], 300));
        assert_eq!(
            (stake_of(1), chunks_of(0)),
            (STAKE, vec![(STAKE - 300, 7 + UNBONDING_DELAY)])
        );
    });
}
