//! What other pallets see, and the capacity that they lease.

use crate::{
    asks::is_expired, tiers, Asks, ByHeartbeatKey, Config, Error, NextProviderId, Pallet, Provider, Providers,
};
use frame_support::{ensure, traits::Get};
use perigee_primitives::{
    traits::{ProviderCapacity, ProviderInspect, Scores},
    Ask, AskId, AttributePatterns, Balance, BlockNumber, Offer, ProviderId, Resources, Tier,
};
use sp_runtime::{DispatchError, DispatchResult};

impl<T: Config> Pallet<T> {
    /// What can still be leased, and at which rate per block: nothing of a provider that takes no new leases.
    fn leasable(provider: &Provider<T::AccountId>) -> (Resources, Balance) {
        if !Self::is_staked(provider) || !provider.leased.fits(&provider.capacity) {
            return Default::default();
        }
        let rate = Self::backed_by(provider.stake).saturating_sub(provider.leased_rate);
        (provider.capacity.saturating_sub(&provider.leased), rate)
    }

    /// The grade of a provider at this block; `None` without a record of it.
    pub fn tier(id: ProviderId) -> Option<Tier> {
        let provider = Providers::<T>::get(id)?;
        let availability = T::Scores::standings(id).availability;
        let age = Self::now().saturating_sub(provider.registered_at);
        Some(tiers::tier(&T::Tiers::get(), provider.stake, availability, age))
    }
}

impl<T: Config> ProviderInspect<T::AccountId> for Pallet<T> {
    fn operator(provider: ProviderId) -> Option<T::AccountId> {
        Providers::<T>::get(provider).map(|p| p.operator)
    }

    fn stash(provider: ProviderId) -> Option<T::AccountId> {
        Providers::<T>::get(provider).map(|p| p.stash)
    }

    fn heartbeat_key(provider: ProviderId) -> Option<[u8; 32]> {
        Providers::<T>::get(provider).map(|p| p.heartbeat_key)
    }

    fn heartbeat_key_at(provider: ProviderId, block: BlockNumber) -> Option<[u8; 32]> {
        let provider = Providers::<T>::get(provider)?;
        let previous = provider.previous_key.filter(|previous| block < previous.until);
        Some(previous.map_or(provider.heartbeat_key, |previous| previous.key))
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
        let Ask { provider: id, terms } = Asks::<T>::get(ask).filter(|ask| !is_expired(&ask.terms, Self::now()))?;
        let provider = Providers::<T>::get(id)?;
        let (free, backed_rate) = Self::leasable(&provider);
        Some(Offer {
            provider: id,
            terms,
            free,
            backed_rate,
            operator: provider.operator,
        })
    }

    fn tier(provider: ProviderId) -> Tier {
        Self::tier(provider).unwrap_or_default()
    }

    fn has_signed(auditor: &T::AccountId, provider: ProviderId, attributes: &AttributePatterns) -> bool {
        Self::is_signed(auditor, provider, attributes)
    }
}

impl<T: Config> ProviderCapacity for Pallet<T> {
    fn lease(provider: ProviderId, resources: &Resources, rate: Balance) -> DispatchResult {
        Providers::<T>::try_mutate(provider, |record| {
            let record = record.as_mut().ok_or(Error::<T>::UnknownProvider)?;
            ensure!(record.stake >= T::MinStake::get(), Error::<T>::StakeTooLow);
            let leased = record.leased.checked_add(resources).ok_or(Error::<T>::NoCapacity)?;
            let leased_rate = record.leased_rate.checked_add(rate).ok_or(Error::<T>::NotBacked)?;
            ensure!(leased.fits(&record.capacity), Error::<T>::NoCapacity);
            ensure!(leased_rate <= Self::backed_by(record.stake), Error::<T>::NotBacked);
            record.leased = leased;
            record.leased_rate = leased_rate;
            Ok::<_, DispatchError>(())
        })
    }

    fn free(provider: ProviderId, resources: &Resources, rate: Balance) {
        let freed = Self::update(provider, |p| {
            p.leased = p.leased.saturating_sub(resources);
            p.leased_rate = p.leased_rate.saturating_sub(rate);
        });
        if freed.is_err() {
            // Retirement is refused while anything is leased, so this is a caller's mistake.
            log::error!(target: crate::LOG_TARGET, "capacity freed at unknown provider {provider}");
        }
    }

    fn leased(provider: ProviderId) -> (Resources, Balance) {
        let record = Providers::<T>::get(provider);
        record.map(|p| (p.leased, p.leased_rate)).unwrap_or_default()
    }
}
