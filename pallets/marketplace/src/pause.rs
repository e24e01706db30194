//! Stretches that cost nothing: paused by the tenant, or unready by the operator's word.

use crate::{billing::judgement, Bill, Config, Error, Event, Lease, Pallet};
use frame_support::{ensure, traits::Get};
use perigee_primitives::{
    traits::{Availability, StreamingEscrow},
    Balance, BlockNumber, LeaseId, ProviderId,
};
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
        Self::ensure_pauses_are_earned(id, &lease)?;
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

    /// A provider keeps the capacity of what rests. So that nobody keeps it for next to nothing, pauses leave at most
    /// `PauseRatio` times of that unpaid which the lease has paid.
    pub(crate) fn ensure_pauses_are_earned(id: LeaseId, lease: &Lease<T::AccountId>) -> DispatchResult {
        let totals = T::Escrow::totals(id).ok_or(Error::<T>::NoSuchLease)?;
        let billed = totals.to_payees.saturating_add(totals.fee);
        let left = Self::pauses_left(&lease.bill, lease.provider, billed, lease.bill.billed_until);
        ensure!(left.is_some(), Error::<T>::PauseNotEarned);
        Ok(())
    }

    /// What pauses may still leave unpaid if `billed` is what was billed before `until`; none if they do already leave
    /// too much. All blocks that are not judged count as billed, the current one included.
    pub(crate) fn pauses_left(
        bill: &Bill<T::AccountId>,
        provider: ProviderId,
        billed: Balance,
        until: BlockNumber,
    ) -> Option<Balance> {
        let judged = judgement::<T::Availability>(provider);
        let unjudged = bill.cost(&judged, until, Self::now().saturating_add(1))?;
        let paid = billed.saturating_add(unjudged);
        paid.saturating_mul(T::PauseRatio::get().into())
            .checked_sub(bill.forgone)
    }

    /// The longest pause that `left` allows at `rate`.
    pub(crate) fn longest_pause(left: Balance, rate: Balance) -> BlockNumber {
        let blocks = left.checked_div(rate).unwrap_or_default();
        let longest = T::MaxPause::get();
        blocks
            .try_into()
            .map_or(longest, |blocks: BlockNumber| blocks.min(longest))
    }

    /// The first block of the next attestation epoch.
    fn next_boundary() -> BlockNumber {
        let times = T::Availability::times();
        times.end_of(times.epoch_of(Self::now()))
    }
}
