//! Opening: which ask is taken, what is held, which records are made.

use crate::{
    billing, Bill, Config, Deployment, Deployments, DeploymentsByOwner, Error, Event, GroupOrder, HoldReason, Lease,
    Leases, LeasesByProvider, NextDeploymentId, NextLeaseId, Pallet, Reservation, Stage, Tickets, WeightInfo,
    MAX_DUE_ENDS,
};
use alloc::vec::Vec;
use codec::MaxEncodedLen;
use frame_support::{
    dispatch::DispatchResultWithPostInfo,
    ensure,
    traits::{fungible::hold::Mutate, Consideration, Footprint, Get},
    BoundedVec,
};
use perigee_primitives::{
    traits::{ProviderCapacity, ProviderInspect, StreamingEscrow},
    AskId, Balance, BlockNumber, DeploymentId, LeaseId, Offer,
};
use sp_runtime::{DispatchError, DispatchResult};

/// The ask that an order is placed at.
struct Placement<AccountId> {
    ask: AskId,
    offer: Offer<AccountId>,
    rate: Balance,
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_deploy(owner: T::AccountId, groups: Vec<GroupOrder>) -> DispatchResultWithPostInfo {
        let [order]: [GroupOrder; 1] = groups.try_into().map_err(|_| Error::<T>::OneGroupOnly)?;
        Self::ensure_valid(&order)?;
        let mut due_ends = 0;
        let placement = Self::place(&order, &mut due_ends)?;
        Self::ensure_deposit_covers(&order, &placement)?;
        let (deployment, lease) = Self::take_ids()?;
        Self::open_deployment(deployment, &owner, lease)?;
        Self::open_lease(lease, deployment, owner, order, placement)?;
        let weight = T::WeightInfo::advance().saturating_mul(due_ends.into());
        Ok(Some(T::WeightInfo::deploy_only().saturating_add(weight)).into())
    }

    fn ensure_valid(order: &GroupOrder) -> Result<(), Error<T>> {
        ensure!(!order.asks.is_empty(), Error::<T>::NoAsks);
        ensure!(order.resources.is_runnable(), Error::<T>::NotRunnable);
        ensure!(order.deposit > 0, Error::<T>::ZeroAmount);
        if let Some(term) = order.term {
            ensure!(term > 0, Error::<T>::ZeroTerm);
            let last_start = Self::now().checked_add(T::ActivationWindow::get());
            let end = last_start.and_then(|start| start.checked_add(term));
            ensure!(end.is_some(), Error::<T>::TermTooLong);
        }
        Ok(())
    }

    /// Takes the first ask that fits, and its capacity. A candidate that is full gets its due ends processed first;
    /// `due_ends` counts them, at most [`MAX_DUE_ENDS`] in all.
    fn place(order: &GroupOrder, due_ends: &mut u32) -> Result<Placement<T::AccountId>, DispatchError> {
        for ask in order.asks.iter().copied() {
            let Some((mut offer, rate)) = Self::priced_offer(ask, order) else {
                continue;
            };
            if !order.resources.fits(&offer.free) && *due_ends < MAX_DUE_ENDS {
                *due_ends += Self::process_due_ends(offer.provider, MAX_DUE_ENDS - *due_ends);
                let Some((again, _)) = Self::priced_offer(ask, order) else {
                    continue;
                };
                offer = again;
            }
            let fits = order.resources.fits(&offer.free);
            if fits && T::Providers::lease(offer.provider, &order.resources).is_ok() {
                return Ok(Placement { ask, offer, rate });
            }
        }
        Err(Error::<T>::NoAskFits.into())
    }

    /// What `ask` offers and the rate for `order`, if the price is within bounds.
    fn priced_offer(ask: AskId, order: &GroupOrder) -> Option<(Offer<T::AccountId>, Balance)> {
        let offer = T::Providers::offer(ask)?;
        let rate = offer.rate(&order.resources)?;
        (rate > 0 && rate <= order.max_rate).then_some((offer, rate))
    }

    /// rate × (W + E), and with a term rate × (term + W + E).
    fn ensure_deposit_covers(order: &GroupOrder, placement: &Placement<T::AccountId>) -> Result<(), Error<T>> {
        let reserve = billing::judgement::<T::Availability>(placement.offer.provider).reserve();
        let blocks = Balance::from(reserve) + Balance::from(order.term.unwrap_or(0));
        let least = placement.rate.checked_mul(blocks);
        ensure!(
            least.is_some_and(|least| order.deposit >= least),
            Error::<T>::DepositTooSmall
        );
        Ok(())
    }

    fn take_ids() -> Result<(DeploymentId, LeaseId), Error<T>> {
        let deployment = NextDeploymentId::<T>::get();
        let lease = NextLeaseId::<T>::get();
        NextDeploymentId::<T>::put(deployment.checked_add(1).ok_or(Error::<T>::Overflow)?);
        NextLeaseId::<T>::put(lease.checked_add(1).ok_or(Error::<T>::Overflow)?);
        Ok((deployment, lease))
    }

    fn open_deployment(id: DeploymentId, owner: &T::AccountId, lease: LeaseId) -> DispatchResult {
        let leases = BoundedVec::truncate_from(alloc::vec![lease]);
        Tickets::<T>::insert(id, T::Consideration::new(owner, Self::footprint())?);
        DeploymentsByOwner::<T>::insert(owner, id, ());
        Deployments::<T>::insert(
            id,
            Deployment {
                owner: owner.clone(),
                leases,
                opened_at: Self::now(),
            },
        );
        Self::deposit_event(Event::DeploymentOpened {
            deployment: id,
            owner: owner.clone(),
        });
        Ok(())
    }

    fn open_lease(
        id: LeaseId,
        deployment: DeploymentId,
        owner: T::AccountId,
        order: GroupOrder,
        Placement { ask, offer, rate }: Placement<T::AccountId>,
    ) -> DispatchResult {
        let opened_at = Self::now();
        let activate_by = opened_at
            .checked_add(T::ActivationWindow::get())
            .ok_or(Error::<T>::Overflow)?;
        let reservation = T::ReservationFee::get();
        T::Escrow::open(id, &owner, order.deposit)?;
        T::Currency::hold(&HoldReason::Reservation.into(), &owner, reservation)?;
        LeasesByProvider::<T>::insert(offer.provider, id, ());
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
            owner,
            provider: offer.provider,
            ask,
            resources: order.resources,
            commitment: order.commitment,
            rate,
            payee: offer.payee,
            fee: T::Fee::get(),
            term: order.term,
            notice: offer.terms.notice,
            sla: offer.terms.sla,
            opened_at,
            stage: Stage::Pending { activate_by },
            bill: Bill::unopened(),
            reservation: Reservation::Held(reservation),
            capacity_held: true,
            wake: activate_by,
        };
        Self::enter_agenda(id, &mut lease, activate_by);
        Leases::<T>::insert(id, lease);
        Ok(())
    }

    /// The records of a deployment with one lease, at their largest.
    pub(crate) fn footprint() -> Footprint {
        let indices = 4 * (u64::max_encoded_len() + u32::max_encoded_len());
        let records = Deployment::<T::AccountId>::max_encoded_len() + Lease::<T::AccountId>::max_encoded_len();
        Footprint::from_parts(1, records + indices)
    }

    /// The current block.
    pub(crate) fn now() -> BlockNumber {
        sp_runtime::traits::UniqueSaturatedInto::unique_saturated_into(frame_system::Pallet::<T>::block_number())
    }
}
