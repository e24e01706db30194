use super::*;

fn set(lease: LeaseId, amount: Balance) -> DispatchResult {
    <Providers as LeaseBonds<u64>>::set(0, lease, amount)
}

fn bonded(lease: LeaseId) -> Balance {
    <Providers as LeaseBonds<u64>>::bonded(0, lease)
}

fn pay(lease: LeaseId, tenant: u64, amount: Balance) -> Balance {
    <Providers as LeaseBonds<u64>>::pay(0, lease, &tenant, amount)
}

fn release(lease: LeaseId) {
    <Providers as LeaseBonds<u64>>::release(0, lease)
}

fn pool() -> (Balance, Balance) {
    let BondPool { total, bonded } = BondPools::<Test>::get(0);
    assert_eq!(held(STASH, HoldReason::Bonds), total);
    (total, bonded)
}

/// Provider 0 with a bond pool of 1,000.
fn funded() {
    standing_provider();
    assert_ok!(Providers::fund_bonds(stash(), 1_000));
}

#[test]
fn a_pool_is_funded_and_its_free_part_withdrawn() {
    run(|| {
        funded();
        assert_ok!(set(1, 700));
        assert_eq!((pool(), bonded(1)), ((1_000, 700), 700));
        assert_noop!(Providers::withdraw_bonds(stash(), 301), Error::<Test>::PoolTooSmall);
        assert_ok!(Providers::withdraw_bonds(stash(), 300));
        assert_eq!(pool(), (700, 700));
        release(1);
        assert_ok!(Providers::withdraw_bonds(stash(), 700));
        assert!(!BondPools::<Test>::contains_key(0));
    });
}

#[test]
fn only_the_stash_moves_the_pool_and_never_zero() {
    run(|| {
        funded();
        assert_noop!(Providers::fund_bonds(operator(), 1), Error::<Test>::NotStash);
        assert_noop!(Providers::withdraw_bonds(operator(), 1), Error::<Test>::NotStash);
        assert_noop!(Providers::fund_bonds(stash(), 0), Error::<Test>::ZeroAmount);
        assert_noop!(Providers::withdraw_bonds(stash(), 0), Error::<Test>::ZeroAmount);
        assert!(Providers::fund_bonds(stash(), Balance::MAX).is_err());
    });
}

#[test]
fn bond_of_an_unknown_provider_is_refused() {
    run(|| {
        funded();
        let set = |amount| <Providers as LeaseBonds<u64>>::set(1, 1, amount);
        assert_noop!(set(0), Error::<Test>::UnknownProvider);
        assert_noop!(set(1), Error::<Test>::UnknownProvider);
    });
}

#[test]
fn bonds_share_the_pool_to_the_last_unit() {
    run(|| {
        funded();
        assert_ok!(set(1, 600));
        assert_noop!(set(2, 401), Error::<Test>::PoolTooSmall);
        assert_noop!(set(2, Balance::MAX), Error::<Test>::PoolTooSmall);
        assert_ok!(set(2, 400));
        assert_eq!(pool(), (1_000, 1_000));
    });
}

#[test]
fn a_bond_is_raised_and_lowered_in_place() {
    run(|| {
        funded();
        assert_ok!(set(1, 600));
        assert_ok!(set(1, 1_000));
        assert_noop!(set(1, 1_001), Error::<Test>::PoolTooSmall);
        assert_ok!(set(1, 100));
        assert_eq!((pool(), bonded(1)), ((1_000, 100), 100));
        assert_ok!(set(1, 0));
        assert_eq!((pool(), bonded(1)), ((1_000, 0), 0));
        release(1);
        assert_eq!(Bonds::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_provider_without_a_pool_bonds_nothing() {
    run(|| {
        standing_provider();
        assert_noop!(set(1, 1), Error::<Test>::PoolTooSmall);
        assert_ok!(set(1, 0));
        assert_eq!(pay(1, TENANT, 5), 0);
        release(1);
    });
}

#[test]
fn a_bond_pays_the_tenant_and_no_more_than_it_holds() {
    run(|| {
        funded();
        assert_ok!(set(1, 600));
        assert_eq!(pay(1, TENANT, 250), 250);
        assert_eq!((pool(), bonded(1)), ((750, 350), 350));
        System::assert_last_event(
            Event::BondPaid {
                provider: 0,
                lease: 1,
                to: TENANT,
                amount: 250,
            }
            .into(),
        );
        assert_eq!(pay(1, TENANT, Balance::MAX), 350);
        assert_eq!((pool(), bonded(1)), ((400, 0), 0));
        assert_eq!(Balances::free_balance(TENANT), ENDOWMENT + 600);
        assert_eq!(pay(1, TENANT, 1), 0);
    });
}

#[test]
fn what_a_reaped_tenant_cannot_take_goes_to_the_income() {
    run(|| {
        funded();
        assert_ok!(set(1, 600));
        assert_eq!(pay(1, NOBODY, ED - 1), ED - 1);
        assert_eq!(
            (Balances::total_balance(&NOBODY), Balances::free_balance(INCOME)),
            (0, 2 * ED - 1)
        );
        assert_eq!(pay(1, NOBODY, ED), ED);
        assert_eq!(Balances::free_balance(NOBODY), ED);
        assert_eq!(pool(), (1_000 - 2 * ED + 1, 600 - 2 * ED + 1));
    });
}

#[test]
fn what_nobody_can_take_stays_in_the_bond() {
    run(|| {
        funded();
        assert_ok!(set(1, 600));
        assert_ok!(Balances::transfer_all(signed(INCOME), TENANT, false));
        assert_eq!(pay(1, NOBODY, ED - 1), 0);
        assert_eq!((pool(), bonded(1)), ((1_000, 600), 600));
        assert_eq!(pay(1, NOBODY, ED), ED);
    });
}

#[test]
fn a_frozen_stash_pays_all_the_same() {
    run(|| {
        funded();
        assert_ok!(set(1, 600));
        freeze(STASH, ENDOWMENT);
        freeze(TENANT, ENDOWMENT);
        assert_eq!(pay(1, TENANT, 600), 600);
    });
}

#[test]
fn a_provider_that_is_its_own_tenant_loses_nothing() {
    run(|| {
        funded();
        assert_ok!(set(1, 600));
        let before = Balances::total_balance(&STASH);
        assert_eq!(pay(1, STASH, 600), 600);
        assert_eq!((Balances::total_balance(&STASH), pool()), (before, (400, 0)));
    });
}
