//! What changes while a lease runs: its resources, its manifest, its term, its terms from a block on.

use crate::{billing::judgement, Config, Error, Event, Lease, Pallet, Segment, Stage};
use frame_support::ensure;
use perigee_primitives::{
    traits::{Availability, LeaseBonds, ProviderCapacity, ProviderInspect, StreamingEscrow},
    Balance, BlockNumber, Commitment, LeaseId, Offer, Resources,
};
use sp_runtime::{DispatchError, DispatchResult};

impl<AccountId> Lease<AccountId> {
    /// Is it activated and not ended, as far as it is processed?
    pub fn is_active(&self) -> bool {
        matches!(self.stage, Stage::Active { .. })
    }

    /// What the operator said last of its workload.
    pub fn is_ready(&self) -> bool {
        self.bill.segments.last().is_none_or(|segment| !segment.unready)
    }
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_resize(
        who: T::AccountId,
        id: LeaseId,
        resources: Resources,
        commitment: Commitment,
        max_rate: Balance,
    ) -> DispatchResult {
        let mut lease = Self::touched_for_owner(&who, id)?;
        ensure!(Self::sla_is_counted(&lease), Error::<T>::SlaNotCounted);
        ensure!(resources.is_runnable(), Error::<T>::NotRunnable);
        let offer = Self::offer_of(&lease)?;
        let rate = offer.rate(&resources).filter(|rate| *rate > 0);
        let rate = rate.ok_or(Error::<T>::NotOffered)?;
        ensure!(rate <= max_rate, Error::<T>::RateTooHigh);
        Self::swap_capacity(&lease, &resources, rate)?;
        Self::rebond(id, &lease, rate)?;
        let from = Self::next_block()?;
        let forgone = lease.bill.forgone;
        Self::alter(&mut lease, from, BlockNumber::MAX, |segment| segment.rate = rate)?;
        (lease.resources, lease.commitment, lease.rate) = (resources, commitment, rate);
        Self::ensure_covered(id, &lease)?;
        if lease.bill.forgone > forgone {
            Self::ensure_pauses_are_earned(id, &lease)?;
        }
        Self::deposit_event(Event::LeaseResized {
            lease: id,
            resources,
            commitment,
            rate,
            from,
        });
        Self::keep(id, lease)
    }

    pub(crate) fn do_update(who: T::AccountId, id: LeaseId, commitment: Commitment) -> DispatchResult {
        let mut lease = Self::touched_for_owner(&who, id)?;
        lease.commitment = commitment;
        Self::deposit_event(Event::LeaseUpdated { lease: id, commitment });
        Self::keep(id, lease)
    }

    pub(crate) fn do_extend(who: T::AccountId, id: LeaseId, blocks: BlockNumber) -> DispatchResult {
        let mut lease = Self::touched_for_owner(&who, id)?;
        ensure!(blocks > 0, Error::<T>::ZeroBlocks);
        let term = lease.term.ok_or(Error::<T>::NoTerm)?;
        let term = term.checked_add(blocks).ok_or(Error::<T>::TermTooLong)?;
        let longest = Self::offer_of(&lease)?.terms.terms.longest;
        ensure!(longest.is_none_or(|longest| term <= longest), Error::<T>::TermTooLong);
        let Stage::Active { since, term_end, .. } = &mut lease.stage else {
            return Err(Error::<T>::NotActive.into());
        };
        let ends_at = since.checked_add(term).ok_or(Error::<T>::TermTooLong)?;
        *term_end = Some(ends_at);
        lease.term = Some(term);
        Self::ensure_covered(id, &lease)?;
        Self::deposit_event(Event::LeaseExtended { lease: id, ends_at });
        Self::keep(id, lease)
    }

    /// The lease, advanced to the current block, if it is active and belongs to `who`.
    pub(crate) fn touched_for_owner(who: &T::AccountId, id: LeaseId) -> Result<Lease<T::AccountId>, DispatchError> {
        let lease = Self::touched(id)?;
        ensure!(&lease.owner == who, Error::<T>::NotOwner);
        ensure!(lease.is_active(), Error::<T>::NotActive);
        Ok(lease)
    }

    /// What the ask at which a lease was opened offers its owner now.
    fn offer_of(lease: &Lease<T::AccountId>) -> Result<Offer<T::AccountId>, Error<T>> {
        let offer = T::Providers::offer(lease.ask).ok_or(Error::<T>::AskGone)?;
        ensure!(offer.terms.tenants.admit(&lease.owner), Error::<T>::TenantNotAdmitted);
        Ok(offer)
    }

    /// Takes what is more, and gives back what is less. What is given back is free at once: agents apply a change
    /// within seconds, and a workload that comes too early waits for its place that long.
    fn swap_capacity(lease: &Lease<T::AccountId>, resources: &Resources, rate: Balance) -> DispatchResult {
        let more = resources.saturating_sub(&lease.resources);
        let less = lease.resources.saturating_sub(resources);
        let dearer = rate.saturating_sub(lease.rate);
        if more != Resources::default() || dearer > 0 {
            T::Providers::lease(lease.provider, &more, dearer)?;
        }
        T::Providers::free(lease.provider, &less, lease.rate.saturating_sub(rate));
        Ok(())
    }

    /// Makes the bond what another rate asks for, less the credits that it paid: they are not filled up.
    fn rebond(id: LeaseId, lease: &Lease<T::AccountId>, rate: Balance) -> DispatchResult {
        let bond = Self::bond_of(rate).ok_or(Error::<T>::Overflow)?;
        T::Bonds::set(lease.provider, id, bond.saturating_sub(lease.sla_count.credited))
    }

    /// Changes the terms of `[from, to)`, as a bill does. The tenant is warned anew when the funds end near. While the
    /// workload is unready room is left for another change: the tenant must not keep the operator from saying that it
    /// runs.
    pub(crate) fn alter(
        lease: &mut Lease<T::AccountId>,
        from: BlockNumber,
        to: BlockNumber,
        change: impl Fn(&mut Segment<T::AccountId>),
    ) -> DispatchResult {
        let judged = T::Availability::judged_until();
        let altered = lease.bill.alter(judged, from, to, change);
        altered.map_err(|_| Error::<T>::TooManyPendingChanges)?;
        let fits = lease.is_ready() || lease.bill.has_room(judged);
        ensure!(fits, Error::<T>::TooManyPendingChanges);
        lease.warned = false;
        Ok(())
    }

    /// Is what is left enough for the W + E blocks from the next one on, at the rates of the segments, and for the
    /// whole term where there is one? Blocks without a verdict count as billed.
    pub(crate) fn ensure_covered(id: LeaseId, lease: &Lease<T::AccountId>) -> DispatchResult {
        let balance = T::Escrow::totals(id).ok_or(Error::<T>::NoSuchLease)?.balance;
        let judged = judgement::<T::Availability>(lease.provider);
        let next = Self::next_block()?;
        let term_end = lease.agreed().term_end.unwrap_or(next);
        let covered = lease.bill.covers(&judged, balance, term_end.max(next));
        ensure!(covered, Error::<T>::NotCovered);
        Ok(())
    }

    /// The block after the current one.
    pub(crate) fn next_block() -> Result<BlockNumber, Error<T>> {
        Self::now().checked_add(1).ok_or(Error::<T>::Overflow)
    }

    /// Is it paused after the current block, or going to be?
    pub(crate) fn is_paused(lease: &Lease<T::AccountId>) -> bool {
        let after = Self::now().saturating_add(1);
        lease
            .bill
            .parts(after, BlockNumber::MAX)
            .any(|(segment, ..)| segment.paused)
    }
}
