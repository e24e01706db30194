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
fn one_amount_below_what_is_leased_stops_all_new_leases() {
    run(|| {
        let ask = standing_provider();
        assert_ok!(lease(&half()));
        let less_memory = Resources {
            memory_mib: 1,
            ..some()
        };
        assert_ok!(Providers::set_capacity(operator(), less_memory));
        let offer = Providers::offer(ask).expect("stands");
        assert_eq!((offer.free, offer.backed_rate), (Resources::default(), 0));
        assert_noop!(lease(&small()), Error::<Test>::NoCapacity);
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
        assert_eq!(<Providers as ProviderCapacity>::leased(5), Default::default());
    });
}

#[test]
fn rates_are_leased_as_far_as_the_stake_backs_them() {
    run(|| {
        let ask = standing_provider();
        let backed = || Providers::offer(ask).expect("stands").backed_rate;
        assert_eq!(backed(), STAKE / Balance::from(STAKE_BLOCKS));
        assert_ok!(lease_at(30));
        assert_eq!(backed(), 20);
        assert_noop!(lease_at(21), Error::<Test>::NotBacked);
        assert_noop!(lease_at(Balance::MAX), Error::<Test>::NotBacked);
        assert_ok!(lease_at(20));
        assert_noop!(lease_at(1), Error::<Test>::NotBacked);
        assert_ok!(Providers::bond_stake(stash(), STAKE_BLOCKS.into()));
        assert_ok!(lease_at(1));
        <Providers as ProviderCapacity>::free(0, &small(), 51);
        assert_eq!(backed(), 51);
    });
}

#[test]
fn a_slash_below_what_is_leased_ends_nothing_but_stops_new_leases() {
    run(|| {
        let ask = standing_provider();
        assert_ok!(Providers::bond_stake(stash(), STAKE));
        assert_ok!(lease_at(80));
        assert_ok!(Providers::slash(RuntimeOrigin::root(), 0, [1; 32], STAKE / 2));
        let offer = Providers::offer(ask).expect("stands");
        assert_eq!((offer.free, offer.backed_rate), (Resources::default(), 0));
        assert_noop!(lease_at(0), Error::<Test>::NotBacked);
        <Providers as ProviderCapacity>::free(0, &small(), 5);
        assert_ok!(lease_at(0));
    });
}
