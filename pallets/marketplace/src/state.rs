//! The state of a lease as a settlement now would leave it. Reads only.

use crate::{billing::judgement, open::missed, Config, Lease, Leases, Pallet, Reservation, Stage};
use alloc::vec::Vec;
use perigee_primitives::{
    traits::{EscrowTotals, LeaseBonds, StreamingEscrow},
    Balance, BlockNumber, LeaseId, LeasePhase, LeaseState,
};

/// The phase by arithmetic, and the block at which the lease ended or will end if nothing else happens.
pub(crate) type Found = (LeasePhase, Option<BlockNumber>);

impl<T: Config> Pallet<T> {
    /// The state of a lease at the current block; `None` without a record of it.
    pub fn lease_state(id: LeaseId) -> Option<LeaseState<T::AccountId>> {
        let mut lease = Leases::<T>::get(id)?;
        let judged = judgement::<T::Availability>(lease.provider);
        let (phase, runs_until) = Self::find(id, &lease);
        let until = lease
            .bill
            .billable_until(judged.until, runs_until.unwrap_or(BlockNumber::MAX));
        let stored = match lease.stage {
            Stage::Ended { totals, .. } => totals,
            _ => None,
        };
        let totals = match stored {
            Some(totals) => totals,
            None => Self::quoted(id, &lease, until)?,
        };
        let billed = totals.to_payees.checked_add(totals.fee)?;
        let unbilled = judged.unbilled(lease.bill.billed_until, until);
        let tail_end = runs_until.map_or(Self::now(), |end| end.min(Self::now()));
        let tail = lease.bill.cost(&judged, until, tail_end)?;
        let agreed = lease.agreed();
        let notice_end = agreed.notice.and_then(|notice| {
            let counted = notice.counted(&lease.bill, &judged);
            counted.end(&lease.bill, &judged)
        });
        let due = Self::count_sla(&mut lease, until);
        let bond = T::Bonds::bonded(lease.provider, id);
        let credit = due.min(bond);
        let runs = matches!(phase, LeasePhase::Active { .. });
        let pauses_left = match runs && !Self::is_paused(&lease) {
            true => Self::pauses_left(&lease.bill, lease.provider, billed, until).unwrap_or_default(),
            false => 0,
        };
        let terms = lease.bill.at(Self::now()).filter(|_| runs);
        Some(LeaseState {
            phase,
            runs_until,
            term_end: agreed.term_end,
            notice_end,
            paused: terms.is_some_and(|terms| terms.paused),
            unready: terms.is_some_and(|terms| terms.unready),
            longest_pause: Self::longest_pause(pauses_left, lease.rate),
            next_change: lease.bill.next_change(Self::now()).filter(|_| runs),
            credits_paid: lease.sla_count.credited.saturating_add(credit),
            sla_broken: lease.sla_count.broken,
            bond: bond.saturating_sub(credit),
            judged_until: judged.until,
            deposited: totals.deposited,
            billed,
            fee: totals.fee,
            unbilled_blocks: lease.bill.unbilled_blocks.saturating_add(unbilled),
            // The tail is funded: nothing is cut off here.
            refundable: totals.balance.saturating_sub(tail),
            settled: stored.is_some(),
            to_provider: totals.to_payees,
            refunded: totals.refunded,
            reservation_held: reservation(&lease, |r| matches!(r, Reservation::Held(_))),
            reservation_burned: reservation(&lease, |r| matches!(r, Reservation::Burned(_))),
            deployment: lease.deployment,
            group: lease.group,
            owner: lease.owner,
            provider: lease.provider,
            ask: lease.ask,
            asks_left: lease.rest.map_or_else(Vec::new, |rest| rest.asks.into_inner()),
            resources: lease.resources,
            rate: lease.rate,
            commitment: lease.commitment,
        })
    }

    pub(crate) fn find(id: LeaseId, lease: &Lease<T::AccountId>) -> Found {
        let now = Self::now();
        let ended = |at, reason| (LeasePhase::Ended { at, reason }, Some(at));
        match lease.stage {
            Stage::Pending { activate_by, receipt } if activate_by <= now => ended(activate_by, missed(receipt)),
            Stage::Pending { activate_by, .. } => (LeasePhase::Pending { activate_by }, Some(activate_by)),
            Stage::Active { since, .. } => {
                let standing = Self::standing_of(id, lease).ok();
                match standing.and_then(|standing| standing.ended_at(now)) {
                    Some((at, reason)) => ended(at, reason),
                    None => {
                        let runs_until = standing.and_then(|standing| standing.runs_until);
                        (LeasePhase::Active { since }, runs_until.map(|(at, _)| at))
                    }
                }
            }
            Stage::Ended { at, reason, .. } => ended(at, reason),
        }
    }

    /// Escrow's totals if everything up to `until` were charged now.
    fn quoted(id: LeaseId, lease: &Lease<T::AccountId>, until: BlockNumber) -> Option<EscrowTotals> {
        let judged = judgement::<T::Availability>(lease.provider);
        let charges = lease.bill.charges(&judged, until)?;
        T::Escrow::quote(id, &charges).ok()
    }
}

/// The reservation fee, if `is` holds of it.
fn reservation<AccountId>(lease: &Lease<AccountId>, is: impl Fn(&Reservation) -> bool) -> Balance {
    let (Reservation::Held(amount) | Reservation::Returned(amount) | Reservation::Burned(amount)) = lease.reservation;
    if is(&lease.reservation) {
        amount
    } else {
        0
    }
}
