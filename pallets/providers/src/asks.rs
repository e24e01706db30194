//! Standing asks: published, replaced, withdrawn, expired.
//!
//! An ask that has expired makes no offer, by arithmetic. Its record goes when the queue of expiries comes to it.

use crate::{
    AskDeposits, AskExpiries, Asks, AsksByProvider, Config, Error, Event, NextAskId, Pallet, Providers, SortedBlock,
    WeightInfo, LOG_TARGET,
};
use codec::Encode;
use frame_support::{
    ensure,
    traits::{Consideration, Footprint, Get},
    weights::WeightMeter,
};
use perigee_primitives::{Ask, AskId, AskTerms, Attributes, BlockNumber, Place, ProviderId, TermLimits, MILLION};
use sp_runtime::{DispatchError, DispatchResult};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_publish_ask(operator: &T::AccountId, terms: AskTerms<T::AccountId>) -> DispatchResult {
        let provider = Self::of_operator(operator)?;
        Self::ensure_terms(&terms)?;
        let stash = Self::stash_of(provider)?;
        Self::make_room(provider, &stash)?;
        let ask = NextAskId::<T>::get();
        NextAskId::<T>::put(ask.checked_add(1).ok_or(Error::<T>::IdsExhausted)?);
        AsksByProvider::<T>::try_mutate(provider, |asks| asks.try_push(ask)).map_err(|_| Error::<T>::TooManyAsks)?;
        let record = Ask { provider, terms };
        AskDeposits::<T>::insert(ask, T::RecordDeposit::new(&stash, footprint(&record))?);
        Self::store_ask(ask, record);
        Self::deposit_event(Event::AskPublished { ask, provider });
        Ok(())
    }

    pub(crate) fn do_replace_ask(operator: &T::AccountId, ask: AskId, terms: AskTerms<T::AccountId>) -> DispatchResult {
        let old = Self::ask_of(operator, ask)?;
        // An expired ask is as good as gone, whether or not the queue has come to it.
        ensure!(!is_expired(&old.terms, Self::now()), Error::<T>::AskExpired);
        Self::ensure_terms(&terms)?;
        let stash = Self::stash_of(old.provider)?;
        let record = Ask {
            provider: old.provider,
            terms,
        };
        let deposit = AskDeposits::<T>::take(ask).ok_or(Error::<T>::UnknownAsk)?;
        AskDeposits::<T>::insert(ask, deposit.update(&stash, footprint(&record))?);
        Self::leave_queue(ask, &old.terms);
        Self::deposit_event(Event::AskReplaced {
            ask,
            provider: record.provider,
        });
        Self::store_ask(ask, record);
        Ok(())
    }

    pub(crate) fn do_withdraw_ask(operator: &T::AccountId, ask: AskId) -> DispatchResult {
        let record = Self::ask_of(operator, ask)?;
        let stash = Self::stash_of(record.provider)?;
        Self::remove_ask(ask, &record, &stash)
    }

    /// Removes expired asks, the earliest first, while the meter allows.
    pub(crate) fn expire_asks(meter: &mut WeightMeter) {
        let now = Self::now();
        let mut entries = AskExpiries::<T>::iter_keys();
        while meter.try_consume(T::WeightInfo::expiry_peek()).is_ok() {
            let Some((block, ask)) = entries.next() else { return };
            let due = BlockNumber::from_be_bytes(block);
            if due > now || meter.try_consume(T::WeightInfo::expire_ask()).is_err() {
                return;
            }
            Self::expire_ask(due, ask);
        }
    }

    pub(crate) fn expire_ask(due: BlockNumber, ask: AskId) {
        let removed = Asks::<T>::get(ask).ok_or_else(|| Error::<T>::UnknownAsk.into());
        let removed = removed.and_then(|record| {
            let stash = Self::stash_of(record.provider)?;
            Self::remove_ask(ask, &record, &stash)
        });
        if let Err(error) = removed {
            // The stash cannot take its deposit back: an ask that makes no offer stays, until it is withdrawn.
            log::error!(target: LOG_TARGET, "expired ask {ask} stays: {error:?}");
            AskExpiries::<T>::remove(key(due), ask);
        }
    }

    /// Removes an ask, its deposit, and its entries in list and queue.
    pub(crate) fn remove_ask(ask: AskId, record: &Ask<T::AccountId>, stash: &T::AccountId) -> DispatchResult {
        if let Some(deposit) = AskDeposits::<T>::get(ask) {
            deposit.drop(stash)?;
        }
        AskDeposits::<T>::remove(ask);
        Asks::<T>::remove(ask);
        AsksByProvider::<T>::mutate_exists(record.provider, |asks| {
            if let Some(list) = asks {
                list.retain(|a| *a != ask);
                if list.is_empty() {
                    *asks = None;
                }
            }
        });
        Self::leave_queue(ask, &record.terms);
        let provider = record.provider;
        Self::deposit_event(if is_expired(&record.terms, Self::now()) {
            Event::AskExpired { ask, provider }
        } else {
            Event::AskWithdrawn { ask, provider }
        });
        Ok(())
    }

    /// An expired ask that waits for its removal must not keep a new one out.
    fn make_room(provider: ProviderId, stash: &T::AccountId) -> DispatchResult {
        let asks = AsksByProvider::<T>::get(provider);
        if asks.len() < T::MaxAsks::get() as usize {
            return Ok(());
        }
        let now = Self::now();
        let mut records = asks.iter().filter_map(|ask| Some((*ask, Asks::<T>::get(ask)?)));
        match records.find(|(_, record)| is_expired(&record.terms, now)) {
            Some((ask, record)) => Self::remove_ask(ask, &record, stash),
            None => Err(Error::<T>::TooManyAsks.into()),
        }
    }

    fn store_ask(ask: AskId, record: Ask<T::AccountId>) {
        if let Some(block) = record.terms.valid_until {
            AskExpiries::<T>::insert(key(block), ask, ());
        }
        Asks::<T>::insert(ask, record);
    }

    fn leave_queue(ask: AskId, terms: &AskTerms<T::AccountId>) {
        if let Some(block) = terms.valid_until {
            AskExpiries::<T>::remove(key(block), ask);
        }
    }

    /// The ask of this number, if it is of the operator's provider.
    fn ask_of(operator: &T::AccountId, ask: AskId) -> Result<Ask<T::AccountId>, DispatchError> {
        let provider = Self::of_operator(operator)?;
        let record = Asks::<T>::get(ask).ok_or(Error::<T>::UnknownAsk)?;
        ensure!(record.provider == provider, Error::<T>::NotYourAsk);
        Ok(record)
    }

    fn stash_of(provider: ProviderId) -> Result<T::AccountId, DispatchError> {
        let record = Providers::<T>::get(provider).ok_or(Error::<T>::UnknownProvider)?;
        Ok(record.stash)
    }

    fn ensure_terms(terms: &AskTerms<T::AccountId>) -> DispatchResult {
        Self::ensure_attributes(&terms.attributes)?;
        Self::ensure_place(&terms.place)?;
        ensure!(are_ordered(&terms.terms), Error::<T>::BadTermLimits);
        ensure!(terms.sla <= MILLION, Error::<T>::BadSla);
        let notice = T::MinNotice::get()..=T::MaxNotice::get();
        ensure!(notice.contains(&terms.notice), Error::<T>::NoticeOutOfBounds);
        ensure!(!is_expired(terms, Self::now()), Error::<T>::AskExpired);
        Ok(())
    }

    /// Keys ascend strictly, none is empty, and all is printable ASCII; keys without spaces.
    pub(crate) fn ensure_attributes(attributes: &Attributes) -> DispatchResult {
        let is_key = |key: &[u8]| !key.is_empty() && key.iter().all(u8::is_ascii_graphic);
        let is_value = |value: &[u8]| value.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
        let sound = attributes.iter().all(|(key, value)| is_key(key) && is_value(value));
        let sorted = attributes.windows(2).all(|pair| pair[0].0 < pair[1].0);
        ensure!(sound && sorted, Error::<T>::BadAttributes);
        Ok(())
    }

    fn ensure_place(place: &Place) -> DispatchResult {
        let country = place.country.as_ref();
        ensure!(
            country.is_none_or(|code| code.iter().all(u8::is_ascii_uppercase)),
            Error::<T>::BadCountry
        );
        ensure!(place.region.iter().all(u8::is_ascii_graphic), Error::<T>::BadRegion);
        Ok(())
    }
}

/// Is the ask no longer taken?
pub(crate) fn is_expired<AccountId>(terms: &AskTerms<AccountId>, now: BlockNumber) -> bool {
    terms.valid_until.is_some_and(|block| block <= now)
}

/// Is there a term, of one block at least, that they admit?
fn are_ordered(limits: &TermLimits) -> bool {
    limits
        .longest
        .is_none_or(|longest| longest > 0 && limits.shortest <= longest)
}

/// The key of a block in the queue.
pub(crate) fn key(block: BlockNumber) -> SortedBlock {
    block.to_be_bytes()
}

fn footprint<AccountId: Encode>(ask: &Ask<AccountId>) -> Footprint {
    Footprint::from_parts(1, ask.encoded_size())
}
