//! Receipts: the provider's word that it held the manifest, claimed on chain.

use crate::{Config, Error, Event, Pallet, Stage, WeightInfo};
use frame_support::{dispatch::DispatchResultWithPostInfo, ensure, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use perigee_primitives::{receipt_message, traits::ProviderInspect, BlockNumber, LeaseId};
use sp_runtime::traits::Zero;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_file_receipt(
        id: LeaseId,
        received_at: BlockNumber,
        signature: [u8; 64],
    ) -> DispatchResultWithPostInfo {
        let mut lease = Self::touched(id)?;
        let Stage::Pending { activate_by, receipt } = &mut lease.stage else {
            return Err(Error::<T>::NotPending.into());
        };
        ensure!(!*receipt, Error::<T>::ReceiptFiled);
        let closed_at = Self::expires_at(*activate_by, false);
        ensure!(Self::now() < closed_at, Error::<T>::ReceiptFiledTooLate);
        let in_time = received_at
            .checked_add(T::ActivationWindow::get())
            .is_some_and(|at| at <= *activate_by);
        ensure!(in_time, Error::<T>::ReceivedTooLate);
        *receipt = true;
        let message = receipt_message(&Self::genesis(), id, &lease.commitment, received_at);
        let key = T::Providers::heartbeat_key_at(lease.provider, received_at).ok_or(Error::<T>::BadReceipt)?;
        // Dear, therefore last.
        let signed = sp_io::crypto::ed25519_verify(&signature.into(), &message, &key.into());
        ensure!(signed, Error::<T>::BadReceipt);
        Self::deposit_event(Event::ReceiptFiled { lease: id, received_at });
        let taken_over = Self::expire(id, &mut lease)?;
        Self::keep(id, lease)?;
        Ok(Some(T::WeightInfo::file_receipt().saturating_add(taken_over)).into())
    }

    /// The hash of the first block, as what is signed off chain names this chain by.
    fn genesis() -> [u8; 32] {
        let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        hash.as_ref().try_into().unwrap_or_default()
    }
}
