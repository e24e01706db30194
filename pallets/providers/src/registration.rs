//! Providers themselves: from registration to retirement, and what their records say.

use crate::{
    Asks, AsksByProvider, ByHeartbeatKey, ByOperator, ByStash, Config, Error, Event, HoldReason, NextProviderId,
    Pallet, PreviousKey, Provider, ProviderDeposits, Providers,
};
use frame_support::{
    ensure,
    traits::{fungible::MutateHold, Consideration, Footprint, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use perigee_primitives::{
    registration_message, AbuseContact, Balance, BlockNumber, GatewayAddress, ProviderId, Resources, TlsPins,
};
use sp_runtime::{traits::Zero, DispatchError, DispatchResult, SaturatedConversion};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_register(
        stash: T::AccountId,
        operator: T::AccountId,
        heartbeat_key: [u8; 32],
        proof: [u8; 64],
        pins: TlsPins,
        gateway: GatewayAddress,
        stake: Balance,
    ) -> DispatchResult {
        ensure!(!ByStash::<T>::contains_key(&stash), Error::<T>::StashTaken);
        Self::ensure_free_operator(&operator)?;
        ensure!(stake >= T::MinStake::get(), Error::<T>::StakeTooLow);
        Self::ensure_gateway(&pins, &gateway)?;
        Self::ensure_key(&stash, &heartbeat_key, proof)?;

        let id = NextProviderId::<T>::get();
        NextProviderId::<T>::put(id.checked_add(1).ok_or(Error::<T>::IdsExhausted)?);
        T::Currency::hold(&HoldReason::Stake.into(), &stash, stake)?;
        let deposit = T::RecordDeposit::new(&stash, Footprint::from_mel::<Provider<T::AccountId>>())?;
        ProviderDeposits::<T>::insert(id, deposit);
        ByStash::<T>::insert(&stash, id);
        ByOperator::<T>::insert(&operator, id);
        ByHeartbeatKey::<T>::insert(heartbeat_key, id);
        let provider = Provider {
            stash: stash.clone(),
            operator: operator.clone(),
            heartbeat_key,
            previous_key: None,
            pins,
            gateway,
            abuse_contact: AbuseContact::new(),
            stake,
            capacity: Resources::default(),
            leased: Resources::default(),
            leased_rate: 0,
            registered_at: Self::now(),
        };
        Providers::<T>::insert(id, provider);
        Self::deposit_event(Event::ProviderRegistered {
            provider: id,
            stash,
            operator,
        });
        Ok(())
    }

    pub(crate) fn do_set_operator(stash: &T::AccountId, operator: T::AccountId) -> DispatchResult {
        let provider = Self::of_stash(stash)?;
        Self::ensure_free_operator(&operator)?;
        Self::update(provider, |p| {
            ByOperator::<T>::remove(&p.operator);
            p.operator = operator.clone();
        })?;
        ByOperator::<T>::insert(&operator, provider);
        Self::deposit_event(Event::OperatorSet { provider, operator });
        Ok(())
    }

    pub(crate) fn do_set_heartbeat_key(operator: &T::AccountId, key: [u8; 32], proof: [u8; 64]) -> DispatchResult {
        let id = Self::of_operator(operator)?;
        let mut provider = Providers::<T>::get(id).ok_or(Error::<T>::UnknownProvider)?;
        let now = Self::now();
        let kept_until = provider
            .previous_key
            .map(|p| p.until.saturating_add(T::KeyOverlap::get()));
        ensure!(
            kept_until.is_none_or(|block| block <= now),
            Error::<T>::KeyChangedRecently
        );
        Self::ensure_key(&provider.stash, &key, proof)?;
        ByHeartbeatKey::<T>::remove(provider.heartbeat_key);
        ByHeartbeatKey::<T>::insert(key, id);
        provider.previous_key = Some(PreviousKey {
            key: provider.heartbeat_key,
            until: now,
        });
        provider.heartbeat_key = key;
        Providers::<T>::insert(id, provider);
        Self::deposit_event(Event::HeartbeatKeySet { provider: id, key });
        Ok(())
    }

    pub(crate) fn do_set_capacity(operator: &T::AccountId, capacity: Resources) -> DispatchResult {
        let provider = Self::of_operator(operator)?;
        Self::update(provider, |p| p.capacity = capacity)?;
        Self::deposit_event(Event::CapacitySet { provider, capacity });
        Ok(())
    }

    pub(crate) fn do_set_gateway(operator: &T::AccountId, pins: TlsPins, gateway: GatewayAddress) -> DispatchResult {
        let provider = Self::of_operator(operator)?;
        Self::ensure_gateway(&pins, &gateway)?;
        Self::update(provider, |p| {
            p.pins = pins;
            p.gateway = gateway;
        })?;
        Self::deposit_event(Event::GatewaySet { provider });
        Ok(())
    }

    pub(crate) fn do_set_abuse_contact(operator: &T::AccountId, contact: AbuseContact) -> DispatchResult {
        let provider = Self::of_operator(operator)?;
        ensure!(contact.iter().all(u8::is_ascii_graphic), Error::<T>::BadContact);
        Self::update(provider, |p| p.abuse_contact = contact)?;
        Self::deposit_event(Event::AbuseContactSet { provider });
        Ok(())
    }

    pub(crate) fn do_retire(stash: T::AccountId) -> DispatchResult {
        let id = Self::of_stash(&stash)?;
        let provider = Providers::<T>::get(id).ok_or(Error::<T>::UnknownProvider)?;
        let idle = provider.leased == Resources::default() && provider.leased_rate == 0;
        ensure!(idle, Error::<T>::StillLeased);
        Self::dissolve_pool(id, &stash)?;
        for ask in AsksByProvider::<T>::get(id) {
            let record = Asks::<T>::get(ask).ok_or(Error::<T>::UnknownAsk)?;
            Self::remove_ask(ask, &record, &stash)?;
        }
        ByStash::<T>::remove(&stash);
        ByOperator::<T>::remove(&provider.operator);
        ByHeartbeatKey::<T>::remove(provider.heartbeat_key);
        Providers::<T>::remove(id);
        if let Some(deposit) = ProviderDeposits::<T>::take(id) {
            deposit.drop(&stash)?;
        }
        Self::deposit_event(Event::ProviderRetired { provider: id });
        if provider.stake > 0 {
            Self::start_unbonding(id, &stash, provider.stake)?;
        }
        Ok(())
    }

    /// The current block.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    pub(crate) fn of_operator(operator: &T::AccountId) -> Result<ProviderId, DispatchError> {
        ByOperator::<T>::get(operator).ok_or_else(|| Error::<T>::NotOperator.into())
    }

    /// Changes a record in place.
    pub(crate) fn update(id: ProviderId, change: impl FnOnce(&mut Provider<T::AccountId>)) -> DispatchResult {
        Providers::<T>::try_mutate(id, |p| {
            p.as_mut().map(change).ok_or_else(|| Error::<T>::UnknownProvider.into())
        })
    }

    fn ensure_free_operator(operator: &T::AccountId) -> DispatchResult {
        ensure!(!ByOperator::<T>::contains_key(operator), Error::<T>::OperatorTaken);
        Ok(())
    }

    fn ensure_gateway(pins: &TlsPins, gateway: &GatewayAddress) -> DispatchResult {
        ensure!(!pins.is_empty(), Error::<T>::NoPins);
        ensure!(is_host_and_port(gateway), Error::<T>::BadGateway);
        Ok(())
    }

    /// Nobody has the key, and who has it wants `stash` to register it. Dear, therefore called last.
    fn ensure_key(stash: &T::AccountId, key: &[u8; 32], proof: [u8; 64]) -> DispatchResult {
        ensure!(!ByHeartbeatKey::<T>::contains_key(key), Error::<T>::HeartbeatKeyTaken);
        let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let message = registration_message(&to_bytes(genesis.as_ref()), stash);
        let proven = sp_io::crypto::ed25519_verify(&proof.into(), &message, &(*key).into());
        ensure!(proven, Error::<T>::BadProof);
        Ok(())
    }
}

/// Every chain of this project hashes to 32 bytes; on another, no proof would pass.
fn to_bytes(hash: &[u8]) -> [u8; 32] {
    hash.try_into().unwrap_or_default()
}

/// A rough check that keeps nonsense off the chain; clients parse for real.
fn is_host_and_port(gateway: &[u8]) -> bool {
    let Some(colon) = gateway.iter().rposition(|b| *b == b':') else {
        return false;
    };
    let (host, port) = (&gateway[..colon], &gateway[colon + 1..]);
    let port = core::str::from_utf8(port).ok().and_then(|p| p.parse::<u16>().ok());
    !host.is_empty() && host.iter().all(u8::is_ascii_graphic) && port.is_some_and(|p| p > 0)
}
