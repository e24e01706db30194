//! What tenant and provider do with a lease. Every function first advances the lease to the current block.

use crate::{Config, Deployments, Error, Event, Lease, Leases, NextLeaseId, Pallet, Segment, Stage, WeightInfo};
use frame_support::{dispatch::DispatchResultWithPostInfo, ensure, traits::Get};
use perigee_primitives::{
    traits::{Availability, ProviderInspect, StreamingEscrow},
    Balance, CloseReason, DeclineReason, DeploymentId, LeaseId,
};
use sp_runtime::{DispatchError, DispatchResult};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_activate(who: T::AccountId, id: LeaseId) -> DispatchResult {
        let mut lease = Self::touched(id)?;
        Self::ensure_operator(&lease, &who)?;
        ensure!(matches!(lease.stage, Stage::Pending { .. }), Error::<T>::NotPending);
        let now = Self::now();
        let term_end = match lease.term {
            Some(term) => Some(now.checked_add(term).ok_or(Error::<T>::TermTooLong)?),
            None => None,
        };
        let first = Segment {
            from: now,
            rate: lease.rate,
            payee: lease.payee.clone(),
            fee: lease.fee,
        };
        lease
            .bill
            .change(first, T::Availability::judged_until())
            .map_err(Error::<T>::from)?;
        lease.stage = Stage::Active {
            since: now,
            term_end,
            notice_end: None,
        };
        Self::return_reservation(id, &mut lease);
        Self::deposit_event(Event::LeaseActivated { lease: id, at: now });
        Self::keep(id, lease)
    }

    pub(crate) fn do_decline(who: T::AccountId, id: LeaseId, reason: DeclineReason) -> DispatchResult {
        let mut lease = Self::touched(id)?;
        Self::ensure_operator(&lease, &who)?;
        ensure!(matches!(lease.stage, Stage::Pending { .. }), Error::<T>::NotPending);
        Self::end_now(id, &mut lease, CloseReason::Declined(reason))?;
        Self::keep(id, lease)
    }

    pub(crate) fn do_close(who: T::AccountId, id: DeploymentId) -> DispatchResultWithPostInfo {
        let deployment = Deployments::<T>::get(id).ok_or(Error::<T>::NoSuchDeployment)?;
        ensure!(deployment.owner == who, Error::<T>::NotOwner);
        let mut closed = 0u32;
        for lease in &deployment.leases {
            closed += u32::from(Self::close_lease(*lease)?);
        }
        ensure!(closed > 0, Error::<T>::DeploymentEnded);
        Ok(Some(T::WeightInfo::close(deployment.leases.len() as u32)).into())
    }

    /// Ends a lease for its tenant, unless it has ended. Did it?
    fn close_lease(id: LeaseId) -> Result<bool, DispatchError> {
        let mut lease = Self::touched(id)?;
        let runs = !lease.has_ended();
        if runs {
            Self::end_now(id, &mut lease, CloseReason::ClosedByTenant)?;
        }
        Self::keep(id, lease)?;
        Ok(runs)
    }

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
        ensure!(!lease.has_ended(), Error::<T>::LeaseEnded);
        T::Escrow::deposit(id, &who, amount)?;
        Self::deposit_event(Event::Deposited { lease: id, who, amount });
        Self::keep(id, lease)
    }

    pub(crate) fn do_settle(id: LeaseId) -> DispatchResult {
        let lease = Self::touched(id)?;
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
        ensure!(lease.has_ended(), Error::<T>::LeaseRuns);
        Self::free_capacity(id, &mut lease);
        Self::keep(id, lease)
    }

    fn ensure_operator(lease: &Lease<T::AccountId>, who: &T::AccountId) -> Result<(), Error<T>> {
        let operator = T::Providers::operator(lease.provider);
        ensure!(operator.as_ref() == Some(who), Error::<T>::NotOperator);
        Ok(())
    }
}
