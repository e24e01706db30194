//! What tenant and provider do with a lease. Every function first advances the lease to the current block.

use crate::{Config, Error, Event, Lease, Leases, NextLeaseId, Pallet, Stage};
use frame_support::{ensure, traits::Get};
use perigee_primitives::{
    traits::{ProviderInspect, StreamingEscrow},
    Balance, LeaseId,
};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_give_notice(who: T::AccountId, id: LeaseId) -> DispatchResult {
        let mut lease = Self::touched(id)?;
        Self::ensure_operator(&lease, &who)?;
        let Stage::Active { notice_end, .. } = &mut lease.stage else {
            return Err(Error::<T>::NotActive.into());
        };
        ensure!(notice_end.is_none(), Error::<T>::NoticeAlreadyGiven);
        let ends_at = Self::now()
            .checked_add(T::NoticeBlocks::get())
            .ok_or(Error::<T>::Overflow)?;
        *notice_end = Some(ends_at);
        Self::deposit_event(Event::NoticeGiven { lease: id, ends_at });
        Self::keep(id, lease)
    }

    pub(crate) fn do_deposit(who: T::AccountId, id: LeaseId, amount: Balance) -> DispatchResult {
        let lease = Self::touched(id)?;
        ensure!(lease.owner == who, Error::<T>::NotOwner);
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        ensure!(Self::runs(id, &lease), Error::<T>::LeaseEnded);
        T::Escrow::deposit(id, &who, amount)?;
        Self::deposit_event(Event::Deposited { lease: id, who, amount });
        Self::keep(id, lease)
    }

    pub(crate) fn do_settle(id: LeaseId) -> DispatchResult {
        let mut lease = Self::touched(id)?;
        Self::expire(id, &mut lease)?;
        Self::keep(id, lease)
    }

    pub(crate) fn do_torn_down(who: T::AccountId, leases: &[LeaseId]) -> DispatchResult {
        leases.iter().try_for_each(|id| Self::lease_torn_down(&who, *id))
    }

    fn lease_torn_down(who: &T::AccountId, id: LeaseId) -> DispatchResult {
        if !Leases::<T>::contains_key(id) {
            // Pruned, and freed before that: the report came twice.
            ensure!(id < NextLeaseId::<T>::get(), Error::<T>::NoSuchLease);
            return Ok(());
        }
        let mut lease = Self::touched(id)?;
        Self::ensure_operator(&lease, who)?;
        ensure!(!Self::runs(id, &lease), Error::<T>::LeaseRuns);
        Self::free_capacity(id, &mut lease);
        Self::keep(id, lease)
    }

    pub(crate) fn ensure_operator(lease: &Lease<T::AccountId>, who: &T::AccountId) -> Result<(), Error<T>> {
        let operator = T::Providers::operator(lease.provider);
        ensure!(operator.as_ref() == Some(who), Error::<T>::NotOperator);
        Ok(())
    }
}
