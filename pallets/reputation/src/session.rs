//! Which validators report, and the snapshots of them.

use crate::{Authorities, AuthorityId, Config, HighWater, Pallet, Times, Validators, WeightInfo};
use alloc::vec::Vec;
use frame_support::{
    traits::{Get, OneSessionHandler},
    weights::Weight,
    WeakBoundedVec,
};
use perigee_primitives::{traits::ProviderInspect, BlockNumber};

impl<T: Config> Pallet<T> {
    /// Notes validators and high-water mark at the first block of an epoch. Sessions rotate before this pallet's hook
    /// runs, so a set that begins at this block is the one that is noted.
    pub(crate) fn take_snapshot(now: BlockNumber) -> Weight {
        let weight = T::WeightInfo::snapshot(T::MaxValidators::get());
        let Some(times) = Times::<T>::get() else {
            return weight;
        };
        let epoch = times.epoch_of(now);
        // Block 0 has no hooks: the first epoch's snapshot is taken at block 1.
        let first = now == times.start_of(epoch) || now == 1;
        if first && !Validators::<T>::contains_key(epoch) {
            Validators::<T>::insert(epoch, Authorities::<T>::get());
            HighWater::<T>::insert(epoch, T::Providers::next_id());
        }
        weight
    }

    fn set_authorities(keys: impl Iterator<Item = AuthorityId>) {
        let keys: Vec<_> = keys.collect();
        let warning = "more validators than reputation expects; raise MaxValidators";
        Authorities::<T>::put(WeakBoundedVec::<_, T::MaxValidators>::force_from(keys, Some(warning)));
    }
}

impl<T: Config> sp_runtime::BoundToRuntimeAppPublic for Pallet<T> {
    type Public = AuthorityId;
}

impl<T: Config> OneSessionHandler<T::AccountId> for Pallet<T> {
    type Key = AuthorityId;

    fn on_genesis_session<'a, I>(validators: I)
    where
        I: Iterator<Item = (&'a T::AccountId, AuthorityId)> + 'a,
    {
        Self::set_authorities(validators.map(|(_, key)| key));
    }

    fn on_new_session<'a, I>(_changed: bool, validators: I, _queued: I)
    where
        I: Iterator<Item = (&'a T::AccountId, AuthorityId)> + 'a,
    {
        Self::set_authorities(validators.map(|(_, key)| key));
    }

    fn on_disabled(_validator: u32) {
        // A disabled validator may still say what it saw.
    }
}
