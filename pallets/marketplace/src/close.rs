//! The tenant's close, and what it may claim.

use crate::{
    billing::absent_throughout, open::missed, Claim, Config, Deployments, Error, Lease, Pallet, Stage, WeightInfo,
    MAX_LEASES,
};
use frame_support::{dispatch::DispatchResultWithPostInfo, ensure, traits::Get, weights::Weight};
use perigee_primitives::{CloseReason, DeploymentId, LeaseId, MAX_GROUPS};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_close(who: T::AccountId, id: DeploymentId, claim: Option<Claim>) -> DispatchResultWithPostInfo {
        let deployment = Deployments::<T>::get(id).ok_or(Error::<T>::NoSuchDeployment)?;
        ensure!(deployment.owner == who, Error::<T>::NotOwner);
        let mut closed = false;
        let mut confirmed = claim.is_none();
        for lease in &deployment.leases {
            let reason = Self::close_lease(*lease, claim)?;
            closed |= reason.is_some();
            confirmed |= reason == Some(CloseReason::Abandoned);
        }
        ensure!(closed, Error::<T>::DeploymentEnded);
        ensure!(confirmed, Error::<T>::NotAbandoned);
        let call = T::WeightInfo::close(deployment.leases.len() as u32);
        Ok(Self::used(call, &deployment.leases, looks_to_close(claim)))
    }

    /// The weight of closing a deployment at its worst: one lease of each group was activated, and the others are final.
    pub(crate) fn close_weight(claim: Option<Claim>) -> Weight {
        Self::at_most(T::WeightInfo::close(MAX_LEASES), MAX_GROUPS * looks_to_close(claim))
    }

    /// Ends a lease for its tenant, unless its end was processed. Nothing takes over. Returns why it ended.
    fn close_lease(id: LeaseId, claim: Option<Claim>) -> Result<Option<CloseReason>, DispatchError> {
        let mut lease = Self::touched(id)?;
        let now = Self::now();
        let reason = match lease.stage {
            Stage::Pending { activate_by, receipt } if activate_by <= now => {
                let reason = missed(receipt);
                Self::end(id, &mut lease, activate_by, reason);
                Self::complete(id, &mut lease)?;
                Some(reason)
            }
            Stage::Pending { .. } | Stage::Active { .. } => {
                ensure!(
                    claim.is_none() || Self::sla_is_counted(&lease),
                    Error::<T>::SlaNotCounted
                );
                let reason = Self::reason_to_close(&lease, claim);
                Self::end_now(id, &mut lease, reason)?;
                Some(reason)
            }
            Stage::Ended { .. } => None,
        };
        Self::keep(id, lease)?;
        Ok(reason)
    }

    /// Abandonment, where it is claimed and attestation confirms it of a lease that is billed.
    fn reason_to_close(lease: &Lease<T::AccountId>, claim: Option<Claim>) -> CloseReason {
        match (claim, &lease.stage) {
            (Some(Claim::Abandoned), Stage::Active { since, .. })
                if absent_throughout::<T::Availability>(lease.provider, *since, T::AbandonedEpochs::get()) =>
            {
                CloseReason::Abandoned
            }
            _ => CloseReason::ClosedByTenant,
        }
    }
}

/// Looks at a lease that closing costs: what is claimed is searched for like what is billed.
fn looks_to_close(claim: Option<Claim>) -> u32 {
    1 + u32::from(claim.is_some())
}
