//! Advancing a lease to the current block: its end by arithmetic, and its bill.

use crate::{
    billing::judgement,
    standing::{standing, Agreed, Standing},
    Config, Error, Event, Lease, Leases, Pallet, Stage,
};
use perigee_primitives::{traits::StreamingEscrow, BlockNumber, LeaseId};
use sp_runtime::{DispatchError, DispatchResult};

impl<AccountId> Lease<AccountId> {
    /// Has its end been processed?
    pub fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended { .. })
    }

    /// What was agreed or announced about its end.
    pub(crate) fn agreed(&self) -> Agreed {
        match self.stage {
            Stage::Active { term_end, notice, .. } => Agreed { term_end, notice },
            _ => Agreed::default(),
        }
    }
}

impl<T: Config> Pallet<T> {
    /// The lease, advanced to the current block. Not stored yet.
    pub(crate) fn touched(id: LeaseId) -> Result<Lease<T::AccountId>, DispatchError> {
        let mut lease = Leases::<T>::get(id).ok_or(Error::<T>::NoSuchLease)?;
        Self::advance(id, &mut lease)?;
        Ok(lease)
    }

    /// Processes all that is due at the current block, but for a missed activation.
    fn advance(id: LeaseId, lease: &mut Lease<T::AccountId>) -> DispatchResult {
        let now = Self::now();
        match lease.stage {
            // It ends by `expire`, where another lease may take over.
            Stage::Pending { .. } => {}
            Stage::Active { .. } => {
                let found = Self::standing_of(id, lease)?;
                let until = found.runs_until.map_or(BlockNumber::MAX, |(at, _)| at);
                Self::bill(id, lease, until)?;
                Self::credit_sla(id, lease);
                Self::write_down(lease, &found);
                if let Some((at, reason)) = found.ended_at(now) {
                    Self::end(id, lease, at, reason);
                }
            }
            Stage::Ended { at, .. } => {
                Self::bill(id, lease, at)?;
                Self::credit_sla(id, lease);
            }
        }
        Self::complete(id, lease)
    }

    /// Keeps what is known for good, and forgets what nobody asks about any more.
    fn write_down(lease: &mut Lease<T::AccountId>, found: &Standing) {
        if let Stage::Active { notice, .. } = &mut lease.stage {
            *notice = found.notice;
        }
        lease.bill.funded(found.funded_until);
        lease.bill.forget_before(lease.sla_count.counted_until);
    }

    /// Where an active lease stands.
    pub(crate) fn standing_of(id: LeaseId, lease: &Lease<T::AccountId>) -> Result<Standing, DispatchError> {
        let balance = T::Escrow::totals(id).ok_or(Error::<T>::NoSuchLease)?.balance;
        let judged = judgement::<T::Availability>(lease.provider);
        Ok(standing(&lease.bill, &judged, balance, lease.agreed(), Self::now()))
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
}
