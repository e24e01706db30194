//! What an end leaves: who bears the reservation fee, what the bond pays, the last payouts, the provider's score, and
//! the capacity.

use crate::{Config, Error, Event, HoldReason, Lease, Pallet, Reservation, Stage};
use frame_support::{
    defensive,
    traits::{
        fungible::hold::Mutate,
        tokens::{Fortitude, Precision},
        Get,
    },
};
use perigee_primitives::{
    traits::{EscrowTotals, LeaseBonds, Outcome, ProviderCapacity, ProviderInspect, Scores, StreamingEscrow},
    Balance, BlockNumber, CloseReason, DeclineReason, LeaseId, Party, Ppm,
};
use sp_runtime::{DispatchError, DispatchResult, Permill};

impl<T: Config> Pallet<T> {
    /// Ends a running lease at the current block.
    pub(crate) fn end_now(id: LeaseId, lease: &mut Lease<T::AccountId>, reason: CloseReason) -> DispatchResult {
        Self::end(id, lease, Self::now(), reason);
        Self::complete(id, lease)
    }

    /// Writes down an end. Nothing after it depends on the block at which this happens.
    pub(crate) fn end(id: LeaseId, lease: &mut Lease<T::AccountId>, at: BlockNumber, reason: CloseReason) {
        let since = match lease.stage {
            Stage::Active { since, .. } => Some(since),
            _ => None,
        };
        if burns_reservation(since, reason) {
            Self::burn_reservation(id, lease);
        } else {
            Self::return_reservation(id, lease);
        }
        Self::forfeit_bond(id, lease, reason);
        lease.rest = None;
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
    pub(crate) fn complete(id: LeaseId, lease: &mut Lease<T::AccountId>) -> DispatchResult {
        let Stage::Ended {
            since,
            at,
            processed_at,
            totals,
            reason,
        } = lease.stage
        else {
            return Ok(());
        };
        let tail_is_counted = lease.bill.billed_until >= at && Self::sla_is_counted(lease);
        if totals.is_none() && (since.is_none() || tail_is_counted) {
            let found = Self::finish(id, lease, reason, at)?;
            if let Stage::Ended { totals, .. } = &mut lease.stage {
                *totals = Some(found);
            }
        }
        let freed_at = processed_at.saturating_add(T::TearDownGrace::get());
        if freed_at <= Self::now() {
            Self::free_capacity(id, lease);
        }
        Ok(())
    }

    /// Pays and refunds, notes how the lease went, and gives what is left of the bond back to the provider's pool.
    fn finish(
        id: LeaseId,
        lease: &Lease<T::AccountId>,
        reason: CloseReason,
        at: BlockNumber,
    ) -> Result<EscrowTotals, DispatchError> {
        let totals = Self::close_account(id)?;
        Self::note_outcome(lease, reason, totals.fee, at);
        T::Bonds::release(lease.provider, id);
        Ok(totals)
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

    /// Where the end is one by the provider's fault that forfeits a part of the bond, pays that part to the tenant.
    fn forfeit_bond(id: LeaseId, lease: &Lease<T::AccountId>, reason: CloseReason) {
        let bond = T::Bonds::bonded(lease.provider, id);
        let (part, of): (Ppm, _) = match reason {
            CloseReason::NoShow => (T::NoShowForfeit::get(), bond),
            CloseReason::Abandoned => {
                let answered = lease.sla_count.answered_for(T::BondBlocks::get());
                (T::AbandonForfeit::get(), bond.min(answered))
            }
            _ => return,
        };
        let amount = Permill::from_parts(part).mul_floor(of);
        let paid = T::Bonds::pay(lease.provider, id, &lease.owner, amount);
        Self::deposit_event(Event::BondForfeited {
            lease: id,
            amount: paid,
        });
    }

    /// Notes how a lease went that ended `at` this block and is now final, weighted by the `fee` it paid. A no-show paid
    /// none, and weighs what its bond would have paid. A tenant that leases from itself is not noted.
    fn note_outcome(lease: &Lease<T::AccountId>, reason: CloseReason, fee: Balance, at: BlockNumber) {
        let Some(outcome) = outcome_of(reason, lease.sla_count.broken) else {
            return;
        };
        let weight = match reason {
            CloseReason::NoShow => {
                let bond = Self::bond_of(lease.rate).unwrap_or(Balance::MAX);
                Permill::from_parts(lease.fee.ppm()).mul_floor(bond)
            }
            _ => fee,
        };
        if weight == 0 || Self::is_self_dealing(lease) {
            return;
        }
        T::Scores::note(lease.provider, &lease.owner, outcome, weight, at);
    }

    /// The payee was the operator at the opening. Who is it now does not count: a stash makes any account its operator,
    /// and would so take back what is noted.
    fn is_self_dealing(lease: &Lease<T::AccountId>) -> bool {
        lease.payee == lease.owner || T::Providers::stash(lease.provider).as_ref() == Some(&lease.owner)
    }

    /// Gives a lease's capacity back, once.
    pub(crate) fn free_capacity(id: LeaseId, lease: &mut Lease<T::AccountId>) {
        if !lease.capacity_held {
            return;
        }
        Self::leave_provider(id, lease);
        lease.capacity_held = false;
        T::Providers::free(lease.provider, &lease.resources, lease.rate);
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

/// Is the reservation fee of a lease that ended so burned? It is held until activation.
fn burns_reservation(since: Option<BlockNumber>, reason: CloseReason) -> bool {
    match reason {
        CloseReason::Declined(reason) => reason == DeclineReason::TenantWorkload,
        CloseReason::NoShow => false,
        _ => since.is_none(),
    }
}

/// How a lease went that ended so, and whose SLA was broken or not, seen from the provider's side; none where nobody
/// can tell.
fn outcome_of(reason: CloseReason, sla_broken: bool) -> Option<Outcome> {
    match reason {
        _ if sla_broken => Some(Outcome::Broken),
        CloseReason::StoppedForAbuse(_) => None,
        reason if reason.fault() == Some(Party::Provider) => Some(Outcome::Broken),
        _ => Some(Outcome::Kept),
    }
}
