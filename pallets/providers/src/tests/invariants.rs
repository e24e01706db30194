//! Each invariant fires when storage is damaged.

use super::*;
use crate::{ByHeartbeatKey, ByOperator, ByStash, ProviderDeposits};
use frame_support::{
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision},
    },
    BoundedVec,
};

/// A provider of which every storage item holds something.
fn furnished() {
    standing_provider();
    assert_ok!(Providers::publish_ask(operator(), until(50)));
    assert_ok!(Providers::bond_stake(stash(), STAKE));
    assert_ok!(Providers::unbond(stash(), 100));
    assert_ok!(Providers::fund_bonds(stash(), 500));
    assert_ok!(<Providers as LeaseBonds<u64>>::set(0, 1, 200));
    assert_ok!(Providers::sign_attributes(
        signed(AUDITOR),
        0,
        Attributes::default(),
        50
    ));
}

/// Damages a furnished provider, and expects to hear `complaint`.
fn noticed(damages: &[(fn(), &'static str)]) {
    run(|| {
        furnished();
        for (damage, complaint) in damages {
            hypothetically!({
                damage();
                assert_eq!(Providers::do_try_state(), Err((*complaint).into()));
            });
        }
    });
}

#[test]
fn broken_indices_are_noticed() {
    noticed(&[
        (|| NextProviderId::<Test>::put(0), "provider index was not given out"),
        (|| ByStash::<Test>::remove(STASH), "stash does not lead to its provider"),
        (
            || ByOperator::<Test>::remove(OPERATOR),
            "operator does not lead to its provider",
        ),
        (
            || ByHeartbeatKey::<Test>::remove(key(1).public().0),
            "key does not lead to its provider",
        ),
        (|| ProviderDeposits::<Test>::remove(0), "provider without a deposit"),
        (|| ByStash::<Test>::insert(TENANT, 0), "stash of no provider"),
        (|| ByOperator::<Test>::insert(TENANT, 0), "operator of no provider"),
        (|| ByHeartbeatKey::<Test>::insert([0; 32], 0), "key of no provider"),
        (
            || {
                let deposit = ProviderDeposits::<Test>::get(0).expect("registered");
                ProviderDeposits::<Test>::insert(1, deposit);
            },
            "deposit for no provider",
        ),
    ]);
}

#[test]
fn a_stake_that_is_not_held_is_noticed() {
    noticed(&[
        (
            || Records::<Test>::mutate(0, |p| p.as_mut().expect("registered").stake -= 1),
            "hold differs from stake",
        ),
        (|| damage_chunk(|chunk| chunk.amount += 1), "hold differs from stake"),
    ]);
}

fn damage_chunk(damage: fn(&mut UnbondingChunk)) {
    UnbondingOf::<Test>::mutate(0, |u| u.iter_mut().flat_map(|u| u.chunks.iter_mut()).for_each(damage));
}

/// Splits the first chunk in two of the given order.
fn split_chunk(second_later_by: i64) {
    UnbondingOf::<Test>::mutate(0, |u| {
        let chunks = &mut u.as_mut().expect("unbonding").chunks;
        let first = chunks.iter_mut().next().expect("one");
        first.amount -= 1;
        let release_at = (i64::from(first.release_at) + second_later_by) as BlockNumber;
        chunks
            .try_push(UnbondingChunk { amount: 1, release_at })
            .expect("room for two");
    });
}

#[test]
fn disorder_in_what_unbonds_is_noticed() {
    noticed(&[
        (
            || {
                let record = UnbondingOf::<Test>::take(0).expect("unbonding");
                UnbondingOf::<Test>::insert(9, record);
            },
            "stake of no provider unbonds",
        ),
        (
            || {
                // Held at another stash, so that the sums agree.
                let reason = HoldReason::Stake.into();
                UnbondingOf::<Test>::mutate(0, |u| u.as_mut().expect("unbonding").stash = TENANT);
                assert_ok!(<Balances as MutateHold<u64>>::hold(&reason, &TENANT, 100));
                assert_ok!(<Balances as MutateHold<u64>>::burn_held(
                    &reason,
                    &STASH,
                    100,
                    Precision::Exact,
                    Fortitude::Force,
                ));
            },
            "stake unbonds elsewhere",
        ),
        (|| split_chunk(-1), "stake unbonds out of order"),
        (|| split_chunk(1), "stake unbonds too late"),
        (
            || {
                split_chunk(-1);
                UnbondingOf::<Test>::mutate(0, |u| {
                    let chunks = &mut u.as_mut().expect("unbonding").chunks;
                    let sum = chunks.iter().map(|chunk| chunk.amount).sum();
                    let mut amounts = [0, sum].into_iter();
                    chunks
                        .iter_mut()
                        .for_each(|chunk| chunk.amount = amounts.next().expect("two"));
                });
            },
            "an empty amount unbonds",
        ),
        (
            || {
                Records::<Test>::mutate(0, |p| p.as_mut().expect("registered").stake += 100);
                UnbondingOf::<Test>::mutate(0, |u| u.as_mut().expect("unbonding").chunks = Default::default());
            },
            "nothing unbonds",
        ),
    ]);
}

fn damage_pool(damage: fn(&mut BondPool)) {
    BondPools::<Test>::mutate(0, damage);
}

#[test]
fn a_pool_that_is_not_held_is_noticed() {
    noticed(&[
        (|| damage_pool(|pool| pool.total += 1), "hold differs from bond pool"),
        (
            || BondPools::<Test>::insert(5, BondPool { total: 1, bonded: 0 }),
            "bond pool of no provider",
        ),
        (
            || damage_pool(|pool| pool.bonded = pool.total + 1),
            "more is bonded than the pool holds",
        ),
        (
            || {
                assert_ok!(register(OTHER_STASH, OTHER_OPERATOR));
                BondPools::<Test>::insert(1, BondPool::default());
            },
            "empty bond pool",
        ),
    ]);
}

#[test]
fn bonds_that_are_not_in_the_pool_are_noticed() {
    noticed(&[
        (
            || Bonds::<Test>::insert(0, 2, 1),
            "bonds differ from the bonded part of the pool",
        ),
        (
            || damage_pool(|pool| pool.bonded -= 1),
            "bonds differ from the bonded part of the pool",
        ),
        (|| Bonds::<Test>::insert(3, 2, 1), "bond without a pool"),
    ]);
}

#[test]
fn asks_that_are_not_listed_are_noticed() {
    noticed(&[
        (|| Asks::<Test>::remove(0), "listed ask is not the provider's"),
        (|| AskDeposits::<Test>::remove(0), "ask without a deposit"),
        (
            || AsksByProvider::<Test>::insert(1, BoundedVec::default()),
            "empty list of asks",
        ),
        (
            || {
                AsksByProvider::<Test>::remove(0);
                AsksByProvider::<Test>::insert(1, BoundedVec::truncate_from(vec![0]));
                Asks::<Test>::mutate(0, |a| a.as_mut().expect("stands").provider = 1);
            },
            "asks of no provider",
        ),
        (|| NextAskId::<Test>::put(1), "ask number was not given out"),
        (|| AsksByProvider::<Test>::remove(0), "ask that is not listed"),
        (
            || {
                let deposit = AskDeposits::<Test>::get(0).expect("stands");
                AskDeposits::<Test>::insert(7, deposit);
            },
            "deposit for no ask",
        ),
    ]);
}

#[test]
fn expiries_that_do_not_fit_their_asks_are_noticed() {
    noticed(&[
        (
            || AskExpiries::<Test>::remove(50u32.to_be_bytes(), 1),
            "ask does not wait for its expiry",
        ),
        (
            || AskExpiries::<Test>::insert(50u32.to_be_bytes(), 0, ()),
            "expiry of no ask",
        ),
        (
            || AskExpiries::<Test>::insert(51u32.to_be_bytes(), 1, ()),
            "expiry of no ask",
        ),
    ]);
}

#[test]
fn signatures_that_could_not_be_given_are_noticed() {
    noticed(&[(
        || {
            let audit = Audits::<Test>::get(0, AUDITOR).expect("signed");
            Audits::<Test>::insert(1, AUDITOR, audit);
        },
        "audit of no provider",
    )]);
    run(|| {
        furnished();
        hypothetically!({
            Audits::<Test>::mutate(0, AUDITOR, |audit| {
                audit.as_mut().expect("signed").attributes = attributes(&[("", "")]);
            });
            assert!(Providers::do_try_state().is_err());
        });
    });
}
