use super::*;

/// Provider 0 with twice the least stake.
fn well_staked() {
    standing_provider();
    assert_ok!(Providers::bond_stake(stash(), STAKE));
}

#[test]
fn stake_is_added_and_held() {
    run(|| {
        well_staked();
        assert_eq!((stake_of(0), held(STASH, HoldReason::Stake)), (2 * STAKE, 2 * STAKE));
        System::assert_last_event(
            Event::StakeBonded {
                provider: 0,
                amount: STAKE,
            }
            .into(),
        );
    });
}

#[test]
fn only_the_stash_moves_stake_and_never_zero() {
    run(|| {
        well_staked();
        assert_noop!(Providers::bond_stake(operator(), 1), Error::<Test>::NotStash);
        assert_noop!(Providers::unbond(operator(), 1), Error::<Test>::NotStash);
        assert_noop!(Providers::bond_stake(stash(), 0), Error::<Test>::ZeroAmount);
        assert_noop!(Providers::unbond(stash(), 0), Error::<Test>::ZeroAmount);
        let beyond_means = Providers::bond_stake(stash(), Balance::MAX);
        assert!(beyond_means.is_err());
    });
}

#[test]
fn unbonded_stake_comes_back_after_the_delay_and_no_earlier() {
    run(|| {
        well_staked();
        assert_ok!(Providers::unbond(stash(), 400));
        assert_eq!(chunks_of(0), [(400, 7 + UNBONDING_DELAY)]);
        assert_eq!(
            (stake_of(0), held(STASH, HoldReason::Stake)),
            (2 * STAKE - 400, 2 * STAKE)
        );
        jump_to(7 + UNBONDING_DELAY - 1);
        assert_noop!(Providers::withdraw_unbonded(stash(), 0), Error::<Test>::NothingUnbonded);
        jump_to(7 + UNBONDING_DELAY);
        assert_ok!(Providers::withdraw_unbonded(stash(), 0));
        assert_eq!(
            (held(STASH, HoldReason::Stake), chunks_of(0)),
            (2 * STAKE - 400, vec![])
        );
        assert_noop!(Providers::withdraw_unbonded(stash(), 0), Error::<Test>::NothingUnbonded);
    });
}

#[test]
fn amounts_of_one_block_unbond_as_one() {
    run(|| {
        well_staked();
        assert_ok!(Providers::unbond(stash(), 100));
        assert_ok!(Providers::unbond(stash(), 50));
        jump_to(8);
        assert_ok!(Providers::unbond(stash(), 30));
        assert_eq!(chunks_of(0), [(150, 37), (30, 38)]);
    });
}

#[test]
fn the_list_of_what_unbonds_is_bounded() {
    run(|| {
        well_staked();
        for block in 10..18 {
            jump_to(block);
            assert_ok!(Providers::unbond(stash(), 1));
        }
        jump_to(18);
        assert_noop!(Providers::unbond(stash(), 1), Error::<Test>::TooManyUnbonding);
        assert_noop!(Providers::retire(stash()), Error::<Test>::TooManyUnbonding);
        jump_to(10 + UNBONDING_DELAY);
        assert_ok!(Providers::withdraw_unbonded(stash(), 0));
        assert_ok!(Providers::retire(stash()));
    });
}

#[test]
fn stake_is_not_unbonded_below_the_minimum() {
    run(|| {
        well_staked();
        assert_noop!(Providers::unbond(stash(), STAKE + 1), Error::<Test>::StakeTooLow);
        assert_noop!(Providers::unbond(stash(), 2 * STAKE + 1), Error::<Test>::NotEnoughStake);
        assert_ok!(Providers::unbond(stash(), STAKE));
    });
}

#[test]
fn stake_that_backs_leases_is_not_unbonded() {
    run(|| {
        well_staked();
        assert_ok!(lease_at(80));
        let spare = 2 * STAKE - 80 * Balance::from(STAKE_BLOCKS);
        assert_noop!(Providers::unbond(stash(), spare + 1), Error::<Test>::StakeBacksLeases);
        assert_ok!(Providers::unbond(stash(), spare));
    });
}
