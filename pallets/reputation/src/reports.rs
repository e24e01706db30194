//! Taking reports.

use crate::{
    AuthoritySignature, Config, Error, Event, HighWater, Pallet, ReportCount, Reports, StoredReport, Times, Validators,
};
use frame_support::{ensure, pallet_prelude::InvalidTransaction, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use perigee_heartbeat::{GenesisHash, Report};
use perigee_primitives::{AttestationEpoch, BlockNumber};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{
    traits::Zero,
    transaction_validity::{TransactionSource, TransactionValidityWithRefund, ValidTransaction},
    DispatchResult, SaturatedConversion,
};

impl<T: Config> Pallet<T> {
    /// Stores a report whose signature was checked when it was authorised. The rest may have changed since.
    pub(crate) fn do_report(report: Report) -> DispatchResult {
        Self::ensure_acceptable(&report)?;
        let Report {
            epoch,
            validator,
            finalised,
            absent,
        } = report;
        Reports::<T>::insert(epoch, validator, StoredReport { finalised, absent });
        ReportCount::<T>::mutate(epoch, |n| *n = n.saturating_add(1));
        Self::deposit_event(Event::ReportReceived { epoch, validator });
        Ok(())
    }

    /// May the report enter a block? It is free, so this is all that stands between it and everybody.
    pub(crate) fn validate_report(
        _source: TransactionSource,
        report: &Report,
        signature: &AuthoritySignature,
    ) -> TransactionValidityWithRefund {
        Self::ensure_acceptable(report).map_err(|e| match e {
            Error::NotOpen | Error::AlreadyReported => InvalidTransaction::Stale,
            _ => InvalidTransaction::BadProof,
        })?;
        // Dear, therefore last.
        Self::ensure_signed_by_validator(report, signature).map_err(|_| InvalidTransaction::BadProof)?;
        ValidTransaction::with_tag_prefix("PerigeeReport")
            .priority(T::ReportPriority::get())
            .and_provides((report.epoch, report.validator))
            .longevity(Self::blocks_left(report.epoch).into())
            .propagate(true)
            .build()
            .map(|valid| (valid, frame_support::weights::Weight::zero()))
    }

    fn ensure_acceptable(report: &Report) -> Result<(), Error<T>> {
        ensure!(Self::open_epoch(Self::now()) == Some(report.epoch), Error::NotOpen);
        let validators = Validators::<T>::decode_len(report.epoch).unwrap_or(0);
        ensure!((report.validator as usize) < validators, Error::UnknownValidator);
        ensure!(
            !Reports::<T>::contains_key(report.epoch, report.validator),
            Error::AlreadyReported
        );
        let high_water = HighWater::<T>::get(report.epoch);
        report.absent.check(high_water).map_err(|_| Error::BadList)
    }

    pub(crate) fn ensure_signed_by_validator(report: &Report, signature: &AuthoritySignature) -> Result<(), Error<T>> {
        let validators = Validators::<T>::get(report.epoch).unwrap_or_default();
        let key = validators
            .get(report.validator as usize)
            .ok_or(Error::UnknownValidator)?;
        ensure!(
            key.verify(&report.signed_bytes(&Self::genesis()), signature),
            Error::BadSignature
        );
        Ok(())
    }

    /// The epoch about which reports are taken in block `now`: the last one, until its deadline or until they were counted.
    pub(crate) fn open_epoch(now: BlockNumber) -> Option<AttestationEpoch> {
        let times = Times::<T>::get()?;
        let epoch = times.epoch_of(now).checked_sub(1)?;
        let in_time = now <= times.end_of(epoch).saturating_add(times.deadline);
        (in_time && Self::is_uncounted(epoch, &times)).then_some(epoch)
    }

    fn blocks_left(epoch: AttestationEpoch) -> BlockNumber {
        let last = Times::<T>::get().map_or(0, |t| t.end_of(epoch).saturating_add(t.deadline));
        last.saturating_sub(Self::now()).max(1)
    }

    fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    pub(crate) fn genesis() -> GenesisHash {
        let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        // Every chain of this project hashes to 32 bytes.
        hash.as_ref().try_into().unwrap_or_default()
    }
}
