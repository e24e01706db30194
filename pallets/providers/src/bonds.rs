//! The bond pool of a provider, and the bond of each lease out of it.
//!
//! The money of the pool stays on hold at the stash. `bonded` is the sum of the bonds of the provider's leases. A bond that
//! was paid to the last unit stands as zero until its lease is settled: until then its provider does not retire.

use crate::{BondPools, Bonds, Config, Error, Event, HoldReason, Pallet, Providers, LOG_TARGET};
use frame_support::{
    ensure,
    traits::{fungible::MutateHold, tokens::Precision, Get},
};
use perigee_primitives::{traits::LeaseBonds, Balance, LeaseId, ProviderId};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_fund_bonds(stash: &T::AccountId, amount: Balance) -> DispatchResult {
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        let provider = Self::of_stash(stash)?;
        T::Currency::hold(&HoldReason::Bonds.into(), stash, amount)?;
        // What is held of one account fits its balance.
        BondPools::<T>::mutate(provider, |pool| pool.total = pool.total.saturating_add(amount));
        Self::deposit_event(Event::BondsFunded { provider, amount });
        Ok(())
    }

    pub(crate) fn do_withdraw_bonds(stash: &T::AccountId, amount: Balance) -> DispatchResult {
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        let provider = Self::of_stash(stash)?;
        let mut pool = BondPools::<T>::get(provider);
        ensure!(amount <= pool.free(), Error::<T>::PoolTooSmall);
        pool.total = pool.total.saturating_sub(amount);
        T::Currency::release(&HoldReason::Bonds.into(), stash, amount, Precision::Exact)?;
        Self::keep_pool(provider, pool);
        Self::deposit_event(Event::BondsWithdrawn { provider, amount });
        Ok(())
    }

    /// Gives the whole pool of a retiring provider back.
    pub(crate) fn dissolve_pool(provider: ProviderId, stash: &T::AccountId) -> DispatchResult {
        let unsettled = Bonds::<T>::iter_key_prefix(provider).next();
        ensure!(unsettled.is_none(), Error::<T>::StillBonded);
        let pool = BondPools::<T>::take(provider);
        T::Currency::release(&HoldReason::Bonds.into(), stash, pool.total, Precision::Exact)?;
        Ok(())
    }

    /// Stores a pool, or removes it when nothing is left in it.
    fn keep_pool(provider: ProviderId, pool: crate::BondPool) {
        if pool.total == 0 {
            BondPools::<T>::remove(provider);
        } else {
            BondPools::<T>::insert(provider, pool);
        }
    }

    /// Moves exactly `amount` out of the pool to `tenant`, or to the protocol's income where `tenant` cannot take it.
    /// An income account that lies below the existential deposit may not be able to take it either: then nothing
    /// moves, and the money stays where it is.
    fn move_bond(provider: ProviderId, tenant: &T::AccountId, amount: Balance) -> Option<T::AccountId> {
        let stash = Providers::<T>::get(provider)?.stash;
        let income = T::IncomeAccount::get();
        let taker = [tenant, &income]
            .into_iter()
            .find(|to| Self::move_held(HoldReason::Bonds, &stash, to, amount).is_ok());
        taker.cloned()
    }
}

impl<T: Config> LeaseBonds<T::AccountId> for Pallet<T> {
    fn set(provider: ProviderId, lease: LeaseId, amount: Balance) -> DispatchResult {
        // A bond of nothing needs no pool, but it does need somebody whom it keeps from retiring.
        ensure!(Providers::<T>::contains_key(provider), Error::<T>::UnknownProvider);
        let mut pool = BondPools::<T>::get(provider);
        let others = pool.bonded.saturating_sub(Bonds::<T>::get(provider, lease));
        let bonded = others.checked_add(amount).ok_or(Error::<T>::PoolTooSmall)?;
        ensure!(bonded <= pool.total, Error::<T>::PoolTooSmall);
        pool.bonded = bonded;
        Self::keep_pool(provider, pool);
        Bonds::<T>::insert(provider, lease, amount);
        Ok(())
    }

    fn bonded(provider: ProviderId, lease: LeaseId) -> Balance {
        Bonds::<T>::get(provider, lease)
    }

    fn pay(provider: ProviderId, lease: LeaseId, tenant: &T::AccountId, amount: Balance) -> Balance {
        let bond = Bonds::<T>::get(provider, lease);
        let amount = amount.min(bond);
        if amount == 0 {
            return 0;
        }
        let Some(to) = Self::move_bond(provider, tenant, amount) else {
            log::error!(target: LOG_TARGET, "nobody can take {amount} of the bond of lease {lease}");
            return 0;
        };
        let mut pool = BondPools::<T>::get(provider);
        pool.total = pool.total.saturating_sub(amount);
        pool.bonded = pool.bonded.saturating_sub(amount);
        Self::keep_pool(provider, pool);
        Bonds::<T>::insert(provider, lease, bond.saturating_sub(amount));
        Self::deposit_event(Event::BondPaid {
            provider,
            lease,
            to,
            amount,
        });
        amount
    }

    fn release(provider: ProviderId, lease: LeaseId) {
        let bond = Bonds::<T>::take(provider, lease);
        if bond > 0 {
            BondPools::<T>::mutate(provider, |pool| pool.bonded = pool.bonded.saturating_sub(bond));
        }
    }
}
