//! Stretches that cost nothing: paused by the tenant, or unready by the operator's word.

use crate::{Config, Error, Event, Pallet};
use frame_support::{ensure, traits::Get};
use perigee_primitives::{traits::Availability, BlockNumber, LeaseId};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_pause(who: T::AccountId, id: LeaseId, blocks: BlockNumber) -> DispatchResult {
        let mut lease = Self::touched_for_owner(&who, id)?;
        ensure!(blocks > 0, Error::<T>::ZeroBlocks);
        ensure!(blocks <= T::MaxPause::get(), Error::<T>::PauseTooLong);
        ensure!(!Self::is_paused(&lease), Error::<T>::AlreadyPaused);
        let from = Self::next_boundary();
        let until = from.checked_add(blocks).ok_or(Error::<T>::Overflow)?;
        Self::alter(&mut lease, from, until, |segment| segment.paused = true)?;
        Self::deposit_event(Event::LeasePaused { lease: id, from, until });
        Self::keep(id, lease)
    }

    pub(crate) fn do_resume(who: T::AccountId, id: LeaseId) -> DispatchResult {
        let mut lease = Self::touched_for_owner(&who, id)?;
        ensure!(Self::is_paused(&lease), Error::<T>::NotPaused);
        let from = Self::next_block()?;
        Self::alter(&mut lease, from, BlockNumber::MAX, |segment| segment.paused = false)?;
        Self::ensure_covered(id, &lease)?;
        Self::deposit_event(Event::LeaseResumed { lease: id, from });
        Self::keep(id, lease)
    }

    pub(crate) fn do_set_ready(who: T::AccountId, id: LeaseId, ready: bool) -> DispatchResult {
        let mut lease = Self::touched(id)?;
        Self::ensure_operator(&lease, &who)?;
        ensure!(lease.is_active(), Error::<T>::NotActive);
        ensure!(lease.is_ready() != ready, Error::<T>::ReadinessUnchanged);
        let from = if ready {
            Self::next_block()?
        } else {
            Self::next_boundary()
        };
        Self::alter(&mut lease, from, BlockNumber::MAX, |segment| segment.unready = !ready)?;
        Self::deposit_event(Event::ReadinessSet { lease: id, ready, from });
        Self::keep(id, lease)
    }

    /// The first block of the next attestation epoch.
    fn next_boundary() -> BlockNumber {
        let times = T::Availability::times();
        times.end_of(times.epoch_of(Self::now()))
    }
}
