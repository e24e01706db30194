//! What tenant and provider do with a lease. Every function first advances the lease to the current block.

use crate::{Config, Error, Event, Lease, Leases, NextLeaseId, Pallet};
use frame_support::ensure;
use perigee_primitives::{
    traits::{ProviderInspect, StreamingEscrow},
    Balance, LeaseId,
};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_deposit(who: T::AccountId, id: LeaseId, amount: Balance) -> DispatchResult {
        let mut lease = Self::touched(id)?;
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        ensure!(Self::runs(id, &lease), Error::<T>::LeaseEnded);
        // What others deposit before activation would not go on to the lease that takes over.
        ensure!(lease.is_active() || lease.owner == who, Error::<T>::NotOwner);
        T::Escrow::deposit(id, &who, amount)?;
        lease.warned = false;
        Self::deposit_event(Event::Deposited { lease: id, who, amount });
        Self::keep(id, lease)
    }

    pub(crate) fn do_withdraw(who: T::AccountId, id: LeaseId, amount: Balance) -> DispatchResult {
        let lease = Self::touched(id)?;
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        ensure!(lease.is_active(), Error::<T>::NotActive);
        T::Escrow::withdraw(id, &who, amount)?;
        Self::ensure_covered(id, &lease)?;
        Self::deposit_event(Event::Withdrawn { lease: id, who, amount });
        Self::keep(id, lease)
    }

    pub(crate) fn do_settle(id: LeaseId) -> DispatchResult {
        let lease = Self::touched(id)?;
        Self::keep(id, lease)
    }

    pub(crate) fn do_settle_many(leases: &[LeaseId]) -> DispatchResult {
        leases.iter().try_for_each(|id| {
            if Self::was_pruned(*id)? {
                return Ok(());
            }
            Self::do_settle(*id)
        })
    }

    /// Was its record removed? One that was never opened is an error.
    fn was_pruned(id: LeaseId) -> Result<bool, Error<T>> {
        ensure!(id < NextLeaseId::<T>::get(), Error::<T>::NoSuchLease);
        Ok(!Leases::<T>::contains_key(id))
    }

    pub(crate) fn do_torn_down(who: T::AccountId, leases: &[LeaseId]) -> DispatchResult {
        leases.iter().try_for_each(|id| Self::lease_torn_down(&who, *id))
    }

    fn lease_torn_down(who: &T::AccountId, id: LeaseId) -> DispatchResult {
        if Self::was_pruned(id)? {
            // It was freed before that: the report came twice.
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
