//! Slashing: the one function that takes stake, and where its money goes.

use crate::{Config, Error, Event, HoldReason, Pallet, Providers, UnbondingOf, LOG_TARGET};
use frame_support::{
    ensure,
    storage::with_storage_layer,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
        Get,
    },
};
use perigee_primitives::{traits::ProviderStake, Balance, ProviderId, SlashProof};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Takes up to `amount` of a provider's stake, then of what unbonds, the earliest first. Returns what was taken.
    pub(crate) fn do_slash(id: ProviderId, proof: SlashProof, amount: Balance) -> Result<Balance, DispatchError> {
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        let mut provider = Providers::<T>::get(id);
        let mut unbonding = UnbondingOf::<T>::get(id);
        let stash = provider
            .as_ref()
            .map(|p| &p.stash)
            .or(unbonding.as_ref().map(|u| &u.stash));
        let stash = stash.ok_or(Error::<T>::UnknownProvider)?.clone();

        let stake = provider.iter_mut().map(|p| &mut p.stake);
        let chunks = unbonding.iter_mut().flat_map(|u| u.chunks.iter_mut());
        let missing = stake.chain(chunks.map(|chunk| &mut chunk.amount)).fold(amount, take);
        let taken = amount.saturating_sub(missing);
        ensure!(taken > 0, Error::<T>::NothingToSlash);
        Self::move_held(HoldReason::Stake, &stash, &T::IncomeAccount::get(), taken)?;

        if let Some(provider) = provider {
            Providers::<T>::insert(id, provider);
        }
        if let Some(mut unbonding) = unbonding {
            unbonding.chunks.retain(|chunk| chunk.amount > 0);
            Self::keep_unbonding(id, unbonding);
        }
        Self::deposit_event(Event::Slashed {
            provider: id,
            proof,
            amount: taken,
        });
        Ok(taken)
    }

    /// Moves exactly `amount` of held money, or nothing. Forced: a freeze on the stash does not keep what it forfeits.
    pub(crate) fn move_held(
        reason: HoldReason,
        from: &T::AccountId,
        to: &T::AccountId,
        amount: Balance,
    ) -> Result<Balance, DispatchError> {
        with_storage_layer(|| {
            T::Currency::transfer_on_hold(
                &reason.into(),
                from,
                to,
                amount,
                Precision::Exact,
                Restriction::Free,
                Fortitude::Force,
            )
        })
    }
}

impl<T: Config> ProviderStake for Pallet<T> {
    fn slash(provider: ProviderId, proof: SlashProof, amount: Balance) -> Balance {
        Self::do_slash(provider, proof, amount).unwrap_or_else(|error| {
            log::warn!(target: LOG_TARGET, "provider {provider} was not slashed by {amount}: {error:?}");
            0
        })
    }
}

/// Takes up to `wanted` out of `part`; returns what is still wanted.
fn take(wanted: Balance, part: &mut Balance) -> Balance {
    let taken = wanted.min(*part);
    *part = part.saturating_sub(taken);
    wanted.saturating_sub(taken)
}
