//! Advancing a lease to the current block: its end, its bill, its final settlement, its capacity.

use crate::{
    billing::{judgement, standing, ChangeRefused, Standing},
    Config, Error, Event, HoldReason, Lease, Leases, LeasesByProvider, Pallet, Reservation, Stage,
};
use frame_support::{
    defensive,
    traits::{
        fungible::hold::Mutate,
        tokens::{Fortitude, Precision},
        Get,
    },
};
use perigee_primitives::{
    traits::{EscrowTotals, ProviderCapacity, StreamingEscrow},
    Balance, BlockNumber, CloseReason, DeclineReason, LeaseId,
};
use sp_runtime::{DispatchError, DispatchResult};

impl<T> From<ChangeRefused> for Error<T> {
    fn from(refused: ChangeRefused) -> Self {
        match refused {
            ChangeRefused::TooManyPending => Self::TooManyPendingChanges,
            ChangeRefused::OutOfOrder => Self::ChangeOutOfOrder,
        }
    }
}

impl<AccountId> Lease<AccountId> {
    /// Has its end been processed?
    pub fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended { .. })
    }

    /// The end that was agreed or announced.
    pub(crate) fn fixed_end(&self) -> Option<(BlockNumber, CloseReason)> {
        let Stage::Active {
            term_end, notice_end, ..
        } = self.stage
        else {
            return None;
        };
        let term = term_end.map(|at| (at, CloseReason::TermEnded));
        let notice = notice_end.map(|at| (at, CloseReason::ClosedByProvider));
        // At the same block the term counts.
        [term, notice].into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}

impl<T: Config> Pallet<T> {
    /// The lease, advanced to the current block. Not stored yet.
    pub(crate) fn touched(id: LeaseId) -> Result<Lease<T::AccountId>, DispatchError> {
        let mut lease = Leases::<T>::get(id).ok_or(Error::<T>::NoSuchLease)?;
        Self::advance(id, &mut lease)?;
        Ok(lease)
    }

    /// Processes all that is due at the current block.
    fn advance(id: LeaseId, lease: &mut Lease<T::AccountId>) -> DispatchResult {
        let now = Self::now();
        match lease.stage {
            Stage::Pending { activate_by } if activate_by <= now => {
                Self::end(id, lease, activate_by, CloseReason::ActivationMissed)
            }
            Stage::Pending { .. } => {}
            Stage::Active { .. } => {
                let found = Self::standing_of(id, lease)?;
                let until = found.runs_until.map_or(BlockNumber::MAX, |(at, _)| at);
                Self::bill(id, lease, until)?;
                lease.bill.funded(found.funded_until);
                if let Some((at, reason)) = found.ended_at(now) {
                    Self::end(id, lease, at, reason);
                }
            }
            Stage::Ended { at, .. } => Self::bill(id, lease, at)?,
        }
        Self::complete(id, lease)
    }

    /// Ends a running lease at the current block.
    pub(crate) fn end_now(id: LeaseId, lease: &mut Lease<T::AccountId>, reason: CloseReason) -> DispatchResult {
        Self::end(id, lease, Self::now(), reason);
        Self::complete(id, lease)
    }

    /// Where an active lease stands.
    pub(crate) fn standing_of(id: LeaseId, lease: &Lease<T::AccountId>) -> Result<Standing, DispatchError> {
        let balance = T::Escrow::totals(id).ok_or(Error::<T>::NoSuchLease)?.balance;
        let judged = judgement::<T::Availability>(lease.provider);
        Ok(standing(&lease.bill, &judged, balance, lease.fixed_end()))
    }

    /// Bills what is judged, up to `end`.
    fn bill(id: LeaseId, lease: &mut Lease<T::AccountId>, end: BlockNumber) -> DispatchResult {
        let judged = judgement::<T::Availability>(lease.provider);
        let until = lease.bill.billable_until(judged.until, end);
        if until <= lease.bill.billed_until {
            return Ok(());
        }
        let charges = lease.bill.charges(&judged, until).ok_or(Error::<T>::Overflow)?;
        let before = T::Escrow::totals(id).ok_or(Error::<T>::NoSuchLease)?;
        T::Escrow::charge(id, &charges)?;
        let after = T::Escrow::totals(id).ok_or(Error::<T>::NoSuchLease)?;
        lease.bill.billed(&judged, until);
        let billed = before.balance.checked_sub(after.balance).ok_or(Error::<T>::Overflow)?;
        let fee = after.fee.checked_sub(before.fee).ok_or(Error::<T>::Overflow)?;
        Self::deposit_event(Event::LeaseSettled {
            lease: id,
            until,
            billed,
            fee,
        });
        Ok(())
    }

    /// Writes down an end. Nothing after it depends on the block at which this happens.
    fn end(id: LeaseId, lease: &mut Lease<T::AccountId>, at: BlockNumber, reason: CloseReason) {
        let since = match lease.stage {
            Stage::Active { since, .. } => Some(since),
            _ => None,
        };
        match (since, reason) {
            (_, CloseReason::Declined(DeclineReason::TenantWorkload)) => Self::burn_reservation(id, lease),
            (_, CloseReason::Declined(_)) | (Some(_), _) => Self::return_reservation(id, lease),
            (None, _) => Self::burn_reservation(id, lease),
        }
        lease.stage = Stage::Ended {
            since,
            at,
            reason,
            processed_at: Self::now(),
            totals: None,
        };
        Self::deposit_event(Event::LeaseEnded { lease: id, at, reason });
    }

    /// Final settlement once the tail is billed; capacity after the grace period.
    fn complete(id: LeaseId, lease: &mut Lease<T::AccountId>) -> DispatchResult {
        let Stage::Ended {
            since,
            at,
            processed_at,
            ref mut totals,
            ..
        } = lease.stage
        else {
            return Ok(());
        };
        if totals.is_none() && (since.is_none() || lease.bill.billed_until >= at) {
            *totals = Some(Self::close_account(id)?);
        }
        let freed_at = processed_at.saturating_add(T::TearDownGrace::get());
        if freed_at <= Self::now() {
            Self::free_capacity(id, lease);
        }
        Ok(())
    }

    /// Refunds the balance, tries all payouts and returns the final totals.
    fn close_account(id: LeaseId) -> Result<EscrowTotals, DispatchError> {
        let mut totals = T::Escrow::totals(id).ok_or(Error::<T>::NoSuchLease)?;
        T::Escrow::close(id)?;
        totals.refunded = totals
            .refunded
            .checked_add(totals.balance)
            .ok_or(Error::<T>::Overflow)?;
        totals.balance = 0;
        Self::deposit_event(Event::LeaseFinal {
            lease: id,
            deposited: totals.deposited,
            to_provider: totals.to_payees,
            fee: totals.fee,
            refunded: totals.refunded,
        });
        Ok(totals)
    }

    /// Gives a lease's capacity back, once.
    pub(crate) fn free_capacity(id: LeaseId, lease: &mut Lease<T::AccountId>) {
        if !lease.capacity_held {
            return;
        }
        lease.capacity_held = false;
        LeasesByProvider::<T>::remove(lease.provider, id);
        T::Providers::free(lease.provider, &lease.resources);
        Self::deposit_event(Event::CapacityFreed { lease: id });
    }

    /// Returns the reservation fee, if it is still held.
    pub(crate) fn return_reservation(id: LeaseId, lease: &mut Lease<T::AccountId>) {
        let Reservation::Held(amount) = lease.reservation else {
            return;
        };
        let reason = HoldReason::Reservation.into();
        if T::Currency::release(&reason, &lease.owner, amount, Precision::Exact).is_err() {
            // The owner's account lies below the existential deposit and cannot take so little.
            return Self::burn_reservation(id, lease);
        }
        lease.reservation = Reservation::Returned(amount);
        Self::deposit_event(Event::ReservationReturned { lease: id, amount });
    }

    /// Burns the reservation fee, if it is still held.
    fn burn_reservation(id: LeaseId, lease: &mut Lease<T::AccountId>) {
        let Reservation::Held(amount) = lease.reservation else {
            return;
        };
        let reason = HoldReason::Reservation.into();
        let burned: Balance =
            T::Currency::burn_held(&reason, &lease.owner, amount, Precision::BestEffort, Fortitude::Force)
                .unwrap_or_default();
        if burned != amount {
            defensive!("a reservation fee was not on hold in full");
        }
        lease.reservation = Reservation::Burned(burned);
        Self::deposit_event(Event::ReservationBurned {
            lease: id,
            amount: burned,
        });
    }
}
