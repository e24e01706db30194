//! What auditors sign of providers. One record per provider and auditor, which the auditor pays for.

use crate::{Audit, Audits, Config, Error, Event, Pallet, Providers};
use codec::Encode;
use frame_support::{
    ensure,
    traits::{Consideration, Footprint},
};
use perigee_primitives::{is_met, AttributePatterns, Attributes, BlockNumber, ProviderId};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_sign_attributes(
        auditor: T::AccountId,
        provider: ProviderId,
        attributes: Attributes,
        expires_at: BlockNumber,
    ) -> DispatchResult {
        ensure!(Providers::<T>::contains_key(provider), Error::<T>::UnknownProvider);
        Self::ensure_attributes(&attributes)?;
        ensure!(expires_at > Self::now(), Error::<T>::AuditExpired);
        let footprint = Footprint::from_parts(1, attributes.encoded_size());
        let deposit = match Audits::<T>::get(provider, &auditor) {
            Some(known) => known.deposit.update(&auditor, footprint)?,
            None => T::RecordDeposit::new(&auditor, footprint)?,
        };
        let audit = Audit {
            attributes,
            expires_at,
            deposit,
        };
        Audits::<T>::insert(provider, &auditor, audit);
        Self::deposit_event(Event::AttributesSigned {
            provider,
            auditor,
            expires_at,
        });
        Ok(())
    }

    pub(crate) fn do_revoke(auditor: &T::AccountId, provider: ProviderId) -> DispatchResult {
        let audit = Audits::<T>::get(provider, auditor).ok_or(Error::<T>::UnknownAudit)?;
        Self::remove_audit(auditor, provider, audit)
    }

    pub(crate) fn do_remove_expired_audit(provider: ProviderId, auditor: &T::AccountId) -> DispatchResult {
        let audit = Audits::<T>::get(provider, auditor).ok_or(Error::<T>::UnknownAudit)?;
        let over = audit.expires_at <= Self::now() || !Providers::<T>::contains_key(provider);
        ensure!(over, Error::<T>::AuditValid);
        Self::remove_audit(auditor, provider, audit)
    }

    /// Does a signature of `auditor` that has not expired cover all these attributes of `provider`?
    pub(crate) fn is_signed(auditor: &T::AccountId, provider: ProviderId, asked: &AttributePatterns) -> bool {
        Audits::<T>::get(provider, auditor).is_some_and(|audit| {
            audit.expires_at > Self::now() && asked.iter().all(|pattern| is_met(pattern, &audit.attributes))
        })
    }

    fn remove_audit(auditor: &T::AccountId, provider: ProviderId, audit: Audit<T::RecordDeposit>) -> DispatchResult {
        audit.deposit.drop(auditor)?;
        Audits::<T>::remove(provider, auditor);
        Self::deposit_event(Event::AuditRemoved {
            provider,
            auditor: auditor.clone(),
        });
        Ok(())
    }
}
