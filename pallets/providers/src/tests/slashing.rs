use super::*;

const VERDICT: SlashProof = SlashProof::Verdict { evidence: [1; 32] };

fn slash(amount: Balance) -> DispatchResult {
    Providers::slash(RuntimeOrigin::root(), 0, [1; 32], amount)
}

/// Provider 0 with 1,000 of stake and 300 and 200 unbonding.
fn unbonding_provider() {
    standing_provider();
    assert_ok!(Providers::bond_stake(stash(), 500));
    assert_ok!(Providers::unbond(stash(), 300));
    jump_to(8);
    assert_ok!(Providers::unbond(stash(), 200));
}

#[test]
fn a_slash_goes_to_the_income() {
    run(|| {
        standing_provider();
        assert_ok!(slash(400));
        assert_eq!((stake_of(0), held(STASH, HoldReason::Stake)), (600, 600));
        assert_eq!(Balances::free_balance(INCOME), ED + 400);
        System::assert_last_event(
            Event::Slashed {
                provider: 0,
                proof: VERDICT,
                amount: 400,
            }
            .into(),
        );
    });
}

#[test]
fn stake_is_slashed_before_what_unbonds_and_the_earliest_of_that_first() {
    run(|| {
        unbonding_provider();
        let after = |amount| {
            hypothetically!({
                assert_ok!(slash(amount));
                Providers::do_try_state().expect("invariants hold");
                let amounts: Vec<_> = chunks_of(0).into_iter().map(|(amount, _)| amount).collect();
                (stake_of(0), amounts)
            })
        };
        assert_eq!(after(1_000), (0, vec![300, 200]));
        assert_eq!(after(1_001), (0, vec![299, 200]));
        assert_eq!(after(1_300), (0, vec![200]));
        assert_eq!(after(1_499), (0, vec![1]));
        assert_eq!(after(Balance::MAX), (0, vec![]));
        let income = hypothetically!({
            assert_ok!(slash(Balance::MAX));
            Balances::free_balance(INCOME)
        });
        assert_eq!(income, ED + 1_500);
    });
}

#[test]
fn what_has_been_withdrawn_is_out_of_reach() {
    run(|| {
        unbonding_provider();
        jump_to(37);
        assert_ok!(Providers::withdraw_unbonded(stash(), 0));
        assert_eq!(<Providers as ProviderStake>::slash(0, VERDICT, Balance::MAX), 1_200);
        assert_eq!(<Providers as ProviderStake>::slash(0, VERDICT, 1), 0);
        assert_noop!(slash(1), Error::<Test>::NothingToSlash);
    });
}

#[test]
fn the_stake_of_a_retired_provider_is_slashed_until_it_has_left() {
    run(|| {
        standing_provider();
        assert_ok!(Providers::retire(stash()));
        assert_ok!(slash(100));
        assert_eq!(chunks_of(0), [(900, 7 + UNBONDING_DELAY)]);
        jump_to(7 + UNBONDING_DELAY);
        assert_ok!(Providers::withdraw_unbonded(stash(), 0));
        assert_noop!(slash(100), Error::<Test>::UnknownProvider);
    });
}

#[test]
fn only_the_slash_origin_slashes_and_never_nothing() {
    run(|| {
        standing_provider();
        assert_noop!(Providers::slash(stash(), 0, [1; 32], 1), DispatchError::BadOrigin);
        assert_noop!(slash(0), Error::<Test>::ZeroAmount);
    });
}

#[test]
fn other_pallets_slash_with_their_proof() {
    run(|| {
        standing_provider();
        let abandoned = SlashProof::Abandonment {
            lease: 3,
            from: 10,
            to: 110,
            absent: 60,
        };
        let claimed = SlashProof::DoubleClaim {
            lease: 3,
            claims: [[1; 32], [2; 32]],
        };
        for proof in [abandoned, claimed] {
            assert_eq!(<Providers as ProviderStake>::slash(0, proof, 10), 10);
            System::assert_last_event(
                Event::Slashed {
                    provider: 0,
                    proof,
                    amount: 10,
                }
                .into(),
            );
        }
        assert_eq!(<Providers as ProviderStake>::slash(9, claimed, 10), 0);
    });
}

#[test]
fn a_frozen_stash_is_slashed_all_the_same() {
    run(|| {
        standing_provider();
        freeze(STASH, ENDOWMENT);
        assert_ok!(slash(STAKE));
        assert_eq!(Balances::free_balance(INCOME), ED + STAKE);
    });
}

#[test]
fn what_the_income_cannot_take_stays_where_it_is() {
    run(|| {
        standing_provider();
        assert_ok!(Balances::transfer_all(signed(INCOME), TENANT, false));
        assert_noop!(slash(ED - 1), TokenError::CannotCreate);
        assert_ok!(slash(ED));
    });
}
