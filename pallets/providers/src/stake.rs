//! Stake: bonded, backing leases, unbonding, withdrawn.
//!
//! The rates of all leases of a provider, times `StakeBlocks`, are at most its stake whenever something is leased, and
//! stay so while stake is unbonded. Only a slash can leave less; it ends no lease, and nothing new is leased until the
//! stake is enough again.

use crate::{
    ByStash, Config, Error, Event, HoldReason, Pallet, Provider, Providers, Unbonding, UnbondingChunk, UnbondingOf,
};
use frame_support::{
    ensure,
    traits::{fungible::MutateHold, tokens::Precision, Get},
    BoundedVec,
};
use perigee_primitives::{Balance, ProviderId};
use sp_runtime::{DispatchError, DispatchResult};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_bond_stake(stash: &T::AccountId, amount: Balance) -> DispatchResult {
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        let id = Self::of_stash(stash)?;
        T::Currency::hold(&HoldReason::Stake.into(), stash, amount)?;
        // What is held of one account fits its balance.
        Self::update(id, |p| p.stake = p.stake.saturating_add(amount))?;
        Self::deposit_event(Event::StakeBonded { provider: id, amount });
        Ok(())
    }

    pub(crate) fn do_unbond(stash: &T::AccountId, amount: Balance) -> DispatchResult {
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        let id = Self::of_stash(stash)?;
        let mut provider = Providers::<T>::get(id).ok_or(Error::<T>::UnknownProvider)?;
        provider.stake = provider.stake.checked_sub(amount).ok_or(Error::<T>::NotEnoughStake)?;
        ensure!(provider.stake >= T::MinStake::get(), Error::<T>::StakeTooLow);
        ensure!(
            provider.leased_rate <= Self::backed_by(provider.stake),
            Error::<T>::StakeBacksLeases
        );
        Providers::<T>::insert(id, provider);
        Self::start_unbonding(id, stash, amount)
    }

    /// Lets `amount`, which is no longer in the provider's record, leave after the delay.
    pub(crate) fn start_unbonding(id: ProviderId, stash: &T::AccountId, amount: Balance) -> DispatchResult {
        let release_at = Self::now().saturating_add(T::UnbondingDelay::get());
        let mut unbonding = UnbondingOf::<T>::get(id).unwrap_or_else(|| Unbonding {
            stash: stash.clone(),
            chunks: BoundedVec::new(),
        });
        match unbonding.chunks.iter_mut().last() {
            Some(last) if last.release_at == release_at => last.amount = last.amount.saturating_add(amount),
            _ => unbonding
                .chunks
                .try_push(UnbondingChunk { amount, release_at })
                .map_err(|_| Error::<T>::TooManyUnbonding)?,
        }
        UnbondingOf::<T>::insert(id, unbonding);
        Self::deposit_event(Event::StakeUnbonding {
            provider: id,
            amount,
            release_at,
        });
        Ok(())
    }

    pub(crate) fn do_withdraw_unbonded(id: ProviderId) -> DispatchResult {
        let mut unbonding = UnbondingOf::<T>::get(id).ok_or(Error::<T>::NothingUnbonded)?;
        let now = Self::now();
        let due = unbonding.chunks.iter().filter(|chunk| chunk.release_at <= now);
        let amount: Balance = due.map(|chunk| chunk.amount).sum();
        ensure!(amount > 0, Error::<T>::NothingUnbonded);
        unbonding.chunks.retain(|chunk| chunk.release_at > now);
        T::Currency::release(&HoldReason::Stake.into(), &unbonding.stash, amount, Precision::Exact)?;
        Self::keep_unbonding(id, unbonding);
        Self::deposit_event(Event::StakeWithdrawn { provider: id, amount });
        Ok(())
    }

    /// Stores what unbonds, or removes the record with the last of it.
    pub(crate) fn keep_unbonding(id: ProviderId, unbonding: Unbonding<T::AccountId>) {
        if unbonding.chunks.is_empty() {
            UnbondingOf::<T>::remove(id);
        } else {
            UnbondingOf::<T>::insert(id, unbonding);
        }
    }

    /// The rate per block that so much stake backs.
    pub(crate) fn backed_by(stake: Balance) -> Balance {
        stake / Balance::from(T::StakeBlocks::get().max(1))
    }

    /// Does it hold the least stake, and enough for what is leased?
    pub(crate) fn is_staked(provider: &Provider<T::AccountId>) -> bool {
        provider.stake >= T::MinStake::get() && provider.leased_rate <= Self::backed_by(provider.stake)
    }

    pub(crate) fn of_stash(stash: &T::AccountId) -> Result<ProviderId, DispatchError> {
        ByStash::<T>::get(stash).ok_or_else(|| Error::<T>::NotStash.into())
    }
}
