//! What the calls do.

use crate::{
    AskDeposits, Asks, AsksByProvider, ByHeartbeatKey, ByOperator, ByStash, Config, Error, Event, HoldReason,
    NextAskId, NextProviderId, Pallet, Provider, ProviderDeposits, Providers,
};
use codec::Encode;
use frame_support::{
    ensure,
    traits::{fungible::MutateHold, tokens::Precision, Consideration, Footprint, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use perigee_primitives::{
    registration_message, Ask, AskId, Attributes, Balance, GatewayAddress, Isolation, PriceSchedule, ProviderId,
    Resources, TlsPins,
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
        ensure!(!ByOperator::<T>::contains_key(&operator), Error::<T>::OperatorTaken);
        ensure!(
            !ByHeartbeatKey::<T>::contains_key(heartbeat_key),
            Error::<T>::HeartbeatKeyTaken
        );
        ensure!(stake >= T::MinStake::get(), Error::<T>::StakeTooLow);
        Self::ensure_gateway(&pins, &gateway)?;
        // Dear, therefore last.
        ensure!(Self::proves(&stash, &heartbeat_key, proof), Error::<T>::BadProof);

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
            pins,
            gateway,
            stake,
            capacity: Resources::default(),
            leased: Resources::default(),
            registered_at: frame_system::Pallet::<T>::block_number().saturated_into(),
        };
        Providers::<T>::insert(id, provider);
        Self::deposit_event(Event::ProviderRegistered {
            provider: id,
            stash,
            operator,
        });
        Ok(())
    }

    pub(crate) fn do_set_capacity(operator: &T::AccountId, capacity: Resources) -> DispatchResult {
        let provider = Self::of_operator(operator)?;
        Self::update(provider, |p| p.capacity = capacity)?;
        Self::deposit_event(Event::CapacitySet { provider, capacity });
        Ok(())
    }

    pub(crate) fn do_publish_ask(
        operator: &T::AccountId,
        prices: PriceSchedule,
        attributes: Attributes,
        isolation: Isolation,
    ) -> DispatchResult {
        let id = Self::of_operator(operator)?;
        ensure!(are_sorted(&attributes), Error::<T>::BadAttributes);
        let stash = Providers::<T>::get(id).ok_or(Error::<T>::UnknownProvider)?.stash;
        let ask = NextAskId::<T>::get();
        NextAskId::<T>::put(ask.checked_add(1).ok_or(Error::<T>::IdsExhausted)?);
        AsksByProvider::<T>::try_mutate(id, |asks| asks.try_push(ask)).map_err(|_| Error::<T>::TooManyAsks)?;
        let record = Ask {
            provider: id,
            prices,
            attributes,
            isolation,
        };
        AskDeposits::<T>::insert(ask, T::RecordDeposit::new(&stash, footprint(&record))?);
        Asks::<T>::insert(ask, record);
        Self::deposit_event(Event::AskPublished { ask, provider: id });
        Ok(())
    }

    pub(crate) fn do_withdraw_ask(operator: &T::AccountId, ask: AskId) -> DispatchResult {
        let id = Self::of_operator(operator)?;
        let owner = Asks::<T>::get(ask).ok_or(Error::<T>::UnknownAsk)?.provider;
        ensure!(owner == id, Error::<T>::NotYourAsk);
        let stash = Providers::<T>::get(id).ok_or(Error::<T>::UnknownProvider)?.stash;
        AsksByProvider::<T>::mutate(id, |asks| asks.retain(|a| *a != ask));
        Self::remove_ask(id, ask, &stash)
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

    pub(crate) fn do_retire(stash: T::AccountId) -> DispatchResult {
        let id = ByStash::<T>::take(&stash).ok_or(Error::<T>::NotStash)?;
        let provider = Providers::<T>::take(id).ok_or(Error::<T>::UnknownProvider)?;
        ensure!(provider.leased == Resources::default(), Error::<T>::StillLeased);
        for ask in AsksByProvider::<T>::take(id) {
            Self::remove_ask(id, ask, &stash)?;
        }
        ByOperator::<T>::remove(&provider.operator);
        ByHeartbeatKey::<T>::remove(provider.heartbeat_key);
        if let Some(deposit) = ProviderDeposits::<T>::take(id) {
            deposit.drop(&stash)?;
        }
        T::Currency::release(&HoldReason::Stake.into(), &stash, provider.stake, Precision::BestEffort)?;
        Self::deposit_event(Event::ProviderRetired { provider: id });
        Ok(())
    }

    fn of_operator(operator: &T::AccountId) -> Result<ProviderId, DispatchError> {
        ByOperator::<T>::get(operator).ok_or_else(|| Error::<T>::NotOperator.into())
    }

    /// Changes a record in place.
    pub(crate) fn update(id: ProviderId, change: impl FnOnce(&mut Provider<T::AccountId>)) -> DispatchResult {
        Providers::<T>::try_mutate(id, |p| {
            p.as_mut().map(change).ok_or_else(|| Error::<T>::UnknownProvider.into())
        })
    }

    fn remove_ask(provider: ProviderId, ask: AskId, stash: &T::AccountId) -> DispatchResult {
        Asks::<T>::remove(ask);
        if let Some(deposit) = AskDeposits::<T>::take(ask) {
            deposit.drop(stash)?;
        }
        Self::deposit_event(Event::AskWithdrawn { ask, provider });
        Ok(())
    }

    fn ensure_gateway(pins: &TlsPins, gateway: &GatewayAddress) -> DispatchResult {
        ensure!(!pins.is_empty(), Error::<T>::NoPins);
        ensure!(is_host_and_port(gateway), Error::<T>::BadGateway);
        Ok(())
    }

    fn proves(stash: &T::AccountId, key: &[u8; 32], proof: [u8; 64]) -> bool {
        let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let message = registration_message(&to_bytes(genesis.as_ref()), stash);
        sp_io::crypto::ed25519_verify(&proof.into(), &message, &(*key).into())
    }
}

/// Every chain of this project hashes to 32 bytes; on another, no proof would pass.
fn to_bytes(hash: &[u8]) -> [u8; 32] {
    hash.try_into().unwrap_or_default()
}

fn footprint(ask: &Ask) -> Footprint {
    Footprint::from_parts(1, ask.encoded_size())
}

/// Keys ascend strictly, and none is empty.
fn are_sorted(attributes: &Attributes) -> bool {
    attributes.iter().all(|(key, _)| !key.is_empty()) && attributes.windows(2).all(|pair| pair[0].0 < pair[1].0)
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
