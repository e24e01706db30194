//! What holds after every block.
//!
//! That capacity and stake cover what is leased is not among it: they do when something is leased, and still do when
//! stake is unbonded, but a provider may lower its capacity and a slash its stake, and no record tells that this came
//! first. The model of the tests follows all these steps. That what is leased is leased to somebody is for the pallet
//! that knows the leases to check.

use crate::{
    asks::key, AskDeposits, AskExpiries, Asks, AsksByProvider, Audits, BondPools, Bonds, ByHeartbeatKey, ByOperator,
    ByStash, Config, HoldReason, NextAskId, NextProviderId, Pallet, ProviderDeposits, Providers, UnbondingOf,
};
use alloc::collections::BTreeMap;
use frame_support::{
    ensure,
    traits::{fungible::InspectHold, Get},
};
use perigee_primitives::{Balance, BlockNumber, ProviderId};
use sp_runtime::TryRuntimeError;

type Check = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
    /// Checks everything that must hold.
    pub fn do_try_state() -> Check {
        Self::check_indices()?;
        Self::check_stakes()?;
        Self::check_unbonding()?;
        Self::check_pools()?;
        Self::check_bonds()?;
        Self::check_asks()?;
        Self::check_expiries()?;
        Self::check_audits()
    }

    /// Every index points at its provider, and there are no others.
    fn check_indices() -> Check {
        let count = Providers::<T>::iter_keys().count();
        for (id, p) in Providers::<T>::iter() {
            ensure!(id < NextProviderId::<T>::get(), "provider index was not given out");
            ensure!(
                ByStash::<T>::get(&p.stash) == Some(id),
                "stash does not lead to its provider"
            );
            ensure!(
                ByOperator::<T>::get(&p.operator) == Some(id),
                "operator does not lead to its provider"
            );
            ensure!(
                ByHeartbeatKey::<T>::get(p.heartbeat_key) == Some(id),
                "key does not lead to its provider"
            );
            ensure!(ProviderDeposits::<T>::contains_key(id), "provider without a deposit");
        }
        ensure!(ByStash::<T>::iter_keys().count() == count, "stash of no provider");
        ensure!(ByOperator::<T>::iter_keys().count() == count, "operator of no provider");
        ensure!(ByHeartbeatKey::<T>::iter_keys().count() == count, "key of no provider");
        ensure!(
            ProviderDeposits::<T>::iter_keys().count() == count,
            "deposit for no provider"
        );
        Ok(())
    }

    /// What is held as stake of an account is the stake of its provider and all that unbonds for it.
    fn check_stakes() -> Check {
        let mut stakes: BTreeMap<T::AccountId, Balance> = BTreeMap::new();
        for p in Providers::<T>::iter_values() {
            stakes.insert(p.stash, p.stake);
        }
        for u in UnbondingOf::<T>::iter_values() {
            let sum = stakes.entry(u.stash).or_default();
            *sum = u
                .chunks
                .iter()
                .fold(*sum, |sum, chunk| sum.saturating_add(chunk.amount));
        }
        let reason = HoldReason::Stake.into();
        for (stash, stake) in stakes {
            ensure!(
                T::Currency::balance_on_hold(&reason, &stash) == stake,
                "hold differs from stake"
            );
        }
        Ok(())
    }

    /// What unbonds is of a provider that was registered, is not nothing, and is released in order and in time.
    fn check_unbonding() -> Check {
        let latest = Self::now().saturating_add(T::UnbondingDelay::get());
        for (id, u) in UnbondingOf::<T>::iter() {
            let stash = Providers::<T>::get(id).map(|p| p.stash);
            ensure!(id < NextProviderId::<T>::get(), "stake of no provider unbonds");
            ensure!(stash.is_none_or(|stash| stash == u.stash), "stake unbonds elsewhere");
            ensure!(!u.chunks.is_empty(), "nothing unbonds");
            ensure!(u.chunks.iter().all(|chunk| chunk.amount > 0), "an empty amount unbonds");
            let blocks = u.chunks.iter().map(|chunk| chunk.release_at);
            ensure!(blocks.clone().is_sorted_by(|a, b| a < b), "stake unbonds out of order");
            ensure!(blocks.max() <= Some(latest), "stake unbonds too late");
        }
        Ok(())
    }

    /// What is held for a bond pool is its total, and there is no pool without a provider.
    fn check_pools() -> Check {
        let reason = HoldReason::Bonds.into();
        for (id, p) in Providers::<T>::iter() {
            ensure!(
                T::Currency::balance_on_hold(&reason, &p.stash) == BondPools::<T>::get(id).total,
                "hold differs from bond pool"
            );
        }
        for (id, pool) in BondPools::<T>::iter() {
            ensure!(Providers::<T>::contains_key(id), "bond pool of no provider");
            ensure!(pool.total > 0, "empty bond pool");
            ensure!(pool.bonded <= pool.total, "more is bonded than the pool holds");
        }
        Ok(())
    }

    /// The bonded part of a pool is the sum of the bonds of its provider's leases.
    fn check_bonds() -> Check {
        let mut sums: BTreeMap<ProviderId, Balance> = BTreeMap::new();
        for (id, _, bond) in Bonds::<T>::iter() {
            let sum = sums.entry(id).or_default();
            *sum = sum.saturating_add(bond);
        }
        for (id, pool) in BondPools::<T>::iter() {
            let sum = sums.remove(&id).unwrap_or_default();
            ensure!(sum == pool.bonded, "bonds differ from the bonded part of the pool");
        }
        ensure!(sums.values().all(|sum| *sum == 0), "bond without a pool");
        Ok(())
    }

    /// Asks and the lists of them agree.
    fn check_asks() -> Check {
        let mut listed = 0;
        for (id, asks) in AsksByProvider::<T>::iter() {
            for ask in &asks {
                ensure!(
                    Asks::<T>::get(ask).is_some_and(|a| a.provider == id),
                    "listed ask is not the provider's"
                );
                ensure!(AskDeposits::<T>::contains_key(ask), "ask without a deposit");
            }
            ensure!(!asks.is_empty(), "empty list of asks");
            ensure!(Providers::<T>::contains_key(id), "asks of no provider");
            listed += asks.len();
        }
        ensure!(
            Asks::<T>::iter_keys().all(|a| a < NextAskId::<T>::get()),
            "ask number was not given out"
        );
        ensure!(Asks::<T>::iter_keys().count() == listed, "ask that is not listed");
        ensure!(AskDeposits::<T>::iter_keys().count() == listed, "deposit for no ask");
        Ok(())
    }

    /// Every ask that is going to expire waits in the queue at its block, and nothing else does.
    fn check_expiries() -> Check {
        let now = Self::now();
        for (ask, record) in Asks::<T>::iter() {
            let due = record.terms.valid_until.filter(|block| *block > now);
            ensure!(
                due.is_none_or(|block| AskExpiries::<T>::contains_key(key(block), ask)),
                "ask does not wait for its expiry"
            );
        }
        for (block, ask) in AskExpiries::<T>::iter_keys() {
            let block = Some(BlockNumber::from_be_bytes(block));
            ensure!(
                Asks::<T>::get(ask).is_some_and(|a| a.terms.valid_until == block),
                "expiry of no ask"
            );
        }
        Ok(())
    }

    /// Signatures are of providers that were registered, over attributes that could be signed.
    fn check_audits() -> Check {
        for (id, _, audit) in Audits::<T>::iter() {
            ensure!(id < NextProviderId::<T>::get(), "audit of no provider");
            Self::ensure_attributes(&audit.attributes)?;
        }
        Ok(())
    }
}
