//! A lease from its opening to its activation, or to the one that takes over.

use crate::{
    Bill, Config, Deployments, DueEnds, Error, Event, HoldReason, Lease, Leases, OrderRest, Pallet, Placement,
    Reservation, Segment, SlaCount, Spread, Stage, Wanted, WeightInfo,
};
use alloc::{boxed::Box, vec::Vec};
use frame_support::{
    dispatch::DispatchResultWithPostInfo,
    ensure,
    storage::with_storage_layer,
    traits::{fungible::hold::Mutate, Get},
    weights::Weight,
};
use perigee_primitives::{
    traits::StreamingEscrow, BlockNumber, CloseReason, DeclineReason, DeploymentId, GroupOrder, LeaseId, NamedAsks,
};
use sp_runtime::{DispatchError, DispatchResult};

impl<T: Config> Pallet<T> {
    /// Holds what a lease needs and makes its records.
    pub(crate) fn open_lease(
        id: LeaseId,
        deployment: DeploymentId,
        group: u8,
        owner: T::AccountId,
        order: GroupOrder<T::AccountId>,
        Placement {
            ask,
            position,
            offer,
            rate,
        }: Placement<T::AccountId>,
    ) -> DispatchResult {
        let opened_at = Self::now();
        let activate_by = opened_at
            .checked_add(T::ActivationDeadline::get())
            .ok_or(Error::<T>::Overflow)?;
        let reservation = T::ReservationFee::get();
        T::Escrow::open(id, &owner, order.deposit)?;
        T::Currency::hold(&HoldReason::Reservation.into(), &owner, reservation)?;
        Self::deposit_event(Event::LeaseOpened {
            lease: id,
            deployment,
            provider: offer.provider,
            ask,
            rate,
            activate_by,
        });
        let mut lease = Lease {
            deployment,
            group,
            owner,
            provider: offer.provider,
            ask,
            resources: order.resources,
            commitment: order.commitment,
            rate,
            payee: offer.operator,
            fee: T::Fee::get(),
            term: order.term,
            notice: offer.terms.notice,
            sla: offer.terms.sla,
            spread: Spread::asked(&order.requirements, &offer.terms.place.region),
            opened_at,
            stage: Stage::Pending {
                activate_by,
                receipt: false,
            },
            bill: Bill::unopened(),
            sla_count: SlaCount::default(),
            warned: false,
            reservation: Reservation::Held(reservation),
            capacity_held: true,
            wake: 0,
            rest: OrderRest::behind(position, order).map(Box::new),
        };
        Self::enter_agenda(id, &mut lease, Self::expires_at(activate_by, false));
        Leases::<T>::insert(id, lease);
        Ok(())
    }

    pub(crate) fn do_activate(who: T::AccountId, id: LeaseId) -> DispatchResult {
        let mut lease = Self::awaiting_activation(id, &who)?;
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
            paused: false,
            unready: false,
        };
        lease.bill = Bill::opened(first);
        lease.sla_count = SlaCount::since(now);
        lease.stage = Stage::Active {
            since: now,
            term_end,
            notice: None,
        };
        lease.rest = None;
        Self::return_reservation(id, &mut lease);
        Self::deposit_event(Event::LeaseActivated { lease: id, at: now });
        Self::keep(id, lease)
    }

    pub(crate) fn do_decline(who: T::AccountId, id: LeaseId, reason: DeclineReason) -> DispatchResultWithPostInfo {
        let mut lease = Self::awaiting_activation(id, &who)?;
        let mut due_ends = DueEnds::some::<T>();
        let reason = CloseReason::Declined(reason);
        let taken_over = Self::end_pending(id, &mut lease, Self::now(), reason, &mut due_ends)?;
        Self::keep(id, lease)?;
        let used = T::WeightInfo::decline().saturating_add(taken_over);
        Ok(Some(used.saturating_add(due_ends.weight())).into())
    }

    /// The weight of declining at its worst.
    pub(crate) fn decline_weight() -> Weight {
        T::WeightInfo::decline()
            .saturating_add(Self::take_over_at_most())
            .saturating_add(Self::due_ends_at_most())
    }

    /// A lease that its provider may still activate or decline.
    fn awaiting_activation(id: LeaseId, who: &T::AccountId) -> Result<Lease<T::AccountId>, DispatchError> {
        let lease = Leases::<T>::get(id).ok_or(Error::<T>::NoSuchLease)?;
        Self::ensure_operator(&lease, who)?;
        let in_time = matches!(lease.stage, Stage::Pending { activate_by, .. } if Self::now() < activate_by);
        ensure!(in_time, Error::<T>::NotPending);
        Ok(lease)
    }

    /// The block at which a lease that is not activated is to be ended: without a receipt, one may still be filed.
    pub(crate) fn expires_at(activate_by: BlockNumber, receipt: bool) -> BlockNumber {
        if receipt {
            activate_by
        } else {
            activate_by.saturating_add(T::ReceiptWindow::get())
        }
    }

    /// Ends a pending lease whose time is over. Returns the weight of what took over.
    pub(crate) fn expire(id: LeaseId, lease: &mut Lease<T::AccountId>) -> Result<Weight, DispatchError> {
        let Stage::Pending { activate_by, receipt } = lease.stage else {
            return Ok(Weight::zero());
        };
        if Self::now() < Self::expires_at(activate_by, receipt) {
            return Ok(Weight::zero());
        }
        Self::end_pending(id, lease, activate_by, missed(receipt), &mut DueEnds::none())
    }

    /// Ends a lease that was never activated, and opens the one that takes over. Returns the weight of that.
    pub(crate) fn end_pending(
        id: LeaseId,
        lease: &mut Lease<T::AccountId>,
        at: BlockNumber,
        reason: CloseReason,
        due_ends: &mut DueEnds,
    ) -> Result<Weight, DispatchError> {
        let rest = lease.rest.take();
        let deposit = T::Escrow::totals(id).ok_or(Error::<T>::NoSuchLease)?.deposited;
        Self::end(id, lease, at, reason);
        Self::complete(id, lease)?;
        let Some(rest) = rest.filter(|_| reason.moves_on()) else {
            return Ok(Weight::zero());
        };
        let search = Self::search_weight(&rest.requirements, rest.asks.len());
        let order = GroupOrder {
            resources: lease.resources,
            commitment: lease.commitment,
            asks: rest.asks,
            max_rate: rest.max_rate,
            deposit,
            term: lease.term,
            requirements: rest.requirements,
        };
        // With no ask that fits, or no money any more, the lease ends and that is all.
        if let Ok(by) = with_storage_layer(|| Self::take_over(id, lease, order, due_ends)) {
            Self::deposit_event(Event::LeaseTakenOver { lease: id, by });
        }
        Ok(T::WeightInfo::take_over().saturating_add(search))
    }

    /// Opens the next lease of the group that `before` was of.
    pub(crate) fn take_over(
        before: LeaseId,
        ended: &Lease<T::AccountId>,
        order: GroupOrder<T::AccountId>,
        due_ends: &mut DueEnds,
    ) -> Result<LeaseId, DispatchError> {
        let id = Self::take_lease_id()?;
        let deployment = Deployments::<T>::get(ended.deployment).ok_or(Error::<T>::NoSuchDeployment)?;
        let siblings: Vec<_> = deployment.leases.into_iter().filter(|id| *id != before).collect();
        let wanted = Wanted {
            lease: id,
            owner: &ended.owner,
            order: &order,
            siblings: &siblings,
        };
        let placement = Self::place(&wanted, due_ends, ended.group)?;
        Self::open_lease(id, ended.deployment, ended.group, ended.owner.clone(), order, placement)?;
        Deployments::<T>::try_mutate(ended.deployment, |deployment| {
            let deployment = deployment.as_mut().ok_or(Error::<T>::NoSuchDeployment)?;
            deployment.leases.try_push(id).map_err(|_| Error::<T>::Overflow)
        })?;
        Ok(id)
    }
}

/// How a lease ends that was not activated in time.
pub(crate) fn missed(receipt: bool) -> CloseReason {
    if receipt {
        CloseReason::NoShow
    } else {
        CloseReason::ActivationMissed
    }
}

impl<AccountId> OrderRest<AccountId> {
    /// What an order names behind the ask at `position`.
    fn behind(position: usize, order: GroupOrder<AccountId>) -> Option<Self> {
        let asks: Vec<_> = order.asks.into_iter().skip(position.saturating_add(1)).collect();
        if asks.is_empty() {
            return None;
        }
        Some(Self {
            asks: NamedAsks::truncate_from(asks),
            max_rate: order.max_rate,
            requirements: order.requirements,
        })
    }
}
