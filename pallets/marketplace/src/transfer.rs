//! Giving a deployment to another account, in two steps.

use crate::{Config, DeploymentOf, Deployments, DeploymentsByOwner, Error, Event, Pallet, Stage, WeightInfo};
use frame_support::{dispatch::DispatchResultWithPostInfo, ensure, traits::Consideration};
use perigee_primitives::{
    traits::{ProviderInspect, StreamingEscrow},
    DeploymentId, LeaseId,
};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_offer_transfer(who: T::AccountId, id: DeploymentId, to: T::AccountId) -> DispatchResult {
        let mut deployment = Self::deployment_of(&who, id)?;
        ensure!(to != who, Error::<T>::AlreadyOwner);
        deployment.offered_to = Some(to.clone());
        Deployments::<T>::insert(id, deployment);
        Self::deposit_event(Event::TransferOffered { deployment: id, to });
        Ok(())
    }

    pub(crate) fn do_cancel_transfer(who: T::AccountId, id: DeploymentId) -> DispatchResult {
        let mut deployment = Self::deployment_of(&who, id)?;
        ensure!(deployment.offered_to.take().is_some(), Error::<T>::NoTransferOffered);
        Deployments::<T>::insert(id, deployment);
        Self::deposit_event(Event::TransferCancelled { deployment: id });
        Ok(())
    }

    pub(crate) fn do_accept_transfer(who: T::AccountId, id: DeploymentId) -> DispatchResultWithPostInfo {
        let deployment = Deployments::<T>::get(id).ok_or(Error::<T>::NoSuchDeployment)?;
        ensure!(
            deployment.offered_to.as_ref() == Some(&who),
            Error::<T>::NoTransferOffered
        );
        for lease in &deployment.leases {
            Self::hand_over(*lease, &who)?;
        }
        Self::hand_over_record(id, &who)?;
        let call = T::WeightInfo::accept_transfer(deployment.leases.len() as u32);
        Ok(Self::used(call, &deployment.leases, 1))
    }

    /// The deployment, if it belongs to `who`.
    fn deployment_of(who: &T::AccountId, id: DeploymentId) -> Result<DeploymentOf<T>, Error<T>> {
        let deployment = Deployments::<T>::get(id).ok_or(Error::<T>::NoSuchDeployment)?;
        ensure!(&deployment.owner == who, Error::<T>::NotOwner);
        Ok(deployment)
    }

    /// Makes `to` the owner of a lease and of its escrow account. What the bond pays for blocks that are judged goes to
    /// the old owner.
    fn hand_over(id: LeaseId, to: &T::AccountId) -> DispatchResult {
        let mut lease = Self::touched(id)?;
        ensure!(Self::sla_is_counted(&lease), Error::<T>::SlaNotCounted);
        match lease.stage {
            Stage::Pending { .. } => return Err(Error::<T>::LeasePending.into()),
            Stage::Active { .. } => {
                let admits = T::Providers::offer(lease.ask).is_none_or(|offer| offer.terms.tenants.admit(to));
                ensure!(admits, Error::<T>::TenantNotAdmitted);
                T::Escrow::set_owner(id, to)?;
            }
            Stage::Ended { totals: None, .. } => T::Escrow::set_owner(id, to)?,
            Stage::Ended { totals: Some(_), .. } => {}
        }
        lease.owner = to.clone();
        Self::keep(id, lease)
    }

    /// Makes `to` the owner of the deployment's record, and lets it hold the deposit for it.
    fn hand_over_record(id: DeploymentId, to: &T::AccountId) -> DispatchResult {
        // Leases whose time is over were pruned on the way.
        let mut deployment = Deployments::<T>::get(id).ok_or(Error::<T>::DeploymentEnded)?;
        let ticket = T::Consideration::new(to, Self::record_footprint(&deployment))?;
        let returned = core::mem::replace(&mut deployment.ticket, ticket);
        Self::return_ticket(returned, &deployment.owner);
        DeploymentsByOwner::<T>::remove(&deployment.owner, id);
        DeploymentsByOwner::<T>::insert(to, id, ());
        Self::deposit_event(Event::Transferred {
            deployment: id,
            from: deployment.owner,
            to: to.clone(),
        });
        deployment.owner = to.clone();
        deployment.offered_to = None;
        Deployments::<T>::insert(id, deployment);
        Ok(())
    }

    /// Returns the deposit for a deployment's record.
    pub(crate) fn return_ticket(ticket: T::Consideration, owner: &T::AccountId) {
        if ticket.clone().drop(owner).is_err() {
            // The owner's account lies below the existential deposit and cannot take it back.
            ticket.burn(owner);
        }
    }
}
