//! What other pallets see.

use crate::{Asks, ByHeartbeatKey, Config, Error, NextProviderId, Pallet, Providers};
use frame_support::{ensure, traits::Get};
use perigee_primitives::{
    traits::{ProviderCapacity, ProviderInspect},
    AskId, BlockNumber, Offer, ProviderId, Resources,
};
use sp_runtime::{DispatchError, DispatchResult};

impl<T: Config> ProviderInspect<T::AccountId> for Pallet<T> {
    fn operator(provider: ProviderId) -> Option<T::AccountId> {
        Providers::<T>::get(provider).map(|p| p.operator)
    }

    fn registered_at(provider: ProviderId) -> Option<BlockNumber> {
        Providers::<T>::get(provider).map(|p| p.registered_at)
    }

    fn next_id() -> ProviderId {
        NextProviderId::<T>::get()
    }

    fn by_heartbeat_key(key: &[u8; 32]) -> Option<ProviderId> {
        ByHeartbeatKey::<T>::get(key)
    }

    fn offer(ask: AskId) -> Option<Offer<T::AccountId>> {
        let ask = Asks::<T>::get(ask)?;
        let provider = Providers::<T>::get(ask.provider)?;
        let staked = provider.stake >= T::MinStake::get();
        let free = if staked {
            provider.capacity.saturating_sub(&provider.leased)
        } else {
            Resources::default()
        };
        Some(Offer {
            provider: ask.provider,
            payee: provider.operator,
            prices: ask.prices,
            free,
        })
    }
}

impl<T: Config> ProviderCapacity for Pallet<T> {
    fn lease(provider: ProviderId, resources: &Resources) -> DispatchResult {
        Providers::<T>::try_mutate(provider, |record| {
            let record = record.as_mut().ok_or(Error::<T>::UnknownProvider)?;
            ensure!(record.stake >= T::MinStake::get(), Error::<T>::StakeTooLow);
            let leased = record.leased.checked_add(resources).ok_or(Error::<T>::NoCapacity)?;
            ensure!(leased.fits(&record.capacity), Error::<T>::NoCapacity);
            record.leased = leased;
            Ok::<_, DispatchError>(())
        })
    }

    fn free(provider: ProviderId, resources: &Resources) {
        let freed = Self::update(provider, |p| p.leased = p.leased.saturating_sub(resources));
        if freed.is_err() {
            // Retirement is refused while anything is leased, so this is a caller's mistake.
            log::error!(target: crate::LOG_TARGET, "capacity freed at unknown provider {provider}");
        }
    }
}
