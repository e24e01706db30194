//! Opening a deployment: its record, and one lease for each group.

use crate::{
    Config, Deployment, DeploymentOf, Deployments, DeploymentsByOwner, DueEnds, Error, Event, Lease, NextDeploymentId,
    NextLeaseId, OrderRest, Pallet, Wanted, WeightInfo,
};
use alloc::vec::Vec;
use codec::{Encode, MaxEncodedLen};
use frame_support::{
    dispatch::DispatchResultWithPostInfo,
    ensure,
    traits::{Consideration, Footprint, Get},
    weights::Weight,
    BoundedVec,
};
use perigee_primitives::{BlockNumber, DeploymentId, GroupOrder, LeaseId};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_deploy(owner: T::AccountId, groups: Vec<GroupOrder<T::AccountId>>) -> DispatchResultWithPostInfo {
        ensure!(!groups.is_empty(), Error::<T>::NoGroups);
        let deployment = Self::take_deployment_id()?;
        Self::deposit_event(Event::DeploymentOpened {
            deployment,
            owner: owner.clone(),
        });
        let footprint = Self::footprint(&groups);
        let mut due_ends = DueEnds::some::<T>();
        let (mut search, mut spared) = (Weight::zero(), Weight::zero());
        let mut leases = Vec::with_capacity(groups.len());
        for (group, order) in (0u8..).zip(groups) {
            Self::ensure_valid(&order)?;
            let lease = Self::take_lease_id()?;
            let wanted = Wanted {
                lease,
                owner: &owner,
                order: &order,
                siblings: &leases,
            };
            let placement = Self::place(&wanted, &mut due_ends, group)?;
            let asks = placement.position.saturating_add(1);
            search.saturating_accrue(Self::length_weight(&order.requirements));
            search.saturating_accrue(Self::search_weight(&order.requirements, asks));
            spared.saturating_accrue(Self::spared(placement.offer.terms.attributes.len()));
            Self::open_lease(lease, deployment, group, owner.clone(), order, placement)?;
            leases.push(lease);
        }
        let opened = T::WeightInfo::deploy(leases.len() as u32).saturating_sub(spared);
        Self::open_deployment(deployment, owner, leases, footprint)?;
        Ok(Some(opened.saturating_add(search).saturating_add(due_ends.weight())).into())
    }

    /// The weight of deploying `groups` at its worst: the last ask is the one that fits, after all due ends.
    pub(crate) fn deploy_weight(groups: &[GroupOrder<T::AccountId>]) -> Weight {
        let searches = groups.iter().map(|order| {
            let search = Self::search_weight(&order.requirements, order.asks.len());
            search.saturating_add(Self::length_weight(&order.requirements))
        });
        searches
            .fold(T::WeightInfo::deploy(groups.len() as u32), Weight::saturating_add)
            .saturating_add(Self::due_ends_at_most())
    }

    fn ensure_valid(order: &GroupOrder<T::AccountId>) -> Result<(), Error<T>> {
        ensure!(!order.asks.is_empty(), Error::<T>::NoAsks);
        ensure!(order.resources.is_runnable(), Error::<T>::NotRunnable);
        ensure!(order.deposit > 0, Error::<T>::ZeroAmount);
        if let Some(term) = order.term {
            ensure!(term > 0, Error::<T>::ZeroTerm);
            let last_start = Self::now().checked_add(T::ActivationDeadline::get());
            let end = last_start.and_then(|start| start.checked_add(term));
            ensure!(end.is_some(), Error::<T>::TermTooLong);
        }
        Ok(())
    }

    fn take_deployment_id() -> Result<DeploymentId, Error<T>> {
        let id = NextDeploymentId::<T>::get();
        NextDeploymentId::<T>::put(id.checked_add(1).ok_or(Error::<T>::Overflow)?);
        Ok(id)
    }

    pub(crate) fn take_lease_id() -> Result<LeaseId, Error<T>> {
        let id = NextLeaseId::<T>::get();
        NextLeaseId::<T>::put(id.checked_add(1).ok_or(Error::<T>::Overflow)?);
        Ok(id)
    }

    fn open_deployment(
        id: DeploymentId,
        owner: T::AccountId,
        leases: Vec<LeaseId>,
        footprint: Footprint,
    ) -> DispatchResult {
        let ticket = T::Consideration::new(&owner, footprint)?;
        DeploymentsByOwner::<T>::insert(&owner, id, ());
        let deployment = Deployment {
            owner,
            leases: BoundedVec::truncate_from(leases),
            opened_at: Self::now(),
            offered_to: None,
            ticket,
        };
        Deployments::<T>::insert(id, deployment);
        Ok(())
    }

    /// The records of a deployment, each at its largest, but of what an order says only what it says. A lease that
    /// takes over stands for the one before it.
    pub(crate) fn footprint(groups: &[GroupOrder<T::AccountId>]) -> Footprint {
        Self::footprint_of(groups.iter().map(|order| order.requirements.encoded_size()))
    }

    /// The records of a deployment none of whose leases waits for activation.
    pub(crate) fn record_footprint(deployment: &DeploymentOf<T>) -> Footprint {
        Self::footprint_of(deployment.leases.iter().map(|_| 0))
    }

    /// Of each lease, the bytes that its order says.
    fn footprint_of(orders: impl Iterator<Item = usize>) -> Footprint {
        let indices = 3 * (u64::max_encoded_len() + u32::max_encoded_len());
        let lease = Lease::<T::AccountId>::max_encoded_len() - OrderRest::<T::AccountId>::max_encoded_len();
        let records = orders.map(|order| lease + indices + order);
        let size = records.fold(DeploymentOf::<T>::max_encoded_len(), usize::saturating_add);
        Footprint::from_parts(1, size)
    }

    /// The current block.
    pub(crate) fn now() -> BlockNumber {
        sp_runtime::traits::UniqueSaturatedInto::unique_saturated_into(frame_system::Pallet::<T>::block_number())
    }
}
